/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/config_row.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "daemon/base/addr.h"
#include "daemon/base/crypto.h"
#include "daemon/base/strbuf.h"
#include "shaping/rate.h"

#define NAME_SIZE   64
#define IFNAME_SIZE 16

_Static_assert(sizeof(enum config_kind) == sizeof(unsigned), "CONFIG_WORD is stored as unsigned");

static const char no_memory[] = "out of memory";

/* ---- from text ---- */

/* The schema has checked the form of booleans, numbers, words and IPv4 addresses, and the length of
 * texts. Each function returns NULL, or what is wrong. */

static const char *set_bool(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	*(bool *)value = strcmp(text, "true") == 0;
	return NULL;
}

static const char *set_u16(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	*(uint16_t *)value = (uint16_t)strtoul(text, NULL, 10);
	return NULL;
}

static const char *set_u32(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	*(uint32_t *)value = (uint32_t)strtoul(text, NULL, 10);
	return NULL;
}

static const char *set_word(const struct config_row *row, const char *text, void *value)
{
	for (unsigned i = 0; row->words[i]; i++)
		if (strcmp(row->words[i], text) == 0) {
			memcpy(value, &i, sizeof(i));
			return NULL;
		}
	return "unknown word";
}

static const char *set_name(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	strncpy(value, text, NAME_SIZE - 1);
	return NULL;
}

static const char *set_ifname(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	strncpy(value, text, IFNAME_SIZE - 1);
	return NULL;
}

static const char *set_string(const struct config_row *row, const char *text, void *value)
{
	char *copy = strdup(text);

	(void)row;
	if (!copy)
		return no_memory;
	*(char **)value = copy;
	return NULL;
}

static const char *set_ip(const struct config_row *row, const char *text, void *value)
{
	struct ze_addr *a = value;

	(void)row;
	return ze_addr_parse(text, a->port, a) < 0 ? "not an IPv4 or IPv6 address" : NULL;
}

static const char *set_ip4(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	return ze_ip4_parse(text, value) < 0 ? "not an IPv4 address" : NULL;
}

static const char *set_prefix(const struct config_row *row, const char *text, void *value)
{
	(void)row;
	return ze_prefix_parse(text, value) < 0 ? "not a prefix: ADDRESS/LENGTH without host bits" :
						  NULL;
}

static const char *set_rate(const struct config_row *row, const char *text, void *value)
{
	int r = rate_parse(text, value);

	(void)row;
	if (r == -ERANGE)
		return "the range of a rate is 8kbit to 100gbit";
	return r < 0 ? "not a rate: a number and a unit, such as 10mbit (bits) or 1mbps (octets)" :
		       NULL;
}

static const char *set_limit(const struct config_row *row, const char *text, void *value)
{
	struct profile_sessions *p = value;

	p->set = true;
	return set_u32(row, text, &p->limit);
}

/* ---- to text ---- */

static void print_bool(const struct config_row *row, const void *value, struct strbuf *out)
{
	(void)row;
	sb_puts(out, *(const bool *)value ? "true" : "false");
}

static void print_u16(const struct config_row *row, const void *value, struct strbuf *out)
{
	(void)row;
	sb_printf(out, "%u", *(const uint16_t *)value);
}

static void print_u32(const struct config_row *row, const void *value, struct strbuf *out)
{
	(void)row;
	sb_printf(out, "%u", *(const uint32_t *)value);
}

static void print_word(const struct config_row *row, const void *value, struct strbuf *out)
{
	unsigned i;

	memcpy(&i, value, sizeof(i));
	sb_puts(out, row->words[i]);
}

static void print_text(const struct config_row *row, const void *value, struct strbuf *out)
{
	(void)row;
	sb_puts(out, value);
}

static void print_string(const struct config_row *row, const void *value, struct strbuf *out)
{
	const char *text = *(char *const *)value;

	(void)row;
	sb_puts(out, text ? text : "");
}

