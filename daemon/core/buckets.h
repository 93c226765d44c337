/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets for keys that an attacker can choose, such as source addresses and user names. The
 * table has a fixed size and is indexed by a keyed hash of 64 bits. A key belongs to one set of
 * BUCKETS_SET entries; in a full set, a new key replaces the entry that will be full again first.
 * Because the hash is keyed, an attacker cannot choose which entries to replace. A bucket is stored
 * as the time at which it will be full again (GCRA). A set is allocated for its first entry.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

#define BUCKETS	    4096 /* entries per table */
#define BUCKETS_SET 8	 /* entries per set */

struct bucket {
	uint64_t key; /* 0: unused */
	ze_ns full_at;
};

struct buckets { /* all zero: empty */
	struct bucket *sets[BUCKETS / BUCKETS_SET];
};

/* Frees all sets. */
void buckets_done(struct buckets *b);
/* Returns the bucket of a key, which is a hash_bytes64() other than 0, or NULL when there is
 * none. */
struct bucket *buckets_find(const struct buckets *b, uint64_t key);
/* The same, but creates it with full_at 0 when there is none. Returns NULL when out of memory. */
struct bucket *buckets_get(struct buckets *b, uint64_t key);
