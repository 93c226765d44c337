/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands: their words, arguments, refusals and effects, and completion with the ids of
 * existing objects. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/observe/history.h"
#include "selftests/lib/asking.h"

static struct {
	struct world *w;
	struct history *h;
	struct snapshot_history view;
	struct asking a;
	struct lac *lac[2];
	struct lac_call *call[3]; /* two in the first tunnel, one in the second */
} u;

static int up(void **st)
{
	(void)st;
	memset(&u, 0, sizeof(u));
	u.w = world_new(NULL, 7);
	u.h = history_new();
	if (!u.w || !u.h || bus_add(&u.w->bus, &history_observer, u.h) < 0)
		return -1;
	u.view = history_snapshots(u.h);
	u.a = (struct asking){ .w = u.w, .history = &u.view };
	for (unsigned i = 0; i < 2; i++) {
		u.lac[i] = lac_new(u.w, i + 1, 1701);
		lac_connect(u.lac[i]);
	}
	u.call[0] = lac_call(u.lac[0], "alice", "wonder");
	u.call[1] = lac_call(u.lac[0], "bob", "builder");
	u.call[2] = lac_call(u.lac[1], "alice", "wonder");
	return 0;
}

static int down(void **st)
{
	(void)st;
	ask_done(&u.a);
	for (unsigned i = 0; i < 2; i++)
		if (!u.lac[i]->over)
			lac_stop(u.lac[i]);
	w_advance(u.w, ZE_SEC(120));
	assert_world_empty(u.w);
	world_free(u.w);
	history_free(u.h);
	return 0;
}

static unsigned tid(unsigned i)
{
	return u.lac[i]->peer_tid;
}

static unsigned sid(unsigned i)
{
	return u.call[i]->peer_sid;
}

#define refused(want, text, ...)                                                                   \
	do {                                                                                       \
		char line_[8000];                                                                  \
		snprintf(line_, sizeof(line_), __VA_ARGS__);                                       \
		assert_int_equal(ask(&u.a, line_), want);                                          \
		if (!strstr(u.a.error, text))                                                      \
			fail_msg("\"%s\" not in \"%s\"", text, u.a.error);                         \
	} while (0)

#define done(...)                                                                                  \
	do {                                                                                       \
		char line_[8000];                                                                  \
		snprintf(line_, sizeof(line_), __VA_ARGS__);                                       \
		assert_int_equal(ask(&u.a, line_), OP_OK);                                         \
	} while (0)

