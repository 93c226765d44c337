/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's state as JSON, once for all surfaces. Keys are kebab-case, times RFC 3339 UTC,
 * secrets <set> or <unset>. Reads only; writes one value each.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

struct core_tunnel;
struct engine;
struct json;
struct subscriber;

/* One moment on both clocks: monotonic times in the engine print as UTC. */
struct view_clock {
	ze_ns now;
	int64_t wall_ns;
};

/* Where per-session events come from: an observer, so the engine only knows this. */
struct view_history {
	const void *self;
	/* An array of events of one life of a session, oldest first. */
	void (*session)(const void *self, uint64_t serial, const struct view_clock *c,
			struct json *j);
	/* An array of sessions that ended, newest first, with their events. */
	void (*ended)(const void *self, const struct view_clock *c, struct json *j);
};

/* "2026-11-22T23:59:59.123Z" of a monotonic time; null for 0. */
void view_time(struct json *j, const char *key, const struct view_clock *c, ze_ns at);

void view_summary(const struct engine *e, const struct view_clock *c, struct json *j);
void view_tunnels(const struct engine *e, const struct view_clock *c, struct json *j);
void view_tunnel(const struct core_tunnel *t, const struct view_clock *c, struct json *j);
void view_sessions(const struct engine *e, const struct view_clock *c, struct json *j);
/* h may be NULL: no events then. */
void view_session(const struct subscriber *s, const struct view_clock *c,
		  const struct view_history *h, struct json *j);
void view_statistics(const struct engine *e, const struct view_clock *c, struct json *j);
void view_listeners(const struct engine *e, struct json *j);
void view_config(const struct engine *e, struct json *j);
