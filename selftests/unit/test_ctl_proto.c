/* SPDX-License-Identifier: BSD-2-Clause */
/* The control protocol without its socket: every line gets exactly one line as its answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/observe/history.h"
#include "daemon/sys/ctl/ctl_proto.h"
#include "selftests/lib/asking.h"

static struct {
	struct world *w;
	struct lac *lac;
	struct lac_call *call;
	struct history *h;
	struct snapshot_history view;
	struct op_actor who;
	json_t *answer;
} u;

static int up(void **st)
{
	(void)st;
	memset(&u, 0, sizeof(u));
	u.w = world_new(NULL, 5);
	u.h = history_new();
	if (!u.w || !u.h)
		return -1;
	u.view = history_snapshots(u.h);
	u.who = (struct op_actor){ "uid 0 (root)", &rights_admin };
	u.lac = lac_new(u.w, 1, 1701);
	lac_connect(u.lac);
	u.call = lac_call(u.lac, "alice", "wonder");
	return 0;
}

static int down(void **st)
{
	(void)st;
	json_decref(u.answer);
	if (!u.lac->over)
		lac_stop(u.lac);
	w_advance(u.w, ZE_SEC(120));
	assert_world_empty(u.w);
	world_free(u.w);
	history_free(u.h);
	return 0;
}

static const char *send_octets(const char *line, size_t len)
{
	const struct ctl_turn t = { .engine = u.w->e,
				    .who = &u.who,
				    .history = &u.view,
				    .clock = { u.w->now, ASKING_WALL } };
	struct strbuf b;

	sb_init(&b);
	sb_puts(&b, "before\n"); /* earlier content of the buffer is kept */
	ctl_proto_line(&t, line, len, &b);
	assert_false(b.bad);
	assert_memory_equal(b.s, "before\n", 7);
	assert_ptr_equal(memchr(b.s + 7, '\n', b.len - 7), b.s + b.len - 1);
	json_decref(u.answer);
	u.answer = json_loadb(b.s + 7, b.len - 8, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	assert_true(json_is_object(u.answer));
	sb_done(&b);
	return json_string_value(ask_member(u.answer, "status"));
}

static const char *send_line(const char *line)
{
	return send_octets(line, strlen(line));
}

static void good(const char *line)
{
	assert_string_equal(send_line(line), "ok");
	assert_int_equal(json_object_size(u.answer), 2);
	ask_member(u.answer, "data");
}

static void bad(const char *line, const char *status, const char *says)
{
	const char *error;

	assert_string_equal(send_line(line), status);
	assert_int_equal(json_object_size(u.answer), 2);
	error = json_string_value(ask_member(u.answer, "error"));
	if (!strstr(error, says))
		fail_msg("\"%s\" not in \"%s\"", says, error);
}

static void answers(void **st)
{
	char line[128];

	(void)st;
	good("{\"command\":[\"show\",\"l2tp\"]}");
	good(" { \"command\" : [ \"show\" , \"l2tp\" ] } ");
	good("{\"command\":[\"show\",\"l2tp\"],\"else\":1}");
	good("{\"command\":[\"show\",\"l2tp\",\"history\"]}");
	snprintf(line, sizeof(line), "{\"command\":[\"show\",\"l2tp\",\"session\",\"%u\"]}",
		 u.call->peer_sid);
	good(line);
	assert_string_equal(json_string_value(ask_member(u.answer, "data.username")), "alice");
}

static void not_json(void **st)
{
	static const char *const lines[] = {
		"",
		" ",
		"show l2tp",
		"{",
		"{\"command\":[\"show\",\"l2tp\"]",
		"{\"command\":[\"show\",\"l2tp\"]}}",
		"{\"command\":[\"show\"],\"command\":[\"clear\"]}", /* duplicate key */
		"{\"command\":[\"a\\u0000b\"]}",
		"{\"command\":[\"\xff\"]}",
		"[\"show\",\"l2tp\"]",
		"\"show\"",
		"null",
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lines); i++)
		bad(lines[i], "bad-request", "one JSON object on one line");
	assert_string_equal(send_octets("{\"command\":[\"sh\0w\"]}", 20), "bad-request");
}

