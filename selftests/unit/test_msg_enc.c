/* SPDX-License-Identifier: BSD-2-Clause */
/* Hidden AVPs in messages, and the encoder with and without hiding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/hidden.h"
#include "daemon/l2tp/msg.h"
#include "selftests/lib/l2tp_sample.h"
#include "selftests/lib/msgtest.h"

#define M    MSGTEST_M
#define H    MSGTEST_H
#define T(f) cmocka_unit_test_setup_teardown(f, msgtest_setup, msgtest_teardown)

#define SECRET span_str("zetest")

static void add_hidden(struct msgtest *c, uint16_t m, uint16_t type, struct span vector,
		       struct span clear)
{
	uint8_t buf[AVP_MAX_VALUE];
	struct wr w = wr_init(buf, sizeof(buf));

	avp_hide(&(struct avp_key){ type, SECRET, vector }, clear, 5, &w);
	assert_false(w.bad);
	msgtest_add(c, m | H, 0, type, wr_done(&w));
}

/* L-087, L-096: all AVPs that may be hidden are hidden, after one Random Vector, and are decoded
 * again. */
static void l087_hidden_round_trip(void **st)
{
	const struct l2tp_enc e = { .secret = SECRET, .vector = span_str("0123456789abcdef") };
	struct msgtest *c = *st;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		uint8_t clear[L2TP_MSG_MAX];
		struct wr w = wr_init(clear, sizeof(clear));
		struct l2tp_msg m;

		if (!l2tp_sample_msg(t, &m))
			continue;
		c->w = wr_init(c->buf, sizeof(c->buf));
		assert_int_equal(l2tp_msg_encode(&m, &e, &c->w), 0);
		c->secret = SECRET;
		assert_int_equal(msgtest_decode(c), 0);
		assert_int_equal(l2tp_msg_encode(&c->msg, NULL, &w), 0);
		msgtest_begin_full(c, t, 0);
		assert_true(span_eq(wr_done(&w), wr_done(&c->w)));
	}
}

/* L-096: the octets on the wire, read with the AVP walker alone. */
static void l096_hidden_avps_on_the_wire(void **st)
{
	const struct l2tp_enc e = { .secret = SECRET, .vector = span_str("0123456789abcdef") };
	struct msgtest *c = *st;
	struct l2tp_msg m;
	struct avp a;
	struct rd r;
	unsigned hidden = 0, clear = 0;

	l2tp_sample_msg(L2TP_SCCRQ, &m);
	c->w = wr_init(c->buf, sizeof(c->buf));
	assert_int_equal(l2tp_msg_encode(&m, &e, &c->w), 0);
	r = rd_span(wr_done(&c->w));
	assert_int_equal(avp_next(&r, &a), 1);
	assert_int_equal(a.type, AVP_MSG_TYPE);
	assert_int_equal(avp_next(&r, &a), 1);
	assert_int_equal(a.type, AVP_RANDOM_VECTOR);
	assert_true(span_eq(a.value, e.vector));
	while (avp_next(&r, &a) > 0) {
		const struct avp_spec *s = avp_spec_find(0, a.type);

		assert_int_equal(!!(a.flags & AVP_F_HIDDEN), s->may_hide);
		assert_int_equal(!!(a.flags & AVP_F_MANDATORY), s->mandatory);
		assert_int_equal(a.flags & AVP_F_RESERVED, 0);
		hidden += s->may_hide;
		clear += !s->may_hide;
	}
	assert_int_equal(hidden, 6); /* 3 4 6 8 9 11 */
	assert_int_equal(clear, 4);  /* 2 5 7 10 */
}

/* L-096: nothing is hidden unless both a secret and a vector are given and the message has an
 * AVP that may be hidden. */
