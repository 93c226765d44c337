/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/refresh.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#include "daemon/sys/run/loop.h"

struct refresh {
	struct loop *loop;
	const struct dataplane_ops *dp;
	void *dp_self;
	ev_timer timer;
};

static void refresh_on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct refresh *r = w->data;

	(void)ev;
	(void)revents;
	r->dp->totals(r->dp_self, loop_now(r->loop));
}

int refresh_new(struct loop *l, const struct ports *io, ze_ns interval, struct refresh **ret)
{
	struct refresh *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->loop = l;
	r->dp = io->dp;
	r->dp_self = io->dp_self;
	ev_timer_init(&r->timer, refresh_on_timer, 0., (double)interval / (double)ZE_SEC(1));
	r->timer.data = r;
	ev_timer_start(loop_ev(l), &r->timer);
	*ret = r;
	return 0;
}

void refresh_free(struct refresh *r)
{
	if (!r)
		return;
	ev_timer_stop(loop_ev(r->loop), &r->timer);
	free(r);
}
