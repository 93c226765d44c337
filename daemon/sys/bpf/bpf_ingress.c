/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_ingress.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/addr.h"
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

union ingress_net {
	struct ze_lpm4 v4;
	struct ze_lpm6 v6;
};

/* The descriptor of the map of the network, and its key there. */
static int ingress_net_of(const struct bpf_ingress *p, const struct ze_prefix *net,
			  union ingress_net *ret)
{
	*ret = (union ingress_net){ .v6.prefixlen = net->len };
	if (net->addr.family == 4) {
		memcpy(ret->v4.ip, net->addr.ip, sizeof(ret->v4.ip));
		return bpf_map__fd(p->skel->maps.ze_nets4);
	}
	memcpy(ret->v6.ip, net->addr.ip, sizeof(ret->v6.ip));
	return bpf_map__fd(p->skel->maps.ze_nets6);
}

int bpf_ingress_net_set(struct bpf_ingress *p, const struct ze_prefix *net, int ifindex)
{
	union ingress_net key;
	int fd = ingress_net_of(p, net, &key);

	return bpf_try_put(fd, &key, &ifindex, BPF_ANY);
}

void bpf_ingress_net_unset(struct bpf_ingress *p, const struct ze_prefix *net, int ifindex)
{
	union ingress_net key;
	int fd = ingress_net_of(p, net, &key), there;

	if (bpf_try_get(fd, &key, &there) == 0 && there == ifindex)
		bpf_try_del(fd, &key);
}

int bpf_ingress_prog_fd(const struct bpf_ingress *p)
{
	return bpf_program__fd(p->skel->progs.ze_ingress);
}
