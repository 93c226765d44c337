/* SPDX-License-Identifier: BSD-2-Clause */
/* The next instance restores tunnels and sessions of an instance that was killed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/timers.h"
#include "daemon/core/record.h"
#include "daemon/core/record_tags.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/tlv_edit.h"
#include "selftests/lib/world.h"

static const struct operate_why why = { .actor = "test" };

struct line { /* one LAC with one subscriber */
	struct world *w;
	struct lac *l;
	struct lac_call *c;
};

static struct line line_up(struct world *w)
{
	struct line x = { .w = w, .l = lac_new(w, 1, 1701) };

	lac_connect(x.l);
	x.c = lac_call(x.l, "alice", "wonder");
	assert_true(x.c->c.v4_up && x.c->c.v6_up);
	return x;
}

static struct config *listening(void)
{
	struct config *c = w_config();

	assert_non_null(c);
	c->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	c->n_listeners = 1;
	return c;
}

static struct world *world(void)
{
	struct world *w = world_new(listening(), 1);

	assert_non_null(w);
	return w;
}

static void drain(struct world *w)
{
	w->loss_permille = 0;
	engine_drain(w->e, w->now);
	w_advance(w, ZE_SEC(200));
	assert_true(engine_drained(w->e));
	assert_world_empty(w);
	world_free(w);
}

static uint64_t count(const struct world *w, enum reason r)
{
	return w->e->stats.reasons[r];
}

/* ---- the state is the same as before ---- */

static void session_is_the_same(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	const struct w_record *r = w_record_of(w, JOURNAL_SESSION, x.c->peer_sid);
	struct w_record was = *r;
	struct subscriber *s = call_sub(x.c);
	uint32_t ip = s->lease.ip4, magic = s->link.lcp.magic;
	ze_ns up_at = s->up_at;

	(void)st;
	assert_non_null(tlv_at(record_tags[JOURNAL_SESSION], span_of(was.b, was.len),
			       (uint8_t[]){ RECORD_SESSION, 0 })
				.p);
	w_advance(w, ZE_SEC(30));
	w_restart(w);
	s = call_sub(x.c);
	assert_non_null(s);
	r = w_record_of(w, JOURNAL_SESSION, x.c->peer_sid);
	assert_int_equal(r->len, was.len);
	assert_memory_equal(r->b, was.b, was.len);
	assert_int_equal(s->state, SUB_ESTABLISHED);
	assert_int_equal(s->lease.ip4, ip);
	assert_int_equal(s->link.lcp.magic, magic);
	assert_int_equal(s->up_at, up_at);
	assert_string_equal(facts_user(s), "alice");
	assert_non_null(s->profile);
	assert_true(s->restored && lac_tunnel(x.l)->restored);
	assert_int_equal(pools_used(w->e->pools), 1);
	assert_true(w->dp[s->call.l2tp.sid].fam[PPP_FAM_IPV4] &&
		    w->dp[s->call.l2tp.sid].fam[PPP_FAM_IPV6]);
	assert_int_equal(w->dp[s->call.l2tp.sid].f[PPP_FAM_IPV4].peer4, ip);
	assert_string_equal(w_last_event(w, EV_SESSION_UP)->cause, "resumed");
	assert_int_equal(w->e->restored_sessions, 1);
	drain(w);
}

/* The records that are written equal those that were read, with messages in flight or a StopCCN. */
static void same_tunnel(struct tunnel *t, ze_ns now)
{
	uint8_t a[JOURNAL_RECORD_MAX], b[JOURNAL_RECORD_MAX];
	struct wr wa = wr_init(a, sizeof(a)), wb = wr_init(b, sizeof(b));
	static struct l2tp_tunnel other;

	assert_true(l2tp_tunnel_save(&t->l2tp, &wa));
	l2tp_tunnel_init(&other, &t->l2tp.cfg, &t->e->ports.rng, t->l2tp.tid, now);
	assert_int_equal(l2tp_tunnel_restore(&other, wr_done(&wa), now), REASON_NONE);
	assert_true(l2tp_tunnel_save(&other, &wb));
	assert_int_equal(wr_len(&wa), wr_len(&wb));
	assert_memory_equal(a, b, wr_len(&wa));
	assert_string_equal(l2tp_tunnel_state_name(&other), l2tp_tunnel_state_name(&t->l2tp));
	l2tp_tunnel_done(&other);
}

