/* SPDX-License-Identifier: BSD-2-Clause */
/* The fast path and a plain Linux router get the same packets, one by one, in both directions
 * and both families. The kernel forwards between sub0 (where the subscriber is a neighbour) and
 * lns1; the programs forward the same packet in L2TP. What the programs send, the kernel must
 * have sent, octet by octet; what they drop, the kernel must have dropped. Packets that they
 * pass to the stack are the kernel's anyway. Whole outer packets are compared with what a UDP
 * socket receives. */
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "selftests/bpf/xdp_rig.h"

#define DEADLINE_MS 10000
#define SUB4	    "c0000207"
#define SUB6	    "20010db8000700000000000000000005"
#define HOST4	    "08080808"
#define HOST6	    "20010db8000900000000000000000001"
#define MAPPED	    "00000000000000000000ffff"

enum how {
	BAD_SUM = 1,	   /* IPv4 header checksum */
	TOO_LONG = 2,	   /* a length beyond its real one */
	NO_VERSION = 4,	   /* 5 */
	OTHER_MAC = 8,	   /* the destination of the frame */
	BROADCAST = 16,	   /* the same */
	MULTICAST = 32,	   /* the same */
	OTHER_VLAN = 64,   /* the address has no device */
	SHORT_HEADER = 128 /* four words */
};

enum fate {
	FAST,
	STACK,
	DROPPED
};

struct row {
	const char *name;
	const char *src, *dst; /* NULL: the usual addresses */
	enum fate fate;
	unsigned how;
	unsigned ttl; /* 0: 64 */
	/* IPv4 options; for IPv6 extension headers, with the number of the first. */
	const char *extra;
	bool differs; /* documented difference: the kernel drops it, the fast path does not */
};

static const struct row up4[] = {
	{ .name = "plain", .fate = FAST },
	{ .name = "wrong checksum", .how = BAD_SUM, .fate = DROPPED },
	{ .name = "longer than it is", .how = TOO_LONG, .fate = DROPPED },
	{ .name = "version 5", .how = NO_VERSION, .fate = DROPPED },
	{ .name = "four words of header", .how = SHORT_HEADER, .fate = DROPPED },
	{ .name = "ttl 1", .ttl = 1, .fate = STACK },
	{ .name = "ttl 2", .ttl = 2, .fate = FAST },
	{ .name = "no-op options", .extra = "01010101", .fate = STACK },
	{ .name = "router alert", .extra = "94040000", .fate = STACK },
	{ .name = "loose source route", .extra = "830704 08080404 00", .fate = STACK },
	{ .name = "strict source route", .extra = "890704 08080404 00", .fate = STACK },
	{ .name = "an option longer than the header", .extra = "07ff0400", .fate = STACK },
	{ .name = "an option of length 0", .extra = "07000400", .fate = STACK },
	{ .name = "to 0.0.0.0", .dst = "00000000", .fate = STACK },
	{ .name = "to 0.1.2.3", .dst = "00010203", .fate = STACK },
	{ .name = "to loopback", .dst = "7f000001", .fate = STACK },
	{ .name = "to the last of loopback", .dst = "7fffffff", .fate = STACK },
	{ .name = "to multicast", .dst = "e0000001", .fate = STACK },
	{ .name = "to the last multicast group", .dst = "efffffff", .fate = STACK },
	{ .name = "to class E", .dst = "f0000001", .fate = STACK },
	{ .name = "to all", .dst = "ffffffff", .fate = STACK },
	{ .name = "to a network's broadcast", .dst = "c63364ff", .fate = STACK },
	{ .name = "to this machine", .dst = "c6336401", .fate = STACK },
	{ .name = "to itself", .dst = SUB4, .fate = STACK },
	{ .name = "to link-local", .dst = "a9fe0101", .fate = FAST },
	{ .name = "to 1.0.0.0", .dst = "01000000", .fate = FAST },
	{ .name = "to 126.255.255.255", .dst = "7effffff", .fate = FAST },
	{ .name = "to 128.0.0.0", .dst = "80000000", .fate = FAST },
	{ .name = "to 223.255.255.255", .dst = "dfffffff", .fate = FAST },
	{ .name = "to where nobody is", .dst = "cb007105", .fate = STACK },
};

