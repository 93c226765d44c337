/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packets reach the daemon, by the programs of both planes: every refusal, truncation at
 * each octet, the list of allowed sources, and the buckets of unknown and known sources. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "selftests/bpf/xdp_rig.h"

/* Tunnels: 12 of 10.0.0.2, 13 of 2001:db8::2, 14 of 10.0.0.3; all from port 1701 */
#define HELLO(tid) "c802 0014" tid "0000 0000 0000 8008 0000 0000 0006"
#define SCCRQ	   "c802 0014 0000 0000 0000 0000 8008 0000 0000 0001"
#define LCP	   " ff03 c021 0905 0008 00000000"
#define IP4	   " ff03 0021 4500001e 00010000 4011a80e c0000207 08080808 30390035 000a0000 6869"

struct row {
	const char *name;
	unsigned how;
	const char *l2tp;
	enum ze_verdict v;
};

static const struct row rows[] = {
	/* RFC 2661 3.1, transcribed like daemon/l2tp/hdr.c */
	{ "control", 0, HELLO("000c"), ZE_V_PASS_CONTROL },
	{ "acknowledgement", 0, "c802 000c 000c 0000 0000 0000", ZE_V_PASS_CONTROL },
	{ "octets behind", 0, HELLO("000c") "00", ZE_V_PASS_CONTROL },
	{ "priority and reserved bits", 0, "fdf2 000c 000c 0000 0000 0000", ZE_V_PASS_CONTROL },
	{ "tagged", F_VLAN, HELLO("000c"), ZE_V_PASS_CONTROL },
	{ "IPv6", F_OUTER6, HELLO("000d"), ZE_V_PASS_CONTROL },
	{ "to another endpoint of ours", F_ANY, HELLO("000c"), ZE_V_PASS_CONTROL },
	{ "no datagram", 0, "", ZE_V_DROP_SHORT },
	{ "one octet", 0, "c8", ZE_V_DROP_SHORT },
	{ "flags alone", 0, "c802", ZE_V_DROP_SHORT },
	{ "version 1", 0, "c801 000c 000c 0000 0000 0000", ZE_V_DROP_VERSION },
	{ "version 3", 0, "c803 000c 000c 0000 0000 0000", ZE_V_DROP_VERSION },
	{ "no L", 0, "8802 000c 0000 0000 0000", ZE_V_DROP_FLAGS },
	{ "no S", 0, "c002 0008 000c 0000", ZE_V_DROP_FLAGS },
	{ "neither", 0, "8002 000c 0000", ZE_V_DROP_FLAGS },
	{ "neither, flags alone", 0, "8002", ZE_V_DROP_FLAGS },
	{ "O", 0, "ca02 000e 000c 0000 0000 0000 0000", ZE_V_DROP_FLAGS },
	{ "length 0", 0, "c802 0000 000c 0000 0000 0000", ZE_V_DROP_LENGTH },
	{ "length in the header", 0, "c802 000b 000c 0000 0000 0000", ZE_V_DROP_LENGTH },
	{ "length beyond", 0, "c802 000d 000c 0000 0000 0000", ZE_V_DROP_LENGTH },
	{ "length far beyond", 0, "c802 ffff 000c 0000 0000 0000", ZE_V_DROP_LENGTH },
	{ "malformed, IPv6, tagged", F_OUTER6 | F_VLAN, "c803", ZE_V_DROP_VERSION },
	{ "malformed, to any address", F_ANY, "c803", ZE_V_DROP_VERSION },
	{ "malformed, to any address, IPv6", F_ANY | F_OUTER6, "c803", ZE_V_DROP_VERSION },
	{ "malformed, to another host", F_ELSEWHERE, "c803", ZE_V_PASS },
	{ "malformed, through us", F_ANY | F_ELSEWHERE, "c803", ZE_V_PASS },
	{ "malformed, through us, IPv6", F_ANY | F_ELSEWHERE | F_OUTER6, "c803", ZE_V_PASS },
	{ "malformed, to nobody's port", F_NO_PORT, "c803", ZE_V_PASS },
	/* whose tunnel */
	{ "unknown tunnel", 0, HELLO("000f"), ZE_V_DROP_UNKNOWN },
	{ "unknown tunnel, to any address", F_ANY, HELLO("000f"), ZE_V_DROP_UNKNOWN },
	{ "unknown tunnel, to another host", F_ELSEWHERE, HELLO("000f"), ZE_V_PASS },
	{ "unknown tunnel, through us", F_ELSEWHERE | F_ANY, HELLO("000f"), ZE_V_PASS },
	{ "other address", F_OTHER_PEER, HELLO("000c"), ZE_V_DROP_PEER },
	{ "other port", F_OTHER_PORT, HELLO("000c"), ZE_V_DROP_PEER },
	{ "other family", F_OUTER6, HELLO("000c"), ZE_V_DROP_PEER },
	{ "another's tunnel", 0, HELLO("000e"), ZE_V_DROP_PEER },
	{ "its own", F_OTHER_PEER, HELLO("000e"), ZE_V_PASS_CONTROL },
	{ "another's, through us", F_ELSEWHERE, HELLO("000e"), ZE_V_PASS },
	/* PPP control */
	{ "lcp", 0, "0002 000c 0001" LCP, ZE_V_PASS_PPP },
	{ "lcp, unknown session", 0, "0002 000c 0002" LCP, ZE_V_DROP_UNKNOWN },
	{ "lcp, another tunnel's session", F_OTHER_PEER, "0002 000e 0001" LCP, ZE_V_DROP_UNKNOWN },
	{ "lcp, unknown tunnel", 0, "0002 000f 0001" LCP, ZE_V_DROP_UNKNOWN },
	{ "lcp, tunnel 0", 0, "0002 0000 0001" LCP, ZE_V_DROP_UNKNOWN },
	{ "lcp, other port", F_OTHER_PORT, "0002 000c 0001" LCP, ZE_V_DROP_PEER },
	{ "lcp, another's", 0, "0002 000e 0001" LCP, ZE_V_DROP_PEER },
	{ "lcp, unknown, through us", F_ELSEWHERE, "0002 000f 0001" LCP, ZE_V_PASS },
	{ "data, version 3", 0, "0003 000c 0001" LCP, ZE_V_DROP_VERSION },
	{ "data, length beyond", 0, "4002 00ff 000c 0001" LCP, ZE_V_DROP_LENGTH },
	{ "data, offset beyond", 0, "0202 000c 0001 0fff" LCP, ZE_V_DROP_OFFSET },
	{ "data, no protocol", 0, "0002 000c 0001 ff03", ZE_V_DROP_SHORT },
	{ "data, even protocol", 0, "0002 000c 0001 ff03 0020", ZE_V_DROP_PROTOCOL },
	/* passed to the stack */
	{ "fragment", F_FRAGMENT, HELLO("000f"), ZE_V_PASS_FRAGMENT },
	{ "options", F_OPTIONS, HELLO("000f"), ZE_V_PASS_OPTIONS },
};

