/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parses a frame down to its UDP datagram, for every program on an uplink: Ethernet, VLAN tags,
 * IPv4 or IPv6, UDP. Everything else gets a verdict PASS_x. For the BPF side only.
 */
#pragma once

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/frame.h"
#include "bpf/guard_maps.h"
#include "bpf/parse.h"
#include "bpf/ze_bpf.h"

#define AF_INET4 2
#define AF_INET6 10
#define IP_DF	 0x4000
#define IP_FRAG	 0x3fff /* More Fragments flag and fragment offset */

struct outer {
	const __u8 *src, *dst;
	__u32 len; /* payload of the IP packet; after parse_udp(), of the datagram */
	__u16 sport, dport, family;
	bool unchecked; /* UDP over IPv6 without a checksum; only where both ends agree, RFC 6935 */
};

ZE_INLINE int finish(enum ze_verdict v, int action)
{
	__u32 i = v;
	__u64 *n = bpf_map_lookup_elem(&ze_verdicts, &i);

	if (n)
		++*n;
	return action;
}

ZE_INLINE int passed(enum ze_verdict v)
{
	return finish(v, v < ZE_V_DROP_SHORT ? XDP_PASS : XDP_DROP);
}

ZE_INLINE struct ze_cursor cursor(const struct xdp_md *ctx)
{
	return (struct ze_cursor){ .data = (void *)(long)ctx->data, .end = frame_end(ctx) };
}

/* Returns the protocol of the frame, after at most ZE_TAGS_MAX VLAN tags; 0: truncated, or
 * multicast, which is for the stack. tags: enum ze_tag, the outer one in the lower half. A tag with
 * id 0 has only a priority and is left out. */
ZE_INLINE __u16 ethertype_tags(struct ze_cursor *c, __u32 *tags)
{
	const __u8 *p = ze_take(c, ETH_HLEN);
	__u16 proto, vid;

	if (!p || p[0] & 1)
		return 0;
	proto = (__u16)(p[12] << 8 | p[13]);
	for (int i = 0; i < ZE_TAGS_MAX && is_tag(proto); i++) {
		p = ze_take(c, VLAN_LEN);
		if (!p)
			return 0;
		vid = (__u16)(p[0] << 8 | p[1]) & ZE_TAG_VID;
		if (vid)
			*tags |= (__u32)make_tag(proto, vid) << (*tags ? 16 : 0);
		proto = (__u16)(p[2] << 8 | p[3]);
	}
	return proto;
}

ZE_INLINE __u16 ethertype(struct ze_cursor *c)
{
	__u32 tags = 0;

	return ethertype_tags(c, &tags);
}

ZE_INLINE enum ze_verdict parse_outer4(struct ze_cursor *c, struct outer *o)
{
	const struct iphdr *ip = (const void *)ze_take(c, sizeof(*ip));
	__u8 first = ip ? *(const __u8 *)ip : 0; /* version and header length */

	if (first >> 4 != 4 || ip->protocol != IPPROTO_UDP)
		return ZE_V_PASS;
	if (ip->frag_off & bpf_htons(IP_FRAG))
		return ZE_V_PASS_FRAGMENT;
	if (first != PLAIN4)
		return ZE_V_PASS_OPTIONS;
	if (!is_whole4(ip))
		return ZE_V_PASS;
	o->family = 4;
	o->src = (const void *)&ip->saddr;
	o->dst = (const void *)&ip->daddr;
	o->len = bpf_ntohs(ip->tot_len) - (__u32)sizeof(*ip);
	return ZE_V_UP_FORWARD;
}

/* True for an IPv6 header that is followed by another one. */
ZE_INLINE bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_DSTOPTS;
}

ZE_INLINE enum ze_verdict parse_outer6(struct ze_cursor *c, struct outer *o)
{
	const struct ipv6hdr *ip = (const void *)ze_take(c, sizeof(*ip));

	if (!ip || ip->version != 6)
		return ZE_V_PASS;
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return ZE_V_PASS_FRAGMENT;
	if (ip->nexthdr != IPPROTO_UDP)
		return is_extension(ip->nexthdr) ? ZE_V_PASS_OPTIONS : ZE_V_PASS;
	o->family = 6;
	o->src = (const void *)&ip->saddr;
	o->dst = (const void *)&ip->daddr;
	o->len = bpf_ntohs(ip->payload_len);
	return ZE_V_UP_FORWARD;
}

/* A complete UDP datagram in a complete packet; otherwise it passes, and the stack counts the
 * error. */
ZE_INLINE enum ze_verdict parse_udp(struct ze_cursor *c, struct outer *o)
{
	const struct udphdr *udp;
	__u32 len;

	if (c->bad || o->len > ZE_OFF_MAX || c->data + c->off + o->len > c->end)
		return ZE_V_PASS;
	udp = (const void *)ze_take(c, sizeof(*udp));
	if (!udp)
		return ZE_V_PASS;
	len = bpf_ntohs(udp->len);
	if (len < sizeof(*udp) || len > o->len)
		return ZE_V_PASS;
	o->len = len - (__u32)sizeof(*udp);
	o->sport = bpf_ntohs(udp->source);
	o->dport = bpf_ntohs(udp->dest);
	o->unchecked = o->family == 6 && !udp->check;
	return ZE_V_UP_FORWARD;
}

/* The offset of an outer IP header and its family, in one number. */
#define L3_V6 0x8000u

ZE_INLINE __u32 l3_of(const struct ze_cursor *c, __u16 proto)
{
	return c->off | (proto == ETH_P_IPV6 ? L3_V6 : 0);
}

/* Reads only addresses, ports and checksum of a datagram that parse_outer() has accepted. */
ZE_INLINE bool reread_outer(struct ze_cursor *c, bool v6, struct outer *o)
{
	const __u8 *ip = ze_take(c, v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	const struct udphdr *udp = (const void *)ze_take(c, sizeof(*udp));

	if (!ip || !udp)
		return false;
	o->family = v6 ? 6 : 4;
	o->src = ip + (v6 ? 8 : 12);
	o->dst = ip + (v6 ? 24 : 16);
	o->sport = bpf_ntohs(udp->source);
	o->dport = bpf_ntohs(udp->dest);
	o->unchecked = v6 && !udp->check;
	return true;
}

ZE_INLINE enum ze_verdict parse_outer(struct ze_cursor *c, __u16 proto, struct outer *o)
{
	enum ze_verdict v = ZE_V_PASS;

	if (proto == ETH_P_IP)
		v = parse_outer4(c, o);
	else if (proto == ETH_P_IPV6)
		v = parse_outer6(c, o);
	return v == ZE_V_UP_FORWARD ? parse_udp(c, o) : v;
}
