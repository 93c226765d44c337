/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to look after what ze has put into the kernel, by kind, and what came of it: counters for the operator
 * and one log line per repair. Repairs are made at once; where somebody takes the same kind away again and
 * again, the next one waits, twice as long each time, and the line says how long. Knows no kernel;
 * the time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct json;

enum repair_kind {
	REPAIR_DEVICE,	/* ze0 */
	REPAIR_PROGRAM, /* of XDP or tc, on a port */
	REPAIR_ADDRESS,
	REPAIR_ROUTE,	/* of a subscriber */
	REPAIR_POOL,	/* blackhole routes */
	REPAIR_SESSION, /* pppN of a subscriber */
	REPAIR__KINDS
};

#define REPAIR_FIRST  ZE_MS(50) /* between two repairs of a kind */
#define REPAIR_STREAK 10 /* repairs with less than REPAIR_QUIET between them before it doubles */
#define REPAIR_QUIET  ZE_SEC(10)
#define REPAIR_LAST   ZE_SEC(30) /* the longest */
#define REPAIR_WHAT   64
#define REPAIR_WHY    128

struct repair_result {
	uint64_t repaired;	/* were missing and are there again */
	uint64_t missing;	/* are still missing */
	int error;		/* why, of the first of those */
	bool wait;		/* trying again is of no use before the kernel reports a change */
	char what[REPAIR_WHAT]; /* the first one of either */
	/* Of the first that is missing, when somebody else has its place; "": nobody has. */
	char why[REPAIR_WHY], cure[REPAIR_WHY];
};

struct repair_row {
	uint64_t repaired, missing;
	int error;
	char what[REPAIR_WHAT]; /* the first that is missing */
	char why[REPAIR_WHY];	/* what has its place */
	bool wanted;
	unsigned streak;
	ze_ns delay, next, last; /* last: when something was missing */
};

struct repair {
	struct repair_row of[REPAIR__KINDS];
};

const char *repair_kind_name(enum repair_kind k);
/* Something of this kind may be missing. */
void repair_suspect(struct repair *r, enum repair_kind k);
/* When to look next; ZE_NEVER. */
ze_ns repair_deadline(const struct repair *r);
/* Those to look after now, as bits; they are no longer wanted. */
unsigned repair_take(struct repair *r, ze_ns now);
/* A notification shows that something is missing, before anybody has looked. */
void repair_missing(struct repair *r, enum repair_kind k, const char *what);
/* What came of it. Logs. */
void repair_done(struct repair *r, enum repair_kind k, const struct repair_result *res, ze_ns now);
/* One more that was missing and is back, or could not be put back: into res. */
void repair_note(struct repair_result *res, int error, const char *what);
/* Somebody else has the place of what is missing: what that is, and how to get rid of it. The first one counts. */
void repair_explain(struct repair_result *res, const char *why, const char *cure);
/* The results of another job. */
void repair_add(struct repair_result *res, const struct repair_result *more);
/* A member `repairs`. */
void repair_show(const struct repair *r, ze_ns now, struct json *j);
