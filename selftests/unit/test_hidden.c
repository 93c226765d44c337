/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixed vectors are in selftests/vectors/l2tp_hidden.txt; here the lengths are tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/hidden.h"

#define SECRET span_str("zetest")
#define VECTOR span_str("0123456789abcdef")
#define KEY(t) (&(struct avp_key){ t, SECRET, VECTOR })

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + 1);
}

/* L-091: a padded value is returned without its padding, at all lengths around the block size. */
static void l091_padding_is_dropped(void **st)
{
	uint8_t clear[70], wire[128];

	(void)st;
	fill(clear, sizeof(clear));
	for (size_t n = 0; n <= sizeof(clear); n++) {
		for (size_t pad = 0; pad <= 33; pad += 3) {
			struct wr w = wr_init(wire, sizeof(wire));
			/* of exactly this size, so that ASan detects a read beyond it */
			uint8_t *buf = malloc(n + pad + 2);
			struct span got;

			avp_hide(KEY(AVP_HOST_NAME), span_of(clear, n), pad, &w);
			assert_false(w.bad);
			assert_int_equal(wr_len(&w), n + pad + 2);
			assert_int_equal(avp_reveal(KEY(AVP_HOST_NAME), wr_done(&w), buf, &got), 0);
			assert_true(span_eq(got, span_of(clear, n)));
			assert_true(got.p >= buf && got.p + got.len <= buf + n + pad + 2);
			free(buf);
		}
	}
}

static void key_depends_on_type_secret_and_vector(void **st)
{
	uint8_t wire[4][24];
	struct span clear = span_str("forty-two octets");
	struct wr w[4];

	(void)st;
	for (size_t i = 0; i < 4; i++)
		w[i] = wr_init(wire[i], sizeof(wire[i]));
	avp_hide(KEY(9), clear, 0, &w[0]);
	avp_hide(KEY(0x0109), clear, 0, &w[1]);
	avp_hide(&(struct avp_key){ 9, span_str("zetesu"), VECTOR }, clear, 0, &w[2]);
	avp_hide(&(struct avp_key){ 9, SECRET, span_str("1") }, clear, 0, &w[3]);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = i + 1; k < 4; k++)
			assert_false(span_eq(wr_done(&w[i]), wr_done(&w[k])));
}

/* L-093: a total length of 6 or 7 leaves no room for the original length. */
static void l093_too_short_for_the_length(void **st)
{
	uint8_t buf[2];
	struct span got;

	(void)st;
	for (size_t n = 0; n < 2; n++)
		assert_int_equal(avp_reveal(KEY(9), span_of("x", n), buf, &got),
				 -REASON_HIDDEN_LEN);
}

/* Every original length with every length on the wire: accepted exactly when it fits. */
static void original_length_is_bounded(void **st)
{
	(void)st;
	for (size_t n = 2; n < 40; n++) {
		for (unsigned claim = 0; claim < 0x10000; claim += claim < 64 ? 1 : 0xff1) {
			uint8_t wire[40], prefix[2] = { (uint8_t)(claim >> 8), (uint8_t)claim };
			uint8_t *buf = malloc(n);
			struct wr w = wr_init(wire, sizeof(wire));
			struct span got = { 0 };
			int r;

			avp_hide(KEY(9), (struct span){ 0 }, n - 2, &w);
			/* with an original length of 0, the ciphertext is the key stream */
			wire[0] ^= prefix[0];
			wire[1] ^= prefix[1];
			r = avp_reveal(KEY(9), wr_done(&w), buf, &got);
			assert_int_equal(r, claim <= n - 2 ? 0 : -REASON_HIDDEN_LEN);
			assert_int_equal(got.len, r == 0 ? claim : 0);
			free(buf);
		}
	}
}

/* L-092: 200 values under a wrong secret, 8 to 40 octets each: never a read beyond the buffer
 * (ASan), and accepted only when the length happens to fit. */
static void l092_wrong_secret(void **st)
{
	uint32_t x = 1;

	(void)st;
	for (unsigned i = 0; i < 200; i++) {
		size_t n = 8 + i % 33 - AVP_HDR_LEN;
		uint8_t *wire = malloc(n), *buf = malloc(n);
		struct span got = { 0 };
		int r;

		for (size_t k = 0; k < n; k++) {
			x = x * 1664525 + 1013904223;
			wire[k] = (uint8_t)(x >> 24);
		}
		r = avp_reveal(&(struct avp_key){ 33, span_str("wrong"), VECTOR }, span_of(wire, n),
			       buf, &got);
		if (r == 0)
			assert_true(got.len <= n - 2);
		else
			assert_int_equal(r, -REASON_HIDDEN_LEN);
		free(wire);
		free(buf);
	}
}

static void writer_without_room(void **st)
{
	static const uint8_t big[UINT16_MAX + 1];
	static uint8_t room[UINT16_MAX + 16];
	uint8_t wire[8];
	struct wr w;

	(void)st;
	for (size_t n = 0; n <= sizeof(wire); n++) {
		w = wr_init(wire, n);
		avp_hide(KEY(9), span_str("clear"), 1, &w);
		assert_int_equal(w.bad, n < 8);
	}
	w = wr_init(room, sizeof(room));
	avp_hide(KEY(9), span_of(big, sizeof(big)), 0, &w);
	assert_true(w.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(l091_padding_is_dropped),
		cmocka_unit_test(key_depends_on_type_secret_and_vector),
		cmocka_unit_test(l093_too_short_for_the_length),
		cmocka_unit_test(original_length_is_bounded),
		cmocka_unit_test(l092_wrong_secret),
		cmocka_unit_test(writer_without_room),
	};

	return cmocka_run_group_tests_name("hidden", tests, NULL, NULL);
}
