/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of daemon/view only: members of what more than one of them writes, without the
 * braces around them. */
#pragma once

struct dp_stats;
struct json;
struct snapshot_trail;
struct view_clock;

void view_stats_members(const struct dp_stats *st, struct json *j);
/* An array. */
void view_trail(const struct snapshot_trail *t, const struct view_clock *c, struct json *j);
