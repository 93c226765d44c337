/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/world.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/config_diff.h"
#include "selftests/lib/config_kit.h"

static struct world world; /* too large for a stack, and not affected by allocation sweeps */

bool w_fails(struct w_fail *f)
{
	if (f->left < 0 || f->left-- > 0)
		return false;
	f->hit = true;
	return true;
}

/* Returns true when the simulated process has ended. */
static bool gone(struct world *w)
{
	if (w->crashed)
		return true;
	w->deeds++;
	w->crashed = w->crash_in == 0;
	w->crash_in -= w->crash_in > 0;
	return w->crashed;
}

/* ---- network ---- */

static uint16_t type_of(struct span b)
{
	struct l2tp_hdr h;

	if (l2tp_hdr_parse(b.p, b.len, &h) < 0 || !l2tp_hdr_is_control(&h) || h.payload.len < 8)
		return 0;
	return (uint16_t)(h.payload.p[6] << 8 | h.payload.p[7]);
}

static bool chance(struct world *w, unsigned permille)
{
	return permille && test_rng_below(&w->seed, 1000) < permille;
}

static struct w_dgram *dgram_at(struct world *w, unsigned i)
{
	return &w->ring[(w->ring_head + i) % W_RING];
}

/* Copies a datagram to memory of exactly its length. */
static void dgram_copy(struct w_dgram *to, const struct w_dgram *from)
{
	memcpy(to, from, offsetof(struct w_dgram, b) + from->len);
}

static void dgram_put(struct world *w, const struct net_path *path, struct span b, bool to_engine)
{
	struct w_dgram *d = dgram_at(w, w->ring_n), tmp;

	if (w->ring_n == W_RING || b.len > sizeof(d->b)) {
		w->lost++;
		return;
	}
	d->path = *path;
	d->len = (uint16_t)b.len;
	d->to_engine = to_engine;
	if (b.len)
		memcpy(d->b, b.p, b.len);
	w->ring_n++;
	if (w->ring_n > 1 && chance(w, w->reorder_permille)) {
		struct w_dgram *before = dgram_at(w, w->ring_n - 2);

		dgram_copy(&tmp, before);
		dgram_copy(before, d);
		dgram_copy(d, &tmp);
	}
}

static void transmit(struct world *w, const struct net_path *path, struct span b, bool to_engine)
{
	if (w->drop_n && type_of(b) == w->drop_type) {
		w->drop_n--;
		w->lost++;
		return;
	}
	if (chance(w, w->loss_permille)) {
		w->lost++;
		return;
	}
	dgram_put(w, path, b, to_engine);
	if (chance(w, w->dup_permille))
		dgram_put(w, path, b, to_engine);
}

/* The peer's answer must pass the guard, so a message may only be sent for a tunnel the guard
 * knows. */
static void check_known(const struct world *w, const struct net_path *path, struct span b)
{
	const struct tunnel *t;
	const struct dp_tunnel *k;
	struct l2tp_hdr h;

	if (l2tp_hdr_parse(b.p, b.len, &h) < 0 || !l2tp_hdr_is_control(&h))
		return;
	t = registry_tunnel_of(w->e, &path->peer, h.tid, NULL);
	if (!t)
		return;
	k = &w->known[t->l2tp.tid];
	assert(k->tid == t->l2tp.tid && k->peer_tid == h.tid);
	assert(ze_addr_eq(&k->path.peer, &path->peer) && ze_addr_eq(&k->path.local, &path->local));
}

static int net_send(void *self, const struct net_path *path, struct span b)
{
	struct world *w = self;

	if (gone(w))
		return 0;
	check_known(w, path, b);
	if (w_fails(&w->fail_net))
		return -ENETUNREACH;
	w->to_peers++;
	transmit(w, path, b, false);
	return 0;
}

static struct net_counters net_counters(void *self)
{
	const struct world *w = self;

	return w->net_counters;
}

static const struct net_ops net_ops = { .send = net_send, .counters = net_counters };

