/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions for snapshot.h: a row of the list, and one in detail. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/session_id.h"
#include "daemon/core/facts.h"
#include "daemon/core/own.h"
#include "daemon/core/registry.h"
#include "daemon/core/route_check.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/snapshot_priv.h"
#include "daemon/core/subscriber_priv.h"
#include "ppp/auth.h"

static const char *const state_names[SUB__STATES] = { "starting", "established", "finishing" };

/* The user's name is owned by the engine: the caller copies it. */
static struct snapshot_session_row session_row(const struct subscriber *s)
{
	struct snapshot_session_row r = {
		.created = s->call.l2tp.created,
		.state = state_names[s->state],
		.user = facts_user(s),
		.address = s->lease.ip4,
		.sid = s->call.l2tp.sid,
		.peer_sid = s->call.l2tp.peer_sid,
		.tid = s->call.tunnel->l2tp.tid,
		.ipv4 = s->ncp_up[PPP_FAM_IPV4],
		.ipv6 = s->ncp_up[PPP_FAM_IPV6],
	};

	memcpy(r.ifname, s->ifname, sizeof(r.ifname));
	return r;
}

int snapshot_take_sessions(struct engine *e, struct snapshot **ret)
{
	size_t n = 0, text = 0, i = 0;
	struct snapshot *s;
	struct list *it;
	char *at;

	list_for_each(it, &e->calls) {
		const struct subscriber *sub = subscriber_of(list_entry(it, struct call, in_all));

		if (!sub)
			continue;
		n++;
		text += strlen(facts_user(sub)) + 1;
	}
	s = snapshot_new(n * sizeof(*s->sessions.v) + text);
	if (!s)
		return -ENOMEM;
	s->sessions.n = n;
	s->sessions.v = (struct snapshot_session_row *)(s + 1);
	at = (char *)(s->sessions.v + n);
	list_for_each(it, &e->calls) {
		const struct subscriber *sub = subscriber_of(list_entry(it, struct call, in_all));
		struct snapshot_session_row *r = &s->sessions.v[i];

		if (!sub)
			continue;
		i++;
		*r = session_row(sub);
		r->user = snapshot_text(&at, r->user, strlen(r->user));
	}
	*ret = s;
	return 0;
}

/* ---- routes ---- */

static const char *const route_names[ROUTE__STATES] = {
	[ROUTE_REQUESTED] = "waiting", [ROUTE_INSTALLED] = "installed", [ROUTE_STANDBY] = "standby",
	[ROUTE_REFUSED] = "refused",   [ROUTE_FAILED] = "failed",
};

/* The user's name is owned by the engine: the caller copies it. */
static struct snapshot_route_row route_row(const struct route *r)
{
	enum profile_key key = r->dst.addr.family == 4 ? PROFILE_ROUTE : PROFILE_ROUTE6;
	bool refused = r->state == ROUTE_REFUSED;
	struct snapshot_route_row row = {
		.dst = r->dst,
		.metric = r->metric,
		.sid = r->s->call.l2tp.sid,
		.user = facts_user(r->s),
		.state = route_names[r->state],
		.source = r->s->profile ? profile_source_name(profile_source(r->s->profile, key)) :
					  "",
		.reason = refused ? route_check_name(r->why.why) : "",
		.error = r->state == ROUTE_FAILED ? log_strerror(-r->error) : "",
	};

	if (refused)
		memcpy(row.with, r->why.with, sizeof(row.with));
	return row;
}

static size_t snapshot_routes_count(const struct session_routes *all)
{
	const struct list *l;
	size_t n = 0;

	if (all)
		list_for_each(l, &all->list)
			n++;
	return n;
}

/* Writes the rows of a session, with one copy of the user's name. Returns their number. */
static size_t copy_routes(const struct session_routes *all, struct snapshot_route_row *v, char **at)
{
	const char *user = NULL;
	struct list *l;
	size_t n = 0;

	if (!all)
		return 0;
	list_for_each(l, &all->list) {
		v[n] = route_row(list_entry(l, struct route, in_session));
		if (!user)
			user = snapshot_text(at, v[n].user, strlen(v[n].user));
		v[n++].user = user;
	}
	return n;
}

