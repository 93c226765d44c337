/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Index arithmetic for a ring that keeps the newest N elements of a stream. The caller owns the
 * array:
 *   slot = ring_push(&r)           where to write the next element
 *   for (i = 0; i < ring_count(&r); i++) a[ring_at(&r, i)]     oldest first
 * Allocates nothing.
 */
#pragma once

#include <stdint.h>

struct ring {
	uint32_t size, pushed;
};

static inline struct ring ring_init(uint32_t size)
{
	return (struct ring){ .size = size };
}

static inline uint32_t ring_count(const struct ring *r)
{
	return r->pushed < r->size ? r->pushed : r->size;
}

/* `pushed` is kept below 2 * size, so that it never wraps around. */
static inline uint32_t ring_push(struct ring *r)
{
	uint32_t slot = r->pushed % r->size;

	r->pushed = r->pushed + 1 < 2 * r->size ? r->pushed + 1 : r->size;
	return slot;
}

static inline uint32_t ring_at(const struct ring *r, uint32_t i)
{
	return r->pushed <= r->size ? i : (r->pushed + i) % r->size;
}
