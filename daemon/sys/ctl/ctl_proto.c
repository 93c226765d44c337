/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/ctl/ctl_proto.h"

#include <jansson.h>
#include <string.h>

#include "daemon/base/json.h"

#define WORDS_MAX 300 /* enough for a reason of 256 octets that are all words of one letter */

static void write_error(struct strbuf *answer, const char *status, const char *text)
{
	struct json j;

	json_init(&j, answer);
	json_obj(&j);
	json_kstr(&j, "status", status);
	json_kstr(&j, "error", text);
	json_obj_end(&j);
}

/* Splits an array of strings into words. Returns their number, or -1 when it is invalid. */
static int take_words(const json_t *array, const char *words[static WORDS_MAX])
{
	size_t n = json_array_size(array);

	if (!json_is_array(array) || n > WORDS_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		words[i] = json_string_value(json_array_get(array, i));
		if (!words[i])
			return -1;
	}
	return (int)n;
}

static struct op_request ctl_proto_request(const struct ctl_turn *t, const char *const *words,
					   size_t n)
{
	return (struct op_request){ .words = words,
				    .n = n,
				    .actor = t->who,
				    .now = t->clock.now,
				    .wall_ns = t->clock.wall_ns,
				    .history = t->history,
				    .radius = t->radius,
				    .reload = t->reload };
}

static void run_command(const struct ctl_turn *t, const char *const *words, size_t n,
			struct strbuf *answer)
{
	const struct op_request rq = ctl_proto_request(t, words, n);
	size_t start = answer->len;
	struct strbuf err;
	struct json j;
	enum op_status s;

	sb_init(&err);
	sb_puts(answer, "{\"status\":\"ok\",\"data\":");
	json_init(&j, answer);
	s = ops_run(t->engine, &rq, &j, &err);
	if (s == OP_OK) {
		sb_puts(answer, "}");
	} else {
		answer->len = start; /* the incomplete answer is replaced by an error */
		write_error(answer, ops_status_name(s), err.s ? err.s : "failed");
	}
	sb_done(&err);
}

static void complete(const struct ctl_turn *t, const char *const *words, size_t n,
		     struct strbuf *answer)
{
	const struct op_request rq = ctl_proto_request(t, words, n);
	struct json j;

	sb_puts(answer, "{\"status\":\"ok\",\"data\":");
	json_init(&j, answer);
	ops_complete(t->engine, &rq, &j);
	sb_puts(answer, "}");
}

void ctl_proto_too_long(struct strbuf *answer)
{
	write_error(answer, "bad-request", "the request line is longer than 65536 octets");
	sb_puts(answer, "\n");
}

void ctl_proto_line(const struct ctl_turn *t, const char *line, size_t len, struct strbuf *answer)
{
	json_t *rq = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *words[WORDS_MAX];
	int n;

	if (!json_is_object(rq))
		write_error(answer, "bad-request", "a request is one JSON object on one line");
	else if ((n = take_words(json_object_get(rq, "command"), words)) >= 0)
		run_command(t, words, (size_t)n, answer);
	else if ((n = take_words(json_object_get(rq, "complete"), words)) >= 0)
		complete(t, words, (size_t)n, answer);
	else
		write_error(answer, "bad-request",
			    "expected \"command\" or \"complete\" with an array of strings");
	json_decref(rq);
	sb_puts(answer, "\n");
}
