/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The place of our filter among those of others. */
#define HANDLE	 1
#define PRIORITY 0x7a65

static int bpf_link_info_of(int fd, struct bpf_prog_info *ret)
{
	__u32 len = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return bpf_obj_get_info_by_fd(fd, ret, &len) < 0 ? -errno : 0;
}

/* 0: this program is at our place; 1: there is none, or another program of ours; -EBUSY: the filter
 * of another owner. */
static int bpf_link_who_is_there(const struct bpf_tc_hook *hook, const struct bpf_prog_info *ours)
{
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = HANDLE, .priority = PRIORITY);
	libbpf_print_fn_t print = libbpf_set_print(
		NULL); /* usually there is no clsact yet, which libbpf would report */
	struct bpf_prog_info info;
	int fd, r = bpf_tc_query(hook, &o);

	libbpf_set_print(print);
	if (r < 0)
		return 1;
	if (o.prog_id == ours->id)
		return 0;
	fd = bpf_prog_get_fd_by_id(o.prog_id);
	if (fd < 0)
		return 1; /* without CAP_SYS_ADMIN the place alone decides */
	r = bpf_link_info_of(fd, &info);
	close(fd);
	return r < 0 || strcmp(info.name, ours->name) == 0 ? 1 : -EBUSY;
}

int bpf_link_attach(int prog_fd, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = HANDLE, .priority = PRIORITY,
		    .flags = BPF_TC_F_REPLACE, .prog_fd = prog_fd);
	struct bpf_prog_info info;
	int r = bpf_link_info_of(prog_fd, &info);

	if (r == 0)
		r = bpf_link_who_is_there(&hook, &info);
	if (r <= 0)
		return r;
	r = bpf_tc_hook_create(&hook);
	if (r == 0 || r == -EEXIST)
		r = bpf_tc_attach(&hook, &o);
	return r < 0 ? r : 1;
}
