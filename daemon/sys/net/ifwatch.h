/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passes the IPv4 addresses of the host's interfaces to the engine: at the start, and when an
 * address is added or removed. It has a socket of its own and works with every data plane. The
 * addresses that a data plane sets on its devices (the gateways of the pools, /32) are left out:
 * there may be one per subscriber. Former gateways, which devices may still have, are addresses of
 * the host until the process ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct config;
struct hostip;
struct ifwatch;
struct loop;
struct nlmsghdr;

/* The loop must have its engine. The gateways are those of cfg. Returns 0 or -errno. */
int ifwatch_new(struct loop *l, struct config *cfg, struct ifwatch **ret);
/* The gateways are those of another configuration from now on. */
void ifwatch_reload(struct ifwatch *w, struct config *cfg);
void ifwatch_free(struct ifwatch *w); /* NULL is allowed */
/* Parses a message about an added or removed address, without the name and flags of the interface.
 * Returns false for other messages and for addresses that are left out. */
bool ifwatch_parse(const struct nlmsghdr *h, const struct config *cfg, struct hostip *ret);
