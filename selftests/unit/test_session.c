/* SPDX-License-Identifier: BSD-2-Clause */
/* One incoming call: CONFORMANCE 1.5 (LNS, incoming call) and 2.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/session.h"
#include "selftests/lib/fail_alloc.h"

#define OUR_SID	 300
#define LAC_SID	 5
#define SETUP_NS ZE_SEC(60)
#define TICK	 1
#define STEPS	 16 /* a test may have more messages than a call */

static struct l2tp_session s;
static struct l2tp_fx fx;
static unsigned next_fx;
static ze_ns now;
static struct fsm_step steps[STEPS];
static bool row_hit[64];

static int setup(void **st)
{
	(void)st;
	now = ZE_SEC(50);
	fx.n = 0;
	next_fx = 0;
	l2tp_session_init(&s, OUR_SID, SETUP_NS, now);
	fsm_keep(&s.fsm, steps, STEPS);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	for (uint32_t i = 0; i < ring_count(&s.fsm.ring); i++)
		row_hit[steps[i].row] = true;
	l2tp_session_done(&s);
	return 0;
}

static void restart(void)
{
	teardown(NULL);
	setup(NULL);
}

static void input(const struct l2tp_msg *m, const struct l2tp_fault *f)
{
	fx.n = 0;
	next_fx = 0;
	l2tp_session_input(&s, m, f, now, &fx);
}

static struct l2tp_effect *expect_fx(enum l2tp_fx_kind kind)
{
	assert_true(next_fx < fx.n);
	assert_int_equal(fx.e[next_fx].kind, kind);
	return &fx.e[next_fx++];
}

static void quiet(void)
{
	assert_int_equal(next_fx, fx.n);
	fx.n = 0;
	next_fx = 0;
}

static void expect_state(enum l2tp_session_state st)
{
	assert_int_equal(s.fsm.state, st);
}

/* Every CDN has AVP 0, AVP 1 with an error code (10 octets at least), AVP 14, and the right
 * address. */
static struct l2tp_msg *expect_cdn(uint16_t result, uint16_t error, uint16_t hdr_sid)
{
	struct l2tp_effect *e = expect_fx(L2TP_FX_SEND);
	uint8_t buf[L2TP_MSG_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	assert_int_equal(e->send.sid, hdr_sid);
	assert_int_equal(e->send.msg.type, L2TP_CDN);
	assert_int_equal(e->send.msg.result.code, result);
	assert_int_equal(e->send.msg.result.error, error);
	assert_int_equal(e->send.msg.assigned_sid, OUR_SID);
	assert_int_equal(l2tp_msg_encode(&e->send.msg, NULL, &w), 0);
	/* Message Type, then Result Code */
	assert_int_equal(buf[8 + 5], AVP_RESULT_CODE);
	assert_true(buf[8 + 1] >= 10);
	return &e->send.msg;
}

static void expect_down(enum l2tp_down cause, uint16_t result, uint16_t error)
{
	struct l2tp_effect *e = expect_fx(L2TP_FX_SESSION_DOWN);

	assert_int_equal(e->down.cause, cause);
	assert_int_equal(e->down.result, result);
	assert_int_equal(e->down.error, error);
	assert_memory_equal(&s.down, &e->down, sizeof(s.down));
	expect_state(L2TP_S_DOWN);
	quiet();
	assert_int_equal(l2tp_session_deadline(&s), ZE_NEVER);
}

static void expect_refusal(enum reason why, uint16_t error, uint16_t hdr_sid)
{
	assert_int_equal(expect_fx(L2TP_FX_REFUSED)->refused.fault.reason, why);
	assert_true(expect_cdn(CDN_ERROR, error, hdr_sid)->result.text.len > 0);
	expect_down(L2TP_DOWN_PROTOCOL, CDN_ERROR, error);
}

static struct l2tp_msg bare(uint16_t type)
{
	return (struct l2tp_msg){ .type = type, .have = L2TP_BIT(AVP_MSG_TYPE) };
}

static struct l2tp_msg icrq(void)
{
	struct l2tp_msg m = bare(L2TP_ICRQ);

	m.have |= L2TP_BIT(AVP_ASSIGNED_SESSION_ID) | L2TP_BIT(AVP_CALL_SERIAL);
	m.assigned_sid = LAC_SID;
	m.call_serial = 1234;
	return m;
}

static struct l2tp_msg iccn(void)
{
	struct l2tp_msg m = bare(L2TP_ICCN);