static struct rig rig;

static void session(uint16_t tid, uint16_t sid, enum guard_session what)
{
	bpf_guard_ops.session(bpf_dp_guard(rig.d), tid, sid, what);
	bpf_guard_ops.session(rig.guard, tid, sid, what);
}

static int group_start(void **st)
{
	(void)st;
	rig_start(&rig);
	rig_tunnel(&rig, 12, 2);
	rig_tunnel(&rig, 13, 102);
	rig_tunnel(&rig, 14, 3);
	session(12, 1, GUARD_SESSION_STARTS);
	return 0;
}

static int group_stop(void **st)
{
	(void)st;
	rig_stop(&rig);
	return 0;
}

static struct frame build(unsigned how, const char *l2tp)
{
	struct frame f = frame_outer(how);

	frame_hex(&f, l2tp);
	frame_finish(&f, how);
	return f;
}

static struct rig_run run_one(bool kernel, const struct frame *f)
{
	struct rig_run got;

	if (kernel)
		rig_run_guard(&rig, f, &got);
	else
		rig_run(&rig, BPF_DP_UPLINK, f, &got);
	return got;
}

static void check(const char *name, bool kernel, const struct frame *f, enum ze_verdict v)
{
	struct rig_run got = run_one(kernel, f);

	if (got.verdict != v || got.action != (v < ZE_V_DROP_SHORT ? XDP_PASS : XDP_DROP))
		fail_msg("%s, %s: verdict %s, wanted %s; action %u", name,
			 kernel ? "ze_guard" : "ze_uplink", rig_verdict(got.verdict),
			 rig_verdict(v), got.action);
	assert_int_equal(got.out.len, f->len);
	assert_memory_equal(got.out.b, f->b, f->len);
}

