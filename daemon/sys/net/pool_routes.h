/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blackhole routes for the pools, in prefixes that cover exactly their ranges: they drop packets to
 * addresses that no subscriber has. A subscriber's own route has a lower metric and is
 * preferred. The routes have no device and outlive the process: the next sync, also of another
 * instance, removes those that are no longer wanted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sys/run/kworker.h"

struct dp_pool;
struct nl_msg;
struct nl_sock;
struct repair_result;

#define POOL_ROUTES_METRIC 9999

struct pool_routes { /* one allocation */
	size_t n;
	struct pool_prefix {
		uint32_t ip; /* host order */
		uint8_t len;
	} v[]; /* sorted */
};

/* Computes the prefixes of pools that do not overlap; *ret is NULL for none, and freed by the caller.
 * Returns 0 or -ENOMEM. */
int pool_routes_of(const struct dp_pool *v, size_t n, struct pool_routes **ret);
/* Adds missing routes and removes all others of ours; want NULL: none. Blocks. res may be NULL; it
 * gets the routes that were missing, and failures. Returns 0 or the first -errno. */
int pool_routes_sync(struct nl_sock *sk, const struct pool_routes *want, struct repair_result *res);
/* Keeps the routes as the plane wants them, by a job of its workers. */
struct pool_keeper {
	struct kworker *worker;
	int (*sync)(void *thread, const struct pool_routes *want, struct repair_result *res);
	struct kseq seq;
	struct kjob job;
	bool running, again;
	struct pool_routes *want; /* set by the reactor, for the job after this one */
	struct pool_routes *next; /* for the job */
	struct pool_routes *now;  /* of the last job; read by the jobs of the sequence */
	int result;
};

/* Sets the wanted pools. Called on the reactor; worker, seq and sync must be set. */
void pool_keeper_set(struct pool_keeper *k, const struct dp_pool *v, size_t n);
void pool_keeper_done(struct pool_keeper *k); /* frees the memory, after the worker has ended */
/* Builds the message, for tests. NULL: no memory. */
struct nl_msg *pool_routes_build(const struct pool_prefix *p, bool add);
