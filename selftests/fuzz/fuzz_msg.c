/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One octet of switches, then the AVPs of a message. Checked: spans are in the payload or in the
 * scratch buffer, a refusal has its fault, encode(decode(x)) is stable, clear and hidden, and
 * l2tp_msg_peek_host_name() finds the Host Name of the message.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/msg.h"
#include "selftests/fuzz/fuzz.h"

enum {
	WITH_SECRET = 1,
	HALF_SCRATCH = 2
};

static uint8_t scratch[65536];

static void check_spans(const struct l2tp_msg *m, struct span in)
{
	for (uint16_t t = 0; t < AVP__COUNT; t++) {
		const struct avp_spec *s = avp_spec_find(0, t);
		struct span v;

		if (!s || !L2TP_HAS(m, t) || (s->kind != AVP_K_TEXT && s->kind != AVP_K_BYTES))
			continue;
		memcpy(&v, (const uint8_t *)m + s->offset, sizeof(v));
		CHECK(v.len >= s->min && v.len <= s->max);
		CHECK(v.len == 0 || (v.p >= in.p && v.p + v.len <= in.p + in.len) ||
		      (v.p >= scratch && v.p + v.len <= scratch + sizeof(scratch)));
	}
}

static void check_back(const struct l2tp_msg *m, const struct l2tp_enc *e)
{
	static uint8_t room[4096];
	uint8_t one[L2TP_MSG_MAX], two[L2TP_MSG_MAX];
	struct wr a = wr_init(one, sizeof(one)), b = wr_init(two, sizeof(two));
	const struct l2tp_dec d = { e ? e->secret : (struct span){ 0 }, room, sizeof(room) };
	struct l2tp_fault f;
	struct l2tp_msg again;
	int r = l2tp_msg_encode(m, e, &a);

	CHECK(r == 0 || r == -REASON_MSG_TOO_LONG);
	if (r < 0)
		return;
	CHECK(l2tp_msg_decode(wr_done(&a), &d, &again, &f) == 0);
	CHECK(again.type == m->type && again.ignored == 0);
	CHECK(((again.have ^ m->have) & ~L2TP_BIT(AVP_RANDOM_VECTOR)) == 0);
	CHECK(l2tp_msg_encode(&again, e, &b) == 0);
	CHECK(span_eq(wr_done(&a), wr_done(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct l2tp_enc enc = { span_str("zetest"), span_str("0123456789abcdef") };
	struct l2tp_dec d = { .scratch = scratch, .scratch_size = sizeof(scratch) };
	struct span in, host;
	struct l2tp_fault f = { 0 };
	struct l2tp_msg m;
	int r;

	if (size == 0 || size > sizeof(scratch))
		return 0;
	if (data[0] & WITH_SECRET)
		d.secret = enc.secret;
	if (data[0] & HALF_SCRATCH)
		d.scratch_size = size / 2;
	in = span_of(data + 1, size - 1);
	host = l2tp_msg_peek_host_name(in);
	r = l2tp_msg_decode(in, &d, &m, &f);
	CHECK(r == -(int)f.reason && f.reason < REASON__COUNT);
	CHECK(strlen(l2tp_msg_name(m.type)) > 0);
	check_spans(&m, in);
	if (L2TP_HAS(&m, AVP_HOST_NAME))
		CHECK(span_eq(host, m.host_name));
	/* an unknown message type that is not mandatory cannot be encoded */
	if (r == 0 && strcmp(l2tp_msg_name(m.type), "unknown") != 0) {
		check_back(&m, NULL);
		check_back(&m, &enc);
	}
	return 0;
}
