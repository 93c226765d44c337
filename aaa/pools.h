/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv4 pools by name. The pool `default` serves sessions whose profile names no pool. A pool that
 * is full can name the next one to take addresses from; these chains have no circles. Ranges do not
 * overlap, and no range contains the gateway of another pool. The configuration has checked all of
 * this. Addresses are in host order.
 *
 * A reload makes a new set, which takes over the pools whose range has not changed; the sessions are
 * then moved to it one by one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/addrpool.h"
#include "daemon/base/list.h"
#include "daemon/base/wire.h"

#define POOLS_DEFAULT "default"
#define POOLS_NAME    64 /* octets of a name with its NUL */

struct pool_cfg {
	char name[POOLS_NAME];
	char next[POOLS_NAME]; /* the pool to use when this one is full; "": none */
	struct addrpool_cfg range;
	bool blackhole; /* drop packets to addresses that no session has */
};

struct pool {
	struct pool_cfg cfg;
	struct addrpool *addrs;
	struct pool *next;   /* NULL: none */
	struct list waiters; /* sessions that wait for an address, oldest first; for the owner */
	uint64_t refused;    /* requests for an address while it and those after it were full */
	bool dropping; /* the data plane drops packets to its unused addresses; for the owner */
};

struct pools;

/* cfg is copied. Returns NULL when out of memory. */
struct pools *pools_new(const struct pool_cfg *cfg, size_t n);
void pools_free(struct pools *s); /* NULL is allowed */
size_t pools_count(const struct pools *s);
struct pool *pools_at(const struct pools *s, size_t i); /* in the order of the configuration */
/* NULL: there is none. */
struct pool *pools_default(const struct pools *s);
struct pool *pools_find(const struct pools *s, struct span name);
struct pool *pools_of(const struct pools *s, uint32_t ip); /* whose range contains the address */
bool pools_is_gateway(const struct pools *s, uint32_t ip);
/* True when an address of `p` serves a request to `from`. */
bool pools_leads_to(const struct pool *from, const struct pool *p);
uint32_t pools_used(const struct pools *s); /* addresses held in all pools */
/* Reserves these addresses, and no others, each in its pool. The array is sorted. */
void pools_reserve(struct pools *s, uint32_t *ips, size_t n);

/* True when this set is what pools_new() would make. */
bool pools_same(const struct pools *s, const struct pool_cfg *cfg, size_t n);
/* Moves what the pools of `from` know into those of `s` with the same names. Addresses that are held
 * stay so where the range is the same; pools_move_address() claims the others. */
void pools_move(struct pools *s, struct pools *from);
/* Claims an address that a session has in the pool that contains it. Returns that pool; NULL: it is
 * in none, or is a gateway now, and the session keeps it until it ends. */
struct pool *pools_move_address(struct pools *s, uint32_t ip);
