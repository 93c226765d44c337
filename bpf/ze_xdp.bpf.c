/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The BPF data plane.
 *
 *   ze_uplink  LAC -> us: session, peer, sequence, inner source, rate, decapsulate, forward
 *   ze_inject  the same for reassembled packets of the daemon's socket; always to the stack
 *   ze_core    core -> us: subscriber by destination, rate, encapsulate, forward
 *   ze_slow    stack -> ze0 -> here: the same encapsulation, for what the stack routes to ze0
 *   ze_accept  on ze0: does nothing, but with a program the veth accepts redirected packets
 *   ze_link    on ze0, tc ingress: sends packets for LACs with link-local addresses
 *
 * Packets that need the stack are decapsulated and sent into ze0p; they arrive on ze0 as from a
 * wire. So TTL, ICMP, local delivery, fragmentation, neighbours and filters are left to the kernel,
 * and FIB lookups are made as from ze0. Control messages and PPP control frames that guard.h
 * admits, outer fragments and packets with IP options are passed unchanged to the daemon's UDP
 * socket.
 */
#include <linux/pkt_cls.h>

#include "bpf/guard.h"
#include "bpf/meter.h"
#include "bpf/nexthop.h"
#include "bpf/outer.h"
#include "bpf/parse.h"
#include "bpf/receive.h"
#include "bpf/ze_bpf.h"
#include "bpf/ze_maps.h"

#define ZE_INNER_MAX 2048 /* longest packet summed octet by octet: XDP frames are a page */

#define L2TP_LEN     6
#define L2TP_SEQ_LEN 10
#define PPP_LEN	     4 /* FF 03, protocol: FireBrick notes that BRASes expect FF 03 everywhere */

/* Whether there are networks behind subscribers, by family; written by the daemon. Without any, the
 * tries are not searched. */
volatile __u32 nets4, nets6;

struct inner {
	struct flow f;
	__u8 *ip; /* valid until the head or tail of the frame is moved */
	__u32 off, ttl;
	bool odd; /* the stack decides: IPv4 options, or hop-by-hop options */
};

/* The time of the last tick, at most 10 ms ago: next hops are cached for ten times as long, and the
 * burst of a policer is at least 250 ms (police.h). So the rate is as exact as with the precise
 * clock, which costs a considerable part of the processing of a packet. */
ZE_INLINE __u64 clock(void)
{
	return bpf_ktime_get_coarse_ns();
}

/* ---- meters ---- */

/* Global, so that the verifier checks it once and not once per call path. */
__noinline int ask(struct ze_meter *m, struct ze_credit *c, __u32 octets, __u64 now)
{
	return m && c && ze_ask(m, c, octets, now);
}

/* Counts a packet. False: it exceeds the rate. */
ZE_INLINE bool measure(void *credits, void *meters, __u32 sid, __u32 octets, __u64 now)
{
	__u32 i = sid / ZE_CREDITS;
	struct ze_credits *row = bpf_map_lookup_elem(credits, &i);
	struct ze_credit *c;

	if (!row)
		return false;
	c = &row->of[sid % ZE_CREDITS];
	return ze_spend(c, octets) || ask(bpf_map_lookup_elem(meters, &sid), c, octets, now);
}

/* ---- the inner packet ---- */

/* Parses an IP header at the cursor; the packet must end before `end`. The checksum of a header
 * from the stack (`own`) is not checked. */
ZE_INLINE bool parse_ip4(struct ze_cursor *c, __u32 end, bool own, struct inner *in)
{
	__u32 off = c->off;
	const struct iphdr *ip = (const void *)ze_take(c, sizeof(*ip));

	__u8 first = ip ? *(const __u8 *)ip : 0; /* version and header length */

	if (first >> 4 != 4 || first < PLAIN4)
		return false;
	in->odd = first != PLAIN4;
	if (!own && !in->odd && !is_whole4(ip))
		return false;
	in->ip = (__u8 *)ip;
	in->off = off;
	in->ttl = ip->ttl;
	in->f.family = 4;
	in->f.tos = ip->tos;
	in->f.len = bpf_ntohs(ip->tot_len);
	in->f.src[0] = ip->saddr;
	in->f.dst[0] = ip->daddr;
	return in->f.len >= (first & 0xf) * 4 && off + in->f.len <= end;
}