static const struct row down4[] = {
	{ .name = "plain", .fate = FAST },
	{ .name = "wrong checksum", .how = BAD_SUM, .fate = STACK },
	{ .name = "longer than it is", .how = TOO_LONG, .fate = STACK },
	{ .name = "version 5", .how = NO_VERSION, .fate = STACK },
	{ .name = "four words of header", .how = SHORT_HEADER, .fate = STACK },
	{ .name = "another MAC address", .how = OTHER_MAC, .fate = STACK },
	{ .name = "the broadcast MAC address", .how = BROADCAST, .fate = STACK },
	{ .name = "a multicast MAC address", .how = MULTICAST, .fate = STACK },
	{ .name = "another VLAN", .how = OTHER_VLAN, .fate = STACK },
	{ .name = "ttl 1", .ttl = 1, .fate = STACK },
	{ .name = "ttl 2", .ttl = 2, .fate = FAST },
	{ .name = "no-op options", .extra = "01010101", .fate = STACK },
	{ .name = "loose source route", .extra = "830704 08080404 00", .fate = STACK },
	{ .name = "strict source route", .extra = "890704 08080404 00", .fate = STACK },
	{ .name = "an option longer than the header", .extra = "07ff0400", .fate = STACK },
	{ .name = "from 0.0.0.0", .src = "00000000", .fate = STACK },
	{ .name = "from 0.1.2.3", .src = "00010203", .fate = STACK },
	{ .name = "from loopback", .src = "7f000001", .fate = STACK },
	{ .name = "from multicast", .src = "e0000001", .fate = STACK },
	{ .name = "from class E", .src = "f0000001", .fate = STACK },
	{ .name = "from all", .src = "ffffffff", .fate = STACK },
	{ .name = "from link-local", .src = "a9fe0101", .fate = FAST },
	{ .name = "from 1.0.0.0", .src = "01000000", .fate = FAST },
	{ .name = "from 126.255.255.255", .src = "7effffff", .fate = FAST },
	{ .name = "from 128.0.0.0", .src = "80000000", .fate = FAST },
	{ .name = "from 223.255.255.255", .src = "dfffffff", .fate = FAST },
	{ .name = "from the subscriber", .src = SUB4, .fate = FAST },
	{ .name = "from this machine", .src = "c6336401", .fate = FAST, .differs = true },
};

static const struct row up6[] = {
	{ .name = "plain", .fate = FAST },
	{ .name = "longer than it is", .how = TOO_LONG, .fate = DROPPED },
	{ .name = "version 5", .how = NO_VERSION, .fate = DROPPED },
	{ .name = "hop limit 1", .ttl = 1, .fate = STACK },
	{ .name = "hop-by-hop options", .extra = "00 1100 010400000000", .fate = STACK },
	{ .name = "a hop-by-hop option to drop", .extra = "00 1100 410400000000", .fate = STACK },
	{ .name = "options beyond the packet", .extra = "00 11ff 010400000000", .fate = STACK },
	{ .name = "destination options", .extra = "3c 1100 010400000000", .fate = FAST },
	{ .name = "routing header", .extra = "2b 11000000 00000000", .fate = FAST },
	{ .name = "from link-local", .src = "fe80000000000000000a000b000c000d", .fate = STACK },
	{ .name = "to ::", .dst = "00000000000000000000000000000000", .fate = STACK },
	{ .name = "to loopback", .dst = "00000000000000000000000000000001", .fate = STACK },
	{ .name = "to mapped loopback", .dst = MAPPED "7f000001", .fate = STACK },
	{ .name = "to mapped", .dst = MAPPED HOST4, .fate = STACK },
	{ .name = "to link-local", .dst = "fe800000000000000000000000000099", .fate = STACK },
	{ .name = "to a link's group", .dst = "ff020000000000000000000000000001", .fate = STACK },
	{ .name = "to a global group", .dst = "ff0e0000000000000000000000000101", .fate = STACK },
	{ .name = "to this machine", .dst = "20010db8000100000000000000000001", .fate = STACK },
	{ .name = "to a subnet's routers",
	  .dst = "20010db8000100000000000000000000",
	  .fate = STACK },
	{ .name = "to unique local", .dst = "fd000000000000000000000000000001", .fate = FAST },
	{ .name = "to site-local", .dst = "fec00000000000000000000000000001", .fate = FAST },
};

