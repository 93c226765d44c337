/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/vrf.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include "daemon/base/log.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/nlreq.h"

#define CURE "ip link set INTERFACE nomaster: ze uses the main routing table only"

void vrf_tell(const char *name, bool in_vrf)
{
	if (in_vrf)
		log_kv(LOG_DP, LOG_ERROR, "port-in-vrf", KV_STR("interface", name),
		       KV_STR("effect", "LACs and hosts behind it get no answer"),
		       KV_STR("cure", CURE));
	else
		log_kv(LOG_DP, LOG_INFO, "port-out-of-vrf", KV_STR("interface", name));
}

static void vrf_on_link(struct nl_msg *m, void *self)
{
	struct news *n = self;

	news_parse(nlmsg_hdr(m), n);
}

int vrf_check(unsigned ifindex)
{
	struct ifinfomsg h = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };
	struct news n = { .ifindex = 0 };
	struct nl_sock *sk;
	struct nl_msg *m;
	int r = nlreq_open(NETLINK_ROUTE, &sk);

	if (r < 0)
		return r;
	m = nlmsg_alloc_simple(RTM_GETLINK, 0);
	r = nlreq_run(sk, &(struct nlreq){ .m = m,
					   .bad = m &&
						  nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0,
					   .valid = vrf_on_link,
					   .self = &n });
	nlreq_close(sk);
	if (r < 0 || !n.in_vrf)
		return r;
	log_kv(LOG_DP, LOG_ERROR, "port-in-vrf", KV_STR("interface", n.name),
	       KV_STR("effect", "not started"), KV_STR("cure", CURE));
	return -EOPNOTSUPP;
}
