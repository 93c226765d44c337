/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "aaa/profile.h"

static void defaults(void **st)
{
	struct profile *p = profile_new(span_str("alice"));

	(void)st;
	assert_non_null(p);
	assert_string_equal(p->user, "alice");
	assert_true(p->ipv4 && p->ipv6);
	assert_false(p->has_address);
	assert_int_equal(p->dns[0] | p->dns[1] | p->address, 0);
	profile_free(p);
}

/* A login without a name has a profile too; nothing is freed for no profile. */
static void no_name(void **st)
{
	struct profile *p = profile_new((struct span){ 0 });

	(void)st;
	assert_non_null(p);
	assert_string_equal(p->user, "");
	profile_free(p);
	profile_free(NULL);
}

static void long_name_is_cut(void **st)
{
	char name[AAA_USER_MAX + 10];
	struct profile *p;

	(void)st;
	memset(name, 'n', sizeof(name));
	p = profile_new(span_of(name, sizeof(name)));
	assert_non_null(p);
	assert_int_equal(strlen(p->user), AAA_USER_MAX);
	profile_free(p);
}

/* The list: values in the order in which they were put, each key up to its limit, whatever happens
 * to the others. */
static void list(void **st)
{
	struct profile *base = profile_new(span_str("alice")), *copy;
	static struct profile_room room;
	struct profile *p = profile_edit(&room, base, (struct span){ 0 });
	struct span v;

	(void)st;
	assert_string_equal(p->user, "alice");
	assert_false(profile_get(p, PROFILE_CLASS, 0, &v));
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(profile_put(p, PROFILE_CLASS, span_of("abcdefghij", i)), i < 8);
	assert_true(profile_put(p, PROFILE_POOL, span_str("gold")));
	assert_false(profile_put(p, PROFILE_POOL, span_str("silver")));
	copy = profile_copy(p);
	assert_non_null(copy);
	profile_clear(p, PROFILE_CLASS);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(profile_get(copy, PROFILE_CLASS, i, &v));
		assert_int_equal(v.len, i);
		assert_false(profile_get(p, PROFILE_CLASS, i, &v));
	}
	assert_false(profile_get(copy, PROFILE_CLASS, 8, &v));
	assert_true(profile_get(p, PROFILE_POOL, 0, &v) && v.len == 4);
	assert_true(profile_put(p, PROFILE_CLASS, span_str("x")));
	profile_clear(p, PROFILE_POOL);
	assert_true(profile_get(p, PROFILE_CLASS, 0, &v) && v.len == 1);
	assert_false(profile_get(p, PROFILE_POOL, 0, &v));
	profile_free(copy);
	profile_free(base);
}

/* A copy, and a profile in a room, have references of their own: the last one of each frees it. */
static void copies_have_their_own_references(void **st)
{
	struct profile *base = profile_new(span_str("alice")), *copy, *edited;
	static struct profile_room room;

	(void)st;
	profile_ref(base);
	copy = profile_copy(base);
	edited = profile_copy(profile_edit(&room, base, span_str("bob")));
	assert_int_equal(copy->refs, 1);
	assert_int_equal(edited->refs, 1);
	profile_free(copy);
	profile_free(edited);
	profile_free(base);
	assert_string_equal(base->user, "alice");
	profile_free(base);
}

/* A new name of any length leaves the list as it was. */
static void renamed(void **st)
{
	static const size_t lengths[] = { 1, 4, 5, 6, 200, AAA_USER_MAX, AAA_USER_MAX + 1 };
	struct profile *base = profile_new(span_str("alice"));
	static struct profile_room one, two;
	struct profile *p = profile_edit(&one, base, (struct span){ 0 });
	char name[AAA_USER_MAX + 1];
	struct span v;

	(void)st;
	memset(name, 'n', sizeof(name));
	assert_true(profile_put(p, PROFILE_POOL, span_str("gold")));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct profile *q = profile_edit(&two, p, span_of(name, lengths[i]));

		assert_int_equal(strlen(q->user),
				 lengths[i] < AAA_USER_MAX ? lengths[i] : AAA_USER_MAX);
		assert_true(profile_get(q, PROFILE_POOL, 0, &v));
		assert_memory_equal(v.p, "gold", 4);
	}
	profile_free(base);
}

