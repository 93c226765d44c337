/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/render.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "daemon/base/compiler.h"

#define INDENT	     2
#define GAP	     2 /* between columns */
#define COLUMNS_MAX  32
#define LIST_MAX     60 /* octets of a list that is printed on the line of its key */
#define COUNTERS_MIN 16

/* The columns of tables that have more members than fit a terminal. The first set whose first two
 * keys are in the row is used. */
static const char *const column_sets[][14] = {
	{ "name", "state", "address", "port", "since", "outstanding", "requests", "accepts",
	  "rejects", "timeouts", "retransmits", "rtt-ms", "dropped" },
	{ "name", "size", "used", "free", "reserved", "high-water", "refused", "waiting", "next",
	  "gateway" },
	{ "ended-at", "cause", "local-sid", "tunnel-local-tid", "username", "peer", "interface",
	  "began-at" },
	{ "local-sid", "tunnel-local-tid", "state", "username", "assigned-addr", "family",
	  "interface", "created-at" },
	{ "local-tid", "session-count", "remote-tid", "state", "peer", "peer-hostname",
	  "last-activity" },
};

/* ---- text: safe for a terminal, with a known width ---- */

/* Decodes one code point of valid UTF-8 (jansson guarantees it). Returns its length. */
static size_t decode(const char *s, uint32_t *ret)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80) { /* not possible with text from jansson */
			*ret = 0xfffd;
			return i;
		}
		c = c << 6 | (u[i] & 0x3f);
	}
	*ret = c;
	return n;
}

/* C0 and C1 controls, DEL, line separators, zero-width characters, and changes of text
 * direction. */
static bool dangerous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       c == 0x61c || c >= 0xe0000;
}

static void put_safe(const char *s, size_t len, bool keep_newline, struct strbuf *out)
{
	const char *end = s + len;

	while (s < end) {
		uint32_t c;
		size_t n = decode(s, &c);

		if (c == 0xfffd)
			sb_puts(out, "\xef\xbf\xbd");
		else if (dangerous(c) && !(keep_newline && c == '\n'))
			sb_printf(out, c > 0xffff ? "\\U%08" PRIx32 : "\\u%04" PRIx32, c);
		else
			sb_add(out, s, n);
		s += n;
	}
}

void render_safe_n(const char *s, size_t n, struct strbuf *out)
{
	put_safe(s, n, false, out);
}

void render_safe(const char *s, struct strbuf *out)
{
	put_safe(s, strlen(s), false, out);
}

static int width(const char *s)
{
	int total = 0;

	while (*s) {
		uint32_t c;
		int w;

		s += decode(s, &c);
		w = wcwidth((wchar_t)c);
		total += w < 0 ? 1 : w;
	}
	return total;
}

static void pad(struct strbuf *out, int n)
{
	while (n-- > 0)
		sb_puts(out, " ");
}

/* ---- values ---- */

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

static bool all_scalars(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!is_scalar(json_array_get(array, i)))
			return false;
	return true;
}

static bool all_values_scalar(json_t *object)
{
	const char *key;
	json_t *v;

	json_object_foreach(object, key, v)
		if (!is_scalar(v))
			return false;
	return true;
}

static void put_scalar(const json_t *v, struct strbuf *out)
{
	const char *s = json_string_value(v);

	if (json_string_length(v))
		put_safe(s, json_string_length(v), false, out);
	else if (json_is_integer(v))
		sb_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		sb_printf(out, "%g", json_real_value(v));
	else if (json_is_boolean(v))
		sb_puts(out, json_is_true(v) ? "yes" : "no");
	else
		sb_puts(out, "-"); /* missing, null or "" */
}

/* An array in a table cell or after a key. */
static void put_list(const json_t *array, struct strbuf *out)
{
	size_t n = json_array_size(array);

	if (!n)
		sb_puts(out, "-");
	for (size_t i = 0; i < n; i++) {
		if (i)
			sb_puts(out, ", ");
		put_scalar(json_array_get(array, i), out);
	}
}

