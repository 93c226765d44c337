/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF plane's programs and their maps. Sessions are known as the maps describe them
 * (bpf/ze_bpf.h), not as the engine does. Calls take microseconds. Only one thread at a time may
 * make calls for a session; counters may be read from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"
#include "daemon/base/addr.h"
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
	BPF_DP_SLOW,   /* attached to ze0p */
	BPF_DP_ACCEPT, /* attached to ze0 */
	BPF_DP_INJECT, /* not attached; run by bpf_dp_inject() */
	BPF_DP__PROGS
};

struct bpf_dp_port {
	unsigned ifindex;
	enum bpf_dp_prog prog;
};

struct bpf_dp_args {
	struct ze_conf conf;
	const struct bpf_dp_port *ports; /* including ze0 and ze0p */
	size_t n_ports;
	const struct config_listener *listeners; /* local endpoints */
	size_t n_listeners;
	enum bpf_mode mode;
	const char *pins; /* folder, see bpf_common_pin(); NULL: no pins */
	bool outer_df; /* see bpf_dp_outer_df(); takes effect with the first bpf_dp_void_hops() */
	bool restart;  /* use the maps that are pinned there */
};

/* Gives the pins of a previous instance their present names (bpf_names.h). Pins maps again whose pins
 * were lost, if programs of ours that use them are still attached to one of the ports. */
void bpf_dp_repin(const char *pins, const struct bpf_dp_port *ports, size_t n);

/* Loads, pins and attaches. Programs and pins of a previous instance are replaced. Returns 0;
 * -EBUSY when the program of another owner is attached to a port; or -errno. A map that cannot be
 * used has been logged. */
int bpf_dp_open(const struct bpf_dp_args *a, struct bpf_dp **ret);
/* Detaches and removes the pins: forwarding stops. NULL is harmless. */
void bpf_dp_close(struct bpf_dp *d);
/* Frees memory and descriptors only: forwarding continues. NULL is harmless. */
void bpf_dp_handover(struct bpf_dp *d);

/* Sets the endpoints of a tunnel; call before its first session. One thread at a time. */
void bpf_dp_path_put(struct bpf_dp *d, uint16_t tid, const struct ze_tunnel *t);
/* The endpoints of a tunnel, in the map; valid as long as d. */
const struct ze_tunnel *bpf_dp_path(const struct bpf_dp *d, uint16_t tid);
/* Creates or changes a session, and the entries of its addresses, which lead to it. `was` is its
 * previous value, or NULL for a new one; entries that both have are not touched. Returns 0 or
 * -errno. */
int bpf_dp_session_put(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *was,
		       const struct ze_session *s);
/* Changes the rates of a session; its addresses must be the same. Returns 0 or -errno. */
int bpf_dp_session_change(struct bpf_dp *d, const struct ze_sess_key *k,
			  const struct ze_session *s);
/* Sets the session to which the stack sends packets for this interface identifier; NULL removes the
 * entry. Returns 0 or -errno. */
int bpf_dp_link6_set(struct bpf_dp *d, uint64_t ifid, const struct ze_sess_key *k);
/* True when that entry leads to the session k; k NULL: when there is none. */
bool bpf_dp_link6_is(struct bpf_dp *d, uint64_t ifid, const struct ze_sess_key *k);
/* Networks behind subscribers. The entry of a prefix leads to the session k; a removal leaves the
 * entry of another session alone, or gives it to `next`, which may be NULL. put returns 0 or
 * -errno. */
int bpf_dp_net_put(struct bpf_dp *d, const struct ze_prefix *p, const struct ze_sess_key *k);
void bpf_dp_net_drop(struct bpf_dp *d, const struct ze_prefix *p, const struct ze_sess_key *k,
		     const struct ze_sess_key *next);
/* Sets how many there are of a family: the programs search for them only when there are any. */
void bpf_dp_nets(struct bpf_dp *d, bool v6, unsigned n);
/* In the maps of the previous instance: removes the entries for which keep() returns false. Call it
 * after bpf_dp_prune(). */
typedef bool bpf_dp_keep_net(void *self, const struct ze_prefix *p, const struct ze_sess_key *k);
void bpf_dp_nets_prune(struct bpf_dp *d, bpf_dp_keep_net *keep, void *self);
/* Opens or closes a family of a session: its packets pass, or are dropped. Immediate; from any
 * thread. */
