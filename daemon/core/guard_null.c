/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/guard_null.h"

static void guard_null_limits(void *self, const struct guard_limits *l)
{
	(void)self;
	(void)l;
}

static void guard_null_tunnel_known(void *self, const struct dp_tunnel *t)
{
	(void)self;
	(void)t;
}

static void guard_null_tunnel_gone(void *self, uint16_t tid)
{
	(void)self;
	(void)tid;
}

static void guard_null_session(void *self, uint16_t tid, uint16_t sid, enum guard_session what)
{
	(void)self;
	(void)tid;
	(void)sid;
	(void)what;
}

static void guard_null_peer_established(void *self, const struct ze_addr *peer, bool established)
{
	(void)self;
	(void)peer;
	(void)established;
}

const struct guard_ops guard_null_ops = {
	.limits = guard_null_limits,
	.tunnel_known = guard_null_tunnel_known,
	.tunnel_gone = guard_null_tunnel_gone,
	.session = guard_null_session,
	.peer_established = guard_null_peer_established,
};
