/* SPDX-License-Identifier: BSD-2-Clause */
/* The set of pools: found by name and by address, their chains, reserved addresses, and a reload. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aaa/pools.h"
#include "selftests/lib/fail_alloc.h"

#define A(n) (0x0a000000u + (n))

static struct pool_cfg cfg(const char *name, const char *next, uint32_t start, uint32_t end)
{
	struct pool_cfg c = { .range = { .gateway = A(1), .start = start, .end = end } };

	strcpy(c.name, name);
	strcpy(c.next, next);
	return c;
}

static struct pools *make(const struct pool_cfg *c, size_t n)
{
	struct pools *s = pools_new(c, n);

	assert_non_null(s);
	return s;
}

static struct pool *find(const struct pools *s, const char *name)
{
	return pools_find(s, span_str(name));
}

static uint32_t take(struct pool *p)
{
	uint32_t ip = 0;

	assert_int_equal(addrpool_take(p->addrs, &ip), 0);
	return ip;
}

static void none(void **st)
{
	struct pools *s = make(NULL, 0);
	uint32_t ips[] = { A(1) };

	(void)st;
	assert_int_equal(pools_count(s), 0);
	assert_null(pools_default(s));
	assert_null(find(s, "default"));
	assert_null(pools_of(s, A(2)));
	assert_false(pools_is_gateway(s, A(1)));
	assert_int_equal(pools_used(s), 0);
	pools_reserve(s, ips, 1);
	assert_true(pools_same(s, NULL, 0));
	pools_free(s);
	pools_free(NULL);
}

/* S-AAA-37: names are compared octet by octet. */
static void by_name_and_address(void **st)
{
	const struct pool_cfg c[] = {
		cfg("gold", "silver", A(100), A(109)),
		cfg("default", "", A(10), A(19)),
		cfg("silver", "default", A(50), A(59)),
		cfg("go", "", A(200), A(200)),
	};
	struct pools *s = make(c, 4);

	(void)st;
	assert_string_equal(find(s, "gold")->cfg.name, "gold");
	assert_ptr_equal(find(s, "go"), pools_at(s, 3));
	assert_null(find(s, "Gold"));
	assert_null(find(s, "golden"));
	assert_null(find(s, "g"));
	assert_null(find(s, ""));
	assert_null(pools_find(s, span_of("go\0ld", 5)));
	assert_ptr_equal(pools_default(s), pools_at(s, 1));
	assert_ptr_equal(find(s, "gold")->next, find(s, "silver"));
	assert_ptr_equal(find(s, "silver")->next, pools_default(s));
	assert_null(pools_default(s)->next);
	assert_true(pools_leads_to(find(s, "gold"), pools_default(s)));
	assert_true(pools_leads_to(find(s, "gold"), find(s, "gold")));
	assert_false(pools_leads_to(pools_default(s), find(s, "gold")));
	assert_false(pools_leads_to(find(s, "gold"), find(s, "go")));
	assert_null(pools_of(s, A(9)));
	assert_ptr_equal(pools_of(s, A(10)), pools_default(s));
	assert_ptr_equal(pools_of(s, A(19)), pools_default(s));
	assert_null(pools_of(s, A(20)));
	assert_ptr_equal(pools_of(s, A(55)), find(s, "silver"));
	assert_ptr_equal(pools_of(s, A(200)), find(s, "go"));
	assert_null(pools_of(s, A(201)));
	assert_true(pools_is_gateway(s, A(1)));
	assert_false(pools_is_gateway(s, A(2)));
	pools_free(s);
}

static void many(void **st)
{
	static struct pool_cfg c[256];
	struct pools *s;
	char name[8];

	(void)st;
	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		c[i] = cfg(name, "", A(1000 + (255 - i) * 10), A(1004 + (255 - i) * 10));
		c[i].range.gateway = A(i);
	}
	s = make(c, 256);
	for (unsigned i = 0; i < 256; i++) {
		assert_ptr_equal(find(s, c[i].name), pools_at(s, i));
		assert_ptr_equal(pools_of(s, c[i].range.start + 3), pools_at(s, i));
		assert_null(pools_of(s, c[i].range.end + 1));
		assert_true(pools_is_gateway(s, A(i)));
	}
	pools_free(s);
}

