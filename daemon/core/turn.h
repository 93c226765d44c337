/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A turn is one iteration of the engine: the processing of one datagram, event, operator's command
 * or timer expiry. While it lasts, the other units mark what they changed and queue events with the
 * functions below. turn_end() then settles, publishes and frees. The units that own tunnels, calls
 * and subscribers are called only from there, through struct turn_ops.
 *
 * Events are published at the end of the turn. When the queue (ENGINE_EVENTS_MAX) is full, the
 * queued events are published at once, in the same order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/log.h"
#include "daemon/base/wire.h"

struct call;
struct engine_timer;
struct tunnel;
struct engine;
struct event;
struct net_path;

/* Functions of other units that turn_end() calls. */
struct turn_ops {
	/* The object is dirty: write its record, send its messages, arm its timer. */
	void (*settle_call)(struct call *c, ze_ns now);
	void (*settle_tunnel)(struct tunnel *t, ze_ns now);
	/* Before objects are settled: ends engine.replaced and empties engine.woken. */
	void (*settle_addresses)(struct engine *e, ze_ns now);
	void (*free_call)(struct call *c);
	void (*free_tunnel)(struct tunnel *t);
};

/* Ends the turn: ends replaced sessions, settles dirty objects, publishes events, frees objects
 * that have ended. Every entry point of the engine calls it last. */
void turn_end(struct engine *e, ze_ns now);
/* Mark an object that was changed, to be settled at the end of the turn. */
void turn_tunnel_dirty(struct tunnel *t);
void turn_call_dirty(struct call *c);
/* Arms the timer. This cannot fail, because the timer is in the heap as long as its object
 * exists. */
void turn_arm(struct engine *e, struct engine_timer *t, ze_ns due);

/* Counts a refusal. */
void turn_count(struct engine *e, enum reason r);
/* Checks the limits for a log line that a peer can cause: that of its peer, that of all peers, and
 * `own`, a narrower one, which may be NULL. t is NULL for a line that belongs to no tunnel. Returns
 * true when the line may be written, and sets *ret_suppressed to the number of lines that were
 * suppressed before. */
struct turn_line {
	enum log_sub sub;
	enum log_level level;
	struct log_limit *own;
};
bool turn_may_log(struct engine *e, const struct tunnel *t, const struct turn_line *l, ze_ns now,
		  uint32_t *ret_suppressed);
/* Counts a refusal and logs it within the limits. t may be NULL. */
void turn_drop(struct engine *e, struct tunnel *t, enum reason r, const struct net_path *path,
	       ze_ns now);
/* Queues an event, with a reference on its facts; what else it points to must be valid until the end
 * of the turn. */
void turn_event(struct engine *e, const struct event *ev);
/* Sends a datagram and counts it. Returns 0 or -errno. */
int turn_send(struct engine *e, const struct net_path *path, struct span datagram);
