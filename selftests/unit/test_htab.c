/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "daemon/base/compiler.h"
#include "daemon/base/hash.h"
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

/* Seven of them have the same hash, others share only the bucket. */
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
	assert_null(t.heads); /* an empty table owns nothing */
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
	/* The current entry may be removed. */
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
	assert_int_equal(t.size, 8); /* as it was at the first one that did not fit */
	for (unsigned i = 0; i < 100; i++)
		assert_ptr_equal(find(i), &things[i]);
	add(100); /* memory is available again: the table grows gradually */
	assert_ptr_equal(find(100), &things[100]);
	for (unsigned i = 0; i <= 100; i++)
		htab_del(&t, &things[i].node);
	assert_null(t.heads);
}

/* Keys that a peer chooses: ids that have one head with one key of the process have many with
 * another. */
#define CHAIN 32

struct user {
	uint16_t id;
	struct htab_node node;
};

static struct user *user_of(uint16_t id)
{
	for (struct htab_node *n = htab_find(&t, hash_bytes(&id, sizeof(id))); n; n = htab_same(n))
		if (ze_container_of(n, struct user, node)->id == id)
			return ze_container_of(n, struct user, node);
	return NULL;
}

static void enter_users(const uint16_t *ids, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct user *u = calloc(1, sizeof(*u));

		assert_non_null(u);
		u->id = ids[i];
		assert_null(user_of(ids[i]));
		assert_int_equal(htab_add(&t, &u->node, hash_bytes(&u->id, sizeof(u->id))), 0);
		assert_ptr_equal(user_of(ids[i]), u);
	}
}

static unsigned heads_in_use(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < t.size; i++)
		n += t.heads[i] != NULL;
	return n;
}

static void free_users(void)
{
	struct htab_node *next;

	for (struct htab_node *n = htab_next(&t, NULL); n; n = next) {
		next = htab_next(&t, n);
		htab_del(&t, n);
		free(ze_container_of(n, struct user, node));
	}
	assert_null(t.heads);
}

static void chosen_keys_collide_with_one_seed_only(void **st)
{
	uint16_t chosen[CHAIN];
	unsigned n = 0;

	(void)st;
	hash_set_key((struct hash_key){ 1, 2 });
	for (uint16_t id = 0; n < CHAIN; id++)
		if (hash_bytes(&id, sizeof(id)) % CHAIN == 0)
			chosen[n++] = id;
	enter_users(chosen, n);
	assert_int_equal(t.size, CHAIN);
	assert_int_equal(heads_in_use(), 1);
	free_users();
	hash_set_key((struct hash_key){ 3, 4 });
	enter_users(chosen, n);
	assert_in_range(heads_in_use(), CHAIN / 3, CHAIN);
	free_users();
	hash_set_key((struct hash_key){ 0, 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_is_found),
		cmocka_unit_test(all_are_seen_once),
		cmocka_unit_test(without_memory_chains_grow),
		cmocka_unit_test(chosen_keys_collide_with_one_seed_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
