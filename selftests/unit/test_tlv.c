/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of fields: written fields are read, unknown ones are skipped, and wrong ones are
 * named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/tlv.h"
#include "selftests/lib/tlv_edit.h"

enum { /* 5 was used once, and is never used again */
	T_OCTET = 1,
	T_SHORT,
	T_LONG,
	T_QUAD,
	T_TEXT = 6,
	T_INNER,
	T__COUNT
};

static const struct tlv_field inner_fields[] = {
	[T_OCTET] = TLV_REQUIRED("octet", 1, 1),
	[T_TEXT] = TLV_OPTIONAL("text", 0, 8, "none"),
};

static const struct tlv_table inner = { "inner", inner_fields, T_TEXT + 1 };

static const struct tlv_field fields[] = {
	[T_OCTET] = TLV_OPTIONAL("octet", 1, 1, "7"),
	[T_SHORT] = TLV_REQUIRED("short", 2, 2),
	[T_LONG] = TLV_OPTIONAL("long", 4, 4, "8"),
	[T_QUAD] = TLV_OPTIONAL("quad", 8, 8, "9"),
	[T_TEXT] = TLV_OPTIONAL("text", 2, 8, "none"),
	[T_INNER] = TLV_NESTED("inner", inner, "none"),
};

static const struct tlv_table table = { "test", fields, T__COUNT };

static struct span whole(uint8_t *buf, size_t size)
{
	struct wr w = wr_init(buf, size);
	size_t mark;

	tlv_put_u8(&w, T_OCTET, 0x11);
	tlv_put_u16(&w, T_SHORT, 0x2233);
	tlv_put_u32(&w, T_LONG, 0x44556677);
	tlv_put_u64(&w, T_QUAD, UINT64_C(0x8899aabbccddeeff));
	tlv_put_span(&w, T_TEXT, span_str("text"));
	mark = tlv_begin(&w, T_INNER);
	tlv_put_u8(&w, T_OCTET, 0x99);
	tlv_put_span(&w, T_TEXT, (struct span){ 0 });
	tlv_end(&w, mark);
	assert_false(w.bad);
	return wr_done(&w);
}

static void what_is_written_is_read(void **st)
{
	static const uint8_t bytes[] = { 1,    0,    1,	   0x11, 2,    0, 2, 0x22, 0x33, 3,    0,
					 4,    0x44, 0x55, 0x66, 0x77, 4, 0, 8,	   0x88, 0x99, 0xaa,
					 0xbb, 0xcc, 0xdd, 0xee, 0xff, 6, 0, 4,	   't',	 'e',  'x',
					 't',  7,    0,	   7,	 1,    0, 1, 0x99, 6,	 0,    0 };
	uint8_t buf[64];
	struct span r = whole(buf, sizeof(buf)), f[T__COUNT], in[T__COUNT];

	(void)st;
	assert_int_equal(r.len, sizeof(bytes));
	assert_memory_equal(r.p, bytes, sizeof(bytes));
	assert_int_equal(tlv_read(&table, r, f), REASON_NONE);
	assert_int_equal(tlv_u8(f[T_OCTET], 7), 0x11);
	assert_int_equal(tlv_u16(f[T_SHORT], 0), 0x2233);
	assert_int_equal(tlv_u32(f[T_LONG], 8), 0x44556677);
	assert_true(tlv_u64(f[T_QUAD], 9) == UINT64_C(0x8899aabbccddeeff));
	assert_true(span_eq(f[T_TEXT], span_str("text")));
	assert_int_equal(tlv_read(&inner, f[T_INNER], in), REASON_NONE);
	assert_int_equal(tlv_u8(in[T_OCTET], 0), 0x99);
	assert_non_null(in[T_TEXT].p); /* present, and empty */
	assert_int_equal(in[T_TEXT].len, 0);
}

static void absent_is_the_default(void **st)
{
	static const uint8_t bytes[] = { T_SHORT, 0, 2, 1, 2 };
	struct span f[T__COUNT];

	(void)st;
	assert_int_equal(tlv_read(&table, span_of(bytes, sizeof(bytes)), f), REASON_NONE);
	assert_int_equal(tlv_u8(f[T_OCTET], 7), 7);
	assert_int_equal(tlv_u16(f[T_SHORT], 7), 0x0102);
	assert_int_equal(tlv_u32(f[T_LONG], 8), 8);
	assert_int_equal(tlv_u64(f[T_QUAD], 9), 9);
	assert_int_equal(tlv_u16(f[T_OCTET], 3), 3);
	assert_null(f[T_TEXT].p);
	assert_int_equal(tlv_read(&table, (struct span){ 0 }, f), REASON_TLV_MISSING);
}

