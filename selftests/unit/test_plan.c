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
		uint32_t policer, shaper, queue;
	} rows[] = {
		{ RATE_MIN, 4000, 3000, 15000 }, /* 4 s */
		{ 29999, 14999, 3000, 15000 },
		{ 32000, 15000, 3000, 15000 }, /* ten packets */
		{ 256000, 15000, 3000, 15000 },
		{ 999999, 31249, 3000, 15000 },
		{ 1000000, 31250, 3000, 15000 },
		{ 479999, 15000, 3000, 15000 },
		{ 1200000, 37500, 3000, 15000 },
		{ 2000000, 62500, 3000, 25000 }, /* 250 ms */
		{ 10000000, 312500, 6250, 125000 },
		{ 1000000000, 31250000, 625000, 12500000 },
		{ RATE_MAX, 3125000000, 62500000, 1250000000 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		assert_int_equal(plan_policer_burst(rows[i].bps), rows[i].policer);
		assert_int_equal(plan_shaper_burst(rows[i].bps), rows[i].shaper);
		assert_int_equal(plan_queue(rows[i].bps), rows[i].queue);
	}
}

/* As the header says, for every rate; a policer's counter of 2^32 ns holds the burst. */
static void bursts_hold_their_promise(void **st)
{
	(void)st;
	for (uint64_t bps = RATE_MIN; bps <= RATE_MAX; bps += bps / 7) {
		uint64_t burst = plan_policer_burst(bps);

		assert_true(burst * 8000000000 / bps <= 4000000000u);
		assert_true(burst >= 1500);
		if (bps >= 256000)
			assert_true(burst >= 15000 && burst * 8 * 101 / 100 >= bps / 4);
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
