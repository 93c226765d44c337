/* SPDX-License-Identifier: BSD-2-Clause */
/* Downstream, to the LAC: what is encapsulated and how, what is left to the stack, numbering,
 * rates. The outer checksums are computed here from the octets that were sent. */
#include <linux/bpf.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "selftests/bpf/xdp_rig.h"

/* 8.8.8.8 -> 192.0.2.7 (session 5: outer IPv4), .8 (6: outer IPv6), .9 (7: sequencing): the
 * octets after the last octet of the destination complete the packet */
#define UDP4(x)	  "45000020 00010000 4011 0000 08080808 c00002" x "0035 3039 000c 0000 68692121"
#define NOSUM4(x) "45000020 00010000 4011 0001 08080808 c00002" x "0035 3039 000c 0000 68692121"
#define TCP4(x)                                                                                    \
	"4500002a 00010000 4006 0000 08080808 c00002" x                                            \
	"0050 3039 00000001 00000002 5018 1000 0000 0000 6869"
#define ICMP4(x) "45000021 00010000 4001 0000 08080808 c00002" x "0800 0000 0001 0002 6869212121"
#define FRAG4(x) "45000020 00012001 4011 0000 08080808 c00002" x "0035 3039 000c 0000 68692121"
#define UDP6                                                                                       \
	"60000000 000b1140 20010db8000900000000000000000001"                                       \
	"20010db8000700000000000000000005 0035 3039 000b 0000 686921"
#define NOSUM6                                                                                     \
	"60000001 000b1140 20010db8000900000000000000000001"                                       \
	"20010db8000700000000000000000005 0035 3039 000b 0000 686921"
#define ESP6                                                                                       \
	"60000000 00093240 20010db8000900000000000000000001"                                       \
	"20010db8000700000000000000000005 0000000100000002 41"

enum {
	VLAN = 1,
	PADDED = 2,
	TTL1 = 4,
	LONG = 8,   /* larger than the session's MTU */
	NO_SUM = 16 /* the outer checksum is 0 */
};

struct row {
	const char *name;
	const char *inner;
	unsigned how;
	enum ze_verdict v;
	unsigned hdr; /* octets between the outer Ethernet header and the inner packet */
};

static const struct row rows[] = {
	{ "udp", UDP4("07"), 0, ZE_V_DOWN_FORWARD, 38 },
	{ "udp without checksum", NOSUM4("07"), NO_SUM, ZE_V_DOWN_FORWARD, 38 },
	{ "tcp", TCP4("07"), 0, ZE_V_DOWN_FORWARD, 38 },
	{ "icmp, odd length", ICMP4("07"), 0, ZE_V_DOWN_FORWARD, 38 },
	{ "fragment", FRAG4("07"), NO_SUM, ZE_V_DOWN_FORWARD, 38 },
	{ "tagged", UDP4("07"), VLAN, ZE_V_DOWN_FORWARD, 38 },
	{ "padded", UDP4("07"), PADDED, ZE_V_DOWN_FORWARD, 38 },
	{ "IPv6", UDP6, 0, ZE_V_DOWN_FORWARD, 38 },
	{ "IPv6 esp", ESP6, NO_SUM, ZE_V_DOWN_FORWARD, 38 },
	{ "outer IPv6", UDP4("08"), 0, ZE_V_DOWN_FORWARD, 58 },
	{ "outer IPv6, no inner checksum", NOSUM4("08"), 0, ZE_V_DOWN_FORWARD, 58 },
	{ "outer IPv6, icmp, tagged", ICMP4("08"), VLAN, ZE_V_DOWN_FORWARD, 58 },
	{ "numbered", UDP4("09"), 0, ZE_V_DOWN_FORWARD, 42 },
	{ "nobody's", UDP4("0a"), 0, ZE_V_PASS, 0 },
	{ "ttl 1", UDP4("07"), TTL1, ZE_V_PASS_TTL, 0 },
	{ "too long", UDP4("07"), LONG, ZE_V_PASS_MTU, 0 },
	{ "IPv6 without checksum", NOSUM6, NO_SUM, ZE_V_DOWN_FORWARD, 38 },
};