/* A secret is not shown to anybody. */
static void print_nothing(const struct config_row *row, const void *value, struct strbuf *out)
{
	(void)row;
	(void)value;
	(void)out;
}

static void print_ip(const struct config_row *row, const void *value, struct strbuf *out)
{
	const struct ze_addr *a = value;
	char text[ZE_ADDR_TEXT];

	(void)row;
	sb_puts(out, a->family ? ze_ip_text(a, text) : "");
}

static void print_ip4(const struct config_row *row, const void *value, struct strbuf *out)
{
	uint32_t ip = *(const uint32_t *)value;
	char text[ZE_ADDR_TEXT];

	(void)row;
	sb_puts(out, ip ? ze_ip4_text(ip, text) : "");
}

static void print_prefix(const struct config_row *row, const void *value, struct strbuf *out)
{
	const struct ze_prefix *p = value;

	print_ip(row, &p->addr, out);
	if (p->addr.family)
		sb_printf(out, "/%u", p->len);
}

static void print_rate(const struct config_row *row, const void *value, struct strbuf *out)
{
	uint64_t bps = *(const uint64_t *)value;
	char text[RATE_TEXT];

	(void)row;
	sb_puts(out, bps ? rate_text(bps, text) : "");
}

static void print_limit(const struct config_row *row, const void *value, struct strbuf *out)
{
	const struct profile_sessions *p = value;

	if (p->set)
		print_u32(row, &p->limit, out);
}

/* ---- order: below, equal to or above 0, as memcmp() ---- */

static size_t size_of(const struct config_row *row);

static int order_octets(const struct config_row *row, const void *a, const void *b)
{
	return memcmp(a, b, size_of(row));
}

static int order_text(const struct config_row *row, const void *a, const void *b)
{
	(void)row;
	return strcmp(a, b);
}

static int order_string(const struct config_row *row, const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	(void)row;
	return strcmp(x ? x : "", y ? y : "");
}

static int order_ip(const struct config_row *row, const void *a, const void *b)
{
	struct ze_addr x = *(const struct ze_addr *)a, y = *(const struct ze_addr *)b;

	(void)row;
	x.port = y.port = 0;
	return memcmp(&x, &y, sizeof(x));
}

static int order_prefix(const struct config_row *row, const void *a, const void *b)
{
	const struct ze_prefix *x = a, *y = b;
	int r = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	(void)row;
	return r ? r : (int)x->len - (int)y->len;
}

static int order_limit(const struct config_row *row, const void *a, const void *b)
{
	const struct profile_sessions *x = a, *y = b;

	(void)row;
	if (x->set != y->set)
		return x->set ? 1 : -1;
	return x->limit == y->limit ? 0 : x->limit < y->limit ? -1 : 1;
}

/* ---- kinds ---- */

static const struct {
	size_t size;
	const char *(*set)(const struct config_row *row, const char *text, void *value);
	void (*print)(const struct config_row *row, const void *value, struct strbuf *out);
	int (*order)(const struct config_row *row, const void *a, const void *b);
} kinds[] = {
	[CONFIG_BOOL] = { sizeof(bool), set_bool, print_bool, order_octets },
	[CONFIG_U16] = { sizeof(uint16_t), set_u16, print_u16, order_octets },
	[CONFIG_U32] = { sizeof(uint32_t), set_u32, print_u32, order_octets },
	[CONFIG_WORD] = { sizeof(unsigned), set_word, print_word, order_octets },
	[CONFIG_NAME] = { NAME_SIZE, set_name, print_text, order_text },
	[CONFIG_IFNAME] = { IFNAME_SIZE, set_ifname, print_text, order_text },
	[CONFIG_STRING] = { sizeof(char *), set_string, print_string, order_string },
	[CONFIG_SECRET] = { sizeof(char *), set_string, print_nothing, order_string },
	[CONFIG_IP] = { sizeof(struct ze_addr), set_ip, print_ip, order_ip },
	[CONFIG_IP4] = { sizeof(uint32_t), set_ip4, print_ip4, order_octets },
	[CONFIG_PREFIX] = { sizeof(struct ze_prefix), set_prefix, print_prefix, order_prefix },
	[CONFIG_RATE] = { sizeof(uint64_t), set_rate, print_rate, order_octets },
	[CONFIG_LIMIT] = { sizeof(struct profile_sessions), set_limit, print_limit, order_limit },
	[CONFIG_ENTRY] = { 0, NULL, NULL, NULL }, /* the rows of the entry have all of this */
};

