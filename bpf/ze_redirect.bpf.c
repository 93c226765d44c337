/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counts packets that the programs redirected to a port and its driver did not accept: the result
 * of XDP_REDIRECT is only visible to tracepoints. These programs are not in the path of received
 * packets.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/ze_bpf.h"

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

const volatile __u32 ports_id; /* id of the map by which the programs redirect */

/* The map of the XDP programs, which the daemon reuses. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ZE_V__COUNT);
	__type(key, __u32);
	__type(value, __u64);
} ze_verdicts SEC(".maps");

/* Lost packets by interface index; the daemon enters its ports. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} ze_redirects SEC(".maps");

static __always_inline int count_lost(__u32 ifindex, __u64 n)
{
	__u32 v = ZE_V_DROP_REDIRECT;
	__u64 *lost = bpf_map_lookup_elem(&ze_redirects, &ifindex);
	__u64 *all = bpf_map_lookup_elem(&ze_verdicts, &v);

	if (!lost || !all)
		return 0;
	*lost += n;
	*all += n;
	return 0;
}

/* Arguments: dev, prog, tgt, err, map_type, map_id, index. The packet was refused before it was
 * queued. */
SEC("raw_tp/xdp_redirect_err")
int ze_redirect_err(struct bpf_raw_tracepoint_args *ctx)
{
	if ((__u32)ctx->args[5] != ports_id)
		return 0;
	return count_lost((__u32)ctx->args[6], 1);
}

/* Arguments: from_dev, to_dev, sent, drops, err. A queue of packets, of which the driver accepted
 * `sent`. */
SEC("raw_tp/xdp_devmap_xmit")
int ze_devmap_xmit(struct bpf_raw_tracepoint_args *ctx)
{
	const struct net_device *to = (void *)(unsigned long)ctx->args[1];
	int drops = (int)ctx->args[3];

	if (drops <= 0)
		return 0;
	return count_lost((__u32)BPF_CORE_READ(to, ifindex), (__u64)drops);
}

char _license[] SEC("license") = "Dual BSD/GPL";
