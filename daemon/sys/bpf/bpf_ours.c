/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_ours.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/bpf_try.h"
#include "daemon/sys/bpf/id_list.h"
#include "daemon/sys/net/xdp_links.h"

#define MAPS_MAX 64 /* maps per program */

static const char *list_file;
static const char *const names[] = { "ze_uplink", "ze_core", "ze_slow", "ze_accept", "ze_guard" };

/* ---- one program ---- */

static int bpf_ours_info_of(int fd, struct bpf_prog_info *ret)
{
	__u32 len = sizeof(*ret);

	return bpf_obj_get_info_by_fd(fd, ret, &len);
}

static bool is_named(const struct bpf_prog_info *info)
{
	for (size_t i = 0; info->type == BPF_PROG_TYPE_XDP && i < ZE_ARRAY_SIZE(names); i++)
		if (strcmp(info->name, names[i]) == 0)
			return true;
	return false;
}

/* -ENOENT: it has another name, or may not be opened. */
static int open_named(__u32 id)
{
	struct bpf_prog_info info = { 0 };
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return -ENOENT;
	if (bpf_ours_info_of(fd, &info) == 0 && is_named(&info))
		return fd;
	close(fd);
	return -ENOENT;
}

/* Maps are pinned in the same folder, and their ids are counted on their own. */
static bool is_program(int fd)
{
	char link[64], what[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, what, sizeof(what) - 1);
	what[n > 0 ? n : 0] = '\0';
	return strstr(what, "bpf-prog");
}

static int open_pin(const char *pins, const char *name, __u32 id)
{
	struct bpf_prog_info info = { 0 };
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pins, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -ENOENT;
	if (is_program(fd) && bpf_ours_info_of(fd, &info) == 0 && info.id == id)
		return fd;
	close(fd);
	return -ENOENT;
}

static int open_pinned(const char *pins, __u32 id)
{
	DIR *d = pins ? opendir(pins) : NULL;
	struct dirent *e;
	int fd = -ENOENT;

	if (!d)
		return -ENOENT;
	while (fd < 0 && (e = readdir(d)))
		if (strncmp(e->d_name, "ze_", 3) == 0)
			fd = open_pin(pins, e->d_name, id);
	closedir(d);
	return fd;
}

int bpf_ours_open(const char *pins, uint32_t id)
{
	int fd = open_named(id);

	return fd < 0 ? open_pinned(pins, id) : fd;
}

bool bpf_ours(const char *pins, uint32_t id)
{
	int fd = bpf_ours_open(pins, id);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || (list_file && id_list_has(list_file, id));
}

void bpf_ours_use_list(const char *file)
{
	list_file = file;
}

int bpf_ours_note(const struct bpf_object *obj)
{
	uint32_t ids[ID_LIST_MAX / 4];
	struct bpf_program *p;
	size_t n = 0;

	bpf_object__for_each_program(p, obj)
	{
		struct bpf_prog_info info = { 0 };

		if (n < ZE_ARRAY_SIZE(ids) && bpf_ours_info_of(bpf_program__fd(p), &info) == 0)
			ids[n++] = info.id;
	}
	return list_file ? id_list_add(list_file, ids, n) : 0;
}

void bpf_ours_name(uint32_t id, char ret[BPF_OURS_NAME])
{
	struct bpf_prog_info info = { .name = "unknown" };
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0) {
		bpf_ours_info_of(fd, &info);
		close(fd);
	}
	snprintf(ret, BPF_OURS_NAME, "%s", info.name);
}

void bpf_ours_foreign(unsigned ifindex, uint32_t id, bool native)
{
	char name[IF_NAMESIZE], cure[64], program[BPF_OURS_NAME];

	bpf_ours_name(id, program);
	if (!if_indextoname(ifindex, name))
		name[0] = '\0';
	snprintf(cure, sizeof(cure), "ip link set dev %s %s off", name,
		 native ? "xdp" : "xdpgeneric");
	log_kv(LOG_DP, LOG_ERROR, "interface-refused", KV_STR("interface", name),
	       KV_STR("why", "an XDP program that is not ze's is attached to it"),
	       KV_STR("program", program), KV_U64("id", id), KV_STR("effect", "not started"),
	       KV_STR("cure", cure));
}

