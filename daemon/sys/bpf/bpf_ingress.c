/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_ingress.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/bpf/bpf_try.h"
#include "ze_ingress.skel.h"

struct bpf_ingress {
	struct ze_ingress_bpf *skel;
};

static int upload_fd(const struct bpf_ingress *p)
{
	return bpf_map__fd(p->skel->maps.ze_upload);
}

int bpf_ingress_open(struct bpf_ingress **ret)
{
	struct bpf_ingress *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->skel = ze_ingress_bpf__open();
	r = p->skel ? ze_ingress_bpf__load(p->skel) : -ENOMEM;
	if (r < 0) {
		bpf_ingress_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

void bpf_ingress_close(struct bpf_ingress *p)
{
	if (!p)
		return;
	ze_ingress_bpf__destroy(p->skel);
	free(p);
}

int bpf_ingress_get(const struct bpf_ingress *p, int ifindex, struct ze_ingress *ret)
{
	return bpf_try_get(upload_fd(p), &ifindex, ret);
}

int bpf_ingress_set(struct bpf_ingress *p, int ifindex, const struct ze_ingress *v)
{
	return bpf_try_put(upload_fd(p), &ifindex, v, BPF_ANY);
}

void bpf_ingress_unset(struct bpf_ingress *p, int ifindex)
{
	bpf_try_del(upload_fd(p), &ifindex);
}

int bpf_ingress_prog_fd(const struct bpf_ingress *p)
{
	return bpf_program__fd(p->skel->progs.ze_ingress);
}
