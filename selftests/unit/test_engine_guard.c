/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine passes to the guard, and when. The world asserts in each test with a guard
 * that nothing is sent for a tunnel that the guard does not know. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/core/timers.h"
#include "daemon/core/guard_null.h"
#include "selftests/lib/world.h"

static const struct operate_why why = { .actor = "test", .text = "because" };

static struct world *new_world(void)
{
	struct config *c = w_config();

	c->setup_rate = 300;
	return world_new(c, 11);
}

static void empty(struct world *w)
{
	operate_close_all_tunnels(w->e, &why, w->now);
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
}

static void limits_at_start_and_after_reload(void **st)
{
	struct world *w = new_world();
	struct config *c = w_config();

	(void)st;
	assert_int_equal(w->guard.n_limits, 1);
	assert_int_equal(w->guard.limits.setup_rate, 300);
	assert_int_equal(w->guard.limits.frame_rate, ADMIT_FRAME_RATE);
	assert_int_equal(w->guard.limits.control_burst, ADMIT_CONTROL_BURST);
	assert_int_equal(w->guard.limits.source_rate, ADMIT_SOURCE_RATE);
	assert_int_equal(w->guard.limits.source_burst, ADMIT_SOURCE_BURST);
	assert_false(w->guard.limits.zero_checksum);
	c->setup_rate = 7;
	c->zero_checksum = true;
	assert_int_equal(w_reload(w, c, NULL), 0);
	config_unref(c);
	assert_int_equal(w->guard.n_limits, 2);
	assert_int_equal(w->guard.limits.setup_rate, 7);
	assert_true(w->guard.limits.zero_checksum);
	/* A refused reload changes nothing. */
	c = w_config();
	c->l2tp = false;
	assert_int_equal(w_reload(w, c, NULL), -EBUSY);
	config_unref(c);
	assert_int_equal(w->guard.n_limits, 2);
	empty(w);
}

/* The SCCRP is lost: the peer may repeat its SCCRQ, and send any message to the id. */
static void known_before_it_answers(void **st)
{
	struct world *w = new_world();
	struct lac *l = lac_new(w, 1, 4001);
	const struct dp_tunnel *k;
	struct tunnel *t;

	(void)st;
	l->no_scccn = true;
	w_drop_next(w, L2TP_SCCRP);
	lac_connect(l);
	assert_int_equal(w->lost, 1);
	assert_int_equal(w->guard.n_tunnels, 1);
	t = list_entry(w->e->tunnels.next, struct tunnel, in_all);
	k = &w->known[t->l2tp.tid];
	assert_int_equal(k->tid, t->l2tp.tid);
	assert_int_equal(k->peer_tid, l->tid);
	assert_true(ze_addr_eq(&k->path.peer, &l->path.peer));
	assert_true(ze_addr_eq(&k->path.local, &l->path.local));
	assert_int_equal(w->guard.n_peers, 0);
	w_advance(w, ZE_SEC(3)); /* repeated by both sides: still one tunnel */
	assert_int_equal(w->guard.n_tunnels, 1);
	empty(w);
}

/* RFC 2661 5.7: after StopCCN, the retransmissions of the peer are still acknowledged. */
static void known_until_the_end_of_lingering(void **st)
{
	struct world *w = new_world();
	struct lac *l = lac_new(w, 1, 1701);
	uint16_t tid;

	(void)st;
	lac_connect(l);
	tid = l->peer_tid;
	lac_stop(l);
	w_deliver(w);
	assert_int_equal(registry_tunnel(w->e, tid)->l2tp.fsm.state, L2TP_T_LINGER);
	assert_int_equal(w->guard.n_peers, 0);
	w_advance(w, ZE_SEC(31) - 1);
	assert_int_equal(w->known[tid].tid, tid);
	w_advance(w, 1);
	assert_int_equal(w->known[tid].tid, 0);
	assert_null(registry_tunnel(w->e, tid));
	empty(w);
}

static void refused_ones_are_known_while_they_end(void **st)
{
	struct world *w = new_world();
	struct lac *l = lac_new(w, 1, 1701);

	(void)st;
	l->challenge = true;
	memcpy(l->secret, "guess", sizeof("guess"));
	lac_connect(l);
	assert_true(l->over || !l->up);
	assert_int_equal(w->guard.n_tunnels, 1);
	w_advance(w, ZE_SEC(120));
	assert_int_equal(w->guard.n_tunnels, 0);
	assert_int_equal(w->guard.n_peer_calls, 0);
	empty(w);
}

/* A peer that gets no tunnel is not known: none of its packets would be for ze. */
static void refused_peer_is_unknown(void **st)
{
	struct world *w = new_world();
	struct lac *l = lac_new(w, 1, 1701);

	(void)st;
	engine_drain(w->e, w->now);
	lac_connect(l);
	assert_int_equal(l->rx[L2TP_STOPCCN], 1);
	assert_int_equal(w->guard.n_tunnels, 0);
	empty(w);
}

