/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "shaping/plan.h"
#include "shaping/rate.h"

static void bursts_of_rates(void **st)
{
	static const struct {
		uint64_t bps;
		uint32_t shaper, queue;
	} rows[] = {
		{ RATE_MIN, 3000, 15000 },	  { 29999, 3000, 15000 },
		{ 32000, 3000, 15000 },		  { 256000, 3000, 15000 },
		{ 479999, 3000, 15000 },	  { 999999, 3000, 15000 },
		{ 1000000, 3000, 15000 },	  { 1200000, 3000, 15000 },
		{ 2000000, 3000, 25000 },	  { 10000000, 6250, 125000 },
		{ 1000000000, 625000, 12500000 }, { RATE_MAX, 62500000, 1250000000 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		assert_int_equal(plan_shaper_burst(rows[i].bps), rows[i].shaper);
		assert_int_equal(plan_queue(rows[i].bps), rows[i].queue);
	}
}

/* The bounds that the header promises, for every rate. */
static void bursts_hold_their_promise(void **st)
{
	(void)st;
	for (uint64_t bps = RATE_MIN; bps <= RATE_MAX; bps += bps / 7) {
		assert_true(plan_shaper_burst(bps) >= 3000);
		assert_true(plan_queue(bps) >= plan_shaper_burst(bps));
	}
}

static void names(void **st)
{
	(void)st;
	assert_string_equal(plan_qdisc_name(SHAPE_TBF), "tbf");
	assert_string_equal(plan_qdisc_name(SHAPE_HTB), "htb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_of_rates),
		cmocka_unit_test(bursts_hold_their_promise),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
