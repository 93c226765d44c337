/* SPDX-License-Identifier: BSD-2-Clause */
/* When a subscriber is attached to the data plane: once the negotiation is quiet, or after
 * ATTACH_PATIENCE, and with which MTU. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/core/timers.h"
#include "daemon/core/attach.h"
#include "selftests/lib/world.h"

static struct world *w;
static struct lac *l;

static int up(void **st)
{
	(void)st;
	w = world_new(NULL, 41);
	if (!w)
		return -1;
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	return 0;
}

static int down(void **st)
{
	(void)st;
	world_end(w);
	return 0;
}

/* As lac_call, but the behaviour of the client is set before it starts. */
static struct lac_call *call_of(const struct client *like)
{
	struct lac_call *c = &w->calls[w->n_calls++];

	*c = (struct lac_call){ .l = l, .sid = l->next_sid++, .c = *like };
	strcpy(c->c.user, "alice");
	strcpy(c->c.password, "wonder");
	c->c.retry_at = ZE_NEVER;
	lac_icrq(l, 0, c->sid);
	w_deliver(w);
	assert_non_null(call_sub(c));
	return c;
}

/* Negotiates IPv6. IPv4 is neither requested nor answered, and no family ends. */
static struct lac_call *slow_in_ipv4(void)
{
	struct lac_call *c = call_of(&(struct client){ .no_ipv4 = true });
	const struct subscriber *s = call_sub(c);

	assert_int_equal(s->link.ncp[PPP_FAM_IPV4], PPP_NCP_RUNNING);
	assert_int_equal(s->link.ncp[PPP_FAM_IPV6], PPP_NCP_READY);
	assert_int_equal(s->dp_family[PPP_FAM_IPV6], SUB_FAM_WAITING);
	return c;
}

/* Both families wait for nothing but our Ack. */
static void quiet_line(void **st)
{
	struct lac_call *c;
	ze_ns began = w->now;

	(void)st;
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	assert_true(w->now == began);
	assert_int_equal(call_sub(c)->dp, SUB_DP_ATTACHING);
	assert_int_equal(call_sub(c)->link.ncp[PPP_FAM_IPV4], PPP_NCP_READY);
	assert_int_equal(call_sub(c)->link.ncp[PPP_FAM_IPV6], PPP_NCP_READY);
	assert_false(c->c.v4_acked || c->c.v6_acked);
	w->dp_hold = false;
	w_deliver(w);
	assert_true(c->c.v4_up && c->c.v6_up);
}

/* One of the families is slow: the attach waits exactly as long as ATTACH_PATIENCE. */
static void slow_family(void **st)
{
	struct lac_call *c = slow_in_ipv4();
	ze_ns due = w->now + ATTACH_PATIENCE;

	(void)st;
	assert_int_equal(call_sub(c)->dp, SUB_DP_NONE);
	assert_true(attach_deadline(call_sub(c)) == due);
	w_advance(w, ATTACH_PATIENCE - 1);
	assert_true(w->now == due - 1);
	assert_int_equal(call_sub(c)->dp, SUB_DP_NONE);
	assert_int_equal(w->dp_sessions, 0);
	assert_false(c->c.v6_acked);
	w_advance(w, 1);
	assert_int_equal(call_sub(c)->dp, SUB_DP_UP);
	assert_true(c->c.v6_up);
	assert_true(attach_deadline(call_sub(c)) == ZE_NEVER);
}