static void tunnel_is_the_same(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);

	(void)st;
	same_tunnel(lac_tunnel(x.l), w->now);
	x.l->mute = true;
	operate_close_session(w->e, x.c->peer_sid, &why, w->now);
	assert_false(l2tp_chan_idle(&lac_tunnel(x.l)->l2tp.chan));
	same_tunnel(lac_tunnel(x.l), w->now);
	operate_close_tunnel(w->e, x.l->peer_tid, &why, w->now);
	assert_int_equal(lac_tunnel(x.l)->l2tp.fsm.state, L2TP_T_CLOSING);
	same_tunnel(lac_tunnel(x.l), w->now);
	drain(w);
}

/* ---- the session continues ---- */

/* RFC 2661 5.5 and RFC 1661 5.8: HELLOs and echoes in both directions, for hours. */
static void hellos_and_echoes(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	const struct l2tp_msg hello = { .type = L2TP_HELLO, .have = L2TP_BIT(AVP_MSG_TYPE) };
	unsigned hellos = x.l->rx[L2TP_HELLO], echoes;

	(void)st;
	w_restart(w);
	assert_int_equal(x.l->rx[L2TP_HELLO], hellos + 1); /* at once */
	w_advance(w, ZE_SEC(1));
	assert_true(l2tp_chan_idle(&lac_tunnel(x.l)->l2tp.chan));
	echoes = x.c->c.echoes;
	w_advance(w, ZE_SEC(3600));
	assert_true(x.l->rx[L2TP_HELLO] >= hellos + 50);
	assert_true(x.c->c.echoes >= echoes + 300);
	assert_int_equal(call_sub(x.c)->link.lcp.echo.lost, 0);
	lac_send(x.l, 0, &hello);
	w_advance(w, ZE_SEC(1));
	assert_true(l2tp_chan_idle(&x.l->chan));
	drain(w);
}

static void ends_normally(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct lac_call *b = lac_call(x.l, "bob", "builder"), *c;

	(void)st;
	assert_true(b->c.v4_up);
	w_restart(w);
	c = lac_call(x.l, "alice", "wonder");
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_not_equal(c->c.ip, x.c->c.ip);
	lac_cdn(x.c);
	assert_null(call_sub(x.c));
	operate_close_session(w->e, b->peer_sid, &why, w->now);
	w_advance(w, ZE_SEC(1));
	assert_true(b->over && b->cdn_result == CDN_ADMIN);
	assert_non_null(call_sub(c));
	lac_stop(x.l);
	assert_null(call_sub(c));
	w_advance(w, ZE_SEC(60));
	assert_world_empty(w);
	world_free(w);
}

/* RFC 1661 4.1: the client renegotiates, and gets the same addresses and the same session in the
 * data plane. */
static void renegotiation(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	uint32_t ip = x.c->c.ip;

	(void)st;
	w_restart(w);
	client_renegotiate(x.c);
	w_advance(w, ZE_SEC(10));
	assert_true(x.c->c.v4_up && x.c->c.v6_up && !x.c->over);
	assert_int_equal(x.c->c.ip, ip);
	w_restart(w);
	assert_non_null(call_sub(x.c));
	client_terminate(x.c);
	w_advance(w, ZE_SEC(10));
	assert_true(x.c->over);
	drain(w);
}

