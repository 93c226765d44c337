/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "aaa/broker.h"

struct fake {
	int result;
	bool accept;
	unsigned asked;
	uint64_t cookie, cancelled;
};

static int fake_auth(void *self, const struct aaa_request *rq, uint64_t cookie,
		     struct aaa_answer *ret)
{
	struct fake *f = self;

	assert_int_equal(rq->sid, 77);
	f->asked++;
	f->cookie = cookie;
	if (f->result == 0)
		*ret = (struct aaa_answer){ .accept = f->accept };
	return f->result;
}

static void fake_cancel(void *self, uint64_t cookie)
{
	((struct fake *)self)->cancelled = cookie;
}

static const struct aaa_request rq = { .method = AAA_PAP, .sid = 77 };

static int ask(struct fake *f, size_t n, struct aaa_answer *ret)
{
	struct aaa_broker b = { .n = n };

	for (size_t i = 0; i < n; i++)
		b.handlers[i] =
			(struct aaa_handler){ .name = "fake", .self = &f[i], .auth = fake_auth };
	memset(ret, 0xa5, sizeof(*ret));
	return aaa_broker_auth(&b, &rq, 5, ret);
}

static void no_handler_rejects(void **st)
{
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(NULL, 0, &a), 0);
	assert_false(a.accept);
	assert_null(a.profile);
	assert_string_equal(a.message, "Login incorrect");
	assert_string_equal(a.mschap2, "");
}

static void first_verdict_counts(void **st)
{
	struct fake f[3] = { { .result = -ENOENT },
			     { .result = 0, .accept = true },
			     { .result = 0 } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 3, &a), 0);
	assert_true(a.accept);
	assert_int_equal(f[0].asked, 1);
	assert_int_equal(f[1].asked, 1);
	assert_int_equal(f[1].cookie, 5);
	assert_int_equal(f[2].asked, 0);
}

static void reject_is_not_passed_on(void **st)
{
	struct fake f[2] = { { .result = 0, .accept = false }, { .result = 0, .accept = true } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 2, &a), 0);
	assert_false(a.accept);
	assert_int_equal(f[1].asked, 0);
}

static void failing_handler_is_skipped(void **st)
{
	struct fake f[2] = { { .result = -EIO }, { .result = -ENOMEM } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 2, &a), 0);
	assert_false(a.accept);
	assert_int_equal(f[1].asked, 1);
}

static void later_is_final(void **st)
{
	struct fake f[2] = { { .result = -EINPROGRESS }, { .result = 0, .accept = true } };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(ask(f, 2, &a), -EINPROGRESS);
	assert_int_equal(f[1].asked, 0);
}

static void cancel_reaches_those_who_care(void **st)
{
	struct fake f[2] = { { .result = 0 }, { .result = 0 } };
	struct aaa_broker b = {
		.n = 2,
		.handlers = { { .self = &f[0], .auth = fake_auth },
			      { .self = &f[1], .auth = fake_auth, .cancel = fake_cancel } }
	};

	(void)st;
	aaa_broker_cancel(&b, 9);
	assert_int_equal(f[0].cancelled, 0);
	assert_int_equal(f[1].cancelled, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_handler_rejects),
		cmocka_unit_test(first_verdict_counts),
		cmocka_unit_test(reject_is_not_passed_on),
		cmocka_unit_test(failing_handler_is_skipped),
		cmocka_unit_test(later_is_final),
		cmocka_unit_test(cancel_reaches_those_who_care),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
