/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/core/facts.h"
#include "daemon/core/route_check.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/turn.h"

#define ROUTES_FAMILY_MAX 64 /* of a session, see PROFILE_KEYS */

/* ---- the tables ---- */

static struct route *route_from(struct htab_node *n, const struct ze_prefix *p)
{
	for (; n; n = htab_same(n)) {
		struct route *r = ze_container_of(n, struct route, in_prefixes);

		if (ze_prefix_eq(&r->dst, p))
			return r;
	}
	return NULL;
}

/* Iterates over the routes with a prefix: the one after r, or the first when r is NULL. */
static struct route *route_next(const struct engine *e, const struct ze_prefix *p,
				const struct route *r)
{
	return route_from(r ? htab_same(&r->in_prefixes) :
			      htab_find(&e->routes.by_prefix, ze_prefix_hash(p)),
			  p);
}

static struct route *route_in(const struct session_routes *all, const struct ze_prefix *p)
{
	struct list *l;

	list_for_each(l, &all->list) {
		struct route *r = list_entry(l, struct route, in_session);

		if (ze_prefix_eq(&r->dst, p))
			return r;
	}
	return NULL;
}

/* ---- events and log lines ---- */

static void routes_tell(struct route *r, enum event_kind kind, ze_ns now)
{
	struct event ev = facts_event(r->s, kind, now);

	ev.family = dp_prefix_family(&r->dst);
	ev.prefix = r->dst;
	turn_event(r->s->e, &ev);
}

static bool routes_may_log(const struct route *r, enum log_level level, ze_ns now,
			   uint32_t *ret_suppressed)
{
	return turn_may_log(r->s->e, r->s->call.tunnel, &(struct turn_line){ LOG_DP, level, NULL },
			    now, ret_suppressed);
}

static void routes_log_failed(const struct route *r, const char *what, int error, ze_ns now)
{
	char dst[ZE_PREFIX_TEXT];
	uint32_t suppressed;

	if (routes_may_log(r, LOG_WARN, now, &suppressed))
		log_kv(LOG_DP, LOG_WARN, what, KV_U64("sid", r->s->call.l2tp.sid),
		       KV_STR("user", facts_user(r->s)),
		       KV_STR("route", ze_prefix_text(&r->dst, dst)), KV_ERRNO(error),
		       KV_SUPPRESSED(suppressed));
}

static void routes_log_refused(const struct route *r, ze_ns now)
{
	char dst[ZE_PREFIX_TEXT];
	uint32_t suppressed;

	if (routes_may_log(r, LOG_WARN, now, &suppressed))
		log_kv(LOG_DP, LOG_WARN, "route-refused", KV_U64("sid", r->s->call.l2tp.sid),
		       KV_STR("user", facts_user(r->s)),
		       KV_STR("route", ze_prefix_text(&r->dst, dst)),
		       KV_STR("reason", route_check_name(r->why.why)),
		       KV_OPT("with", span_str(r->why.with)),
		       KV_STR("cure", route_check_cure(r->why.why)), KV_SUPPRESSED(suppressed));
}

static void log_standby(const struct route *r, const struct route *best, ze_ns now)
{
	char dst[ZE_PREFIX_TEXT];
	uint32_t suppressed;

	if (routes_may_log(r, LOG_INFO, now, &suppressed))
		log_kv(LOG_DP, LOG_INFO, "route-standby", KV_U64("sid", r->s->call.l2tp.sid),
		       KV_STR("user", facts_user(r->s)),
		       KV_STR("route", ze_prefix_text(&r->dst, dst)), KV_U64("metric", r->metric),
		       KV_U64("used-by-sid", best->s->call.l2tp.sid),
		       KV_U64("used-metric", best->metric), KV_SUPPRESSED(suppressed));
}

/* ---- requests ---- */

static int routes_request(struct route *r, bool add)
{
	struct subscriber *s = r->s;
	const struct ports *io = &s->e->ports;
	struct dp_route d = { .dst = r->dst, .metric = r->metric, .add = add };

	d.token = r->token = ++s->e->routes.last_token;
	return io->dp->route(io->dp_self, s->call.l2tp.sid, &d);
}

static bool routes_is_used(const struct route *r)
{
	return r->state == ROUTE_REQUESTED || r->state == ROUTE_INSTALLED;
}

static void routes_withdrawn(struct route *r, ze_ns now)
{
	if (r->told)
		routes_tell(r, EV_ROUTE_REMOVE, now);
	r->told = false;
}

