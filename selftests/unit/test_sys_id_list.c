/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids of attached programs, saved for the next instance; a list of another user is not used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/sys/bpf/id_list.h"

static char dir[64], path[96];

static int setup(void **st)
{
	(void)st;
	strcpy(dir, "/tmp/ze-ids-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/list", dir);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	unlink(path);
	return rmdir(dir);
}

/* F-A3 */
static void kept(void **st)
{
	const uint32_t a[] = { 7, 4000000000 }, b[] = { 9 };

	(void)st;
	assert_false(id_list_has(path, 7));
	assert_int_equal(id_list_add(path, a, 2), 0);
	assert_int_equal(id_list_add(path, b, 1), 0);
	assert_true(id_list_has(path, 7) && id_list_has(path, 4000000000) && id_list_has(path, 9));
	assert_false(id_list_has(path, 8) || id_list_has(path, 0) || id_list_has(path, 70));
}

/* F-A3: the newest ids. */
static void bounded(void **st)
{
	(void)st;
	for (uint32_t i = 1; i <= ID_LIST_MAX + 10; i++)
		assert_int_equal(id_list_add(path, &i, 1), 0);
	assert_false(id_list_has(path, 10));
	assert_true(id_list_has(path, 11) && id_list_has(path, ID_LIST_MAX + 10));
}

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* F-A3: a list of another boot, one that others may write, a link, or no list at all; a new list
 * replaces it. */
static void of_others_is_ignored(void **st)
{
	const uint32_t id = 5;

	(void)st;
	assert_int_equal(id_list_add(path, &id, 1), 0);
	assert_int_equal(chmod(path, 0622), 0);
	assert_false(id_list_has(path, 5));
	assert_int_equal(id_list_add(path, &id, 1), 0);
	assert_true(id_list_has(path, 5));
	write_text("0d8c8e1a-1c44-4b0c-8d50-0b0b4f3d3c11\n5\n");
	assert_false(id_list_has(path, 5));
	write_text("");
	assert_false(id_list_has(path, 0));
	write_text("5\n5\n5\n");
	assert_false(id_list_has(path, 5));
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_false(id_list_has(path, 0));
	assert_int_equal(id_list_add(path, &id, 1), 0);
	assert_true(id_list_has(path, 5));
}

/* F-A3: no directory: an error, and nothing else. */
static void no_folder(void **st)
{
	const uint32_t id = 5;

	(void)st;
	assert_int_equal(id_list_add("/tmp/ze-no-such-folder/list", &id, 1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kept, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(of_others_is_ignored, setup, teardown),
		cmocka_unit_test(no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