static const struct row down6[] = {
	{ .name = "plain", .fate = FAST },
	{ .name = "longer than it is", .how = TOO_LONG, .fate = STACK },
	{ .name = "version 5", .how = NO_VERSION, .fate = STACK },
	{ .name = "another MAC address", .how = OTHER_MAC, .fate = STACK },
	{ .name = "the broadcast MAC address", .how = BROADCAST, .fate = STACK },
	{ .name = "a multicast MAC address", .how = MULTICAST, .fate = STACK },
	{ .name = "another VLAN", .how = OTHER_VLAN, .fate = STACK },
	{ .name = "hop limit 1", .ttl = 1, .fate = STACK },
	{ .name = "hop-by-hop options", .extra = "00 1100 010400000000", .fate = STACK },
	{ .name = "a hop-by-hop option to drop", .extra = "00 1100 410400000000", .fate = STACK },
	{ .name = "destination options", .extra = "3c 1100 010400000000", .fate = FAST },
	{ .name = "routing header", .extra = "2b 11000000 00000000", .fate = FAST },
	{ .name = "from ::", .src = "00000000000000000000000000000000", .fate = STACK },
	{ .name = "from loopback", .src = "00000000000000000000000000000001", .fate = STACK },
	{ .name = "from mapped", .src = MAPPED HOST4, .fate = STACK },
	{ .name = "from mapped loopback", .src = MAPPED "7f000001", .fate = STACK },
	{ .name = "from link-local", .src = "fe800000000000000000000000000099", .fate = STACK },
	{ .name = "from multicast", .src = "ff020000000000000000000000000001", .fate = STACK },
	{ .name = "from this machine", .src = "20010db8000100000000000000000001", .fate = FAST },
};

static struct rig rig;

struct path {
	const char *name;
	bool up, v6;
	int in, out;	/* packet sockets at the other ends of the router's two devices */
	uint8_t mac[6]; /* those of the router, where packets arrive */
	uint16_t n;
};

/* ---- packets ---- */

static uint8_t *l3(struct frame *f)
{
	return f->b + (f->b[12] == 0x81 ? 18 : 14);
}

static void header4(struct frame *f, const struct row *r, const char *src, const char *dst)
{
	struct frame opt = { .len = 0 };

	frame_hex(&opt, r->extra ? r->extra : "");
	frame_hex(f, "4500 0000 0001 0000 4011 0000");
	frame_hex(f, src);
	frame_hex(f, dst);
	frame_bytes(f, opt.b, opt.len);
	l3(f)[0] = (uint8_t)(0x45 + opt.len / 4);
}

static void header6(struct frame *f, const struct row *r, const char *src, const char *dst)
{
	struct frame ext = { .len = 0 };

	frame_hex(&ext, r->extra ? r->extra : "11");
	frame_hex(f, "60000000 0000 1140");
	frame_hex(f, src);
	frame_hex(f, dst);
	frame_bytes(f, ext.b + 1, ext.len - 1);
	l3(f)[6] = ext.b[0];
}

static void finish(struct frame *f, const struct row *r, bool v6)
{
	uint8_t *ip = l3(f);
	size_t len = (size_t)(f->b + f->len - ip) - (v6 ? 40 : 0) + (r->how & TOO_LONG ? 1 : 0);
	uint16_t sum;

	ip[v6 ? 4 : 2] = (uint8_t)(len >> 8);
	ip[v6 ? 5 : 3] = (uint8_t)len;
	ip[v6 ? 7 : 8] = (uint8_t)(r->ttl ? r->ttl : 64);
	if (r->how & NO_VERSION)
		ip[0] = (uint8_t)(0x50 | (ip[0] & 0xf));
	if (r->how & SHORT_HEADER)
		ip[0] = 0x44;
	if (v6)
		return;
	sum = inet_sum(ip, (size_t)(ip[0] & 0xf) * 4, 0);
	sum = (uint16_t)(sum + (r->how & BAD_SUM ? 1 : 0));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* As a frame for the router: its last two octets distinguish it from all others. */
static struct frame packet(const struct path *p, const struct row *r, uint16_t n)
{
	const char *sub = p->v6 ? SUB6 : SUB4, *host = p->v6 ? HOST6 : HOST4;
	const char *src = r->src ? r->src : p->up ? sub : host;
	const char *dst = r->dst ? r->dst : p->up ? host : sub;
	struct frame f = { .len = 0 };

	frame_bytes(&f, p->mac, 6);
	if (r->how & OTHER_MAC)
		f.b[5] ^= 0x80;
	if (r->how & BROADCAST)
		memset(f.b, 0xff, 6);
	if (r->how & MULTICAST)
		f.b[0] |= 1;
	frame_hex(&f, "020000000999");
	frame_hex(&f, r->how & OTHER_VLAN ? "8100 0055" : "");
	frame_hex(&f, p->v6 ? "86dd" : "0800");
	(p->v6 ? header6 : header4)(&f, r, src, dst);
	frame_hex(&f, "30390035 0018 0000 7a65203a 72616e64 6f6d6c79 3a");
	frame_hex(&f, p->v6 ? "06" : "04");
	frame_bytes(&f, (uint8_t[]){ (uint8_t)(n >> 8), (uint8_t)n }, 2);
	finish(&f, r, p->v6);
	return f;
}

/* ---- the router ---- */

static int packet_socket(const char *dev)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(0x0003),
				 .sll_ifindex = (int)if_nametoindex(dev) };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(0x0003));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* The next frame that arrived on the device; false: none before the deadline. */
