/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <jansson.h>

#include "daemon/base/json.h"

/* Numbers may exceed the integers of the reader. */
#define READ_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

struct doc {
	struct strbuf b;
	struct json j;
};

static int setup(void **st)
{
	static struct doc d;

	sb_init(&d.b);
	json_init(&d.j, &d.b);
	*st = &d;
	return 0;
}

static int teardown(void **st)
{
	struct doc *d = *st;

	sb_done(&d->b);
	return 0;
}

/* An independent reader accepts it as JSON. */
static void assert_doc(struct doc *d, const char *want)
{
	json_t *read;

	assert_true(json_ok(&d->j));
	assert_string_equal(d->b.s, want);
	read = json_loadb(d->b.s, d->b.len, READ_FLAGS, NULL);
	assert_non_null(read);
	json_decref(read);
}

static void nesting_and_commas(void **st)
{
	struct doc *d = *st;
	struct json *j = &d->j;

	json_obj(j);
	json_kstr(j, "state", "established");
	json_ku64(j, "ns", UINT64_MAX);
	json_key(j, "avps");
	json_arr(j);
	json_u64(j, 0);
	json_obj(j);
	json_obj_end(j);
	json_arr(j);
	json_arr_end(j);
	json_nil(j);
	json_arr_end(j);
	json_kbool(j, "up", true);
	json_kbool(j, "lns", false);
	json_khex(j, "value", span_of("\x00\xff\x1a", 3));
	json_khex(j, "none", span_str(NULL));
	json_kstr(j, "name", NULL);
	json_obj_end(j);
	assert_doc(d, "{\"state\":\"established\",\"ns\":18446744073709551615,"
		      "\"avps\":[0,{},[],null],\"up\":true,\"lns\":false,"
		      "\"value\":\"00ff1a\",\"none\":\"\",\"name\":null}");
}

static void thousandths(void **st)
{
	struct doc *d = *st;

	json_arr(&d->j);
	json_thousandths(&d->j, 0);
	json_thousandths(&d->j, 7);
	json_thousandths(&d->j, 1500);
	json_thousandths(&d->j, UINT64_MAX);
	json_arr_end(&d->j);
	assert_doc(d, "[0.000,0.007,1.500,18446744073709551.615]");
}

static void one_scalar_is_a_document(void **st)
{
	struct doc *d = *st;

	assert_false(json_ok(&d->j)); /* an empty text is not JSON */
	json_str(&d->j, "x");
	assert_doc(d, "\"x\"");
	json_nil(&d->j); /* and two values are not one */
	assert_false(json_ok(&d->j));
	assert_string_equal(d->b.s, "\"x\"");
}

static void strings_are_escaped(void **st)
{
	struct doc *d = *st;

	json_span(&d->j, span_of("a\"b\\c/\n\0\x1f\x7f<", 11));
	assert_doc(d, "\"a\\\"b\\\\c/\\u000a\\u0000\\u001f\\u007f<\"");
}

static void keys_are_escaped(void **st)
{
	struct doc *d = *st;

	json_obj(&d->j);
	json_kspan(&d->j, "a\"\n", span_str("v"));
	json_obj_end(&d->j);
	assert_doc(d, "{\"a\\\"\\u000a\":\"v\"}");
}

#define BAD "\xef\xbf\xbd"

/* Unicode table 3-7, both sides of each boundary; well-formed text is written unchanged. */
static void utf8_is_forced(void **st)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xc2\x9b", "\\u009b" }, /* a C1 control character: CSI of some terminals */
		{ "\xe0\xa0\x80", "\xe0\xa0\x80" },
		{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
		{ "\xee\x80\x80", "\xee\x80\x80" },
		{ "\xf0\x90\x80\x80", "\xf0\x90\x80\x80" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "\x80", BAD },
		{ "\xff", BAD },
		{ "\xc0\x80", BAD BAD }, /* overlong */
		{ "\xc1\xbf", BAD BAD },
		{ "\xe0\x9f\xbf", BAD BAD BAD },
		{ "\xf0\x8f\xbf\xbf", BAD BAD BAD BAD },
		{ "\xed\xa0\x80", BAD BAD BAD },	 /* surrogate */
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", BAD BAD BAD BAD },
		{ "\xc3", BAD }, /* cut off */
		{ "\xc3(", BAD "(" },
		{ "\xe2\x82", BAD BAD },
		{ "\xe2\x82(", BAD BAD "(" },
		{ "\xf0\x9f\x98", BAD BAD BAD },
		{ "\xf0\x9f\x98\"", BAD BAD BAD "\\\"" },
	};
	struct doc *d = *st;
	char want[64];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		sb_reset(&d->b);
		json_init(&d->j, &d->b);
		json_str(&d->j, v[i].in);
		want[0] = '\0';
		strcat(strcat(strcat(want, "\""), v[i].out), "\"");
		assert_doc(d, want);
	}
}

