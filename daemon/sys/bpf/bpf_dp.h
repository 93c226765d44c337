/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of the BPF plane and their maps. Knows sessions as the maps know them (bpf/ze_bpf.h),
 * nothing of engines. Calls take microseconds and may come from any one thread at a time for one
 * session; counters from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"
#include "daemon/sys/bpf/bpf_common.h"
#include "daemon/sys/bpf/bpf_hot.h"

struct bpf_dp;
struct bpf_guard;
struct bpf_port_mac;
struct bpf_vlan;
struct config_listener;
struct json;
struct news;
struct repair_result;

enum bpf_dp_prog {
	BPF_DP_UPLINK,
	BPF_DP_CORE,
	BPF_DP_SLOW,   /* on ze0p */
	BPF_DP_ACCEPT, /* on ze0 */
	BPF_DP_INJECT, /* nowhere: for bpf_dp_inject */
	BPF_DP__PROGS
};

struct bpf_dp_port {
	unsigned ifindex;
	enum bpf_dp_prog prog;
};

struct bpf_dp_args {
	struct ze_conf conf;
	const struct bpf_dp_port *ports; /* ze0 and ze0p are among them */
	size_t n_ports;
	const struct config_listener *listeners; /* endpoints of ours */
	size_t n_listeners;
	enum bpf_mode mode;
	const char *pins; /* bpf_common_pin; NULL: none */
	bool outer_df;	  /* as bpf_dp_outer_df; from bpf_dp_void_hops on */
	bool adopt;	  /* go on with the maps that are pinned there */
};

/* What a former life has noted beside its maps. -ENOENT: there are none. */
int bpf_dp_about(const char *pins, struct ze_conf *ret);

/* Pins of maps that are lost come back, where programs of ours are still attached to one of the ports. */
void bpf_dp_repin(const char *pins, const struct bpf_dp_port *ports, size_t n);

/* Loads, pins, attaches. What a former life has left under our names is replaced; a port with
 * somebody else's program is -EBUSY. 0 or -errno; which map can't be adopted has been logged. */
int bpf_dp_open(const struct bpf_dp_args *a, struct bpf_dp **ret);
/* Detaches, unpins: forwarding ends. */
void bpf_dp_close(struct bpf_dp *d);
/* Lets go: forwarding goes on. */
void bpf_dp_leave(struct bpf_dp *d);

/* The ends of a tunnel, before its first session. One thread. */
void bpf_dp_path_put(struct bpf_dp *d, uint16_t tid, const struct ze_tunnel *t);
const struct ze_tunnel *bpf_dp_path(const struct bpf_dp *d, uint16_t tid);
/* A session, and what leads to it. `was`: what it was before, or NULL; what both have stays as it is. */
int bpf_dp_session_put(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *was,
		       const struct ze_session *s);
/* The same session with other numbers; what leads to it stays. */
int bpf_dp_session_change(struct bpf_dp *d, const struct ze_sess_key *k,
			  const struct ze_session *s);
/* Whom the stack reaches by this interface identifier; NULL: nobody. 0 or -errno. */
int bpf_dp_link6_set(struct bpf_dp *d, uint64_t ifid, const struct ze_sess_key *k);
bool bpf_dp_link6_is(struct bpf_dp *d, uint64_t ifid, const struct ze_sess_key *k);
/* Packets of a family pass, or no longer do. At once, from any thread. */
void bpf_dp_open_family(struct bpf_dp *d, uint16_t sid, bool v6, bool open);
void bpf_dp_session_drop(struct bpf_dp *d, const struct ze_sess_key *k,
			 const struct ze_session *was);
/* In adopted maps: as it is there, or put right. */
int bpf_dp_session_adopt(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s);
/* Of adopted maps: drops sessions that keep() does not want, and what leads to none that is there. */
void bpf_dp_prune(struct bpf_dp *d, bool (*keep)(void *self, const struct ze_sess_key *k),
		  void *self);
/* Sessions may have peers with link-local addresses from now on: what sends to them is on ze0, and is put back
 * there. 0 or -errno. */
int bpf_dp_serve_links(struct bpf_dp *d);
/* A notification: that may be missing. */
bool bpf_dp_heard_link(const struct bpf_dp *d, const struct news *n);
/* Some session has this address (network order); another one, when ours is off the maps. */
bool bpf_dp_host4_taken(struct bpf_dp *d, uint32_t ip4, const struct ze_sess_key *but);

/* The next number for a data packet of ours, together with those the programs send. */
uint16_t bpf_dp_number(struct bpf_dp *d, uint16_t sid);
/* A session id begins anew. */
void bpf_dp_reset(struct bpf_dp *d, uint16_t sid);
/* Some session has this id. */
bool bpf_dp_has(const struct bpf_dp *d, uint16_t sid);
struct bpf_hot_counters bpf_dp_counters(const struct bpf_dp *d, uint16_t sid);
/* Next hops that are remembered are void: something they depend on has changed. On the reactor. 0 or -errno. */
int bpf_dp_void_hops(struct bpf_dp *d);
/* The same, and there are routing rules or not: with them, next hops are remembered by more than the
 * destination. */
int bpf_dp_routing(struct bpf_dp *d, bool by_rules);
/* Whether outer IPv4 packets get DF. */
int bpf_dp_outer_df(struct bpf_dp *d, bool on);
/* The VLAN devices on our ports: these, and no others; bpf_dp_void_hops is next. 0 or -errno of the first that
 * failed. */
int bpf_dp_vlans(struct bpf_dp *d, const struct bpf_vlan *v, size_t n);
/* The MAC addresses of our ports: frames to any other are left to the stack. 0 or -errno. */
int bpf_dp_macs(struct bpf_dp *d, const struct bpf_port_mac *p, size_t n);
/* A frame as from an uplink through all the checks there: 0 and the decapsulated frame for ze0p in
 * place, or -EPERM when it was refused (and counted), or -errno. */
int bpf_dp_inject(struct bpf_dp *d, uint8_t *frame, size_t size, size_t *len);
/* A notification: true when the program of a port may be missing; ret_what: which, or NULL. On the reactor. */
bool bpf_dp_heard(struct bpf_dp *d, const struct news *n, const char **ret_what);
/* Attaches what is no longer attached, also to a port that has come again. On the worker. */
void bpf_dp_restore(struct bpf_dp *d, struct repair_result *res);
/* Pins that somebody has removed, and their return: 0 or -errno. */
unsigned bpf_dp_pins_missing(const struct bpf_dp *d);
int bpf_dp_pins_restore(struct bpf_dp *d);
/* The interfaces that LACs and the core are behind, as they are now: at most max of them. */
size_t bpf_dp_ports(const struct bpf_dp *d, unsigned *ret, size_t max);
/* Programs and maps, as members of an object. */
void bpf_dp_show(const struct bpf_dp *d, struct json *j);
/* Who may talk to the daemon; belongs to d. */
struct bpf_guard *bpf_dp_guard(const struct bpf_dp *d);
bool bpf_dp_native(const struct bpf_dp *d); /* all ports */
const char *bpf_dp_mode(const struct bpf_dp *d);
int bpf_dp_prog_fd(const struct bpf_dp *d, enum bpf_dp_prog p);
