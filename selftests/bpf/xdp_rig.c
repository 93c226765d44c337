/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/bpf/xdp_rig.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/config.h"
#include "daemon/sys/bpf/bpf_vlan.h"

static void sh(const char *cmd)
{
	if (system(cmd) != 0) {
		fprintf(stderr, "failed: %s\n", cmd);
		abort();
	}
}

static void mac_of(const char *dev, uint8_t ret[6])
{
	char path[64], text[32] = "";
	unsigned v[6];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", dev);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f) ||
	    sscanf(text, "%x:%x:%x:%x:%x:%x", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) != 6)
		abort();
	fclose(f);
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)v[i];
}

static const char *const setup[] = {
	"ip link add lns0 address 02:00:00:00:00:01 type veth peer name lac",
	"ip link add lns1 address 02:00:00:00:01:01 type veth peer name core",
	"ip link add ze0 address 02:00:00:00:02:01 type veth peer name ze0p",
	"for d in lo lns0 lac lns1 core ze0 ze0p; do ip link set $d up; done",
	"ip addr add 10.0.0.1/24 dev lns0",
	"ip addr add 2001:db8::1/64 dev lns0 nodad",
	"ip addr add 198.51.100.1/24 dev lns1",
	"ip addr add 2001:db8:1::1/64 dev lns1 nodad",
	"ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev lns0 nud permanent",
	"ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev lns0 nud permanent",
	"ip neigh add 198.51.100.2 lladdr 02:00:00:00:01:02 dev lns1 nud permanent",
	"ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev lns1 nud permanent",
	"ip link add tag0 address 02:00:00:00:03:01 type veth peer name tag0p",
	"for d in tag0 tag0p; do ip link set $d up; done",
	"ip addr add 10.3.0.1/24 dev tag0",
	"ip addr add 2001:db8:3::1/64 dev tag0 nodad",
	"ip neigh add 10.3.0.2 lladdr 02:00:00:00:03:02 dev tag0 nud permanent",
	"ip neigh add 2001:db8:3::2 lladdr 02:00:00:00:03:02 dev tag0 nud permanent",
	"ip route add default via 198.51.100.2",
	"ip route add unreachable 203.0.113.0/24",
	"ip route add blackhole 203.0.113.128/25",
	"ip -6 route add blackhole 2001:db8:b::/48",
	"ip -6 route add default via 2001:db8:1::2",
	"ip route add 100.64.0.0/16 via 10.3.0.2",
	"ip -6 route add 2001:db8:64::/48 via 2001:db8:3::2",
	"echo 1 >/proc/sys/net/ipv4/ip_forward",
	"echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
};

void rig_start(struct rig *g)
{
	struct bpf_dp_port ports[4];
	struct bpf_dp_args a = { .ports = ports, .n_ports = 4, .mode = BPF_MODE_NATIVE };
	const char uplink[1][16] = { "lns0" };
	struct bpf_guard_args ga = { .uplink = uplink, .n_uplink = 1, .mode = BPF_MODE_NATIVE };
	const struct config_listener listeners[] = {
		{ "four", { .family = 4, .port = 1701, .ip = { 10, 0, 0, 1 } } },
		{ "six", { .family = 6, .port = 1701, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } } },
		{ "any", { .family = 4, .port = 1702 } },
		{ "any-six", { .family = 6, .port = 1702 } },
	};

	g->prog = BPF_DP__PROGS;
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		abort();
	sh("mount --make-rprivate / && mount -t sysfs sysfs /sys");
	for (size_t i = 0; i < sizeof(setup) / sizeof(setup[0]); i++)
		sh(setup[i]);
	ports[0] = (struct bpf_dp_port){ if_nametoindex("lns0"), BPF_DP_UPLINK };
	ports[1] = (struct bpf_dp_port){ if_nametoindex("lns1"), BPF_DP_CORE };
	ports[2] = (struct bpf_dp_port){ if_nametoindex("ze0p"), BPF_DP_SLOW };
	ports[3] = (struct bpf_dp_port){ if_nametoindex("ze0"), BPF_DP_ACCEPT };
	a.conf.ze0 = ports[3].ifindex;
	a.conf.ze0p = ports[2].ifindex;
	mac_of("ze0", a.conf.ze0_mac);
	mac_of("ze0p", a.conf.ze0p_mac);
	mac_of("ze0", g->ze0_mac);
	memcpy(g->lac_mac, (uint8_t[6]){ 2, 0, 0, 0, 0, 2 }, 6);
	memcpy(g->core_mac, (uint8_t[6]){ 2, 0, 0, 0, 1, 2 }, 6);
	a.listeners = listeners;
	a.n_listeners = sizeof(listeners) / sizeof(listeners[0]);
	if (bpf_dp_open(&a, &g->d) < 0)
		abort();
	/* Only packets of the test count: neighbour discovery and multicast send on every
	 * device. */
	for (size_t i = 0; i < 4; i++)
		bpf_xdp_detach((int)ports[i].ifindex, 0, NULL);
	ga.listeners = listeners;
	ga.n_listeners = a.n_listeners;
	if (bpf_guard_open(&ga, &g->guard) < 0)
		abort();
	bpf_xdp_detach((int)ports[0].ifindex, 0, NULL);
}