void bpf_dp_open_family(struct bpf_dp *d, uint16_t sid, bool v6, bool open);
/* Removes a session and the entries of its addresses; `was` is its last value. */
void bpf_dp_session_drop(struct bpf_dp *d, const struct ze_sess_key *k,
			 const struct ze_session *was);
/* In the maps of the previous instance: keeps the session as it is, or corrects it and its
 * entries. Returns 0 or -errno. */
int bpf_dp_restart_session(struct bpf_dp *d, const struct ze_sess_key *k,
			   const struct ze_session *s);
/* In the maps of the previous instance: removes the sessions for which keep() returns false, and
 * entries that lead to no session. */
void bpf_dp_prune(struct bpf_dp *d, bool (*keep)(void *self, const struct ze_sess_key *k),
		  void *self);
/* Attaches the filter on ze0 that sends packets to peers with link-local addresses; it is restored
 * from then on. Returns 0 or -errno, which has been logged. */
int bpf_dp_serve_links(struct bpf_dp *d);
/* Takes a notification. Returns true when that filter may be missing. */
bool bpf_dp_heard_link(const struct bpf_dp *d, const struct news *n);
/* True when a session other than `but` has this IPv4 address (network byte order), or when the map
 * cannot be read. */
bool bpf_dp_host4_taken(struct bpf_dp *d, uint32_t ip4, const struct ze_sess_key *but);

/* The next Ns for a data packet that the daemon sends; the programs use the same sequence. */
uint16_t bpf_dp_number(struct bpf_dp *d, uint16_t sid);
/* Resets the counters and sequence numbers of a session id that is used again. */
void bpf_dp_reset(struct bpf_dp *d, uint16_t sid);
/* The tables in memory, for counters. They stay mapped until bpf_dp_close() or bpf_dp_handover(). */
const struct bpf_hot *bpf_dp_hot(const struct bpf_dp *d);
/* Invalidates all cached next hops, because something they depend on has changed. On the reactor.
 * Returns 0 or -errno. */
int bpf_dp_void_hops(struct bpf_dp *d);
/* The same, and sets whether there are routing rules. With rules, next hops are cached by more than
 * the destination. */
int bpf_dp_routing(struct bpf_dp *d, bool by_rules);
/* Sets whether outer IPv4 packets have DF set. Returns 0 or -errno. */
int bpf_dp_outer_df(struct bpf_dp *d, bool on);
/* Sets the VLAN devices on our ports; others are removed. Call bpf_dp_void_hops() afterwards.
 * Returns 0 or the first -errno. */
int bpf_dp_vlans(struct bpf_dp *d, const struct bpf_vlan *v, size_t n);
/* Sets the MAC addresses of our ports; frames to any other address are passed to the stack. Returns
 * 0 or -errno. */
int bpf_dp_macs(struct bpf_dp *d, const struct bpf_port_mac *p, size_t n);
/* Runs a frame through the checks of an uplink, except those of the sequence number and the UDP
 * checksum. Returns 0 with the decapsulated frame for ze0p in place; -EPERM when it was refused,
 * which has been counted; or -errno. size is the room in frame; *len is its length before and
 * after. */
int bpf_dp_inject(struct bpf_dp *d, uint8_t *frame, size_t size, size_t *len);
/* See bpf_common_heard(). */
bool bpf_dp_heard(struct bpf_dp *d, const struct news *n, const char **ret_what);
/* Attaches missing programs, also to a port that was removed and created again. On the worker. */
void bpf_dp_restore(struct bpf_dp *d, struct repair_result *res);
/* The number of pins that were removed; and their restoration, which returns 0 or -errno. */
unsigned bpf_dp_pins_missing(const struct bpf_dp *d);
int bpf_dp_pins_restore(struct bpf_dp *d);
/* The current indexes of the uplink and core interfaces, at most max. Returns the number. */
size_t bpf_dp_ports(const struct bpf_dp *d, unsigned *ret, size_t max);
/* Writes programs and maps as members of an open JSON object. */
void bpf_dp_show(const struct bpf_dp *d, struct json *j);
/* The guard over the maps of d; owned by d. */
struct bpf_guard *bpf_dp_guard(const struct bpf_dp *d);
const char *bpf_dp_mode(const struct bpf_dp *d);
int bpf_dp_prog_fd(const struct bpf_dp *d, enum bpf_dp_prog p);
