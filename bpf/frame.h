/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lengths, tags and addresses in frames, for every program. Uses no map, because each object that
 * includes the definition of a map would contain it. For the BPF side only.
 */
#pragma once

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>

#include "bpf/parse.h"

#define VLAN_LEN 4
#define PLAIN4	 0x45 /* first octet of an IPv4 header without options */

/* Reads data_end in one instruction; otherwise the compiler keeps the address of the field, which
 * the verifier refuses. */
ZE_INLINE const __u8 *frame_end(const struct xdp_md *ctx)
{
	const __u8 *p;

	__asm__ volatile("%0 = *(u32 *)(%1 + %2)"
			 : "=r"(p)
			 : "r"(ctx), "i"(__builtin_offsetof(struct xdp_md, data_end)));
	return p;
}

ZE_INLINE __u32 frame_len(const struct xdp_md *ctx)
{
	__u64 n = (__u64)frame_end(ctx) - ctx->data;

	__asm__ volatile("" : "+r"(n)); /* keeps it one 64-bit number */
	return (__u32)n;
}

ZE_INLINE bool is_tag(__u16 proto)
{
	return proto == ETH_P_8021Q || proto == ETH_P_8021AD;
}

ZE_INLINE __u16 make_tag(__u16 proto, __u16 vid)
{
	return (__u16)(ZE_TAG_ON | (vid & ZE_TAG_VID) | (proto == ETH_P_8021AD ? ZE_TAG_AD : 0));
}

/* Folds a one's complement sum, which must be below 2^47, to 16 bits. */
ZE_INLINE __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

/* True when the checksum of an IPv4 header without options is right: the sum of its 16-bit words is
 * 0 modulo 65535. */
ZE_INLINE bool is_whole4(const struct iphdr *ip)
{
	const __u32 *w = (const void *)ip;
	__u64 sum = (__u64)w[0] + w[1] + w[2] + w[3] + w[4];

	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	return sum == 0xffff || sum == 0x1fffe;
}

ZE_INLINE bool same4(const void *a, const void *b)
{
	return *(const __u32 *)a == *(const __u32 *)b;
}

ZE_INLINE bool same16(const void *a, const void *b)
{
	const __u32 *x = a, *y = b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/* BCP 38: true when the source (hi and lo halves, in network byte order) is the link-local address
 * with this interface identifier. `to` is the first octet of the destination. Duplicate address
 * detection is allowed, too: from :: to a multicast address. */
ZE_INLINE bool is_own_link6(__u64 hi, __u64 lo, __u64 ifid, __u8 to)
{
	if (hi == bpf_cpu_to_be64(0xfe80ull << 48))
		return lo == ifid;
	return !hi && !lo && to == 0xff;
}

ZE_INLINE void copy_ip(void *to, const void *from, bool v6)
{
	const __u32 *x = from;
	__u32 *y = to;

	y[0] = x[0];
	y[1] = v6 ? x[1] : 0;
	y[2] = v6 ? x[2] : 0;
	y[3] = v6 ? x[3] : 0;
}
