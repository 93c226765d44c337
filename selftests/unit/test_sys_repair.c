/* SPDX-License-Identifier: BSD-2-Clause */
/* When removed objects are restored, what the operator sees, and which notifications cause a
 * check. Virtual time, no kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/net/rtnl.h"
#include "selftests/lib/log_line.h"

static int setup(void **st)
{
	(void)st;
	log_line_catch();
	return 0;
}

/* ---- policy ---- */

static struct repair_result result(uint64_t repaired, uint64_t missing, int error)
{
	struct repair_result res = { 0 };

	for (uint64_t i = 0; i < repaired; i++)
		repair_note(&res, 0, "10.100.0.7");
	for (uint64_t i = 0; i < missing; i++)
		repair_note(&res, error, "10.100.0.8");
	return res;
}

static void nothing_to_do(void **st)
{
	struct repair r = { 0 };

	(void)st;
	assert_int_equal(repair_deadline(&r), ZE_NEVER);
	assert_int_equal(repair_take(&r, ZE_SEC(5)), 0);
}

/* F-A4 */
static void at_once_and_one_line(void **st)
{
	const struct repair_result one = result(1, 0, 0);
	struct repair r = { 0 };
	ze_ns now = ZE_SEC(100);

	(void)st;
	repair_suspect(&r, REPAIR_ROUTE);
	assert_true(repair_deadline(&r) <= now);
	assert_int_equal(repair_take(&r, now), 1u << REPAIR_ROUTE);
	assert_int_equal(repair_deadline(&r), ZE_NEVER);
	repair_done(&r, REPAIR_ROUTE, &one, now);
	assert_int_equal(log_lines, 1);
	assert_string_equal(log_line, "warn dp repair-done kind=route what=10.100.0.7 repaired=1");
	assert_int_equal(r.of[REPAIR_ROUTE].repaired, 1);
	/* Nothing was missing: no line, no delay. */
	repair_suspect(&r, REPAIR_DEVICE);
	assert_int_equal(repair_take(&r, now), 1u << REPAIR_DEVICE);
	repair_done(&r, REPAIR_DEVICE, &(struct repair_result){ 0 }, now);
	assert_int_equal(log_lines, 1);
	assert_int_equal(r.of[REPAIR_DEVICE].next, 0);
}

/* F-A4: another program removes an object for an hour: the lines stop, the repairs do not. */
static void a_fight_is_no_storm(void **st)
{
	const struct repair_result one = result(1, 0, 0);
	struct repair r = { 0 };
	ze_ns now = ZE_SEC(100), end = now + ZE_SEC(3600);
	unsigned first_second = 0;

	(void)st;
	while (now < end) {
		repair_suspect(&r, REPAIR_ROUTE); /* repaired at once, each time */
		now = repair_deadline(&r) > now ? repair_deadline(&r) : now;
		assert_int_equal(repair_take(&r, now), 1u << REPAIR_ROUTE);
		repair_done(&r, REPAIR_ROUTE, &one, now);
		first_second += now < ZE_SEC(101);
		assert_true(r.of[REPAIR_ROUTE].next - now <= REPAIR_LAST);
		/* Other kinds do not wait for it. */
		repair_suspect(&r, REPAIR_PROGRAM);
		assert_int_equal(repair_take(&r, now), 1u << REPAIR_PROGRAM);
		repair_done(&r, REPAIR_PROGRAM, &(struct repair_result){ 0 }, now);
	}
	assert_in_range(first_second, 10, 16);
	assert_in_range(log_lines, 100, 160);
	assert_non_null(strstr(log_line, "next-try-in=30000"));
	assert_non_null(strstr(log_line, "why=\"another program removes it repeatedly\""));
	/* After a quiet time the next repair is immediate again. */
	now += REPAIR_LAST + REPAIR_QUIET + 1;
	repair_suspect(&r, REPAIR_ROUTE);
	assert_true(repair_deadline(&r) <= now);
	repair_take(&r, now);
	repair_done(&r, REPAIR_ROUTE, &one, now);
	assert_int_equal(r.of[REPAIR_ROUTE].next, now + REPAIR_FIRST);
}