static void hiding_is_off_by_default(void **st)
{
	static const struct {
		const char *secret, *vector;
	} rows[] = { { NULL, NULL }, { "zetest", NULL }, { NULL, "0123456789abcdef" } };
	struct msgtest *c = *st;
	struct l2tp_msg m;
	uint8_t buf[L2TP_MSG_MAX];

	l2tp_sample_msg(L2TP_SCCRQ, &m);
	msgtest_begin_full(c, L2TP_SCCRQ, 0);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		const struct l2tp_enc e = { .secret = span_str(rows[i].secret),
					    .vector = span_str(rows[i].vector) };
		struct wr w = wr_init(buf, sizeof(buf));

		assert_int_equal(l2tp_msg_encode(&m, &e, &w), 0);
		assert_true(span_eq(wr_done(&w), wr_done(&c->w)));
	}
	m = (struct l2tp_msg){ .type = L2TP_HELLO };
	c->w = wr_init(c->buf, sizeof(c->buf));
	assert_int_equal(
		l2tp_msg_encode(&m, &(struct l2tp_enc){ SECRET, span_str("vector") }, &c->w), 0);
	assert_int_equal(wr_len(&c->w), 8);
}

/* L-088: the M bit decides. */
static void l088_hidden_without_vector(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin(c, L2TP_ICRQ);
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 7);
	add_hidden(c, M, AVP_CALLING_NUMBER, span_str("v"), span_str("0203"));
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v")); /* too late */
	c->secret = SECRET;
	msgtest_fault(c, REASON_HIDDEN_NO_VECTOR, L2TP_ERR_VALUE, AVP_CALLING_NUMBER);
	msgtest_begin(c, L2TP_ICRQ);
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 7);
	add_hidden(c, 0, AVP_CALLING_NUMBER, span_str("v"), span_str("0203"));
	c->secret = SECRET;
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.ignored, 1);
}

static void hidden_without_secret_or_room(void **st)
{
	struct msgtest *c = *st;
	struct l2tp_dec d = { .secret = SECRET, .scratch = c->scratch };

	msgtest_begin(c, L2TP_ICRQ);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
	add_hidden(c, M, AVP_CALLING_NUMBER, span_str("v"), span_str("0203"));
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 7);
	msgtest_fault(c, REASON_HIDDEN_NO_SECRET, L2TP_ERR_VALUE, AVP_CALLING_NUMBER);
	assert_int_equal(c->msg.assigned_sid, 7);
	/* a scratch buffer that is too small is refused, and not overrun */
	for (d.scratch_size = 0; d.scratch_size < 11; d.scratch_size++)
		assert_int_equal(l2tp_msg_decode(wr_done(&c->w), &d, &c->msg, &c->fault),
				 -REASON_NO_MEMORY);
	assert_int_equal(l2tp_msg_decode(wr_done(&c->w), &d, &c->msg, &c->fault), 0);
}

/* L-089: xl2tpd sends a Random Vector in every message; an empty one is accepted, too. */
static void l089_vector_but_nothing_hidden(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_SCCRQ, 0);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("0123456789abcdef"));
	avp_put(&c->w, AVP_RANDOM_VECTOR, (struct span){ 0 });
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.ignored, 0);
}

/* L-090, L-091: padded values, each after its own vector. */
static void l090_nearest_preceding_vector(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin(c, L2TP_ICRQ);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("first vector"));
	add_hidden(c, M, AVP_ASSIGNED_SESSION_ID, span_str("first vector"), span_of("\0\7", 2));
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("second"));
	add_hidden(c, M, AVP_CALLING_NUMBER, span_str("second"), span_str("020 7946 0000 0000 00"));
	add_hidden(c, M, AVP_CALLED_NUMBER, span_str("second"), span_str(""));
	c->secret = SECRET;
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.assigned_sid, 7);
	msgtest_text(c->msg.calling_number, "020 7946 0000 0000 00");
	assert_true(L2TP_HAS(&c->msg, AVP_CALLED_NUMBER));
	assert_int_equal(c->msg.called_number.len, 0);
}

/* L-092: in a message; the bounds of the table apply to the decrypted value. */
static void l092_wrong_secret_or_length(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin(c, L2TP_ICRQ);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
	add_hidden(c, M, AVP_ASSIGNED_SESSION_ID, span_str("v"), span_of("\0\7", 2));
	c->secret = span_str("wrong");
	msgtest_fault(c, REASON_HIDDEN_LEN, L2TP_ERR_LENGTH, AVP_ASSIGNED_SESSION_ID);
	msgtest_begin(c, L2TP_ICRQ);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
	add_hidden(c, M, AVP_ASSIGNED_SESSION_ID, span_str("v"), span_of("\0\0\7", 3));
	c->secret = SECRET;
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_ASSIGNED_SESSION_ID);
	msgtest_begin(c, L2TP_ICRQ);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
	add_hidden(c, M, AVP_ASSIGNED_SESSION_ID, span_str("v"), span_of("\0\0", 2));
	c->secret = SECRET;
	msgtest_fault(c, REASON_AVP_VALUE, L2TP_ERR_VALUE, AVP_ASSIGNED_SESSION_ID);
}

