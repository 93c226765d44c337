/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/state/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/sys/net/netns_lock.h"
#include "daemon/sys/run/path.h"

#define BPFFS	  "/sys/fs/bpf"
#define TRIES_MAX 100

struct instance {
	char *pins;
	int folder, netns; /* -1: not locked */
};

/* ---- the folder of pins ---- */

static int mount_bpffs(const char *pins)
{
	struct statfs fs;

	if (strncmp(pins, BPFFS "/", strlen(BPFFS "/")) != 0)
		return 0;
	if (statfs(BPFFS, &fs) < 0)
		return -errno;
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
	return mount("bpf", BPFFS, "bpf", 0, "mode=0700") < 0 ? -errno : 0;
}

/* Lines such as "1: FLOCK  ADVISORY  WRITE 708 00:13:22531 0 EOF". */
pid_t instance_holder_of(int fd)
{
	FILE *f = fopen("/proc/locks", "re");
	unsigned major, minor;
	uintmax_t ino;
	pid_t pid = 0;
	struct stat st;
	char line[256];
	int p;

	if (fstat(fd, &st) < 0)
		st.st_ino = 0;
	while (f && !pid && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%ju", &p, &major, &minor, &ino) == 4 &&
		    ino == st.st_ino && makedev(major, minor) == st.st_dev)
			pid = p > 0 ? p : 0;
	if (f)
		fclose(f);
	return pid;
}

static int lock_folder(struct instance *i, bool make, struct instance_holder *h)
{
	int r;

	for (int n = 0; n < TRIES_MAX; n++) {
		if (make && mkdir(i->pins, 0700) < 0 && errno != EEXIST)
			return -errno;
		i->folder = open(i->pins, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (i->folder < 0 && (errno != ENOENT || !make))
			return -errno;
		if (i->folder < 0)
			continue;
		r = flock(i->folder, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
		/* Another process that ended, or an operator, may have removed it since. */
		if (r == 0 && path_leads_to(i->pins, i->folder))
			return 0;
		if (r < 0)
			*h = (struct instance_holder){ instance_holder_of(i->folder),
						       "the directory of pins" };
		close(i->folder);
		i->folder = -1;
		if (r < 0)
			return r == -EWOULDBLOCK ? -EBUSY : r;
	}
	return -EAGAIN;
}

/* ---- both locks ---- */

static int open_instance(const char *pins, struct instance **ret)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (!i)
		return -ENOMEM;
	i->folder = i->netns = -1;
	i->pins = strdup(pins);
	if (!i->pins) {
		free(i);
		return -ENOMEM;
	}
	*ret = i;
	return 0;
}

/* whole: also the network namespace is locked, and the folder of pins is created. */
static int instance_take(const char *pins, bool whole, struct instance **ret,
			 struct instance_holder *ret_holder)
{
	struct instance_holder h = { 0, whole ? "this network namespace" : NULL };
	struct instance *i;
	int r = open_instance(pins, &i);

	if (r < 0)
		return r;
	if (whole)
		r = netns_lock_take(&i->netns, &h.pid);
	if (r == 0 && whole)
		r = mount_bpffs(pins);
	if (r == 0)
		r = lock_folder(i, whole, &h);
	if (r == 0) {
		*ret = i;
		return 0;
	}
	instance_unlock(i);
	if (r == -EBUSY)
		*ret_holder = h;
	return r;
}

int instance_lock(const char *pins, struct instance **ret, struct instance_holder *ret_holder)
{
	return instance_take(pins, true, ret, ret_holder);
}

int instance_lock_pins(const char *pins, struct instance **ret, struct instance_holder *ret_holder)
{
	return instance_take(pins, false, ret, ret_holder);
}

const char *instance_pins(const struct instance *i)
{
	return i->pins;
}

int instance_lock_again(struct instance *i)
{
	struct instance_holder h;
	int old = i->folder, r;

	if (path_leads_to(i->pins, old))
		return 0;
	r = lock_folder(i, true, &h);
	if (r == 0)
		close(old);
	else
		i->folder = old;
	return r;
}

void instance_unlock(struct instance *i)
{
	if (!i)
		return;
	if (i->folder >= 0) {
		if (path_leads_to(i->pins, i->folder))
			rmdir(i->pins); /* fails, as it should, while there are pins */
		close(i->folder);
	}
	if (i->netns >= 0)
		close(i->netns);
	free(i->pins);
	free(i);
}
