/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_redirect.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/bpf/bpf_common.h"
#include "daemon/sys/bpf/bpf_try.h"
#include "ze_redirect.skel.h"

struct bpf_redirect {
	struct ze_redirect_bpf *skel;
};

static int bpf_redirect_load(struct bpf_redirect *r, int ports, int verdicts)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(ports, &info, &len);

	if (err < 0)
		return err;
	r->skel = ze_redirect_bpf__open();
	if (!r->skel)
		return -ENOMEM;
	*(__u32 *)&r->skel->rodata->ports_id = info.id;
	err = bpf_map__reuse_fd(r->skel->maps.ze_verdicts, verdicts);
	if (err == 0)
		err = ze_redirect_bpf__load(r->skel);
	return err < 0 ? err : ze_redirect_bpf__attach(r->skel);
}

int bpf_redirect_open(int ports, int verdicts, struct bpf_redirect **ret)
{
	struct bpf_redirect *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	err = bpf_redirect_load(r, ports, verdicts);
	if (err < 0) {
		bpf_redirect_close(r);
		return err;
	}
	*ret = r;
	return 0;
}

void bpf_redirect_close(struct bpf_redirect *r)
{
	if (!r)
		return;
	ze_redirect_bpf__destroy(r->skel);
	free(r);
}

int bpf_redirect_watch(struct bpf_redirect *r, unsigned ifindex)
{
	int cpus = libbpf_num_possible_cpus(), err;
	__u32 key = ifindex;
	uint64_t *none;

	if (cpus < 0)
		return cpus;
	none = calloc((size_t)cpus, sizeof(*none));
	if (!none)
		return -ENOMEM;
	err = bpf_try_put(bpf_map__fd(r->skel->maps.ze_redirects), &key, none, BPF_NOEXIST);
	free(none);
	return err == -EEXIST ? 0 : err;
}

uint64_t bpf_redirect_lost(const struct bpf_redirect *r, unsigned ifindex)
{
	uint64_t n;

	return bpf_common_sum(bpf_map__fd(r->skel->maps.ze_redirects), ifindex, &n, 1) < 0 ? 0 : n;
}