void w_inject(struct world *w, const struct net_path *path, struct span b)
{
	transmit(w, path, b, true);
}

static struct lac *lac_of(struct world *w, const struct w_dgram *d)
{
	struct l2tp_hdr h;

	if (l2tp_hdr_parse(d->b, d->len, &h) < 0)
		return NULL;
	for (unsigned i = 0; i < w->n_lacs; i++) {
		struct lac *l = &w->lacs[i];

		if (!l->dead && l->tid == h.tid && ze_addr_eq(&l->path.peer, &d->path.peer))
			return l;
	}
	return NULL;
}

void w_drop_next(struct world *w, uint16_t type)
{
	w->drop_type = type;
	w->drop_n = 1;
}

/* ---- data plane ---- */

static void dp_answer(struct world *w, const struct dp_event *e)
{
	assert(w->answers_n < W_RING);
	w->answers[(w->answers_head + w->answers_n++) % W_RING] = *e;
}

static void dp_called(struct w_dp *d, char c)
{
	size_t n = strlen(d->calls);

	if (n + 1 < sizeof(d->calls))
		d->calls[n] = c;
}

/* The row of a session, for writing. */
static struct w_dp *dp_row(struct world *w, uint16_t sid)
{
	if (!w->dp[sid].listed)
		w->dp_sids[w->n_dp_sids++] = sid;
	w->dp[sid].listed = true;
	return &w->dp[sid];
}

static int dp_session_up(void *self, const struct dp_session *s)
{
	struct world *w = self;
	struct w_dp *d = dp_row(w, s->sid);
	struct dp_event ev = { .kind = DP_EV_SESSION_UP, .sid = s->sid, .ifname = "ppp7" };

	if (gone(w))
		return -EIO;
	if (w_fails(&w->fail_dp))
		return -ENOBUFS;
	assert(!d->held);
	*d = (struct w_dp){
		.listed = true, .held = true, .attached = w->dp_session_result == 0, .s = *s
	};
	dp_called(d, 'U');
	w->dp_sessions++;
	ev.result = w->dp_session_result;
	dp_answer(w, &ev);
	return 0;
}

static int dp_shape(void *self, uint16_t sid, const struct shape_plan *p)
{
	struct world *w = self;
	struct w_dp *d = &w->dp[sid];

	assert(d->held);
	if (w_fails(&w->fail_dp))
		return -ENOBUFS;
	dp_called(d, 'S');
	d->plan = *p;
	dp_answer(w, &(struct dp_event){
			     .kind = DP_EV_SHAPED, .sid = sid, .result = w->dp_shape_result });
	return 0;
}

static int dp_family_up(void *self, uint16_t sid, const struct dp_family *f)
{
	struct world *w = self;
	struct w_dp *d = &w->dp[sid];

	if (gone(w))
		return -EIO;
	assert(d->held);
	if (w_fails(&w->fail_dp))
		return -ENOBUFS;
	dp_called(d, f->family == PPP_FAM_IPV4 ? '4' : '6');
	d->fam[f->family] = w->dp_family_result == 0;
	d->open[f->family] = d->open[f->family] && d->fam[f->family];
	d->f[f->family] = *f;
	dp_answer(w, &(struct dp_event){ .kind = DP_EV_FAMILY_UP,
					 .sid = sid,
					 .family = f->family,
					 .result = w->dp_family_result });
	return 0;
}

static void dp_family_open(void *self, uint16_t sid, enum ppp_family family, bool open)
{
	struct world *w = self;

	if (gone(w))
		return;
	assert(w->dp[sid].held && (w->dp[sid].fam[family] || !open));
	w->dp[sid].open[family] = open;
}

