/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/l2tp/hdr.h"

/* An SCCRQ that ends after its Message Type AVP: header 12, AVP 8 octets. */
static const uint8_t sccrq[] = { 0xc8, 0x02, 0,	   20,	 0, 1, 0, 2, 0, 3,
				 0,    4,    0x80, 0x08, 0, 0, 0, 0, 0, 1 };

static int parse_flags(uint16_t flags, struct l2tp_hdr *ret)
{
	uint8_t buf[sizeof(sccrq)];

	memcpy(buf, sccrq, sizeof(buf));
	buf[0] = (uint8_t)(flags >> 8);
	buf[1] = (uint8_t)flags;
	return l2tp_hdr_parse(buf, sizeof(buf), ret);
}

static int parse_length(uint16_t length, struct l2tp_hdr *ret)
{
	uint8_t buf[sizeof(sccrq)];

	memcpy(buf, sccrq, sizeof(buf));
	buf[2] = (uint8_t)(length >> 8);
	buf[3] = (uint8_t)length;
	return l2tp_hdr_parse(buf, sizeof(buf), ret);
}

static void control_header_is_read(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(l2tp_hdr_parse(sccrq, sizeof(sccrq), &h), 0);
	assert_true(l2tp_hdr_is_control(&h));
	assert_int_equal(h.flags, 0xc802);
	assert_int_equal(h.length, 20);
	assert_int_equal(h.tid, 1);
	assert_int_equal(h.sid, 2);
	assert_int_equal(h.ns, 3);
	assert_int_equal(h.nr, 4);
	assert_int_equal(h.offset, 0);
	assert_int_equal(h.payload.len, 8);
	assert_ptr_equal(h.payload.p, sccrq + 12);
}

/* L-001: 0 to 11 octets are too short; longer prefixes contradict Length. Nothing is written. */
static void l001_every_prefix_is_refused(void **st)
{
	struct l2tp_hdr h = { .tid = 4711 };

	(void)st;
	assert_int_equal(l2tp_hdr_parse(NULL, 0, &h), -REASON_HDR_SHORT);
	for (size_t n = 0; n < sizeof(sccrq); n++) {
		int want = n < L2TP_CTL_HDR_LEN ? REASON_HDR_SHORT : REASON_HDR_LENGTH;

		assert_int_equal(l2tp_hdr_parse(sccrq, n, &h), -want);
	}
	assert_int_equal(h.tid, 4711);
}

/* L-002 */
static void l002_only_version_2(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	for (uint16_t v = 0; v < 16; v++) {
		int want = v == 2 ? 0 : -REASON_HDR_VERSION;

		assert_int_equal(parse_flags((uint16_t)(0xc800 | v), &h), want);
		assert_int_equal(parse_flags(v, &h), want);
	}
}

/* L-003 */
static void l003_control_needs_length(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_flags(0x8802, &h), -REASON_HDR_CTL_NO_LENGTH);
}

/* L-004 */
static void l004_control_needs_sequence(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_flags(0xc002, &h), -REASON_HDR_CTL_NO_SEQ);
}

/* L-005 */
static void l005_control_has_no_offset(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_flags(0xca02, &h), -REASON_HDR_CTL_OFFSET);
}

/* L-006 */
static void l006_reserved_bits_are_ignored(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_flags(0xc802 | 0x34f0, &h), 0);
	assert_int_equal(h.tid, 1);
	assert_int_equal(h.payload.len, 8);
}

/* L-007 */
static void l007_priority_is_ignored_in_control(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_flags(0xc902, &h), 0);
	assert_int_equal(h.payload.len, 8);
}

/* L-008 */
static void l008_length_beyond_the_datagram(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_length(21, &h), -REASON_HDR_LENGTH);
	assert_int_equal(parse_length(0xffff, &h), -REASON_HDR_LENGTH);
}

/* L-009 */
static void l009_octets_behind_length_are_dropped(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(parse_length(19, &h), 0);
	assert_int_equal(h.payload.len, 7);
	assert_int_equal(parse_length(12, &h), 0);
	assert_int_equal(h.payload.len, 0);
}