static struct rig rig;

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Of UDP, TCP or ICMPv6 with n octets; the two addresses precede it in the header. */
static uint16_t transport(const uint8_t *addrs, size_t both, const uint8_t *l4, size_t n, int proto)
{
	uint16_t a = (uint16_t)~inet_sum(addrs, both, 0);

	return inet_sum(l4, n, (uint32_t)a + (uint32_t)proto + (uint32_t)n);
}

/* The checksums of the inner packet, which the rows leave 0. */
static void fill(uint8_t *p, size_t n)
{
	bool v6 = p[0] >> 4 == 6, keep = p[v6 ? 3 : 11] == 1;
	uint8_t *l4 = p + (v6 ? 40 : 20), *sum;
	int proto = v6 ? p[6] : p[9];
	size_t len = n - (v6 ? 40 : 20);

	if (!v6) {
		put16(p + 10, 0);
		put16(p + 10, inet_sum(p, 20, 0));
	}
	sum = l4 + (proto == 6 ? 16 : proto == 17 ? 6 : 2);
	if (keep || (proto != 1 && proto != 6 && proto != 17))
		return;
	put16(sum, proto == 1 ? inet_sum(l4, len, 0) :
				transport(p + (v6 ? 8 : 12), v6 ? 32 : 8, l4, len, proto));
}

static struct frame build(const struct row *r)
{
	struct frame f = { .len = 0 };
	size_t at = r->how & VLAN ? 18 : 14;
	bool v6 = r->inner[0] == '6';

	frame_hex(&f, "020000000101 020000000102");
	frame_hex(&f, r->how & VLAN ? "8100 0064" : "");
	frame_hex(&f, v6 ? "86dd" : "0800");
	frame_hex(&f, r->inner);
	if (r->how & TTL1)
		f.b[at + (v6 ? 7 : 8)] = 1;
	if (r->how & LONG) {
		f.len = at + 1461;
		put16(f.b + at + 2, 1461);
	}
	fill(f.b + at, f.len - at);
	if (r->how & PADDED)
		frame_hex(&f, "000000000000");
	return f;
}

static struct ze_session session(uint16_t sid, unsigned flags)
{
	struct ze_session s = { .peer_sid = (__u16)(0x5600 + sid),
				.flags = (__u8)flags,
				.mtu = 1460,
				.ip4 = { 192, 0, 2, (__u8)(sid + 2) } };

	if (sid == 5) {
		memcpy(&s.net6[0].prefix, (uint8_t[8]){ 0x20, 1, 0xd, 0xb8, 0, 7 }, 8);
		memset(&s.net6[0].mask, 0xff, 8);
	}
	return s;
}

static void put_session(uint16_t sid, unsigned family, unsigned flags)
{
	struct ze_sess_key k = { .tid = family == 4 ? 12 : 14, .sid = sid };
	struct ze_session s = session(sid, flags);
	struct ze_tunnel t = rig_ends(family);

	t.peer_port = 1702;
	bpf_dp_path_put(rig.d, k.tid, &t);
	rig_session(&rig, k, &s);
}

static int group_start(void **st)
{
	(void)st;
	rig_start(&rig);
	put_session(5, 4, 0);
	put_session(6, 6, 0);
	put_session(7, 4, ZE_SESS_SEQ);
	return 0;
}

static int group_stop(void **st)
{
	(void)st;
	rig_stop(&rig);
	return 0;
}

static void check_ip(const uint8_t *ip, size_t n, bool v6)
{
	if (v6) {
		assert_int_equal(ip[0], 0x60);
		assert_int_equal(get16(ip + 4), n - 40);
		assert_int_equal(ip[6], 17);
		return;
	}
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(get16(ip + 2), n);
	assert_int_equal(get16(ip + 6), 0x4000);
	assert_int_equal(ip[9], 17);
	assert_int_equal(inet_sum(ip, 20, 0), 0);
}