static bool next_frame(int fd, struct frame *ret)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	ssize_t n;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, DEADLINE_MS) != 1)
			return false;
		n = recvfrom(fd, ret->b, sizeof(ret->b), 0, (struct sockaddr *)&from, &len);
		assert_true(n >= 0);
		if (from.sll_pkttype == PACKET_OUTGOING || n < 14)
			continue;
		ret->len = (size_t)n;
		return true;
	}
}

static bool is_copy(struct frame *got, uint16_t n, bool v6)
{
	const uint8_t *ip = l3(got), *end = got->b + got->len;

	return got->len >= 50 && ip[0] >> 4 == (v6 ? 6 : 4) && ip[v6 ? 6 : 9] != (v6 ? 58 : 1) &&
	       memcmp(end - 7, v6 ? "mly:\x06" : "mly:\x04", 5) == 0 &&
	       end[-2] == (uint8_t)(n >> 8) && end[-1] == (uint8_t)n;
}

/* Whether and how the kernel forwards it: everything that arrives before a good packet, which is
 * sent after it, was caused by it. All on one processor, so the order is kept. */
static bool router_sends(struct path *p, const struct row *r, struct frame *ret)
{
	static const struct row good = { .name = "good" };
	uint16_t n = p->n++, mark = p->n++;
	struct frame f = packet(p, r, n), after = packet(p, &good, mark), got;
	bool sent = false;

	assert_int_equal(send(p->in, f.b, f.len, 0), f.len);
	assert_int_equal(send(p->in, after.b, after.len, 0), after.len);
	for (;;) {
		if (!next_frame(p->out, &got))
			fail_msg("%s, %s: the kernel forwards nothing", p->name, r->name);
		if (is_copy(&got, mark, p->v6))
			return sent;
		if (is_copy(&got, n, p->v6)) {
			sent = true;
			*ret = got;
		}
	}
}

/* ---- the programs ---- */

static struct frame in_l2tp(struct frame *inner, bool v6)
{
	struct frame f = frame_outer(0);
	uint8_t *ip = l3(inner);

	frame_hex(&f, "0002 000c 0005 ff03");
	frame_hex(&f, v6 ? "0057" : "0021");
	frame_bytes(&f, ip, (size_t)(inner->b + inner->len - ip));
	frame_finish(&f, 0);
	return f;
}

static enum fate fate_of(const struct rig_run *run)
{
	if (run->verdict == ZE_V_UP_FORWARD || run->verdict == ZE_V_DOWN_FORWARD)
		return FAST;
	if (run->verdict == ZE_V_UP_STACK || run->action == XDP_PASS)
		return STACK;
	return DROPPED;
}

static enum fate program_does(const struct path *p, const struct row *r, struct frame *ret)
{
	struct frame f = packet(p, r, (uint16_t)(p->n - 2));
	struct rig_run run;
	size_t skip = p->up ? 0 : 38;

	if (p->up)
		f = in_l2tp(&f, p->v6);
	rig_run(&rig, p->up ? BPF_DP_UPLINK : BPF_DP_CORE, &f, &run);
	ret->len = 0;
	frame_bytes(ret, run.out.b, 14);
	if (run.out.len > 14 + skip)
		frame_bytes(ret, run.out.b + 14 + skip, run.out.len - 14 - skip);
	return fate_of(&run);
}

