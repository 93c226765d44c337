/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine in normal operation: tunnels, calls, logins, and their ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/core/facts.h"
#include "daemon/core/subscriber.h"
#include "selftests/lib/world.h"

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

/* A call that lac_call left without ICCN, so that the test can configure its client first. */
static void connect_call(struct lac_call *c)
{
	lac_iccn(c);
	client_open(c);
	w_deliver(c->l->w);
}

/* L-020 L-021 L-130 L-131: SCCRQ SCCRP SCCCN, ICRQ ICRP ICCN, LCP CHAP IPCP IPv6CP. */
static void login(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c = lac_call(l, "alice", "wonder");
	struct subscriber *s = call_sub(c);

	(void)st;
	assert_true(c->connected && c->c.lcp_up && c->c.auth_ok);
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(s->state, SUB_ESTABLISHED);
	assert_int_equal(c->c.ip, s->lease.ip4);
	assert_int_equal(c->c.gateway, 0x0a000001);
	assert_int_equal(c->c.dns[0], 0x08080808);
	assert_string_equal(facts_user(s), "alice");
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV4] && w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	assert_int_equal(w->dp[c->peer_sid].f[PPP_FAM_IPV4].mtu, 1460);
	assert_int_equal(w_count_events(w, EV_TUNNEL_UP), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 1);
	assert_int_equal(w_count_events(w, EV_ROUTE_ADD), 1);
	lac_cdn(c);
	assert_null(call_sub(c));
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 1);
	lac_stop(l);
	assert_int_equal(w_count_events(w, EV_TUNNEL_DOWN), 1);
	empty(w);
}

/* What observers get with the event of a session: its call, and the families that are up. One that
 * is up later has an event of its own. */
static void link_of_events(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c = lac_call(l, "alice", "wonder");
	const struct event *e = w_last_event(w, EV_SESSION_STARTING);
	struct event_link up;

	(void)st;
	assert_int_equal(e->link.up_at, 0);
	assert_int_equal(e->link.ip4, 0);
	e = w_last_event(w, EV_SESSION_UP);
	up = e->link;
	assert_int_equal(up.up_at, call_sub(c)->up_at);
	assert_int_equal(up.ip4, c->c.ip);
	assert_int_equal(up.mru, 1492);
	assert_true(ze_addr_eq(up.local, &call_sub(c)->call.tunnel->path.local));
	assert_int_equal(up.tx_bps, call_sub(c)->call.l2tp.tx_speed_bps);
	assert_true(up.tx_bps && up.rx_bps);
	/* The other family. */
	assert_int_equal(w_count_events(w, EV_SESSION_FAMILY), 1);
	e = w_last_event(w, EV_SESSION_FAMILY);
	assert_int_equal(e->link.ip4, c->c.ip);
	assert_int_equal(e->link.peer_ifid, c->c.ifid);
	assert_int_not_equal(e->link.peer_ifid, up.peer_ifid);
	client_renegotiate(c);
	w_advance(w, ZE_SEC(10));
	assert_int_equal(w_count_events(w, EV_SESSION_FAMILY), 3);
	lac_stop(l);
	empty(w);
}

/* accounting is required and fails. Only the session that it is about ends. */
static void unaccounted(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c = lac_call(l, "alice", "wonder");
	struct subscriber *s = call_sub(c);

	(void)st;
	engine_end_unaccounted(w->e, c->peer_sid, s->id + 1, w->now);
	engine_end_unaccounted(w->e, (uint16_t)(c->peer_sid + 1), s->id, w->now);
	assert_false(s->call.ended);
	engine_end_unaccounted(w->e, c->peer_sid, s->id, w->now);
	w_advance(w, ZE_SEC(20));
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_string_equal(w_last_event(w, EV_SESSION_CLOSED)->cause, "unaccounted");
	lac_stop(l);
	empty(w);
}

