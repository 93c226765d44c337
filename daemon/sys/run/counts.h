/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of all sessions of a plane, read in one pass by a worker and kept until the next
 * reading. The reactor never waits: it gets the last reading and its time.
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

struct counts_source {
	/* Called on the reactor: writes the established sessions, at most max. Returns their
	 * number. */
	size_t (*list)(void *self, struct counts_row *rows, size_t max);
	/* Called on a worker, with rows sorted by sid: sets st and have. Returns 0 or -errno: then
	 * the last reading is kept. */
	int (*read)(void *self, void *thread, struct counts_row *rows, size_t n);
};

struct counts_reading {
	struct counts_row *rows;
	size_t n;
	ze_ns as_of; /* time of the reading; 0: none yet */
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
/* Calls each() for each session of the last reading. Returns the time of the reading, or 0. each
 * may be NULL. */
ze_ns counts_each(const struct counts *c, dp_stats_fn *each, void *each_self);
