/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <pthread.h>
#include <string.h>

#include "daemon/sys/net/nlreq.h"

#define ROUTE6_METRIC 128 /* lower than the 256 of the kernel's route to fe80::/64 */

static struct nl_msg *rtnl_start(int type, int flags, void *hdr, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m && nlmsg_append(m, hdr, len, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static struct nl_msg *rtnl_finish(struct nl_msg *m, bool bad)
{
	if (!bad)
		return m;
	nlmsg_free(m);
	return NULL;
}

/* In the kernel, threads that wait for RTNL spin while its owner runs, as do those that wait for
 * the mutex of ppp_generic, whose owner may wait for RTNL. Here they sleep. */
static pthread_mutex_t turn = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void rtnl_enter(void)
{
	pthread_mutex_lock(&turn);
}

void rtnl_leave(void)
{
	pthread_mutex_unlock(&turn);
}

int rtnl_request(struct nl_sock *sk, struct nl_msg *m)
{
	int r;

	rtnl_enter();
	r = nlreq_run(sk, &(struct nlreq){ .m = m });
	rtnl_leave();
	return r;
}

static bool put_addrgen_none(struct nl_msg *m)
{
	struct nlattr *spec = nla_nest_start(m, IFLA_AF_SPEC);
	struct nlattr *inet6 = spec ? nla_nest_start(m, AF_INET6) : NULL;

	if (!inet6 || nla_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE) < 0)
		return false;
	nla_nest_end(m, inet6);
	nla_nest_end(m, spec);
	return true;
}

static bool put_program(struct nl_msg *m, int fd, uint32_t flags)
{
	struct nlattr *xdp = nla_nest_start(m, IFLA_XDP);

	if (!xdp || nla_put_u32(m, IFLA_XDP_FD, (uint32_t)fd) < 0 ||
	    nla_put_u32(m, IFLA_XDP_FLAGS, XDP_FLAGS_SKB_MODE | flags) < 0)
		return false;
	nla_nest_end(m, xdp);
	return true;
}

int rtnl_addrgen_none(struct nl_sock *sk, int ifindex)
{
	struct ifinfomsg h = { .ifi_index = ifindex };
	struct nl_msg *m = rtnl_start(RTM_NEWLINK, 0, &h, sizeof(h));

	return m ? rtnl_request(sk, rtnl_finish(m, !put_addrgen_none(m))) : -ENOMEM;
}

int rtnl_subscriber(struct nl_sock *sk, int ifindex, int prog)
{
	struct ifinfomsg h = { .ifi_index = ifindex };
	struct nl_msg *m = rtnl_start(RTM_NEWLINK, 0, &h, sizeof(h));

	return m ? rtnl_request(sk, rtnl_finish(m, !put_program(m, prog, 0))) : -ENOMEM;
}

int rtnl_ensure_subscriber(struct nl_sock *sk, int ifindex, int prog)
{
	struct ifinfomsg h = { .ifi_index = ifindex };
	struct nl_msg *m = rtnl_start(RTM_NEWLINK, 0, &h, sizeof(h));
	int r;

	if (!m)
		return -ENOMEM;
	r = rtnl_request(sk, rtnl_finish(m, !put_program(m, prog, XDP_FLAGS_UPDATE_IF_NOEXIST)));
	if (r == -EBUSY)
		return 0;
	return r == 0 ? 1 : r;
}

int rtnl_link_up(struct nl_sock *sk, int ifindex, uint16_t mtu)
{
	struct ifinfomsg h = { .ifi_index = ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nl_msg *m = rtnl_start(RTM_NEWLINK, 0, &h, sizeof(h));

	return m ? rtnl_request(sk, rtnl_finish(m, nla_put_u32(m, IFLA_MTU, mtu) < 0)) : -ENOMEM;
}

int rtnl_link_mac(struct nl_sock *sk, int ifindex, const uint8_t mac[6])
{
	struct ifinfomsg h = { .ifi_index = ifindex };
	struct nl_msg *m = rtnl_start(RTM_NEWLINK, 0, &h, sizeof(h));

	return m ? rtnl_request(sk, rtnl_finish(m, nla_put(m, IFLA_ADDRESS, 6, mac) < 0)) : -ENOMEM;
}

int rtnl_link_down(struct nl_sock *sk, int ifindex)
{
	struct ifinfomsg h = { .ifi_index = ifindex, .ifi_change = IFF_UP };

	return rtnl_request(sk, rtnl_start(RTM_NEWLINK, 0, &h, sizeof(h)));
}

static void rtnl_link_local_of(uint64_t ifid, uint8_t ret[static 16])
{
	memset(ret, 0, 16);
	ret[0] = 0xfe;
	ret[1] = 0x80;
	for (int i = 0; i < 8; i++)
		ret[8 + i] = (uint8_t)(ifid >> (56 - 8 * i));
}

static bool put_addr4(struct nl_msg *m, const struct dp_family *f)
{
	return nla_put_u32(m, IFA_LOCAL, htonl(f->local4)) < 0 ||
	       nla_put_u32(m, IFA_ADDRESS, htonl(f->peer4)) < 0 ||
	       nla_put_u32(m, IFA_FLAGS, IFA_F_NOPREFIXROUTE) < 0;
}

/* Without duplicate address detection: IPv6CP ensures that the identifiers differ (RFC 5072 5). */
static bool put_addr6(struct nl_msg *m, const struct dp_family *f)
{
	uint8_t local[16], peer[16];

	rtnl_link_local_of(f->ifid, local);
	rtnl_link_local_of(f->peer_ifid, peer);
	return nla_put(m, IFA_LOCAL, sizeof(local), local) < 0 ||
	       nla_put(m, IFA_ADDRESS, sizeof(peer), peer) < 0 ||
	       nla_put_u32(m, IFA_FLAGS, IFA_F_NODAD) < 0;
}

struct nl_msg *rtnl_build_addr(int ifindex, const struct dp_family *f, bool add)
{
	bool v4 = f->family == PPP_FAM_IPV4;
	struct ifaddrmsg h = { .ifa_family = v4 ? AF_INET : AF_INET6,
			       .ifa_prefixlen = v4 ? 32 : 128,
			       .ifa_scope = v4 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
			       .ifa_index = (unsigned)ifindex };
	struct nl_msg *m = rtnl_start(add ? RTM_NEWADDR : RTM_DELADDR,
				      add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));

	return m ? rtnl_finish(m, v4 ? put_addr4(m, f) : put_addr6(m, f)) : NULL;
}

/* Replaces: a subscriber that logs in again with the same address may be here before the old
 * session is removed. A deletion names the interface, so that the old session does not delete the
 * route of the new one. */
struct nl_msg *rtnl_build_route(int ifindex, const struct dp_family *f, bool add)
{
	struct rtmsg h = { .rtm_family = AF_INET,
			   .rtm_dst_len = 32,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTNL_ROUTE_PROTO,
			   .rtm_scope = RT_SCOPE_LINK,
			   .rtm_type = RTN_UNICAST };
	struct nl_msg *m = rtnl_start(add ? RTM_NEWROUTE : RTM_DELROUTE,
				      add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));

	if (!m)
		return NULL;
	return rtnl_finish(m, nla_put_u32(m, RTA_DST, htonl(f->peer4)) < 0 ||
				      nla_put_u32(m, RTA_OIF, (uint32_t)ifindex) < 0 ||
				      nla_put_u32(m, RTA_PREFSRC, htonl(f->local4)) < 0);
}