	m.have |= L2TP_BIT(AVP_FRAMING_TYPE) | L2TP_BIT(AVP_TX_CONNECT_SPEED);
	m.framing_type = L2TP_FRAMING_SYNC;
	m.tx_speed_bps = 100000;
	return m;
}

static void wait_connect(void)
{
	struct l2tp_msg m = icrq();

	input(&m, NULL);
	expect_fx(L2TP_FX_SEND);
	quiet();
	expect_state(L2TP_S_WAIT_CONNECT);
}

static void up(void)
{
	struct l2tp_msg m = iccn();

	wait_connect();
	input(&m, NULL);
	expect_fx(L2TP_FX_SESSION_UP);
	quiet();
	expect_state(L2TP_S_ESTABLISHED);
}

static void start_in(enum l2tp_session_state st)
{
	restart();
	if (st == L2TP_S_WAIT_CONNECT)
		wait_connect();
	else if (st == L2TP_S_ESTABLISHED)
		up();
}

/* L-130, L-131 */
static void call_comes_up(void **st)
{
	struct l2tp_msg q = icrq(), n = iccn();
	struct l2tp_effect *e;

	(void)st;
	q.have |= L2TP_BIT(AVP_CALLED_NUMBER) | L2TP_BIT(AVP_CALLING_NUMBER) |
		  L2TP_BIT(AVP_SUB_ADDRESS) | L2TP_BIT(AVP_BEARER_TYPE) |
		  L2TP_BIT(AVP_PHYSICAL_CHANNEL);
	q.called_number = span_str("0800");
	q.calling_number = span_str("0123");
	q.sub_address = span_str("a");
	q.bearer_type = 1;
	q.physical_channel = 9;
	input(&q, NULL);
	e = expect_fx(L2TP_FX_SEND);
	quiet();
	assert_int_equal(e->send.sid, LAC_SID);
	assert_int_equal(e->send.msg.type, L2TP_ICRP);
	assert_int_equal(e->send.msg.assigned_sid, OUR_SID);
	assert_int_equal(e->send.msg.have, L2TP_BIT(0) | L2TP_BIT(14));
	assert_string_equal(l2tp_session_state_name(&s), "wait-connect");
	assert_string_equal(s.called_number, "0800");
	assert_string_equal(s.calling_number, "0123");
	assert_string_equal(s.sub_address, "a");
	assert_int_equal(s.call_serial, 1234);
	assert_int_equal(s.bearer_type, 1);
	assert_int_equal(s.physical_channel, 9);
	now += ZE_SEC(1);
	input(&n, NULL);
	expect_fx(L2TP_FX_SESSION_UP);
	quiet();
	assert_int_equal(s.established, now);
	assert_int_equal(s.tx_speed_bps, 100000);
	assert_int_equal(s.rx_speed_bps, 100000); /* the same when AVP 38 is absent */
	assert_int_equal(s.framing_type, L2TP_FRAMING_SYNC);
	assert_false(s.sequencing_required);
	assert_null(s.proxy);
}

static void iccn_details(void **st)
{
	struct l2tp_msg n = iccn();

	(void)st;
	wait_connect();
	n.have |= L2TP_BIT(AVP_RX_CONNECT_SPEED) | L2TP_BIT(AVP_SEQUENCING_REQUIRED);
	n.rx_speed_bps = 0;
	input(&n, NULL);
	assert_int_equal(s.rx_speed_bps, 0);
	assert_true(s.sequencing_required);
}

/* L-068: whatever its length, the copy is cut and terminated. */
static void numbers_are_cut(void **st)
{
	static const size_t lens[] = { 0, 1, 62, 63, 64, 1017 };
	uint8_t text[1017];

	(void)st;
	memset(text, '7', sizeof(text));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lens); i++) {
		struct l2tp_msg m = icrq();

		m.calling_number = span_of(text, lens[i]);
		input(&m, NULL);
		assert_int_equal(strlen(s.calling_number), lens[i] < 63 ? lens[i] : 63);
		restart();
	}
}