static void each_method(void **st)
{
	static const enum w_auth wants[] = { W_AUTH_PAP, W_AUTH_CHAP, W_AUTH_MSCHAP2 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(wants); i++) {
		struct config *cfg = listening();
		struct world *w;
		struct line x;

		cfg->reauth_interval_s = 60;
		w = world_new(cfg, 1);
		x.l = lac_new(w, 1, 1701);
		x.l->no_iccn = true;
		lac_connect(x.l);
		x.c = lac_call(x.l, "alice", "wonder");
		x.c->c.wants = wants[i];
		lac_send(x.l, x.c->peer_sid,
			 &(struct l2tp_msg){ .type = L2TP_ICCN,
					     .have = L2TP_BIT(AVP_MSG_TYPE) |
						     L2TP_BIT(AVP_FRAMING_TYPE) |
						     L2TP_BIT(AVP_TX_CONNECT_SPEED) });
		w_deliver(w);
		client_open(x.c);
		w_deliver(w);
		assert_true(x.c->c.v4_up);
		w_restart(w);
		w_advance(w, ZE_SEC(200)); /* re-authenticated in between, except with PAP */
		assert_true(!x.c->over && call_sub(x.c));
		assert_int_equal(w->e->stats.auth_accepts, wants[i] == W_AUTH_PAP ? 0 : 3);
		client_renegotiate(x.c);
		w_advance(w, ZE_SEC(10));
		assert_true(x.c->c.v4_up);
		drain(w);
	}
}

static void assert_rates(const struct shape_plan *p)
{
	assert_int_equal(p->down_bps, 1000000);
	assert_int_equal(p->up_bps, 256000);
	assert_int_equal(p->qdisc, SHAPE_HTB);
}

/* A session keeps the rates that it began with, whatever the next configuration says. */
static void rates(void **st)
{
	struct config *cfg = listening();
	struct line x;
	struct world *w;

	(void)st;
	cfg->shape = (struct shape_plan){ 1000000, 256000, SHAPE_HTB };
	w = world_new(cfg, 1);
	x = line_up(w);
	assert_int_equal(call_sub(x.c)->shape, SUB_SHAPE_ON);
	w_kill(w);
	w->cfg->shape.down_bps = 0;
	w->dp[x.c->peer_sid].plan = (struct shape_plan){ 0 };
	w_restore(w);
	assert_rates(&call_sub(x.c)->plan);
	assert_int_equal(call_sub(x.c)->shape, SUB_SHAPE_ON);
	assert_rates(&w->dp[x.c->peer_sid].plan);
	drain(w);
}

/* A family that never opened, or that the peer closed, may still open. */
static void one_family(void **st)
{
	struct world *w = world();
	struct lac *l = lac_new(w, 1, 1701);
	struct lac_call *c;

	(void)st;
	lac_connect(l);
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	c->c.no_ipv6 = true;
	l->no_iccn = false;
	lac_send(l, c->peer_sid,
		 &(struct l2tp_msg){ .type = L2TP_ICCN,
				     .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_FRAMING_TYPE) |
					     L2TP_BIT(AVP_TX_CONNECT_SPEED) });
	w_deliver(w);
	client_open(c);
	w_advance(w, ZE_SEC(60));
	assert_true(c->c.v4_up && !c->c.v6_up);
	w_restart(w);
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV4]);
	assert_false(w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	c->c.no_ipv6 = false;
	client_expire(c);
	w_advance(w, ZE_SEC(10));
	assert_true(c->c.v4_up && c->c.v6_up && !c->over);
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	drain(w);
}

/* ---- calls that are not restored ---- */

