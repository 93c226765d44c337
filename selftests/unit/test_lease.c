/* SPDX-License-Identifier: BSD-2-Clause */
/* Leases: from the pool, fixed, taken over from a restored link, and those that must not be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "aaa/addrpool.h"
#include "aaa/profile.h"
#include "daemon/core/lease.h"
#include "ppp/ipcp.h"
#include "selftests/lib/test_rng.h"

#define GW   0x0a000001u
#define A(n) (0x0a000000u + (n))

static struct addrpool *pool;
static uint32_t taken; /* by the host */
static struct test_rng rng;

static bool is_taken(const void *self, uint32_t ip)
{
	return ip == *(const uint32_t *)self;
}

static struct lease_source from(void)
{
	return (struct lease_source){
		.pool = pool, .is_taken = is_taken, .self = &taken, .rng = &rng.rng, .ifid = 5
	};
}

static int fresh(void **st)
{
	(void)st;
	pool = addrpool_new(&(struct addrpool_cfg){
		.gateway = GW, .start = A(2), .end = A(3), .dns = { 8, 9 } });
	taken = 0;
	test_rng_init(&rng, 1);
	return pool ? 0 : -1;
}

static int end(void **st)
{
	(void)st;
	addrpool_free(pool);
	return 0;
}

static void from_the_pool(void **st)
{
	const struct lease_source f = from();
	struct lease l = { 0 }, m = { 0 }, n = { 0 };

	(void)st;
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV4), 0);
	assert_true(l.ip4 && l.pool == pool && l.gw4 == GW && l.dns4[0] == 8 && l.dns4[1] == 9);
	assert_int_equal(lease_take(&m, NULL, &f, PPP_FAM_IPV4), 0);
	assert_int_not_equal(l.ip4, m.ip4);
	assert_int_equal(lease_take(&n, NULL, &f, PPP_FAM_IPV4), -ENOSPC);
	assert_true(!n.ip4 && !n.pool);
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV4), 0); /* it has one */
	assert_int_equal(addrpool_used(pool), 2);
	lease_release(&l);
	lease_release(&l);
	lease_release(&m);
	assert_int_equal(addrpool_used(pool), 0);
}

static void not_one_of_the_host(void **st)
{
	const struct lease_source f = from();
	struct lease l = { 0 }, m = { 0 };

	(void)st;
	taken = A(2);
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV4), 0);
	assert_int_equal(l.ip4, A(3));
	assert_int_equal(lease_take(&m, NULL, &f, PPP_FAM_IPV4), -ENOSPC);
	assert_int_equal(addrpool_used(pool), 1);
	lease_release(&l);
}

static void fixed(void **st)
{
	const struct lease_source f = from();
	const struct lease_source none = { .is_taken = is_taken, .self = &taken, .rng = &rng.rng };
	struct profile *p = profile_new(span_str("alice"));
	struct lease l = { 0 }, m = { 0 };

	(void)st;
	p->has_address = true;
	p->dns[1] = 7;
	p->address = A(2); /* reserved in the pool */
	assert_int_equal(lease_take(&l, p, &f, PPP_FAM_IPV4), 0);
	assert_true(l.ip4 == A(2) && l.pool == pool && l.dns4[0] == 8 && l.dns4[1] == 7);
	assert_int_equal(lease_take(&m, p, &f, PPP_FAM_IPV4), -EADDRINUSE);
	assert_true(!m.ip4 && !m.pool);
	p->address = A(77); /* not in the pool */
	assert_int_equal(lease_take(&m, p, &f, PPP_FAM_IPV4), 0);
	assert_true(m.ip4 == A(77) && !m.pool && m.gw4 == GW);
	lease_release(&m);
	assert_int_equal(m.ip4, 0);
	p->address = GW;
	assert_int_equal(lease_take(&m, p, &f, PPP_FAM_IPV4), -EADDRINUSE);
	p->address = taken = A(3);
	assert_int_equal(lease_take(&m, p, &f, PPP_FAM_IPV4), -ENOTUNIQ);
	assert_int_equal(lease_take(&m, p, &none, PPP_FAM_IPV4), -EADDRNOTAVAIL);
	p->ipv4 = false;
	assert_int_equal(lease_take(&m, p, &f, PPP_FAM_IPV4), -EAFNOSUPPORT);
	lease_release(&l);
	assert_int_equal(addrpool_used(pool), 0);
	profile_free(p);
}

static void interface_ids(void **st)
{
	const struct lease_source f = from();
	struct profile *p = profile_new(span_str("alice"));
	struct lease l = { 0 };
	uint64_t suggest;

	(void)st;
	p->ipv6 = false;
	assert_int_equal(lease_take(&l, p, &f, PPP_FAM_IPV6), -EAFNOSUPPORT);
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV6), 0);
	suggest = l.suggest;
	assert_true(l.ifid == 5 && suggest && suggest != 5);
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV6), 0);
	assert_true(l.suggest == suggest);
	assert_int_equal(addrpool_used(pool), 0);
	profile_free(p);
}

static void taken_over(void **st)
{
	const struct lease_source f = from();
	const struct ipcp_params in = { .local = GW, .peer = A(3), .dns = { 1, 2 } };
	const struct ipcp_params outside = { .local = GW, .peer = A(9) };
	const struct ipcp_params other_gateway = { .local = A(2), .peer = A(3) };
	struct lease l = { 0 }, m = { 0 };

	(void)st;
	assert_int_equal(lease_restore(&l, &in, &f, true), 0);
	assert_true(l.ip4 == A(3) && l.pool == pool && l.gw4 == GW && l.dns4[1] == 2);
	assert_int_equal(lease_restore(&m, &in, &f, true), -EADDRINUSE);
	assert_int_equal(lease_restore(&m, &outside, &f, true), -ERANGE);
	assert_int_equal(lease_restore(&m, &other_gateway, &f, true), -EADDRNOTAVAIL);
	taken = A(9);
	assert_int_equal(lease_restore(&m, &outside, &f, false), -ENOTUNIQ);
	assert_true(!m.ip4 && !m.pool);
	taken = 0;
	assert_int_equal(lease_restore(&m, &outside, &f, false), 0);
	assert_true(m.ip4 == A(9) && !m.pool);
	lease_release(&l);
	lease_release(&m);
	assert_int_equal(addrpool_used(pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_the_pool, fresh, end),
		cmocka_unit_test_setup_teardown(not_one_of_the_host, fresh, end),
		cmocka_unit_test_setup_teardown(fixed, fresh, end),
		cmocka_unit_test_setup_teardown(interface_ids, fresh, end),
		cmocka_unit_test_setup_teardown(taken_over, fresh, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
