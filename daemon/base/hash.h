/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uthash with the two things a daemon facing the Internet needs: a keyed hash (SipHash-2-4), so
 * that nobody can aim keys at one bucket, and an allocation failure that is an error and not an
 * exit. Include this, never <uthash.h>.
 *
 * After an add, an element whose hh.tbl is NULL was not added: out of memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* SipHash-2-4 of len bytes. */
uint64_t hash_sip(const struct hash_key *k, const void *p, size_t len);
/* The process-wide key: set once at start from the random port, before any table exists. */
void hash_set_key(struct hash_key k);
unsigned hash_bytes(const void *p, size_t len);
uint64_t hash_bytes64(const void *p, size_t len);

#define HASH_NONFATAL_OOM	   1
#define HASH_FUNCTION(p, len, out) ((out) = hash_bytes((p), (len)))

#include <uthash.h>
