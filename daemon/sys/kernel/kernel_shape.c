/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/kernel_shape.h"

#include <errno.h>

#include "daemon/sys/net/rtnl.h"
#include "shaping/tc.h"

static int send_request(void *self, struct nl_msg *m)
{
	return rtnl_request(self, m);
}

int kernel_shaper_up(struct nl_sock *rtnl, struct kernel_session *s, const struct shape_plan *p)
{
	int r = p->down_bps ? tc_shape(s->ifindex, p, send_request, rtnl) :
			      tc_clear(s->ifindex, send_request, rtnl);

	if (!p->down_bps && r == -ENOENT) /* it has no shaper */
		return 0;
	if (r < 0)
		kernel_shaper_down(rtnl, s);
	return r;
}

void kernel_shaper_down(struct nl_sock *rtnl, struct kernel_session *s)
{
	tc_clear(s->ifindex, send_request, rtnl);
}