static json_int_t number(const char *path)
{
	json_t *v = ask_member(u.a.data, path);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static const char *text(const char *path)
{
	json_t *v = ask_member(u.a.data, path);

	assert_true(json_is_string(v));
	return json_string_value(v);
}

/* ---- words ---- */

static void unknown_words_are_named(void **st)
{
	(void)st;
	refused(OP_UNKNOWN_COMMAND, "empty command", "%s", "");
	refused(OP_UNKNOWN_COMMAND, "\"frobnicate\"", "frobnicate");
	refused(OP_UNKNOWN_COMMAND, "after show", "show");
	refused(OP_UNKNOWN_COMMAND, "unknown word \"pppoe\" after show", "show pppoe");
	refused(OP_UNKNOWN_COMMAND, "\"tunels\" after show l2tp", "show l2tp tunels");
	refused(OP_UNKNOWN_COMMAND, "after show l2tp tunnel", "show l2tp tunnel");
	refused(OP_UNKNOWN_COMMAND, "\"now\" after show l2tp tunnels", "show l2tp tunnels now");
	refused(OP_UNKNOWN_COMMAND, "\"7\" after show l2tp tunnel 5", "show l2tp tunnel 5 7");
	refused(OP_UNKNOWN_COMMAND, "after clear l2tp", "clear l2tp");
	refused(OP_UNKNOWN_COMMAND, "after clear l2tp session", "clear l2tp session");
	refused(OP_UNKNOWN_COMMAND, "after clear l2tp session teardown",
		"clear l2tp session teardown");
	refused(OP_UNKNOWN_COMMAND, "\"now\"", "clear l2tp session teardown-all now");
	refused(OP_UNKNOWN_COMMAND, "\"reason\"", "clear l2tp tunnel teardown 5 reason x");
	/* A word is not abbreviated. */
	refused(OP_UNKNOWN_COMMAND, "\"sh\"", "sh l2tp");
	/* A long word is cut in the error, not the sentence after it. */
	refused(OP_UNKNOWN_COMMAND, "\"0123456789012345678901234567890", "show %s",
		"012345678901234567890123456789012345678901234567890123456789");
}

static void unknown_ids_are_named(void **st)
{
	(void)st;
	refused(OP_NOT_FOUND, "no such tunnel: 64999", "show l2tp tunnel 64999");
	refused(OP_NOT_FOUND, "no such session: 64999", "show l2tp session 64999");
	refused(OP_NOT_FOUND, "no such tunnel: 64999", "clear l2tp tunnel teardown 64999");
	refused(OP_NOT_FOUND, "no such session: 64999", "clear l2tp session teardown 64999");
	refused(OP_NOT_FOUND, "no such session: 64999",
		"clear l2tp session teardown 64999 reason x cause 1");
}

static void ids_are_1_to_65535(void **st)
{
	static const char *const bad[] = { "0",	   "65536", "4294967297", "-1", "+1",
					   "0x10", "1a",    "five",	  "" };
	char line[64], quoted[64];

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(bad); i++) {
		snprintf(quoted, sizeof(quoted), "not \"%s\"", bad[i]);
		snprintf(line, sizeof(line), "show l2tp tunnel %s", bad[i]);
		refused(OP_BAD_ARGUMENT, quoted, "%s", line);
		snprintf(line, sizeof(line), "clear l2tp session teardown %s", bad[i]);
		refused(OP_BAD_ARGUMENT, quoted, "%s", line);
	}
	assert_int_equal(w_count_events(u.w, EV_DISCONNECT_REQUESTED), 0);
}

static void read_only_may_show(void **st)
{
	(void)st;
	u.a.profile = &rights_read_only;
	done("show l2tp");
	done("show l2tp tunnels");
	done("show l2tp tunnel %u", tid(0));
	done("show l2tp sessions");
	done("show l2tp session %u", sid(0));
	done("show l2tp statistics");
	done("show l2tp listeners");
	done("show l2tp config");
	done("show l2tp history");
	done("show l2tp pools");
	done("show radius servers");
	done("show radius coa");
}

static void read_only_may_not_clear(void **st)
{
	(void)st;
	u.a.profile = &rights_read_only;
	refused(OP_DENIED, "read-only", "clear l2tp tunnel teardown %u", tid(0));
	refused(OP_DENIED, "read-only", "clear l2tp tunnel teardown-all");
	refused(OP_DENIED, "read-only", "clear l2tp session teardown %u", sid(0));
	refused(OP_DENIED, "read-only", "clear l2tp session teardown-all");
	/* A refusal does not even reveal which ids exist. */
	refused(OP_DENIED, "read-only", "clear l2tp session teardown 64999");
	assert_int_equal(w_count_events(u.w, EV_DISCONNECT_REQUESTED), 0);
	assert_int_equal(u.w->e->n_subscribers[SUB_ESTABLISHED], 3);
}

/* ---- reload ---- */

static struct {
	int result;
	unsigned asked;
	char actor[32];
} file;

static int reload_file(void *self, const char *actor, struct strbuf *errors,
		       struct strbuf *warnings)
{
	assert_ptr_equal(self, &file);
	file.asked++;
	snprintf(file.actor, sizeof(file.actor), "%s", actor);
	sb_puts(warnings, "ze.conf: one\nze.conf: two\n");
	if (file.result < 0)
		sb_puts(errors, "ze.conf:3:1: wrong\nze.conf:4:1: too\n");
	return file.result;
}

