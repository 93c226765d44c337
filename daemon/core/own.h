/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conflicts between the addresses of subscribers and those of the host. The host's own addresses,
 * and those of LACs with an established tunnel, are not given to subscribers. The subnets of the
 * host's interfaces are checked as well, because a subscriber's route to an address of such a
 * subnet cuts off the neighbour that has it. Conflicts are logged when the set of addresses or the
 * configuration changes.
 *
 * A session continues when the host gets its address later: its packets may still pass the data
 * plane, the address may be removed again soon, and only the operator knows which of the two is
 * wrong.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct hostip_set;
struct pool;

/* Replaces the set of the host's addresses by a copy of `set`, and logs the conflicts of new
 * ones. */
void own_set(struct engine *e, const struct hostip_set *set);
/* Logs all conflicts, for a new configuration. */
void own_check(const struct engine *e);
/* True when the pool contains addresses of a subnet of the host. */
bool own_overlaps_pool(const struct engine *e, const struct pool *p);
/* Names the owner of an address (host order): an interface of the host, such as "eth0", "a LAC"
 * with an established tunnel, or "a RADIUS server" of the configuration. Returns NULL when none of
 * them has it. */
const char *own_holder(const struct engine *e, uint32_t ip);
/* True when own_holder() is not NULL: no subscriber may get the address. */
bool own_is_taken(const struct engine *e, uint32_t ip);
/* True when the address may be that of a neighbour of the host, or of a LAC of allow-from: a
 * subscriber may not choose it. */
bool own_is_near(const struct engine *e, uint32_t ip);
