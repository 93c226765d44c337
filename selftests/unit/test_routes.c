/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes to networks behind subscribers: the order of requests, changes, families
 * that go down and come back, failures of each request, sessions with the same prefix, prefixes that
 * are refused, and restarts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "daemon/base/hostip.h"
#include "daemon/core/route_check.h"
#include "daemon/core/routes.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/world.h"

#define NET  "10.1.0.0/24"
#define NET6 "2001:db8:1::/48"

static struct world *w;
static struct lac *l;

/* ---- users, with the routes of their profiles ---- */

struct granted { /* "10.1.0.0/24 5, 2001:db8:1::/48" */
	const char *user, *routes;
};

static struct granted users[8];

static void put_routes(struct profile *p, const char *text)
{
	char all[4096], *rest = all, *one;

	snprintf(all, sizeof(all), "%s", text);
	while ((one = strsep(&rest, ",")) != NULL) {
		char prefix[64];
		struct profile_route r = { .metric = 0 };

		if (sscanf(one, " %63s %u", prefix, &r.metric) < 1)
			continue;
		assert_int_equal(ze_prefix_parse(prefix, &r.dst), 0);
		assert_true(profile_put_route(
			p, r.dst.addr.family == 4 ? PROFILE_ROUTE : PROFILE_ROUTE6, &r));
	}
}

static struct profile *profile_with(const char *user, const char *routes)
{
	static struct profile_room room;
	struct profile *empty = profile_new(span_str(user)), *p;

	if (!empty)
		return NULL;
	p = profile_edit(&room, empty, span_str(""));
	put_routes(p, routes);
	profile_free(empty);
	return profile_copy(p);
}

static bool grant(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	(void)self;
	*ret = (struct aaa_answer){ .verdict = AAA_REJECT };
	for (unsigned i = 0; i < ZE_ARRAY_SIZE(users) && users[i].user; i++) {
		if (!span_eq(rq->user, span_str(users[i].user)))
			continue;
		ret->profile = profile_with(users[i].user, users[i].routes);
		ret->verdict = ret->profile ? AAA_ACCEPT : AAA_UNAVAILABLE;
	}
	return true;
}

static void grant_to(const char *user, const char *routes)
{
	for (unsigned i = 0; i < ZE_ARRAY_SIZE(users); i++)
		if (!users[i].user || strcmp(users[i].user, user) == 0) {
			users[i] = (struct granted){ user, routes };
			return;
		}
}

static void use_handler(void)
{
	const struct aaa_handler h = { .name = "routes", .auth = grant };

	memset(&w->aaa, 0, sizeof(w->aaa));
	aaa_broker_add(&w->aaa, &h);
	aaa_broker_order(&w->aaa, &h.name, 1);
}

static void begin(struct config *c)
{
	assert_non_null(c);
	memset(users, 0, sizeof(users));
	c->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	c->n_listeners = 1;
	w = world_new(c, 71);
	assert_non_null(w);
	use_handler();
	l = lac_new(w, 1, 1701);
	lac_connect(l);
}

static int up(void **st)
{
	(void)st;
	begin(w_config());
	return 0;
}

static int down(void **st)
{
	(void)st;
	w->dp_route_result = 0;
	world_end(w);
	return 0;
}

static struct lac_call *login(const char *user)
{
	struct lac_call *c = lac_call(l, user, "secret");

	assert_true(c->c.v4_up);
	return c;
}

static uint16_t sid(const struct lac_call *c)
{
	return call_sub(c)->call.l2tp.sid;
}

static const struct session_routes *routes_of(const struct engine *e, uint16_t id)
{
	struct htab_node *n = htab_find(&e->routes.by_session, id);

	return n ? ze_container_of(n, struct session_routes, in_sessions) : NULL;
}

static const struct route *route_at(const struct lac_call *c, const char *prefix)
{
	const struct session_routes *all = routes_of(w->e, sid(c));
	struct ze_prefix p;
	struct list *it;

	assert_int_equal(ze_prefix_parse(prefix, &p), 0);
	if (!all)
		return NULL;
	list_for_each(it, &all->list) {
		const struct route *r = list_entry(it, struct route, in_session);

		if (r->dst.len == p.len && ze_addr_eq(&r->dst.addr, &p.addr))
			return r;
	}
	return NULL;
}

