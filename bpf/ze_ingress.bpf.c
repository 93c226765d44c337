/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checks packets that arrive on a subscriber's interface of the kernel plane: one program, generic
 * XDP on every pppN. Drops packets whose source is neither the subscriber's nor in a network behind
 * him (BCP 38), or that exceed the upload rate. Packets begin with the IP header, so that octets are IP octets. Not a tc filter: XDP
 * needs one request under RTNL; a qdisc and a filter would be two more expensive ones.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_helpers.h>

#include "bpf/frame.h"
#include "bpf/police.h"
#include "bpf/ze_bpf.h"

/* Subscribers by interface index. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ze_ingress);
} ze_upload SEC(".maps");

/* Interfaces of subscribers by networks behind them. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_NETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_lpm4);
	__type(value, __u32);
} ze_nets4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_NETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_lpm6);
	__type(value, __u32);
} ze_nets6 SEC(".maps");

/* For a source that is not the subscriber's address. */
static __noinline bool is_net4(__u32 src, __u32 ifindex)
{
	struct ze_lpm4 k = { .prefixlen = 32 };
	const __u32 *to;

	__builtin_memcpy(k.ip, &src, sizeof(k.ip));
	to = bpf_map_lookup_elem(&ze_nets4, &k);
	return to && *to == ifindex;
}

static __noinline bool is_net6(const __u64 *src, __u32 ifindex)
{
	struct ze_lpm6 k = { .prefixlen = 128 };
	const __u32 *to;

	if (!src)
		return false;
	copy_ip(k.ip, src, true);
	to = bpf_map_lookup_elem(&ze_nets6, &k);
	return to && *to == ifindex;
}

ZE_INLINE bool is_own4(const struct iphdr *ip, const struct ze_ingress *p, __u32 ifindex)
{
	const __u32 *ours = (const void *)p->ip4;

	return *ours && (ip->saddr == *ours || is_net4(ip->saddr, ifindex));
}

ZE_INLINE bool is_own6(const struct ipv6hdr *ip, const struct ze_ingress *p, __u32 ifindex)
{
	const __u64 *ours = (const void *)p->ifid;
	__u64 src[2];

	__builtin_memcpy(src, &ip->saddr, sizeof(src));
	return *ours && (is_own_link6(src[0], src[1], *ours, *(const __u8 *)&ip->daddr) ||
			 is_net6(src, ifindex));
}

ZE_INLINE bool is_own(const struct xdp_md *ctx, const struct ze_ingress *p)
{
	const struct iphdr *ip4 = (const void *)(long)ctx->data;
	const struct ipv6hdr *ip6 = (const void *)ip4;
	const void *end = (const void *)(long)ctx->data_end;

	if ((const void *)(ip4 + 1) > end)
		return false;
	if (ip4->version == 4)
		return is_own4(ip4, p, ctx->ingress_ifindex);
	return ip4->version == 6 && (const void *)(ip6 + 1) <= end &&
	       is_own6(ip6, p, ctx->ingress_ifindex);
}

SEC("xdp")
int ze_ingress(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex, octets = frame_len(ctx);
	struct ze_ingress *p = bpf_map_lookup_elem(&ze_upload, &ifindex);

	if (!p)
		return XDP_DROP; /* the session is being removed */
	if (!is_own(ctx, p)) {
		__sync_fetch_and_add(&p->spoofed, 1);
		return XDP_DROP;
	}
	if (p->cost && !ze_conforms(&p->tat, p->cost, octets, bpf_ktime_get_ns())) {
		__sync_fetch_and_add(&p->policed, 1);
		return XDP_DROP;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
