/* SPDX-License-Identifier: BSD-2-Clause */
/* Upstream, from the LAC: every form of the headers, every refusal, truncation at each octet. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "selftests/bpf/xdp_rig.h"

/* 192.0.2.7 -> 8.8.8.8, UDP, "hi"; the same after one hop */
#define IP4	 "4500001e 00010000 4011a8b7 c0000207 08080808 30390035 000a0000 6869"
#define IP4_HOP	 "4500001e 00010000 3f11a9b7 c0000207 08080808 30390035 000a0000 6869"
#define IP4_TTL1 "4500001e 00010000 0111e7b7 c0000207 08080808 30390035 000a0000 6869"
#define IP4_LIES "4500001e 00010000 4011a8b6 c0000208 08080808 30390035 000a0000 6869"
#define IP4_GONE "4500001e 00010000 40117cc1 c0000207 cb007105 30390035 000a0000 6869"
#define IP4_HOLE "4500001e 00010000 40117c41 c0000207 cb007185 30390035 000a0000 6869"
#define IP4_LONG "45000030 00010000 4011a8a5 c0000207 08080808 30390035 000a0000 6869"
/* 2001:db8:7::5 -> 2001:db8:9::1, UDP */
#define IP6_END                                                                                    \
	"20010db8000700000000000000000005 20010db8000900000000000000000001 30390035 000a1234 6869"
#define IP6 "60000000 000a1140" IP6_END
#define IP6_HOLE                                                                                   \
	"60000000 000a1140 20010db8000700000000000000000005 20010db8000b00000000000000000001"      \
	"30390035 000a1234 6869"
#define IP6_HOP "60000000 000a113f" IP6_END
#define IP6_LIES                                                                                   \
	"60000000 000a1140 20010db8000800000000000000000005 20010db8000900000000000000000001"      \
	"30390035 000a1234 6869"
/* fe80::a:b:c:d -> fe80::1, ff02::2; :: -> ff02::2 */
#define LL "60000000 00003a40 fe80000000000000000a000b000c000d fe800000000000000000000000000001"
#define LL_LIES                                                                                    \
	"60000000 00003a40 fe80000000000000000a000b000c000e fe800000000000000000000000000001"
#define LL_ROUTER                                                                                  \
	"60000000 00003a40 00000000000000000000000000000000 ff020000000000000000000000000002"

#define D	 "0002 000c 0005" /* a data header: tunnel 12, session 5 */
#define H	 D " ff03 0021"
#define TO_CORE	 "020000000102 020000000101 0800"
#define TO_CORE6 "020000000102 020000000101 86dd"

struct row {
	const char *name;
	unsigned how;
	const char *l2tp, *inner;
	enum ze_verdict v;
	const char *out; /* after the Ethernet header; NULL: as it arrived */
};

