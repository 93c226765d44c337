/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/core/call_priv.h"
#include "daemon/core/registry.h"
#include "daemon/core/snapshot_priv.h"
#include "ppp/auth.h"

/* ---- references ---- */

struct snapshot *snapshot_new(size_t extra)
{
	struct snapshot *s = calloc(1, sizeof(*s) + extra);

	if (s)
		s->refs = 1;
	return s;
}

const struct snapshot *snapshot_ref(const struct snapshot *s)
{
	__atomic_add_fetch(&((struct snapshot *)s)->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void snapshot_lives_free(struct snapshot_lives *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].trail);
	free(l);
}

static void snapshot_free(struct snapshot *s)
{
	if (s->kind == SNAPSHOT_CONFIG) {
		config_unref(s->config.in_force);
		config_unref(s->config.boot);
	}
	if (s->kind == SNAPSHOT_SESSION) {
		free(s->session.profile);
		free(s->session.trail);
	}
	if (s->kind == SNAPSHOT_HISTORY)
		snapshot_lives_free(s->ended);
	if (s->kind == SNAPSHOT_RADIUS)
		free(s->radius);
	free(s);
}

void snapshot_unref(const struct snapshot *s)
{
	struct snapshot *mine = (struct snapshot *)s;

	if (s && __atomic_sub_fetch(&mine->refs, 1, __ATOMIC_ACQ_REL) == 0)
		snapshot_free(mine);
}

/* ---- counts ---- */

static unsigned live_tunnels(const struct engine *e)
{
	return e->n_half_open + e->n_established;
}

static int take_summary(struct engine *e, struct snapshot **ret)
{
	const struct ports *io = &e->ports;
	const char *off = io->journal ? io->journal->why_off(io->journal_self) :
					"sessions of this data plane end with the process";
	size_t len = off ? strlen(off) + 1 : 0;
	struct snapshot *s = snapshot_new(len);

	if (!s)
		return -ENOMEM;
	s->summary = (struct snapshot_summary){
		.tunnels = live_tunnels(e),
		.tunnels_established = e->n_established,
		.sessions_starting = e->n_subscribers[SUB_STARTING],
		.sessions_established = e->n_subscribers[SUB_ESTABLISHED],
		.sessions_finishing = e->n_subscribers[SUB_FINISHING],
		.listeners = (unsigned)e->boot->n_listeners,
		.dataplane = io->dp->name,
		.draining = e->draining,
		.handover_off = off ? memcpy(s + 1, off, len) :
				      NULL, /* the journal changes its text */
		.hardening = e->hardening,
		.started = e->started,
		.restored = e->restored,
		.tunnels_restored = e->restored_tunnels,
		.sessions_restored = e->restored_sessions,
	};
	*ret = s;
	return 0;
}

static void copy_counts(struct snapshot_counters *c, const struct engine_stats *t)
{
	c->tunnels_up = t->tunnels_up;
	c->tunnels_down = t->tunnels_down;
	c->sessions_up = t->sessions_up;
	c->sessions_down = t->sessions_down;
	c->auth_accepts = t->auth_accepts;
	c->auth_rejects = t->auth_rejects;
	c->auth_unavailable = t->auth_unavailable;
	c->reauths_unavailable = t->reauths_unavailable;
	c->auth_failures = t->auth_failures;
	c->rejects_delayed = t->rejects_delayed;
	c->rejects_withheld = t->rejects_withheld;
	c->logins_unasked = t->logins_unasked;
	c->session_limited = t->session_limited;
	c->sessions_replaced = t->sessions_replaced;
	c->addresses_refused = t->addresses_refused;
	c->rx_datagrams = t->rx_datagrams;
	c->tx_datagrams = t->tx_datagrams;
	c->tx_failed = t->tx_failed;
	c->rx_data = t->rx_data;
	c->tx_data = t->tx_data;
	c->avps_ignored = t->avps_ignored;
	c->sends_lost = t->sends_lost;
	for (unsigned i = 0; i < L2TP_MSG__COUNT; i++) {
		c->messages[i].name = i ? l2tp_msg_name((uint16_t)i) : "ZLB";
		c->messages[i].rx = t->rx_msgs[i];
		c->messages[i].tx = t->tx_msgs[i];
	}
	memcpy(c->reasons, t->reasons, sizeof(c->reasons));
}

