/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit trail, with events made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/json.h"
#include "daemon/core/session_facts.h"
#include "daemon/observe/history.h"
#include "daemon/view/view.h"
#include "daemon/view/view_priv.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/fail_alloc.h"

static const struct ze_addr peer = { .family = 4, .port = 1701, .ip = { 192, 0, 2, 9 } };
static struct history *h;
static struct snapshot_history view;

static int up(void **st)
{
	(void)st;
	h = history_new();
	if (!h)
		return -1;
	view = history_snapshots(h);
	return 0;
}

static int down(void **st)
{
	(void)st;
	history_free(h);
	return 0;
}

static const struct session_facts *facts(uint64_t serial, const char *user)
{
	struct tunnel_facts *t = session_facts_tunnel(3, &peer, span_str("lac"));
	const struct session_facts *f =
		session_facts_new(&(struct session_facts_args){ .id = serial,
								.sid = (uint16_t)serial,
								.tunnel = t,
								.claimed = span_str(user),
								.user = span_str(user) });

	session_facts_tunnel_unref(t);
	return f;
}

/* An event that is published once. */
static struct event event_of(enum event_kind kind, uint64_t serial, const char *user, ze_ns at)
{
	return (struct event){ .kind = kind,
			       .now = at,
			       .tid = 3,
			       .sid = (uint16_t)serial,
			       .facts = facts(serial, user),
			       .ifname = "",
			       .cause = "",
			       .peer = &peer };
}

static struct event event(enum event_kind kind, uint64_t serial, ze_ns at)
{
	return event_of(kind, serial, "", at);
}

static void tell(struct event e)
{
	if (history_observer.wants & EV_BIT(e.kind))
		history_observer.on_event(h, &e);
	session_facts_unref(e.facts);
}

static void happens(enum event_kind kind, uint64_t serial, ze_ns at)
{
	tell(event(kind, serial, at));
}

