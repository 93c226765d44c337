/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding by the M rule of RFC 2661 4.1. Fixed octets are in selftests/vectors; hidden AVPs and
 * the encoder are in test_msg_enc.c. */
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
#include "daemon/l2tp/msg.h"
#include "selftests/lib/l2tp_sample.h"
#include "selftests/lib/msgtest.h"

#define M    MSGTEST_M
#define H    MSGTEST_H
#define T(f) cmocka_unit_test_setup_teardown(f, msgtest_setup, msgtest_teardown)

/* ---- round trips ---- */

static void every_message_survives_a_round_trip(void **st)
{
	struct msgtest *c = *st;

	for (uint16_t t = 0; t <= L2TP_MSG__COUNT; t++) {
		uint8_t again[L2TP_MSG_MAX];
		struct wr w = wr_init(again, sizeof(again));
		struct l2tp_msg m;

		if (!l2tp_sample_msg(t, &m))
			continue;
		msgtest_begin_full(c, t, 0);
		assert_int_equal(msgtest_decode(c), 0);
		assert_int_equal(c->msg.type, t);
		assert_true(c->msg.type_mandatory);
		assert_int_equal(c->msg.ignored, 0);
		assert_int_equal(c->msg.have, l2tp_sample_avps(t) | L2TP_BIT(AVP_MSG_TYPE));
		assert_int_equal(l2tp_msg_encode(&c->msg, NULL, &w), 0);
		assert_true(span_eq(wr_done(&w), wr_done(&c->w)));
	}
}

static void every_field_arrives(void **st)
{
	struct msgtest *c = *st;
	struct l2tp_msg *m = &c->msg;

	msgtest_begin_full(c, L2TP_SCCRQ, 0);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(m->protocol_version, 0x0100);
	assert_int_equal(m->framing_caps, 3);
	assert_int_equal(m->bearer_caps, 1);
	assert_int_equal(m->tie_breaker, UINT64_C(0x0102030405060708));
	assert_int_equal(m->firmware_revision, 0x0690);
	msgtest_text(m->host_name, "lns.example");
	msgtest_text(m->vendor_name, "ze");
	assert_int_equal(m->assigned_tid, 0x1234);
	assert_int_equal(m->rws, 8);
	msgtest_text(m->challenge, "challenge-octets");
	msgtest_begin_full(c, L2TP_OCRQ, 0);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(m->assigned_sid, 0x5678);
	assert_int_equal(m->call_serial, 77);
	assert_int_equal(m->minimum_bps, 9600);
	assert_int_equal(m->maximum_bps, 56000);
	assert_int_equal(m->bearer_type, 2);
	assert_int_equal(m->framing_type, 1);
	msgtest_text(m->called_number, "0101");
	msgtest_text(m->sub_address, "5");
	msgtest_begin_full(c, L2TP_ICCN, 0);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(m->tx_speed_bps, 24000000);
	assert_int_equal(m->rx_speed_bps, 1000000);
	assert_int_equal(m->proxy_authen_type, 2);
	assert_int_equal(m->proxy_authen_id, 5);
	msgtest_text(m->proxy_authen_name, "alice@example.net");
	msgtest_text(m->proxy_authen_challenge, "chap-challenge");
	msgtest_text(m->proxy_authen_response, "chap-response-16");
	msgtest_text(m->private_group_id, "vrf-a");
	assert_int_equal(m->initial_rcvd_confreq.len, 10);
	assert_int_equal(m->last_sent_confreq.len, 10);
	assert_int_equal(m->last_rcvd_confreq.len, 10);
	assert_true(L2TP_HAS(m, AVP_SEQUENCING_REQUIRED));
	msgtest_begin_full(c, L2TP_CDN, 0);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(m->q931.cause, 16);
	assert_int_equal(m->q931.msg, 0x45);
	msgtest_text(m->q931.text, "normal clearing");
	assert_int_equal(m->disconnect.code, 3);
	assert_int_equal(m->disconnect.proto, 0xc021);
	assert_int_equal(m->disconnect.direction, 1);
	msgtest_text(m->disconnect.text, "bye");
}

