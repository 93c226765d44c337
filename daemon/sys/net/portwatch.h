/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches whether the configured ports, the interfaces towards LACs and core, carry packets. A
 * change of state is logged, rate-limited for a port that flaps, and the state is shown to the
 * operator. Follows notifications on the reactor; changes nothing.
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
	PORT_NO_CARRIER, /* up, without carrier */
	PORT_DOWN,	 /* administratively down */
	PORT_GONE	 /* the interface does not exist */
};

struct portwatch_port {
	char name[16];
	const char *role; /* "uplink", "core" */
	enum port_state state;
	struct log_limit limit;
	bool unsaid; /* the log line of this state was suppressed and is due */
};

struct portwatch_args {
	struct loop *loop;
	struct follow *follow; /* includes RTMGRP_LINK */
	const char (*uplink)[16], (*core)[16];
	size_t n_uplink, n_core;
};

/* Logs the ports that are not up. Returns 0 or -errno. */
int portwatch_new(const struct portwatch_args *a, struct portwatch **ret);
void portwatch_free(struct portwatch *w); /* before follow_free(); NULL is allowed */
/* Adds a member `ports`. NULL is allowed. */
void portwatch_show(const struct portwatch *w, struct json *j);

/* For tests: the port state in a notification, and the change to a state. */
enum port_state portwatch_state(const struct news *n);
void portwatch_set(struct portwatch_port *p, enum port_state state, ze_ns now);
/* Logs the state of a port, unless the rate limit suppresses the line; then it is due later. */
void portwatch_say(struct portwatch_port *p, ze_ns now);
