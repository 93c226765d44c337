/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/l2tp/avp.h"

#define V AVP_MAX_VALUE

/* An independent transcription of RFC 2661 4.4 and RFC 3145: lengths without the AVP header. */
static const struct {
	uint16_t type, min, max;
	char m, h;
} rfc[] = {
	{ 0, 2, 2, 'M', '-' },	  { 1, 2, V, 'M', '-' },    { 2, 2, 2, 'M', '-' },
	{ 3, 4, 4, 'M', 'H' },	  { 4, 4, 4, 'M', 'H' },    { 5, 8, 8, '-', '-' },
	{ 6, 2, 2, '-', 'H' },	  { 7, 1, V, 'M', '-' },    { 8, 0, V, '-', 'H' },
	{ 9, 2, 2, 'M', 'H' },	  { 10, 2, 2, 'M', '-' },   { 11, 1, V, 'M', 'H' },
	{ 12, 3, V, 'M', '-' },	  { 13, 16, 16, 'M', 'H' }, { 14, 2, 2, 'M', 'H' },
	{ 15, 4, 4, 'M', 'H' },	  { 16, 4, 4, 'M', 'H' },   { 17, 4, 4, 'M', 'H' },
	{ 18, 4, 4, 'M', 'H' },	  { 19, 4, 4, 'M', 'H' },   { 21, 0, V, 'M', 'H' },
	{ 22, 0, V, 'M', 'H' },	  { 23, 0, V, 'M', 'H' },   { 24, 1, 10, 'M', 'H' },
	{ 25, 4, 4, '-', 'H' },	  { 26, 0, V, '-', 'H' },   { 27, 0, V, '-', 'H' },
	{ 28, 0, V, '-', 'H' },	  { 29, 2, 2, '-', 'H' },   { 30, 0, V, '-', 'H' },
	{ 31, 1, V, '-', 'H' },	  { 32, 2, 2, '-', 'H' },   { 33, 0, V, '-', 'H' },
	{ 34, 26, 26, 'M', 'H' }, { 35, 10, 10, 'M', 'H' }, { 36, 0, V, 'M', '-' },
	{ 37, 0, V, '-', 'H' },	  { 38, 1, 10, '-', 'H' },  { 39, 0, 0, 'M', '-' },
	{ 46, 5, V, '-', 'H' },
};

static void table_is_the_rfc(void **st)
{
	size_t rows = 0;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rfc); i++) {
		const struct avp_spec *s = avp_spec_find(0, rfc[i].type);

		if (!s)
			fail_msg("attribute %u is missing", rfc[i].type);
		if (s->min != rfc[i].min || s->max != rfc[i].max ||
		    s->mandatory != (rfc[i].m == 'M') || s->may_hide != (rfc[i].h == 'H'))
			fail_msg("attribute %u differs", rfc[i].type);
	}
	for (uint16_t t = 0; t < AVP__COUNT; t++)
		rows += avp_spec_find(0, t) != NULL;
	assert_int_equal(rows, ZE_ARRAY_SIZE(rfc));
}

static void keys_are_kebab_and_unique(void **st)
{
	(void)st;
	for (uint16_t t = 0; t < AVP__COUNT; t++) {
		const struct avp_spec *s = avp_spec_find(0, t);

		if (!s)
			continue;
		assert_true(strlen(s->name) > 0);
		for (const char *p = s->key; *p; p++)
			assert_true(islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
				    *p == '-');
		for (uint16_t u = (uint16_t)(t + 1); u < AVP__COUNT; u++)
			if (avp_spec_find(0, u))
				assert_string_not_equal(s->key, avp_spec_find(0, u)->key);
	}
	assert_string_equal(avp_spec_find(0, 9)->name, "Assigned Tunnel ID");
	assert_string_equal(avp_spec_find(0, 9)->key, "assigned-tunnel-id");
}

static void secrets_are_marked(void **st)
{
	(void)st;
	assert_true(avp_spec_find(0, AVP_PROXY_AUTHEN_RESPONSE)->secret);
	assert_true(avp_spec_find(0, AVP_CHALLENGE_RESPONSE)->secret);
	assert_false(avp_spec_find(0, AVP_HOST_NAME)->secret);
}

/* L-055: attribute types are per vendor. */
static void l055_other_vendors_have_no_row(void **st)
{
	(void)st;
	assert_null(avp_spec_find(9, 2));
	assert_null(avp_spec_find(3561, 2));
	assert_null(avp_spec_find(0, 20));
	assert_null(avp_spec_find(0, 45));
	assert_null(avp_spec_find(0, AVP__COUNT));
	assert_null(avp_spec_find(0, 0xffff));
}

