/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels in the engine: which peers get one, whose packets are accepted, and how tunnels end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <errno.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/world.h"

static const struct operate_why why = { .actor = "test", .text = "because", .code = 6 };

static struct world *new_world(void **st)
{
	(void)st;
	return world_new(NULL, 7);
}

static struct lac *lac_up(struct world *w, unsigned host)
{
	struct lac *l = lac_new(w, host, 1701);

	lac_connect(l);
	assert_true(l->up);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	return l;
}

static void empty(struct world *w)
{
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
}

static void close_all(struct world *w)
{
	operate_close_all_tunnels(w->e, &why, w->now);
	empty(w);
}

static uint64_t refused(const struct world *w, enum reason r)
{
	return w->e->stats.reasons[r];
}

static void inject_ctl(struct world *w, const struct net_path *path, uint16_t tid, uint16_t type)
{
	uint8_t buf[64];
	struct wr wr = wr_init(buf, sizeof(buf));
	size_t mark = l2tp_hdr_begin_ctl(&wr, tid, 0, 0, 0);

	if (type) {
		wr_u16(&wr, 0x8008);
		wr_u32(&wr, 0);
		wr_u16(&wr, type);
	}
	l2tp_hdr_end_ctl(&wr, mark);
	w_inject(w, path, wr_done(&wr));
	w_deliver(w);
}

/* L-011 L-187: unknown tunnel ids get no answer and change nothing. */
static void unknown_tunnel_id(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_up(w, 1);
	unsigned before = w->to_peers;

	inject_ctl(w, &l->path, (uint16_t)(l->peer_tid ^ 1), L2TP_HELLO);
	w_inject(w, &l->path, span_of("\x00\x02\x12\x34\x00\x01\xff\x03\xc0\x21", 10));
	w_deliver(w);
	assert_int_equal(refused(w, REASON_TUNNEL_UNKNOWN), 2);
	assert_int_equal(w->to_peers, before);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	close_all(w);
}

/* L-012: messages of unknown sources with tunnel id 0 that are not SCCRQs leave no state. */
static void tunnel_zero(void **st)
{
	static const uint16_t types[] = { 0,	      L2TP_SCCRP, L2TP_SCCCN,
					  L2TP_HELLO, L2TP_ICRQ,  L2TP_STOPCCN };
	struct world *w = new_world(st);
	struct net_path p = w_path(1, 1701);

	for (size_t i = 0; i < ZE_ARRAY_SIZE(types); i++)
		inject_ctl(w, &p, 0, types[i]);
	assert_int_equal(refused(w, REASON_TUNNEL_ZERO), ZE_ARRAY_SIZE(types));
	assert_int_equal(w->to_peers, 0);
	assert_world_empty(w);
	world_free(w);
}

/* L-013: a half-open tunnel ends with a StopCCN that has tunnel id 0 and the Assigned Tunnel ID
 * of the peer. */
static void stopccn_without_our_id(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_new(w, 1, 1701);
	struct net_path other = w_path(2, 1701);

	l->no_scccn = true;
	lac_connect(l);
	assert_int_equal(w->e->n_setup, 1);
	l2tp_chan_set_peer(&l->chan, 0, 4); /* as if it had not been received */
	l->path = other;
	lac_stop(l);
	assert_int_equal(w->e->n_setup, 1); /* from another address: ignored */
	l->path = w_path(1, 1701);
	w_advance(w, ZE_SEC(1));
	assert_int_equal(w->e->n_setup, 0);
	assert_true(l2tp_chan_idle(&l->chan)); /* acknowledged */
	empty(w);
}

/* L-033: a repeated SCCRQ is one tunnel; each answer has the same id. */
static void repeated_sccrq(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_new(w, 1, 1701);
	uint8_t buf[512];

	l->mute = true;
	for (int i = 0; i < 3; i++) {
		w_inject(w, &l->path, lac_sccrq(l, buf, sizeof(buf)));
		w_advance(w, ZE_SEC(1));
	}
	assert_int_equal(w->e->tids.used, 1);
	assert_int_equal(refused(w, REASON_SEQ_OLD), 2);
	empty(w);
}

