/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit trail: the events of every session, kept for a while after it has ended. It is limited
 * to HISTORY_EVENTS events per session and HISTORY_ENDED ended sessions; the oldest are dropped
 * first.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/bus.h"
#include "daemon/core/snapshot.h"

#define HISTORY_EVENTS 32
#define HISTORY_ENDED  1024

struct history;

struct history *history_new(void); /* NULL: out of memory */
void history_free(struct history *h);
extern const struct observer history_observer; /* its self is a struct history */
/* For snapshots: the events of active and ended sessions. Borrows h. */
struct snapshot_history history_snapshots(const struct history *h);
