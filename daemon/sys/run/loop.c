/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libev around one engine and the bus of its observers. The clock is read once per wake-up: a check watcher, which runs first
 * after the poll, clears the cached value. The earliest deadline is one ev_timer, set again after each
 * turn of the engine.
 */
#include "daemon/sys/run/loop.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/core/bus.h"
#include "daemon/core/engine.h"
#include "daemon/sys/run/heap.h"

#define TURN ZE_MS(2) /* see loop_turn_long() */

struct loop {
	struct ev_loop *ev;
	struct engine *engine;
	struct bus *bus;
	ev_timer deadline;
	ev_check woke;
	struct heap *heap;
	ze_ns now; /* 0: not read since the last poll */
};

static ze_ns clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ZE_SEC(ts.tv_sec) + ts.tv_nsec;
}

ze_ns loop_now(struct loop *l)
{
	if (!l->now)
		l->now = clock_ns(CLOCK_MONOTONIC);
	return l->now;
}

bool loop_turn_long(struct loop *l)
{
	return clock_ns(CLOCK_MONOTONIC) - loop_now(l) >= TURN;
}

ze_ns loop_clock_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t loop_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static void on_woke(struct ev_loop *ev, ev_check *w, int revents)
{
	struct loop *l = w->data;

	(void)ev;
	(void)revents;
	l->now = 0;
}

static void on_deadline(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct loop *l = w->data;

	(void)ev;
	(void)revents;
	if (l->engine)
		engine_expire(l->engine, loop_now(l));
	if (l->bus)
		bus_expire(l->bus, loop_now(l));
	loop_turn_done(l);
}

void loop_timer_at(struct loop *l, ev_timer *w, ze_ns at)
{
	ze_ns wait = at - loop_now(l);

	ev_timer_stop(l->ev, w);
	if (at == ZE_NEVER)
		return;
	/* libev's time is that of its last poll, and the engine may have run for a while since. */
	ev_now_update(l->ev);
	ev_timer_set(w, wait > 0 ? (double)wait / 1e9 : 0., 0.);
	ev_timer_start(l->ev, w);
}

void loop_turn_done(struct loop *l)
{
	ze_ns due = l->engine ? engine_deadline(l->engine) : ZE_NEVER;

	if (l->bus)
		due = ze_min_ns(due, bus_deadline(l->bus));
	loop_timer_at(l, &l->deadline, due);
	if (l->engine)
		heap_sessions(l->heap, engine_sessions(l->engine));
}

int loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	l->heap = l->ev ? heap_new(l->ev) : NULL;
	if (!l->heap) {
		if (l->ev)
			ev_loop_destroy(l->ev);
		free(l);
		return -ENOMEM;
	}
	ev_timer_init(&l->deadline, on_deadline, 0., 0.);
	/* The timer runs after received data, so that an answer that is queued in a socket counts
	 * as in time. */
	ev_set_priority(&l->deadline, EV_MINPRI);
	l->deadline.data = l;
	ev_check_init(&l->woke, on_woke);
	ev_set_priority(&l->woke, EV_MAXPRI);
	l->woke.data = l;
	ev_check_start(l->ev, &l->woke);
	ev_unref(l->ev); /* this watcher must not keep the loop running */
	*ret = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	ev_ref(l->ev);
	ev_check_stop(l->ev, &l->woke);
	ev_timer_stop(l->ev, &l->deadline);
	heap_free(l->heap);
	ev_loop_destroy(l->ev);
	free(l);
}

void loop_set_engine(struct loop *l, struct engine *e)
{
	l->engine = e;
	loop_turn_done(l);
}

void loop_set_bus(struct loop *l, struct bus *b)
{
	l->bus = b;
	loop_turn_done(l);
}

struct engine *loop_engine(struct loop *l)
{
	return l->engine;
}

struct ev_loop *loop_ev(struct loop *l)
{
	return l->ev;
}

void loop_run(struct loop *l)
{
	ev_run(l->ev, 0);
}

void loop_stop(struct loop *l)
{
	ev_break(l->ev, EVBREAK_ALL);
}
