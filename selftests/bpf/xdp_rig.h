/* SPDX-License-Identifier: BSD-2-Clause */
/* A network namespace for the test with the data plane loaded in it, and frames for the
 * programs. Needs root. Addresses: LNS 10.0.0.1 and 2001:db8::1 on lns0, its LAC 10.0.0.2 and
 * 2001:db8::2; 198.51.100.1 on lns1, the core's router 198.51.100.2. Everything else is routed
 * to the core, except 203.0.113.0/24, which is unreachable; and 100.64.0.0/16 and
 * 2001:db8:64::/48, which are reached through 10.3.0.2 and 2001:db8:3::2 on tag0, a device that
 * is not a port. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sys/bpf/bpf_dp.h"
#include "daemon/sys/bpf/bpf_guard.h"

#define RIG_FRAME_MAX 2048

struct rig {
	struct bpf_dp *d;
	struct bpf_guard *guard; /* the guard of the kernel plane, with maps of its own */
	uint8_t ze0_mac[6], lac_mac[6], core_mac[6];
	enum bpf_dp_prog prog; /* the port that lo represents, see rig_run */
	/* The test enters VLAN devices itself; otherwise there is number 100. */
	bool own_vlans;
};

struct frame {
	uint8_t b[RIG_FRAME_MAX];
	size_t len;
};

struct rig_run {
	uint32_t action;
	enum ze_verdict verdict; /* ZE_V__COUNT: not exactly one was counted */
	struct frame out;
};

/* A namespace, devices, programs. Aborts with a message on failure. */
void rig_start(struct rig *g);
void rig_stop(struct rig *g);
/* A program in a test run sees lo as its port, which gets the MAC address of lns0 or lns1. */
#define RIG_LO 1
void rig_run(struct rig *g, enum bpf_dp_prog p, const struct frame *in, struct rig_run *ret);
void rig_run_guard(struct rig *g, const struct frame *in, struct rig_run *ret);
/* In both guards: a tunnel of 10.0.0.<host>:1701 or, for hosts from 100 on, of 2001:db8::<host -
 * 100>. */
void rig_tunnel(struct rig *g, uint16_t tid, unsigned host);
const char *rig_verdict(enum ze_verdict v);
/* The endpoints of a tunnel with ports 1701: 10.0.0.1 and .2, or 2001:db8::1 and ::2. */
struct ze_tunnel rig_ends(unsigned family);
/* A new session in a tunnel that was passed to bpf_dp_path_put, with both families open. */
void rig_session(struct rig *g, struct ze_sess_key k, const struct ze_session *s);

/* Appends. Hex may contain spaces. */
void frame_hex(struct frame *f, const char *hex);
void frame_bytes(struct frame *f, const void *p, size_t n);
/* The beginning of a frame; frame_finish fills in lengths and checksums. */
enum {
	F_VLAN = 1,
	F_OUTER6 = 2,
	F_OTHER_PEER = 4,
	F_OTHER_PORT = 8,
	F_FRAGMENT = 16,
	F_OPTIONS = 32,
	F_ELSEWHERE = 64, /* through the LNS, to another host */
	F_ANY = 128,	  /* to port 1702, on which ze listens on every address */
	F_NO_PORT = 256,  /* to port 1703, which has no listener */
	F_NO_SUM =
		512 /* over IPv6: the UDP checksum is 0; otherwise it is present, and not checked */
};
struct frame frame_outer(unsigned how);
void frame_finish(struct frame *f, unsigned how);
/* The Internet checksum over n octets. */
uint16_t inet_sum(const uint8_t *p, size_t n, uint32_t start);
