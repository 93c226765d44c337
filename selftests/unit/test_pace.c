/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "daemon/core/pace.h"

static const struct pace_limits usual = { .interval = ZE_SEC(2),
					  .peer_rate = 50,
					  .longest = ZE_SEC(25) };
static struct pace p;
static struct ze_addr lac = { .family = 4, .ip = { 10, 0, 0, 1 } };
static ze_ns now;

static int set_up(void **st)
{
	(void)st;
	now = ZE_SEC(100);
	return 0;
}

static int tear_down(void **st)
{
	(void)st;
	pace_done(&p);
	return 0;
}

/* Returns the delay of the answer; ZE_NEVER: no answer. */
static ze_ns wrong(const char *number, const char *user, const struct pace_limits *lim)
{
	const struct pace_login l = { &lac, span_str(number), span_str(user) };
	ze_ns at = pace_wrong(&p, &l, lim, now);

	return at == ZE_NEVER ? at : at - now;
}

static bool is_full(const char *number)
{
	const struct pace_login l = { &lac, span_str(number), span_str("anybody") };

	return pace_line_is_full(&p, &l, &usual, now);
}

/* F-B10: a line has five attempts at once, then one per interval, whatever names it uses; other
 * lines are not affected. */
static void of_a_line(void **st)
{
	char user[16];

	(void)st;
	for (unsigned i = 0; i < 10; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		assert_int_equal(wrong("100", user, &usual), i < 5 ? 0 : ZE_SEC(2) * (i - 4));
		/* From then on its passwords are not checked. */
		assert_int_equal(is_full("100"), i == 9);
	}
	assert_int_equal(wrong("101", "other", &usual), 0);
	assert_int_equal(wrong("100", "last", &usual), ZE_SEC(12));
	assert_true(is_full("100"));
	assert_false(is_full("101"));
	assert_false(is_full(""));
	now += ZE_SEC(4);
	assert_false(is_full("100"));
	now += ZE_SEC(60);
	assert_int_equal(wrong("100", "again", &usual), 0);
}

/* F-B10: the same for a name, on whatever line, until the answers would come too late: then
 * there are none, and the delay of the name grows to 32 s and no further. */
static void of_a_name(void **st)
{
	char number[16];

	(void)st;
	for (unsigned i = 0; i < 30; i++) {
		snprintf(number, sizeof(number), "%u", i);
		assert_int_equal(wrong(number, "bob", &usual), i < 5  ? 0 :
							       i < 17 ? ZE_SEC(2) * (i - 4) :
									ZE_NEVER);
	}
	assert_int_equal(wrong("7", "alice", &usual), 0);
	now += ZE_SEC(10);
	assert_int_equal(wrong("99", "bob", &usual), ZE_SEC(22));
}

/* F-B10: the passwords of a full line are not checked, however short the time is in which an
 * answer could be sent. */
static void of_a_line_with_a_short_timeout(void **st)
{
	const struct pace_limits hurried = { .interval = ZE_SEC(2), .longest = ZE_SEC(1) };

	(void)st;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(wrong("200", "carol", &hurried), i < 5 ? 0 : ZE_NEVER);
	assert_true(is_full("200"));
}

/* F-B10: all lines of one LAC: the budget of four seconds at once, then its rate. */
static void of_a_lac(void **st)
{
	char name[16];

	(void)st;
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(wrong(name, name, &usual), i < 200 ? 0 : ZE_MS(20) * (i - 199));
	}
	lac.ip[3] = 2;
	assert_int_equal(wrong("1", "one", &usual), 0);
	lac.ip[3] = 1;
}

/* F-B10: an endless number of names: the table is bounded, and the busiest lines stay in it. */
static void names_without_end(void **st)
{
	const struct pace_limits lim = { .interval = ZE_SEC(2), .longest = ZE_SEC(25) };
	char name[16];

	(void)st;
	for (unsigned i = 0; i < 10; i++)
		wrong("100", "bob", &lim);
	for (unsigned i = 0; i < 20 * PACE_ENTRIES; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_true(wrong(name, name, &lim) <= ZE_SEC(25));
	}
	assert_true(wrong("100", "x", &lim) >= ZE_SEC(10));
}

static void limits_can_be_off(void **st)
{
	const struct pace_limits off = { .longest = ZE_SEC(25) };

	(void)st;
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(wrong("100", "bob", &off), 0);
	assert_false(is_full("100"));
}

/* Numbers and names whose concatenation is equal are different lines. */
static void long_names(void **st)
{
	char a[254], b[254];

	(void)st;
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = b[i] = 'a';
	a[253] = b[253] = '\0';
	b[252] = 'b';
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(wrong("", a, &usual), 0);
	assert_int_equal(wrong("", b, &usual), 0);
	assert_int_equal(wrong("", a, &usual), ZE_SEC(2));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(of_a_line),	      T(of_a_line_with_a_short_timeout),
		T(of_a_name),	      T(of_a_lac),
		T(names_without_end), T(limits_can_be_off),
		T(long_names),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
