/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"

static const char *const ids[REASON__COUNT] = { [REASON_NONE] = "NONE",
#define X(id, name, text) [REASON_##id] = #id,
						ZE_REASONS(X)
#undef X
};

/* The word of each reason is its identifier in kebab case, so that git grep finds what is in a
 * log. */
static void names_follow_identifiers(void **st)
{
	(void)st;
	for (unsigned r = 0; r < REASON__COUNT; r++) {
		char want[64] = { 0 };

		assert_in_range(strlen(ids[r]), 1, sizeof(want) - 1);
		for (size_t i = 0; ids[r][i]; i++)
			want[i] = ids[r][i] == '_' ? '-' : (char)tolower((unsigned char)ids[r][i]);
		assert_string_equal(reason_name((enum reason)r), want);
	}
	assert_string_equal(reason_name(REASON_HDR_SHORT), "hdr-short");
}

static void every_reason_has_a_sentence_of_its_own(void **st)
{
	(void)st;
	for (unsigned r = 0; r < REASON__COUNT; r++) {
		assert_true(strlen(reason_text((enum reason)r)) > 5);
		for (unsigned o = 0; o < r; o++)
			assert_string_not_equal(reason_text((enum reason)r),
						reason_text((enum reason)o));
	}
	assert_string_equal(reason_text(REASON_AVP_UNKNOWN), "unknown mandatory AVP");
}

static void out_of_range_is_survived(void **st)
{
	(void)st;
	assert_string_equal(reason_name(REASON__COUNT), "unknown");
	assert_string_equal(reason_text((enum reason) - 1), "unknown reason");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_follow_identifiers),
		cmocka_unit_test(every_reason_has_a_sentence_of_its_own),
		cmocka_unit_test(out_of_range_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
