/* SPDX-License-Identifier: BSD-2-Clause */
/* The client side of the control protocol, the words of a line, and the messages of failures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/run.h"
#include "cli/words.h"
#include "daemon/base/compiler.h"

static void requests(void **st)
{
	static const char *const words[] = { "show", "a \"b\"\n\x1b", "\xff", "" };
	struct strbuf b;

	(void)st;
	sb_init(&b);
	client_request(CLIENT_COMMAND, words, 4, &b);
	assert_string_equal(b.s, "{\"command\":[\"show\",\"a \\\"b\\\"\\u000a\\u001b\","
				 "\"\xef\xbf\xbd\",\"\"]}\n");
	sb_reset(&b);
	client_request(CLIENT_COMPLETE, words, 0, &b);
	assert_string_equal(b.s, "{\"complete\":[]}\n");
	sb_done(&b);
}

static void answers(void **st)
{
	static const char good[] = "{\"status\":\"ok\",\"data\":\"\\u0000\"}";
	static const char *const bad[] = { "", "[]", "ok", "{}", "{\"status\":1}", "{\"status\":" };
	json_t *v = client_answer(good, strlen(good));

	(void)st;
	assert_non_null(v);
	json_decref(v);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(bad); i++)
		assert_null(client_answer(bad[i], strlen(bad[i])));
}

static void the_socket(void **st)
{
	(void)st;
	unsetenv("ZE_SOCKET");
	assert_string_equal(client_default().path, "/run/ze/ze.sock");
	setenv("ZE_SOCKET", "/elsewhere", 1);
	assert_string_equal(client_default().path, "/elsewhere");
	setenv("ZE_SOCKET", "", 1);
	assert_string_equal(client_default().path, "/run/ze/ze.sock");
}

static void failures_name_the_socket_and_a_reason(void **st)
{
	static const struct {
		int err;
		const char *says;
	} cases[] = {
		{ ENOENT, "Is ze running" },	   { ECONNREFUSED, "connection refused" },
		{ EACCES, "permission denied" },   { EAGAIN, "too many" },
		{ ETIMEDOUT, "within 7 seconds" }, { ECONNRESET, "connection was closed" },
		{ EPROTO, "not from ze" },	   { ENAMETOOLONG, "too long" },
	};
	const struct client c = { "/some/socket", 7 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(cases); i++) {
		struct strbuf b;

		sb_init(&b);
		client_failure(&c, -cases[i].err, &b);
		assert_non_null(strstr(b.s, "/some/socket"));
		assert_non_null(strstr(b.s, cases[i].says));
		sb_done(&b);
	}
}

static void timeouts(void **st)
{
	(void)st;
	assert_int_equal(run_timeout("1"), 1);
	assert_int_equal(run_timeout("3600"), 3600);
	assert_int_equal(run_timeout("0"), 0);
	assert_int_equal(run_timeout("3601"), 0);
	assert_int_equal(run_timeout("-1"), 0);
	assert_int_equal(run_timeout("5s"), 0);
	assert_int_equal(run_timeout(""), 0);
}

/* want: the words, each in brackets. */
static void splits(const char *line, const char *want)
{
	struct words w;
	struct strbuf b;

	sb_init(&b);
	assert_int_equal(words_split(&w, line, strlen(line)), 0);
	for (size_t i = 0; i < w.n; i++)
		sb_printf(&b, "[%s]", w.w[i]);
	if (w.open)
		sb_puts(&b, " open");
	if (w.blank)
		sb_puts(&b, " blank");
	assert_string_equal(b.s ? b.s : "", want);
	sb_done(&b);
	words_done(&w);
}

static void words_of_a_line(void **st)
{
	(void)st;
	splits("", " blank");
	splits(" \t\r\n", " blank");
	splits("show l2tp", "[show][l2tp]");
	splits("  show\t l2tp \n", "[show][l2tp] blank");
	splits("reason \"a  b\" c", "[reason][a  b][c]");
	splits("'it''s' a\"b c\"d", "[its][ab cd]");
	splits("\"\" ''", "[][]");
	splits("\"say \\\"hi\\\"\" '\\' a\\ b", "[say \"hi\"][\\][a b]");
	splits("\"open", "[open] open");
	splits("a 'b", "[a][b] open");
	splits("a\\", "[a\\]");
}

static void too_many_words(void **st)
{
	char line[2 * WORDS_MAX + 2];
	struct words w;

	(void)st;
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = i % 2 ? ' ' : 'x';
	assert_int_equal(words_split(&w, line, sizeof(line) - 2), 0);
	assert_int_equal(w.n, WORDS_MAX);
	words_done(&w);
	assert_int_equal(words_split(&w, line, sizeof(line)), -E2BIG);
	words_done(&w);
}

static void words_for_a_shell(void **st)
{
	static const char *const cases[][2] = {
		{ "", "''" },
		{ "show", "'show'" },
		{ "a b", "'a b'" },
		{ "$(reboot); `x` \"y\" \\", "'$(reboot); `x` \"y\" \\'" },
		{ "it's", "'it'\\''s'" },
		{ "'", "''\\'''" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(cases); i++) {
		struct strbuf b;

		sb_init(&b);
		words_quote(cases[i][0], &b);
		assert_string_equal(b.s, cases[i][1]);
		sb_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(answers),
		cmocka_unit_test(the_socket),
		cmocka_unit_test(failures_name_the_socket_and_a_reason),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(words_of_a_line),
		cmocka_unit_test(too_many_words),
		cmocka_unit_test(words_for_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
