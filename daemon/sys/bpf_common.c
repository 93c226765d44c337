/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf_common.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/news.h"

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

static const char *path_of(char buf[static PATH_MAX], const char *dir, const char *name,
			   const char *more)
{
	snprintf(buf, PATH_MAX, "%s/%s%s", dir, name, more);
	return buf;
}

/* Constants are the programs' own: another process brings its own. */
static int pin_maps(struct bpf_object *obj, const char *dir)
{
	struct bpf_map *m;
	char path[PATH_MAX];
	int r = 0;

	bpf_object__for_each_map(m, obj) if (r == 0 && !bpf_map__is_internal(m))
		r = bpf_map__pin(m, path_of(path, dir, bpf_map__name(m), ""));
	return r;
}

static int pin_programs(struct bpf_object *obj, const char *dir, const char *more)
{
	struct bpf_program *p;
	char path[PATH_MAX];
	int r = 0;

	bpf_object__for_each_program(p, obj)
	{
		if (r < 0)
			break;
		path_of(path, dir, bpf_program__name(p), more);
		unlink(path);
		r = bpf_program__pin(p, path);
	}
	return r;
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
	r = pin_maps(obj, dir);
	return r < 0 ? r : pin_programs(obj, dir, "");
}

/* ---- maps of a former life ---- */

static bool is_same(const struct bpf_map *m, const struct bpf_map_info *i)
{
	/* A kernel adds this one to maps of devices. */
	return i->type == bpf_map__type(m) && i->key_size == bpf_map__key_size(m) &&
	       i->value_size == bpf_map__value_size(m) &&
	       i->max_entries == bpf_map__max_entries(m) &&
	       (i->map_flags & ~(__u32)BPF_F_RDONLY_PROG) == bpf_map__map_flags(m);
}

static int reuse(struct bpf_map *m, const char *dir)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int fd = bpf_obj_get(path_of(path, dir, bpf_map__name(m), "")), r;

	if (fd < 0)
		return -ENOENT;
	r = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (r == 0)
		r = is_same(m, &info) ? bpf_map__reuse_fd(m, fd) : -EINVAL;
	close(fd);
	return r;
}

int bpf_common_reuse(struct bpf_object *obj, const char *dir)
{
	struct bpf_map *m;
	int r;

	bpf_object__for_each_map(m, obj)
	{
		if (bpf_map__is_internal(m))
			continue;
		r = reuse(m, dir);
		if (r < 0) {
			log_kv(LOG_DP, LOG_WARN, "map-not-adopted", KV_STR("map", bpf_map__name(m)),
			       KV_STR("why", r == -EINVAL ? "another layout" : log_strerror(r)));
			return r;
		}
	}
	return 0;
}

/* ---- attachment ---- */

