/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane that uses the kernel's l2tp_ppp, with an interface pppN for each subscriber. Calls
 * return without blocking; the work is done by worker threads, and results are passed to the engine
 * on the reactor's thread (struct dp_event). Steps of a session are undone in reverse order, on
 * failure and at its end, so that nothing of it remains in the kernel.
 */
#pragma once

#include "daemon/core/ports.h"

#define DP_KERNEL_THREADS 32 /* they mostly wait for RCU grace periods, which overlap */

struct bpf_guard;
struct dp_kernel;
struct loop;
struct udp;

struct dp_kernel_args {
	struct loop *loop; /* its engine receives the events */
	struct udp *udp;
	unsigned threads;
	const char (*uplink)[16]; /* interfaces towards the LACs */
	size_t n_uplink;
};

int dp_kernel_new(const struct dp_kernel_args *a, struct dp_kernel **ret); /* 0 or -errno */
/* Sets the guard of the uplinks, whose programs are then restored when they are removed. It must be
 * set to NULL before the guard is freed; that waits for the workers and ends all repairs. */
void dp_kernel_guard(struct dp_kernel *d, struct bpf_guard *g);
/* Removes all sessions, waits until that is done, and frees d. NULL is allowed. */
void dp_kernel_free(struct dp_kernel *d);
extern const struct dataplane_ops dp_kernel_ops; /* self is a struct dp_kernel */
