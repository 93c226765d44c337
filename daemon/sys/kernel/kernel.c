/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real steps. Of a session: label, L2TP session, PPPoL2TP socket, channel, unit, interface,
 * ingress program. Of a family: link, address, route, source. Packets pass only after the network
 * protocol mode is set to pass.
 */
#include "daemon/sys/kernel/kernel.h"

#include <errno.h>
#include <net/if.h>
#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/sys/bpf/bpf_label.h"
#include "daemon/sys/bpf/gcra.h"
#include "daemon/sys/kernel/kernel_ingress.h"
#include "daemon/sys/kernel/kernel_shape.h"
#include "daemon/sys/kernel/pppox.h"
#include "daemon/sys/net/genl_l2tp.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/net/rtnl.h"
#include "daemon/sys/net/udp.h"
#include "daemon/sys/run/counts.h"

struct thread {
	struct kernel_shared *shared;
	struct genl_l2tp *l2tp;
	struct nl_sock *route;
};

static struct kernel_shared *shared_of(void *thread)
{
	return ((struct thread *)thread)->shared;
}

static struct kernel_ingress *ingress_of(void *thread)
{
	return &shared_of(thread)->ingress;
}

static void thread_free(void *thread)
{
	struct thread *t = thread;

	genl_l2tp_close(t->l2tp);
	nlreq_close(t->route);
	free(t);
}

static int thread_new(struct kernel_shared *shared, void **ret_thread)
{
	struct thread *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->shared = shared;
	r = genl_l2tp_open(&t->l2tp);
	if (r == 0)
		r = nlreq_open(NETLINK_ROUTE, &t->route);
	if (r < 0) {
		thread_free(t);
		return r;
	}
	*ret_thread = t;
	return 0;
}

static void close_fd(int fd)
{
	close(fd);
}

static int kernel_tunnel_up(void *thread, const struct kernel_tunnel *t)
{
	return genl_l2tp_tunnel_add(((struct thread *)thread)->l2tp, &t->t, t->fd);
}

static void kernel_tunnel_down(void *thread, const struct kernel_tunnel *t)
{
	genl_l2tp_tunnel_del(((struct thread *)thread)->l2tp, t->t.tid);
}

static int label_up(void *thread, struct kernel_session *s)
{
	const struct ze_addr *peer = &s->s.tunnel.path.peer;
	struct ze_label l = { .tid = s->label_tid,
			      .sid = s->label_sid,
			      .peer_port = peer->port,
			      .family = peer->family };

	if (!s->labelled)
		return 0;
	memcpy(l.peer, peer->ip, peer->family == 6 ? 16 : 4);
	return bpf_label_set(shared_of(thread)->labels, s->s.sid, &l);
}

static void label_down(void *thread, struct kernel_session *s)
{
	if (s->labelled)
		bpf_label_unset(shared_of(thread)->labels, s->s.sid);
}

static int kernel_session_up(void *thread, struct kernel_session *s)
{
	return genl_l2tp_session_add(((struct thread *)thread)->l2tp, &s->s);
}

/* Closing the PPPoL2TP socket has started the deletion; this also waits until it has completed. */
static void kernel_session_down(void *thread, struct kernel_session *s)
{
	genl_l2tp_session_del(((struct thread *)thread)->l2tp, s->s.tunnel.tid, s->s.sid);
}

static void shut(int *fd)
{
	close(*fd);
	*fd = -1;
}

static int socket_up(void *thread, struct kernel_session *s)
{
	(void)thread;
	return pppox_open(&s->s, s->tunnel_fd, &s->pppox);
}

static void socket_down(void *thread, struct kernel_session *s)
{
	(void)thread;
	shut(&s->pppox);
}

static int channel_up(void *thread, struct kernel_session *s)
{
	(void)thread;
	return pppox_channel_no(s->pppox, &s->chan_no);
}

static int attach_up(void *thread, struct kernel_session *s)
{
	(void)thread;
	return pppox_channel_open(s->chan_no, &s->chan);
}

static void attach_down(void *thread, struct kernel_session *s)
{
	(void)thread;
	shut(&s->chan);
}

static int unit_up(void *thread, struct kernel_session *s)
{
	(void)thread;
	return pppox_unit_open(&s->unit, &s->unit_no);
}

static void unit_down(void *thread, struct kernel_session *s)
{
	(void)thread;
	shut(&s->unit);
}

/* Drops the packets of both families until they are attached. */
static int quiet_up(void *thread, struct kernel_session *s)
{
	int r = pppox_npmode(s->unit, PPP_IPV4, false);

	(void)thread;
	if (r == 0)
		r = pppox_npmode(s->unit, PPP_IPV6, false);
	return r == -EAFNOSUPPORT || r == -EINVAL ? 0 : r; /* a kernel without IPv6 */
}