/* A peer that has not yet answered our request is still negotiating. */
static void waits_for_the_peers_ack(void **st)
{
	struct lac_call *c = slow_in_ipv4();
	const struct subscriber *s = call_sub(c);
	ze_ns left = ATTACH_PATIENCE / 2;

	(void)st;
	w_advance(w, ATTACH_PATIENCE - left);
	c->c.no_ipv4 = false;
	client_expire(c);
	w_deliver(w);
	assert_int_equal(s->link.ncp[PPP_FAM_IPV4], PPP_NCP_READY);
	assert_int_equal(s->link.ipcp.cp.state, CP_REQ_SENT);
	assert_int_equal(s->dp, SUB_DP_NONE);
	w_advance(w, left - 1);
	assert_int_equal(s->dp, SUB_DP_NONE);
	w_advance(w, 1);
	assert_int_equal(s->dp, SUB_DP_UP);
	w_advance(w, ZE_SEC(10));
	assert_true(c->c.v4_up && c->c.v6_up);
}

/* A peer without IPv6 sends Protocol-Reject: the attach does not wait for IPv6. */
static void rejected_family(void **st)
{
	ze_ns began = w->now;
	struct lac_call *c = call_of(&(struct client){ .no_ipv6 = true });

	(void)st;
	assert_true(w->now == began);
	assert_int_equal(call_sub(c)->link.ncp[PPP_FAM_IPV6], PPP_NCP_OFF);
	assert_int_equal(call_sub(c)->dp, SUB_DP_UP);
	assert_true(c->c.v4_up);
}

static void disabled_family(void **st)
{
	struct lac_call *c;

	(void)st;
	w->cfg->enable_ipv6cp = false; /* before the first link of this world is created */
	c = lac_call(l, "alice", "wonder");
	assert_int_equal(call_sub(c)->dp, SUB_DP_UP);
	assert_true(c->c.v4_up);
}

/* When LCP is negotiated again while a family waits, the full ATTACH_PATIENCE starts again. */
static void patience_restarts(void **st)
{
	struct lac_call *c = slow_in_ipv4();

	(void)st;
	w_advance(w, ATTACH_PATIENCE - 1);
	client_renegotiate(c);
	w_deliver(w);
	assert_int_equal(call_sub(c)->dp_family[PPP_FAM_IPV6], SUB_FAM_WAITING);
	assert_true(attach_deadline(call_sub(c)) == w->now + ATTACH_PATIENCE);
	w_advance(w, ATTACH_PATIENCE - 1);
	assert_int_equal(call_sub(c)->dp, SUB_DP_NONE);
	w_advance(w, 1);
	assert_int_equal(call_sub(c)->dp, SUB_DP_UP);
	assert_true(c->c.v6_up);
}

/* The peer's identifier is in the request that is held: the family is not attached without it. */
static void each_family_is_attached_once(void **st)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");
	const struct w_dp *d = &w->dp[c->peer_sid];

	(void)st;
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_true(!strcmp(d->calls, "U46") || !strcmp(d->calls, "U64"));
	assert_true(d->f[PPP_FAM_IPV6].peer_ifid == call_sub(c)->link.ipv6cp.peer_ifid);
}

/* On a shared device our identifier is the same for all peers, and no peer may use it. */
static void shared_device(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	a = lac_call(l, "alice", "wonder");
	b = lac_call(l, "alice", "wonder");
	assert_true(w->dp[a->peer_sid].f[PPP_FAM_IPV6].ifid ==
		    w->dp[b->peer_sid].f[PPP_FAM_IPV6].ifid);
	assert_true(w->dp[a->peer_sid].f[PPP_FAM_IPV6].peer_ifid !=
		    w->dp[b->peer_sid].f[PPP_FAM_IPV6].peer_ifid);
}

static void same_at_both_ends(const struct lac_call *c, uint64_t ours)
{
	const struct w_dp *d = &w->dp[c->peer_sid];

	assert_true(c->c.v6_up && call_sub(c)->link.ipv6cp.ifid == ours);
	assert_true(d->open[PPP_FAM_IPV6] && d->f[PPP_FAM_IPV6].ifid == ours);
	assert_true(d->f[PPP_FAM_IPV6].ifid_asked);
	assert_true(d->f[PPP_FAM_IPV6].peer_ifid == c->c.ifid);
}

