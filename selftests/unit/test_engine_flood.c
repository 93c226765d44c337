/* SPDX-License-Identifier: BSD-2-Clause */
/* Floods of SCCRQs from forged addresses against the engine alone: a source that answers is not
 * affected. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "selftests/lib/world.h"

static const struct operate_why why = { .actor = "test", .text = "because" };

static struct world *new_world(unsigned setup_rate, unsigned max_tunnels)
{
	struct config *c = w_config();

	c->setup_rate = setup_rate;
	c->max_tunnels = max_tunnels;
	return world_new(c, 17);
}

static void empty(struct world *w)
{
	operate_close_all_tunnels(w->e, &why, w->now);
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
}

static uint64_t refused(const struct world *w, enum reason r)
{
	return w->e->stats.reasons[r];
}

static struct net_path path6(unsigned n, uint16_t port)
{
	struct net_path p = w_path(n, port);

	p.local = (struct ze_addr){ .family = 6, .port = 1701, .ip = { 0x20, 1, 13, 184 } };
	p.peer = (struct ze_addr){ .family = 6, .port = port, .ip = { 0x20, 1, 13, 184, 9 } };
	p.peer.ip[14] = (uint8_t)(n >> 8);
	p.peer.ip[15] = (uint8_t)n;
	return p;
}

static struct net_path path_of(bool six, unsigned n, uint16_t port)
{
	return six ? path6(n, port) : w_path(n, port);
}

static struct lac *new_lac(struct world *w, bool six, unsigned host, uint16_t port)
{
	struct lac *l = lac_new(w, host, port);

	l->path = path_of(six, host, port);
	return l;
}

/* Sends n SCCRQs, each from another address, or from another port of one address. */
static void flood(struct world *w, bool six, unsigned n, unsigned one)
{
	uint8_t buf[512];
	struct lac fake = { .host = "flood" };

	for (unsigned i = 0; i < n; i++) {
		struct net_path p =
			path_of(six, one ? one : 1000 + i, one ? (uint16_t)(2000 + i) : 1701);

		fake.tid = (uint16_t)(i + 1);
		w_inject(w, &p, lac_sccrq(&fake, buf, sizeof(buf)));
		w_deliver(w);
	}
}

static struct config *allowing(const char *a, const char *b)
{
	struct config *c = w_config();

	c->allow_from = calloc(2, sizeof(*c->allow_from));
	c->n_allow_from = 2;
	assert_int_equal(ze_prefix_parse(a, &c->allow_from[0]), 0);
	assert_int_equal(ze_prefix_parse(b, &c->allow_from[1]), 0);
	return c;
}

/* F-B1: a source that is not allowed takes no token; 20 LACs are answered at their first SCCRQ. */
static void denied_costs_allowed_nothing(void **st)
{
	(void)st;
	for (int six = 0; six < 2; six++) {
		struct config *c = allowing("10.9.0.0/27", "2001:db8:900::/123");
		struct world *w;

		c->setup_rate = 20;
		w = world_new(c, 3);
		flood(w, six, 4000, 0);
		for (unsigned i = 1; i <= 20; i++) {
			struct lac *l = new_lac(w, six, i, 1701);

			flood(w, six, 20, 0);
			lac_connect(l);
			assert_true(l->up);
		}
		assert_int_equal(refused(w, REASON_SOURCE_DENIED), 4400);
		assert_int_equal(refused(w, REASON_LIMIT_RATE), 0);
		empty(w);
	}
}

/* F-B1: the guard gets the list at the start and at each reload. */
static void guard_gets_the_list(void **st)
{
	struct config *c = allowing("10.9.0.0/27", "2001:db8:900::/123");
	struct world *w = world_new(c, 3);

	(void)st;
	assert_int_equal(w->guard.limits.n_allow, 2);
	assert_int_equal(w->guard.limits.allow[0].len, 27);
	assert_int_equal(w->guard.limits.allow[1].addr.family, 6);
	assert_int_equal(w->guard.limits.known_rate, ADMIT_KNOWN_RATE);
	assert_int_equal(w->guard.limits.known_burst, ADMIT_KNOWN_BURST);
	for (int again = 0; again < 2; again++) {
		c = again ? w_config() : allowing("192.0.2.1", "198.51.100.0/24");
		assert_int_equal(w_reload(w, c, NULL), 0);
		assert_int_equal(w->guard.limits.n_allow, again ? 0 : 2);
		if (!again)
			assert_int_equal(w->guard.limits.allow[0].len, 32);
		config_unref(c);
	}
	empty(w);
}