static json_t *parsed(struct strbuf *b)
{
	json_t *v = json_loadb(b->s, b->len, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(v);
	sb_done(b);
	return v;
}

static const struct view_clock clock_now = { ZE_SEC(1000000), ZE_SEC(1795392000) };

static json_t *trail(uint64_t serial)
{
	struct snapshot snap = { .refs = 1 };
	struct strbuf b;
	struct json j;

	sb_init(&b);
	json_init(&j, &b);
	snap.session.trail = view.trail(view.self, serial);
	assert_non_null(snap.session.trail);
	view_trail(snap.session.trail, &clock_now, &j);
	free(snap.session.trail);
	assert_true(json_ok(&j));
	return parsed(&b);
}

static json_t *ended(void)
{
	struct snapshot snap = { .refs = 1 };
	struct strbuf b;
	struct json j;

	sb_init(&b);
	json_init(&j, &b);
	snap.ended = view.ended(view.self);
	assert_non_null(snap.ended);
	view_history(&snap, &clock_now, &j);
	snapshot_lives_free(snap.ended);
	assert_true(json_ok(&j));
	return parsed(&b);
}

static const char *text(const json_t *list, size_t i, const char *key)
{
	return json_string_value(ask_member(json_array_get(list, i), key));
}

static json_int_t number(const json_t *list, size_t i, const char *key)
{
	return json_integer_value(ask_member(json_array_get(list, i), key));
}

/* A call that is cleared before PPP begins has no start event, and so no end: it leaves nothing,
 * however often that happens. */
static void never_began(void **st)
{
	json_t *t;

	(void)st;
	for (uint64_t serial = 1; serial <= 70000; serial++)
		happens(EV_DISCONNECT_REQUESTED, serial, ZE_SEC(5));
	t = trail(1);
	assert_int_equal(json_array_size(t), 0);
	json_decref(t);
	happens(EV_SESSION_STARTING, 70001, ZE_SEC(6));
	t = trail(70001);
	assert_int_equal(json_array_size(t), 1);
	json_decref(t);
}

/* A session that a restart has restored began when it was established. */
static void a_restored_session_began_earlier(void **st)
{
	struct event e = event(EV_SESSION_UP, 1, ZE_SEC(500));
	json_t *v;

	(void)st;
	e.link.up_at = ZE_SEC(100);
	tell(e);
	happens(EV_SESSION_STARTING, 2, ZE_SEC(100));
	happens(EV_SESSION_DOWN, 1, ZE_SEC(600));
	happens(EV_SESSION_CLOSED, 1, ZE_SEC(600));
	happens(EV_SESSION_DOWN, 2, ZE_SEC(601));
	happens(EV_SESSION_CLOSED, 2, ZE_SEC(601));
	v = ended();
	assert_int_equal(json_array_size(v), 2);
	assert_string_equal(text(v, 0, "began-at"), text(v, 1, "began-at"));
	json_decref(v);
}

/* A single address is shown alone, of any other prefix also the length. */
static void prefixes(void **st)
{
	const struct ze_prefix v[] = {
		{ { .family = 4, .ip = { 10, 0, 0, 2 } }, 32 },
		{ { .family = 4, .ip = { 10, 0, 0, 8 } }, 29 },
		{ { .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, 0, 1 } }, 56 },
		{ { .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, 128 },
	};
	json_t *t;

	(void)st;
	happens(EV_SESSION_STARTING, 1, ZE_SEC(10));
	for (unsigned i = 0; i < 4; i++) {
		struct event e = event(EV_ROUTE_ADD, 1, ZE_SEC(11));

		e.prefix = v[i];
		tell(e);
	}
	t = trail(1);
	assert_string_equal(text(t, 1, "address"), "10.0.0.2");
	assert_string_equal(text(t, 2, "address"), "10.0.0.8/29");
	assert_string_equal(text(t, 3, "address"), "2001:db8:1::/56");
	assert_string_equal(text(t, 4, "address"), "2001:db8::1");
	json_decref(t);
}

static void one_life(void **st)
{
	struct event e;
	json_t *v;

	(void)st;
	happens(EV_SESSION_STARTING, 1, ZE_SEC(10));
	e = event_of(EV_SESSION_UP, 1, "alice", ZE_SEC(11));
	e.ifname = "ppp7";
	tell(e);
	e = event_of(EV_ROUTE_ADD, 1, "alice", ZE_SEC(11));
	e.prefix = (struct ze_prefix){ { .family = 4, .ip = { 10, 0, 0, 2 } }, 32 };
	tell(e);
	e = event_of(EV_DISCONNECT_REQUESTED, 1, "alice", ZE_SEC(20));
	e.actor = "uid 0 (root)";
	e.text = "did not pay";
	e.code = 6;
	tell(e);
	assert_int_equal(json_array_size(v = ended()), 0);
	json_decref(v);
	e = event_of(EV_SESSION_DOWN, 1, "alice", ZE_SEC(21));
	e.cause = "admin";
	e.end = END_ADMIN;
	tell(e);

	v = trail(1);
	assert_int_equal(json_array_size(v), 5);
	assert_string_equal(text(v, 0, "event"), "session-starting");
	assert_string_equal(text(v, 2, "address"), "10.0.0.2");
	assert_string_equal(text(v, 3, "actor"), "uid 0 (root)");
	assert_string_equal(text(v, 3, "reason"), "did not pay");
	assert_int_equal(number(v, 3, "disconnect-cause"), 6);
	assert_string_equal(text(v, 4, "cause"), "admin");
	json_decref(v);

	v = ended();
	assert_int_equal(json_array_size(v), 1);
	/* The data plane has not removed the session yet. */
	assert_int_equal(number(v, 0, "up-packets"), 0);
	json_decref(v);
	e = event(EV_SESSION_CLOSED, 1, ZE_SEC(400));
	e.traffic = (struct event_traffic){ 11, 12, 13, UINT64_C(1) << 40 };
	tell(e);
	tell(event(EV_SESSION_CLOSED, 2, ZE_SEC(400))); /* of an unknown session */
	v = ended();
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(number(v, 0, "up-packets"), 11);
	assert_int_equal(number(v, 0, "up-bytes"), 12);
	assert_int_equal(number(v, 0, "down-packets"), 13);
	assert_true(number(v, 0, "down-bytes") == INT64_C(1) << 40);
	assert_int_equal(number(v, 0, "local-sid"), 1);
	assert_int_equal(number(v, 0, "tunnel-local-tid"), 3);
	assert_string_equal(text(v, 0, "username"), "alice");
	assert_string_equal(text(v, 0, "interface"), "ppp7");
	assert_string_equal(text(v, 0, "peer"), "192.0.2.9:1701");
	assert_string_equal(text(v, 0, "cause"), "admin");
	assert_string_equal(text(v, 0, "cause-text"), "an operator ended it");
	assert_int_equal(number(v, 0, "terminate-cause"), 6); /* RFC 2866 5.10: Admin Reset */
	assert_non_null(text(v, 0, "began-at"));
	assert_non_null(text(v, 0, "ended-at"));
	assert_int_equal(json_array_size(ask_member(json_array_get(v, 0), "events")), 5);
	json_decref(v);
}

/* Who changed the session and what (S-AAA-80); a change without memory for its text is still
 * there. */
static void a_change_names_who_and_what(void **st)
{
	struct event e;
	json_t *v;

	(void)st;
	happens(EV_SESSION_UP, 1, ZE_SEC(1));
	e = event(EV_SESSION_CHANGED, 1, ZE_SEC(2));
	e.actor = "radius:main";
	e.text = "download-rate 10mbit->20mbit";
	tell(e);
	e = event(EV_SESSION_CHANGED, 1, ZE_SEC(3));
	e.actor = "radius:main";
	e.text = "";
	tell(e);
	v = trail(1);
	assert_int_equal(json_array_size(v), 3);
	assert_string_equal(text(v, 1, "event"), "session-changed");
	assert_string_equal(text(v, 1, "actor"), "radius:main");
	assert_string_equal(text(v, 1, "change"), "download-rate 10mbit->20mbit");
	assert_null(json_object_get(json_array_get(v, 1), "reason"));
	assert_string_equal(text(v, 2, "actor"), "radius:main");
	assert_null(json_object_get(json_array_get(v, 2), "change"));
	json_decref(v);
}

static void nothing_is_known_of_others(void **st)
{
	json_t *v;

	(void)st;
	happens(EV_SESSION_UP, 1, 1);
	v = trail(2);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
}

/* The events of a tunnel have no session. */
static void events_of_tunnels_make_no_life(void **st)
{
	json_t *v;

	(void)st;
	happens(EV_DISCONNECT_REQUESTED, 0, 5);
	v = trail(0);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
}

/* 3 more than fit, at every length of the ring before that. */
static void ring_keeps_the_newest(void **st)
{
	(void)st;
	happens(EV_SESSION_STARTING, 1, ZE_SEC(1)); /* r0, without a reason */
	for (unsigned n = 2; n <= HISTORY_EVENTS + 3; n++) {
		unsigned first = n > HISTORY_EVENTS ? n - HISTORY_EVENTS : 0;
		struct event e = event(EV_DISCONNECT_REQUESTED, 1, ZE_SEC(n));
		char name[16];
		json_t *v;

		snprintf(name, sizeof(name), "r%u", n - 1);
		e.actor = "x";
		e.text = name;
		tell(e);
		v = trail(1);
		assert_int_equal(json_array_size(v), n - first);
		for (unsigned i = first ? first : 1; i < n; i++) {
			snprintf(name, sizeof(name), "r%u", i);
			assert_string_equal(text(v, i - first, "reason"), name);
		}
		json_decref(v);
	}
}

static void a_run_of_echoes_is_one_event(void **st)
{
	struct event e;
	json_t *v;

	(void)st;
	happens(EV_SESSION_UP, 1, ZE_SEC(1));
	for (unsigned i = 1; i <= 100; i++) {
		e = event(EV_ECHO_RTT, 1, ZE_SEC(10 * i));
		e.rtt = ZE_MS(i);
		tell(e);
	}
	happens(EV_ECHO_LOST, 1, ZE_SEC(2000));
	e = event(EV_ECHO_RTT, 1, ZE_SEC(2010));
	e.rtt = ZE_MS(7);
	tell(e);
	v = trail(1);
	assert_int_equal(json_array_size(v), 4);
	assert_int_equal(number(v, 1, "rtt-us"), 100000);
	assert_string_equal(text(v, 2, "event"), "echo-lost");
	assert_int_equal(number(v, 3, "rtt-us"), 7000);
	json_decref(v);
}

static void the_ended_are_newest_first_and_bounded(void **st)
{
	json_t *v;

	(void)st;
	for (uint64_t i = 1; i <= HISTORY_ENDED + 5; i++) {
		happens(EV_SESSION_STARTING, i, ZE_SEC(i));
		happens(EV_SESSION_DOWN, i, ZE_SEC(i) + 1);
	}
	v = ended();
	assert_int_equal(json_array_size(v), HISTORY_ENDED);
	assert_int_equal(number(v, 0, "local-sid"), HISTORY_ENDED + 5);
	assert_int_equal(number(v, HISTORY_ENDED - 1, "local-sid"), 6);
	json_decref(v);
	v = trail(5); /* dropped */
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	v = trail(6);
	assert_int_equal(json_array_size(v), 2);
	json_decref(v);
}

static void nothing_follows_the_end(void **st)
{
	json_t *v;

	(void)st;
	happens(EV_SESSION_DOWN, 1, 1);
	happens(EV_ROUTE_REMOVE, 1, 2);
	happens(EV_SESSION_DOWN, 1, 3);
	v = ended();
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(json_array_size(ask_member(json_array_get(v, 0), "events")), 1);
	json_decref(v);
}

static void long_texts_are_cut(void **st)
{
	static char longer[400];
	struct event e;
	json_t *v;

	(void)st;
	memset(longer, 'n', sizeof(longer) - 1);
	e = event_of(EV_SESSION_DOWN, 1, longer, 5);
	e.ifname = longer;
	tell(e);
	v = ended();
	assert_int_equal(strlen(text(v, 0, "username")), 63);
	assert_int_equal(strlen(text(v, 0, "interface")), 15);
	json_decref(v);
}

/* What cannot be stored is left out; nothing leaks and nothing crashes. */
static void without_memory(void **st)
{
	(void)st;
	down(NULL);
	for (int fail = 0; fail < 6; fail++) {
		struct event e = event(EV_SESSION_STARTING, 1, 5);

		e.actor = "alice";
		e.text = "something";
		up(NULL);
		fail_alloc_at(fail);
		tell(e);
		fail_alloc_off();
		happens(EV_SESSION_DOWN, 1, 6);
		json_decref(ended());
		down(NULL);
	}
	up(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(prefixes),
		T(one_life),
		T(never_began),
		T(a_restored_session_began_earlier),
		T(a_change_names_who_and_what),
		T(nothing_is_known_of_others),
		T(events_of_tunnels_make_no_life),
		T(ring_keeps_the_newest),
		T(a_run_of_echoes_is_one_event),
		T(the_ended_are_newest_first_and_bounded),
		T(nothing_follows_the_end),
		T(long_texts_are_cut),
		T(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