static void check_both(const char *name, const struct frame *f, enum ze_verdict v)
{
	check(name, false, f, v);
	check(name, true, f, v);
}

/* L-001 L-002 L-003 L-004 L-005 L-006 L-007 L-008 L-009 L-010 L-011 L-187 */
static void rows_guard(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct frame f = build(rows[i].how, rows[i].l2tp);

		check_both(rows[i].name, &f, rows[i].v);
	}
}

/* Sessions of the kernel plane are looked up by the kernel, those of the BPF plane here. */
static void data_of_a_tunnel(void **st)
{
	struct frame good = build(0, "0002 000c 0001" IP4), other = build(0, "0002 000e 0001" IP4);
	struct frame unknown = build(0, "0002 000f 0001" IP4);
	struct frame stray = build(0, "0002 000c 0003" IP4);

	(void)st;
	check("of a tunnel", true, &good, ZE_V_PASS_DATA);
	check("of an unknown session", true, &stray, ZE_V_DROP_UNKNOWN);
	check("of a tunnel", false, &good, ZE_V_DROP_UNKNOWN);
	check("of another's tunnel", true, &other, ZE_V_DROP_PEER);
	check("of no tunnel", true, &unknown, ZE_V_DROP_UNKNOWN);
}

/* A cut frame holds no whole datagram and is left to the stack. A cut datagram is refused for
 * what is missing. */
static void truncated_at_each_octet(void **st)
{
	const size_t head = 14 + 20 + 8;
	struct frame whole = build(0, HELLO("000c"));

	(void)st;
	for (size_t n = whole.len - 1; n >= 14; n--) {
		struct frame f = whole;
		size_t l2tp = n - head;

		f.len = n;
		check_both("cut frame", &f, ZE_V_PASS);
		if (n < head)
			continue;
		frame_finish(&f, 0);
		check_both("cut datagram", &f, l2tp < 12 ? ZE_V_DROP_SHORT : ZE_V_DROP_LENGTH);
	}
}

/* ---- unknown sources ---- */

#define KNOWN_BURST 60

#define FRAME_BURST   20
#define CONTROL_BURST 30

static void apply(const struct guard_limits *limits)
{
	struct guard_limits l = *limits;

	l.frame_rate = 1;
	l.frame_burst = l.frame_burst ? l.frame_burst : FRAME_BURST;
	l.control_rate = 1;
	l.control_burst = CONTROL_BURST;
	bpf_guard_ops.limits(bpf_dp_guard(rig.d), &l);
	bpf_guard_ops.limits(rig.guard, &l);
}

