/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network parameters of one session: an IPv4 address from its profile or from a pool, with
 * gateway and DNS servers, and interface identifiers for IPv6. A lease knows pools and profile only:
 * it never waits, and which session has an address is kept elsewhere (address.h, registry.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ppp/fx.h"

struct ipcp_params;
struct pool;
struct pools;
struct profile;
struct rng;

struct lease {
	struct pool *pool; /* ip4 is held in it; NULL: in none */
	/* In host order; 0: none yet. */
	uint32_t ip4, gw4;
	uint32_t dns4[2];
	uint64_t ifid, suggest; /* interface ids: ours, suggested to the peer; 0: none yet */
};

/* Where leases come from, and which addresses none may have. */
struct lease_source {
	const struct pools *pools;
	bool (*is_taken)(const void *self, uint32_t ip); /* by the host or a LAC */
	const void *self;
	const struct rng *rng;
	uint64_t ifid; /* ours, on all links */
};

/* The pool of a session: the one that the profile names; otherwise, for a fixed address, the pool
 * that contains it; otherwise the default pool. Gateway and DNS servers are those of this pool. p may
 * be NULL. Returns 0, -ENOENT (there is no pool with the name of the profile) or -EADDRNOTAVAIL
 * (there is no default pool, and so no gateway). */
int lease_pool(const struct lease_source *from, const struct profile *p, struct pool **ret);
/* Whether a fixed address may be assigned: 0, -EADDRINUSE (a gateway, or no address of a host), or
 * -ENOTUNIQ (is_taken). */
int lease_may_have(const struct lease_source *from, uint32_t ip);
/* Whether an address that the client wishes may be assigned: like a fixed one, and in no pool. */
bool lease_may_wish(const struct lease_source *from, uint32_t ip);
/* Fills in the parameters of a family, once: a lease that has them is not changed. The address is
 * that of the profile, or `wish` (0: none), or one of the pool, or of those that follow it when it
 * is full; its gateway and DNS servers come with it. An address that is in a pool is held there.
 * Returns 0, -EAFNOSUPPORT (the profile forbids the family), -ENOSPC (the pools are full),
 * -EADDRINUSE (a pool has assigned the fixed address), the error of rng, or that of lease_pool() or
 * lease_may_have(). p may be NULL. */
int lease_take(struct lease *l, const struct profile *p, const struct lease_source *from,
	       enum ppp_family family, uint32_t wish);
/* Takes the parameters that a restored link has agreed on. Their gateway may be one of the past, and
 * their address may have left its pool: a session keeps both. Returns 0, -EADDRNOTAVAIL (the gateway
 * could be a subscriber's address), -ENOTUNIQ or -EADDRINUSE. */
int lease_restore(struct lease *l, const struct ipcp_params *agreed,
		  const struct lease_source *from);
/* Returns the IPv4 address to its pool. */
void lease_release(struct lease *l);
