/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/guard_null.h"

static void limits(void *self, const struct guard_limits *l)
{
	(void)self;
	(void)l;
}

static void tunnel_known(void *self, const struct dp_tunnel *t)
{
	(void)self;
	(void)t;
}

static void tunnel_gone(void *self, uint16_t tid)
{
	(void)self;
	(void)tid;
}

static void session(void *self, uint16_t tid, uint16_t sid, enum guard_session what)
{
	(void)self;
	(void)tid;
	(void)sid;
	(void)what;
}

static void peer_established(void *self, const struct ze_addr *peer, bool established)
{
	(void)self;
	(void)peer;
	(void)established;
}

const struct guard_ops guard_null_ops = {
	.limits = limits,
	.tunnel_known = tunnel_known,
	.tunnel_gone = tunnel_gone,
	.session = session,
	.peer_established = peer_established,
};