/* L-149: the counters of a WEN, and a wrong length under the M rule. */
static void l149_wen_and_sli(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_WEN, 0);
	assert_int_equal(msgtest_decode(c), 0);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(c->msg.call_errors[i], i + 1);
	msgtest_begin(c, L2TP_WEN);
	msgtest_zeros(c, M, AVP_CALL_ERRORS, 24);
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_CALL_ERRORS);
	msgtest_begin_full(c, L2TP_SLI, 0);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.accm[0], 0xffffffff);
	assert_int_equal(c->msg.accm[1], 0x000a0000);
}

/* ---- lengths, from the table ---- */

static const struct msg_of {
	uint16_t type, msg;
} any_message_of[] = { /* one message for each attribute */
		       { 1, L2TP_CDN },	   { 2, L2TP_SCCRQ },  { 3, L2TP_SCCRQ },
		       { 4, L2TP_SCCRQ },  { 5, L2TP_SCCRQ },  { 6, L2TP_SCCRQ },
		       { 7, L2TP_SCCRQ },  { 8, L2TP_SCCRQ },  { 9, L2TP_SCCRQ },
		       { 10, L2TP_SCCRQ }, { 11, L2TP_SCCRQ }, { 12, L2TP_CDN },
		       { 13, L2TP_SCCCN }, { 14, L2TP_ICRQ },  { 15, L2TP_ICRQ },
		       { 16, L2TP_OCRQ },  { 17, L2TP_OCRQ },  { 18, L2TP_ICRQ },
		       { 19, L2TP_ICCN },  { 21, L2TP_ICRQ },  { 22, L2TP_ICRQ },
		       { 23, L2TP_ICRQ },  { 24, L2TP_ICCN },  { 25, L2TP_ICRQ },
		       { 26, L2TP_ICCN },  { 27, L2TP_ICCN },  { 28, L2TP_ICCN },
		       { 29, L2TP_ICCN },  { 30, L2TP_ICCN },  { 31, L2TP_ICCN },
		       { 32, L2TP_ICCN },  { 33, L2TP_ICCN },  { 34, L2TP_WEN },
		       { 35, L2TP_SLI },   { 36, L2TP_HELLO }, { 37, L2TP_ICCN },
		       { 38, L2TP_ICCN },  { 39, L2TP_ICCN },  { 46, L2TP_CDN }
};

/* Adds attribute `type` with n octets to a message that is otherwise complete. Digits are good
 * values for all kinds: not zero, and a speed in ASCII. */
static void with_length(struct msgtest *c, const struct msg_of *row, uint16_t flags, size_t n)
{
	uint8_t value[AVP_MAX_VALUE];

	memset(value, '1', sizeof(value));
	msgtest_begin_full(c, row->msg, L2TP_BIT(row->type));
	msgtest_add(c, flags, 0, row->type, span_of(value, n));
}

static void assert_bad_length(struct msgtest *c, const struct msg_of *row, size_t n)
{
	uint64_t other = l2tp_sample_avps(row->msg) & ~L2TP_BIT(row->type);
	int r;

	with_length(c, row, M, n);
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, row->type);
	assert_int_equal(c->msg.type, row->msg);
	assert_int_equal(c->msg.have & ~L2TP_BIT(AVP_MSG_TYPE), other);
	/* without M: as if it were absent, 4.1 */
	with_length(c, row, 0, n);
	r = msgtest_decode(c);
	assert_true(r == 0 || r == -REASON_AVP_MISSING);
	assert_int_equal(c->msg.ignored, 1);
	assert_false(L2TP_HAS(&c->msg, row->type));
}

