/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sessions of the BPF plane. Their jobs (dp_jobs.h) run on one worker thread, because routes
 * wait for RTNL. What a job works on (`v` and the families) belongs to the jobs, the rest to the
 * reactor.
 *
 * Order for a family: the address and the route on ze0 first, then the maps, so that nothing is
 * forwarded for which the stack would not answer. Its packets pass when the reactor opens it, by
 * one bit in each direction, without a job.
 */
#include "daemon/sys/bpf/dp_bpf.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/parse.h"
#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/core/engine.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/dp_bpf_priv.h"
#include "daemon/sys/bpf/gcra.h"
#include "daemon/sys/bpf/vlans.h"
#include "daemon/sys/bpf/ze0.h"
#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/portwatch.h"
#include "daemon/sys/net/routing.h"
#include "daemon/sys/net/rtnl.h"
#include "daemon/sys/net/udp.h"
#include "daemon/sys/run/loop.h"

#define PORTS_MAX 64
#define FRAME_MAX 2048
#define PPP_LCP	  0xc021

static struct dp_bpf_session *dp_bpf_session_of(struct dp_jobs_session *s)
{
	return ze_container_of(s, struct dp_bpf_session, jobs);
}

/* ---- on the worker ---- */

static int dp_bpf_run_up(struct dp_jobs_session *js, void *thread)
{
	struct dp_bpf_session *s = dp_bpf_session_of(js);
	int r;

	(void)thread;
	bpf_dp_reset(s->d->maps, js->sid);
	r = dp_bpf_path(s)->scope ? bpf_dp_serve_links(s->d->maps) : 0;
	if (r == 0)
		r = bpf_dp_session_put(s->d->maps, &s->key, NULL, &s->v);
	if (r < 0)
		bpf_dp_session_drop(s->d->maps, &s->key, &s->v);
	return r;
}

void dp_bpf_set_family(struct ze_session *v, const struct dp_family *f, bool on)
{
	uint32_t ip4 = on && f->family == PPP_FAM_IPV4 ? htonl(f->peer4) : 0;
	uint64_t ifid = on && f->family == PPP_FAM_IPV6 ? f->peer_ifid : 0;

	if (f->family == PPP_FAM_IPV4)
		memcpy(v->ip4, &ip4, sizeof(v->ip4));
	else
		for (int i = 0; i < 8; i++)
			v->ifid[i] = (uint8_t)(ifid >> (56 - 8 * i));
	if (on)
		v->mtu = f->mtu;
}

/* The route stays if another session has the address now. */
static void route_drop(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f)
{
	if (!bpf_dp_host4_taken(s->d->maps, htonl(f->peer4), &s->key))
		rtnl_route(sk, (int)s->d->conf.ze0, f, false);
}

/* Creates everything or nothing. Returns 1 when the route is missing, see dp_bpf_route_up(). */
static int stack_up(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f)
{
	bool v6 = f->family == PPP_FAM_IPV6;
	int r = v6 ? dp_bpf_ifid_add(s, sk, f) : dp_bpf_gateway(s->d, sk, f);

	if (r < 0)
		return r;
	r = v6 ? dp_bpf_route6_up(s, sk, f) : dp_bpf_route_up(s->d, sk, f);
	if (r < 0 && v6)
		dp_bpf_ifid_del(s, sk, f);
	else if (r < 0)
		route_drop(s, sk, f);
	return r;
}

static void dp_bpf_undo_family(struct dp_bpf_session *s, enum ppp_family family, struct nl_sock *sk)
{
	struct ze_session v = s->v;

	if (!s->on[family])
		return;
	dp_bpf_set_family(&v, &s->f[family], false);
	bpf_dp_session_put(s->d->maps, &s->key, &s->v, &v);
	s->v = v;
	s->on[family] = false;
	if (family == PPP_FAM_IPV4) {
		dp_bpf_route_del(s);
		route_drop(s, sk, &s->f[family]);
	} else {
		dp_bpf_route6_down(s, sk);
		dp_bpf_ifid_del(s, sk, &s->f[family]);
	}
}

void dp_bpf_set_rates(struct ze_session *v, const struct shape_plan *p)
{
	v->up_cost = gcra_cost(p->up_bps);
	v->down_cost = gcra_cost(p->down_bps);
}