/* Removes the routes of a session to a prefix, or to all of a family; family 0: all. */
static void routes_cut(struct world *w, uint16_t sid, const struct ze_prefix *p, uint8_t family)
{
	for (unsigned i = w->n_routes; i-- > 0;) {
		const struct ze_prefix *dst = &w->routes[i].r.dst;

		if (w->routes[i].sid == sid && (!family || dst->addr.family == family) &&
		    (!p || ze_prefix_eq(dst, p)))
			memmove(&w->routes[i], &w->routes[i + 1],
				(--w->n_routes - i) * sizeof(*w->routes));
	}
}

static void route_put(struct world *w, uint16_t sid, const struct dp_route *r)
{
	assert(r->metric && w->n_routes < W_ROUTES);
	assert(w->dp[sid].fam[dp_prefix_family(&r->dst)]);
	w->routes[w->n_routes++] = (struct w_route){ sid, *r };
}

static int dp_route(void *self, uint16_t sid, const struct dp_route *r)
{
	struct world *w = self;
	struct dp_event ev = { .kind = DP_EV_ROUTE, .sid = sid, .route = *r };

	if (gone(w))
		return -EIO;
	assert(w->dp[sid].attached);
	if (w_fails(&w->fail_dp))
		return -ENOBUFS;
	w->route_adds += r->add;
	w->route_dels += !r->add;
	routes_cut(w, sid, &r->dst, 0);
	ev.result = r->add ? w->dp_route_result : 0;
	if (r->add && !ev.result)
		route_put(w, sid, r);
	dp_answer(w, &ev);
	return 0;
}

uint16_t w_route(const struct world *w, const char *prefix, uint32_t *ret_metric)
{
	struct ze_prefix p;
	uint32_t unread;

	assert(ze_prefix_parse(prefix, &p) == 0);
	for (unsigned i = w->n_routes; i-- > 0;) {
		const struct w_route *r = &w->routes[i];

		if (ze_prefix_eq(&r->r.dst, &p)) {
			*(ret_metric ? ret_metric : &unread) = r->r.metric;
			return r->sid;
		}
	}
	return 0;
}

static void dp_family_down(void *self, uint16_t sid, enum ppp_family family)
{
	struct world *w = self;

	if (gone(w))
		return;
	assert(w->dp[sid].held);
	routes_cut(w, sid, NULL, family == PPP_FAM_IPV4 ? 4 : 6);
	w->dp[sid].fam[family] = w->dp[sid].open[family] = false;
}

static struct dp_stats numbers_of(uint16_t sid)
{
	return (struct dp_stats){ .up_packets = sid,
				  .up_bytes = 2,
				  .down_packets = 3,
				  .down_bytes = 4,
				  .up_spoofed = 5,
				  .up_policed = 6,
				  .down_policed = 7,
				  .up_refused = 8,
				  .up_resyncs = 9 };
}

static void dp_session_down(void *self, uint16_t sid)
{
	struct world *w = self;

	if (gone(w))
		return;
	assert(w->dp[sid].held);
	routes_cut(w, sid, NULL, 0);
	w->dp[sid] = (struct w_dp){ .listed = true };
	w->dp_sessions--;
	dp_answer(w, &(struct dp_event){ .kind = DP_EV_GONE,
					 .sid = sid,
					 .counted = true,
					 .final = numbers_of(sid) });
}

static int dp_ppp_send(void *self, uint16_t sid, struct span frame)
{
	struct world *w = self;
	struct w_dp *d = &w->dp[sid];
	uint8_t buf[W_FRAME_MAX];
	struct wr wr = wr_init(buf, sizeof(buf));

	if (gone(w))
		return -EIO;
	assert(d->attached);
	if (w_fails(&w->fail_dp))
		return -ENOBUFS;
	l2tp_hdr_write_data(&wr, &(struct l2tp_hdr){ .tid = d->s.tunnel.peer_tid,
						     .sid = d->s.peer_sid });
	wr_span(&wr, frame);
	transmit(w, &d->s.tunnel.path, wr_done(&wr), false);
	return 0;
}

