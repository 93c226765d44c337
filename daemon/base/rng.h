/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random octets as a port: getrandom() in the daemon, a seeded generator in tests. A unit that
 * needs unpredictable values takes a `const struct rng *`. When it fails (-errno), the operation
 * that needed the octets fails too; there is no fallback to weaker randomness.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct rng {
	int (*fill)(void *self, void *buf, size_t len);
	void *self;
};

static inline int ZE_MUST_CHECK rng_fill(const struct rng *g, void *buf, size_t len)
{
	return g->fill(g->self, buf, len);
}
