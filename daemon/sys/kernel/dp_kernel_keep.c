/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/dp_kernel_keep.h"

#include <errno.h>
#include <ev.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sys/bpf/bpf_guard.h"
#include "daemon/sys/bpf/bpf_label.h"
#include "daemon/sys/kernel/dp_kernel.h"
#include "daemon/sys/kernel/dp_kernel_priv.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/portwatch.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/net/rtnl.h"
#include "daemon/sys/run/kworker.h"
#include "daemon/sys/run/loop.h"

#define GROUPS                                                                                     \
	(RTMGRP_LINK | RTMGRP_TC | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR)
#define OF_JOB (1u << REPAIR_PROGRAM | 1u << REPAIR_POOL)

struct kernel_keep {
	struct loop *loop;
	struct dp_kernel *d;
	struct bpf_guard *guard;
	struct bpf_label *labels; /* NULL: no session is labelled */
	struct follow *follow;
	struct follow_listener listener;
	struct portwatch *ports;
	struct repair policy;
	ev_timer timer;
	unsigned under_way; /* the kinds that are being repaired */
	bool stopped;
	struct kjob job;
	unsigned kinds; /* of the job */
	struct repair_result res[REPAIR__KINDS];
};

/* ---- on a worker ---- */

static void dp_kernel_keep_run(struct kjob *j, void *thread)
{
	struct kernel_keep *k = ze_container_of(j, struct kernel_keep, job);
	struct repair_result *programs = &k->res[REPAIR_PROGRAM];

	memset(k->res, 0, sizeof(k->res));
	programs->wait = true;
	if (k->kinds & 1u << REPAIR_PROGRAM && k->guard)
		bpf_guard_restore(k->guard, programs);
	if (k->kinds & 1u << REPAIR_PROGRAM && k->labels)
		bpf_label_restore(k->labels, programs);
	if (k->kinds & 1u << REPAIR_POOL)
		dp_kernel_pool_restore(k->d, thread, &k->res[REPAIR_POOL]);
}

/* ---- on the reactor ---- */

static void dp_kernel_keep_schedule(struct kernel_keep *k);

static void dp_kernel_keep_finish(struct kernel_keep *k, enum repair_kind kind,
				  const struct repair_result *res)
{
	k->under_way &= ~(1u << kind);
	repair_done(&k->policy, kind, res, loop_now(k->loop));
}

static void dp_kernel_keep_done(struct kjob *j)
{
	struct kernel_keep *k = ze_container_of(j, struct kernel_keep, job);

	for (unsigned kind = 0; kind < REPAIR__KINDS; kind++)
		if (k->kinds & 1u << kind)
			dp_kernel_keep_finish(k, (enum repair_kind)kind, &k->res[kind]);
	dp_kernel_keep_schedule(k);
}

void dp_kernel_keep_checked(struct kernel_keep *k, const struct repair_result *res)
{
	dp_kernel_keep_finish(k, REPAIR_SESSION, res);
	if (res->missing)
		dp_kernel_suspect_all(k->d);
	dp_kernel_keep_schedule(k);
}

static void dp_kernel_keep_start(struct kernel_keep *k, ze_ns now)
{
	unsigned kinds = repair_take(&k->policy, now);

	k->under_way |= kinds;
	if (kinds & OF_JOB) {
		k->kinds = kinds & OF_JOB;
		k->job.run = dp_kernel_keep_run;
		k->job.done = dp_kernel_keep_done;
		dp_kernel_submit(k->d, &k->job);
	}
	if (kinds & 1u << REPAIR_SESSION)
		dp_kernel_check(k->d);
}

/* Starts the repairs that are due, or sets the timer. Rounds do not overlap. */
static void dp_kernel_keep_schedule(struct kernel_keep *k)
{
	ze_ns now = loop_now(k->loop);
	ze_ns due = k->stopped || k->under_way ? ZE_NEVER : repair_deadline(&k->policy);

	loop_timer_at(k->loop, &k->timer, due > now ? due : ZE_NEVER);
	if (due <= now)
		dp_kernel_keep_start(k, now);
}

