/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots: they do not change while the engine continues, are reference counted, are shared
 * for a second, and are not made without memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/snapshot.h"
#include "daemon/observe/history.h"
#include "daemon/view/view.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/fail_alloc.h"

static struct {
	struct world *w;
	struct history *h;
	struct snapshot_history copies;
	struct asking a;
	struct lac *lac;
	struct lac_call *alice, *bob;
} u;

static int up(void **st)
{
	(void)st;
	memset(&u, 0, sizeof(u));
	u.w = world_new(NULL, 7);
	u.h = history_new();
	if (!u.w || !u.h || bus_add(&u.w->bus, &history_observer, u.h) < 0)
		return -1;
	u.copies = history_snapshots(u.h);
	u.a = (struct asking){ .w = u.w, .history = &u.copies };
	u.lac = lac_new(u.w, 1, 1701);
	lac_connect(u.lac);
	u.alice = lac_call(u.lac, "alice", "wonder");
	u.bob = lac_call(u.lac, "bob", "builder");
	return 0;
}

static int down(void **st)
{
	(void)st;
	ask_done(&u.a);
	if (u.w)
		world_free(u.w);
	history_free(u.h);
	return 0;
}

static const struct {
	enum snapshot_kind kind;
	view_fn *view;
} kinds[] = {
	{ SNAPSHOT_SUMMARY, view_summary },   { SNAPSHOT_COUNTERS, view_counters },
	{ SNAPSHOT_CONFIG, view_config },     { SNAPSHOT_CONFIG, view_listeners },
	{ SNAPSHOT_TUNNELS, view_tunnels },   { SNAPSHOT_TUNNEL, view_tunnel },
	{ SNAPSHOT_SESSIONS, view_sessions }, { SNAPSHOT_SESSION, view_session },
	{ SNAPSHOT_ROUTES, view_routes },     { SNAPSHOT_HISTORY, view_history },
	{ SNAPSHOT_RADIUS, view_radius },
};

static struct snapshot_ask question(enum snapshot_kind kind)
{
	return (struct snapshot_ask){ .kind = kind,
				      .id = kind == SNAPSHOT_TUNNEL ? u.lac->peer_tid :
								      u.alice->peer_sid,
				      .now = u.w->now,
				      .history = &u.copies };
}

static const struct snapshot *take(enum snapshot_kind kind)
{
	const struct snapshot_ask ask = question(kind);
	const struct snapshot *s;

	assert_int_equal(snapshot_take(u.w->e, &ask, &s), 0);
	assert_int_equal(s->kind, kind);
	assert_int_equal(s->at, u.w->now);
	return s;
}

static const struct snapshot *share(enum snapshot_kind kind)
{
	struct snapshot_ask ask = question(kind);
	const struct snapshot *s;

	ask.max_age = SNAPSHOT_SHARED_NS;
	assert_int_equal(snapshot_take(u.w->e, &ask, &s), 0);
	return s;
}

/* The caller frees it. */
static char *text_of(const struct snapshot *s, view_fn *view)
{
	const struct view_clock c = { ZE_SEC(100), ZE_SEC(951782400) };
	struct strbuf b;
	struct json j;

	sb_init(&b);
	json_init(&j, &b);
	view(s, &c, &j);
	assert_true(json_ok(&j));
	return sb_take(&b);
}

/* Sessions end, tunnels end, the engine is freed: each snapshot still has the same text. */
static void stays_as_it_is(void **st)
{
	const struct snapshot *s[ZE_ARRAY_SIZE(kinds)], *later;
	char *before[ZE_ARRAY_SIZE(kinds)], *after;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(kinds); i++) {
		s[i] = take(kinds[i].kind);
		before[i] = text_of(s[i], kinds[i].view);
	}
	assert_int_equal(ask(&u.a, "clear l2tp session teardown-all"), OP_OK);
	w_advance(u.w, ZE_SEC(5));
	later = take(SNAPSHOT_SESSIONS);
	assert_int_equal(later->sessions.n, 0);
	snapshot_unref(later);
	lac_stop(u.lac);
	w_advance(u.w, ZE_SEC(120));
	world_free(u.w);
	history_free(u.h);
	u.w = NULL;
	u.h = NULL;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(kinds); i++) {
		after = text_of(s[i], kinds[i].view);
		assert_string_equal(after, before[i]);
		free(after);
		free(before[i]);
		snapshot_unref(s[i]);
	}
}

