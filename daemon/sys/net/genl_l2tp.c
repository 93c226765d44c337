/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/genl_l2tp.h"

#include <errno.h>
#include <netinet/in.h> /* before linux/l2tp.h, which defines the same otherwise */
#include <linux/l2tp.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/sys/net/nlreq.h"

#define GONE_POLLS 1000 /* of a millisecond each */

struct genl_l2tp {
	struct nl_sock *sk;
	int family;
};

int genl_l2tp_open(struct genl_l2tp **ret)
{
	struct genl_l2tp *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	r = nlreq_open(NETLINK_GENERIC, &g->sk);
	if (r == 0) {
		g->family = genl_ctrl_resolve(g->sk, L2TP_GENL_NAME);
		if (g->family < 0)
			r = -ENOENT;
	}
	if (r < 0) {
		genl_l2tp_close(g);
		return r;
	}
	*ret = g;
	return 0;
}

void genl_l2tp_close(struct genl_l2tp *g)
{
	if (!g)
		return;
	nlreq_close(g->sk);
	free(g);
}

static struct nl_msg *genl_l2tp_start(int family, uint8_t cmd)
{
	struct nl_msg *m = nlmsg_alloc();

	if (m && !genlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, cmd, L2TP_GENL_VERSION)) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static struct nl_msg *genl_l2tp_finish(struct nl_msg *m, bool bad)
{
	if (!bad)
		return m;
	nlmsg_free(m);
	return NULL;
}

struct nl_msg *genl_l2tp_build_tunnel(int family, const struct dp_tunnel *t, int fd)
{
	struct nl_msg *m = genl_l2tp_start(family, L2TP_CMD_TUNNEL_CREATE);

	if (!m)
		return NULL;
	return genl_l2tp_finish(
		m, nla_put_u32(m, L2TP_ATTR_CONN_ID, t->tid) < 0 ||
			   nla_put_u32(m, L2TP_ATTR_PEER_CONN_ID, t->peer_tid) < 0 ||
			   nla_put_u8(m, L2TP_ATTR_PROTO_VERSION, 2) < 0 ||
			   nla_put_u16(m, L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_UDP) < 0 ||
			   nla_put_u32(m, L2TP_ATTR_FD, (uint32_t)fd) < 0);
}

/* L2TP_ATTR_RECV_TIMEOUT is not set. With it, the kernel queues packets that follow a gap, and when
 * another packet arrives it drops all whose timeout has expired: a whole burst. Without it, only
 * the next few packets are dropped, until the kernel accepts that the peer has restarted its
 * sequence numbers. */

/* LNS mode is always set: without it the kernel enables and disables sequence numbers as the peer
 * does, but RFC 2661 5.4 leaves that to the LNS. */
struct nl_msg *genl_l2tp_build_session(int family, const struct dp_session *s)
{
	struct nl_msg *m = genl_l2tp_start(family, L2TP_CMD_SESSION_CREATE);
	uint8_t seq = s->sequencing;

	if (!m)
		return NULL;
	return genl_l2tp_finish(m, nla_put_u32(m, L2TP_ATTR_CONN_ID, s->tunnel.tid) < 0 ||
					   nla_put_u32(m, L2TP_ATTR_SESSION_ID, s->sid) < 0 ||
					   nla_put_u32(m, L2TP_ATTR_PEER_SESSION_ID, s->peer_sid) <
						   0 ||
					   nla_put_u16(m, L2TP_ATTR_PW_TYPE, L2TP_PWTYPE_PPP) < 0 ||
					   nla_put_u8(m, L2TP_ATTR_LNS_MODE, 1) < 0 ||
					   nla_put_u8(m, L2TP_ATTR_SEND_SEQ, seq) < 0 ||
					   nla_put_u8(m, L2TP_ATTR_RECV_SEQ, seq) < 0);
}

static struct nl_msg *build_id(int family, uint8_t cmd, uint16_t tid, uint16_t sid)
{
	struct nl_msg *m = genl_l2tp_start(family, cmd);

	if (!m)
		return NULL;
	return genl_l2tp_finish(m, nla_put_u32(m, L2TP_ATTR_CONN_ID, tid) < 0 ||
					   (sid && nla_put_u32(m, L2TP_ATTR_SESSION_ID, sid) < 0));
}

static int genl_l2tp_request(struct genl_l2tp *g, struct nl_msg *m)
{
	return nlreq_run(g->sk, &(struct nlreq){ .m = m, .moot = -EEXIST });
}

int genl_l2tp_tunnel_add(struct genl_l2tp *g, const struct dp_tunnel *t, int fd)
{
	return genl_l2tp_request(g, genl_l2tp_build_tunnel(g->family, t, fd));
}

int genl_l2tp_session_add(struct genl_l2tp *g, const struct dp_session *s)
{
	return genl_l2tp_request(g, genl_l2tp_build_session(g->family, s));
}

static void wait_gone(struct genl_l2tp *g, uint8_t get, uint16_t tid, uint16_t sid)
{
	for (int i = 0; i < GONE_POLLS; i++) {
		int r = genl_l2tp_request(g, build_id(g->family, get, tid, sid));

		if (r == -ENODEV || r == -ENOENT)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

void genl_l2tp_tunnel_del(struct genl_l2tp *g, uint16_t tid)
{
	genl_l2tp_request(g, build_id(g->family, L2TP_CMD_TUNNEL_DELETE, tid, 0));
	wait_gone(g, L2TP_CMD_TUNNEL_GET, tid, 0);
}

void genl_l2tp_session_del(struct genl_l2tp *g, uint16_t tid, uint16_t sid)
{
	genl_l2tp_request(g, build_id(g->family, L2TP_CMD_SESSION_DELETE, tid, sid));
	wait_gone(g, L2TP_CMD_SESSION_GET, tid, sid);
}
