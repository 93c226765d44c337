/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operator may do to live tunnels and sessions; the verbs of ops.h end here. Each call is a
 * turn of the engine.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

struct engine;

struct operate_why {
	const char *actor; /* who asks; never NULL */
	const char *text;  /* free text, may be NULL */
	uint16_t code;	   /* RADIUS Disconnect-Cause or 0 */
};

/* StopCCN 6. 0, or -ENOENT: no such tunnel, or it is already closing. */
int operate_close_tunnel(struct engine *e, uint16_t tid, const struct operate_why *why, ze_ns now);
/* CDN 3. 0, or -ENOENT: no such session, or it is already over. */
int operate_close_session(struct engine *e, uint16_t sid, const struct operate_why *why, ze_ns now);
/* All that are alive; returns how many. */
unsigned operate_close_all_tunnels(struct engine *e, const struct operate_why *why, ze_ns now);
unsigned operate_close_all_sessions(struct engine *e, const struct operate_why *why, ze_ns now);
