/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/acct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/timer.h"

#define ACCT_ATTRS_MAX 4096

struct acct_session { /* up, or of the previous instance and not continued yet */
	struct htab_node in_sessions;
	struct timer due; /* of the next Interim-Update, or of the next write of its counters */
	uint64_t id, place;
	uint64_t up, seen; /* as in struct acct_row */
	ze_ns up_at;	   /* `up` by the monotonic clock */
	struct acct_counts counts;
	uint32_t time_s, interim_s;
	uint32_t handle;
	bool start_acked;
	bool down;	/* acct_down() was called */
	bool unstarted; /* ops->unstarted() was called */
	bool previous;	/* of the previous instance, and not continued yet */
};

struct acct_job { /* a row that was read to be sent */
	struct htab_node in_jobs;
	struct list in_queue; /* in no list while it is in flight */
	struct acct_row row;
	uint8_t *attrs; /* owned; row.attrs points to it */
	bool interim;	/* an Interim-Update is to be sent */
	bool deleted;	/* the Stop was acknowledged */
	bool in_flight;
	enum acct_status sending; /* in flight */
	ze_ns sent;		  /* in flight: since then */
};

struct acct {
	const struct acct_ops *ops;
	void *self;
	const struct rng *rng;

	struct htab sessions;
	struct timer_heap timers;

	struct htab jobs;
	struct list queue; /* to be sent, in the order of places */
	struct list done;  /* nothing to send now; freed when no load is under way */
	size_t in_flight;

	uint64_t last_place; /* the highest that was given */
	uint64_t cursor;     /* rows with places up to this one have been read */
	struct {
		bool running, failed;
		size_t asked, got;
		uint64_t upto; /* last_place when it began */
		uint64_t high; /* the highest place it has read */
	} load;

	enum acct_status system; /* ACCT_ON or ACCT_OFF is to be sent; 0: neither */
	bool system_in_flight;
	ze_ns system_sent;

	bool recovered; /* acct_recovered() was called: rows may be read */
	bool reachable;
	ze_ns acked;	   /* when a record was acknowledged last; -1: never */
	ze_ns pause_until; /* nothing is sent or read before; 0: now */
	ze_ns backoff;	   /* the next pause while no server answers */
	struct acct_stats n;
};

#define SYSTEM_COOKIE 0				/* no session has this id */
#define ROW_MAX	      ((uint64_t)INT64_MAX / 2) /* ids are nanoseconds since 1970; places count */

/* ---- sessions ---- */

static uint32_t id_hash(uint64_t id)
{
	return hash_bytes(&id, sizeof(id));
}

static struct acct_session *session_find(const struct acct *a, uint64_t id)
{
	struct htab_node *n;

	for (n = htab_find(&a->sessions, id_hash(id)); n; n = htab_same(n)) {
		struct acct_session *s = ze_container_of(n, struct acct_session, in_sessions);

		if (s->id == id)
			return s;
	}
	return NULL;
}

static void session_free(struct acct *a, struct acct_session *s)
{
	htab_del(&a->sessions, &s->in_sessions);
	timer_cancel(&a->timers, &s->due);
	free(s);
}

static uint32_t session_period_s(const struct acct_session *s)
{
	return s->interim_s ? s->interim_s : ACCT_SAVE_S;
}

/* Half an interval to one and a half from now, evenly distributed, so that sessions that are up at
 * the same time have their Interim-Updates apart. Without random octets: one interval. */
static int session_first_due(struct acct *a, struct acct_session *s, ze_ns now)
{
	uint32_t period_ms = session_period_s(s) * 1000;
	uint32_t r;

	if (rng_fill(a->rng, &r, sizeof(r)) < 0)
		r = period_ms / 2;
	return timer_set(&a->timers, &s->due, now + ZE_MS(period_ms / 2) + ZE_MS(r % period_ms));
}