static void every_avp_good_short_and_long(void **st)
{
	struct msgtest *c = *st;
	size_t tested = 0;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(any_message_of); i++, tested++) {
		const struct msg_of *row = &any_message_of[i];
		const struct avp_spec *s = avp_spec_find(0, row->type);

		with_length(c, row, M, s->min);
		assert_int_equal(msgtest_decode(c), 0);
		assert_true(L2TP_HAS(&c->msg, row->type));
		/* a speed of 10 digits may exceed 32 bits, this one does not */
		with_length(c, row, 0, s->max);
		assert_int_equal(msgtest_decode(c), 0);
		assert_true(L2TP_HAS(&c->msg, row->type));
		for (size_t n = 0; n < s->min; n++)
			assert_bad_length(c, row, n);
		if (s->max == AVP_MAX_VALUE)
			continue; /* the length field cannot hold more */
		for (size_t n = s->max + 1u; n < s->max + 40u; n++)
			assert_bad_length(c, row, n);
		assert_bad_length(c, row, AVP_MAX_VALUE);
	}
	for (uint16_t t = 1; t < AVP__COUNT; t++)
		tested -= avp_spec_find(0, t) != NULL;
	assert_int_equal(tested, 0);
}

/* L-058: the following AVPs cannot be found, so that even an AVP without M ends the message. */
static void l058_unwalkable_messages(void **st)
{
	struct msgtest *c = *st;

	for (uint16_t len = 0; len <= 0x3ff; len++) {
		if (len >= 6 && len <= 10)
			continue;
		for (unsigned m = 0; m <= M; m += M) {
			msgtest_begin(c, L2TP_HELLO);
			wr_u16(&c->w, (uint16_t)(m | len));
			wr_u16(&c->w, 7);
			wr_u16(&c->w, 99);
			wr_u32(&c->w, 0);
			msgtest_fault(c, REASON_AVP_LEN, L2TP_ERR_LENGTH, 99);
			assert_int_equal(c->fault.vendor, 7);
			assert_int_equal(c->msg.type, L2TP_HELLO);
		}
	}
	msgtest_begin(c, L2TP_HELLO);
	wr_u32(&c->w, 0x80060000);
	msgtest_fault(c, REASON_AVP_SHORT, L2TP_ERR_LENGTH, 0);
}

static void every_prefix_of_every_message(void **st)
{
	struct msgtest *c = *st;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		struct l2tp_msg m;

		if (!l2tp_sample_msg(t, &m))
			continue;
		msgtest_begin_full(c, t, 0);
		for (size_t n = 0; n < wr_len(&c->w); n++)
			msgtest_decode_span(c, span_of(c->buf, n));
	}
}

/* ---- message type ---- */

/* L-063 */
static void l063_message_type_comes_first(void **st)
{
	struct msgtest *c = *st;

	c->w = wr_init(c->buf, sizeof(c->buf));
	msgtest_fault(c, REASON_AVP_FIRST, L2TP_ERR_VALUE, 0);
	avp_put_u16(&c->w, AVP_ASSIGNED_TUNNEL_ID, 5);
	avp_put_u16(&c->w, AVP_MSG_TYPE, L2TP_SCCRQ);
	msgtest_fault(c, REASON_AVP_FIRST, L2TP_ERR_VALUE, AVP_ASSIGNED_TUNNEL_ID);
	assert_int_equal(c->msg.type, 0);
	assert_int_equal(c->msg.have, 0);
	c->w = wr_init(c->buf, sizeof(c->buf));
	msgtest_add(c, M, 9, AVP_MSG_TYPE, span_of("\0\1", 2));
	msgtest_fault(c, REASON_AVP_FIRST, L2TP_ERR_VALUE, AVP_MSG_TYPE);
	assert_int_equal(c->fault.vendor, 9);
}