ZE_INLINE bool parse_ip6(struct ze_cursor *c, __u32 end, struct inner *in)
{
	__u32 off = c->off, len;
	const struct ipv6hdr *ip = (const void *)ze_take(c, sizeof(*ip));

	if (!ip || ip->version != 6)
		return false;
	len = bpf_ntohs(ip->payload_len) + (__u32)sizeof(*ip);
	in->ip = (__u8 *)ip;
	in->off = off;
	in->ttl = ip->hop_limit;
	in->f.family = 6;
	in->f.tos = 0;
	in->f.len = (__u16)len;
	copy_ip(in->f.src, &ip->saddr, true);
	copy_ip(in->f.dst, &ip->daddr, true);
	in->odd = ip->nexthdr == IPPROTO_HOPOPTS;
	return len <= 0xffff && off + len <= end;
}

ZE_INLINE bool parse_ip(struct ze_cursor *c, __u32 end, bool v6, bool own, struct inner *in)
{
	return v6 ? parse_ip6(c, end, in) : parse_ip4(c, end, own, in);
}

/* By the given address, which is the source or the destination; in IPv6 by both. */
ZE_INLINE bool is_martian(const struct flow *f, bool v6, const __u32 *addr)
{
	return v6 ? is_martian6(f->src) || is_martian6(f->dst) : is_martian4(addr[0]);
}

/* ---- which session has an address ---- */

static __noinline const struct ze_sess_key *way_to4(__u32 dst)
{
	const struct ze_sess_key *k = bpf_map_lookup_elem(&ze_hosts4, &dst);
	struct ze_lpm4 lpm = { .prefixlen = 32 };

	if (k || !nets4)
		return k;
	__builtin_memcpy(lpm.ip, &dst, sizeof(lpm.ip));
	return bpf_map_lookup_elem(&ze_prefixes4, &lpm);
}

ZE_INLINE bool leads_to(const struct ze_sess_key *k, __u32 tid, __u32 sid)
{
	return k && k->tid == (__u16)tid && k->sid == (__u16)sid;
}

/* ---- upstream ---- */

/* For a source that is not the subscriber's address: it must be in a network behind him, and not the
 * address of another subscriber. */
static __noinline enum ze_verdict check_net4(__u32 src, __u32 tid, __u32 sid)
{
	return nets4 && leads_to(way_to4(src), tid, sid) ? ZE_V_UP_FORWARD : ZE_V_DROP_SPOOFED;
}

/* Apart, so that a packet from the subscriber's own address does not pay for the key. */
static __noinline enum ze_verdict check_net6(const struct flow *f, __u32 tid, __u32 sid)
{
	struct ze_lpm6 lpm = { .prefixlen = 128 };

	if (!f || !nets6)
		return ZE_V_DROP_SPOOFED;
	copy_ip(lpm.ip, f->src, true);
	return leads_to(bpf_map_lookup_elem(&ze_prefixes6, &lpm), tid, sid) ? ZE_V_UP_FORWARD :
									      ZE_V_DROP_SPOOFED;
}

/* The source must be the link-local address of the subscriber, or in one of its prefixes, or in a
 * network behind him. */
static __noinline enum ze_verdict check_source6(const struct flow *f, __u32 tid, __u32 sid)
{
	struct ze_sess_key k = { .tid = (__u16)tid, .sid = (__u16)sid };
	const struct ze_session *s = bpf_map_lookup_elem(&ze_sessions, &k);
	const __u64 *ifid;
	__u64 hi, lo;

	if (!f || !s)
		return ZE_V_DROP_CLOSED;
	ifid = (const void *)s->ifid;
	hi = f->src[0] | (__u64)f->src[1] << 32;
	lo = f->src[2] | (__u64)f->src[3] << 32;
	if (!*ifid)
		return ZE_V_DROP_CLOSED;
	if (is_own_link6(hi, lo, *ifid, f->dst[0] & 0xff))
		return ZE_V_UP_FORWARD;
	for (int i = 0; i < ZE_NET6S; i++)
		if (s->net6[i].mask && (hi & s->net6[i].mask) == s->net6[i].prefix)
			return ZE_V_UP_FORWARD;
	return check_net6(f, tid, sid);
}

ZE_INLINE enum ze_verdict check_source(const struct ze_up_id *s, const struct flow *f, bool v6,
				       __u16 sid)
{
	if (!(s->flags & (v6 ? ZE_SESS_OPEN6 : ZE_SESS_OPEN4)))
		return ZE_V_DROP_CLOSED;
	if (v6)
		return check_source6(f, s->tid, sid);
	return same4(s->ip4, f->src) ? ZE_V_UP_FORWARD : check_net4(f->src[0], s->tid, sid);
}