static void check_outer(const struct row *r, const struct frame *out)
{
	bool v6 = r->hdr == 58, seq = r->hdr == 42;
	const uint8_t *ip = out->b + 14, *udp = ip + (v6 ? 40 : 20), *l2tp = udp + 8;
	size_t n = out->len - 14, udp_len = n - (size_t)(udp - ip);

	assert_memory_equal(out->b, rig.lac_mac, 6);
	check_ip(ip, n, v6);
	assert_int_equal(get16(udp), 1701);
	assert_int_equal(get16(udp + 2), 1702);
	assert_int_equal(get16(udp + 4), udp_len);
	if (r->how & NO_SUM)
		assert_int_equal(get16(udp + 6), 0);
	else
		assert_int_equal(transport(ip + (v6 ? 8 : 12), v6 ? 32 : 8, udp, udp_len, 17), 0);
	assert_int_equal(get16(l2tp), seq ? 0x0802 : 0x0002);
	assert_int_equal(get16(l2tp + 2), 0x1234);
	assert_int_equal(get16(l2tp + 4) >> 8, 0x56);
	l2tp += seq ? 10 : 6;
	assert_int_equal(get16(l2tp), 0xff03);
	assert_int_equal(get16(l2tp + 2), r->inner[0] == '6' ? 0x57 : 0x21);
}

/* The hop count is one less, and nothing else has changed. */
static void check_inner(const struct row *r, const struct frame *in, const struct frame *out)
{
	size_t at = r->how & VLAN ? 18 : 14, n = in->len - at - (r->how & PADDED ? 6 : 0);
	const uint8_t *got = out->b + 14 + r->hdr;
	uint8_t want[RIG_FRAME_MAX];

	assert_int_equal(out->len, 14 + r->hdr + n);
	memcpy(want, in->b + at, n);
	if (want[0] >> 4 == 6) {
		want[7]--;
	} else {
		want[8]--;
		put16(want + 10, 0);
		put16(want + 10, inet_sum(want, 20, 0));
	}
	assert_memory_equal(got, want, n);
}

/* L-193 */
static void rows_down(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct frame in = build(r);
		struct rig_run got;

		rig_run(&rig, BPF_DP_CORE, &in, &got);
		if (got.verdict != r->v)
			fail_msg("%s: verdict %d, wanted %d", r->name, got.verdict, r->v);
		if (r->v == ZE_V_DOWN_FORWARD) {
			assert_int_equal(got.action, XDP_REDIRECT);
			check_outer(r, &got.out);
			check_inner(r, &in, &got.out);
		} else {
			assert_int_equal(got.action, XDP_PASS);
			assert_int_equal(got.out.len, in.len);
			assert_memory_equal(got.out.b, in.b, in.len);
		}
	}
}

static void truncated_at_each_octet(void **st)
{
	struct rig_run got;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct frame f = build(&rows[i]);
		size_t pad = rows[i].how & PADDED ? 6 : 0;

		for (f.len -= pad + 1; f.len >= 14; f.len--) {
			rig_run(&rig, BPF_DP_CORE, &f, &got);
			assert_int_equal(got.verdict, ZE_V_PASS);
			rig_run(&rig, BPF_DP_SLOW, &f, &got);
			assert_int_equal(got.verdict, ZE_V_DROP_NOBODY);
		}
	}
}

/* L-183 */
static void numbers_run_on(void **st)
{
	const struct row *r = &rows[12];
	struct frame in = build(r);
	struct rig_run got;

	(void)st;
	put_session(7, 4, ZE_SESS_SEQ);
	for (unsigned i = 0; i < 65534; i++)
		assert_int_equal(bpf_dp_number(rig.d, 7), i);
	for (unsigned i = 0; i < 4; i++) {
		rig_run(&rig, BPF_DP_CORE, &in, &got);
		assert_int_equal(get16(got.out.b + 14 + 28 + 6), (65534 + i) & 0xffff);
		assert_int_equal(get16(got.out.b + 14 + 28 + 8), 0);
	}
}