static void message_type_is_never_optional(void **st)
{
	struct msgtest *c = *st;

	for (unsigned m = 0; m <= M; m += M) {
		for (size_t n = 0; n < 5; n++) {
			if (n == 2)
				continue;
			c->w = wr_init(c->buf, sizeof(c->buf));
			msgtest_zeros(c, (uint16_t)m, AVP_MSG_TYPE, n);
			msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_MSG_TYPE);
		}
		c->w = wr_init(c->buf, sizeof(c->buf));
		msgtest_add(c, (uint16_t)(m | 0x0400), 0, AVP_MSG_TYPE, span_of("\0\1", 2));
		msgtest_fault(c, REASON_AVP_RESERVED, L2TP_ERR_UNKNOWN_AVP, AVP_MSG_TYPE);
	}
	c->w = wr_init(c->buf, sizeof(c->buf));
	wr_u32(&c->w, 0x80080000);
	msgtest_fault(c, REASON_AVP_SHORT, L2TP_ERR_LENGTH, 0);
	wr_u16(&c->w, 0);
	msgtest_fault(c, REASON_AVP_LEN, L2TP_ERR_LENGTH, 0);
}

/* L-064: also with AVPs that would be refused in a known message. */
static void l064_unknown_optional_message(void **st)
{
	struct msgtest *c = *st;

	c->w = wr_init(c->buf, sizeof(c->buf));
	msgtest_add(c, 0, 0, AVP_MSG_TYPE, span_of("\0\x1c", 2));
	msgtest_zeros(c, M, 999, 4);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.type, 28);
	assert_false(c->msg.type_mandatory);
}

/* L-065, L-066 */
static void l065_unknown_mandatory_message(void **st)
{
	static const uint16_t types[] = { 99, 5, 13, 0, 17, 0xffff };
	struct msgtest *c = *st;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(types); i++) {
		msgtest_begin(c, types[i]);
		msgtest_fault(c, REASON_MSG_UNKNOWN_MANDATORY, L2TP_ERR_UNKNOWN_AVP, AVP_MSG_TYPE);
		assert_int_equal(c->msg.type, types[i]);
		assert_true(c->msg.type_mandatory);
	}
}

static void names_and_scope_of_messages(void **st)
{
	static const char *const names[] = { "unknown", "SCCRQ", "SCCRP",  "SCCCN",   "StopCCN",
					     "unknown", "HELLO", "OCRQ",   "OCRP",    "OCCN",
					     "ICRQ",	"ICRP",	 "ICCN",   "unknown", "CDN",
					     "WEN",	"SLI",	 "unknown" };

	(void)st;
	for (uint16_t t = 0; t < ZE_ARRAY_SIZE(names); t++) {
		assert_string_equal(l2tp_msg_name(t), names[t]);
		assert_int_equal(l2tp_msg_is_call(t),
				 t >= L2TP_OCRQ && strcmp(names[t], "unknown") != 0);
	}
}

/* ---- required and forbidden AVPs ---- */

/* L-023, L-024: and all other required AVPs, by 6.1 to 6.14. */
static void l023_required_avps(void **st)
{
	static const struct {
		uint16_t msg, avps[8];
	} rows[] = {
		{ L2TP_SCCRQ, { 2, 3, 7, 9 } }, { L2TP_SCCRP, { 2, 3, 7, 9 } },
		{ L2TP_STOPCCN, { 1, 9 } },	{ L2TP_OCRQ, { 14, 15, 16, 17, 18, 19, 21 } },
		{ L2TP_OCRP, { 14 } },		{ L2TP_OCCN, { 19, 24 } },
		{ L2TP_ICRQ, { 14 } },		{ L2TP_ICRP, { 14 } },
		{ L2TP_CDN, { 1, 14 } },	{ L2TP_WEN, { 34 } },
		{ L2TP_SLI, { 35 } },
	};
	struct msgtest *c = *st;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint64_t required = 0;

		for (const uint16_t *a = rows[i].avps; *a; a++) {
			required |= L2TP_BIT(*a);
			msgtest_begin_full(c, rows[i].msg, L2TP_BIT(*a));
			msgtest_fault(c, REASON_AVP_MISSING, L2TP_ERR_VENDOR, *a);
			/* the others are decoded, for the answer */
			assert_int_equal(c->msg.have & ~L2TP_BIT(AVP_MSG_TYPE),
					 l2tp_sample_avps(rows[i].msg) & ~L2TP_BIT(*a));
		}
		msgtest_begin_full(c, rows[i].msg, ~required);
		assert_int_equal(msgtest_decode(c), 0);
	}
}

