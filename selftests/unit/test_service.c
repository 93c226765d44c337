/* SPDX-License-Identifier: BSD-2-Clause */
/* What a profile gives to a session: rates and timers, from the login and when it is changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aaa/profile.h"
#include "daemon/core/end_cause.h"
#include "daemon/core/service.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/world.h"

#define MBIT UINT64_C(1000000)

static struct world *w;
static struct lac *l;
static struct profile *granted; /* by the handler */

static bool grant(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	(void)self;
	(void)rq;
	*ret = (struct aaa_answer){ .verdict = AAA_ACCEPT,
				    .mschap2 = "S=407A5589115FD0D6209F510FE9C04566932CDA56",
				    .profile = profile_copy(granted) };
	return true;
}

static void give_rate(enum profile_key key, uint64_t bps)
{
	profile_set_source(granted, key, PROFILE_RADIUS);
	if (key == PROFILE_UP)
		granted->up_bps = bps;
	else
		granted->down_bps = bps;
}

static void give_timeout(enum profile_key key, uint32_t seconds)
{
	profile_set_source(granted, key, PROFILE_RADIUS);
	if (key == PROFILE_IDLE_TIMEOUT)
		granted->idle_timeout_s = seconds;
	else
		granted->session_timeout_s = seconds;
}

/* In the first process, and after a restart. */
static void begin_handlers(void)
{
	static const char *const names[] = { "test" };
	static const struct aaa_handler h = { .name = "test", .auth = grant };

	memset(&w->aaa, 0, sizeof(w->aaa));
	assert_int_equal(aaa_broker_add(&w->aaa, &h), 0);
	aaa_broker_order(&w->aaa, names, 1);
}

static void begin(struct config *c)
{
	assert_non_null(c);
	w = world_new(c, 71);
	assert_non_null(w);
	begin_handlers();
	l = lac_new(w, 1, 1701);
	lac_connect(l);
}

static int up(void **st)
{
	struct config *c = w_config();

	(void)st;
	granted = profile_new(span_str("alice"));
	if (!c || !granted)
		return -1;
	c->shape = (struct shape_plan){ .down_bps = 10 * MBIT, .up_bps = 2 * MBIT };
	c->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	c->n_listeners = 1;
	begin(c);
	return 0;
}

static int down(void **st)
{
	(void)st;
	world_end(w);
	profile_free(granted);
	return 0;
}

static struct lac_call *login(void)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");

	assert_true(c->c.v4_up && c->c.v6_up);
	return c;
}

static struct w_dp *plane(const struct lac_call *c)
{
	return &w->dp[call_sub(c)->call.l2tp.sid];
}

/* As a change by CoA does. */
static void change(struct lac_call *c)
{
	struct subscriber *s = call_sub(c);
	struct profile *old = s->profile ? profile_ref(s->profile) : NULL;

	assert_int_equal(facts_login(s, profile_copy(granted)), 0);
	service_change(s, old, w->now);
	profile_free(old);
	engine_expire(w->e, w->now); /* the end of the turn */
	w_deliver(w);
}

static void assert_rates(const struct lac_call *c, uint64_t down_bps, uint64_t up_bps)
{
	assert_true(plane(c)->plan.down_bps == down_bps);
	assert_true(plane(c)->plan.up_bps == up_bps);
	assert_true(call_sub(c)->plan.down_bps == down_bps && call_sub(c)->plan.up_bps == up_bps);
	assert_int_equal(call_sub(c)->shape, down_bps || up_bps ? SUB_SHAPE_ON : SUB_SHAPE_OFF);
}

static void assert_ended(const struct lac_call *c, enum end_cause cause, unsigned acct)
{
	const struct event *ev = w_last_event(w, EV_SESSION_DOWN);

	assert_true(c->over && c->c.terminated);
	assert_int_equal(c->cdn_result, 3);
	assert_non_null(ev);
	assert_int_equal(ev->end, cause);
	assert_string_equal(ev->cause, end_cause_word(cause));
	assert_int_equal(end_cause_acct(ev->end), acct);
}

/* ---- rates ---- */

/* S-AAA-39: the rates of the profile are those of the first packet; the plane is asked once. */
static void rates_of_the_login(void **st)
{
	struct lac_call *c;

	(void)st;
	give_rate(PROFILE_DOWN, 50 * MBIT);
	give_rate(PROFILE_UP, 5 * MBIT);
	c = login();
	assert_rates(c, 50 * MBIT, 5 * MBIT);
	assert_string_equal(plane(c)->calls, "US46");
}