/* F-C3: the peer Naks our identifier while its own request waits for the data plane. */
static void nak_while_attaching(void **st)
{
	struct lac_call *c;

	(void)st;
	w->dp_hold = true;
	c = call_of(&(struct client){ .silent_v6 = true });
	w_advance(w, ATTACH_PATIENCE);
	w->dp_hold = false;
	w_deliver(w); /* the session is attached, and the family requested */
	w->dp_hold = true;
	assert_int_equal(call_sub(c)->link.ncp[PPP_FAM_IPV6], PPP_NCP_ATTACHED);
	c->c.silent_v6 = false;
	c->c.nak_v6 = 7;
	w_advance(w, ZE_SEC(3)); /* our next Configure-Request */
	assert_false(w->dp[c->peer_sid].open[PPP_FAM_IPV6]);
	w->dp_hold = false;
	w_deliver(w);
	same_at_both_ends(c, 7);
}

/* F-C3: the same before the first answer of the data plane. */
static void nak_before_the_ack(void **st)
{
	struct lac_call *c;

	(void)st;
	w->dp_hold = true;
	c = call_of(&(struct client){ .nak_v6 = 9 });
	w_advance(w, ATTACH_PATIENCE);
	assert_false(c->c.v6_acked);
	w->dp_hold = false;
	w_deliver(w);
	same_at_both_ends(c, 9);
	/* The same again: LCP is renegotiated, with the identifier that is in use elsewhere. */
	client_renegotiate(c);
	w_advance(w, ZE_SEC(5));
	same_at_both_ends(c, 9);
}

/* F-C3: the data plane cannot use the identifier: the family ends at both ends, with a message. */
static void nak_that_the_plane_refuses(void **st)
{
	struct lac_call *c = call_of(&(struct client){ .silent_v6 = true });
	const struct subscriber *s = call_sub(c);

	(void)st;
	w_advance(w, ATTACH_PATIENCE);
	assert_int_equal(s->link.ncp[PPP_FAM_IPV6], PPP_NCP_ATTACHED);
	c->c.silent_v6 = false;
	c->c.nak_v6 = 7;
	w->dp_family_result = -ENOMEM;
	w_advance(w, ZE_SEC(3));
	assert_int_equal(s->link.ncp[PPP_FAM_IPV6], PPP_NCP_OFF);
	assert_int_not_equal(s->link.ipv6cp.cp.state, CP_OPENED);
	assert_false(w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	assert_true(w->dp[c->peer_sid].open[PPP_FAM_IPV4]);
}

/* F-C2: no packets pass for a client that never acknowledges. */
static void closed_until_acknowledged(void **st)
{
	struct lac_call *c = call_of(&(struct client){ .silent_v6 = true });
	const struct w_dp *d = &w->dp[c->peer_sid];

	(void)st;
	w_advance(w, ZE_SEC(10));
	assert_true(c->c.v6_acked && d->fam[PPP_FAM_IPV6] && !d->open[PPP_FAM_IPV6]);
	assert_true(d->open[PPP_FAM_IPV4]);
	c->c.silent_v6 = false;
	w_advance(w, ZE_SEC(3));
	assert_true(c->c.v6_up && d->open[PPP_FAM_IPV6]);
}

/* Sequencing is done by the data plane: the session is attached first, and PPP waits for it. */
static void sequencing_attaches_first(void **st)
{
	struct lac_call *c;

	(void)st;
	l->sequencing = true;
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	assert_int_equal(call_sub(c)->dp, SUB_DP_ATTACHING);
	assert_false(call_sub(c)->opened);
	assert_false(c->c.lcp_acked);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(5)); /* the client repeats its request, as our answer was lost */
	assert_true(c->c.v4_up && c->c.v6_up);
}

/* ---- MTU of the tunnel ---- */

static const struct operate_why why = { .actor = "test" };

