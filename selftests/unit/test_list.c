/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/list.h"

struct item {
	int id;
	struct list link;
};

/* The ids from front to back as decimal digits, walking in both directions. */
static void assert_order(const struct list *head, int want)
{
	const struct list *l;
	int fwd = 0, back = 0, scale = 1;

	list_for_each(l, head)
		fwd = fwd * 10 + list_entry(l, struct item, link)->id;
	for (l = head->prev; l != head; l = l->prev, scale *= 10)
		back += scale * list_entry(l, struct item, link)->id;
	assert_int_equal(fwd, want);
	assert_int_equal(back, want);
	assert_int_equal(list_empty(head), want == 0);
}

static void adds_at_both_ends(void **st)
{
	struct item a = { 1, { 0 } }, b = { 2, { 0 } }, c = { 3, { 0 } };
	struct list head;

	(void)st;
	list_init(&head);
	assert_order(&head, 0);
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_head(&head, &c.link);
	assert_order(&head, 312);
}

static void removal_is_idempotent(void **st)
{
	struct item a = { 1, { 0 } }, b = { 2, { 0 } }, c = { 3, { 0 } };
	struct list head;

	(void)st;
	list_init(&head);
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_tail(&head, &c.link);
	list_del(&b.link);
	assert_order(&head, 13);
	list_del(&b.link);
	assert_order(&head, 13);
	assert_true(list_empty(&b.link));
	list_add_head(&head, &b.link);
	assert_order(&head, 213);
}

static void loop_variable_may_be_removed(void **st)
{
	struct item it[5];
	struct list head, *l, *tmp;

	(void)st;
	list_init(&head);
	for (int i = 0; i < 5; i++) {
		it[i].id = i + 1;
		list_add_tail(&head, &it[i].link);
	}
	list_for_each_safe(l, tmp, &head)
		if (list_entry(l, struct item, link)->id % 2)
			list_del(l);
	assert_order(&head, 24);
	list_for_each_safe(l, tmp, &head)
		list_del(l);
	assert_order(&head, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_at_both_ends),
		cmocka_unit_test(removal_is_idempotent),
		cmocka_unit_test(loop_variable_may_be_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