void rig_stop(struct rig *g)
{
	bpf_guard_free(g->guard);
	bpf_dp_close(g->d);
}

static void run(struct bpf_guard *g, int prog, const struct frame *in, struct rig_run *ret)
{
	uint64_t before[ZE_V__COUNT], after[ZE_V__COUNT];
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in->b, .data_size_in = (__u32)in->len,
		    .data_out = ret->out.b, .data_size_out = sizeof(ret->out.b));
	int n = 0;

	if (bpf_guard_verdicts(g, before) < 0 || bpf_prog_test_run_opts(prog, &o) ||
	    bpf_guard_verdicts(g, after) < 0) {
		perror("bpf_prog_test_run_opts");
		abort();
	}
	ret->action = o.retval;
	ret->out.len = o.data_size_out;
	ret->verdict = ZE_V__COUNT;
	for (int i = 0; i < ZE_V__COUNT; i++) {
		n += (int)(after[i] - before[i]);
		if (after[i] != before[i])
			ret->verdict = (enum ze_verdict)i;
	}
	if (n != 1)
		ret->verdict = ZE_V__COUNT;
}

static void stand_in(struct rig *g, enum bpf_dp_prog p)
{
	struct bpf_port_mac lo = { RIG_LO, { 2, 0, 0, 0, p == BPF_DP_CORE, 1 } };
	struct bpf_vlan v = {
		.ifindex = 9000,
		.v = { .port = RIG_LO, .mtu = 1500, .vid = { 100 }, .proto = { 0x8100 } },
	};

	if (g->prog == p)
		return;
	memcpy(v.mac, lo.mac, sizeof(v.mac));
	if (bpf_dp_macs(g->d, &lo, 1) < 0 || (!g->own_vlans && bpf_dp_vlans(g->d, &v, 1) < 0))
		abort();
	g->prog = p;
}

void rig_run(struct rig *g, enum bpf_dp_prog p, const struct frame *in, struct rig_run *ret)
{
	stand_in(g, p);
	run(bpf_dp_guard(g->d), bpf_dp_prog_fd(g->d, p), in, ret);
}

void rig_run_guard(struct rig *g, const struct frame *in, struct rig_run *ret)
{
	run(g->guard, bpf_guard_prog_fd(g->guard), in, ret);
}

