/* SPDX-License-Identifier: BSD-2-Clause */
/* Which notifications flush the next-hop cache: the kernel's messages are built here, the kernel
 * is not asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/routing.h"
#include "daemon/sys/net/rtnl.h"

static _Alignas(struct nlmsghdr) uint8_t buf[1024];
static size_t len;

static void add(int type, const void *body, size_t n)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, 0);

	assert_non_null(m);
	nlmsg_append(m, (void *)body, n, NLMSG_ALIGNTO);
	assert_true(len + nlmsg_hdr(m)->nlmsg_len <= sizeof(buf));
	memcpy(buf + len, nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
	len += NLMSG_ALIGN(nlmsg_hdr(m)->nlmsg_len);
	nlmsg_free(m);
}

static void add_route(int type, unsigned char protocol)
{
	const struct rtmsg h = { .rtm_family = AF_INET, .rtm_protocol = protocol };

	add(type, &h, sizeof(h));
}

static struct routing_news heard(void)
{
	struct routing_news n = { 0 };

	nlreq_each(buf, len, routing_note, &n);
	len = 0;
	return n;
}

static void subscribers_do_not_count(void **st)
{
	(void)st;
	add_route(RTM_NEWROUTE, RTNL_ROUTE_PROTO);
	add_route(RTM_DELROUTE, RTNL_ROUTE_PROTO);
	assert_false(heard().any);
	add_route(RTM_NEWROUTE, RTNL_ROUTE_PROTO);
	add_route(RTM_NEWROUTE, RTPROT_BOOT);
	assert_true(heard().any);
	add_route(RTM_DELROUTE, RTPROT_KERNEL);
	assert_true(heard().any);
}

static void everything_else_does(void **st)
{
	static const int types[] = { RTM_NEWNEIGH, RTM_DELNEIGH, RTM_NEWLINK,
				     RTM_DELLINK,  RTM_NEWADDR,	 RTM_DELADDR };
	const struct ndmsg h = { .ndm_ifindex = 3 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(types); i++) {
		struct routing_news n;

		add(types[i], &h, sizeof(h));
		n = heard();
		assert_true(n.any);
		assert_false(n.rules);
	}
}

static void rules_are_read_again(void **st)
{
	const struct rtmsg h = { .rtm_family = AF_INET };
	struct routing_news n;

	(void)st;
	add(RTM_NEWRULE, &h, sizeof(h));
	n = heard();
	assert_true(n.rules && n.any);
	add_route(RTM_NEWROUTE, RTNL_ROUTE_PROTO);
	add(RTM_DELRULE, &h, sizeof(h));
	n = heard();
	assert_true(n.rules && n.any);
}

/* Each octet may be the last one: nothing is read beyond the end, and complete attributes are
 * used. */
static void truncated(void **st)
{
	size_t whole;

	(void)st;
	add_route(RTM_NEWROUTE, RTPROT_BOOT);
	whole = len;
	for (size_t n = 0; n <= whole; n++) {
		struct routing_news r = { 0 };
		uint8_t *copy = test_malloc(n ? n : 1);

		memcpy(copy, buf, n);
		nlreq_each(copy, n, routing_note, &r);
		assert_int_equal(r.any, n == whole);
		test_free(copy);
	}
	len = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subscribers_do_not_count),
		cmocka_unit_test(everything_else_does),
		cmocka_unit_test(rules_are_read_again),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
