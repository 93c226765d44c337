/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds sessions by their id (Acct-Session-Id). The engine has no index of it, because nothing but a
 * CoA or Disconnect request asks for one: a session pays nothing for it at its login. The table is
 * made by the first search, 16 octets for each session. Ids grow, so a later search adds the
 * sessions that began since, and the table stays sorted. A row of a session that has ended is
 * removed when the table is full.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct engine;
struct subscriber;

struct byid { /* empty: all zero */
	struct byid_row {
		uint64_t id;
		uint16_t sid;
	} * rows;
	size_t n, places;
	uint64_t until; /* sessions with smaller ids are in the table, or have ended */
};

/* Returns the session, or NULL. Without memory for the table it looks at each session. */
struct subscriber *byid_find(struct byid *b, const struct engine *e, uint64_t id);
void byid_done(struct byid *b);
