/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for tests: the same seed gives the same run, as numbers for the test's own choices
 * and as a `struct rng` for the code under test. It can fail on request. For tests only.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/rng.h"

struct test_rng {
	uint64_t state;
	int fail_after; /* number of calls that still succeed; negative: all */
	struct rng rng; /* pass &r->rng to the code under test; r must not move */
};

void test_rng_init(struct test_rng *r, uint64_t seed);
uint32_t test_rng_u32(struct test_rng *r);
/* A number from 0 to n - 1; n is greater than 0. */
uint32_t test_rng_below(struct test_rng *r, uint32_t n);
