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
	a->known = calloc(ADMIT_SOURCES, sizeof(*a->known));
	return a->sources && a->known ? 0 : -ENOMEM;
}

void admit_done(struct admit *a)
{
	free(a->sources);
	free(a->known);
	a->sources = a->known = NULL;
}

/* When the bucket would be full after one more token was taken; ZE_NEVER: there is none. */
static ze_ns after_one(const struct admit_bucket *b, uint32_t rate, uint32_t burst, ze_ns now)
{
	ze_ns token = ZE_SEC(1) / rate;
	ze_ns full_at = (b->full_at > now ? b->full_at : now) + token;

	return full_at - now > token * burst ? ZE_NEVER : full_at;
}

static struct admit_source *set_of(struct admit_source *table, const struct ze_addr *from)
{
	return &table[hash_bytes(from->ip, sizeof(from->ip)) % (ADMIT_SOURCES / SET) * SET];
}

/* NULL: it is not there. */
static struct admit_source *source_lookup(struct admit_source *table, const struct ze_addr *from)
{
	struct admit_source *s = set_of(table, from);

	for (unsigned i = 0; i < SET; i++)
		if (ze_addr_same_ip(&s[i].addr, from))
			return &s[i];
	return NULL;
}

static struct admit_source *source_get(struct admit_source *table, const struct ze_addr *from)
{
	struct admit_source *s = source_lookup(table, from), *oldest = set_of(table, from);

	if (s)
		return s;
	s = oldest;
	for (unsigned i = 1; i < SET; i++)
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
	struct admit_source *s = source_get(a->sources, from);
	ze_ns one = after_one(&s->bucket, ADMIT_SOURCE_RATE, ADMIT_SOURCE_BURST, now);
	ze_ns all = rate ? after_one(&a->all, rate, rate, now) : a->all.full_at;

	if (one == ZE_NEVER || all == ZE_NEVER)
		return false;
	s->bucket.full_at = one;
	a->all.full_at = all;
	return true;
}

void admit_answered(struct admit *a, const struct ze_addr *from, ze_ns now)
{
	struct admit_source *s = source_get(a->known, from);

	if (s->bucket.full_at < now)
		s->bucket.full_at = now;
}

bool admit_has_answered(const struct admit *a, const struct ze_addr *from)
{
	return source_lookup(a->known, from);
}

bool admit_known(struct admit *a, const struct ze_addr *from, ze_ns now)
{
	return take(&source_get(a->known, from)->bucket, ADMIT_KNOWN_RATE, ADMIT_KNOWN_BURST, now);
}
