/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/core/dp_null.h"
#include "selftests/lib/fail_alloc.h"

static const struct dataplane_ops *const dp = &dp_null_ops;

static int up(struct dp_null *d, uint16_t sid)
{
	return dp->session_up(d, &(struct dp_session){ .sid = sid });
}

static void expect(struct dp_null *d, enum dp_event_kind kind, uint16_t sid)
{
	struct dp_event e;

	assert_true(dp_null_next(d, &e));
	assert_int_equal(e.kind, kind);
	assert_int_equal(e.sid, sid);
	assert_int_equal(e.result, 0);
}

static void answers_in_order(void **st)
{
	const struct dp_family f = { .family = PPP_FAM_IPV6 };
	const struct shape_plan p = { .down_bps = 1, .up_bps = 1 };
	const struct dp_route rt = { .metric = 9, .token = 5, .add = true };
	struct dp_stats s;
	ze_ns as_of = 0;
	struct dp_totals t;
	struct dp_event e;
	struct dp_null d;

	(void)st;
	dp_null_init(&d);
	assert_int_equal(dp->family_up(&d, 7, &f), -ENOENT);
	assert_int_equal(dp->shape(&d, 7, &p), -ENOENT);
	assert_int_equal(dp->route(&d, 7, &rt), -ENOENT);
	assert_int_equal(dp->stats(&d, 7, 5, &s, &as_of), -ENOENT);
	dp->session_down(&d, 7); /* never accepted: no event follows */
	assert_int_equal(up(&d, 7), 0);
	assert_int_equal(up(&d, 7), -EEXIST);
	assert_int_equal(dp->shape(&d, 7, &p), 0);
	assert_int_equal(dp->family_up(&d, 7, &f), 0);
	assert_int_equal(dp->route(&d, 7, &rt), 0);
	assert_null(dp->ppp_send);
	assert_int_equal(dp->stats(&d, 7, 5, &s, &as_of), 0);
	assert_int_equal(as_of, 5);
	t = dp->totals(&d, 6);
	assert_int_equal(t.as_of, 6);
	assert_int_equal(t.sessions, 1);
	assert_int_equal(t.st.up_packets, 0);
	dp->family_down(&d, 7, PPP_FAM_IPV6);
	dp->session_down(&d, 7);
	dp->session_down(&d, 7);
	expect(&d, DP_EV_SESSION_UP, 7);
	expect(&d, DP_EV_SHAPED, 7);
	assert_true(dp_null_next(&d, &e));
	assert_int_equal(e.kind, DP_EV_FAMILY_UP);
	assert_int_equal(e.family, PPP_FAM_IPV6);
	assert_true(dp_null_next(&d, &e));
	assert_int_equal(e.kind, DP_EV_ROUTE);
	assert_true(e.route.metric == 9 && e.route.token == 5 && e.route.add);
	expect(&d, DP_EV_GONE, 7);
	assert_false(dp_null_next(&d, &e));
	dp_null_done(&d);
}

static void many(void **st)
{
	struct dp_null d;

	(void)st;
	dp_null_init(&d);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 1; i <= 1000; i++)
			assert_int_equal(up(&d, (uint16_t)i), 0);
		for (unsigned i = 1; i <= 1000; i++)
			expect(&d, DP_EV_SESSION_UP, (uint16_t)i);
		for (unsigned i = 1; i <= 1000; i++)
			dp->session_down(&d, (uint16_t)i);
		for (unsigned i = 1; i <= 1000; i++)
			expect(&d, DP_EV_GONE, (uint16_t)i);
	}
	dp_null_done(&d);
}

/* The memory for the answer to session_down was reserved by session_up. */
static void no_memory(void **st)
{
	struct dp_null d;
	int n = 0;

	(void)st;
	if (!fail_alloc_works())
		skip();
	dp_null_init(&d);
	fail_alloc_at(0);
	assert_int_equal(up(&d, 1), -ENOMEM);
	fail_alloc_at(1);
	assert_int_equal(up(&d, 1), -ENOMEM);
	fail_alloc_off();
	assert_int_equal(up(&d, 1), 0);
	fail_alloc_at(0);
	for (uint16_t i = 2; up(&d, i) == 0; i++, fail_alloc_at(0))
		n++;
	assert_true(n > 2);
	fail_alloc_at(0);
	for (uint16_t i = 1; i <= n + 1; i++)
		dp->session_down(&d, i);
	assert_false(fail_alloc_hit());
	fail_alloc_off();
	assert_int_equal(d.sessions, 0);
	assert_int_equal(d.n, 2 * (n + 1));
	dp_null_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_order),
		cmocka_unit_test(many),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
