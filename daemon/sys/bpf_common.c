/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf_common.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/base/compiler.h"

#define BPFFS "/sys/fs/bpf"

/* ---- pins ---- */

/* Everything in the folder is ours: a former life's, or what we have just made. */
static void unpin(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(dir);
}

static int mount_bpffs(void)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs) < 0)
		return -errno;
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
	return mount("bpf", BPFFS, "bpf", 0, "mode=0700") < 0 ? -errno : 0;
}

int bpf_common_pin(struct bpf_common *c, struct bpf_object *obj, const char *dir)
{
	int r = strncmp(dir, BPFFS, strlen(BPFFS)) == 0 ? mount_bpffs() : 0;

	if (r < 0)
		return r;
	unpin(dir);
	if (mkdir(dir, 0700) < 0)
		return -errno;
	c->pins = strdup(dir);
	if (!c->pins) {
		rmdir(dir);
		return -ENOMEM;
	}
	r = bpf_object__pin_maps(obj, dir);
	return r < 0 ? r : bpf_object__pin_programs(obj, dir);
}

/* ---- attachment ---- */

static __u32 flag(bool native)
{
	return native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

/* Takes the descriptor; 0: none. */
static __u32 id_of(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int r = fd < 0 ? fd : bpf_obj_get_info_by_fd(fd, &info, &len);

	if (fd >= 0)
		close(fd);
	return r == 0 ? info.id : 0;
}

/* Pinned under our names by a former life. */
static bool is_ours(const char *pins, __u32 id)
{
	static const char *const names[] = { "ze_uplink", "ze_core", "ze_slow", "ze_accept",
					     "ze_guard" };
	char path[PATH_MAX];

	for (size_t i = 0; pins && i < ZE_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", pins, names[i]);
		if (id_of(bpf_obj_get(path)) == id)
			return true;
	}
	return false;
}

/* A program of ours left on the port goes; -EBUSY when it is somebody else's. */
static int clear_mode(const char *pins, unsigned ifindex, __u32 id, bool native)
{
	if (!id)
		return 0;
	return is_ours(pins, id) ? bpf_xdp_detach((int)ifindex, flag(native), NULL) : -EBUSY;
}

/* A former life may have been attached the other way: a device can have one program of each. */
int bpf_common_clear(const char *pins, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int r = bpf_xdp_query((int)ifindex, 0, &q);

	if (r == 0)
		r = clear_mode(pins, ifindex, q.drv_prog_id, true);
	if (r == 0)
		r = clear_mode(pins, ifindex, q.skb_prog_id, false);
	return r;
}

static void detach_all(struct bpf_common *c)
{
	while (c->n_attached > 0)
		bpf_xdp_detach((int)c->ports[--c->n_attached].ifindex, flag(c->native), NULL);
}

static int attach_all(struct bpf_common *c, bool native)
{
	int r = 0;

	c->native = native;
	while (r == 0 && c->n_attached < c->n_ports) {
		const struct bpf_common_port *p = &c->ports[c->n_attached];

		r = bpf_xdp_attach((int)p->ifindex, p->prog,
				   flag(native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
		if (r == 0)
			c->n_attached++;
	}
	if (r < 0)
		detach_all(c);
	return r;
}

int bpf_common_attach(struct bpf_common *c, const struct bpf_common_port *ports, size_t n,
		      enum bpf_mode mode)
{
	int r;

	c->ports = calloc(n + 1, sizeof(*c->ports));
	if (!c->ports)
		return -ENOMEM;
	memcpy(c->ports, ports, n * sizeof(*ports));
	c->n_ports = n;
	r = attach_all(c, mode != BPF_MODE_GENERIC);
	return r < 0 && mode == BPF_MODE_AUTO ? attach_all(c, false) : r;
}

void bpf_common_done(struct bpf_common *c)
{
	detach_all(c);
	if (c->pins)
		unpin(c->pins);
	free(c->pins);
	free(c->ports);
	*c = (struct bpf_common){ .ports = NULL };
}

/* ---- numbers ---- */

int bpf_common_sum(int map, uint32_t key, uint64_t *ret, size_t n)
{
	int cpus = libbpf_num_possible_cpus(), r;
	uint64_t *rows;

	if (cpus < 0)
		return cpus;
	rows = calloc((size_t)cpus * n, sizeof(*rows));
	r = rows ? bpf_map_lookup_elem(map, &key, rows) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		ret[i] = 0;
		for (int c = 0; c < cpus; c++)
			ret[i] += rows[(size_t)c * n + i];
	}
	free(rows);
	return r;
}