static const char *fate_name(enum fate f)
{
	return f == FAST ? "forwards" : f == STACK ? "leaves it to the stack" : "drops";
}

static void compare(struct path *p, const struct row *r)
{
	struct frame router, ours;
	bool sent = router_sends(p, r, &router);
	enum fate fate = program_does(p, r, &ours);

	if (fate != r->fate)
		fail_msg("%s, %s: the program %s it", p->name, r->name, fate_name(fate));
	if ((fate == FAST && sent == r->differs) || (fate == DROPPED && sent))
		fail_msg("%s, %s: the program %s it, the kernel %s it", p->name, r->name,
			 fate_name(fate), sent ? "forwards" : "does not forward");
	if (fate == FAST && sent &&
	    (ours.len != router.len || memcmp(ours.b + 14, router.b + 14, ours.len - 14) != 0))
		fail_msg("%s, %s: another packet than the kernel's", p->name, r->name);
}

/* ---- the world ---- */

static const char *const world[] = {
	"ip link add sub0 address 02:00:00:00:04:01 type veth peer name sub",
	"for d in sub0 sub; do ip link set $d up; done",
	"ip addr add 192.0.2.1/24 dev sub0",
	"ip addr add 2001:db8:7::1/64 dev sub0 nodad",
	"ip neigh add 192.0.2.7 lladdr 02:00:00:00:04:02 dev sub0 nud permanent",
	"ip neigh add 2001:db8:7::5 lladdr 02:00:00:00:04:02 dev sub0 nud permanent",
	"for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done",
};

static void put_session(void)
{
	struct ze_sess_key k = { .tid = 12, .sid = 5 };
	const struct ze_tunnel t = rig_ends(4);
	struct ze_session s = { .peer_sid = 0x5605,
				.mtu = 1460,
				.ip4 = { 192, 0, 2, 7 },
				.ifid = { 0, 10, 0, 11, 0, 12, 0, 13 } };

	memcpy(&s.net6[0].prefix, (uint8_t[8]){ 0x20, 1, 0xd, 0xb8, 0, 7 }, 8);
	memset(&s.net6[0].mask, 0xff, 8);
	bpf_dp_path_put(rig.d, k.tid, &t);
	rig_session(&rig, k, &s);
}

static int group_start(void **st)
{
	cpu_set_t one;

	(void)st;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	rig_start(&rig);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(world); i++)
		assert_int_equal(system(world[i]), 0);
	put_session();
	rig_tunnel(&rig, 12, 2);
	return 0;
}

static int group_stop(void **st)
{
	(void)st;
	rig_stop(&rig);
	return 0;
}

static void all(const char *name, bool up, bool v6, const struct row *rows, size_t n)
{
	struct path p = { .name = name, .up = up, .v6 = v6, .mac = { 2, 0, 0, 0, up ? 4 : 1, 1 } };

	p.in = packet_socket(up ? "sub" : "core");
	p.out = packet_socket(up ? "core" : "sub");
	for (size_t i = 0; i < n; i++)
		compare(&p, &rows[i]);
	close(p.in);
	close(p.out);
}

/* F-B3 */
static void from_subscribers(void **st)
{
	(void)st;
	all("up, IPv4", true, false, up4, ZE_ARRAY_SIZE(up4));
	all("up, IPv6", true, true, up6, ZE_ARRAY_SIZE(up6));
}

/* F-B3 */
static void from_the_core(void **st)
{
	(void)st;
	all("down, IPv4", false, false, down4, ZE_ARRAY_SIZE(down4));
	all("down, IPv6", false, true, down6, ZE_ARRAY_SIZE(down6));
}

/* ---- outer packets ---- */

struct outer_row {
	const char *name;
	unsigned how; /* F_OUTER6 */
	unsigned at;  /* this octet after the Ethernet header */
	uint8_t is;   /* is set to this, unless `at` is 0; */
	bool sum;     /* with the checksum corrected */
	uint8_t mac;  /* last octet of the frame's address; 0: unchanged */
	enum fate fate;
	bool differs;
};

