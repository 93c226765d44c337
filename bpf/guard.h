/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Decides which packets reach the daemon, before an skb is allocated. At a local endpoint only
 * these are accepted:
 *
 *   a message of a tunnel                its id is known and the sender is its peer; at the rate of
 *                                        control messages per tunnel, and of PPP frames per session
 *   tunnel id 0, from a known source     it has or had an established tunnel; at a rate per source
 *   tunnel id 0, from an unknown source  at a rate per source, and at one for all of them together
 *
 * Malformed messages are dropped, and messages to tunnel id 0 from sources that allow-from does not
 * list. An address is easily forged, an established tunnel is not: its peer has answered a message
 * that only the owner of the address receives. The daemon checks everything again: fragments and
 * packets with IP options are only checked in part here, and in the kernel plane there may be no
 * program at all. For the BPF side only.
 */
#pragma once

#include "bpf/guard_maps.h"
#include "bpf/outer.h"
#include "bpf/police.h"

/* A wildcard endpoint matches every local address: those that the FIB does not forward to. */
ZE_INLINE bool is_local(struct xdp_md *ctx, const struct outer *o)
{
	struct bpf_fib_lookup p = { .family = AF_INET4, .ifindex = ctx->ingress_ifindex };
	long r;

	if (o->family == 6) {
		p.family = AF_INET6;
		copy_ip(p.ipv6_src, o->src, true);
		copy_ip(p.ipv6_dst, o->dst, true);
	} else {
		copy_ip(&p.ipv4_src, o->src, false);
		copy_ip(&p.ipv4_dst, o->dst, false);
	}
	r = bpf_fib_lookup(ctx, &p, sizeof(p), 0);
	/* On a device that does not forward, packets to other addresses are dropped by the stack
	 * anyway. */
	return r == BPF_FIB_LKUP_RET_NOT_FWDED || r == BPF_FIB_LKUP_RET_FWD_DISABLED;
}

ZE_INLINE bool is_endpoint(struct xdp_md *ctx, const struct outer *o)
{
	struct ze_addr_key k = { .port = o->dport, .family = o->family };

	if (bpf_map_lookup_elem(&ze_endpoints, &k))
		return is_local(ctx, o);
	copy_ip(k.ip, o->dst, o->family == 6);
	return bpf_map_lookup_elem(&ze_endpoints, &k);
}

ZE_INLINE bool is_peer(const struct ze_tunnel *t, const struct outer *o)
{
	return t->family == o->family && t->peer_port == o->sport && same4(t->peer, o->src) &&
	       (o->family == 4 || same16(t->peer, o->src));
}

/* Like ze_gcra(), in the upper bits of the word of a session. */
ZE_INLINE enum ze_verdict charge_call(__u64 *word, __u16 tid, const struct ze_limits *l)
{
	__u64 now = bpf_ktime_get_ns() >> ZE_CALL_UNIT;

	for (int i = 0; i < 4; i++) {
		__u64 old = *(volatile __u64 *)word;
		__u64 tat = old >> ZE_CALL_SHIFT;

		if ((__u16)old != tid)
			return ZE_V_DROP_UNKNOWN;
		if (tat < now)
			tat = now;
		if (tat > now + l->frame_burst)
			return ZE_V_DROP_PPP_RATE;
		if (__sync_val_compare_and_swap(word, old,
						(old & (ZE_CALL_CARRIED | 0xffff)) |
							(tat + l->frame_cost) << ZE_CALL_SHIFT) ==
		    old)
			break;
	}
	return ZE_V_PASS_PPP;
}

/* A data message from the peer of its tunnel: its session must be known, and a frame for the daemon
 * is limited to the rate of a session. */
ZE_INLINE enum ze_verdict guard_frame(__u16 tid, __u16 sid, enum ze_verdict v)
{
	__u32 k = sid, zero = 0;
	const struct ze_limits *l = bpf_map_lookup_elem(&ze_limits, &zero);
	__u64 *word = bpf_map_lookup_elem(&ze_calls, &k);
	enum ze_verdict charged;

	if (!l || !word)
		return v;
	if (v == ZE_V_PASS_DATA && *word & ZE_CALL_CARRIED && (__u16)*word == tid)
		return v;
	charged = charge_call(word, tid, l);
	return charged == ZE_V_PASS_PPP ? v : charged;
}

