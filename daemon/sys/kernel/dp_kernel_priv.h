/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between the plane's bookkeeping (dp_kernel.c) and its event loop (dp_kernel_ev.c),
 * which unit tests replace.
 */
#pragma once

#include <ev.h>

#include "daemon/core/ports.h"

struct dp_kernel;
struct json;
struct kjob;
struct repair_result;
struct dp_kernel_io;
struct kernel_ops;
struct kernel_shared;
struct udp_sock;

/* The watchers of one session's PPP control frames. */
struct dp_frames {
	void *self; /* of the struct dp_kernel_io */
	uint16_t sid;
	int chan, unit;
	ev_io io[2];
};

struct dp_kernel_io {
	void (*notify)(void *self); /* from any thread: dp_kernel_reap() is to be called soon */
	void (*emit)(void *self, const struct dp_event *ev);
	struct udp_sock *(*tunnel_watch)(void *self, int fd, const struct net_path *path);
	void (*tunnel_unwatch)(struct udp_sock *w);
	void (*frames_watch)(struct dp_frames *f);
	void (*frames_unwatch)(struct dp_frames *f); /* harmless when not watched */
	/* All suspected sessions have been checked. */
	void (*checked)(void *self, const struct repair_result *res);
	/* Adds members to an object of the operator's JSON. */
	void (*show)(void *self, struct json *j);
};

/* How several tunnels between the same addresses and ports are handled. */
enum kernel_paths {
	KERNEL_PATHS_FREE,     /* the kernel distinguishes them */
	KERNEL_PATHS_LABELLED, /* they are one kernel tunnel; peer ids are rewritten on egress */
	KERNEL_PATHS_ONE       /* the second one is refused */
};

struct dp_kernel_seams {
	const struct kernel_ops *ops;
	struct kernel_shared *shared; /* for the ops; outlives the plane */
	const struct dp_kernel_io *io;
	void *io_self;
	unsigned threads;
	enum kernel_paths paths;
};

/* Starts the workers. Returns 0 or -errno. */
int dp_kernel_start(const struct dp_kernel_seams *a, struct dp_kernel **ret);
/* Ends all sessions, waits until that is done, and frees d. NULL is allowed. */
void dp_kernel_stop(struct dp_kernel *d);
/* Calls done() of the jobs that are done, on the reactor. */
void dp_kernel_reap(struct dp_kernel *d);
/* Marks the session with this interface, or all sessions, as suspected: something may have been
 * removed. Returns false when no session has this interface. */
bool dp_kernel_suspect(struct dp_kernel *d, int ifindex);
void dp_kernel_suspect_all(struct dp_kernel *d);
/* Checks the suspected sessions and restores what is missing; io->checked reports the result. */
void dp_kernel_check(struct dp_kernel *d);
/* dp_kernel_submit() runs a job in the sequence of the blackhole routes; dp_kernel_pool_restore()
 * is called in such a job and restores them. */
void dp_kernel_submit(struct dp_kernel *d, struct kjob *j);
void dp_kernel_pool_restore(struct dp_kernel *d, void *thread, struct repair_result *res);
/* Waits until all submitted jobs are done. */
void dp_kernel_wait(struct dp_kernel *d);
void *dp_kernel_io_self(const struct dp_kernel *d);