/* A peer may restart its sequence numbers: after ZE_LATE_RUN late packets in order, with nothing
 * between them, its numbers are followed, like Linux does (nr_oos_count_max). */
ZE_INLINE bool is_new_count(struct ze_numbers *n, __u16 ns)
{
	n->late_run = ns == (__u16)(n->late + 1) ? n->late_run + 1 : 0;
	n->late = ns;
	if (n->late_run <= ZE_LATE_RUN)
		return false;
	n->resyncs++;
	return true;
}

/* RFC 2661 5.4: Ns is modulo 65536; a packet that is not ahead of the expected one is late. */
ZE_INLINE enum ze_verdict check_sequence(const struct ze_l2tp *h)
{
	__u32 sid = h->sid;
	struct ze_numbers *n = bpf_map_lookup_elem(&ze_numbers, &sid);

	if (!n || !(h->flags & ZE_L2TP_S))
		return ZE_V_DROP_SEQUENCE;
	if (n->nr <= 0xffff && (__u16)(h->ns - n->nr) >= 0x8000 && !is_new_count(n, h->ns))
		return ZE_V_DROP_SEQUENCE;
	n->late_run = 0;
	n->nr = (__u16)(h->ns + 1);
	return ZE_V_UP_FORWARD;
}

/* True when the datagram is from the peer of the tunnel, and to its local address and port. */
ZE_INLINE bool from_peer(__u32 tid, const struct outer *o)
{
	const struct ze_tunnel *t = bpf_map_lookup_elem(&ze_paths, &tid);

	return t && is_peer(t, o) && t->local_port == o->dport && same4(t->local, o->dst) &&
	       (o->family == 4 || same16(t->local, o->dst));
}

ZE_INLINE struct ze_drops *drops_of(__u32 sid)
{
	return bpf_map_lookup_elem(&ze_drops, &sid);
}

__noinline int refused(__u32 sid, enum ze_verdict v)
{
	struct ze_drops *n = drops_of(sid);

	if (n)
		__sync_fetch_and_add(v == ZE_V_DROP_UP_RATE   ? &n->up_policed :
				     v == ZE_V_DROP_DOWN_RATE ? &n->down_policed :
				     v == ZE_V_DROP_SPOOFED   ? &n->up_spoofed :
								&n->up_refused,
				     1);
	return 0;
}

ZE_INLINE int policed(__u32 sid, enum ze_verdict v)
{
	refused(sid, v);
	return passed(v);
}

/* The state of decapsulating one packet, see struct encap. */
struct decap {
	struct xdp_md *ctx;
	const struct ze_up_id *s;
	const struct inner *in;
	__u64 now;
	__u32 sid;
	bool v6;     /* family of the inner packet */
	bool inject; /* from ze_inject: for the stack; the daemon has checked the sequence number */
};

/* All checks of a packet of a known session except its rate. */
ZE_INLINE enum ze_verdict admit(const struct decap *d, const struct ze_l2tp *h)
{
	enum ze_verdict v = check_source(d->s, &d->in->f, d->v6, h->sid);

	if (v == ZE_V_UP_FORWARD && d->s->flags & ZE_SESS_SEQ && !d->inject)
		v = check_sequence(h);
	if (v != ZE_V_UP_FORWARD)
		refused(h->sid, v);
	return v;
}

/* The redirect fails if the port was removed after it was found. */
ZE_INLINE int sent(enum ze_verdict v, int action)
{
	return action == XDP_REDIRECT ? finish(v, action) : passed(ZE_V_DROP_ROOM);
}

/* Leaves only room for an Ethernet header and the inner packet. */
ZE_INLINE bool decapsulate(struct xdp_md *ctx, const struct inner *in)
{
	int excess;

	if (bpf_xdp_adjust_head(ctx, (int)in->off - ETH_HLEN))
		return false;
	excess = (int)frame_len(ctx) - ETH_HLEN - in->f.len;
	return excess == 0 || bpf_xdp_adjust_tail(ctx, -excess) == 0;
}