/* P-028 P-032: each method; the client chooses it by Nak. */
static void each_method(void **st)
{
	static const enum w_auth wants[] = { W_AUTH_PAP, W_AUTH_CHAP, W_AUTH_MSCHAP2 };
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(wants); i++) {
		struct lac_call *c;

		l->no_iccn = true;
		c = lac_call(l, "bob", "builder");
		c->c.wants = wants[i];
		connect_call(c);
		assert_true(c->c.auth_ok && c->c.v4_up);
		assert_int_equal(c->c.ip, 0x0a00004d);
		lac_cdn(c);
	}
	assert_int_equal(w->e->stats.auth_accepts, 3);
	lac_stop(l);
	empty(w);
}

/* P-060 P-070 P-081: a wrong password with each method: CDN 3, no address was used, and the data
 * plane was not called. */
static void wrong_password(void **st)
{
	static const enum w_auth wants[] = { W_AUTH_PAP, W_AUTH_CHAP, W_AUTH_MSCHAP2 };
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);

	(void)st;
	l->no_iccn = true;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(wants); i++) {
		struct lac_call *c = lac_call(l, "alice", "rabbit");

		c->c.wants = wants[i];
		connect_call(c);
		w_advance(w, ZE_SEC(10));
		assert_true(c->c.auth_bad && c->over);
		assert_int_equal(c->cdn_result, CDN_ADMIN);
		assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-failed");
	}
	assert_int_equal(w->e->stats.auth_rejects, 3);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 0);
	lac_stop(l);
	empty(w);
}

/* P-031: a client that rejects authentication is refused. */
static void no_authentication(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c;

	(void)st;
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	c->c.wants = W_AUTH_NEVER;
	connect_call(c);
	w_advance(w, ZE_SEC(20));
	assert_true(c->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-refused");
	lac_stop(l);
	empty(w);
}

/* With allow-no-auth true and auth-method none, a client logs in without a name. */
static void without_authentication(void **st)
{
	struct config *cfg = w_config();
	struct world *w;
	struct lac *l;
	struct lac_call *c;

	(void)st;
	cfg->allow_no_auth = true;
	cfg->auth_method = PPP_AUTH_NONE;
	w = world_new(cfg, 1);
	l = lac_up(w, 1);
	c = lac_call(l, "", "");
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_string_equal(facts_user(call_sub(c)), "");
	lac_stop(l);
	empty(w);
}

static uint64_t asked;

static bool late_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	(void)self;
	(void)ret;
	asked = rq->cookie;
	return false;
}

static void forget(void *self, uint64_t cookie)
{
	(void)cookie;
	++*(unsigned *)self;
}

static struct lac_call *call_with_late_auth(struct world *w, struct lac *l, unsigned *cancelled)
{
	w->aaa.handlers[0] = (struct aaa_handler){
		.name = "late", .self = cancelled, .auth = late_auth, .cancel = forget
	};
	asked = 0;
	return lac_call(l, "alice", "wonder");
}

/* A late verdict, and one that comes after the request was dropped. */
static void late_verdict(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct aaa_answer a = { .verdict = AAA_ACCEPT };
	unsigned cancelled = 0;
	struct lac_call *c = call_with_late_auth(w, l, &cancelled);

	(void)st;
	assert_int_not_equal(asked, 0);
	assert_false(c->c.auth_ok);
	a.profile = profile_new(span_str("alice@isp"));
	engine_auth_answer(w->e, asked, &a, w->now);
	assert_null(a.profile);
	w_deliver(w);
	assert_true(c->c.v4_up);
	assert_string_equal(facts_user(call_sub(c)), "alice@isp");
	a.profile = profile_new(span_str("mallory"));
	engine_auth_answer(w->e, asked, &a, w->now); /* twice */
	assert_string_equal(facts_user(call_sub(c)), "alice@isp");
	lac_cdn(c);
	assert_int_equal(cancelled, 0);
	c = call_with_late_auth(w, l, &cancelled);
	lac_cdn(c);
	assert_int_equal(cancelled, 1);
	a.profile = profile_new(span_str("late"));
	engine_auth_answer(w->e, asked, &a, w->now);
	c = call_with_late_auth(w, l, &cancelled);
	a = (struct aaa_answer){ .verdict = AAA_REJECT, .profile = profile_new(span_str("x")) };
	engine_auth_answer(w->e, asked, &a, w->now); /* the profile is freed */
	w_deliver(w);
	assert_true(c->c.auth_bad);
	assert_null(a.profile);
	lac_stop(l);
	empty(w);
}

