/* SPDX-License-Identifier: BSD-2-Clause */
/* Leases: from the pool, fixed, taken over from a restored link, and those that must not be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "aaa/pools.h"
#include "aaa/profile.h"
#include "daemon/core/lease.h"
#include "ppp/ipcp.h"
#include "selftests/lib/test_rng.h"

#define GW   0x0a000001u
#define A(n) (0x0a000000u + (n))

static const struct pool_cfg two[] = {
	{ .name = "default",
	  .range = { .gateway = GW, .start = A(2), .end = A(3), .dns = { 8, 9 } } },
	{ .name = "gold",
	  .next = "default",
	  .range = { .gateway = A(255), .start = A(16), .end = A(16), .dns = { 53 } } },
};
static struct pools *pools;
static struct addrpool *pool; /* of the default pool */
static uint32_t taken;	      /* by the host */
static struct test_rng rng;

static bool is_taken(const void *self, uint32_t ip)
{
	return ip == *(const uint32_t *)self;
}

static struct lease_source from(void)
{
	return (struct lease_source){
		.pools = pools, .is_taken = is_taken, .self = &taken, .rng = &rng.rng, .ifid = 5
	};
}

static int fresh(void **st)
{
	(void)st;
	pools = pools_new(two, 2);
	pool = pools ? pools_default(pools)->addrs : NULL;
	taken = 0;
	test_rng_init(&rng, 1);
	return pools ? 0 : -1;
}

static int end(void **st)
{
	(void)st;
	pools_free(pools);
	return 0;
}

static int take(struct lease *l, const struct profile *p)
{
	const struct lease_source f = from();

	return lease_take(l, p, &f, PPP_FAM_IPV4, 0);
}

/* A profile that names a pool. */
static struct profile *named(const char *name)
{
	struct profile_room room;
	struct profile *p = profile_new(span_str("alice")),
		       *q = profile_edit(&room, p, span_str(NULL));

	assert_true(profile_put(q, PROFILE_POOL, span_str(name)));
	profile_free(p);
	return profile_copy(q);
}

static void from_the_pool(void **st)
{
	struct lease l = { 0 }, m = { 0 }, n = { 0 };

	(void)st;
	assert_int_equal(take(&l, NULL), 0);
	assert_true(l.ip4 && l.pool == pools_default(pools));
	assert_true(l.gw4 == GW && l.dns4[0] == 8 && l.dns4[1] == 9);
	assert_int_equal(take(&m, NULL), 0);
	assert_int_not_equal(l.ip4, m.ip4);
	assert_int_equal(take(&n, NULL), -ENOSPC);
	assert_true(!n.ip4 && !n.pool);
	assert_int_equal(take(&l, NULL), 0); /* it has one */
	assert_int_equal(addrpool_used(pool), 2);
	lease_release(&l);
	lease_release(&l);
	lease_release(&m);
	assert_int_equal(addrpool_used(pool), 0);
}

static void not_one_of_the_host(void **st)
{
	struct lease l = { 0 }, m = { 0 };

	(void)st;
	taken = A(2);
	assert_int_equal(take(&l, NULL), 0);
	assert_int_equal(l.ip4, A(3));
	assert_int_equal(take(&m, NULL), -ENOSPC);
	assert_int_equal(addrpool_used(pool), 1);
	lease_release(&l);
}

/* S-AAA-33: an address in a pool is held there, another one in none. */
static void fixed(void **st)
{
	struct profile *p = profile_new(span_str("alice"));
	struct lease l = { 0 }, m = { 0 };

	(void)st;
	p->has_address = true;
	p->dns[1] = 7;
	p->address = A(2); /* reserved in the pool */
	assert_int_equal(take(&l, p), 0);
	assert_true(l.ip4 == A(2) && l.pool && l.dns4[0] == 8 && l.dns4[1] == 7);
	assert_int_equal(take(&m, p), -EADDRINUSE);
	assert_true(!m.ip4 && !m.pool);
	p->address = A(77); /* not in the pool */
	assert_int_equal(take(&m, p), 0);
	assert_true(m.ip4 == A(77) && !m.pool && m.gw4 == GW);
	lease_release(&m);
	assert_int_equal(m.ip4, 0);
	assert_int_equal(addrpool_used(pool), 1);
	p->address = GW;
	assert_int_equal(take(&m, p), -EADDRINUSE);
	p->address = A(255); /* the gateway of another pool */
	assert_int_equal(take(&m, p), -EADDRINUSE);
	p->address = taken = A(3);
	assert_int_equal(take(&m, p), -ENOTUNIQ);
	p->ipv4 = false;
	assert_int_equal(take(&m, p), -EAFNOSUPPORT);
	lease_release(&l);
	assert_int_equal(addrpool_used(pool), 0);
	profile_free(p);
}

/* Gateway and DNS servers of a fixed address are those of the pool that contains it, if the profile
 * names none. */
static void fixed_in_another_pool(void **st)
{
	struct profile *p = profile_new(span_str("alice"));
	struct lease l = { 0 };

	(void)st;
	p->has_address = true;
	p->address = A(16);
	assert_int_equal(take(&l, p), 0);
	assert_true(l.pool == pools_at(pools, 1) && l.gw4 == A(255) && l.dns4[0] == 53);
	lease_release(&l);
	assert_int_equal(pools_used(pools), 0);
	profile_free(p);
}

