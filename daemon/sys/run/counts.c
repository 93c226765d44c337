/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the counters of thousands of sessions takes milliseconds and, on the kernel plane, the
 * RTNL lock, which other programs may hold for any time: it is a job of a worker. The reactor lists
 * the established sessions, where the plane wants rows, the job adds the counters, and the reactor
 * replaces the last reading when the job is done. A query returns the last reading with its time and starts the next one, as
 * does a timer (refresh.h).
 */
#include "daemon/sys/run/counts.h"

#include <stdlib.h>

#include "daemon/base/log.h"

static int by_sid(const void *a, const void *b)
{
	const struct counts_row *x = a, *y = b;

	return (int)x->sid - (int)y->sid;
}

static void counts_run(struct kjob *j, void *thread)
{
	struct counts *c = ze_container_of(j, struct counts, job);
	struct counts_reading *next = &c->next;

	if (next->n)
		qsort(next->rows, next->n, sizeof(*next->rows), by_sid);
	c->result = next->n || !c->source->list ? c->source->read(c->self, thread, next) : 0;
	for (size_t i = 0; i < next->n; i++)
		if (next->rows[i].have)
			dp_totals_add(&next->totals, &next->rows[i].st);
}

static void counts_finish(struct kjob *j)
{
	struct counts *c = ze_container_of(j, struct counts, job);

	c->under_way = false;
	if (c->result < 0) {
		log_kv(LOG_DP, LOG_WARN, "counters-not-read", KV_ERRNO(c->result));
		free(c->next.rows);
	} else {
		free(c->last.rows);
		c->last = c->next;
	}
	c->next = (struct counts_reading){ 0 };
}

void counts_init(struct counts *c, const struct counts_source *source, struct kworker *worker,
		 void *self)
{
	*c = (struct counts){ .source = source, .worker = worker, .self = self };
	kworker_seq_init(&c->seq);
	c->job.run = counts_run;
	c->job.done = counts_finish;
}

void counts_done(struct counts *c)
{
	free(c->last.rows);
}

void counts_refresh(struct counts *c, size_t max, ze_ns now)
{
	struct counts_reading next = { .totals.as_of = now };

	if (c->under_way || (c->asked && now - c->asked < COUNTS_FRESH))
		return;
	if (c->source->list) {
		next.rows = calloc(max + 1, sizeof(*next.rows));
		if (!next.rows)
			return; /* the last reading is kept, with its time */
		next.n = c->source->list(c->self, next.rows, max);
	}
	c->under_way = true;
	c->asked = now;
	c->next = next;
	kworker_submit(c->worker, &c->seq, &c->job);
}

const struct dp_stats *counts_find(const struct counts *c, uint16_t sid, int ifindex)
{
	const struct counts_row key = { .sid = sid }, *row;

	row = c->last.n ? bsearch(&key, c->last.rows, c->last.n, sizeof(key), by_sid) : NULL;
	return row && row->have && row->ifindex == ifindex ? &row->st : NULL;
}

struct dp_totals counts_totals(struct counts *c, size_t max, ze_ns now)
{
	counts_refresh(c, max, now);
	return c->last.totals;
}