ZE_INLINE enum ze_verdict guard_control(struct ze_peer *t)
{
	__u32 zero = 0;
	const struct ze_limits *l = bpf_map_lookup_elem(&ze_limits, &zero);

	if (l && !ze_gcra(&t->tat, l->control_cost_ns, l->control_burst_ns, bpf_ktime_get_ns()))
		return ZE_V_DROP_CONTROL_RATE;
	return ZE_V_PASS_CONTROL;
}

ZE_INLINE bool is_allowed(const struct outer *o)
{
	struct ze_allow k = { .family = (__u8)o->family };

	k.prefixlen = ZE_ALLOW_BITS + (o->family == 6 ? 128 : 32);
	copy_ip(k.ip, o->src, o->family == 6);
	return bpf_map_lookup_elem(&ze_allowed, &k);
}

/* The bucket of a source in one of the two maps; created when missing. */
ZE_INLINE struct ze_source *bucket(void *map, const struct ze_addr_key *k)
{
	const struct ze_source fresh = { 0 };
	struct ze_source *s = bpf_map_lookup_elem(map, k);

	if (s)
		return s;
	bpf_map_update_elem(map, k, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, k);
}

/* RFC 2661 uses tunnel id 0 for an SCCRQ, and for a StopCCN of a peer that has not received our
 * id. */
ZE_INLINE enum ze_verdict guard_setup(const struct outer *o)
{
	struct ze_addr_key k = { .family = o->family };
	__u64 now = bpf_ktime_get_ns();
	struct ze_source *s;
	struct ze_limits *l;
	__u32 zero = 0;

	l = bpf_map_lookup_elem(&ze_limits, &zero);
	if (!l)
		return ZE_V_PASS_CONTROL;
	if (l->listed && !is_allowed(o))
		return ZE_V_DROP_DENIED;
	copy_ip(k.ip, o->src, o->family == 6);
	s = bpf_map_lookup_elem(&ze_answered, &k);
	if (!s && bpf_map_lookup_elem(&ze_established, &k))
		s = bucket(&ze_answered, &k);
	if (s)
		return ze_gcra(&s->tat, l->known_cost_ns, l->known_burst_ns, now) ?
			       ZE_V_PASS_CONTROL :
			       ZE_V_DROP_SOURCE_RATE;
	s = bucket(&ze_sources, &k);
	if (s && !ze_gcra(&s->tat, l->source_cost_ns, l->source_burst_ns, now))
		return ZE_V_DROP_SOURCE_RATE;
	if (l->total_cost_ns && !ze_gcra(&l->total_tat, l->total_cost_ns, l->total_burst_ns, now))
		return ZE_V_DROP_SETUP_RATE;
	return ZE_V_PASS_CONTROL;
}

/* Skips the IPv6 extension headers that the stack accepts, or IPv4 options. Returns true at the
 * beginning of a UDP datagram. */
ZE_INLINE bool skip_options(struct ze_cursor *c, const __u8 *ip, bool v6)
{
	__u8 next = ip[6];
	const __u8 *p;

	if (!v6) {
		c->off += (ip[0] & 0xf) * 4 - sizeof(struct iphdr);
		return ip[9] == IPPROTO_UDP && !(((ip[6] & 0x1f) << 8) | ip[7]);
	}
	for (int i = 0; i < 4 && next != IPPROTO_UDP; i++) {
		p = ze_take(c, 8);
		if (!p || !is_extension(next))
			return false;
		if (next == IPPROTO_FRAGMENT && (p[2] | (p[3] & 0xf8)))
			return false;
		if (next != IPPROTO_FRAGMENT)
			c->off += p[1] * 8u;
		next = p[0];
	}
	return next == IPPROTO_UDP;
}

/* A fragment, or a packet with options: the stack reassembles it, and the daemon checks it. The
 * first fragment to a local endpoint counts as a message to tunnel id 0, unless the source has an
 * established tunnel. v6 is constant at compile time. */