ZE_INLINE int forward_up(const struct decap *d)
{
	const struct inner *in = d->in;
	struct ze_nexthop *n = NULL;
	__u16 proto = d->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);

	if (in->ttl > 1 && !d->inject && !in->odd && !is_martian(&in->f, d->v6, in->f.dst))
		n = nexthop(d->ctx, &in->f, d->v6, how_to_route(), d->now);
	if (is_blackhole(n))
		return passed(ZE_V_DROP_BLACKHOLE);
	if (n)
		hop(in->ip, d->v6);
	if (!decapsulate(d->ctx, in))
		return passed(ZE_V_DROP_ROOM);
	if (!measure(&ze_up_credits, &ze_up, d->sid, in->f.len, d->now))
		return policed(d->sid, ZE_V_DROP_UP_RATE);
	return sent(n ? ZE_V_UP_FORWARD : ZE_V_UP_STACK, send_to(d->ctx, n, proto));
}

/* The IP packet at the cursor, from the peer of its session. Compiled once per family. */
ZE_INLINE int carry_up(struct decap *d, struct ze_cursor *c, const struct ze_l2tp *h)
{
	struct inner in;
	enum ze_verdict v;

	if (!parse_ip(c, h->end, d->v6, false, &in))
		return passed(ZE_V_DROP_INNER);
	d->in = &in;
	d->now = clock();
	v = admit(d, h);
	if (v != ZE_V_UP_FORWARD)
		return passed(v);
	return forward_up(d);
}

ZE_INLINE int up_in(struct xdp_md *ctx, struct ze_cursor c, __u16 proto, bool inject)
{
	struct outer o = { 0 };
	struct ze_l2tp h = { 0 };
	struct decap d = { .ctx = ctx, .inject = inject };
	__u32 l3 = l3_of(&c, proto);
	enum ze_verdict v = parse_outer(&c, proto, &o);
	__u32 sid;
	bool ours;

	if (v != ZE_V_UP_FORWARD)
		return passed(guard_other(ctx, proto, v));
	v = ze_parse_l2tp(&c, o.len, &h);
	if (v == ZE_V_UP_FORWARD && h.proto != ZE_PPP_IPV4 && h.proto != ZE_PPP_IPV6)
		v = ZE_V_PASS_PPP;
	if (v != ZE_V_UP_FORWARD)
		return passed(guard(ctx, l3, h.tid | (__u32)h.sid << 16, v));
	sid = h.sid;
	d.sid = sid;
	d.s = bpf_map_lookup_elem(&ze_up_ids, &sid);
	ours = d.s && h.tid && d.s->tid == h.tid;
	if (!ours || !from_peer(h.tid, &o))
		return passed(guard(ctx, l3, h.tid, ours ? ZE_V_DROP_PEER : ZE_V_DROP_UNKNOWN));
	if (!inject && must_have_checksum(&o))
		return passed(ZE_V_DROP_CHECKSUM);
	if (h.proto != ZE_PPP_IPV6)
		return carry_up(&d, &c, &h);
	d.v6 = true;
	return carry_up(&d, &c, &h);
}

/* Compiled separately for IPv4 without tags, the most common frame: all offsets up to the flags of
 * L2TP are constant there. */
SEC("xdp")
int ze_uplink(struct xdp_md *ctx)
{
	struct ze_cursor c = cursor(ctx);
	__u32 tags = 0;
	__u16 proto;

	if (plain_to_us(ctx, &c) == ETH_P_IP) {
		c.off = ETH_HLEN;
		return up_in(ctx, c, ETH_P_IP, false);
	}
	proto = ethertype_tags(&c, &tags);
	if (proto && !is_to_us(ctx, tags))
		return passed(ZE_V_PASS);
	return up_in(ctx, c, proto, false);
}

/* Never attached; the daemon runs it on a frame that it has built. */
SEC("xdp")
int ze_inject(struct xdp_md *ctx)
{
	struct ze_cursor c = cursor(ctx);
	__u16 proto = ethertype(&c);

	return up_in(ctx, c, proto, true);
}

/* ---- downstream ---- */