void snapshot_stats_total(const struct engine *e, struct engine_stats *ret)
{
	const struct list *l;

	*ret = e->stats;
	list_for_each(l, &e->tunnels) {
		const struct tunnel *t = list_entry(l, struct tunnel, in_all);

		for (unsigned i = 0; i < L2TP_MSG__COUNT; i++) {
			ret->rx_msgs[i] += t->l2tp.rx_msgs[i];
			ret->tx_msgs[i] += t->l2tp.tx_msgs[i];
		}
		ret->avps_ignored += t->l2tp.avps_ignored;
	}
}

static int take_counters(struct engine *e, ze_ns now, struct snapshot **ret)
{
	struct snapshot *s = snapshot_new(0);
	struct snapshot_counters *c;
	struct engine_stats total;
	struct dp_totals traffic;

	if (!s)
		return -ENOMEM;
	c = &s->counters;
	snapshot_stats_total(e, &total);
	copy_counts(c, &total);
	c->tunnels = live_tunnels(e);
	c->tunnels_half_open = e->n_half_open;
	c->tunnels_established = e->n_established;
	c->sessions_starting = e->n_subscribers[SUB_STARTING];
	c->sessions_established = e->n_subscribers[SUB_ESTABLISHED];
	c->sessions_finishing = e->n_subscribers[SUB_FINISHING];
	c->rejects_pending = e->n_held;
	c->net = e->ports.net->counters(e->ports.net_self);
	c->log_lost = log_lost();
	c->log_suppressed = log_suppressed();
	traffic = e->ports.dp->totals(e->ports.dp_self, now);
	c->traffic = (struct snapshot_traffic){ .known = traffic.as_of != 0,
						.as_of = traffic.as_of,
						.sessions = traffic.sessions,
						.st = traffic.st };
	c->has_pool = pools_count(e->pools);
	c->pool_used = pools_used(e->pools);
	for (size_t i = 0; i < pools_count(e->pools); i++)
		c->pool_size += addrpool_size(pools_at(e->pools, i)->addrs);
	c->pools_unknown = e->stats.pools_unknown;
	*ret = s;
	return 0;
}

static int snapshot_take_config(struct engine *e, struct snapshot **ret)
{
	struct snapshot *s = snapshot_new(0);
	const struct config *c = e->cfg;

	if (!s)
		return -ENOMEM;
	s->config.in_force = config_ref(e->cfg);
	s->config.boot = config_ref(e->boot);
	s->config.auth_method = ppp_auth_method_name(c->auth_method);
	s->config.qdisc = plan_qdisc_name(c->shape.qdisc);
	rate_text(c->shape.down_bps, s->config.down_rate);
	rate_text(config_shape(c).up_bps, s->config.up_rate);
	*ret = s;
	return 0;
}

/* ---- tunnels ---- */

/* The texts of the row are owned by the engine: the caller copies them. */
static struct snapshot_tunnel_row tunnel_row(const struct tunnel *t)
{
	return (struct snapshot_tunnel_row){
		.created = t->l2tp.created,
		.last_activity = t->l2tp.last_activity,
		.state = l2tp_tunnel_state_name(&t->l2tp),
		.peer_host = (const char *)t->l2tp.peer_host,
		.peer_host_len = t->l2tp.peer_host_len,
		.sessions = t->n_calls,
		.max_sessions = t->e->cfg->max_sessions,
		.peer = t->path.peer,
		.tid = t->l2tp.tid,
		.peer_tid = t->l2tp.peer_tid,
	};
}

const char *snapshot_text(char **at, const void *text, size_t len)
{
	char *to = *at;

	if (len)
		memcpy(to, text, len);
	to[len] = '\0';
	*at = to + len + 1;
	return to;
}