/* L-034 L-035: another Assigned Tunnel ID, or another address, is another tunnel. */
static void several_tunnels_a_peer(void **st)
{
	struct world *w = new_world(st);
	struct lac *a = lac_up(w, 1), *b = lac_up(w, 1), *c = lac_new(w, 2, 1701);

	c->tid = a->tid;
	lac_connect(c);
	assert_true(c->up);
	assert_int_equal(w->e->n_established, 3);
	assert_ptr_not_equal(lac_tunnel(a), lac_tunnel(b));
	assert_ptr_not_equal(lac_tunnel(a), lac_tunnel(c));
	lac_stop(b);
	assert_int_equal(w->e->n_established, 2);
	close_all(w);
}

/* L-036: a peer that restarted with its old id gets a new tunnel, and the old one ends. */
static void peer_restarted(void **st)
{
	struct world *w = new_world(st);
	struct lac *old = lac_up(w, 1), *again;
	struct lac_call *c = lac_call(old, "alice", "wonder");

	assert_true(c->c.v4_up);
	w_advance(w, ZE_SEC(40));
	again = lac_new(w, 1, 1701);
	again->tid = old->tid;
	old->dead = true;
	lac_connect(again);
	w_advance(w, ZE_SEC(3));
	assert_true(again->up);
	assert_int_equal(w->e->n_established, 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 1);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	assert_string_equal(w_last_event(w, EV_TUNNEL_DOWN)->cause, "replaced");
	assert_null(lac_tunnel(old));
	close_all(w);
}

/* L-036: also right after set-up. */
static void peer_restarted_at_once(void **st)
{
	struct world *w = new_world(st);
	struct lac *old = lac_up(w, 1), *again = lac_new(w, 1, 1701);

	again->tid = old->tid;
	again->challenge = true;
	old->dead = true;
	lac_connect(again);
	w_advance(w, ZE_SEC(3));
	assert_true(again->up);
	assert_int_equal(w->e->n_established, 1);
	close_all(w);
}

/* L-037: the SCCRP is sent at 0, 1, 3, 7, 15 and 23 s, and the tunnel ends after 31 s. */
static void sccrp_never_answered(void **st)
{
	static const unsigned at[] = { 0, 1, 3, 7, 15, 23 };
	struct world *w = new_world(st);
	struct lac *l = lac_new(w, 1, 1701);
	ze_ns start = w->now;
	uint8_t buf[512];

	l->mute = true;
	w_inject(w, &l->path, lac_sccrq(l, buf, sizeof(buf)));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(at); i++) {
		w_advance(w, start + ZE_SEC(at[i]) - w->now);
		assert_int_equal(w->to_peers, i + 1);
	}
	w_advance(w, start + ZE_SEC(31) - 1 - w->now);
	assert_int_equal(w->e->tids.used, 1);
	w_advance(w, 1);
	assert_world_empty(w);
	world_free(w);
}

