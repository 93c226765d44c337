/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restores what the BPF plane has put into the kernel and another program removes: ze0, the
 * programs on the ports, the addresses and routes on ze0. The reactor follows notifications and
 * collects what may be missing (suspects). A job on the worker compares these with the record of
 * the plane, which belongs to the worker, and restores what is missing.
 *
 * Deletions by the plane need no exception: jobs run one after another, and the record no longer
 * contains what was deleted when the repair job runs. NLM_F_EXCL distinguishes missing entries from
 * existing ones. When it is unknown what is missing (ze0 was down, notifications were lost), the
 * job lists the routes in the kernel once and adds the missing ones in slices, between which the
 * jobs of sessions run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/base/log.h"
#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/bpf/dp_bpf_priv.h"
#include "daemon/sys/bpf/vlans.h"
#include "daemon/sys/bpf/ze0.h"
#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/net/rtnl.h"
#include "daemon/sys/run/loop.h"

#define SLICE	     256   /* routes per job */
#define SUSPECTS_MAX 65536 /* above this number everything is checked */

struct suspect {
	uint8_t ip[16];
	uint8_t family;
	uint8_t len;   /* prefix length of a route */
	bool replaced; /* another route replaced it */
};

struct suspects {
	struct suspect *v;
	size_t n, cap;
	bool all; /* check everything */
};

struct dp_bpf_repair {
	struct dp_bpf *d;
	struct repair policy;
	struct follow_listener listener;
	ev_timer timer;
	struct suspects addrs, routes; /* collected since the last job began */
	bool running;
	struct kseq seq;
	struct kjob job;
	/* Owned by the job while it runs. */
	struct nl_sock *sk; /* with strict checks, so that the kernel filters dumps */
	unsigned kinds;
	struct suspects job_addrs, job_routes;
	size_t at; /* next of job_routes */
	bool begun, made_again;
	uint8_t pass; /* of the sessions found in the kernel; 0: no list was made */
	struct repair_result res[REPAIR__KINDS];
};

/* ---- suspects ---- */

static void dp_bpf_repair_suspect(struct suspects *s, const struct suspect *one)
{
	struct suspect *v;

	if (s->all)
		return;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;

		v = realloc(s->v, cap * sizeof(*v));
		if (!v) {
			s->all = true;
			return;
		}
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *one;
}

static void suspects_take(struct suspects *to, struct suspects *from)
{
	free(to->v);
	*to = *from;
	*from = (struct suspects){ .v = NULL };
}

static void suspects_clear(struct suspects *s)
{
	free(s->v);
	*s = (struct suspects){ .v = NULL };
}

/* ---- on the worker: addresses ---- */

static void dp_bpf_repair_note(struct dp_bpf_repair *rp, enum repair_kind k, int r,
			       const char *what)
{
	if (r)
		repair_note(&rp->res[k], r < 0 ? r : 0, what);
}

static int restore_gateway(struct dp_bpf_repair *rp, uint32_t ip)
{
	const struct dp_family f = { .family = PPP_FAM_IPV4, .local4 = ip, .peer4 = ip };
	uint32_t be = htonl(ip);
	char text[INET_ADDRSTRLEN];
	int r = rtnl_ensure(rp->sk, rtnl_build_addr((int)rp->d->conf.ze0, &f, true));

	dp_bpf_repair_note(rp, REPAIR_ADDRESS, r, inet_ntop(AF_INET, &be, text, sizeof(text)));
	return r;
}

/* The kernel sends no notification for routes that it removes with their source address. */
static void all_routes(struct dp_bpf_repair *rp)
{
	rp->kinds |= 1u << REPAIR_ROUTE;
	rp->job_routes.all = true;
}

static void ifid_text(uint64_t ifid, char text[static REPAIR_WHAT])
{
	snprintf(text, REPAIR_WHAT, "fe80::%x:%x:%x:%x", (unsigned)(ifid >> 48) & 0xffff,
		 (unsigned)(ifid >> 32) & 0xffff, (unsigned)(ifid >> 16) & 0xffff,
		 (unsigned)ifid & 0xffff);
}