/* F-C13: UDP over IPv6 without a checksum: refused or accepted, as configured. */
static void zero_checksums(void **st)
{
	static const struct row row[] = {
		{ "control", F_OUTER6 | F_NO_SUM, HELLO("000d"), ZE_V_PASS_CONTROL },
		{ "sccrq", F_OUTER6 | F_NO_SUM, SCCRQ, ZE_V_PASS_CONTROL },
		{ "lcp", F_OUTER6 | F_NO_SUM, "0002 000d 0003" LCP, ZE_V_PASS_PPP },
		{ "through us", F_OUTER6 | F_NO_SUM | F_ELSEWHERE, HELLO("000f"), ZE_V_PASS },
		{ "with", F_OUTER6, HELLO("000d"), ZE_V_PASS_CONTROL },
		{ "IPv4", 0, HELLO("000c"), ZE_V_PASS_CONTROL },
	};

	(void)st;
	session(13, 3, GUARD_SESSION_STARTS);
	for (unsigned accepted = 0; accepted < 2; accepted++) {
		apply(&(struct guard_limits){ .source_rate = 1,
					      .source_burst = 1,
					      .known_rate = 1,
					      .known_burst = 1,
					      .zero_checksum = accepted });
		for (size_t i = 0; i < ZE_ARRAY_SIZE(row); i++) {
			const struct row *r = &row[i];
			enum ze_verdict v = i < 3 && !accepted ? ZE_V_DROP_CHECKSUM : r->v;
			struct frame f = build(r->how, r->l2tp);

			check(r->name, false, &f, v);
			check(r->name, true, &f, v);
		}
	}
	session(13, 3, GUARD_SESSION_GONE);
}

static void set_limits(unsigned all, unsigned source, unsigned burst)
{
	apply(&(struct guard_limits){ .setup_rate = all,
				      .source_rate = source,
				      .source_burst = burst,
				      .known_rate = 1,
				      .known_burst = KNOWN_BURST });
}

/* From 10.1.<n>, or from an IPv6 address that ends with it. */
static struct frame stranger(unsigned n, unsigned how, const char *l2tp)
{
	struct frame f = build(how, l2tp);
	uint8_t *src = f.b + (how & F_OUTER6 ? 14 + 8 + 12 : 14 + 12);

	src[1] = 1;
	src[2] = (uint8_t)(n >> 8);
	src[3] = (uint8_t)n;
	frame_finish(&f, how);
	return f;
}

static struct frame sccrq_of(unsigned n, unsigned how)
{
	return stranger(n, how, SCCRQ);
}

static void established(const char *ip, bool yes)
{
	struct ze_addr a;

	assert_int_equal(ze_addr_parse(ip, 0, &a), 0);
	bpf_guard_ops.peer_established(bpf_dp_guard(rig.d), &a, yes);
	bpf_guard_ops.peer_established(rig.guard, &a, yes);
}

/* Repeats a frame in both programs until it is dropped, however slow the machine is. */
static enum ze_verdict until_dropped(const struct frame *f)
{
	enum ze_verdict v[2] = { ZE_V_PASS, ZE_V_PASS };

	for (int i = 0; i < 1000; i++)
		for (int kernel = 0; kernel < 2; kernel++)
			if (v[kernel] < ZE_V_DROP_SHORT)
				v[kernel] = run_one(kernel, f).verdict;
	assert_int_equal(v[0], v[1]);
	return v[0];
}

/* At least n frames pass, then one is dropped for the reason. */
static void check_burst(const char *name, const struct frame *f, int n, enum ze_verdict passes,
			enum ze_verdict drop)
{
	for (int i = 0; i < n; i++)
		check_both(name, f, passes);
	assert_int_equal(until_dropped(f), drop);
}

/* L-042: a burst passes, the rest is dropped; other sources are not affected. */
static void bucket_of_one_source(void **st)
{
	(void)st;
	set_limits(0, 1, 5);
	for (unsigned family = 0; family < 2; family++) {
		unsigned how = family ? F_OUTER6 : 0;
		struct frame f = sccrq_of(1, how), other = sccrq_of(2, how);
		struct frame zlb = stranger(1, how, "c802 000c 0000 0000 0000 0000");

		check_burst("burst", &f, 5, ZE_V_PASS_CONTROL, ZE_V_DROP_SOURCE_RATE);
		assert_int_equal(until_dropped(&zlb), ZE_V_DROP_SOURCE_RATE);
		check_both("another source", &other, ZE_V_PASS_CONTROL);
		assert_int_equal(until_dropped(&f), ZE_V_DROP_SOURCE_RATE);
	}
}

