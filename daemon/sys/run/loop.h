/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reactor: libev, one engine, a bus, and the timer of their deadlines. All input enters the engine in one
 * thread, with the loop's monotonic time. Other units of daemon/sys start their watchers on
 * loop_ev() and call loop_turn_done() after each call into the engine.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct bus;
struct ev_loop;
struct engine;
struct loop;

/* Returns 0 or -errno. */
int loop_new(struct loop **ret);
void loop_free(struct loop *l);
/* Sets the bus whose observers' deadlines are watched; NULL: none. */
void loop_set_bus(struct loop *l, struct bus *b);
/* Sets the engine whose deadline is watched; NULL: none. */
void loop_set_engine(struct loop *l, struct engine *e);
struct engine *loop_engine(struct loop *l);
struct ev_loop *loop_ev(struct loop *l);
/* CLOCK_MONOTONIC of this iteration, read at most once per wake-up. */
ze_ns loop_now(struct loop *l);
/* Whether this iteration has taken two milliseconds already. Who reads many datagrams then leaves the
 * rest to the next one, so that other sockets and the timers are not late. */
bool loop_turn_long(struct loop *l);
ze_ns loop_clock_ns(void);  /* CLOCK_MONOTONIC at this moment, from any thread */
int64_t loop_wall_ns(void); /* CLOCK_REALTIME */
/* Sets a timer to this time, which may be past; ZE_NEVER: stops it. */
struct ev_timer;
void loop_timer_at(struct loop *l, struct ev_timer *w, ze_ns at);
/* Sets the timer to the engine's deadline, after calls into the engine. */
void loop_turn_done(struct loop *l);
/* Runs until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
