/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where a packet goes, and its Ethernet header: by the FIB as from ze0, or to the stack through ze0p. A
 * next hop is remembered by CPU and destination (where routing rules are, by source and TOS, too) for
 * ZE_FRESH_NS. Nobody has to follow the neighbours and routes, so forwarding also stays right while
 * the daemon is down. For the BPF side only.
 */
#pragma once

#include "bpf/outer.h"
#include "bpf/ze_bpf.h"
#include "bpf/ze_maps.h"

const volatile struct ze_conf conf;

struct flow { /* the packet that is looked up in the FIB */
	__u32 src[4], dst[4];
	__u32 tos;
	__u16 len, family;
};

ZE_INLINE bool same_ip(const void *a, const void *b, bool v6)
{
	return same4(a, b) && (!v6 || same16(a, b));
}

ZE_INLINE bool fresh(const struct ze_nexthop *n, const struct flow *f, bool rules, __u64 now)
{
	bool v6 = f->family == 6;

	return n->until_ns > now && n->family == f->family && same_ip(n->dst, f->dst, v6) &&
	       (!rules || (n->tos == (__u8)f->tos && same_ip(n->src, f->src, v6)));
}

/* NULL: the stack knows better. */
static __noinline struct ze_nexthop *fib(struct xdp_md *ctx, const struct flow *f,
					 struct ze_nexthop *n, __u64 now)
{
	struct bpf_fib_lookup p = { .family = AF_INET4 };

	if (!f || !n)
		return NULL;
	p.ifindex = conf.ze0;
	p.tot_len = f->len;
	if (f->family == 6) {
		p.family = AF_INET6;
		__builtin_memcpy(p.ipv6_src, f->src, 16);
		__builtin_memcpy(p.ipv6_dst, f->dst, 16);
	} else {
		p.tos = (__u8)f->tos;
		p.ipv4_src = f->src[0];
		p.ipv4_dst = f->dst[0];
	}
	n->until_ns = 0;
	if (bpf_fib_lookup(ctx, &p, sizeof(p), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return NULL;
	if (!bpf_map_lookup_elem(&ports, &p.ifindex) || p.ifindex == conf.ze0p)
		return NULL;
	__builtin_memcpy(n->src, f->src, 16);
	__builtin_memcpy(n->dst, f->dst, 16);
	n->family = (__u8)f->family;
	n->tos = (__u8)f->tos;
	n->ifindex = p.ifindex;
	n->mtu = p.mtu_result;
	__builtin_memcpy(n->dmac, p.dmac, ETH_ALEN);
	__builtin_memcpy(n->smac, p.smac, ETH_ALEN);
	n->until_ns = now + ZE_FRESH_NS;
	return n;
}

ZE_INLINE struct ze_nexthop *nexthop(struct xdp_md *ctx, const struct flow *f, __u64 now)
{
	__u32 h = f->dst[0] * 0x85ebca6bu ^ f->dst[1] ^ f->dst[3] * 0xc2b2ae35u, i = 0;
	const struct ze_routing *r = bpf_map_lookup_elem(&routing, &i);
	bool rules = r && r->by_rules;
	struct ze_nexthop *n;

	if (rules)
		h ^= f->src[0] ^ f->src[3];
	i = (h * 0x9e3779b1u) >> 22;
	n = bpf_map_lookup_elem(&nexthops, &i);
	if (!n)
		return NULL;
	if (fresh(n, f, rules, now))
		return f->len <= n->mtu ? n : NULL;
	return fib(ctx, f, n, now);
}

/* Writes the Ethernet header of a packet that starts 14 octets behind data. */
ZE_INLINE int send_to(struct xdp_md *ctx, const struct ze_nexthop *n, __u16 proto)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	eth->h_proto = proto;
	if (n) {
		__builtin_memcpy(eth->h_dest, n->dmac, ETH_ALEN);
		__builtin_memcpy(eth->h_source, n->smac, ETH_ALEN);
		return (int)bpf_redirect_map(&ports, n->ifindex, 0);
	}
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = conf.ze0_mac[i];
		eth->h_source[i] = conf.ze0p_mac[i];
	}
	return (int)bpf_redirect_map(&ports, conf.ze0p, 0);
}

/* An IPv4 or IPv6 header behind 14 octets, one hop further. RFC 1624 for the checksum. */
ZE_INLINE void hop(struct xdp_md *ctx, __u16 family, __u32 at)
{
	__u8 *p = (__u8 *)(long)ctx->data + at;
	struct iphdr *ip = (void *)p;
	__u32 sum;

	if (p + sizeof(struct iphdr) > (__u8 *)(long)ctx->data_end)
		return;
	if (family == 6) {
		p[7]--;
		return;
	}
	ip->ttl--;
	sum = (__u32)ip->check + bpf_htons(0x0100);
	ip->check = (__u16)(sum + (sum >= 0xffff));
}
