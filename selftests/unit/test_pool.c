/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/base/pool.h"

struct thing {
	struct res res;
	char name;
	struct res_pool *readd; /* adds this one's `friend` while being released */
	struct thing *friend;
};

static char released[16];

static void on_release(struct res *r)
{
	struct thing *t = ze_container_of(r, struct thing, res);
	size_t n = strlen(released);

	released[n] = t->name;
	released[n + 1] = '\0';
	assert_false(res_held(r));
	if (t->readd)
		res_add(t->readd, &t->friend->res, on_release);
}

static int fresh(void **st)
{
	(void)st;
	memset(released, 0, sizeof(released));
	return 0;
}

static void drains_newest_first(void **st)
{
	struct thing a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };
	struct res_pool p;

	(void)st;
	res_pool_init(&p);
	res_add(&p, &a.res, on_release);
	res_add(&p, &b.res, on_release);
	res_add(&p, &c.res, on_release);
	assert_ptr_equal(p.all.next, &c.res.link);
	res_pool_drain(&p);
	assert_string_equal(released, "cba");
	assert_true(list_empty(&p.all));
	res_pool_drain(&p);
	assert_string_equal(released, "cba");
}

static void early_release_happens_once(void **st)
{
	struct thing a = { .name = 'a' }, b = { .name = 'b' }, never = { .name = 'n' };
	struct res_pool p;

	(void)st;
	res_pool_init(&p);
	assert_false(res_held(&never.res)); /* only zeroed */
	res_release(&never.res);
	res_forget(&never.res);
	res_add(&p, &a.res, on_release);
	res_add(&p, &b.res, on_release);
	assert_true(res_held(&a.res));
	res_release(&a.res);
	res_release(&a.res);
	assert_string_equal(released, "a");
	assert_ptr_equal(p.all.next, &b.res.link);
	assert_ptr_equal(b.res.link.next, &p.all);
	res_pool_drain(&p);
	assert_string_equal(released, "ab");
}

static void forget_does_not_release(void **st)
{
	struct thing a = { .name = 'a' };
	struct res_pool p;

	(void)st;
	res_pool_init(&p);
	res_add(&p, &a.res, on_release);
	res_forget(&a.res);
	res_pool_drain(&p);
	assert_string_equal(released, "");
	res_add(&p, &a.res, on_release); /* may be added again */
	res_pool_drain(&p);
	assert_string_equal(released, "a");
}

static void release_may_add(void **st)
{
	struct thing b = { .name = 'b' };
	struct res_pool p;
	struct thing a = { .name = 'a', .readd = &p, .friend = &b };

	(void)st;
	res_pool_init(&p);
	res_add(&p, &a.res, on_release);
	res_pool_drain(&p);
	assert_string_equal(released, "ab");
	assert_true(list_empty(&p.all));
}

static void free_res(struct res *r)
{
	free(ze_container_of(r, struct thing, res));
}

static void release_may_free(void **st)
{
	struct res_pool p;

	(void)st;
	res_pool_init(&p);
	for (int i = 0; i < 3; i++) {
		struct thing *t = calloc(1, sizeof(*t));

		assert_non_null(t);
		res_add(&p, &t->res, free_res);
	}
	res_pool_drain(&p); /* the address sanitizer reports a fault */
	assert_true(list_empty(&p.all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(drains_newest_first, fresh),
		cmocka_unit_test_setup(early_release_happens_once, fresh),
		cmocka_unit_test_setup(forget_does_not_release, fresh),
		cmocka_unit_test_setup(release_may_add, fresh),
		cmocka_unit_test_setup(release_may_free, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