/* The authentication timeout of the seed: 30 s without a verdict, then CDN. */
static void auth_timeout(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	unsigned cancelled = 0;
	struct lac_call *c = call_with_late_auth(w, l, &cancelled);

	(void)st;
	w_advance(w, ZE_SEC(29));
	assert_false(c->over);
	w_advance(w, ZE_SEC(10));
	assert_true(c->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-unavailable");
	assert_int_equal(cancelled, 1);
	lac_stop(l);
	empty(w);
}

/* P-002: no Configure-Request of ours is answered. */
static void silent_client(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c;

	(void)st;
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	c->c.mute = true;
	connect_call(c);
	w_advance(w, ZE_SEC(29));
	assert_false(c->over);
	w_advance(w, ZE_SEC(2));
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_TIMEOUT);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 0);
	lac_stop(l);
	empty(w);
}

/* P-007: the client renegotiates: routes are removed and restored, the address stays. */
static void renegotiation(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c = lac_call(l, "alice", "wonder");
	uint32_t ip = c->c.ip;

	(void)st;
	client_renegotiate(c);
	w_advance(w, ZE_SEC(10));
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(c->c.ip, ip);
	assert_int_equal(w_count_events(w, EV_ROUTE_ADD), 2);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 0);
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV4]);
	assert_int_equal(pools_used(w->e->pools), 1);
	lac_stop(l);
	empty(w);
}

/* P-045: the session continues after the client's Protocol-Reject of IPv6CP. */
static void ipv4_only(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c;

	(void)st;
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	c->c.no_ipv6 = true;
	connect_call(c);
	w_advance(w, ZE_SEC(60));
	assert_true(c->c.v4_up && !c->over);
	assert_false(w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	lac_stop(l);
	empty(w);
}

/* P-127 P-004: the client terminates: routes are removed at once, the call ends one interval
 * later. */
static void client_leaves(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c = lac_call(l, "alice", "wonder");

	(void)st;
	client_terminate(c);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	w_advance(w, ZE_SEC(5));
	assert_true(c->over);
	assert_int_equal(c->cdn_cause, 3);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "peer");
	lac_stop(l);
	empty(w);
}

/* P-040: three echoes without an answer: CDN 1, lost carrier. */
static void echo_dead(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c = lac_call(l, "alice", "wonder");

	(void)st;
	w_advance(w, ZE_SEC(25));
	assert_true(c->c.echoes >= 2);
	assert_true(w_count_events(w, EV_ECHO_RTT) >= 2);
	c->c.mute = true;
	w_advance(w, ZE_SEC(60));
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_CARRIER_LOST);
	assert_int_equal(c->cdn_cause, 8);
	assert_int_equal(w_count_events(w, EV_ECHO_LOST), 3);
	lac_stop(l);
	empty(w);
}

/* The data plane refuses the session or a family, at once or later: the call ends or continues
 * without the family, and nothing is left. */
static void data_plane_refuses(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c;

	(void)st;
	w->fail_dp.left = 0;
	c = lac_call(l, "alice", "wonder");
	assert_true(w->fail_dp.hit);
	assert_int_equal(c->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_int_equal(w->e->sids.used, 0);
	w->dp_session_result = -ENOMEM;
	c = lac_call(l, "alice", "wonder");
	assert_int_equal(c->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "dataplane-failed");
	w->dp_session_result = 0;
	w->dp_family_result = -EINVAL;
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(7));
	assert_true(c->over); /* IPv4 is required */
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "dataplane-failed");
	w->dp_family_result = 0;
	c = lac_call(l, "alice", "wonder");
	assert_true(c->c.v4_up);
	engine_dp_event(w->e, &(struct dp_event){ .kind = DP_EV_LOST, .sid = c->peer_sid }, w->now);
	w_deliver(w);
	assert_true(c->over);
	lac_stop(l);
	empty(w);
}

/* The session id and the address are released when the data plane has removed the session. Late
 * answers of a session that has ended change nothing. */
