/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16-bit ids, never 0, unique while held, unpredictable (RFC 2661 9.1 asks for it: an id is what
 * keeps an off-path attacker out). All 65535 can be handed out. Allocates its 8 KB once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rng.h"

struct idalloc {
	uint64_t *bits;
	uint32_t used;
};

int idalloc_init(struct idalloc *a); /* 0 or -ENOMEM */
void idalloc_done(struct idalloc *a);
/* 0, -ENOSPC when all are held, or the rng's error. */
int idalloc_take(struct idalloc *a, const struct rng *g, uint16_t *ret_id);
int idalloc_claim(struct idalloc *a, uint16_t id); /* a chosen one: 0, -EINVAL for 0, -EEXIST */
void idalloc_put(struct idalloc *a, uint16_t id);
bool idalloc_held(const struct idalloc *a, uint16_t id);
