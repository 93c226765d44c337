/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network parameters of one session: an IPv4 address from its profile or from a pool, with
 * gateway and DNS servers, and interface identifiers for IPv6. A lease knows pool and profile only:
 * it never waits, and which session has an address is kept elsewhere (address.h, registry.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ppp/fx.h"

struct addrpool;
struct ipcp_params;
struct profile;
struct rng;

struct lease {
	struct addrpool *pool; /* ip4 is taken from it; NULL: from none */
	/* In host order; 0: none yet. */
	uint32_t ip4, gw4;
	uint32_t dns4[2];
	uint64_t ifid, suggest; /* interface ids: ours, suggested to the peer; 0: none yet */
};

/* Where leases come from, and which addresses none may have. */
struct lease_source {
	struct addrpool *pool; /* NULL: none */
	bool (*is_taken)(const void *self, uint32_t ip);
	const void *self;
	const struct rng *rng;
	uint64_t ifid; /* ours, on all links */
};

/* Whether a fixed address may be assigned: 0, -EADDRNOTAVAIL (there is no pool, and so no gateway),
 * -EADDRINUSE (the gateway, or no address of a host), or -ENOTUNIQ (is_taken). */
int lease_may_have(const struct lease_source *from, uint32_t ip);
/* Fills in the parameters of a family, once: a lease that has them is not changed. A fixed address
 * that is in the pool is reserved there. Returns 0, -EAFNOSUPPORT (the profile forbids the family),
 * -ENOSPC (the pool is empty), -EADDRINUSE (the pool has assigned the fixed address), the error of
 * rng, or that of lease_may_have(). p may be NULL. */
int lease_take(struct lease *l, const struct profile *p, const struct lease_source *from,
	       enum ppp_family family);
/* Takes the parameters that a restored link has agreed on; pooled: its address came from the pool.
 * Returns 0, -EADDRNOTAVAIL (pool or gateway have changed), -ENOTUNIQ, -EADDRINUSE or -ERANGE. */
int lease_restore(struct lease *l, const struct ipcp_params *agreed,
		  const struct lease_source *from, bool pooled);
/* Returns the IPv4 address to its pool. */
void lease_release(struct lease *l);
