/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A state machine given as a table of rows: state, event, guard, action, next state. The first row
 * that matches is taken. FSM_ANY matches every state or event; a row whose guard returns false is
 * skipped. An instance can keep its last transitions in memory that its owner provides. Nothing is
 * called except the guards and the action of the row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/ring.h"

#define FSM_ANY	 0xff
#define FSM_SAME 0xfe /* as the next state: stay in the current state */

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
	const char *const *states; /* names, for the history and for Graphviz */
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
	struct fsm_step *steps; /* owned by the owner of the machine; NULL: no history is kept */
};

/* Starts in `state`, without a history. d must live as long as f. */
void fsm_init(struct fsm *f, const struct fsm_def *d, uint8_t state);
/* Keeps the last n transitions from now on in `steps`, which must live as long as f. */
void fsm_keep(struct fsm *f, struct fsm_step *steps, uint32_t n);
/* Enters the row's next state and then runs its action, so that an action sees the new state.
 * Returns the index of the row taken, or -1 when no row matched; then nothing was done. */
int fsm_run(struct fsm *f, uint8_t event, void *obj, void *arg, ze_ns now);
/* The row that fsm_run() would take, or NULL when there is none. Tests call it directly. */
const struct fsm_row *fsm_find(const struct fsm_def *d, uint8_t state, uint8_t event, void *obj,
			       void *arg);
/* Writes lines such as "established sccrq -> closing", newest last. Returns as snprintf does. */
size_t fsm_history(const struct fsm *f, char *buf, size_t size);