static void route_failed(struct route *r, int error, ze_ns now)
{
	r->state = ROUTE_FAILED;
	r->error = -error;
	turn_count(r->s->e, REASON_ROUTE_FAILED);
	routes_log_failed(r, "route-failed", error, now);
	routes_withdrawn(r, now);
}

/* Returns false when the data plane refuses the request. */
static bool routes_start(struct route *r, ze_ns now)
{
	int error = routes_request(r, true);

	if (error < 0)
		route_failed(r, error, now);
	else
		r->state = ROUTE_REQUESTED;
	return error == 0;
}

/* Withdraws a route that is used. The plane removes those of a session that ends by itself. */
static void routes_stop(struct route *r, enum route_state to, ze_ns now)
{
	const struct subscriber *s = r->s;
	int error = s->dp == SUB_DP_UP && !s->call.ended ? routes_request(r, false) : 0;

	if (error < 0) /* no memory: it is removed with the family */
		routes_log_failed(r, "route-not-removed", error, now);
	routes_withdrawn(r, now);
	r->state = to;
}

/* ---- which one is used ---- */

static bool routes_is_better(const struct route *a, const struct route *b)
{
	return a->metric != b->metric ? a->metric < b->metric : a->s->id > b->s->id;
}

static struct route *routes_best(const struct engine *e, const struct ze_prefix *p)
{
	struct route *best = NULL;

	for (struct route *r = route_next(e, p, NULL); r; r = route_next(e, p, r))
		if (r->state != ROUTE_REFUSED && r->state != ROUTE_FAILED &&
		    (!best || routes_is_better(r, best)))
			best = r;
	return best;
}

/* Requests the best route to a prefix before others are withdrawn, so that no packet is lost. */
static void routes_settle(struct engine *e, const struct ze_prefix *p, ze_ns now)
{
	struct route *best = routes_best(e, p);

	while (best && !routes_is_used(best) && !routes_start(best, now))
		best = routes_best(e, p);
	for (struct route *r = route_next(e, p, NULL); best && r; r = route_next(e, p, r)) {
		if (r == best || !routes_is_used(r))
			continue;
		routes_stop(r, ROUTE_STANDBY, now);
		log_standby(r, best, now);
	}
}

/* Checks a route that is not used, or has just been made. */
static void routes_check_one(struct route *r, ze_ns now)
{
	if (route_check(r->s->e, &r->dst, &r->why)) {
		r->state = ROUTE_REFUSED;
		turn_count(r->s->e, REASON_ROUTE_REFUSED);
		routes_log_refused(r, now);
	} else if (r->state == ROUTE_REFUSED) {
		r->state = ROUTE_STANDBY;
	}
}

/* ---- objects ---- */

static struct session_routes *session_routes_new(struct subscriber *s)
{
	struct session_routes *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->sid = s->call.l2tp.sid;
	list_init(&all->list);
	if (htab_add(&s->e->routes.by_session, &all->in_sessions, all->sid) < 0) {
		free(all);
		return NULL;
	}
	return all;
}

static void routes_no_memory(struct subscriber *s, const struct profile_route *p, ze_ns now)
{
	struct route r = { .s = s, .dst = p->dst };

	route_failed(&r, -ENOMEM, now);
}

/* The new route is on standby, or refused. NULL: no memory, which was logged. */
static struct route *route_new(struct subscriber *s, struct session_routes *all,
			       const struct profile_route *p, ze_ns now)
{
	struct route *r = calloc(1, sizeof(*r));

	if (r && htab_add(&s->e->routes.by_prefix, &r->in_prefixes, ze_prefix_hash(&p->dst)) < 0) {
		free(r);
		r = NULL;
	}
	if (!r) {
		routes_no_memory(s, p, now);
		return NULL;
	}
	r->s = s;
	r->dst = p->dst;
	r->metric = p->metric;
	r->state = ROUTE_STANDBY;
	list_add_tail(&all->list, &r->in_session);
	routes_check_one(r, now);
	return r;
}

static void route_free(struct route *r)
{
	htab_del(&r->s->e->routes.by_prefix, &r->in_prefixes);
	list_del(&r->in_session);
	free(r);
}

static void free_if_empty(struct engine *e, struct session_routes *all)
{
	if (!list_empty(&all->list))
		return;
	htab_del(&e->routes.by_session, &all->in_sessions);
	free(all);
}

