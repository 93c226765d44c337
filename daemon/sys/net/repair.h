/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Schedules checks of what ze has put into the kernel, by kind, and records the results: counters
 * for the operator and one log line per repair. The first repairs of a kind are 50 ms apart. Where
 * another program removes the same kind repeatedly, the interval doubles up to 30 s, and the
 * log line contains it. Makes no system calls; the time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct json;

enum repair_kind {
	REPAIR_DEVICE,	/* ze0 */
	REPAIR_PROGRAM, /* XDP or tc program on a port */
	REPAIR_ADDRESS,
	REPAIR_ROUTE,	/* subscriber's route */
	REPAIR_POOL,	/* blackhole routes */
	REPAIR_SESSION, /* subscriber's pppN */
	REPAIR__KINDS
};

#define REPAIR_FIRST  ZE_MS(50) /* between two repairs of a kind */
#define REPAIR_STREAK 10 /* repairs less than REPAIR_QUIET apart before the interval doubles */
#define REPAIR_QUIET  ZE_SEC(10)
#define REPAIR_LAST   ZE_SEC(30) /* the longest interval */
#define REPAIR_WHAT   64
#define REPAIR_WHY    128

struct repair_result {
	uint64_t repaired;	/* were missing and have been restored */
	uint64_t missing;	/* are still missing */
	int error;		/* of the first that is missing */
	bool wait;		/* a retry is useless before the kernel reports a change */
	char what[REPAIR_WHAT]; /* the first that is missing, else the first restored */
	/* Why the first one is missing, when another program has taken its place, and the cure; ""
	 * otherwise. */
	char why[REPAIR_WHY], cure[REPAIR_WHY];
};

struct repair_row {
	uint64_t repaired, missing;
	int error;
	char what[REPAIR_WHAT]; /* the first that is missing */
	char why[REPAIR_WHY];	/* what has taken its place */
	bool wanted;
	unsigned streak;
	ze_ns delay, next, last; /* last: when something was last missing */
};

struct repair {
	struct repair_row of[REPAIR__KINDS];
};

const char *repair_kind_name(enum repair_kind k);
/* Requests a check: something of this kind may be missing. */
void repair_suspect(struct repair *r, enum repair_kind k);
/* When the next check is due; ZE_NEVER: none is requested. */
ze_ns repair_deadline(const struct repair *r);
/* Returns the kinds whose check is due, as a set of 1 << kind, and clears their requests. */
unsigned repair_take(struct repair *r, ze_ns now);
/* Records that something is missing, from a notification, before a check. */
void repair_missing(struct repair *r, enum repair_kind k, const char *what);
/* Records the result of a check, logs it, and sets the time of the next attempt. */
void repair_done(struct repair *r, enum repair_kind k, const struct repair_result *res, ze_ns now);
/* Adds one object to res: restored (error 0) or still missing. */
void repair_note(struct repair_result *res, int error, const char *what);
/* Records that another program has taken the place of a missing object: what it is, and how to
 * remove it. Only the first call counts. */
void repair_explain(struct repair_result *res, const char *why, const char *cure);
/* Adds the results of another job. */
void repair_add(struct repair_result *res, const struct repair_result *more);
/* Adds a member `repairs`. */
void repair_show(const struct repair *r, ze_ns now, struct json *j);
