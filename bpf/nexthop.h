/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Finds the next hop of a packet and writes its Ethernet header: by the FIB as from ze0, or to the
 * stack through ze0p. Next hops are cached per CPU and destination (with routing rules, also by
 * source and TOS) until the daemon reports a change, and at most for ZE_FRESH_NS (100 ms):
 * forwarding stays correct while no daemon runs.
 *
 * The outer packet of a tunnel is limited by the MTU of the device alone, not by what the kernel
 * has learned about the path, because the ICMP messages it learns from can be forged. A router on
 * the way may fragment it, see struct ze_routing. For the BPF side only.
 */
#pragma once

#include "bpf/outer.h"
#include "bpf/ze_bpf.h"
#include "bpf/ze_maps.h"

const volatile struct ze_conf conf;

struct flow { /* the packet to look up in the FIB */
	__u32 src[4], dst[4];
	__u32 tos; /* IPv4 TOS, or FLOW_OUTER */
	__u16 len, family;
};

#define FLOW_OUTER 0x100u /* an outer packet, whose TOS is 0 */
#define HOP_OUTER  0x10u  /* flag in the family of a next hop: for outer packets */

ZE_INLINE __u8 kind_of(const struct flow *f, bool v6)
{
	return (__u8)((v6 ? 6 : 4) | (f->tos & FLOW_OUTER ? HOP_OUTER : 0));
}

ZE_INLINE bool same_ip(const void *a, const void *b, bool v6)
{
	return same4(a, b) && (!v6 || same16(a, b));
}

/* later: the maximum of now and ze_routing.void_ns. */
ZE_INLINE bool fresh(const struct ze_nexthop *n, const struct flow *f, bool v6, bool rules,
		     __u64 later)
{
	return n->until_ns > later && n->family == kind_of(f, v6) && same_ip(n->dst, f->dst, v6) &&
	       (!rules || (n->tos == (__u8)f->tos && same_ip(n->src, f->src, v6)));
}

ZE_INLINE __u16 tag_of(const struct ze_vlan *v, int i)
{
	return v->proto[i] ? make_tag(v->proto[i], v->vid[i]) : 0;
}

/* Sets the port and tags for a device that the FIB returned; n->mtu is the MTU of the route. False:
 * it is neither a port nor a VLAN device on one. */
ZE_INLINE bool out_of(struct ze_nexthop *n, __u32 ifindex)
{
	const struct ze_vlan *v;

	n->ifindex = ifindex;
	n->tag[0] = n->tag[1] = 0;
	if (bpf_map_lookup_elem(&ze_ports, &ifindex))
		return true;
	v = bpf_map_lookup_elem(&ze_vlans, &ifindex);
	if (!v)
		return false;
	n->ifindex = v->port;
	n->tag[0] = tag_of(v, 0);
	n->tag[1] = tag_of(v, 1);
	if (n->mtu > v->mtu)
		n->mtu = v->mtu;
	return true;
}

ZE_INLINE void remember(struct ze_nexthop *n, const struct flow *f, __u64 now)
{
	__builtin_memcpy(n->src, f->src, 16);
	__builtin_memcpy(n->dst, f->dst, 16);
	n->family = kind_of(f, f->family == 6);
	n->tos = (__u8)f->tos;
	n->until_ns = now + ZE_FRESH_NS;
}

/* True for a blackhole route: packets are dropped without an ICMP message. */
ZE_INLINE bool is_blackhole(const struct ze_nexthop *n)
{
	return n && !n->ifindex;
}

/* The MTU of a device; 0 when it does not exist any more. */
ZE_INLINE __u16 device_mtu(struct xdp_md *ctx, __u32 ifindex)
{
	__u32 mtu = 1; /* also an input: 0 would be the length of the frame */

	return bpf_check_mtu(ctx, ifindex, &mtu, 0, 0) < 0 ? 0 : mtu > 0xffff ? 0xffff : (__u16)mtu;
}

/* NULL: the packet is passed to the stack. */
static __noinline struct ze_nexthop *fib(struct xdp_md *ctx, const struct flow *f,
					 struct ze_nexthop *n, __u64 now)
{
	struct bpf_fib_lookup p = { .family = AF_INET4 };
	long r;

	if (!f || !n)
		return NULL;
	p.ifindex = conf.ze0;
	p.tot_len = f->tos & FLOW_OUTER ? 0 : f->len; /* 0: any length */
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
	r = bpf_fib_lookup(ctx, &p, sizeof(p), 0);
	if (r == BPF_FIB_LKUP_RET_BLACKHOLE) {
		n->ifindex = 0;
		n->mtu = 0xffff;
		remember(n, f, now);
		return n;
	}
	if (r != BPF_FIB_LKUP_RET_SUCCESS)
		return NULL;
	n->mtu = f->tos & FLOW_OUTER ? device_mtu(ctx, p.ifindex) : p.mtu_result;
	if (p.ifindex == conf.ze0p || !out_of(n, p.ifindex))
		return NULL;
	__builtin_memcpy(n->dmac, p.dmac, ETH_ALEN);
	__builtin_memcpy(n->smac, p.smac, ETH_ALEN);
	remember(n, f, now);
	return f->len <= n->mtu ? n : NULL;
}

