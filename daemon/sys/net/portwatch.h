/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the configured ports, the interfaces towards LACs and core, carry packets: one line in the log
 * when that changes, a few for a port that flaps, and the state for the operator. Follows
 * notifications on the reactor; changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/log.h"

struct follow;
struct json;
struct loop;
struct news;
struct portwatch;

enum port_state {
	PORT_UP,
	PORT_NO_CARRIER, /* set up, and its other end is not */
	PORT_DOWN,	 /* set down */
	PORT_GONE	 /* there is no such interface */
};

struct portwatch_port {
	char name[16];
	const char *role; /* "uplink", "core" */
	enum port_state state;
	struct log_limit limit;
	bool unsaid; /* the limit had no room for the line of this state */
};

struct portwatch_args {
	struct loop *loop;
	struct follow *follow; /* of links, too */
	const char (*uplink)[16], (*core)[16];
	size_t n_uplink, n_core;
};

/* Says at once which of them are not up. 0 or -errno. */
int portwatch_new(const struct portwatch_args *a, struct portwatch **ret);
void portwatch_free(struct portwatch *w); /* before the follower; NULL is harmless */
/* A member `ports`; NULL is harmless. */
void portwatch_show(const struct portwatch *w, struct json *j);

/* For tests: what a notification says of the port's state, and what is made of that. */
enum port_state portwatch_state(const struct news *n);
void portwatch_set(struct portwatch_port *p, enum port_state state, ze_ns now);
/* The last state of a port that has flapped, once there is room. */
void portwatch_say(struct portwatch_port *p, ze_ns now);
