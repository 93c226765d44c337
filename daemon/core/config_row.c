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

static const struct {
	size_t size;
	const char *(*set)(const struct config_row *row, const char *text, void *value);
} kinds[] = {
	[CONFIG_BOOL] = { sizeof(bool), set_bool },
	[CONFIG_U16] = { sizeof(uint16_t), set_u16 },
	[CONFIG_U32] = { sizeof(uint32_t), set_u32 },
	[CONFIG_WORD] = { sizeof(unsigned), set_word },
	[CONFIG_NAME] = { NAME_SIZE, set_name },
	[CONFIG_IFNAME] = { IFNAME_SIZE, set_ifname },
	[CONFIG_STRING] = { sizeof(char *), set_string },
	[CONFIG_SECRET] = { sizeof(char *), set_string },
	[CONFIG_IP] = { sizeof(struct ze_addr), set_ip },
	[CONFIG_IP4] = { sizeof(uint32_t), set_ip4 },
	[CONFIG_PREFIX] = { sizeof(struct ze_prefix), set_prefix },
	[CONFIG_RATE] = { sizeof(uint64_t), set_rate },
	[CONFIG_LIMIT] = { sizeof(struct profile_sessions), set_limit },
	[CONFIG_ENTRY] = { 0, NULL }, /* its size is that of the entry */
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

/* Returns the first value of a list, or the only value. */
static char *values(const struct config_row *row, void *base)
{
	char *at = (char *)base + row->offset;

	return row->count && !row->places ? *(char **)at : at;
}

/* Returns room for one more value, filled with zeros; it is not counted yet. An allocated array
 * grows by doubling: n is 0 or a power of two when it is full. */
static void *next_value(const struct config_row *row, void *base)
{
	size_t n = *count_of(row, base), size = size_of(row);
	char **array = (char **)((char *)base + row->offset);

	if (row->places && n == row->places)
		return NULL;
	if (!row->places && (n & (n - 1)) == 0) {
		char *v = reallocarray(*array, n ? n * 2 : 1, size);

		if (!v)
			return NULL;
		*array = v;
	}
	return memset(values(row, base) + n * size, 0, size);
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
	void *value = row->count ? next_value(row, base) : values(row, base);
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

	if (value) {
		config_table_init(row->entry, value);
		++*count_of(row, base);
	}
	return value;
}

void config_table_init(const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_row *row = &t->rows[i];
		const char *wrong = row->def ? config_row_set(row, base, row->def) : NULL;

		assert(!wrong);
		(void)wrong;
	}
}

void config_table_done(const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_row *row = &t->rows[i];
		size_t n = row->count ? *count_of(row, base) : 1;

		for (size_t k = 0; k < n; k++)
			free_value(row, values(row, base) + k * size_of(row));
		if (row->count && !row->places)
			free(values(row, base));
	}
}
