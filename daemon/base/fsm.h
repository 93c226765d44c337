/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs tables of rows (state, event, guard, action, next). First match wins; FSM_ANY matches every
 * state or event; a guard that says no lets the search go on. Each instance keeps as many of its last
 * transitions as its owner has given it room for. Never calls anything but the row's guard and action.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/ring.h"

#define FSM_ANY	 0xff
#define FSM_SAME 0xfe /* as next: stay */

struct fsm_row {
	uint8_t state, event;
	bool (*guard)(void *obj, void *arg);
	void (*action)(void *obj, void *arg); /* may be NULL */
	uint8_t next;
};

struct fsm_def {
	const char *name;
	const struct fsm_row *rows;
	size_t nrows;
	const char *const *states; /* names, for history and Graphviz */
	const char *const *events;
	uint8_t nstates, nevents;
};

struct fsm_step {
	ze_ns at;
	uint8_t from, event, row, to;
};

struct fsm {
	const struct fsm_def *def;
	uint8_t state;
	struct ring ring;
	struct fsm_step *steps; /* the owner's; NULL: nothing is kept */
};

void fsm_init(struct fsm *f, const struct fsm_def *d, uint8_t state);
/* From now on the last n transitions are kept in `steps`, which lives as long as f. */
void fsm_keep(struct fsm *f, struct fsm_step *steps, uint32_t n);
/* Sets the row's next state first, then runs its action, so that an action sees the new state.
 * Returns the index of the row taken, -1 when none matched (nothing done). */
int fsm_run(struct fsm *f, uint8_t event, void *obj, void *arg, ze_ns now);
/* The row that would be taken, NULL when none: what fsm_run uses, and tests that ask "what if". */
const struct fsm_row *fsm_find(const struct fsm_def *d, uint8_t state, uint8_t event, void *obj,
			       void *arg);
/* Writes a Graphviz digraph; returns the length it has or would have (as snprintf). */
size_t fsm_dot(const struct fsm_def *d, char *buf, size_t size);
/* "established sccrq -> closing" lines, newest last; as snprintf. */
size_t fsm_history(const struct fsm *f, char *buf, size_t size);