static void reload_reports_its_result(void **st)
{
	static const struct op_reload rl = { reload_file, &file };

	(void)st;
	memset(&file, 0, sizeof(file));
	refused(OP_FAILED, "no configuration file", "reload");
	u.a.reload = &rl;
	done("reload");
	assert_string_equal(text("action"), "reload");
	assert_string_equal(text("status"), "ok");
	assert_int_equal(json_array_size(ask_member(u.a.data, "warnings")), 2);
	assert_string_equal(json_string_value(json_array_get(ask_member(u.a.data, "warnings"), 1)),
			    "ze.conf: two");
	assert_string_equal(file.actor, ASKING_ACTOR);
	file.result = -EINVAL;
	refused(OP_FAILED, "ze.conf:3:1: wrong\nze.conf:4:1: too\nrefused", "reload");
	refused(OP_UNKNOWN_COMMAND, "\"now\" after reload", "reload now");
	assert_int_equal(file.asked, 2);
	u.a.profile = &rights_read_only;
	refused(OP_DENIED, "read-only profile does not allow reload", "reload");
	assert_int_equal(file.asked, 2);
	u.a.profile = NULL;
	engine_drain(u.w->e, u.w->now);
	refused(OP_FAILED, "stopping", "reload");
	assert_int_equal(file.asked, 2);
}

static void without_history(void **st)
{
	(void)st;
	u.a.history = NULL;
	refused(OP_FAILED, "no history", "show l2tp history");
	done("show l2tp session %u", sid(0));
	assert_null(json_object_get(u.a.data, "events"));
}

/* ---- clear ---- */

/* RFC 2661 4.4.2: StopCCN result 6, "requester is being shut down". */
static void tear_one_tunnel_down(void **st)
{
	(void)st;
	done("clear l2tp tunnel teardown %u", tid(0));
	assert_string_equal(text("action"), "tunnel-teardown");
	assert_string_equal(text("status"), "ok");
	assert_int_equal(number("local-tid"), tid(0));
	w_deliver(u.w);
	assert_true(u.lac[0]->over);
	assert_int_equal(u.lac[0]->stop_result, STOP_SHUTDOWN);
	assert_false(u.lac[1]->over);
	assert_int_equal(u.w->e->n_subscribers[SUB_ESTABLISHED], 1);
	/* The tunnel lingers for retransmissions of the peer, but cannot be ended twice. */
	refused(OP_NOT_FOUND, "no such tunnel", "clear l2tp tunnel teardown %u", tid(0));
}

static void a_tunnel_torn_down_is_in_the_trail_of_its_sessions(void **st)
{
	json_t *ended, *events, *e;

	(void)st;
	done("clear l2tp tunnel teardown %u", tid(0));
	w_deliver(u.w);
	done("show l2tp history");
	ended = u.a.data;
	assert_int_equal(json_array_size(ended), 2);
	for (size_t i = 0; i < 2; i++) {
		events = ask_member(json_array_get(ended, i), "events");
		e = NULL;
		for (size_t k = 0; k < json_array_size(events) && !e; k++)
			if (json_object_get(json_array_get(events, k), "actor"))
				e = json_array_get(events, k);
		assert_non_null(e);
		assert_string_equal(json_string_value(ask_member(e, "actor")), ASKING_ACTOR);
		assert_string_equal(json_string_value(ask_member(e, "event")),
				    "disconnect-requested");
	}
}

static void tear_all_tunnels_down(void **st)
{
	(void)st;
	done("clear l2tp tunnel teardown-all");
	assert_string_equal(text("action"), "tunnel-teardown-all");
	assert_string_equal(text("status"), "ok");
	assert_int_equal(number("tunnels-cleared"), 2);
	w_deliver(u.w);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(u.lac[i]->over);
		assert_int_equal(u.lac[i]->stop_result, STOP_SHUTDOWN);
	}
	done("clear l2tp tunnel teardown-all");
	assert_int_equal(number("tunnels-cleared"), 0);
}