static void not_words(void **st)
{
	static const char *const lines[] = {
		"{}",
		"{\"command\":\"show l2tp\"}",
		"{\"command\":null}",
		"{\"command\":[1]}",
		"{\"command\":[\"show\",[\"l2tp\"]]}",
		"{\"command\":[\"show\",null]}",
		"{\"complete\":{}}",
		"{\"order\":[\"show\"]}",
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lines); i++)
		bad(lines[i], "bad-request", "array of strings");
}

static void deep(void **st)
{
	char line[8192];

	(void)st;
	memset(line, '[', sizeof(line));
	assert_string_equal(send_octets(line, sizeof(line)), "bad-request");
}

static void too_many_words(void **st)
{
	struct strbuf b;

	(void)st;
	sb_init(&b);
	sb_puts(&b, "{\"command\":[\"show\"");
	for (unsigned i = 0; i < 300; i++)
		sb_puts(&b, ",\"x\"");
	sb_puts(&b, "]}");
	bad(b.s, "bad-request", "array of strings");
	sb_done(&b);
}

static void refusals(void **st)
{
	(void)st;
	bad("{\"command\":[]}", "unknown-command", "empty command");
	bad("{\"command\":[\"show\",\"l2tp\",\"tunels\"]}", "unknown-command", "\"tunels\"");
	bad("{\"command\":[\"show\",\"l2tp\",\"session\",\"64999\"]}", "not-found",
	    "no such session: 64999");
	bad("{\"command\":[\"show\",\"l2tp\",\"tunnel\",\"x\"]}", "bad-argument", "\"x\"");
	/* A word with a newline is data; it never begins a line. */
	bad("{\"command\":[\"show\\n{}\\n\"]}", "unknown-command", "show\n{}\n");
	bad("{\"command\":[\"\\u001b[2J\"]}", "unknown-command", "\x1b[2J");
}

static void read_only(void **st)
{
	(void)st;
	u.who.profile = &rights_read_only;
	bad("{\"command\":[\"clear\",\"l2tp\",\"session\",\"teardown-all\"]}", "denied",
	    "read-only");
	assert_int_equal(u.w->e->n_subscribers[SUB_ESTABLISHED], 1);
	good("{\"command\":[\"show\",\"l2tp\",\"sessions\"]}");
	good("{\"complete\":[\"\"]}");
	assert_int_equal(json_array_size(ask_member(u.answer, "data")), 1);
	u.who.profile = &rights_admin;
	good("{\"command\":[\"clear\",\"l2tp\",\"session\",\"teardown-all\"]}");
	assert_int_equal(json_integer_value(ask_member(u.answer, "data.sessions-cleared")), 1);
	w_deliver(u.w);
}

static void completion(void **st)
{
	(void)st;
	good("{\"complete\":[\"show\",\"\"]}");
	assert_int_equal(json_array_size(ask_member(u.answer, "data")), 2);
	good("{\"complete\":[]}");
	assert_int_equal(json_array_size(ask_member(u.answer, "data")), 3);
	good("{\"complete\":[\"nothing\",\"like\",\"this\"]}");
	assert_int_equal(json_array_size(ask_member(u.answer, "data")), 0);
}

static void too_long(void **st)
{
	struct strbuf b;

	(void)st;
	sb_init(&b);
	ctl_proto_too_long(&b);
	assert_ptr_equal(strchr(b.s, '\n'), b.s + b.len - 1);
	u.answer = json_loads(b.s, 0, NULL);
	assert_string_equal(json_string_value(ask_member(u.answer, "status")), "bad-request");
	sb_done(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answers),  T(not_json),  T(not_words),  T(deep),     T(too_many_words),
		T(refusals), T(read_only), T(completion), T(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