ZE_INLINE __u32 outer_len(bool v6)
{
	return v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

/* The length of the headers from outer IP to PPP. */
ZE_INLINE __u32 overhead(const struct ze_down_id *s, bool v6)
{
	return outer_len(v6) + sizeof(struct udphdr) + PPP_LEN +
	       (s->bits & ZE_DOWN_SEQ ? L2TP_SEQ_LEN : L2TP_LEN);
}

ZE_INLINE bool is_link_local(const struct flow *f)
{
	return (f->dst[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

static __noinline const struct ze_sess_key *way_to6(const struct flow *f)
{
	struct ze_lpm6 lpm = { .prefixlen = 128 };

	if (!f)
		return NULL;
	if (is_link_local(f))
		return bpf_map_lookup_elem(&ze_links6, &f->dst[2]);
	copy_ip(lpm.ip, f->dst, true);
	return bpf_map_lookup_elem(&ze_prefixes6, &lpm);
}

/* The session that ze_near4 has for the destination of the IPv4 header at the cursor, and its id.
 * The caller compares the upper half. */
ZE_INLINE struct ze_down_id *near(struct ze_cursor c, __u32 *sid)
{
	const struct iphdr *ip = (const void *)ze_take(&c, sizeof(*ip));
	__u32 low = ip ? bpf_ntohl(ip->daddr) & 0xffff : 0, i = low / ZE_NEAR;
	const struct ze_near *n = bpf_map_lookup_elem(&ze_near4, &i);

	*sid = n ? n->sid[low % ZE_NEAR] : 0;
	return bpf_map_lookup_elem(&ze_down_ids, sid); /* no session has id 0: its tid is 0 */
}

/* The session of the destination, and its id; s: the candidate from near(). */
ZE_INLINE struct ze_down_id *subscriber(const struct flow *f, bool v6, struct ze_down_id *s,
					__u32 *sid)
{
	const struct ze_sess_key *k;

	if (s && s->tid && s->high == (__u16)f->dst[0])
		return s;
	k = v6 ? way_to6(f) : way_to4(f->dst[0]);
	if (!k)
		return NULL;
	*sid = k->sid;
	s = bpf_map_lookup_elem(&ze_down_ids, sid);
	return s && s->tid && s->tid == k->tid ? s : NULL;
}

/* The one's complement sum of an inner packet with correct checksums, from its headers alone: with
 * the pseudo header, the transport part sums to zero. `hops`: by how much the hop limit will be
 * decremented; the checksum of an IPv4 header compensates for that. -1: the packet has no such
 * checksum. */
ZE_INLINE __s64 sum_by_headers(const __u8 *end, const struct inner *in, bool v6, __u16 hops)
{
	const struct iphdr *ip = (const void *)in->ip;
	const struct flow *f = &in->f;
	const __u8 *p = in->ip;
	const __u16 *w = (const void *)p;
	__u16 proto;

	if (p + 28 > end)
		return -1;
	if (v6) {
		proto = p[6];
		if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_ICMPV6)
			return -1;
		if (proto == IPPROTO_UDP && (p + 48 > end || !w[23]))
			return -1;
		return w[0] + w[1] + w[3] - bpf_htons(hops) + (__u16)~bpf_htons(proto);
	}
	proto = ip->protocol;
	if (ip->ihl != 5 || ip->frag_off & bpf_htons(IP_FRAG))
		return -1;
	if (proto == IPPROTO_ICMP)
		return 0;
	if (proto != IPPROTO_TCP && (proto != IPPROTO_UDP || !w[13]))
		return -1;
	/* The negative of the pseudo header, made positive: the constant is 0 modulo 65535. */
	return 0x3fffffffcll - f->src[0] - f->dst[0] - bpf_htons(proto) -
	       bpf_htons((__u16)(f->len - sizeof(*ip)));
}

/* The same octet by octet: RFC 8200 8.1 requires a checksum whatever the packet contains. Global,
 * like ask(). */
__noinline __u64 sum_by_octets(struct xdp_md *ctx, __u32 at, __u32 len)
{
	const __u8 *p = (__u8 *)(long)ctx->data + (at & 0x7f), *end = frame_end(ctx);
	__u64 sum = 0;

	for (__u32 i = 0; i < ZE_INNER_MAX / 2; i++, p += 2) {
		if (2 * i + 1 >= len || p + 2 > end)
			break;
		sum += *(const __u16 *)p;
	}
	if (len & 1 && p + 1 <= end)
		sum += *p; /* the last octet, as the first one of a word, on little endian */
	return sum;
}

ZE_INLINE __u64 sum_addrs(const struct flow *f, bool v6)
{
	__u64 sum = (__u64)f->src[0] + f->dst[0];

	for (int i = 1; v6 && i < 4; i++)
		sum += (__u64)f->src[i] + f->dst[i];
	return sum;
}

ZE_INLINE __u16 udp_checksum(const struct ze_tunnel *t, const struct flow *f, bool v6, __u64 sum,
			     __u16 udp_len)
{
	__u16 ret;

	sum += sum_addrs(f, v6) + bpf_htons(IPPROTO_UDP) + 2u * bpf_htons(udp_len);
	sum += bpf_htons(t->local_port) + (__u32)bpf_htons(t->peer_port);
	ret = (__u16)~fold(sum);
	return ret ? ret : 0xffff;
}

/* The state of encapsulating one packet. All functions that take it are inlined: it does not exist
 * at run time, and both families are known to the compiler. */
struct encap {
	struct xdp_md *ctx;
	const struct ze_tunnel *t;
	const struct ze_down_id *s;
	const struct inner *in;
	__s64 sum; /* checksum of the inner packet; below 0: unknown */
	__u64 now;
	__u32 sid;
	bool v6, inner6; /* the outer family; the inner family */
};

ZE_INLINE __u16 next_number(__u32 sid)
{
	struct ze_numbers *n = bpf_map_lookup_elem(&ze_numbers, &sid);

	return n ? (__u16)__sync_fetch_and_add(&n->ns, 1) : 0;
}

/* Writes L2TP and PPP headers at p, with room for 14 octets. Returns their sum. */
ZE_INLINE __u64 write_l2tp(__u8 *p, const struct encap *e)
{
	__u16 *w = (void *)p;
	__u64 sum;

	w[0] = bpf_htons(2);
	w[1] = bpf_htons(e->t->peer_tid);
	w[2] = bpf_htons(e->s->peer_sid);
	sum = w[1] + (__u32)w[2] + bpf_htons(2);
	if (e->s->bits & ZE_DOWN_SEQ) {
		w[0] = bpf_htons(ZE_L2TP_S | 2);
		w[3] = bpf_htons(next_number(e->sid));
		w[4] = 0;
		sum += w[3] + (__u32)bpf_htons(ZE_L2TP_S);
		w += 2;
	}
	w[3] = bpf_htons(0xff03);
	w[4] = e->inner6 ? bpf_htons(ZE_PPP_IPV6) : bpf_htons(ZE_PPP_IPV4);
	return sum + w[3] + w[4];
}

/* The outer IPv4 header. A datagram larger than the MTU is passed to the stack, which fragments it;
 * a router on the way may fragment it, too. A packet that may be fragmented needs an
 * identification, one with DF does not (RFC 6864 4.1). DF is set if configured, and in packets of
 * at most 576 octets, which every host accepts. */
#define WHOLE_LEN 576 /* RFC 1122 3.3.2 */

ZE_INLINE bool write_outer4(struct xdp_md *ctx, const struct flow *f, bool df)
{
	__u32 *w = (void *)((__u8 *)(long)ctx->data + ETH_HLEN);
	__u32 first = bpf_htonl(0x45000000 | f->len);
	__u32 second = bpf_htonl(df ? IP_DF : bpf_get_prandom_u32() << 16);
	__u32 third = bpf_htonl(64 << 24 | IPPROTO_UDP << 16); /* TTL */
	__u16 check = (__u16)~fold((__u64)first + second + third + sum_addrs(f, false));

	if ((void *)(w + 5) > (const void *)frame_end(ctx))
		return false;
	w[0] = first;
	w[1] = second;
	w[2] = third | bpf_htonl(bpf_ntohs(check));
	w[3] = f->src[0];
	w[4] = f->dst[0];
	return true;
}

ZE_INLINE bool write_outer6(struct xdp_md *ctx, const struct flow *f)
{
	struct ipv6hdr *ip = (void *)((__u8 *)(long)ctx->data + ETH_HLEN);

	if ((void *)(ip + 1) > (const void *)frame_end(ctx))
		return false;
	*ip = (struct ipv6hdr){ .version = 6, .nexthdr = IPPROTO_UDP, .hop_limit = 64 };
	ip->payload_len = bpf_htons((__u16)(f->len - sizeof(*ip)));
	copy_ip(&ip->saddr, f->src, true);
	copy_ip(&ip->daddr, f->dst, true);
	return true;
}

/* Writes UDP, L2TP and PPP headers. `sum` is that of the inner packet; below 0: no checksum. */
ZE_INLINE bool write_udp(const struct encap *e, const struct flow *f, __s64 sum)
{
	__u8 *ip = (__u8 *)(long)e->ctx->data + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + outer_len(e->v6));
	__u16 len = (__u16)(f->len - outer_len(e->v6));
	__u64 own;

	if ((__u8 *)(udp + 1) + L2TP_SEQ_LEN + PPP_LEN > frame_end(e->ctx))
		return false;
	udp->source = bpf_htons(e->t->local_port);
	udp->dest = bpf_htons(e->t->peer_port);
	udp->len = bpf_htons(len);
	own = write_l2tp((__u8 *)(udp + 1), e);
	udp->check = sum < 0 ? 0 : udp_checksum(e->t, f, e->v6, own + (__u64)sum, len);
	return true;
}

ZE_INLINE bool write_outer(const struct encap *e, const struct flow *f, bool df)
{
	return e->v6 ? write_outer6(e->ctx, f) : write_outer4(e->ctx, f, df);
}

/* Packets with link-local addresses are forwarded neither by bpf_fib_lookup() nor by the stack.
 * They are sent to ze0 with the interface index in place of the source MAC address, see ze_link.
 * The destination MAC address marks them: it differs from that of packets for the stack, whatever
 * the addresses of ze0 and ze0p are. */
struct link_hdr {
	__u8 mark[ETH_ALEN];
	__u8 ifindex[4];
	__u8 zero[2];
	__u16 proto;
};

static const __u8 link_mark[ETH_ALEN] = { 0x02, 0x7a, 0x65, 0x6c, 0x6e, 0x6b };

ZE_INLINE int send_to_link(struct xdp_md *ctx, __u32 scope)
{
	struct link_hdr *h = (void *)(long)ctx->data;

	if ((void *)(h + 1) > (const void *)frame_end(ctx))
		return XDP_DROP;
	for (int i = 0; i < ETH_ALEN; i++)
		h->mark[i] = link_mark[i];
	for (int i = 0; i < 4; i++)
		h->ifindex[i] = (__u8)(scope >> 8 * i);
	h->zero[0] = h->zero[1] = 0;
	h->proto = bpf_htons(ETH_P_IPV6);
	return (int)bpf_redirect_map(&ze_ports, conf.ze0p, 0);
}

ZE_INLINE int encapsulate(const struct encap *e)
{
	const struct inner *in = e->in;
	int excess = (int)frame_len(e->ctx) - (int)in->off - in->f.len;
	__u32 over = overhead(e->s, e->v6), scope = e->v6 ? e->t->scope : 0;
	__s64 sum = e->sum;
	const struct ze_routing *r = how_to_route();
	const struct ze_nexthop *n;
	struct flow f = { .tos = FLOW_OUTER, .len = (__u16)(in->f.len + over) };

	copy_ip(f.src, e->t->local, e->v6);
	copy_ip(f.dst, e->t->peer, e->v6);
	if (sum < 0 && e->v6)
		sum = (__s64)sum_by_octets(e->ctx, in->off, in->f.len);
	if (scope && f.len > device_mtu(e->ctx, scope))
		return passed(ZE_V_DROP_LINK);
	n = scope ? NULL : nexthop(e->ctx, &f, e->v6, r, e->now);
	if (is_blackhole(n))
		return passed(ZE_V_DROP_BLACKHOLE);
	if ((excess && bpf_xdp_adjust_tail(e->ctx, -excess)) ||
	    bpf_xdp_adjust_head(e->ctx, (int)in->off - ETH_HLEN - (int)over) ||
	    !write_outer(e, &f, n && (f.len <= WHOLE_LEN || (r && r->outer_df))))
		return passed(ZE_V_DROP_ROOM);
	/* A policed packet gets no Ns: a peer may drop further packets because of a gap. */
	if (!measure(&ze_down_credits, &ze_down, e->sid, in->f.len, e->now))
		return policed(e->sid, ZE_V_DROP_DOWN_RATE);
	if (!write_udp(e, &f, sum))
		return passed(ZE_V_DROP_ROOM);
	if (scope)
		return sent(ZE_V_DOWN_STACK, send_to_link(e->ctx, scope));
	return sent(n ? ZE_V_DOWN_FORWARD : ZE_V_DOWN_STACK,
		    send_to(e->ctx, n, e->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)));
}

#define ICMP_TYPE_REDIRECT 5
#define ND_TYPE_REDIRECT   137

/* All subscribers are behind ze0, so the kernel assumes that two of them share a link, and sends
 * redirects. For IPv4 they are off only if both the switch of the device and that of all devices
 * are off; for IPv6 there is no switch. */
ZE_INLINE bool is_redirect(const __u8 *end, const struct inner *in, bool v6)
{
	const __u8 *p = in->ip, *icmp = p + (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));

	if (p[v6 ? 6 : 9] != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) || in->odd || icmp + 1 > end)
		return false;
	return *icmp == (v6 ? ND_TYPE_REDIRECT : ICMP_TYPE_REDIRECT);
}

