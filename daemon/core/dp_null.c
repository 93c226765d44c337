/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/dp_null.h"

#include <errno.h>
#include <stdlib.h>

#define SIDS 65536

void dp_null_init(struct dp_null *d)
{
	*d = (struct dp_null){ 0 };
}

void dp_null_done(struct dp_null *d)
{
	free(d->q);
	free(d->held);
	dp_null_init(d);
}

static bool dp_null_held(const struct dp_null *d, uint16_t sid)
{
	return d->held && d->held[sid / 8] >> (sid % 8) & 1;
}

/* Makes room for `more` answers in addition to those queued and reserved. Returns 0 or -ENOMEM. */
static int dp_null_reserve(struct dp_null *d, size_t more)
{
	size_t need = d->n + d->sessions + more;
	size_t cap = d->cap ? d->cap : 16;
	struct dp_event *q;

	while (cap < need)
		cap *= 2;
	if (cap == d->cap)
		return 0;
	q = calloc(cap, sizeof(*q));
	if (!q)
		return -ENOMEM;
	for (size_t i = 0; i < d->n; i++)
		q[i] = d->q[(d->head + i) % d->cap];
	free(d->q);
	d->q = q;
	d->cap = cap;
	d->head = 0;
	return 0;
}

static void dp_null_answer(struct dp_null *d, const struct dp_event *e)
{
	d->q[(d->head + d->n) % d->cap] = *e;
	d->n++;
}

static int dp_null_session_up(void *self, const struct dp_session *s)
{
	struct dp_null *d = self;

	if (dp_null_held(d, s->sid))
		return -EEXIST;
	if (!d->held)
		d->held = calloc(1, SIDS / 8);
	if (!d->held || dp_null_reserve(d, 2) < 0)
		return -ENOMEM;
	d->held[s->sid / 8] |= (uint8_t)(1u << (s->sid % 8));
	d->sessions++;
	dp_null_answer(d, &(struct dp_event){ .kind = DP_EV_SESSION_UP, .sid = s->sid });
	return 0;
}

static int dp_null_shape(void *self, uint16_t sid, const struct shape_plan *p)
{
	struct dp_null *d = self;

	(void)p; /* nothing is forwarded: no rate is exceeded */
	if (!dp_null_held(d, sid))
		return -ENOENT;
	if (dp_null_reserve(d, 1) < 0)
		return -ENOMEM;
	dp_null_answer(d, &(struct dp_event){ .kind = DP_EV_SHAPED, .sid = sid });
	return 0;
}

static int dp_null_family_up(void *self, uint16_t sid, const struct dp_family *f)
{
	struct dp_null *d = self;

	if (!dp_null_held(d, sid))
		return -ENOENT;
	if (dp_null_reserve(d, 1) < 0)
		return -ENOMEM;
	dp_null_answer(
		d, &(struct dp_event){ .kind = DP_EV_FAMILY_UP, .sid = sid, .family = f->family });
	return 0;
}

static void dp_null_family_open(void *self, uint16_t sid, enum ppp_family family, bool open)
{
	(void)self; /* nothing is forwarded, open or not */
	(void)sid;
	(void)family;
	(void)open;
}

static void dp_null_family_down(void *self, uint16_t sid, enum ppp_family family)
{
	(void)self;
	(void)sid;
	(void)family;
}

static int dp_null_route(void *self, uint16_t sid, const struct dp_route *r)
{
	struct dp_null *d = self;

	if (!dp_null_held(d, sid))
		return -ENOENT;
	if (dp_null_reserve(d, 1) < 0)
		return -ENOMEM;
	dp_null_answer(d, &(struct dp_event){ .kind = DP_EV_ROUTE, .sid = sid, .route = *r });
	return 0;
}

static void dp_null_session_down(void *self, uint16_t sid)
{
	struct dp_null *d = self;

	if (!dp_null_held(d, sid))
		return;
	d->held[sid / 8] &= (uint8_t) ~(1u << (sid % 8));
	d->sessions--;
	dp_null_answer(d, &(struct dp_event){ .kind = DP_EV_GONE, .sid = sid });
}

static int dp_null_stats(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret,
			 ze_ns *ret_as_of)
{
	if (!dp_null_held(self, sid))
		return -ENOENT;
	*ret = (struct dp_stats){ 0 };
	*ret_as_of = now;
	return 0;
}

static struct dp_totals dp_null_totals(void *self, ze_ns now)
{
	const struct dp_null *d = self;

	return (struct dp_totals){ .sessions = d->sessions, .as_of = now };
}

/* Nothing is forwarded, so there are no routing loops. */
static void dp_null_pools(void *self, const struct dp_pool *v, size_t n)
{
	(void)self;
	(void)v;
	(void)n;
}

const struct dataplane_ops dp_null_ops = {
	.name = "null",
	.session_up = dp_null_session_up,
	.shape = dp_null_shape,
	.family_up = dp_null_family_up,
	.family_open = dp_null_family_open,
	.route = dp_null_route,
	.family_down = dp_null_family_down,
	.session_down = dp_null_session_down,
	.stats = dp_null_stats,
	.totals = dp_null_totals,
	.pools = dp_null_pools,
};

bool dp_null_next(struct dp_null *d, struct dp_event *ret)
{
	if (!d->n)
		return false;
	*ret = d->q[d->head];
	d->head = (d->head + 1) % d->cap;
	d->n--;
	return true;
}