static int take_tunnels(struct engine *e, struct snapshot **ret)
{
	size_t n = 0, text = 0, i = 0;
	struct snapshot *s;
	struct list *it;
	char *at;

	list_for_each(it, &e->tunnels) {
		n++;
		text += list_entry(it, struct tunnel, in_all)->l2tp.peer_host_len + 1u;
	}
	s = snapshot_new(n * sizeof(*s->tunnels.v) + text);
	if (!s)
		return -ENOMEM;
	s->tunnels.n = n;
	s->tunnels.v = (struct snapshot_tunnel_row *)(s + 1);
	at = (char *)(s->tunnels.v + n);
	list_for_each(it, &e->tunnels) {
		struct snapshot_tunnel_row *r = &s->tunnels.v[i++];

		*r = tunnel_row(list_entry(it, struct tunnel, in_all));
		r->peer_host = snapshot_text(&at, r->peer_host, r->peer_host_len);
	}
	*ret = s;
	return 0;
}

static void copy_channel(struct snapshot_tunnel *s, const struct l2tp_chan *c)
{
	s->channel.ns = c->ns_next;
	s->channel.nr = c->nr;
	s->channel.unacknowledged = (uint16_t)(c->ns_next - c->ns_una);
	s->channel.queued = c->txq_len;
	s->channel.window = c->cwnd;
	s->channel.peer_window = c->peer_rws;
	s->channel.retransmissions = c->rtx_total;
}

static void copy_tunnel(struct snapshot_tunnel *s, const struct tunnel *t, char **at)
{
	const struct l2tp_tunnel *l = &t->l2tp;

	s->row = tunnel_row(t);
	s->row.peer_host = snapshot_text(at, l->peer_host, l->peer_host_len);
	s->local = t->path.local;
	s->established = l->established;
	s->last_liveness = l->last_liveness;
	s->restored = t->restored ? t->e->restored : 0;
	s->authenticated = l->cfg.secret_len > 0 && t->up;
	s->hello_interval_s = (unsigned)(l->cfg.hello_interval / ZE_SEC(1));
	s->hello_retries = l->cfg.hello_retries;
	s->peer.vendor = snapshot_text(at, l->peer_vendor, l->peer_vendor_len);
	s->peer.vendor_len = l->peer_vendor_len;
	s->peer.version_major = (uint8_t)(l->peer_version >> 8);
	s->peer.version_minor = (uint8_t)l->peer_version;
	s->peer.has_firmware = l->have & L2TP_BIT(AVP_FIRMWARE_REVISION);
	s->peer.async = l->peer_framing & L2TP_FRAMING_ASYNC;
	s->peer.sync = l->peer_framing & L2TP_FRAMING_SYNC;
	s->peer.firmware = l->peer_firmware;
	s->peer.window = l->peer_rws;
	s->peer.bearer = l->peer_bearer;
	copy_channel(s, &l->chan);
	fsm_history(&l->fsm, s->steps, sizeof(s->steps));
}

static int take_tunnel(struct engine *e, uint16_t tid, struct snapshot **ret)
{
	const struct tunnel *t = registry_tunnel(e, tid);
	uint16_t *sids;
	struct snapshot *s;
	struct list *it;
	char *at;

	if (!t)
		return -ENOENT;
	s = snapshot_new(t->n_calls * sizeof(*sids) + t->l2tp.peer_host_len + 1u +
			 t->l2tp.peer_vendor_len + 1u);
	if (!s)
		return -ENOMEM;
	sids = (uint16_t *)(s + 1);
	at = (char *)(sids + t->n_calls);
	s->tunnel.sids = sids;
	list_for_each(it, &t->calls)
		sids[s->tunnel.n_sids++] = list_entry(it, struct call, in_tunnel)->l2tp.sid;
	copy_tunnel(&s->tunnel, t, &at);
	*ret = s;
	return 0;
}

static struct snapshot_pool pool_row(const struct pool *p)
{
	struct snapshot_pool r = { .cfg = p->cfg,
				   .size = addrpool_size(p->addrs),
				   .used = addrpool_used(p->addrs),
				   .peak = addrpool_peak(p->addrs),
				   .reserved = addrpool_reserved(p->addrs),
				   .refused = p->refused };
	const struct list *l;

