/* SPDX-License-Identifier: BSD-2-Clause */
/* Each selftests/scripts/<name>.zt is a test. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selftests/lib/script.h"

#define SCRIPTS_MAX 200

static void run(void **st)
{
	char err[256] = "";

	if (script_run(*st, err, sizeof(err)) < 0)
		fail_msg("%s: %s", (const char *)*st, err);
}

static void broken_scripts_fail(void **st)
{
	static const char *const bad[] = {
		"nonsense\n",
		"lac A 1\nsend A sccrq\ncheck tunnels 2\n",
		"lac A 1\nsend A sccrq\nexpect A StopCCN 1\n",
		"check session 1 state gone\n",
		"after 5\n",
		"lac A 1\nconfig max-tunnels 1\n",
	};
	char name[] = "/tmp/ze-script-XXXXXX", err[256];
	int fd = mkstemp(name);
	FILE *f;

	(void)st;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = fopen(name, "w");
		assert_non_null(f);
		fputs(bad[i], f);
		fclose(f);
		assert_int_equal(script_run(name, err, sizeof(err)), -1);
		assert_non_null(strstr(err, "line "));
	}
	remove(name);
	assert_int_equal(script_run(name, err, sizeof(err)), -1);
}

int main(void)
{
	static struct CMUnitTest tests[SCRIPTS_MAX + 1];
	const char *src = getenv("ZE_SRC");
	char pattern[4096];
	glob_t g;
	size_t n = 0;

	snprintf(pattern, sizeof(pattern), "%s/selftests/scripts/*.zt", src ? src : ".");
	if (glob(pattern, 0, NULL, &g) != 0 || g.gl_pathc > SCRIPTS_MAX) {
		fprintf(stderr, "no scripts at %s\n", pattern);
		return 1;
	}
	for (; n < g.gl_pathc; n++)
		tests[n] = (struct CMUnitTest){ .name = strrchr(g.gl_pathv[n], '/') + 1,
						.test_func = run,
						.initial_state = g.gl_pathv[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(broken_scripts_fail);
	n = (size_t)_cmocka_run_group_tests("scripts", tests, n, NULL, NULL);
	globfree(&g);
	return (int)n;
}
