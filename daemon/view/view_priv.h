/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by view.c and view_session.c: the members of a session's summary and of its
 * packets, without their braces. */
#pragma once

struct dp_stats;
struct json;
struct subscriber;
struct view_clock;

void view_stats_members(const struct dp_stats *st, struct json *j);
void view_session_members(const struct subscriber *s, const struct view_clock *c, struct json *j);
