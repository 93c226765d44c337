/* SPDX-License-Identifier: BSD-2-Clause */
/* The facts of a session: versions, references, and what events carry. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "aaa/profile.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/world.h"

static const struct ze_addr peer = { .family = 4, .port = 1701, .ip = { 192, 0, 2, 9 } };

static struct session_facts *facts(const char *claimed, const char *user)
{
	struct tunnel_facts *t = session_facts_tunnel(3, &peer, span_str("lac"));
	struct profile *p = profile_new(span_str(user));
	struct session_facts *f =
		session_facts_new(&(struct session_facts_args){ .id = 77,
								.sid = 5,
								.tunnel = t,
								.profile = p,
								.calling = span_str("0301234567"),
								.called = span_str("0800"),
								.claimed = span_str(claimed),
								.user = span_str(user) });

	session_facts_tunnel_unref(t); /* f holds references */
	profile_free(p);
	return f;
}

static void says(const struct session_facts *f, const char *claimed, const char *user)
{
	assert_true(f->id == 77 && f->sid == 5 && f->tunnel->tid == 3);
	assert_string_equal(f->tunnel->host, "lac");
	assert_string_equal(f->profile->user, user);
	assert_string_equal(session_facts_calling(f), "0301234567");
	assert_string_equal(session_facts_called(f), "0800");
	assert_string_equal(session_facts_claimed(f), claimed);
	assert_string_equal(session_facts_user(f), user);
}

static void texts(void **st)
{
	struct session_facts *f = facts("alice", "alice"), *g = facts("ALICE", "alice@example");

	(void)st;
	says(f, "alice", "alice");
	says(g, "ALICE", "alice@example");
	session_facts_unref(f);
	session_facts_unref(g);
	session_facts_unref(NULL);
}

/* A version that has another holder stays as it is; one that has none is changed in place. */
static void versions(void **st)
{
	struct session_facts *f = facts("ALICE", "alice"), *g;
	const struct session_facts *held;

	(void)st;
	assert_ptr_equal(session_facts_own(f), f);
	held = session_facts_ref(f);
	fail_alloc_at(0);
	assert_null(session_facts_own(f));
	fail_alloc_off();
	f->ip4 = 1;
	g = session_facts_own(f);
	assert_ptr_not_equal(g, held);
	says(g, "ALICE", "alice");
	assert_int_equal(g->ip4, 1);
	g->ip4 = 2;
	session_facts_unref(g);
	says(held, "ALICE", "alice");
	assert_int_equal(held->ip4, 1);
	session_facts_unref(held);
}

/* ---- of the engine ---- */

static const struct session_facts *of(const struct world *w, enum event_kind kind)
{
	const struct event *e = w_last_event(w, kind);

	assert_non_null(e);
	assert_non_null(e->facts);
	return e->facts;
}

static void events_point_to_the_version_of_their_time(void **st)
{
	struct world *w = world_new(NULL, 7);
	struct lac *l = lac_new(w, 1, 1701);
	const struct session_facts *began, *up;
	struct lac_call *c;

	(void)st;
	lac_connect(l);
	assert_null(w_last_event(w, EV_TUNNEL_UP)->facts);
	c = lac_call(l, "alice", "wonder");
	assert_true(c->c.v4_up);
	began = of(w, EV_SESSION_STARTING);
	up = of(w, EV_SESSION_UP);
	assert_string_equal(session_facts_user(began), "");
	assert_string_equal(session_facts_claimed(began), "");
	assert_true(!began->ip4 && !began->profile);
	assert_string_equal(session_facts_user(up), "alice");
	assert_string_equal(session_facts_claimed(up), "alice");
	assert_true(up->ip4 == c->c.ip && up->profile);
	assert_true(began->id && began->id == up->id && up->sid == c->peer_sid);
	assert_ptr_equal(began->tunnel, up->tunnel);
	assert_int_equal(up->tunnel->tid, lac_tunnel(l)->l2tp.tid);
	assert_true(ze_addr_eq(&up->tunnel->peer, &lac_tunnel(l)->path.peer));
	assert_string_equal(session_facts_calling(up), session_facts_calling(began));
	lac_cdn(c);
	w_advance(w, ZE_SEC(60));
	assert_ptr_equal(of(w, EV_SESSION_DOWN), up);
	assert_ptr_equal(of(w, EV_SESSION_CLOSED), up);
	assert_int_equal(
		up->refs,
		w_count_events(w, EV_SESSION_UP) + /* those that the world kept */
			w_count_events(w, EV_SESSION_DOWN) + w_count_events(w, EV_SESSION_CLOSED) +
			w_count_events(w, EV_SESSION_FAMILY) + w_count_events(w, EV_ROUTE_ADD) +
			w_count_events(w, EV_ROUTE_REMOVE));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(versions),
		cmocka_unit_test(events_point_to_the_version_of_their_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
