/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/pace.h"

#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/core/timers.h"

#define KEY_MAX 320 /* octets: an address (17) and a calling number or user name */

void pace_done(struct pace *p)
{
	buckets_done(&p->lines);
	buckets_done(&p->users);
	buckets_done(&p->peers);
	*p = (struct pace){ 0 };
}

/* A text that does not fit is cut. That never happens: names have at most 253 octets, numbers
 * 63. */
static uint64_t pace_key_of(const struct ze_addr *peer, struct span text)
{
	uint8_t b[KEY_MAX] = { 0 };
	size_t n = text.len < KEY_MAX - 17 ? text.len : KEY_MAX - 17;
	uint64_t key;

	if (peer) {
		b[0] = peer->family;
		memcpy(b + 1, peer->ip, sizeof(peer->ip));
	}
	if (n)
		memcpy(b + 17, text.p, n);
	key = hash_bytes64(b, 17 + n);
	return key ? key : 1;
}

/* The time at which one more wrong password may be answered. */
static ze_ns next_of(ze_ns full_at, ze_ns interval, uint32_t burst, ze_ns now)
{
	ze_ns at = (full_at > now ? full_at : now) + interval - (ze_ns)burst * interval;

	return at > now ? at : now;
}

static void charge(struct bucket *e, ze_ns interval, ze_ns now)
{
	e->full_at = (e->full_at > now ? e->full_at : now) + interval;
}

ze_ns pace_wrong(struct pace *p, const struct pace_login *l, const struct pace_limits *lim,
		 ze_ns now)
{
	ze_ns of_peer = lim->peer_rate ? ZE_SEC(1) / lim->peer_rate : 0, at = now;
	struct {
		struct bucket *e;
		ze_ns interval;
		uint32_t burst;
	} v[3];
	unsigned n = 0;

	if (lim->interval && l->number.len) {
		v[n].e = buckets_get(&p->lines, pace_key_of(l->peer, l->number));
		v[n].interval = lim->interval;
		v[n++].burst = PACE_BURST;
	}
	if (lim->interval) {
		v[n].e = buckets_get(&p->users, pace_key_of(NULL, l->user));
		v[n].interval = lim->interval;
		v[n++].burst = PACE_BURST;
	}
	if (of_peer) {
		v[n].e = buckets_get(&p->peers, pace_key_of(l->peer, (struct span){ 0 }));
		v[n].interval = of_peer;
		v[n++].burst = PACE_PEER_BURST * lim->peer_rate;
	}
	for (unsigned i = 0; i < n; i++) {
		ze_ns next;

		if (!v[i].e)
			return ZE_NEVER;
		next = next_of(v[i].e->full_at, v[i].interval, v[i].burst, now);

		at = next > at ? next : at;
		if (next - now <= PACE_AHEAD_MAX)
			charge(v[i].e, v[i].interval, now);
	}
	return at - now > lim->longest || at - now > PACE_AHEAD_MAX ? ZE_NEVER : at;
}

bool pace_line_is_full(const struct pace *p, const struct pace_login *l,
		       const struct pace_limits *lim, ze_ns now)
{
	const struct bucket *e = NULL;

	if (lim->interval && l->number.len)
		e = buckets_find(&p->lines, pace_key_of(l->peer, l->number));
	return e && next_of(e->full_at, lim->interval, PACE_BURST, now) - now > PACE_LINE_MAX;
}
