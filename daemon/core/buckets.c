/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/buckets.h"

#include <stdlib.h>

#define SETS (BUCKETS / BUCKETS_SET)

void buckets_done(struct buckets *b)
{
	for (size_t i = 0; i < SETS; i++)
		free(b->sets[i]);
	*b = (struct buckets){ 0 };
}

struct bucket *buckets_find(const struct buckets *b, uint64_t key)
{
	struct bucket *set = b->sets[key % SETS];

	for (unsigned i = 0; set && i < BUCKETS_SET; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

struct bucket *buckets_get(struct buckets *b, uint64_t key)
{
	struct bucket **set = &b->sets[key % SETS], *found, *first;

	if (!*set)
		*set = calloc(BUCKETS_SET, sizeof(**set));
	found = buckets_find(b, key);
	if (found || !*set)
		return found;
	first = *set;
	for (unsigned i = 1; i < BUCKETS_SET; i++)
		if ((*set)[i].full_at < first->full_at)
			first = &(*set)[i];
	*first = (struct bucket){ .key = key };
	return first;
}
