/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local control socket: SOCK_STREAM, one JSON object per line in each direction.
 *
 *   {"command":["show","l2tp","session","5"]}   -> {"status":"ok","data":...}
 *                                                  {"status":"not-found",
 *                                                   "error":"no such session: 5"}
 *   {"complete":["show","l2tp","se"]}           -> {"status":"ok","data":[{"word":..,"help":..}]}
 *
 * Clients are identified by SO_PEERCRED. root and the daemon's own user have all rights; other
 * members of the socket's group have the read-only profile. Limits: 64 connections, 48 of them
 * read-only; 64 KiB per request; one answer per client in memory. Clients that send nothing for 10
 * minutes, or do not read their answer for 30 seconds, are disconnected.
 */
#pragma once

#include <sys/types.h>

#include "daemon/ops/ops.h"
#include "daemon/core/snapshot.h"

struct ctl;
struct loop;

struct ctl_args {
	const char *path; /* a stale file is replaced; one in use: -EADDRINUSE */
	struct loop *loop;
	struct snapshot_history history;      /* what it points to is borrowed until ctl_free() */
	struct snapshot_radius_source radius; /* the same */
	struct op_reload reload;	      /* the same */
};

/* Opens the socket; clients that connect wait until ctl_serve(). Returns 0 or -errno; with
 * -EADDRINUSE, *ret_pid is the process that listens, 0: unknown. */
int ctl_new(const struct ctl_args *a, struct ctl **ret, pid_t *ret_pid);
/* Starts to accept clients. */
void ctl_serve(struct ctl *c);
void ctl_free(struct ctl *c); /* closes all connections and removes the socket file */