/* Practice in the field: 15 in ICRQ, 19 and 24 in ICCN may be absent; so may the optional AVPs
 * of SCCCN, and those of HELLO. */
static void absent_by_field_practice(void **st)
{
	static const uint16_t empty[] = { L2TP_SCCCN, L2TP_HELLO, L2TP_ICCN };
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_ICRQ, L2TP_BIT(AVP_CALL_SERIAL));
	assert_int_equal(msgtest_decode(c), 0);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(empty); i++) {
		msgtest_begin(c, empty[i]);
		assert_int_equal(msgtest_decode(c), 0);
	}
}

/* L-024, and the other ids and sizes that must not be 0. */
static void l024_zero_is_out_of_range(void **st)
{
	static const struct msg_of rows[] = { { AVP_ASSIGNED_TUNNEL_ID, L2TP_SCCRQ },
					      { AVP_RECEIVE_WINDOW_SIZE, L2TP_SCCRQ },
					      { AVP_ASSIGNED_SESSION_ID, L2TP_ICRQ } };
	struct msgtest *c = *st;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		msgtest_begin_full(c, rows[i].msg, L2TP_BIT(rows[i].type));
		msgtest_zeros(c, M, rows[i].type, 2);
		msgtest_fault(c, REASON_AVP_VALUE, L2TP_ERR_VALUE, rows[i].type);
		assert_false(L2TP_HAS(&c->msg, rows[i].type));
	}
	assert_int_equal(c->msg.assigned_sid, 0);
	/* M=0 does not make a required AVP optional */
	msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID));
	msgtest_zeros(c, 0, AVP_ASSIGNED_TUNNEL_ID, 2);
	msgtest_fault(c, REASON_AVP_MISSING, L2TP_ERR_VENDOR, AVP_ASSIGNED_TUNNEL_ID);
}

/* L-028 */
static void l028_empty_host_name(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_HOST_NAME));
	msgtest_zeros(c, M, AVP_HOST_NAME, 0);
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_HOST_NAME);
	assert_int_equal(c->msg.assigned_tid, 0x1234);
}

/* L-029: any octets, as many as the length field can hold. L-068: the same for a Calling Number. */
static void l029_long_and_odd_names(void **st)
{
	struct msgtest *c = *st;
	uint8_t name[AVP_MAX_VALUE];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (uint8_t)i; /* with NUL, ESC, CR LF, and not UTF-8 */
	msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_HOST_NAME));
	msgtest_add(c, M, 0, AVP_HOST_NAME, span_of(name, sizeof(name)));
	assert_int_equal(msgtest_decode(c), 0);
	assert_true(span_eq(c->msg.host_name, span_of(name, sizeof(name))));
	msgtest_begin(c, L2TP_ICRQ);
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 1);
	msgtest_add(c, M, 0, AVP_CALLING_NUMBER, span_of(name, sizeof(name)));
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.calling_number.len, 1017);
}

/* A well-known AVP that does not belong to this message, as mpd5 sends in SCCCN. */
static void avps_of_other_messages_are_ignored(void **st)
{
	struct msgtest *c = *st;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		struct l2tp_msg m;

		if (!l2tp_sample_msg(t, &m))
			continue;
		for (uint16_t a = 1; a < AVP__COUNT; a++) {
			if (!avp_spec_find(0, a) || a == AVP_RANDOM_VECTOR ||
			    (l2tp_sample_avps(t) & L2TP_BIT(a)))
				continue;
			msgtest_begin_full(c, t, 0);
			msgtest_zeros(c, M, a, 1); /* not even of a valid length */
			assert_int_equal(msgtest_decode(c), 0);
			assert_int_equal(c->msg.ignored, 1);
			assert_false(L2TP_HAS(&c->msg, a));
		}
	}
}

