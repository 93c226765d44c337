/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives memory back to the system when nearly all of many sessions have gone and stay away for a minute: the
 * allocator returns by itself only what is on top of the heap, and something that stays is always above it.
 *
 * Not sooner, and not for less: the reactor waits meanwhile. Each hole between objects that stay is a
 * call of madvise() and a flush of the other processors' TLBs, and sessions that come back use the memory again.
 */
#pragma once

#include <stdbool.h>

struct ev_loop;
struct heap;

#define HEAP_FALL_MIN 1024 /* sessions; less is not worth it */
#define HEAP_FEW      16   /* at most one of so many stays */

/* NULL when out of memory. */
struct heap *heap_new(struct ev_loop *ev);
void heap_free(struct heap *h);
/* So many sessions there are now: asked often, mostly for nothing. */
void heap_sessions(struct heap *h, unsigned n);
/* From `peak` sessions to n: worth it. */
bool heap_fell(unsigned peak, unsigned n);
