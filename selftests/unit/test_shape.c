/* SPDX-License-Identifier: BSD-2-Clause */
/* A subscriber's rates on their way to the data plane: when they are set, which, and what
 * follows when the data plane refuses them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "selftests/lib/asking.h"
#include "selftests/lib/world.h"

static struct world *w;
static struct lac *l;
static struct asking a;

static int up(void **st)
{
	struct config *c = w_config();

	(void)st;
	if (!c)
		return -1;
	c->shape = (struct shape_plan){ 10000000, 2000000, SHAPE_HTB };
	w = world_new(c, 61);
	if (!w)
		return -1;
	a = (struct asking){ .w = w };
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	return 0;
}

static int down(void **st)
{
	(void)st;
	ask_done(&a);
	world_end(w);
	return 0;
}

static void assert_says(const struct lac_call *c, const char *key, const char *value)
{
	char line[64];

	snprintf(line, sizeof(line), "show l2tp session %u", call_sub(c)->call.l2tp.sid);
	assert_int_equal(ask(&a, line), OP_OK);
	assert_string_equal(json_string_value(ask_member(a.data, key)), value);
}

static void before_the_first_family(void **st)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");
	const struct subscriber *s = call_sub(c);
	const struct shape_plan *p = &w->dp[s->call.l2tp.sid].plan;

	(void)st;
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(strncmp(w->dp[s->call.l2tp.sid].calls, "US46", 4), 0);
	assert_true(p->down_bps == 10000000 && p->up_bps == 2000000 && p->qdisc == SHAPE_HTB);
	assert_int_equal(s->shape, SUB_SHAPE_ON);
	assert_says(c, "shaping", "applied");
	assert_says(c, "download-rate", "10mbit");
	assert_says(c, "upload-rate", "2mbit");
}

/* With Sequencing the session is attached before PPP begins: the rates are still set before the
 * families. */
static void with_sequencing(void **st)
{
	struct lac_call *c;

	(void)st;
	l->sequencing = true;
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(5)); /* the client repeats its request, which was lost */
	assert_true(c->c.v4_up);
	assert_int_equal(strncmp(w->dp[call_sub(c)->call.l2tp.sid].calls, "US", 2), 0);
}

static void waiting(void **st)
{
	struct lac_call *c;

	(void)st;
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_WAITING);
	assert_says(c, "shaping", "waiting");
	w->dp_hold = false;
	w_deliver(w);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_ON);
}

/* Counted, and the session continues. */
static void assert_unshaped(const struct lac_call *c)
{
	assert_true(c->c.v4_up && c->c.v6_up && !c->over);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_FAILED);
	assert_int_equal(w->e->stats.reasons[REASON_SHAPE_FAILED], 1);
	assert_says(c, "shaping", "failed");
}

static void answered_with_an_error(void **st)
{
	(void)st;
	w->dp_shape_result = -EOPNOTSUPP;
	assert_unshaped(lac_call(l, "alice", "wonder"));
}

static void refused(void **st)
{
	(void)st;
	w->fail_dp.left = 1; /* session_up succeeds */
	assert_unshaped(lac_call(l, "alice", "wonder"));
	assert_true(w->fail_dp.hit);
}

/* An answer after the request was dropped. */
static void late_answer(void **st)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");
	const struct dp_event ev = { .kind = DP_EV_SHAPED,
				     .sid = call_sub(c)->call.l2tp.sid,
				     .result = -EIO };

	(void)st;
	engine_dp_event(w->e, &ev, w->now);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_ON);
	assert_int_equal(w->e->stats.reasons[REASON_SHAPE_FAILED], 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(before_the_first_family), T(with_sequencing), T(waiting),
		T(answered_with_an_error),  T(refused),		T(late_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