/* A call in negotiation ends, and its LAC receives a CDN. */
static void unfinished_call(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct lac_call *b;

	(void)st;
	w->dp_hold = true;
	b = lac_call(x.l, "bob", "builder");
	assert_true(b->connected && !b->c.v4_up);
	w->dp_hold = false;
	w_restart(w);
	w_advance(w, ZE_SEC(1));
	assert_true(b->over);
	assert_int_equal(b->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_false(x.c->over);
	assert_int_equal(w->dp_sessions, 1);
	assert_null(w_record_of(w, JOURNAL_SESSION, b->peer_sid));
	drain(w);
}

/* The CDN was lost with the instance that sent it. */
static void cdn_lost(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);

	(void)st;
	w_drop_next(w, L2TP_CDN);
	operate_close_session(w->e, x.c->peer_sid, &why, w->now);
	w_deliver(w);
	assert_false(x.c->over);
	assert_non_null(w_record_of(w, JOURNAL_SESSION, x.c->peer_sid));
	w_restart(w);
	w_advance(w, ZE_SEC(1));
	assert_true(x.c->over);
	assert_null(w_record_of(w, JOURNAL_SESSION, x.c->peer_sid));
	drain(w);
}

/* F-A7: when the journal has lost everything, all records are written to it again: a session,
 * one in negotiation, one whose CDN is not acknowledged, and the tunnel. */
static void journal_is_written_again(void **st)
{
	static struct w_record was[W_RECORDS];
	struct world *w = world();
	struct line x = line_up(w);
	struct lac_call *b = lac_call(x.l, "alice", "wonder"), *c;
	unsigned n = 0;

	(void)st;
	w->dp_hold = true;
	c = lac_call(x.l, "bob", "builder");
	w_drop_next(w, L2TP_CDN);
	operate_close_session(w->e, x.c->peer_sid, &why, w->now);
	w_deliver(w);
	memcpy(was, w->records, sizeof(was));
	memset(w->records, 0, sizeof(w->records));
	engine_record(w->e);
	for (unsigned i = 0; i < W_RECORDS; i++) {
		const struct w_record *r = w_record_of(w, was[i].kind, was[i].id);

		if (!was[i].used)
			continue;
		n++;
		assert_non_null(r);
		assert_int_equal(r->len, was[i].len);
		assert_memory_equal(r->b, was[i].b, r->len);
	}
	assert_int_equal(n, 4);
	w->dp_hold = false;
	w_restart(w);
	w_advance(w, ZE_SEC(1));
	assert_true(x.c->over && c->over && !b->over);
	drain(w);
}

static void stopccn_lost(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);

	(void)st;
	w_drop_next(w, L2TP_STOPCCN);
	operate_close_tunnel(w->e, x.l->peer_tid, &why, w->now);
	w_deliver(w);
	assert_false(x.l->over);
	w_restart(w);
	assert_true(x.l->over);
	assert_int_equal(x.l->stop_result, STOP_SHUTDOWN);
	assert_int_equal(w->dp_sessions, 0);
	w_advance(w, ZE_SEC(60));
	assert_world_empty(w);
	world_free(w);
}

/* RFC 2661 5.8: our Ns continues where the peer expects it, although the messages are no longer
 * known. */
static void messages_in_flight(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct lac_call *b;

	(void)st;
	/* Received by the LAC, but its acknowledgement was lost. */
	x.l->no_iccn = true;
	lac_icrq(x.l, 0, 77);
	lac_icrq(x.l, 0, 78);
	lac_flush(x.l);
	w_kill(w);
	w_deliver(w);
	w_restore(w);
	w_advance(w, ZE_SEC(20));
	assert_false(l2tp_chan_dead(&x.l->chan));
	assert_true(l2tp_chan_idle(&x.l->chan));
	assert_int_equal(count(w, REASON_NR_AHEAD), 0);
	x.l->no_iccn = false;
	b = lac_call(x.l, "bob", "builder");
	assert_true(b->c.v4_up);
	drain(w);
}

/* A peer that has dropped the tunnel in between is detected as dead by the probe, in the usual
 * time. */
