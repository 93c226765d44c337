/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_show.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_common.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/bpf_redirect.h"

static const char *problem_text(int problem)
{
	switch (problem) {
	case -ENODEV:
		return "the interface does not exist";
	case -ENOENT:
		return "the program was removed";
	case -EBUSY:
		return "another XDP program is attached to the interface";
	default:
		return log_strerror(problem);
	}
}

/* null: the kernel does not report it */
static void show_lost(const struct bpf_redirect *r, unsigned ifindex, struct json *j)
{
	json_key(j, "redirects-lost");
	if (r)
		json_u64(j, bpf_redirect_lost(r, ifindex));
	else
		json_nil(j);
}

static const char *any_problem(const struct bpf_common_port *p, int problem)
{
	if (problem)
		return problem_text(problem);
	if (p->in_vrf)
		return "the interface is in a VRF, which ze does not support";
	return p->refusal[0] ? p->refusal : p->send_problem;
}

static void show_program(const struct bpf_common_port *p, const struct bpf_redirect *r,
			 struct json *j)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	char ifname[IF_NAMESIZE];
	unsigned ifindex = __atomic_load_n(&p->ifindex, __ATOMIC_RELAXED);
	int problem = __atomic_load_n(&p->problem, __ATOMIC_RELAXED);

	if (bpf_obj_get_info_by_fd(p->prog, &info, &len) < 0)
		return;
	json_obj(j);
	json_kstr(j, "program", info.name);
	json_ku64(j, "id", info.id);
	json_kstr(j, "interface", if_indextoname(ifindex, ifname) ? ifname : p->name);
	json_kstr(j, "attach-mode", problem ? NULL : p->native ? "native" : "generic");
	show_lost(r, ifindex, j);
	json_kstr(j, "problem", any_problem(p, problem));
	json_obj_end(j);
}

void bpf_show_programs(const struct bpf_common *c, const struct bpf_redirect *r, struct json *j)
{
	json_key(j, "programs");
	json_arr(j);
	for (size_t i = 0; i < c->n_attached; i++)
		show_program(&c->ports[i], r, j);
	json_arr_end(j);
}

static void show_entries(const char *name, const struct bpf_show_fill *fill, size_t n,
			 struct json *j)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fill[i].map, name) == 0) {
			json_ku64(j, "entries", fill[i].entries);
			return;
		}
	json_key(j, "entries");
	json_nil(j);
}

void bpf_show_maps(const struct bpf_object *obj, const struct bpf_show_fill *fill, size_t n,
		   struct json *j)
{
	char name[BPF_NAMES_LEN];
	const struct bpf_map *m;

	json_key(j, "maps");
	json_arr(j);
	bpf_object__for_each_map(m, obj)
	{
		if (bpf_map__is_internal(m))
			continue;
		json_obj(j);
		json_kstr(j, "map", bpf_names_of(name, bpf_map__name(m)));
		show_entries(name, fill, n, j);
		json_ku64(j, "max-entries", bpf_map__max_entries(m));
		json_obj_end(j);
	}
	json_arr_end(j);
}
