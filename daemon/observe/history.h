/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit trail: a ring of events for every session, kept for a while after the session ended.
 * Bounded: HISTORY_EVENTS a session, HISTORY_ENDED sessions that are gone; the oldest go first.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/bus.h"
#include "daemon/view/view.h"

#define HISTORY_EVENTS 32
#define HISTORY_ENDED  1024

struct history;

struct history *history_new(void); /* NULL: out of memory */
void history_free(struct history *h);
extern const struct observer history_observer; /* self is a struct history */
/* For views: the events of live and of ended sessions. */
struct view_history history_view(const struct history *h);