/* L-133, L-137: a missing value is unknown, and the call continues. */
static void optional_avps_may_be_missing(void **st)
{
	struct l2tp_msg q = icrq(), n = bare(L2TP_ICCN);

	(void)st;
	q.have &= ~L2TP_BIT(AVP_CALL_SERIAL);
	q.call_serial = 0;
	input(&q, NULL);
	expect_fx(L2TP_FX_SEND);
	quiet();
	input(&n, NULL);
	expect_fx(L2TP_FX_SESSION_UP);
	quiet();
	assert_int_equal(s.tx_speed_bps, 0);
}

/* L-051...L-053, L-060, L-132: a fault ends the call only. */
static void faults_cost_the_call(void **st)
{
	const struct l2tp_fault unknown = { .reason = REASON_AVP_UNKNOWN,
					    .error = L2TP_ERR_UNKNOWN_AVP,
					    .attr = 999 };
	const struct l2tp_fault length = { .reason = REASON_AVP_VALUE_LEN,
					   .error = L2TP_ERR_LENGTH,
					   .attr = AVP_TX_CONNECT_SPEED };
	const struct l2tp_fault missing = { .reason = REASON_AVP_MISSING,
					    .error = L2TP_ERR_VENDOR,
					    .attr = AVP_ASSIGNED_SESSION_ID };
	struct l2tp_msg q = icrq(), n = iccn(), wen = bare(L2TP_WEN);

	(void)st;
	input(&q, &unknown);
	assert_non_null(memmem(fx.text, sizeof(fx.text), "999", 3));
	expect_refusal(REASON_AVP_UNKNOWN, L2TP_ERR_UNKNOWN_AVP, LAC_SID);
	restart();
	q.assigned_sid = 0;
	input(&q, &missing);
	expect_refusal(REASON_AVP_MISSING, L2TP_ERR_VENDOR, 0);
	restart();
	wait_connect();
	input(&n, &length);
	expect_refusal(REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, LAC_SID);
	restart();
	up();
	input(&wen, &length); /* L-149, wrong length */
	expect_refusal(REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, LAC_SID);
}

/* L-138: an ICCN for an unknown call is only acknowledged. */
static void iccn_first(void **st)
{
	struct l2tp_msg n = iccn();

	(void)st;
	input(&n, NULL);
	expect_fx(L2TP_FX_REFUSED);
	expect_down(L2TP_DOWN_PROTOCOL, 0, 0);
}

/* L-139, L-140, L-141: a message that is wrong in this state. */
static void wrong_messages(void **st)
{
	static const struct {
		enum l2tp_session_state state;
		uint16_t type;
	} bad[] = {
		{ L2TP_S_IDLE, L2TP_ICRP },	    { L2TP_S_IDLE, L2TP_OCRQ },
		{ L2TP_S_WAIT_CONNECT, L2TP_ICRQ }, { L2TP_S_WAIT_CONNECT, L2TP_ICRP },
		{ L2TP_S_WAIT_CONNECT, L2TP_OCCN }, { L2TP_S_ESTABLISHED, L2TP_ICRQ },
		{ L2TP_S_ESTABLISHED, L2TP_ICRP },  { L2TP_S_ESTABLISHED, L2TP_ICCN },
		{ L2TP_S_ESTABLISHED, L2TP_OCRP },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(bad); i++) {
		struct l2tp_msg m = bare(bad[i].type);

		start_in(bad[i].state);
		input(&m, NULL);
		expect_refusal(REASON_FSM_EVENT, L2TP_ERR_VENDOR,
			       bad[i].state == L2TP_S_IDLE ? 0 : LAC_SID);
	}
}

/* L-142 ... L-146: a CDN is not answered, whatever its AVPs. */
static void peer_clears(void **st)
{
	static const struct l2tp_fault fault = { .reason = REASON_AVP_MISSING };

	(void)st;
	for (int state = L2TP_S_IDLE; state <= L2TP_S_ESTABLISHED; state++) {
		struct l2tp_msg m = bare(L2TP_CDN);

		m.have |= L2TP_BIT(AVP_RESULT_CODE) | L2TP_BIT(AVP_PPP_DISCONNECT_CAUSE);
		m.result = (struct l2tp_result){ .code = CDN_ADMIN, .error = 0 };
		m.disconnect = (struct l2tp_disconnect){ .code = 3, .direction = 2 };
		start_in((enum l2tp_session_state)state);
		input(&m, NULL);
		expect_down(L2TP_DOWN_PEER, CDN_ADMIN, 0);
		assert_int_equal(s.down.disconnect_code, 3);
		assert_int_equal(s.down.disconnect_direction, 2);
		input(&m, NULL); /* for nothing */
		quiet();
		start_in((enum l2tp_session_state)state);
		m = bare(L2TP_CDN);
		input(&m, &fault);
		expect_down(L2TP_DOWN_PEER, 0, 0);
	}
}