/* Each address is reserved in its own pool, in whatever order they come. */
static void reserved(void **st)
{
	const struct pool_cfg c[] = { cfg("default", "", A(10), A(11)),
				      cfg("gold", "", A(20), A(21)) };
	uint32_t ips[] = { A(21), 0, A(99), A(10), A(15) };
	struct pools *s = make(c, 2);
	uint32_t ip;

	(void)st;
	pools_reserve(s, ips, 5);
	assert_int_equal(addrpool_reserved(pools_at(s, 0)->addrs), 1);
	assert_int_equal(take(pools_at(s, 0)), A(11));
	assert_int_equal(addrpool_take(pools_at(s, 0)->addrs, &ip), -ENOSPC);
	assert_int_equal(take(pools_at(s, 1)), A(20));
	assert_int_equal(addrpool_take(pools_at(s, 1)->addrs, &ip), -ENOSPC);
	assert_int_equal(addrpool_claim(pools_at(s, 1)->addrs, A(21)), 0);
	assert_int_equal(addrpool_reserved(pools_at(s, 1)->addrs), 0);
	assert_int_equal(pools_used(s), 3);
	assert_int_equal(addrpool_peak(pools_at(s, 1)->addrs), 2);
	addrpool_put(pools_at(s, 1)->addrs, A(20));
	assert_int_equal(addrpool_peak(pools_at(s, 1)->addrs), 2);
	pools_reserve(s, NULL, 0);
	assert_int_equal(take(pools_at(s, 0)), A(10));
	pools_free(s);
}

/* What needs a new set: any difference, also the order. */
static void sameness(void **st)
{
	const struct pool_cfg c[] = { cfg("default", "gold", A(10), A(19)),
				      cfg("gold", "", A(20), A(29)) };
	struct pool_cfg d[2];
	struct pools *s = make(c, 2);

	(void)st;
	assert_true(pools_same(s, c, 2));
	assert_false(pools_same(s, c, 1));
	for (int i = 0; i < 5; i++) {
		memcpy(d, c, sizeof(d));
		if (i == 0)
			d[1].range.end++;
		else if (i == 1)
			strcpy(d[0].next, "");
		else if (i == 2)
			d[0].range.dns[1] = 1;
		else if (i == 3)
			d[1].blackhole = true;
		else
			strcpy(d[1].name, "gone");
		assert_false(pools_same(s, d, 2));
	}
	pools_free(s);
}

/* S-REL-15: a pool whose range is the same keeps what it knows; in the others the addresses of sessions
 * are claimed, and those that were released last stay unused longest. */
static void reload(void **st)
{
	const struct pool_cfg was[] = { cfg("default", "", A(10), A(19)),
					cfg("gold", "", A(20), A(24)),
					cfg("gone", "", A(40), A(49)) };
	struct pool_cfg is[] = { cfg("default", "gold", A(10), A(19)),
				 cfg("gold", "", A(22), A(29)), cfg("new", "", A(44), A(49)) };
	struct pools *old = make(was, 3), *s;
	struct pool *gold;
	uint32_t ip;

	(void)st;
	is[2].range.gateway = A(44);
	ip = take(pools_at(old, 0));
	for (int i = 0; i < 5; i++)
		take(pools_at(old, 1));
	addrpool_put(pools_at(old, 1)->addrs, A(23));
	addrpool_put(pools_at(old, 1)->addrs, A(22));
	pools_at(old, 1)->refused = 7;
	s = make(is, 3);
	pools_move(s, old);
	pools_free(old);
	gold = find(s, "gold");
	assert_ptr_equal(pools_move_address(s, ip), pools_default(s));
	assert_int_equal(addrpool_used(pools_default(s)->addrs), 1);
	assert_null(pools_move_address(s, A(20))); /* it has left its pool */
	assert_ptr_equal(pools_move_address(s, A(24)), gold);
	assert_null(pools_move_address(s, A(40))); /* its pool was removed */
	assert_ptr_equal(pools_move_address(s, A(45)), find(s, "new"));
	assert_null(pools_move_address(s, A(44))); /* it is a gateway now */
	assert_int_equal(gold->refused, 7);
	assert_int_equal(addrpool_used(gold->addrs), 1);
	assert_int_equal(addrpool_peak(gold->addrs), 5);
	for (unsigned i = 25; i <= 29; i++)
		assert_int_equal(take(gold), A(i));
	assert_int_equal(take(gold), A(23));
	assert_int_equal(take(gold), A(22));
	assert_int_equal(addrpool_take(gold->addrs, &ip), -ENOSPC);
	pools_free(s);
}

static void without_memory(void **st)
{
	const struct pool_cfg c[] = { cfg("default", "", A(10), A(19)),
				      cfg("gold", "", A(20), A(24)) };
	struct pools *s = NULL;

	(void)st;
	if (!fail_alloc_works())
		skip();
	for (int i = 0; !s; i++) {
		fail_alloc_at(i);
		s = pools_new(c, 2);
		fail_alloc_off();
		assert_in_range(i, 0, 20);
	}
	pools_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),		  cmocka_unit_test(by_name_and_address),
		cmocka_unit_test(many),		  cmocka_unit_test(reserved),
		cmocka_unit_test(sameness),	  cmocka_unit_test(reload),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