/* L-093 */
static void l093_hidden_of_no_length(void **st)
{
	struct msgtest *c = *st;

	for (size_t n = 0; n < 2; n++) {
		msgtest_begin_full(c, L2TP_ICRQ, L2TP_BIT(AVP_CALLING_NUMBER));
		avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
		msgtest_zeros(c, M | H, AVP_CALLING_NUMBER, n);
		c->secret = SECRET;
		msgtest_fault(c, REASON_HIDDEN_LEN, L2TP_ERR_LENGTH, AVP_CALLING_NUMBER);
	}
}

/* L-094: in every message, also where the AVP does not belong to it. */
static void l094_never_hidden_avps(void **st)
{
	static const uint16_t never[] = { 0, 1, 2, 5, 7, 10, 12, 36, 39 };
	struct msgtest *c = *st;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(never); i++) {
		for (uint16_t t = L2TP_SCCRQ; t <= L2TP_SLI; t++) {
			struct l2tp_msg m;

			if (!l2tp_sample_msg(t, &m))
				continue;
			msgtest_begin_full(c, t, L2TP_BIT(never[i]));
			avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
			add_hidden(c, M, never[i], span_str("v"), span_of("\0\1", 2));
			c->secret = SECRET;
			msgtest_fault(c, REASON_HIDDEN_FORBIDDEN, L2TP_ERR_VALUE, never[i]);
		}
	}
	c->w = wr_init(c->buf, sizeof(c->buf));
	msgtest_add(c, M | H, 0, AVP_MSG_TYPE, span_of("\0\6", 2));
	msgtest_fault(c, REASON_HIDDEN_FORBIDDEN, L2TP_ERR_VALUE, AVP_MSG_TYPE);
	msgtest_begin(c, L2TP_HELLO);
	add_hidden(c, 0, AVP_SEQUENCING_REQUIRED, span_str("v"), span_str(""));
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.ignored, 1);
}

/* L-095: the Host Name is found first, then the message is decoded with the secret of that host. */
static void l095_host_name_before_the_secret(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin(c, L2TP_SCCRQ);
	avp_put(&c->w, AVP_RANDOM_VECTOR, span_str("v"));
	add_hidden(c, M, AVP_ASSIGNED_TUNNEL_ID, span_str("v"), span_of("\0\x2a", 2));
	avp_put_u16(&c->w, AVP_PROTOCOL_VERSION, 0x0100);
	avp_put(&c->w, AVP_FRAMING_CAPS, span_of("\0\0\0\3", 4));
	avp_put(&c->w, AVP_HOST_NAME, span_str("lac.example"));
	msgtest_text(l2tp_msg_peek_host_name(wr_done(&c->w)), "lac.example");
	c->secret = SECRET;
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.assigned_tid, 42);
}

static void peek_finds_only_what_decode_would(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin(c, L2TP_SCCRQ);
	assert_int_equal(l2tp_msg_peek_host_name(wr_done(&c->w)).len, 0);
	msgtest_add(c, M, 9, AVP_HOST_NAME, span_str("vendor"));
	msgtest_add(c, M | H, 0, AVP_HOST_NAME, span_str("hidden"));
	msgtest_add(c, M | 0x0400, 0, AVP_HOST_NAME, span_str("reserved"));
	msgtest_add(c, M, 0, AVP_HOST_NAME, span_str(""));
	msgtest_add(c, M, 0, AVP_VENDOR_NAME, span_str("other"));
	assert_int_equal(l2tp_msg_peek_host_name(wr_done(&c->w)).len, 0);
	msgtest_add(c, 0, 0, AVP_HOST_NAME, span_str("right"));
	msgtest_add(c, M, 0, AVP_HOST_NAME, span_str("second"));
	msgtest_text(l2tp_msg_peek_host_name(wr_done(&c->w)), "right");
	/* a Host Name that cannot be reached */
	msgtest_begin(c, L2TP_SCCRQ);
	wr_u16(&c->w, 5);
	msgtest_add(c, M, 0, AVP_HOST_NAME, span_str("behind"));
	assert_int_equal(l2tp_msg_peek_host_name(wr_done(&c->w)).len, 0);
}

