/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Returns memory to the system when nearly all of many sessions have ended and the number stays low
 * for 60 seconds: by itself the allocator returns only the top of the heap, which is rarely free.
 *
 * Not earlier and not for less, because the reactor blocks meanwhile: each hole between objects in
 * use costs one madvise() and a TLB flush on the other processors, and new sessions would use the
 * memory again.
 */
#pragma once

#include <stdbool.h>

struct ev_loop;
struct heap;

#define HEAP_FALL_MIN 1024 /* sessions that have ended; fewer are not worth it */
#define HEAP_FEW      16   /* at most 1/16 of the peak remains */

/* NULL: no memory. */
struct heap *heap_new(struct ev_loop *ev);
void heap_free(struct heap *h);
/* Sets the number of sessions; cheap, to be called on each change. */
void heap_sessions(struct heap *h, unsigned n);
/* True when the fall from `peak` sessions to n is worth returning memory. */
bool heap_fell(unsigned peak, unsigned n);