/* The FIB is needed seldom. Only then the flow is copied to memory; otherwise it stays in
 * registers. */
ZE_INLINE struct ze_nexthop *ask_fib(struct xdp_md *ctx, const struct flow *f, bool v6,
				     struct ze_nexthop *n, __u64 now)
{
	struct flow q = { .tos = f->tos, .len = f->len, .family = v6 ? 6 : 4 };

	copy_ip(q.src, f->src, v6);
	copy_ip(q.dst, f->dst, v6);
	return fib(ctx, &q, n, now);
}

ZE_INLINE const struct ze_routing *how_to_route(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&ze_routing, &zero);
}

/* v6 is the family of f. Of an IPv4 flow only the first word of each address is used. */
ZE_INLINE struct ze_nexthop *nexthop(struct xdp_md *ctx, const struct flow *f, bool v6,
				     const struct ze_routing *r, __u64 now)
{
	__u32 h = f->dst[0] * 0x85ebca6bu, i;
	bool rules = r && r->by_rules;
	struct ze_nexthop *n;

	if (v6)
		h ^= f->dst[1] ^ f->dst[3] * 0xc2b2ae35u;
	if (rules)
		h ^= f->src[0] ^ (v6 ? f->src[3] : 0);
	i = (h * 0x9e3779b1u) >> 22;
	n = bpf_map_lookup_elem(&ze_nexthops, &i);
	if (!n)
		return NULL;
	if (fresh(n, f, v6, rules, r && r->void_ns > now ? r->void_ns : now))
		return f->len <= n->mtu ? n : NULL;
	return ask_fib(ctx, f, v6, n, now);
}

/* Writes a tag: TPID and VLAN id; the priority is 0. */
ZE_INLINE __u16 *write_tag(__u16 *w, __u16 tag)
{
	*w++ = tag & ZE_TAG_AD ? bpf_htons(ETH_P_8021AD) : bpf_htons(ETH_P_8021Q);
	*w++ = bpf_htons(tag & ZE_TAG_VID);
	return w;
}

/* Writes both MAC addresses at p, which has room for 12 octets. */
ZE_INLINE void write_macs(void *p, const struct ze_nexthop *n)
{
	const __u32 *from = (const void *)n->dmac;
	__u32 *to = p;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/* Like send_to(), with tags between the addresses and the protocol. */
static __noinline int send_tagged(struct xdp_md *ctx, const struct ze_nexthop *n, __u16 proto)
{
	__u16 *w;
	__u8 *p;

	if (!n || bpf_xdp_adjust_head(ctx, n->tag[1] ? -2 * VLAN_LEN : -VLAN_LEN))
		return XDP_DROP;
	p = (__u8 *)(long)ctx->data;
	if (p + ETH_HLEN + 2 * VLAN_LEN > frame_end(ctx))
		return XDP_DROP;
	write_macs(p, n);
	w = write_tag((void *)(p + 2 * ETH_ALEN), n->tag[0]);
	if (n->tag[1])
		w = write_tag(w, n->tag[1]);
	*w = proto;
	return (int)bpf_redirect_map(&ze_ports, n->ifindex, 0);
}

/* Writes the Ethernet header of a packet that starts 14 octets after data, and redirects the frame
 * to the next hop; n NULL: to the stack. */
ZE_INLINE int send_to(struct xdp_md *ctx, const struct ze_nexthop *n, __u16 proto)
{
	__u8 *p = (__u8 *)(long)ctx->data;

	if (n && n->tag[0])
		return send_tagged(ctx, n, proto);
	if (p + ETH_HLEN > frame_end(ctx))
		return XDP_DROP;
	*(__u16 *)(p + 2 * ETH_ALEN) = proto;
	if (n) {
		write_macs(p, n);
		return (int)bpf_redirect_map(&ze_ports, n->ifindex, 0);
	}
	for (int i = 0; i < ETH_ALEN; i++) {
		p[i] = conf.ze0_mac[i];
		p[ETH_ALEN + i] = conf.ze0p_mac[i];
	}
	return (int)bpf_redirect_map(&ze_ports, conf.ze0p, 0);
}

/* Decrements TTL or hop limit of an IPv4 or IPv6 header; RFC 1624 for the checksum. */
ZE_INLINE void hop(__u8 *p, bool v6)
{
	struct iphdr *ip = (void *)p;
	__u32 sum;

	if (v6) {
		p[7]--;
		return;
	}
	ip->ttl--;
	sum = (__u32)ip->check + bpf_htons(0x0100);
	ip->check = (__u16)(sum + (sum >= 0xffff));
}