/* An object in a table cell: "key value, key value". */
static void put_pairs(json_t *o, struct strbuf *out)
{
	const char *key, *before = "";
	json_t *v;

	if (!json_object_size(o))
		sb_puts(out, "-");
	json_object_foreach(o, key, v) {
		sb_puts(out, before);
		render_safe(key, out);
		sb_puts(out, " ");
		put_scalar(v, out);
		before = ", ";
	}
}

static void put_cell(const json_t *v, struct strbuf *out)
{
	if (json_is_array(v) && all_scalars(v))
		put_list(v, out);
	else if (json_is_object(v) && all_values_scalar((json_t *)v))
		put_pairs((json_t *)v, out);
	else if (v && !is_scalar(v))
		sb_puts(out, "...");
	else
		put_scalar(v, out);
}

static char *cell_text(const json_t *v)
{
	struct strbuf b;

	sb_init(&b);
	put_cell(v, &b);
	return sb_take(&b);
}

/* ---- tables ---- */

struct column {
	const char *key;
	int width;
	bool number;
};

struct table {
	struct column columns[COLUMNS_MAX];
	size_t n_columns, n_rows;
	char **cells; /* n_rows * n_columns */
};

static void add_column(struct table *t, const char *key)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (strcmp(t->columns[i].key, key) == 0)
			return;
	if (t->n_columns < COLUMNS_MAX)
		t->columns[t->n_columns++] =
			(struct column){ .key = key, .width = width(key), .number = true };
}

static const char *const *column_set(const json_t *row)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(column_sets); i++)
		if (json_object_get(row, column_sets[i][0]) &&
		    json_object_get(row, column_sets[i][1]))
			return column_sets[i];
	return NULL;
}

static void choose_columns(struct table *t, const json_t *rows)
{
	const char *const *set = column_set(json_array_get(rows, 0));

	for (; set && *set; set++)
		add_column(t, *set);
	if (t->n_columns)
		return;
	for (size_t i = 0; i < t->n_rows; i++) {
		json_t *row = json_array_get(rows, i);

		for (void *it = json_object_iter(row); it; it = json_object_iter_next(row, it))
			add_column(t, json_object_iter_key(it));
	}
}

static int fill_cells(struct table *t, const json_t *rows)
{
	t->cells = calloc(t->n_rows * t->n_columns, sizeof(*t->cells));
	if (!t->cells)
		return -1;
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
		struct column *c = &t->columns[i % t->n_columns];
		const json_t *v = json_object_get(json_array_get(rows, i / t->n_columns), c->key);

		t->cells[i] = cell_text(v);
		if (!t->cells[i])
			return -1;
		if (width(t->cells[i]) > c->width)
			c->width = width(t->cells[i]);
		c->number = c->number && (!v || json_is_number(v));
	}
	return 0;
}

/* Numbers are aligned to the right. Lines have no trailing blanks. */
static void put_row(const struct table *t, const char *const *cells, int indent, struct strbuf *out)
{
	int owed = indent;

	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		int rest = c->width - width(cells[i]);

		pad(out, owed + (c->number ? rest : 0));
		sb_puts(out, cells[i]);
		owed = GAP + (c->number ? 0 : rest);
	}
	sb_puts(out, "\n");
}

static void render_put_header(const struct table *t, int indent, struct strbuf *out)
{
	char names[COLUMNS_MAX][64];
	const char *cells[COLUMNS_MAX];

	for (size_t i = 0; i < t->n_columns; i++) {
		size_t k = 0;

		for (; t->columns[i].key[k] && k + 1 < sizeof(names[i]); k++) {
			unsigned char c = (unsigned char)t->columns[i].key[k];

			names[i][k] = c > ' ' && c < 0x7f ? (char)toupper(c) : '?';
		}
		names[i][k] = '\0';
		cells[i] = names[i];
	}
	put_row(t, cells, indent, out);
}

static void put_table(const json_t *rows, int indent, struct strbuf *out)
{
	struct table t = { .n_rows = json_array_size(rows) };

	choose_columns(&t, rows);
	if (fill_cells(&t, rows) < 0) {
		out->bad = true;
	} else {
		render_put_header(&t, indent, out);
		for (size_t i = 0; i < t.n_rows; i++)
			put_row(&t, (const char *const *)&t.cells[i * t.n_columns], indent, out);
	}
	for (size_t i = 0; t.cells && i < t.n_rows * t.n_columns; i++)
		free(t.cells[i]);
	free(t.cells);
}

