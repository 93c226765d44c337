/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes snapshots as JSON, for all user interfaces. Keys are in kebab-case, times are RFC 3339 in
 * UTC, and a secret is shown as <set> or <unset>. Each function writes one value. Only the snapshot
 * is read, not the engine, so that the functions can be called in any thread.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

struct json;
struct snapshot;

/* One point in time on both clocks, in ns, to print the engine's monotonic times as UTC. */
struct view_clock {
	ze_ns now;
	int64_t wall_ns;
};

/* Writes a monotonic time as "2026-11-22T23:59:59.123Z", or null when it is 0. */
void view_time(struct json *j, const char *key, const struct view_clock *c, ze_ns at);

/* Each function takes a snapshot of one kind (enum snapshot_kind). */
typedef void view_fn(const struct snapshot *s, const struct view_clock *c, struct json *j);

void view_summary(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_counters(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_listeners(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_config(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_tunnels(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_tunnel(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_routes(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_sessions(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_session(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_history(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_pools(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_radius_accounting(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_radius(const struct snapshot *s, const struct view_clock *c, struct json *j);
void view_radius_coa(const struct snapshot *s, const struct view_clock *c, struct json *j);
