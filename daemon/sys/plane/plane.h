/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane of this process: which one it is, and what belongs to it. It is chosen, opened and closed
 * here and nowhere else, together with the guard in front of the sockets and, for the BPF plane, the state
 * file from which the next process goes on.
 *
 *   kernel   l2tp_ppp of the kernel; the guard stands on the configured uplinks, if there are any
 *   bpf      our own programs; guard and state file always
 *   null     L2TP is not configured, or the kernel has no l2tp_ppp and ze.l2tp.skip-kernel-probe says to go
 *            on without: sessions come up and carry nothing
 *
 * All calls belong to the reactor's thread. plane_open blocks while programs are loaded.
 */
#pragma once

#include <stdbool.h>

struct config;
struct instance_holder;
struct journal;
struct loop;
struct plane;
struct ports;
struct rng;
struct udp;

/* All is borrowed until plane_close, but for cfg and rng, which are borrowed for the call. */
struct plane_args {
	struct loop *loop;
	struct udp *udp;
	const struct config *cfg;
	const struct rng *rng;
	const char *state_path;
	bool locked; /* this process holds the lock on pins and devices (instance.h) */
};

/* 0 or -errno, logged, except -EBUSY: another process has the state file, which *ret_holder then names.
 * After a failure nothing is open; what a previous process left in the kernel is as it was or gone, never
 * half of it. */
int plane_open(const struct plane_args *a, struct plane **ret, struct instance_holder *ret_holder);
/* Sets the data plane, the guard and the journal of `io`. */
void plane_ports(const struct plane *p, struct ports *io);
/* The state file; NULL: this plane has none. It stays the plane's. */
struct journal *plane_journal(const struct plane *p);
/* The plane forwards what a previous process set up: its records are to be resumed. */
bool plane_adopted(const struct plane *p);
/* It forwards, and nothing of a previous process: nobody misses what a failed start takes down again. */
bool plane_began_empty(const struct plane *p);
/* One of enum hardening_for (hardening_caps.h): whose capabilities this process needs. */
unsigned plane_kind(const struct plane *p);
/* NULL: another process could go on from here now. Else why not. */
const char *plane_why_stay(const struct plane *p);
/* Of the BPF plane, which has a journal: pins that somebody has removed, and their return, 0 or -errno. */
unsigned plane_pins_missing(const void *plane);
int plane_pins_restore(void *plane);
/* What of a new configuration can change while it runs. */
void plane_reload(struct plane *p, const struct config *cfg);
/* leave: everything in the kernel and the state file stays, for another process. Else all is removed. NULL is
 * nothing. */
void plane_close(struct plane *p, bool leave);
