/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local control socket: SOCK_STREAM, one JSON object a line each way.
 *
 *   {"command":["show","l2tp","session","5"]}   -> {"status":"ok","data":...}
 *                                                  {"status":"not-found","error":"no such session: 5"}
 *   {"complete":["show","l2tp","se"]}           -> {"status":"ok","data":[{"word":..,"help":..}]}
 *
 * Who asks is known by SO_PEERCRED. root and the daemon's own user may do everything; others in
 * the socket's group have the read-only profile, which refuses what changes something. Bounded: connections,
 * request length (64 KiB), answer queue; slow or silent clients are dropped.
 */
#pragma once

#include <sys/types.h>

#include "daemon/ops/ops.h"
#include "daemon/core/snapshot.h"

struct ctl;
struct loop;

struct ctl_args {
	const char *path; /* a stale socket file is replaced, a live one is -EADDRINUSE */
	struct loop *loop;
	struct snapshot_history history; /* what it points to must outlive us */
	struct op_reload reload;	 /* the same */
};

/* Callers wait until they are served. 0 or -errno; with -EADDRINUSE, ret_pid is the other process, 0: not
 * known. */
int ctl_new(const struct ctl_args *a, struct ctl **ret, pid_t *ret_pid);
void ctl_serve(struct ctl *c);
void ctl_free(struct ctl *c); /* removes the socket file */