/* ---- all of a network namespace ---- */

struct clearing {
	const char *pins;
	bpf_ours_stays *stays;
	const void *self;
	int result; /* the first error, or 0 */
};

static void bpf_ours_clear(struct clearing *c, const struct xdp_link *l, __u32 id, __u32 flag)
{
	int r;

	if (!id || !bpf_ours(c->pins, id))
		return;
	r = bpf_xdp_detach((int)l->ifindex, flag, NULL);
	if (r == 0 || r == -ENODEV)
		return;
	log_kv(LOG_DP, LOG_ERROR, "detach-failed", KV_STR("interface", l->name), KV_U64("id", id),
	       KV_ERRNO(r));
	if (c->result == 0)
		c->result = r;
}

static void clear_link(void *self, const struct xdp_link *l)
{
	struct clearing *c = self;

	if (c->stays && c->stays(c->self, l->ifindex))
		return;
	bpf_ours_clear(c, l, l->native, XDP_FLAGS_DRV_MODE);
	bpf_ours_clear(c, l, l->generic, XDP_FLAGS_SKB_MODE);
}

int bpf_ours_clear_all(const char *pins, bpf_ours_stays *stays, const void *self)
{
	struct clearing c = { .pins = pins, .stays = stays, .self = self };
	int r = xdp_links(clear_link, &c);

	if (r < 0)
		log_kv(LOG_DP, LOG_ERROR, "program-list-failed", KV_ERRNO(r));
	return r < 0 ? r : c.result;
}

/* ---- lost pins ---- */

struct restoring {
	const char *pins;
	const struct bpf_object *obj;
	unsigned done;
};

static bool pin_at(const struct restoring *w, const char *name, int fd)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", w->pins, name);
	return access(path, F_OK) < 0 && bpf_obj_pin(fd, path) == 0;
}

/* The content of `ze_about`, devices and layout, is the only constant of the programs. */
static void restore_about(struct restoring *w, int rodata, const struct bpf_map_info *from)
{
	const struct bpf_map *m = bpf_object__find_map_by_name(w->obj, "ze_about");
	void *value = calloc(1, from->value_size);
	__u32 zero = 0;
	int fd;

	if (m && value && from->value_size >= bpf_map__value_size(m) &&
	    bpf_try_get(rodata, &zero, value) == 0) {
		fd = bpf_map_create(bpf_map__type(m), "ze_about", bpf_map__key_size(m),
				    bpf_map__value_size(m), bpf_map__max_entries(m), NULL);
		if (fd >= 0 && bpf_try_put(fd, &zero, value, BPF_ANY) == 0)
			w->done += pin_at(w, "ze_about", fd);
		if (fd >= 0)
			close(fd);
	}
	free(value);
}

static void restore_map(struct restoring *w, __u32 id)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char name[BPF_NAMES_LEN];
	int fd = bpf_map_get_fd_by_id(id);

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0) {
		if (strstr(info.name, ".rodata"))
			restore_about(w, fd, &info);
		else if (bpf_object__find_map_by_name(w->obj, bpf_names_of(name, info.name)))
			w->done += pin_at(w, name, fd);
	}
	close(fd);
}

static void restore_maps(struct restoring *w, int prog)
{
	__u32 ids[MAPS_MAX] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (__u64)(uintptr_t)ids };

	if (bpf_ours_info_of(prog, &info) < 0)
		return;
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		restore_map(w, ids[i]);
}

void bpf_ours_repin(const char *pins, const struct bpf_object *obj, unsigned ifindex)
{
	struct restoring w = { .pins = pins, .obj = obj };
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	char name[IF_NAMESIZE];
	__u32 id;
	int fd;

	if (bpf_xdp_query((int)ifindex, 0, &q) < 0)
		return;
	id = q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
	fd = id ? bpf_ours_open(pins, id) : -ENOENT;
	if (fd < 0)
		return;
	restore_maps(&w, fd);
	close(fd);
	if (w.done)
		log_kv(LOG_DP, LOG_WARN, "pins-restored", KV_STR("folder", pins),
		       KV_U64("maps", w.done),
		       KV_STR("interface", if_indextoname(ifindex, name) ? name : ""),
		       KV_STR("why",
			      "pins had been removed; the program on this interface still has the maps"));
}