static void lists_in_their_order(void **st)
{
	const struct snapshot *s = take(SNAPSHOT_SESSIONS), *t = take(SNAPSHOT_TUNNEL);

	(void)st;
	assert_int_equal(s->sessions.n, 2);
	assert_int_equal(s->sessions.v[0].sid, u.alice->peer_sid);
	assert_string_equal(s->sessions.v[0].user, "alice");
	assert_int_equal(s->sessions.v[1].sid, u.bob->peer_sid);
	assert_string_equal(s->sessions.v[1].user, "bob");
	assert_int_equal(t->tunnel.n_sids, 2);
	assert_int_equal(t->tunnel.sids[0], u.alice->peer_sid);
	snapshot_unref(s);
	snapshot_unref(t);
}

static void what_is_not_there(void **st)
{
	struct snapshot_ask ask = { .kind = SNAPSHOT_SESSION, .id = 64999, .now = u.w->now };
	const struct snapshot *s = NULL;

	(void)st;
	assert_int_equal(snapshot_take(u.w->e, &ask, &s), -ENOENT);
	ask.kind = SNAPSHOT_TUNNEL;
	assert_int_equal(snapshot_take(u.w->e, &ask, &s), -ENOENT);
	ask.kind = SNAPSHOT_HISTORY;
	assert_int_equal(snapshot_take(u.w->e, &ask, &s), -ENOTSUP);
	assert_null(s);
}

/* ---- references ---- */

static void counted(void **st)
{
	const struct snapshot *s = take(SNAPSHOT_CONFIG);
	struct config *cfg = u.w->e->cfg;
	unsigned refs = cfg->refs;

	(void)st;
	assert_ptr_equal(snapshot_ref(s), s);
	snapshot_unref(s);
	assert_int_equal(cfg->refs, refs);
	assert_ptr_equal(s->config.in_force, cfg);
	snapshot_unref(s);
	/* Of the running configuration and the one of the start. */
	assert_int_equal(cfg->refs, refs - 2);
	snapshot_unref(NULL);
}

/* ---- age ---- */

/* One more session; it waits for its ICCN. */
static void third(void)
{
	u.lac->no_iccn = true;
	lac_call(u.lac, "alice", "wonder");
}

/* A `show` after a call has that call, even in the same instant. */
static void new_for_a_show(void **st)
{
	const struct snapshot *a = take(SNAPSHOT_SESSIONS), *b;

	(void)st;
	third();
	b = take(SNAPSHOT_SESSIONS);
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->sessions.n, 2);
	assert_int_equal(b->sessions.n, 3);
	assert_int_equal(ask(&u.a, "show l2tp sessions"), OP_OK);
	assert_int_equal(json_array_size(u.a.data), 3);
	snapshot_unref(a);
	snapshot_unref(b);
}

static void shared_for_a_second(void **st)
{
	const struct snapshot *a = share(SNAPSHOT_SESSIONS), *b;

	(void)st;
	third();
	b = share(SNAPSHOT_SESSIONS);
	assert_ptr_equal(a, b); /* copied once */
	snapshot_unref(b);
	w_advance(u.w, SNAPSHOT_SHARED_NS - 1);
	b = share(SNAPSHOT_SESSIONS);
	assert_ptr_equal(a, b);
	snapshot_unref(b);
	b = share(SNAPSHOT_TUNNELS);
	assert_int_equal(b->kind, SNAPSHOT_TUNNELS);
	snapshot_unref(b);
	w_advance(u.w, 1);
	b = share(SNAPSHOT_SESSIONS);
	assert_ptr_not_equal(a, b);
	assert_int_equal(a->sessions.n, 2);
	assert_int_equal(b->sessions.n, 3);
	snapshot_unref(a);
	snapshot_unref(b);
}

/* One tunnel, one session and the counters are small: they are made for each request. */
static void small_ones_are_not_shared(void **st)
{
	const struct snapshot *a = share(SNAPSHOT_COUNTERS), *b = share(SNAPSHOT_COUNTERS);

	(void)st;
	assert_ptr_not_equal(a, b);
	snapshot_unref(a);
	snapshot_unref(b);
}

/* A list that is too old to be shared is freed by the next iteration of the engine. */
static void memory_is_given_back(void **st)
{
	(void)st;
	snapshot_unref(take(SNAPSHOT_SESSIONS));
	/* Only a snapshot that was requested as shared is kept. */
	assert_null(u.w->e->shared_sessions);
	snapshot_unref(share(SNAPSHOT_SESSIONS));
	snapshot_unref(share(SNAPSHOT_TUNNELS));
	assert_non_null(u.w->e->shared_sessions);
	engine_expire(u.w->e, u.w->now + SNAPSHOT_SHARED_NS - 1);
	assert_non_null(u.w->e->shared_sessions);
	engine_expire(u.w->e, u.w->now + SNAPSHOT_SHARED_NS);
	assert_null(u.w->e->shared_sessions);
	assert_null(u.w->e->shared_tunnels);
	u.w->now += SNAPSHOT_SHARED_NS;
}

