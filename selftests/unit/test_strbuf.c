/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"

static void grows_and_stays_terminated(void **st)
{
	struct strbuf b;

	(void)st;
	sb_init(&b);
	assert_null(b.s);
	for (size_t i = 0; i < 5000; i++) {
		char c = (char)('a' + i % 26);

		sb_add(&b, &c, 1);
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.s[i], c);
		assert_int_equal(b.s[i + 1], '\0');
		assert_true(b.cap > b.len);
	}
	assert_false(b.bad);
	sb_done(&b);
	assert_null(b.s);
	sb_done(&b);
}

/* Each length around the first capacity, in one piece. */
static void boundaries(void **st)
{
	char text[600];

	(void)st;
	memset(text, 'x', sizeof(text));
	for (size_t n = 250; n < 520; n++) {
		struct strbuf b;

		sb_init(&b);
		sb_add(&b, text, n);
		sb_printf(&b, "%.*s", (int)(520 - n), text);
		assert_int_equal(b.len, 520);
		assert_int_equal(strlen(b.s), 520);
		sb_done(&b);
	}
}

static void formats(void **st)
{
	struct strbuf b;
	char wide[400];

	(void)st;
	memset(wide, 'w', sizeof(wide));
	wide[399] = '\0';
	sb_init(&b);
	sb_puts(&b, "a");
	sb_printf(&b, "%d-%s", 42, "b");
	assert_string_equal(b.s, "a42-b");
	sb_printf(&b, "%s|", wide);
	assert_int_equal(b.len, 5 + 400);
	assert_int_equal(b.s[b.len - 1], '|');
	sb_done(&b);
}

static void octets_may_be_zero(void **st)
{
	struct strbuf b;

	(void)st;
	sb_init(&b);
	sb_add(&b, "a\0b", 3);
	sb_add(&b, NULL, 0);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.s, "a\0b", 4);
	sb_done(&b);
}

static void failure_sticks_and_keeps_the_text(void **st)
{
	struct strbuf b;

	(void)st;
	sb_init(&b);
	sb_puts(&b, "kept");
	sb_add(&b, "x", SIZE_MAX); /* longer than possible: "x" is not read */
	assert_true(b.bad);
	sb_puts(&b, "y");
	sb_printf(&b, "z");
	assert_string_equal(b.s, "kept");
	assert_int_equal(b.len, 4);
	assert_null(sb_take(&b));
	assert_false(b.bad); /* empty again, and usable */
	assert_int_equal(b.len, 0);
	sb_puts(&b, "again");
	assert_string_equal(b.s, "again");
	sb_done(&b);
}

static void reset_keeps_the_memory(void **st)
{
	struct strbuf b;
	char *s;

	(void)st;
	sb_init(&b);
	sb_reset(&b);
	assert_null(b.s);
	sb_puts(&b, "text");
	s = b.s;
	sb_add(&b, "x", SIZE_MAX);
	sb_reset(&b);
	assert_false(b.bad);
	assert_ptr_equal(b.s, s);
	assert_string_equal(b.s, "");
	assert_int_equal(b.len, 0);
	sb_puts(&b, "more");
	assert_string_equal(b.s, "more");
	sb_done(&b);
}

static void take_moves_ownership(void **st)
{
	struct strbuf b;
	char *s;

	(void)st;
	sb_init(&b);
	sb_puts(&b, "mine");
	s = sb_take(&b);
	assert_null(b.s);
	assert_int_equal(b.cap, 0);
	assert_string_equal(s, "mine");
	free(s);
	s = sb_take(&b); /* an empty buffer is a text as well */
	assert_string_equal(s, "");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(formats),
		cmocka_unit_test(octets_may_be_zero),
		cmocka_unit_test(failure_sticks_and_keeps_the_text),
		cmocka_unit_test(reset_keeps_the_memory),
		cmocka_unit_test(take_moves_ownership),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
