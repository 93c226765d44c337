/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The deadlines of many objects in one 4-ary heap. An object embeds a `struct timer`; the heap
 * holds pointers. Arming, moving and cancelling take O(log n). There are no callbacks: the owner
 * pops the timers that are due. timer_set() can fail with -ENOMEM only for a timer that is not
 * armed, and only when the heap has never held that many timers. A new timer is all zero.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/compiler.h"

struct timer {
	ze_ns due;
	size_t slot; /* 1-based place in the heap, 0 when not armed */
};

struct timer_heap {
	struct timer **v;
	size_t n, cap;
};

void timer_heap_init(struct timer_heap *h);
void timer_heap_done(struct timer_heap *h);
/* Arms or moves a timer; a `due` of ZE_NEVER cancels it. Returns 0, or -ENOMEM; then it is not
 * armed. */
int timer_set(struct timer_heap *h, struct timer *t, ze_ns due);
void timer_cancel(struct timer_heap *h, struct timer *t);
/* The earliest deadline, or ZE_NEVER when no timer is armed. */
ze_ns timer_heap_next(const struct timer_heap *h);
/* Removes and returns one timer that is due at or before `now`, or returns NULL. */
struct timer *timer_heap_pop(struct timer_heap *h, ze_ns now);
static inline bool timer_armed(const struct timer *t)
{
	return t->slot != 0;
}
