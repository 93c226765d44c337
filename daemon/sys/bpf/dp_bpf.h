/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane in BPF: a subscriber is a few map entries and a route to ze0. Accepts calls at once,
 * does the work on a thread, answers through the engine's door from the reactor. PPP control frames
 * stay on the UDP socket, in both directions.
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
	struct loop *loop; /* its engine gets the events */
	struct udp *udp;
	const char (*uplink)[16], (*core)[16]; /* interfaces; one in both lists is an uplink */
	size_t n_uplink, n_core;
	const struct config_listener *listeners; /* the daemon's endpoints */
	size_t n_listeners;
	enum bpf_mode mode;
	const char *pins;
	bool outer_df; /* set DF on outer IPv4 packets */
	bool adopt;    /* go on with what a former life has left, if it fits */
};

/* 0 or -errno; what is wrong with an interface has been logged, and why nothing could be adopted. */
int dp_bpf_new(const struct dp_bpf_args *a, struct dp_bpf **ret);
/* Sessions of a former life may be adopted; adopt_done is owed. */
bool dp_bpf_adopted(const struct dp_bpf *d);
/* Whether outer IPv4 packets get DF; changes with a reload. */
void dp_bpf_outer_df(struct dp_bpf *d, bool on);
/* Pins that somebody has removed, and their return: 0 or -errno. Without them no other process can take over. */
unsigned dp_bpf_pins_missing(const struct dp_bpf *d);
int dp_bpf_pins_restore(struct dp_bpf *d);
/* Takes down what still is, and waits for it. */
void dp_bpf_free(struct dp_bpf *d);
/* Lets go of all, which goes on by itself; what is under way ends before. */
void dp_bpf_leave(struct dp_bpf *d);
/* Takes down what another process has left. */
void dp_bpf_sweep(const char *pins);
/* Stands before the daemon's sockets on the uplinks; belongs to d. */
struct bpf_guard *dp_bpf_guard(const struct dp_bpf *d);
extern const struct dataplane_ops dp_bpf_ops; /* self is a struct dp_bpf */
