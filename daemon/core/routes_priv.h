/* SPDX-License-Identifier: BSD-2-Clause */
/* The structures of the routes to networks behind subscribers (routes.h), for the files of
 * daemon/core and for tests only. Most sessions have none of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"

struct subscriber;

enum route_why {
	ROUTE_WHY_NONE,
	ROUTE_WHY_DEFAULT, /* it would take all traffic */
	ROUTE_WHY_HOST,	   /* it contains an address of the host */
	ROUTE_WHY_SUBNET,  /* it is in a subnet of the host, and would cut off neighbours */
	ROUTE_WHY_LAC,	   /* it contains a LAC, or all LACs of an allow-from */
	ROUTE_WHY_RADIUS   /* it contains a RADIUS server */
};

struct route_conflict {
	enum route_why why;
	char with[ZE_PREFIX_TEXT]; /* an interface, an address, or a prefix; "": nothing to name */
};

enum route_state {
	ROUTE_REQUESTED, /* the data plane has not answered yet */
	ROUTE_INSTALLED,
	ROUTE_STANDBY, /* the route of another session with the same prefix is used */
	ROUTE_REFUSED, /* `why` */
	ROUTE_FAILED,  /* the data plane could not add it: `error` */
	ROUTE__STATES
};

struct route {
	struct list in_session;	      /* session_routes.list */
	struct htab_node in_prefixes; /* engine_routes.by_prefix */
	struct subscriber *s;
	struct ze_prefix dst;
	uint32_t metric; /* at least 1 */
	uint32_t token;	 /* of its newest request */
	enum route_state state;
	struct route_conflict why; /* ROUTE_REFUSED */
	int error;		   /* ROUTE_FAILED: errno */
	bool told;		   /* EV_ROUTE_ADD was published */
	bool wanted;		   /* only for routes_change() */
};

struct session_routes { /* those of a session with at least one; the families that are up */
	struct htab_node in_sessions; /* engine_routes.by_session */
	uint16_t sid;
	struct list list; /* route.in_session, in the order of the profile */
};

struct engine_routes {
	struct htab by_session; /* by our session id */
	struct htab by_prefix;
	uint32_t last_token;
};

/* NULL: the session has none. */
static inline struct session_routes *session_routes_of(const struct engine_routes *r, uint16_t sid)
{
	struct htab_node *n = htab_find(&r->by_session, sid);

	return n ? ze_container_of(n, struct session_routes, in_sessions) : NULL;
}
