/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses of subscribers: answers the PPP link's requests for them, and knows which session
 * waits for an address that another one has. The parameters (lease.h) stay the same for the life of
 * the session, also when LCP is negotiated again (P-007).
 *
 * An address that a session needs may still be in the data plane for a session that has ended, or
 * that is replaced. Then the session waits: in pool.waiters for any address of its pool, or as
 * the heir of the session that has its fixed address. When the address is returned, the waiting
 * session is moved to engine.woken, and requests its address again before the turn ends.
 */
#pragma once

#include <stdbool.h>

#include "ppp/link.h"

struct engine;
struct pools;
struct subscriber;

/* Fills in *ret; a family that cannot be served is declined with its reason. Returns false when
 * there is no answer yet, because the session waits. */
bool address_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		    struct ppp_addr_answer *ret);
/* True when the session must end without this family. */
bool address_required(const struct subscriber *s, enum ppp_family family);
/* Ends the wait of s for an address. Harmless when it does not wait. */
void address_wait_end(struct subscriber *s);
/* Claims the addresses that the link of a restored session has. Returns 0, or -errno when the session
 * cannot keep them. */
int address_restore(struct subscriber *s);
/* A newer session needs the address of s, or its place in the session limit of the user: s is added
 * to engine.replaced, and ended before the turn ends. */
void address_give_way(struct subscriber *s);
/* Replaces the pools by these. Each session keeps its address until it ends: the pool that contains it
 * now holds it, if there is one. Sessions that wait for an address ask again before the turn ends. */
void address_use_pools(struct engine *e, struct pools *next);