struct nl_msg *rtnl_build_link_local(int ifindex, uint64_t ifid, bool add)
{
	struct ifaddrmsg h = { .ifa_family = AF_INET6,
			       .ifa_prefixlen = 64,
			       .ifa_scope = RT_SCOPE_LINK,
			       .ifa_index = (unsigned)ifindex };
	struct nl_msg *m = rtnl_start(add ? RTM_NEWADDR : RTM_DELADDR,
				      add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));
	uint8_t a[16];

	if (!m)
		return NULL;
	rtnl_link_local_of(ifid, a);
	return rtnl_finish(m, nla_put(m, IFA_LOCAL, sizeof(a), a) < 0 ||
				      nla_put_u32(m, IFA_FLAGS, IFA_F_NODAD) < 0);
}

int rtnl_link_local(struct nl_sock *sk, int ifindex, uint64_t ifid, bool add)
{
	return rtnl_request(sk, rtnl_build_link_local(ifindex, ifid, add));
}

/* NLM_F_EXCL lets the kernel decide whether it exists: the answer to a query could be out of
 * date. */
int rtnl_ensure(struct nl_sock *sk, struct nl_msg *m)
{
	int r;

	if (!m)
		return -ENOMEM;
	nlmsg_hdr(m)->nlmsg_flags &= (uint16_t)~NLM_F_REPLACE;
	nlmsg_hdr(m)->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	r = rtnl_request(sk, m);
	if (r == -EEXIST)
		return 0;
	return r == 0 ? 1 : r;
}

