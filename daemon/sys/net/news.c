/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/news.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

static struct nlattr *news_find(const struct nlmsghdr *h, size_t len, int type)
{
	return nlmsg_find_attr((struct nlmsghdr *)h, (int)len, type);
}

static uint32_t u32_in(struct nlattr *nest, int type)
{
	struct nlattr *a = nla_find(nla_data(nest), nla_len(nest), type);

	return a && nla_len(a) >= 4 ? nla_get_u32(a) : 0;
}

/* True when the master of the device is a VRF. */
static bool is_in_vrf(struct nlattr *info)
{
	struct nlattr *kind = info ? nla_find(nla_data(info), nla_len(info), IFLA_INFO_SLAVE_KIND) :
				     NULL;

	return kind && nla_strcmp(kind, "vrf") == 0;
}

/* Only AF_UNSPEC: bridges and others notify of links with another family and other attributes. */
static bool parse_link(const struct nlmsghdr *h, struct news *ret)
{
	const struct ifinfomsg *i = nlmsg_data(h);
	struct nlattr *name, *xdp;

	if (!nlmsg_valid_hdr(h, sizeof(*i)) || i->ifi_family != AF_UNSPEC)
		return false;
	ret->kind = NEWS_LINK;
	ret->ifindex = (unsigned)i->ifi_index;
	ret->gone = h->nlmsg_type == RTM_DELLINK;
	ret->up = i->ifi_flags & IFF_UP;
	ret->running = i->ifi_flags & IFF_RUNNING;
	ret->in_vrf = is_in_vrf(news_find(h, sizeof(*i), IFLA_LINKINFO));
	name = news_find(h, sizeof(*i), IFLA_IFNAME);
	if (name)
		nla_strlcpy(ret->name, name, sizeof(ret->name));
	xdp = news_find(h, sizeof(*i), IFLA_XDP);
	if (xdp) {
		/* Each mode has its own attribute, also when there is only one program. */
		ret->has_xdp = true;
		ret->native_id = u32_in(xdp, IFLA_XDP_DRV_PROG_ID);
		ret->generic_id = u32_in(xdp, IFLA_XDP_SKB_PROG_ID);
	}
	return true;
}

static bool read_ip(int family, struct nlattr *a, struct news *ret)
{
	size_t len = family == AF_INET ? 4 : 16;

	if ((family != AF_INET && family != AF_INET6) || (a && (size_t)nla_len(a) < len))
		return false;
	ret->family = family == AF_INET ? 4 : 6;
	if (a)
		memcpy(ret->ip, nla_data(a), len);
	return true;
}

static bool parse_addr(const struct nlmsghdr *h, struct news *ret)
{
	const struct ifaddrmsg *i = nlmsg_data(h);
	struct nlattr *a;

	if (!nlmsg_valid_hdr(h, sizeof(*i)))
		return false;
	a = news_find(h, sizeof(*i), IFA_LOCAL);
	if (!a)
		a = news_find(h, sizeof(*i), IFA_ADDRESS);
	ret->kind = NEWS_ADDRESS;
	ret->ifindex = i->ifa_index;
	ret->len = i->ifa_prefixlen;
	return a && read_ip(i->ifa_family, a, ret);
}

static bool parse_route(const struct nlmsghdr *h, struct news *ret)
{
	const struct rtmsg *m = nlmsg_data(h);
	struct nlattr *oif;

	if (!nlmsg_valid_hdr(h, sizeof(*m)) || m->rtm_table != RT_TABLE_MAIN ||
	    m->rtm_flags & RTM_F_CLONED)
		return false;
	oif = news_find(h, sizeof(*m), RTA_OIF);
	ret->kind = NEWS_ROUTE;
	ret->ifindex = oif && nla_len(oif) >= 4 ? nla_get_u32(oif) : 0;
	ret->len = m->rtm_dst_len;
	ret->proto = m->rtm_protocol;
	ret->replaced = h->nlmsg_type == RTM_NEWROUTE;
	ret->blackhole = m->rtm_type == RTN_BLACKHOLE;
	return read_ip(m->rtm_family, news_find(h, sizeof(*m), RTA_DST), ret);
}

static bool parse_filter(const struct nlmsghdr *h, struct news *ret)
{
	const struct tcmsg *t = nlmsg_data(h);

	if (!nlmsg_valid_hdr(h, sizeof(*t)))
		return false;
	ret->kind = NEWS_FILTER;
	ret->ifindex = (unsigned)t->tcm_ifindex;
	return true;
}

static bool parse(const struct nlmsghdr *h, struct news *ret)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return parse_link(h, ret);
	case RTM_DELADDR:
		return parse_addr(h, ret);
	case RTM_NEWROUTE:
		return h->nlmsg_flags & NLM_F_REPLACE && parse_route(h, ret);
	case RTM_DELROUTE:
		return parse_route(h, ret);
	case RTM_DELQDISC:
	case RTM_DELTFILTER:
		return parse_filter(h, ret);
	default:
		return false;
	}
}

bool news_parse(const struct nlmsghdr *h, struct news *ret)
{
	struct news n = { .ifindex = 0 };
	bool any = parse(h, &n);

	if (any)
		*ret = n;
	return any;
}
