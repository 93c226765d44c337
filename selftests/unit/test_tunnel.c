/* SPDX-License-Identifier: BSD-2-Clause */
/* The control connection with a scripted LAC in virtual time: CONFORMANCE 2.2, 2.4, 2.5, 2.9. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/auth.h"
#include "daemon/l2tp/avp.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/tunnel_world.h"

/* ---- set-up ---- */

/* L-020, L-021 */
static void opens(void **st)
{
	struct l2tp_msg m = tw_sccrq();
	struct tw_sent *s;

	(void)st;
	tw_lac(&m);
	s = tw_expect_msg(L2TP_SCCRP);
	assert_int_equal(s->h.tid, TW_LAC_TID);
	assert_int_equal(s->h.ns, 0);
	assert_int_equal(s->h.nr, 1);
	assert_memory_equal(s->h.payload.p, "\x80\x08\0\0\0\0\0\x02", 8);
	assert_int_equal(tw.m.have, L2TP_BIT(0) | L2TP_BIT(2) | L2TP_BIT(3) | L2TP_BIT(7) |
					    L2TP_BIT(8) | L2TP_BIT(9) | L2TP_BIT(10));
	assert_int_equal(tw.m.assigned_tid, TW_OUR_TID);
	assert_int_equal(tw.m.protocol_version, 0x0100);
	assert_int_equal(tw.m.framing_caps, 3);
	assert_int_equal(tw.m.rws, l2tp_chan_defaults.rws);
	assert_true(span_eq(tw.m.host_name, span_str("lns")));
	assert_true(span_eq(tw.m.vendor_name, span_str("ze")));
	tw_quiet();
	tw_send_bare(L2TP_SCCCN);
	tw_expect_told(L2TP_FX_TUNNEL_UP);
	tw_quiet();
	tw_advance(ZE_MS(500));
	tw_expect_zlb(2);
	tw_quiet();
	assert_string_equal(l2tp_tunnel_state_name(&tw.t), "established");
	assert_int_equal(tw.t.rx_msgs[L2TP_SCCRQ], 1);
	assert_int_equal(tw.t.tx_msgs[L2TP_SCCRP], 1);
	assert_int_equal(tw.t.tx_msgs[L2TP_ZLB], 1);
}

/* L-022 */
static void keeps_what_the_peer_said(void **st)
{
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	m.have |= L2TP_BIT(4) | L2TP_BIT(5) | L2TP_BIT(6) | L2TP_BIT(8) | L2TP_BIT(10);
	m.bearer_caps = 3;
	m.tie_breaker = 1;
	m.firmware_revision = 0x690;
	m.vendor_name = span_str("acme");
	m.rws = 9;
	tw_lac(&m);
	tw_expect_msg(L2TP_SCCRP);
	assert_int_equal(tw.t.have, m.have);
	assert_int_equal(tw.t.peer_bearer, 3);
	assert_int_equal(tw.t.peer_firmware, 0x690);
	assert_int_equal(tw.t.peer_rws, 9);
	assert_int_equal(tw.t.chan.peer_rws, 9);
	assert_int_equal(tw.t.peer_vendor_len, 4);
	assert_memory_equal(tw.t.peer_host, "lac", 3);
}

/* L-023 */
static void sccrq_lacking_an_avp(void **st)
{
	static const int lack[] = { AVP_PROTOCOL_VERSION, AVP_HOST_NAME, AVP_FRAMING_CAPS };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lack); i++) {
		struct l2tp_msg m = tw_sccrq();

		m.have &= ~L2TP_BIT(lack[i]);
		tw_lac(&m);
		tw_expect_end(REASON_AVP_MISSING, L2TP_DOWN_PROTOCOL, STOP_ERROR, L2TP_ERR_VENDOR);
		tw_restart();
	}
}

/* L-024: no tunnel, no leak, no answer. */
static void sccrq_without_tunnel_id(void **st)
{
	(void)st;
	for (int i = 0; i < 2; i++) {
		struct l2tp_msg m = tw_sccrq();

		m.assigned_tid = 0;
		if (i)
			m.have &= ~L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID);
		tw_lac(&m);
		tw_expect_told(L2TP_FX_REFUSED);
		tw_expect_down(L2TP_DOWN_PROTOCOL, 0, 0);
		tw_expect_told(L2TP_FX_TUNNEL_FREE);
		tw_quiet();
		tw_restart();
	}
}

/* L-025, L-026 */
static void protocol_version(void **st)
{
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	m.protocol_version = 0x0200;
	tw_lac(&m);
	tw_expect_end(REASON_AVP_VALUE, L2TP_DOWN_PROTOCOL, STOP_VERSION, 0x0100);
	tw_restart();
	m.protocol_version = 0x0101;
	tw_lac(&m);
	tw_expect_msg(L2TP_SCCRP);
}