/* ---- values and lists ---- */

static size_t size_of(const struct config_row *row)
{
	return row->entry ? row->entry->size : kinds[row->kind].size;
}

static size_t *count_of(const struct config_row *row, void *base)
{
	return (size_t *)((char *)base + row->count);
}

static size_t count_in(const struct config_row *row, const void *base)
{
	return row->count ? *(const size_t *)((const char *)base + row->count) : 1;
}

/* Returns value i of a list, or the only value. */
static const char *value_at(const struct config_row *row, const void *base, size_t i)
{
	const char *at = (const char *)base + row->offset;

	if (row->count && !row->places)
		at = *(char *const *)at;
	return i ? at + i * size_of(row) : at; /* a list that is empty has no array */
}

/* Returns room for one more value, filled with zeros; it is not counted yet. An allocated array
 * grows by doubling: n is 0 or a power of two when it is full. */
static void *next_value(const struct config_row *row, void *base)
{
	size_t n = count_in(row, base), size = size_of(row);
	char **array = (char **)((char *)base + row->offset);

	if (row->places && n == row->places)
		return NULL;
	if (!row->places && (n & (n - 1)) == 0) {
		char *v = reallocarray(*array, n ? n * 2 : 1, size);

		if (!v)
			return NULL;
		*array = v;
	}
	return memset((char *)value_at(row, base, n), 0, size);
}

static void free_value(const struct config_row *row, void *value)
{
	char *text;

	if (row->entry) {
		config_table_done(row->entry, value);
		return;
	}
	if (row->kind != CONFIG_STRING && row->kind != CONFIG_SECRET)
		return;
	text = *(char **)value;
	if (text && row->kind == CONFIG_SECRET)
		crypto_wipe(text, strlen(text));
	free(text);
	*(char **)value = NULL;
}

const char *config_row_set(const struct config_row *row, void *base, const char *text)
{
	void *value = row->count ? next_value(row, base) : (void *)value_at(row, base, 0);
	const char *wrong;

	if (!value)
		return no_memory;
	free_value(row, value);
	wrong = kinds[row->kind].set(row, text, value);
	if (row->count && !wrong)
		++*count_of(row, base);
	return wrong;
}

void *config_row_add(const struct config_row *row, void *base)
{
	void *value = next_value(row, base);

	if (!value)
		return NULL;
	if (config_table_init(row->entry, value) < 0) {
		config_table_done(row->entry, value);
		return NULL;
	}
	++*count_of(row, base);
	return value;
}

int config_table_init(const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_row *row = &t->rows[i];
		const char *wrong = row->def ? config_row_set(row, base, row->def) : NULL;

		if (wrong == no_memory)
			return -ENOMEM;
		assert(!wrong);
		(void)wrong;
	}
	return 0;
}

void config_table_done(const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_row *row = &t->rows[i];

		for (size_t k = 0; k < count_in(row, base); k++)
			free_value(row, (void *)value_at(row, base, k));
		if (row->count && !row->places)
			free((void *)value_at(row, base, 0));
	}
}

void config_row_print(const struct config_row *row, const void *base, struct strbuf *out)
{
	kinds[row->kind].print(row, value_at(row, base, 0), out);
}

/* ---- differences ---- */