void rig_tunnel(struct rig *g, uint16_t tid, unsigned host)
{
	struct dp_tunnel t = { .tid = tid, .peer_tid = 77 };
	struct ze_addr *local = &t.path.local, *peer = &t.path.peer;

	if (host < 100) {
		*local = (struct ze_addr){ .family = 4, .ip = { 10, 0, 0, 1 } };
		*peer = (struct ze_addr){ .family = 4, .ip = { 10, 0, 0, (uint8_t)host } };
	} else {
		*local = (struct ze_addr){ .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
		*peer = *local;
		peer->ip[15] = (uint8_t)(host - 100);
	}
	local->port = peer->port = 1701;
	bpf_guard_ops.tunnel_known(bpf_dp_guard(g->d), &t);
	bpf_guard_ops.tunnel_known(g->guard, &t);
}

struct ze_tunnel rig_ends(unsigned family)
{
	struct ze_tunnel t = {
		.local_port = 1701, .peer_port = 1701, .peer_tid = 0x1234, .family = (__u8)family
	};

	if (family == 4) {
		memcpy(t.local, (uint8_t[]){ 10, 0, 0, 1 }, 4);
		memcpy(t.peer, (uint8_t[]){ 10, 0, 0, 2 }, 4);
	} else {
		memcpy(t.local, (uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 1 }, 16);
		memcpy(t.peer, (uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 2 }, 16);
	}
	return t;
}

void rig_session(struct rig *g, struct ze_sess_key k, const struct ze_session *s)
{
	bpf_dp_reset(g->d, k.sid);
	if (bpf_dp_session_put(g->d, &k, NULL, s) < 0) {
		fprintf(stderr, "session %u does not get into the maps\n", k.sid);
		abort();
	}
	bpf_dp_open_family(g->d, k.sid, false, true);
	bpf_dp_open_family(g->d, k.sid, true, true);
}

const char *rig_verdict(enum ze_verdict v)
{
	static const char *const names[] = {
#define X(id, name) name,
		ZE_VERDICTS(X)
#undef X
			"none or several",
	};

	return names[v];
}

/* ---- frames ---- */

void frame_bytes(struct frame *f, const void *p, size_t n)
{
	if (f->len + n > sizeof(f->b))
		abort();
	memcpy(f->b + f->len, p, n);
	f->len += n;
}

void frame_hex(struct frame *f, const char *hex)
{
	for (; *hex; hex++) {
		unsigned v;
		uint8_t o;

		if (isspace((unsigned char)*hex))
			continue;
		if (sscanf(hex, "%2x", &v) != 1)
			abort();
		o = (uint8_t)v;
		frame_bytes(f, &o, 1);
		hex++;
	}
}

struct frame frame_outer(unsigned how)
{
	struct frame f = { .len = 0 };
	const char *peer4 = how & F_OTHER_PEER ? "0a000003" : "0a000002";

	frame_hex(&f, "020000000001 020000000002");
	frame_hex(&f, how & F_VLAN ? "8100 0064" : "");
	if (how & F_OUTER6) {
		frame_hex(&f, "86dd 60000000 0000 11 40 20010db8000000000000000000000002");
		frame_hex(&f, how & F_ELSEWHERE ? "20010db8000000000000000000000009" :
						  "20010db8000000000000000000000001");
	} else {
		frame_hex(&f, "0800");
		frame_hex(&f, how & F_OPTIONS ? "4600" : "4500");
		frame_hex(&f, how & F_FRAGMENT ? "0000 0001 2000" : "0000 0001 4000");
		frame_hex(&f, "4011 0000");
		frame_hex(&f, peer4);
		frame_hex(&f, how & F_ELSEWHERE ? "0a000009" : "0a000001");
		frame_hex(&f, how & F_OPTIONS ? "94040000" : "");
	}
	frame_hex(&f, how & F_OTHER_PORT ? "06a6" : "06a5");
	frame_hex(&f, how & F_ANY ? "06a6" : how & F_NO_PORT ? "06a7" : "06a5");
	frame_hex(&f, how & F_OUTER6 && !(how & F_NO_SUM) ? "0000 1234" : "0000 0000");
	return f;
}

uint16_t inet_sum(const uint8_t *p, size_t n, uint32_t start)
{
	uint32_t s = start;

	for (size_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void frame_finish(struct frame *f, unsigned how)
{
	size_t ip = how & F_VLAN ? 18 : 14;
	size_t hl = how & F_OUTER6 ? 40 : how & F_OPTIONS ? 24 : 20;
	size_t udp = f->len - ip - hl;

	put16(f->b + ip + hl + 4, udp);
	if (how & F_OUTER6) {
		put16(f->b + ip + 4, udp);
		return;
	}
	put16(f->b + ip + 2, udp + hl);
	put16(f->b + ip + 10, 0);
	put16(f->b + ip + 10, inet_sum(f->b + ip, hl, 0));
}