static int dp_bpf_run_shape(struct dp_jobs_session *js, struct dp_jobs_request *rq, void *thread)
{
	struct dp_bpf_session *s = dp_bpf_session_of(js);
	struct ze_session v = s->v;
	int r;

	(void)thread;
	dp_bpf_set_rates(&v, &rq->plan);
	r = bpf_dp_session_change(s->d->maps, &s->key, &v);
	if (r == 0)
		s->v = v;
	return r;
}

/* Returns 1 when the family is up without its route, see dp_bpf_route_up(). */
static int dp_bpf_run_family_up(struct dp_jobs_session *js, struct dp_jobs_request *rq,
				void *thread)
{
	struct dp_bpf_session *s = dp_bpf_session_of(js);
	const struct dp_family *f = &rq->family;
	struct ze_session v;
	int no_route, r;

	dp_bpf_undo_family(s, f->family, thread);
	no_route = stack_up(s, thread, f);
	if (no_route < 0)
		return no_route;
	v = s->v;
	dp_bpf_set_family(&v, f, true);
	r = bpf_dp_session_put(s->d->maps, &s->key, &s->v, &v);
	s->v = v;
	s->f[f->family] = *f;
	if (r == 0 && f->family == PPP_FAM_IPV4)
		r = dp_bpf_route_add(s);
	s->on[f->family] = true;
	if (r < 0)
		dp_bpf_undo_family(s, f->family, thread);
	if (r == 0)
		dp_bpf_nets_again(s, f->family, thread);
	return r < 0 ? r : no_route;
}

static int dp_bpf_run_route(struct dp_jobs_session *js, struct dp_jobs_request *rq, void *thread)
{
	return dp_bpf_net_set(dp_bpf_session_of(js), &rq->route, thread);
}

static void dp_bpf_run_family_down(struct dp_jobs_session *js, enum ppp_family family, void *thread)
{
	dp_bpf_nets_del(dp_bpf_session_of(js), family, thread);
	dp_bpf_undo_family(dp_bpf_session_of(js), family, thread);
}

static void dp_bpf_run_down(struct dp_jobs_session *js, void *thread)
{
	struct dp_bpf_session *s = dp_bpf_session_of(js);

	for (unsigned f = 0; f < PPP_FAM__COUNT; f++) {
		dp_bpf_nets_del(s, (enum ppp_family)f, thread);
		dp_bpf_undo_family(s, (enum ppp_family)f, thread);
	}
	bpf_dp_session_drop(s->d->maps, &s->key, &s->v);
}

/* ---- sessions ---- */

struct dp_bpf_session *dp_bpf_session_find(struct dp_bpf *d, uint16_t sid)
{
	struct dp_jobs_session *s = dp_jobs_find(&d->jobs, sid);

	return s ? dp_bpf_session_of(s) : NULL;
}

static struct dp_bpf_session *dp_bpf_session_find_up(struct dp_bpf *d, uint16_t sid)
{
	struct dp_jobs_session *s = dp_jobs_find_up(&d->jobs, sid);

	return s ? dp_bpf_session_of(s) : NULL;
}

const struct ze_tunnel *dp_bpf_path(const struct dp_bpf_session *s)
{
	return bpf_dp_path(s->d->maps, s->key.tid);
}

/* Stores the endpoints of a tunnel in the maps, their only place in this plane. */
static void put_path(struct dp_bpf *d, const struct dp_tunnel *t)
{
	const struct net_path *p = &t->path;
	struct ze_tunnel v = {
		.local_port = p->local.port,
		.peer_port = p->peer.port,
		.peer_tid = t->peer_tid,
		.family = p->peer.family,
		.scope = p->peer.scope,
	};

	memcpy(v.local, p->local.ip, sizeof(v.local));
	memcpy(v.peer, p->peer.ip, sizeof(v.peer));
	bpf_dp_path_put(d->maps, t->tid, &v);
}

static struct net_path dp_bpf_path_of(const struct ze_tunnel *t)
{
	struct net_path p = {
		.local = { .family = t->family, .port = t->local_port, .scope = t->scope },
		.peer = { .family = t->family, .port = t->peer_port, .scope = t->scope },
	};