static void bucket_of_all(void **st)
{
	struct frame f = sccrq_of(10, 0), other = sccrq_of(11, 0), six = sccrq_of(12, F_OUTER6);

	(void)st;
	set_limits(1, 1, 100);
	check_burst("the first", &f, 1, ZE_V_PASS_CONTROL, ZE_V_DROP_SETUP_RATE);
	assert_int_equal(until_dropped(&other), ZE_V_DROP_SETUP_RATE);
	assert_int_equal(until_dropped(&six), ZE_V_DROP_SETUP_RATE);
	set_limits(0, 1, 100);
	check_both("after a reload without a limit", &other, ZE_V_PASS_CONTROL);
}

/* F-B7: PPP control frames have a limit per session, whatever the protocol. */
static void frames_of_one_session(void **st)
{
	struct frame lcp = build(0, "0002 000c 0007" LCP), other = build(0, "0002 000c 0008" LCP);
	struct frame ipcp = build(0, "0002 000c 0007 ff03 8021 01010004");
	struct frame six = build(F_OUTER6, "0002 000d 0009" LCP);
	struct frame ip = build(0, "0002 000c 0007" IP4);

	(void)st;
	set_limits(0, 1, 1);
	session(12, 7, GUARD_SESSION_STARTS);
	session(12, 8, GUARD_SESSION_STARTS);
	session(13, 9, GUARD_SESSION_STARTS);
	check_burst("lcp", &lcp, FRAME_BURST, ZE_V_PASS_PPP, ZE_V_DROP_PPP_RATE);
	assert_int_equal(until_dropped(&ipcp), ZE_V_DROP_PPP_RATE);
	check_burst("another session", &other, FRAME_BURST, ZE_V_PASS_PPP, ZE_V_DROP_PPP_RATE);
	check_burst("IPv6", &six, FRAME_BURST, ZE_V_PASS_PPP, ZE_V_DROP_PPP_RATE);
	/* The kernel plane passes IP packets to the daemon until it has the session. */
	assert_in_set(run_one(true, &ip).verdict,
		      ((uintmax_t[]){ ZE_V_DROP_PPP_RATE, ZE_V_PASS_DATA }), 2);
	session(12, 7, GUARD_SESSION_CARRIED);
	for (int i = 0; i < 10 * FRAME_BURST; i++)
		check("carried", true, &ip, ZE_V_PASS_DATA);
	check_burst("carried", &lcp, FRAME_BURST, ZE_V_PASS_PPP, ZE_V_DROP_PPP_RATE);
	session(12, 7, GUARD_SESSION_GONE);
	check_both("gone", &lcp, ZE_V_DROP_UNKNOWN);
	check("gone", true, &ip, ZE_V_DROP_UNKNOWN);
}

/* F-B7: a session starts with its full burst, whatever the time. The burst is as long as the
 * time that fits in 15 bits of 4 ms, with which a bucket once began half full on average. */
static void frames_of_a_new_session(void **st)
{
	struct frame lcp = build(0, "0002 000c 000a" LCP);

	(void)st;
	apply(&(struct guard_limits){ .source_rate = 1,
				      .source_burst = 1,
				      .known_rate = 1,
				      .known_burst = 1,
				      .frame_burst = 130 });
	for (int i = 0; i < 3; i++) {
		session(12, 10, GUARD_SESSION_GONE);
		session(12, 10, GUARD_SESSION_STARTS);
		check_burst("new", &lcp, 130, ZE_V_PASS_PPP, ZE_V_DROP_PPP_RATE);
	}
	session(12, 10, GUARD_SESSION_GONE);
}

