/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/id_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static bool boot_line(char *buf, size_t size)
{
	FILE *f = fopen(BOOT_ID, "re");
	bool ok = f && fgets(buf, (int)size, f);

	if (f)
		fclose(f);
	return ok;
}

/* NULL: there is no file that can be trusted. */
static FILE *open_own(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	FILE *f;

	if (fd < 0)
		return NULL;
	f = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
			    !(st.st_mode & 0022) ?
		    fdopen(fd, "r") :
		    NULL;
	if (!f)
		close(fd);
	return f;
}

static size_t id_list_read_list(const char *file, uint32_t ret[static ID_LIST_MAX])
{
	char line[64], boot[64];
	FILE *f = open_own(file);
	size_t n = 0;

	if (!f)
		return 0;
	if (boot_line(boot, sizeof(boot)) && fgets(line, sizeof(line), f) &&
	    strcmp(line, boot) == 0)
		while (n < ID_LIST_MAX && fgets(line, sizeof(line), f))
			ret[n++] = (uint32_t)strtoul(line, NULL, 10);
	fclose(f);
	return n;
}

bool id_list_has(const char *file, uint32_t id)
{
	uint32_t v[ID_LIST_MAX];
	size_t n = id_list_read_list(file, v);

	while (n > 0)
		if (v[--n] == id)
			return true;
	return false;
}

static int write_list(const char *path, const uint32_t *a, size_t n_a, const uint32_t *b,
		      size_t n_b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	char boot[64];
	int r = 0;

	if (!f || !boot_line(boot, sizeof(boot))) {
		r = errno ? -errno : -EIO;
		if (f)
			fclose(f);
		else if (fd >= 0)
			close(fd);
		return r;
	}
	fputs(boot, f);
	for (size_t i = 0; i < n_a; i++)
		fprintf(f, "%" PRIu32 "\n", a[i]);
	for (size_t i = 0; i < n_b; i++)
		fprintf(f, "%" PRIu32 "\n", b[i]);
	r = ferror(f) ? -EIO : 0;
	return fclose(f) == 0 ? r : -errno;
}

int id_list_add(const char *file, const uint32_t *ids, size_t n)
{
	uint32_t old[ID_LIST_MAX];
	size_t have = id_list_read_list(file, old), drop;
	char *path;
	int r;

	drop = have + n > ID_LIST_MAX ? have + n - ID_LIST_MAX : 0;
	if (n > ID_LIST_MAX)
		return -E2BIG;
	if (asprintf(&path, "%s.new", file) < 0)
		return -ENOMEM;
	unlink(path);
	r = write_list(path, old + drop, have - drop, ids, n);
	if (r == 0 && rename(path, file) < 0)
		r = -errno;
	if (r < 0)
		unlink(path);
	free(path);
	return r;
}