static int dp_stats(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret, ze_ns *ret_as_of)
{
	struct world *w = self;

	if (!w->dp[sid].held)
		return -ENOENT;
	if (w->stats_result < 0)
		return w->stats_result;
	*ret = numbers_of(sid);
	ret->up_packets += w->dp[sid].sent;
	*ret_as_of = now - w->stats_age;
	return 0;
}

static int dp_restore(void *self, const struct dp_restore *a)
{
	struct world *w = self;
	struct w_dp *d = dp_row(w, a->session.sid);

	if (gone(w) || w_fails(&w->fail_dp))
		return -ENOENT;
	w->dp_sessions += !d->held;
	*d = (struct w_dp){ .listed = true,
			    .held = true,
			    .attached = true,
			    .restored = w->lives,
			    .s = a->session,
			    .plan = a->plan };
	for (unsigned i = 0; i < PPP_FAM__COUNT; i++) {
		d->fam[i] = d->open[i] = a->family[i];
		if (a->family[i])
			d->f[i] = *a->family[i];
	}
	routes_cut(w, a->session.sid, NULL, 0);
	for (size_t i = 0; i < a->n_routes; i++) {
		a->routes[i].result = w->dp_route_result;
		if (!a->routes[i].result)
			route_put(w, a->session.sid, &a->routes[i].route);
	}
	return 0;
}

static void dp_restore_done(void *self)
{
	struct world *w = self;

	if (gone(w))
		return;
	for (unsigned i = 0; i < w->n_dp_sids; i++) {
		struct w_dp *d = &w->dp[w->dp_sids[i]];

		if (!d->held || d->restored == w->lives)
			continue;
		routes_cut(w, w->dp_sids[i], NULL, 0);
		*d = (struct w_dp){ .listed = true };
		w->dp_sessions--;
	}
}

/* No counters have been read before dp_as_of is set. */
static struct dp_totals dp_totals(void *self, ze_ns now)
{
	struct world *w = self;
	struct dp_totals ret = { .as_of = w->dp_as_of };

	assert(now == w->now);
	for (unsigned i = 0; w->dp_as_of && i < w->n_dp_sids; i++) {
		uint16_t sid = w->dp_sids[i];
		struct dp_stats st = numbers_of(sid);

		if (w->dp[sid].held)
			dp_totals_add(&ret, &st);
	}
	return ret;
}

static void dp_pools(void *self, const struct dp_pool *v, size_t n)
{
	struct world *w = self;

	w->n_pools++;
	w->pool = n ? v[0] : (struct dp_pool){ 0 };
	w->last_pool = n ? v[n - 1] : (struct dp_pool){ 0 };
}

static const struct dataplane_ops dp_ops = {
	.name = "fake",
	.session_up = dp_session_up,
	.shape = dp_shape,
	.family_up = dp_family_up,
	.family_open = dp_family_open,
	.route = dp_route,
	.family_down = dp_family_down,
	.session_down = dp_session_down,
	.ppp_send = dp_ppp_send,
	.stats = dp_stats,
	.totals = dp_totals,
	.session_restore = dp_restore,
	.restore_done = dp_restore_done,
	.pools = dp_pools,
};

/* ---- guard ---- */

static void guard_limits(void *self, const struct guard_limits *l)
{
	struct world *w = self;

	assert(l->source_rate && l->source_burst && l->known_rate && l->known_burst);
	assert(l->frame_rate && l->frame_burst && l->control_rate && l->control_burst);
	w->guard.limits = *l;
	w->guard.n_limits++;
}

static void guard_tunnel_known(void *self, const struct dp_tunnel *t)
{
	struct world *w = self;

	assert(t->tid && !w->known[t->tid].tid);
	w->known[t->tid] = *t;
	if (!w->known_listed[t->tid])
		w->known_tids[w->n_known_tids++] = t->tid;
	w->known_listed[t->tid] = true;
	w->guard.n_tunnels++;
}

static void guard_tunnel_gone(void *self, uint16_t tid)
{
	struct world *w = self;

	assert(w->known[tid].tid == tid);
	w->known[tid].tid = 0;
	w->guard.n_tunnels--;
}

