/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reactor: libev, one engine, its one deadline. Everything that enters the engine enters
 * through here, in one thread, with the loop's monotonic now. Other sys units hang their watchers
 * on loop_ev() and call loop_turn_done() after each engine call they make.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct ev_loop;
struct engine;
struct loop;

int loop_new(struct loop **ret);
void loop_free(struct loop *l);
/* The engine whose deadline is followed; NULL detaches. */
void loop_set_engine(struct loop *l, struct engine *e);
struct engine *loop_engine(struct loop *l);
struct ev_loop *loop_ev(struct loop *l);
/* Monotonic, of this iteration (CLOCK_MONOTONIC, read at most once each wake-up). */
ze_ns loop_now(struct loop *l);
int64_t loop_wall_ns(void); /* CLOCK_REALTIME */
/* After engine calls made outside of loop: re-arms the deadline timer. */
void loop_turn_done(struct loop *l);
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