/* L-028, L-029 */
static void host_names(void **st)
{
	uint8_t name[1017] = "\x1b\r\n\xff";
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	m.host_name.len = 0;
	tw_lac(&m);
	tw_expect_end(REASON_AVP_VALUE_LEN, L2TP_DOWN_PROTOCOL, STOP_ERROR, L2TP_ERR_LENGTH);
	tw_restart();
	m.host_name = span_of(name, sizeof(name));
	tw_lac(&m);
	tw_expect_msg(L2TP_SCCRP);
	assert_int_equal(tw.t.peer_host_len, L2TP_HOST_NAME_MAX);
}

/* L-030: refused; the channel alone would use 1. */
static void window_of_zero(void **st)
{
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	m.have |= L2TP_BIT(AVP_RECEIVE_WINDOW_SIZE);
	tw_lac(&m);
	tw_expect_end(REASON_AVP_VALUE, L2TP_DOWN_PROTOCOL, STOP_ERROR, L2TP_ERR_VALUE);
}

/* L-031, L-032: absent means 4, and no more messages are in flight. */
static void window_of_the_peer(void **st)
{
	struct l2tp_msg m = tw_bare(L2TP_HELLO), q = tw_sccrq();

	(void)st;
	tw_up();
	for (int i = 0; i < 10; i++)
		assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0);
	for (int i = 0; i < 20 && !l2tp_chan_idle(&tw.t.chan); i++) {
		tw_flush();
		assert_true((uint16_t)(tw.t.chan.ns_next - tw.t.chan.ns_una) <= 4);
		tw.nr = (uint16_t)(tw.t.chan.ns_una + 1);
		tw_lac_zlb();
	}
	assert_int_equal(tw.t.tx_msgs[L2TP_HELLO], 10);
	assert_true(l2tp_chan_idle(&tw.t.chan));
	tw_restart();
	q.have |= L2TP_BIT(AVP_RECEIVE_WINDOW_SIZE);
	q.rws = 1;
	tw_lac(&q);
	tw_expect_msg(L2TP_SCCRP);
	assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0);
	tw_quiet();
	tw_flush();
	tw_quiet();
}

/* L-033: each copy is acknowledged, and each SCCRP has the same tunnel id. */
static void sccrq_repeated(void **st)
{
	uint8_t buf[500];
	struct l2tp_msg m = tw_sccrq();
	struct span s = tw_encode(&m, buf, sizeof(buf));

	(void)st;
	tw_lac(&m);
	tw_expect_msg(L2TP_SCCRP);
	tw_quiet();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tw_lac_raw(s, 0, 0), -REASON_SEQ_OLD);
		tw_expect_zlb(1);
		tw_quiet();
		tw_advance(ZE_SEC(2));
		tw_expect_msg(L2TP_SCCRP);
		assert_int_equal(tw.m.assigned_tid, TW_OUR_TID);
		tw.n_out = tw.next_out;
		tw_quiet();
	}
}

