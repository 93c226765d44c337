/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by snapshot.c and snapshot_session.c only. Promises nothing to others. */
#pragma once

#include <stddef.h>

struct engine;
struct engine_stats;
struct snapshot;
struct snapshot_ask;

/* One reference, zeroed, with `extra` octets behind it for what it points to. NULL: out of memory. */
struct snapshot *snapshot_new(size_t extra);
/* Copies len octets and a NUL to *at and moves it on. */
const char *snapshot_text(char **at, const void *text, size_t len);
/* The counters of all tunnels, present and past. */
void snapshot_stats_total(const struct engine *e, struct engine_stats *ret);
int snapshot_take_sessions(struct engine *e, struct snapshot **ret);
int snapshot_take_session(struct engine *e, const struct snapshot_ask *a, struct snapshot **ret);
