/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the plane's bookkeeping (dp_kernel.c) and its event loop (dp_kernel_ev.c), whose place a
 * test takes.
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
struct udp_sock;

/* The watchers of one session's PPP control frames. */
struct dp_frames {
	void *self; /* of the struct dp_kernel_io */
	uint16_t sid;
	int chan, unit;
	ev_io io[2];
};

struct dp_kernel_io {
	void (*notify)(void *self); /* any thread: call dp_kernel_reap soon */
	void (*emit)(void *self, const struct dp_event *ev);
	struct udp_sock *(*tunnel_watch)(void *self, int fd, const struct net_path *path);
	void (*tunnel_unwatch)(struct udp_sock *w);
	void (*frames_watch)(struct dp_frames *f);
	void (*frames_unwatch)(
		struct dp_frames *f); /* also when not watched, or stopped by itself */
	/* All sessions under suspicion have been looked at. */
	void (*checked)(void *self, const struct repair_result *res);
	/* Members of an object, for the operator; may be NULL. */
	void (*show)(void *self, struct json *j);
};

/* What becomes of several tunnels between the same addresses and ports. */
enum kernel_paths {
	KERNEL_PATHS_FREE,     /* the kernel tells them apart */
	KERNEL_PATHS_LABELLED, /* they are one to the kernel: ids are written on the way out */
	KERNEL_PATHS_ONE       /* the second one is refused */
};

struct dp_kernel_seams {
	const struct kernel_ops *ops;
	const struct dp_kernel_io *io;
	void *io_self;
	unsigned threads;
	enum kernel_paths paths;
};

int dp_kernel_start(const struct dp_kernel_seams *a, struct dp_kernel **ret);
/* Ends all sessions, waits, frees. */
void dp_kernel_stop(struct dp_kernel *d);
void dp_kernel_reap(struct dp_kernel *d);
/* Something of the session with this interface may have been taken away; of all sessions. */
bool dp_kernel_suspect(struct dp_kernel *d, int ifindex);
void dp_kernel_suspect_all(struct dp_kernel *d);
/* Puts back what is missing of those under suspicion; io->checked follows. */
void dp_kernel_check(struct dp_kernel *d);
/* A job in order with those about the blackhole routes, and what it does about them. */
void dp_kernel_submit(struct dp_kernel *d, struct kjob *j);
void dp_kernel_pool_restore(struct dp_kernel *d, void *thread, struct repair_result *res);
/* Until no job is under way. */
void dp_kernel_wait(struct dp_kernel *d);
void *dp_kernel_io_self(const struct dp_kernel *d);
/* Nothing is held or under way. */
bool dp_kernel_empty(const struct dp_kernel *d);