static void assert_state(const struct lac_call *c, const char *prefix, enum route_state state)
{
	const struct route *r = route_at(c, prefix);

	assert_non_null(r);
	assert_int_equal(r->state, state);
}

static uint64_t count(enum reason r)
{
	return w->e->stats.reasons[r];
}

/* The number of events of a kind about a prefix. */
static unsigned events(enum event_kind kind, const char *prefix)
{
	struct ze_prefix p;
	unsigned n = 0;

	assert_int_equal(ze_prefix_parse(prefix, &p), 0);
	assert_true(w->n_events < W_EVENTS);
	for (unsigned i = 0; i < w->n_events; i++)
		n += w->events[i].kind == kind && w->events[i].prefix.len == p.len &&
		     ze_addr_eq(&w->events[i].prefix.addr, &p.addr);
	return n;
}

static void change(const struct lac_call *c, const char *routes)
{
	struct subscriber *s = call_sub(c);

	facts_login(s, profile_with("a", routes));
	routes_change(s, w->now);
	w_deliver(w);
}

/* ---- up and down ---- */

/* S-AAA-50, R-019 */
static void routes_come_with_the_family(void **st)
{
	struct lac_call *c;
	uint32_t metric;

	(void)st;
	grant_to("a", NET " 7, 10.2.0.0/16, " NET6 " 3");
	w->dp_hold = true;
	c = lac_call(l, "a", "secret");
	assert_null(routes_of(w->e, sid(c)));
	assert_int_equal(w->route_adds, 0);
	w->dp_hold = false;
	w_deliver(w);
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(w_route(w, NET, &metric), sid(c));
	assert_int_equal(metric, 7);
	assert_int_equal(w_route(w, "10.2.0.0/16", &metric), sid(c));
	assert_int_equal(metric, 1); /* 0 is that of the subscriber's address */
	assert_int_equal(w_route(w, NET6, &metric), sid(c));
	assert_int_equal(metric, 3);
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_state(c, NET6, ROUTE_INSTALLED);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 1);
	assert_int_equal(w_last_event(w, EV_ROUTE_ADD)->sid, sid(c));
	assert_int_equal(count(REASON_ROUTE_FAILED), 0);
}

/* A route is reported when it is true. */
static void event_waits_for_the_answer(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", "");
	c = login("a");
	w->dp_hold = true;
	change(c, NET);
	assert_state(c, NET, ROUTE_REQUESTED);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 0);
	w->dp_hold = false;
	w_deliver(w);
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 1);
}

static void no_memory_without_routes(void **st)
{
	(void)st;
	grant_to("a", "");
	login("a");
	assert_int_equal(w->e->routes.by_session.n, 0);
	assert_int_equal(w->route_adds, 0);
}

static void gone_with_the_session(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", NET ", " NET6);
	c = login("a");
	w->dp_hold = true;
	lac_cdn(c);
	w_deliver(w);
	/* Withdrawn at once; the plane removes them with the session. */
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET6), 1);
	assert_int_equal(w->e->routes.by_session.n, 0);
	assert_int_equal(w->route_dels, 0);
	w->dp_hold = false;
	w_deliver(w);
	assert_int_equal(w_route(w, NET, NULL), 0);
}

/* LCP is negotiated again: both families go down and come back. */
static void family_goes_down_and_comes_back(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", NET);
	c = login("a");
	client_renegotiate(c);
	w_advance(w, ZE_SEC(10));
	assert_true(c->c.v4_up && !c->over);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 2);
	assert_int_equal(w->route_dels, 1);
	assert_int_equal(w_route(w, NET, NULL), sid(c));
	assert_state(c, NET, ROUTE_INSTALLED);
}

/* The answers of requests before the family went down are late: they say nothing about the route. */
static void late_answers_are_ignored(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", "");
	c = login("a");
	w->dp_hold = true;
	w->dp_route_result = -ENOBUFS;
	change(c, NET); /* will fail */
	change(c, "");
	w->dp_route_result = 0;
	change(c, NET);
	w->dp_hold = false;
	w_deliver(w);
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_int_equal(count(REASON_ROUTE_FAILED), 0);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 1);
}

