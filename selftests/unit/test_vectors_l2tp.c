/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs selftests/vectors/l2tp_*.txt, which have the cases and their CONFORMANCE ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/l2tp/auth.h"
#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/hdr.h"
#include "daemon/l2tp/hidden.h"
#include "daemon/l2tp/msg.h"
#include "selftests/lib/vectors.h"

static const char *case_name(const struct vector *v)
{
	const char *name = vectors_get(v, "case");

	if (!name)
		fail_msg("a paragraph without a case line");
	return name;
}

static unsigned long number(const struct vector *v, const char *key)
{
	const char *s = vectors_get(v, key);

	if (!s)
		fail_msg("%s: no %s", case_name(v), key);
	return strtoul(s, NULL, 10);
}

/* ---- hidden values ---- */

static void refused_as(const struct vector *v, int r)
{
	const char *want = vectors_get(v, "refuse");
	const char *got = r < 0 ? reason_name((enum reason) - r) : "accepted";

	if (!want || strcmp(want, got) != 0)
		fail_msg("%s: %s, want %s", case_name(v), got, want ? want : "accepted");
}

static void run_hidden(const struct vector *v)
{
	uint8_t wire_buf[128], clear_buf[128], vector_buf[32], buf[128];
	struct span wire = vectors_hex(v, "wire", wire_buf, sizeof(wire_buf));
	struct span clear = vectors_hex(v, "clear", clear_buf, sizeof(clear_buf));
	const struct avp_key key = { (uint16_t)number(v, "type"),
				     span_str(vectors_get(v, "secret")),
				     vectors_hex(v, "vector", vector_buf, sizeof(vector_buf)) };
	struct span got;
	struct wr w = wr_init(buf, sizeof(buf));
	int r = avp_reveal(&key, wire, buf, &got);

	if (r < 0 || vectors_get(v, "refuse")) {
		refused_as(v, r);
		return;
	}
	if (!span_eq(got, clear))
		fail_msg("%s: revealed to something else", case_name(v));
	avp_hide(&key, clear, 0, &w);
	if (w.bad || !span_eq(wr_done(&w), wire))
		fail_msg("%s: hidden to something else", case_name(v));
}

/* L-087, L-092, L-093: the vectors of RFC 2661 4.3. */
static void hidden_vectors(void **st)
{
	(void)st;
	assert_int_equal(vectors_each("l2tp_hidden.txt", run_hidden), 10);
}

/* ---- messages ---- */

static uint64_t want_have(const struct vector *v)
{
	const char *s = vectors_get(v, "have");
	uint64_t bits = L2TP_BIT(AVP_MSG_TYPE);
	char *end;

	while (s && *s) {
		bits |= L2TP_BIT(strtoul(s, &end, 10));
		s = end + strspn(end, " ");
	}
	return bits;
}

/* The octets of the message, then those of its encoded decoding: equal from the second time on,
 * or from the first with `back same`. */
static void encode_back(const struct vector *v, struct span payload, const struct l2tp_msg *m)
{
	uint8_t one[L2TP_MSG_MAX], two[L2TP_MSG_MAX];
	struct wr a = wr_init(one, sizeof(one)), b = wr_init(two, sizeof(two));
	const struct l2tp_dec dec = { 0 };
	struct l2tp_fault fault;
	struct l2tp_msg again;

	assert_int_equal(l2tp_msg_encode(m, NULL, &a), 0);
	if (vectors_get(v, "back") && !span_eq(wr_done(&a), payload))
		fail_msg("%s: encodes to something else", case_name(v));
	assert_int_equal(l2tp_msg_decode(wr_done(&a), &dec, &again, &fault), 0);
	assert_int_equal(l2tp_msg_encode(&again, NULL, &b), 0);
	if (!span_eq(wr_done(&a), wr_done(&b)))
		fail_msg("%s: encoding is not stable", case_name(v));
}

static void check_fault(const struct vector *v, int r, const struct l2tp_fault *f)
{
	refused_as(v, r);
	if (f->error != number(v, "error") || f->attr != number(v, "attr"))
		fail_msg("%s: error %u, attribute %u", case_name(v), f->error, f->attr);
}

static void run_payload(const struct vector *v, struct span payload)
{
	uint8_t scratch[512];
	const struct l2tp_dec dec = { .secret = span_str(vectors_get(v, "secret")),
				      .scratch = scratch,
				      .scratch_size = sizeof(scratch) };
	const char *name = vectors_get(v, "message"), *ignored = vectors_get(v, "ignored");
	struct l2tp_fault fault;
	struct l2tp_msg m;
	int r = l2tp_msg_decode(payload, &dec, &m, &fault);

	if (r < 0 || !name) {
		check_fault(v, r, &fault);
		return;
	}
	if (strcmp(l2tp_msg_name(m.type), name) != 0)
		fail_msg("%s: decodes to %s", case_name(v), l2tp_msg_name(m.type));
	if (m.have != want_have(v) || m.ignored != (ignored ? strtoul(ignored, NULL, 10) : 0))
		fail_msg("%s: has %llx, ignored %u", case_name(v), (unsigned long long)m.have,
			 m.ignored);
	if (strcmp(name, "unknown") != 0)
		encode_back(v, payload, &m);
}

static void run_msg(const struct vector *v)
{
	uint8_t hex[512];
	struct span bytes = vectors_hex(v, "hex", hex, sizeof(hex));
	/* of exactly this size, so that ASan detects a read beyond it */
	uint8_t *buf = malloc(bytes.len ? bytes.len : 1);
	const char *name = vectors_get(v, "message");
	struct l2tp_hdr h;
	int r;

	assert_non_null(buf);
	memcpy(buf, bytes.p, bytes.len);
	r = l2tp_hdr_parse(buf, bytes.len, &h);
	if (r < 0)
		refused_as(v, r);
	else if (!l2tp_hdr_is_control(&h))
		assert_string_equal(name, "data");
	else if (h.payload.len == 0)
		assert_string_equal(name, "ZLB");
	else
		run_payload(v, h.payload);
	free(buf);
}

/* Each case of the file names what it shows. */
static void message_vectors(void **st)
{
	(void)st;
	assert_in_range(vectors_each("l2tp_msg.txt", run_msg), 50, 500);
}

/* ---- tunnel authentication ---- */

static void run_auth(const struct vector *v)
{
	uint8_t challenge_buf[64], response_buf[L2TP_AUTH_LEN], got[L2TP_AUTH_LEN];
	struct span challenge = vectors_hex(v, "challenge", challenge_buf, sizeof(challenge_buf));
	struct span want = vectors_hex(v, "response", response_buf, sizeof(response_buf));

	l2tp_auth_response(got, (uint8_t)number(v, "message"), span_str(vectors_get(v, "secret")),
			   challenge);
	if (!span_eq(span_of(got, sizeof(got)), want))
		fail_msg("%s: another response", case_name(v));
}

/* L-080, L-081: the digest only; who sends it when is tested in test_tunnel.c. */
static void auth_vectors(void **st)
{
	(void)st;
	assert_int_equal(vectors_each("l2tp_auth.txt", run_auth), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden_vectors),
		cmocka_unit_test(message_vectors),
		cmocka_unit_test(auth_vectors),
	};

	return cmocka_run_group_tests_name("vectors_l2tp", tests, NULL, NULL);
}