static void restore_ifid(struct dp_bpf_repair *rp, uint64_t ifid)
{
	char text[REPAIR_WHAT];

	ifid_text(ifid, text);
	dp_bpf_repair_note(
		rp, REPAIR_ADDRESS,
		rtnl_ensure(rp->sk, rtnl_build_link_local((int)rp->d->conf.ze0, ifid, true)), text);
}

static uint64_t ifid_of(const uint8_t ip[static 16])
{
	uint64_t ifid = 0;

	for (int i = 8; i < 16; i++)
		ifid = ifid << 8 | ip[i];
	return ifid;
}

static void restore_addr(struct dp_bpf_repair *rp, const struct suspect *s)
{
	uint64_t ifid = ifid_of(s->ip);
	uint32_t ip4;

	memcpy(&ip4, s->ip, sizeof(ip4));
	if (s->family == 4 && dp_bpf_has_gateway(rp->d, ntohl(ip4))) {
		/* A new session may have added the gateway again, but the routes were removed all
		 * the same. */
		restore_gateway(rp, ntohl(ip4));
		all_routes(rp);
	} else if (s->family == 6 && dp_bpf_ifid_on_ze0(rp->d, ifid))
		restore_ifid(rp, ifid);
}

static void restore_addrs(struct dp_bpf_repair *rp)
{
	for (size_t i = 0; !rp->job_addrs.all && i < rp->job_addrs.n; i++)
		restore_addr(rp, &rp->job_addrs.v[i]);
	if (!rp->job_addrs.all)
		return;
	/* A new session may have added a gateway again, as above: its presence says nothing about
	 * the routes. */
	for (size_t i = 0; i < rp->d->n_gateways; i++)
		restore_gateway(rp, rp->d->gateways[i]);
	if (rp->d->n_gateways)
		all_routes(rp);
	for (struct htab_node *n = htab_next(&rp->d->ifids, NULL); n;
	     n = htab_next(&rp->d->ifids, n)) {
		struct dp_bpf_ifid *own = ze_container_of(n, struct dp_bpf_ifid, in_ifids);

		if (own->on_ze0)
			restore_ifid(rp, own->ifid);
	}
}

/* ---- on the worker: routes ---- */

static void dp_bpf_repair_on_route(void *self, uint32_t ip)
{
	struct dp_bpf_repair *rp = self;
	struct dp_bpf_session *s = dp_bpf_route_find(rp->d, ip);

	if (s)
		s->seen = rp->pass;
}

static void dp_bpf_repair_on_addr(void *self, uint8_t family, const uint8_t ip[16])
{
	(void)self;
	(void)family;
	(void)ip;
}

/* Lists all IPv6 routes; they are few. */
static void list_routes6(struct dp_bpf_repair *rp)
{
	struct suspect one = { .family = 6, .len = 64 };

	if (rp->d->mtu6)
		dp_bpf_repair_suspect(&rp->job_routes, &one);
	one.len = 128;
	for (struct htab_node *n = htab_next(&rp->d->routes6, NULL); n;
	     n = htab_next(&rp->d->routes6, n)) {
		const struct dp_bpf_session *s =
			ze_container_of(n, struct dp_bpf_session, in_routes6);

		for (int i = 0; i < 8; i++)
			one.ip[8 + i] = (uint8_t)(s->f6.peer_ifid >> (56 - 8 * i));
		dp_bpf_repair_suspect(&rp->job_routes, &one);
	}
}