static void guard_session(void *self, uint16_t tid, uint16_t sid, enum guard_session what)
{
	struct world *w = self;
	struct w_guard_session *k = &w->known_session[sid];

	assert(sid && w->known[tid].tid == tid);
	assert(k->tid == (what == GUARD_SESSION_STARTS ? 0 : tid));
	w->guard.n_sessions += what == GUARD_SESSION_STARTS;
	w->guard.n_sessions -= what == GUARD_SESSION_GONE;
	k->tid = what == GUARD_SESSION_GONE ? 0 : tid;
	k->carried = what == GUARD_SESSION_CARRIED;
	if (!k->listed)
		w->known_sids[w->n_known_sids++] = sid;
	k->listed = true;
}

static struct ze_addr *guard_peer(struct w_guard *g, const struct ze_addr *peer)
{
	for (unsigned i = 0; i < g->n_peers; i++)
		if (ze_addr_eq(&g->peers[i], peer))
			return &g->peers[i];
	return NULL;
}

static void guard_peer_established(void *self, const struct ze_addr *peer, bool established)
{
	struct w_guard *g = &((struct world *)self)->guard;
	struct ze_addr *known = guard_peer(g, peer);

	assert(peer->port == 0 && !known == established);
	g->n_peer_calls++;
	if (established) {
		assert(g->n_peers < W_PEERS);
		g->peers[g->n_peers++] = *peer;
	} else {
		*known = g->peers[--g->n_peers];
	}
}

static const struct guard_ops guard_ops = {
	.limits = guard_limits,
	.tunnel_known = guard_tunnel_known,
	.tunnel_gone = guard_tunnel_gone,
	.session = guard_session,
	.peer_established = guard_peer_established,
};

bool w_guard_established(const struct world *w, const struct ze_addr *peer)
{
	struct ze_addr a = *peer;

	a.port = 0;
	return guard_peer((struct w_guard *)&w->guard, &a);
}

/* ---- journal ---- */

static struct w_record *record_at(struct world *w, enum journal_kind kind, uint16_t id)
{
	for (unsigned i = 0; i < w->n_records; i++)
		if (w->records[i].used && w->records[i].kind == kind && w->records[i].id == id)
			return &w->records[i];
	return NULL;
}

const struct w_record *w_record_of(const struct world *w, enum journal_kind kind, uint16_t id)
{
	return record_at((struct world *)w, kind, id);
}

static struct w_record *record_new(struct world *w)
{
	for (unsigned i = 0; i < w->n_records; i++)
		if (!w->records[i].used)
			return &w->records[i];
	assert(w->n_records < W_RECORDS);
	return &w->records[w->n_records++];
}

static void journal_put(void *self, enum journal_kind kind, uint16_t id, struct span b)
{
	struct world *w = self;
	struct w_record *r = record_at(w, kind, id);

	assert(b.len && b.len <= JOURNAL_RECORD_MAX);
	if (r && span_eq(b, span_of(r->b, r->len)))
		return;
	if (gone(w))
		return;
	if (!r)
		r = record_new(w);
	r->used = true;
	r->kind = kind;
	r->id = id;
	r->len = (uint16_t)b.len;
	memcpy(r->b, b.p, b.len);
	w->puts++;
}

static void journal_drop(void *self, enum journal_kind kind, uint16_t id)
{
	struct world *w = self;
	struct w_record *r = record_at(w, kind, id);

	if (!r || gone(w))
		return;
	r->used = false;
	w->drops++;
}

static const char *journal_why_off(const void *self)
{
	const struct world *w = self;

	return w->journal_off;
}

static const struct journal_ops journal_ops = { .put = journal_put,
						.drop = journal_drop,
						.why_off = journal_why_off };

/* ---- bus, randomness ---- */