/* Whatever octets a name has, a strict reader accepts it. */
static void any_octets_parse(void **st)
{
	struct doc *d = *st;
	uint8_t name[8];
	uint64_t s = 0x2545f4914f6cdd1d;

	for (int i = 0; i < 20000; i++) {
		json_t *read;

		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		memcpy(name, &s, sizeof(name));
		for (size_t k = 0; k < sizeof(name); k++)
			name[k] |= i & 1 ? 0x80 : 0; /* make valid sequences likely */
		sb_reset(&d->b);
		json_init(&d->j, &d->b);
		json_span(&d->j, span_of(name, s % 9));
		assert_true(json_ok(&d->j));
		read = json_loadb(d->b.s, d->b.len, READ_FLAGS, NULL);
		assert_non_null(read);
		json_decref(read);
	}
}

static void depth_is_bounded(void **st)
{
	struct doc *d = *st;

	for (int i = 0; i < JSON_DEPTH; i++)
		json_arr(&d->j);
	assert_false(d->j.bad);
	assert_false(json_ok(&d->j)); /* not closed */
	for (int i = 0; i < JSON_DEPTH; i++)
		json_arr_end(&d->j);
	assert_doc(d, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");

	sb_reset(&d->b);
	json_init(&d->j, &d->b);
	for (int i = 0; i <= JSON_DEPTH; i++)
		json_arr(&d->j);
	assert_true(d->j.bad);
	for (int i = 0; i <= JSON_DEPTH; i++)
		json_arr_end(&d->j);
	assert_false(json_ok(&d->j));
}

static void key_outside_object(struct json *j)
{
	json_key(j, "k");
}

static void key_in_array(struct json *j)
{
	json_arr(j);
	json_key(j, "k");
}

static void key_after_key(struct json *j)
{
	json_obj(j);
	json_key(j, "k");
	json_key(j, "k");
}

static void value_without_key(struct json *j)
{
	json_obj(j);
	json_u64(j, 1);
}

static void container_without_key(struct json *j)
{
	json_obj(j);
	json_arr(j);
}

static void key_without_value(struct json *j)
{
	json_obj(j);
	json_key(j, "k");
	json_obj_end(j);
}

static void wrong_end(struct json *j)
{
	json_arr(j);
	json_obj_end(j);
}

static void end_of_nothing(struct json *j)
{
	json_arr_end(j);
}

static void misuse_sets_bad_for_good(void **st)
{
	static void (*const misuse[])(struct json *) = {
		key_outside_object,    key_in_array,	  key_after_key, value_without_key,
		container_without_key, key_without_value, wrong_end,	 end_of_nothing,
	};
	struct doc *d = *st;

	for (size_t i = 0; i < sizeof(misuse) / sizeof(misuse[0]); i++) {
		size_t len;

		sb_reset(&d->b);
		json_init(&d->j, &d->b);
		misuse[i](&d->j);
		assert_true(d->j.bad);
		len = d->b.len;
		json_kstr(&d->j, "k", "v");
		json_obj(&d->j);
		json_khex(&d->j, "k", span_str("v"));
		json_arr_end(&d->j);
		json_obj_end(&d->j);
		assert_int_equal(d->b.len, len);
		assert_false(json_ok(&d->j));
	}
}

static void no_memory_is_not_ok(void **st)
{
	struct doc *d = *st;

	json_arr(&d->j);
	sb_add(&d->b, "", SIZE_MAX);
	json_arr_end(&d->j);
	assert_false(d->j.bad);
	assert_false(json_ok(&d->j));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nesting_and_commas),	T(thousandths),	     T(one_scalar_is_a_document),
		T(strings_are_escaped), T(keys_are_escaped), T(utf8_is_forced),
		T(any_octets_parse),	T(depth_is_bounded), T(misuse_sets_bad_for_good),
		T(no_memory_is_not_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