/* An optional value that is 0 or empty is not written at all. */
static void what_is_default_costs_nothing(void **st)
{
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));

	(void)st;
	tlv_opt_u8(&w, T_OCTET, 0);
	tlv_opt_u16(&w, T_SHORT, 0);
	tlv_opt_u32(&w, T_LONG, 0);
	tlv_opt_u64(&w, T_QUAD, 0);
	tlv_opt_span(&w, T_TEXT, span_str(""));
	assert_int_equal(wr_len(&w), 0);
	tlv_opt_u8(&w, T_OCTET, 1);
	tlv_opt_u16(&w, T_SHORT, 1);
	tlv_opt_u32(&w, T_LONG, 1);
	tlv_opt_u64(&w, T_QUAD, 1);
	tlv_opt_span(&w, T_TEXT, span_str("ab"));
	assert_int_equal(wr_len(&w), 5 * TLV_HEAD + 1 + 2 + 4 + 8 + 2);
}

/* Tags above the table, in its holes, and 0; also twice. */
static void unknown_tags_are_skipped(void **st)
{
	static const uint8_t unknown[] = { 0, 5, T__COUNT, 255, 255 };
	uint8_t buf[64], more[128];
	struct span r = whole(buf, sizeof(buf)), f[T__COUNT];
	struct wr w = wr_init(more, sizeof(more));

	(void)st;
	for (size_t i = 0; i < sizeof(unknown); i++)
		tlv_put_span(&w, unknown[i], span_of("xyz", i % 4));
	wr_span(&w, r);
	tlv_put_u8(&w, 255, 1);
	assert_int_equal(tlv_read(&table, wr_done(&w), f), REASON_NONE);
	assert_int_equal(tlv_u16(f[T_SHORT], 0), 0x2233);
}

static enum reason with(struct span r, struct tlv_edit e)
{
	uint8_t buf[256];
	struct wr w = wr_init(buf, sizeof(buf));
	struct span f[T__COUNT], in[T__COUNT];
	enum reason why;

	tlv_edit(&w, &table, r, &e);
	assert_false(w.bad);
	why = tlv_read(&table, wr_done(&w), f);
	return why == REASON_NONE && f[T_INNER].p ? tlv_read(&inner, f[T_INNER], in) : why;
}

static void what_is_wrong_has_a_name(void **st)
{
	uint8_t buf[64], too_long[9] = { 0 };
	struct span r = whole(buf, sizeof(buf));
	struct tlv_edit all = { .change = TLV_REPEAT, .at = TLV_EVERY };

	(void)st;
	with(r, all);
	for (uint32_t i = 0; i < 8; i++) {
		bool required = i == 1 || i == 6;

		assert_int_equal(with(r, (struct tlv_edit){ TLV_REPEAT, .at = i }),
				 REASON_TLV_REPEATED);
		assert_int_equal(with(r, (struct tlv_edit){ TLV_DROP, .at = i }),
				 required ? REASON_TLV_MISSING : REASON_NONE);
		assert_int_equal(with(r, (struct tlv_edit){ TLV_INSERT, .at = i }), REASON_NONE);
		if (i == 5) /* the inner level */
			continue;
		assert_int_equal(with(r, (struct tlv_edit){ TLV_REPLACE, .at = i,
							    .value = span_of(too_long, 9) }),
				 REASON_TLV_LENGTH);
		if (i != 7)
			assert_int_equal(with(r, (struct tlv_edit){ TLV_REPLACE, .at = i }),
					 REASON_TLV_LENGTH);
	}
}

/* Cut at any place: between two fields a required one may be missing, within a field it is cut
 * off. */
static void cut_off(void **st)
{
	uint8_t buf[64];
	struct span r = whole(buf, sizeof(buf)), f[T__COUNT];
	static const uint8_t ends[] = { 0, 4, 9, 16, 27, 34 };

	(void)st;
	for (size_t n = 0; n < r.len; n++) {
		enum reason want = memchr(ends, (int)n, sizeof(ends)) ? REASON_NONE :
									REASON_TLV_SHORT;

		if (n == 0 || n == 4)
			want = REASON_TLV_MISSING;
		assert_int_equal(tlv_read(&table, span_of(r.p, n), f), want);
	}
}

static void no_room(void **st)
{
	static uint8_t buf[2 * TLV_MAX], from[TLV_MAX + 1];
	struct wr w;

	(void)st;
	for (size_t n = 0; n < 44; n++) {
		w = wr_init(buf, n);
		tlv_put_u64(&w, T_QUAD, 1);
		tlv_put_span(&w, T_TEXT, span_str("text"));
		tlv_put_u16(&w, T_SHORT, 1);
		tlv_put_span(&w, T_INNER, span_of(from, 18));
		assert_int_equal(w.bad, n < 11 + 7 + 5 + 21);
	}
	w = wr_init(buf, sizeof(buf));
	tlv_put_span(&w, T_TEXT, span_of(from, TLV_MAX));
	assert_false(w.bad);
	w = wr_init(buf, sizeof(buf));
	tlv_put_span(&w, T_TEXT, span_of(from, TLV_MAX + 1));
	assert_true(w.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(absent_is_the_default),
		cmocka_unit_test(what_is_default_costs_nothing),
		cmocka_unit_test(unknown_tags_are_skipped),
		cmocka_unit_test(what_is_wrong_has_a_name),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
