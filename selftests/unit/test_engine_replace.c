/* SPDX-License-Identifier: BSD-2-Clause */
/* An SCCRQ with the id of an established tunnel: a LAC that restarted gets a new tunnel within
 * seconds, and nobody else can end the old one, because only the LAC can acknowledge a HELLO in
 * it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selftests/lib/world.h"

static const struct operate_why why = { .actor = "test", .text = "because", .code = 6 };

static struct world *new_world(bool secret)
{
	struct config *c = w_config();

	if (!secret) {
		free(c->secret);
		c->secret = NULL;
	}
	return world_new(c, 7);
}

static struct lac *lac_up(struct world *w)
{
	struct lac *l = lac_new(w, 1, 1701);

	lac_connect(l);
	assert_true(l->up);
	return l;
}

/* The same machine after a crash: it has the same address and chooses the same ids, and has no
 * other state. */
static struct lac *crash(struct lac *l)
{
	struct lac *again = lac_new(l->w, 1, 1701);

	again->tid = l->tid;
	l->dead = true;
	return again;
}

static void close_all(struct world *w)
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

static void forge_sccrq(struct world *w, const struct lac *victim, const char *host)
{
	struct lac fake = { .tid = victim->tid };
	uint8_t buf[512];

	strcpy(fake.host, host);
	w_inject(w, &victim->path, lac_sccrq(&fake, buf, sizeof(buf)));
	w_deliver(w);
}

/* Sent to every tunnel id that could be the one opened for the forged SCCRQ. */
static void forge_scccns(struct world *w, const struct lac *victim)
{
	for (unsigned tid = 1; tid < 65536; tid++) {
		uint8_t buf[64];
		struct wr wr = wr_init(buf, sizeof(buf));
		size_t mark;

		if (!registry_tunnel(w->e, (uint16_t)tid))
			continue; /* dropped as tunnel-unknown: see test_engine_tunnel */
		mark = l2tp_hdr_begin_ctl(&wr, (uint16_t)tid, 0, 1, 1);
		wr_u16(&wr, 0x8008);
		wr_u32(&wr, 0);
		wr_u16(&wr, L2TP_SCCCN);
		l2tp_hdr_end_ctl(&wr, mark);
		w_inject(w, &victim->path, wr_done(&wr));
	}
	w_deliver(w);
}

/* ---- a LAC that restarted ---- */

static void restart_with(bool secret, bool challenge, ze_ns after)
{
	struct world *w = new_world(secret);
	struct lac *l = lac_up(w), *again;
	ze_ns begin;

	w_advance(w, after);
	again = crash(l);
	again->challenge = challenge;
	begin = w->now;
	lac_connect(again);
	while (!again->up && w->now - begin < ZE_SEC(10))
		w_advance(w, ZE_MS(100));
	assert_true(again->up);
	assert_true(w->now - begin <= ZE_SEC(3));
	assert_int_equal(again->n_sccrp, 1);
	assert_int_equal(w->e->n_established, 1);
	assert_string_equal(w_last_event(w, EV_TUNNEL_DOWN)->cause, "replaced");
	assert_true(lac_call(again, "alice", "wonder")->c.v4_up);
	w_advance(w, ZE_SEC(100));
	assert_true(again->up && !again->over);
	close_all(w);
}

/* F-C12: with the same SCCRQ or another one, right after set-up or later. */
static void lac_restarts(void **st)
{
	(void)st;
	for (int secret = 0; secret < 2; secret++) {
		restart_with(secret, false, 0);
		restart_with(secret, false, ZE_SEC(5));
		restart_with(secret, false, ZE_SEC(40));
		restart_with(secret, secret, 0); /* another challenge makes it another SCCRQ */
	}
}

/* F-C12: an unacknowledged message serves instead of the HELLO, and the sessions end with the
 * old tunnel. */