/* L-037: at 0, 1, 3, 7, 15 and 23 s; the tunnel ends at 31 s, without a message. */
static void sccrp_never_answered(void **st)
{
	static const int at[] = { 1, 3, 7, 15, 23 };
	ze_ns t0 = tw.now;

	(void)st;
	tw_half_open();
	for (size_t i = 0; i < ZE_ARRAY_SIZE(at); i++) {
		tw_advance(t0 + ZE_SEC(at[i]) - TW_TICK - tw.now);
		tw_quiet();
		tw_advance(TW_TICK);
		assert_int_equal(tw_expect_msg(L2TP_SCCRP)->h.ns, 0);
		tw_quiet();
	}
	tw_advance(t0 + ZE_SEC(31) - TW_TICK - tw.now);
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_down(L2TP_DOWN_TRANSPORT, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
}

/* SCCRP acknowledged but no SCCCN: StopCCN is sent. Unacknowledged: nothing is sent. */
static void setup_timeout(void **st)
{
	(void)st;
	tw_half_open();
	tw_lac_zlb();
	tw_advance(tw.cfg.setup_timeout - TW_TICK);
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_stop(STOP_CLEAR, 0);
	tw_expect_down(L2TP_DOWN_TIMEOUT, STOP_CLEAR, 0);
	tw_quiet();
	tw.cfg.setup_timeout = ZE_SEC(10);
	tw_restart();
	tw_half_open();
	tw_advance(ZE_SEC(10) - TW_TICK);
	tw.next_out = tw.n_out;
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_down(L2TP_DOWN_TIMEOUT, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
	tw_restart(); /* no message ever came */
	tw_advance(ZE_SEC(10));
	tw_expect_down(L2TP_DOWN_TIMEOUT, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
}

/* L-038, L-039: a message that is wrong in this state. */
static void wrong_messages(void **st)
{
	struct l2tp_msg q = tw_sccrq(), p = tw_sccrq(), call = tw_icrq();

	(void)st;
	p.type = L2TP_SCCRP;
	tw_up();
	tw_send_bare(L2TP_SCCCN);
	tw_expect_end(REASON_FSM_EVENT, L2TP_DOWN_PROTOCOL, STOP_FSM, 0);
	tw_restart();
	tw_up();
	tw_lac(&q);
	tw_expect_end(REASON_FSM_EVENT, L2TP_DOWN_PROTOCOL, STOP_FSM, 0);
	tw_restart();
	tw_half_open();
	tw_lac(&p);
	tw_expect_end(REASON_FSM_EVENT, L2TP_DOWN_PROTOCOL, STOP_FSM, 0);
	tw_restart();
	tw_half_open();
	tw_lac(&call); /* with the Ns of the SCCCN, so really before it */
	tw_expect_end(REASON_FSM_EVENT, L2TP_DOWN_PROTOCOL, STOP_FSM, 0);
	tw_restart();
	tw_send_bare(L2TP_SCCCN); /* L-012: keeps no state */
	tw_expect_refused(REASON_FSM_EVENT);
	tw_expect_down(L2TP_DOWN_PROTOCOL, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
}

/* L-115, L-136: an ICRQ overtakes the SCCCN and is handled after it. */
static void icrq_before_scccn(void **st)
{
	struct l2tp_msg q = tw_icrq(), n = tw_bare(L2TP_SCCCN);
	uint8_t buf[200];
	struct tw_told *told;

	(void)st;
	tw_half_open();
	assert_int_equal(tw_lac_raw(tw_encode(&q, buf, sizeof(buf)), 2, 1), -REASON_SEQ_AHEAD);
	tw_expect_zlb(1);
	tw_quiet();
	assert_int_equal(tw_lac_raw(tw_encode(&n, buf, sizeof(buf)), 1, 1), 0);
	tw_expect_told(L2TP_FX_TUNNEL_UP);
	told = tw_expect_told(L2TP_FX_CALL);
	assert_int_equal(told->msg_type, L2TP_ICRQ);
	assert_false(told->faulty);
	tw_expect_zlb(3); /* the gap is filled */
	tw_quiet();
}

/* ---- faults ---- */

/* L-050, L-051, L-054 */
static void unknown_avps(void **st)
{
	struct l2tp_msg q = tw_sccrq(), n = tw_bare(L2TP_SCCCN), h = tw_bare(L2TP_HELLO),
			call = tw_icrq();

	(void)st;
	tw_lac_plus(&q, AVP_F_MANDATORY, 999, span_str("x"));
	tw_expect_refused(REASON_AVP_UNKNOWN);
	assert_int_equal(tw.told[0].attr, 999);
	tw_expect_stop(STOP_ERROR, L2TP_ERR_UNKNOWN_AVP);
	assert_non_null(memmem(tw.m.result.text.p, tw.m.result.text.len, "999", 3));
	tw_restart();
	tw_half_open();
	tw_lac_plus(&n, AVP_F_MANDATORY, 999, span_str("x"));
	tw_expect_end(REASON_AVP_UNKNOWN, L2TP_DOWN_PROTOCOL, STOP_ERROR, L2TP_ERR_UNKNOWN_AVP);
	tw_restart();
	tw_up();
	tw_lac_plus(&h, AVP_F_MANDATORY, 999, span_str("x"));
	tw_expect_end(REASON_AVP_UNKNOWN, L2TP_DOWN_PROTOCOL, STOP_ERROR, L2TP_ERR_UNKNOWN_AVP);
	tw_restart();
	tw_lac_plus(&q, 0, 999, span_str("x"));
	tw_expect_msg(L2TP_SCCRP);
	tw_quiet();
	tw_lac_plus(&n, 0, 999, span_str("x"));
	tw_expect_told(L2TP_FX_TUNNEL_UP);
	tw_lac_plus(&h, 0, 999, span_str("x"));
	tw_quiet();
	/* L-052: only the session is affected. */
	tw_lac_plus(&call, AVP_F_MANDATORY, 999, span_str("x"));
	assert_true(tw_expect_told(L2TP_FX_CALL)->faulty);
	tw_quiet();
	tw_expect_state(L2TP_T_ESTABLISHED);
}

static void lac_octets(const char *p, size_t n)
{
	assert_int_equal(tw_lac_raw(span_of(p, n), tw.ns, tw.nr), 0);
	tw.ns++;
}

/* L-063 ... L-066 */
static void unknown_messages(void **st)
{
	static const uint8_t types[] = { 99, 5, 13 };

	(void)st;
	tw_up();
	lac_octets("\x80\x08\0\0\0\x09\0\x05", 8); /* first AVP is not Message Type */
	tw_expect_refused(REASON_AVP_FIRST);
	lac_octets("\0\x08\0\0\0\0\0\x1c", 8); /* type 28, M clear */
	tw_expect_refused(REASON_MSG_UNKNOWN);
	tw_quiet();
	tw_advance(tw.cfg.chan.ack_delay);
	tw_expect_zlb(4);
	tw_quiet();
	for (size_t i = 0; i < sizeof(types); i++) {
		char b[] = { (char)0x80, 8, 0, 0, 0, 0, 0, (char)types[i] };

		tw_restart();
		tw_up();
		lac_octets(b, sizeof(b));
		tw_expect_end(REASON_MSG_UNKNOWN_MANDATORY, L2TP_DOWN_PROTOCOL, STOP_ERROR,
			      L2TP_ERR_UNKNOWN_AVP);
	}
	tw_restart();
	lac_octets("\x80\x03\0", 3);
	tw_expect_refused(REASON_AVP_SHORT);
	tw_expect_down(L2TP_DOWN_PROTOCOL, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
}

/* ---- authentication ---- */

static struct l2tp_msg scccn_with(uint8_t response[L2TP_AUTH_LEN], const uint8_t *challenge)
{
	struct l2tp_msg m = tw_bare(L2TP_SCCCN);

	l2tp_auth_response(response, L2TP_SCCCN, span_of(tw.cfg.secret, tw.cfg.secret_len),
			   span_of(challenge, L2TP_CHALLENGE_LEN));
	m.have |= L2TP_BIT(AVP_CHALLENGE_RESPONSE);
	m.challenge_response = span_of(response, L2TP_AUTH_LEN);
	return m;
}

/* L-080, L-085 */
static void answers_challenges(void **st)
{
	static const size_t lens[] = { 1, 16, 100, 500 };
	uint8_t challenge[500] = { 7 }, want[L2TP_AUTH_LEN];

	(void)st;
	tw_set_secret("s3cret");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lens); i++) {
		struct l2tp_msg m = tw_sccrq();

		m.have |= L2TP_BIT(AVP_CHALLENGE);
		m.challenge = span_of(challenge, lens[i]);
		tw_lac(&m);
		tw_expect_msg(L2TP_SCCRP);
		l2tp_auth_response(want, 2, span_str("s3cret"), m.challenge);
		assert_memory_equal(tw.m.challenge_response.p, want, sizeof(want));
		tw_restart();
	}
}

/* L-085: zero octets are malformed. L-083: there is no secret for an answer. */
static void unanswerable_challenges(void **st)
{
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	m.have |= L2TP_BIT(AVP_CHALLENGE);
	tw_lac(&m);
	tw_expect_end(REASON_AVP_VALUE_LEN, L2TP_DOWN_PROTOCOL, STOP_ERROR, L2TP_ERR_LENGTH);
	tw_restart();
	m.challenge = span_str("x");
	tw_lac(&m);
	tw_expect_end(REASON_AUTH_NO_SECRET, L2TP_DOWN_AUTH, STOP_NOT_AUTHORISED, 0);
}

/* L-081, L-082, L-086 */
static void checks_responses(void **st)
{
	uint8_t r[L2TP_AUTH_LEN], recorded[L2TP_CHALLENGE_LEN];
	struct l2tp_msg m;

	(void)st;
	tw_set_secret("s3cret");
	tw_half_open();
	assert_int_equal(tw.m.challenge.len, L2TP_CHALLENGE_LEN);
	memcpy(recorded, tw.t.challenge, sizeof(recorded));
	m = scccn_with(r, recorded);
	tw_lac(&m);
	tw_expect_told(L2TP_FX_TUNNEL_UP);
	tw_quiet();
	tw_restart(); /* replay */
	tw_half_open();
	assert_memory_not_equal(tw.t.challenge, recorded, sizeof(recorded));
	tw_lac(&m);
	tw_expect_end(REASON_AUTH_WRONG, L2TP_DOWN_AUTH, STOP_NOT_AUTHORISED, 0);
	tw_restart();
	tw_half_open();
	tw_send_bare(L2TP_SCCCN);
	tw_expect_end(REASON_AUTH_MISSING, L2TP_DOWN_AUTH, STOP_NOT_AUTHORISED, 0);
}

/* L-084: a response without a challenge. */
static void response_without_a_challenge(void **st)
{
	uint8_t r[L2TP_AUTH_LEN], any[L2TP_CHALLENGE_LEN] = { 0 };
	struct l2tp_msg m;

	(void)st;
	tw_half_open();
	m = scccn_with(r, any);
	tw_lac(&m);
	tw_expect_told(L2TP_FX_TUNNEL_UP);
}

/* L-096: hidden with a fresh vector, and decrypted with the secret. */
static void hides_when_configured(void **st)
{
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	tw.cfg.hide = true;
	tw_set_secret("s3cret");
	tw_lac(&m);
	tw_expect_msg(L2TP_SCCRP);
	assert_int_equal(tw.m.assigned_tid, TW_OUR_TID);
	assert_true(L2TP_HAS(&tw.m, AVP_RANDOM_VECTOR));
	assert_true(tw.m.random_vector.len >= 16);
}

/* ---- HELLO and dead peers ---- */

/* L-116: one interval after the last delivered message; a ZLB does not count. */
static void hello_when_silent(void **st)
{
	ze_ns t0;

	(void)st;
	tw_up();
	t0 = tw.t.last_activity;
	tw_advance(ZE_SEC(20));
	tw_lac_zlb();
	tw_advance(t0 + ZE_SEC(TW_HELLO_S) - TW_TICK - tw.now);
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_msg(L2TP_HELLO);
	tw_quiet();
	tw_lac_zlb();
	/* one per interval while the peer only acknowledges */
	for (int i = 0; i < 5; i++) {
		tw_advance(ZE_SEC(TW_HELLO_S) - TW_TICK);
		tw_quiet();
		tw_advance(TW_TICK);
		tw_expect_msg(L2TP_HELLO);
		tw_quiet();
		tw_lac_zlb();
	}
	tw_advance(ZE_SEC(30));
	tw_send_bare(L2TP_HELLO);
	tw_advance(ZE_SEC(1));
	tw_expect_zlb(tw.ns);
	tw_advance(ZE_SEC(TW_HELLO_S - 1) - TW_TICK);
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_msg(L2TP_HELLO);
}

/* At most one is outstanding, and none while another message is: that message tests the peer as
 * well. */
static void hello_not_while_unacked(void **st)
{
	struct l2tp_msg m = tw_bare(L2TP_CDN);

	(void)st;
	tw.cfg.hello_interval = ZE_SEC(5);
	tw.cfg.hello_retries = 0;
	tw_restart();
	tw_up();
	assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0);
	tw_flush();
	tw_advance(ZE_SEC(20));
	assert_int_equal(tw.t.tx_msgs[L2TP_HELLO], 0);
	tw.nr = 2;
	tw_lac_zlb();
	tw_advance(0);
	assert_int_equal(tw.t.tx_msgs[L2TP_HELLO], 1);
	tw_advance(ZE_SEC(20));
	assert_int_equal(tw.t.tx_msgs[L2TP_HELLO], 1);
}

static ze_ns time_of_death(ze_ns interval, uint16_t retries)
{
	ze_ns t0;

	tw.cfg.hello_interval = interval;
	tw.cfg.hello_retries = retries;
	tw_restart();
	tw_up();
	t0 = tw.t.last_liveness;
	while (tw.t.fsm.state == L2TP_T_ESTABLISHED) {
		ze_ns next = l2tp_tunnel_deadline(&tw.t);

		assert_true(next != ZE_NEVER);
		tw.now = next > tw.now ? next : tw.now;
		tw_expire();
	}
	return tw.now - t0;
}

/* L-118 and the configured threshold: retries x interval, or the end of the retransmissions,
 * whichever is earlier. */
static void dead_peer(void **st)
{
	(void)st;
	assert_int_equal(time_of_death(ZE_SEC(5), 2), ZE_SEC(10));
	assert_int_equal(tw.t.down.cause, L2TP_DOWN_KEEPALIVE);
	assert_int_equal(tw.t.tx_msgs[L2TP_STOPCCN], 1);
	tw_expect_state(L2TP_T_CLOSING);
	while (tw.out[tw.next_out].h.payload.p[7] == L2TP_HELLO)
		tw.next_out++;
	tw_expect_stop(STOP_CLEAR, 0); /* sent although the HELLO is still unacknowledged */
	tw_expect_down(L2TP_DOWN_KEEPALIVE, STOP_CLEAR, 0);
	tw_quiet();
	assert_int_equal(time_of_death(ZE_SEC(7), 3), ZE_SEC(21));
	/* The first HELLO gets its time: the peer is dead an interval after it was sent. */
	assert_int_equal(time_of_death(ZE_SEC(5), 1), ZE_SEC(10));
	assert_int_equal(time_of_death(ZE_SEC(5), 0), ZE_SEC(5 + 31));
	assert_int_equal(tw.t.down.cause, L2TP_DOWN_TRANSPORT);
	assert_int_equal(time_of_death(ZE_SEC(60), 2), ZE_SEC(60 + 31));
	assert_int_equal(tw.t.down.cause, L2TP_DOWN_TRANSPORT);
}

/* An idle peer that only acknowledges stays for ever; eight hours of it. */
static void idle_peer_lives(void **st)
{
	static const uint16_t retries[] = { 0, 1, 2 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(retries); i++) {
		ze_ns end;

		tw.cfg.hello_interval = ZE_SEC(5);
		tw.cfg.hello_retries = retries[i];
		tw_restart();
		tw_up();
		for (end = tw.now + ZE_SEC(8 * 3600); tw.now < end;) {
			tw.now = l2tp_tunnel_deadline(&tw.t);
			tw_expire();
			tw_expect_msg(L2TP_HELLO);
			tw.now += ZE_MS(300);
			tw_lac_zlb();
			tw_quiet();
		}
		tw_expect_state(L2TP_T_ESTABLISHED);
		assert_true(tw.t.tx_msgs[L2TP_HELLO] >= 8 * 720 - 1);
	}
}

/* L-117: acknowledged in every state. */
static void hello_in_every_state(void **st)
{
	(void)st;
	tw_half_open();
	tw_send_bare(L2TP_HELLO);
	tw_advance(tw.cfg.chan.ack_delay);
	tw_expect_zlb(2);
	tw_send_bare(L2TP_SCCCN);
	tw_send_bare(L2TP_HELLO);
	tw_advance(tw.cfg.chan.ack_delay);
	tw_expect_zlb(4);
	tw_call_close(L2TP_DOWN_ADMIN, STOP_CLEAR);
	tw_expect_stop(STOP_CLEAR, 0);
	tw.nr = 1;
	tw_send_bare(L2TP_HELLO);
	tw_expect_state(L2TP_T_CLOSING);
	tw_advance(tw.cfg.chan.ack_delay);
	tw_expect_zlb(5);
	tw.nr = 2;
	tw_send_bare(L2TP_HELLO);
	tw_expect_state(L2TP_T_LINGER);
	tw_advance(tw.cfg.chan.ack_delay);
	tw_expect_zlb(6);
	tw_expect_told(L2TP_FX_TUNNEL_UP);
	tw_expect_down(L2TP_DOWN_ADMIN, STOP_CLEAR, 0);
	tw_quiet();
}

/* ---- the end ---- */

static void start_in(enum l2tp_tunnel_state s)
{
	tw_restart();
	if (s == L2TP_T_WAIT_CTL_CONN)
		tw_half_open();
	else if (s != L2TP_T_IDLE)
		tw_up();
	if (s >= L2TP_T_CLOSING) {
		tw_call_close(L2TP_DOWN_ADMIN, STOP_CLEAR);
		tw_expect_stop(STOP_CLEAR, 0);
		tw_expect_told(L2TP_FX_TUNNEL_DOWN);
	}
	if (s == L2TP_T_LINGER)
		tw_lac_zlb();
	tw_quiet();
	tw_expect_state(s);
}

/* L-210, L-211, L-214: acknowledged at once, in each state, even when it is malformed. */
static void peer_stops(void **st)
{
	(void)st;
	for (int bad = 0; bad < 3; bad++) {
		for (int s = L2TP_T_WAIT_CTL_CONN; s <= L2TP_T_ESTABLISHED; s++) {
			struct l2tp_msg m = tw_stopccn(STOP_SHUTDOWN);
			uint8_t buf[200];
			struct span copy = tw_encode(&m, buf, sizeof(buf));
			uint16_t ns;

			start_in((enum l2tp_tunnel_state)s);
			if (bad == 1)
				m.have &= ~L2TP_BIT(AVP_RESULT_CODE);
			if (bad == 2)
				m.assigned_tid = 999;
			ns = tw.ns;
			tw_lac(&m);
			tw_expect_zlb(tw.ns);
			tw_expect_down(L2TP_DOWN_PEER, bad == 1 ? 0 : STOP_SHUTDOWN, 0);
			tw_quiet();
			tw_expect_state(L2TP_T_LINGER);
			for (int i = 0; i < 3; i++) {
				tw_advance(ZE_SEC(10));
				assert_int_equal(tw_lac_raw(copy, ns, tw.nr), -REASON_SEQ_OLD);
				tw_expect_zlb(tw.ns);
				tw_quiet();
			}
			tw_advance(ZE_SEC(1) - TW_TICK);
			tw_quiet();
			tw_advance(TW_TICK);
			tw_expect_told(L2TP_FX_TUNNEL_FREE);
			tw_quiet();
		}
	}
}

static void peer_stops_while_we_do(void **st)
{
	struct l2tp_msg m = tw_stopccn(STOP_CLEAR);

	(void)st;
	start_in(L2TP_T_CLOSING);
	tw.nr = 1; /* our message is still unacknowledged */
	tw_lac(&m);
	tw_expect_zlb(tw.ns);
	tw_expect_state(L2TP_T_LINGER);
	tw_quiet();
	assert_int_equal(tw.t.down.cause, L2TP_DOWN_ADMIN);
	start_in(L2TP_T_IDLE);
	tw_lac(&m);
	tw_expect_told(L2TP_FX_REFUSED);
	tw_expect_down(L2TP_DOWN_PROTOCOL, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
}

/* L-213: 0, 1, 3, 7, 15 and 23 s, then the ids are kept for another full cycle. */
static void we_stop(void **st)
{
	static const int at[] = { 1, 3, 7, 15, 23 };
	ze_ns t0;

	(void)st;
	tw_up();
	t0 = tw.now;
	tw_call_close(L2TP_DOWN_SHUTDOWN, STOP_SHUTDOWN);
	tw_expect_stop(STOP_SHUTDOWN, 0);
	assert_true(span_eq(tw.m.result.text, span_str("bye")));
	tw_expect_down(L2TP_DOWN_SHUTDOWN, STOP_SHUTDOWN, 0);
	tw_quiet();
	for (size_t i = 0; i < ZE_ARRAY_SIZE(at); i++) {
		tw_advance(t0 + ZE_SEC(at[i]) - TW_TICK - tw.now);
		tw_quiet();
		tw_advance(TW_TICK);
		tw_expect_stop(STOP_SHUTDOWN, 0);
		tw_quiet();
	}
	tw_advance(ZE_SEC(8));
	tw_expect_state(L2TP_T_LINGER);
	tw_quiet();
	tw_advance(tw.cfg.linger - TW_TICK);
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
}

static void close_in_each_state(void **st)
{
	(void)st;
	start_in(L2TP_T_IDLE);
	tw_call_close(L2TP_DOWN_ADMIN, STOP_CLEAR);
	tw_expect_down(L2TP_DOWN_ADMIN, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
	start_in(L2TP_T_WAIT_CTL_CONN);
	tw_call_close(L2TP_DOWN_ADMIN, STOP_CLEAR);
	tw_expect_stop(STOP_CLEAR, 0);
	tw_expect_down(L2TP_DOWN_ADMIN, STOP_CLEAR, 0);
	tw_quiet();
	for (int s = L2TP_T_CLOSING; s <= L2TP_T_LINGER; s++) {
		start_in((enum l2tp_tunnel_state)s);
		tw_call_close(L2TP_DOWN_SHUTDOWN, STOP_SHUTDOWN);
		tw_expect_state((enum l2tp_tunnel_state)s);
		tw_quiet();
	}
}

static void abandon_in_each_state(void **st)
{
	(void)st;
	for (int s = L2TP_T_IDLE; s <= L2TP_T_LINGER; s++) {
		start_in((enum l2tp_tunnel_state)s);
		tw_call_abandon();
		if (s < L2TP_T_CLOSING)
			tw_expect_down(L2TP_DOWN_REPLACED, 0, 0);
		tw_expect_told(L2TP_FX_TUNNEL_FREE);
		tw_call_abandon();
		tw_quiet();
	}
}

/* L-217 */
static void stop_while_the_window_is_full(void **st)
{
	struct l2tp_msg m = tw_bare(L2TP_CDN), stop = tw_stopccn(STOP_CLEAR);

	(void)st;
	tw_up();
	for (int i = 0; i < 50; i++)
		assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0);
	tw_flush();
	tw.n_out = 0;
	tw_lac(&stop);
	tw_expect_zlb(tw.ns);
	tw_expect_down(L2TP_DOWN_PEER, STOP_CLEAR, 0);
	tw_quiet();
	tw_advance(ZE_SEC(30));
	tw_quiet();
	tw_restart();
	tw_up();
	for (int i = 0; i < 50; i++)
		assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0);
	tw_flush();
	tw.next_out = tw.n_out;
	tw_call_close(L2TP_DOWN_ADMIN, STOP_CLEAR);
	tw_expect_stop(STOP_CLEAR, 0);
	assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0); /* dropped */
	assert_int_equal(tw.t.chan.txq_len, 3);			     /* two are in flight */
}

static void send_refuses_what_does_not_fit(void **st)
{
	static uint8_t big[L2TP_MSG_MAX];
	struct l2tp_msg m = tw_bare(L2TP_ICRQ);

	(void)st;
	tw.cfg.chan.max_queue = 1;
	tw_restart();
	tw_up();
	m.have |= L2TP_BIT(AVP_CALLED_NUMBER) | L2TP_BIT(AVP_CALLING_NUMBER);
	m.called_number = m.calling_number = span_of(big, 1000);
	assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), -EMSGSIZE);
	m = tw_bare(L2TP_CDN);
	assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), 0);
	assert_int_equal(l2tp_tunnel_send(&tw.t, 0, &m, tw.now), -ENOBUFS);
}

