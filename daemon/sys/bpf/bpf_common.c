/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_common.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/bpf_ours.h"
#include "daemon/sys/bpf/bpf_try.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/port_check.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/net/vrf.h"

#define NEXT	 "_next" /* and a number: suffix of a program that replaces another one */
#define NEXT_MAX 20

/* ---- pins ---- */

/* All files of the folder are ours: pins of a previous instance, or new ones. Subfolders are not
 * ours, and do no harm. */
static int unpin(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || unlinkat(dirfd(d), e->d_name, 0) == 0 ||
		    errno == EISDIR || errno == ENOENT)
			continue;
		r = -errno;
		log_kv(LOG_DP, LOG_ERROR, "unpin-failed", KV_STR("folder", dir),
		       KV_STR("pin", e->d_name), KV_ERRNO(r));
	}
	closedir(d);
	return r;
}

static ino_t inode_of(const char *dir)
{
	struct stat st;

	return stat(dir, &st) < 0 ? 0 : st.st_ino;
}

static const char *bpf_common_path_of(char buf[static PATH_MAX], const char *dir, const char *name,
				      const char *more)
{
	snprintf(buf, PATH_MAX, "%s/%s%s", dir, name, more);
	return buf;
}

static const char *map_path(char buf[static PATH_MAX], const char *dir, const struct bpf_map *m)
{
	char name[BPF_NAMES_LEN];

	return bpf_common_path_of(buf, dir, bpf_names_of(name, bpf_map__name(m)), "");
}

/* Maps of constants are not pinned: each process loads its own. */
static int pin_maps(struct bpf_object *obj, const char *dir)
{
	struct bpf_map *m;
	char path[PATH_MAX];
	int r = 0;

	bpf_object__for_each_map(m, obj) if (r == 0 && !bpf_map__is_internal(m))
		r = bpf_map__pin(m, map_path(path, dir, m));
	return r;
}

static int pin_programs(struct bpf_object *obj, const char *dir, const char *more)
{
	struct bpf_program *p;
	char path[PATH_MAX];
	int r = 0;

	bpf_object__for_each_program(p, obj) if (r == 0)
		r = bpf_program__pin(p, bpf_common_path_of(path, dir, bpf_program__name(p), more));
	return r;
}

/* A pin also marks a program as ours, but may be removed. */
static void bpf_common_note(const struct bpf_object *obj)
{
	int r = bpf_ours_note(obj);

	if (r < 0)
		log_kv(LOG_DP, LOG_WARN, "program-ids-not-saved", KV_ERRNO(r),
		       KV_STR("effect",
			      "if their pins are removed, the next start does not recognise these programs"));
}

int bpf_common_pin(struct bpf_common *c, struct bpf_object *obj, const char *dir)
{
	int r = unpin(dir);

	if (r < 0)
		return r;
	c->pins = strdup(dir);
	if (!c->pins)
		return -ENOMEM;
	c->folder = inode_of(dir);
	bpf_common_note(obj);
	r = pin_maps(obj, dir);
	return r < 0 ? r : pin_programs(obj, dir, "");
}

/* Calls pin(fd, path) for each missing pin. ret_n: how many are missing. */
static int each_missing(const char *dir, const struct bpf_object *obj,
			int (*pin)(int fd, const char *path), unsigned *ret_n)
{
	struct bpf_program *p;
	char path[PATH_MAX];
	struct bpf_map *m;
	int r = 0;

	*ret_n = 0;
	bpf_object__for_each_map(m, obj)
	{
		if (bpf_map__is_internal(m) || access(map_path(path, dir, m), F_OK) == 0)
			continue;
		++*ret_n;
		if (pin && r == 0)
			r = pin(bpf_map__fd(m), path);
	}
	bpf_object__for_each_program(p, obj)
	{
		if (access(bpf_common_path_of(path, dir, bpf_program__name(p), ""), F_OK) == 0)
			continue;
		++*ret_n;
		if (pin && r == 0)
			r = pin(bpf_program__fd(p), path);
	}
	return r;
}