static void peer_has_dropped_the_tunnel(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);

	(void)st;
	w_kill(w);
	x.l->dead = true;
	w_restore(w);
	assert_int_equal(w->e->n_subscribers[SUB_ESTABLISHED], 1);
	w_advance(w, ZE_SEC(300));
	assert_world_empty(w);
	world_free(w);
}

static void session_not_in_the_plane(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);

	(void)st;
	w_kill(w);
	w->fail_dp.left = 0;
	w_restore(w);
	w_deliver(w);
	assert_int_equal(count(w, REASON_RESUME_PLANE), 1);
	assert_true(x.c->over);
	assert_int_equal(w->dp_sessions, 0);
	drain(w);
}

/* ---- another configuration ---- */

static struct world *with_config(struct world *w, struct config *c)
{
	w_kill(w);
	config_unref(w->cfg);
	w->cfg = c;
	w_restore(w);
	w_deliver(w);
	return w;
}

/* S-REL-15: a session keeps its address when it has left its pool, and when another gateway or a pool
 * of another name is configured. */
static void other_pool(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct config *c = listening();
	uint32_t ip = x.c->c.ip;

	(void)st;
	c->pool.start = c->pool.gateway + 0x80;
	with_config(w, c);
	assert_false(x.c->over);
	assert_int_equal(call_sub(x.c)->lease.ip4, ip);
	assert_null(call_sub(x.c)->lease.pool);
	c = listening();
	assert_null(config_kit_add(c, "l2tp/pool/ipv4-named",
				   (const char *const[]){ "name", "gold", "gateway", "10.3.0.1",
							  "start", "10.0.0.2", "end", "10.0.0.99",
							  NULL }));
	c->pool.start = 0x0a010000;
	c->pool.end = 0x0a0100ff;
	c->pool.gateway = 0x0a010001;
	with_config(w, c);
	assert_false(x.c->over);
	assert_string_equal(call_sub(x.c)->lease.pool->cfg.name, "gold");
	assert_int_equal(count(w, REASON_RESUME_ADDRESS), 0);
	drain(w);
}

/* A record whose address is our end of all links now is refused. */
static void address_is_a_gateway(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct config *c = listening();

	(void)st;
	c->pool.gateway = x.c->c.ip;
	with_config(w, c);
	assert_int_equal(count(w, REASON_RESUME_ADDRESS), 1);
	assert_true(x.c->over && !x.l->over);
	assert_int_equal(w->dp_sessions, 0);
	drain(w);
}

static void no_listener(void **st)
{
	struct world *w = world();
	struct config *c = listening();

	(void)st;
	line_up(w);
	c->listeners[0].addr.port = 1702;
	with_config(w, c);
	assert_int_equal(count(w, REASON_RESUME_LISTENER), 1);
	assert_int_equal(count(w, REASON_RESUME_TUNNEL), 1);
	assert_world_empty(w);
	world_free(w);
}

static void other_values(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct config *c = listening();

	(void)st;
	c->echo_interval_s = 0;
	c->hello_interval_s = 7;
	c->auth_method = PPP_AUTH_PAP;
	c->enable_ipv6cp = false;
	with_config(w, c);
	assert_int_equal(lac_tunnel(x.l)->l2tp.cfg.hello_interval, ZE_SEC(7));
	w_advance(w, ZE_SEC(100));
	assert_false(x.c->over);
	drain(w);
}

/* ---- records of an attacker ---- */

#define AT_TID	    (3u * TLV_HEAD + 2 + 2) /* in the record of a session */
#define AT_PEER_SID (AT_TID + 2 + TLV_HEAD)

static void give(struct world *w, enum journal_kind kind, uint16_t id, struct span b)
{
	const struct journal_record r = { kind, id, b };

	engine_restore(w->e, &r, 1, w->now);
	w_deliver(w);
}

/* Cut at any place, or with an octet too many: refused with its reason, and nothing is left of
 * it. */