static void lac_restarts_with_calls(void **st)
{
	struct world *w = new_world(true);
	struct lac *l = lac_up(w), *again;
	struct lac_call *c = lac_call(l, "alice", "wonder");

	(void)st;
	assert_true(c->c.v4_up);
	l->mute = true;
	lac_icrq(l, 0, 77);
	l->mute = false;
	lac_flush(l);
	l->mute = true; /* the ICRP is not acknowledged */
	w_deliver(w);
	assert_false(l2tp_chan_idle(&lac_tunnel(l)->l2tp.chan));
	again = crash(l);
	lac_connect(again);
	w_advance(w, ZE_SEC(3));
	assert_true(again->up);
	assert_int_equal(w->e->n_established, 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 1);
	close_all(w);
}

/* F-C12: the tunnel that the LAC lost does not count against max-tunnels. */
static void lac_restarts_at_the_limit(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *again;

	(void)st;
	c->max_tunnels = 1;
	w = world_new(c, 7);
	again = crash(lac_up(w));
	lac_connect(again);
	w_advance(w, ZE_SEC(3));
	assert_true(again->up && !again->over);
	assert_int_equal(refused(w, REASON_LIMIT_TUNNELS), 0);
	close_all(w);
}

/* F-C12: both ends restarted. */
static void lac_restarts_after_us(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *again;

	(void)st;
	c->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	c->n_listeners = 1;
	w = world_new(c, 7);
	again = crash(lac_up(w));
	w_restart(w);
	assert_int_equal(w->e->n_established, 1);
	lac_connect(again);
	w_advance(w, ZE_SEC(4));
	assert_true(again->up);
	assert_int_equal(w->e->n_established, 1);
	close_all(w);
}

/* F-C12: once the tunnel ends there is no LAC to probe. */
static void lac_restarts_while_the_tunnel_ends(void **st)
{
	(void)st;
	for (int by_peer = 0; by_peer < 2; by_peer++) {
		struct world *w = new_world(true);
		struct lac *l = lac_up(w), *again;

		if (by_peer) {
			lac_stop(l);
		} else {
			l->mute = true;
			operate_close_all_tunnels(w->e, &why, w->now);
			assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_CLOSING);
		}
		again = crash(l);
		lac_connect(again);
		assert_true(again->up);
		close_all(w);
	}
}

/* F-C12: the LAC crashed during the handshake: the new challenge is answered, not the old one. */
static void lac_restarts_in_the_handshake(void **st)
{
	struct world *w = new_world(true);
	struct lac *l = lac_new(w, 1, 1701), *again;

	(void)st;
	l->challenge = true;
	l->our_challenge[0] = 1;
	l->no_scccn = true;
	lac_connect(l);
	assert_int_equal(w->e->n_half_open, 1);
	again = crash(l);
	again->challenge = true;
	again->our_challenge[0] = 2;
	lac_connect(again);
	assert_true(again->up);
	assert_int_equal(again->n_sccrp, 1);
	w_advance(w, ZE_SEC(1));
	assert_int_equal(w->e->n_established, 1);
	assert_int_equal(w->e->n_half_open, 0);
	close_all(w);
}

/* ---- F-B6: an attacker ---- */

/* F-B6: forged SCCRQs for a minute: no second tunnel is opened, and the LAC is not flooded. */
static void forged_sccrqs_change_nothing(void **st)
{
	(void)st;
	for (int secret = 0; secret < 2; secret++) {
		struct world *w = new_world(secret);
		struct lac *l = lac_up(w);
		struct lac_call *c = lac_call(l, "alice", "wonder");
		unsigned hellos = l->rx[L2TP_HELLO];

		for (unsigned i = 0; i < 600; i++) {
			forge_sccrq(w, l, i % 2 ? "lac" : "other");
			assert_int_equal(w->e->tids.used, 1);
			forge_scccns(w, l);
			w_advance(w, ZE_MS(100));
		}
		assert_true(l->rx[L2TP_HELLO] - hellos <= 121);
		assert_int_equal(refused(w, REASON_TUNNEL_IN_USE), 600);
		assert_true(l->up && !l->over && !c->over);
		assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
		assert_int_equal(w_count_events(w, EV_TUNNEL_UP), 1);
		assert_int_equal(w_count_events(w, EV_TUNNEL_DOWN), 0);
		close_all(w);
	}
}

/* F-B6: the LAC was cut off for longer than the probe lasts, and is back before the attacker has
 * guessed the id of the new tunnel: the new tunnel is removed. */
