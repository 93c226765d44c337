/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of commands, which is used for execution, errors and completion. A row is a list of
 * words; <tid> and <sid> stand for one number, <why> for the optional `reason TEXT... cause CODE`.
 *
 * A row is ON_SNAPSHOT or ON_ENGINE. An ON_SNAPSHOT command formats a snapshot that was taken for
 * the request; its formatter needs only the snapshot, the clock and the output, so it can run in
 * any thread. An ON_ENGINE command runs in the thread of the engine: it changes something, or its
 * output is written by the data plane.
 */
#include "daemon/ops/ops.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/snapshot.h"
#include "daemon/ops/operate.h"
#include "daemon/ops/rights.h"
#include "daemon/view/view.h"

#define WORDS_MAX    RIGHTS_WORDS_MAX
#define REASON_MAX   256
#define WORD_TEXT    32
#define COMMAND_TEXT (WORDS_MAX * WORD_TEXT) /* every word of a row is shorter than WORD_TEXT */

struct op_args { /* values of the placeholders of a row */
	uint16_t id;
	char reason[REASON_MAX + 1];
	uint16_t cause;
};

struct op_ctx {
	struct engine *e;
	const struct op_request *rq;
	struct view_clock clock;
	struct operate_why why;
	struct op_args args;
	struct json *data;
	struct strbuf *err;
};

struct op_row {
	const char *words[WORDS_MAX];
	const char *help;
	/* ON_SNAPSHOT only; NULL for ON_ENGINE. */
	enum snapshot_kind kind;
	view_fn *show;
	/* ON_ENGINE only. */
	enum op_status (*run)(struct op_ctx *c);
};

const char *ops_status_name(enum op_status s)
{
	static const char *const names[] = {
		[OP_OK] = "ok",
		[OP_UNKNOWN_COMMAND] = "unknown-command",
		[OP_BAD_ARGUMENT] = "bad-argument",
		[OP_NOT_FOUND] = "not-found",
		[OP_DENIED] = "denied",
		[OP_FAILED] = "failed",
	};

	return names[s];
}

static enum op_status no_such(struct op_ctx *c, const char *what)
{
	sb_printf(c->err, "no such %s: %u", what, c->args.id);
	return OP_NOT_FOUND;
}

/* ---- show ---- */

static const char *what_of(enum snapshot_kind kind)
{
	return kind == SNAPSHOT_TUNNEL ? "tunnel" : "session";
}

/* Takes a new snapshot (max_age 0), so that the answer shows the state after the last turn. */
static enum op_status run_on_snapshot(struct op_ctx *c, const struct op_row *row)
{
	const struct op_request *rq = c->rq;
	const struct snapshot_ask ask = { .kind = row->kind,
					  .id = c->args.id,
					  .now = rq->now,
					  .history = rq->history,
					  .radius = rq->radius };
	const struct snapshot *s;
	int r = snapshot_take(c->e, &ask, &s);

	if (r == -ENOENT)
		return no_such(c, what_of(row->kind));
	if (r < 0) {
		sb_puts(c->err, r == -ENOTSUP ? "this daemon keeps no history" : "out of memory");
		return OP_FAILED;
	}
	row->show(s, &c->clock, c->data);
	snapshot_unref(s);
	return OP_OK;
}

static enum op_status show_dataplane(struct op_ctx *c)
{
	const struct ports *io = &c->e->ports;

	json_obj(c->data);
	json_kstr(c->data, "dataplane", io->dp->name);
	if (io->dp->show)
		io->dp->show(io->dp_self, c->data);
	if (io->guard->show)
		io->guard->show(io->guard_self, c->data);
	json_obj_end(c->data);
	return OP_OK;
}

/* ---- clear ---- */

static void acted(struct op_ctx *c, const char *action, const char *key, uint64_t n)
{
	json_obj(c->data);
	json_kstr(c->data, "action", action);
	json_kstr(c->data, "status", "ok");
	json_ku64(c->data, key, n);
	json_obj_end(c->data);
}