static const struct outer_row outers[] = {
	{ .name = "plain", .fate = FAST },
	{ .name = "wrong header checksum", .at = 10, .is = 0x77, .fate = STACK },
	{ .name = "longer than the frame", .at = 3, .is = 0xff, .sum = true, .fate = STACK },
	{ .name = "shorter than its UDP", .at = 3, .is = 0x20, .sum = true, .fate = STACK },
	{ .name = "version 5", .at = 0x100, .is = 0x55, .sum = true, .fate = STACK },
	{ .name = "UDP longer than IP", .at = 25, .is = 0xff, .fate = STACK },
	{ .name = "another MAC address", .mac = 0x81, .fate = STACK },
	{ .name = "ttl 1", .at = 8, .is = 1, .sum = true, .fate = FAST },
	{ .name = "a wrong UDP checksum", .at = 27, .is = 1, .fate = FAST, .differs = true },
	{ .name = "IPv6 longer than the frame",
	  .how = F_OUTER6,
	  .at = 5,
	  .is = 0xff,
	  .fate = STACK },
	{ .name = "IPv6, UDP longer than IP", .how = F_OUTER6, .at = 45, .is = 0xff, .fate = STACK },
	{ .name = "IPv6, another MAC address", .how = F_OUTER6, .mac = 0x81, .fate = STACK },
};

static struct frame outer_frame(const struct outer_row *r)
{
	struct frame inner = packet(&(struct path){ .up = true }, &up4[0], 0),
		     f = frame_outer(r->how);
	uint8_t *ip = f.b + 14;
	uint16_t sum;

	frame_hex(&f, r->how & F_OUTER6 ? "0002 000e 0006 ff03 0021" : "0002 000c 0005 ff03 0021");
	frame_bytes(&f, inner.b + 14, inner.len - 14);
	frame_finish(&f, r->how);
	if (r->at)
		ip[r->at & 0xff] = r->is;
	if (r->mac)
		f.b[5] = r->mac;
	if (r->sum) {
		ip[10] = ip[11] = 0;
		sum = inet_sum(ip, 20, 0);
		ip[10] = (uint8_t)(sum >> 8);
		ip[11] = (uint8_t)sum;
	}
	return f;
}

static int udp_socket(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(1701) };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* A whole good datagram after it shows that it was not received. */
static bool socket_receives(int in, int udp, const struct frame *f)
{
	struct frame after = frame_outer(0);
	uint8_t b[RIG_FRAME_MAX];
	bool received = false;
	ssize_t n;

	frame_hex(&after, "6d61726b");
	frame_finish(&after, 0);
	assert_int_equal(send(in, f->b, f->len, 0), f->len);
	assert_int_equal(send(in, after.b, after.len, 0), after.len);
	for (;;) {
		struct pollfd p = { .fd = udp, .events = POLLIN };

		assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
		n = recv(udp, b, sizeof(b), 0);
		assert_true(n >= 0);
		if (n == 4 && !memcmp(b, "mark", 4))
			return received;
		received = true;
	}
}

/* F-B3 */
static void from_lacs(void **st)
{
	struct ze_sess_key k = { .tid = 14, .sid = 6 };
	const struct ze_tunnel t = rig_ends(6);
	struct ze_session s = { .mtu = 1460, .ip4 = { 192, 0, 2, 7 } };
	int in = packet_socket("lac"), udp = udp_socket();

	(void)st;
	bpf_dp_path_put(rig.d, k.tid, &t);
	rig_session(&rig, k, &s);
	rig_tunnel(&rig, 14, 102);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(outers); i++) {
		const struct outer_row *r = &outers[i];
		struct frame f = outer_frame(r);
		bool received = socket_receives(in, udp, &f);
		struct rig_run run;

		rig_run(&rig, BPF_DP_UPLINK, &f, &run);
		if (fate_of(&run) != r->fate)
			fail_msg("%s: the program %s it (%s)", r->name, fate_name(fate_of(&run)),
				 rig_verdict(run.verdict));
		if (r->fate == FAST && received == r->differs)
			fail_msg("%s: the program forwards it, a socket %s", r->name,
				 received ? "receives it" : "does not receive it");
	}
	close(in);
	close(udp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_subscribers),
		cmocka_unit_test(from_the_core),
		cmocka_unit_test(from_lacs),
	};

	if (geteuid() != 0) {
		puts("ok 1 - bpf_router # SKIP needs root\n1..1");
		return 0;
	}
	return cmocka_run_group_tests(tests, group_start, group_stop);
}