/* L-040: a tunnel above the limit is refused with StopCCN 2/4, and the others stay. */
static void tunnel_limit(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *a, *b;

	(void)st;
	c->max_tunnels = 1;
	w = world_new(c, 3);
	a = lac_up(w, 1);
	b = lac_new(w, 2, 1701);
	lac_connect(b);
	assert_true(b->over);
	assert_int_equal(b->stop_result, STOP_ERROR);
	assert_int_equal(b->stop_error, L2TP_ERR_RESOURCES);
	assert_int_equal(refused(w, REASON_LIMIT_TUNNELS), 1);
	assert_int_equal(lac_tunnel(a)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	lac_stop(a);
	b->over = false;
	b = lac_new(w, 3, 1701);
	lac_connect(b); /* a lingering tunnel does not count */
	assert_true(b->up);
	close_all(w);
}

/* L-041: addresses that are not allowed get no answer. */
static void source_not_allowed(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *l;

	(void)st;
	c->allow_from = calloc(1, sizeof(*c->allow_from));
	assert_int_equal(ze_prefix_parse("10.9.0.0/30", c->allow_from), 0);
	c->n_allow_from = 1;
	w = world_new(c, 3);
	l = lac_new(w, 9, 1701);
	lac_connect(l);
	assert_int_equal(w->to_peers, 0);
	assert_int_equal(refused(w, REASON_SOURCE_DENIED), 1);
	l->dead = true;
	lac_up(w, 2);
	close_all(w);
}

/* L-027: a Host Name that is not on the list: StopCCN 4. */
static void host_not_allowed(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *l;

	(void)st;
	c->allow_host_name = calloc(1, sizeof(*c->allow_host_name));
	c->allow_host_name[0] = strdup("carrier");
	c->n_allow_host_name = 1;
	w = world_new(c, 3);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_int_equal(l->stop_result, STOP_NOT_AUTHORISED);
	assert_int_equal(refused(w, REASON_HOST_UNKNOWN), 1);
	assert_world_empty(w);
	l = lac_new(w, 1, 1701);
	strcpy(l->host, "carrier");
	lac_connect(l);
	assert_true(l->up);
	close_all(w);
}

static void flood(struct world *w, unsigned from, unsigned n, bool spread)
{
	uint8_t buf[512];
	struct lac fake = { .host = "flood" };

	for (unsigned i = 0; i < n; i++) {
		struct net_path p = w_path(spread ? 1000 + i : from, 1701);

		fake.tid = (uint16_t)(i + 1);
		w_inject(w, &p, lac_sccrq(&fake, buf, sizeof(buf)));
		w_deliver(w);
	}
}

/* L-042: a flood from one address, then from many: the state is bounded, and other peers connect
 * within 2 s. */
static void sccrq_flood(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *l, *same;

	(void)st;
	c->setup_rate = 200;
	w = world_new(c, 5);
	flood(w, 5, 20000, false);
	assert_true(w->e->tids.used <= ADMIT_HALF_OPEN_SOURCE);
	l = lac_new(w, 6, 1701);
	lac_connect(l);
	assert_true(l->up);
	same = lac_new(w, 5, 4000);
	same->tid = 40000;
	lac_connect(same);
	w_advance(w, ZE_SEC(2));
	assert_true(same->up); /* also from the address of the flood */
	for (unsigned i = 0; i < 10; i++) {
		flood(w, 0, 2000, true);
		w_advance(w, ZE_MS(100));
	}
	assert_true(w->e->n_half_open <= ADMIT_HALF_OPEN);
	assert_true(refused(w, REASON_LIMIT_RATE) > 10000);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	/* The same peer is answered at once during the next flood. */
	flood(w, 0, 500, true);
	same = lac_new(w, 6, 1701);
	lac_connect(same);
	assert_true(same->up);
	close_all(w);
}

/* Half-open tunnels are replaced by newer ones, also when all of them are half-open. */
static void half_open_limit(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *l;

	(void)st;
	c->max_tunnels = 0;
	w = world_new(c, 5);
	flood(w, 0, ADMIT_HALF_OPEN + 50, true);
	assert_int_equal(w->e->n_half_open, ADMIT_HALF_OPEN);
	assert_int_equal(refused(w, REASON_LIMIT_HALF_OPEN), 50);
	w_advance(w, ZE_SEC(1));
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_true(l->up);
	assert_int_equal(w->e->n_half_open, ADMIT_HALF_OPEN - 1);
	close_all(w);
}

/* F-D4: when many timers are due at once, packets are received in between. */
static void timers_are_served_in_parts(void **st)
{
	struct config *c = w_config();
	struct world *w;
	unsigned before, parts = 0;

	(void)st;
	c->max_tunnels = 0;
	w = world_new(c, 11);
	flood(w, 0, 1000, true);
	before = w->to_peers;
	w->now += ZE_SEC(1); /* the SCCRP once more for each */
	for (; engine_deadline(w->e) <= w->now; parts++) {
		unsigned sent = w->to_peers;

		engine_expire(w->e, w->now);
		assert_in_range(w->to_peers - sent, 1, ENGINE_EXPIRE_MAX);
	}
	assert_int_equal(w->to_peers - before, 1000);
	assert_int_equal(parts, 4);
	empty(w);
}

/* L-043: ids are unique, never 0, and not sequential. */
static void unpredictable_ids(void **st)
{
	struct config *c = w_config();
	struct world *w;
	unsigned steps = 0;
	uint16_t last = 0, step = 0;
	const struct list *l;

	(void)st;
	c->max_tunnels = 0;
	w = world_new(c, 11);
	flood(w, 0, 1000, true);
	assert_int_equal(w->e->tids.used, 1000);
	list_for_each(l, &w->e->tunnels) {
		uint16_t tid = list_entry(l, struct tunnel, in_all)->l2tp.tid;

		assert_int_not_equal(tid, 0);
		steps += (uint16_t)(tid - last) == step;
		step = (uint16_t)(tid - last);
		last = tid;
	}
	assert_true(steps < 5);
	empty(w);
}

/* L-082: a wrong secret: StopCCN 4, and no tunnel. */
static void wrong_secret(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_new(w, 1, 1701);

	strcpy(l->secret, "wrong");
	lac_connect(l);
	assert_int_equal(l->stop_result, STOP_NOT_AUTHORISED);
	assert_int_equal(w->e->n_established, 0);
	assert_int_equal(refused(w, REASON_AUTH_WRONG), 1);
	assert_int_equal(w_count_events(w, EV_TUNNEL_UP), 0);
	empty(w);
}

/* L-095: the secret is looked up before a hidden Assigned Tunnel ID is decrypted, wherever that
 * AVP is. */
static void hidden_tunnel_id(void **st)
{
	static const uint8_t vector[16] = "0123456789abcdef";
	struct world *w = new_world(st);
	struct lac *l = lac_new(w, 1, 1701);
	uint8_t buf[512];
	struct l2tp_msg m = {
		.type = L2TP_SCCRQ,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_PROTOCOL_VERSION) |
			L2TP_BIT(AVP_FRAMING_CAPS) | L2TP_BIT(AVP_HOST_NAME) |
			L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID),
		.protocol_version = L2TP_PROTOCOL_VERSION,
		.framing_caps = 3,
		.host_name = span_str("lac"),
		.assigned_tid = l->tid,
	};
	struct l2tp_enc enc = { .secret = span_str("zetest"), .vector = span_of(vector, 16) };
	struct wr wr = wr_init(buf, sizeof(buf));

	assert_int_equal(l2tp_msg_encode(&m, &enc, &wr), 0);
	l2tp_chan_send(&l->chan, 0, wr_done(&wr), w->now);
	w_deliver(w);
	assert_true(l->up);
	assert_int_equal(lac_tunnel(l)->l2tp.peer_tid, l->tid);
	close_all(w);
}

