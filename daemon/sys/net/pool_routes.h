/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blackhole routes for a range of addresses, in prefixes that cover it exactly: what is sent to an address that no
 * subscriber has ends there. A subscriber's own route is preferred by its metric. They belong to no device and
 * outlive the process: the next sync, also of another process, removes those that are no longer wanted.
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

#define POOL_ROUTES_MAX	   62 /* prefixes of any range */
#define POOL_ROUTES_METRIC 9999

struct pool_routes {
	struct pool_prefix {
		uint32_t ip; /* host order */
		uint8_t len;
	} v[POOL_ROUTES_MAX];
	size_t n;
};

/* p NULL: none. */
void pool_routes_of(const struct dp_pool *p, struct pool_routes *ret);
/* These and no others. Blocks. res, may be NULL, is told of those that were missing, and of failures. 0 or the
 * first -errno. */
int pool_routes_sync(struct nl_sock *sk, const struct pool_routes *want, struct repair_result *res);
/* What a plane wants of them, brought about by a job of its workers. */
struct pool_keeper {
	struct kworker *worker;
	int (*sync)(void *thread, const struct pool_routes *want, struct repair_result *res);
	struct kseq seq;
	struct kjob job;
	bool running, again;
	struct pool_routes want; /* the reactor's */
	struct pool_routes next; /* the job's */
	struct pool_routes now;	 /* of the jobs of the sequence */
	int result;
};

/* On the reactor; the keeper, its worker and sync are there. */
void pool_keeper_set(struct pool_keeper *k, const struct dp_pool *p);
/* The message, for tests; NULL: no memory. */
struct nl_msg *pool_routes_build(const struct pool_prefix *p, bool add);
