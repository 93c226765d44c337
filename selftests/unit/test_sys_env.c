/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/env.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_form_is_found, clean, clean),
		cmocka_unit_test_setup_teardown(dotted_name_wins_and_empty_is_unset, clean, clean),
		cmocka_unit_test_setup_teardown(words_of_truth, clean, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
