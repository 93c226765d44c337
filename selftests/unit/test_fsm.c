/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/fsm.h"

#define HISTORY 16

enum {
	IDLE,
	WAIT,
	OPEN,
	STATES
};
enum {
	EV_START,
	EV_UP,
	EV_DOWN,
	EV_TICK,
	EVENTS
};

struct obj {
	struct fsm *f;
	bool allow;
	int ran;	    /* the action that ran last */
	uint8_t seen_state; /* the state that the action saw */
	const char *arg;
};

static bool allowed(void *obj, void *arg)
{
	struct obj *o = obj;

	o->arg = arg;
	return o->allow;
}

static void note(struct obj *o, int which, void *arg)
{
	o->ran = which;
	o->seen_state = o->f->state;
	o->arg = arg;
}

static void begin(void *obj, void *arg)
{
	note(obj, 1, arg);
}

static void refuse(void *obj, void *arg)
{
	note(obj, 2, arg);
}

static void stop(void *obj, void *arg)
{
	note(obj, 3, arg);
}

static const struct fsm_row rows[] = {
	{ IDLE, EV_START, allowed, begin, WAIT }, { IDLE, EV_START, NULL, refuse, FSM_SAME },
	{ WAIT, EV_UP, NULL, NULL, OPEN },	  { FSM_ANY, EV_DOWN, NULL, stop, IDLE },
	{ OPEN, FSM_ANY, NULL, NULL, FSM_SAME },
};
static const char *const states[] = { "idle", "wait", "open" };
static const char *const events[] = { "start", "up", "down", "tick" };
static const struct fsm_def def = {
	.name = "toy",
	.rows = rows,
	.nrows = ZE_ARRAY_SIZE(rows),
	.states = states,
	.events = events,
	.nstates = STATES,
	.nevents = EVENTS,
};

static void first_match_wins_and_guards_refuse(void **st)
{
	struct fsm f;
	struct obj o = { .f = &f };
	char arg[] = "arg";

	(void)st;
	fsm_init(&f, &def, IDLE);
	assert_int_equal(fsm_run(&f, EV_START, &o, arg, 1), 1);
	assert_int_equal(o.ran, 2);
	assert_int_equal(f.state, IDLE);
	assert_ptr_equal(o.arg, arg);
	o.allow = true;
	assert_int_equal(fsm_run(&f, EV_START, &o, NULL, 2), 0);
	assert_int_equal(o.ran, 1);
	assert_int_equal(o.seen_state, WAIT); /* the action sees the new state */
	assert_int_equal(f.state, WAIT);
	assert_int_equal(fsm_run(&f, EV_UP, &o, NULL, 3), 2); /* no action */
	assert_int_equal(f.state, OPEN);
	assert_int_equal(fsm_run(&f, EV_TICK, &o, NULL, 4), 4); /* any event */
	assert_int_equal(f.state, OPEN);
	assert_int_equal(fsm_run(&f, EV_DOWN, &o, NULL, 5), 3); /* any state */
	assert_int_equal(o.ran, 3);
	assert_int_equal(f.state, IDLE);
}

static void no_row_does_nothing(void **st)
{
	struct fsm f;
	struct obj o = { .f = &f };

	(void)st;
	fsm_init(&f, &def, WAIT);
	assert_int_equal(fsm_run(&f, EV_TICK, &o, NULL, 1), -1);
	assert_int_equal(f.state, WAIT);
	assert_int_equal(o.ran, 0);
	assert_int_equal(ring_count(&f.ring), 0);
	assert_null(fsm_find(&def, WAIT, EV_TICK, &o, NULL));
}

static void find_asks_without_doing(void **st)
{
	struct obj o = { .allow = true };

	(void)st;
	assert_ptr_equal(fsm_find(&def, IDLE, EV_START, &o, NULL), &rows[0]);
	o.allow = false;
	assert_ptr_equal(fsm_find(&def, IDLE, EV_START, &o, NULL), &rows[1]);
	assert_ptr_equal(fsm_find(&def, OPEN, EV_DOWN, &o, NULL), &rows[3]);
	assert_int_equal(o.ran, 0);
}

static void history_keeps_the_last_ones(void **st)
{
	struct fsm_step steps[HISTORY];
	struct fsm f;
	struct obj o = { .f = &f, .allow = true };
	char buf[1024];
	const struct fsm_step *step;
	size_t len;

	(void)st;
	fsm_init(&f, &def, IDLE);
	fsm_keep(&f, steps, HISTORY);
	assert_int_equal(fsm_history(&f, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	fsm_run(&f, EV_START, &o, NULL, 10);
	fsm_run(&f, EV_UP, &o, NULL, 20);
	len = fsm_history(&f, buf, sizeof(buf));
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf, "idle start -> wait\nwait up -> open\n");
	for (int i = 0; i < HISTORY - 1; i++)
		fsm_run(&f, EV_TICK, &o, NULL, 30 + i);
	assert_int_equal(ring_count(&f.ring), HISTORY);
	step = &f.steps[ring_at(&f.ring, 0)];
	assert_true(step->at == 20);
	assert_int_equal(step->from, WAIT);
	assert_int_equal(step->event, EV_UP);
	assert_int_equal(step->row, 2);
	assert_int_equal(step->to, OPEN);
	fsm_history(&f, buf, sizeof(buf));
	assert_memory_equal(buf, "wait up -> open\nopen tick -> open\n", 34);
}

static void history_honours_every_size(void **st)
{
	static const char want[] = "idle start -> wait\nwait up -> open\n";
	struct fsm_step steps[HISTORY];
	struct fsm f;
	struct obj o = { .f = &f, .allow = true };
	char buf[1024];

	(void)st;
	fsm_init(&f, &def, IDLE);
	fsm_keep(&f, steps, HISTORY);
	fsm_run(&f, EV_START, &o, NULL, 10);
	fsm_run(&f, EV_UP, &o, NULL, 20);
	/* the length covers everything */
	for (size_t size = 0; size <= sizeof(want); size++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(fsm_history(&f, buf, size), sizeof(want) - 1);
		assert_int_equal(buf[size], '#');
		if (size) {
			assert_int_equal(strlen(buf), size - 1);
			assert_memory_equal(buf, want, size - 1);
		}
	}
	assert_int_equal(fsm_history(&f, NULL, 0), sizeof(want) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_match_wins_and_guards_refuse),
		cmocka_unit_test(no_row_does_nothing),
		cmocka_unit_test(find_asks_without_doing),
		cmocka_unit_test(history_keeps_the_last_ones),
		cmocka_unit_test(history_honours_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