static void on_event(void *self, const struct event *e)
{
	struct world *w = self;

	w->seen[e->kind]++;
	unsigned slot = w->n_events % W_EVENTS;

	if (w->n_events++ >= W_EVENTS)
		session_facts_unref(w->events[slot].facts);
	w->events[slot] = *e;
	w->events[slot].facts = session_facts_ref(e->facts);
}

static const struct observer observer = { .name = "world",
					  .wants = UINT32_MAX,
					  .on_event = on_event };

unsigned w_count_events(const struct world *w, enum event_kind k)
{
	return w->seen[k];
}

const struct event *w_last_event(const struct world *w, enum event_kind k)
{
	unsigned kept = w->n_events < W_EVENTS ? w->n_events : W_EVENTS;

	for (unsigned i = 1; i <= kept; i++)
		if (w->events[(w->n_events - i) % W_EVENTS].kind == k)
			return &w->events[(w->n_events - i) % W_EVENTS];
	return NULL;
}

static int fill(void *self, void *buf, size_t len)
{
	struct world *w = self;

	if (w_fails(&w->fail_rng))
		return -EIO;
	return rng_fill(&w->seed.rng, buf, len);
}

/* ---- time ---- */

static bool deliver_one(struct world *w)
{
	struct w_dgram d;
	struct lac *l;

	if (!w->ring_n)
		return false;
	dgram_copy(&d, dgram_at(w, 0));
	w->ring_head = (w->ring_head + 1) % W_RING;
	w->ring_n--;
	if (d.to_engine && !w->e)
		return true; /* sent into an empty port: lost */
	if (d.to_engine) {
		engine_udp_input(w->e, &d.path, span_of(d.b, d.len), w->now);
		return true;
	}
	l = lac_of(w, &d);
	if (l && !l->mute)
		lac_input(l, span_of(d.b, d.len));
	return true;
}

static bool answer_one(struct world *w)
{
	struct dp_event e;

	if (!w->e || w->dp_hold || !w->answers_n)
		return false;
	e = w->answers[w->answers_head];
	w->answers_head = (w->answers_head + 1) % W_RING;
	w->answers_n--;
	/* The plane holds a session that failed until it has reported the failure. */
	if (e.kind == DP_EV_SESSION_UP && e.result < 0 && w->dp[e.sid].held) {
		w->dp[e.sid].held = false;
		w->dp_sessions--;
	}
	engine_dp_event(w->e, &e, w->now);
	return true;
}

void w_deliver(struct world *w)
{
	do {
		for (unsigned i = 0; i < w->n_lacs; i++)
			lac_flush(&w->lacs[i]);
	} while (deliver_one(w) || answer_one(w));
}

static ze_ns next_deadline(const struct world *w)
{
	ze_ns next = ze_min_ns(w->e ? engine_deadline(w->e) : ZE_NEVER, bus_deadline(&w->bus));

	for (unsigned i = 0; i < w->n_lacs; i++)
		if (!w->lacs[i].dead && !w->lacs[i].mute)
			next = ze_min_ns(next, l2tp_chan_deadline(&w->lacs[i].chan));
	for (unsigned i = 0; i < w->n_calls; i++)
		next = ze_min_ns(next, w->calls[i].c.retry_at);
	return next;
}

static void expire_peers(struct world *w)
{
	for (unsigned i = 0; i < w->n_lacs; i++)
		if (!w->lacs[i].dead && !w->lacs[i].mute &&
		    l2tp_chan_deadline(&w->lacs[i].chan) <= w->now)
			l2tp_chan_expire(&w->lacs[i].chan, w->now);
	for (unsigned i = 0; i < w->n_calls; i++)
		if (w->calls[i].c.retry_at <= w->now)
			client_expire(&w->calls[i]);
}

void w_advance(struct world *w, ze_ns d)
{
	ze_ns end = w->now + d, next;
	unsigned stuck = 0;

	w_deliver(w);
	while ((next = next_deadline(w)) <= end) {
		/* A deadline that does not move would be a busy loop in the daemon. */
		stuck = next > w->now ? 0 : stuck + 1;
		assert(stuck < 1000);
		w->now = next > w->now ? next : w->now;
		if (w->e)
			engine_expire(w->e, w->now);
		bus_expire(&w->bus, w->now);
		expire_peers(w);
		w_deliver(w);
	}
	w->now = end;
}

