/* SPDX-License-Identifier: BSD-2-Clause */
/* VLAN tags: removed from everything that arrives, added to what is sent to a VLAN device of a
 * port, in both directions. The device is a veth here, because a kernel may have no VLANs: for
 * the programs it is an index that the FIB returns. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/bpf/bpf_vlan.h"
#include "selftests/bpf/xdp_rig.h"

/* 192.0.2.7 -> 100.64.0.1, UDP, "hi"; the same after one hop. Back: 100.64.0.1 -> 192.0.2.7 */
#define UP4	 "4500001e 00010000 4011 0000 c0000207 64400001 30390035 000a0000 6869"
#define UP4_HOP	 "4500001e 00010000 3f11 0000 c0000207 64400001 30390035 000a0000 6869"
#define DOWN4	 "4500001e 00010000 4011 0000 64400001 c0000207 00353039 000a0000 6869"
#define IP6_ADDR "20010db8000700000000000000000005 20010db8006400000000000000000001"
#define UP6	 "60000000 000a1140" IP6_ADDR "30390035 000a1234 6869"
#define UP6_HOP	 "60000000 000a113f" IP6_ADDR "30390035 000a1234 6869"

#define TO_TAG "020000000302 020000000301"

struct row {
	const char *name;
	const char *in, *out; /* tags, in hex */
	struct ze_vlan v;     /* without the port, which is filled in */
};

#define Q  ETH_P_8021Q
#define AD ETH_P_8021AD

static const struct row rows[] = {
	{ "one out", "", "81000064", { .mtu = 1500, .vid = { 100 }, .proto = { Q } } },
	{ "one in, one out",
	  "8100 6065",
	  "81000064",
	  { .mtu = 1500, .vid = { 100 }, .proto = { Q } } },
	{ "the largest id",
	  "88a80001",
	  "88a80ffe",
	  { .mtu = 1500, .vid = { 4094 }, .proto = { AD } } },
	{ "id 0", "", "81000000", { .mtu = 1500, .proto = { Q } } },
	{ "two in, one out",
	  "88a80007 81000065",
	  "81000064",
	  { .mtu = 1500, .vid = { 100 }, .proto = { Q } } },
	{ "two out",
	  "",
	  "88a80064 810000c8",
	  { .mtu = 1496, .vid = { 100, 200 }, .proto = { AD, Q } } },
	{ "two in, two out",
	  "81000007 81000065",
	  "81000064 88a800c8",
	  { .mtu = 1496, .vid = { 100, 200 }, .proto = { Q, AD } } },
};

static struct rig rig;
static unsigned tag0;

static void put_session(uint16_t sid, unsigned family)
{
	struct ze_sess_key k = { .tid = family == 4 ? 12 : 14, .sid = sid };
	struct ze_session s = { .peer_sid = 0x5605, .mtu = 1460, .ip4 = { 192, 0, 2, 7 } };
	struct ze_tunnel t = rig_ends(family);

	if (family == 4) {
		memcpy(s.ifid, (uint8_t[]){ 0, 10, 0, 11, 0, 12, 0, 13 }, 8);
		memcpy(&s.net6[0].prefix, (uint8_t[8]){ 0x20, 1, 0xd, 0xb8, 0, 7 }, 8);
		memset(&s.net6[0].mask, 0xff, 8);
	} else {
		t.local[5] = t.peer[5] = 3;
		s.ip4[3] = 8;
	}
	bpf_dp_path_put(rig.d, k.tid, &t);
	rig_session(&rig, k, &s);
}

static int group_start(void **st)
{
	(void)st;
	rig_start(&rig);
	rig.own_vlans = true;
	tag0 = if_nametoindex("tag0");
	put_session(5, 4);
	put_session(6, 6);
	rig_tunnel(&rig, 12, 2);
	return 0;
}

static int group_stop(void **st)
{
	(void)st;
	rig_stop(&rig);
	return 0;
}