static void dp_kernel_keep_on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev;
	(void)revents;
	dp_kernel_keep_schedule(w->data);
}

static void heard_session(struct kernel_keep *k, const struct news *n)
{
	bool whole = n->kind == NEWS_LINK && n->up && (!n->has_xdp || n->generic_id);

	if (whole || n->gone || n->replaced || n->kind == NEWS_FILTER)
		return;
	if (dp_kernel_suspect(k->d, (int)n->ifindex))
		repair_suspect(&k->policy, REPAIR_SESSION);
}

static void heard_program(struct kernel_keep *k, const struct news *n)
{
	const char *what = NULL;
	bool guard = k->guard && bpf_guard_heard(k->guard, n, &what);

	if (guard || (k->labels && bpf_label_heard(k->labels, n)))
		repair_suspect(&k->policy, REPAIR_PROGRAM);
	if (what)
		repair_missing(&k->policy, REPAIR_PROGRAM, what);
}

static void dp_kernel_keep_heard(void *self, const struct nlmsghdr *h)
{
	struct kernel_keep *k = self;
	struct news n;

	if (!h) {
		repair_suspect(&k->policy, REPAIR_PROGRAM);
		repair_suspect(&k->policy, REPAIR_POOL);
		repair_suspect(&k->policy, REPAIR_SESSION);
		dp_kernel_suspect_all(k->d);
		return;
	}
	if (!news_parse(h, &n))
		return;
	heard_program(k, &n);
	heard_session(k, &n);
	if (n.kind == NEWS_ROUTE && n.blackhole && n.proto == RTNL_ROUTE_PROTO && !n.replaced)
		repair_suspect(&k->policy, REPAIR_POOL);
}

static void dp_kernel_keep_heard_all(void *self)
{
	dp_kernel_keep_schedule(self);
}

/* ---- create and free ---- */

int dp_kernel_keep_new(const struct dp_kernel_args *a, struct dp_kernel *d,
		       struct bpf_label *labels, struct kernel_keep **ret)
{
	struct kernel_keep *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->loop = a->loop;
	k->d = d;
	k->labels = labels;
	ev_init(&k->timer, dp_kernel_keep_on_timer);
	k->timer.data = k;
	r = follow_new(a->loop, GROUPS, &k->follow);
	if (r == 0)
		r = portwatch_new(&(struct portwatch_args){ .loop = a->loop,
							    .follow = k->follow,
							    .uplink = a->uplink,
							    .n_uplink = a->n_uplink },
				  &k->ports);
	if (r < 0) {
		follow_free(k->follow);
		free(k);
		return r;
	}
	k->listener = (struct follow_listener){ .heard = dp_kernel_keep_heard,
						.end = dp_kernel_keep_heard_all,
						.self = k };
	follow_add(k->follow, &k->listener);
	*ret = k;
	return 0;
}

void dp_kernel_keep_guard(struct kernel_keep *k, struct bpf_guard *g)
{
	if (!g)
		dp_kernel_wait(k->d);
	k->guard = g;
}

void dp_kernel_keep_stop(struct kernel_keep *k)
{
	if (!k)
		return;
	k->stopped = true;
	follow_del(k->follow, &k->listener);
	portwatch_free(k->ports);
	k->ports = NULL;
	ev_timer_stop(loop_ev(k->loop), &k->timer);
}

void dp_kernel_keep_free(struct kernel_keep *k)
{
	if (!k)
		return;
	portwatch_free(k->ports);
	follow_free(k->follow);
	free(k);
}

void dp_kernel_keep_show(const struct kernel_keep *k, struct json *j)
{
	portwatch_show(k->ports, j);
	repair_show(&k->policy, loop_now(k->loop), j);
}