/* F-B7: acknowledgements and HELLOs, too; invalid packets are refused for their fault first. */
static void messages_of_one_tunnel(void **st)
{
	struct frame hello = build(0, HELLO("000c")),
		     zlb = build(0, "c802 000c 000c 0000 0000 0000");
	struct frame six = build(F_OUTER6, HELLO("000d")),
		     forged = build(F_OTHER_PEER, HELLO("000c"));

	(void)st;
	rig_tunnel(&rig, 12, 2);
	rig_tunnel(&rig, 13, 102);
	check_burst("hello", &hello, CONTROL_BURST, ZE_V_PASS_CONTROL, ZE_V_DROP_CONTROL_RATE);
	assert_int_equal(until_dropped(&zlb), ZE_V_DROP_CONTROL_RATE);
	check_both("forged", &forged, ZE_V_DROP_PEER);
	check_burst("IPv6", &six, CONTROL_BURST, ZE_V_PASS_CONTROL, ZE_V_DROP_CONTROL_RATE);
}

/* F-B1: an established peer has a bucket of its own, and keeps it after its last tunnel has
 * ended. */
static void known_has_its_own_bucket(void **st)
{
	struct frame through = build(F_ANY | F_ELSEWHERE, SCCRQ);

	(void)st;
	set_limits(1, 1, 1);
	for (unsigned family = 0; family < 2; family++) {
		unsigned how = family ? F_OUTER6 : 0;
		const char *ip = family ? "2001:db8::1:14" : "10.1.0.20";
		struct frame f = sccrq_of(20, how), unknown = sccrq_of(21 + family, how);

		/* The tokens of all unknown sources are used up. */
		assert_true(until_dropped(&unknown) >= ZE_V_DROP_SOURCE_RATE);
		established(ip, true);
		for (int i = 0; i < KNOWN_BURST; i++)
			check_both("established", &f, ZE_V_PASS_CONTROL);
		assert_int_equal(until_dropped(&f), ZE_V_DROP_SOURCE_RATE);
		established(ip, false);
		for (int i = 0; i < KNOWN_BURST; i++)
			check_both("known", &f, ZE_V_PASS_CONTROL);
		assert_int_equal(until_dropped(&f), ZE_V_DROP_SOURCE_RATE);
	}
	for (int i = 0; i < 5; i++)
		check_both("through us", &through, ZE_V_PASS);
}

static void allow(const char *const *prefixes, size_t n)
{
	struct ze_prefix p[4];

	for (size_t i = 0; i < n; i++)
		assert_int_equal(ze_prefix_parse(prefixes[i], &p[i]), 0);
	apply(&(struct guard_limits){ .setup_rate = 1,
				      .source_rate = 1,
				      .source_burst = 3,
				      .known_rate = 1,
				      .known_burst = 5,
				      .allow = p,
				      .n_allow = n });
}

/* An SCCRQ over IPv6 with an extension header of 8 octets. */
static struct frame extended(unsigned n, uint8_t next, const char *header)
{
	struct frame f = sccrq_of(n, F_OUTER6), ret = { .len = 0 };

	frame_bytes(&ret, f.b, 14 + 40);
	frame_hex(&ret, header);
	frame_bytes(&ret, f.b + 54, f.len - 54);
	ret.b[14 + 6] = next;
	ret.b[14 + 5] = (uint8_t)(ret.b[14 + 5] + 8);
	return ret;
}

/* Fragments that the stack reassembles do not bypass the list. */
static void check_odd(unsigned n, bool denied)
{
	struct frame fragment = sccrq_of(n, F_FRAGMENT), options = sccrq_of(n, F_OPTIONS);
	struct frame fragment6 = extended(n, 44, "1100 0001 00000001");
	struct frame later6 = extended(n, 44, "1100 0009 00000001");
	struct frame options6 = extended(n, 60, "1100 0104 00000000");

	check_both("fragment", &fragment, denied ? ZE_V_DROP_DENIED : ZE_V_PASS_FRAGMENT);
	check_both("options", &options, denied ? ZE_V_DROP_DENIED : ZE_V_PASS_OPTIONS);
	check_both("IPv6 fragment", &fragment6, denied ? ZE_V_DROP_DENIED : ZE_V_PASS_FRAGMENT);
	check_both("IPv6 extension", &options6, denied ? ZE_V_DROP_DENIED : ZE_V_PASS_OPTIONS);
	check_both("IPv6, later fragment", &later6, ZE_V_PASS_FRAGMENT);
}