	memcpy(p.local.ip, t->local, sizeof(p.local.ip));
	memcpy(p.peer.ip, t->peer, sizeof(p.peer.ip));
	return p;
}

struct dp_bpf_session *dp_bpf_session_new(struct dp_bpf *d, const struct dp_session *what)
{
	struct dp_bpf_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->d = d;
	s->key = (struct ze_sess_key){ .tid = what->tunnel.tid, .sid = what->sid };
	s->v.peer_sid = what->peer_sid;
	s->v.flags = what->sequencing ? ZE_SESS_SEQ : 0;
	if (dp_jobs_add(&d->jobs, &s->jobs, what->sid) < 0) {
		free(s);
		return NULL;
	}
	put_path(d, &what->tunnel);
	return s;
}

static int dp_bpf_session_up(void *self, const struct dp_session *what)
{
	struct dp_bpf *d = self;
	struct dp_bpf_session *s;

	if (dp_jobs_find(&d->jobs, what->sid))
		return -EEXIST;
	s = dp_bpf_session_new(d, what);
	if (!s)
		return -ENOMEM;
	dp_jobs_start(&s->jobs);
	return 0;
}

static void dp_bpf_session_free(struct dp_jobs_session *js)
{
	struct dp_bpf_session *s = dp_bpf_session_of(js);

	dp_bpf_route_del(s);
	dp_bpf_route6_down(s, NULL);
	dp_bpf_nets_forget(s);
	dp_bpf_link_forget(s);
	free(s);
}

static void dp_bpf_family_open(void *self, uint16_t sid, enum ppp_family family, bool open)
{
	struct dp_bpf_session *s = dp_bpf_session_find_up(self, sid);

	if (s)
		bpf_dp_open_family(s->d->maps, sid, family == PPP_FAM_IPV6, open);
}

static void dp_bpf_family_closing(struct dp_jobs_session *js, enum ppp_family family)
{
	bpf_dp_open_family(dp_bpf_session_of(js)->d->maps, js->sid, family == PPP_FAM_IPV6, false);
}

static void dp_bpf_closing(struct dp_jobs_session *js)
{
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		dp_bpf_family_closing(js, (enum ppp_family)f);
}

/* ---- frames, counters ---- */

