/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session messages: finds the call of a message, admits or refuses new calls, and performs the
 * effects of a call's machine. Messages are sent through the tunnel's channel only.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/l2tp/fx.h"

struct tunnel;
struct l2tp_cdn_args;
struct subscriber;

/* The owner of the calls of an engine, which is notified of their life cycle. */
struct call_owner_ops {
	/* Creates a call with the peer's session id peer_sid. Returns 0, -ENOMEM, -ENOSPC (no
	 * session id is free), or the error of the random number generator. */
	int (*begin)(struct tunnel *t, uint16_t peer_sid, ze_ns now, struct subscriber **ret);
	/* The call is established: an ICCN was accepted. */
	void (*up)(struct subscriber *s, ze_ns now);
	/* The call has ended. Called once, also for a call that was never established. */
	void (*down)(struct subscriber *s, const struct l2tp_fx_down *down, ze_ns now);
};

/* Processes a session message, the effect L2TP_FX_CALL of the tunnel. */
void call_message(struct tunnel *t, const struct l2tp_effect *e, ze_ns now);
/* Serves the timer from ICRQ to ICCN. */
void call_expire(struct subscriber *s, ze_ns now);
/* Ends the call with a CDN. */
void call_close(struct subscriber *s, const struct l2tp_cdn_args *a, ze_ns now);
/* Sends a CDN for a call of the previous instance that was not restored. */
void call_forget(struct tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now);
/* Ends the call without a CDN, because its tunnel has ended. */
void call_abandon(struct subscriber *s, const struct l2tp_fx_down *why, ze_ns now);