/* F-B1: sources that are not on the list are dropped before any bucket, and no others. */
static void list_of_allowed_sources(void **st)
{
	static const char *const first[] = { "10.1.0.0/27", "2001:db8::1:0/123" };
	static const char *const then[] = { "10.1.0.64/26", "0.0.0.0/1", "2001:db8::1:40/128",
					    "10.1.0.0/16" };
	struct frame hello = build(0, HELLO("000e")), through = build(F_ANY | F_ELSEWHERE, SCCRQ);

	(void)st;
	for (unsigned family = 0; family < 2; family++) {
		unsigned how = family ? F_OUTER6 : 0;
		struct frame in = sccrq_of(31, how), out = sccrq_of(32, how);

		allow(first, 2);
		established(family ? "2001:db8::1:20" : "10.1.0.32", true);
		for (int i = 0; i < 100; i++)
			check_both("not listed", &out, ZE_V_DROP_DENIED);
		check_both("listed", &in, ZE_V_PASS_CONTROL);
		assert_int_equal(until_dropped(&in), ZE_V_DROP_SETUP_RATE);
		established(family ? "2001:db8::1:20" : "10.1.0.32", false);
	}
	check_odd(32, true);
	check_both("of a tunnel", &hello, ZE_V_DROP_PEER); /* 10.0.0.3's */
	check_both("through us", &through, ZE_V_PASS);
	assert_int_equal(bpf_guard_allowed(rig.guard), 2);
	allow(then, 4);
	assert_int_equal(bpf_guard_allowed(rig.guard), 4);
	for (unsigned n = 32; n < 70; n += 37)
		for (unsigned family = 0; family < 2; family++) {
			struct frame f = sccrq_of(n, family ? F_OUTER6 : 0);

			assert_int_equal(run_one(true, &f).verdict == ZE_V_DROP_DENIED, family);
		}
	set_limits(0, 1, 100);
	assert_int_equal(bpf_guard_allowed(rig.guard), 0);
	check_odd(32, false);
	for (unsigned family = 0; family < 2; family++) {
		struct frame f = sccrq_of(32, family ? F_OUTER6 : 0);

		assert_int_not_equal(run_one(true, &f).verdict, ZE_V_DROP_DENIED);
	}
}

/* More sources than fit: the newest are known. */
static void more_sources_than_room(void **st)
{
	struct frame f;

	(void)st;
	set_limits(0, 1, 1);
	for (unsigned i = 0; i < ZE_SOURCES + 4000; i++) {
		f = sccrq_of(1000 + i, 0);
		assert_int_equal(run_one(true, &f).verdict, ZE_V_PASS_CONTROL);
	}
	assert_int_equal(until_dropped(&f), ZE_V_DROP_SOURCE_RATE);
}

static void removed_tunnel(void **st)
{
	struct frame f = build(0, HELLO("000c"));

	(void)st;
	bpf_guard_ops.tunnel_gone(bpf_dp_guard(rig.d), 12);
	bpf_guard_ops.tunnel_gone(rig.guard, 12);
	check_both("gone", &f, ZE_V_DROP_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_guard),
		cmocka_unit_test(data_of_a_tunnel),
		cmocka_unit_test(truncated_at_each_octet),
		cmocka_unit_test(zero_checksums),
		cmocka_unit_test(bucket_of_one_source),
		cmocka_unit_test(bucket_of_all),
		cmocka_unit_test(known_has_its_own_bucket),
		cmocka_unit_test(list_of_allowed_sources),
		cmocka_unit_test(frames_of_one_session),
		cmocka_unit_test(frames_of_a_new_session),
		cmocka_unit_test(messages_of_one_tunnel),
		cmocka_unit_test(more_sources_than_room),
		cmocka_unit_test(removed_tunnel),
	};

	if (geteuid() != 0) {
		puts("ok 1 - bpf_guard # SKIP needs root\n1..1");
		return 0;
	}
	return cmocka_run_group_tests(tests, group_start, group_stop);
}