/* Sends a PPP frame as a data message; Ns is from the same sequence as those of the programs. */
static int dp_bpf_ppp_send(void *self, uint16_t sid, struct span frame)
{
	struct dp_bpf *d = self;
	struct dp_bpf_session *s = dp_bpf_session_find_up(d, sid);
	bool lcp = frame.len >= 4 && frame.p[2] == PPP_LCP >> 8 && frame.p[3] == (PPP_LCP & 0xff);
	uint8_t buf[FRAME_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct net_path path;
	bool seq;

	if (!s)
		return -ENOTCONN;
	path = dp_bpf_path_of(dp_bpf_path(s));
	seq = s->v.flags & ZE_SESS_SEQ;
	wr_u16(&w, (uint16_t)(2 | (lcp ? ZE_L2TP_P : 0) | (seq ? ZE_L2TP_S : 0)));
	wr_u16(&w, dp_bpf_path(s)->peer_tid);
	wr_u16(&w, s->v.peer_sid);
	if (seq) {
		wr_u16(&w, bpf_dp_number(d->maps, sid));
		wr_u16(&w, 0);
	}
	wr_span(&w, frame);
	if (w.bad)
		return -EMSGSIZE;
	return udp_net_ops.send(d->udp, &path, span_of(buf, wr_len(&w)));
}

#define TTL_UDP (64 << 8 | IPPROTO_UDP)

/* The checksum of the IPv4 header that put_outer() writes. */
static uint16_t outer_sum(const struct ze_tunnel *t, uint16_t len)
{
	uint32_t sum = 0x4500u + len + TTL_UDP;

	for (int i = 0; i < 4; i += 2) {
		sum += (uint32_t)(t->peer[i] << 8 | t->peer[i + 1]);
		sum += (uint32_t)(t->local[i] << 8 | t->local[i + 1]);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* Writes the frame's headers from Ethernet to L2TP, as if the datagram had arrived in one piece. */
static void put_outer(struct wr *w, const struct dp_bpf_session *s, size_t frame_len)
{
	uint16_t udp_len = (uint16_t)(8 + 6 + frame_len);
	uint16_t len = (uint16_t)(20 + udp_len);
	const struct ze_tunnel *t = dp_bpf_path(s);
	bool v6 = t->family == 6;

	wr_zero(w, 12);
	wr_u16(w, v6 ? ETH_P_IPV6 : ETH_P_IP);
	if (v6) {
		wr_u32(w, 0x60000000);
		wr_u16(w, udp_len);
		wr_u16(w, (uint16_t)(IPPROTO_UDP << 8 | 64));
	} else {
		wr_u16(w, 0x4500);
		wr_u16(w, len);
		wr_u32(w, 0);
		wr_u16(w, TTL_UDP);
		wr_u16(w, outer_sum(t, len));
	}
	wr_bytes(w, t->peer, v6 ? 16 : 4);
	wr_bytes(w, t->local, v6 ? 16 : 4);
	wr_u16(w, t->peer_port);
	wr_u16(w, t->local_port);
	wr_u16(w, udp_len);
	wr_u16(w, 0);
	wr_u16(w, 2);
	wr_u16(w, s->key.tid);
	wr_u16(w, s->key.sid);
}

static void inject(void *self, uint16_t sid, struct span frame)
{
	struct dp_bpf *d = self;
	struct dp_bpf_session *s = dp_bpf_session_find_up(d, sid);
	uint8_t buf[FRAME_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t len;

	if (!s)
		return;
	put_outer(&w, s, frame.len);
	wr_span(&w, frame);
	len = wr_len(&w);
	/* Refused packets have been counted. Sending can only fail because the queue of the socket
	 * is full. */
	if (!w.bad && bpf_dp_inject(d->maps, buf, sizeof(buf), &len) == 0 &&
	    send(d->raw, buf, len, MSG_DONTWAIT) < 0)
		log_kv(LOG_DP, LOG_DEBUG, "inject-failed", KV_ERRNO(-errno));
}

static int dp_bpf_stats(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret, ze_ns *ret_as_of)
{
	struct dp_bpf *d = self;

	if (!dp_jobs_find_up(&d->jobs, sid))
		return -ENOTCONN;
	*ret = bpf_counts_of(d->counts.hot, sid);
	*ret_as_of = now;
	return 0;
}

static struct dp_totals dp_bpf_totals(void *self, ze_ns now)
{
	struct dp_bpf *d = self;

	return bpf_counts_totals(&d->counts, now);
}

static void dp_bpf_show(void *self, struct json *j)
{
	struct dp_bpf *d = self;

	json_kstr(j, "xdp-mode", bpf_dp_mode(d->maps));
	json_kstr(j, "interface", ZE0);
	json_ku64(j, "sessions", d->jobs.sessions.n);
	json_ku64(j, "sessions-max", ZE_SIDS);
	bpf_dp_show(d->maps, j);
	portwatch_show(d->ports, j);
	dp_bpf_repair_show(d, j);
}

static void dp_bpf_answer(struct dp_jobs_session *js, const struct dp_jobs_request *rq,
			  struct dp_event *ev)
{
	struct dp_bpf *d = dp_bpf_session_of(js)->d;

	if (ev->kind == DP_EV_GONE) {
		/* No packet is counted any more, and the counters are those of this session until
		 * its id is released. */
		ev->counted = true;
		ev->final = bpf_counts_of(d->counts.hot, js->sid);
	} else if (ev->kind == DP_EV_FAMILY_UP && ev->result > 0) {
		ev->result = 0;
		dp_bpf_repair_route(d, rq->family.peer4);
	}
}

static void dp_bpf_emit(struct dp_jobs *jobs, const struct dp_event *ev)
{
	struct dp_bpf *d = ze_container_of(jobs, struct dp_bpf, jobs);
	struct engine *e = loop_engine(d->loop);

	if (e)
		engine_dp_event(e, ev, loop_now(d->loop));
}

static const struct dp_jobs_ops dp_bpf_jobs = {
	.up = dp_bpf_run_up,
	.shape = dp_bpf_run_shape,
	.family_up = dp_bpf_run_family_up,
	.route = dp_bpf_run_route,
	.family_down = dp_bpf_run_family_down,
	.down = dp_bpf_run_down,
	.family_closing = dp_bpf_family_closing,
	.closing = dp_bpf_closing,
	.answer = dp_bpf_answer,
	.free = dp_bpf_session_free,
	.emit = dp_bpf_emit,
};

_Static_assert(offsetof(struct dp_bpf, jobs) == 0, "see dp_jobs.h");

const struct dataplane_ops dp_bpf_ops = {
	.name = "bpf",
	.session_up = dp_bpf_session_up,
	.shape = dp_jobs_shape,
	.family_up = dp_jobs_family_up,
	.family_open = dp_bpf_family_open,
	.route = dp_jobs_route,
	.family_down = dp_jobs_family_down,
	.session_down = dp_jobs_session_down,
	.ppp_send = dp_bpf_ppp_send,
	.inject = inject,
	.stats = dp_bpf_stats,
	.totals = dp_bpf_totals,
	.show = dp_bpf_show,
	.session_restore = dp_bpf_restart_session,
	.restore_done = dp_bpf_restart_done,
	.pools = dp_bpf_set_pools,
};

/* ---- set-up and removal ---- */

static void dp_bpf_on_wake(struct ev_loop *ev, ev_async *w, int revents)
{
	struct dp_bpf *d = w->data;

	(void)ev;
	(void)revents;
	kworker_reap(d->jobs.worker);
	loop_turn_done(d->loop);
}

static void dp_bpf_worker_notify(void *self)
{
	struct dp_bpf *d = self;

	ev_async_send(loop_ev(d->loop), &d->wake);
}

static int dp_bpf_worker_new(void *self, void **ret_thread)
{
	struct nl_sock *sk;
	int r = nlreq_open(NETLINK_ROUTE, &sk);

	(void)self;
	if (r == 0)
		*ret_thread = sk;
	return r;
}

static void dp_bpf_worker_free(void *self, void *thread)
{
	(void)self;
	nlreq_close(thread);
}

static int dp_bpf_add_port(struct bpf_dp_args *b, struct bpf_dp_port *ports, const char *name,
			   enum bpf_dp_prog prog)
{
	unsigned ifindex = if_nametoindex(name);

	if (!ifindex || b->n_ports == PORTS_MAX) {
		log_kv(LOG_DP, LOG_ERROR, "interface-refused", KV_STR("interface", name),
		       KV_STR("why", ifindex ? "too many interfaces" : "it does not exist"));
		return ifindex ? -E2BIG : -ENODEV;
	}
	for (size_t i = 0; i < b->n_ports; i++)
		if (ports[i].ifindex == ifindex)
			return 0;
	ports[b->n_ports++] = (struct bpf_dp_port){ ifindex, prog };
	return 0;
}

/* Adds the interfaces of the configuration. */
static int dp_bpf_add_ports(struct bpf_dp_args *b, struct bpf_dp_port *ports,
			    const struct dp_bpf_args *a)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n_uplink; i++)
		r = dp_bpf_add_port(b, ports, a->uplink[i], BPF_DP_UPLINK);
	for (size_t i = 0; r == 0 && i < a->n_core; i++)
		r = dp_bpf_add_port(b, ports, a->core[i], BPF_DP_CORE);
	return r;
}

static int open_maps(struct dp_bpf *d, const struct dp_bpf_args *a, bool restart)
{
	struct bpf_dp_port ports[PORTS_MAX];
	struct bpf_dp_args b = { .conf = d->conf,
				 .ports = ports,
				 .listeners = a->listeners,
				 .n_listeners = a->n_listeners,
				 .mode = a->mode,
				 .pins = a->pins,
				 .outer_df = a->outer_df,
				 .restart = restart };
	int r = dp_bpf_add_ports(&b, ports, a);

	if (r == 0)
		r = dp_bpf_add_port(&b, ports, ZE0P, BPF_DP_SLOW);
	if (r == 0)
		r = dp_bpf_add_port(&b, ports, ZE0, BPF_DP_ACCEPT);
	return r < 0 ? r : bpf_dp_open(&b, &d->maps);
}

static int open_raw(struct dp_bpf *d)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)d->conf.ze0p };

	d->raw = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (d->raw < 0)
		return -errno;
	return bind(d->raw, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

static void close_raw(struct dp_bpf *d)
{
	if (d->raw >= 0)
		close(d->raw);
	d->raw = -1;
}

void dp_bpf_reopen_raw(struct dp_bpf *d)
{
	int r;

	close_raw(d);
	r = open_raw(d);
	if (r < 0)
		log_kv(LOG_DP, LOG_ERROR, "raw-socket-failed", KV_STR("interface", ZE0P),
		       KV_ERRNO(r), KV_STR("effect", "packets that arrive in fragments are lost"));
}

static void on_routing(void *self, bool by_rules)
{
	struct dp_bpf *d = self;
	int r = bpf_dp_routing(d->maps, by_rules);

	log_kv(LOG_DP, r < 0 ? LOG_ERROR : LOG_DEBUG, "next-hops-flushed",
	       KV_STR("rules", by_rules ? "yes" : "no"), KV_ERRNO(r));
}

/* Adopts what the previous instance left. Returns NULL, or the reason why it cannot; then nothing
 * is open. */
static const char *restart_maps(struct dp_bpf *d, const struct dp_bpf_args *a,
				const struct bpf_dp_args *b)
{
	struct ze_conf was;

	bpf_dp_repin(a->pins, b->ports, b->n_ports);
	bpf_dp_repin(a->pins, &(struct bpf_dp_port){ .ifindex = if_nametoindex(ZE0P) }, 1);
	if (bpf_names_about(a->pins, &was) < 0)
		return "no maps are pinned";
	if (!bpf_names_restorable(was.abi))
		return "the maps have another layout";
	if (ze0_restart(d->rtnl, &was, &d->conf) < 0)
		return "ze0 was deleted or replaced";
	if (dp_bpf_previous_new(d) < 0)
		return "addresses and routes of ze0 cannot be read";
	if (open_raw(d) == 0 && open_maps(d, a, true) == 0) {
		d->restarted = true;
		return NULL;
	}
	dp_bpf_previous_free(d);
	close_raw(d);
	return "the maps or programs cannot be used";
}

static int start_clean(struct dp_bpf *d, const struct dp_bpf_args *a)
{
	int r;

	if (a->pins)
		bpf_common_sweep(a->pins); /* an error has been logged and may be harmless */
	r = ze0_create(d->rtnl, &d->conf);
	if (r < 0) {
		log_kv(LOG_DP, LOG_ERROR, "device-failed", KV_STR("interface", "ze0"), KV_ERRNO(r));
		return r;
	}
	r = open_raw(d);
	return r < 0 ? r : open_maps(d, a, false);
}

static int dp_bpf_watch(struct dp_bpf *d, const struct dp_bpf_args *a)
{
	int r = follow_new(d->loop, ROUTING_GROUPS | RTMGRP_TC, &d->follow);

	if (r == 0)
		r = routing_watch(d->follow, on_routing, d, &d->routing);
	if (r == 0)
		r = kworker_new(&(struct kworker_args){ .threads = 1,
							.thread_new = dp_bpf_worker_new,
							.thread_free = dp_bpf_worker_free,
							.notify = dp_bpf_worker_notify,
							.self = d },
				&d->jobs.worker);
	if (r == 0)
		bpf_counts_init(&d->counts, bpf_dp_hot(d->maps), d->jobs.worker);
	if (r == 0)
		r = vlans_watch(&(struct vlans_args){ .follow = d->follow,
						      .worker = d->jobs.worker,
						      .maps = d->maps },
				&d->vlans);
	if (r == 0)
		r = portwatch_new(&(struct portwatch_args){ .loop = d->loop,
							    .follow = d->follow,
							    .uplink = a->uplink,
							    .n_uplink = a->n_uplink,
							    .core = a->core,
							    .n_core = a->n_core },
				  &d->ports);
	return r < 0 ? r : dp_bpf_repair_new(d);
}

static int dp_bpf_start(struct dp_bpf *d, const struct dp_bpf_args *a)
{
	struct bpf_dp_port ports[PORTS_MAX];
	struct bpf_dp_args b = { .ports = ports };
	/* A missing interface, or one with the program of another owner, is found before forwarding
	 * is touched. */
	int r = dp_bpf_add_ports(&b, ports, a);
	const char *why;

	for (size_t i = 0; r == 0 && i < b.n_ports; i++)
		r = bpf_common_check(a->pins, ports[i].ifindex);
	if (r == 0)
		r = nlreq_open(NETLINK_ROUTE, &d->rtnl);
	if (r < 0)
		return r;
	why = a->restart ? restart_maps(d, a, &b) : NULL;
	if (why)
		log_kv(LOG_DP, LOG_WARN, "restart-clean", KV_STR("why", why));
	if (!d->restarted)
		r = start_clean(d, a);
	return r < 0 ? r : dp_bpf_watch(d, a);
}

int dp_bpf_new(const struct dp_bpf_args *a, struct dp_bpf **ret)
{
	struct dp_bpf *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->jobs.ops = &dp_bpf_jobs;
	d->loop = a->loop;
	d->udp = a->udp;
	d->raw = -1;
	kworker_seq_init(&d->pool.seq);
	ev_async_init(&d->wake, dp_bpf_on_wake);
	d->wake.data = d;
	ev_async_start(loop_ev(d->loop), &d->wake);
	r = dp_bpf_start(d, a);
	if (r < 0)
		dp_bpf_free(d);
	else
		*ret = d;
	return r;
}

struct bpf_guard *dp_bpf_guard(const struct dp_bpf *d)
{
	return bpf_dp_guard(d->maps);
}

bool dp_bpf_restarted(const struct dp_bpf *d)
{
	return d->restarted;
}

void dp_bpf_outer_df(struct dp_bpf *d, bool on)
{
	int r = bpf_dp_outer_df(d->maps, on);

	if (r < 0)
		log_kv(LOG_DP, LOG_ERROR, "outer-df-failed", KV_ERRNO(r));
}

unsigned dp_bpf_pins_missing(const struct dp_bpf *d)
{
	return bpf_dp_pins_missing(d->maps);
}

int dp_bpf_pins_restore(struct dp_bpf *d)
{
	return bpf_dp_pins_restore(d->maps);
}

/* Frees memory and descriptors. */
static void dp_bpf_done(struct dp_bpf *d)
{
	vlans_free(d->vlans);
	routing_free(d->routing);
	portwatch_free(d->ports);
	follow_free(d->follow);
	free(d->gateways);
	pool_keeper_done(&d->pool);
	close_raw(d);
	nlreq_close(d->rtnl);
	ev_async_stop(loop_ev(d->loop), &d->wake);
	free(d);
}

void dp_bpf_free(struct dp_bpf *d)
{
	struct dp_bpf_repair *repair;

	if (!d)
		return;
	repair = dp_bpf_repair_stop(d);
	dp_jobs_down_all(&d->jobs);
	if (d->jobs.worker)
		kworker_free(d->jobs.worker);
	dp_bpf_repair_free(repair);
	dp_bpf_previous_free(d);
	bpf_dp_close(d->maps);
	if (d->rtnl && d->conf.ze0) {
		pool_routes_sync(d->rtnl, NULL, NULL);
		ze0_destroy(d->rtnl);
	}
	dp_bpf_done(d);
}

void dp_bpf_handover(struct dp_bpf *d)
{
	struct dp_bpf_repair *repair;
	struct dp_jobs_session *s;

	if (!d)
		return;
	repair = dp_bpf_repair_stop(d);
	kworker_free(d->jobs.worker);
	dp_bpf_repair_free(repair);
	dp_bpf_previous_free(d);
	while ((s = dp_jobs_next(&d->jobs, NULL)))
		dp_jobs_drop(s);
	dp_bpf_ifids_free(d);
	bpf_dp_handover(d->maps);
	dp_bpf_done(d);
}

void dp_bpf_sweep(const char *pins)
{
	struct nl_sock *sk;

	bpf_common_sweep(pins); /* what remains has been logged */
	if (nlreq_open(NETLINK_ROUTE, &sk) < 0)
		return;
	pool_routes_sync(sk, NULL, NULL);
	ze0_destroy(sk);
	nlreq_close(sk);
}
