/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the kernel: the attributes of each message are read back. Nothing is sent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <linux/if_addr.h>
#include <linux/l2tp.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/genl_l2tp.h"
#include "daemon/sys/net/rtnl.h"

static struct nlattr *generic(struct nl_msg *m, int cmd, int attr)
{
	struct genlmsghdr *g = genlmsg_hdr(nlmsg_hdr(m));

	assert_int_equal(g->cmd, cmd);
	return nla_find(genlmsg_attrdata(g, 0), genlmsg_attrlen(g, 0), attr);
}

static void tunnel_create_names_ids_and_socket(void **st)
{
	const struct dp_tunnel t = { .tid = 56887, .peer_tid = 3 };
	struct nl_msg *m = genl_l2tp_build_tunnel(29, &t, 17);

	(void)st;
	assert_non_null(m);
	assert_int_equal(nlmsg_hdr(m)->nlmsg_type, 29);
#define GET(type, attr) nla_get_##type(generic(m, L2TP_CMD_TUNNEL_CREATE, attr))
	assert_int_equal(GET(u32, L2TP_ATTR_CONN_ID), 56887);
	assert_int_equal(GET(u32, L2TP_ATTR_PEER_CONN_ID), 3);
	assert_int_equal(GET(u8, L2TP_ATTR_PROTO_VERSION), 2);
	assert_int_equal(GET(u16, L2TP_ATTR_ENCAP_TYPE), L2TP_ENCAPTYPE_UDP);
	assert_int_equal(GET(u32, L2TP_ATTR_FD), 17);
#undef GET
	nlmsg_free(m);
}

/* F-C10: the kernel numbers and checks data packets only when sequencing was required, and it
 * does not wait for a missing packet, which would delay and lose bursts:
 * vmtest/test_lac_path.py. */
static void session_create_numbers_when_asked(void **st)
{
	(void)st;
	for (int seq = 0; seq < 2; seq++) {
		const struct dp_session s = {
			.tunnel = { .tid = 5 }, .sid = 65535, .peer_sid = 1, .sequencing = seq
		};
		struct nl_msg *m = genl_l2tp_build_session(29, &s);

		assert_non_null(m);
#define GET(type, attr) nla_get_##type(generic(m, L2TP_CMD_SESSION_CREATE, attr))
		assert_int_equal(GET(u32, L2TP_ATTR_CONN_ID), 5);
		assert_int_equal(GET(u32, L2TP_ATTR_SESSION_ID), 65535);
		assert_int_equal(GET(u32, L2TP_ATTR_PEER_SESSION_ID), 1);
		assert_int_equal(GET(u16, L2TP_ATTR_PW_TYPE), L2TP_PWTYPE_PPP);
		assert_int_equal(GET(u8, L2TP_ATTR_LNS_MODE), 1);
		assert_int_equal(GET(u8, L2TP_ATTR_SEND_SEQ), seq);
		assert_int_equal(GET(u8, L2TP_ATTR_RECV_SEQ), seq);
		assert_null(generic(m, L2TP_CMD_SESSION_CREATE, L2TP_ATTR_RECV_TIMEOUT));
#undef GET
		nlmsg_free(m);
	}
}

static struct nlattr *route_attr(struct nl_msg *m, size_t header, int attr)
{
	return nlmsg_find_attr(nlmsg_hdr(m), (int)header, attr);
}

static void address_v4_is_point_to_point_without_route(void **st)
{
	const struct dp_family f = { .family = PPP_FAM_IPV4,
				     .local4 = 0x0a640001,
				     .peer4 = 0x0a640002 };
	struct nl_msg *m = rtnl_build_addr(12, &f, true);
	struct ifaddrmsg *h = nlmsg_data(nlmsg_hdr(m));

	(void)st;
	assert_int_equal(nlmsg_hdr(m)->nlmsg_type, RTM_NEWADDR);
	assert_int_equal(h->ifa_family, AF_INET);
	assert_int_equal(h->ifa_prefixlen, 32);
	assert_int_equal(h->ifa_index, 12);
	assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), IFA_LOCAL)), htonl(0x0a640001));
	assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), IFA_ADDRESS)), htonl(0x0a640002));
	assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), IFA_FLAGS)), IFA_F_NOPREFIXROUTE);
	nlmsg_free(m);
}

