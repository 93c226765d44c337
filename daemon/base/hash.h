/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A keyed hash, SipHash-2-4: an attacker who chooses the keys of a table (htab.h) cannot make them
 * collide without the key of the process.
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