static const struct row rows[] = {
	{ "plain", 0, H, IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "priority", 0, "0102 000c 0005 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "reserved bits", 0, "34f2 000c 0005 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "length", 0, "4002 002a 000c 0005 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "length, more behind", 0, "4002 002a 000c 0005 ff03 0021", IP4 "ffffff", ZE_V_UP_FORWARD,
	  IP4_HOP },
	{ "sequence", 0, "0802 000c 0005 0001 ffff ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "offset 0", 0, "0202 000c 0005 0000 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "offset 1", 0, "0202 000c 0005 0001 00 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "offset 6", 0, "0202 000c 0005 0006 aaaaaaaaaaaa ff03 0021", IP4, ZE_V_UP_FORWARD,
	  IP4_HOP },
	{ "length, sequence", 0, "4802 002e 000c 0005 0001 0000 ff03 0021", IP4, ZE_V_UP_FORWARD,
	  IP4_HOP },
	{ "length, offset", 0, "4202 002e 000c 0005 0002 0000 ff03 0021", IP4, ZE_V_UP_FORWARD,
	  IP4_HOP },
	{ "sequence, offset", 0, "0a02 000c 0005 0001 0000 0000 ff03 0021", IP4, ZE_V_UP_FORWARD,
	  IP4_HOP },
	{ "all three", 0, "4a02 0033 000c 0005 0009 0000 0003 000000 ff03 0021", IP4,
	  ZE_V_UP_FORWARD, IP4_HOP },
	{ "no FF 03", 0, D " 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "short protocol", 0, D " ff03 21", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "neither", 0, D " 21", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "octets behind the packet", 0, H, IP4 "0000000000", ZE_V_UP_FORWARD, IP4_HOP },
	{ "tagged", F_VLAN, H, IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "outer IPv6", F_OUTER6, "0002 000e 0006 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "outer IPv6, no checksum", F_OUTER6 | F_NO_SUM, "0002 000e 0006 ff03 0021", IP4,
	  ZE_V_DROP_CHECKSUM, NULL },
	{ "inner IPv6", 0, D " ff03 0057", IP6, ZE_V_UP_FORWARD, IP6_HOP },
	{ "inner IPv6, short", 0, D " 57", IP6, ZE_V_UP_FORWARD, IP6_HOP },
	{ "ttl 1", 0, H, IP4_TTL1, ZE_V_UP_STACK, IP4_TTL1 },
	{ "no route", 0, H, IP4_GONE, ZE_V_UP_STACK, IP4_GONE },
	{ "blackhole route", 0, H, IP4_HOLE, ZE_V_DROP_BLACKHOLE, NULL },
	{ "the same again", 0, H, IP4_HOLE, ZE_V_DROP_BLACKHOLE, NULL },
	{ "IPv6 blackhole route", 0, D " ff03 0057", IP6_HOLE, ZE_V_DROP_BLACKHOLE, NULL },
	{ "link-local", 0, D " ff03 0057", LL, ZE_V_UP_STACK, LL },
	{ "router solicitation", 0, D " ff03 0057", LL_ROUTER, ZE_V_UP_STACK, LL_ROUTER },
	/* not ours */
	{ "to another host", F_ELSEWHERE, H, IP4, ZE_V_PASS, NULL },
	{ "fragment", F_FRAGMENT, H, IP4, ZE_V_PASS_FRAGMENT, NULL },
	{ "options", F_OPTIONS, H, IP4, ZE_V_PASS_OPTIONS, NULL },
	{ "control", 0, "c802 000c 0000 0000 0000 0000", "", ZE_V_PASS_CONTROL, NULL },
	{ "lcp", 0, D " ff03 c021 0905 0008 00000000", "", ZE_V_PASS_PPP, NULL },
	{ "lcp of an unknown session", 0, "0002 000c 0001 ff03 c021", "", ZE_V_DROP_UNKNOWN, NULL },
	{ "compressed tcp", 0, D " ff03 002d", IP4, ZE_V_PASS_PPP, NULL },
	/* refused */
	{ "version 3", 0, "0003 000c 0005 ff03 0021", IP4, ZE_V_DROP_VERSION, NULL },
	{ "version 1", 0, "0001 000c 0005 ff03 0021", IP4, ZE_V_DROP_VERSION, NULL },
	{ "version 3 elsewhere", F_ELSEWHERE, "0003 000c 0005", IP4, ZE_V_PASS, NULL },
	{ "length beyond", 0, "4002 002b 000c 0005 ff03 0021", IP4, ZE_V_DROP_LENGTH, NULL },
	{ "length within header", 0, "4002 0007 000c 0005 ff03 0021", IP4, ZE_V_DROP_LENGTH, NULL },
	{ "length without inner", 0, "4002 0029 000c 0005 ff03 0021", IP4, ZE_V_DROP_INNER, NULL },
	{ "offset beyond", 0, "0202 000c 0005 1000 ff03 0021", IP4, ZE_V_DROP_OFFSET, NULL },
	{ "offset far beyond", 0, "0202 000c 0005 ffff ff03 0021", IP4, ZE_V_DROP_OFFSET, NULL },
	{ "offset to the end", 0, "0202 000c 0005 0022 ff03 0021", IP4, ZE_V_DROP_SHORT, NULL },
	{ "even protocol", 0, D " ff03 0020", IP4, ZE_V_DROP_PROTOCOL, NULL },
	{ "address for a protocol", 0, D " ff03 00ff", IP4, ZE_V_DROP_PROTOCOL, NULL },
	{ "ff not 03", 0, D " ff04 0021", IP4, ZE_V_DROP_PROTOCOL, NULL },
	{ "unknown session", 0, "0002 000c 0007 ff03 0021", IP4, ZE_V_DROP_UNKNOWN, NULL },
	{ "unknown tunnel", 0, "0002 000d 0005 ff03 0021", IP4, ZE_V_DROP_UNKNOWN, NULL },
	{ "session of another tunnel", 0, "0002 000e 0005 ff03 0021", IP4, ZE_V_DROP_UNKNOWN,
	  NULL },
	{ "zero", 0, "0002 0000 0000 ff03 0021", IP4, ZE_V_DROP_UNKNOWN, NULL },
	{ "other address", F_OTHER_PEER, H, IP4, ZE_V_DROP_PEER, NULL },
	{ "other port", F_OTHER_PORT, H, IP4, ZE_V_DROP_PEER, NULL },
	{ "another's session", 0, "0002 000e 0006 ff03 0021", IP4, ZE_V_DROP_PEER, NULL },
	{ "spoofed", 0, H, IP4_LIES, ZE_V_DROP_SPOOFED, NULL },
	{ "spoofed IPv6", 0, D " ff03 0057", IP6_LIES, ZE_V_DROP_SPOOFED, NULL },
	{ "spoofed link-local", 0, D " ff03 0057", LL_LIES, ZE_V_DROP_SPOOFED, NULL },
	{ "no IPv6 agreed", F_OUTER6, "0002 000e 0006 ff03 0057", IP6, ZE_V_DROP_CLOSED, NULL },
	{ "shorter than it says", 0, H, IP4_LONG, ZE_V_DROP_INNER, NULL },
	{ "6 said to be 4", 0, H, IP6, ZE_V_DROP_INNER, NULL },
	{ "4 said to be 6", 0, D " ff03 0057", IP4 IP4, ZE_V_DROP_INNER, NULL },
	{ "header length 4", 0, H, "4400001e" IP4, ZE_V_DROP_INNER, NULL },
	/* Sequencing Required, in this order: session 8 */
	{ "unnumbered", 0, "0002 000c 0008 ff03 0021", IP4, ZE_V_DROP_SEQUENCE, NULL },
	{ "first number", 0, "0802 000c 0008 fffe 0000 ff03 0021", IP4, ZE_V_UP_FORWARD, IP4_HOP },
	{ "duplicate", 0, "0802 000c 0008 fffe 0000 ff03 0021", IP4, ZE_V_DROP_SEQUENCE, NULL },
	{ "a gap, wrapping", 0, "0802 000c 0008 0001 0000 ff03 0021", IP4, ZE_V_UP_FORWARD,
	  IP4_HOP },
	{ "late", 0, "0802 000c 0008 ffff 0000 ff03 0021", IP4, ZE_V_DROP_SEQUENCE, NULL },
};

static struct rig rig;

static struct ze_session session(unsigned family)
{
	struct ze_session s = { .mtu = 1460, .ip4 = { 192, 0, 2, 7 } };

	if (family == 4) {
		memcpy(s.ifid, (uint8_t[]){ 0, 10, 0, 11, 0, 12, 0, 13 }, 8);
		memcpy(&s.net6[1].prefix, (uint8_t[8]){ 0x20, 1, 0xd, 0xb8, 0, 7 }, 8);
		memset(&s.net6[1].mask, 0xff, 7);
	}
	return s;
}

/* In tunnel 12 over IPv4; 6 in 14, over IPv6. */
static void put_session(uint16_t sid, const struct ze_session *s)
{
	struct ze_sess_key k = { .tid = sid == 6 ? 14 : 12, .sid = sid };

	rig_session(&rig, k, s);
}

static int group_start(void **st)
{
	const struct ze_tunnel ends4 = rig_ends(4), ends6 = rig_ends(6);
	struct ze_session s = session(4);

	(void)st;
	rig_start(&rig);
	bpf_dp_path_put(rig.d, 12, &ends4);
	bpf_dp_path_put(rig.d, 14, &ends6);
	put_session(5, &s);
	s.flags = ZE_SESS_SEQ;
	put_session(8, &s);
	s.flags = 0;
	s.up_cost = 8 << ZE_COST_SHIFT; /* 8 ns per octet: 1 Gbit/s */
	put_session(9, &s);
	s = session(6);
	put_session(6, &s);
	rig_tunnel(&rig, 12, 2);
	rig_tunnel(&rig, 14, 102);
	bpf_guard_ops.session(bpf_dp_guard(rig.d), 12, 5, GUARD_SESSION_CARRIED);
	return 0;
}

static int group_stop(void **st)
{
	(void)st;
	rig_stop(&rig);
	return 0;
}

static struct frame build(unsigned how, const char *l2tp, const char *inner)
{
	struct frame f = frame_outer(how);

	frame_hex(&f, l2tp);
	frame_hex(&f, inner);
	frame_finish(&f, how);
	return f;
}

static struct frame expected(const struct row *r, const struct frame *in)
{
	struct frame f = { .len = 0 };
	bool v6 = r->out && r->out[0] == '6';

	if (!r->out)
		return *in;
	if (r->v == ZE_V_UP_FORWARD) {
		frame_hex(&f, v6 ? TO_CORE6 : TO_CORE);
	} else {
		frame_bytes(&f, rig.ze0_mac, 6);
		f.len += 6; /* those of ze0p, not compared */
		frame_hex(&f, v6 ? "86dd" : "0800");
	}
	frame_hex(&f, r->out);
	return f;
}

static uint32_t action_of(enum ze_verdict v)
{
	return v < ZE_V_PASS ? XDP_REDIRECT : v < ZE_V_DROP_SHORT ? XDP_PASS : XDP_DROP;
}

static void one_row(const struct row *r)
{
	struct frame in = build(r->how, r->l2tp, r->inner), want = expected(r, &in);
	struct rig_run got;

	rig_run(&rig, BPF_DP_UPLINK, &in, &got);
	if (want.len >= 12 && r->v == ZE_V_UP_STACK)
		memcpy(want.b + 6, got.out.b + 6, 6);
	if (got.verdict != r->v || got.action != action_of(r->v) || got.out.len != want.len ||
	    memcmp(got.out.b, want.b, want.len) != 0) {
		for (size_t i = 0; i < got.out.len; i++)
			print_error("%02x", got.out.b[i]);
		print_error("\n");
		fail_msg("%s: verdict %s, wanted %s; action %u; %zu octets, wanted %zu", r->name,
			 rig_verdict(got.verdict), rig_verdict(r->v), got.action, got.out.len,
			 want.len);
	}
}

/* L-180 (the plane's part), L-181, L-182, L-184, L-185, L-187, L-188, L-189, L-192, L-193; F-C13 */
static void rows_up(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++)
		one_row(&rows[i]);
}

