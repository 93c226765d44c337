/* SPDX-License-Identifier: BSD-2-Clause */
/* Which VLAN devices are on our ports: the kernel's messages are built here, the kernel is not
 * asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/bpf/bpf_vlan.h"
#include "daemon/sys/bpf/vlans.h"

enum {
	NO_ID = 1,
	NO_LOWER = 2,
	NO_PROTO = 4,
	ELSEWHERE = 8, /* its lower device is in another network namespace */
	DOWN = 16
};

static const uint8_t mac[6] = { 2, 0, 0, 0, 9, 1 };

static struct nl_msg *message(int type, const char *kind, unsigned how)
{
	struct ifinfomsg h = { .ifi_index = 7, .ifi_flags = how & DOWN ? 0 : IFF_UP };
	struct nl_msg *m = nlmsg_alloc_simple(type, 0);
	struct nlattr *info, *data;

	assert_non_null(m);
	nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO);
	nla_put_string(m, IFLA_IFNAME, "up0.100");
	nla_put(m, IFLA_ADDRESS, sizeof(mac), mac);
	if (!(how & NO_LOWER))
		nla_put_u32(m, IFLA_LINK, 3);
	if (how & ELSEWHERE)
		nla_put_u32(m, IFLA_LINK_NETNSID, 0);
	if (!kind)
		return m;
	info = nla_nest_start(m, IFLA_LINKINFO);
	nla_put_string(m, IFLA_INFO_KIND, kind);
	data = nla_nest_start(m, IFLA_INFO_DATA);
	if (!(how & NO_ID))
		nla_put_u16(m, IFLA_VLAN_ID, 100);
	if (!(how & NO_PROTO))
		nla_put_u16(m, IFLA_VLAN_PROTOCOL, htons(ETH_P_8021AD));
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return m;
}

static bool parsed(int type, const char *kind, unsigned how, struct vlans_link *ret)
{
	struct nl_msg *m = message(type, kind, how);
	bool ok = vlans_parse(nlmsg_hdr(m), ret);

	nlmsg_free(m);
	return ok;
}

static void a_vlan_device(void **st)
{
	struct vlans_link l = { 0 };

	(void)st;
	assert_true(parsed(RTM_NEWLINK, "vlan", 0, &l));
	assert_int_equal(l.ifindex, 7);
	assert_int_equal(l.lower, 3);
	assert_int_equal(l.vid, 100);
	assert_int_equal(l.proto, ETH_P_8021AD);
	assert_memory_equal(l.mac, mac, sizeof(mac));
	assert_true(parsed(RTM_NEWLINK, "vlan", NO_PROTO, &l));
	assert_int_equal(l.proto, ETH_P_8021Q);
}

static void others(void **st)
{
	struct vlans_link l;

	(void)st;
	assert_false(parsed(RTM_NEWLINK, NULL, 0, &l));
	assert_false(parsed(RTM_NEWLINK, "macvlan", 0, &l));
	assert_false(parsed(RTM_DELLINK, "vlan", 0, &l));
	assert_false(parsed(RTM_NEWADDR, "vlan", 0, &l));
	assert_false(parsed(RTM_NEWLINK, "vlan", NO_ID, &l));
	assert_false(parsed(RTM_NEWLINK, "vlan", NO_LOWER, &l));
	assert_false(parsed(RTM_NEWLINK, "vlan", ELSEWHERE, &l));
	assert_false(parsed(RTM_NEWLINK, "vlan", DOWN, &l));
}

static unsigned about(int type, const char *kind, bool *ret_vlan)
{
	struct nl_msg *m = message(type, kind, 0);
	unsigned n = vlans_about(nlmsg_hdr(m), ret_vlan);

	nlmsg_free(m);
	return n;
}

static void news(void **st)
{
	bool vlan = false;

	(void)st;
	assert_int_equal(about(RTM_NEWLINK, "vlan", &vlan), 7);
	assert_true(vlan);
	assert_int_equal(about(RTM_DELLINK, NULL, &vlan), 7);
	assert_false(vlan);
	assert_int_equal(about(RTM_DELLINK, "vlan", &vlan), 7);
	assert_true(vlan);
	assert_int_equal(about(RTM_NEWADDR, "vlan", &vlan), 0);
}

static void cut_short(void **st)
{
	struct nl_msg *m = message(RTM_NEWLINK, "vlan", 0);
	struct vlans_link l;
	bool vlan;

	(void)st;
	nlmsg_hdr(m)->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg) - 1);
	assert_int_equal(vlans_about(nlmsg_hdr(m), &vlan), 0);
	assert_false(vlans_parse(nlmsg_hdr(m), &l));
	nlmsg_free(m);
}

static void on_ports(void **st)
{
	static struct vlans_link l[] = {
		{ 10, 3, 100, ETH_P_8021Q, { 10 } },  /* on a port */
		{ 11, 10, 200, ETH_P_8021Q, { 11 } }, /* on that */
		{ 12, 11, 300, ETH_P_8021Q, { 12 } }, /* a third tag */
		{ 13, 5, 100, ETH_P_8021Q, { 13 } },  /* on an interface that is not a port */
		{ 14, 13, 1, ETH_P_8021Q, { 14 } },   /* on that */
		{ 15, 4, 7, ETH_P_8021AD, { 15 } },   { 16, 15, 8, ETH_P_8021Q, { 16 } },
		{ 17, 17, 9, ETH_P_8021Q, { 17 } }, /* nonsense */
	};
	static const struct vlans_port ports[] = { { 3, 1500 }, { 4, 9000 } };
	const struct vlans_list links = { l, ZE_ARRAY_SIZE(l) };
	struct bpf_vlan got[ZE_ARRAY_SIZE(l)];
	static const struct bpf_vlan want[] = {
		{ 10, { .port = 3, .mtu = 1500, .vid = { 100 }, .proto = { ETH_P_8021Q } }, { 10 } },
		{ 11,
		  { .port = 3,
		    .mtu = 1496,
		    .vid = { 100, 200 },
		    .proto = { ETH_P_8021Q, ETH_P_8021Q } },
		  { 11 } },
		{ 15, { .port = 4, .mtu = 9000, .vid = { 7 }, .proto = { ETH_P_8021AD } }, { 15 } },
		{ 16,
		  { .port = 4,
		    .mtu = 8996,
		    .vid = { 7, 8 },
		    .proto = { ETH_P_8021AD, ETH_P_8021Q } },
		  { 16 } },
	};

	(void)st;
	assert_int_equal(vlans_resolve(&links, ports, 2, got), 4);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(want); i++)
		assert_memory_equal(&got[i], &want[i],
				    offsetof(struct bpf_vlan, mac) + sizeof(want[i].mac));
	assert_int_equal(vlans_resolve(&links, ports, 0, got), 0);
}

static void a_large_mtu(void **st)
{
	struct vlans_link l = { .ifindex = 10, .lower = 3, .vid = 100, .proto = ETH_P_8021Q };
	const struct vlans_list links = { &l, 1 };
	const struct vlans_port port = { 3, 65536 };
	struct bpf_vlan got;

	(void)st;
	assert_int_equal(vlans_resolve(&links, &port, 1, &got), 1);
	assert_int_equal(got.v.mtu, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vlan_device), cmocka_unit_test(others),
		cmocka_unit_test(news),		 cmocka_unit_test(cut_short),
		cmocka_unit_test(on_ports),	 cmocka_unit_test(a_large_mtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