static void what_fails_is_tried_again_with_one_line(void **st)
{
	const struct repair_result bad = result(2, 3, -ENOBUFS), good = result(3, 0, 0);
	struct repair r = { 0 };
	ze_ns now = ZE_SEC(100);

	(void)st;
	repair_suspect(&r, REPAIR_ROUTE);
	repair_take(&r, now);
	repair_done(&r, REPAIR_ROUTE, &bad, now);
	assert_non_null(strstr(log_line, "error dp repair-failed kind=route what=10.100.0.8 "
					 "repaired=2 missing=3 error="));
	for (int i = 0; i < 20; i++) {
		const struct repair_result again = result(0, 3, -ENOBUFS);

		now = repair_deadline(&r);
		assert_int_not_equal(now, ZE_NEVER);
		assert_int_equal(repair_take(&r, now), 1u << REPAIR_ROUTE);
		repair_done(&r, REPAIR_ROUTE, &again, now);
	}
	assert_int_equal(log_lines, 1);
	now = repair_deadline(&r);
	repair_take(&r, now);
	repair_done(&r, REPAIR_ROUTE, &good, now);
	assert_int_equal(log_lines, 2);
	assert_int_equal(r.of[REPAIR_ROUTE].missing, 0);
	assert_int_equal(r.of[REPAIR_ROUTE].repaired, 5);
	assert_int_equal(repair_deadline(&r), ZE_NEVER);
}

/* An interface that does not exist: there is no retry before it appears. */
static void what_waits_is_not_polled(void **st)
{
	struct repair_result bad = result(0, 1, -ENODEV);
	struct repair r = { 0 };

	(void)st;
	bad.wait = true;
	repair_suspect(&r, REPAIR_PROGRAM);
	repair_take(&r, ZE_SEC(1));
	repair_done(&r, REPAIR_PROGRAM, &bad, ZE_SEC(1));
	assert_int_equal(repair_deadline(&r), ZE_NEVER);
	assert_non_null(strstr(log_line, "next-try=\"when the interface appears\""));
	repair_suspect(&r, REPAIR_PROGRAM);
	assert_true(repair_deadline(&r) <= ZE_SEC(1));
}

/* F-A4: an interface with another program on it does not "appear": the line says which program
 * is attached, and what to do. */
static void somebody_elses_is_named(void **st)
{
	struct repair_result bad = result(0, 1, -EBUSY), all = result(0, 1, -ENODEV);
	struct repair r = { 0 };
	struct strbuf out;
	struct json j;

	(void)st;
	repair_explain(&bad, "another XDP program is attached to up0: name xdp_pass, id 57",
		       "ip link set dev up0 xdp off");
	repair_explain(&bad, "the second", "of no use");
	repair_add(&all, &bad);
	all.wait = true;
	repair_take(&r, ZE_SEC(1));
	repair_done(&r, REPAIR_PROGRAM, &all, ZE_SEC(1));
	assert_non_null(strstr(log_line, "id 57"));
	assert_non_null(strstr(log_line, "cure=\"ip link set dev up0 xdp off\""));
	assert_non_null(strstr(log_line, "next-try=\"when the cause is removed\""));
	sb_init(&out);
	json_init(&j, &out);
	json_obj(&j);
	repair_show(&r, ZE_SEC(1), &j);
	json_obj_end(&j);
	assert_non_null(strstr(out.s, "\"why\":\"another XDP program is attached to up0"));
	sb_done(&out);
}

static void shown(void **st)
{
	const struct repair_result some = result(4, 2, -EBUSY);
	struct repair r = { 0 };
	struct strbuf out;
	struct json j;

	(void)st;
	repair_missing(&r, REPAIR_DEVICE, "ze0");
	repair_missing(&r, REPAIR_DEVICE, "another");
	repair_take(&r, ZE_SEC(1));
	repair_done(&r, REPAIR_ROUTE, &some, ZE_SEC(1));
	sb_init(&out);
	json_init(&j, &out);
	json_obj(&j);
	repair_show(&r, ZE_SEC(1), &j);
	json_obj_end(&j);
	assert_string_equal(
		out.s,
		"{\"repairs\":[{\"kind\":\"device\",\"repaired\":0,\"missing\":1,"
		"\"first-missing\":\"ze0\",\"error\":null,\"next-try-ms\":0},"
		"{\"kind\":\"route\",\"repaired\":4,\"missing\":2,\"first-missing\":\"10.100.0.8\","
		"\"error\":\"Device or resource busy\",\"next-try-ms\":50}]}");
	sb_done(&out);
}

