/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "aaa/broker.h"

#define HANDLERS 3

struct fake {
	enum aaa_verdict verdict;
	bool late;
	unsigned asked;
	ze_ns deadline;
	uint64_t cookie, cancelled;
};

static bool fake_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	struct fake *f = self;

	assert_int_equal(rq->nas_port, 77);
	f->asked++;
	f->cookie = rq->cookie;
	f->deadline = rq->deadline;
	if (!f->late)
		*ret = (struct aaa_answer){ .verdict = f->verdict };
	return !f->late;
}

static void fake_cancel(void *self, uint64_t cookie)
{
	((struct fake *)self)->cancelled = cookie;
}

static const char *const names[AAA_HANDLERS_MAX + 1] = { "a", "b", "c", "d", "e" };

static struct aaa_request request(void)
{
	return (struct aaa_request){
		.method = AAA_PAP, .nas_port = 77, .cookie = 5, .now = 1000, .until = 1300
	};
}

static void add(struct aaa_broker *b, struct fake *f, const char *name)
{
	const struct aaa_handler h = { .name = name, .self = f, .auth = fake_auth };

	assert_int_equal(aaa_broker_add(b, &h), 0);
}

static struct aaa_broker broker_of(struct fake *f, size_t n)
{
	struct aaa_broker b = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		add(&b, &f[i], names[i]);
	aaa_broker_order(&b, names, n);
	return b;
}

/* Requests until there is a verdict; a late one is reported as the engine reports it. */
static enum aaa_verdict ask(struct fake *f, size_t n, struct aaa_answer *ret)
{
	const struct aaa_broker b = broker_of(f, n);
	struct aaa_stage stage = { .asked = 0 };
	struct aaa_request rq = request();

	memset(ret, 0xa5, sizeof(*ret));
	while (!aaa_broker_ask(&b, &rq, &stage, ret)) {
		const struct fake *asked = &f[__builtin_popcount(stage.asked) - 1];

		assert_true(asked->late);
		if (aaa_stage_decided(&stage, &(struct aaa_answer){ .verdict = asked->verdict }))
			return asked->verdict;
	}
	return ret->verdict;
}

static void no_handler_is_unavailable(void **st)
{
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(NULL, 0, &a), AAA_UNAVAILABLE);
	assert_null(a.profile);
	assert_string_equal(a.mschap2, "");
}

static void first_verdict_counts(void **st)
{
	struct fake f[3] = { { .verdict = AAA_UNKNOWN },
			     { .verdict = AAA_ACCEPT },
			     { .verdict = AAA_REJECT } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 3, &a), AAA_ACCEPT);
	assert_int_equal(f[0].asked, 1);
	assert_int_equal(f[1].asked, 1);
	assert_int_equal(f[1].cookie, 5);
	assert_int_equal(f[2].asked, 0);
}

static void reject_is_not_passed_on(void **st)
{
	struct fake f[2] = { { .verdict = AAA_REJECT }, { .verdict = AAA_ACCEPT } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 2, &a), AAA_REJECT);
	assert_int_equal(f[1].asked, 0);
}

static void unavailable_handler_is_skipped(void **st)
{
	struct fake f[2] = { { .verdict = AAA_UNAVAILABLE }, { .verdict = AAA_ACCEPT } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 2, &a), AAA_ACCEPT);
	assert_int_equal(f[1].asked, 1);
}