static void a_direction_that_is_not_named(void **st)
{
	struct lac_call *c;

	(void)st;
	give_rate(PROFILE_DOWN, 50 * MBIT);
	c = login();
	assert_rates(c, 50 * MBIT, 2 * MBIT);
}

static void no_limit(void **st)
{
	struct lac_call *c;

	(void)st;
	give_rate(PROFILE_DOWN, 0);
	c = login();
	assert_rates(c, 0, 2 * MBIT);
	give_rate(PROFILE_UP, 0);
	c = login();
	assert_rates(c, 0, 0);
	assert_string_equal(plane(c)->calls, "U46");
}

/* With Sequencing the session is attached before the login: it is shaped again. */
static void rates_with_sequencing(void **st)
{
	struct lac_call *c;

	(void)st;
	give_rate(PROFILE_DOWN, 50 * MBIT);
	l->sequencing = true;
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(5));
	assert_true(c->c.v4_up);
	assert_rates(c, 50 * MBIT, 2 * MBIT);
	assert_int_equal(strncmp(plane(c)->calls, "USS", 3), 0);
}

/* S-AAA-75, in the engine: a change reaches a session that is up, and only a change does. */
static void rates_that_change(void **st)
{
	struct lac_call *c = login();

	(void)st;
	assert_rates(c, 10 * MBIT, 2 * MBIT);
	change(c);
	assert_string_equal(plane(c)->calls, "US46");
	give_rate(PROFILE_UP, 7 * MBIT);
	change(c);
	assert_rates(c, 10 * MBIT, 7 * MBIT);
	give_rate(PROFILE_DOWN, 0);
	give_rate(PROFILE_UP, 0);
	change(c);
	assert_rates(c, 0, 0);
	assert_string_equal(plane(c)->calls, "US46SS");
	assert_true(c->c.v4_up && !c->over);
}

/* A login that no longer has a rate returns to that of the configuration; a direction that never
 * had one keeps it, whatever a reload says. */
static void rates_that_are_withdrawn(void **st)
{
	struct profile *none = profile_copy(granted);
	struct lac_call *c;

	(void)st;
	give_rate(PROFILE_DOWN, 50 * MBIT);
	c = login();
	w->cfg->shape = (struct shape_plan){ .down_bps = 30 * MBIT, .up_bps = 3 * MBIT };
	profile_free(granted);
	granted = none;
	change(c);
	assert_rates(c, 30 * MBIT, 2 * MBIT);
}

/* Changes while the plane has not answered are one request: the last one. */
static void rates_that_change_quickly(void **st)
{
	struct lac_call *c = login();

	(void)st;
	w->dp_hold = true;
	for (unsigned i = 1; i <= 600; i++) {
		give_rate(PROFILE_DOWN, i * MBIT);
		change(c);
	}
	assert_int_equal(call_sub(c)->dp_unanswered[SUB_REQ_SHAPE], 1);
	w->dp_hold = false;
	w_deliver(w);
	assert_rates(c, 600 * MBIT, 2 * MBIT);
	assert_string_equal(plane(c)->calls, "US46SS");
}

/* A plane that refuses a change leaves the session up; the next change is tried. */
static void rates_that_are_refused(void **st)
{
	struct lac_call *c = login();

	(void)st;
	w->dp_shape_result = -EINVAL;
	give_rate(PROFILE_DOWN, 20 * MBIT);
	change(c);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_FAILED);
	w->fail_dp.left = 0;
	give_rate(PROFILE_DOWN, 21 * MBIT);
	change(c);
	assert_int_equal(w->e->stats.reasons[REASON_SHAPE_FAILED], 2);
	w->dp_shape_result = 0;
	give_rate(PROFILE_DOWN, 22 * MBIT);
	change(c);
	assert_rates(c, 22 * MBIT, 2 * MBIT);
	assert_true(c->c.v4_up && !c->over);
}

/* ---- timers ---- */

/* S-AAA-43, R-021: 5 s after it was established, not after the ICRQ. */
static void session_timeout(void **st)
{
	struct lac_call *c;

	(void)st;
	give_timeout(PROFILE_SESSION_TIMEOUT, 5);
	c = login();
	w_advance(w, ZE_SEC(5) - 1);
	assert_true(!c->over && !c->c.terminated);
	w_advance(w, 1);
	assert_ended(c, END_SESSION_TIMEOUT, 5);
}