/* L-202 L-188: messages with the right ids from another address or port are dropped. */
static void wrong_source(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_up(w, 1);
	struct net_path port = w_path(1, 1702), host = w_path(2, 1701);
	unsigned before = w->to_peers;

	inject_ctl(w, &port, l->peer_tid, L2TP_STOPCCN);
	inject_ctl(w, &host, l->peer_tid, L2TP_STOPCCN);
	assert_int_equal(refused(w, REASON_TUNNEL_PEER), 2);
	assert_int_equal(w->to_peers, before);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	close_all(w);
}

/* L-210 L-211 L-212: StopCCN is acknowledged, also when repeated; its sessions end without
 * messages; the peer may connect again at once. */
static void stopccn_received(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_up(w, 1), *again;
	struct lac_call *a = lac_call(l, "alice", "wonder"), *b = lac_call(l, "bob", "builder");
	uint16_t cdns;

	assert_true(a->c.v4_up && b->c.v4_up);
	cdns = (uint16_t)l->rx[L2TP_CDN];
	lac_stop(l);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 2);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 2);
	assert_int_equal(l->rx[L2TP_CDN], cdns);
	assert_true(l2tp_chan_idle(&l->chan));
	for (int i = 0; i < 3; i++) {
		unsigned before = w->to_peers;

		w_advance(w, ZE_SEC(i ? 10 : 1));
		inject_ctl(w, &l->path, l->peer_tid, L2TP_STOPCCN);
		assert_int_equal(w->to_peers, before + 1);
	}
	again = lac_new(w, 1, 1701);
	again->tid = l->tid;
	l->dead = true;
	lac_connect(again);
	assert_true(again->up);
	assert_int_not_equal(again->peer_tid, l->peer_tid);
	close_all(w);
}