/* ---- the whole world ---- */

struct config *w_config(void)
{
	struct config *c = config_new();

	if (!c)
		return NULL;
	c->l2tp = true;
	c->setup_rate = 0;
	c->sessions.limit = 0; /* most tests have many sessions of alice */
	c->has_pool = true;
	c->pool = (struct addrpool_cfg){ .gateway = 0x0a000001,
					 .start = 0x0a000002,
					 .end = 0x0a0000fe,
					 .dns = { 0x08080808, 0x08080404 } };
	if (config_kit_set(c, "l2tp/shared-secret", "zetest") ||
	    config_kit_user(c, "alice", "wonder", 0) ||
	    config_kit_user(c, "bob", "builder", 0x0a00004d)) {
		config_unref(c);
		return NULL;
	}
	return c;
}

static void order_handlers(struct world *w, const struct config *cfg)
{
	const char *names[CONFIG_AUTH__COUNT];
	size_t n = config_handlers(cfg, names);

	aaa_broker_order(&w->aaa, names, n);
}

int w_reload(struct world *w, struct config *cfg, struct strbuf *errors)
{
	struct aaa_local *next = config_local_users(cfg);
	struct config *previous = config_ref(w->e->cfg);
	struct strbuf unread;
	int r;

	if (!next)
		return -ENOMEM;
	sb_init(&unread);
	r = engine_reload_prepare(w->e, cfg, errors ? errors : &unread);
	if (r == 0) {
		aaa_local_swap(w->local, next);
		order_handlers(w, cfg);
		engine_reload(w->e, w->now);
		config_diff_log(w->e->boot, previous, cfg, errors ? errors : &unread);
	}
	aaa_local_free(next);
	config_unref(previous);
	sb_done(&unread);
	return r;
}

static int start(struct world *w)
{
	struct aaa_handler h;
	int r;

	w->local = config_local_users(w->cfg);
	if (!w->local)
		return -ENOMEM;
	w->aaa = (struct aaa_broker){ .n = 0 };
	h = aaa_local_handler(w->local);
	aaa_broker_add(&w->aaa, &h);
	order_handlers(w, w->cfg);
	r = engine_new(&(struct engine_args){ .cfg = w->cfg,
					      .ports = { .net = &net_ops,
							 .net_self = w,
							 .dp = &dp_ops,
							 .dp_self = w,
							 .guard = &guard_ops,
							 .guard_self = w,
							 .journal = &journal_ops,
							 .journal_self = w,
							 .rng = { .fill = fill, .self = w } },
					      .broker = &w->aaa,
					      .bus = &w->bus,
					      .now = w->now,
					      .wall_ns = W_WALL_NS + w->now + w->clock_step },
		       &w->e);
	if (r < 0)
		aaa_local_free(w->local);
	return r;
}

/* The guard of the next process or world knows no tunnels. */
static void forget_known(struct world *w)
{
	for (unsigned i = 0; i < w->n_known_tids; i++) {
		w->known[w->known_tids[i]].tid = 0;
		w->known_listed[w->known_tids[i]] = false;
	}
	w->n_known_tids = 0;
	for (unsigned i = 0; i < w->n_known_sids; i++)
		w->known_session[w->known_sids[i]] = (struct w_guard_session){ 0 };
	w->n_known_sids = 0;
}

struct world *world_new(struct config *cfg, uint64_t seed)
{
	struct world *w = &world;

