/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls: their life, their timers, and session messages. Finds the call of a message, admits or
 * refuses new calls, and performs the effects of a call's machine. Messages are sent through the
 * tunnel's channel only. call_priv.h has the structure, and what its owner has to do.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/core/ports.h"
#include "daemon/l2tp/fx.h"

struct call;
struct call_owner_ops;
struct l2tp_cdn_args;
struct tunnel;

struct call_args {
	struct tunnel *tunnel;
	const struct call_owner_ops *owner;
	uint16_t sid; /* 0: any free one */
	uint16_t peer_sid;
};
/* Begins a call, which is embedded in its owner. Returns 0, -EEXIST (the id is in use), -ENOSPC (no
 * id is free), -ENOMEM, or the error of the random number generator. */
int call_begin(struct call *c, const struct call_args *a, ze_ns now);
/* Returns the resources of the call. It is freed when the turn ends. */
void call_release(struct call *c);
/* Frees a released call with its owner; called by the turn. */
void call_free(struct call *c);
/* Notifies the guard of the state of the session. */
void call_tell_guard(const struct call *c, enum guard_session what);
/* Processes a session message, the effect L2TP_FX_CALL of the tunnel. */
void call_message(struct tunnel *t, const struct l2tp_effect *e, ze_ns now);
/* Serves the timers of the call: that from ICRQ to ICCN, and those of its owner. */
void call_expire(struct call *c, ze_ns now);
/* Arms its timer and writes its record, at the end of a turn that changed it. */
void call_settle(struct call *c, ze_ns now);
/* Ends the call with a CDN. */
void call_close(struct call *c, const struct l2tp_cdn_args *a, ze_ns now);
/* Sends a CDN for a call of the previous instance that was not restored. */
void call_forget(struct tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now);
/* Ends the call without a CDN, because its tunnel has ended. */
void call_abandon(struct call *c, const struct l2tp_fx_down *why, ze_ns now);