static void tear_one_session_down(void **st)
{
	(void)st;
	done("clear l2tp session teardown %u", sid(1));
	assert_string_equal(text("action"), "session-teardown");
	assert_string_equal(text("status"), "ok");
	assert_int_equal(number("local-sid"), sid(1));
	w_advance(u.w, ZE_SEC(5));
	assert_true(u.call[1]->over);
	assert_int_equal(u.call[1]->cdn_result, CDN_ADMIN);
	assert_false(u.call[0]->over);
	assert_false(u.call[2]->over);
	refused(OP_NOT_FOUND, "no such session", "clear l2tp session teardown %u", sid(1));
}

static void tear_all_sessions_down(void **st)
{
	(void)st;
	done("clear l2tp session teardown-all");
	assert_string_equal(text("action"), "session-teardown-all");
	assert_int_equal(number("sessions-cleared"), 3);
	w_advance(u.w, ZE_SEC(5));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(u.call[i]->over);
		assert_int_equal(u.call[i]->cdn_result, CDN_ADMIN);
	}
	assert_false(u.lac[0]->over || u.lac[1]->over); /* tunnels remain */
	done("show l2tp");
	assert_int_equal(number("tunnel-count"), 2);
	assert_int_equal(number("session-count"), 0);
}

/* ---- reason and cause ---- */

/* The ring of the session's events, in the list of ended sessions, has the request. */
static json_t *trail_of_the_ended(void)
{
	json_t *events;

	w_advance(u.w, ZE_SEC(5));
	done("show l2tp history");
	assert_int_equal(json_array_size(u.a.data), 1);
	events = ask_member(json_array_get(u.a.data, 0), "events");
	for (size_t k = 0; k < json_array_size(events); k++)
		if (json_object_get(json_array_get(events, k), "actor"))
			return json_array_get(events, k);
	fail_msg("no request in the trail");
	return NULL;
}

static void trail(const char *why, const char *reason, int cause)
{
	json_t *e;

	done("clear l2tp session teardown %u%s%s", sid(0), why[0] ? " " : "", why);
	e = trail_of_the_ended();
	assert_string_equal(json_string_value(ask_member(e, "actor")), ASKING_ACTOR);
	if (reason)
		assert_string_equal(json_string_value(ask_member(e, "reason")), reason);
	else
		assert_null(json_object_get(e, "reason"));
	if (cause)
		assert_int_equal(json_integer_value(ask_member(e, "disconnect-cause")), cause);
	else
		assert_null(json_object_get(e, "disconnect-cause"));
}

static void no_reason(void **st)
{
	(void)st;
	trail("", NULL, 0);
}

static void reason_alone(void **st)
{
	(void)st;
	trail("reason customer did not pay", "customer did not pay", 0);
}

static void cause_alone(void **st)
{
	(void)st;
	trail("cause 65535", NULL, 65535);
}

static void reason_before_cause(void **st)
{
	(void)st;
	trail("reason line is moved cause 6", "line is moved", 6);
}

static void cause_before_reason(void **st)
{
	(void)st;
	trail("cause 6 reason line is moved", "line is moved", 6);
}

/* After `cause`, the rest is text. */
static void cause_in_the_reason(void **st)
{
	(void)st;
	trail("cause 6 reason root cause 7 unknown", "root cause 7 unknown", 6);
}

static void reason_of_256(void **st)
{
	char why[300] = "reason ", want[257];

	(void)st;
	memset(want, 'x', 256);
	want[256] = '\0';
	strcat(why, want);
	trail(why, want, 0);
}

static void reason_of_many_words(void **st)
{
	char why[300] = "reason", want[257] = "";

	(void)st;
	for (unsigned i = 0; i < 128; i++) {
		strcat(why, " y");
		strcat(want, i ? " y" : "y");
	}
	trail(why, want, 0);
}

