/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/json.h"

#include <inttypes.h>
#include <string.h>

void json_init(struct json *j, struct strbuf *out)
{
	*j = (struct json){ .out = out };
}

static void comma(struct json *j)
{
	if (!j->first[j->depth - 1])
		sb_puts(j->out, ",");
	j->first[j->depth - 1] = false;
}

/* Checks that a value is allowed here: after a key, in an array, or as the only value of the
 * document. */
static bool value_begin(struct json *j)
{
	if (!j->depth)
		j->bad |= j->begun;
	else if (j->kind[j->depth - 1] == '{')
		j->bad |= !j->after_key;
	if (j->bad)
		return false;
	if (j->depth && j->kind[j->depth - 1] == '[')
		comma(j);
	j->after_key = false;
	j->begun |= !j->depth; /* the depth shows when a container is complete */
	return true;
}

static void scalar(struct json *j, const char *s)
{
	if (value_begin(j))
		sb_puts(j->out, s);
}

static void open_container(struct json *j, char kind)
{
	if (j->depth == JSON_DEPTH)
		j->bad = true;
	if (!value_begin(j))
		return;
	j->kind[j->depth] = (uint8_t)kind;
	j->first[j->depth] = true;
	j->depth++;
	sb_add(j->out, &kind, 1);
}

static void close_container(struct json *j, char kind, const char *end)
{
	if (j->after_key || !j->depth || j->kind[j->depth - 1] != (uint8_t)kind)
		j->bad = true;
	if (j->bad)
		return;
	j->depth--;
	sb_puts(j->out, end);
}

void json_obj(struct json *j)
{
	open_container(j, '{');
}

void json_obj_end(struct json *j)
{
	close_container(j, '{', "}");
}

void json_arr(struct json *j)
{
	open_container(j, '[');
}

void json_arr_end(struct json *j)
{
	close_container(j, '[', "]");
}

/* Length of the well-formed UTF-8 sequence at p (Unicode table 3-7: no overlong forms, surrogates
 * or values above U+10FFFF), or 0 when there is none. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint8_t lo = 0x80, hi = 0xbf;

	if (n > left || p[0] > 0xf4)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (n > 1 && (p[1] < lo || p[1] > hi))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

/* C0 controls, DEL and C1 controls, which a terminal would interpret. */
static bool is_control(const uint8_t *p, size_t n)
{
	return n == 1 ? p[0] < 0x20 || p[0] == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

static void json_put_quoted(struct json *j, struct span s)
{
	sb_puts(j->out, "\"");
	for (size_t i = 0, n; i < s.len; i += n ? n : 1) {
		const uint8_t *p = s.p + i;

		n = utf8_len(p, s.len - i);
		if (!n)
			sb_puts(j->out, "\xef\xbf\xbd"); /* U+FFFD */
		else if (is_control(p, n))
			sb_printf(j->out, "\\u%04x", p[n - 1]);
		else if (*p == '"' || *p == '\\')
			sb_printf(j->out, "\\%c", *p);
		else
			sb_add(j->out, (const char *)p, n);
	}
	sb_puts(j->out, "\"");
}

void json_key(struct json *j, const char *key)
{
	if (!j->depth || j->kind[j->depth - 1] != '{' || j->after_key)
		j->bad = true;
	if (j->bad)
		return;
	comma(j);
	json_put_quoted(j, span_str(key));
	sb_puts(j->out, ":");
	j->after_key = true;
}

void json_str(struct json *j, const char *s)
{
	if (s)
		json_span(j, span_str(s));
	else
		json_nil(j);
}

void json_span(struct json *j, struct span s)
{
	if (value_begin(j))
		json_put_quoted(j, s);
}

void json_u64(struct json *j, uint64_t v)
{
	if (value_begin(j))
		sb_printf(j->out, "%" PRIu64, v);
}

void json_thousandths(struct json *j, uint64_t v)
{
	if (value_begin(j))
		sb_printf(j->out, "%" PRIu64 ".%03u", v / 1000, (unsigned)(v % 1000));
}

void json_bool(struct json *j, bool v)
{
	scalar(j, v ? "true" : "false");
}

void json_nil(struct json *j)
{
	scalar(j, "null");
}

void json_kstr(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_str(j, s);
}

void json_kspan(struct json *j, const char *key, struct span s)
{
	json_key(j, key);
	json_span(j, s);
}

void json_ku64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void json_khex(struct json *j, const char *key, struct span s)
{
	json_key(j, key);
	if (!value_begin(j))
		return;
	sb_puts(j->out, "\"");
	for (size_t i = 0; i < s.len; i++)
		sb_printf(j->out, "%02x", s.p[i]);
	sb_puts(j->out, "\"");
}

bool json_ok(const struct json *j)
{
	return !j->bad && !j->out->bad && !j->depth && j->begun;
}