static __u32 flag(bool native)
{
	return native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

/* 0: none. */
static __u32 prog_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

/* Takes the descriptor. */
static __u32 id_of(int fd)
{
	__u32 id = prog_id(fd);

	if (fd >= 0)
		close(fd);
	return id;
}

#define NEXT "_next" /* of a program that takes over from another of its name */

/* Pinned under one of our names; -ENOENT. */
static int open_ours(const char *pins, __u32 id)
{
	static const char *const names[] = { "ze_uplink", "ze_core", "ze_slow", "ze_accept",
					     "ze_guard" };
	char path[PATH_MAX];

	for (size_t i = 0; pins && i < 2 * ZE_ARRAY_SIZE(names); i++) {
		path_of(path, pins, names[i / 2], i % 2 ? NEXT : "");
		if (id_of(bpf_obj_get(path)) == id)
			return bpf_obj_get(path);
	}
	return -ENOENT;
}

static bool is_ours(const char *pins, __u32 id)
{
	int fd = open_ours(pins, id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
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

static int keep_ports(struct bpf_common *c, const struct bpf_common_port *ports, size_t n)
{
	c->ports = calloc(n + 1, sizeof(*c->ports));
	if (!c->ports)
		return -ENOMEM;
	memcpy(c->ports, ports, n * sizeof(*ports));
	c->n_ports = n;
	for (size_t i = 0; i < n; i++) {
		c->ports[i].id = prog_id(ports[i].prog);
		c->ports[i].problem = 0;
		if_indextoname(ports[i].ifindex, c->ports[i].name);
	}
	return 0;
}

int bpf_common_attach(struct bpf_common *c, const struct bpf_common_port *ports, size_t n,
		      enum bpf_mode mode)
{
	int r = keep_ports(c, ports, n);

	if (r < 0)
		return r;
	r = attach_all(c, mode != BPF_MODE_GENERIC);
	return r < 0 && mode == BPF_MODE_AUTO ? attach_all(c, false) : r;
}

/* The next key of a map of devices; false: there is none. */
static bool next_port(int map, const __u32 *after, __u32 *ret)
{
	return bpf_map_get_next_key(map, after, ret) == 0;
}

void bpf_common_clear_all(const char *dir)
{
	char path[PATH_MAX];
	int map = bpf_obj_get(path_of(path, dir, "ports", ""));
	__u32 ifindex;

	for (bool more = map >= 0 && next_port(map, NULL, &ifindex); more;
	     more = next_port(map, &ifindex, &ifindex))
		bpf_common_clear(dir, ifindex);
	if (map >= 0)
		close(map);
}

void bpf_common_sweep(const char *dir)
{
	bpf_common_clear_all(dir);
	unpin(dir);
}

/* ---- taking over ---- */

static int replace(const char *pins, const struct bpf_common_port *p, bool native)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	LIBBPF_OPTS(bpf_xdp_attach_opts, o);
	int r = bpf_xdp_query((int)p->ifindex, 0, &q);
	__u32 id = native ? q.drv_prog_id : q.skb_prog_id;

	if (r == 0)
		r = clear_mode(pins, p->ifindex, native ? q.skb_prog_id : q.drv_prog_id, !native);
	if (r < 0)
		return r;
	if (!id)
		return bpf_xdp_attach((int)p->ifindex, p->prog,
				      flag(native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	o.old_prog_fd = open_ours(pins, id);
	if (o.old_prog_fd < 0)
		return -EBUSY;
	r = bpf_xdp_attach((int)p->ifindex, p->prog, flag(native) | XDP_FLAGS_REPLACE, &o);
	close(o.old_prog_fd);
	return r;
}

static int replace_all(struct bpf_common *c, bool native)
{
	int r = 0;

	c->native = native;
	for (c->n_attached = 0; r == 0 && c->n_attached < c->n_ports; c->n_attached += r == 0)
		r = replace(c->pins, &c->ports[c->n_attached], native);
	return r;
}

/* The first program of ours says how; a port may have none yet. */
static bool was_native(const struct bpf_common *c)
{
	for (size_t i = 0; i < c->n_ports; i++) {
		LIBBPF_OPTS(bpf_xdp_query_opts, q);

		if (bpf_xdp_query((int)c->ports[i].ifindex, 0, &q) < 0)
			continue;
		if (q.drv_prog_id && is_ours(c->pins, q.drv_prog_id))
			return true;
		if (q.skb_prog_id && is_ours(c->pins, q.skb_prog_id))
			return false;
	}
	return true;
}

static int settle_pins(struct bpf_object *obj, const char *dir)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct bpf_program *p;

	bpf_object__for_each_program(p, obj)
	{
		path_of(from, dir, bpf_program__name(p), NEXT);
		path_of(to, dir, bpf_program__name(p), "");
		if (rename(from, to) < 0)
			return -errno;
	}
	return 0;
}

/* Whatever is attached is pinned under one of two names, at each moment. */
int bpf_common_take_over(struct bpf_common *c, struct bpf_object *obj,
			 const struct bpf_common_where *w)
{
	bool native;
	int r = keep_ports(c, w->ports, w->n);

	c->pins = strdup(w->pins);
	if (r < 0 || !c->pins)
		return -ENOMEM;
	r = pin_programs(obj, w->pins, NEXT);
	if (r < 0)
		return r;
	native = w->mode == BPF_MODE_AUTO ? was_native(c) : w->mode == BPF_MODE_NATIVE;
	r = replace_all(c, native);
	if (r < 0 && r != -EBUSY && w->mode == BPF_MODE_AUTO && native)
		r = replace_all(c, false);
	return r < 0 ? r : settle_pins(obj, w->pins);
}

/* ---- repair ---- */

static void set_problem(struct bpf_common_port *p, int problem)
{
	__atomic_store_n(&p->problem, problem, __ATOMIC_RELAXED);
}

static bool is_attached(const struct bpf_common *c, const struct bpf_common_port *p,
			uint32_t native_id, uint32_t generic_id)
{
	return (c->native ? native_id : generic_id) == p->id;
}

bool bpf_common_heard(struct bpf_common *c, const struct news *n, const char **ret_what)
{
	*ret_what = NULL;
	for (size_t i = 0; n->kind == NEWS_LINK && i < c->n_attached; i++) {
		struct bpf_common_port *p = &c->ports[i];
		unsigned ifindex = __atomic_load_n(&p->ifindex, __ATOMIC_RELAXED);

		if (ifindex != n->ifindex && strcmp(p->name, n->name) != 0)
			continue;
		if (ifindex == n->ifindex && !n->gone &&
		    (!n->has_xdp || is_attached(c, p, n->native_id, n->generic_id)))
			return __atomic_load_n(&p->problem, __ATOMIC_RELAXED);
		if (ifindex == n->ifindex) {
			set_problem(p, n->gone ? -ENODEV : -ENOENT);
			*ret_what = p->name;
		}
		return true;
	}
	return false;
}

int bpf_common_locate(struct bpf_common *c, size_t i)
{
	struct bpf_common_port *p = &c->ports[i];
	unsigned ifindex = p->ifindex;
	char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name))
		ifindex = if_nametoindex(p->name);
	if (ifindex)
		__atomic_store_n(&p->ifindex, ifindex, __ATOMIC_RELAXED);
	set_problem(p, ifindex ? p->problem : -ENODEV);
	return ifindex ? 0 : -ENODEV;
}

int bpf_common_restore(struct bpf_common *c, size_t i)
{
	struct bpf_common_port *p = &c->ports[i];
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int r = bpf_xdp_query((int)p->ifindex, 0, &q), again = 0;

	if (r == 0 && !is_attached(c, p, q.drv_prog_id, q.skb_prog_id)) {
		r = q.drv_prog_id || q.skb_prog_id ?
			    -EBUSY :
			    bpf_xdp_attach((int)p->ifindex, p->prog,
					   flag(c->native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
		again = r == 0;
	}
	set_problem(p, r);
	return r < 0 ? r : again;
}

void bpf_common_leave(struct bpf_common *c)
{
	free(c->pins);
	free(c->ports);
	*c = (struct bpf_common){ .ports = NULL };
}

void bpf_common_done(struct bpf_common *c)
{
	detach_all(c);
	if (c->pins)
		unpin(c->pins);
	bpf_common_leave(c);
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

/* The next key is asked for while its predecessor is still there. */
unsigned bpf_common_prune(int map, bpf_common_keep *keep, void *self)
{
	uint8_t key[BPF_COMMON_KEY] = { 0 }, next[BPF_COMMON_KEY] = { 0 };
	bool more = bpf_map_get_next_key(map, NULL, key) == 0;
	unsigned n = 0;

	while (more) {
		more = bpf_map_get_next_key(map, key, next) == 0;
		if (keep(self, key))
			n++;
		else
			bpf_map_delete_elem(map, key);
		memcpy(key, next, sizeof(key));
	}
	return n;
}
