/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Randomness of tests: the same seed gives the same run, as numbers for the test's own choices and
 * as a `struct rng` for the code under test. Can be told to fail. Never for anything but tests.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/rng.h"

struct test_rng {
	uint64_t state;
	int fail_after; /* fills that still succeed; negative: all */
	struct rng rng; /* give &r->rng to the code under test; r must not move */
};

void test_rng_init(struct test_rng *r, uint64_t seed);
uint32_t test_rng_u32(struct test_rng *r);
/* 0..n-1, n > 0 */
uint32_t test_rng_below(struct test_rng *r, uint32_t n);