static void only_of_the_family_that_is_up(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", NET ", " NET6);
	c = &w->calls[w->n_calls++];
	*c = (struct lac_call){ .l = l, .sid = l->next_sid++, .c = { .no_ipv6 = true } };
	strcpy(c->c.user, "a");
	strcpy(c->c.password, "secret");
	c->c.retry_at = ZE_NEVER;
	lac_icrq(l, 0, c->sid);
	w_deliver(w);
	assert_true(c->c.v4_up && !c->c.v6_up);
	assert_int_equal(w_route(w, NET, NULL), sid(c));
	assert_null(route_at(c, NET6));
}

static void sixty_four_of_each_family(void **st)
{
	static char text[4096];
	struct lac_call *c;
	size_t n = 0;

	(void)st;
	for (unsigned i = 0; i < 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "10.7.%u.0/24,fd00:%x::/32,", i,
				      i + 1);
	grant_to("a", text);
	c = login("a");
	assert_int_equal(w->n_routes, 128);
	assert_int_equal(w_route(w, "10.7.63.0/24", NULL), sid(c));
	assert_int_equal(w_route(w, "fd00:40::/32", NULL), sid(c));
	lac_cdn(c);
	w_deliver(w);
	assert_int_equal(w_count_events(w, EV_ROUTE_ADD), 128 + 1);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 128 + 1);
}

static void same_prefix_twice_in_a_profile(void **st)
{
	struct lac_call *c;
	uint32_t metric;

	(void)st;
	grant_to("a", NET " 9, " NET " 4, " NET " 6");
	c = login("a");
	assert_int_equal(w->route_adds, 1);
	assert_int_equal(w_route(w, NET, &metric), sid(c));
	assert_int_equal(metric, 4);
}

/* ---- changes ---- */

static void change_replaces_the_list(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", NET ", 10.2.0.0/16");
	c = login("a");
	change(c, "10.2.0.0/16, 10.3.0.0/16, " NET6);
	assert_int_equal(w_route(w, NET, NULL), 0);
	assert_null(route_at(c, NET));
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
	assert_int_equal(w_route(w, "10.3.0.0/16", NULL), sid(c));
	assert_int_equal(w_route(w, NET6, NULL), sid(c));
	/* What stays is not touched. */
	assert_int_equal(events(EV_ROUTE_ADD, "10.2.0.0/16"), 1);
	assert_int_equal(events(EV_ROUTE_REMOVE, "10.2.0.0/16"), 0);
	assert_int_equal(w->route_adds, 4);
	assert_int_equal(w->route_dels, 1);
	change(c, "");
	assert_int_equal(w->n_routes, 0);
	assert_null(routes_of(w->e, sid(c)));
}

/* Another metric replaces the route in the plane, which never lacks it. */
static void change_of_the_metric(void **st)
{
	struct lac_call *c;
	uint32_t metric;

	(void)st;
	grant_to("a", NET " 5");
	c = login("a");
	change(c, NET " 8");
	assert_int_equal(w_route(w, NET, &metric), sid(c));
	assert_int_equal(metric, 8);
	assert_int_equal(w->route_dels, 0);
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 1);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 0);
}

static void change_while_the_family_is_down(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", "");
	w->dp_hold = true;
	c = lac_call(l, "a", "secret");
	change(c, NET);
	assert_null(routes_of(w->e, sid(c)));
	w->dp_hold = false;
	w_deliver(w);
	assert_int_equal(w_route(w, NET, NULL), sid(c));
}

/* ---- failures ---- */

static void plane_fails_later(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", NET ", 10.2.0.0/16");
	w->dp_route_result = -ENOSPC;
	c = login("a");
	assert_true(!c->over);
	assert_state(c, NET, ROUTE_FAILED);
	assert_int_equal(route_at(c, NET)->error, ENOSPC);
	assert_int_equal(count(REASON_ROUTE_FAILED), 2);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 0);
	w->dp_route_result = 0;
	change(c, NET); /* the next change requests it again */
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_int_equal(w_route(w, "10.2.0.0/16", NULL), 0);
}