/* Withdraws and frees a route; another session may have the same prefix on standby. */
static void routes_drop(struct route *r, ze_ns now)
{
	struct engine *e = r->s->e;
	const struct ze_prefix p = r->dst;
	bool used = routes_is_used(r);

	if (used && routes_best(e, &p) == r) {
		/* The next one is requested first. */
		r->state = ROUTE_FAILED;
		routes_settle(e, &p, now);
	}
	if (used)
		routes_stop(r, ROUTE_STANDBY, now);
	route_free(r);
}

/* ---- the profile ---- */

struct route_list {
	struct profile_route v[ROUTES_FAMILY_MAX];
	size_t n;
};

/* The routes of the profile; those with the same prefix as one, with the lowest metric. Metric 0 is
 * that of the routes to subscribers' addresses, which must be preferred. */
static void list_read(const struct subscriber *s, enum ppp_family family, struct route_list *ret)
{
	enum profile_key key = family == PPP_FAM_IPV4 ? PROFILE_ROUTE : PROFILE_ROUTE6;
	struct profile_route p;

	ret->n = 0;
	if (!s->profile || !profile_get_route(s->profile, key, 0, &p))
		return; /* as most have none */
	*ret = (struct route_list){ 0 };
	for (unsigned i = 0;
	     ret->n < ROUTES_FAMILY_MAX && profile_get_route(s->profile, key, i, &p); i++) {
		size_t k = 0;

		p.metric = p.metric ? p.metric : 1;
		while (k < ret->n && !ze_prefix_eq(&ret->v[k].dst, &p.dst))
			k++;
		if (k == ret->n)
			ret->v[ret->n++] = p;
		else if (p.metric < ret->v[k].metric)
			ret->v[k].metric = p.metric;
	}
}

/* The routes of the session, made when it has none yet. NULL: no memory, which was logged. */
static struct session_routes *session_routes_for(struct subscriber *s,
						 const struct route_list *want, ze_ns now)
{
	struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);

	if (!all)
		all = session_routes_new(s);
	for (size_t i = 0; !all && i < want->n; i++)
		routes_no_memory(s, &want->v[i], now);
	return all;
}

void routes_up(struct subscriber *s, enum ppp_family family, ze_ns now)
{
	struct session_routes *all;
	struct route_list want;

	list_read(s, family, &want);
	all = want.n ? session_routes_for(s, &want, now) : NULL;
	for (size_t i = 0; all && i < want.n; i++)
		if (route_new(s, all, &want.v[i], now))
			routes_settle(s->e, &want.v[i].dst, now);
	if (all)
		free_if_empty(s->e, all);
}

void routes_down(struct subscriber *s, enum ppp_family family, ze_ns now)
{
	struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);
	struct list *l, *next;

	if (!all)
		return;
	list_for_each_safe(l, next, &all->list) {
		struct route *r = list_entry(l, struct route, in_session);

		if (dp_prefix_family(&r->dst) == family)
			routes_drop(r, now);
	}
	free_if_empty(s->e, all);
}

/* A route that both profiles list keeps its packets, also with another metric. */
static void route_keep(struct route *r, uint32_t metric, ze_ns now)
{
	bool changed = r->metric != metric;

	r->wanted = true;
	r->metric = metric;
	if (r->state == ROUTE_REFUSED || r->state == ROUTE_FAILED) {
		r->state = ROUTE_STANDBY;
		routes_check_one(r, now);
	} else if (changed && routes_is_used(r)) {
		routes_start(r, now);
	}
	routes_settle(r->s->e, &r->dst, now);
}

static void change_family(struct subscriber *s, struct session_routes *all,
			  const struct route_list *want, ze_ns now)
{
	for (size_t i = 0; i < want->n; i++) {
		const struct profile_route *p = &want->v[i];
		struct route *r = route_in(all, &p->dst);

		if (r) {
			route_keep(r, p->metric, now);
			continue;
		}
		r = route_new(s, all, p, now);
		if (!r)
			continue;
		r->wanted = true;
		routes_settle(s->e, &p->dst, now);
	}
}

static void routes_change_family(struct subscriber *s, enum ppp_family family, ze_ns now)
{
	struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);
	struct route_list want;
	struct list *l, *next;

	list_read(s, family, &want);
	if (!all && want.n)
		all = session_routes_for(s, &want, now);
	if (!all)
		return;
	change_family(s, all, &want, now);
	list_for_each_safe(l, next, &all->list) {
		struct route *r = list_entry(l, struct route, in_session);

		if (dp_prefix_family(&r->dst) == family && !r->wanted)
			routes_drop(r, now);
		else
			r->wanted = false;
	}
	free_if_empty(s->e, all);
}