/* The stack has decremented the hop count already, and sends what it could not forward
 * elsewhere: packets to unknown subscribers are dropped. */
static void from_the_stack(void **st)
{
	struct frame other = build(&rows[13]);
	struct rig_run got;

	(void)st;
	for (const struct row *r = rows; r->v == ZE_V_DOWN_FORWARD; r++) {
		struct frame in = build(r);
		size_t at = r->how & VLAN ? 18 : 14, n = in.len - at - (r->how & PADDED ? 6 : 0);

		rig_run(&rig, BPF_DP_SLOW, &in, &got);
		assert_int_equal(got.verdict, ZE_V_DOWN_FORWARD);
		check_outer(r, &got.out);
		assert_memory_equal(got.out.b + 14 + r->hdr, in.b + at, n);
	}
	rig_run(&rig, BPF_DP_SLOW, &other, &got);
	assert_int_equal(got.verdict, ZE_V_DROP_NOBODY);
	assert_int_equal(got.action, XDP_DROP);
}

/* A packet to this address reaches the session with this id; 0: no session. */
static void leads_to(const uint8_t ip4[static 4], uint16_t sid)
{
	struct frame in = build(&rows[0]);
	struct rig_run got;

	memcpy(in.b + 14 + 16, ip4, 4);
	fill(in.b + 14, in.len - 14);
	rig_run(&rig, BPF_DP_CORE, &in, &got);
	assert_int_equal(got.verdict, sid ? ZE_V_DOWN_FORWARD : ZE_V_PASS);
	if (sid)
		assert_int_equal(get16(got.out.b + 14 + 28 + 4), 0x5600 + sid);
}

/* Of several addresses with the same low half, each leads to its own session, in whatever order
 * they were added and removed. */
static void alike_in_the_low_half(void **st)
{
	static const uint8_t first[] = { 192, 0, 2, 7 }, second[] = { 100, 64, 2, 7 },
			     third[] = { 100, 65, 2, 7 };
	const struct ze_sess_key k5 = { 12, 5 }, k10 = { 12, 10 };
	struct ze_session s5 = session(5, 0), s10 = session(10, 0), moved;

	(void)st;
	memcpy(s10.ip4, second, sizeof(second));
	rig_session(&rig, k10, &s10);
	leads_to(first, 5);
	leads_to(second, 10);
	leads_to(third, 0);
	moved = s10;
	memcpy(moved.ip4, third, sizeof(third));
	assert_int_equal(bpf_dp_session_put(rig.d, &k10, &s10, &moved), 0);
	leads_to(first, 5);
	leads_to(second, 0);
	leads_to(third, 10);
	bpf_dp_session_drop(rig.d, &k10, &moved);
	leads_to(first, 5);
	leads_to(third, 0);
	assert_int_equal(bpf_dp_session_put(rig.d, &k5, &s5, &s5), 0);
	leads_to(first, 5);
	leads_to(second, 0);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 10).down_packets, 2);
}

/* When two sessions have the same address, the newer one has it, also after another change of
 * the older one. */
static void address_of_the_newer(void **st)
{
	static const uint8_t ip[] = { 192, 0, 2, 7 };
	const struct ze_sess_key k5 = { 12, 5 }, k10 = { 12, 10 };
	struct ze_session s5 = session(5, 0), s10 = session(10, 0), changed = s5;

	(void)st;
	memcpy(s10.ip4, ip, sizeof(ip));
	rig_session(&rig, k10, &s10);
	leads_to(ip, 10);
	changed.mtu = 1400;
	assert_int_equal(bpf_dp_session_put(rig.d, &k5, &s5, &changed), 0);
	leads_to(ip, 10);
	bpf_dp_session_drop(rig.d, &k10, &s10);
	leads_to(ip, 0);
	assert_int_equal(bpf_dp_session_put(rig.d, &k5, NULL, &s5), 0);
	leads_to(ip, 5);
}

