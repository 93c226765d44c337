/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/xdp_links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "daemon/sys/net/nlreq.h"

struct dump {
	xdp_links_each *each;
	void *self;
};

static uint32_t id_in(const struct nlattr *xdp, int type)
{
	const struct nlattr *a = nla_find(nla_data(xdp), nla_len(xdp), type);

	return a ? nla_get_u32(a) : 0;
}

static uint8_t mode_in(const struct nlattr *xdp)
{
	const struct nlattr *a = nla_find(nla_data(xdp), nla_len(xdp), IFLA_XDP_ATTACHED);

	return a ? nla_get_u8(a) : XDP_ATTACHED_NONE;
}

/* The kernel always adds the attribute of the mode, also when there is only one program. */
static void xdp_links_on_link(struct nl_msg *m, void *self)
{
	const struct dump *d = self;
	const struct ifinfomsg *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *xdp = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), IFLA_XDP);
	struct nlattr *name = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), IFLA_IFNAME);
	struct xdp_link l = { .ifindex = (unsigned)h->ifi_index };

	if (!xdp || !name || mode_in(xdp) == XDP_ATTACHED_NONE)
		return;
	nla_strlcpy(l.name, name, sizeof(l.name));
	l.native = id_in(xdp, IFLA_XDP_DRV_PROG_ID);
	l.generic = id_in(xdp, IFLA_XDP_SKB_PROG_ID);
	if (l.native || l.generic)
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