static void bad_reasons(void **st)
{
	char longer[258];

	(void)st;
	memset(longer, 'x', 257);
	longer[257] = '\0';
	refused(OP_BAD_ARGUMENT, "1 to 256", "clear l2tp session teardown %u reason %s", sid(0),
		longer);
	refused(OP_BAD_ARGUMENT, "1 to 256", "clear l2tp session teardown %u reason", sid(0));
	refused(OP_BAD_ARGUMENT, "1 to 256", "clear l2tp session teardown %u reason cause 5",
		sid(0));
	refused(OP_BAD_ARGUMENT, "cause takes", "clear l2tp session teardown %u cause", sid(0));
	refused(OP_BAD_ARGUMENT, "\"65536\"", "clear l2tp session teardown %u cause 65536", sid(0));
	refused(OP_BAD_ARGUMENT, "\"-1\"", "clear l2tp session teardown %u cause -1", sid(0));
	refused(OP_BAD_ARGUMENT, "\"x\"", "clear l2tp session teardown %u reason a cause x",
		sid(0));
	refused(OP_BAD_ARGUMENT, "\"because\"", "clear l2tp session teardown %u because", sid(0));
	refused(OP_BAD_ARGUMENT, "\"more\"", "clear l2tp session teardown %u cause 5 more", sid(0));
	refused(OP_BAD_ARGUMENT, "\"cause\"", "clear l2tp session teardown %u cause 5 cause 6",
		sid(0));
	assert_int_equal(u.w->e->n_subscribers[SUB_ESTABLISHED], 3);
}

/* ---- completion ---- */

static void offers(const char *words, const char *want)
{
	assert_string_equal(ask_completion(&u.a, words), want);
	for (size_t i = 0; i < json_array_size(u.a.data); i++)
		assert_true(strlen(json_string_value(
				    ask_member(json_array_get(u.a.data, i), "help"))) > 0);
}

static void completion_of_words(void **st)
{
	(void)st;
	offers("", "show clear reload");
	offers("r", "reload");
	offers("reload ", "");
	offers("s", "show");
	offers("show ", "l2tp radius");
	offers("show radius ", "servers accounting coa");
	offers("show radius servers ", "");
	offers("show l2tp ",
	       "tunnels tunnel sessions session routes statistics pools dataplane listeners config history");
	offers("show l2tp s", "sessions session statistics");
	offers("show l2tp x", "");
	offers("show x ", "");
	offers("clear l2tp ", "tunnel session");
	offers("clear l2tp tunnel ", "teardown teardown-all");
	offers("clear l2tp tunnel teardown-", "teardown-all");
	offers("show l2tp tunnels ", "");
	offers("clear l2tp session teardown 5 ", "reason cause");
	offers("clear l2tp session teardown 5 c", "cause");
	offers("clear l2tp session teardown 5 reason a b c ", "");
}

/* Commands without permission are not offered; when only one word is left, it is still offered. */
static void completion_by_permission(void **st)
{
	static const struct rights_rule rules[] = {
		{ true, { "clear", "l2tp", "session", "teardown" } },
		{ false, { "clear" } },
		{ false, { "show", "l2tp", "session" } },
		{ true, { "show", "l2tp", "tunnels" } },
	};
	static const struct rights_profile few = { "few", rules, ZE_ARRAY_SIZE(rules), false };

	(void)st;
	u.a.profile = &rights_read_only;
	offers("", "show");
	offers("clear ", "");
	offers("clear l2tp session teardown ", "");
	offers("show l2tp s", "sessions session statistics");
	u.a.profile = &few;
	offers("", "show clear");
	offers("clear l2tp ", "session");
	offers("clear l2tp session ", "teardown");
	offers("show l2tp ", "tunnels");
	offers("show l2tp session ", "");
}

static struct {
	unsigned n;
	char last[512];
} lines;

static void keep_denied(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)sub;
	if (!strstr(line, "command-denied"))
		return;
	assert_int_equal(level, LOG_WARN);
	lines.n++;
	snprintf(lines.last, sizeof(lines.last), "%s", line);
}