/* Each request of a session with two routes is refused once, from its attachment to its end. */
static void plane_refuses_each_request(void **st)
{
	bool hit = true;

	(void)st;
	grant_to("a", NET ", " NET6);
	for (int i = 0; hit && i < 20; i++) {
		struct lac_call *c;

		w->fail_dp = (struct w_fail){ .left = i };
		c = lac_call(l, "a", "secret");
		w_advance(w, ZE_SEC(10));
		if (call_sub(c) && !call_sub(c)->call.ended) {
			change(c, NET " 4");
			lac_cdn(c);
		}
		w_deliver(w);
		hit = w->fail_dp.hit;
		assert_int_equal(w->e->routes.by_prefix.n, 0);
		assert_int_equal(w->n_routes, 0);
	}
	assert_false(hit);
	w->fail_dp.left = -1;
}

/* A change to another metric fails: the route is removed, and the event says so. */
static void change_fails(void **st)
{
	struct lac_call *c;

	(void)st;
	grant_to("a", NET " 5");
	c = login("a");
	w->dp_route_result = -ENOMEM;
	change(c, NET " 6");
	assert_state(c, NET, ROUTE_FAILED);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
	assert_int_equal(w_route(w, NET, NULL), 0);
}

/* Every allocation fails once: nothing leaks, and what is installed is what is shown. */
static void out_of_memory(void **st)
{
	bool hit = true;

	(void)st;
	grant_to("a", "");
	for (int i = 0; hit && i < 50; i++) {
		struct lac_call *c = login("a");
		struct subscriber *s = call_sub(c);

		facts_login(s, profile_with("a", NET ", " NET6));
		fail_alloc_at(i);
		routes_change(s, w->now);
		hit = fail_alloc_hit();
		fail_alloc_off();
		w_deliver(w);
		assert_int_equal(w_route(w, NET, NULL) != 0, route_at(c, NET) != NULL);
		assert_int_equal(w_route(w, NET6, NULL) != 0, route_at(c, NET6) != NULL);
		assert_true(!hit || count(REASON_ROUTE_FAILED));
		lac_cdn(c);
		w_deliver(w);
	}
	assert_false(hit);
}

/* ---- sessions with the same prefix ---- */

static void newest_session_is_used(void **st)
{
	struct lac_call *old, *new;

	(void)st;
	grant_to("a", NET);
	old = login("a");
	new = login("a");
	assert_int_equal(w_route(w, NET, NULL), sid(new));
	assert_int_equal(w->n_routes, 1);
	assert_state(old, NET, ROUTE_STANDBY);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
	lac_cdn(new);
	w_deliver(w);
	assert_int_equal(w_route(w, NET, NULL), sid(old));
	assert_state(old, NET, ROUTE_INSTALLED);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 3);
}

static void lowest_metric_is_used(void **st)
{
	struct lac_call *main_line, *backup;
	uint32_t metric;

	(void)st;
	grant_to("main", NET " 10");
	grant_to("backup", NET " 20");
	main_line = login("main");
	backup = login("backup");
	assert_int_equal(w_route(w, NET, NULL), sid(main_line));
	assert_state(backup, NET, ROUTE_STANDBY);
	assert_int_equal(w->route_adds, 1);
	lac_cdn(main_line);
	w_deliver(w);
	assert_int_equal(w_route(w, NET, &metric), sid(backup));
	assert_int_equal(metric, 20);
	main_line = login("main");
	assert_int_equal(w_route(w, NET, NULL), sid(main_line));
	assert_state(backup, NET, ROUTE_STANDBY);
	/* A change of the metric decides again. */
	change(main_line, NET " 30");
	assert_int_equal(w_route(w, NET, NULL), sid(backup));
	assert_state(main_line, NET, ROUTE_STANDBY);
	change(main_line, "");
	assert_int_equal(w_route(w, NET, NULL), sid(backup));
}

static void standby_takes_over_after_a_failure(void **st)
{
	struct lac_call *old, *new;

	(void)st;
	grant_to("a", NET);
	old = login("a");
	w->dp_hold = true;
	new = lac_call(l, "a", "secret");
	w->dp_hold = false;
	w->dp_route_result = -ENOSPC;
	w_deliver(w);
	assert_state(new, NET, ROUTE_FAILED);
	assert_state(old, NET, ROUTE_FAILED); /* the plane refused it, too */
	w->dp_route_result = 0;
	change(old, NET);
	assert_state(old, NET, ROUTE_INSTALLED);
	assert_int_equal(w_route(w, NET, NULL), sid(old));
}

/* ---- prefixes that are refused ---- */

