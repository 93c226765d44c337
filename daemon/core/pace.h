/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a wrong password is answered. Each is charged to its line (the LAC and the calling number, where there is
 * one), to the user name it was for, and to its LAC; each of the three lets a burst through at once, and then
 * one per interval, and the latest of them decides. Right passwords are neither charged nor delayed by a
 * user name or a LAC: nobody is locked out by somebody at another line. A line that has too many answers ahead of it is
 * not asked any more until it has waited: whoever guesses there learns nothing meanwhile.
 *
 * Tables of fixed size under a keyed hash, whose entries that refill first make room for new ones: what names and
 * numbers an attacker thinks of costs no memory. A set of a table is allocated for the first one in it; without memory
 * for it there is no answer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"
#include "daemon/core/buckets.h"

#define PACE_ENTRIES	BUCKETS /* of each table */
#define PACE_BURST	5 /* wrong passwords of one line, or for one user, that are answered at once */
#define PACE_PEER_BURST 4	   /* seconds' worth, for one LAC */
#define PACE_LINE_MAX	ZE_SEC(10) /* a line that has to wait longer is not asked */
#define PACE_AHEAD_MAX	ZE_SEC(30) /* no answer comes later; what is charged does not grow beyond */
#define PACE_PENDING	4096	   /* answers that wait; those beyond are not given */

struct pace { /* all zero: empty */
	struct buckets lines, users, peers;
};

struct pace_login {
	const struct ze_addr *peer;
	struct span number, user; /* number empty: the LAC does not say */
};

struct pace_limits {
	ze_ns interval;	    /* of one line, and of one user name; 0: no limit */
	uint32_t peer_rate; /* answers per second to one LAC; 0: no limit */
	ze_ns longest; /* later than so from now, no answer is given, and it is charged all the same */
};

void pace_done(struct pace *p);
/* A wrong password: when to answer, now at the earliest. ZE_NEVER: not at all. */
ze_ns pace_wrong(struct pace *p, const struct pace_login *l, const struct pace_limits *lim,
		 ze_ns now);
/* The line has to wait too long for another to be asked about. */
bool pace_line_is_full(const struct pace *p, const struct pace_login *l,
		       const struct pace_limits *lim, ze_ns now);
