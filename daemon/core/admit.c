/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets kept as "the time at which it will be full again" (GCRA): no refilling, one number each.
 * The sources sit in sets of ADMIT_SET entries chosen by a keyed hash, so that nobody can push out a
 * chosen neighbour; in a full set the one that refills first makes room.
 */
#include "daemon/core/admit.h"

#include <stdlib.h>

#include "daemon/base/hash.h"

void admit_done(struct admit *a)
{
	for (size_t i = 0; i < ADMIT_SETS; i++) {
		free(a->sources.sets[i]);
		free(a->known.sets[i]);
	}
	*a = (struct admit){ 0 };
}

/* When the bucket would be full after one more token was taken; ZE_NEVER: there is none. */
static ze_ns after_one(const struct admit_bucket *b, uint32_t rate, uint32_t burst, ze_ns now)
{
	ze_ns token = ZE_SEC(1) / rate;
	ze_ns full_at = (b->full_at > now ? b->full_at : now) + token;

	return full_at - now > token * burst ? ZE_NEVER : full_at;
}

static size_t set_of(const struct ze_addr *from)
{
	return hash_bytes(from->ip, sizeof(from->ip)) % ADMIT_SETS;
}

/* NULL: it is not there. */
static struct admit_source *source_in(struct admit_source *s, const struct ze_addr *from)
{
	for (unsigned i = 0; s && i < ADMIT_SET; i++)
		if (ze_addr_same_ip(&s[i].addr, from))
			return &s[i];
	return NULL;
}

/* NULL: no memory for it. */
static struct admit_source *source_get(struct admit_table *t, const struct ze_addr *from)
{
	struct admit_source **set = &t->sets[set_of(from)], *s, *oldest;

	if (!*set)
		*set = calloc(ADMIT_SET, sizeof(**set));
	s = source_in(*set, from);
	if (s || !*set)
		return s;
	s = oldest = *set;
	for (unsigned i = 1; i < ADMIT_SET; i++)
		if (s[i].bucket.full_at < oldest->bucket.full_at)
			oldest = &s[i];
	*oldest = (struct admit_source){ .addr = *from };
	return oldest;
}

static bool take(struct admit_bucket *b, uint32_t rate, uint32_t burst, ze_ns now)
{
	ze_ns full_at = after_one(b, rate, burst, now);

	if (full_at == ZE_NEVER)
		return false;
	b->full_at = full_at;
	return true;
}

bool admit_frame(struct admit_bucket *b, ze_ns now)
{
	return take(b, ADMIT_FRAME_RATE, ADMIT_FRAME_BURST, now);
}

bool admit_control(struct admit_bucket *b, ze_ns now)
{
	return take(b, ADMIT_CONTROL_RATE, ADMIT_CONTROL_BURST, now);
}

bool admit_setup(struct admit *a, const struct ze_addr *from, uint32_t rate, ze_ns now)
{
	struct admit_source *s = source_get(&a->sources, from);
	ze_ns one = s ? after_one(&s->bucket, ADMIT_SOURCE_RATE, ADMIT_SOURCE_BURST, now) :
			ZE_NEVER;
	ze_ns all = rate ? after_one(&a->all, rate, rate, now) : a->all.full_at;

	if (one == ZE_NEVER || all == ZE_NEVER)
		return false;
	s->bucket.full_at = one;
	a->all.full_at = all;
	return true;
}

void admit_answered(struct admit *a, const struct ze_addr *from, ze_ns now)
{
	struct admit_source *s = source_get(&a->known, from);

	if (s && s->bucket.full_at < now)
		s->bucket.full_at = now;
}

bool admit_has_answered(const struct admit *a, const struct ze_addr *from)
{
	return source_in(a->known.sets[set_of(from)], from);
}

bool admit_known(struct admit *a, const struct ze_addr *from, ze_ns now)
{
	struct admit_source *s = source_get(&a->known, from);

	return s && take(&s->bucket, ADMIT_KNOWN_RATE, ADMIT_KNOWN_BURST, now);
}