/* Like if_nametoindex(), which opens a socket for each call. */
static int link_up(void *thread, struct kernel_session *s)
{
	struct ifreq ifr = { 0 };

	snprintf(s->ifname, sizeof(s->ifname), "ppp%d", s->unit_no);
	memcpy(ifr.ifr_name, s->ifname, sizeof(ifr.ifr_name));
	if (ioctl(nl_socket_get_fd(((struct thread *)thread)->route), SIOCGIFINDEX, &ifr) < 0)
		return -errno;
	s->ifindex = ifr.ifr_ifindex;
	return 0;
}

static int ingress_up(void *thread, struct kernel_session *s)
{
	return kernel_ingress_up(ingress_of(thread), ((struct thread *)thread)->route, s);
}

static void ingress_down(void *thread, struct kernel_session *s)
{
	kernel_ingress_down(ingress_of(thread), s);
}

static int ingress_check(void *thread, struct kernel_session *s)
{
	return kernel_ingress_check(ingress_of(thread), ((struct thread *)thread)->route, s);
}

static int connect_up(void *thread, struct kernel_session *s)
{
	(void)thread;
	return pppox_connect_unit(s->chan, s->unit_no);
}

/* For what the kernel removes when the unit's descriptor is closed. */
static void nothing_down(void *thread, struct kernel_session *s)
{
	(void)thread;
	(void)s;
}

static int shaper_up(void *thread, struct kernel_session *s, const struct shape_plan *p)
{
	return kernel_shaper_up(((struct thread *)thread)->route, s, p);
}

static void shaper_down(void *thread, struct kernel_session *s)
{
	kernel_shaper_down(((struct thread *)thread)->route, s);
}

static int upload_up(void *thread, struct kernel_session *s, const struct shape_plan *p)
{
	return kernel_ingress_rate(ingress_of(thread), s, gcra_cost(p->up_bps));
}

static void upload_down(void *thread, struct kernel_session *s)
{
	kernel_ingress_rate(ingress_of(thread), s, 0);
}

/* The link is shared by both families: it is set up by the first one. */
static int fam_link_up(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	int r = 0;

	if (s->mtu != f->mtu)
		r = rtnl_link_up(((struct thread *)thread)->route, s->ifindex, f->mtu);
	if (r == 0)
		s->mtu = f->mtu;
	return r;
}

static void fam_link_down(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	(void)f;
	if (s->other_up)
		return;
	rtnl_link_down(((struct thread *)thread)->route, s->ifindex);
	s->mtu = 0;
}

static int fam_link_check(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	struct nl_sock *sk = ((struct thread *)thread)->route;
	struct ifreq q = { 0 };
	int r;

	(void)f;
	memcpy(q.ifr_name, s->ifname, sizeof(q.ifr_name));
	if (ioctl(nl_socket_get_fd(sk), SIOCGIFFLAGS, &q) < 0)
		return -errno;
	if (q.ifr_flags & IFF_UP)
		return 0;
	r = rtnl_link_up(sk, s->ifindex, s->mtu);
	return r < 0 ? r : 1;
}

static int fam_addr_up(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	return rtnl_addr(((struct thread *)thread)->route, s->ifindex, f, true);
}

static void fam_addr_down(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	rtnl_addr(((struct thread *)thread)->route, s->ifindex, f, false);
}

static int fam_addr_check(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	return rtnl_ensure(((struct thread *)thread)->route, rtnl_build_addr(s->ifindex, f, true));
}

static int fam_route_up(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	return rtnl_route(((struct thread *)thread)->route, s->ifindex, f, true);
}

static int fam_route_check(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	if (f->family != PPP_FAM_IPV4)
		return 0;
	return rtnl_ensure(((struct thread *)thread)->route, rtnl_build_route(s->ifindex, f, true));
}

static void fam_route_down(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	rtnl_route(((struct thread *)thread)->route, s->ifindex, f, false);
}

/* The steps of link and addresses are with_session: each removal would wait for an RCU grace period
 * with RTNL held, and closing the unit removes all of them at once. The route is removed by itself,
 * because the kernel does not notify FRR and BIRD of IPv4 routes that are removed with their
 * interface. */

static int fam_source_up(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	return kernel_ingress_source(ingress_of(thread), s, f, true);
}

static void fam_source_down(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	kernel_ingress_source(ingress_of(thread), s, f, false);
}

static struct rtnl_net kernel_net_of(const struct dp_route *r)
{
	return (struct rtnl_net){ .dst = r->dst, .metric = r->metric };
}