/* L-062: the first occurrence is used, for all kinds. */
static void l062_first_of_duplicates_wins(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_ICRQ, 0);
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 0x9999);
	avp_put(&c->w, AVP_CALLING_NUMBER, span_str("other"));
	avp_put_u16(&c->w, AVP_MSG_TYPE, L2TP_CDN);
	msgtest_zeros(c, M, AVP_CALL_SERIAL, 1);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.type, L2TP_ICRQ);
	assert_int_equal(c->msg.assigned_sid, 0x5678);
	msgtest_text(c->msg.calling_number, "0203");
	assert_int_equal(c->msg.ignored, 4);
	/* an invalid first occurrence does not count */
	msgtest_begin(c, L2TP_ICRQ);
	msgtest_zeros(c, 0, AVP_ASSIGNED_SESSION_ID, 2);
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 7);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.assigned_sid, 7);
}

/* ---- the M rule ---- */

/* L-050 */
static void l050_unknown_optional_avp(void **st)
{
	static const uint16_t types[] = { 999, 20, 47, 64, 100, 0xffff };
	struct msgtest *c = *st;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		struct l2tp_msg m;

		if (!l2tp_sample_msg(t, &m))
			continue;
		msgtest_begin_full(c, t, 0);
		for (size_t i = 0; i < ZE_ARRAY_SIZE(types); i++)
			msgtest_zeros(c, i & 1 ? H : 0, types[i], i);
		assert_int_equal(msgtest_decode(c), 0);
		assert_int_equal(c->msg.ignored, ZE_ARRAY_SIZE(types));
		assert_int_equal(c->msg.have, l2tp_sample_avps(t) | 1);
	}
}

/* L-051, L-052, L-053, L-054: the fault names the attribute, whatever the message; the AVPs
 * after it are decoded, for the answer. */
static void l051_unknown_mandatory_avp(void **st)
{
	struct msgtest *c = *st;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		struct l2tp_msg m;

		if (!l2tp_sample_msg(t, &m))
			continue;
		msgtest_begin_full(c, t, 0);
		msgtest_zeros(c, M, 999, 2);
		msgtest_fault(c, REASON_AVP_UNKNOWN, L2TP_ERR_UNKNOWN_AVP, 999);
		assert_int_equal(c->fault.vendor, 0);
		assert_int_equal(c->msg.type, t);
	}
	msgtest_begin(c, L2TP_SCCRQ);
	msgtest_zeros(c, M, 998, 2);
	msgtest_zeros(c, M, AVP_HOST_NAME, 0);
	avp_put_u16(&c->w, AVP_ASSIGNED_TUNNEL_ID, 77);
	msgtest_fault(c, REASON_AVP_UNKNOWN, L2TP_ERR_UNKNOWN_AVP, 998); /* the first fault */
	assert_int_equal(c->msg.assigned_tid, 77);
}

/* L-055, L-056 */
static void l055_other_vendors(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_SCCRQ, 0);
	msgtest_add(c, 0, 9, AVP_PROTOCOL_VERSION, span_str("sixteen octets!!"));
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.protocol_version, 0x0100);
	assert_int_equal(c->msg.ignored, 1);
	msgtest_begin(c, L2TP_ICRQ);
	msgtest_add(c, M, 9, AVP_ASSIGNED_SESSION_ID, span_of("\0\1", 2));
	avp_put_u16(&c->w, AVP_ASSIGNED_SESSION_ID, 7);
	msgtest_fault(c, REASON_AVP_UNKNOWN, L2TP_ERR_UNKNOWN_AVP, AVP_ASSIGNED_SESSION_ID);
	assert_int_equal(c->fault.vendor, 9);
	assert_int_equal(c->msg.assigned_sid, 7);
}