/* L-147: nothing just before the timeout, CDN at the timeout. */
static void no_iccn(void **st)
{
	ze_ns t0 = now;

	(void)st;
	assert_int_equal(l2tp_session_deadline(&s), ZE_NEVER);
	now += ZE_SEC(1);
	wait_connect();
	assert_int_equal(l2tp_session_deadline(&s), t0 + SETUP_NS);
	now = t0 + SETUP_NS - TICK;
	l2tp_session_expire(&s, now, &fx);
	quiet();
	now += TICK;
	l2tp_session_expire(&s, now, &fx);
	expect_cdn(CDN_TIMEOUT, 0, LAC_SID);
	expect_down(L2TP_DOWN_TIMEOUT, CDN_TIMEOUT, 0);
	restart();
	up();
	l2tp_session_expire(&s, ZE_NEVER - 1, &fx);
	quiet();
}

/* L-149, L-150 */
static void wen_and_sli(void **st)
{
	struct l2tp_msg wen = bare(L2TP_WEN), sli = bare(L2TP_SLI);

	(void)st;
	up();
	for (uint32_t i = 0; i < 6; i++)
		wen.call_errors[i] = i + 1;
	input(&wen, NULL);
	quiet();
	assert_memory_equal(s.call_errors, wen.call_errors, sizeof(s.call_errors));
	input(&sli, NULL);
	quiet();
	expect_state(L2TP_S_ESTABLISHED);
}

/* L-148: in each state; with the RFC 3145 cause only when there is one. */
static void we_close(void **st)
{
	struct l2tp_cdn_args a = { .cause = L2TP_DOWN_ADMIN, .result = CDN_ADMIN, .text = "bye" };

	(void)st;
	for (int state = L2TP_S_IDLE; state <= L2TP_S_ESTABLISHED; state++) {
		struct l2tp_msg *m;

		start_in((enum l2tp_session_state)state);
		a.disconnect_code = 0;
		l2tp_session_close(&s, &a, now, &fx);
		m = expect_cdn(CDN_ADMIN, 0, state == L2TP_S_IDLE ? 0 : LAC_SID);
		assert_int_equal(m->have, L2TP_BIT(0) | L2TP_BIT(1) | L2TP_BIT(14));
		assert_true(span_eq(m->result.text, span_str("bye")));
		expect_down(L2TP_DOWN_ADMIN, CDN_ADMIN, 0);
		l2tp_session_close(&s, &a, now, &fx);
		quiet();
	}
	start_in(L2TP_S_ESTABLISHED);
	a = (struct l2tp_cdn_args){ .cause = L2TP_DOWN_PPP,
				    .result = CDN_CARRIER_LOST,
				    .disconnect_code = 3,
				    .disconnect_proto = 0xc021,
				    .disconnect_direction = 1 };
	l2tp_session_close(&s, &a, now, &fx);
	assert_true(L2TP_HAS(&fx.e[0].send.msg, AVP_PPP_DISCONNECT_CAUSE));
	assert_int_equal(fx.e[0].send.msg.disconnect.proto, 0xc021);
	expect_cdn(CDN_CARRIER_LOST, 0, LAC_SID);
	expect_down(L2TP_DOWN_PPP, CDN_CARRIER_LOST, 0);
	assert_int_equal(s.down.disconnect_code, 3);
}

/* L-210: the call ends with the tunnel, without a message. */
static void tunnel_goes(void **st)
{
	static const struct l2tp_fx_down why = { .cause = L2TP_DOWN_TUNNEL, .result = 6 };

	(void)st;
	for (int state = L2TP_S_IDLE; state <= L2TP_S_ESTABLISHED; state++) {
		start_in((enum l2tp_session_state)state);
		l2tp_session_abandon(&s, &why, &fx);
		expect_down(L2TP_DOWN_TUNNEL, 6, 0);
		l2tp_session_abandon(&s, &why, &fx);
		quiet();
	}
}

