/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/xdp_links.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>

#include "daemon/sys/net/news.h"
#include "daemon/sys/net/nlreq.h"

struct dump {
	xdp_links_each *each;
	void *self;
};

static void xdp_links_on_link(struct nl_msg *m, void *self)
{
	const struct dump *d = self;
	struct xdp_link l = { 0 };
	struct news n = { 0 };

	if (!news_parse(nlmsg_hdr(m), &n) || n.kind != NEWS_LINK || !(n.native_id || n.generic_id))
		return;
	memcpy(l.name, n.name, sizeof(l.name));
	l.ifindex = n.ifindex;
	l.native = n.native_id;
	l.generic = n.generic_id;
	d->each(d->self, &l);
}

int xdp_links(xdp_links_each *each, void *self)
{
	struct ifinfomsg h = { .ifi_family = AF_UNSPEC };
	struct dump d = { each, self };
	struct nl_sock *sk;
	struct nl_msg *m;
	int r = nlreq_open(NETLINK_ROUTE, &sk);

	if (r < 0)
		return r;
	m = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);
	r = nlreq_run(sk, &(struct nlreq){ .m = m,
					   .bad = m &&
						  nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0,
					   .valid = xdp_links_on_link,
					   .self = &d });
	nlreq_close(sk);
	return r;
}
