/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit trail: a ring of events for every session, kept for a while after the session ended.
 * Bounded: HISTORY_EVENTS a session, HISTORY_ENDED sessions that are gone; the oldest go first.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/bus.h"

#define HISTORY_EVENTS 32
#define HISTORY_ENDED  1024

struct history;
struct json;

struct history *history_new(void); /* NULL: out of memory */
void history_free(struct history *h);
extern const struct observer history_observer; /* self is a struct history */
/* An array of events of this life of the session, oldest first; empty when unknown. now and wall_ns
 * are the same moment: events print as RFC 3339 UTC. */
struct history_clock {
	ze_ns now;
	int64_t wall_ns;
};
void history_write_session(const struct history *h, uint64_t session_serial,
			   const struct history_clock *c, struct json *j);
/* Sessions that ended, newest first, each with its events; at most `most`. */
void history_write_ended(const struct history *h, unsigned most, const struct history_clock *c,
			 struct json *j);
