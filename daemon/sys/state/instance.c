/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/state/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/base/log.h"

#define BPFFS	    "/sys/fs/bpf"
#define NETNS_NAME  "ze-dataplane" /* behind a zero octet */
#define NETNS_QUEUE 128 /* callers who only want to know who we are, and are never accepted */
#define TRIES_MAX   100

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

/* Somebody may have removed the folder meanwhile: another process that ended, or by hand. */
static bool is_there(const char *pins, int fd)
{
	struct stat st, now;

	return fstat(fd, &st) == 0 && stat(pins, &now) == 0 && st.st_dev == now.st_dev &&
	       st.st_ino == now.st_ino;
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
		if (r == 0 && is_there(i->pins, i->folder))
			return 0;
		if (r < 0)
			*h = (struct instance_holder){ instance_holder_of(i->folder),
						       "the folder of pins" };
		close(i->folder);
		i->folder = -1;
		if (r < 0)
			return r == -EWOULDBLOCK ? -EBUSY : r;
	}
	return -EAGAIN;
}

/* ---- the network namespace ---- */

static socklen_t name_of(struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->sun_path + 1, NETNS_NAME, strlen(NETNS_NAME));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(NETNS_NAME));
}

/* Anybody may take a name there: only a process that could be a ze is believed. */
static int ask_holder(const struct sockaddr_un *a, socklen_t len, struct instance_holder *h)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred who = { .uid = 0 };
	socklen_t size = sizeof(who);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)a, len) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		who = (struct ucred){ .uid = 0 };
	close(fd);
	if (who.uid == 0 || who.uid == geteuid()) {
		*h = (struct instance_holder){ who.pid, "this network namespace" };
		return -EBUSY;
	}
	log_kv(LOG_MAIN, LOG_WARN, "lock-taken", KV_STR("socket", "@" NETNS_NAME),
	       KV_U64("pid", (uint64_t)who.pid), KV_U64("uid", who.uid),
	       KV_STR("effect", "a second ze in this network namespace would not be noticed"));
	return 0;
}

static int lock_netns(struct instance *i, struct instance_holder *h)
{
	struct sockaddr_un a;
	socklen_t len = name_of(&a);
	int r;

	i->netns = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (i->netns < 0)
		return -errno;
	if (bind(i->netns, (struct sockaddr *)&a, len) == 0)
		return listen(i->netns, NETNS_QUEUE) < 0 ? -errno : 0;
	r = -errno;
	close(i->netns);
	i->netns = -1;
	return r == -EADDRINUSE ? ask_holder(&a, len, h) : r;
}

/* ---- both ---- */

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

int instance_lock(const char *pins, struct instance **ret, struct instance_holder *ret_holder)
{
	struct instance_holder h = { 0 };
	struct instance *i;
	int r = open_instance(pins, &i);

	if (r < 0)
		return r;
	r = lock_netns(i, &h);
	if (r == 0)
		r = mount_bpffs(pins);
	if (r == 0)
		r = lock_folder(i, true, &h);
	if (r == 0) {
		*ret = i;
		return 0;
	}
	instance_unlock(i);
	if (r == -EBUSY)
		*ret_holder = h;
	return r;
}

int instance_lock_pins(const char *pins, struct instance **ret, struct instance_holder *ret_holder)
{
	struct instance_holder h = { 0 };
	struct instance *i;
	int r = open_instance(pins, &i);

	if (r < 0)
		return r;
	r = lock_folder(i, false, &h);
	if (r == 0) {
		*ret = i;
		return 0;
	}
	instance_unlock(i);
	if (r == -EBUSY)
		*ret_holder = h;
	return r;
}

void instance_unlock(struct instance *i)
{
	if (!i)
		return;
	if (i->folder >= 0) {
		if (is_there(i->pins, i->folder))
			rmdir(i->pins); /* it stays while there are pins */
		close(i->folder);
	}
	if (i->netns >= 0)
		close(i->netns);
	free(i->pins);
	free(i);
}
