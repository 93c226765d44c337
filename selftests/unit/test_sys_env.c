/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/run/env.h"

#define NAME "ze.l2tp.skip-kernel-probe"

static const char *const forms[] = { NAME, "ze_l2tp_skip_kernel_probe",
				     "ZE_L2TP_SKIP_KERNEL_PROBE" };

static int clean(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(forms); i++)
		unsetenv(forms[i]);
	return 0;
}

static void every_form_is_found(void **st)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(forms); i++) {
		assert_null(env_get(NAME));
		assert_false(env_true(NAME));
		setenv(forms[i], "true", 1);
		assert_string_equal(env_get(NAME), "true");
		assert_true(env_true(NAME));
		clean(st);
	}
}

static void dotted_name_wins_and_empty_is_unset(void **st)
{
	(void)st;
	setenv(forms[2], "shell", 1);
	setenv(forms[0], "dotted", 1);
	assert_string_equal(env_get(NAME), "dotted");
	setenv(forms[0], "", 1);
	assert_string_equal(env_get(NAME), "shell");
}

static void words_of_truth(void **st)
{
	static const char *const yes[] = { "1", "true", "TRUE", "Yes", "on" };
	static const char *const no[] = { "0", "false", "no", "2", "truee" };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(yes); i++) {
		setenv(NAME, yes[i], 1);
		assert_true(env_true(NAME));
		setenv(NAME, no[i], 1);
		assert_false(env_true(NAME));
	}
}

static void durations(void **st)
{
	static const struct {
		const char *text;
		ze_ns want; /* 0: refused */
	} rows[] = {
		{ "30s", ZE_SEC(30) },
		{ "1m30s", ZE_SEC(90) },
		{ "1500ms", ZE_MS(1500) },
		{ "5", ZE_SEC(5) },
		{ "1h", ZE_SEC(3600) },
		{ "1s", ZE_SEC(1) },
		{ "999ms", 0 },
		{ "1h1ms", 0 },
		{ "3601", 0 },
		{ "s", 0 },
		{ "-5s", 0 },
		{ "5 s", 0 },
		{ "1m30", ZE_SEC(90) },
		{ "30x", 0 },
		{ "5s!", 0 },
		{ "99999999999999999999h", 0 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		ze_ns got = 7;

		assert_int_equal(env_duration(NAME, ZE_SEC(1), ZE_SEC(3600), &got), 0);
		assert_int_equal(got, 7);
		setenv(NAME, rows[i].text, 1);
		assert_int_equal(env_duration(NAME, ZE_SEC(1), ZE_SEC(3600), &got),
				 rows[i].want ? 0 : -EINVAL);
		assert_int_equal(got, rows[i].want ? rows[i].want : 7);
		clean(st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_form_is_found, clean, clean),
		cmocka_unit_test_setup_teardown(dotted_name_wins_and_empty_is_unset, clean, clean),
		cmocka_unit_test_setup_teardown(words_of_truth, clean, clean),
		cmocka_unit_test_setup_teardown(durations, clean, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
