/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/wire.h"

static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
				 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };

static void reads_network_order(void **st)
{
	struct rd r = rd_init(bytes, 15);

	(void)st;
	assert_int_equal(rd_u8(&r), 0x01);
	assert_int_equal(rd_u16(&r), 0x2345);
	assert_int_equal(rd_u32(&r), 0x6789abcd);
	assert_true(rd_u64(&r) == UINT64_C(0xeffedcba98765432));
	assert_int_equal(rd_left(&r), 0);
	assert_false(r.bad);
}

static void read_past_the_end_sticks(void **st)
{
	/* each width, one octet short */
	for (size_t width = 1; width <= 8; width *= 2) {
		struct rd r = rd_init(bytes + 1, width - 1);
		uint64_t v = width == 1 ? rd_u8(&r) :
			     width == 2 ? rd_u16(&r) :
			     width == 4 ? rd_u32(&r) :
					  rd_u64(&r);

		assert_true(v == 0);
		assert_true(r.bad);
		assert_int_equal(rd_left(&r), 0);
		/* a read that would have fitted fails as well */
		assert_int_equal(rd_u8(&r), 0);
		assert_true(r.bad);
	}
	(void)st;
}

static void empty_and_null_buffers(void **st)
{
	struct rd r = rd_init(NULL, 0);
	struct wr w = wr_init(NULL, 0);
	struct span s;

	(void)st;
	assert_int_equal(rd_left(&r), 0);
	s = rd_rest(&r);
	assert_int_equal(s.len, 0);
	rd_skip(&r, 0);
	assert_int_equal(rd_bytes(&r, 0).len, 0);
	assert_false(r.bad);
	rd_u8(&r);
	assert_true(r.bad);

	wr_bytes(&w, NULL, 0);
	wr_zero(&w, 0);
	assert_false(w.bad);
	assert_int_equal(wr_done(&w).len, 0);
	wr_u8(&w, 1);
	assert_true(w.bad);
}

static void spans_of_a_reader(void **st)
{
	struct rd r = rd_init(bytes, 4);
	struct span s = rd_bytes(&r, 3);

	(void)st;
	assert_ptr_equal(s.p, bytes);
	assert_int_equal(s.len, 3);
	s = rd_rest(&r);
	assert_ptr_equal(s.p, bytes + 3);
	assert_int_equal(s.len, 1);
	s = rd_rest(&r);
	assert_int_equal(s.len, 0);
	assert_false(r.bad);

	r = rd_init(bytes, 4);
	s = rd_bytes(&r, 5);
	assert_null(s.p);
	assert_int_equal(s.len, 0);
	assert_true(r.bad);
	s = rd_rest(&r);
	assert_int_equal(s.len, 0);

	r = rd_init(bytes, 4);
	rd_skip(&r, SIZE_MAX);
	assert_true(r.bad);
}

static void cursor_over_a_span_cannot_read_its_siblings(void **st)
{
	struct rd r = rd_init(bytes, 6);
	struct rd sub = rd_span(rd_bytes(&r, 2));

	(void)st;
	assert_int_equal(rd_u16(&sub), 0x0123);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.bad);
	assert_false(r.bad);
	assert_int_equal(rd_u16(&r), 0x4567);
	sub = rd_span(rd_bytes(&r, 0));
	assert_int_equal(rd_left(&sub), 0);
	assert_false(r.bad);
	sub = rd_span(rd_bytes(&r, 3));
	assert_true(r.bad);
	assert_int_equal(rd_left(&sub), 0);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.bad);
}

static void bytes_are_all_or_none(void **st)
{
	struct rd r = rd_init(bytes, 4);

	(void)st;
	assert_memory_equal(rd_bytes(&r, 3).p, bytes, 3);
	assert_int_equal(rd_left(&r), 1);
	assert_null(rd_bytes(&r, 2).p);
	assert_true(r.bad);
	assert_null(rd_bytes(&r, 1).p); /* which would have fitted */
}

static void writes_network_order(void **st)
{
	uint8_t buf[17];
	struct wr w = wr_init(buf, sizeof(buf));

	(void)st;
	wr_u8(&w, 0x01);
	wr_u16(&w, 0x2345);
	wr_u32(&w, 0x6789abcd);
	wr_u64(&w, UINT64_C(0xeffedcba98765432));
	wr_bytes(&w, bytes + 15, 1);
	assert_memory_equal(buf, bytes, sizeof(bytes));
	assert_int_equal(wr_len(&w), 16);
	assert_int_equal(wr_left(&w), 1);
	wr_zero(&w, 1);
	assert_int_equal(buf[16], 0);
	assert_false(w.bad);
	assert_true(span_eq(wr_done(&w), span_of(buf, 17)));
}

static void write_past_the_end_sticks(void **st)
{
	uint8_t buf[4] = { 9, 9, 9, 9 };
	struct wr w = wr_init(buf, 3);

	(void)st;
	wr_u16(&w, 0x0102);
	wr_u16(&w, 0x0304);
	assert_true(w.bad);
	wr_u8(&w, 5); /* would fit */
	wr_span(&w, span_of(bytes, 1));
	wr_zero(&w, 1);
	assert_int_equal(wr_len(&w), 2);
	assert_int_equal(buf[2], 9);
	assert_int_equal(buf[3], 9);
}

static void back_patch(void **st)
{
	uint8_t buf[6];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t mark;

	(void)st;
	wr_u8(&w, 7);
	mark = wr_mark_u16(&w);
	wr_u8(&w, 8);
	assert_int_equal(buf[1] | buf[2], 0);
	wr_patch_u16(&w, mark, 0xabcd);
	assert_memory_equal(buf, "\x07\xab\xcd\x08", 4);
	assert_int_equal(wr_len(&w), 4);
	wr_patch_u16(&w, 2, 0x1122); /* the last possible place */
	assert_false(w.bad);
	wr_patch_u16(&w, 3, 0xffff); /* not written yet */
	assert_true(w.bad);
	assert_memory_equal(buf, "\x07\xab\x11\x22", 4);
	wr_patch_u16(&w, 0, 0xffff);
	assert_int_equal(buf[0], 7);

	w = wr_init(buf, 1);
	wr_u8(&w, 7);
	wr_patch_u16(&w, 0, 0xffff); /* cannot hold 16 bits */
	assert_true(w.bad);
	w = wr_init(buf, 1);
	mark = wr_mark_u16(&w);
	assert_true(w.bad);
	wr_patch_u16(&w, mark, 0xffff);
	assert_int_equal(buf[0], 7);
}

static void spans(void **st)
{
	(void)st;
	assert_true(span_eq(span_str("ab"), span_of("abc", 2)));
	assert_false(span_eq(span_str("ab"), span_str("abc")));
	assert_false(span_eq(span_str("ab"), span_str("ac")));
	assert_true(span_eq(span_str(NULL), span_str("")));
	assert_int_equal(span_str(NULL).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_network_order),
		cmocka_unit_test(read_past_the_end_sticks),
		cmocka_unit_test(empty_and_null_buffers),
		cmocka_unit_test(spans_of_a_reader),
		cmocka_unit_test(cursor_over_a_span_cannot_read_its_siblings),
		cmocka_unit_test(bytes_are_all_or_none),
		cmocka_unit_test(writes_network_order),
		cmocka_unit_test(write_past_the_end_sticks),
		cmocka_unit_test(back_patch),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
