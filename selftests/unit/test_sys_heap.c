/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ev.h>

#include "daemon/sys/run/heap.h"

static void trims_when_most_sessions_have_ended(void **st)
{
	(void)st;
	assert_false(heap_fell(0, 0));
	assert_false(heap_fell(HEAP_FALL_MIN - 1, 0));
	assert_true(heap_fell(HEAP_FALL_MIN, 0));
	assert_true(heap_fell(HEAP_FALL_MIN + 1, 1));
	assert_false(heap_fell(HEAP_FALL_MIN + 1, 2));
	assert_false(heap_fell(60000, 60000 / HEAP_FEW + 1));
	assert_true(heap_fell(60000, 60000 / HEAP_FEW));
	assert_false(heap_fell(30000, 60000));
}

/* An idle loop stops trimming, however many sessions have ended. */
static void idle_loop_ends(void **st)
{
	struct ev_loop *ev = ev_loop_new(EVFLAG_NOENV);
	struct heap *h = heap_new(ev);

	(void)st;
	assert_non_null(h);
	heap_sessions(h, 2 * HEAP_FALL_MIN);
	assert_false(ev_run(ev, EVRUN_NOWAIT));
	heap_sessions(h, 0);
	heap_sessions(h, 0);
	assert_false(ev_run(ev, EVRUN_NOWAIT));
	heap_sessions(h, 2 * HEAP_FALL_MIN); /* the sessions are back */
	assert_false(ev_run(ev, EVRUN_NOWAIT));
	heap_sessions(h, 0);
	heap_free(h);
	ev_loop_destroy(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trims_when_most_sessions_have_ended),
		cmocka_unit_test(idle_loop_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