void routes_change(struct subscriber *s, ze_ns now)
{
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->ncp_up[f] && !s->call.ended)
			routes_change_family(s, (enum ppp_family)f, now);
}

/* ---- answers ---- */

static void routes_answered(struct route *r, int result, ze_ns now)
{
	if (result < 0) {
		route_failed(r, result, now);
		routes_settle(r->s->e, &r->dst, now);
		return;
	}
	r->state = ROUTE_INSTALLED;
	if (!r->told)
		routes_tell(r, EV_ROUTE_ADD, now);
	r->told = true;
}

/* Only the answer to the newest request of a route counts, as long as it is used. */
void routes_answer(struct subscriber *s, const struct dp_event *ev, ze_ns now)
{
	struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);
	struct route *r = all ? route_in(all, &ev->route.dst) : NULL;

	if (r && r->token == ev->route.token && r->state == ROUTE_REQUESTED)
		routes_answered(r, ev->result, now);
}

void routes_replay(struct subscriber *s, ze_ns now)
{
	const struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);
	struct list *l;

	if (!all)
		return;
	list_for_each(l, &all->list) {
		struct route *r = list_entry(l, struct route, in_session);

		if (r->told)
			routes_tell(r, EV_ROUTE_ADD, now);
	}
}

/* ---- other changes ---- */

static void routes_recheck_one(struct route *r, ze_ns now)
{
	struct route_conflict why;

	if (route_check(r->s->e, &r->dst, &why) == (r->state == ROUTE_REFUSED))
		return;
	if (routes_is_used(r))
		routes_stop(r, ROUTE_STANDBY, now);
	routes_check_one(r, now);
	routes_settle(r->s->e, &r->dst, now);
}

void routes_recheck(struct engine *e, ze_ns now)
{
	for (struct htab_node *n = htab_next(&e->routes.by_prefix, NULL); n;
	     n = htab_next(&e->routes.by_prefix, n))
		routes_recheck_one(ze_container_of(n, struct route, in_prefixes), now);
}

void routes_forget(struct subscriber *s)
{
	struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);

	if (!all)
		return;
	while (!list_empty(&all->list))
		route_free(list_entry(all->list.next, struct route, in_session));
	free_if_empty(s->e, all);
}

/* ---- restart ---- */

/* Those of one family; without memory for the list, they are added after the restart. */
static void routes_restore_family(struct subscriber *s, enum ppp_family family, ze_ns now)
{
	struct session_routes *all;
	struct route_list want;

	list_read(s, family, &want);
	all = want.n ? session_routes_for(s, &want, now) : NULL;
	for (size_t i = 0; all && i < want.n; i++)
		route_new(s, all, &want.v[i], now);
	if (all)
		free_if_empty(s->e, all);
}

size_t routes_restore(struct subscriber *s, struct dp_restore_route **ret, ze_ns now)
{
	const struct session_routes *all;
	struct list *l;
	size_t n = 0;

	*ret = NULL;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->link.ncp[f] == PPP_NCP_UP)
			routes_restore_family(s, (enum ppp_family)f, now);
	all = session_routes_of(&s->e->routes, s->call.l2tp.sid);
	if (all)
		*ret = calloc(2 * ROUTES_FAMILY_MAX, sizeof(**ret));
	if (!*ret)
		return 0;
	list_for_each(l, &all->list) {
		const struct route *r = list_entry(l, struct route, in_session);

		if (r->state == ROUTE_STANDBY)
			(*ret)[n++].route = (struct dp_route){ r->dst, r->metric, 0, true };
	}
	return n;
}

void routes_restored(struct subscriber *s, const struct dp_restore_route *v, size_t n, ze_ns now)
{
	const struct session_routes *all = session_routes_of(&s->e->routes, s->call.l2tp.sid);

	for (size_t i = 0; all && i < n; i++) {
		struct route *r = route_in(all, &v[i].route.dst);

		if (!r)
			continue;
		if (v[i].result < 0)
			route_failed(r, v[i].result, now);
		else
			r->state = ROUTE_INSTALLED;
		r->told = r->state == ROUTE_INSTALLED;
	}
}

void routes_restore_done(struct engine *e, ze_ns now)
{
	for (struct htab_node *n = htab_next(&e->routes.by_prefix, NULL); n;
	     n = htab_next(&e->routes.by_prefix, n))
		routes_settle(e, &ze_container_of(n, struct route, in_prefixes)->dst, now);
}
