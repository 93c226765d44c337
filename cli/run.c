/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/render.h"

static void run_complain(const struct run *r, const char *text)
{
	struct strbuf b;
	const char *line = text, *end;

	for (; *line; line = *end ? end + 1 : end) { /* of a refused reload there may be many */
		end = strchrnul(line, '\n');
		sb_init(&b);
		render_safe_n(line, (size_t)(end - line), &b);
		fprintf(stderr, "%s: %s\n", r->program, b.s ? b.s : "out of memory");
		sb_done(&b);
	}
}

static enum run_exit unreachable(const struct run *r, int err)
{
	struct strbuf b;

	sb_init(&b);
	client_failure(&r->client, err, &b);
	run_complain(r, b.s ? b.s : "out of memory");
	sb_done(&b);
	return RUN_UNREACHABLE;
}

static enum run_exit run_put(const struct run *r, const struct strbuf *text)
{
	if (text->bad) {
		run_complain(r, "out of memory");
		return RUN_REFUSED;
	}
	if (text->len && (fwrite(text->s, text->len, 1, stdout) != 1 || fflush(stdout) != 0)) {
		run_complain(r, strerror(errno));
		return RUN_REFUSED;
	}
	return RUN_OK;
}

static enum run_exit run_print(const struct run *r, const json_t *data)
{
	struct strbuf out;
	enum run_exit x;

	sb_init(&out);
	if (r->format == RUN_TEXT)
		render_text(data, &out);
	else
		render_json(data,
			    r->format == RUN_JSON_PRETTY || isatty(STDOUT_FILENO) ? RENDER_PRETTY :
										    RENDER_LINE,
			    &out);
	x = run_put(r, &out);
	sb_done(&out);
	return x;
}

/* Returns RUN_OK and the answer, which the caller frees. */
static enum run_exit run_ask(const struct run *r, enum client_kind kind, const char *const *words,
			     size_t n, json_t **ret_answer)
{
	const char *text;
	int err = client_ask(&r->client, kind, words, n, ret_answer);

	if (err < 0)
		return unreachable(r, err);
	if (strcmp(json_string_value(json_object_get(*ret_answer, "status")), "ok") == 0)
		return RUN_OK;
	text = json_string_value(json_object_get(*ret_answer, "error"));
	run_complain(r, text ? text : "failed");
	json_decref(*ret_answer);
	return RUN_REFUSED;
}

enum run_exit run_command(const struct run *r, const char *const *words, size_t n)
{
	json_t *answer;
	enum run_exit x = run_ask(r, CLIENT_COMMAND, words, n, &answer);

	if (x != RUN_OK)
		return x;
	x = run_print(r, json_object_get(answer, "data"));
	json_decref(answer);
	return x;
}

static void run_candidate(const json_t *c, bool help, struct strbuf *out)
{
	const char *word = json_string_value(json_object_get(c, "word"));
	const char *text = json_string_value(json_object_get(c, "help"));
	size_t start = out->len;

	if (!word)
		return;
	if (help)
		sb_puts(out, "  ");
	render_safe(word, out);
	if (help && text && text[0]) {
		sb_printf(out, "%*s", out->len - start < 16 ? (int)(16 - (out->len - start)) : 1,
			  "");
		render_safe(text, out);
	}
	sb_puts(out, "\n");
}

enum run_exit run_complete(const struct run *r, const char *const *words, size_t n, bool help)
{
	struct strbuf out;
	json_t *answer;
	const json_t *list;
	enum run_exit x = run_ask(r, CLIENT_COMPLETE, words, n, &answer);

	if (x != RUN_OK)
		return x;
	sb_init(&out);
	list = json_object_get(answer, "data");
	for (size_t i = 0; i < json_array_size(list); i++)
		run_candidate(json_array_get(list, i), help, &out);
	x = run_put(r, &out);
	sb_done(&out);
	json_decref(answer);
	return x;
}

unsigned run_timeout(const char *text)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v > CLIENT_TIMEOUT_MAX)
		return 0;
	return (unsigned)v;
}