/* S-AAA-37, S-AAA-33: the pool that the profile names, and those that follow it. */
static void by_name(void **st)
{
	struct profile *p = named("gold"), *unknown = named("silver");
	struct lease l = { 0 }, m = { 0 }, n = { 0 };

	(void)st;
	assert_int_equal(take(&l, p), 0);
	assert_true(l.ip4 == A(16) && l.gw4 == A(255) && l.dns4[0] == 53 && !l.dns4[1]);
	assert_int_equal(take(&m, p), 0);
	assert_true(m.ip4 == A(2) && m.gw4 == GW && m.dns4[0] == 8);
	p->has_address = true;
	p->address = A(99);
	assert_int_equal(take(&n, p), 0);
	assert_true(n.ip4 == A(99) && n.gw4 == A(255) && !n.pool);
	lease_release(&n);
	assert_int_equal(take(&n, unknown), -ENOENT);
	unknown->has_address = true;
	unknown->address = A(99);
	assert_int_equal(take(&n, unknown), -ENOENT);
	lease_release(&l);
	lease_release(&m);
	assert_int_equal(pools_used(pools), 0);
	profile_free(p);
	profile_free(unknown);
}

static void without_a_pool(void **st)
{
	struct profile *p = profile_new(span_str("alice")), *gold = named("gold");
	struct lease l = { 0 };

	(void)st;
	pools_free(pools);
	pools = pools_new(&two[1], 1);
	assert_non_null(pools);
	p->has_address = true;
	p->address = A(3);
	assert_int_equal(take(&l, p), -EADDRNOTAVAIL);
	assert_int_equal(take(&l, NULL), -EADDRNOTAVAIL);
	assert_int_equal(take(&l, gold), 0);
	lease_release(&l);
	profile_free(p);
	profile_free(gold);
}

/* S-AAA-34 */
static void wished(void **st)
{
	const struct lease_source f = from();
	struct lease l = { 0 };

	(void)st;
	assert_true(lease_may_wish(&f, A(77)));
	assert_false(lease_may_wish(&f, 0));
	assert_false(lease_may_wish(&f, A(3)));	      /* of a pool */
	assert_false(lease_may_wish(&f, A(255)));     /* a gateway */
	assert_false(lease_may_wish(&f, 0xe0000001)); /* multicast */
	taken = A(78);
	assert_false(lease_may_wish(&f, A(78)));
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV4, A(77)), 0);
	assert_true(l.ip4 == A(77) && !l.pool && l.gw4 == GW);
	lease_release(&l);
	assert_int_equal(pools_used(pools), 0);
}

static void interface_ids(void **st)
{
	const struct lease_source f = from();
	struct profile *p = profile_new(span_str("alice"));
	struct lease l = { 0 };
	uint64_t suggest;

	(void)st;
	p->ipv6 = false;
	assert_int_equal(lease_take(&l, p, &f, PPP_FAM_IPV6, 0), -EAFNOSUPPORT);
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV6, 0), 0);
	suggest = l.suggest;
	assert_true(l.ifid == 5 && suggest && suggest != 5);
	assert_int_equal(lease_take(&l, NULL, &f, PPP_FAM_IPV6, 0), 0);
	assert_true(l.suggest == suggest);
	assert_int_equal(addrpool_used(pool), 0);
	profile_free(p);
}

/* S-REL-15: a restored session keeps its address and its gateway, also when the pools have changed. */
static void taken_over(void **st)
{
	const struct lease_source f = from();
	const struct ipcp_params in = { .local = GW, .peer = A(3), .dns = { 1, 2 } };
	const struct ipcp_params gold = { .local = A(255), .peer = A(16) };
	const struct ipcp_params outside = { .local = GW, .peer = A(9) };
	const struct ipcp_params former = { .local = A(200), .peer = A(10) };
	const struct ipcp_params not_ours = { .local = A(2), .peer = A(11) };
	const struct ipcp_params now_a_gateway = { .local = GW, .peer = A(255) };
	struct lease l = { 0 }, m = { 0 }, n = { 0 };

	(void)st;
	assert_int_equal(lease_restore(&l, &in, &f), 0);
	assert_true(l.ip4 == A(3) && l.pool == pools_default(pools));
	assert_true(l.gw4 == GW && l.dns4[1] == 2);
	assert_int_equal(lease_restore(&m, &in, &f), -EADDRINUSE);
	assert_int_equal(lease_restore(&m, &gold, &f), 0);
	assert_ptr_equal(m.pool, pools_at(pools, 1));
	assert_int_equal(lease_restore(&n, &not_ours, &f), -EADDRNOTAVAIL);
	assert_int_equal(lease_restore(&n, &now_a_gateway, &f), -EADDRINUSE);
	taken = A(9);
	assert_int_equal(lease_restore(&n, &outside, &f), -ENOTUNIQ);
	assert_true(!n.ip4 && !n.pool);
	taken = 0;
	assert_int_equal(lease_restore(&n, &outside, &f), 0);
	assert_true(n.ip4 == A(9) && !n.pool);
	lease_release(&n);
	assert_int_equal(lease_restore(&n, &former, &f), 0);
	assert_true(n.ip4 == A(10) && n.gw4 == A(200));
	lease_release(&l);
	lease_release(&m);
	lease_release(&n);
	assert_int_equal(pools_used(pools), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(from_the_pool), T(not_one_of_the_host), T(fixed),  T(fixed_in_another_pool),
		T(by_name),	  T(without_a_pool),	  T(wished), T(interface_ids),
		T(taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