/* L-040, L-027: refused before there is a tunnel. */
static void refuse_without_state(void **st)
{
	const struct l2tp_stop_args a = { .result = STOP_ERROR,
					  .error = L2TP_ERR_RESOURCES,
					  .text = "limit" };
	static const uint8_t want[] = { 0xc8, 0x02, 0,	  43, 0, 77, 0, 0, 0,	0,    0,
					5,    0x80, 8,	  0,  0, 0,  0, 0, 4,	0x80, 15,
					0,    0,    0,	  1,  0, 2,  0, 4, 'l', 'i',  'm',
					'i',  't',  0x80, 8,  0, 0,  0, 9, 0,	77 };
	struct l2tp_hdr h = { .ns = 4 };
	uint8_t buf[100];
	struct wr o = wr_init(buf, sizeof(buf));

	(void)st;
	assert_true(l2tp_tunnel_refuse(&o, &h, TW_LAC_TID, &a));
	assert_int_equal(wr_len(&o), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	o = wr_init(buf, 20);
	assert_false(l2tp_tunnel_refuse(&o, &h, TW_LAC_TID, &a));
}

/* Random bytes or memory run out: the tunnel ends, once, with that reason. */
static void resources_run_out(void **st)
{
	struct l2tp_msg m = tw_sccrq();

	(void)st;
	tw_set_secret("s3cret");
	tw.rng.fail_after = 0;
	tw_lac(&m);
	tw_expect_down(L2TP_DOWN_TRANSPORT, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
	tw.rng.fail_after = 1; /* the challenge, not the Random Vector */
	tw.cfg.hide = true;
	tw_restart();
	tw_lac(&m);
	tw_expect_down(L2TP_DOWN_TRANSPORT, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
	tw.rng.fail_after = -1;
	if (!fail_alloc_works())
		skip();
	tw_restart();
	fail_alloc_at(0);
	tw_lac(&m);
	tw_expect_down(L2TP_DOWN_TRANSPORT, 0, 0);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
	fail_alloc_off();
	tw.cfg.secret_len = 0;
	start_in(L2TP_T_ESTABLISHED);
	fail_alloc_at(0);
	tw_call_close(L2TP_DOWN_ADMIN, STOP_CLEAR); /* StopCCN is lost, the rest continues */
	fail_alloc_off();
	tw_expect_down(L2TP_DOWN_ADMIN, STOP_CLEAR, 0);
	tw_expect_state(L2TP_T_LINGER);
	tw_quiet();
}

static void every_row_was_reached(void **st)
{
	(void)st;
	for (size_t i = 0; i < l2tp_tunnel_fsm.nrows; i++) {
		if (!tw.row_hit[i])
			fail_msg("row %zu of l2tp_tunnel_fsm was never taken", i);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, tw_setup, tw_teardown)
	const struct CMUnitTest tests[] = {
		T(opens),
		T(keeps_what_the_peer_said),
		T(sccrq_lacking_an_avp),
		T(sccrq_without_tunnel_id),
		T(protocol_version),
		T(host_names),
		T(window_of_zero),
		T(window_of_the_peer),
		T(sccrq_repeated),
		T(sccrp_never_answered),
		T(setup_timeout),
		T(wrong_messages),
		T(icrq_before_scccn),
		T(unknown_avps),
		T(unknown_messages),
		T(answers_challenges),
		T(unanswerable_challenges),
		T(checks_responses),
		T(response_without_a_challenge),
		T(hides_when_configured),
		T(hello_when_silent),
		T(hello_not_while_unacked),
		T(dead_peer),
		T(idle_peer_lives),
		T(hello_in_every_state),
		T(peer_stops),
		T(peer_stops_while_we_do),
		T(we_stop),
		T(close_in_each_state),
		T(abandon_in_each_state),
		T(stop_while_the_window_is_full),
		T(send_refuses_what_does_not_fit),
		T(refuse_without_state),
		T(resources_run_out),
		cmocka_unit_test(every_row_was_reached), /* last */
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