/* F-B1: without a list. The tunnel ended long ago, and since then only forged addresses sent
 * SCCRQs. */
static void known_source_is_preferred(void **st)
{
	(void)st;
	for (int six = 0; six < 2; six++) {
		struct world *w = new_world(20, 1024);
		struct lac *l = new_lac(w, six, 1, 1701), *unknown;

		lac_connect(l);
		assert_true(l->up);
		lac_stop(l);
		w_deliver(w);
		w_advance(w, ZE_SEC(40));
		assert_null(registry_peer(w->e, &l->path.peer));
		for (unsigned i = 0; i < 20; i++)
			flood(w, six, 200, 0);
		assert_true(refused(w, REASON_LIMIT_RATE) > 3000);
		l = new_lac(w, six, 1, 1701);
		lac_connect(l);
		assert_true(l->up);
		unknown = new_lac(w, six, 2, 1701); /* indistinguishable from the flood */
		lac_connect(unknown);
		assert_false(unknown->up);
		unknown->dead = true;
		empty(w);
	}
}

/* F-B1: SCCRQs with the address of a LAC do not keep that LAC from opening another tunnel. */
static void flood_in_the_name_of_a_peer(void **st)
{
	(void)st;
	for (int six = 0; six < 2; six++) {
		struct world *w = new_world(20, 1024);
		struct lac *first = new_lac(w, six, 1, 1701), *more;

		lac_connect(first);
		for (unsigned i = 0; i < 5; i++) {
			flood(w, six, 400, 1);
			more = new_lac(w, six, 1, (uint16_t)(10000 + i));
			lac_connect(more);
			assert_true(more->up);
			w_advance(w, ZE_SEC(1));
		}
		assert_true(w->e->n_half_open <= ADMIT_HALF_OPEN_KNOWN);
		assert_int_equal(w->e->n_half_open, w->e->n_half_open_known);
		assert_true(first->up);
		/* But the budget of a known source is limited. */
		flood(w, six, 4 * ADMIT_KNOWN_BURST, 1);
		assert_true(refused(w, REASON_LIMIT_RATE) > 2 * ADMIT_KNOWN_BURST);
		empty(w);
	}
}

/* F-B1: all tunnels but one are in use, and forged addresses request the last one. */
static void known_source_takes_the_last_tunnel(void **st)
{
	struct world *w = new_world(0, 3);
	struct lac *l[2] = { lac_new(w, 1, 1701), lac_new(w, 2, 1701) }, *more;

	(void)st;
	lac_connect(l[0]);
	lac_connect(l[1]);
	flood(w, false, 50, 0);
	assert_int_equal(w->e->n_half_open, 1);
	assert_int_equal(w->e->n_half_open_known, 0);
	more = lac_new(w, 2, 4000);
	lac_connect(more);
	assert_true(more->up);
	assert_int_equal(w->e->n_half_open, 0);
	empty(w);
}

/* F-B1: established tunnels of the previous instance make their peers known to the next one. */
static void known_after_a_restart(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *l;

	(void)st;
	c->setup_rate = 20;
	c->listeners[0].addr = w_path(1, 1701).local;
	c->n_listeners = 1;
	w = world_new(c, 17);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	w_restart(w);
	assert_int_equal(w->e->n_established, 1);
	lac_stop(l);
	w_deliver(w);
	w_advance(w, ZE_SEC(40));
	flood(w, false, 200, 0);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_true(l->up);
	empty(w);
}

/* F-B7: endless echoes of one subscriber, through the tunnel and through the data plane: the
 * excess is dropped and counted per session, and another subscriber logs in. */
