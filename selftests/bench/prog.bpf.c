/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Repetition for BPF_PROG_TEST_RUN: the kernel gives each run the frame as the previous one left
 * it, moved and with other headers. `again` restores it and calls the program that is measured;
 * `nothing` in its place shows the cost of the repetition. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "selftests/bench/prog.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct prog_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

SEC("xdp")
int again(struct xdp_md *ctx)
{
	__u32 zero = 0;
	const struct prog_frame *f = bpf_map_lookup_elem(&frames, &zero);
	__u64 now = (__u64)ctx->data_end - ctx->data, *to;

	/* Otherwise the compiler splits pointers for its arithmetic. */
	__asm__ volatile("" : "+r"(now));
	if (!f || (now != f->len && bpf_xdp_adjust_head(ctx, (int)now - (int)f->len)))
		return XDP_ABORTED;
	to = (void *)(long)ctx->data;
	if ((void *)to + PROG_HEAD > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	for (int i = 0; i < PROG_HEAD / 8; i++)
		to[i] = f->head[i];
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