/* In the order of the sessions. */
int snapshot_take_routes(struct engine *e, struct snapshot **ret)
{
	size_t n = e->routes.by_prefix.n, text = 0;
	struct snapshot *s;
	struct list *it;
	char *at;

	list_for_each(it, &e->calls) {
		const struct subscriber *sub = subscriber_of(list_entry(it, struct call, in_all));

		if (sub && n)
			text += strlen(facts_user(sub)) + 1;
	}
	s = snapshot_new(n * sizeof(*s->routes.v) + text);
	if (!s)
		return -ENOMEM;
	s->routes.v = (struct snapshot_route_row *)(s + 1);
	at = (char *)(s->routes.v + n);
	list_for_each(it, &e->calls) {
		const struct call *c = list_entry(it, struct call, in_all);

		s->routes.n += copy_routes(session_routes_of(&e->routes, c->l2tp.sid),
					   s->routes.v + s->routes.n, &at);
	}
	*ret = s;
	return 0;
}

/* ---- one in detail ---- */

static const char *const ncp_names[] = {
	[PPP_NCP_OFF] = "off",
	[PPP_NCP_WAITING] = "waiting",
	[PPP_NCP_RUNNING] = "negotiating",
	[PPP_NCP_READY] = "ready",
	[PPP_NCP_ATTACHED] = "attached",
	[PPP_NCP_UP] = "opened",
};

static const char *const auth_names[] = {
	[AUTH_IDLE] = "idle",	      [AUTH_CHALLENGED] = "waiting", [AUTH_DECIDING] = "deciding",
	[AUTH_ACCEPTED] = "accepted", [AUTH_REJECTED] = "rejected",
};

static const char *const shape_names[] = {
	[SUB_SHAPE_OFF] = "none",
	[SUB_SHAPE_WAITING] = "waiting",
	[SUB_SHAPE_ON] = "applied",
	[SUB_SHAPE_FAILED] = "failed",
};

static void copy_echo(struct snapshot_ppp *p, const struct echo *e)
{
	p->echo.state = echo_state_name(e);
	p->echo.sent = e->sent;
	p->echo.replies = e->replies;
	p->echo.lost = e->lost;
	p->echo.last_rtt = e->last_rtt;
	p->echo.min_rtt = e->min_rtt;
	p->echo.max_rtt = e->max_rtt;
}

static void copy_ppp(struct snapshot_ppp *p, const struct subscriber *s)
{
	const struct ppp_link *l = &s->link;
	const struct lcp *lcp = &l->lcp;
	bool open6 = l->ncp[PPP_FAM_IPV6] == PPP_NCP_UP;

	p->phase = ppp_phase_name(l);
	p->lcp_state = cp_state_name(&lcp->cp);
	p->auth_method = ppp_auth_method_name(lcp_auth_method(lcp));
	p->auth_state = auth_names[l->auth.phase];
	p->ipcp_state = ncp_names[l->ncp[PPP_FAM_IPV4]];
	p->ipv6cp_state = ncp_names[l->ncp[PPP_FAM_IPV6]];
	p->lcp_proxied = lcp->proxied;
	p->auth_proxied = l->auth.proxied != AUTH_PROXIED_NO;
	p->mru = lcp->want_mru ? lcp->mru : PPP_MRU_DEFAULT;
	p->peer_mru = lcp->peer_mru;
	p->mtu = facts_mtu(s);
	p->magic = lcp->magic;
	p->peer_magic = lcp->peer_magic;
	p->peer_pfc = lcp->peer_pfc;
	p->peer_acfc = lcp->peer_acfc;
	p->local_address = s->lease.gw4;
	memcpy(p->dns, s->lease.dns4, sizeof(p->dns));
	p->ifid = open6 ? l->ipv6cp.ifid : s->lease.ifid;
	p->peer_ifid = open6 ? l->ipv6cp.peer_ifid : 0;
	copy_echo(p, &lcp->echo);
}