int rtnl_addr(struct nl_sock *sk, int ifindex, const struct dp_family *f, bool add)
{
	return rtnl_request(sk, rtnl_build_addr(ifindex, f, add));
}

int rtnl_route(struct nl_sock *sk, int ifindex, const struct dp_family *f, bool add)
{
	return f->family == PPP_FAM_IPV4 ? rtnl_request(sk, rtnl_build_route(ifindex, f, add)) : 0;
}

static bool put_mtu(struct nl_msg *m, uint16_t mtu)
{
	struct nlattr *metrics = nla_nest_start(m, RTA_METRICS);

	if (!metrics || nla_put_u32(m, RTAX_LOCK, 1 << RTAX_MTU) < 0 ||
	    nla_put_u32(m, RTAX_MTU, mtu) < 0)
		return false;
	nla_nest_end(m, metrics);
	return true;
}

struct nl_msg *rtnl_build_route_locked(int ifindex, const struct dp_family *f)
{
	struct nl_msg *m = rtnl_build_route(ifindex, f, true);

	return m ? rtnl_finish(m, !put_mtu(m, f->mtu)) : NULL;
}

int rtnl_route_locked(struct nl_sock *sk, int ifindex, const struct dp_family *f)
{
	return rtnl_request(sk, rtnl_build_route_locked(ifindex, f));
}

struct nl_msg *rtnl_build_route6(int ifindex, const struct rtnl_route6 *rt, bool add)
{
	struct rtmsg h = { .rtm_family = AF_INET6,
			   .rtm_dst_len = rt->len,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTNL_ROUTE_PROTO,
			   .rtm_type = RTN_UNICAST };
	struct nl_msg *m = rtnl_start(add ? RTM_NEWROUTE : RTM_DELROUTE,
				      add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));
	uint8_t dst[16];

	if (!m)
		return NULL;
	rtnl_link_local_of(rt->len > 64 ? rt->ifid : 0, dst);
	return rtnl_finish(m, nla_put(m, RTA_DST, sizeof(dst), dst) < 0 ||
				      nla_put_u32(m, RTA_OIF, (uint32_t)ifindex) < 0 ||
				      nla_put_u32(m, RTA_PRIORITY, ROUTE6_METRIC) < 0 ||
				      (add && !put_mtu(m, rt->mtu)));
}

int rtnl_route6(struct nl_sock *sk, int ifindex, const struct rtnl_route6 *rt, bool add)
{
	return rtnl_request(sk, rtnl_build_route6(ifindex, rt, add));
}

/* Replaces, and deletes by interface, for the same reason as rtnl_build_route(). */
struct nl_msg *rtnl_build_net(int ifindex, const struct rtnl_net *n, bool add)
{
	bool v4 = n->dst.addr.family == 4;
	struct rtmsg h = { .rtm_family = v4 ? AF_INET : AF_INET6,
			   .rtm_dst_len = n->dst.len,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTNL_ROUTE_PROTO,
			   .rtm_scope = v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
			   .rtm_type = RTN_UNICAST };
	struct nl_msg *m = rtnl_start(add ? RTM_NEWROUTE : RTM_DELROUTE,
				      add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));

	if (!m)
		return NULL;
	return rtnl_finish(m, nla_put(m, RTA_DST, v4 ? 4 : 16, n->dst.addr.ip) < 0 ||
				      nla_put_u32(m, RTA_OIF, (uint32_t)ifindex) < 0 ||
				      nla_put_u32(m, RTA_PRIORITY, n->metric) < 0 ||
				      (add && n->mtu && !put_mtu(m, n->mtu)));
}

int rtnl_net(struct nl_sock *sk, int ifindex, const struct rtnl_net *n, bool add)
{
	return rtnl_request(sk, rtnl_build_net(ifindex, n, add));
}

/* ---- what exists ---- */

static uint32_t rtnl_attr_u32(struct nl_msg *m, int type)
{
	struct nlattr *a = nlmsg_find_attr(nlmsg_hdr(m), sizeof(struct rtmsg), type);

	return a ? nla_get_u32(a) : 0;
}