static struct acct_session *session_add(struct acct *a, uint64_t id)
{
	struct acct_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->id = id;
	if (htab_add(&a->sessions, &s->in_sessions, id_hash(id)) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Counters never decrease within a session, whatever the data plane says. */
static void session_counts(struct acct_session *s, const struct acct_counts *c)
{
	s->counts.octets_in = later(s->counts.octets_in, c->octets_in);
	s->counts.octets_out = later(s->counts.octets_out, c->octets_out);
	s->counts.packets_in = later(s->counts.packets_in, c->packets_in);
	s->counts.packets_out = later(s->counts.packets_out, c->packets_out);
}

static void session_lasted(struct acct_session *s, const struct acct_time *t)
{
	ze_ns lasted = t->now > s->up_at ? t->now - s->up_at : 0;

	s->seen = later(s->seen, t->wall);
	s->time_s = (uint32_t)later(s->time_s, (uint64_t)(lasted / ZE_SEC(1)));
}

static void session_write(struct acct *a, const struct acct_session *s, uint8_t cause)
{
	const struct acct_row row = {
		.id = s->id,
		.place = s->place,
		.up = s->up,
		.seen = s->seen,
		.time_s = s->time_s,
		.cause = cause,
		.start_acked = s->start_acked,
		.counts = s->counts,
	};

	a->ops->write(a->self, ACCT_WRITE_COUNTS, &row);
}

/* ---- jobs ---- */

static struct acct_job *job_find(const struct acct *a, uint64_t id)
{
	struct htab_node *n;

	for (n = htab_find(&a->jobs, id_hash(id)); n; n = htab_same(n)) {
		struct acct_job *j = ze_container_of(n, struct acct_job, in_jobs);

		if (j->row.id == id)
			return j;
	}
	return NULL;
}

static void job_free(struct acct *a, struct acct_job *j)
{
	htab_del(&a->jobs, &j->in_jobs);
	list_del(&j->in_queue);
	free(j->attrs);
	free(j);
}

static struct acct_job *job_new(struct acct *a, uint64_t id)
{
	struct acct_job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->row.id = id;
	list_init(&j->in_queue);
	if (htab_add(&a->jobs, &j->in_jobs, id_hash(id)) < 0) {
		free(j);
		return NULL;
	}
	return j;
}

static enum acct_status job_next(const struct acct_job *j)
{
	if (j->deleted)
		return 0;
	if (!j->row.start_acked)
		return ACCT_START;
	if (j->row.cause)
		return ACCT_STOP;
	return j->interim ? ACCT_INTERIM : 0;
}

static void job_queue(struct acct *a, struct acct_job *j)
{
	list_del(&j->in_queue);
	list_add_tail(job_next(j) ? &a->queue : &a->done, &j->in_queue);
}

/* A row that is being read may be older than what its job knows, so jobs stay until then. */
static void jobs_sweep(struct acct *a)
{
	struct list *pos, *tmp;

	if (a->load.running)
		return;
	list_for_each_safe(pos, tmp, &a->done)
		job_free(a, list_entry(pos, struct acct_job, in_queue));
}

/* ---- sending ---- */

static void pause_until(struct acct *a, ze_ns until)
{
	if (until > a->pause_until)
		a->pause_until = until;
}

/* While no server answers, one record is tried at a time, after a pause. */
static bool acct_may_send(const struct acct *a, ze_ns now)
{
	return now >= a->pause_until && (a->reachable || !a->in_flight);
}

static void record_done(struct acct *a, struct acct_job *j);

/* Returns false when nothing more can be sent now. */
static bool job_send(struct acct *a, struct acct_job *j, ze_ns now)
{
	enum acct_status status = job_next(j);
	uint64_t at = status == ACCT_START ? j->row.up : j->row.seen;
	int r = a->ops->send(a->self, j->row.id, status, &j->row, at);

	if (r < 0 && r != -EBADMSG) {
		pause_until(a, now + ACCT_RETRY_MIN);
		return false;
	}
	j->sending = status;
	if (r == -EBADMSG) {
		a->n.unusable++;
		record_done(a, j);
		job_queue(a, j);
		return true;
	}
	list_del(&j->in_queue);
	j->in_flight = true;
	j->sent = now;
	a->in_flight++;
	return true;
}

static void system_send(struct acct *a, const struct acct_time *t)
{
	if (a->system_in_flight || t->now < a->pause_until)
		return;
	a->system_sent = t->now;
	if (a->ops->send(a->self, SYSTEM_COOKIE, a->system, NULL, t->wall) < 0)
		pause_until(a, t->now + ACCT_RETRY_MIN);
	else
		a->system_in_flight = true;
}

static void load_more(struct acct *a, ze_ns now)
{
	size_t room = a->jobs.n < ACCT_WINDOW ? ACCT_WINDOW - a->jobs.n : 0;

	if (!a->recovered || a->load.running || a->last_place <= a->cursor || !room ||
	    (a->load.failed && now < a->pause_until))
		return;
	a->load.running = true;
	a->load.failed = false;
	a->load.asked = room;
	a->load.got = 0;
	a->load.upto = a->last_place;
	a->load.high = a->cursor;
	a->ops->load(a->self, a->cursor, room);
}

static bool rows_idle(const struct acct *a)
{
	return !a->in_flight && list_empty(&a->queue) && !a->load.running &&
	       a->last_place <= a->cursor;
}

/* Sends what may be sent: Accounting-On first and alone, then the rows, at last Accounting-Off. */
static void pump(struct acct *a, const struct acct_time *t)
{
	if (a->system == ACCT_ON) {
		system_send(a, t);
	} else {
		while (!list_empty(&a->queue) && acct_may_send(a, t->now))
			if (!job_send(a, list_entry(a->queue.next, struct acct_job, in_queue),
				      t->now))
				break;
	}
	jobs_sweep(a);
	load_more(a, t->now);
	if (a->system == ACCT_OFF && rows_idle(a))
		system_send(a, t);
}

/* ---- answers ---- */

static void session_unstarted(struct acct *a, struct acct_session *s)
{
	if (s->unstarted || s->start_acked || s->previous || s->down)
		return;
	s->unstarted = true;
	a->ops->unstarted(a->self, s->id, s->handle);
}

static void sessions_unstarted(struct acct *a)
{
	struct htab_node *n = NULL;

	while ((n = htab_next(&a->sessions, n)))
		session_unstarted(a, ze_container_of(n, struct acct_session, in_sessions));
}

/* A record that was sent at `sent` was acknowledged (yes), or not. A server that has acknowledged a
 * newer one is there: it refuses this one, which is tried again beside the others. */
static void answer_reachable(struct acct *a, bool yes, ze_ns sent, ze_ns now)
{
	bool before = a->reachable;

	if (!yes && sent < a->acked)
		return;
	if (yes) {
		a->acked = now;
		a->pause_until = 0;
		a->backoff = ACCT_RETRY_MIN;
	} else if (now >= a->pause_until) {
		/* The other records that were in flight fail in the same moment: one pause for all. */
		pause_until(a, now + a->backoff);
		a->backoff = ze_min_ns(2 * a->backoff, ACCT_RETRY_MAX);
	}
	a->reachable = yes;
	if (before != yes)
		a->ops->reachable(a->self, yes);
	if (before && !yes)
		sessions_unstarted(a);
}

static void start_acked(struct acct *a, struct acct_job *j)
{
	struct acct_session *s = session_find(a, j->row.id);
	struct acct_row row = j->row;

	j->row.start_acked = true;
	if (row.cause)
		row.place = 0; /* the Stop is still to be sent, also after a restart */
	a->ops->write(a->self, ACCT_WRITE_ACKED, &row);
	if (!s)
		return; /* it has ended */
	a->n.unsent--;
	s->start_acked = true;
	if (s->place == row.place)
		s->place = 0;
}

/* The record that was sent, or that can never be sent, is done. */
static void record_done(struct acct *a, struct acct_job *j)
{
	if (j->sending == ACCT_START) {
		start_acked(a, j);
	} else if (j->sending == ACCT_STOP) {
		a->n.unsent--;
		a->n.rows--;
		j->deleted = true;
		a->ops->write(a->self, ACCT_WRITE_DELETE, &j->row);
	} else {
		j->interim = false;
	}
}

static void record_acked(struct acct *a, struct acct_job *j)
{
	if (j->sending == ACCT_START)
		a->n.starts++;
	else if (j->sending == ACCT_STOP)
		a->n.stops++;
	else
		a->n.interims++;
	record_done(a, j);
}

static void record_unanswered(struct acct *a, struct acct_job *j)
{
	if (j->sending == ACCT_INTERIM) {
		a->n.interims_lost++;
		j->interim = false;
	} else {
		a->n.retries++;
	}
}

void acct_answered(struct acct *a, uint64_t cookie, bool acked, const struct acct_time *t)
{
	struct acct_job *j = job_find(a, cookie);
	ze_ns sent = a->system_sent;

	if (cookie == SYSTEM_COOKIE && a->system_in_flight) {
		a->system_in_flight = false;
		if (acked)
			a->system = 0;
	} else if (j && j->in_flight) {
		j->in_flight = false;
		sent = j->sent;
		a->in_flight--;
		if (acked)
			record_acked(a, j);
		else
			record_unanswered(a, j);
		job_queue(a, j);
	} else {
		return;
	}
	answer_reachable(a, acked, sent, t->now);
	pump(a, t);
}

void acct_server_back(struct acct *a, const struct acct_time *t)
{
	a->pause_until = 0;
	pump(a, t);
}

/* ---- the store ---- */

/* Returns the job of the row, with a copy of its attributes, or NULL without memory. */
static struct acct_job *load_job(struct acct *a, const struct acct_row *row)
{
	struct acct_job *j = job_find(a, row->id);
	uint8_t *attrs = malloc(row->attrs.len + 1);

	if (attrs && !j)
		j = job_new(a, row->id);
	if (!attrs || !j) {
		free(attrs);
		return NULL;
	}
	free(j->attrs);
	j->attrs = attrs;
	if (row->attrs.len)
		memcpy(attrs, row->attrs.p, row->attrs.len);
	return j;
}

static int load_row(struct acct *a, const struct acct_row *row)
{
	const struct acct_session *s = session_find(a, row->id);
	struct acct_job *j;
	bool acked;

	if (!row->cause && !s)
		return 0; /* it was not recovered, or the row with its end follows */
	j = load_job(a, row);
	if (!j)
		return -ENOMEM;
	acked = row->start_acked || j->row.start_acked || (s && s->start_acked);
	j->row = *row;
	j->row.attrs = span_of(j->attrs, row->attrs.len);
	j->row.start_acked = acked;
	j->interim = !row->cause && row->time_s > 0; /* not `seen`: the clock may be set back */
	if (!j->in_flight)
		job_queue(a, j);
	return 0;
}

int acct_load(struct acct *a, const struct acct_row *row)
{
	int r = load_row(a, row);

	a->load.got++;
	if (r < 0)
		a->load.failed = true;
	else if (!a->load.failed)
		a->load.high = row->place;
	return r;
}

void acct_loaded(struct acct *a, const struct acct_time *t)
{
	a->load.running = false;
	a->cursor = a->load.high;
	if (a->load.failed)
		pause_until(a, t->now + ACCT_RETRY_MIN);
	else if (a->load.got < a->load.asked)
		a->cursor = later(a->cursor, a->load.upto);
	pump(a, t);
}

/* ---- restart ---- */

int acct_recover(struct acct *a, const struct acct_row *row)
{
	struct acct_session *s;

	/* No instance has written such a row: the file is damaged. */
	if (row->id == SYSTEM_COOKIE || row->id > ROW_MAX || row->place > ROW_MAX)
		return 0;
	a->last_place = later(a->last_place, row->place);
	a->n.last_id = later(a->n.last_id, row->id);
	a->n.rows++;
	if (row->cause || !row->start_acked)
		a->n.unsent++;
	if (row->cause)
		return 0;
	s = session_add(a, row->id);
	if (!s)
		return -ENOMEM;
	s->place = row->place;
	s->up = row->up;
	s->seen = row->seen;
	s->time_s = row->time_s;
	s->counts = row->counts;
	s->start_acked = row->start_acked;
	s->previous = true;
	return 0;
}

bool acct_continue(struct acct *a, const struct acct_session_up *up, uint32_t time_s,
		   const struct acct_time *t)
{
	struct acct_session *s = session_find(a, up->id);

	if (!s || !s->previous)
		return false;
	s->previous = false;
	s->up_at = t->now - ZE_SEC(time_s);
	s->interim_s = up->interim_s;
	s->handle = up->handle;
	a->n.sessions++;
	if (session_first_due(a, s, t->now) < 0)
		a->n.refused++; /* its Stop is still sent */
	return true;
}

void acct_recovered(struct acct *a, const struct acct_time *t)
{
	struct htab_node *n = htab_next(&a->sessions, NULL);

	while (n) {
		struct acct_session *s = ze_container_of(n, struct acct_session, in_sessions);

		n = htab_next(&a->sessions, n);
		if (!s->previous)
			continue;
		s->place = ++a->last_place;
		session_write(a, s, ACCT_CAUSE_NAS_REBOOT);
		a->n.recovered++;
		if (s->start_acked)
			a->n.unsent++;
		session_free(a, s);
	}
	a->recovered = true;
	pump(a, t);
}

/* ---- events ---- */

int acct_start(struct acct *a, const struct acct_session_up *up, const struct acct_time *t)
{
	struct acct_session *s;
	struct acct_row row = { .id = up->id, .up = t->wall, .seen = t->wall, .attrs = up->attrs };

	if (session_find(a, up->id))
		return -EEXIST;
	if (a->n.rows >= ACCT_ROWS_MAX || up->attrs.len > ACCT_ATTRS_MAX) {
		a->n.refused++;
		return -ENOSPC;
	}
	s = session_add(a, up->id);
	if (s) {
		s->interim_s = up->interim_s;
		s->handle = up->handle;
		s->up = s->seen = t->wall;
		s->up_at = t->now;
	}
	if (!s || session_first_due(a, s, t->now) < 0) {
		if (s)
			session_free(a, s);
		a->n.refused++;
		return -ENOMEM;
	}
	s->place = row.place = ++a->last_place;
	a->n.last_id = later(a->n.last_id, up->id);
	a->n.sessions++;
	a->n.rows++;
	a->n.unsent++;
	a->ops->write(a->self, ACCT_WRITE_NEW, &row);
	if (!a->reachable)
		session_unstarted(a, s);
	pump(a, t);
	return 0;
}

void acct_change(struct acct *a, const struct acct_session_up *up, const struct acct_time *t)
{
	struct acct_session *s = session_find(a, up->id);
	const struct acct_row row = { .id = up->id, .attrs = up->attrs };

	if (!s || s->previous || s->down || up->attrs.len > ACCT_ATTRS_MAX)
		return;
	a->ops->write(a->self, ACCT_WRITE_ATTRS, &row);
	s->handle = up->handle;
	if (s->interim_s != up->interim_s) {
		s->interim_s = up->interim_s;
		session_first_due(a, s, t->now); /* its timer runs, so that this cannot fail */
	}
}

bool acct_handle(const struct acct *a, uint64_t id, uint32_t *ret)
{
	const struct acct_session *s = session_find(a, id);

	if (!s || s->previous)
		return false;
	*ret = s->handle;
	return true;
}

void acct_down(struct acct *a, uint64_t id, const struct acct_time *t)
{
	struct acct_session *s = session_find(a, id);

	if (!s || s->previous || s->down)
		return;
	session_lasted(s, t);
	s->down = true;
}

void acct_stop(struct acct *a, uint64_t id, uint8_t cause, const struct acct_counts *counts,
	       const struct acct_time *t)
{
	struct acct_session *s = session_find(a, id);

	if (!s || s->previous)
		return;
	if (counts)
		session_counts(s, counts);
	if (!s->down)
		session_lasted(s, t);
	s->place = ++a->last_place;
	session_write(a, s, cause);
	a->n.sessions--;
	if (s->start_acked)
		a->n.unsent++;
	session_free(a, s);
	pump(a, t);
}

void acct_system(struct acct *a, enum acct_status status, const struct acct_time *t)
{
	if (a->system_in_flight)
		a->ops->cancel(a->self, SYSTEM_COOKIE);
	a->system_in_flight = false;
	a->system = status;
	pump(a, t);
}

bool acct_idle(const struct acct *a)
{
	return rows_idle(a) && !a->system;
}

/* ---- time ---- */

/* Whether there is something to do when the pause ends. */
static bool paused(const struct acct *a)
{
	if (!a->pause_until)
		return false;
	if (a->system == ACCT_ON)
		return !a->system_in_flight;
	if (!list_empty(&a->queue))
		return a->reachable || !a->in_flight;
	return a->load.failed || (a->system && !a->system_in_flight && rows_idle(a));
}

ze_ns acct_deadline(const struct acct *a)
{
	ze_ns due = timer_heap_next(&a->timers);

	return paused(a) ? ze_min_ns(due, a->pause_until) : due;
}

static void session_due(struct acct *a, struct acct_session *s, const struct acct_time *t)
{
	struct acct_counts c;

	if (!s->down && a->ops->counts(a->self, s->handle, &c))
		session_counts(s, &c);
	if (!s->down)
		session_lasted(s, t);
	/* Only the row, while no server answers or another record of the session is under way. */
	if (!s->down && s->interim_s && s->start_acked && acct_may_send(a, t->now) &&
	    !job_find(a, s->id))
		s->place = ++a->last_place;
	session_write(a, s, 0);
	timer_set(&a->timers, &s->due, t->now + ZE_SEC(session_period_s(s))); /* it was armed */
}

void acct_expire(struct acct *a, const struct acct_time *t)
{
	for (unsigned i = 0; i < ACCT_EXPIRE_MAX; i++) {
		struct timer *due = timer_heap_pop(&a->timers, t->now);

		if (!due)
			break;
		session_due(a, ze_container_of(due, struct acct_session, due), t);
	}
	if (a->pause_until && t->now >= a->pause_until && a->reachable)
		a->pause_until = 0;
	pump(a, t);
}

/* ---- life ---- */

struct acct *acct_new(const struct acct_ops *ops, void *self, const struct rng *rng)
{
	struct acct *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->ops = ops;
	a->self = self;
	a->rng = rng;
	a->reachable = true;
	a->acked = -1;
	a->backoff = ACCT_RETRY_MIN;
	list_init(&a->queue);
	list_init(&a->done);
	timer_heap_init(&a->timers);
	return a;
}

void acct_free(struct acct *a)
{
	struct htab_node *n;

	if (!a)
		return;
	if (a->system_in_flight)
		a->ops->cancel(a->self, SYSTEM_COOKIE);
	while ((n = htab_next(&a->jobs, NULL))) {
		struct acct_job *j = ze_container_of(n, struct acct_job, in_jobs);

		if (j->in_flight)
			a->ops->cancel(a->self, j->row.id);
		job_free(a, j);
	}
	while ((n = htab_next(&a->sessions, NULL)))
		session_free(a, ze_container_of(n, struct acct_session, in_sessions));
	timer_heap_done(&a->timers);
	free(a);
}

void acct_stats(const struct acct *a, struct acct_stats *ret)
{
	const struct htab_node *n = NULL;

	*ret = a->n;
	ret->in_flight = a->in_flight;
	ret->reachable = a->reachable;
	while ((n = htab_next(&a->jobs, n))) {
		const struct acct_job *j = ze_container_of(n, struct acct_job, in_jobs);
		uint64_t at = job_next(j) == ACCT_START ? j->row.up : j->row.seen;

		if (job_next(j) && (!ret->oldest_at || at < ret->oldest_at))
			ret->oldest_at = at;
	}
}
