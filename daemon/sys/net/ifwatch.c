/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/ifwatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/hostip.h"
#include "daemon/base/log.h"
#include "daemon/core/config.h"
#include "daemon/core/engine.h"
#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/run/loop.h"

struct ifwatch {
	struct loop *loop;
	struct nl_sock *ask;
	int names; /* socket for ioctl() */
	struct follow *follow;
	struct follow_listener listener;
	struct hostip_set set;
	struct config *cfg;
	uint32_t *former; /* gateways of earlier configurations that are none of cfg's */
	size_t n_former;
	bool changed, lost;
};

/* ---- one message ---- */

static uint32_t ip_in(const struct nlmsghdr *h, int type)
{
	struct nlattr *a =
		nlmsg_find_attr((struct nlmsghdr *)h, (int)sizeof(struct ifaddrmsg), type);

	return a && nla_len(a) >= 4 ? ntohl(nla_get_u32(a)) : 0;
}

bool ifwatch_parse(const struct nlmsghdr *h, const struct config *cfg, struct hostip *ret)
{
	const struct ifaddrmsg *i = nlmsg_data(h);
	struct hostip a = { 0 };

	if ((h->nlmsg_type != RTM_NEWADDR && h->nlmsg_type != RTM_DELADDR) ||
	    !nlmsg_valid_hdr(h, sizeof(*i)) || i->ifa_family != AF_INET || i->ifa_prefixlen > 32)
		return false;
	a.ip = ip_in(h, IFA_LOCAL);
	a.subnet = ip_in(h, IFA_ADDRESS);
	if (!a.ip)
		a.ip = a.subnet;
	if (!a.subnet)
		a.subnet = a.ip;
	a.len = i->ifa_prefixlen;
	a.ifindex = i->ifa_index;
	if (!a.ip || (a.len == 32 && config_is_gateway(cfg, a.ip)))
		return false;
	*ret = a;
	return true;
}

/* When the interface was removed in between, only its index is known. */
static void describe(const struct ifwatch *w, struct hostip *a)
{
	struct ifreq q = { .ifr_ifindex = (int)a->ifindex };

	if (ioctl(w->names, SIOCGIFNAME, &q) < 0)
		return;
	memcpy(a->name, q.ifr_name, sizeof(a->name));
	a->name[sizeof(a->name) - 1] = '\0';
	if (ioctl(w->names, SIOCGIFFLAGS, &q) == 0)
		a->neighbours = !(q.ifr_flags & (IFF_NOARP | IFF_LOOPBACK));
}

static bool is_former(const struct ifwatch *w, const struct hostip *a)
{
	for (size_t i = 0; i < w->n_former; i++)
		if (a->len == 32 && a->ip == w->former[i])
			return true;
	return false;
}

static void take_in(struct ifwatch *w, const struct nlmsghdr *h)
{
	struct hostip a;

	if (!ifwatch_parse(h, w->cfg, &a))
		return;
	if (is_former(w, &a)) {
		/* One entry for all sessions that have it. It stays when one of them ends. */
		a.subnet = a.ip;
		a.ifindex = 0;
		strcpy(a.name, "former gateway");
		if (!hostip_has(&w->set, &a))
			w->changed = hostip_add(&w->set, &a) == 0 || w->changed;
		return;
	}
	w->changed = true;
	if (h->nlmsg_type == RTM_DELADDR) {
		hostip_del(&w->set, &a);
		w->lost = w->lost || w->set.ignored; /* read again: one of those may fit now */
		return;
	}
	describe(w, &a);
	hostip_add(&w->set, &a); /* counts the addresses that do not fit */
}

/* ---- the complete list ---- */

static void on_address(struct nl_msg *m, void *self)
{
	take_in(self, nlmsg_hdr(m));
}

static void anew(void *self)
{
	struct ifwatch *w = self;

	hostip_clear(&w->set);
}