static void message_too_long(void **st)
{
	static const uint8_t octets[2000];
	const struct l2tp_enc e = { .secret = SECRET, .vector = span_str("0123456789abcdef") };
	struct msgtest *c = *st;
	struct l2tp_msg m = { .type = L2TP_ICCN, .have = L2TP_BIT(AVP_PRIVATE_GROUP_ID) };

	/* a value that is too long for its AVP */
	m.private_group_id = span_of(octets, AVP_MAX_VALUE + 1);
	msgtest_begin(c, 0);
	assert_int_equal(l2tp_msg_encode(&m, NULL, &c->w), -REASON_MSG_TOO_LONG);
	assert_true(c->w.bad);
	/* hidden, the original length needs two more octets */
	m.private_group_id.len = AVP_MAX_VALUE - 2;
	msgtest_begin(c, 0);
	assert_int_equal(l2tp_msg_encode(&m, &e, &c->w), 0);
	m.private_group_id.len++;
	msgtest_begin(c, 0);
	assert_int_equal(l2tp_msg_encode(&m, &e, &c->w), -REASON_MSG_TOO_LONG);
	msgtest_begin(c, 0);
	assert_int_equal(l2tp_msg_encode(&m, NULL, &c->w), 0);
	/* several AVPs that are too long together: the last octet that fits, and one more */
	m.have |= L2TP_BIT(AVP_PROXY_AUTHEN_NAME);
	m.private_group_id.len = 1000;
	m.proxy_authen_name = span_of(octets, L2TP_MSG_MAX - 8 - 1006 - 6);
	msgtest_begin(c, 0);
	assert_int_equal(l2tp_msg_encode(&m, NULL, &c->w), 0);
	assert_int_equal(wr_len(&c->w), 8 + L2TP_MSG_MAX);
	m.proxy_authen_name.len++;
	msgtest_begin(c, 0);
	assert_int_equal(l2tp_msg_encode(&m, NULL, &c->w), -REASON_MSG_TOO_LONG);
	assert_true(c->w.bad);
}

static void encoder_without_room(void **st)
{
	const struct l2tp_enc e = { .secret = SECRET, .vector = span_str("0123456789abcdef") };
	struct msgtest *c = *st;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		struct l2tp_msg m;
		size_t full;

		if (!l2tp_sample_msg(t, &m))
			continue;
		c->w = wr_init(c->buf, sizeof(c->buf));
		assert_int_equal(l2tp_msg_encode(&m, &e, &c->w), 0);
		full = wr_len(&c->w);
		for (size_t n = 0; n < full; n++) {
			uint8_t *buf = malloc(n ? n : 1);
			struct wr w = wr_init(buf, n);

			assert_int_equal(l2tp_msg_encode(&m, &e, &w), -REASON_MSG_TOO_LONG);
			free(buf);
		}
	}
}

/* `have` may be what was received: bits without an attribute are not sent. */
static void encoder_skips_what_is_no_avp(void **st)
{
	struct msgtest *c = *st;
	struct l2tp_msg m = { .type = L2TP_HELLO, .random_vector = span_str("v") };

	m.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_RANDOM_VECTOR) | L2TP_BIT(20) | L2TP_BIT(63);
	c->w = wr_init(c->buf, sizeof(c->buf));
	assert_int_equal(l2tp_msg_encode(&m, NULL, &c->w), 0);
	assert_int_equal(wr_len(&c->w), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(l087_hidden_round_trip),
		T(l096_hidden_avps_on_the_wire),
		T(hiding_is_off_by_default),
		T(l088_hidden_without_vector),
		T(hidden_without_secret_or_room),
		T(l089_vector_but_nothing_hidden),
		T(l090_nearest_preceding_vector),
		T(l092_wrong_secret_or_length),
		T(l093_hidden_of_no_length),
		T(l094_never_hidden_avps),
		T(l095_host_name_before_the_secret),
		T(peek_finds_only_what_decode_would),
		T(message_too_long),
		T(encoder_without_room),
		T(encoder_skips_what_is_no_avp),
	};

	return cmocka_run_group_tests_name("msg_enc", tests, NULL, NULL);
}
