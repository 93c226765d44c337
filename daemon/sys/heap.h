/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives memory back to the system when many sessions have gone: the allocator returns by itself only what
 * is on top of the heap, and something that stays is always above it. Never while a storm is at its height: a
 * while after the number has halved.
 */
#pragma once

#include <stdbool.h>

struct ev_loop;
struct heap;

#define HEAP_FALL_MIN 1024 /* sessions; less is not worth it */

/* NULL when out of memory. */
struct heap *heap_new(struct ev_loop *ev);
void heap_free(struct heap *h);
/* So many sessions there are now: asked often, mostly for nothing. */
void heap_sessions(struct heap *h, unsigned n);
/* From `peak` sessions to n: worth it. */
bool heap_fell(unsigned peak, unsigned n);
