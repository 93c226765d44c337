/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches what determines the next hop of a packet: rules, routes, neighbours, addresses and
 * devices. On a change the data plane flushes its next-hop cache.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct follow;
struct nlmsghdr;
struct routing;

/* The groups that the follower must have. */
#define ROUTING_GROUPS                                                                             \
	(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE |  \
	 RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE | 1u << (RTNLGRP_IPV6_RULE - 1))

/* Calls tell() at once and after each change, except of subscribers' routes. by_rules: there are
 * rules (ip rule) besides the default ones, so the next hop may depend on more than the
 * destination. Returns 0 or -errno. */
int routing_watch(struct follow *f, void (*tell)(void *self, bool by_rules), void *self,
		  struct routing **ret);
void routing_free(struct routing *r); /* NULL is allowed */

struct routing_news {
	bool any; /* something other than subscribers' routes has changed */
	bool rules;
};
/* Adds what one notification reports to a struct routing_news; h is NULL when notifications were
 * lost. */
void routing_note(void *news, const struct nlmsghdr *h);
