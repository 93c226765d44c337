/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of the fields of restart records are consistent, and docs/state-file.md equals
 * them. With an argument it prints that part of the document. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/record_tags.h"

#define TABLES_MAX 32

struct tables {
	const struct tlv_table *v[TABLES_MAX];
	size_t n;
};

/* Each table once, outer ones first. */
static void collect(struct tables *all, const struct tlv_table *t)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i] == t)
			return;
	assert_true(all->n < TABLES_MAX);
	all->v[all->n++] = t;
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].nested)
			collect(all, t->fields[i].nested);
}

static struct tables tables(void)
{
	struct tables all = { .n = 0 };

	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		collect(&all, record_tags[k]);
	return all;
}

static void print_octets(struct strbuf *b, const struct tlv_field *f)
{
	if (f->nested)
		sb_printf(b, "fields of *%s*", f->nested->name);
	else if (f->min == f->max)
		sb_printf(b, "%u", f->min);
	else
		sb_printf(b, "%u to %u", f->min, f->max);
}

static void print(struct strbuf *b, const struct tlv_table *t)
{
	sb_printf(b,
		  "\n### %s\n\n| tag | field | octets | when it is absent |\n|---|---|---|---|\n",
		  t->name);
	for (size_t tag = 0; tag < t->n; tag++) {
		const struct tlv_field *f = &t->fields[tag];

		if (!f->name)
			continue;
		sb_printf(b, "| %zu | `%s` | ", tag, f->name);
		print_octets(b, f);
		sb_printf(b, " | %s |\n", f->absent ? f->absent : "required");
	}
}

static void print_all(struct strbuf *b)
{
	struct tables all = tables();

	for (size_t i = 0; i < all.n; i++)
		print(b, all.v[i]);
}

static void sensible(const struct tlv_table *t)
{
	assert_true(t->n > 1 && t->n <= 200); /* 200 is the unknown tag of other tests */
	assert_null(t->fields[0].name);
	for (size_t i = 1; i < t->n; i++) {
		const struct tlv_field *f = &t->fields[i];

		if (!f->name)
			continue;
		assert_true(f->min <= f->max);
		for (size_t k = 1; k < i; k++)
			assert_true(!t->fields[k].name || strcmp(f->name, t->fields[k].name));
	}
}

static void tables_make_sense(void **st)
{
	struct tables all = tables();

	(void)st;
	assert_int_equal(all.n, 16);
	for (size_t i = 0; i < all.n; i++) {
		sensible(all.v[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(all.v[i]->name, all.v[k]->name);
	}
	for (unsigned k = 0; k < JOURNAL__KINDS; k++) {
		const struct record_versions *v = &record_versions[k];

		assert_true(v->reads >= 1 && v->reads <= v->writes && v->needs <= v->writes);
	}
}

static size_t largest(const struct tlv_table *t)
{
	size_t sum = 0;

	for (size_t i = 1; i < t->n; i++) {
		const struct tlv_field *f = &t->fields[i];

		if (f->name)
			sum += TLV_HEAD + (f->nested ? largest(f->nested) : f->max);
	}
	return sum;
}

/* A record with all fields and the longest names. Some room is left for new fields. */
static void the_largest_record_fits(void **st)
{
	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++) {
		print_message("# %s: %zu octets\n", record_tags[k]->name, largest(record_tags[k]));
		assert_true(largest(record_tags[k]) <= JOURNAL_RECORD_MAX - 300);
	}
}

static void the_document_says_so(void **st)
{
	struct strbuf want = { 0 };
	static char text[65536];
	char path[512];
	FILE *f;

	(void)st;
	assert_non_null(getenv("ZE_SRC"));
	snprintf(path, sizeof(path), "%s/docs/state-file.md", getenv("ZE_SRC"));
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	print_all(&want);
	if (!strstr(text, want.s))
		fail_msg("docs/state-file.md differs from the tables: run this test with --print");
	sb_done(&want);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_make_sense),
		cmocka_unit_test(the_largest_record_fits),
		cmocka_unit_test(the_document_says_so),
	};
	struct strbuf all = { 0 };

	(void)argv;
	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	print_all(&all);
	fputs(all.s, stdout);
	sb_done(&all);
	return 0;
}