/* Denied commands are logged with their user, and cannot fill the log. */
static void denied_commands_are_logged(void **st)
{
	(void)st;
	memset(&lines, 0, sizeof(lines));
	log_set_sink(keep_denied, NULL);
	u.a.profile = &rights_read_only;
	refused(OP_DENIED, "read-only", "clear l2tp session teardown %u reason secret", sid(0));
	assert_int_equal(lines.n, 1);
	assert_non_null(strstr(lines.last, "actor=\"" ASKING_ACTOR "\""));
	assert_non_null(strstr(lines.last, "profile=read-only"));
	assert_non_null(strstr(lines.last, "command=\"clear l2tp session teardown\""));
	for (unsigned i = 0; i < 100; i++)
		refused(OP_DENIED, "read-only", "clear l2tp tunnel teardown-all");
	assert_in_range(lines.n, 2, 20);
	w_advance(u.w, ZE_SEC(2));
	refused(OP_DENIED, "read-only", "clear l2tp tunnel teardown-all");
	assert_non_null(strstr(lines.last, " suppressed="));
	done("show l2tp");
	log_set_sink(NULL, NULL);
}

/* The permission is checked first: a profile permits a command, whatever id was given. */
static void a_profile_of_rules(void **st)
{
	static const struct rights_rule rules[] = {
		{ true, { "*", "l2tp", "session", "*" } },
		{ false, { "*", "l2tp", "tunnel" } },
		{ true, { "show" } },
	};
	static const struct rights_profile mine = { "mine", rules, ZE_ARRAY_SIZE(rules), false };

	(void)st;
	u.a.profile = &mine;
	done("show l2tp");
	done("show l2tp tunnels");
	done("show l2tp session %u", sid(0));
	refused(OP_DENIED, "the mine profile does not allow show l2tp tunnel",
		"show l2tp tunnel 64999");
	refused(OP_DENIED, "the mine profile does not allow clear l2tp tunnel teardown-all",
		"clear l2tp tunnel teardown-all");
	refused(OP_DENIED, "does not allow", "show l2tp tunnel x");
	done("clear l2tp session teardown-all");
	assert_int_equal(number("sessions-cleared"), 3);
}

static void completion_of_ids(void **st)
{
	char want[64], words[64];

	(void)st;
	snprintf(want, sizeof(want), "%u %u", tid(0), tid(1));
	offers("show l2tp tunnel ", want);
	offers("clear l2tp tunnel teardown ", want);
	snprintf(want, sizeof(want), "%u %u %u", sid(0), sid(1), sid(2));
	offers("show l2tp session ", want);
	offers("clear l2tp session teardown ", want);
	assert_string_equal(json_string_value(ask_member(json_array_get(u.a.data, 1), "help")),
			    "bob");
	snprintf(want, sizeof(want), "%u", sid(2));
	snprintf(words, sizeof(words), "show l2tp session %u", sid(2));
	assert_non_null(strstr(ask_completion(&u.a, words), want));
	offers("show l2tp session x", "");
}

static void names_of_statuses(void **st)
{
	(void)st;
	assert_string_equal(ops_status_name(OP_OK), "ok");
	assert_string_equal(ops_status_name(OP_UNKNOWN_COMMAND), "unknown-command");
	assert_string_equal(ops_status_name(OP_BAD_ARGUMENT), "bad-argument");
	assert_string_equal(ops_status_name(OP_NOT_FOUND), "not-found");
	assert_string_equal(ops_status_name(OP_DENIED), "denied");
	assert_string_equal(ops_status_name(OP_FAILED), "failed");
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(unknown_words_are_named),
		T(unknown_ids_are_named),
		T(ids_are_1_to_65535),
		T(read_only_may_show),
		T(read_only_may_not_clear),
		T(reload_reports_its_result),
		T(denied_commands_are_logged),
		T(a_profile_of_rules),
		T(without_history),
		T(tear_one_tunnel_down),
		T(a_tunnel_torn_down_is_in_the_trail_of_its_sessions),
		T(tear_all_tunnels_down),
		T(tear_one_session_down),
		T(tear_all_sessions_down),
		T(no_reason),
		T(reason_alone),
		T(cause_alone),
		T(reason_before_cause),
		T(cause_before_reason),
		T(cause_in_the_reason),
		T(reason_of_256),
		T(reason_of_many_words),
		T(bad_reasons),
		T(completion_of_words),
		T(completion_by_permission),
		T(completion_of_ids),
		T(names_of_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
