/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes the IPv4 addresses of the host's interfaces to the engine: at the start, and when an
 * address is added or removed. It has a socket of its own and works with every data plane. The
 * address that a data plane sets on its devices (the gateway of the pool, /32) is left out: there
 * may be one per subscriber.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hostip;
struct ifwatch;
struct loop;
struct nlmsghdr;

/* The loop must have its engine. gateway: host order; 0: none. Returns 0 or -errno. */
int ifwatch_new(struct loop *l, uint32_t gateway, struct ifwatch **ret);
void ifwatch_free(struct ifwatch *w); /* NULL is allowed */
/* Parses a message about an added or removed address, without the name and flags of the interface.
 * Returns false for other messages and for addresses that are left out. */
bool ifwatch_parse(const struct nlmsghdr *h, uint32_t gateway, struct hostip *ret);
