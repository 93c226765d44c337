/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/ring.h"

#define SIZE_MAX_TESTED 7

/* Compared with a simple model: the numbers 0, 1, 2 ... and the last `size` of them. */
static void keeps_the_newest(void **st)
{
	(void)st;
	for (uint32_t size = 1; size <= SIZE_MAX_TESTED; size++) {
		struct ring r = ring_init(size);
		uint32_t a[SIZE_MAX_TESTED];

		assert_int_equal(ring_count(&r), 0);
		for (uint32_t n = 0; n < 5 * size + 3; n++) {
			uint32_t slot = ring_push(&r), first = n + 1 > size ? n + 1 - size : 0;

			assert_in_range(slot, 0, size - 1);
			a[slot] = n;
			assert_int_equal(ring_count(&r), n + 1 - first);
			for (uint32_t i = 0; i < ring_count(&r); i++)
				assert_int_equal(a[ring_at(&r, i)], first + i);
		}
	}
}

static void never_wraps_its_counter(void **st)
{
	struct ring r = ring_init(3);

	(void)st;
	for (int i = 0; i < 100; i++) {
		ring_push(&r);
		assert_true(r.pushed < 2 * r.size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_newest),
		cmocka_unit_test(never_wraps_its_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