static int kernel_route(void *thread, struct kernel_session *s, const struct dp_route *r, bool add)
{
	const struct rtnl_net n = kernel_net_of(r);

	return rtnl_net(((struct thread *)thread)->route, s->ifindex, &n, add);
}

static int kernel_route_check(void *thread, struct kernel_session *s, const struct dp_route *r)
{
	const struct rtnl_net n = kernel_net_of(r);

	return rtnl_ensure(((struct thread *)thread)->route, rtnl_build_net(s->ifindex, &n, true));
}

static int kernel_route_source(void *thread, struct kernel_session *s, const struct ze_prefix *p,
			       bool add)
{
	return kernel_ingress_net(ingress_of(thread), s, p, add);
}

static int family_pass(void *thread, struct kernel_session *s, enum ppp_family family, bool pass)
{
	(void)thread;
	return pppox_npmode(s->unit, family == PPP_FAM_IPV4 ? PPP_IPV4 : PPP_IPV6, pass);
}

struct wanted {
	struct counts_row **rows; /* sorted by ifindex */
	size_t n;
};

static int by_ifindex(const void *a, const void *b)
{
	const struct counts_row *const *x = a, *const *y = b;

	return ((*x)->ifindex > (*y)->ifindex) - ((*x)->ifindex < (*y)->ifindex);
}

static void take_stats(void *self, int ifindex, const struct dp_stats *st)
{
	struct wanted *w = self;
	struct counts_row key = { .ifindex = ifindex }, *k = &key, **found;

	found = bsearch(&k, w->rows, w->n, sizeof(k), by_ifindex);
	if (!found)
		return;
	(*found)->st = *st;
	(*found)->have = true;
}

static int kernel_stats(void *thread, struct counts_row *rows, size_t n)
{
	struct wanted w = { .n = n };
	int r;

	w.rows = calloc(n, sizeof(*w.rows));
	if (!w.rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		w.rows[i] = &rows[i];
	qsort(w.rows, n, sizeof(*w.rows), by_ifindex);
	r = rtnl_stats(((struct thread *)thread)->route, take_stats, &w);
	free(w.rows);
	for (size_t i = 0; r == 0 && i < n; i++)
		kernel_ingress_read(ingress_of(thread), rows[i].ifindex, &rows[i].st);
	return r;
}

static int final(void *thread, const struct kernel_session *k, struct dp_stats *ret)
{
	struct dp_stats st = { 0 };
	int r = rtnl_link_stats(((struct thread *)thread)->route, k->ifindex, &st);

	if (r < 0)
		return r;
	kernel_ingress_read(ingress_of(thread), k->ifindex, &st);
	*ret = st;
	return 0;
}

static int kernel_pool(void *thread, const struct pool_routes *want, struct repair_result *res)
{
	return pool_routes_sync(((struct thread *)thread)->route, want, res);
}

const struct kernel_ops kernel_ops = {
	.thread_new = thread_new,
	.thread_free = thread_free,
	.enter = rtnl_enter,
	.leave = rtnl_leave,
	.socket = udp_connected_socket,
	.close = close_fd,
	.tunnel_up = kernel_tunnel_up,
	.tunnel_down = kernel_tunnel_down,
	.steps = {
		{ "label", label_up, label_down, false, NULL },
		{ "l2tp-session", kernel_session_up, kernel_session_down, false, NULL },
		{ "pppox-socket", socket_up, socket_down, false, NULL },
		{ "ppp-channel", channel_up, nothing_down, false, NULL },
		{ "ppp-attach", attach_up, attach_down, true, NULL },
		{ "ppp-unit", unit_up, unit_down, true, NULL },
		{ "np-mode", quiet_up, nothing_down, true, NULL },
		{ "interface", link_up, nothing_down, true, NULL },
		{ "ingress", ingress_up, ingress_down, true, ingress_check },
		{ "ppp-connect", connect_up, nothing_down, true, NULL },
	},
	.shape_steps = {
		{ "download-shaper", shaper_up, shaper_down, true },
		{ "upload-rate", upload_up, upload_down, true },
	},
	.family_steps = {
		{ "link", fam_link_up, fam_link_down, true, fam_link_check },
		{ "address", fam_addr_up, fam_addr_down, true, fam_addr_check },
		{ "route", fam_route_up, fam_route_down, false, fam_route_check },
		{ "source", fam_source_up, fam_source_down, true, NULL },
	},
	.route = kernel_route,
	.route_check = kernel_route_check,
	.route_source = kernel_route_source,
	.pass = family_pass,
	.pool = kernel_pool,
	.stats = kernel_stats,
	.final = final,
};

bool kernel_tunnels_share_path(void)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 11);
}
