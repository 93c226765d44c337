/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The turn: what every unit of the engine reports to while a packet, an event, a verb or the time is
 * worked on, and what is done about it at the end. Units below call these functions and mark what they
 * changed; nothing here calls a unit above but through struct turn_ops, and only at the end of the turn.
 *
 * Observers hear of a turn after it has ended, unless it has more to tell than the queue holds: then
 * what is queued is published at once, still in order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/log.h"
#include "daemon/base/wire.h"

struct core_timer;
struct core_tunnel;
struct engine;
struct event;
struct net_path;
struct subscriber;

/* What the end of a turn asks of the units above. */
struct turn_ops {
	/* Something was changed: record it, send what is to be sent, arm its timer. */
	void (*settle_subscriber)(struct subscriber *s, ze_ns now);
	void (*settle_tunnel)(struct core_tunnel *t, ze_ns now);
	/* It has given way to a newer session (turn_give_way), and ends. */
	void (*replaced)(struct subscriber *s, ze_ns now);
	/* The address that it waits for may be free. */
	void (*address_free)(struct subscriber *s, ze_ns now);
	void (*free_subscriber)(struct subscriber *s);
	void (*free_tunnel)(struct core_tunnel *t);
};

/* Performs what is left, publishes, frees. Every entry point ends with it. */
void turn_end(struct engine *e, ze_ns now);
void turn_tunnel_dirty(struct core_tunnel *t);
void turn_sub_dirty(struct subscriber *s);
/* Its address or its user's place goes to a newer session: it ends before the turn does. */
void turn_give_way(struct subscriber *s);
/* A timer stays armed while its object lives, so this can't fail. */
void turn_arm(struct engine *e, struct core_timer *t, ze_ns due);

void turn_count(struct engine *e, enum reason r);
/* One rule for each line that a peer can cause: it has room in what its peer may write and in what all may.
 * t NULL: of no tunnel. own: a narrower limit, or NULL. *ret_suppressed for the line, when true. */
struct turn_line {
	enum log_sub sub;
	enum log_level level;
	struct log_limit *own;
};
bool turn_may_log(struct engine *e, const struct core_tunnel *t, const struct turn_line *l,
		  ze_ns now, uint32_t *ret_suppressed);
/* Counts, and writes a line unless there were too many. t may be NULL. */
void turn_drop(struct engine *e, struct core_tunnel *t, enum reason r, const struct net_path *path,
	       ze_ns now);
/* Queues; the queue is published when the turn ends, or earlier when it is full. */
void turn_event(struct engine *e, const struct event *ev);
int turn_send(struct engine *e, const struct net_path *path, struct span datagram);