static void expect_ends(unsigned downs, unsigned closes)
{
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), downs);
	assert_int_equal(w_count_events(w, EV_SESSION_CLOSED), closes);
}

/* The data plane reports the final counters with its last event, after the call has ended. */
static void ends_with_its_counters(void **st)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");
	uint16_t sid = call_sub(c)->call.l2tp.sid;
	const struct event *e;

	(void)st;
	w->dp_hold = true;
	assert_int_equal(operate_close_session(w->e, sid, &why, w->now), 0);
	w_deliver(w);
	expect_ends(1, 0);
	w->dp_hold = false;
	w_deliver(w);
	expect_ends(1, 1);
	e = w_last_event(w, EV_SESSION_CLOSED);
	assert_int_equal(e->sid, sid);
	assert_int_equal(e->traffic.up_packets, sid);
	assert_int_equal(e->traffic.up_bytes, 2);
	assert_int_equal(e->traffic.down_packets, 3);
	assert_int_equal(e->traffic.down_bytes, 4);
}

/* The data plane removed the session itself: the call ends afterwards, with its counters and not
 * with zeros. */
static void lost_with_its_counters(void **st)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");
	uint16_t sid = call_sub(c)->call.l2tp.sid;

	(void)st;
	w->dp[sid] = (struct w_dp){ .listed = true };
	w->dp_sessions--;
	engine_dp_event(w->e,
			&(struct dp_event){ .kind = DP_EV_GONE,
					    .sid = sid,
					    .counted = true,
					    .final = { .up_packets = 77 } },
			w->now);
	w_deliver(w);
	expect_ends(1, 1);
	assert_int_equal(w_last_event(w, EV_SESSION_CLOSED)->traffic.up_packets, 77);
}

/* A session whose login fails was never in the data plane, and is closed when it ends. */
static void closed_without_a_plane(void **st)
{
	(void)st;
	lac_call(l, "alice", "wrong");
	w_advance(w, ZE_SEC(90));
	expect_ends(1, 1);
	assert_int_equal(w_last_event(w, EV_SESSION_CLOSED)->traffic.up_packets, 0);
}

static void fits(uint16_t mru, uint16_t peer_mru, uint16_t mtu)
{
	struct lac_call *c = call_of(&(struct client){ .mru = peer_mru });
	const struct w_dp *d = &w->dp[c->peer_sid];

	w_advance(w, ZE_SEC(5));
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(call_sub(c)->link.lcp.mru, mru);
	assert_int_equal(d->f[PPP_FAM_IPV4].mtu, mtu);
	assert_int_equal(d->f[PPP_FAM_IPV6].mtu, mtu);
}

static void mru_over_ipv4(void **st)
{
	(void)st;
	fits(1460, 1492, 1460);
	fits(1460, 1400, 1400);
}

static void mru_with_sequencing(void **st)
{
	(void)st;
	l->sequencing = true;
	fits(1456, 1492, 1456);
}

static void mru_over_ipv6(void **st)
{
	struct lac *four = l;

	(void)st;
	l = lac_new(w, 2, 1701);
	l->path.local.family = l->path.peer.family = 6;
	lac_connect(l);
	fits(1440, 1492, 1440);
	l->sequencing = true;
	fits(1436, 1492, 1436);
	fits(1436, 1280, 1280);
	lac_stop(l);
	l = four;
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(quiet_line),
		T(slow_family),
		T(waits_for_the_peers_ack),
		T(rejected_family),
		T(disabled_family),
		T(each_family_is_attached_once),
		T(shared_device),
		T(patience_restarts),
		T(sequencing_attaches_first),
		T(nak_while_attaching),
		T(nak_before_the_ack),
		T(nak_that_the_plane_refuses),
		T(closed_until_acknowledged),
		T(ends_with_its_counters),
		T(lost_with_its_counters),
		T(closed_without_a_plane),
		T(mru_over_ipv4),
		T(mru_with_sequencing),
		T(mru_over_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