/* Collects in job_routes the routes of the record that are not in the kernel. */
static void list_missing(struct dp_bpf_repair *rp)
{
	const struct rtnl_found found = { .route4 = dp_bpf_repair_on_route,
					  .addr = dp_bpf_repair_on_addr,
					  .self = rp };
	int r;

	suspects_clear(&rp->job_routes);
	rp->pass = rp->d->pass = (uint8_t)(rp->d->pass == UINT8_MAX ? 1 : rp->d->pass + 1);
	r = rtnl_find_routes(rp->sk, (int)rp->d->conf.ze0, &found);
	if (r < 0) {
		dp_bpf_repair_note(rp, REPAIR_ROUTE, r, "the list of routes");
		return;
	}
	for (struct htab_node *n = htab_next(&rp->d->routes, NULL); n;
	     n = htab_next(&rp->d->routes, n)) {
		const struct dp_bpf_session *s =
			ze_container_of(n, struct dp_bpf_session, in_routes);
		struct suspect one = { .family = 4, .len = 32, .replaced = true };
		uint32_t be = htonl(s->f[PPP_FAM_IPV4].peer4);

		if (s->seen == rp->pass)
			continue;
		memcpy(one.ip, &be, sizeof(be));
		dp_bpf_repair_suspect(&rp->job_routes, &one);
	}
	list_routes6(rp);
	for (struct htab_node *n = htab_next(&rp->d->nets, NULL); n;
	     n = htab_next(&rp->d->nets, n)) {
		const struct dp_bpf_net *net = ze_container_of(n, struct dp_bpf_net, in_nets);
		struct suspect one = { .family = net->dst.addr.family, .len = net->dst.len };

		memcpy(one.ip, net->dst.addr.ip, sizeof(one.ip));
		dp_bpf_repair_suspect(&rp->job_routes, &one);
	}
	if (rp->job_routes.all)
		dp_bpf_repair_note(rp, REPAIR_ROUTE, -ENOMEM, "the list of routes");
	rp->job_routes.all = false;
}

static void restore_route6(struct dp_bpf_repair *rp, const struct suspect *one)
{
	const struct dp_bpf_session *s = dp_bpf_route6_find(rp->d, ifid_of(one->ip));
	struct rtnl_route6 rt = { .len = one->len, .mtu = rp->d->mtu6 };
	char text[REPAIR_WHAT] = "fe80::/64";
	int ze0 = (int)rp->d->conf.ze0, r;

	if (one->len == 128 && s) {
		rt.ifid = s->f6.peer_ifid;
		rt.mtu = s->f6.mtu;
		ifid_text(rt.ifid, text);
	} else if (one->len != 64 || !rt.mtu) {
		return;
	}
	r = rtnl_ensure(rp->sk, rtnl_build_route6(ze0, &rt, true));
	if (r == 0 && one->replaced) {
		r = rtnl_route6(rp->sk, ze0, &rt, true);
		r = r < 0 ? r : 1;
	}
	dp_bpf_repair_note(rp, REPAIR_ROUTE, r, text);
}

/* The routes to a network behind subscribers; a net whose entry leads elsewhere has the same one. */
static void restore_net(struct dp_bpf_repair *rp, const struct suspect *one)
{
	struct ze_prefix p = { .addr.family = one->family, .len = one->len };
	const struct dp_bpf_net *net = NULL;
	char text[ZE_PREFIX_TEXT];

	memcpy(p.addr.ip, one->ip, sizeof(p.addr.ip));
	while ((net = dp_bpf_net_next(rp->d, &p, net)) != NULL) {
		struct rtnl_net rt = dp_bpf_net_route(net);
		int r = rtnl_ensure(rp->sk, rtnl_build_net((int)rp->d->conf.ze0, &rt, true));

		dp_bpf_repair_note(rp, REPAIR_ROUTE, r, ze_prefix_text(&p, text));
	}
}

