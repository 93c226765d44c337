/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/idalloc.h"

#include <errno.h>
#include <stdlib.h>

#define WORDS	 (65536 / 64)
#define IDS_FREE 65535u /* id 0 is never handed out */

int idalloc_init(struct idalloc *a)
{
	*a = (struct idalloc){ .bits = calloc(WORDS, sizeof(*a->bits)) };
	if (!a->bits)
		return -ENOMEM;
	a->bits[0] = 1; /* id 0 is reserved */
	return 0;
}

void idalloc_done(struct idalloc *a)
{
	free(a->bits);
	*a = (struct idalloc){ 0 };
}

/* The first free id at or after `from`, wrapping around. The caller has checked that one is
 * free. */
static uint16_t next_free(const struct idalloc *a, uint16_t from)
{
	unsigned w = from / 64;
	uint64_t room = ~a->bits[w] & ~UINT64_C(0) << from % 64;

	while (!room) {
		w = (w + 1) % WORDS;
		room = ~a->bits[w];
	}
	return (uint16_t)(w * 64 + (unsigned)__builtin_ctzll(room));
}

int idalloc_take(struct idalloc *a, const struct rng *g, uint16_t *ret_id)
{
	uint16_t id;
	int r;

	if (a->used == IDS_FREE)
		return -ENOSPC;
	r = rng_fill(g, &id, sizeof(id));
	if (r < 0)
		return r;
	id = next_free(a, id);
	a->bits[id / 64] |= UINT64_C(1) << id % 64;
	a->used++;
	*ret_id = id;
	return 0;
}

int idalloc_claim(struct idalloc *a, uint16_t id)
{
	if (!id)
		return -EINVAL;
	if (idalloc_held(a, id))
		return -EEXIST;
	a->bits[id / 64] |= UINT64_C(1) << id % 64;
	a->used++;
	return 0;
}

void idalloc_put(struct idalloc *a, uint16_t id)
{
	if (!idalloc_held(a, id))
		return;
	a->bits[id / 64] &= ~(UINT64_C(1) << id % 64);
	a->used--;
}

bool idalloc_held(const struct idalloc *a, uint16_t id)
{
	return id && (a->bits[id / 64] >> id % 64 & 1);
}