static void walker_reads_to_the_end(void **st)
{
	static const uint8_t buf[] = { 0x80, 8, 0, 0, 0, 0, 0, 1, /* type 0, M */
				       0x40, 6, 0, 9, 0, 2,	  /* vendor 9 type 2, H, empty */
				       0x3c, 9, 0, 0, 0, 7, 1, 2, 3 };
	struct rd r = rd_init(buf, sizeof(buf));
	struct avp a;

	(void)st;
	assert_int_equal(avp_next(&r, &a), 1);
	assert_int_equal(a.flags, 0x8008);
	assert_int_equal(a.type, 0);
	assert_int_equal(a.value.len, 2);
	assert_ptr_equal(a.value.p, buf + 6);
	assert_int_equal(avp_next(&r, &a), 1);
	assert_int_equal(a.flags & AVP_F_HIDDEN, AVP_F_HIDDEN);
	assert_int_equal(a.vendor, 9);
	assert_int_equal(a.type, 2);
	assert_int_equal(a.value.len, 0);
	assert_int_equal(avp_next(&r, &a), 1);
	assert_int_equal(a.flags & AVP_F_RESERVED, AVP_F_RESERVED);
	assert_int_equal(a.value.len, 3);
	assert_int_equal(avp_next(&r, &a), 0);
	assert_int_equal(avp_next(&r, &a), 0);
}

/* L-058: lengths 0 to 5, and lengths beyond the end of the message, for every number of octets
 * left. */
static void l058_hostile_lengths(void **st)
{
	(void)st;
	for (size_t left = 0; left <= 16; left++) {
		for (uint16_t len = 0; len <= 0x3ff; len++) {
			uint8_t buf[16] = { 0x80 | len >> 8, (uint8_t)len };
			struct rd r = rd_init(buf, left);
			struct avp a = { .type = 4711 };
			int want = 1;

			if (left == 0)
				want = 0;
			else if (left < AVP_HDR_LEN)
				want = -REASON_AVP_SHORT;
			else if (len < AVP_HDR_LEN || len > left)
				want = -REASON_AVP_LEN;
			assert_int_equal(avp_next(&r, &a), want);
			if (want != 1)
				assert_int_equal(a.type, 4711);
		}
	}
}

static void writers_take_m_from_the_table(void **st)
{
	static const uint8_t want[] = {
		0x80, 8,  0, 0, 0, 9, 0x12, 0x34,			 /* u16 */
		0x80, 10, 0, 0, 0, 3, 0,    0,	  0,   3,		 /* u32 */
		0x00, 14, 0, 0, 0, 5, 1,    2,	  3,   4,    5, 6, 7, 8, /* u64 */
		0x80, 9,  0, 0, 0, 7, 'l',  'n',  's', 0x80, 6, 0, 0, 0, 39
	};
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));

	(void)st;
	avp_put_u16(&w, AVP_ASSIGNED_TUNNEL_ID, 0x1234);
	avp_put(&w, AVP_FRAMING_CAPS, span_of("\0\0\0\3", 4));
	avp_put(&w, AVP_TIE_BREAKER, span_of("\1\2\3\4\5\6\7\10", 8));
	avp_put(&w, AVP_HOST_NAME, span_str("lns"));
	avp_put(&w, AVP_SEQUENCING_REQUIRED, (struct span){ 0 });
	assert_false(w.bad);
	assert_int_equal(wr_len(&w), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void value_at_and_above_the_limit(void **st)
{
	static const uint8_t value[AVP_MAX_VALUE + 1];
	uint8_t buf[2048];
	struct wr w = wr_init(buf, sizeof(buf));
	struct rd r;
	struct avp a;

	(void)st;
	avp_put(&w, AVP_HOST_NAME, span_of(value, AVP_MAX_VALUE));
	assert_false(w.bad);
	assert_int_equal(wr_len(&w), 0x3ff);
	r = rd_span(wr_done(&w));
	assert_int_equal(avp_next(&r, &a), 1);
	assert_int_equal(a.value.len, AVP_MAX_VALUE);
	avp_put(&w, AVP_HOST_NAME, span_of(value, AVP_MAX_VALUE + 1));
	assert_true(w.bad);
	assert_int_equal(wr_len(&w), 0x3ff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_the_rfc),
		cmocka_unit_test(keys_are_kebab_and_unique),
		cmocka_unit_test(secrets_are_marked),
		cmocka_unit_test(l055_other_vendors_have_no_row),
		cmocka_unit_test(walker_reads_to_the_end),
		cmocka_unit_test(l058_hostile_lengths),
		cmocka_unit_test(writers_take_m_from_the_table),
		cmocka_unit_test(value_at_and_above_the_limit),
	};

	return cmocka_run_group_tests_name("avp", tests, NULL, NULL);
}