/* What does not fit is refused whole. */
static void list_has_a_limit(void **st)
{
	struct profile *base = profile_new(span_str("alice"));
	static struct profile_room room;
	struct profile *p = profile_edit(&room, base, (struct span){ 0 });
	uint8_t v[256] = { 0 };
	unsigned n = 0;

	(void)st;
	assert_false(profile_put(p, PROFILE_ROUTE, span_of(v, 256)));
	while (profile_put(p, PROFILE_ROUTE, span_of(v, 255)))
		n++;
	assert_int_equal(n, PROFILE_LIST_MAX / 257);
	assert_true(profile_put(p, PROFILE_ROUTE, span_of(v, PROFILE_LIST_MAX % 257 - 2)));
	assert_false(profile_put(p, PROFILE_ROUTE, (struct span){ 0 }));
	profile_free(base);
}

/* A list as a record has it: unknown keys are skipped, what no attribute can have is refused. */
static void put_list(void **st)
{
	static const struct {
		const char *octets;
		size_t len;
		bool good;
	} rows[] = {
		{ "\x10\x09\x0a\1\0\0\x18\0\0\0\5", 11, true },	 /* ROUTE 10.1.0.0/24 metric 5 */
		{ "\x10\x09\x0a\1\0\0\x21\0\0\0\5", 11, false }, /* /33 */
		{ "\x10\x08\x0a\1\0\0\x18\0\0\0", 10, false },	 /* too short */
		{ "\x0f\3abc\x0f\1d", 8, true },		 /* two Classes */
		{ "\x0f\0", 2, false },
		{ "\x0f\3ab", 4, false }, /* cut */
		{ "\x0f", 1, false },
		{ "\xc8\2zz\x0f\1d", 7, true }, /* of a newer ze */
		{ "\0\1a", 3, false },		/* no key of the list */
		{ "\x0c\1a\x0c\1b", 6, false }, /* two pools */
		{ "", 0, true },
	};

	(void)st;
	assert_true(PROFILE_POOL == 12 && PROFILE_CLASS == 15 && PROFILE_ROUTE == 16);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct profile *base = profile_new(span_str("alice"));
		struct profile_room room;
		struct profile *p = profile_edit(&room, base, (struct span){ 0 });

		assert_int_equal(profile_put_list(p, span_of(rows[i].octets, rows[i].len)),
				 rows[i].good);
		if (rows[i].good && rows[i].octets[0] == '\x10')
			assert_true(span_eq(profile_list(p), span_of(rows[i].octets, rows[i].len)));
		profile_free(base);
	}
}

static void sources_and_names(void **st)
{
	struct profile *p = profile_new(span_str("alice"));

	(void)st;
	for (unsigned key = 0; key < PROFILE_KEY__COUNT; key++) {
		assert_int_equal(profile_source(p, key), PROFILE_DEFAULT);
		profile_set_source(p, key, PROFILE_COA);
		profile_set_source(p, key, (enum profile_source)(key % 4));
		assert_true(*profile_key_name(key));
	}
	for (unsigned key = 0; key < PROFILE_KEY__COUNT; key++)
		assert_int_equal(profile_source(p, key), key % 4);
	assert_string_equal(profile_source_name(PROFILE_DEFAULT), "default");
	assert_string_equal(profile_source_name(PROFILE_COA), "coa");
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(no_name),
		cmocka_unit_test(long_name_is_cut),
		cmocka_unit_test(list),
		cmocka_unit_test(copies_have_their_own_references),
		cmocka_unit_test(renamed),
		cmocka_unit_test(list_has_a_limit),
		cmocka_unit_test(put_list),
		cmocka_unit_test(sources_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
