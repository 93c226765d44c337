/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structure of a call, for the files of daemon/core and daemon/ops and for tests only. call.h
 * has its functions.
 *
 * A call is embedded in the object of its owner, and knows it by a table of functions only: what
 * is done with the frames of the call is the owner's business. The one owner is the subscriber,
 * who terminates PPP.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/wire.h"
#include "daemon/core/engine_priv.h"
#include "daemon/l2tp/fx.h"
#include "daemon/l2tp/session.h"

struct call;
struct dp_event;

struct call_owner_ops {
	/* Creates an owner for an incoming call, and begins the call with call_begin(). Returns 0,
	 * -ENOMEM, -ENOSPC (no session id is free), or the error of the random number generator. */
	int (*create)(struct tunnel *t, uint16_t peer_sid, ze_ns now, struct call **ret);
	/* The call is established: an ICCN was accepted. */
	void (*up)(struct call *c, ze_ns now);
	/* A PPP frame was received by the UDP socket. It is called in every state. */
	void (*frame)(struct call *c, struct span frame, ze_ns now);
	/* The data plane has answered or reports something, also when the call has ended. */
	void (*dp_event)(struct call *c, const struct dp_event *ev, ze_ns now);
	/* When `expire` must be called; ZE_NEVER when no timer of the owner runs. Neither is called
	 * after the call has ended. */
	ze_ns (*deadline)(const struct call *c);
	void (*expire)(struct call *c, ze_ns now);
	/* Writes the owner's fields of the restart record (RECORD_SESSION). Returns false when the
	 * next instance is to end the call with a CDN. */
	bool (*save)(const struct call *c, struct wr *w);
	/* The call has ended. Called once, also for a call that was never established. Then, or
	 * later, the owner calls call_release(). */
	void (*down)(struct call *c, const struct l2tp_fx_down *down, ze_ns now);
	/* The engine ends: returns all resources at once, with call_release(). */
	void (*release)(struct call *c);
	/* Frees the owner, at the end of the turn of call_release(). */
	void (*free)(struct call *c);
};

struct call {
	const struct call_owner_ops *owner;
	struct tunnel *tunnel; /* valid until the call is freed */
	struct list in_tunnel; /* tunnel.calls, until the call has ended */
	struct list in_all;    /* engine.calls */
	struct list dirty, dead;
	struct htab_node in_by_sid;  /* engine.by_sid */
	struct htab_node in_by_peer; /* tunnel.by_peer, until the call has ended */
	struct l2tp_session l2tp;    /* l2tp.sid is ours, unique in the daemon */
	struct engine_timer timer;
	bool ended; /* input is ignored */
};