/* A frame cut anywhere, and a datagram cut anywhere with matching lengths: never forwarded,
 * unless only octets after the inner packet are missing. */
static void truncated_at_each_octet(void **st)
{
	struct rig_run got;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct frame whole = build(r->how, r->l2tp, r->inner);
		size_t head = 28 + (r->how & F_VLAN ? 18u : 14u) + (r->how & F_OUTER6 ? 20u : 0u) +
			      (r->how & F_OPTIONS ? 4u : 0u);

		for (size_t n = whole.len - 1; n >= 14; n--) {
			struct frame f = whole;

			f.len = n;
			rig_run(&rig, BPF_DP_UPLINK, &f, &got);
			assert_int_not_equal(got.action, XDP_REDIRECT);
			assert_int_not_equal(got.verdict, ZE_V__COUNT);
			if (n < head || strstr(r->name, "behind"))
				continue;
			frame_finish(&f, r->how);
			rig_run(&rig, BPF_DP_UPLINK, &f, &got);
			assert_int_not_equal(got.action, XDP_REDIRECT);
			assert_int_not_equal(got.verdict, ZE_V__COUNT);
		}
	}
}

static enum ze_verdict verdict_of(const char *l2tp, const char *inner)
{
	struct frame f = build(0, l2tp, inner);
	struct rig_run got;