/* The VLAN devices on which the frames of these rows arrive, on lns0 or lns1. */
static size_t arrivals(const char *port, struct bpf_vlan *ret)
{
	static const struct ze_vlan in[] = {
		{ .vid = { 0x65 }, .proto = { Q } },
		{ .vid = { 1 }, .proto = { AD } },
		{ .vid = { 7, 0x65 }, .proto = { AD, Q } },
		{ .vid = { 7, 0x65 }, .proto = { Q, Q } },
	};

	for (size_t i = 0; i < ZE_ARRAY_SIZE(in); i++) {
		ret[i] = (struct bpf_vlan){ .ifindex = 9000 + (unsigned)i, .v = in[i] };
		ret[i].v.port = RIG_LO;
		memcpy(ret[i].mac, (uint8_t[]){ 2, 0, 0, 0, port[3] == '0', 1 }, 6);
	}
	return ZE_ARRAY_SIZE(in);
}

static void set(const struct ze_vlan *v, const char *port)
{
	struct bpf_vlan all[8] = { { .ifindex = tag0, .v = *v } };

	all[0].v.port = if_nametoindex(port);
	assert_int_equal(bpf_dp_vlans(rig.d, all, 1 + arrivals(port, all + 1)), 0);
	assert_int_equal(bpf_dp_void_hops(rig.d), 0);
}

static void fill(uint8_t *ip)
{
	uint16_t sum;

	if (ip[0] >> 4 != 4)
		return;
	ip[10] = ip[11] = 0;
	sum = inet_sum(ip, 20, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* Addresses, tags, protocol, packet. */
static struct frame frame(const char *macs, const char *tags, const char *ip)
{
	struct frame f = { .len = 0 };
	size_t at;

	frame_hex(&f, macs);
	frame_hex(&f, tags);
	frame_hex(&f, ip[0] == '6' ? "86dd" : "0800");
	at = f.len;
	frame_hex(&f, ip);
	fill(f.b + at);
	return f;
}

/* From the LAC, with these tags. */
static struct frame from_lac(const char *tags, const char *inner)
{
	struct frame plain = frame_outer(0), f = { .len = 0 };
	size_t at;

	frame_hex(&plain,
		  inner[0] == '6' ? "0002 000c 0005 ff03 0057" : "0002 000c 0005 ff03 0021");
	at = plain.len;
	frame_hex(&plain, inner);
	fill(plain.b + at);
	frame_finish(&plain, 0);
	frame_bytes(&f, plain.b, 12);
	frame_hex(&f, tags);
	frame_bytes(&f, plain.b + 12, plain.len - 12);
	return f;
}

static void sent(const char *name, const struct rig_run *got, enum ze_verdict v)
{
	if (got->verdict != v || got->action != XDP_REDIRECT)
		fail_msg("%s: verdict %s, action %u", name, rig_verdict(got->verdict), got->action);
}

static void same(const char *name, const struct frame *got, const struct frame *want)
{
	if (got->len == want->len && memcmp(got->b, want->b, want->len) == 0)
		return;
	for (size_t i = 0; i < got->len; i++)
		print_error("%02x", got->b[i]);
	fail_msg("%s: %zu octets, wanted %zu", name, got->len, want->len);
}

static void up(void **st)
{
	static const char *const inner[][2] = { { UP4, UP4_HOP }, { UP6, UP6_HOP } };

	(void)st;
	for (size_t i = 0; i < 2 * ZE_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i / 2];
		struct frame in = from_lac(r->in, inner[i % 2][0]);
		struct frame want = frame(TO_TAG, r->out, inner[i % 2][1]);
		struct rig_run got;

		set(&r->v, "lns1");
		for (int again = 0; again < 2; again++) {
			rig_run(&rig, BPF_DP_UPLINK, &in, &got);
			sent(r->name, &got, ZE_V_UP_FORWARD);
			same(r->name, &got.out, &want);
		}
	}
}

/* The LAC of session 6 is reached through the VLAN device of the uplink. */
static void down(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct frame in = frame("020000000101 020000000102", r->in, DOWN4),
			     head = { .len = 0 };
		size_t at = in.len - 30;
		struct rig_run got;

		in.b[at + 19] = 8;
		fill(in.b + at);
		set(&r->v, "lns0");
		rig_run(&rig, BPF_DP_CORE, &in, &got);
		sent(r->name, &got, ZE_V_DOWN_FORWARD);
		frame_hex(&head, TO_TAG);
		frame_hex(&head, r->out);
		frame_hex(&head, "86dd 60000000 0030 1140 20010db8000300000000000000000001"
				 "20010db8000300000000000000000002 06a5 06a5 0030");
		assert_int_equal(got.out.len, head.len + 2 + 10 + 30);
		assert_memory_equal(got.out.b, head.b, head.len);
		/* The LAC of session 5 is not: no tags. */
		in.b[at + 19] = 7;
		fill(in.b + at);
		rig_run(&rig, BPF_DP_CORE, &in, &got);
		sent(r->name, &got, ZE_V_DOWN_FORWARD);
		assert_int_equal(got.out.len, 14 + 38 + 30);
		assert_memory_equal(got.out.b, rig.lac_mac, 6);
		assert_memory_equal(got.out.b + 12, "\x08\x00\x45", 3);
	}
}

