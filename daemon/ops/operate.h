/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Closes tunnels and sessions for an operator; the `clear` commands of ops.h call these functions.
 * Each call is a turn of the engine, and reports EV_DISCONNECT_REQUESTED for each tunnel and
 * session.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

struct engine;

struct operate_why {
	const char *actor; /* the operator, as op_actor.name; never NULL */
	const char *text;  /* free text; may be NULL */
	uint16_t code;	   /* RADIUS Disconnect-Cause or 0 */
};

/* Sends a StopCCN with Result Code 6. Returns 0, or -ENOENT: no such tunnel, or it is already
 * closing. */
int operate_close_tunnel(struct engine *e, uint16_t tid, const struct operate_why *why, ze_ns now);
/* Sends a Terminate-Request and a CDN with Result Code 3. Returns 0, or -ENOENT: no such session,
 * or it has already ended. */
int operate_close_session(struct engine *e, uint16_t sid, const struct operate_why *why, ze_ns now);
/* Close all that have not ended yet. Return their number. */
unsigned operate_close_all_tunnels(struct engine *e, const struct operate_why *why, ze_ns now);
unsigned operate_close_all_sessions(struct engine *e, const struct operate_why *why, ze_ns now);