/* L-010 */
static void l010_length_below_the_header(void **st)
{
	struct l2tp_hdr h;

	(void)st;
	for (uint16_t n = 0; n < 12; n++)
		assert_int_equal(parse_length(n, &h), -REASON_HDR_LENGTH);
}

/* The length that the optional fields of a data header add, alone and together. */
static void data_header_in_every_shape(void **st)
{
	static const uint16_t bits[] = { L2TP_F_LEN, L2TP_F_SEQ, L2TP_F_OFFSET, L2TP_F_PRIO };

	(void)st;
	for (unsigned set = 0; set < 16; set++) {
		uint8_t buf[64];
		struct wr w = wr_init(buf, sizeof(buf));
		struct l2tp_hdr h;
		uint16_t flags = L2TP_VERSION;
		size_t mark = 0;

		for (unsigned i = 0; i < 4; i++)
			flags |= set >> i & 1 ? bits[i] : 0;
		wr_u16(&w, flags);
		if (flags & L2TP_F_LEN)
			mark = wr_mark_u16(&w);
		wr_u16(&w, 0x1111);
		wr_u16(&w, 0x2222);
		if (flags & L2TP_F_SEQ)
			wr_u32(&w, 0x33334444);
		if (flags & L2TP_F_OFFSET) {
			wr_u16(&w, 3);
			wr_zero(&w, 3);
		}
		wr_u32(&w, 0xff03c021);
		if (flags & L2TP_F_LEN)
			wr_patch_u16(&w, mark, (uint16_t)wr_len(&w));
		assert_int_equal(l2tp_hdr_parse(buf, wr_len(&w), &h), 0);
		assert_false(l2tp_hdr_is_control(&h));
		assert_int_equal(h.flags, flags);
		assert_int_equal(h.length, wr_len(&w));
		assert_int_equal(h.tid, 0x1111);
		assert_int_equal(h.sid, 0x2222);
		assert_int_equal(h.ns, flags & L2TP_F_SEQ ? 0x3333 : 0);
		assert_int_equal(h.nr, flags & L2TP_F_SEQ ? 0x4444 : 0);
		assert_int_equal(h.offset, flags & L2TP_F_OFFSET ? 3 : 0);
		assert_int_equal(h.payload.len, 4);
		assert_memory_equal(h.payload.p, "\xff\x03\xc0\x21", 4);
	}
}

/* L-181: a Length that does not match, and fields that are missing. */
static void data_header_too_short_for_its_bits(void **st)
{
	static const struct {
		uint16_t flags;
		size_t need;
	} rows[] = { { 0x0002, 6 },  { 0x4002, 8 },  { 0x0802, 10 }, { 0x0202, 8 },
		     { 0x4802, 12 }, { 0x4202, 10 }, { 0x4a02, 14 } };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint8_t buf[16] = { (uint8_t)(rows[i].flags >> 8), (uint8_t)rows[i].flags };
		struct l2tp_hdr h;

		if (rows[i].flags & L2TP_F_LEN)
			buf[3] = (uint8_t)rows[i].need;
		assert_int_equal(l2tp_hdr_parse(buf, rows[i].need - 1, &h), -REASON_HDR_SHORT);
		assert_int_equal(l2tp_hdr_parse(buf, rows[i].need, &h), 0);
		if (!(rows[i].flags & L2TP_F_LEN))
			continue;
		buf[3]--;
		assert_int_equal(l2tp_hdr_parse(buf, rows[i].need, &h), -REASON_HDR_LENGTH);
	}
}

/* L-181 */
static void offset_stays_inside_the_message(void **st)
{
	/* O and L: the offset must not reach beyond Length. */
	uint8_t buf[] = { 0x42, 0x02, 0, 12, 0, 1, 0, 2, 0, 2, 9, 9, 1, 2, 3, 4 };
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(l2tp_hdr_parse(buf, sizeof(buf), &h), 0);
	assert_int_equal(h.payload.len, 0);
	buf[9] = 3;
	assert_int_equal(l2tp_hdr_parse(buf, sizeof(buf), &h), -REASON_HDR_OFFSET);
	buf[8] = 0xff;
	assert_int_equal(l2tp_hdr_parse(buf, sizeof(buf), &h), -REASON_HDR_OFFSET);
}