static int ifwatch_read_all(struct ifwatch *w)
{
	const struct ifaddrmsg h = { .ifa_family = AF_INET };
	struct nl_msg *m = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);
	int r = m ? nlmsg_append(m, (void *)&h, sizeof(h), NLMSG_ALIGNTO) : -ENOMEM;

	anew(w);
	w->changed = true;
	return nlreq_run(
		w->ask,
		&(struct nlreq){
			.m = m, .bad = r < 0, .valid = on_address, .anew = anew, .self = w });
}

static void ifwatch_tell(struct ifwatch *w)
{
	struct engine *e = loop_engine(w->loop);

	if (!w->changed || !e)
		return;
	w->changed = false;
	engine_own_addresses(e, &w->set, loop_now(w->loop));
	loop_turn_done(w->loop);
}

/* ---- notifications ---- */

static void ifwatch_heard(void *self, const struct nlmsghdr *h)
{
	struct ifwatch *w = self;

	if (h)
		take_in(w, h);
	else
		w->lost = true;
}

/* If the list cannot be read, the previous one stays until the next notification. */
static void ifwatch_heard_all(void *self)
{
	struct ifwatch *w = self;
	int r = w->lost ? ifwatch_read_all(w) : 0;

	w->lost = r < 0;
	if (r < 0)
		log_kv(LOG_AAA, LOG_WARN, "host-addresses-unknown", KV_ERRNO(r),
		       KV_STR("effect", "they are read again when one of them changes"));
	else
		ifwatch_tell(w);
}

/* ---- create and free ---- */

static int ifwatch_begin(struct ifwatch *w)
{
	int r = nlreq_open(NETLINK_ROUTE, &w->ask);

	if (r < 0)
		return r;
	w->names = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w->names < 0)
		return -errno;
	/* Subscribed before the list is read, so that no change is missed. */
	r = follow_new(w->loop, RTMGRP_IPV4_IFADDR, &w->follow);
	if (r == 0)
		r = ifwatch_read_all(w);
	return r;
}

/* Returns the next gateway of a configuration; 0: there are no more. */
static uint32_t gateway_at(const struct config *c, size_t i)
{
	if (c->has_pool && i-- == 0)
		return c->pool.gateway;
	return i < c->n_named_pools ? c->named_pools[i].range.gateway : 0;
}

/* True when all gateways of `a` are in `b`. */
static bool gateways_in(const struct config *a, const struct config *b)
{
	for (size_t i = 0; gateway_at(a, i); i++)
		if (!config_is_gateway(b, gateway_at(a, i)))
			return false;
	return true;
}

/* Without memory a former gateway is like any other address of the host. */
static void add_former(struct ifwatch *w, const struct config *next)
{
	for (size_t i = 0; gateway_at(w->cfg, i); i++) {
		uint32_t ip = gateway_at(w->cfg, i), *v;

		if (config_is_gateway(next, ip))
			continue;
		v = reallocarray(w->former, w->n_former + 1, sizeof(*v));
		if (!v)
			return;
		w->former = v;
		w->former[w->n_former++] = ip;
	}
}

void ifwatch_reload(struct ifwatch *w, struct config *cfg)
{
	bool same = gateways_in(w->cfg, cfg) && gateways_in(cfg, w->cfg);

	if (!same)
		add_former(w, cfg);
	config_unref(w->cfg);
	w->cfg = config_ref(cfg);
	w->lost = w->lost || !same;
	if (!same)
		ifwatch_heard_all(w);
}

int ifwatch_new(struct loop *l, struct config *cfg, struct ifwatch **ret)
{
	struct ifwatch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->loop = l;
	w->cfg = config_ref(cfg);
	w->names = -1;
	r = ifwatch_begin(w);
	if (r < 0) {
		ifwatch_free(w);
		return r;
	}
	w->listener = (struct follow_listener){ .heard = ifwatch_heard,
						.end = ifwatch_heard_all,
						.self = w };
	follow_add(w->follow, &w->listener);
	ifwatch_tell(w);
	*ret = w;
	return 0;
}

void ifwatch_free(struct ifwatch *w)
{
	if (!w)
		return;
	follow_free(w->follow);
	nlreq_close(w->ask);
	if (w->names >= 0)
		close(w->names);
	hostip_done(&w->set);
	config_unref(w->cfg);
	free(w->former);
	free(w);
}
