/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The upload policer of the kernel data plane: one program on the clsact ingress of every pppN that
 * has a rate. Packets there begin with IP, so that octets are those of IP.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "bpf/police.h"
#include "bpf/ze_bpf.h"

/* By interface index. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ze_police);
} upload SEC(".maps");

SEC("tc")
int ze_police(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct ze_police *p = bpf_map_lookup_elem(&upload, &ifindex);

	if (!p)
		return TC_ACT_UNSPEC;
	if (!ze_conforms(&p->tat, p->cost, p->burst_ns, skb->len, bpf_ktime_get_ns())) {
		__sync_fetch_and_add(&p->dropped_packets, 1);
		__sync_fetch_and_add(&p->dropped_bytes, skb->len);
		return TC_ACT_SHOT;
	}
	__sync_fetch_and_add(&p->packets, 1);
	__sync_fetch_and_add(&p->bytes, skb->len);
	return TC_ACT_UNSPEC; /* to the filters of others */
}

char _license[] SEC("license") = "Dual BSD/GPL";