	rig_run(&rig, BPF_DP_UPLINK, &f, &got);
	return got.verdict;
}

static struct ze_prefix net_of(const char *text)
{
	struct ze_prefix p;

	assert_int_equal(ze_prefix_parse(text, &p), 0);
	return p;
}

/* S-AAA-50: a source in a network behind the subscriber is accepted from him, unless another
 * subscriber has the address, or a network behind him is more specific. */
static void networks_behind_the_subscriber(void **st)
{
	const struct ze_sess_key own = { .tid = 12, .sid = 5 }, other = { .tid = 12, .sid = 9 };
	const struct ze_prefix net = net_of("192.0.2.8/30"), host = net_of("192.0.2.8/32"),
			       net6 = net_of("2001:db8:8::/48");
	struct ze_session s = session(4);

	(void)st;
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	assert_int_equal(bpf_dp_net_put(rig.d, &net, &own), 0);
	assert_int_equal(bpf_dp_net_put(rig.d, &net6, &own), 0);
	/* Searched only when the daemon says that there are any. */
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	assert_int_equal(verdict_of(D " ff03 0057", IP6_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_nets(rig.d, false, 1);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_UP_FORWARD);
	assert_int_equal(verdict_of(D " ff03 0057", IP6_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_nets(rig.d, true, 1);
	assert_int_equal(verdict_of(D " ff03 0057", IP6_LIES), ZE_V_UP_FORWARD);
	assert_int_equal(verdict_of(D " ff03 0057", LL_LIES), ZE_V_DROP_SPOOFED);
	/* Of another session. */
	assert_int_equal(verdict_of("0002 000c 0009 ff03 0021", IP4_LIES), ZE_V_DROP_SPOOFED);
	/* A more specific network, and then an address, of another session. */
	assert_int_equal(bpf_dp_net_put(rig.d, &host, &other), 0);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_net_drop(rig.d, &host, &own, NULL); /* not its own: harmless */
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_net_drop(rig.d, &host, &other, NULL);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_UP_FORWARD);
	s.ip4[3] = 8;
	put_session(11, &s);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_session_drop(rig.d, &(struct ze_sess_key){ .tid = 12, .sid = 11 }, &s);
	/* The network changes its owner, and comes back. */
	assert_int_equal(bpf_dp_net_put(rig.d, &net, &other), 0);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_net_drop(rig.d, &net, &other, &own);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_UP_FORWARD);
	bpf_dp_net_drop(rig.d, &net, &own, NULL);
	bpf_dp_net_drop(rig.d, &net6, &own, NULL);
	assert_int_equal(verdict_of(H, IP4_LIES), ZE_V_DROP_SPOOFED);
	assert_int_equal(verdict_of(D " ff03 0057", IP6_LIES), ZE_V_DROP_SPOOFED);
	bpf_dp_nets(rig.d, false, 0);
	bpf_dp_nets(rig.d, true, 0);
}

static void counts(void **st)
{
	const struct ze_session s = session(4);
	struct frame good = build(0, H, IP4), bad = build(0, H, IP4_LIES);
	struct bpf_hot_counters n;
	struct rig_run got;

	(void)st;
	put_session(5, &s);
	for (int i = 0; i < 3; i++)
		rig_run(&rig, BPF_DP_UPLINK, &good, &got);
	for (int i = 0; i < 2; i++)
		rig_run(&rig, BPF_DP_UPLINK, &bad, &got);
	n = bpf_hot_counters(bpf_dp_hot(rig.d), 5);
	assert_int_equal(n.up_packets, 3);
	assert_int_equal(n.up_bytes, 3 * 30);
	assert_int_equal(n.up_spoofed, 2);
	assert_int_equal(n.down_packets, 0);
}

static void meets(const struct frame *f, enum ze_verdict v)
{
	struct rig_run got;

	rig_run(&rig, BPF_DP_UPLINK, f, &got);
	assert_string_equal(rig_verdict(got.verdict), rig_verdict(v));
	assert_int_equal(got.action, action_of(v));
}

/* F-C2: packets of a session in the maps do not pass before the daemon has opened it, each
 * family separately. A change of the session's rates does not affect this. */
static void families_open_and_shut(void **st)
{
	struct frame f4 = build(0, H, IP4), f6 = build(0, "0002 000c 0005 ff03 0057", IP6);
	const struct ze_sess_key k = { 12, 5 };
	struct ze_session s = session(4);

	(void)st;
	bpf_dp_reset(rig.d, 5);
	assert_int_equal(bpf_dp_session_put(rig.d, &k, NULL, &s), 0);
	for (unsigned is_open = 0; is_open < 4; is_open++) {
		bpf_dp_open_family(rig.d, 5, false, is_open & 1);
		bpf_dp_open_family(rig.d, 5, true, is_open & 2);
		assert_int_equal(bpf_dp_session_change(rig.d, &k, &s), 0);
		meets(&f4, is_open & 1 ? ZE_V_UP_FORWARD : ZE_V_DROP_CLOSED);
		meets(&f6, is_open & 2 ? ZE_V_UP_FORWARD : ZE_V_DROP_CLOSED);
	}
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 5).up_refused, 4);
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 5).up_spoofed, 0);
	put_session(5, &s);
	meets(&f4, ZE_V_UP_FORWARD);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A burst of 4 s at 1.05 ms per octet: 128 packets of 30 octets, the last of which exceeds it,
 * and the tokens that return in between. */