static void every_kind_has_a_name(void **st)
{
	(void)st;
	for (unsigned k = 0; k < REPAIR__KINDS; k++)
		assert_non_null(repair_kind_name((enum repair_kind)k));
}

/* ---- notifications ---- */

static struct nl_msg *message(int type, int flags, const void *hdr, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	assert_non_null(m);
	nlmsg_append(m, (void *)hdr, len, NLMSG_ALIGNTO);
	return m;
}

static bool parsed(struct nl_msg *m, struct news *ret)
{
	bool any = news_parse(nlmsg_hdr(m), ret);

	nlmsg_free(m);
	return any;
}

static struct nl_msg *link_message(int type, unsigned flags, int xdp_attr, uint32_t id)
{
	const struct ifinfomsg h = { .ifi_index = 7, .ifi_flags = flags };
	struct nl_msg *m = message(type, 0, &h, sizeof(h));
	struct nlattr *xdp;

	nla_put_string(m, IFLA_IFNAME, "up0");
	xdp = nla_nest_start(m, IFLA_XDP);
	nla_put_u8(m, IFLA_XDP_ATTACHED, id ? XDP_ATTACHED_DRV : XDP_ATTACHED_NONE);
	if (id)
		nla_put_u32(m, xdp_attr, id);
	nla_nest_end(m, xdp);
	return m;
}

static void a_link_and_its_programs(void **st)
{
	struct news n;

	(void)st;
	assert_true(parsed(link_message(RTM_NEWLINK, IFF_UP, IFLA_XDP_DRV_PROG_ID, 99), &n));
	assert_int_equal(n.kind, NEWS_LINK);
	assert_int_equal(n.ifindex, 7);
	assert_string_equal(n.name, "up0");
	assert_true(n.up && !n.gone && n.has_xdp);
	assert_int_equal(n.native_id, 99);
	assert_int_equal(n.generic_id, 0);
	assert_true(parsed(link_message(RTM_NEWLINK, 0, IFLA_XDP_SKB_PROG_ID, 5), &n));
	assert_false(n.up);
	assert_int_equal(n.generic_id, 5);
	assert_true(parsed(link_message(RTM_DELLINK, 0, 0, 0), &n));
	assert_true(n.gone && n.has_xdp);
	assert_int_equal(n.native_id + n.generic_id, 0);
}

static struct nl_msg *link_in(const char *slave_kind)
{
	struct nl_msg *m = link_message(RTM_NEWLINK, IFF_UP, 0, 0);
	struct nlattr *info = nla_nest_start(m, IFLA_LINKINFO);

	nla_put_string(m, IFLA_INFO_KIND, "veth");
	if (slave_kind)
		nla_put_string(m, IFLA_INFO_SLAVE_KIND, slave_kind);
	nla_nest_end(m, info);
	return m;
}

/* F-C13 */
static void a_link_in_a_vrf(void **st)
{
	struct news n;

	(void)st;
	assert_true(parsed(link_in("vrf"), &n) && n.in_vrf);
	assert_true(parsed(link_in("bridge"), &n) && !n.in_vrf);
	assert_true(parsed(link_in(NULL), &n) && !n.in_vrf);
	assert_true(parsed(link_message(RTM_NEWLINK, IFF_UP, 0, 0), &n) && !n.in_vrf);
}

/* A bridge's notification says nothing about programs. */
static void a_link_of_another_family(void **st)
{
	const struct ifinfomsg h = { .ifi_family = AF_BRIDGE, .ifi_index = 7 };
	struct news n;

	(void)st;
	assert_false(parsed(message(RTM_NEWLINK, 0, &h, sizeof(h)), &n));
}

static struct nl_msg *route(int type, int flags, unsigned char table, const char *dev)
{
	const struct rtmsg h = { .rtm_family = AF_INET,
				 .rtm_dst_len = 32,
				 .rtm_table = table,
				 .rtm_protocol = RTNL_ROUTE_PROTO };
	struct nl_msg *m = message(type, flags, &h, sizeof(h));