static void assert_refused(const char *prefix, enum route_why why, const char *with)
{
	struct route_conflict got;
	struct ze_prefix p;

	assert_int_equal(ze_prefix_parse(prefix, &p), 0);
	assert_int_equal(route_check(w->e, &p, &got), why != ROUTE_WHY_NONE);
	assert_int_equal(got.why, why);
	assert_string_equal(got.with, with);
}

static void own_address(struct hostip_set *set, const char *ip, uint8_t len)
{
	struct hostip a = { .len = len, .neighbours = len < 32, .ifindex = 3, .name = "eth0" };

	assert_int_equal(ze_ip4_parse(ip, &a.ip), 0);
	a.subnet = a.ip;
	assert_int_equal(hostip_add(set, &a), 0);
}

static void refused_prefixes(void **st)
{
	struct hostip_set own = { .n = 0 };

	(void)st;
	own_address(&own, "192.0.2.1", 24);
	own_address(&own, "198.51.100.9", 32);
	engine_own_addresses(w->e, &own, w->now);
	hostip_done(&own);
	assert_refused("0.0.0.0/0", ROUTE_WHY_DEFAULT, "");
	assert_refused("::/0", ROUTE_WHY_DEFAULT, "");
	assert_refused("192.0.0.0/16", ROUTE_WHY_HOST, "eth0");
	assert_refused("198.51.100.9/32", ROUTE_WHY_HOST, "eth0");
	assert_refused("192.0.2.64/26", ROUTE_WHY_SUBNET, "eth0"); /* its router may be there */
	assert_refused("198.51.100.8/32", ROUTE_WHY_NONE, "");
	assert_refused("10.9.0.0/24", ROUTE_WHY_LAC, "10.9.0.1"); /* established */
	assert_refused("10.9.0.2/32", ROUTE_WHY_NONE, "");
	assert_refused("203.0.113.0/29", ROUTE_WHY_LAC, "203.0.113.4"); /* allow-from */
	assert_refused("203.0.113.4/31", ROUTE_WHY_LAC, "203.0.113.4");
	assert_refused("203.0.113.5/32", ROUTE_WHY_NONE, "");
	assert_refused("2001:db8:ff::/48", ROUTE_WHY_RADIUS, "2001:db8:ff::1");
	assert_refused("10.5.5.4/30", ROUTE_WHY_RADIUS, "10.5.5.5");
	assert_refused("10.0.0.0/24", ROUTE_WHY_NONE,
		       ""); /* the pool: its sessions are preferred */
	assert_refused(NET6, ROUTE_WHY_NONE, "");
}

static int up_with_servers(void **st)
{
	struct config *c = w_config();

	(void)st;
	assert_non_null(c);
	c->allow_from = calloc(2, sizeof(*c->allow_from));
	assert_non_null(c->allow_from);
	c->n_allow_from = 2;
	assert_int_equal(ze_prefix_parse("10.0.0.0/8", &c->allow_from[0]), 0);
	assert_int_equal(ze_prefix_parse("203.0.113.4/31", &c->allow_from[1]), 0);
	c->radius.n_servers = 2;
	assert_int_equal(ze_addr_parse("10.5.5.5", 1812, &c->radius.servers[0].addr), 0);
	assert_int_equal(ze_addr_parse("2001:db8:ff::1", 1812, &c->radius.servers[1].addr), 0);
	begin(c);
	return 0;
}

/* The session stays, without the route; when the conflict ends, it gets it. */
static void refused_until_the_address_is_removed(void **st)
{
	struct hostip_set own = { .n = 0 };
	struct lac_call *c;

	(void)st;
	grant_to("a", NET ", 10.2.0.0/16");
	c = login("a");
	own_address(&own, "10.1.0.9", 32);
	engine_own_addresses(w->e, &own, w->now);
	w_deliver(w);
	assert_state(c, NET, ROUTE_REFUSED);
	assert_int_equal(route_at(c, NET)->why.why, ROUTE_WHY_HOST);
	assert_int_equal(w_route(w, NET, NULL), 0);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
	assert_int_equal(count(REASON_ROUTE_REFUSED), 1);
	assert_state(c, "10.2.0.0/16", ROUTE_INSTALLED);
	lac_cdn(c);
	w_deliver(w);
	c = login("a");
	assert_state(c, NET, ROUTE_REFUSED);
	assert_int_equal(count(REASON_ROUTE_REFUSED), 2);
	hostip_clear(&own);
	engine_own_addresses(w->e, &own, w->now);
	w_deliver(w);
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_int_equal(w_route(w, NET, NULL), sid(c));
	hostip_done(&own);
}

