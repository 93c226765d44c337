/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delays the answers to wrong passwords. A wrong password is charged to its line (the LAC and the
 * calling number, if the LAC sends one), to its user name, and to its LAC. Each of the three allows
 * a burst and then one answer per interval; the latest of the three times applies.
 *
 * Correct passwords are not charged, and they are not delayed by the user name or the LAC, so that
 * an attacker on one line cannot lock out a user on another. A line whose next answer would come
 * later than PACE_LINE_MAX is not checked at all until then: all its passwords get the answer of a
 * wrong one, and guessing on it gives no information.
 *
 * The buckets are in tables of fixed size (buckets.h), so that invented names and numbers use no
 * more memory. Without memory for a bucket the wrong password is not answered.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"
#include "daemon/core/buckets.h"

#define PACE_ENTRIES	BUCKETS /* entries per table */
#define PACE_BURST	5	/* answers without delay, for one line or one user name */
#define PACE_PEER_BURST 4	/* the same for one LAC, in seconds of its rate */
#define PACE_PENDING	4096	/* delayed answers in all; further ones are not given */

struct pace { /* all zero: empty */
	struct buckets lines, users, peers;
};

struct pace_login {
	const struct ze_addr *peer;
	struct span number, user; /* number empty: the LAC did not send one */
};

struct pace_limits {
	ze_ns interval;	    /* between answers to one line or user name; 0: no limit */
	uint32_t peer_rate; /* answers per second to one LAC; 0: no limit */
	ze_ns longest;	    /* longest delay; a later answer is charged, but not given */
};

/* Frees the tables. */
void pace_done(struct pace *p);
/* Charges a wrong password. Returns the time of its answer, not before now; ZE_NEVER: it is not
 * answered. */
ze_ns pace_wrong(struct pace *p, const struct pace_login *l, const struct pace_limits *lim,
		 ze_ns now);
/* True when the line has to wait longer than PACE_LINE_MAX, so that its password must not be
 * checked. */
bool pace_line_is_full(const struct pace *p, const struct pace_login *l,
		       const struct pace_limits *lim, ze_ns now);