/* A CDN for a call that never became a session. */
static void refused_before_it_was_one(void **st)
{
	const struct l2tp_cdn_args a = { .result = CDN_NO_FACILITIES_NOW };

	(void)st;
	l2tp_session_refuse(OUR_SID, LAC_SID, &a, &fx);
	expect_cdn(CDN_NO_FACILITIES_NOW, 0, LAC_SID);
	quiet();
}

static struct l2tp_msg iccn_with_proxy(void)
{
	struct l2tp_msg m = iccn();

	for (int i = AVP_INITIAL_RCVD_CONFREQ; i <= AVP_PROXY_AUTHEN_RESPONSE; i++)
		m.have |= L2TP_BIT(i);
	m.initial_rcvd_confreq = span_str("initial");
	m.last_sent_confreq = span_str("sent");
	m.last_rcvd_confreq = span_str("rcvd");
	m.proxy_authen_type = 2;
	m.proxy_authen_id = 8;
	m.proxy_authen_name = span_str("joe");
	m.proxy_authen_challenge = span_str("challenge");
	m.proxy_authen_response = span_str("response");
	return m;
}

static void proxy_is_copied(void **st)
{
	struct l2tp_msg m = iccn_with_proxy();

	(void)st;
	wait_connect();
	input(&m, NULL);
	expect_fx(L2TP_FX_SESSION_UP);
	assert_non_null(s.proxy);
	assert_int_equal(s.proxy->have, UINT64_C(0xff) << 26);
	assert_int_equal(s.proxy->authen_type, 2);
	assert_int_equal(s.proxy->authen_id, 8);
	assert_true(span_eq(s.proxy->initial_rcvd, m.initial_rcvd_confreq));
	assert_true(span_eq(s.proxy->last_sent, m.last_sent_confreq));
	assert_true(span_eq(s.proxy->last_rcvd, m.last_rcvd_confreq));
	assert_true(span_eq(s.proxy->name, m.proxy_authen_name));
	assert_true(span_eq(s.proxy->challenge, m.proxy_authen_challenge));
	assert_true(span_eq(s.proxy->response, m.proxy_authen_response));
	assert_ptr_not_equal(s.proxy->name.p, m.proxy_authen_name.p);
	restart();
	/* Windows sends type 4, none, and nothing else. */
	wait_connect();
	m = iccn();
	m.have |= L2TP_BIT(AVP_PROXY_AUTHEN_TYPE);
	m.proxy_authen_type = 4;
	input(&m, NULL);
	assert_int_equal(s.proxy->authen_type, 4);
	assert_null(s.proxy->response.p);
}

static void out_of_memory(void **st)
{
	struct l2tp_msg m = iccn_with_proxy();

	(void)st;
	if (!fail_alloc_works())
		skip();
	wait_connect();
	fail_alloc_at(0);
	input(&m, NULL);
	fail_alloc_off();
	expect_refusal(REASON_NO_MEMORY, L2TP_ERR_RESOURCES, LAC_SID);
}

static void no_memory_for_numbers(void **st)
{
	struct l2tp_msg m = icrq();

	(void)st;
	if (!fail_alloc_works())
		skip();
	m.have |= L2TP_BIT(AVP_CALLING_NUMBER);
	m.calling_number = span_str("0123");
	fail_alloc_at(0);
	input(&m, NULL);
	fail_alloc_off();
	expect_refusal(REASON_NO_MEMORY, L2TP_ERR_RESOURCES, LAC_SID);
	assert_string_equal(s.calling_number, "");
}

static void every_row_was_reached(void **st)
{
	(void)st;
	for (size_t i = 0; i < l2tp_session_fsm.nrows; i++) {
		if (!row_hit[i])
			fail_msg("row %zu of l2tp_session_fsm was never taken", i);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(call_comes_up),
		T(iccn_details),
		T(numbers_are_cut),
		T(optional_avps_may_be_missing),
		T(faults_cost_the_call),
		T(iccn_first),
		T(wrong_messages),
		T(peer_clears),
		T(no_iccn),
		T(wen_and_sli),
		T(we_close),
		T(tunnel_goes),
		T(refused_before_it_was_one),
		T(proxy_is_copied),
		T(out_of_memory),
		T(no_memory_for_numbers),
		cmocka_unit_test(every_row_was_reached), /* last */
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