ZE_INLINE enum ze_verdict guard_odd(struct xdp_md *ctx, struct ze_cursor *c, bool v6,
				    enum ze_verdict v)
{
	const __u8 *ip = ze_take(c, v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	struct outer o = { .family = v6 ? 6 : 4 };
	struct ze_addr_key k = { .family = o.family };
	const struct udphdr *udp;
	enum ze_verdict setup;

	if (!ip || !skip_options(c, ip, v6))
		return v;
	udp = (const void *)ze_take(c, sizeof(*udp));
	if (!udp)
		return v;
	o.src = ip + (v6 ? 8 : 12);
	o.dst = ip + (v6 ? 24 : 16);
	o.dport = bpf_ntohs(udp->dest);
	copy_ip(k.ip, o.src, v6);
	if (!is_endpoint(ctx, &o) || bpf_map_lookup_elem(&ze_established, &k))
		return v;
	setup = guard_setup(&o);
	return setup < ZE_V_DROP_SHORT ? v : setup;
}

/* Global functions like guard(), so that the verifier checks them once and not once per call
 * path. */
__noinline enum ze_verdict guard_odd4(struct xdp_md *ctx, enum ze_verdict v)
{
	struct ze_cursor c = cursor(ctx);

	ethertype(&c);
	return guard_odd(ctx, &c, false, v);
}

__noinline enum ze_verdict guard_odd6(struct xdp_md *ctx, enum ze_verdict v)
{
	struct ze_cursor c = cursor(ctx);

	ethertype(&c);
	return guard_odd(ctx, &c, true, v);
}

/* Everything that is not a complete plain datagram, by its verdict. */
ZE_INLINE enum ze_verdict guard_other(struct xdp_md *ctx, __u16 proto, enum ze_verdict v)
{
	if (v == ZE_V_PASS)
		return v;
	return proto == ETH_P_IPV6 ? guard_odd6(ctx, v) : guard_odd4(ctx, v);
}

/* The same rule as the sockets: UDP over IPv6 needs a checksum unless configured otherwise. */
ZE_INLINE bool must_have_checksum(const struct outer *o)
{
	__u32 zero = 0;
	const struct ze_limits *l;

	if (!o->unchecked)
		return false;
	l = bpf_map_lookup_elem(&ze_limits, &zero);
	return l && !l->zero_checksum;
}

ZE_INLINE enum ze_verdict guard_datagram(struct xdp_md *ctx, const struct outer *o, __u32 ids,
					 enum ze_verdict v)
{
	__u16 k = (__u16)ids;
	struct ze_peer *t;
	bool peer;

	t = v < ZE_V_DROP_SHORT ? bpf_map_lookup_elem(&ze_tunnels, &k) : NULL;
	peer = t && is_peer(&t->path, o);
	if (must_have_checksum(o) && is_endpoint(ctx, o))
		return ZE_V_DROP_CHECKSUM;
	if (peer)
		return v == ZE_V_PASS_CONTROL ? guard_control(t) :
						guard_frame(k, (__u16)(ids >> 16), v);
	if (!is_endpoint(ctx, o))
		return ZE_V_PASS;
	if (v >= ZE_V_DROP_SHORT)
		return v;
	if (v == ZE_V_PASS_CONTROL && !k)
		return guard_setup(o);
	return t ? ZE_V_DROP_PEER : ZE_V_DROP_UNKNOWN;
}

/* Decides about a datagram. v is the result of its headers: DROP_x is a refusal at local endpoints,
 * PASS_x depends on the sender. The sender is read again here; otherwise forwarding would have to
 * keep it in memory. l3 is from l3_of(); ids: the tunnel id in the lower half, the session id in
 * the upper. */
__noinline enum ze_verdict guard(struct xdp_md *ctx, __u32 l3, __u32 ids, enum ze_verdict v)
{
	struct ze_cursor c = cursor(ctx);
	struct outer o = { 0 };

	c.off = l3 & ~L3_V6;
	if (l3 & L3_V6)
		return reread_outer(&c, true, &o) ? guard_datagram(ctx, &o, ids, v) : ZE_V_PASS;
	return reread_outer(&c, false, &o) ? guard_datagram(ctx, &o, ids, v) : ZE_V_PASS;
}
