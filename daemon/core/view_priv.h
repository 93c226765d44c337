/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by view.c and view_session.c: the members of a session's summary, without its braces. */
#pragma once

struct json;
struct subscriber;
struct view_clock;

void view_session_members(const struct subscriber *s, const struct view_clock *c, struct json *j);