	for (unsigned i = 0; i < w->n_dp_sids; i++)
		w->dp[w->dp_sids[i]] = (struct w_dp){ 0 };
	forget_known(w);
	memset(w, 0, offsetof(struct world, dp_sids));
	w->crash_in = -1;
	w->fail_net.left = w->fail_dp.left = w->fail_rng.left = -1;
	test_rng_init(&w->seed, seed);
	w->now = ZE_SEC(1000);
	w->cfg = cfg ? cfg : w_config();
	if (!w->cfg)
		return NULL;
	bus_add(&w->bus, &observer, w);
	if (start(w) < 0) {
		config_unref(w->cfg);
		return NULL;
	}
	return w;
}

void w_kill(struct world *w)
{
	w->crashed = true;
	engine_handover(w->e);
	aaa_local_free(w->local);
	w->e = NULL;
	w->answers_n = 0;
	/* The next process enters its tunnels again. */
	w->guard = (struct w_guard){ .n_tunnels = 0 };
	forget_known(w);
	w->crashed = false;
	w->crash_in = -1;
	w->lives++;
}

void w_restore(struct world *w)
{
	static struct journal_record v[W_RECORDS];
	static struct w_record old[W_RECORDS]; /* the engine writes records while it reads them */
	size_t n = 0;

	assert(start(w) == 0);
	memcpy(old, w->records, w->n_records * sizeof(*old));
	for (unsigned i = 0; i < w->n_records; i++)
		if (old[i].used)
			v[n++] = (struct journal_record){ old[i].kind, old[i].id,
							  span_of(old[i].b, old[i].len) };
	if (w->own)
		engine_own_addresses(w->e, w->own, w->now);
	engine_restore(w->e, v, n, w->now);
}

void w_restart(struct world *w)
{
	w_kill(w);
	w_restore(w);
	w_deliver(w);
}

void world_free(struct world *w)
{
	engine_free(w->e);
	aaa_local_free(w->local);
	config_unref(w->cfg);
	for (unsigned i = 0; i < w->n_events && i < W_EVENTS; i++)
		session_facts_unref(w->events[i].facts);
	w->n_events = 0;
	assert(w->dp_sessions == 0 && w->guard.n_tunnels == 0 && w->guard.n_peers == 0);
	for (unsigned i = 0; i < w->n_lacs; i++)
		l2tp_chan_done(&w->lacs[i].chan);
	w->n_lacs = 0;
}

const char *w_leftover(const struct world *w)
{
	const struct engine *e = w->e;

	if (!list_empty(&e->tunnels))
		return "tunnels";
	if (!list_empty(&e->calls))
		return "calls";
	if (e->peers.n)
		return "peers";
	if (e->by_address.n)
		return "addresses";
	if (e->tids.used || e->sids.used)
		return "ids";
	if (pools_used(e->pools))
		return "leases";
	if (e->timers.n)
		return "timers";
	if (e->n_held)
		return "answers to wrong passwords that wait";
	if (e->stats.reasons[REASON_CP_EVENT])
		return "events in states in which they cannot happen";
	if (e->n_setup || e->n_half_open || e->n_established || !list_empty(&e->half_open))
		return "tunnel counters";
	for (unsigned i = 0; i < SUB__STATES; i++)
		if (e->n_subscribers[i])
			return "subscriber counters";
	if (e->routes.by_session.n || e->routes.by_prefix.n)
		return "routes to networks behind subscribers";
	if (w->n_routes)
		return "routes of the data plane";
	if (w->dp_sessions)
		return "data plane sessions";
	if (w->guard.n_tunnels)
		return "tunnels the guard knows";
	if (w->guard.n_sessions)
		return "sessions the guard knows";
	if (w->guard.n_peers)
		return "peers the guard knows";
	for (unsigned i = 0; i < w->n_records; i++)
		if (w->records[i].used)
			return "journal records";
	return NULL;
}

struct net_path w_path(unsigned n, uint16_t port)
{
	return (struct net_path){
		.local = { .family = 4, .port = 1701, .ip = { 10, 8, 0, 1 } },
		.peer = { .family = 4,
			  .port = port,
			  .ip = { 10, 9, (uint8_t)(n >> 8), (uint8_t)n } },
	};
}
