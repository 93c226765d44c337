/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The driver of a fuzz target without libFuzzer: runs each file of the given corpus folders (or
 * files) once, under the sanitizers of the build. Prints TAP, one test per target. The
 * name of a file is printed before it is run, so the last one printed is the one that crashed.
 * A target with an empty corpus fails.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "selftests/fuzz/fuzz.h"

static int run_file(const char *path, size_t size)
{
	/* As long as the input, so that ASan detects a read of one octet after it. */
	uint8_t *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");
	int r = -EIO;

	if (data && f && fread(data, 1, size, f) == size)
		r = 0;
	if (f)
		fclose(f);
	if (r == 0) {
		printf("# %s\n", path);
		fflush(stdout);
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	return r;
}

static int run_path(const char *path, unsigned int *count);

static int run_dir(const char *path, unsigned int *count)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, alphasort);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		char sub[PATH_MAX];

		if (names[i]->d_name[0] != '.' && r == 0) {
			snprintf(sub, sizeof(sub), "%s/%s", path, names[i]->d_name);
			r = run_path(sub, count);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

static int run_path(const char *path, unsigned int *count)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return run_dir(path, count);
	++*count;
	return run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	unsigned int count = 0;
	int r = 0;

	for (int i = 1; i < argc && r == 0; i++) {
		r = run_path(argv[i], &count);
		if (r < 0)
			printf("# %s: %s\n", argv[i], strerror(-r));
	}
	if (r == 0 && count == 0)
		printf("# no input: the corpus is empty\n");
	printf("%s 1 - %u inputs\n1..1\n", r == 0 && count ? "ok" : "not ok", count);
	return r == 0 && count ? 0 : 1;
}
