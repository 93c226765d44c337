/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/core/pending.h"

/* All possible entries, in the order in which they are handled. */
static const struct pending_entry all[PENDING_MAX] = {
	{ PENDING_VERDICT, 0 },
	{ PENDING_ADDRESS, PPP_FAM_IPV4 },
	{ PENDING_ADDRESS, PPP_FAM_IPV6 },
	{ PENDING_ATTACHED, PPP_FAM_IPV4 },
	{ PENDING_ATTACHED, PPP_FAM_IPV6 },
	{ PENDING_UNATTACHED, PPP_FAM_IPV4 },
	{ PENDING_UNATTACHED, PPP_FAM_IPV6 },
	{ PENDING_NO_PLANE, 0 },
	{ PENDING_FINISH, 0 },
};

static void add(struct pending *p, const struct pending_entry *e)
{
	if (e->kind >= PENDING_ADDRESS && e->kind <= PENDING_UNATTACHED)
		pending_add_family(p, (enum pending_kind)e->kind, (enum ppp_family)e->family);
	else
		pending_add(p, (enum pending_kind)e->kind);
}

static void assert_next(struct pending *p, unsigned i)
{
	struct pending_entry e;

	assert_true(pending_take(p, &e));
	assert_int_equal(e.kind, all[i].kind);
	assert_int_equal(e.family, all[i].family);
}

/* In whatever order and however often entries are added, each is handled once, in the order of
 * the table. The steps have no common divisor with the number of entries, so that each entry is
 * added. */
static void is_ordered_and_has_no_entry_twice(void **st)
{
	static const unsigned steps[] = { 1, 2, 4, 5, 7, 8 };
	struct pending p;
	struct pending_entry e;

	(void)st;
	pending_init(&p);
	for (unsigned s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		for (unsigned i = 0; i < 2 * PENDING_MAX; i++)
			add(&p, &all[i * steps[s] % PENDING_MAX]);
		assert_int_equal(p.n, PENDING_MAX);
		for (unsigned i = 0; i < PENDING_MAX; i++)
			assert_next(&p, i);
		assert_false(pending_take(&p, &e));
	}
}

/* An entry that is added while entries are handled is handled in its place among the remaining
 * ones. */
static void takes_entries_in_between(void **st)
{
	struct pending p;
	struct pending_entry e;

	(void)st;
	pending_init(&p);
	add(&p, &all[8]);
	add(&p, &all[4]);
	assert_next(&p, 4);
	add(&p, &all[1]);
	add(&p, &all[4]);
	assert_next(&p, 1);
	assert_next(&p, 4);
	assert_next(&p, 8);
	assert_false(pending_take(&p, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_ordered_and_has_no_entry_twice),
		cmocka_unit_test(takes_entries_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
