/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_label.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_try.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/repair.h"
#include "ze_label.skel.h"

/* The place of our filter among those of others. */
#define HANDLE	 1
#define PRIORITY 0x7a65

struct port {
	int ifindex;
	char name[16];
	bool made; /* clsact was created by us */
};

struct bpf_label {
	struct ze_label_bpf *skel;
	struct port *ports;
	size_t n;
};

static void detach(const struct port *p)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = p->ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = HANDLE, .priority = PRIORITY);

	bpf_tc_detach(&hook, &o);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	if (p->made)
		bpf_tc_hook_destroy(&hook);
}

/* 0: nothing is at our place; 1: a program of a previous instance; -EBUSY: the filter of another
 * owner. */
static int bpf_label_who_is_there(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = HANDLE, .priority = PRIORITY);
	struct bpf_prog_info info = { 0 };
	libbpf_print_fn_t print = libbpf_set_print(
		NULL); /* most interfaces have no clsact, which libbpf would report */
	__u32 len = sizeof(info);
	int fd, r = bpf_tc_query(&hook, &o);

	libbpf_set_print(print);
	if (r < 0)
		return 0;
	fd = bpf_prog_get_fd_by_id(o.prog_id);
	if (fd < 0)
		return 1; /* without CAP_SYS_ADMIN the place alone decides */
	bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return strcmp(info.name, "ze_label") == 0 ? 1 : -EBUSY;
}

void bpf_label_clear(const char (*uplink)[16], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct port p = { .ifindex = (int)if_nametoindex(uplink[i]) };

		if (p.ifindex && bpf_label_who_is_there(p.ifindex) == 1)
			detach(&p);
	}
}

static int bpf_label_attach(const struct bpf_label *b, const char *name, struct port *ret)
{
	int ifindex = (int)if_nametoindex(name), r;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = HANDLE, .priority = PRIORITY,
		    .flags = BPF_TC_F_REPLACE, .prog_fd = bpf_label_prog_fd(b));

	if (!ifindex)
		return -ENODEV;
	if (bpf_label_who_is_there(ifindex) < 0)
		return -EBUSY;
	r = bpf_tc_hook_create(&hook);
	snprintf(ret->name, sizeof(ret->name), "%.15s", name);
	ret->ifindex = ifindex;
	ret->made = r == 0;
	if (r == 0 || r == -EEXIST)
		r = bpf_tc_attach(&hook, &o);
	if (r < 0)
		detach(ret);
	return r;
}

static int bpf_label_attach_all(struct bpf_label *b, const char (*uplink)[16], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = bpf_label_attach(b, uplink[i], &b->ports[i]);

		if (r < 0) {
			log_kv(LOG_DP, LOG_ERROR, "label-failed", KV_STR("interface", uplink[i]),
			       KV_ERRNO(r));
			return r;
		}
		b->n++;
	}
	return 0;
}

int bpf_label_open(const char (*uplink)[16], size_t n, struct bpf_label **ret)
{
	struct bpf_label *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->ports = calloc(n + 1, sizeof(*b->ports));
	b->skel = b->ports ? ze_label_bpf__open() : NULL;
	r = b->skel ? ze_label_bpf__load(b->skel) : -ENOMEM;
	if (r == 0)
		r = bpf_label_attach_all(b, uplink, n);
	if (r < 0) {
		bpf_label_close(b);
		return r;
	}
	*ret = b;
	return 0;
}

void bpf_label_close(struct bpf_label *b)
{
	if (!b)
		return;
	while (b->n)
		detach(&b->ports[--b->n]);
	ze_label_bpf__destroy(b->skel);
	free(b->ports);
	free(b);
}

int bpf_label_set(struct bpf_label *b, uint16_t sid, const struct ze_label *l)
{
	return bpf_try_put(bpf_map__fd(b->skel->maps.ze_labels), &sid, l, BPF_ANY);
}

void bpf_label_unset(struct bpf_label *b, uint16_t sid)
{
	bpf_try_del(bpf_map__fd(b->skel->maps.ze_labels), &sid);
}

int bpf_label_prog_fd(const struct bpf_label *b)
{
	return bpf_program__fd(b->skel->progs.ze_label);
}

bool bpf_label_heard(const struct bpf_label *b, const struct news *n)
{
	for (size_t i = 0; i < b->n; i++) {
		bool same = (unsigned)b->ports[i].ifindex == n->ifindex;

		if (n->kind == NEWS_FILTER && same)
			return true;
		if (n->kind == NEWS_LINK &&
		    ((same && n->gone) ||
		     (!same && !n->gone && strcmp(b->ports[i].name, n->name) == 0)))
			return true;
	}
	return false;
}

/* An interface that was created again has another index. */
static int restore(const struct bpf_label *b, struct port *p)
{
	int r = bpf_label_who_is_there(p->ifindex);
	struct port again = { 0 };

	if (r)
		return r < 0 ? r : 0;
	r = bpf_label_attach(b, p->name, &again);
	if (r < 0)
		return r;
	again.made |= p->made && again.ifindex == p->ifindex;
	*p = again;
	return 1;
}

void bpf_label_restore(struct bpf_label *b, struct repair_result *res)
{
	for (size_t i = 0; i < b->n; i++) {
		int r = restore(b, &b->ports[i]);

		if (r)
			repair_note(res, r < 0 ? r : 0, b->ports[i].name);
		if (r == -EBUSY)
			repair_explain(res, "another program's tc filter is in the place of ze's",
				       "tc filter show dev INTERFACE egress, then tc filter del");
		if (r < 0 && r != -ENODEV && r != -EBUSY)
			res->wait = false;
	}
}