static void cut_short(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct w_record t = *w_record_of(w, JOURNAL_TUNNEL, x.l->peer_tid);
	struct w_record s = *w_record_of(w, JOURNAL_SESSION, x.c->peer_sid);

	(void)st;
	lac_stop(x.l);
	w_advance(w, ZE_SEC(60));
	assert_world_empty(w);
	for (uint16_t n = 0; n < t.len; n++)
		give(w, JOURNAL_TUNNEL, t.id, span_of(t.b, n));
	t.b[t.len] = 0;
	give(w, JOURNAL_TUNNEL, t.id, span_of(t.b, t.len + 1u));
	assert_int_equal(count(w, REASON_TLV_SHORT) + count(w, REASON_TLV_MISSING), t.len + 1);
	assert_world_empty(w);
	/* In a tunnel that exists, a session without its last field is a call that only ends. */
	give(w, JOURNAL_TUNNEL, t.id, span_of(t.b, t.len));
	for (uint16_t n = 0; n < s.len; n++)
		give(w, JOURNAL_SESSION, s.id, span_of(s.b, n));
	s.b[s.len] = 0;
	give(w, JOURNAL_SESSION, s.id, span_of(s.b, s.len + 1u));
	assert_int_equal(count(w, REASON_TLV_SHORT) + count(w, REASON_TLV_MISSING),
			 t.len + 1 + s.len);
	assert_int_equal(w->e->n_subscribers[SUB_ESTABLISHED], 0);
	drain(w);
}

static void twice(void **st)
{
	struct world *w = world();
	struct line x = line_up(w);
	struct w_record t = *w_record_of(w, JOURNAL_TUNNEL, x.l->peer_tid);
	struct w_record s = *w_record_of(w, JOURNAL_SESSION, x.c->peer_sid);

	(void)st;
	w_restart(w);
	give(w, JOURNAL_TUNNEL, t.id, span_of(t.b, t.len));
	assert_int_equal(count(w, REASON_RESUME_ID), 1);
	give(w, JOURNAL_TUNNEL, (uint16_t)(t.id ^ 1), span_of(t.b, t.len)); /* the id of the peer */
	assert_int_equal(count(w, REASON_RESUME_ID), 2);
	give(w, JOURNAL_SESSION, s.id, span_of(s.b, s.len));
	assert_int_equal(count(w, REASON_RESUME_ID), 3);
	s.b[AT_PEER_SID] ^= 1; /* another id of the peer, the same address */
	give(w, JOURNAL_SESSION, (uint16_t)(s.id ^ 1), span_of(s.b, s.len));
	assert_int_equal(count(w, REASON_RESUME_ADDRESS), 1);
	s.b[AT_TID] ^= 1; /* of a tunnel that does not exist */
	give(w, JOURNAL_SESSION, (uint16_t)(s.id ^ 1), span_of(s.b, s.len));
	assert_int_equal(count(w, REASON_RESUME_TUNNEL), 1);
	assert_false(x.c->over);
	drain(w);
}

/* ---- killed at any point ---- */

static void life(struct world *w)
{
	struct lac *l = lac_new(w, 1, 1701), *m = lac_new(w, 2, 1701);
	struct lac_call *a, *b;

	lac_connect(l);
	a = lac_call(l, "alice", "wonder");
	lac_connect(m);
	b = lac_call(m, "bob", "builder");
	w_advance(w, ZE_SEC(7));
	if (!w->crashed && call_sub(b))
		operate_close_session(w->e, b->peer_sid, &why, w->now);
	w_advance(w, ZE_SEC(3));
	if (a->c.lcp_up)
		client_renegotiate(a);
	w_advance(w, ZE_SEC(5));
	lac_call(m, "bob", "builder");
	lac_call(l, "alice", "wonder");
	if (!a->over)
		lac_cdn(a);
	w_advance(w, ZE_SEC(5));
	if (!w->crashed && lac_tunnel(m))
		operate_close_tunnel(w->e, m->peer_tid, &why, w->now);
	w_advance(w, ZE_SEC(2));
}

