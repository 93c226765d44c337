/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of many objects in one 4-ary heap. An object embeds a `struct timer`; the heap holds
 * pointers. Setting, moving and cancelling are O(log n). Never calls back: the owner pops what is
 * due. timer_set can fail (-ENOMEM) only for a timer that is not armed, and not while the heap has
 * held as many before: room is kept. A timer starts zeroed.
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
/* Arms or moves; due ZE_NEVER cancels. 0 or -ENOMEM (then not armed). */
int timer_set(struct timer_heap *h, struct timer *t, ze_ns due);
void timer_cancel(struct timer_heap *h, struct timer *t);
/* Earliest deadline, ZE_NEVER when empty. */
ze_ns timer_heap_next(const struct timer_heap *h);
/* Removes and returns one timer due at or before now, or NULL. */
struct timer *timer_heap_pop(struct timer_heap *h, ze_ns now);
static inline bool timer_armed(const struct timer *t)
{
	return t->slot != 0;
}
