/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions shared by snapshot*.c only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "shaping/rate.h"

struct engine;
struct engine_stats;
struct snapshot;
struct snapshot_ask;
struct snapshot_profile;
struct subscriber;

/* Returns a zeroed snapshot with one reference, and `extra` octets behind it for what it points to;
 * NULL when out of memory. */
struct snapshot *snapshot_new(size_t extra);
/* Copies len octets and a NUL to *at and advances *at. Returns the copy. */
const char *snapshot_text(char **at, const void *text, size_t len);
/* The counters of the engine, with the messages of existing tunnels added to those of freed
 * ones. */
void snapshot_stats_total(const struct engine *e, struct engine_stats *ret);
/* Return 0, -ENOMEM, or -ENOENT (no such session). */
int snapshot_take_sessions(struct engine *e, struct snapshot **ret);
int snapshot_take_routes(struct engine *e, struct snapshot **ret);
int snapshot_take_session(struct engine *e, const struct snapshot_ask *a, struct snapshot **ret);
/* A rate as a text; "unlimited" for 0. Returns buf. */
const char *snapshot_rate(uint64_t bps, char buf[static RATE_TEXT]);
/* The caller frees it. NULL: out of memory. */
struct snapshot_profile *snapshot_profile_take(const struct subscriber *s);