/* ---- blocks ---- */

static bool is_table(const json_t *v)
{
	size_t n = json_array_size(v);

	for (size_t i = 0; i < n; i++)
		if (!json_object_size(json_array_get(v, i)))
			return false;
	return n > 0;
}

/* A scalar or a short list, which is printed after its key. */
static bool is_short(const json_t *v)
{
	size_t len = 0;

	if (is_scalar(v))
		return true;
	if (!json_is_array(v))
		return json_object_size(v) == 0;
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);

		if (!is_scalar(item) ||
		    (json_string_value(item) && strchr(json_string_value(item), ' ')))
			return false;
		len += 2 + json_string_length(item);
	}
	return len <= LIST_MAX;
}

static void render_put_value(const json_t *v, int indent, struct strbuf *out);

static void put_members(json_t *o, int indent, struct strbuf *out)
{
	int widest = 0;

	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
		if (is_short(json_object_iter_value(it)) &&
		    width(json_object_iter_key(it)) > widest)
			widest = width(json_object_iter_key(it));
	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
		const json_t *v = json_object_iter_value(it);
		const char *key = json_object_iter_key(it);

		pad(out, indent);
		render_safe(key, out);
		sb_puts(out, ":");
		if (!is_short(v)) {
			sb_puts(out, "\n");
			render_put_value(v, indent + INDENT, out);
			continue;
		}
		pad(out, widest - width(key) + 1);
		if (json_is_array(v))
			put_list(v, out);
		else
			put_scalar(v, out); /* {} is "-" */
		sb_puts(out, "\n");
	}
}

/* An object of many counters and nothing else: counters that are 0 are left out. */
static bool is_counters(json_t *o)
{
	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
		if (!json_is_integer(json_object_iter_value(it)))
			return false;
	return json_object_size(o) >= COUNTERS_MIN;
}

static size_t count_zeros(json_t *o)
{
	size_t n = 0;

	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
		n += json_integer_value(json_object_iter_value(it)) == 0;
	return n;
}

static void put_counters(json_t *o, int indent, struct strbuf *out)
{
	json_t *some = json_object();
	size_t zeros = count_zeros(o);

	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
		if (json_integer_value(json_object_iter_value(it)) != 0 &&
		    json_object_set(some, json_object_iter_key(it), json_object_iter_value(it)) < 0)
			out->bad = true;
	put_members(some, indent, out);
	json_decref(some);
	if (zeros) {
		pad(out, indent);
		sb_printf(out, "(%zu that are 0 left out)\n", zeros);
	}
}

static void put_block(const json_t *obj, int indent, struct strbuf *out)
{
	json_t *o = (json_t *)obj; /* jansson's iterator is not const; nothing is changed */

	if (is_counters(o))
		put_counters(o, indent, out);
	else
		put_members(o, indent, out);
}

static void render_put_value(const json_t *v, int indent, struct strbuf *out)
{
	if (json_is_object(v) && json_object_size(v)) {
		put_block(v, indent, out);
	} else if (is_table(v)) {
		put_table(v, indent, out);
	} else if (json_is_array(v) && json_array_size(v)) {
		for (size_t i = 0; i < json_array_size(v); i++) {
			pad(out, indent);
			put_cell(json_array_get(v, i), out);
			sb_puts(out, "\n");
		}
	} else {
		pad(out, indent);
		if (is_scalar(v))
			put_scalar(v, out);
		else
			sb_puts(out, "none");
		sb_puts(out, "\n");
	}
}

void render_text(const json_t *data, struct strbuf *out)
{
	render_put_value(data, 0, out);
}

void render_json(const json_t *data, enum render_json_style style, struct strbuf *out)
{
	char *s = json_dumps(data, JSON_ENCODE_ANY | (style == RENDER_PRETTY ? JSON_INDENT(2) :
									       JSON_COMPACT));

	if (!s)
		out->bad = true;
	else if (style == RENDER_PRETTY)
		put_safe(s, strlen(s), true, out);
	else
		sb_puts(out, s);
	sb_puts(out, "\n");
	free(s);
}