static void restore_route4(struct dp_bpf_repair *rp, const struct suspect *one)
{
	int ze0 = (int)rp->d->conf.ze0, r;
	const struct dp_bpf_session *s;
	char text[INET_ADDRSTRLEN];
	const struct dp_family *f;
	uint32_t be;

	memcpy(&be, one->ip, sizeof(be));
	s = dp_bpf_route_find(rp->d, ntohl(be));
	if (!s)
		return; /* the plane deleted it */
	f = &s->f[PPP_FAM_IPV4];
	r = rtnl_ensure(rp->sk, rtnl_build_route_locked(ze0, f));
	if (r == -EINVAL && restore_gateway(rp, f->local4) >= 0)
		r = rtnl_ensure(rp->sk, rtnl_build_route_locked(ze0, f));
	/* Skipped if its session was set up after the list was made. */
	if (r == 0 && one->replaced && (!rp->pass || s->seen != rp->pass)) {
		r = rtnl_route_locked(rp->sk, ze0, f);
		r = r < 0 ? r : 1;
	}
	dp_bpf_repair_note(rp, REPAIR_ROUTE, r, inet_ntop(AF_INET, &be, text, sizeof(text)));
}

/* ---- on the worker: the job ---- */

static void restore_device(struct dp_bpf_repair *rp)
{
	struct repair_result *res = &rp->res[REPAIR_DEVICE];
	int error;
	enum ze0_repair did = ze0_repair(rp->sk, &rp->d->conf, &error);

	if (did != ZE0_FINE)
		repair_note(res, error, ZE0);
	if (did != ZE0_PUT_RIGHT && did != ZE0_MADE_AGAIN)
		return;
	rp->made_again = did == ZE0_MADE_AGAIN;
	rp->kinds |= 1u << REPAIR_PROGRAM | 1u << REPAIR_ADDRESS | 1u << REPAIR_ROUTE;
	rp->job_addrs.all = rp->job_routes.all = true;
}

static void dp_bpf_repair_begin(struct dp_bpf_repair *rp)
{
	rp->begun = true;
	rp->pass = 0;
	if (rp->kinds & 1u << REPAIR_DEVICE)
		restore_device(rp);
	if (rp->kinds & 1u << REPAIR_PROGRAM)
		bpf_dp_restore(rp->d->maps, &rp->res[REPAIR_PROGRAM]);
	if (rp->kinds & 1u << REPAIR_ADDRESS)
		restore_addrs(rp);
	if (rp->kinds & 1u << REPAIR_ROUTE && rp->job_routes.all)
		list_missing(rp);
	if (rp->kinds & 1u << REPAIR_POOL)
		pool_routes_sync(rp->sk, rp->d->pool.now, &rp->res[REPAIR_POOL]);
}

static void dp_bpf_repair_run(struct kjob *j, void *thread)
{
	struct dp_bpf_repair *rp = ze_container_of(j, struct dp_bpf_repair, job);
	size_t end;

	(void)thread;
	if (!rp->begun)
		dp_bpf_repair_begin(rp);
	end = rp->job_routes.n - rp->at > SLICE ? rp->at + SLICE : rp->job_routes.n;
	for (; rp->at < end; rp->at++) {
		const struct suspect *one = &rp->job_routes.v[rp->at];

		restore_net(rp, one);
		if (one->family == 6)
			restore_route6(rp, one);
		else if (one->len == 32)
			restore_route4(rp, one);
	}
}

/* ---- on the reactor ---- */

static void dp_bpf_repair_submit(struct dp_bpf_repair *rp)
{
	rp->running = true;
	kworker_submit(rp->d->jobs.worker, &rp->seq, &rp->job);
}

static void start_job(struct dp_bpf_repair *rp, ze_ns now)
{
	rp->kinds = repair_take(&rp->policy, now);
	if (rp->kinds & 1u << REPAIR_ADDRESS)
		suspects_take(&rp->job_addrs, &rp->addrs);
	if (rp->kinds & 1u << REPAIR_ROUTE)
		suspects_take(&rp->job_routes, &rp->routes);
	memset(rp->res, 0, sizeof(rp->res));
	rp->at = 0;
	rp->begun = rp->made_again = false;
	dp_bpf_repair_submit(rp);
}

