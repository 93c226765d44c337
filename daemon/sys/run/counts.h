/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of all sessions of a plane, read in one go by a worker and kept until they are read
 * again. Never makes the reactor wait: it gets what was read last, and the time of that.
 */
#pragma once

#include "daemon/core/ports.h"
#include "daemon/sys/run/kworker.h"

#define COUNTS_FRESH ZE_SEC(1) /* not read again before */

struct counts_row {
	uint16_t sid;
	int ifindex;
	bool have; /* st is read */
	struct dp_stats st;
};

struct counts_source {
	/* On the reactor: the sessions that are up, at most max; how many. */
	size_t (*list)(void *self, struct counts_row *rows, size_t max);
	/* On a worker, rows in order of their sid. 0 or -errno: the last reading stays. */
	int (*read)(void *self, void *thread, struct counts_row *rows, size_t n);
};

struct counts_reading {
	struct counts_row *rows;
	size_t n;
	ze_ns as_of; /* 0: never */
};

struct counts {
	const struct counts_source *source;
	struct kworker *worker;
	void *self;
	struct counts_reading last;
	struct counts_reading next; /* the job's */
	ze_ns asked;		    /* when the last one began, whatever became of it */
	bool under_way;
	int result;
	struct kseq seq;
	struct kjob job;
};

void counts_init(struct counts *c, const struct counts_source *source, struct kworker *worker,
		 void *self);
/* After the worker's end. */
void counts_done(struct counts *c);
/* Begins a reading of at most max sessions, unless one is under way or the last is fresh. */
void counts_refresh(struct counts *c, size_t max, ze_ns now);
/* NULL: not read, or it was another session's. */
const struct dp_stats *counts_find(const struct counts *c, uint16_t sid, int ifindex);
/* Tells them all; when they were read, or 0. each may be NULL. */
ze_ns counts_each(const struct counts *c, dp_stats_fn *each, void *each_self);