static void late_lac_keeps_its_tunnel(void **st)
{
	struct world *w = new_world(false);
	struct lac *l = lac_up(w);
	struct lac_call *c = lac_call(l, "alice", "wonder");

	(void)st;
	l->dead = true;
	forge_sccrq(w, l, "other");
	w_advance(w, ZE_SEC(3));
	forge_sccrq(w, l, "other");
	assert_int_equal(w->e->tids.used, 2);
	l->dead = false;
	w_advance(w, ZE_SEC(9)); /* the retransmitted HELLO is acknowledged */
	assert_true(l2tp_chan_idle(&lac_tunnel(l)->l2tp.chan));
	forge_scccns(w, l);
	assert_int_equal(w->e->tids.used, 1);
	assert_int_equal(w_count_events(w, EV_TUNNEL_UP), 1);
	assert_int_equal(w_count_events(w, EV_TUNNEL_DOWN), 0);
	assert_true(l->up && !l->over && !c->over);
	assert_int_equal(w->e->n_established, 1);
	assert_int_equal(w->e->n_half_open, 0);
	close_all(w);
}

/* F-B6: nobody completes the handshake of the forged SCCRQ, and the LAC comes back late:
 * everything is as before. */
static void forged_tunnel_times_out(void **st)
{
	struct world *w = new_world(false);
	struct lac *l = lac_up(w);

	(void)st;
	l->dead = true;
	forge_sccrq(w, l, "other");
	w_advance(w, ZE_MS(2500));
	forge_sccrq(w, l, "other");
	assert_int_equal(w->e->tids.used, 2);
	l->dead = false;
	w_advance(w, ZE_SEC(200));
	assert_int_equal(w->e->tids.used, 1);
	assert_true(l->up && !l->over);
	assert_true(lac_call(l, "alice", "wonder")->c.v4_up);
	close_all(w);
}

/* F-B6: many forged SCCRQs do not prevent the probe either. */
static void forged_sccrqs_do_not_prevent_the_probe(void **st)
{
	struct world *w = new_world(false);
	struct lac *l = lac_up(w);
	char host[16];

	(void)st;
	l->dead = true;
	for (unsigned i = 0; i < 1000; i++) {
		if (i == 250)
			l->dead = false;
		snprintf(host, sizeof(host), "other%u", i);
		forge_sccrq(w, l, host);
		w_advance(w, ZE_MS(10));
	}
	w_advance(w, ZE_SEC(1));
	assert_true(l2tp_chan_idle(&lac_tunnel(l)->l2tp.chan));
	forge_scccns(w, l);
	assert_int_equal(w_count_events(w, EV_TUNNEL_UP), 1);
	assert_true(l->up && !l->over);
	close_all(w);
}

/* F-B6: a LAC behind a network that loses packets is not taken for one that restarted. */
static void forged_sccrqs_on_a_bad_line(void **st)
{
	struct world *w = new_world(false);
	struct lac *l = lac_up(w);

	(void)st;
	w->loss_permille = 100;
	for (unsigned i = 0; i < 3000; i++) {
		forge_sccrq(w, l, "other");
		w_advance(w, ZE_MS(20));
	}
	w->loss_permille = 0;
	forge_scccns(w, l);
	w_advance(w, ZE_SEC(40));
	assert_true(l->up && !l->over);
	assert_int_equal(w_count_events(w, EV_TUNNEL_DOWN), 0);
	close_all(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lac_restarts),
		cmocka_unit_test(lac_restarts_with_calls),
		cmocka_unit_test(lac_restarts_at_the_limit),
		cmocka_unit_test(lac_restarts_after_us),
		cmocka_unit_test(lac_restarts_while_the_tunnel_ends),
		cmocka_unit_test(lac_restarts_in_the_handshake),
		cmocka_unit_test(forged_sccrqs_change_nothing),
		cmocka_unit_test(late_lac_keeps_its_tunnel),
		cmocka_unit_test(forged_tunnel_times_out),
		cmocka_unit_test(forged_sccrqs_do_not_prevent_the_probe),
		cmocka_unit_test(forged_sccrqs_on_a_bad_line),
	};

	return cmocka_run_group_tests_name("engine_replace", tests, NULL, NULL);
}