/* Starts the job if it is due, otherwise the timer. */
static void dp_bpf_repair_schedule(struct dp_bpf_repair *rp)
{
	ze_ns now = loop_now(rp->d->loop);
	ze_ns due = rp->running ? ZE_NEVER : repair_deadline(&rp->policy);

	loop_timer_at(rp->d->loop, &rp->timer, due > now ? due : ZE_NEVER);
	if (due <= now)
		start_job(rp, now);
}

static void dp_bpf_repair_on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev;
	(void)revents;
	dp_bpf_repair_schedule(w->data);
}

static void dp_bpf_repair_finish(struct dp_bpf_repair *rp)
{
	ze_ns now = loop_now(rp->d->loop);

	for (unsigned k = 0; k < REPAIR__KINDS; k++)
		if (rp->kinds & 1u << k)
			repair_done(&rp->policy, (enum repair_kind)k, &rp->res[k], now);
	/* After a failure everything is checked the next time. */
	rp->addrs.all = rp->addrs.all || rp->res[REPAIR_ADDRESS].missing;
	rp->routes.all = rp->routes.all || rp->res[REPAIR_ROUTE].missing;
	suspects_clear(&rp->job_addrs);
	suspects_clear(&rp->job_routes);
	if (rp->made_again)
		dp_bpf_reopen_raw(rp->d);
	if (rp->res[REPAIR_PROGRAM].repaired)
		vlans_reread(rp->d->vlans);
}

static void dp_bpf_repair_done(struct kjob *j)
{
	struct dp_bpf_repair *rp = ze_container_of(j, struct dp_bpf_repair, job);

	rp->running = false;
	if (rp->d->repair != rp)
		return; /* the plane is being freed */
	if (rp->at < rp->job_routes.n) {
		dp_bpf_repair_submit(rp);
		return;
	}
	dp_bpf_repair_finish(rp);
	dp_bpf_repair_schedule(rp);
}

/* ---- notifications ---- */

static void suspect_all(struct dp_bpf_repair *rp)
{
	for (unsigned k = REPAIR_DEVICE; k <= REPAIR_POOL; k++)
		repair_suspect(&rp->policy, (enum repair_kind)k);
	rp->addrs.all = rp->routes.all = true;
}

/* The list is bounded: a repair may be delayed while another program keeps removing entries. */
static void suspect_heard(struct suspects *s, const struct suspect *one)
{
	if (s->n == SUSPECTS_MAX) {
		suspects_clear(s);
		s->all = true;
	}
	dp_bpf_repair_suspect(s, one);
}

static void heard_link(struct dp_bpf_repair *rp, const struct news *n)
{
	const struct ze_conf *c = &rp->d->conf;
	const char *what;

	if (n->ifindex == c->ze0 || n->ifindex == c->ze0p) {
		repair_suspect(&rp->policy, REPAIR_DEVICE);
		if (n->gone || !n->up) {
			repair_missing(&rp->policy, REPAIR_DEVICE, ZE0);
			suspect_all(rp);
		}
	}
	if (!bpf_dp_heard(rp->d->maps, n, &what))
		return;
	repair_suspect(&rp->policy, REPAIR_PROGRAM);
	if (what)
		repair_missing(&rp->policy, REPAIR_PROGRAM, what);
}

static void heard_route(struct dp_bpf_repair *rp, const struct news *n)
{
	bool ours = n->proto == RTNL_ROUTE_PROTO && n->ifindex == rp->d->conf.ze0;
	struct suspect one = { .family = n->family, .len = n->len, .replaced = n->replaced };
	bool net4 = n->family == 4 && (n->len == 32 || ours) && ours != n->replaced;
	bool link6 = n->family == 6 && n->ifindex == rp->d->conf.ze0 && ours != n->replaced;

	if (n->family == 4 && n->proto == RTNL_ROUTE_PROTO && n->blackhole && !n->replaced)
		repair_suspect(&rp->policy, REPAIR_POOL);
	if (!net4 && !link6)
		return;
	memcpy(one.ip, n->ip, sizeof(one.ip));
	repair_suspect(&rp->policy, REPAIR_ROUTE);
	suspect_heard(&rp->routes, &one);
}