	nla_put_u32(m, RTA_DST, htonl(0x0a640007));
	if (dev)
		nla_put_u32(m, RTA_OIF, 3);
	return m;
}

/* F-A4 */
static void routes(void **st)
{
	struct news n;

	(void)st;
	assert_true(parsed(route(RTM_DELROUTE, 0, RT_TABLE_MAIN, "ze0"), &n));
	assert_int_equal(n.kind, NEWS_ROUTE);
	assert_int_equal(n.ifindex, 3);
	assert_int_equal(n.family, 4);
	assert_int_equal(n.len, 32);
	assert_int_equal(n.proto, RTNL_ROUTE_PROTO);
	assert_memory_equal(n.ip, "\x0a\x64\x00\x07", 4);
	assert_false(n.replaced);
	assert_true(parsed(route(RTM_NEWROUTE, NLM_F_REPLACE, RT_TABLE_MAIN, NULL), &n));
	assert_true(n.replaced);
	assert_int_equal(n.ifindex, 0);
	/* A new route removes nothing; other tables are ignored. */
	assert_false(parsed(route(RTM_NEWROUTE, NLM_F_CREATE, RT_TABLE_MAIN, "ze0"), &n));
	assert_false(parsed(route(RTM_DELROUTE, 0, RT_TABLE_LOCAL, "ze0"), &n));
}

static struct nl_msg *address(int type)
{
	const struct ifaddrmsg h = { .ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_index = 3 };
	struct nl_msg *m = message(type, 0, &h, sizeof(h));
	const uint8_t ip[16] = { 0xfe, 0x80, [15] = 1 };

	nla_put(m, IFA_ADDRESS, sizeof(ip), ip);
	return m;
}

static void addresses_and_filters(void **st)
{
	const struct tcmsg t = { .tcm_ifindex = 7 };
	struct news n;

	(void)st;
	assert_true(parsed(address(RTM_DELADDR), &n));
	assert_int_equal(n.kind, NEWS_ADDRESS);
	assert_int_equal(n.family, 6);
	assert_int_equal(n.ip[15], 1);
	assert_false(parsed(address(RTM_NEWADDR), &n));
	assert_true(parsed(message(RTM_DELTFILTER, 0, &t, sizeof(t)), &n));
	assert_int_equal(n.kind, NEWS_FILTER);
	assert_int_equal(n.ifindex, 7);
	assert_true(parsed(message(RTM_DELQDISC, 0, &t, sizeof(t)), &n));
	assert_false(parsed(message(RTM_NEWTFILTER, 0, &t, sizeof(t)), &n));
}

/* Attributes and headers that are cut: nothing is read beyond their end. */
static void cut_short(void **st)
{
	static const int types[] = { RTM_NEWLINK,  RTM_DELLINK,	 RTM_DELADDR,
				     RTM_DELROUTE, RTM_DELQDISC, RTM_DELTFILTER };
	const struct ifaddrmsg h = { .ifa_family = AF_INET6 };
	struct nl_msg *m = message(RTM_DELADDR, 0, &h, sizeof(h));
	struct news n;

	(void)st;
	nla_put_u32(m, IFA_LOCAL, 1);
	assert_false(parsed(m, &n));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(types); i++)
		assert_false(parsed(message(types[i], 0, "x", 1), &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_to_do, setup),
		cmocka_unit_test_setup(at_once_and_one_line, setup),
		cmocka_unit_test_setup(a_fight_is_no_storm, setup),
		cmocka_unit_test_setup(what_fails_is_tried_again_with_one_line, setup),
		cmocka_unit_test_setup(what_waits_is_not_polled, setup),
		cmocka_unit_test_setup(somebody_elses_is_named, setup),
		cmocka_unit_test_setup(shown, setup),
		cmocka_unit_test_setup(every_kind_has_a_name, setup),
		cmocka_unit_test_setup(a_link_and_its_programs, setup),
		cmocka_unit_test_setup(a_link_in_a_vrf, setup),
		cmocka_unit_test_setup(a_link_of_another_family, setup),
		cmocka_unit_test_setup(routes, setup),
		cmocka_unit_test_setup(addresses_and_filters, setup),
		cmocka_unit_test_setup(cut_short, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