static void meets(const struct row *r, enum bpf_dp_prog p, enum ze_verdict v)
{
	struct frame in = build(r);
	struct rig_run got;

	rig_run(&rig, p, &in, &got);
	assert_string_equal(rig_verdict(got.verdict), rig_verdict(v));
	assert_int_equal(got.action, v == ZE_V_DROP_CLOSED ? XDP_DROP : XDP_REDIRECT);
}

/* F-C2: as upstream: for packets from the core and from the stack. */
static void families_open_and_shut(void **st)
{
	(void)st;
	put_session(5, 4, 0);
	for (unsigned is_open = 0; is_open < 4; is_open++) {
		bpf_dp_open_family(rig.d, 5, false, is_open & 1);
		bpf_dp_open_family(rig.d, 5, true, is_open & 2);
		for (unsigned i = 0; i < 2; i++) {
			enum bpf_dp_prog p = i ? BPF_DP_SLOW : BPF_DP_CORE;

			meets(&rows[0], p, is_open & 1 ? ZE_V_DOWN_FORWARD : ZE_V_DROP_CLOSED);
			meets(&rows[7], p, is_open & 2 ? ZE_V_DOWN_FORWARD : ZE_V_DROP_CLOSED);
		}
	}
}

/* The same packet from the stack and from the core. */
static void goes(const struct row *r, enum ze_verdict from_stack, enum ze_verdict from_core)
{
	struct frame in = build(r);
	struct rig_run got;

	rig_run(&rig, BPF_DP_SLOW, &in, &got);
	assert_string_equal(rig_verdict(got.verdict), rig_verdict(from_stack));
	rig_run(&rig, BPF_DP_CORE, &in, &got);
	assert_string_equal(rig_verdict(got.verdict), rig_verdict(from_core));
}

#define ICMP_OF(type)                                                                              \
	"45000024 00010000 4001 0000 08080808 c0000207" type "00 0000 08080808 4500001400000000"
#define ND_OF(type)                                                                                \
	"60000000 00083aff 20010db8000900000000000000000001"                                       \
	"20010db8000700000000000000000005" type "00 0000 00000000"

/* F-C13: redirects by the kernel are dropped, and no other ICMP. */
static void redirects(void **st)
{
	static const struct row row[] = {
		{ .inner = ICMP_OF("05") }, { .inner = ND_OF("89") }, /* redirects */
		{ .inner = ICMP_OF("03") }, { .inner = ICMP_OF("89") }, { .inner = ICMP_OF("0b") },
		{ .inner = ND_OF("01") },   { .inner = ND_OF("05") },	{ .inner = ND_OF("88") },
	};

	(void)st;
	put_session(5, 4, 0);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(row); i++)
		goes(&row[i], i < 2 ? ZE_V_DROP_ICMP_REDIRECT : ZE_V_DOWN_FORWARD,
		     ZE_V_DOWN_FORWARD);
}

/* Session 8, whose LAC is fe80::99 on an interface, and a packet for it: sent to ze0 with the
 * index of the interface. */
static void passes(const struct row *r)
{
	struct frame in = build(r);
	struct rig_run got;

	rig_run(&rig, BPF_DP_CORE, &in, &got);
	assert_string_equal(rig_verdict(got.verdict), rig_verdict(ZE_V_PASS));
}

/* S-AAA-50: packets to a network behind a subscriber; the address of another one in it is preferred,
 * and so is a more specific network. */
