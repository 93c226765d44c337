/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets of whoever an attacker can think of: a table of fixed size under a keyed hash of 64 bits, in sets of
 * a few that can push out each other, so that nobody can push out a chosen neighbour. In a full set the one that
 * refills first makes room. A bucket is "the time at which it will be full again" (GCRA). A set is allocated for the
 * first one in it.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

#define BUCKETS	    4096 /* in a table */
#define BUCKETS_SET 8

struct bucket {
	uint64_t key; /* 0: unused */
	ze_ns full_at;
};

struct buckets { /* all zero: empty */
	struct bucket *sets[BUCKETS / BUCKETS_SET];
};

void buckets_done(struct buckets *b);
/* By hash_bytes64() of what it is of; a key is not 0. NULL: it is not there. */
struct bucket *buckets_find(const struct buckets *b, uint64_t key);
/* The same, made when it is not there, with full_at 0. NULL: no memory for it. */
struct bucket *buckets_get(struct buckets *b, uint64_t key);
