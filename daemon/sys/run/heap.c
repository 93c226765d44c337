/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/heap.h"

#include <ev.h>
#include <malloc.h>
#include <stdlib.h>

#include "daemon/base/log.h"

#define WAIT_S 60.

struct heap {
	struct ev_loop *ev;
	ev_timer wait;
	unsigned peak, now; /* sessions; peak: since memory was last returned */
};

bool heap_fell(unsigned peak, unsigned n)
{
	return n <= peak / HEAP_FEW && peak - n >= HEAP_FALL_MIN;
}

static void heap_stop(struct heap *h)
{
	if (!ev_is_active(&h->wait))
		return;
	ev_ref(h->ev);
	ev_timer_stop(h->ev, &h->wait);
}

static void on_wait(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct heap *h = w->data;

	(void)revents;
	ev_ref(ev); /* the timer has stopped: undo ev_unref() */
	log_kv(LOG_MAIN, LOG_DEBUG, "heap-trimmed", KV_U64("sessions", h->now),
	       KV_U64("peak", h->peak));
	malloc_trim(0);
	h->peak = h->now;
}

void heap_sessions(struct heap *h, unsigned n)
{
	h->now = n;
	if (n > h->peak)
		h->peak = n;
	if (!heap_fell(h->peak, n)) {
		heap_stop(h); /* the number rises again */
	} else if (!ev_is_active(&h->wait)) {
		ev_timer_set(&h->wait, WAIT_S, 0.);
		ev_timer_start(h->ev, &h->wait);
		/* It must not keep a loop running that has nothing else to do. */
		ev_unref(h->ev);
	}
}

struct heap *heap_new(struct ev_loop *ev)
{
	struct heap *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->ev = ev;
	ev_timer_init(&h->wait, on_wait, WAIT_S, 0.);
	h->wait.data = h;
	return h;
}

void heap_free(struct heap *h)
{
	if (!h)
		return;
	heap_stop(h);
	free(h);
}