/* Completion shares a snapshot, which may be a second old and no older. */
static void completion_shares(void **st)
{
	(void)st;
	ask_completion(&u.a, "show l2tp session ");
	assert_int_equal(json_array_size(u.a.data), 2);
	third();
	ask_completion(&u.a, "show l2tp session ");
	assert_int_equal(json_array_size(u.a.data), 2);
	w_advance(u.w, SNAPSHOT_SHARED_NS);
	ask_completion(&u.a, "show l2tp session ");
	assert_int_equal(json_array_size(u.a.data), 3);
}

/* ---- without memory ---- */

/* -ENOMEM at each allocation in turn: nothing is written, and nothing is left. */
static void without_memory(void **st)
{
	(void)st;
	if (!fail_alloc_works())
		skip();
	assert_int_equal(ask(&u.a, "clear l2tp session teardown-all"), OP_OK);
	w_advance(u.w, ZE_SEC(5)); /* for the history */
	u.alice = lac_call(u.lac, "alice", "wonder");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(kinds); i++)
		for (int k = 0;; k++) {
			struct snapshot_ask ask = question(kinds[i].kind);
			const struct snapshot *s = NULL;
			int r;

			ask.max_age = SNAPSHOT_SHARED_NS;
			snapshot_drop(u.w->e);
			fail_alloc_at(k);
			r = snapshot_take(u.w->e, &ask, &s);
			if (!fail_alloc_hit()) {
				fail_alloc_off();
				assert_int_equal(r, 0);
				snapshot_unref(s);
				assert_true(k > 0);
				break;
			}
			assert_int_equal(r, -ENOMEM);
			assert_null(s);
			assert_null(u.w->e->shared_sessions);
			assert_null(u.w->e->shared_tunnels);
		}
}

/* The operator gets an error; a completion gets no ids. */
static void operators_without_memory(void **st)
{
	static const char *const words[] = { "show", "l2tp", "sessions" };
	static const struct op_actor actor = { "test", &rights_admin };
	struct op_request rq = { .words = words, .n = 3, .actor = &actor, .now = u.w->now };
	struct strbuf out, err;
	struct json j;

	(void)st;
	if (!fail_alloc_works())
		skip();
	sb_init(&out);
	sb_init(&err);
	json_init(&j, &out);
	fail_alloc_at(0);
	assert_int_equal(ops_run(u.w->e, &rq, &j, &err), OP_FAILED);
	fail_alloc_off();
	assert_string_equal(err.s, "out of memory");
	assert_int_equal(out.len, 0);
	rq.words = (const char *const[]){ "show", "l2tp", "session", "" };
	rq.n = 4;
	fail_alloc_at(1); /* 0: the allocation of the answer */
	ops_complete(u.w->e, &rq, &j);
	assert_true(fail_alloc_hit());
	fail_alloc_off();
	assert_string_equal(out.s, "[]");
	sb_done(&out);
	sb_done(&err);
}

/* The journal writes the text of its next reason into the same buffer. */
static void handover_reason_is_a_copy(void **st)
{
	char why[] = "pins are missing";
	const struct snapshot *s;

	(void)st;
	u.w->journal_off = why;
	s = take(SNAPSHOT_SUMMARY);
	strcpy(why, "no space");
	assert_string_equal(s->summary.handover_off, "pins are missing");
	snapshot_unref(s);
	u.w->journal_off = NULL;
	s = take(SNAPSHOT_SUMMARY);
	assert_null(s->summary.handover_off);
	snapshot_unref(s);
}

/* ---- another thread ---- */

static void *format(void *arg)
{
	const struct snapshot *s = arg;

	for (unsigned i = 0; i < 20; i++)
		free(text_of(s, view_sessions));
	snapshot_unref(s);
	return NULL;
}

static void formatted_elsewhere(void **st)
{
	const struct snapshot *s = take(SNAPSHOT_SESSIONS);
	pthread_t t[2];

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, format, (void *)snapshot_ref(s)), 0);
	snapshot_unref(s);
	assert_int_equal(ask(&u.a, "clear l2tp tunnel teardown-all"), OP_OK);
	w_advance(u.w, ZE_SEC(120));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(stays_as_it_is),
		T(lists_in_their_order),
		T(what_is_not_there),
		T(counted),
		T(new_for_a_show),
		T(shared_for_a_second),
		T(small_ones_are_not_shared),
		T(memory_is_given_back),
		T(completion_shares),
		T(without_memory),
		T(operators_without_memory),
		T(handover_reason_is_a_copy),
		T(formatted_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