static void heard_addr(struct dp_bpf_repair *rp, const struct news *n)
{
	struct suspect one = { .family = n->family };

	if (n->ifindex != rp->d->conf.ze0)
		return;
	memcpy(one.ip, n->ip, sizeof(one.ip));
	repair_suspect(&rp->policy, REPAIR_ADDRESS);
	suspect_heard(&rp->addrs, &one);
}

static void dp_bpf_repair_heard(void *self, const struct nlmsghdr *h)
{
	struct dp_bpf_repair *rp = self;
	struct news n;

	if (!h)
		suspect_all(rp);
	else if (!news_parse(h, &n))
		return;
	else if (n.kind == NEWS_LINK)
		heard_link(rp, &n);
	else if (n.kind == NEWS_ROUTE)
		heard_route(rp, &n);
	else if (n.kind == NEWS_ADDRESS)
		heard_addr(rp, &n);
	else if (bpf_dp_heard_link(rp->d->maps, &n))
		repair_suspect(&rp->policy, REPAIR_PROGRAM);
}

static void dp_bpf_repair_heard_all(void *self)
{
	dp_bpf_repair_schedule(self);
}

void dp_bpf_repair_route(struct dp_bpf *d, uint32_t ip)
{
	struct suspect one = { .family = 4, .len = 32 };
	uint32_t be = htonl(ip);

	if (!d->repair)
		return; /* the plane is being freed */
	memcpy(one.ip, &be, sizeof(be));
	repair_suspect(&d->repair->policy, REPAIR_ROUTE);
	suspect_heard(&d->repair->routes, &one);
	dp_bpf_repair_schedule(d->repair);
}

/* ---- set-up and removal ---- */

void dp_bpf_repair_show(const struct dp_bpf *d, struct json *j)
{
	repair_show(&d->repair->policy, loop_now(d->loop), j);
}

int dp_bpf_repair_new(struct dp_bpf *d)
{
	struct dp_bpf_repair *rp = calloc(1, sizeof(*rp));
	const int on = 1;
	int r;

	if (!rp)
		return -ENOMEM;
	rp->d = d;
	r = nlreq_open(NETLINK_ROUTE, &rp->sk);
	if (r < 0) {
		free(rp);
		return r;
	}
	setsockopt(nl_socket_get_fd(rp->sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	rp->job.run = dp_bpf_repair_run;
	rp->job.done = dp_bpf_repair_done;
	kworker_seq_init(&rp->seq);
	ev_init(&rp->timer, dp_bpf_repair_on_timer);
	rp->timer.data = rp;
	rp->listener = (struct follow_listener){ .heard = dp_bpf_repair_heard,
						 .end = dp_bpf_repair_heard_all,
						 .self = rp };
	follow_add(d->follow, &rp->listener);
	/* Checks what changed before notifications were followed. Only when the loop runs: until
	 * then sessions are restored. */
	for (unsigned k = REPAIR_DEVICE; k < REPAIR_ROUTE; k++)
		repair_suspect(&rp->policy, (enum repair_kind)k);
	rp->addrs.all = true;
	ev_timer_set(&rp->timer, 0., 0.);
	ev_timer_start(loop_ev(d->loop), &rp->timer);
	d->repair = rp;
	return 0;
}

struct dp_bpf_repair *dp_bpf_repair_stop(struct dp_bpf *d)
{
	struct dp_bpf_repair *rp = d->repair;

	if (!rp)
		return NULL;
	d->repair = NULL;
	follow_del(d->follow, &rp->listener);
	ev_timer_stop(loop_ev(d->loop), &rp->timer);
	return rp;
}

void dp_bpf_repair_free(struct dp_bpf_repair *rp)
{
	if (!rp)
		return;
	suspects_clear(&rp->addrs);
	suspects_clear(&rp->routes);
	suspects_clear(&rp->job_addrs);
	suspects_clear(&rp->job_routes);
	nlreq_close(rp->sk);
	free(rp);
}
