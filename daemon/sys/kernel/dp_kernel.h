/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane of the kernel's l2tp_ppp: a pppN interface for each subscriber. Accepts calls at
 * once, does the work on threads, answers through the engine's door from the reactor. Never leaves
 * part of a session behind: what was built is undone newest first, on failure and at the end alike.
 */
#pragma once

#include "daemon/core/ports.h"

#define DP_KERNEL_THREADS 32 /* most of their time is waiting for RCU, which overlaps */

struct bpf_guard;
struct dp_kernel;
struct loop;
struct udp;

struct dp_kernel_args {
	struct loop *loop; /* its engine gets the events */
	struct udp *udp;
	unsigned threads;
	const char (*uplink)[16]; /* interfaces towards the LACs */
	size_t n_uplink;
};

int dp_kernel_new(const struct dp_kernel_args *a, struct dp_kernel **ret); /* 0 or -errno */
/* The guard on the uplinks, of whose program care is taken, too; NULL before it is freed. */
void dp_kernel_guard(struct dp_kernel *d, struct bpf_guard *g);
/* Takes down what still is, and waits for it. */
void dp_kernel_free(struct dp_kernel *d);
extern const struct dataplane_ops dp_kernel_ops; /* self is a struct dp_kernel */