static void polices(void **st)
{
	struct ze_session s = session(4);
	struct frame f = build(0, "0002 000c 0009 ff03 0021", IP4);
	uint64_t passed = 0, began = now_ms();
	struct bpf_hot_counters n;
	struct rig_run got;

	(void)st;
	s.up_cost = 1u << 30;
	put_session(9, &s);
	for (rig_run(&rig, BPF_DP_UPLINK, &f, &got); got.verdict == ZE_V_UP_FORWARD; passed++)
		rig_run(&rig, BPF_DP_UPLINK, &f, &got);
	assert_int_equal(got.verdict, ZE_V_DROP_UP_RATE);
	assert_in_range(passed, 128, 128 + 1 + (now_ms() - began) / 31);
	n = bpf_hot_counters(bpf_dp_hot(rig.d), 9);
	assert_int_equal(n.up_packets, passed);
	assert_int_equal(n.up_policed, 1);
}

/* Datagrams that the daemon's socket reassembled: the same checks except the sequence, and
 * passed to the stack. */
static void injected(void **st)
{
	struct frame good = build(0, "0002 000c 0008 ff03 0021", IP4);
	struct frame bad = build(0, "0002 000c 0008 ff03 0021", IP4_LIES);
	size_t len = good.len;
	struct frame want = { .len = 0 };

	(void)st;
	assert_int_equal(bpf_dp_inject(rig.d, good.b, sizeof(good.b), &len), 0);
	frame_bytes(&want, rig.ze0_mac, 6);
	frame_bytes(&want, good.b + 6, 6);
	frame_hex(&want, "0800" IP4);
	assert_int_equal(len, want.len);
	assert_memory_equal(good.b, want.b, len);
	len = bad.len;
	assert_int_equal(bpf_dp_inject(rig.d, bad.b, sizeof(bad.b), &len), -EPERM);
}

