/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages on their way in and tunnels on their way through life: SCCRQ admission and duplicates,
 * the turn of a tunnel, and what its machine wants done.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/core/ports.h"
#include "daemon/l2tp/fx.h"

struct core_tunnel;
struct engine;
struct l2tp_hdr;
struct l2tp_stop_args;

/* A good header with T=1. */
void control_input(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		   ze_ns now);
void control_expire(struct core_tunnel *t, ze_ns now);
/* StopCCN; false when it was already closing. */
bool control_close(struct core_tunnel *t, const struct l2tp_stop_args *a, ze_ns now);
void control_abandon(struct core_tunnel *t, enum l2tp_down cause, ze_ns now);
/* A tunnel of another process goes on. REASON_NONE, or why not. */
struct control_saved {
	uint16_t tid;
	struct net_path path;
	uint64_t sccrq_hash;
	struct span control; /* l2tp_tunnel_saved */
};
enum reason control_resume(struct engine *e, const struct control_saved *v, ze_ns now);
/* A HELLO unless an acknowledgement is awaited anyway. */
void control_probe(struct core_tunnel *t, ze_ns now);
/* The end of a turn that changed it: recorded, sent, its timer armed. */
void control_settle(struct core_tunnel *t, ze_ns now);
/* Leaves the registry once its last subscriber is released; freed when the turn ends. */
void control_bury_if_done(struct core_tunnel *t);
void control_free(struct core_tunnel *t);
