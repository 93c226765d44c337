/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane in BPF: a subscriber is a few map entries and a route to ze0. Calls are accepted
 * immediately, performed on a worker thread, and answered by events that the reactor passes to the
 * engine. PPP control frames pass through the UDP socket, in both directions.
 *
 * Parts:
 *
 *   bpf_dp       the XDP programs and their maps; bpf_hot: the tables mapped into memory
 *   ze0          the veth pair ze0 and ze0p, through which packets reach and leave the stack
 *   stack, ifid  routes and addresses on ze0, and the record of them
 *   vlans        the VLAN devices on our ports, with their tags and MAC addresses
 *   restart      restores sessions after a restart
 *   repair       restores programs, routes and addresses that another program removes
 *   bpf_counts   the counters of sessions: of one, and the sums over all
 *   bpf_guard    decides which sources may send to the daemon's sockets
 *
 * Structures. struct dp_bpf is created by dp_bpf_new() and freed by dp_bpf_free() or
 * dp_bpf_handover(). It owns the maps (struct bpf_dp), the worker, the record of routes and
 * addresses, and one struct dp_bpf_session per session (dp_jobs.h). A session is created by
 * session_up or session_restore. It is freed when its set-up fails, or after the job of
 * session_down and before DP_EV_GONE is reported. A struct dp_bpf_ifid is an interface identifier
 * of ours on at least one link. struct dp_bpf_previous lists what a previous instance left on
 * ze0; restore_done frees it.
 *
 * Threads. The reactor makes all calls of dp_bpf_ops, reads the counters of one session, and opens
 * and closes families. One worker thread runs the jobs, because routes wait for RTNL, and adds up
 * the counters of all sessions; the jobs of a session run in the order of their submission.
 * dp_bpf_priv.h says which fields belong to the worker. While sessions are restored there are no
 * jobs, and the reactor does the worker's part.
 *
 * Timers. One, that of the repair: it starts a repair job at repair_deadline(). The programs look a
 * cached next hop up again after ZE_FRESH_NS (100 ms).
 *
 * Restart. dp_bpf_handover() leaves programs, maps and ze0 in place, and forwarding continues. The
 * next instance uses them if the maps are pinned, their layout (ZE_BPF_ABI) and the ports are
 * usable and the pair is the same. Otherwise it removes everything and starts without sessions.
 *
 * Supported: RFC 2661 3.1 (headers of data messages, also with Length, Ns and Nr, Offset Size) and
 * 5.4 (sequence numbers); RFC 5072 4.1 (an interface identifier is unique only on its link).
 *
 * Left out: outer fragments and packets with IP options. The stack reassembles them, the daemon's
 * socket receives them, and the engine passes their IP packets to inject().
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/ports.h"
#include "daemon/sys/bpf/bpf_dp.h"

struct bpf_guard;
struct config_listener;
struct dp_bpf;
struct loop;
struct udp;

struct dp_bpf_args {
	struct loop *loop; /* its engine receives the events */
	struct udp *udp;
	const char (*uplink)[16], (*core)[16]; /* interface names; one in both lists is an uplink */
	size_t n_uplink, n_core;
	const struct config_listener *listeners; /* the daemon's local endpoints */
	size_t n_listeners;
	enum bpf_mode mode;
	const char *pins; /* folder of pins; NULL: no pins, restart must be false */
	bool outer_df;	  /* set DF in outer IPv4 packets */
	bool restart;	  /* use what the previous instance left, if it fits */
};

/* Returns 0 or -errno. An unusable interface, and the reason why nothing could be restored, have
 * been logged. The loop and the UDP sockets must outlive it. */
int dp_bpf_new(const struct dp_bpf_args *a, struct dp_bpf **ret);
/* True when sessions of a previous instance may be restored; restore_done must follow. */
bool dp_bpf_restarted(const struct dp_bpf *d);
/* Sets whether outer IPv4 packets have DF set. A reload may change it. */
void dp_bpf_outer_df(struct dp_bpf *d, bool on);
/* The number of pins that were removed; and their restoration, which returns 0 or -errno. Without
 * them the next instance cannot take over. */
unsigned dp_bpf_pins_missing(const struct dp_bpf *d);
int dp_bpf_pins_restore(struct dp_bpf *d);
/* Removes all sessions and ze0, and waits until that is done. NULL is harmless. */
void dp_bpf_free(struct dp_bpf *d);
/* Waits for jobs that were submitted and frees the memory. Forwarding continues. NULL is
 * harmless. */
void dp_bpf_handover(struct dp_bpf *d);
/* Removes what a previous instance left. */
void dp_bpf_sweep(const char *pins);
/* The guard of the daemon's sockets on the uplinks; owned by d. */
struct bpf_guard *dp_bpf_guard(const struct dp_bpf *d);
extern const struct dataplane_ops dp_bpf_ops; /* self is a struct dp_bpf */
