/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uthash with two changes that a daemon facing the Internet needs: a keyed hash (SipHash-2-4), so
 * that an attacker cannot choose keys that collide, and an allocation failure that is reported
 * instead of ending the process. Include this header, never <uthash.h>.
 *
 * After an add, an element whose hh.tbl is NULL was not added, because memory ran out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* SipHash-2-4 of len octets. */
uint64_t hash_sip(const struct hash_key *k, const void *p, size_t len);
/* Sets the key of the process. Called once at the start with random octets, before any table
 * exists. */
void hash_set_key(struct hash_key k);
/* Hash len octets with the key of the process. */
unsigned hash_bytes(const void *p, size_t len);
uint64_t hash_bytes64(const void *p, size_t len);

#define HASH_NONFATAL_OOM	   1
#define HASH_FUNCTION(p, len, out) ((out) = hash_bytes((p), (len)))

#include <uthash.h>