static void half_open_makes_room(void **st)
{
	struct world *w = new_world();

	(void)st;
	for (unsigned i = 0; i <= ADMIT_HALF_OPEN_SOURCE; i++) {
		uint8_t buf[256];
		struct lac l = { .w = w, .path = w_path(1, 1701), .tid = (uint16_t)(100 + i) };

		if (i == ADMIT_HALF_OPEN_SOURCE)
			w_advance(w, ADMIT_HALF_OPEN_GRACE);
		w_inject(w, &l.path, lac_sccrq(&l, buf, sizeof(buf)));
		w_deliver(w);
	}
	assert_int_equal(w->guard.n_tunnels, w->e->tids.used);
	empty(w);
}

/* Per address, whatever the ports; from the first tunnel to the last. */
static void peer_is_established_once(void **st)
{
	struct world *w = new_world();
	struct lac *a = lac_new(w, 1, 1701), *b = lac_new(w, 1, 1702), *other = lac_new(w, 2, 1701);

	(void)st;
	a->no_scccn = true;
	lac_connect(a);
	assert_false(w_guard_established(w, &a->path.peer));
	lac_connect(b);
	assert_true(w_guard_established(w, &a->path.peer));
	lac_connect(other);
	assert_int_equal(w->guard.n_peers, 2);
	a = lac_new(w, 1, 1703);
	lac_connect(a);
	assert_true(a->up);
	assert_int_equal(w->guard.n_peer_calls, 2);
	lac_stop(b);
	w_deliver(w);
	assert_true(w_guard_established(w, &a->path.peer));
	lac_stop(a);
	w_deliver(w);
	assert_false(w_guard_established(w, &a->path.peer));
	assert_int_equal(w->guard.n_peers, 1);
	assert_int_equal(w->guard.n_peer_calls, 3);
	empty(w);
}

static void dead_peer_is_unknown(void **st)
{
	struct world *w = new_world();
	struct lac *l = lac_new(w, 1, 1701);

	(void)st;
	lac_connect(l);
	assert_int_equal(w->guard.n_peers, 1);
	l->mute = true;
	w_advance(w, ZE_SEC(600));
	assert_int_equal(w->guard.n_peers, 0);
	assert_int_equal(w->guard.n_tunnels, 0);
	empty(w);
}

/* The daemon ends with tunnels and sessions: the guard's maps may outlive it, and are updated. */
static void freed_with_tunnels_up(void **st)
{
	struct world *w = new_world();

	(void)st;
	for (unsigned i = 0; i < 5; i++)
		lac_connect(lac_new(w, i, 1701));
	assert_int_equal(w->guard.n_tunnels, 5);
	assert_int_equal(w->guard.n_peers, 5);
	world_free(w); /* asserts that the guard knows none */
}

/* F-B7: known from before the ICRP until nothing of the session is left; forwarded once the data
 * plane has it. */
static void sessions_are_known(void **st)
{
	struct world *w = new_world();
	struct lac *l = lac_new(w, 1, 1701);
	struct lac_call *c;
	uint16_t sid;

	(void)st;
	lac_connect(l);
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	assert_true(c->icrp);
	assert_int_equal(w->known_session[c->peer_sid].tid, l->peer_tid);
	assert_false(w->known_session[c->peer_sid].carried);
	l->no_iccn = false;
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(5));
	sid = c->peer_sid;
	assert_true(c->c.v4_up);
	assert_true(w->known_session[sid].carried);
	assert_int_equal(w->guard.n_sessions, 2);
	lac_cdn(c);
	w_deliver(w);
	assert_int_equal(w->known_session[sid].tid, 0);
	assert_int_equal(w->guard.n_sessions, 1);
	empty(w);
}

/* The null guard accepts every call. */
static void null_guard(void **st)
{
	const struct guard_limits l = { .source_rate = 1, .source_burst = 1, .known_rate = 1 };
	const struct ze_addr peer = { .family = 4 };

	(void)st;
	guard_null_ops.limits(NULL, &l);
	guard_null_ops.tunnel_known(NULL, &(struct dp_tunnel){ .tid = 1 });
	guard_null_ops.peer_established(NULL, &peer, true);
	guard_null_ops.peer_established(NULL, &peer, false);
	guard_null_ops.session(NULL, 1, 1, GUARD_SESSION_STARTS);
	guard_null_ops.tunnel_gone(NULL, 1);
	assert_null(guard_null_ops.show);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_at_start_and_after_reload),
		cmocka_unit_test(known_before_it_answers),
		cmocka_unit_test(known_until_the_end_of_lingering),
		cmocka_unit_test(refused_ones_are_known_while_they_end),
		cmocka_unit_test(refused_peer_is_unknown),
		cmocka_unit_test(half_open_makes_room),
		cmocka_unit_test(peer_is_established_once),
		cmocka_unit_test(dead_peer_is_unknown),
		cmocka_unit_test(freed_with_tunnels_up),
		cmocka_unit_test(sessions_are_known),
		cmocka_unit_test(null_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
