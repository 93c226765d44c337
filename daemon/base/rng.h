/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes as a port: getrandom in the daemon, a seeded generator in tests. Whoever needs
 * unpredictability takes a `const struct rng *`. May fail (-errno): then the operation that needed
 * the bytes fails, nothing falls back to weak ones.
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