/* L-057: each of the four reserved bits. */
static void l057_reserved_bits(void **st)
{
	struct msgtest *c = *st;

	for (uint16_t bit = 0x0400; bit <= 0x2000; bit = (uint16_t)(bit << 1)) {
		msgtest_begin_full(c, L2TP_ICRQ, L2TP_BIT(AVP_CALL_SERIAL));
		msgtest_zeros(c, bit, AVP_CALL_SERIAL, 4);
		assert_int_equal(msgtest_decode(c), 0);
		assert_int_equal(c->msg.ignored, 1);
		assert_false(L2TP_HAS(&c->msg, AVP_CALL_SERIAL));
		msgtest_begin_full(c, L2TP_ICRQ, L2TP_BIT(AVP_CALL_SERIAL));
		msgtest_zeros(c, bit | M, AVP_CALL_SERIAL, 4);
		msgtest_fault(c, REASON_AVP_RESERVED, L2TP_ERR_UNKNOWN_AVP, AVP_CALL_SERIAL);
	}
}

/* L-059, L-060 */
static void l059_short_connect_speeds(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin(c, L2TP_ICCN);
	msgtest_zeros(c, 0, AVP_RX_CONNECT_SPEED, 2);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.ignored, 1);
	assert_false(L2TP_HAS(&c->msg, AVP_RX_CONNECT_SPEED));
	msgtest_begin(c, L2TP_ICCN);
	msgtest_add(c, M, 0, AVP_TX_CONNECT_SPEED, span_of("\x56\x00", 2));
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_TX_CONNECT_SPEED);
}

/* L-061: digits, except for four octets, which are a binary number. */
static void l061_connect_speed_in_ascii(void **st)
{
	static const struct {
		const char *text;
		int r;
		uint32_t bps;
	} rows[] = {
		{ "48000", 0, 48000 },
		{ "9", 0, 9 },
		{ "4294967295", 0, UINT32_MAX },
		{ "4294967296", -REASON_AVP_VALUE, 0 },
		{ "9999999999", -REASON_AVP_VALUE, 0 },
		{ "1234", 0, 0x31323334 },
		{ "4800/", -REASON_AVP_VALUE_LEN, 0 },
		{ "4800:", -REASON_AVP_VALUE_LEN, 0 },
		{ "48000 bps", -REASON_AVP_VALUE_LEN, 0 },
	};
	struct msgtest *c = *st;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		msgtest_begin(c, L2TP_ICCN);
		msgtest_add(c, M, 0, AVP_TX_CONNECT_SPEED, span_str(rows[i].text));
		assert_int_equal(msgtest_decode(c), rows[i].r);
		assert_int_equal(c->msg.tx_speed_bps, rows[i].bps);
	}
}

/* L-067 */
static void l067_firmware_revision_as_text(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_FIRMWARE_REVISION));
	msgtest_add(c, 0, 0, AVP_FIRMWARE_REVISION, span_str("FB2900 1.61 "));
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.ignored, 1);
	assert_false(L2TP_HAS(&c->msg, AVP_FIRMWARE_REVISION));
}

/* L-069 */
static void l069_message_of_3000_octets(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_ICRQ, 0);
	for (unsigned i = 0; i < 3; i++)
		msgtest_zeros(c, 0, 999, 960);
	assert_true(wr_len(&c->w) > 2900);
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.assigned_sid, 0x5678);
}

/* L-070: the messages of go-l2tp, and a Rx Connect Speed with M set, as xl2tpd sends it. */
static void l070_unexpected_m_bits(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_PROTOCOL_VERSION));
	msgtest_add(c, 0, 0, AVP_PROTOCOL_VERSION, span_of("\1\0", 2));
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.protocol_version, 0x0100);
	msgtest_begin(c, L2TP_ICCN);
	msgtest_zeros(c, M, AVP_RX_CONNECT_SPEED, 4);
	assert_int_equal(msgtest_decode(c), 0);
	assert_true(L2TP_HAS(&c->msg, AVP_RX_CONNECT_SPEED));
}