static void address_v6_is_link_local(void **st)
{
	static const uint8_t local[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t peer[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9 };
	const struct dp_family f = { .family = PPP_FAM_IPV6,
				     .ifid = 0x0102030405060708,
				     .peer_ifid = 9 };
	struct nl_msg *m = rtnl_build_addr(12, &f, false);
	struct ifaddrmsg *h = nlmsg_data(nlmsg_hdr(m));

	(void)st;
	assert_int_equal(nlmsg_hdr(m)->nlmsg_type, RTM_DELADDR);
	assert_int_equal(h->ifa_family, AF_INET6);
	assert_int_equal(h->ifa_prefixlen, 128);
	assert_memory_equal(nla_data(route_attr(m, sizeof(*h), IFA_LOCAL)), local, 16);
	assert_memory_equal(nla_data(route_attr(m, sizeof(*h), IFA_ADDRESS)), peer, 16);
	nlmsg_free(m);
}

static void route_carries_our_protocol(void **st)
{
	const struct dp_family f = { .family = PPP_FAM_IPV4,
				     .local4 = 0x0a640001,
				     .peer4 = 0x0a640002 };

	(void)st;
	for (int add = 0; add < 2; add++) {
		struct nl_msg *m = rtnl_build_route(12, &f, add);
		struct rtmsg *h = nlmsg_data(nlmsg_hdr(m));

		assert_int_equal(nlmsg_hdr(m)->nlmsg_type, add ? RTM_NEWROUTE : RTM_DELROUTE);
		assert_int_equal(h->rtm_protocol, RTNL_ROUTE_PROTO);
		assert_int_equal(h->rtm_dst_len, 32);
		assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), RTA_DST)),
				 htonl(0x0a640002));
		/* also when deleting: by now another interface may have the address */
		assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), RTA_OIF)), 12);
		nlmsg_free(m);
	}
}

/* S-AAA-50: named by interface and metric also when deleting, as the route of a subscriber's own
 * address differs by the metric alone. */
static void network_message(void **st)
{
	struct rtnl_net n = { .metric = 7, .mtu = 1400 };

	(void)st;
	for (int i = 0; i < 4; i++) {
		bool add = i & 1, v6 = i & 2;
		struct nl_msg *m;
		struct rtmsg *h;

		assert_int_equal(ze_prefix_parse(v6 ? "2001:db8:1::/48" : "10.1.0.0/24", &n.dst),
				 0);
		m = rtnl_build_net(12, &n, add);
		h = nlmsg_data(nlmsg_hdr(m));
		assert_int_equal(nlmsg_hdr(m)->nlmsg_type, add ? RTM_NEWROUTE : RTM_DELROUTE);
		assert_int_equal(h->rtm_family, v6 ? AF_INET6 : AF_INET);
		assert_int_equal(h->rtm_protocol, RTNL_ROUTE_PROTO);
		assert_int_equal(h->rtm_dst_len, v6 ? 48 : 24);
		assert_int_equal(nla_len(route_attr(m, sizeof(*h), RTA_DST)), v6 ? 16 : 4);
		assert_memory_equal(nla_data(route_attr(m, sizeof(*h), RTA_DST)), n.dst.addr.ip,
				    v6 ? 16 : 4);
		assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), RTA_OIF)), 12);
		assert_int_equal(nla_get_u32(route_attr(m, sizeof(*h), RTA_PRIORITY)), 7);
		assert_int_equal(nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_METRICS) != NULL,
				 add);
		nlmsg_free(m);
	}
}

static void missing_parts_are_named(void **st)
{
	struct strbuf b;

	(void)st;
	sb_init(&b);
	kernel_missing_text(KERNEL_NO_GENL | KERNEL_NO_PPP | KERNEL_NO_PPPOX, &b);
	assert_non_null(strstr(b.s, "l2tp_netlink"));
	assert_non_null(strstr(b.s, "ppp_generic"));
	assert_non_null(strstr(b.s, "l2tp_ppp"));
	assert_non_null(strstr(b.s, "ze.l2tp.skip-kernel-probe=true"));
	sb_reset(&b);
	kernel_missing_text(KERNEL_NO_RIGHT, &b);
	assert_non_null(strstr(b.s, "CAP_NET_ADMIN"));
	assert_null(strstr(b.s, "modprobe"));
	sb_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnel_create_names_ids_and_socket),
		cmocka_unit_test(session_create_numbers_when_asked),
		cmocka_unit_test(address_v4_is_point_to_point_without_route),
		cmocka_unit_test(address_v6_is_link_local),
		cmocka_unit_test(route_carries_our_protocol),
		cmocka_unit_test(network_message),
		cmocka_unit_test(missing_parts_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