static enum op_status clear_tunnel(struct op_ctx *c)
{
	if (operate_close_tunnel(c->e, c->args.id, &c->why, c->rq->now) < 0)
		return no_such(c, "tunnel");
	acted(c, "tunnel-teardown", "local-tid", c->args.id);
	return OP_OK;
}

static enum op_status clear_tunnels(struct op_ctx *c)
{
	acted(c, "tunnel-teardown-all", "tunnels-cleared",
	      operate_close_all_tunnels(c->e, &c->why, c->rq->now));
	return OP_OK;
}

static enum op_status clear_session(struct op_ctx *c)
{
	if (operate_close_session(c->e, c->args.id, &c->why, c->rq->now) < 0)
		return no_such(c, "session");
	acted(c, "session-teardown", "local-sid", c->args.id);
	return OP_OK;
}

static enum op_status clear_sessions(struct op_ctx *c)
{
	acted(c, "session-teardown-all", "sessions-cleared",
	      operate_close_all_sessions(c->e, &c->why, c->rq->now));
	return OP_OK;
}

/* ---- reload ---- */

static void each_line(const struct strbuf *text, struct json *j)
{
	const char *p = text->s ? text->s : "", *end;

	json_arr(j);
	for (; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '\n');
		json_span(j, span_of(p, (size_t)(end - p)));
	}
	json_arr_end(j);
}

static enum op_status ops_reload(struct op_ctx *c)
{
	const struct op_reload *rl = c->rq->reload;
	struct strbuf warnings;
	int r;

	if (!rl || c->e->draining) {
		sb_puts(c->err, rl ? "ze is stopping" : "this daemon has no configuration file");
		return OP_FAILED;
	}
	sb_init(&warnings);
	r = rl->run(rl->self, c->rq->actor->name, c->err, &warnings);
	if (r == 0) {
		json_obj(c->data);
		json_kstr(c->data, "action", "reload");
		json_kstr(c->data, "status", "ok");
		json_key(c->data, "warnings");
		each_line(&warnings, c->data);
		json_obj_end(c->data);
	} else {
		sb_puts(c->err, "refused, the running configuration stays in use");
	}
	sb_done(&warnings);
	return r < 0 ? OP_FAILED : OP_OK;
}

/* clang-format off */
#define ON_SNAPSHOT(kind_, show_) .kind = SNAPSHOT_##kind_, .show = (show_)
#define ON_ENGINE(run_)		  .run = (run_)

static const struct op_row rows[] = {
	{ { "show", "l2tp" },                          "how many tunnels, sessions, listeners", ON_SNAPSHOT(SUMMARY, view_summary) },
	{ { "show", "l2tp", "tunnels" },               "all tunnels",                           ON_SNAPSHOT(TUNNELS, view_tunnels) },
	{ { "show", "l2tp", "tunnel", "<tid>" },       "one tunnel in detail",                  ON_SNAPSHOT(TUNNEL, view_tunnel) },
	{ { "show", "l2tp", "sessions" },              "all sessions",                          ON_SNAPSHOT(SESSIONS, view_sessions) },
	{ { "show", "l2tp", "session", "<sid>" },      "one session in detail",                 ON_SNAPSHOT(SESSION, view_session) },
	{ { "show", "l2tp", "routes" },                "networks behind subscribers",           ON_SNAPSHOT(ROUTES, view_routes) },
	{ { "show", "l2tp", "statistics" },            "protocol counters",                     ON_SNAPSHOT(COUNTERS, view_counters) },
	{ { "show", "l2tp", "pools" },                 "addresses of each pool, used and free", ON_SNAPSHOT(POOLS, view_pools) },
	{ { "show", "l2tp", "dataplane" },             "the data plane and its packet counters", ON_ENGINE(show_dataplane) },
	{ { "show", "l2tp", "listeners" },             "bound UDP endpoints",                   ON_SNAPSHOT(CONFIG, view_listeners) },
	{ { "show", "l2tp", "config" },                "the running configuration",                ON_SNAPSHOT(CONFIG, view_config) },
	{ { "show", "l2tp", "history" },               "sessions that ended, and why",          ON_SNAPSHOT(HISTORY, view_history) },
	{ { "show", "radius", "servers" },             "the state and counters of each server", ON_SNAPSHOT(RADIUS, view_radius) },
	{ { "show", "radius", "accounting" },          "accounting: its servers, records and spool", ON_SNAPSHOT(RADIUS, view_radius_accounting) },
	{ { "show", "radius", "coa" },                 "CoA and Disconnect requests, by server", ON_SNAPSHOT(RADIUS, view_radius_coa) },
	{ { "clear", "l2tp", "tunnel", "teardown", "<tid>" },  "end one tunnel (StopCCN 6)",    ON_ENGINE(clear_tunnel) },
	{ { "clear", "l2tp", "tunnel", "teardown-all" },       "end all tunnels",               ON_ENGINE(clear_tunnels) },
	{ { "clear", "l2tp", "session", "teardown", "<sid>", "<why>" }, "end one session (CDN 3)", ON_ENGINE(clear_session) },
	{ { "clear", "l2tp", "session", "teardown-all" },      "end all sessions; tunnels stay", ON_ENGINE(clear_sessions) },
	{ { "reload" },                                "read the configuration file again",     ON_ENGINE(ops_reload) },
};
/* clang-format on */