	list_for_each(l, &p->waiters)
		r.waiting++;
	return r;
}

static int take_pools(const struct engine *e, struct snapshot **ret)
{
	size_t n = pools_count(e->pools);
	struct snapshot *s = snapshot_new(n * sizeof(*s->pools.v));

	if (!s)
		return -ENOMEM;
	s->pools.n = n;
	s->pools.v = (struct snapshot_pool *)(s + 1);
	for (size_t i = 0; i < n; i++)
		s->pools.v[i] = pool_row(pools_at(e->pools, i));
	*ret = s;
	return 0;
}

/* ---- taking one ---- */

static int take_history(const struct snapshot_history *h, struct snapshot **ret)
{
	struct snapshot *s;

	if (!h)
		return -ENOTSUP;
	s = snapshot_new(0);
	if (!s)
		return -ENOMEM;
	s->ended = h->ended(h->self);
	if (!s->ended) {
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

static int take_radius(const struct snapshot_radius_source *r, struct snapshot **ret)
{
	struct snapshot *s = snapshot_new(0);

	if (!s)
		return -ENOMEM;
	s->radius = r ? r->take(r->self) : calloc(1, sizeof(*s->radius));
	if (!s->radius) {
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

static int snapshot_take_new(struct engine *e, const struct snapshot_ask *a, struct snapshot **ret)
{
	switch (a->kind) {
	case SNAPSHOT_SUMMARY:
		return take_summary(e, ret);
	case SNAPSHOT_COUNTERS:
		return take_counters(e, a->now, ret);
	case SNAPSHOT_CONFIG:
		return snapshot_take_config(e, ret);
	case SNAPSHOT_TUNNELS:
		return take_tunnels(e, ret);
	case SNAPSHOT_TUNNEL:
		return take_tunnel(e, a->id, ret);
	case SNAPSHOT_SESSIONS:
		return snapshot_take_sessions(e, ret);
	case SNAPSHOT_SESSION:
		return snapshot_take_session(e, a, ret);
	case SNAPSHOT_ROUTES:
		return snapshot_take_routes(e, ret);
	case SNAPSHOT_HISTORY:
		return take_history(a->history, ret);
	case SNAPSHOT_POOLS:
		return take_pools(e, ret);
	case SNAPSHOT_RADIUS:
		return take_radius(a->radius, ret);
	case SNAPSHOT_NONE:
	case SNAPSHOT__KINDS:
		break;
	}
	return -EINVAL;
}

/* The engine's reference on the shared snapshot of this kind; NULL: the kind is not shared. */
static const struct snapshot **place_of(struct engine *e, enum snapshot_kind kind)
{
	if (kind == SNAPSHOT_TUNNELS)
		return &e->shared_tunnels;
	return kind == SNAPSHOT_SESSIONS ? &e->shared_sessions : NULL;
}

static bool young(const struct snapshot *s, ze_ns now, ze_ns max_age)
{
	return s && now - s->at < max_age;
}

int snapshot_take(struct engine *e, const struct snapshot_ask *a, const struct snapshot **ret)
{
	const struct snapshot **shared = a->max_age ? place_of(e, a->kind) : NULL;
	struct snapshot *s = NULL;
	int r;

	if (shared && young(*shared, a->now, a->max_age)) {
		*ret = snapshot_ref(*shared);
		return 0;
	}
	r = snapshot_take_new(e, a, &s);
	if (r < 0)
		return r;
	s->kind = a->kind;
	s->at = a->now;
	if (shared) {
		snapshot_unref(*shared);
		*shared = snapshot_ref(s);
	}
	*ret = s;
	return 0;
}

static void expire(const struct snapshot **shared, ze_ns now)
{
	if (!*shared || young(*shared, now, SNAPSHOT_SHARED_NS))
		return;
	snapshot_unref(*shared);
	*shared = NULL;
}

void snapshot_expire(struct engine *e, ze_ns now)
{
	expire(&e->shared_tunnels, now);
	expire(&e->shared_sessions, now);
}

void snapshot_drop(struct engine *e)
{
	snapshot_expire(e, ZE_NEVER);
}
