/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/core/admit.h"

static struct ze_addr host(uint32_t n)
{
	return (struct ze_addr){ .family = 4,
				 .ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

static unsigned passed(struct admit *a, uint32_t n, unsigned tries, uint32_t rate, ze_ns now)
{
	struct ze_addr from = host(n);
	unsigned ok = 0;

	for (unsigned i = 0; i < tries; i++)
		ok += admit_setup(a, &from, rate, now);
	return ok;
}

static void one_source(void **st)
{
	struct admit a = { 0 };
	ze_ns now = ZE_SEC(5);

	(void)st;
	assert_int_equal(passed(&a, 1, 1000, 0, now), ADMIT_SOURCE_BURST);
	/* Other sources have a budget of their own. */
	assert_int_equal(passed(&a, 2, 10, 0, now), 10);
	assert_int_equal(passed(&a, 1, 10, 0, now + ZE_SEC(1) / ADMIT_SOURCE_RATE - 1), 0);
	assert_int_equal(passed(&a, 1, 10, 0, now + ZE_SEC(1) / ADMIT_SOURCE_RATE), 1);
	assert_int_equal(passed(&a, 1, 1000, 0, now + ZE_SEC(2)), ADMIT_SOURCE_RATE * 2 - 1);
	assert_int_equal(passed(&a, 1, 1000, 0, now + ZE_SEC(3600)), ADMIT_SOURCE_BURST);
	admit_done(&a);
}

static void all_together(void **st)
{
	struct admit a = { 0 };
	unsigned ok = 0;

	(void)st;
	for (uint32_t n = 0; n < 500; n++)
		ok += passed(&a, n, 1, 40, ZE_SEC(1));
	assert_int_equal(ok, 40);
	/* A request refused by the limit for all sources cost its own source nothing. */
	assert_int_equal(passed(&a, 499, 1000, 0, ZE_SEC(1)), ADMIT_SOURCE_BURST);
	assert_int_equal(passed(&a, 600, 100, 40, ZE_SEC(2)), 40);
	admit_done(&a);
}

/* L-042: more sources than the table holds neither make it grow nor lock any source out. */
static void more_sources_than_room(void **st)
{
	struct admit a = { 0 };

	(void)st;
	for (uint32_t n = 0; n < 4 * ADMIT_SOURCES; n++)
		assert_int_equal(passed(&a, n, 1, 0, ZE_SEC(1)), 1);
	assert_int_equal(passed(&a, 1 << 20, 1, 0, ZE_SEC(1)), 1);
	admit_done(&a);
}

/* F-B1: known sources do not use the budget of unknown ones, and only established tunnels make a
 * source known. */
static void known_sources(void **st)
{
	struct ze_addr a1 = host(1), a2 = host(2), a3;
	struct admit a = { 0 };
	unsigned ok = 0;

	(void)st;
	assert_int_equal(passed(&a, 900, 60, 50, ZE_SEC(1)), 50);
	assert_false(admit_has_answered(&a, &a1));
	admit_answered(&a, &a1, ZE_SEC(1));
	assert_true(admit_has_answered(&a, &a1));
	assert_false(admit_has_answered(&a, &a2));
	for (unsigned i = 0; i < 3 * ADMIT_KNOWN_BURST; i++)
		ok += admit_known(&a, &a1, ZE_SEC(1));
	assert_int_equal(ok, ADMIT_KNOWN_BURST);
	assert_true(admit_known(&a, &a2, ZE_SEC(1)));
	assert_int_equal(passed(&a, 901, 60, 50, ZE_SEC(2)), 50);
	/* A million unknown sources do not displace a known one. */
	for (uint32_t n = 0; n < 1000000; n++)
		passed(&a, 5000 + n, 1, 0, ZE_SEC(3));
	assert_true(admit_has_answered(&a, &a1));
	/* The table is bounded: new known sources replace old ones. */
	for (uint32_t n = 0; n < 4 * ADMIT_SOURCES; n++) {
		a3 = host(2000000 + n);
		admit_answered(&a, &a3, ZE_SEC(10));
	}
	assert_true(admit_has_answered(&a, &a3));
	assert_false(admit_has_answered(&a, &a1));
	admit_done(&a);
}

/* F-B7 */
static void frames_and_messages(void **st)
{
	struct admit_bucket f = { 0 }, c = { 0 };
	unsigned n = 0, m = 0;

	(void)st;
	for (unsigned i = 0; i < 10 * ADMIT_CONTROL_BURST; i++) {
		n += admit_frame(&f, ZE_SEC(1));
		m += admit_control(&c, ZE_SEC(1));
	}
	assert_int_equal(n, ADMIT_FRAME_BURST);
	assert_int_equal(m, ADMIT_CONTROL_BURST);
	/* One echo per second and a negotiation are never limited. */
	for (ze_ns now = ZE_SEC(10); now < ZE_SEC(100); now += ZE_SEC(1))
		for (unsigned i = 0; i < 40; i++)
			assert_true(admit_frame(&f, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_source),
		cmocka_unit_test(all_together),
		cmocka_unit_test(more_sources_than_room),
		cmocka_unit_test(known_sources),
		cmocka_unit_test(frames_and_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