/* ---- finding the row and its arguments ---- */

static bool is_placeholder(const char *w)
{
	return w && w[0] == '<';
}

/* The number of leading words in which the row agrees with the request; a placeholder agrees with
 * any word. */
static size_t agreement(const struct op_row *row, const char *const *words, size_t n)
{
	size_t i = 0;

	while (i < n && i < WORDS_MAX && row->words[i] &&
	       (is_placeholder(row->words[i]) || strcmp(row->words[i], words[i]) == 0))
		i++;
	return i;
}

static size_t row_len(const struct op_row *row)
{
	size_t n = 0;

	while (n < WORDS_MAX && row->words[n] && strcmp(row->words[n], "<why>") != 0)
		n++;
	return n;
}

static bool row_takes_why(const struct op_row *row)
{
	size_t n = row_len(row);

	return n < WORDS_MAX && row->words[n];
}

static enum op_status not_understood(struct op_ctx *c, size_t best)
{
	const struct op_request *rq = c->rq;

	if (best >= rq->n) {
		sb_puts(c->err,
			rq->n ? "incomplete command, more is expected after" : "empty command");
		for (size_t i = 0; i < rq->n; i++)
			sb_printf(c->err, " %.*s", WORD_TEXT, rq->words[i]);
		return OP_UNKNOWN_COMMAND;
	}
	sb_printf(c->err, "unknown word \"%.*s\"", WORD_TEXT, rq->words[best]);
	for (size_t i = 0; i < best; i++)
		sb_printf(c->err, "%s%.*s", i ? " " : " after ", WORD_TEXT, rq->words[i]);
	return OP_UNKNOWN_COMMAND;
}

static int parse_u16(const char *s, uint16_t *ret)
{
	char *end;
	unsigned long v;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (*end || errno || v > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)v;
	return 0;
}

static enum op_status bad_argument(struct op_ctx *c, const char *what, const char *got)
{
	sb_printf(c->err, "%s, not \"%.*s\"", what, WORD_TEXT, got);
	return OP_BAD_ARGUMENT;
}

/* Parses `reason TEXT...`, up to `cause` or the end, and `cause CODE`, in either order, each at
 * most once. */
static enum op_status parse_why(struct op_ctx *c, const char *const *w, size_t n)
{
	bool has_reason = false, has_cause = false;
	size_t len = 0;