/* Orders entries by their keys. */
static int order_of(const struct config_row *row, const void *a, const void *b)
{
	const struct config_row *key = row->entry ? &row->entry->rows[0] : NULL;

	if (!key)
		return kinds[row->kind].order(row, a, b);
	return kinds[key->kind].order(key, value_at(key, a, 0), value_at(key, b, 0));
}

static bool same_values(const struct config_row *row, const void *old, const void *new);

static bool same_value(const struct config_row *row, const void *a, const void *b)
{
	if (!row->entry)
		return order_of(row, a, b) == 0;
	for (size_t i = 0; i < row->entry->n; i++)
		if (!same_values(&row->entry->rows[i], a, b))
			return false;
	return true;
}

/* Compares a list in its order: the usual case, where nothing has changed, needs no memory. */
static bool same_values(const struct config_row *row, const void *old, const void *new)
{
	size_t n = count_in(row, old);

	if (n != count_in(row, new))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_value(row, value_at(row, old, i), value_at(row, new, i)))
			return false;
	return true;
}

static int by_order(const void *a, const void *b, void *row)
{
	return order_of(row, *(const void *const *)a, *(const void *const *)b);
}

/* Returns pointers to the values, in order and followed by a NULL; the caller frees them. Returns
 * NULL when out of memory. */
static const void **in_order(const struct config_row *row, const void *base)
{
	size_t n = count_in(row, base);
	const void **v = calloc(n + 1, sizeof(*v));

	if (!v)
		return NULL;
	for (size_t i = 0; i < n; i++)
		v[i] = value_at(row, base, i);
	qsort_r(v, n, sizeof(*v), by_order, (void *)row);
	return v;
}

static void compare_in_order(const struct config_row *row, const void **old, const void **new,
			     struct config_row_diff *ret)
{
	while (*old || *new) {
		int r = !*old ? 1 : !*new ? -1 : order_of(row, *old, *new);

		ret->removed += r < 0;
		ret->added += r > 0;
		ret->changed += r == 0 && !same_value(row, *old, *new);
		old += r <= 0;
		new += r >= 0;
	}
}

/* The first value from number i on that the list `other` has, too; the end when there is none. */
static size_t next_common(const struct config_row *row, const void *base, const void *other,
			  size_t i)
{
	for (; i < count_in(row, base); i++)
		for (size_t k = 0; k < count_in(row, other); k++)
			if (order_of(row, value_at(row, base, i), value_at(row, other, k)) == 0)
				return i;
	return i;
}

static bool is_reordered(const struct config_row *row, const void *old, const void *new)
{
	size_t i = next_common(row, old, new, 0), k = next_common(row, new, old, 0);

	while (i < count_in(row, old) && k < count_in(row, new) &&
	       order_of(row, value_at(row, old, i), value_at(row, new, k)) == 0) {
		i = next_common(row, old, new, i + 1);
		k = next_common(row, new, old, k + 1);
	}
	return i < count_in(row, old);
}

int config_row_compare(const struct config_row *row, const void *old, const void *new,
		       struct config_row_diff *ret)
{
	const void **a, **b;

	*ret = (struct config_row_diff){ 0 };
	if (same_values(row, old, new))
		return 0;
	if (!row->count) {
		ret->changed = 1;
		return 0;
	}
	ret->reordered = row->ordered && is_reordered(row, old, new);
	a = in_order(row, old);
	b = in_order(row, new);
	if (a && b)
		compare_in_order(row, a, b, ret);
	free(a);
	free(b);
	return a && b ? 0 : -ENOMEM;
}

const char *config_applies_name(enum config_applies a)
{
	static const char *const names[] = {
		[CONFIG_NOW] = "now",
		[CONFIG_NEW_TUNNELS] = "new-tunnels",
		[CONFIG_NEW_SESSIONS] = "new-sessions",
		[CONFIG_NEXT_LOGIN] = "next-login",
		[CONFIG_RESTART] = "restart",
	};

	return names[a];
}