/* Compiled once per inner family, and encapsulate() once per pair of families. */
ZE_INLINE int down_in(struct xdp_md *ctx, struct ze_cursor *c, bool v6, bool from_stack)
{
	enum ze_verdict other = from_stack ? ZE_V_DROP_NOBODY : ZE_V_PASS;
	__u32 sid, tid;
	struct ze_down_id *s = v6 ? NULL : near(*c, &sid);
	struct encap e = { .ctx = ctx, .inner6 = v6 };
	struct inner in;

	if (!parse_ip(c, frame_len(ctx), v6, from_stack, &in))
		return passed(other);
	if (!from_stack && is_martian(&in.f, v6, in.f.src))
		return passed(ZE_V_PASS);
	e.sum = sum_by_headers(c->end, &in, v6, from_stack ? 0 : 1);
	s = subscriber(&in.f, v6, s, &sid);
	if (!s)
		return passed(other);
	if (!(s->bits & (v6 ? ZE_DOWN_OPEN6 : ZE_DOWN_OPEN4)))
		return passed(ZE_V_DROP_CLOSED);
	tid = s->tid;
	e.t = bpf_map_lookup_elem(&ze_paths, &tid);
	if (!e.t || !e.t->family) /* the tunnel was removed meanwhile */
		return passed(other);
	if (!from_stack && in.odd)
		return passed(ZE_V_PASS_OPTIONS);
	if (!from_stack && in.ttl <= 1)
		return passed(ZE_V_PASS_TTL);
	if (!from_stack && in.f.len > (s->bits & ZE_DOWN_MTU))
		return passed(ZE_V_PASS_MTU);
	if (from_stack && is_redirect(c->end, &in, v6))
		return passed(ZE_V_DROP_ICMP_REDIRECT);
	e.now = clock();
	if (!from_stack)
		hop(in.ip, v6);
	e.s = s;
	e.sid = sid;
	e.in = &in;
	if (e.t->family != 6)
		return encapsulate(&e);
	e.v6 = true;
	return encapsulate(&e);
}

