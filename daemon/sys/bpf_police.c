/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf_police.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/gcra.h"
#include "ze_tc.skel.h"

struct bpf_police {
	struct ze_tc_bpf *skel;
};

static int upload_fd(const struct bpf_police *p)
{
	return bpf_map__fd(p->skel->maps.upload);
}

int bpf_police_open(struct bpf_police **ret)
{
	struct bpf_police *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->skel = ze_tc_bpf__open();
	r = p->skel ? ze_tc_bpf__load(p->skel) : -ENOMEM;
	if (r < 0) {
		bpf_police_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

void bpf_police_close(struct bpf_police *p)
{
	if (!p)
		return;
	ze_tc_bpf__destroy(p->skel);
	free(p);
}

int bpf_police_set(struct bpf_police *p, int ifindex, const struct gcra *g)
{
	struct ze_police v = { 0 };

	bpf_police_read(p, ifindex, &v);
	v.cost = g->cost;
	v.burst_ns = g->burst_ns;
	return bpf_map_update_elem(upload_fd(p), &ifindex, &v, BPF_ANY);
}

void bpf_police_unset(struct bpf_police *p, int ifindex)
{
	bpf_map_delete_elem(upload_fd(p), &ifindex);
}

int bpf_police_read(const struct bpf_police *p, int ifindex, struct ze_police *ret)
{
	return bpf_map_lookup_elem(upload_fd(p), &ifindex, ret);
}

int bpf_police_attach(struct bpf_police *p, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = 1, .priority = 1, .flags = BPF_TC_F_REPLACE,
		    .prog_fd = bpf_police_prog_fd(p));
	int r = bpf_tc_hook_create(&hook);

	return r < 0 && r != -EEXIST ? r : bpf_tc_attach(&hook, &o);
}

void bpf_police_detach(struct bpf_police *p, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	(void)p;
	bpf_tc_hook_destroy(&hook);
}

int bpf_police_prog_fd(const struct bpf_police *p)
{
	return bpf_program__fd(p->skel->progs.ze_police);
}
