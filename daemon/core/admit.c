/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/admit.h"

#include <string.h>

#include "daemon/base/hash.h"

void admit_done(struct admit *a)
{
	buckets_done(&a->sources);
	buckets_done(&a->known);
	*a = (struct admit){ 0 };
}

/* The time at which the bucket is full again when one more token is taken; ZE_NEVER: it has no
 * token. */
static ze_ns after_one(ze_ns was, uint32_t rate, uint32_t burst, ze_ns now)
{
	ze_ns token = ZE_SEC(1) / rate;
	ze_ns full_at = (was > now ? was : now) + token;

	return full_at - now > token * burst ? ZE_NEVER : full_at;
}

static uint64_t admit_key_of(const struct ze_addr *from)
{
	uint8_t b[1 + sizeof(from->ip)] = { from->family };
	uint64_t key;

	memcpy(b + 1, from->ip, sizeof(from->ip));
	key = hash_bytes64(b, sizeof(b));
	return key ? key : 1;
}

static bool admit_take(ze_ns *full, uint32_t rate, uint32_t burst, ze_ns now)
{
	ze_ns full_at = after_one(*full, rate, burst, now);

	if (full_at == ZE_NEVER)
		return false;
	*full = full_at;
	return true;
}

bool admit_frame(struct admit_bucket *b, ze_ns now)
{
	return admit_take(&b->full_at, ADMIT_FRAME_RATE, ADMIT_FRAME_BURST, now);
}

bool admit_control(struct admit_bucket *b, ze_ns now)
{
	return admit_take(&b->full_at, ADMIT_CONTROL_RATE, ADMIT_CONTROL_BURST, now);
}

bool admit_setup(struct admit *a, const struct ze_addr *from, uint32_t rate, ze_ns now)
{
	struct bucket *s = buckets_get(&a->sources, admit_key_of(from));
	ze_ns one = s ? after_one(s->full_at, ADMIT_SOURCE_RATE, ADMIT_SOURCE_BURST, now) :
			ZE_NEVER;
	ze_ns all = rate ? after_one(a->all.full_at, rate, rate, now) : a->all.full_at;

	if (one == ZE_NEVER || all == ZE_NEVER)
		return false;
	s->full_at = one;
	a->all.full_at = all;
	return true;
}

void admit_answered(struct admit *a, const struct ze_addr *from, ze_ns now)
{
	struct bucket *s = buckets_get(&a->known, admit_key_of(from));

	if (s && s->full_at < now)
		s->full_at = now;
}

bool admit_has_answered(const struct admit *a, const struct ze_addr *from)
{
	return buckets_find(&a->known, admit_key_of(from));
}

bool admit_known(struct admit *a, const struct ze_addr *from, ze_ns now)
{
	struct bucket *s = buckets_get(&a->known, admit_key_of(from));

	return s && admit_take(&s->full_at, ADMIT_KNOWN_RATE, ADMIT_KNOWN_BURST, now);
}