/* L-213: the operator's StopCCN 6 is sent again at 1, 3, 7, 15 and 23 s while it is not
 * acknowledged. */
static void admin_close_unanswered(void **st)
{
	static const unsigned at[] = { 0, 1, 3, 7, 15, 23 };
	struct world *w = new_world(st);
	struct lac *l = lac_up(w, 1);
	unsigned before;
	ze_ns start;

	w_advance(w, ZE_SEC(1));
	l->mute = true;
	before = w->to_peers;
	start = w->now;
	assert_int_equal(operate_close_tunnel(w->e, l->peer_tid, &why, w->now), 0);
	assert_int_equal(operate_close_tunnel(w->e, l->peer_tid, &why, w->now), -2);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(at); i++) {
		w_advance(w, start + ZE_SEC(at[i]) - w->now);
		assert_int_equal(w->to_peers, before + i + 1);
	}
	assert_int_equal(w_count_events(w, EV_DISCONNECT_REQUESTED), 1);
	assert_string_equal(w_last_event(w, EV_DISCONNECT_REQUESTED)->actor, "test");
	empty(w);
}

static void admin_close_acknowledged(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_up(w, 1);

	assert_int_equal(operate_close_tunnel(w->e, 0, &why, w->now), -2);
	assert_int_equal(operate_close_all_tunnels(w->e, &why, w->now), 1);
	w_deliver(w);
	assert_int_equal(l->stop_result, STOP_SHUTDOWN);
	assert_string_equal(w_last_event(w, EV_TUNNEL_DOWN)->cause, "admin");
	empty(w);
}

/* L-215: drain sends StopCCN 6 in each tunnel, ends all calls, and is done when all is
 * acknowledged. */
static void drain(void **st)
{
	struct world *w = new_world(st);
	struct lac *l[3], *late;

	for (unsigned i = 0; i < 3; i++) {
		l[i] = lac_up(w, i + 1);
		for (unsigned k = 0; k < 10; k++)
			assert_true(lac_call(l[i], "alice", "wonder")->c.v4_up);
	}
	assert_false(engine_drained(w->e));
	w->dp_hold = true;
	engine_drain(w->e, w->now);
	w_deliver(w);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 30);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(l[i]->stop_result, STOP_SHUTDOWN);
	assert_false(engine_drained(w->e)); /* the data plane has not finished */
	assert_int_equal(w->e->n_subscribers[SUB_FINISHING], 30);
	w->dp_hold = false;
	w_deliver(w);
	assert_true(engine_drained(w->e));
	late = lac_new(w, 9, 1701);
	lac_connect(late);
	assert_int_equal(late->stop_result, STOP_SHUTDOWN);
	assert_int_equal(refused(w, REASON_DRAINING), 1);
	empty(w);
}

/* L-118: the peer is dead after hello-retries x hello-interval without a message. */
static void dead_peer(void **st)
{
	struct config *c = w_config();
	struct world *w;
	struct lac *l;

	(void)st;
	c->hello_interval_s = 5;
	w = world_new(c, 3);
	l = lac_up(w, 1);
	assert_true(lac_call(l, "alice", "wonder")->c.v4_up);
	w_advance(w, ZE_SEC(600)); /* ZLBs keep it alive */
	assert_int_equal(w->e->n_established, 1);
	l->mute = true;
	w_advance(w, ZE_SEC(11));
	assert_int_equal(w->e->n_established, 0);
	assert_string_equal(w_last_event(w, EV_TUNNEL_DOWN)->cause, "keepalive-timeout");
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	empty(w);
}