static bool rtnl_is_link_local(const uint8_t ip[static 16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

struct finding_nets {
	int ifindex;
	rtnl_net_fn *each;
	void *self;
};

/* Host routes of IPv4 have metric 0; those of IPv6 are link-local. */
static void rtnl_on_net(struct nl_msg *m, void *self)
{
	const struct finding_nets *w = self;
	const struct rtmsg *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *dst = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_DST);
	struct rtnl_net n = { .dst = { .addr.family = h->rtm_family == AF_INET ? 4 : 6,
				       .len = h->rtm_dst_len },
			      .metric = rtnl_attr_u32(m, RTA_PRIORITY) };

	if (h->rtm_table != RT_TABLE_MAIN || h->rtm_protocol != RTNL_ROUTE_PROTO || !dst ||
	    !n.metric || rtnl_attr_u32(m, RTA_OIF) != (uint32_t)w->ifindex)
		return;
	nla_memcpy(n.dst.addr.ip, dst, sizeof(n.dst.addr.ip));
	if (n.dst.addr.family == 4 || !rtnl_is_link_local(n.dst.addr.ip))
		w->each(w->self, &n);
}

int rtnl_find_nets(struct nl_sock *sk, int ifindex, rtnl_net_fn *each, void *self)
{
	struct finding_nets w = { ifindex, each, self };
	int r = 0;

	for (int v6 = 0; r == 0 && v6 < 2; v6++) {
		struct rtmsg rt = { .rtm_family = v6 ? AF_INET6 : AF_INET,
				    .rtm_table = RT_TABLE_MAIN };
		struct nl_msg *m = rtnl_start(RTM_GETROUTE, NLM_F_DUMP, &rt, sizeof(rt));

		r = m ? nlreq_run(sk, &(struct nlreq){ .m = m, .valid = rtnl_on_net, .self = &w }) :
			-ENOMEM;
	}
	return r;
}

struct finding6 {
	int ifindex;
	rtnl_route6_fn *each;
	void *self;
};

static uint16_t mtu_of(struct nlattr *metrics)
{
	struct nlattr *mtu = metrics ? nla_find(nla_data(metrics), nla_len(metrics), RTAX_MTU) :
				       NULL;

	return mtu ? (uint16_t)nla_get_u32(mtu) : 0;
}

static void on_route6(struct nl_msg *m, void *self)
{
	const struct finding6 *w = self;
	const struct rtmsg *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *dst = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_DST);
	struct nlattr *oif = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_OIF);
	struct rtnl_route6 rt = { .len = h->rtm_dst_len };
	uint8_t ip[16] = { 0 };

	if (h->rtm_family != AF_INET6 || h->rtm_protocol != RTNL_ROUTE_PROTO || !dst || !oif ||
	    nla_get_u32(oif) != (uint32_t)w->ifindex)
		return;
	nla_memcpy(ip, dst, sizeof(ip));
	if (!rtnl_is_link_local(ip))
		return;
	for (int i = 8; i < 16; i++)
		rt.ifid = rt.ifid << 8 | ip[i];
	rt.mtu = mtu_of(nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_METRICS));
	w->each(w->self, &rt);
}

int rtnl_find_routes6(struct nl_sock *sk, int ifindex, rtnl_route6_fn *each, void *self)
{
	struct finding6 w = { ifindex, each, self };
	struct rtmsg rt = { .rtm_family = AF_INET6, .rtm_table = RT_TABLE_MAIN };
	struct nl_msg *m = rtnl_start(RTM_GETROUTE, NLM_F_DUMP, &rt, sizeof(rt));

	return m ? nlreq_run(sk, &(struct nlreq){ .m = m, .valid = on_route6, .self = &w }) :
		   -ENOMEM;
}

struct finding {
	int ifindex;
	const struct rtnl_found *f;
};

static void rtnl_on_route(struct nl_msg *m, void *self)
{
	const struct finding *w = self;
	const struct rtmsg *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *dst = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_DST);
	struct nlattr *oif = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_OIF);

	if (h->rtm_family == AF_INET && h->rtm_dst_len == 32 && h->rtm_table == RT_TABLE_MAIN &&
	    h->rtm_protocol == RTNL_ROUTE_PROTO && dst && oif && !rtnl_attr_u32(m, RTA_PRIORITY) &&
	    nla_get_u32(oif) == (uint32_t)w->ifindex)
		w->f->route4(w->f->self, ntohl(nla_get_u32(dst)));
}

static void rtnl_on_addr(struct nl_msg *m, void *self)
{
	const struct finding *w = self;
	const struct ifaddrmsg *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *a = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), IFA_LOCAL);
	uint8_t ip[16] = { 0 };

	if (!a)
		a = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), IFA_ADDRESS);
	if (!a || h->ifa_index != (uint32_t)w->ifindex ||
	    (h->ifa_family != AF_INET && h->ifa_family != AF_INET6))
		return;
	nla_memcpy(ip, a, sizeof(ip));
	w->f->addr(w->f->self, h->ifa_family == AF_INET ? 4 : 6, ip);
}