/* Compiled separately for frames without tags, like ze_uplink. */
ZE_INLINE int go_down(struct xdp_md *ctx, bool from_stack)
{
	struct ze_cursor c = cursor(ctx);
	__u16 plain = from_stack ? 0 : plain_to_us(ctx, &c), proto;
	__u32 tags = 0;

	c.off = plain ? ETH_HLEN : 0;
	if (plain == ETH_P_IP)
		return down_in(ctx, &c, false, from_stack);
	if (plain)
		return down_in(ctx, &c, true, from_stack);
	proto = ethertype_tags(&c, &tags);
	if (!from_stack && proto && !is_to_us(ctx, tags))
		return passed(ZE_V_PASS);
	if (proto == ETH_P_IP)
		return down_in(ctx, &c, false, from_stack);
	if (proto == ETH_P_IPV6)
		return down_in(ctx, &c, true, from_stack);
	return passed(from_stack ? ZE_V_DROP_NOBODY : ZE_V_PASS);
}

SEC("xdp")
int ze_core(struct xdp_md *ctx)
{
	return go_down(ctx, false);
}

SEC("xdp")
int ze_slow(struct xdp_md *ctx)
{
	return go_down(ctx, true);
}

SEC("xdp")
int ze_accept(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* The kernel resolves the neighbour and writes the Ethernet header, including tags. */
SEC("tc")
int ze_link(struct __sk_buff *skb)
{
	const struct link_hdr *h = (void *)(long)skb->data;
	const struct ipv6hdr *ip = (const void *)(h + 1);
	struct bpf_redir_neigh to = { .nh_family = AF_INET6 };
	__u32 ifindex = 0;

	if ((const void *)(ip + 1) > (void *)(long)skb->data_end ||
	    h->proto != bpf_htons(ETH_P_IPV6))
		return TC_ACT_UNSPEC;
	for (int i = 0; i < ETH_ALEN; i++)
		if (h->mark[i] != link_mark[i])
			return TC_ACT_UNSPEC;
	for (int i = 0; i < 4; i++)
		ifindex |= (__u32)h->ifindex[i] << 8 * i;
	copy_ip(to.ipv6_nh, &ip->daddr, true);
	return (int)bpf_redirect_neigh(ifindex, &to, sizeof(to), 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
