/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/base/htab.h"
#include "selftests/lib/fail_alloc.h"

#define MANY 1000

struct thing {
	unsigned key;
	bool seen;
	struct htab_node node;
};

static struct thing things[MANY];
static struct htab t;

/* Seven of them have the same hash, others only the same head. */
static uint32_t hash_of(unsigned key)
{
	return key / 7 * 8;
}

static struct thing *find(unsigned key)
{
	for (struct htab_node *n = htab_find(&t, hash_of(key)); n; n = htab_same(n)) {
		struct thing *x = ze_container_of(n, struct thing, node);

		if (x->key == key)
			return x;
	}
	return NULL;
}

static void add(unsigned key)
{
	things[key] = (struct thing){ .key = key };
	assert_int_equal(htab_add(&t, &things[key].node, hash_of(key)), 0);
}

static void what_is_in_is_found(void **st)
{
	(void)st;
	assert_null(find(0));
	for (unsigned i = 0; i < MANY; i++) {
		add(i);
		assert_int_equal(t.n, i + 1);
		assert_true(t.n <= t.size);
		assert_ptr_equal(find(i), &things[i]);
		assert_null(find(i + 1));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(find(i), &things[i]);
	for (unsigned i = 0; i < MANY; i += 2)
		htab_del(&t, &things[i].node);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(find(i), i % 2 ? &things[i] : NULL);
	for (unsigned i = 1; i < MANY; i += 2)
		htab_del(&t, &things[i].node);
	assert_null(find(1));
	assert_null(t.heads); /* an empty one owns nothing */
}

static void all_are_seen_once(void **st)
{
	struct htab_node *n, *next;
	unsigned count = 0;

	(void)st;
	assert_null(htab_next(&t, NULL));
	for (unsigned i = 0; i < 100; i++)
		add(i);
	for (n = htab_next(&t, NULL); n; n = htab_next(&t, n)) {
		struct thing *x = ze_container_of(n, struct thing, node);

		assert_false(x->seen);
		x->seen = true;
		count++;
	}
	assert_int_equal(count, 100);
	/* The one at hand may go. */
	for (n = htab_next(&t, NULL); n; n = next) {
		next = htab_next(&t, n);
		htab_del(&t, n);
	}
	assert_int_equal(t.n, 0);
}

static void without_memory_chains_grow(void **st)
{
	(void)st;
	if (!fail_alloc_works())
		skip();
	fail_alloc_at(0);
	assert_int_equal(htab_add(&t, &things[0].node, 0), -ENOMEM);
	fail_alloc_off();
	assert_int_equal(t.n, 0);
	for (unsigned i = 0; i < 100; i++) {
		fail_alloc_at(i ? 0 : 1);
		add(i);
		fail_alloc_off();
	}
	assert_true(t.size < t.n);
	for (unsigned i = 0; i < 100; i++)
		assert_ptr_equal(find(i), &things[i]);
	add(100); /* memory again: it catches up by and by */
	assert_ptr_equal(find(100), &things[100]);
	for (unsigned i = 0; i <= 100; i++)
		htab_del(&t, &things[i].node);
	assert_null(t.heads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_is_found),
		cmocka_unit_test(all_are_seen_once),
		cmocka_unit_test(without_memory_chains_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