static void three_tags_are_for_the_stack(void **st)
{
	static const char *const tags = "88a80001 81000002 81000003";
	struct frame a = from_lac(tags, UP4), b = frame("020000000101 020000000102", tags, DOWN4);
	struct rig_run got;

	(void)st;
	rig_run(&rig, BPF_DP_UPLINK, &a, &got);
	assert_int_equal(got.verdict, ZE_V_PASS);
	same("up", &got.out, &a);
	rig_run(&rig, BPF_DP_CORE, &b, &got);
	assert_int_equal(got.verdict, ZE_V_PASS);
	same("down", &got.out, &b);
}

static void cut_within_tags(void **st)
{
	struct frame a = from_lac("88a80001 81000002", UP4);
	struct frame b = frame("020000000101 020000000102", "88a80001 81000002", DOWN4);
	struct rig_run got;

	(void)st;
	for (a.len = b.len = 22; a.len >= 14; a.len--, b.len--) {
		rig_run(&rig, BPF_DP_UPLINK, &a, &got);
		assert_int_equal(got.verdict, ZE_V_PASS);
		rig_run(&rig, BPF_DP_CORE, &b, &got);
		assert_int_equal(got.verdict, ZE_V_PASS);
	}
}

/* The MTU of the route would permit it, but not with all its tags. */
static void too_large_with_tags(void **st)
{
	struct ze_vlan v = { .mtu = 29, .vid = { 100, 200 }, .proto = { AD, Q } };
	struct frame in = from_lac("", UP4);
	struct rig_run got;

	(void)st;
	set(&v, "lns1");
	for (int again = 0; again < 2; again++) {
		rig_run(&rig, BPF_DP_UPLINK, &in, &got);
		sent("too large", &got, ZE_V_UP_STACK);
		assert_memory_equal(got.out.b, rig.ze0_mac, 6);
	}
	v.mtu = 30;
	set(&v, "lns1");
	rig_run(&rig, BPF_DP_UPLINK, &in, &got);
	sent("just fits", &got, ZE_V_UP_FORWARD);
}

/* VLAN devices that are not reported again are removed: packets take the slow path, and are
 * correct. */
static void devices_go(void **st)
{
	const struct bpf_vlan other[2] = { { .ifindex = 4242 }, { .ifindex = 4243 } };
	struct frame in = from_lac("", UP4);
	struct rig_run got;

	(void)st;
	set(&rows[0].v, "lns1");
	rig_run(&rig, BPF_DP_UPLINK, &in, &got);
	sent("there", &got, ZE_V_UP_FORWARD);
	assert_int_equal(bpf_dp_vlans(rig.d, other, 2), 0);
	assert_int_equal(bpf_dp_void_hops(rig.d), 0);
	rig_run(&rig, BPF_DP_UPLINK, &in, &got);
	sent("gone", &got, ZE_V_UP_STACK);
	assert_int_equal(bpf_dp_vlans(rig.d, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up),
		cmocka_unit_test(down),
		cmocka_unit_test(three_tags_are_for_the_stack),
		cmocka_unit_test(cut_within_tags),
		cmocka_unit_test(too_large_with_tags),
		cmocka_unit_test(devices_go),
	};

	if (geteuid() != 0) {
		puts("ok 1 - bpf_vlan # SKIP needs root\n1..1");
		return 0;
	}
	return cmocka_run_group_tests(tests, group_start, group_stop);
}
