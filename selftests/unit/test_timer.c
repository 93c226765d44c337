/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/base/timer.h"

#define TIMERS 300
#define STEPS  20000

static uint64_t prng(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void assert_heap(const struct timer_heap *h)
{
	for (size_t i = 0; i < h->n; i++) {
		assert_int_equal(h->v[i]->slot, i + 1);
		if (i)
			assert_true(h->v[(i - 1) / 4]->due <= h->v[i]->due);
	}
}

static void empty_heap(void **st)
{
	struct timer_heap h;
	struct timer t = { 0 };

	(void)st;
	timer_heap_init(&h);
	assert_true(timer_heap_next(&h) == ZE_NEVER);
	assert_null(timer_heap_pop(&h, ZE_NEVER));
	timer_cancel(&h, &t);
	assert_false(timer_armed(&t));
	timer_heap_done(&h);
}

static void fires_on_time_and_not_before(void **st)
{
	struct timer_heap h;
	struct timer t = { 0 };

	(void)st;
	timer_heap_init(&h);
	assert_int_equal(timer_set(&h, &t, 1000), 0);
	assert_true(timer_armed(&t));
	assert_true(timer_heap_next(&h) == 1000);
	assert_null(timer_heap_pop(&h, 999));
	assert_ptr_equal(timer_heap_pop(&h, 1000), &t);
	assert_false(timer_armed(&t));
	assert_null(timer_heap_pop(&h, ZE_NEVER));
	timer_heap_done(&h);
}

static void moves_cancels_and_never(void **st)
{
	struct timer_heap h;
	struct timer a = { 0 }, b = { 0 };

	(void)st;
	timer_heap_init(&h);
	timer_set(&h, &a, 10);
	timer_set(&h, &b, 20);
	timer_set(&h, &a, 30);
	assert_true(timer_heap_next(&h) == 20);
	timer_set(&h, &a, -5);
	assert_true(timer_heap_next(&h) == -5);
	timer_cancel(&h, &a);
	timer_cancel(&h, &a);
	assert_true(timer_heap_next(&h) == 20);
	assert_int_equal(timer_set(&h, &b, ZE_NEVER), 0);
	assert_false(timer_armed(&b));
	assert_int_equal(timer_set(&h, &b, ZE_NEVER), 0);
	assert_true(timer_heap_next(&h) == ZE_NEVER);
	assert_int_equal(h.n, 0);
	timer_heap_done(&h);
}

/* The address sanitizer lets a large allocation fail, as it does in the daemon. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void no_memory_leaves_it_unarmed(void **st)
{
	/* full at a size that cannot be doubled */
	struct timer_heap h = { .n = SIZE_MAX / 4, .cap = SIZE_MAX / 4 };
	struct timer t = { 0 };

	(void)st;
	assert_int_equal(timer_set(&h, &t, 1), -ENOMEM);
	assert_false(timer_armed(&t));
	assert_int_equal(h.n, SIZE_MAX / 4);
}

static void room_is_kept(void **st)
{
	struct timer t[TIMERS] = { { 0 } };
	struct timer_heap h;
	struct timer **v;
	size_t cap;

	(void)st;
	timer_heap_init(&h);
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(timer_set(&h, &t[i], i), 0);
	v = h.v;
	cap = h.cap;
	for (int i = 0; i < TIMERS; i++)
		timer_cancel(&h, &t[i]);
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(timer_set(&h, &t[i], -i), 0);
	assert_ptr_equal(h.v, v);
	assert_int_equal(h.cap, cap);
	timer_heap_done(&h);
}

static ze_ns model_next(const ze_ns *due)
{
	ze_ns best = ZE_NEVER;

	for (int i = 0; i < TIMERS; i++)
		best = ze_min_ns(best, due[i]);
	return best;
}

/* Random arming, moving, cancelling and popping, compared with an array that is searched. */
static void agrees_with_a_naive_model(void **st)
{
	struct timer t[TIMERS] = { { 0 } };
	ze_ns due[TIMERS];
	uint64_t seed = 0x9e3779b97f4a7c15;
	struct timer_heap h;
	int popped = 0;

	(void)st;
	timer_heap_init(&h);
	for (int i = 0; i < TIMERS; i++)
		due[i] = ZE_NEVER;
	for (int step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)(prng(&seed) % TIMERS), op = (unsigned)(prng(&seed) % 8);
		ze_ns when = (ze_ns)(prng(&seed) % 500);
		struct timer *got;

		if (op < 5) {
			due[i] = when;
			assert_int_equal(timer_set(&h, &t[i], when), 0);
		} else if (op < 6) {
			due[i] = ZE_NEVER;
			timer_cancel(&h, &t[i]);
		} else if ((got = timer_heap_pop(&h, when / 8))) {
			assert_true(due[got - t] == model_next(due));
			assert_true(due[got - t] <= when / 8);
			due[got - t] = ZE_NEVER;
			popped++;
		} else {
			assert_true(model_next(due) > when / 8);
		}
		assert_true(timer_heap_next(&h) == model_next(due));
		assert_int_equal(timer_armed(&t[i]), due[i] != ZE_NEVER);
		if (step % 64 == 0)
			assert_heap(&h);
	}
	assert_true(popped > 1000);
	timer_heap_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_heap),
		cmocka_unit_test(fires_on_time_and_not_before),
		cmocka_unit_test(moves_cancels_and_never),
		cmocka_unit_test(no_memory_leaves_it_unarmed),
		cmocka_unit_test(room_is_kept),
		cmocka_unit_test(agrees_with_a_naive_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