/* ---- restart ---- */

static void restart(void)
{
	w_restart(w);
	use_handler();
	w_deliver(w);
}

static void restored(void **st)
{
	struct lac_call *c;
	uint32_t metric;

	(void)st;
	grant_to("a", NET " 7, " NET6);
	c = login("a");
	w->route_adds = 0;
	restart();
	assert_int_equal(w_route(w, NET, &metric), sid(c));
	assert_int_equal(metric, 7);
	assert_int_equal(w_route(w, NET6, NULL), sid(c));
	assert_int_equal(w->route_adds, 0); /* taken over, not requested again */
	assert_state(c, NET, ROUTE_INSTALLED);
	assert_int_equal(events(EV_ROUTE_ADD, NET), 2);
	change(c, NET6);
	assert_int_equal(w_route(w, NET, NULL), 0);
	assert_int_equal(events(EV_ROUTE_REMOVE, NET), 1);
}

/* The order of the records does not decide which session is used. */
static void restored_with_the_same_prefix(void **st)
{
	struct lac_call *old, *new;

	(void)st;
	grant_to("a", NET);
	old = login("a");
	new = login("a");
	restart();
	assert_int_equal(w_route(w, NET, NULL), sid(new));
	assert_int_equal(w->n_routes, 1);
	assert_state(old, NET, ROUTE_STANDBY);
	assert_state(new, NET, ROUTE_INSTALLED);
	lac_cdn(new);
	w_deliver(w);
	assert_int_equal(w_route(w, NET, NULL), sid(old));
}

static void not_restored(void **st)
{
	struct hostip_set own = { .n = 0 };
	struct lac_call *c;

	(void)st;
	grant_to("a", NET ", 10.2.0.0/16");
	c = login("a");
	own_address(&own, "10.2.0.9", 32); /* the host got it while ze did not run */
	w->own = &own;
	w->dp_route_result = -ENOSPC;
	restart();
	w->dp_route_result = 0;
	assert_false(c->over);
	assert_state(c, NET, ROUTE_FAILED);
	assert_state(c, "10.2.0.0/16", ROUTE_REFUSED);
	assert_int_equal(w->n_routes, 0);
	w->own = NULL;
	hostip_done(&own);
}

/* ---- observers that are added late, and the end ---- */

static unsigned replayed;

static void late_event(void *self, const struct event *e)
{
	(void)self;
	replayed += e->replay && e->prefix.len == 24;
}

static void replayed_to_late_observers(void **st)
{
	static const struct observer o = { .name = "late",
					   .wants = EV_BIT(EV_ROUTE_ADD),
					   .on_event = late_event };

	(void)st;
	replayed = 0;
	grant_to("a", NET);
	login("a");
	login("a"); /* the first one is on standby */
	engine_replay(w->e, &o, NULL, w->now);
	assert_int_equal(replayed, 1);
}

static void engine_ends_with_routes(void **st)
{
	(void)st;
	begin(w_config());
	grant_to("a", NET);
	login("a");
	login("a");
	world_free(w);
}

#define T(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(routes_come_with_the_family),
		T(event_waits_for_the_answer),
		T(no_memory_without_routes),
		T(gone_with_the_session),
		T(family_goes_down_and_comes_back),
		T(late_answers_are_ignored),
		T(only_of_the_family_that_is_up),
		T(sixty_four_of_each_family),
		T(same_prefix_twice_in_a_profile),
		T(change_replaces_the_list),
		T(change_of_the_metric),
		T(change_while_the_family_is_down),
		T(plane_fails_later),
		T(plane_refuses_each_request),
		T(change_fails),
		T(out_of_memory),
		T(newest_session_is_used),
		T(lowest_metric_is_used),
		T(standby_takes_over_after_a_failure),
		cmocka_unit_test_setup_teardown(refused_prefixes, up_with_servers, down),
		T(refused_until_the_address_is_removed),
		T(restored),
		T(restored_with_the_same_prefix),
		T(not_restored),
		T(replayed_to_late_observers),
		cmocka_unit_test(engine_ends_with_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
