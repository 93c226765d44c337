/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What CoA-Requests and Disconnect-Requests (aaa/radius_coa.h) do to the sessions of an engine. Each
 * request is one turn of the engine.
 *
 * Sessions are found by the indexes that the engine has: session id (NAS-Port), Acct-Session-Id
 * (byid.h), address, and user. A request that gives none of these is compared with every session.
 * User-Name is the name as authenticated, which is that of the accounting records. A call whose
 * ICCN has not arrived, and one that has ended, is not found.
 *
 * A change is prepared for all sessions of a request, with all the memory that it needs, before the
 * first one gets it. Then the session has the new profile and a new version of its facts,
 * service_change() gives it what the profile says, its restart record is written again, and
 * EV_SESSION_CHANGED names who has changed what. The end of a session is that of an operator's
 * `clear`, with EV_DISCONNECT_REQUESTED.
 *
 * Requests are logged, within a limit: one line for each that was answered, with what was done or
 * why not.
 */
#pragma once

#include "aaa/radius_coa.h"

struct change;
struct engine;

/* Returns NULL when out of memory, and as radius_coa_new(). */
struct change *change_new(const struct radius_coa_cfg *cfg);
/* Takes over what must survive a reload: kept answers and counters, see radius_coa_inherit(). */
void change_inherit(struct change *c, struct change *old);
void change_free(struct change *c); /* NULL is allowed */
/* As radius_coa_input(), for the sessions of e. */
enum reason change_input(struct change *c, struct engine *e, const struct radius_coa_arrival *a,
			 struct wr *w);
/* As radius_coa_stats(). */
void change_stats(const struct change *c, size_t i, struct radius_coa_stats *ret);