/* The table of what a reload changes. */
static void reload(void **st)
{
	struct world *w = new_world(st);
	struct lac *l = lac_up(w, 1);
	struct config *c = w_config();
	struct strbuf warn;

	sb_init(&warn);
	c->hello_retries = 7;
	c->hello_interval_s = 9;
	config_kit_set(c, "l2tp/shared-secret", "newone");
	c->n_listeners = 1;
	c->pool.end--;
	config_kit_user(c, "carol", "sing", 0);
	assert_int_equal(w_reload(w, c, &warn), 0);
	assert_non_null(strstr(warn.s, "environment/l2tp/server: 1 added"));
	assert_null(strstr(warn.s, "pool"));
	assert_int_equal(lac_tunnel(l)->l2tp.cfg.hello_retries, 7);
	assert_true(lac_tunnel(l)->l2tp.cfg.hello_interval == ZE_SEC(60));
	assert_true(lac_call(l, "carol", "sing")->c.v4_up);
	l = lac_new(w, 2, 1701);
	lac_connect(l);
	assert_false(l->up && lac_tunnel(l)->l2tp.fsm.state == L2TP_T_ESTABLISHED);
	l = lac_new(w, 2, 1701);
	strcpy(l->secret, "newone");
	lac_connect(l);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	assert_true(lac_tunnel(l)->l2tp.cfg.hello_interval == ZE_SEC(9));
	config_unref(c);

	sb_reset(&warn);
	c = config_new();
	assert_int_equal(w_reload(w, c, &warn), -EBUSY);
	assert_non_null(strstr(warn.s, "enabled"));
	assert_int_equal(w->e->cfg->hello_retries, 7);
	config_unref(c);
	sb_done(&warn);
	close_all(w);
}

/* L-001 L-002 in the engine: no answer, counted by reason. */
static void bad_headers(void **st)
{
	struct world *w = new_world(st);
	struct net_path p = w_path(1, 1701);

	w_inject(w, &p, span_of("\xc8", 1));
	w_inject(w, &p, span_of("\xc8\x01\x00\x0c\0\0\0\0\0\0\0\0", 12));
	w_deliver(w);
	assert_int_equal(refused(w, REASON_HDR_SHORT), 1);
	assert_int_equal(refused(w, REASON_HDR_VERSION), 1);
	assert_int_equal(w->to_peers, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_tunnel_id),
		cmocka_unit_test(tunnel_zero),
		cmocka_unit_test(stopccn_without_our_id),
		cmocka_unit_test(repeated_sccrq),
		cmocka_unit_test(several_tunnels_a_peer),
		cmocka_unit_test(peer_restarted),
		cmocka_unit_test(peer_restarted_at_once),
		cmocka_unit_test(sccrp_never_answered),
		cmocka_unit_test(tunnel_limit),
		cmocka_unit_test(source_not_allowed),
		cmocka_unit_test(host_not_allowed),
		cmocka_unit_test(sccrq_flood),
		cmocka_unit_test(half_open_limit),
		cmocka_unit_test(timers_are_served_in_parts),
		cmocka_unit_test(unpredictable_ids),
		cmocka_unit_test(wrong_secret),
		cmocka_unit_test(hidden_tunnel_id),
		cmocka_unit_test(wrong_source),
		cmocka_unit_test(stopccn_received),
		cmocka_unit_test(admin_close_unanswered),
		cmocka_unit_test(admin_close_acknowledged),
		cmocka_unit_test(drain),
		cmocka_unit_test(dead_peer),
		cmocka_unit_test(reload),
		cmocka_unit_test(bad_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