static void networks_behind_subscribers(void **st)
{
	const struct row in = { "network", UDP4("0a"), 0, ZE_V_PASS, 0 };
	const struct row host = { "address", UDP4("08"), 0, ZE_V_PASS, 58 };
	const struct row in6 = { "network, IPv6",
				 "60000000 000b1140 20010db8000900000000000000000001"
				 "20010db8000800000000000000000005 0035 3039 000b 0000 686921",
				 0, ZE_V_PASS, 0 };
	const struct ze_sess_key k5 = { .tid = 12, .sid = 5 }, k6 = { .tid = 14, .sid = 6 };
	uint64_t before = bpf_hot_counters(bpf_dp_hot(rig.d), 6).down_packets;
	struct ze_prefix net, net6, more;

	(void)st;
	assert_int_equal(ze_prefix_parse("192.0.2.0/24", &net), 0);
	assert_int_equal(ze_prefix_parse("192.0.2.10/32", &more), 0);
	assert_int_equal(ze_prefix_parse("2001:db8:8::/48", &net6), 0);
	passes(&in);
	assert_int_equal(bpf_dp_net_put(rig.d, &net, &k5), 0);
	assert_int_equal(bpf_dp_net_put(rig.d, &net6, &k5), 0);
	passes(&in); /* not searched yet */
	bpf_dp_nets(rig.d, false, 1);
	meets(&in, BPF_DP_CORE, ZE_V_DOWN_FORWARD);
	meets(&in, BPF_DP_SLOW, ZE_V_DOWN_FORWARD);
	meets(&in6, BPF_DP_CORE, ZE_V_DOWN_FORWARD);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 6).down_packets, before);
	meets(&host, BPF_DP_CORE, ZE_V_DOWN_FORWARD);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 6).down_packets, before + 1);
	assert_int_equal(bpf_dp_net_put(rig.d, &more, &k6), 0);
	meets(&in, BPF_DP_CORE, ZE_V_DOWN_FORWARD);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 6).down_packets, before + 2);
	bpf_dp_net_drop(rig.d, &more, &k6, NULL);
	bpf_dp_net_drop(rig.d, &net, &k5, NULL);
	bpf_dp_net_drop(rig.d, &net6, &k5, NULL);
	passes(&in);
	passes(&in6);
	bpf_dp_nets(rig.d, false, 0);
}

static void to_link(uint32_t scope, const char *inner, enum ze_verdict v)
{
	struct frame in = build(&(struct row){ .inner = inner });
	struct ze_sess_key k = { .tid = 15, .sid = 8 };
	struct ze_session s = session(8, 0);
	struct ze_tunnel t = rig_ends(6);
	const uint8_t mark[] = { 2,
				 'z',
				 'e',
				 'l',
				 'n',
				 'k',
				 (uint8_t)scope,
				 (uint8_t)(scope >> 8),
				 (uint8_t)(scope >> 16),
				 (uint8_t)(scope >> 24),
				 0,
				 0 };
	struct rig_run got;

	memcpy(t.local, (uint8_t[16]){ 0xfe, 0x80, [15] = 1 }, 16);
	memcpy(t.peer, (uint8_t[16]){ 0xfe, 0x80, [15] = 0x99 }, 16);
	t.scope = scope;
	bpf_dp_path_put(rig.d, k.tid, &t);
	rig_session(&rig, k, &s);
	rig_run(&rig, BPF_DP_CORE, &in, &got);
	assert_string_equal(rig_verdict(got.verdict), rig_verdict(v));
	if (v == ZE_V_DOWN_STACK) {
		assert_memory_equal(got.out.b, mark, sizeof(mark));
		assert_int_equal(get16(got.out.b + 12), 0x86dd);
		assert_memory_equal(got.out.b + 14 + 8, t.local, 16);
		assert_memory_equal(got.out.b + 14 + 24, t.peer, 16);
		assert_int_equal(transport(got.out.b + 14 + 8, 32, got.out.b + 14 + 40,
					   got.out.len - 14 - 40, 17),
				 0);
	}
	bpf_dp_session_drop(rig.d, &k, &s);
}