	for (size_t i = 0; i < n;) {
		if (strcmp(w[i], "cause") == 0 && !has_cause) {
			has_cause = true;
			if (i + 1 == n || parse_u16(w[i + 1], &c->args.cause) < 0)
				return bad_argument(c, "cause takes a number from 0 to 65535",
						    i + 1 < n ? w[i + 1] : "");
			i += 2;
			continue;
		}
		if (strcmp(w[i], "reason") != 0 || has_reason)
			return bad_argument(c, "expected reason TEXT or cause CODE", w[i]);
		has_reason = true;
		for (i++; i < n && (strcmp(w[i], "cause") != 0 || has_cause); i++)
			len += (size_t)snprintf(c->args.reason +
							(len < REASON_MAX ? len : REASON_MAX),
						len < REASON_MAX ? REASON_MAX + 1 - len : 1, "%s%s",
						len ? " " : "", w[i]);
		if (len == 0 || len > REASON_MAX)
			return bad_argument(c, "reason takes 1 to 256 characters",
					    len ? c->args.reason : "");
	}
	return OP_OK;
}

static enum op_status take_args(struct op_ctx *c, const struct op_row *row)
{
	const struct op_request *rq = c->rq;
	size_t n = row_len(row);

	for (size_t i = 0; i < n; i++)
		if (is_placeholder(row->words[i]) &&
		    (parse_u16(rq->words[i], &c->args.id) < 0 || !c->args.id))
			return bad_argument(c, "expected an id from 1 to 65535", rq->words[i]);
	if (row_takes_why(row))
		return parse_why(c, rq->words + n, rq->n - n);
	return OP_OK;
}

static const struct op_row *find_row(const struct op_request *rq, size_t *ret_best)
{
	*ret_best = 0;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		size_t n = agreement(&rows[i], rq->words, rq->n), want = row_len(&rows[i]);

		if (n >= want && (rq->n == want || row_takes_why(&rows[i])))
			return &rows[i];
		if (n > *ret_best)
			*ret_best = n;
	}
	return NULL;
}

/* The words of a row up to its arguments. */
static const char *command_of(const struct op_row *row, char buf[static COMMAND_TEXT])
{
	size_t len = 0;

	for (size_t i = 0; i < row_len(row) && !is_placeholder(row->words[i]); i++)
		len += (size_t)snprintf(buf + len, COMMAND_TEXT - len, "%s%s", i ? " " : "",
					row->words[i]);
	return buf;
}

/* Logs and reports a denied command. Its arguments are not checked, so that the answer does not
 * reveal which ids exist. */
static enum op_status denied(struct op_ctx *c, const struct op_row *row)
{
	const struct op_actor *who = c->rq->actor;
	char command[COMMAND_TEXT];
	uint32_t suppressed;

	command_of(row, command);
	if (log_limit_pass(&c->e->denied, c->rq->now, &suppressed))
		log_kv(LOG_CTL, LOG_WARN, "command-denied", KV_STR("actor", who->name),
		       KV_STR("profile", who->profile->name), KV_STR("command", command),
		       KV_SUPPRESSED(suppressed));
	sb_printf(c->err, "the %s profile does not allow %s", who->profile->name, command);
	return OP_DENIED;
}

enum op_status ops_run(struct engine *e, const struct op_request *rq, struct json *data,
		       struct strbuf *err)
{
	struct op_ctx c = {
		.e = e, .rq = rq, .clock = { rq->now, rq->wall_ns }, .data = data, .err = err
	};
	const struct op_row *row;
	enum op_status s;
	size_t best;

	row = find_row(rq, &best);
	if (!row)
		return not_understood(&c, best);
	if (!rights_permit(rq->actor->profile, row->words))
		return denied(&c, row);
	s = take_args(&c, row);
	if (s != OP_OK)
		return s;
	c.why = (struct operate_why){ .actor = rq->actor->name,
				      .text = c.args.reason[0] ? c.args.reason : NULL,
				      .code = c.args.cause };
	return row->show ? run_on_snapshot(&c, row) : row->run(&c);
}

/* ---- completion ---- */

static void ops_candidate(struct json *out, const char *word, const char *help, const char *typed)
{
	if (strncmp(word, typed, strlen(typed)) != 0)
		return;
	json_obj(out);
	json_kstr(out, "word", word);
	json_kstr(out, "help", help);
	json_obj_end(out);
}