static void frames_of_one_session(void **st)
{
	static const uint8_t echo[] = { 0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0 };
	const struct span frame = span_of(echo, sizeof(echo));
	struct world *w = new_world(0, 1024);
	struct lac *l = lac_new(w, 1, 1701);
	struct lac_call *c, *other;
	struct subscriber *s;
	uint64_t before;

	(void)st;
	lac_connect(l);
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(10));
	s = call_sub(c);
	assert_non_null(s);
	assert_int_equal(s->state, SUB_ESTABLISHED);
	for (int by_plane = 0; by_plane < 2; by_plane++) {
		before = s->rx_limited;
		for (unsigned i = 0; i < 4 * ADMIT_FRAME_BURST; i++) {
			if (by_plane)
				engine_dp_event(w->e,
						&(struct dp_event){ .kind = DP_EV_FRAME,
								    .sid = s->call.l2tp.sid,
								    .frame = frame },
						w->now);
			else
				lac_data(c, frame);
			w_deliver(w);
		}
		assert_in_range(s->rx_limited - before, 3 * ADMIT_FRAME_BURST,
				3 * ADMIT_FRAME_BURST + 3);
		w_advance(w, ZE_SEC(10));
	}
	assert_int_equal(refused(w, REASON_PPP_RATE), s->rx_limited);
	other = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(5));
	assert_true(other->c.v4_up);
	assert_int_equal(call_sub(c)->state, SUB_ESTABLISHED);
	empty(w);
}

/* F-B7: endless acknowledgements; the tunnel continues afterwards. */
static void messages_of_one_tunnel(void **st)
{
	struct world *w = new_world(0, 1024);
	struct lac *l = lac_new(w, 1, 1701);
	uint8_t zlb[12] = { 0xc8, 2, 0, 12 };
	struct lac_call *c;

	(void)st;
	lac_connect(l);
	zlb[4] = (uint8_t)(l->peer_tid >> 8);
	zlb[5] = (uint8_t)l->peer_tid;
	for (unsigned i = 0; i < 2 * ADMIT_CONTROL_BURST; i++) {
		w_inject(w, &l->path, span_of(zlb, sizeof(zlb)));
		w_deliver(w);
	}
	assert_in_range(refused(w, REASON_TUNNEL_RATE), ADMIT_CONTROL_BURST,
			ADMIT_CONTROL_BURST + 10);
	w_advance(w, ZE_SEC(1));
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(5));
	assert_true(c->c.v4_up);
	empty(w);
}

/* F-B10: one LAC has its share by default, and another one is still accepted. A reload changes
 * the share. */
static void limits_by_peer(void **st)
{
	struct config *c = config_new();
	struct world *w;
	struct lac *l[3], *other;

	(void)st;
	assert_int_equal(c->max_tunnels_peer, 256);
	assert_int_equal(c->max_sessions_peer, 32768);
	config_unref(c);
	c = w_config();
	c->max_tunnels_peer = 2;
	c->max_sessions_peer = 3;
	w = world_new(c, 17);
	for (unsigned i = 0; i < 3; i++) {
		l[i] = lac_new(w, 1, (uint16_t)(1701 + i));
		lac_connect(l[i]);
	}
	assert_true(l[0]->up && l[1]->up && !l[2]->up);
	assert_int_equal(l[2]->stop_result, STOP_ERROR);
	assert_int_equal(l[2]->stop_error, L2TP_ERR_RESOURCES);
	assert_int_equal(refused(w, REASON_LIMIT_PEER_TUNNELS), 1);
	other = lac_new(w, 2, 1701);
	lac_connect(other);
	for (unsigned i = 0; i < 4; i++) /* alternately in both tunnels */
		assert_int_equal(lac_call(l[i % 2], "alice", "wonder")->icrp, i < 3);
	assert_int_equal(refused(w, REASON_LIMIT_PEER_SESSIONS), 1);
	assert_true(lac_call(other, "alice", "wonder")->icrp);
	c = w_config();
	c->max_tunnels_peer = c->max_sessions_peer = 0;
	assert_int_equal(w_reload(w, c, NULL), 0);
	config_unref(c);
	l[2] = lac_new(w, 1, 1710);
	lac_connect(l[2]);
	assert_true(l[2]->up);
	assert_true(lac_call(l[2], "alice", "wonder")->icrp);
	empty(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denied_costs_allowed_nothing),
		cmocka_unit_test(guard_gets_the_list),
		cmocka_unit_test(known_source_is_preferred),
		cmocka_unit_test(flood_in_the_name_of_a_peer),
		cmocka_unit_test(known_source_takes_the_last_tunnel),
		cmocka_unit_test(known_after_a_restart),
		cmocka_unit_test(frames_of_one_session),
		cmocka_unit_test(messages_of_one_tunnel),
		cmocka_unit_test(limits_by_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
