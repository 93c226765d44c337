/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session messages: which call they are for, new calls and their limits, and what a call's machine
 * wants done. Sends through the tunnel's channel only.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/l2tp/fx.h"

struct core_tunnel;
struct l2tp_cdn_args;
struct subscriber;

/* Who has the calls of an engine: what the machine of a call says to its owner. */
struct call_owner_ops {
	/* A call that the peer names peer_sid. 0, -ENOMEM, -ENOSPC (no session ids), or the rng's error. */
	int (*begin)(struct core_tunnel *t, uint16_t peer_sid, ze_ns now, struct subscriber **ret);
	/* Connected. */
	void (*up)(struct subscriber *s, ze_ns now);
	/* Over, once; also of a call that never was up. */
	void (*down)(struct subscriber *s, const struct l2tp_fx_down *down, ze_ns now);
};

/* Effect L2TP_FX_CALL of the tunnel. */
void call_message(struct core_tunnel *t, const struct l2tp_effect *e, ze_ns now);
void call_expire(struct subscriber *s, ze_ns now);
/* CDN, and the call is over. */
void call_close(struct subscriber *s, const struct l2tp_cdn_args *a, ze_ns now);
/* A call of another process that does not go on here: CDN. */
void call_forget(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now);
/* The tunnel went: the call is over without a word. */
void call_abandon(struct subscriber *s, const struct l2tp_fx_down *why, ze_ns now);