/* Neither absent nor 0 ends a session or uses memory. */
static void no_timeout(void **st)
{
	struct lac_call *c = login(), *other;

	(void)st;
	w->cfg->session_timeout_s = w->cfg->idle_timeout_s = 10;
	give_timeout(PROFILE_SESSION_TIMEOUT, 0);
	give_timeout(PROFILE_IDLE_TIMEOUT, 0);
	other = login();
	assert_null(call_sub(c)->timers);
	assert_null(call_sub(other)->timers);
	w_advance(w, ZE_SEC(1000));
	assert_true(!c->over && !other->over);
}

static void timeouts_of_the_configuration(void **st)
{
	struct lac_call *c;

	(void)st;
	w->cfg->session_timeout_s = 20;
	c = login();
	w->cfg->session_timeout_s = 4; /* for new sessions */
	w_advance(w, ZE_SEC(19));
	assert_false(c->over);
	w_advance(w, ZE_SEC(1));
	assert_ended(c, END_SESSION_TIMEOUT, 5);
	w->cfg->session_timeout_s = 0;
	w->cfg->idle_timeout_s = 16;
	c = login();
	w_advance(w, ZE_SEC(30));
	assert_ended(c, END_IDLE, 4);
}

/* Changed while the session is up; it counts from when the session was established. */
static void session_timeout_that_changes(void **st)
{
	struct lac_call *c = login();

	(void)st;
	w_advance(w, ZE_SEC(10));
	give_timeout(PROFILE_SESSION_TIMEOUT, 15);
	change(c);
	w_advance(w, ZE_SEC(4));
	assert_false(c->over);
	give_timeout(PROFILE_SESSION_TIMEOUT, 0);
	change(c);
	w_advance(w, ZE_SEC(100));
	assert_false(c->over);
	give_timeout(PROFILE_SESSION_TIMEOUT, 60); /* over already */
	change(c);
	w_advance(w, 1);
	assert_ended(c, END_SESSION_TIMEOUT, 5);
}

static void send_packets(const struct lac_call *c, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		plane(c)->sent++;
		w_advance(w, ZE_SEC(1));
	}
}

/* S-AAA-44, R-021: packets of the subscriber keep the session; LCP echoes, of which there are some in
 * all this time, do not. */
static void idle_timeout(void **st)
{
	struct lac_call *c;

	(void)st;
	w->e->linkcfg->of[0].lcp.echo.interval = ZE_SEC(1);
	give_timeout(PROFILE_IDLE_TIMEOUT, 5);
	c = login();
	send_packets(c, 100);
	assert_false(c->over);
	assert_true(c->c.echoes > 10);
	w_advance(w, ZE_SEC(3));
	assert_false(c->over);
	w_advance(w, ZE_SEC(3));
	assert_ended(c, END_IDLE, 4);
}

/* A long timeout ends at most an eighth of it later. */
static void idle_timeout_is_late_by_an_eighth(void **st)
{
	struct lac_call *c;

	(void)st;
	give_timeout(PROFILE_IDLE_TIMEOUT, 240);
	c = login();
	w_advance(w, ZE_SEC(200));
	send_packets(c, 1);
	w_advance(w, ZE_SEC(239));
	assert_false(c->over);
	w_advance(w, ZE_SEC(31));
	assert_ended(c, END_IDLE, 4);
}

/* The kernel plane: counters are up to a second old, or not read yet. */
static void idle_timeout_with_old_counters(void **st)
{
	struct lac_call *c;

	(void)st;
	w->stats_age = ZE_SEC(1);
	give_timeout(PROFILE_IDLE_TIMEOUT, 5);
	c = login();
	send_packets(c, 20);
	assert_false(c->over);
	w->stats_result = -EAGAIN;
	w_advance(w, ZE_SEC(60)); /* it is not ended without them */
	assert_false(c->over);
	w->stats_result = 0;
	w_advance(w, ZE_SEC(8));
	assert_ended(c, END_IDLE, 4);
}