static void released_when_gone(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c;

	(void)st;
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	assert_false(c->c.v4_up); /* our Ack waits for the data plane */
	assert_int_equal(call_sub(c)->dp, SUB_DP_ATTACHING);
	lac_cdn(c);
	assert_int_equal(w->e->n_subscribers[SUB_FINISHING], 1);
	assert_int_equal(w->e->sids.used, 1);
	assert_int_equal(pools_used(w->e->pools), 1);
	lac_stop(l);
	w_advance(w, ZE_SEC(60));
	assert_int_equal(w->e->tids.used, 1); /* the data plane may still have the tunnel */
	w->dp_hold = false;
	w_deliver(w);
	assert_int_equal(w->e->sids.used, 0);
	assert_int_equal(pools_used(w->e->pools), 0);
	empty(w);
}

/* L-183: with Sequencing Required PPP waits for the data plane, which numbers the packets. */
static void sequencing_required(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct lac_call *c;

	(void)st;
	l->sequencing = true;
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	assert_false(c->c.lcp_acked);
	assert_true(w->dp[c->peer_sid].s.sequencing);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_true(c->c.v4_up);
	lac_stop(l);
	empty(w);
}

/* Every message and frame may be lost, duplicated or reordered. */
static void bad_line(void **st)
{
	(void)st;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world *w = world_new(NULL, seed);
		struct lac *l = lac_new(w, 1, 1701), *m = lac_new(w, 2, 1701);
		struct lac_call *c[6];

		w->loss_permille = 100;
		w->dup_permille = 100;
		w->reorder_permille = 100;
		lac_connect(l);
		lac_connect(m);
		w_advance(w, ZE_SEC(20));
		for (unsigned i = 0; i < 6; i++)
			c[i] = lac_call(i % 2 ? l : m, "alice", "wonder");
		w_advance(w, ZE_SEC(60));
		w->loss_permille = w->dup_permille = w->reorder_permille = 0;
		w_advance(w, ZE_SEC(60));
		for (unsigned i = 0; i < 6; i++)
			assert_true(c[i]->over || c[i]->c.v4_up);
		lac_stop(l);
		lac_stop(m);
		empty(w);
	}
}

/* Each message in turn is lost: it is retransmitted, and the login succeeds. */
static void each_message_lost(void **st)
{
	static const uint16_t types[] = { L2TP_SCCRQ, L2TP_SCCRP, L2TP_SCCCN,
					  L2TP_ICRQ,  L2TP_ICRP,  L2TP_ICCN };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(types); i++) {
		struct world *w = world_new(NULL, 1);
		struct lac *l = lac_new(w, 1, 1701);
		struct lac_call *c;

		w_drop_next(w, types[i]);
		lac_connect(l);
		w_advance(w, ZE_SEC(3));
		assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
		c = lac_call(l, "alice", "wonder");
		w_advance(w, ZE_SEC(8));
		assert_int_equal(w->lost, 1);
		assert_true(c->c.v4_up && c->c.v6_up);
		w_drop_next(w, L2TP_CDN);
		lac_cdn(c);
		w_advance(w, ZE_SEC(3));
		assert_int_equal(w->e->sids.used, 0);
		w_drop_next(w, L2TP_STOPCCN);
		lac_stop(l);
		empty(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login),
		cmocka_unit_test(link_of_events),
		cmocka_unit_test(unaccounted),
		cmocka_unit_test(each_method),
		cmocka_unit_test(wrong_password),
		cmocka_unit_test(no_authentication),
		cmocka_unit_test(without_authentication),
		cmocka_unit_test(late_verdict),
		cmocka_unit_test(auth_timeout),
		cmocka_unit_test(silent_client),
		cmocka_unit_test(renegotiation),
		cmocka_unit_test(ipv4_only),
		cmocka_unit_test(client_leaves),
		cmocka_unit_test(echo_dead),
		cmocka_unit_test(data_plane_refuses),
		cmocka_unit_test(released_when_gone),
		cmocka_unit_test(sequencing_required),
		cmocka_unit_test(bad_line),
		cmocka_unit_test(each_message_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
