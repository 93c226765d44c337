/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks behind a subscriber on the kernel plane: the order of routes and permitted sources, changes,
 * failures, and what another program removes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sys/kernel/dp_kernel_obj.h"
#include "daemon/sys/kernel/dp_kernel_route.h"

static char trace[512];
static char fail; /* '*' a route, '@' a source */
static int check_result;
static struct dp_kernel d;
static struct session s;

static void mark(char sign, const struct ze_prefix *p, char kind)
{
	char text[ZE_PREFIX_TEXT];
	size_t n = strlen(trace);

	snprintf(trace + n, sizeof(trace) - n, "%c%s%c ", sign, ze_prefix_text(p, text), kind);
}

/* A route is "10.1.0.0/24*"; one with metric 9 "10.1.0.0/24#". */
static int fake_route(void *thread, struct kernel_session *k, const struct dp_route *r, bool add)
{
	(void)thread;
	assert_ptr_equal(k, &s.k);
	mark(add ? '+' : '-', &r->dst, r->metric == 9 ? '#' : '*');
	return add && fail == '*' ? -ENOBUFS : 0;
}

static int fake_check(void *thread, struct kernel_session *k, const struct dp_route *r)
{
	(void)thread;
	(void)k;
	mark('?', &r->dst, '*');
	return check_result;
}

static int fake_source(void *thread, struct kernel_session *k, const struct ze_prefix *p, bool add)
{
	(void)thread;
	(void)k;
	mark(add ? '+' : '-', p, '@');
	return add && fail == '@' ? -ENOBUFS : 0;
}

static void nothing(void)
{
}

static const struct kernel_ops ops = { .enter = nothing,
				       .leave = nothing,
				       .route = fake_route,
				       .route_check = fake_check,
				       .route_source = fake_source };

static int up(void **st)
{
	(void)st;
	d = (struct dp_kernel){ .a.ops = &ops };
	s = (struct session){ .d = &d };
	trace[0] = '\0';
	fail = 0;
	return 0;
}

static int down(void **st)
{
	(void)st;
	free(s.routes);
	return 0;
}

static int ask(const char *prefix, uint32_t metric, bool add)
{
	struct dp_jobs_request rq = { .route = { .metric = metric, .add = add } };

	assert_int_equal(ze_prefix_parse(prefix, &rq.route.dst), 0);
	return dp_kernel_run_route(&s.jobs, &rq, NULL);
}

static void expect(const char *text)
{
	assert_string_equal(trace, text);
	trace[0] = '\0';
}

/* S-AAA-50: a prefix is permitted as a source after its route exists, and no longer before it is removed. */
static void in_order(void **st)
{
	(void)st;
	assert_int_equal(ask("10.1.0.0/24", 7, true), 0);
	expect("+10.1.0.0/24* +10.1.0.0/24@ ");
	assert_int_equal(ask("10.1.0.0/24", 9, true), 0); /* another metric: the new route first */
	expect("+10.1.0.0/24# +10.1.0.0/24@ -10.1.0.0/24* ");
	assert_int_equal(ask("2001:db8::/48", 1, true), 0);
	expect("+2001:db8::/48* +2001:db8::/48@ ");
	assert_int_equal(ask("10.2.0.0/16", 1, false), 0); /* there is none */
	expect("");
	dp_kernel_routes_again(&s, PPP_FAM_IPV4, NULL);
	expect("+10.1.0.0/24# ");
	dp_kernel_routes_down(&s, PPP_FAM_IPV6, NULL);
	expect("-2001:db8::/48@ -2001:db8::/48* ");
	assert_int_equal(ask("10.1.0.0/24", 9, false), 0);
	expect("-10.1.0.0/24@ -10.1.0.0/24# ");
	assert_int_equal(s.n_routes, 0);
}

/* Nothing is left of a route that fails, nor of one whose change fails. */
static void failures(void **st)
{
	(void)st;
	fail = '*';
	assert_int_equal(ask("10.1.0.0/24", 7, true), -ENOBUFS);
	expect("+10.1.0.0/24* ");
	fail = '@';
	assert_int_equal(ask("10.1.0.0/24", 7, true), -ENOBUFS);
	expect("+10.1.0.0/24* +10.1.0.0/24@ -10.1.0.0/24* ");
	fail = 0;
	assert_int_equal(ask("10.1.0.0/24", 7, true), 0);
	trace[0] = '\0';
	fail = '*';
	assert_int_equal(ask("10.1.0.0/24", 9, true), -ENOBUFS);
	expect("+10.1.0.0/24# -10.1.0.0/24@ -10.1.0.0/24* ");
	assert_int_equal(s.n_routes, 0);
}

static void removed_by_another_program(void **st)
{
	(void)st;
	assert_int_equal(ask("10.1.0.0/24", 7, true), 0);
	trace[0] = '\0';
	dp_kernel_routes_check(&s, NULL);
	assert_int_equal(s.check_result.repaired + s.check_result.missing, 0);
	check_result = 1;
	dp_kernel_routes_check(&s, NULL);
	assert_int_equal(s.check_result.repaired, 1);
	check_result = -ENODEV;
	dp_kernel_routes_check(&s, NULL);
	assert_int_equal(s.check_result.missing, 1);
	check_result = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, up, down),
		cmocka_unit_test_setup_teardown(failures, up, down),
		cmocka_unit_test_setup_teardown(removed_by_another_program, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
