/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/base/json.h"
#include "selftests/lib/asking.h"

#define WORDS_MAX 600
#define TEXT_MAX  8192

/* "a b " is two words and an empty one. */
static size_t split(char *text, const char **words)
{
	size_t n = 0;
	char *p = text;

	while (*text && p && n < WORDS_MAX)
		words[n++] = strsep(&p, " ");
	return n;
}

void ask_done(struct asking *a)
{
	json_decref(a->data);
	a->data = NULL;
}

/* Good until the next one. */
static struct op_request request(const struct asking *a, const char *const *words, size_t n)
{
	static struct op_actor actor = { .name = ASKING_ACTOR };

	actor.profile = a->profile ? a->profile : &rights_admin;
	return (struct op_request){ .words = words,
				    .n = n,
				    .actor = &actor,
				    .now = a->w->now,
				    .wall_ns = ASKING_WALL,
				    .history = a->history,
				    .radius = a->radius,
				    .reload = a->reload };
}

enum op_status ask_words(struct asking *a, const char *const *words, size_t n)
{
	const struct op_request rq = request(a, words, n);
	struct strbuf out, err;
	struct json j;

	ask_done(a);
	sb_init(&out);
	sb_init(&err);
	json_init(&j, &out);
	a->status = ops_run(a->w->e, &rq, &j, &err);
	snprintf(a->error, sizeof(a->error), "%s", err.s ? err.s : "");
	if (a->status == OP_OK) {
		assert_true(json_ok(&j));
		a->data = json_loadb(out.s, out.len,
				     JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
				     NULL);
		assert_non_null(a->data);
		assert_string_equal(a->error, "");
	} else {
		assert_true(err.len > 0);
	}
	sb_done(&out);
	sb_done(&err);
	return a->status;
}

enum op_status ask(struct asking *a, const char *words)
{
	static char text[TEXT_MAX];
	const char *w[WORDS_MAX];
	size_t n;

	assert_true(strlen(words) < sizeof(text));
	strcpy(text, words);
	n = split(text, w);
	return ask_words(a, w, n);
}

const char *ask_completion(struct asking *a, const char *words)
{
	static char text[TEXT_MAX], found[TEXT_MAX];
	const char *w[WORDS_MAX];
	struct strbuf out;
	struct json j;
	struct op_request rq;
	size_t len = 0;

	assert_true(strlen(words) < sizeof(text));
	strcpy(text, words);
	rq = request(a, w, split(text, w));
	sb_init(&out);
	json_init(&j, &out);
	ops_complete(a->w->e, &rq, &j);
	assert_true(json_ok(&j));
	ask_done(a);
	a->data = json_loadb(out.s, out.len, 0, NULL);
	sb_done(&out);
	found[0] = '\0';
	for (size_t i = 0; i < json_array_size(a->data); i++)
		len += (size_t)snprintf(
			found + len, sizeof(found) - len, "%s%s", i ? " " : "",
			json_string_value(ask_member(json_array_get(a->data, i), "word")));
	return found;
}

json_t *ask_member(const json_t *v, const char *path)
{
	char key[64];
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		v = json_object_get(v, key);
		if (!v)
			fail_msg("no key %s", path);
		if (!path[len])
			return (json_t *)v;
	}
}