static void idle_timeout_that_changes(void **st)
{
	struct lac_call *c = login();

	(void)st;
	send_packets(c, 3);
	give_timeout(PROFILE_IDLE_TIMEOUT, 4);
	change(c);
	w_advance(w, ZE_SEC(3));
	assert_false(c->over);
	give_timeout(PROFILE_IDLE_TIMEOUT, 0);
	change(c);
	w_advance(w, ZE_SEC(30));
	assert_false(c->over);
	give_timeout(PROFILE_IDLE_TIMEOUT, 4);
	change(c);
	w_advance(w, ZE_SEC(3));
	assert_false(c->over);
	w_advance(w, ZE_SEC(3));
	assert_ended(c, END_IDLE, 4);
}

/* Without memory for the timers the session continues, and the log says so. */
static void timers_without_memory(void **st)
{
	struct lac_call *c = login();
	struct subscriber *s = call_sub(c);
	struct profile *old = profile_ref(s->profile);

	(void)st;
	give_timeout(PROFILE_SESSION_TIMEOUT, 5);
	assert_int_equal(facts_login(s, profile_copy(granted)), 0);
	fail_alloc_at(0);
	service_change(s, old, w->now);
	assert_true(!fail_alloc_works() || fail_alloc_hit());
	fail_alloc_off();
	profile_free(old);
	assert_true(!fail_alloc_works() || !s->timers);
	w_advance(w, ZE_SEC(30));
	assert_int_equal(c->over, !fail_alloc_works());
}

/* ---- MTU ---- */

/* Framed-MTU bounds what LCP has agreed on, and never raises it. */
static void mtu(void **st)
{
	static const uint16_t rows[][2] = { { 1400, 1400 }, { 9000, 1460 }, { 0, 1460 } };

	(void)st;
	for (unsigned i = 0; i < 3; i++) {
		struct lac_call *c;

		granted->mtu = rows[i][0];
		c = login();
		assert_int_equal(plane(c)->f[PPP_FAM_IPV4].mtu, rows[i][1]);
		assert_int_equal(plane(c)->f[PPP_FAM_IPV6].mtu, rows[i][1]);
	}
}

/* ---- restart ---- */

static void put_routes(struct profile *p, unsigned n)
{
	struct profile_route r = { .dst = { .addr = { .family = 4, .ip = { 10, 0 } }, .len = 24 } };

	for (unsigned i = 0; i < n; i++) {
		r.dst.addr.ip[1] = (uint8_t)i;
		r.metric = i;
		assert_true(profile_put_route(p, PROFILE_ROUTE, &r));
		profile_set_source(p, PROFILE_ROUTE, PROFILE_RADIUS);
	}
}

/* A profile with everything. */
static void grant_all(unsigned routes)
{
	static struct profile_room room;
	struct profile *p = profile_edit(&room, granted, span_str("alice@example"));
	uint8_t octets[180];

	p->dns[0] = 0x01020304;
	p->wish = true;
	p->sessions = (struct profile_sessions){ true, 3, PROFILE_OVER_REPLACE };
	p->interim_s = 600;
	p->mtu = 1400;
	p->netmask = 24;
	put_routes(p, routes);
	for (unsigned i = 0; i < 8; i++) {
		memset(octets, (int)i, sizeof(octets));
		assert_true(profile_put(p, PROFILE_CLASS, span_of(octets, sizeof(octets))));
	}
	assert_true(profile_put(p, PROFILE_FILTER, span_str("silver")));
	profile_set_source(p, PROFILE_CLASS, PROFILE_COA);
	profile_free(granted);
	granted = profile_copy(p);
	assert_non_null(granted);
}

static void assert_same_profile(const struct profile *a, const struct profile *b)
{
	struct span la = profile_list(a), lb = profile_list(b);

	assert_string_equal(a->user, b->user);
	assert_int_equal(a->refs > 0, 1);
	assert_memory_equal((const char *)a + sizeof(a->refs), (const char *)b + sizeof(b->refs),
			    offsetof(struct profile, user) - sizeof(a->refs));
	assert_true(span_eq(la, lb));
}

