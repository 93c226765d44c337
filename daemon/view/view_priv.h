/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions shared by the files of daemon/view only. */
#pragma once

#include "daemon/base/addr.h"

struct dp_stats;
struct json;
struct snapshot_trail;
struct view_clock;

/* Writes the counters as members of an object that the caller has begun. */
void view_stats_members(const struct dp_stats *st, struct json *j);
/* Writes the trail as an array. */
void view_trail(const struct snapshot_trail *t, const struct view_clock *c, struct json *j);
