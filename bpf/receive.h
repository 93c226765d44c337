/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a Linux router drops before it looks up a route, for the programs that forward: frames for
 * another MAC address or another VLAN, and addresses that are never forwarded from or to. The
 * programs pass such packets to the stack, which counts and drops them, and answers where it must.
 * For the BPF side only.
 */
#pragma once

#include "bpf/frame.h"
#include "bpf/outer.h"
#include "bpf/ze_bpf.h"
#include "bpf/ze_maps.h"

ZE_INLINE bool same_mac(const __u8 *a, const __u8 *b)
{
	return *(const __u32 *)a == *(const __u32 *)b &&
	       *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4);
}

/* The row of a port is at its interface index modulo ZE_MACS, or one of the next rows if that is
 * taken. */
ZE_INLINE bool is_to_port(const __u8 *dst, __u32 ifindex)
{
	for (__u32 i = 0; i < ZE_MAC_PROBES; i++) {
		__u32 k = (ifindex + i) % ZE_MACS;
		const struct ze_mac *m = bpf_map_lookup_elem(&ze_macs, &k);

		if (m && m->ifindex == ifindex)
			return same_mac(m->mac, dst);
	}
	return false;
}

__noinline int is_to_vlan(struct xdp_md *ctx, __u32 tags)
{
	struct ze_vlan_key k = { .port = ctx->ingress_ifindex,
				 .tag = { (__u16)tags, (__u16)(tags >> 16) } };
	const struct ze_mac *m = bpf_map_lookup_elem(&ze_vlan_macs, &k);
	const __u8 *dst = (void *)(long)ctx->data;

	if (!m || dst + ETH_ALEN > frame_end(ctx))
		return 0;
	return same_mac(m->mac, dst);
}

/* True for a unicast frame with these tags that the kernel would accept as sent to the host. */
ZE_INLINE bool is_to_us(struct xdp_md *ctx, __u32 tags)
{
	const __u8 *dst = (void *)(long)ctx->data;

	if (tags)
		return is_to_vlan(ctx, tags);
	return dst + ETH_ALEN <= frame_end(ctx) && is_to_port(dst, ctx->ingress_ifindex);
}

/* The protocol (IPv4 or IPv6) of a frame to us without tags, the most common one; 0: any other
 * frame. */
ZE_INLINE __u16 plain_to_us(struct xdp_md *ctx, const struct ze_cursor *c)
{
	const __u8 *p = c->data;
	__u16 proto;

	if (p + ETH_HLEN > c->end)
		return 0;
	proto = ze_be16(p + 2 * ETH_ALEN);
	if (proto != ETH_P_IP && proto != ETH_P_IPV6)
		return 0;
	return is_to_port(p, ctx->ingress_ifindex) ? proto : 0;
}

/* 0.0.0.0/8, 127.0.0.0/8, and everything from 224.0.0.0. (The stack forwards 240.0.0.0/4.) */
ZE_INLINE bool is_martian4(__u32 addr)
{
	__u8 first = (__u8)addr;

	return (__u8)(first - 1) >= 223 || first == 127;
}

/* Link-local and multicast addresses, and ::/64, which contains ::, ::1 and embedded IPv4
 * addresses. */
ZE_INLINE bool is_martian6(const __u32 *a)
{
	return (a[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000) || (__u8)a[0] == 0xff ||
	       !(a[0] | a[1]);
}