static void late_is_awaited(void **st)
{
	struct fake f[2] = { { .late = true }, { .verdict = AAA_ACCEPT } };
	const struct aaa_broker b = broker_of(f, 2);
	struct aaa_stage stage = { .asked = 0 };
	struct aaa_request rq = request();
	struct aaa_answer a;

	(void)st;
	assert_false(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(f[1].asked, 0);
	assert_int_equal(stage.asked, 1);
	assert_true(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(f[0].asked, 1);
	assert_int_equal(a.verdict, AAA_ACCEPT);
}

/* Three handlers with each combination of verdicts, immediate or late: they are called in their
 * order, once each, up to the first that decides. */
static void every_combination(void **st)
{
	struct aaa_answer a;

	(void)st;
	for (unsigned i = 0; i < 8 * 8 * 8; i++) {
		struct fake f[HANDLERS] = { 0 };
		enum aaa_verdict want = AAA_REJECT;
		unsigned asked = 0;

		for (unsigned k = 0; k < HANDLERS; k++) {
			f[k].verdict = (enum aaa_verdict)(i >> 3 * k & 3);
			f[k].late = i >> (3 * k + 2) & 1;
		}
		while (asked < HANDLERS) {
			enum aaa_verdict v = f[asked++].verdict;

			if (v != AAA_UNKNOWN)
				want = v;
			if (v == AAA_ACCEPT || v == AAA_REJECT)
				break;
		}
		assert_int_equal(ask(f, HANDLERS, &a), want);
		for (unsigned k = 0; k < HANDLERS; k++)
			assert_int_equal(f[k].asked, k < asked);
		if (f[asked - 1].verdict == AAA_UNKNOWN)
			assert_string_equal(a.message, want == AAA_REJECT ?
							       "Login incorrect" :
							       "Authentication is not available");
	}
}

/* S-AAA-24: the verdict has the reason of the handler that was not available. */
static void reason_of_the_handler(void **st)
{
	struct fake f[3] = { { .late = true }, { .late = true }, { .verdict = AAA_UNKNOWN } };
	const struct aaa_broker b = broker_of(f, 3);
	struct aaa_request rq = request();
	struct aaa_stage stage = { .asked = 0 };
	struct aaa_answer a = { .verdict = AAA_UNAVAILABLE, .why = "No RADIUS server answered" };
	struct aaa_answer second = { .verdict = AAA_UNAVAILABLE, .why = "No memory" };

	(void)st;
	assert_false(aaa_broker_ask(&b, &rq, &stage, &second));
	assert_false(aaa_stage_decided(&stage, &a));
	assert_false(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_false(aaa_stage_decided(&stage, &second));
	assert_true(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(a.verdict, AAA_UNAVAILABLE);
	assert_string_equal(a.why, "No RADIUS server answered");
}

/* Each handler gets an equal part of the time that is left; the last one gets all of it. */
static void time_is_divided(void **st)
{
	struct fake f[3] = { { .verdict = AAA_UNKNOWN }, { .late = true }, { .late = true } };
	const struct aaa_broker b = broker_of(f, 3);
	struct aaa_request rq = request();
	struct aaa_stage stage = { .asked = 0 };
	struct aaa_answer a;

	(void)st;
	assert_false(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(f[0].deadline, 1100);
	assert_int_equal(f[1].deadline, 1150);
	assert_int_equal(stage.deadline, 1150);
	rq.now = 1100;
	assert_false(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(f[2].deadline, 1300);
	assert_int_equal(stage.deadline, 1300);
}

/* Only those that the order names are asked, wherever they were added. */
static void order_of_the_configuration(void **st)
{
	static const char *const order[] = { "c", "no such", "a" };
	struct fake f[3] = { { .verdict = AAA_UNKNOWN },
			     { .verdict = AAA_ACCEPT },
			     { .verdict = AAA_UNAVAILABLE } };
	struct aaa_broker b = broker_of(f, 3);
	struct aaa_request rq = request();
	struct aaa_stage stage = { .asked = 0 };
	struct aaa_answer a;

	(void)st;
	aaa_broker_order(&b, order, 3);
	assert_true(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(a.verdict, AAA_UNAVAILABLE);
	assert_int_equal(f[2].deadline, 1150);
	assert_int_equal(f[0].deadline, 1300);
	assert_int_equal(f[0].asked + f[2].asked, 2);
	assert_int_equal(f[1].asked, 0);
	aaa_broker_order(&b, order, 0);
	stage = (struct aaa_stage){ .asked = 0 };
	assert_true(aaa_broker_ask(&b, &rq, &stage, &a));
	assert_int_equal(a.verdict, AAA_UNAVAILABLE);
	assert_int_equal(f[0].asked + f[1].asked + f[2].asked, 2);
}

static void limit_of_handlers(void **st)
{
	struct fake f[AAA_HANDLERS_MAX] = { 0 };
	struct aaa_broker b = broker_of(f, AAA_HANDLERS_MAX);
	const struct aaa_handler h = { .name = "e", .self = &f[0], .auth = fake_auth };

	(void)st;
	assert_int_equal(aaa_broker_add(&b, &h), -ENOSPC);
	assert_int_equal(b.n, AAA_HANDLERS_MAX);
	aaa_broker_order(&b, names, AAA_HANDLERS_MAX + 1);
	assert_int_equal(b.n_order, AAA_HANDLERS_MAX);
}

static void cancel_reaches_those_who_care(void **st)
{
	struct fake f[2] = { { .verdict = AAA_REJECT }, { .verdict = AAA_REJECT } };
	struct aaa_broker b = broker_of(f, 2);

	(void)st;
	b.handlers[1].cancel = fake_cancel;
	aaa_broker_cancel(&b, 9);
	assert_int_equal(f[0].cancelled, 0);
	assert_int_equal(f[1].cancelled, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_handler_is_unavailable),
		cmocka_unit_test(first_verdict_counts),
		cmocka_unit_test(reject_is_not_passed_on),
		cmocka_unit_test(unavailable_handler_is_skipped),
		cmocka_unit_test(late_is_awaited),
		cmocka_unit_test(every_combination),
		cmocka_unit_test(reason_of_the_handler),
		cmocka_unit_test(time_is_divided),
		cmocka_unit_test(order_of_the_configuration),
		cmocka_unit_test(limit_of_handlers),
		cmocka_unit_test(cancel_reaches_those_who_care),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