unsigned bpf_common_pins_missing(const struct bpf_common *c, const struct bpf_object *obj)
{
	unsigned n = 0;

	if (c->pins)
		each_missing(c->pins, obj, NULL, &n);
	return n;
}

int bpf_common_pins_restore(struct bpf_common *c, const struct bpf_object *obj)
{
	unsigned n;
	int r = each_missing(c->pins, obj, bpf_obj_pin, &n);

	if (r == 0)
		c->folder = inode_of(c->pins); /* it may have been removed with them */
	return r;
}

/* ---- maps of the previous instance ---- */

static bool is_same(const struct bpf_map *m, const struct bpf_map_info *i)
{
	/* Kernels add this flag to maps of devices. */
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
	int fd = bpf_obj_get(map_path(path, dir, m)), r;

	if (fd < 0)
		return -ENOENT;
	r = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (r == 0)
		r = is_same(m, &info) ? bpf_map__reuse_fd(m, fd) : -EINVAL;
	close(fd);
	return r;
}

/* Maps of which the layout ZE_BPF_ABI has versions without them: an empty one is created. */
static bool is_optional(const struct bpf_map *m)
{
	return strcmp(bpf_map__name(m), "ze_prefixes4") == 0;
}

int bpf_common_reuse(struct bpf_object *obj, const char *dir)
{
	char name[BPF_NAMES_LEN];
	struct bpf_map *m;
	int r;

	bpf_object__for_each_map(m, obj)
	{
		if (bpf_map__is_internal(m))
			continue;
		r = reuse(m, dir);
		if (r == -ENOENT && is_optional(m))
			continue;
		if (r < 0) {
			log_kv(LOG_DP, LOG_WARN, "restart-map-refused",
			       KV_STR("map", bpf_names_of(name, bpf_map__name(m))),
			       KV_STR("why",
				      r == -EINVAL ? "it has another layout" : log_strerror(r)));
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

/* The id of a program; 0: none. */
static __u32 prog_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

/* Detaches a program of ours. -EBUSY: the program has another owner, which has been logged. */
static int clear_mode(const char *pins, unsigned ifindex, __u32 id, bool native)
{
	if (!id)
		return 0;
	if (bpf_ours(pins, id))
		return bpf_xdp_detach((int)ifindex, flag(native), NULL);
	bpf_ours_foreign(ifindex, id, native);
	return -EBUSY;
}

static void detach_all(struct bpf_common *c)
{
	while (c->n_attached > 0) {
		const struct bpf_common_port *p = &c->ports[--c->n_attached];

		bpf_xdp_detach((int)p->ifindex, flag(p->native), NULL);
	}
}

bool bpf_common_any_native(const struct bpf_common *c)
{
	for (size_t i = 0; i < c->n_attached; i++)
		if (c->ports[i].native)
			return true;
	return false;
}

const char *bpf_common_mode(const struct bpf_common *c)
{
	size_t native = 0;

	for (size_t i = 0; i < c->n_attached; i++)
		native += c->ports[i].native;
	return native == c->n_attached ? "native" : native ? "mixed" : "generic";
}

/* Sets the program of a port in its mode: attaches it, or replaces another program of ours. */
typedef int put_program(const struct bpf_common *c, const struct bpf_common_port *p);

static int put_new(const struct bpf_common *c, const struct bpf_common_port *p)
{
	(void)c;
	return bpf_xdp_attach((int)p->ifindex, p->prog,
			      flag(p->native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
}

/* Sets the program in the mode that was chosen; if that fails and may_fall is set, in generic
 * mode. */
static int put_port(struct bpf_common *c, struct bpf_common_port *p, put_program *put,
		    bool may_fall)
{
	struct xdp_refusal refusal;
	int r;

	xdp_refusal_begin(&refusal);
	r = put(c, p);
	xdp_refusal_end(&refusal, r, p->name);
	if (r == 0 || r == -EBUSY || !p->native || !may_fall)
		return r;
	p->native = false;
	r = put(c, p);
	if (r == 0) {
		log_kv(LOG_DP, LOG_WARN, "xdp-generic", KV_STR("interface", p->name),
		       KV_STR("cure", xdp_refusal_cure(&refusal)), KV_STR("why", refusal.why),
		       KV_STR("effect", "its packets take more CPU time"));
		snprintf(p->refusal, sizeof(p->refusal), "%s", refusal.why);
	}
	return r;
}

static int put_all(struct bpf_common *c, put_program *put, bool may_fall)
{
	int r = 0;

	for (c->n_attached = 0; r == 0 && c->n_attached < c->n_ports; c->n_attached += r == 0)
		r = put_port(c, &c->ports[c->n_attached], put, may_fall);
	return r;
}

/* A frame that a program in native mode redirects is sent by the driver of the other port, whatever
 * the mode of that port is. Most drivers accept it only while they have a native program
 * themselves. */
static const struct bpf_common_port *port_in_the_way(const struct bpf_common *c)
{
	struct port_facts f;

	if (!c->forwards || !bpf_common_any_native(c))
		return NULL;
	for (size_t i = 0; i < c->n_attached; i++)
		if (!c->ports[i].native && (port_check_ask(c->ports[i].ifindex, &f) < 0 ||
					    !f.known || port_check(&f, true).what))
			return &c->ports[i];
	return NULL;
}

static void all_generic(struct bpf_common *c, const struct bpf_common_port *why)
{
	log_kv(LOG_DP, LOG_WARN, "xdp-generic", KV_STR("interface", "all"),
	       KV_STR("why", "packets that native mode sends to this port would be lost"),
	       KV_STR("port", why->name));
	for (size_t i = 0; i < c->n_ports; i++) {
		struct bpf_common_port *p = &c->ports[i];

		if (p->native)
			snprintf(p->refusal, sizeof(p->refusal), "because of %s", why->name);
		p->native = false;
	}
}

static int bpf_common_attach_all(struct bpf_common *c, enum bpf_mode mode)
{
	const struct bpf_common_port *bad;
	int r;

	for (size_t i = 0; i < c->n_ports; i++)
		c->ports[i].native = mode != BPF_MODE_GENERIC;
	r = put_all(c, put_new, mode == BPF_MODE_AUTO);
	bad = r == 0 ? port_in_the_way(c) : NULL;
	if (bad) {
		detach_all(c);
		all_generic(c, bad);
		r = put_all(c, put_new, false);
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

	return r < 0 ? r : bpf_common_attach_all(c, mode);
}

int bpf_common_sweep(const char *dir)
{
	int r = bpf_ours_clear_all(dir, NULL, NULL), e = unpin(dir);

	return r < 0 ? r : e;
}

int bpf_common_check(const char *pins, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	const __u32 *ids[] = { &q.skb_prog_id, &q.drv_prog_id };
	int r = bpf_xdp_query((int)ifindex, 0, &q);

	for (int native = 0; r == 0 && native < 2; native++)
		if (*ids[native] && !bpf_ours(pins, *ids[native])) {
			bpf_ours_foreign(ifindex, *ids[native], native);
			r = -EBUSY;
		}
	return r < 0 ? r : vrf_check(ifindex);
}

/* ---- taking over ---- */

static int replace(const struct bpf_common *c, const struct bpf_common_port *p)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	LIBBPF_OPTS(bpf_xdp_attach_opts, o);
	int r = bpf_xdp_query((int)p->ifindex, 0, &q);
	__u32 id = p->native ? q.drv_prog_id : q.skb_prog_id;

	if (r == 0)
		r = clear_mode(c->pins, p->ifindex, p->native ? q.skb_prog_id : q.drv_prog_id,
			       !p->native);
	if (r < 0)
		return r;
	if (!id)
		return put_new(c, p);
	if (!bpf_ours(c->pins, id)) {
		bpf_ours_foreign(p->ifindex, id, p->native);
		return -EBUSY;
	}
	o.old_prog_fd = bpf_ours_open(c->pins, id);
	if (o.old_prog_fd < 0) /* cannot be opened: replace it without the check */
		return bpf_xdp_attach((int)p->ifindex, p->prog, flag(p->native), NULL);
	r = bpf_xdp_attach((int)p->ifindex, p->prog, flag(p->native) | XDP_FLAGS_REPLACE, &o);
	close(o.old_prog_fd);
	return r;
}

/* Keeps the mode of the attached program. Native, if the port has no program of ours yet. */
static void keep_mode(const struct bpf_common *c, struct bpf_common_port *p)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	p->native = true;
	if (bpf_xdp_query((int)p->ifindex, 0, &q) < 0 || !q.skb_prog_id ||
	    !bpf_ours(c->pins, q.skb_prog_id))
		return;
	p->native = false;
	snprintf(p->refusal, sizeof(p->refusal), "as in the previous instance");
}

static int replace_all(struct bpf_common *c, enum bpf_mode mode)
{
	const struct bpf_common_port *bad;
	int r;

	for (size_t i = 0; i < c->n_ports; i++)
		if (mode == BPF_MODE_AUTO)
			keep_mode(c, &c->ports[i]);
		else
			c->ports[i].native = mode == BPF_MODE_NATIVE;
	r = put_all(c, replace, mode == BPF_MODE_AUTO);
	bad = r == 0 && mode == BPF_MODE_AUTO ? port_in_the_way(c) : NULL;
	if (bad) {
		all_generic(c, bad);
		r = put_all(c, replace, false);
	}
	return r;
}

/* Chooses a suffix for pins that no other file has. Previous instances that were killed have left
 * theirs, which may be the only pins of the attached programs. */
static void pick_next(struct bpf_object *obj, const char *dir, char ret[static NEXT_MAX])
{
	struct bpf_program *p;
	char path[PATH_MAX];
	bool taken = true;

	for (unsigned n = 0; taken; n++) {
		taken = false;
		snprintf(ret, NEXT_MAX, NEXT "%u", n);
		bpf_object__for_each_program(p, obj) taken |=
			access(bpf_common_path_of(path, dir, bpf_program__name(p), ret), F_OK) == 0;
	}
}

/* "ze_core_next0", but not "ze_nexthops", which is a map. */
static bool is_next(const char *name)
{
	const char *at = strncmp(name, "ze_", 3) == 0 ? strstr(name, NEXT) : NULL;
	size_t n = at ? strspn(at + strlen(NEXT), "0123456789") : 0;

	return n && !at[strlen(NEXT) + n];
}

/* Our programs are attached: their pins get the final names, and other pins with such suffixes are
 * removed. The pins serve operators, and a process that may not open programs by their ids;
 * forwarding does not need them. */
static void settle_pins(struct bpf_object *obj, const char *dir, const char *next)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct bpf_program *p;
	struct dirent *e;
	DIR *d;

	bpf_object__for_each_program(p, obj)
	{
		bpf_common_path_of(from, dir, bpf_program__name(p), next);
		bpf_common_path_of(to, dir, bpf_program__name(p), "");
		if (rename(from, to) < 0)
			log_kv(LOG_DP, LOG_WARN, "pin-failed", KV_STR("pin", to), KV_ERRNO(-errno));
	}
	d = opendir(dir);
	while (d && (e = readdir(d)))
		if (is_next(e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

/* At each moment the attached programs are pinned under one of two names. */
int bpf_common_take_over(struct bpf_common *c, struct bpf_object *obj,
			 const struct bpf_common_where *w)
{
	char next[NEXT_MAX];
	int r = keep_ports(c, w->ports, w->n);

	c->pins = strdup(w->pins);
	if (r < 0 || !c->pins)
		return -ENOMEM;
	c->folder = inode_of(w->pins);
	bpf_common_note(obj);
	pick_next(obj, w->pins, next);
	r = pin_programs(obj, w->pins, next);
	if (r < 0)
		return r;
	r = replace_all(c, w->mode);
	if (r == 0)
		settle_pins(obj, w->pins, next);
	return r;
}

/* ---- repair ---- */

static void set_problem(struct bpf_common_port *p, int problem)
{
	__atomic_store_n(&p->problem, problem, __ATOMIC_RELAXED);
}

static bool is_attached(const struct bpf_common_port *p, uint32_t native_id, uint32_t generic_id)
{
	return (p->native ? native_id : generic_id) == p->id;
}

static void heard_vrf(struct bpf_common_port *p, const struct news *n)
{
	if (!n->has_xdp || p->in_vrf == n->in_vrf) /* some notifications lack these fields */
		return;
	p->in_vrf = n->in_vrf;
	vrf_tell(n->name, n->in_vrf);
}

bool bpf_common_heard(struct bpf_common *c, const struct news *n, const char **ret_what)
{
	*ret_what = NULL;
	for (size_t i = 0; n->kind == NEWS_LINK && i < c->n_attached; i++) {
		struct bpf_common_port *p = &c->ports[i];
		unsigned ifindex = __atomic_load_n(&p->ifindex, __ATOMIC_RELAXED);

		if (ifindex != n->ifindex && strcmp(p->name, n->name) != 0)
			continue;
		heard_vrf(p, n);
		if (ifindex == n->ifindex && !n->gone &&
		    (!n->has_xdp || is_attached(p, n->native_id, n->generic_id)))
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

	if (r == 0 && !is_attached(p, q.drv_prog_id, q.skb_prog_id)) {
		p->other = q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
		r = p->other ? -EBUSY :
			       bpf_xdp_attach((int)p->ifindex, p->prog,
					      flag(p->native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
		again = r == 0;
	}
	set_problem(p, r);
	return r < 0 ? r : again;
}

void bpf_common_explain(const struct bpf_common *c, size_t i, struct repair_result *res)
{
	const struct bpf_common_port *p = &c->ports[i];
	char name[BPF_OURS_NAME], why[REPAIR_WHY], cure[REPAIR_WHY];

	bpf_ours_name(p->other, name);
	snprintf(why, sizeof(why), "another XDP program is attached to %s: name %s, id %u", p->name,
		 name, p->other);
	snprintf(cure, sizeof(cure),
		 "see bpftool prog show id %u; detach it: ip link set dev %s xdp off", p->other,
		 p->name);
	repair_explain(res, why, cure);
}

void bpf_common_handover(struct bpf_common *c)
{
	free(c->pins);
	free(c->ports);
	*c = (struct bpf_common){ .ports = NULL };
}

void bpf_common_done(struct bpf_common *c)
{
	detach_all(c);
	if (c->pins && inode_of(c->pins) == c->folder) /* otherwise ours was removed by hand */
		unpin(c->pins);
	bpf_common_handover(c);
}

/* ---- libbpf's messages ---- */

/* A message of the verifier has many lines: one log line each. */
ZE_PRINTF(2, 0)
static int bpf_common_say(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *line, *rest;

	if (level != LIBBPF_WARN || vasprintf(&text, format, args) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_kv(LOG_DP, LOG_WARN, "libbpf-message", KV_STR("text", line));
	free(text);
	return 0;
}

void bpf_common_log(void)
{
	libbpf_set_print(bpf_common_say);
}

/* ---- counters ---- */

int bpf_common_sum(int map, uint32_t key, uint64_t *ret, size_t n)
{
	int cpus = libbpf_num_possible_cpus(), r;
	uint64_t *rows;

	if (cpus < 0)
		return cpus;
	rows = calloc((size_t)cpus * n, sizeof(*rows));
	r = rows ? bpf_try_get(map, &key, rows) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		ret[i] = 0;
		for (int c = 0; c < cpus; c++)
			ret[i] += rows[(size_t)c * n + i];
	}
	free(rows);
	return r;
}

/* The next key is read before the entry is deleted. */
unsigned bpf_common_prune(int map, bpf_common_keep *keep, void *self)
{
	uint8_t key[BPF_COMMON_KEY] = { 0 }, next[BPF_COMMON_KEY] = { 0 };
	bool more = bpf_try_next(map, NULL, key) == 0;
	unsigned n = 0;

	while (more) {
		more = bpf_try_next(map, key, next) == 0;
		if (keep(self, key))
			n++;
		else
			bpf_try_del(map, key);
		memcpy(key, next, sizeof(key));
	}
	return n;
}
