/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets kept as "the time at which it will be full again" (GCRA): no refilling, one number each.
 * The sources sit in sets of SET entries chosen by a keyed hash, so that nobody can push out a
 * chosen neighbour; in a full set the one that refills first makes room.
 */
#include "daemon/core/admit.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/base/hash.h"

#define SET 8

int admit_init(struct admit *a)
{
	a->all = (struct admit_bucket){ 0 };
	a->sources = calloc(ADMIT_SOURCES, sizeof(*a->sources));
	return a->sources ? 0 : -ENOMEM;
}

void admit_done(struct admit *a)
{
	free(a->sources);
	a->sources = NULL;
}

/* When the bucket would be full after one more token was taken; ZE_NEVER: there is none. */
static ze_ns after_one(const struct admit_bucket *b, uint32_t rate, uint32_t burst, ze_ns now)
{
	ze_ns token = ZE_SEC(1) / rate;
	ze_ns full_at = (b->full_at > now ? b->full_at : now) + token;

	return full_at - now > token * burst ? ZE_NEVER : full_at;
}

static struct admit_source *source_find(struct admit *a, const struct ze_addr *from)
{
	unsigned set = hash_bytes(from->ip, sizeof(from->ip)) % (ADMIT_SOURCES / SET);
	struct admit_source *s = &a->sources[set * SET], *oldest = s;

	for (unsigned i = 0; i < SET; i++, s++) {
		if (ze_addr_same_ip(&s->addr, from))
			return s;
		if (s->bucket.full_at < oldest->bucket.full_at)
			oldest = s;
	}
	*oldest = (struct admit_source){ .addr = *from };
	return oldest;
}

bool admit_setup(struct admit *a, const struct ze_addr *from, uint32_t rate, ze_ns now)
{
	struct admit_source *s = source_find(a, from);
	ze_ns one = after_one(&s->bucket, ADMIT_SOURCE_RATE, ADMIT_SOURCE_BURST, now);
	ze_ns all = rate ? after_one(&a->all, rate, rate, now) : a->all.full_at;

	if (one == ZE_NEVER || all == ZE_NEVER)
		return false;
	s->bucket.full_at = one;
	a->all.full_at = all;
	return true;
}