/* Who else has the address: the pool that holds it for the session; the host or a LAC may have got it
 * after the session. */
static void copy_address(struct snapshot_session *r, const struct subscriber *s)
{
	const char *holder = s->lease.ip4 ? own_holder(s->e, s->lease.ip4) : NULL;

	snprintf(r->also_on, sizeof(r->also_on), "%s", holder ? holder : "");
	if (s->lease.pool)
		memcpy(r->pool, s->lease.pool->cfg.name, sizeof(r->pool));
}

static void copy_call(struct snapshot_session *r, const struct l2tp_session *l, char **at)
{
	r->l2tp_state = l2tp_session_state_name(l);
	r->connected = l->established;
	r->calling_number = snapshot_text(at, l->calling_number, strlen(l->calling_number));
	r->called_number = snapshot_text(at, l->called_number, strlen(l->called_number));
	r->sub_address = snapshot_text(at, l->sub_address, strlen(l->sub_address));
	r->framing = l->framing_type & L2TP_FRAMING_SYNC  ? "sync" :
		     l->framing_type & L2TP_FRAMING_ASYNC ? "async" :
							    "unknown";
	r->call_serial = l->call_serial;
	r->physical_channel = l->physical_channel;
	r->tx_speed_bps = l->tx_speed_bps;
	r->rx_speed_bps = l->rx_speed_bps;
	r->sequencing_required = l->sequencing_required;
}

static void copy_traffic(struct snapshot_session *r, const struct subscriber *s, ze_ns now)
{
	const struct ports *io = &s->e->ports;
	struct snapshot_traffic *t = &r->traffic;

	r->rx_frames = s->rx_frames;
	r->tx_frames = s->tx_frames;
	r->rx_limited = s->rx_limited;
	t->sessions = 1;
	t->known = s->dp == SUB_DP_UP &&
		   io->dp->stats(io->dp_self, s->call.l2tp.sid, now, &t->st, &t->as_of) >= 0;
}

static void copy_session(struct snapshot_session *r, const struct subscriber *s, char *at)
{
	r->row = session_row(s);
	r->row.user = snapshot_text(&at, r->row.user, strlen(r->row.user));
	session_id_text(s->id, r->id);
	r->peer = s->call.tunnel->path.peer;
	r->up = s->up_at;
	r->restored = s->restored ? s->e->restored : 0;
	copy_address(r, s);
	copy_call(r, &s->call.l2tp, &at);
	r->has_ppp = s->linked;
	if (s->linked)
		copy_ppp(&r->ppp, s);
	r->shaping = shape_names[s->shape];
	r->shaped = s->shape != SUB_SHAPE_OFF;
	snapshot_rate(s->plan.down_bps, r->down_rate);
	snapshot_rate(s->plan.up_bps, r->up_rate);
}

int snapshot_take_session(struct engine *e, const struct snapshot_ask *a, struct snapshot **ret)
{
	const struct subscriber *sub = registry_sub(e, a->id);
	const struct session_routes *all = session_routes_of(&e->routes, a->id);
	struct snapshot_route_row *rows;
	struct snapshot *s;
	char *at;

	if (!sub)
		return -ENOENT;
	s = snapshot_new(snapshot_routes_count(all) * sizeof(*rows) + 2 * strlen(facts_user(sub)) +
			 strlen(sub->call.l2tp.calling_number) +
			 strlen(sub->call.l2tp.called_number) + strlen(sub->call.l2tp.sub_address) +
			 5);
	if (!s)
		return -ENOMEM;
	rows = (struct snapshot_route_row *)(s + 1);
	s->session.routes = rows;
	at = (char *)(rows + snapshot_routes_count(all));
	s->session.n_routes = copy_routes(all, rows, &at);
	copy_session(&s->session, sub, at);
	copy_traffic(&s->session, sub, a->now);
	s->session.profile = snapshot_profile_take(sub);
	if (a->history)
		s->session.trail = a->history->trail(a->history->self, sub->id);
	if (!s->session.profile || (a->history && !s->session.trail)) {
		free(s->session.profile);
		free(s->session.trail);
		free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}