static void longer_than_any_datagram(void **st)
{
	static uint8_t buf[UINT16_MAX + 1] = { 0x00, 0x02 };
	struct l2tp_hdr h;

	(void)st;
	assert_int_equal(l2tp_hdr_parse(buf, sizeof(buf), &h), -REASON_HDR_LENGTH);
	assert_int_equal(l2tp_hdr_parse(buf, sizeof(buf) - 1, &h), 0);
	assert_int_equal(h.length, UINT16_MAX);
}

static void control_header_is_written(void **st)
{
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));
	struct l2tp_hdr h;
	size_t mark;

	(void)st;
	wr_u8(&w, 0xee); /* the header need not be at the start of the buffer */
	mark = l2tp_hdr_begin_ctl(&w, 1, 2, 3, 4);
	assert_int_equal(wr_len(&w), 1 + L2TP_CTL_HDR_LEN);
	wr_bytes(&w, sccrq + 12, 8);
	l2tp_hdr_end_ctl(&w, mark);
	assert_false(w.bad);
	assert_int_equal(wr_len(&w), 1 + sizeof(sccrq));
	assert_memory_equal(buf + 1, sccrq, sizeof(sccrq));
	assert_int_equal(l2tp_hdr_parse(buf + 1, sizeof(sccrq), &h), 0);
}

static void control_header_that_does_not_fit(void **st)
{
	static uint8_t big[UINT16_MAX + 16];
	uint8_t small[11];
	struct wr w = wr_init(small, sizeof(small));
	size_t mark = l2tp_hdr_begin_ctl(&w, 1, 2, 3, 4);

	(void)st;
	l2tp_hdr_end_ctl(&w, mark);
	assert_true(w.bad);
	w = wr_init(big, sizeof(big));
	mark = l2tp_hdr_begin_ctl(&w, 1, 2, 3, 4);
	wr_zero(&w, UINT16_MAX - L2TP_CTL_HDR_LEN);
	l2tp_hdr_end_ctl(&w, mark);
	assert_false(w.bad);
	wr_u8(&w, 0);
	l2tp_hdr_end_ctl(&w, mark);
	assert_true(w.bad);
}

static void data_header_is_written(void **st)
{
	static const uint8_t plain[] = { 0x00, 0x02, 0, 7, 0, 8 };
	static const uint8_t full[] = { 0x09, 0x02, 0, 7, 0, 8, 0, 9, 0, 0 };
	struct l2tp_hdr h = { .tid = 7, .sid = 8, .ns = 9, .nr = 10 };
	uint8_t buf[16];
	struct wr w = wr_init(buf, sizeof(buf));

	(void)st;
	l2tp_hdr_write_data(&w, &h);
	assert_int_equal(wr_len(&w), sizeof(plain));
	assert_memory_equal(buf, plain, sizeof(plain));
	/* only S and P are taken from the flags */
	h.flags = 0xffff;
	w = wr_init(buf, sizeof(buf));
	l2tp_hdr_write_data(&w, &h);
	assert_int_equal(wr_len(&w), sizeof(full));
	assert_memory_equal(buf, full, sizeof(full));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_header_is_read),
		cmocka_unit_test(l001_every_prefix_is_refused),
		cmocka_unit_test(l002_only_version_2),
		cmocka_unit_test(l003_control_needs_length),
		cmocka_unit_test(l004_control_needs_sequence),
		cmocka_unit_test(l005_control_has_no_offset),
		cmocka_unit_test(l006_reserved_bits_are_ignored),
		cmocka_unit_test(l007_priority_is_ignored_in_control),
		cmocka_unit_test(l008_length_beyond_the_datagram),
		cmocka_unit_test(l009_octets_behind_length_are_dropped),
		cmocka_unit_test(l010_length_below_the_header),
		cmocka_unit_test(data_header_in_every_shape),
		cmocka_unit_test(data_header_too_short_for_its_bits),
		cmocka_unit_test(offset_stays_inside_the_message),
		cmocka_unit_test(longer_than_any_datagram),
		cmocka_unit_test(control_header_is_written),
		cmocka_unit_test(control_header_that_does_not_fit),
		cmocka_unit_test(data_header_is_written),
	};

	return cmocka_run_group_tests_name("hdr", tests, NULL, NULL);
}
