/* SPDX-License-Identifier: BSD-2-Clause */
/* Blackhole routes of a pool: which prefixes, which messages, and in which order. Nothing is
 * sent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/ports.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/net/rtnl.h"

/* The caller frees it. */
static struct pool_routes *cover(uint32_t start, uint32_t end)
{
	const struct dp_pool p = { start, end };
	struct pool_routes *r;

	assert_int_equal(pool_routes_of(&p, 1, &r), 0);
	assert_non_null(r);
	return r;
}

/* The prefixes cover the pool from the first address to the last, without gaps. */
static void assert_exact(uint32_t start, uint32_t end)
{
	struct pool_routes *r = cover(start, end);
	uint64_t next = start;

	assert_in_range(r->n, 1, 62);
	for (size_t i = 0; i < r->n; i++) {
		uint64_t size = UINT64_C(1) << (32 - r->v[i].len);

		assert_true(r->v[i].ip == next);
		assert_int_equal(r->v[i].ip % size, 0);
		next += size;
	}
	assert_true(next == (uint64_t)end + 1);
	free(r);
}

static void assert_prefixes(uint32_t start, uint32_t end, size_t n, uint8_t first_len)
{
	struct pool_routes *r = cover(start, end);

	assert_int_equal(r->n, n);
	assert_int_equal(r->v[0].ip, start);
	assert_int_equal(r->v[0].len, first_len);
	free(r);
}

/* F-B9 */
static void prefixes_cover_the_pool_exactly(void **st)
{
	struct pool_routes *r;

	(void)st;
	assert_prefixes(0x0a640000, 0x0a64ffff, 1, 16);
	assert_prefixes(0x0a640007, 0x0a640007, 1, 32);
	assert_prefixes(0x0a640002, 0x0a640009, 3, 31);
	assert_exact(0x0a640002, 0x0a640009);
	assert_exact(0x0a640002, 0x0a64fffe);
	assert_exact(0, UINT32_MAX);
	assert_exact(1, UINT32_MAX - 1);
	assert_exact(UINT32_MAX, UINT32_MAX);
	srandom(9);
	for (int i = 0; i < 20000; i++) {
		uint32_t a = (uint32_t)random() << (random() % 8);

		assert_exact(a, a + (uint32_t)(random() % (1 << random() % 20)) %
						(UINT32_MAX - a + 1));
	}
	assert_int_equal(pool_routes_of(NULL, 0, &r), 0);
	assert_null(r);
}

/* Those of several pools are sorted, whatever the order of the pools is. */
static void prefixes_of_several_pools(void **st)
{
	const struct dp_pool v[] = { { 0x0a650000, 0x0a6500ff }, { 0x0a640002, 0x0a640009 } };
	struct pool_routes *r;

	(void)st;
	assert_int_equal(pool_routes_of(v, 2, &r), 0);
	assert_int_equal(r->n, 4);
	assert_int_equal(r->v[0].ip, 0x0a640002);
	assert_int_equal(r->v[2].ip, 0x0a640008);
	assert_int_equal(r->v[3].ip, 0x0a650000);
	assert_int_equal(r->v[3].len, 24);
	free(r);
}

/* F-B9: because of its metric, any other route to an address of the pool is preferred, also the
 * blackhole of a /32. */
static void the_message(void **st)
{
	const struct pool_prefix p = { 0x0a640100, 24 };

	(void)st;
	for (int add = 0; add < 2; add++) {
		struct nl_msg *m = pool_routes_build(&p, add);
		const struct rtmsg *h = nlmsg_data(nlmsg_hdr(m));

		assert_int_equal(nlmsg_hdr(m)->nlmsg_type, add ? RTM_NEWROUTE : RTM_DELROUTE);
		assert_int_equal(h->rtm_type, RTN_BLACKHOLE);
		assert_int_equal(h->rtm_table, RT_TABLE_MAIN);
		assert_int_equal(h->rtm_protocol, RTNL_ROUTE_PROTO);
		assert_int_equal(h->rtm_dst_len, 24);
		assert_int_equal(nla_get_u32(nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_DST)),
				 htonl(p.ip));
		assert_int_equal(
			nla_get_u32(nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_PRIORITY)),
			POOL_ROUTES_METRIC);
		assert_null(nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_OIF));
		nlmsg_free(m);
	}
}

/* ---- jobs ---- */

static struct {
	uint32_t first; /* 0: none */
	unsigned n;
	int result;
} s;

static int sync_fake(void *thread, const struct pool_routes *want, struct repair_result *res)
{
	(void)thread;
	assert_null(res);
	s.first = want ? want->v[0].ip : 0;
	s.n++;
	return s.result;
}

static int thread_new(void *self, void **ret)
{
	*ret = self;
	return 0;
}

static void thread_free(void *self, void *thread)
{
	(void)self;
	(void)thread;
}

static void notify(void *self)
{
	(void)self;
}

/* F-B9: the last request applies, however fast requests follow each other. */
static void the_last_request_applies(void **st)
{
	const struct dp_pool a = { 0x0a000000, 0x0a0000ff }, b = { 0x0b000000, 0x0b0000ff };
	struct pool_keeper k = { .sync = sync_fake };

	(void)st;
	memset(&s, 0, sizeof(s));
	kworker_seq_init(&k.seq);
	assert_int_equal(kworker_new(&(struct kworker_args){ .thread_new = thread_new,
							     .thread_free = thread_free,
							     .notify = notify },
				     &k.worker),
			 0);
	pool_keeper_set(&k, &a, 1);
	pool_keeper_set(&k, NULL, 0);
	pool_keeper_set(&k, &b, 1);
	kworker_wait(k.worker);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.first, b.start);
	s.result = -ENOBUFS;
	pool_keeper_set(&k, NULL, 0);
	kworker_wait(k.worker);
	assert_int_equal(s.first, 0);
	assert_false(k.running);
	kworker_free(k.worker);
	pool_keeper_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_cover_the_pool_exactly),
		cmocka_unit_test(prefixes_of_several_pools),
		cmocka_unit_test(the_message),
		cmocka_unit_test(the_last_request_applies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
