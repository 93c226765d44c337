/* SPDX-License-Identifier: BSD-2-Clause */
/* Profiles: which rule decides, which words it matches, and the two built-in profiles. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/ops/rights.h"

/* Words separated by blanks. */
static bool permits(const struct rights_profile *p, const char *command)
{
	const char *words[RIGHTS_WORDS_MAX] = { 0 };
	char text[128], *save = NULL;
	size_t n = 0;

	assert_true(strlen(command) < sizeof(text));
	strcpy(text, command);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_true(n < RIGHTS_WORDS_MAX);
		words[n++] = w;
	}
	return rights_permit(p, words);
}

#define PROFILE(rules_, permit_)                                                                   \
	(&(const struct rights_profile){                                                           \
		.name = "x", .rules = rules_, .n = ZE_ARRAY_SIZE(rules_), .permit = permit_ })

static void first_match_decides(void **st)
{
	static const struct rights_rule one_session[] = {
		{ false, { "clear", "l2tp", "session", "teardown-all" } },
		{ true, { "clear", "l2tp", "session" } },
		{ false, { "clear" } },
		{ true, { "clear" } }, /* too late */
	};
	static const struct rights_rule reversed[] = {
		{ true, { "clear", "l2tp", "session" } },
		{ false, { "clear", "l2tp", "session", "teardown-all" } },
	};

	(void)st;
	assert_true(permits(PROFILE(one_session, false), "clear l2tp session teardown <sid>"));
	assert_false(permits(PROFILE(one_session, true), "clear l2tp session teardown-all"));
	assert_false(permits(PROFILE(one_session, true), "clear l2tp tunnel teardown-all"));
	assert_true(permits(PROFILE(reversed, false), "clear l2tp session teardown-all"));
}

static void what_no_rule_matches(void **st)
{
	static const struct rights_rule rules[] = { { true, { "show" } } };
	static const struct rights_profile none = { .name = "none" }, all = { .permit = true };

	(void)st;
	assert_false(permits(PROFILE(rules, false), "reload"));
	assert_true(permits(PROFILE(rules, true), "reload"));
	assert_false(permits(&none, "show l2tp"));
	assert_true(permits(&all, "show l2tp"));
	assert_false(permits(NULL, "show l2tp"));
}

/* `*` matches one word; a rule is the beginning of a command, up to the end of a word. */
static void words_match(void **st)
{
	static const struct {
		struct rights_rule rule;
		const char *command;
		bool matches;
	} cases[] = {
		{ { true, { "show", "*" } }, "show l2tp", true },
		{ { true, { "show", "*" } }, "show l2tp session <sid>", true },
		{ { true, { "show", "*" } }, "show", false },
		{ { true, { "show" } }, "show", true },
		{ { true, { "*" } }, "clear l2tp", true },
		{ { true, { NULL } }, "clear l2tp", true },
		{ { true, { "*", "l2tp", "tunnel" } }, "show l2tp tunnel <tid>", true },
		{ { true, { "*", "l2tp", "tunnel" } }, "clear l2tp tunnel teardown-all", true },
		{ { true, { "*", "l2tp", "tunnel" } }, "clear l2tp session teardown-all", false },
		{ { true, { "show", "l2tp", "session" } }, "show l2tp sessions", false },
		{ { true, { "show", "l2tp", "sessions" } }, "show l2tp session <sid>", false },
		{ { true, { "SHOW", "L2tp" } }, "show l2tp tunnels", true },
		{ { true, { "show", "l2tp", "session", "*" } }, "show l2tp session <sid>", true },
		{ { true, { "show", "l2tp", "session", "7" } }, "show l2tp session <sid>", false },
		{ { true, { "a", "b", "c", "d", "e", "f" } }, "a b c d e f", true },
		{ { true, { "a", "b", "c", "d", "e", "f" } }, "a b c d e", false },
		{ { true, { "show", "l2" } }, "show l2tp", false },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(cases); i++) {
		const struct rights_profile p = { .rules = &cases[i].rule, .n = 1 };

		if (permits(&p, cases[i].command) != cases[i].matches)
			fail_msg("case %zu: %s", i, cases[i].command);
	}
}

static void built_in(void **st)
{
	static const char *const looks[] = { "show l2tp", "show l2tp sessions",
					     "show l2tp tunnel <tid>" };
	static const char *const acts[] = { "clear l2tp tunnel teardown-all",
					    "clear l2tp session teardown <sid> <why>", "reload",
					    "restart", "kill" };

	(void)st;
	assert_string_equal(rights_admin.name, "admin");
	assert_string_equal(rights_read_only.name, "read-only");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(looks); i++) {
		assert_true(permits(&rights_admin, looks[i]));
		assert_true(permits(&rights_read_only, looks[i]));
	}
	for (size_t i = 0; i < ZE_ARRAY_SIZE(acts); i++) {
		assert_true(permits(&rights_admin, acts[i]));
		assert_false(permits(&rights_read_only, acts[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_match_decides),
		cmocka_unit_test(what_no_rule_matches),
		cmocka_unit_test(words_match),
		cmocka_unit_test(built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
