/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which prefixes may not be routed to a subscriber, because ze or the host would lose something by
 * it: the host's own addresses and the neighbours in its subnets, LACs, and RADIUS servers. Routes
 * come from a RADIUS server, where a wrong digit is soon written.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/routes_priv.h"

struct engine;

/* Returns true when the prefix may not be routed to a subscriber, and sets *ret. */
bool route_check(const struct engine *e, const struct ze_prefix *p, struct route_conflict *ret);
/* "host-address" */
const char *route_check_name(enum route_why why);
/* What an operator can do about it. */
const char *route_check_cure(enum route_why why);
