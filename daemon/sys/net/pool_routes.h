/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blackhole routes for a range of addresses, in prefixes that cover exactly that range: they drop
 * packets to addresses that no subscriber has. A subscriber's own route has a lower metric and is
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

#define POOL_ROUTES_MAX	   62 /* enough for any range */
#define POOL_ROUTES_METRIC 9999

struct pool_routes {
	struct pool_prefix {
		uint32_t ip; /* host order */
		uint8_t len;
	} v[POOL_ROUTES_MAX];
	size_t n;
};

/* Computes the prefixes of a pool; p NULL: none. */
void pool_routes_of(const struct dp_pool *p, struct pool_routes *ret);
/* Adds missing routes and removes all others of ours. Blocks. res may be NULL; it gets the routes
 * that were missing, and failures. Returns 0 or the first -errno. */
int pool_routes_sync(struct nl_sock *sk, const struct pool_routes *want, struct repair_result *res);
/* Keeps the routes as the plane wants them, by a job of its workers. */
struct pool_keeper {
	struct kworker *worker;
	int (*sync)(void *thread, const struct pool_routes *want, struct repair_result *res);
	struct kseq seq;
	struct kjob job;
	bool running, again;
	struct pool_routes want; /* set by the reactor */
	struct pool_routes next; /* copied for the job */
	struct pool_routes now;	 /* read by the jobs of the sequence */
	int result;
};

/* Sets the wanted pool. Called on the reactor; worker, seq and sync must be set. */
void pool_keeper_set(struct pool_keeper *k, const struct dp_pool *p);
/* Builds the message, for tests. NULL: no memory. */
struct nl_msg *pool_routes_build(const struct pool_prefix *p, bool add);