/* A list of ids, at most 1 s old, because a client may complete at each keystroke. Returns NULL
 * when out of memory. */
static const struct snapshot *ids_of(struct engine *e, enum snapshot_kind kind, ze_ns now)
{
	const struct snapshot_ask ask = { .kind = kind, .now = now, .max_age = SNAPSHOT_SHARED_NS };
	const struct snapshot *s;

	return snapshot_take(e, &ask, &s) < 0 ? NULL : s;
}

static void tunnel_ids(const struct snapshot *s, const char *typed, struct json *out)
{
	char id[8], help[ZE_ADDR_TEXT];

	for (size_t i = 0; s && i < s->tunnels.n; i++) {
		const struct snapshot_tunnel_row *t = &s->tunnels.v[i];

		snprintf(id, sizeof(id), "%u", t->tid);
		ops_candidate(out, id, ze_addr_text(&t->peer, help), typed);
	}
	snapshot_unref(s);
}

static void session_ids(const struct snapshot *s, const char *typed, struct json *out)
{
	char id[8];

	for (size_t i = 0; s && i < s->sessions.n; i++) {
		snprintf(id, sizeof(id), "%u", s->sessions.v[i].sid);
		ops_candidate(out, id, s->sessions.v[i].user, typed);
	}
	snapshot_unref(s);
}

/* The help of word i. The help of a row belongs to its last word; earlier words have texts of their
 * own. */
static const char *word_help(const struct op_row *row, size_t i)
{
	static const struct {
		const char *word, *help;
	} ways[] = {
		{ "show", "show state; changes nothing" },
		{ "clear", "end tunnels and sessions" },
		{ "l2tp", "tunnels and sessions" },
		{ "radius", "the servers that are asked about logins" },
		{ "tunnel", "one tunnel or all, with their sessions" },
		{ "session", "one session or all" },
	};

	if (i + 1 == row_len(row) || is_placeholder(row->words[i + 1]))
		return i == 1 ? "tunnels and sessions" : row->help; /* a command and a prefix */
	for (size_t k = 0; k < ZE_ARRAY_SIZE(ways); k++)
		if (strcmp(ways[k].word, row->words[i]) == 0)
			return ways[k].help;
	return "";
}

/* True when the row has a word at `at` after the words of the request, and the actor may use the
 * command. */
static bool may_follow(const struct op_row *row, const struct op_request *rq, size_t at)
{
	return row->words[at] && agreement(row, rq->words, at) == at &&
	       rights_permit(rq->actor->profile, row->words);
}

static bool offered_before(size_t row, const struct op_request *rq, size_t at)
{
	for (size_t i = 0; i < row; i++)
		if (may_follow(&rows[i], rq, at) &&
		    strcmp(rows[i].words[at], rows[row].words[at]) == 0)
			return true;
	return false;
}

static void offer(struct engine *e, const struct op_request *rq, const struct op_row *row,
		  struct json *out)
{
	size_t at = rq->n ? rq->n - 1 : 0;
	const char *w = row->words[at], *typed = rq->n ? rq->words[at] : "";

	if (strcmp(w, "<tid>") == 0)
		tunnel_ids(ids_of(e, SNAPSHOT_TUNNELS, rq->now), typed, out);
	else if (strcmp(w, "<sid>") == 0)
		session_ids(ids_of(e, SNAPSHOT_SESSIONS, rq->now), typed, out);
	else if (strcmp(w, "<why>") != 0)
		ops_candidate(out, w, word_help(row, at), typed);
	else {
		ops_candidate(out, "reason", "text for the audit trail", typed);
		ops_candidate(out, "cause", "RADIUS Disconnect-Cause", typed);
	}
}

void ops_complete(struct engine *e, const struct op_request *rq, struct json *out)
{
	size_t at = rq->n ? rq->n - 1 : 0;

	json_arr(out);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows) && at < WORDS_MAX; i++)
		if (may_follow(&rows[i], rq, at) && !offered_before(i, rq, at))
			offer(e, rq, &rows[i], out);
	json_arr_end(out);
}