/* With NETLINK_GET_STRICT_CHK the kernel omits other tables and devices. */
int rtnl_find_routes(struct nl_sock *sk, int ifindex, const struct rtnl_found *f)
{
	struct finding w = { ifindex, f };
	struct rtmsg rt = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN };
	struct nl_msg *m = rtnl_start(RTM_GETROUTE, NLM_F_DUMP, &rt, sizeof(rt));

	if (!m)
		return -ENOMEM;
	return nlreq_run(sk, &(struct nlreq){ .m = m,
					      .bad = nla_put_u32(m, RTA_OIF, (uint32_t)ifindex) < 0,
					      .valid = rtnl_on_route,
					      .self = &w });
}

int rtnl_find(struct nl_sock *sk, int ifindex, const struct rtnl_found *f)
{
	struct finding w = { ifindex, f };
	struct ifaddrmsg ad = { .ifa_family = AF_UNSPEC, .ifa_index = (unsigned)ifindex };
	int r = rtnl_find_routes(sk, ifindex, f);

	if (r < 0)
		return r;
	return nlreq_run(sk,
			 &(struct nlreq){ .m = rtnl_start(RTM_GETADDR, NLM_F_DUMP, &ad, sizeof(ad)),
					  .valid = rtnl_on_addr,
					  .self = &w });
}

int rtnl_addr_del(struct nl_sock *sk, int ifindex, uint8_t family, const uint8_t ip[16])
{
	struct ifaddrmsg h = { .ifa_family = family == 4 ? AF_INET : AF_INET6,
			       .ifa_prefixlen = family == 4 ? 32 : 64,
			       .ifa_index = (unsigned)ifindex };
	struct nl_msg *m = rtnl_start(RTM_DELADDR, 0, &h, sizeof(h));

	return m ? rtnl_request(sk, rtnl_finish(m, nla_put(m, IFA_LOCAL, family == 4 ? 4 : 16, ip) <
							   0)) :
		   -ENOMEM;
}

struct stats_dump {
	rtnl_stats_fn *each;
	void *self;
};

/* The device counts the content of PPP: IP packets and octets, and a few NCP packets. */
static void on_stats(struct nl_msg *m, void *self)
{
	const struct if_stats_msg *h = nlmsg_data(nlmsg_hdr(m));
	struct stats_dump *d = self;
	struct rtnl_link_stats64 ls;
	struct nlattr *x = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), IFLA_STATS_LINK_64);
	struct dp_stats st;

	if (!x || (size_t)nla_len(x) < offsetof(struct rtnl_link_stats64, rx_errors))
		return;
	memset(&ls, 0, sizeof(ls));
	nla_memcpy(&ls, x, sizeof(ls));
	st = (struct dp_stats){ .up_packets = ls.rx_packets,
				.up_bytes = ls.rx_bytes,
				.down_packets = ls.tx_packets,
				.down_bytes = ls.tx_bytes };
	d->each(d->self, (int)h->ifindex, &st);
}

int rtnl_stats(struct nl_sock *sk, rtnl_stats_fn *each, void *self)
{
	struct if_stats_msg h = { .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64) };
	struct stats_dump d = { .each = each, .self = self };
	int r;

	rtnl_enter();
	r = nlreq_run(sk, &(struct nlreq){ .m = rtnl_start(RTM_GETSTATS, NLM_F_DUMP, &h, sizeof(h)),
					   .valid = on_stats,
					   .rough = true,
					   .self = &d });
	rtnl_leave();
	return r;
}

static void take_link_stats(void *self, int ifindex, const struct dp_stats *st)
{
	struct dp_stats *ret = self;

	(void)ifindex;
	*ret = *st;
}

int rtnl_link_stats(struct nl_sock *sk, int ifindex, struct dp_stats *ret)
{
	struct if_stats_msg h = { .ifindex = (uint32_t)ifindex,
				  .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64) };
	struct stats_dump d = { .each = take_link_stats, .self = ret };
	int r;

	rtnl_enter();
	r = nlreq_run(sk, &(struct nlreq){ .m = rtnl_start(RTM_GETSTATS, 0, &h, sizeof(h)),
					   .valid = on_stats,
					   .self = &d });
	rtnl_leave();
	return r;
}
