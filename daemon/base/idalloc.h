/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16-bit identifiers for tunnels and sessions. An id is never 0, is unique while it is held, and is
 * chosen at random, because an off-path attacker has to guess it (RFC 2661 section 9.1). All 65535
 * values can be allocated. The bitmap of 8 KB is allocated once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rng.h"

struct idalloc {
	uint64_t *bits;
	uint32_t used; /* ids that are held */
};

int idalloc_init(struct idalloc *a); /* 0 or -ENOMEM */
void idalloc_done(struct idalloc *a);
/* Allocates a random id. Returns 0, -ENOSPC when all are held, or the error of the random port. */
int idalloc_take(struct idalloc *a, const struct rng *g, uint16_t *ret_id);
/* Allocates a given id. Returns 0, -EINVAL for id 0, -EEXIST when it is held. */
int idalloc_claim(struct idalloc *a, uint16_t id);
/* Releases an id; does nothing when it is not held. */
void idalloc_put(struct idalloc *a, uint16_t id);
bool idalloc_held(const struct idalloc *a, uint16_t id);
