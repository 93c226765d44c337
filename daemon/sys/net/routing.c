/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/routing.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/rtnl.h"

struct routing {
	struct nl_sock *ask;
	struct follow *follow;
	struct follow_listener listener;
	struct routing_news heard;
	bool by_rules;
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

/* True for the default rules: "from all lookup" local, main or default. */
static bool routing_is_plain(struct nl_msg *m)
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

	*any = *any || !routing_is_plain(m);
}

/* If the rules cannot be read, true is returned: slower, but correct. */
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

/* Subscribers' routes change with their sessions, thousands per second, and affect no next hop. */
static bool is_subscriber(const struct nlmsghdr *h)
{
	const struct rtmsg *m = nlmsg_data(h);

	return (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) &&
	       nlmsg_valid_hdr(h, sizeof(*m)) && m->rtm_protocol == RTNL_ROUTE_PROTO;
}

static bool is_rule(const struct nlmsghdr *h)
{
	return h->nlmsg_type == RTM_NEWRULE || h->nlmsg_type == RTM_DELRULE;
}

void routing_note(void *news, const struct nlmsghdr *h)
{
	struct routing_news *n = news;

	n->rules = n->rules || !h || is_rule(h);
	n->any = n->any || !h || !is_subscriber(h);
}

static void routing_heard(void *self, const struct nlmsghdr *h)
{
	struct routing *r = self;

	routing_note(&r->heard, h);
}

/* Reports all queued notifications by one call. */
static void routing_heard_all(void *self)
{
	struct routing *r = self;
	struct routing_news n = r->heard;

	r->heard = (struct routing_news){ 0 };
	if (n.rules)
		r->by_rules = any_rules(r->ask);
	if (n.any)
		r->tell(r->self, r->by_rules);
}

int routing_watch(struct follow *f, void (*tell)(void *self, bool by_rules), void *self,
		  struct routing **ret)
{
	struct routing *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->follow = f;
	r->tell = tell;
	r->self = self;
	err = nlreq_open(NETLINK_ROUTE, &r->ask);
	if (err < 0) {
		routing_free(r);
		return err;
	}
	r->listener = (struct follow_listener){ .heard = routing_heard,
						.end = routing_heard_all,
						.self = r };
	follow_add(f, &r->listener);
	r->by_rules = any_rules(r->ask);
	tell(self, r->by_rules);
	*ret = r;
	return 0;
}

void routing_free(struct routing *r)
{
	if (!r)
		return;
	follow_del(r->follow, &r->listener);
	nlreq_close(r->ask);
	free(r);
}
