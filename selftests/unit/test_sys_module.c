/* SPDX-License-Identifier: BSD-2-Clause */
/* A reload through a table of modules: all of them apply the configuration, or none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/strbuf.h"
#include "daemon/sys/run/module.h"

static char calls[64]; /* p prepare, c cancel, r reload, and the letter of the module */
static int result[2];
static const char *reason;
static struct config *const next = (void *)calls;

static void note(char what, char who)
{
	size_t n = strlen(calls);

	assert_true(n + 4 < sizeof(calls));
	snprintf(calls + n, sizeof(calls) - n, "%s%c%c", n ? " " : "", what, who);
}

static int prepare(unsigned i, struct config *c, struct strbuf *errors)
{
	assert_ptr_equal(c, next);
	note('p', i ? 'b' : 'a');
	if (result[i] < 0 && reason)
		sb_printf(errors, "%s\n", reason);
	return result[i];
}

static int prepare_a(struct ze *z, struct config *c, struct strbuf *errors)
{
	(void)z;
	return prepare(0, c, errors);
}

static void cancel_a(struct ze *z)
{
	(void)z;
	note('c', 'a');
}

static void reload_a(struct ze *z, struct config *c)
{
	(void)z;
	assert_ptr_equal(c, next);
	note('r', 'a');
}

static int prepare_b(struct ze *z, struct config *c, struct strbuf *errors)
{
	(void)z;
	return prepare(1, c, errors);
}

static void cancel_b(struct ze *z)
{
	(void)z;
	note('c', 'b');
}

static void reload_c(struct ze *z, struct config *c)
{
	(void)z;
	(void)c;
	note('r', 'c');
}

static const struct ze_module none = { .name = "none" };
static const struct ze_module a = { .name = "a",
				    .prepare = prepare_a,
				    .cancel = cancel_a,
				    .reload = reload_a };
static const struct ze_module b = { .name = "b", .prepare = prepare_b, .cancel = cancel_b };
static const struct ze_module c = { .name = "c", .reload = reload_c };
static const struct ze_module *const table[] = { &c, &a, &none, &b };

static void given(int r, const char *want_calls, const char *want_errors)
{
	struct strbuf errors;

	sb_init(&errors);
	calls[0] = '\0';
	assert_int_equal(module_reload(&(struct ze_module_table){ table, ZE_ARRAY_SIZE(table) },
				       NULL, next, &errors),
			 r);
	assert_string_equal(calls, want_calls);
	assert_string_equal(errors.s ? errors.s : "", want_errors);
	sb_done(&errors);
}

static void all_or_nothing(void **st)
{
	(void)st;
	result[0] = result[1] = 0;
	given(0, "pa pb rc ra", "");
	reason = "b: not now";
	result[1] = -EBUSY;
	given(-EBUSY, "pa pb ca", "b: not now\n");
	result[0] = -EINVAL;
	reason = "a: not now";
	given(-EINVAL, "pa", "a: not now\n");
}

/* A refusal without a reason still names the module. */
static void a_refusal_is_explained(void **st)
{
	(void)st;
	reason = NULL;
	result[0] = -ENOMEM;
	given(-ENOMEM, "pa", "a: Cannot allocate memory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(a_refusal_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