/* F-C10: a LAC that has restarted its sequence numbers is followed after six packets in order,
 * and not after packets that merely arrive late: single ones, or copies of one. */
static void lac_restarts_its_numbers(void **st)
{
	struct ze_session s = session(4);
	static const struct {
		unsigned from, n;
		bool same; /* the same number n times */
		unsigned passed;
	} runs[] = {
		{ 20000, 3, false, 3 }, { 0, 5, false, 0 },    { 20003, 1, false, 1 },
		{ 100, 5, false, 0 },	{ 105, 1, false, 1 }, /* the sixth */
		{ 106, 20, false, 20 }, { 65000, 9, true, 0 }, { 90, 4, false, 0 },
		{ 87, 4, false, 0 },	{ 126, 1, false, 1 },
	};
	char text[64];
	struct rig_run got;

	(void)st;
	s.flags = ZE_SESS_SEQ;
	put_session(8, &s);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(runs); i++) {
		unsigned passed = 0;

		for (unsigned k = 0; k < runs[i].n; k++) {
			struct frame f;

			snprintf(text, sizeof(text), "0802 000c 0008 %04x 0000 ff03 0021",
				 (runs[i].from + (runs[i].same ? 0 : k)) & 0xffff);
			f = build(0, text, IP4);
			rig_run(&rig, BPF_DP_UPLINK, &f, &got);
			passed += got.verdict == ZE_V_UP_FORWARD;
		}
		if (passed != runs[i].passed)
			fail_msg("run %zu: %u passed, wanted %u", i, passed, runs[i].passed);
	}
	assert_int_equal(bpf_hot_counters(bpf_dp_hot(rig.d), 8).up_resyncs, 1);
}

static void removed_session(void **st)
{
	const struct ze_session s = session(4);
	struct frame f = build(0, H, IP4);
	struct rig_run got;

	(void)st;
	bpf_dp_session_drop(rig.d, &(struct ze_sess_key){ 12, 5 }, &s);
	rig_run(&rig, BPF_DP_UPLINK, &f, &got);
	assert_int_equal(got.verdict, ZE_V_DROP_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_up),
		cmocka_unit_test(truncated_at_each_octet),
		cmocka_unit_test(networks_behind_the_subscriber),
		cmocka_unit_test(counts),
		cmocka_unit_test(polices),
		cmocka_unit_test(injected),
		cmocka_unit_test(removed_session),
		cmocka_unit_test(lac_restarts_its_numbers),
		cmocka_unit_test(families_open_and_shut),
	};

	if (geteuid() != 0) {
		puts("ok 1 - bpf_up # SKIP needs root\n1..1");
		return 0;
	}
	return cmocka_run_group_tests(tests, group_start, group_stop);
}
