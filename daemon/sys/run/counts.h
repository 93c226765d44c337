/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of all sessions of a plane, read in one pass by a worker and kept until the next
 * reading. The reactor never waits: it gets the last reading and its time. A plane that can read
 * one session's counters at any time keeps only the sums.
 *
 * Memory: no row, or one for each session that was established at the last reading; while a reading
 * is in progress, one more for each.
 */
#pragma once

#include "daemon/core/ports.h"
#include "daemon/sys/run/kworker.h"

#define COUNTS_FRESH ZE_SEC(1) /* shortest interval between readings */

struct counts_row {
	uint16_t sid;
	int ifindex;
	bool have; /* st is valid */
	struct dp_stats st;
};

struct counts_reading {
	struct counts_row *rows;
	size_t n;
	struct dp_totals totals; /* as_of 0: no reading yet */
};

struct counts_source {
	/* Called on the reactor: writes the established sessions, at most max. Returns their
	 * number. NULL: the readings have no rows. */
	size_t (*list)(void *self, struct counts_row *rows, size_t max);
	/* Called on a worker: sets st and have of the rows, which are sorted by sid and added to
	 * the totals afterwards; without rows, it adds the sessions to the totals itself. Returns 0
	 * or -errno: then the last reading is kept. */
	int (*read)(void *self, void *thread, struct counts_reading *r);
};

struct counts {
	const struct counts_source *source;
	struct kworker *worker;
	void *self;
	struct counts_reading last;
	struct counts_reading next; /* written by the job */
	ze_ns asked;		    /* start of the last reading, even if it failed */
	bool under_way;
	int result;
	struct kseq seq;
	struct kjob job;
};

void counts_init(struct counts *c, const struct counts_source *source, struct kworker *worker,
		 void *self);
/* Frees the readings. Must be called after the worker has ended. */
void counts_done(struct counts *c);
/* Starts a reading of at most max sessions, unless one is in progress or the last is younger than
 * COUNTS_FRESH. */
void counts_refresh(struct counts *c, size_t max, ze_ns now);
/* Finds the counters of a session in the last reading; NULL when it has none, or only those of
 * another session with the same sid. */
const struct dp_stats *counts_find(const struct counts *c, uint16_t sid, int ifindex);
/* The sums of the last reading, after counts_refresh(). */
struct dp_totals counts_totals(struct counts *c, size_t max, ze_ns now);
