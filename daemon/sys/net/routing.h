/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What decides where a packet goes, and when it changes: rules, routes, neighbours, addresses, devices. Next
 * hops that the data plane remembers are void then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct follow;
struct routing;

/* What its follower must be notified of. */
#define ROUTING_GROUPS                                                                             \
	(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE |  \
	 RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE | 1u << (RTNLGRP_IPV6_RULE - 1))

/* Tells at once, and whenever something has changed, but not of subscribers' routes. by_rules: there are rules
 * (ip rule) beside those every kernel has: where a packet goes may depend on more than its destination. 0 or
 * -errno. */
int routing_watch(struct follow *f, void (*tell)(void *self, bool by_rules), void *self,
		  struct routing **ret);
void routing_free(struct routing *r); /* NULL is harmless */

/* Adds to *n what is in netlink messages; for tests. */
struct routing_news {
	bool any; /* something has changed */
	bool rules;
};
void routing_hear(const void *buf, size_t len, struct routing_news *n);
