/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who may talk to the daemon, decided before there is an skb. To an endpoint of ours comes only
 *
 *   what belongs to a tunnel       its id is known and the sender is its peer
 *   tunnel id 0, from a peer       with an established tunnel: always
 *   tunnel id 0, from a stranger   as fast as one source may, and all of them together
 *
 * and nothing malformed. The daemon checks all of it again: fragments and IP options pass by here, and
 * in the kernel plane there may be no program at all. For the BPF side only.
 */
#pragma once

#include "bpf/guard_maps.h"
#include "bpf/outer.h"
#include "bpf/police.h"

/* A wildcard endpoint is ours on every local address: those the FIB does not forward to. */
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
	/* A device that does not forward has nothing to do with what is not for us. */
	return r == BPF_FIB_LKUP_RET_NOT_FWDED || r == BPF_FIB_LKUP_RET_FWD_DISABLED;
}

ZE_INLINE bool is_endpoint(struct xdp_md *ctx, const struct outer *o)
{
	struct ze_addr_key k = { .port = o->dport, .family = o->family };

	if (bpf_map_lookup_elem(&endpoints, &k))
		return is_local(ctx, o);
	copy_ip(k.ip, o->dst, o->family == 6);
	return bpf_map_lookup_elem(&endpoints, &k);
}

ZE_INLINE bool is_peer(const struct ze_tunnel *t, const struct outer *o)
{
	return t->family == o->family && t->peer_port == o->sport && same4(t->peer, o->src) &&
	       (o->family == 4 || same16(t->peer, o->src));
}

/* RFC 2661 gives tunnel id 0 to SCCRQ, and to a StopCCN of who never heard ours. */
ZE_INLINE enum ze_verdict guard_stranger(const struct outer *o)
{
	const struct ze_source fresh = { 0 };
	struct ze_addr_key k = { .family = o->family };
	__u64 now = bpf_ktime_get_ns();
	struct ze_source *s;
	struct ze_limits *l;
	__u32 zero = 0;

	copy_ip(k.ip, o->src, o->family == 6);
	if (bpf_map_lookup_elem(&established, &k))
		return ZE_V_PASS_CONTROL;
	l = bpf_map_lookup_elem(&limits, &zero);
	s = bpf_map_lookup_elem(&sources, &k);
	if (!s) {
		bpf_map_update_elem(&sources, &k, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&sources, &k);
	}
	if (!l)
		return ZE_V_PASS_CONTROL;
	if (s && !ze_gcra(&s->tat, l->source_cost_ns, l->source_burst_ns, now))
		return ZE_V_DROP_SOURCE_RATE;
	if (l->total_cost_ns && !ze_gcra(&l->total_tat, l->total_cost_ns, l->total_burst_ns, now))
		return ZE_V_DROP_SETUP_RATE;
	return ZE_V_PASS_CONTROL;
}

/* v: what the datagram is, from its headers: DROP_x is a refusal at our endpoints, PASS_x depends on
 * who sent it. That is looked up once more here, or forwarding would have to keep it in memory. */
static __noinline enum ze_verdict guard(struct xdp_md *ctx, __u32 tid, enum ze_verdict v)
{
	struct ze_cursor c = cursor(ctx);
	struct outer o = { 0 };
	const struct ze_tunnel *t;
	__u16 k = (__u16)tid;

	if (parse_outer(&c, ethertype(&c), &o) != ZE_V_UP_FORWARD)
		return ZE_V_PASS;
	t = v < ZE_V_DROP_SHORT ? bpf_map_lookup_elem(&tunnels, &k) : NULL;
	if (t && is_peer(t, &o))
		return v;
	if (!is_endpoint(ctx, &o))
		return ZE_V_PASS;
	if (v >= ZE_V_DROP_SHORT)
		return v;
	if (v == ZE_V_PASS_CONTROL && !k)
		return guard_stranger(&o);
	return t ? ZE_V_DROP_PEER : ZE_V_DROP_UNKNOWN;
}