/* A restored session has the whole profile, also with 64 routes and 8 Classes. */
static void a_restart_keeps_the_profile(void **st)
{
	static const unsigned routes[] = { 0, 1, 64 };
	struct profile *plain = profile_copy(granted);

	(void)st;
	for (unsigned i = 0; i < 3; i++) {
		struct lac_call *c;

		profile_free(granted);
		granted = profile_copy(plain);
		give_rate(PROFILE_DOWN, 50 * MBIT);
		give_rate(PROFILE_UP, 0);
		grant_all(routes[i]);
		c = lac_call(l, "alice", "wonder");
		assert_true(c->c.v4_up);
		w_restart(w);
		assert_int_equal(w->e->restored_sessions, 1);
		assert_same_profile(call_sub(c)->profile, granted);
		assert_rates(c, 50 * MBIT, 0);
		assert_int_equal(plane(c)->f[PPP_FAM_IPV4].mtu, 1400);
		lac_cdn(c);
		w_advance(w, ZE_SEC(5));
		begin_handlers();
	}
	profile_free(plain);
}

/* S-AAA-43, S-AAA-44: the time that has passed before a restart counts. */
static void a_restart_keeps_the_timers(void **st)
{
	struct lac_call *c;

	(void)st;
	give_timeout(PROFILE_SESSION_TIMEOUT, 100);
	c = login();
	w_advance(w, ZE_SEC(60));
	w_restart(w);
	w_advance(w, ZE_SEC(39));
	assert_false(c->over);
	w_advance(w, ZE_SEC(2));
	assert_ended(c, END_SESSION_TIMEOUT, 5);
	begin_handlers();
	give_timeout(PROFILE_SESSION_TIMEOUT, 0);
	give_timeout(PROFILE_IDLE_TIMEOUT, 80);
	c = login();
	w_advance(w, ZE_SEC(40));
	w_restart(w);
	assert_false(c->over);
	w_advance(w, ZE_SEC(35));
	assert_false(c->over);
	w_advance(w, ZE_SEC(17));
	assert_ended(c, END_IDLE, 4);
}

/* S-AAA-53: each value with its source, and what the subscriber does not get. */
static void what_the_operator_sees(void **st)
{
	static const char *const want[] = {
		"user alice@example default applied",
		"download-rate unlimited radius applied",
		"upload-rate 2mbit default applied",
		"session-timeout 3600 radius applied",
		"idle-timeout 0 default applied",
		"filter-id silver default not-applied",
		"class 0x0000",
		"route 10.0.0.0/24 radius ",
		"route 10.1.0.0/24 metric 1 radius ",
	};
	struct asking a = { .w = w };
	char line[64], all[8192] = "";
	struct lac_call *c;
	json_t *v;

	(void)st;
	give_rate(PROFILE_DOWN, 0);
	give_timeout(PROFILE_SESSION_TIMEOUT, 3600);
	grant_all(2);
	granted->netmask = 24;
	profile_set_source(granted, PROFILE_NETMASK, PROFILE_LOCAL);
	c = login();
	snprintf(line, sizeof(line), "show l2tp session %u", call_sub(c)->call.l2tp.sid);
	assert_int_equal(ask(&a, line), OP_OK);
	v = ask_member(a.data, "profile");
	for (size_t i = 0; i < json_array_size(v); i++) {
		json_t *row = json_array_get(v, i);
		size_t n = strlen(all);

		snprintf(all + n, sizeof(all) - n, "%s %s %s %s\n",
			 json_string_value(json_object_get(row, "name")),
			 json_string_value(json_object_get(row, "value")),
			 json_string_value(json_object_get(row, "source")),
			 json_string_value(json_object_get(row, "effect")));
	}
	for (size_t i = 0; i < ZE_ARRAY_SIZE(want); i++)
		if (!strstr(all, want[i]))
			fail_msg("\"%s\" is not in\n%s", want[i], all);
	assert_non_null(strstr(all, "netmask 24 local applied"));
	ask_done(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rates_of_the_login),
		T(a_direction_that_is_not_named),
		T(no_limit),
		T(rates_with_sequencing),
		T(rates_that_change),
		T(rates_that_are_withdrawn),
		T(rates_that_change_quickly),
		T(rates_that_are_refused),
		T(session_timeout),
		T(no_timeout),
		T(timeouts_of_the_configuration),
		T(session_timeout_that_changes),
		T(idle_timeout),
		T(idle_timeout_is_late_by_an_eighth),
		T(idle_timeout_with_old_counters),
		T(idle_timeout_that_changes),
		T(timers_without_memory),
		T(mtu),
		T(a_restart_keeps_the_profile),
		T(a_restart_keeps_the_timers),
		T(what_the_operator_sees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
