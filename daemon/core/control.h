/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages and the life cycle of tunnels: admission of SCCRQs, recognition of retransmitted
 * SCCRQs, delivery of control messages to the tunnel's machine, and its effects.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/core/ports.h"
#include "daemon/l2tp/fx.h"

struct tunnel;
struct engine;
struct l2tp_hdr;
struct l2tp_stop_args;

/* Processes a control message whose header (T=1) was parsed without an error. */
void control_input(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		   ze_ns now);
/* Serves the timer of the tunnel. */
void control_expire(struct tunnel *t, ze_ns now);
/* Sends a StopCCN and ends all calls. Returns false when the tunnel was already closing. */
bool control_close(struct tunnel *t, const struct l2tp_stop_args *a, ze_ns now);
/* Restores a tunnel of the previous instance. Returns REASON_NONE, or the reason why it is
 * refused. */
struct control_saved {
	uint16_t tid;
	struct net_path path;
	uint64_t sccrq_hash;
	struct span control; /* fields of l2tp_tunnel_saved */
};
enum reason control_restore(struct engine *e, const struct control_saved *v, ze_ns now);
/* Publishes that the tunnel is established, if it is. */
void control_replay(struct tunnel *t, ze_ns now);
/* Sends a HELLO, unless a message waits for an acknowledgement already. */
void control_probe(struct tunnel *t, ze_ns now);
/* Writes the record, sends the messages and arms the timer, at the end of a turn that changed
 * it. */
void control_settle(struct tunnel *t, ze_ns now);
/* Removes the tunnel from the registry when its linger time has passed and its last call is
 * released. It is freed when the turn ends. */
void control_bury_if_done(struct tunnel *t);
/* Frees a tunnel that was removed; called by the turn. */
void control_free(struct tunnel *t);