/* Both ends have the same calls. */
static void assert_agreed(struct world *w)
{
	unsigned ours = w->e->n_subscribers[SUB_STARTING] + w->e->n_subscribers[SUB_ESTABLISHED];
	unsigned theirs = 0;

	for (unsigned i = 0; i < w->n_calls; i++) {
		const struct lac_call *c = &w->calls[i];
		const struct subscriber *s;

		if (c->over || c->l->over || !c->l->up || l2tp_chan_dead(&c->l->chan))
			continue;
		s = call_sub(c);
		assert_true(c->icrp && s);
		assert_ptr_equal(s->call.tunnel, lac_tunnel(c->l));
		assert_int_equal(s->call.l2tp.peer_sid, c->sid);
		theirs++;
	}
	if (ours != theirs) {
		fprintf(stderr, "ours %u theirs %u\n", ours, theirs);
		for (unsigned i = 0; i < w->n_calls; i++) {
			const struct lac_call *c = &w->calls[i];
			fprintf(stderr,
				"call lac %d sid %u peer %u icrp %d over %d lacup %d over %d dead %d\n",
				c->l->path.peer.ip[3], c->sid, c->peer_sid, c->icrp, c->over,
				c->l->up, c->l->over, l2tp_chan_dead(&c->l->chan));
		}
		struct list *it;
		list_for_each(it, &w->e->calls) {
			struct subscriber *s = list_entry(it, struct subscriber, call.in_all);
			fprintf(stderr,
				"sub tid %u sid %u peer %u state %d resumed %d created %lld now %lld\n",
				s->call.tunnel->l2tp.tid, s->call.l2tp.sid, s->call.l2tp.peer_sid,
				s->state, s->restored, (long long)s->call.l2tp.created,
				(long long)w->now);
		}
	}
	assert_int_equal(ours, theirs);
	assert_int_equal(w->dp_sessions, w->e->n_subscribers[SUB_ESTABLISHED]);
}

/* Returns false when the scenario ended before that point. */
static bool killed_at(int k, unsigned loss)
{
	struct world *w = world();
	bool crashed;

	w->crash_in = k;
	fprintf(stderr, "k %d loss %u\n", k, loss);
	w->loss_permille = loss;
	life(w);
	crashed = w->crashed;
	w->loss_permille = 0;
	w_restart(w);
	/* A call that both ends ended, and that the LAC's retransmission creates again, waits
	 * for its ICCN. */
	w_advance(w, ENGINE_CALL_SETUP + ZE_SEC(31));
	assert_agreed(w);
	drain(w);
	return crashed;
}

static void killed_before_any_action(void **st)
{
	int k = 0;

	(void)st;
	while (killed_at(k, 0))
		k++;
	print_message("# %d places\n", k);
	assert_true(k > 100);
	for (int i = 0; i < k; i++)
		killed_at(i, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_is_the_same),
		cmocka_unit_test(tunnel_is_the_same),
		cmocka_unit_test(hellos_and_echoes),
		cmocka_unit_test(ends_normally),
		cmocka_unit_test(renegotiation),
		cmocka_unit_test(each_method),
		cmocka_unit_test(rates),
		cmocka_unit_test(one_family),
		cmocka_unit_test(unfinished_call),
		cmocka_unit_test(cdn_lost),
		cmocka_unit_test(journal_is_written_again),
		cmocka_unit_test(stopccn_lost),
		cmocka_unit_test(messages_in_flight),
		cmocka_unit_test(peer_has_dropped_the_tunnel),
		cmocka_unit_test(session_not_in_the_plane),
		cmocka_unit_test(other_pool),
		cmocka_unit_test(address_is_a_gateway),
		cmocka_unit_test(no_listener),
		cmocka_unit_test(other_values),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(twice),
		cmocka_unit_test(killed_before_any_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
