/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/timer.h"

#include <errno.h>
#include <stdlib.h>

#define ARITY	  4
#define FIRST_CAP 64

void timer_heap_init(struct timer_heap *h)
{
	*h = (struct timer_heap){ 0 };
}

void timer_heap_done(struct timer_heap *h)
{
	free(h->v);
	timer_heap_init(h);
}

static void timer_place(struct timer_heap *h, size_t i, struct timer *t)
{
	h->v[i] = t;
	t->slot = i + 1;
}

/* Moves t from i towards the root; timers that are due later than t move down. */
static size_t sift_up(struct timer_heap *h, size_t i, struct timer *t)
{
	while (i > 0) {
		size_t parent = (i - 1) / ARITY;

		if (h->v[parent]->due <= t->due)
			break;
		timer_place(h, i, h->v[parent]);
		i = parent;
	}
	timer_place(h, i, t);
	return i;
}

/* The child of i that is due first, or h->n when i has no child. */
static size_t first_child(const struct timer_heap *h, size_t i)
{
	size_t best = i * ARITY + 1;
	size_t end = best + ARITY < h->n ? best + ARITY : h->n;

	if (best >= h->n)
		return h->n;
	for (size_t c = best + 1; c < end; c++)
		if (h->v[c]->due < h->v[best]->due)
			best = c;
	return best;
}

static void sift_down(struct timer_heap *h, size_t i, struct timer *t)
{
	for (size_t c; (c = first_child(h, i)) < h->n && h->v[c]->due < t->due; i = c)
		timer_place(h, i, h->v[c]);
	timer_place(h, i, t);
}

/* Puts t at i, in place of another timer or of a removed one, and restores the heap order. */
static void timer_settle(struct timer_heap *h, size_t i, struct timer *t)
{
	sift_down(h, sift_up(h, i, t), t);
}

static int timer_reserve(struct timer_heap *h)
{
	size_t cap = h->cap ? h->cap * 2 : FIRST_CAP;
	struct timer **v;

	if (h->n < h->cap)
		return 0;
	v = reallocarray(h->v, cap, sizeof(*v));
	if (!v)
		return -ENOMEM;
	h->v = v;
	h->cap = cap;
	return 0;
}

int timer_set(struct timer_heap *h, struct timer *t, ze_ns due)
{
	int r;

	if (due == ZE_NEVER) {
		timer_cancel(h, t);
		return 0;
	}
	if (!timer_armed(t)) {
		r = timer_reserve(h);
		if (r < 0)
			return r;
		h->n++;
		t->slot = h->n;
	}
	t->due = due;
	timer_settle(h, t->slot - 1, t);
	return 0;
}

void timer_cancel(struct timer_heap *h, struct timer *t)
{
	struct timer *last;
	size_t hole;

	if (!timer_armed(t))
		return;
	hole = t->slot - 1;
	t->slot = 0;
	last = h->v[--h->n];
	if (last != t)
		timer_settle(h, hole, last);
}

ze_ns timer_heap_next(const struct timer_heap *h)
{
	return h->n ? h->v[0]->due : ZE_NEVER;
}

struct timer *timer_heap_pop(struct timer_heap *h, ze_ns now)
{
	struct timer *t = h->n ? h->v[0] : NULL;

	if (!t || t->due > now)
		return NULL;
	timer_cancel(h, t);
	return t;
}
