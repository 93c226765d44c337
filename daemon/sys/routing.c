/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/routing.h"

#include <errno.h>
#include <ev.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sys/kernel.h"
#include "daemon/sys/loop.h"
#include "daemon/sys/nlreq.h"

#define GROUPS                                                                                     \
	(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE |  \
	 RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE | 1u << (RTNLGRP_IPV6_RULE - 1))

struct routing {
	struct nl_sock *ask;
	int news; /* a socket that is told of changes */
	bool by_rules;
	ev_io io;
	struct ev_loop *loop;
	void (*tell)(void *self, bool by_rules);
	void *self;
};

static bool is_plain_attr(const struct nlattr *a)
{
	switch (nla_type(a)) {
	case FRA_PRIORITY:
	case FRA_TABLE:
	case FRA_SUPPRESS_PREFIXLEN:
	case FRA_SUPPRESS_IFGROUP:
	case FRA_PROTOCOL:
	case FRA_PAD:
		return true;
	default:
		return false;
	}
}

/* "from all lookup local", main or default. */
static bool is_plain(struct nl_msg *m)
{
	const struct fib_rule_hdr *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *a;
	int left;

	if (h->action != FR_ACT_TO_TBL || h->src_len || h->dst_len || h->tos ||
	    h->flags & FIB_RULE_INVERT ||
	    (h->table != RT_TABLE_LOCAL && h->table != RT_TABLE_MAIN &&
	     h->table != RT_TABLE_DEFAULT))
		return false;
	nlmsg_for_each_attr(a, nlmsg_hdr(m), sizeof(*h), left) if (!is_plain_attr(a)) return false;
	return true;
}

static void on_rule(struct nl_msg *m, void *self)
{
	bool *any = self;

	*any = *any || !is_plain(m);
}

/* Not knowing is as if there were some: slower, and right. */
static bool any_rules(struct nl_sock *sk)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };
	bool any = false;

	for (size_t i = 0; i < 2; i++) {
		struct fib_rule_hdr h = { .family = families[i] };
		struct nl_msg *m = nlmsg_alloc_simple(RTM_GETRULE, NLM_F_DUMP);
		int r = m ? nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) : -ENOMEM;

		r = nlreq_run(sk, &(struct nlreq){
					  .m = m, .bad = r < 0, .valid = on_rule, .self = &any });
		if (r < 0 && r != -EAFNOSUPPORT && r != -EOPNOTSUPP)
			return true;
	}
	return any;
}

/* Subscribers' own routes come and go with their sessions, thousands a second. */
static bool is_subscriber(const struct nlmsghdr *h)
{
	const struct rtmsg *m = nlmsg_data(h);

	return (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) &&
	       nlmsg_valid_hdr(h, sizeof(*m)) && m->rtm_protocol == KERNEL_ROUTE_PROTO;
}

static bool is_rule(const struct nlmsghdr *h)
{
	return h->nlmsg_type == RTM_NEWRULE || h->nlmsg_type == RTM_DELRULE;
}

static void note(void *self, const struct nlmsghdr *h)
{
	struct routing_news *n = self;

	n->rules = n->rules || !h || is_rule(h);
	n->any = n->any || !h || !is_subscriber(h);
}

void routing_hear(const void *buf, size_t len, struct routing_news *n)
{
	nlreq_each(buf, len, note, n);
}

/* All there is, told as one. */
static void on_news(struct ev_loop *loop, ev_io *w, int revents)
{
	struct routing *r = w->data;
	struct routing_news n = { 0 };

	(void)loop;
	(void)revents;
	nlreq_hear(r->news, note, &n);
	if (n.rules)
		r->by_rules = any_rules(r->ask);
	if (n.any)
		r->tell(r->self, r->by_rules);
}

int routing_watch(struct loop *l, void (*tell)(void *self, bool by_rules), void *self,
		  struct routing **ret)
{
	struct routing *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->loop = loop_ev(l);
	r->tell = tell;
	r->self = self;
	r->news = nlreq_news(GROUPS);
	err = r->news < 0 ? r->news : nlreq_open(NETLINK_ROUTE, &r->ask);
	if (err < 0) {
		routing_free(r);
		return err;
	}
	ev_io_init(&r->io, on_news, r->news, EV_READ);
	r->io.data = r;
	ev_io_start(r->loop, &r->io);
	r->by_rules = any_rules(r->ask);
	tell(self, r->by_rules);
	*ret = r;
	return 0;
}

void routing_free(struct routing *r)
{
	if (!r)
		return;
	ev_io_stop(r->loop, &r->io);
	nlreq_close(r->ask);
	if (r->news >= 0)
		close(r->news);
	free(r);
}