/* F-C13: a LAC with a link-local address is found by the address and its interface. */
static void link_local_lacs(void **st)
{
	(void)st;
	to_link(if_nametoindex("lns0"), UDP4("0a"), ZE_V_DOWN_STACK);
	to_link(if_nametoindex("lns1"), UDP4("0a"), ZE_V_DOWN_STACK);
	to_link(0x12345678, UDP4("0a"), ZE_V_DROP_LINK); /* the interface does not exist */
	/* The outer headers have 90 octets. */
	assert_int_equal(system("ip link add thin mtu 90 type veth peer name thinp"), 0);
	to_link(if_nametoindex("thin"), UDP4("0a"), ZE_V_DOWN_STACK);
	assert_int_equal(system("ip link set thin mtu 89"), 0);
	to_link(if_nametoindex("thin"), UDP4("0a"), ZE_V_DROP_LINK);
}

static void counts(void **st)
{
	struct frame in = build(&rows[0]);
	struct bpf_hot_counters n;
	struct rig_run got;

	(void)st;
	put_session(5, 4, 0);
	for (int i = 0; i < 3; i++)
		rig_run(&rig, BPF_DP_CORE, &in, &got);
	n = bpf_hot_counters(bpf_dp_hot(rig.d), 5);
	assert_int_equal(n.down_packets, 3);
	assert_int_equal(n.down_bytes, 3 * 32);
}

static void neighbour(const char *mac)
{
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "ip neigh replace 10.0.0.2 lladdr %s dev lns0 nud permanent",
		 mac);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(bpf_dp_void_hops(rig.d), 0);
}

/* A cached next hop is not used after the cache was flushed. */
static void next_hop_changes(void **st)
{
	struct frame in = build(&rows[0]);
	struct rig_run got;

	(void)st;
	neighbour("02:00:00:00:00:99");
	for (int i = 0; i < 3; i++) {
		rig_run(&rig, BPF_DP_CORE, &in, &got);
		assert_int_equal(got.out.b[5], 0x99);
		usleep(10000); /* another tick: cached */
	}
	neighbour("02:00:00:00:00:02");
	rig_run(&rig, BPF_DP_CORE, &in, &got);
	assert_int_equal(got.out.b[5], 0x02);
}

/* Sequence numbers continue without a gap after policed packets. */
static void policed_without_a_number(void **st)
{
	struct ze_session s = session(7, ZE_SESS_SEQ);
	struct frame in = build(&rows[12]);
	uint16_t sent = 0;
	struct rig_run got;

	(void)st;
	s.down_cost = 1u << 30; /* a burst of 4 s at 1.05 ms per octet */
	rig_session(&rig, (struct ze_sess_key){ 12, 7 }, &s);
	for (rig_run(&rig, BPF_DP_CORE, &in, &got);
	     got.verdict == ZE_V_DOWN_FORWARD && sent < 20000; sent++)
		rig_run(&rig, BPF_DP_CORE, &in, &got);
	assert_int_equal(got.verdict, ZE_V_DROP_DOWN_RATE);
	assert_int_equal(got.action, XDP_DROP);
	assert_in_range(sent, 100, 10000);
	assert_int_equal(bpf_dp_number(rig.d, 7), sent);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 7).down_packets, sent);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 7).down_policed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_down),
		cmocka_unit_test(truncated_at_each_octet),
		cmocka_unit_test(numbers_run_on),
		cmocka_unit_test(from_the_stack),
		cmocka_unit_test(families_open_and_shut),
		cmocka_unit_test(networks_behind_subscribers),
		cmocka_unit_test(redirects),
		cmocka_unit_test(link_local_lacs),
		cmocka_unit_test(counts),
		cmocka_unit_test(next_hop_changes),
		cmocka_unit_test(alike_in_the_low_half),
		cmocka_unit_test(address_of_the_newer),
		cmocka_unit_test(policed_without_a_number),
	};

	if (geteuid() != 0) {
		puts("ok 1 - bpf_down # SKIP needs root\n1..1");
		return 0;
	}
	return cmocka_run_group_tests(tests, group_start, group_stop);
}