/* L-085: the decoder. */
static void l085_challenge_lengths(void **st)
{
	static const size_t lengths[] = { 1, 16, 100, 500 };
	struct msgtest *c = *st;

	for (size_t i = 0; i < ZE_ARRAY_SIZE(lengths); i++) {
		msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_CHALLENGE));
		msgtest_zeros(c, M, AVP_CHALLENGE, lengths[i]);
		assert_int_equal(msgtest_decode(c), 0);
		assert_int_equal(c->msg.challenge.len, lengths[i]);
	}
	msgtest_begin_full(c, L2TP_SCCRQ, L2TP_BIT(AVP_CHALLENGE));
	msgtest_zeros(c, M, AVP_CHALLENGE, 0);
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_CHALLENGE);
}

/* L-145: 8, 10 and 30 octets including the AVP header; and the odd length between them. */
static void l145_result_codes(void **st)
{
	struct msgtest *c = *st;

	msgtest_begin_full(c, L2TP_CDN, L2TP_BIT(AVP_RESULT_CODE));
	msgtest_add(c, M, 0, AVP_RESULT_CODE, span_of("\0\1", 2));
	assert_int_equal(msgtest_decode(c), 0);
	assert_int_equal(c->msg.result.code, 1);
	assert_false(c->msg.result.has_error);
	assert_int_equal(c->msg.result.text.len, 0);
	msgtest_begin_full(c, L2TP_CDN, L2TP_BIT(AVP_RESULT_CODE));
	msgtest_add(c, M, 0, AVP_RESULT_CODE, span_of("\0\2\0\4", 4));
	assert_int_equal(msgtest_decode(c), 0);
	assert_true(c->msg.result.has_error);
	assert_int_equal(c->msg.result.error, 4);
	msgtest_begin_full(c, L2TP_CDN, L2TP_BIT(AVP_RESULT_CODE));
	msgtest_add(c, M, 0, AVP_RESULT_CODE, span_of("\0\2\0\6twenty octets here!!", 24));
	assert_int_equal(msgtest_decode(c), 0);
	msgtest_text(c->msg.result.text, "twenty octets here!!");
	msgtest_begin_full(c, L2TP_CDN, L2TP_BIT(AVP_RESULT_CODE));
	msgtest_zeros(c, M, AVP_RESULT_CODE, 3);
	msgtest_fault(c, REASON_AVP_VALUE_LEN, L2TP_ERR_LENGTH, AVP_RESULT_CODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_message_survives_a_round_trip),
		T(every_field_arrives),
		T(l149_wen_and_sli),
		T(every_avp_good_short_and_long),
		T(l058_unwalkable_messages),
		T(every_prefix_of_every_message),
		T(l063_message_type_comes_first),
		T(message_type_is_never_optional),
		T(l064_unknown_optional_message),
		T(l065_unknown_mandatory_message),
		T(names_and_scope_of_messages),
		T(l023_required_avps),
		T(absent_by_field_practice),
		T(l024_zero_is_out_of_range),
		T(l028_empty_host_name),
		T(l029_long_and_odd_names),
		T(avps_of_other_messages_are_ignored),
		T(l062_first_of_duplicates_wins),
		T(l050_unknown_optional_avp),
		T(l051_unknown_mandatory_avp),
		T(l055_other_vendors),
		T(l057_reserved_bits),
		T(l059_short_connect_speeds),
		T(l061_connect_speed_in_ascii),
		T(l067_firmware_revision_as_text),
		T(l069_message_of_3000_octets),
		T(l070_unexpected_m_bits),
		T(l085_challenge_lengths),
		T(l145_result_codes),
	};

	return cmocka_run_group_tests_name("msg", tests, NULL, NULL);
}
