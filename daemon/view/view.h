/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots as JSON, once for all surfaces. Keys are kebab-case, times RFC 3339 UTC, secrets <set> or
 * <unset>. Each writes one value. Touches nothing that is live, so that any thread may call it.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

struct json;
struct snapshot;

/* One moment on both clocks: monotonic times in the engine print as UTC. */
struct view_clock {
	ze_ns now;
	int64_t wall_ns;
};

/* "2026-11-22T23:59:59.123Z" of a monotonic time; null for 0. */
void view_time(struct json *j, const char *key, const struct view_clock *c, ze_ns at);

/* Each takes a snapshot of its own kind (enum snapshot_kind). */
typedef void view_fn(const struct snapshot *s, const struct view_clock *c, struct json *j);

void view_summary(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_counters(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_listeners(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_config(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_tunnels(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_tunnel(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_sessions(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_session(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_history(const struct snapshot *s, const struct view_clock *c, struct json *j);
