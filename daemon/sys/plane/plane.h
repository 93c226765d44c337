/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane of this process, which is chosen, opened and closed only here, together with the
 * guard in front of the sockets and, for the BPF plane, the state file (journal.h).
 *
 *   kernel   l2tp_ppp of the kernel; the guard is attached to the configured uplinks, if any
 *   bpf      XDP and tc programs of our own; always with guard and state file
 *   null     L2TP is not configured, or the kernel has no l2tp_ppp and
 *            ze.l2tp.skip-kernel-probe is set: sessions are established and carry no packets
 *
 * All calls belong to the reactor's thread. plane_open() blocks while programs are loaded.
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

/* Pointers are borrowed until plane_close(), except cfg and rng: only for the call. */
struct plane_args {
	struct loop *loop;
	struct udp *udp;
	const struct config *cfg;
	const struct rng *rng;
	const char *state_path;
	bool locked; /* this process holds the lock on pins and devices (instance.h) */
};

/* Returns 0 or -errno, which has been logged, except -EBUSY: another process holds the lock on the
 * state file, and *ret_holder is filled. After a failure nothing is open, and what the previous
 * instance left in the kernel is either unchanged or removed. */
int plane_open(const struct plane_args *a, struct plane **ret, struct instance_holder *ret_holder);
/* Sets the data plane, the guard and the journal of io. */
void plane_ports(const struct plane *p, struct ports *io);
/* The journal, owned by the plane; NULL: this plane has none. */
struct journal *plane_journal(const struct plane *p);
/* The plane forwards sessions of the previous instance, whose records are to be restored. */
bool plane_restarted(const struct plane *p);
/* The plane took over no sessions: when the start fails, all of it can be removed. */
bool plane_began_empty(const struct plane *p);
/* Returns one of enum hardening_for (hardening_caps.h): the capabilities that this plane needs. */
unsigned plane_kind(const struct plane *p);
/* Returns NULL when a handover to another instance would keep the sessions now, else why not. */
const char *plane_why_stay(const struct plane *p);
/* Only for the BPF plane. plane_pins_missing() returns the number of pins that were removed;
 * plane_pins_restore() creates them again and returns 0 or -errno. */
unsigned plane_pins_missing(const void *plane);
int plane_pins_restore(void *plane);
/* Applies the settings of a new configuration that can change at run time. */
void plane_reload(struct plane *p, const struct config *cfg);
/* handover: the BPF plane's programs, maps and the state file stay for the next instance. Otherwise
 * everything is removed. NULL is allowed. */
void plane_close(struct plane *p, bool handover);
