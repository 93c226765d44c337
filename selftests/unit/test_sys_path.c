/* SPDX-License-Identifier: BSD-2-Clause */
/* Which part of a path refused, and what the operator can do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/sys/run/path.h"

static char dir[64];

static int setup(void **st)
{
	(void)st;
	strcpy(dir, "/tmp/ze-path-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **st)
{
	char cmd[80];

	(void)st;
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s%s", dir, name);
	return p;
}

static void check(const char *path, int error, const char *at, const char *why)
{
	struct path_why w;

	path_why(path, error, &w);
	assert_string_equal(w.at, at);
	if (!why) {
		assert_null(w.why);
		return;
	}
	assert_non_null(w.why);
	assert_non_null(strstr(w.why, why));
	assert_true(w.cure[0]);
}

/* F-A7: the first missing directory of the path, not the file. */
static void a_missing_folder(void **st)
{
	struct path_why w;

	(void)st;
	check(in_dir("/a/b/state"), -ENOENT, in_dir("/a"), "does not exist");
	path_why(in_dir("/a/b/state"), ENOENT, &w);
	assert_non_null(strstr(w.cure, in_dir("/a/b")));
	check("no-such-folder/state", -ENOENT, "no-such-folder", "does not exist");
	check("/no-such-folder/state", -ENOENT, "/no-such-folder", "does not exist");
	/* Only the file itself is missing. */
	check(in_dir("/state"), -ENOENT, in_dir("/state"), NULL);
	check("state", -ENOENT, "state", NULL);
}

static void no_folder(void **st)
{
	int fd = open(in_dir("/file"), O_WRONLY | O_CREAT, 0600);

	(void)st;
	close(fd);
	check(in_dir("/file/state"), -ENOTDIR, in_dir("/file"), "not a directory");
}

/* F-A7: for each owner of the directory, and each errno. */
static void a_folder_that_refuses(void **st)
{
	struct path_why w;

	(void)st;
	check(in_dir("/state"), -EROFS, dir, "read-only");
	check(in_dir("/state"), -EACCES, dir, "mode");
	path_why(in_dir("/state"), EACCES, &w);
	assert_non_null(strstr(w.cure, "owner"));
	assert_non_null(strstr(w.cure, "0700"));
	check("/state", -EROFS, "/", "read-only");
	check("state", -EROFS, ".", "read-only");
}

static void the_file_itself(void **st)
{
	(void)st;
	assert_int_equal(symlink("/elsewhere", in_dir("/link")), 0);
	check(in_dir("/link"), -ELOOP, in_dir("/link"), "symbolic link");
	mkdir(in_dir("/folder"), 0700);
	check(in_dir("/folder"), -EISDIR, in_dir("/folder"), "is a directory");
	check(in_dir("/state"), -ENOSPC, in_dir("/state"), "full");
	check(in_dir("/sock"), -ENAMETOOLONG, in_dir("/sock"), "107");
	check(in_dir("/sock"), -ENOTSOCK, in_dir("/sock"), "not a socket");
	check(in_dir("/state"), -EIO, in_dir("/state"), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_missing_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(no_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(the_file_itself, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
