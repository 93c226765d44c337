/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/state/acct_store.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/sys/run/kworker.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/state/acct_db.h"

#define RETRY_S 1.0

struct store_op { /* a write, or a read */
	struct list at;
	bool load;
	enum acct_write_kind kind;
	struct acct_row row; /* of a read: place is `after` */
	size_t n;
	uint8_t attrs[];
};

struct acct_store {
	struct loop *loop;
	struct acct *acct;
	char *path; /* for the log */
	struct acct_db *db;

	struct kworker *worker;
	struct kseq seq;
	struct kjob job;
	struct ev_async wake;
	struct ev_timer retry;
	bool running;

	struct list queue; /* the reactor's */
	size_t queued;	   /* operations in both queues */

	/* The thread's while the job is running, else the reactor's. */
	struct list work;
	struct list rows; /* that were read; after each read an operation with `load` */
	size_t finished;  /* operations since the job began */
	size_t committed; /* transactions */
	int error;

	struct store_op *reader; /* the operation of a read, which must not fail; NULL: in use */
	struct acct_store_stats n;
};

/* ---- queues ---- */

static struct store_op *store_first(const struct list *q)
{
	return list_empty(q) ? NULL : list_entry(q->next, struct store_op, at);
}

/* Frees the first n operations, or all when there are fewer. */
static void store_free(struct list *q, size_t n)
{
	struct list *pos, *tmp;

	list_for_each_safe(pos, tmp, q) {
		if (!n--)
			break;
		list_del(pos);
		free(list_entry(pos, struct store_op, at));
	}
}

static struct store_op *store_op_new(const struct acct_row *row)
{
	struct store_op *op = malloc(sizeof(*op) + row->attrs.len);

	if (!op)
		return NULL;
	memset(op, 0, sizeof(*op));
	list_init(&op->at);
	op->row = *row;
	if (row->attrs.len)
		memcpy(op->attrs, row->attrs.p, row->attrs.len);
	op->row.attrs = span_of(op->attrs, row->attrs.len);
	return op;
}

/* ---- on the thread ---- */

static int store_keep(void *arg, const struct acct_row *row)
{
	struct store_op *op = store_op_new(row);

	if (!op)
		return -ENOMEM;
	list_add_tail(arg, &op->at);
	return 0;
}

/* Rows that were read when the read fails are dropped: it is done again. */
static int store_read(struct acct_store *s, struct store_op *op)
{
	struct list rows;
	int r;

	list_init(&rows);
	r = acct_db_read(s->db, op->row.place, op->n, store_keep, &rows);
	if (r < 0) {
		store_free(&rows, SIZE_MAX);
		return r;
	}
	list_splice_tail(&s->rows, &rows);
	list_del(&op->at);
	list_add_tail(&s->rows, &op->at);
	s->finished++;
	return 0;
}

/* Writes what is at the head of the queue, up to the next read, in one transaction. The operations
 * leave the queue when it is on disk. */
static int store_transaction(struct acct_store *s)
{
	struct list *pos;
	size_t n = 0;
	int r = acct_db_begin(s->db);

	if (r < 0)
		return r;
	list_for_each(pos, &s->work) {
		const struct store_op *op = list_entry(pos, struct store_op, at);

		if (op->load || r < 0)
			break;
		r = acct_db_write(s->db, op->kind, &op->row);
		n++;
	}
	if (r == 0)
		r = acct_db_commit(s->db);
	if (r < 0) {
		acct_db_rollback(s->db);
		return r;
	}
	s->finished += n;
	s->committed++;
	store_free(&s->work, n);
	return 0;
}

static void store_run(struct kjob *j, void *thread)
{
	struct acct_store *s = ze_container_of(j, struct acct_store, job);

	struct store_op *op;

	(void)thread;
	s->error = 0;
	while ((op = store_first(&s->work)) && s->error == 0)
		s->error = op->load ? store_read(s, op) : store_transaction(s);
}

/* ---- on the reactor ---- */

static void store_submit(struct acct_store *s);

static void store_report(struct acct_store *s)
{
	int before = s->n.error;

	s->n.error = s->error;
	s->n.commits += s->committed;
	s->committed = 0;
	if (s->error < 0)
		s->n.failures++;
	if (s->error < 0 && !before)
		log_kv(LOG_AAA, LOG_ERROR, "accounting-store-failed", KV_STR("path", s->path),
		       KV_ERRNO(s->error), KV_STR("text", acct_db_error(s->db)),
		       KV_U64("queued", s->queued),
		       KV_STR("cure", "nothing is lost while ze runs; make the disk writable"));
	else if (s->error == 0 && before)
		log_kv(LOG_AAA, LOG_INFO, "accounting-store-works", KV_STR("path", s->path));
}

/* Gives what was read to the accounting, which may write and read again. */
static void store_deliver(struct acct_store *s, struct list *rows)
{
	const struct acct_time t = { loop_now(s->loop), (uint64_t)(loop_wall_ns() / ZE_SEC(1)) };
	struct store_op *op;

	while ((op = store_first(rows))) {
		list_del(&op->at);
		if (op->load)
			s->reader = op;
		if (s->acct && op->load)
			acct_loaded(s->acct, &t);
		else if (s->acct)
			acct_load(s->acct, &op->row);
		if (!op->load)
			free(op);
	}
}

static void store_done(struct kjob *j)
{
	struct acct_store *s = ze_container_of(j, struct acct_store, job);
	struct list rows;

	list_init(&rows);
	list_splice_tail(&rows, &s->rows);
	s->queued -= s->finished;
	s->finished = 0;
	s->running = false;
	store_report(s);
	if (s->error < 0)
		ev_timer_again(loop_ev(s->loop), &s->retry);
	store_deliver(s, &rows);
	store_submit(s);
	loop_turn_done(s->loop);
}

static void store_submit(struct acct_store *s)
{
	if (s->running || ev_is_active(&s->retry))
		return;
	list_splice_tail(&s->work, &s->queue);
	if (list_empty(&s->work))
		return;
	s->running = true;
	s->job.run = store_run;
	s->job.done = store_done;
	kworker_submit(s->worker, &s->seq, &s->job);
}

static void store_retry(struct ev_loop *l, struct ev_timer *w, int events)
{
	struct acct_store *s = ze_container_of(w, struct acct_store, retry);

	(void)events;
	ev_timer_stop(l, w);
	store_submit(s);
}

static void store_wake(struct ev_loop *l, struct ev_async *w, int events)
{
	struct acct_store *s = ze_container_of(w, struct acct_store, wake);

	(void)l;
	(void)events;
	kworker_reap(s->worker);
}

static void store_notify(void *self)
{
	struct acct_store *s = self;

	ev_async_send(loop_ev(s->loop), &s->wake);
}

static int store_thread_new(void *self, void **ret_thread)
{
	(void)self;
	*ret_thread = NULL;
	return 0;
}

static void store_thread_free(void *self, void *thread)
{
	(void)self;
	(void)thread;
}

static void store_add(struct acct_store *s, struct store_op *op)
{
	list_add_tail(&s->queue, &op->at);
	s->queued++;
	store_submit(s);
}

void acct_store_write(struct acct_store *s, enum acct_write_kind kind, const struct acct_row *row)
{
	struct store_op *op = s->queued < ACCT_STORE_QUEUE_MAX ? store_op_new(row) : NULL;

	if (!op) {
		if (!s->n.dropped++)
			log_kv(LOG_AAA, LOG_ERROR, "accounting-lost", KV_STR("path", s->path),
			       KV_U64("queued", s->queued),
			       KV_STR("cure", "the disk is too slow or has failed"));
		return;
	}
	op->kind = kind;
	store_add(s, op);
}

void acct_store_load(struct acct_store *s, uint64_t after, size_t n)
{
	struct store_op *op = s->reader;

	s->reader = NULL;
	op->row.place = after;
	op->n = n;
	store_add(s, op);
}

void acct_store_stats(const struct acct_store *s, struct acct_store_stats *ret)
{
	*ret = s->n;
	ret->queued = s->queued;
}

/* ---- life ---- */

static int store_open_db(struct acct_store *s)
{
	char aside[4096];
	int r = acct_db_open(s->path, &s->db);

	if (r == 0)
		return 0;
	log_kv(LOG_AAA, LOG_ERROR, "accounting-store-failed", KV_STR("path", s->path), KV_ERRNO(r),
	       KV_STR("cure", r == -EBADMSG ?
				      "it is renamed to PATH.damaged, and a new one is begun" :
			      r == -EPROTONOSUPPORT ? "a newer version of ze has written it" :
						      "look at the folder and its mode"));
	if (r != -EBADMSG || !s->path ||
	    snprintf(aside, sizeof(aside), "%s.damaged", s->path) >= (int)sizeof(aside) ||
	    rename(s->path, aside) < 0)
		return r;
	for (const char *const *end = (const char *const[]){ "-wal", "-shm", NULL }; *end; end++) {
		snprintf(aside, sizeof(aside), "%s%s", s->path, *end);
		remove(aside);
	}
	return acct_db_open(s->path, &s->db);
}

static int store_start(struct acct_store *s)
{
	const struct acct_row none = { .id = 0 };
	int r = store_open_db(s);

	if (r < 0)
		return r;
	s->reader = store_op_new(&none);
	if (!s->reader)
		return -ENOMEM;
	s->reader->load = true;
	return kworker_new(&(struct kworker_args){ .threads = 1,
						   .thread_new = store_thread_new,
						   .thread_free = store_thread_free,
						   .notify = store_notify,
						   .self = s },
			   &s->worker);
}

int acct_store_open(const struct acct_store_args *a, struct acct_store **ret)
{
	struct acct_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->loop = a->loop;
	s->acct = a->acct;
	s->path = a->path ? strdup(a->path) : NULL;
	list_init(&s->queue);
	list_init(&s->work);
	list_init(&s->rows);
	kworker_seq_init(&s->seq);
	ev_async_init(&s->wake, store_wake);
	ev_async_start(loop_ev(s->loop), &s->wake);
	ev_init(&s->retry, store_retry);
	s->retry.repeat = RETRY_S;
	r = a->path && !s->path ? -ENOMEM : store_start(s);
	if (r < 0) {
		acct_store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void acct_store_close(struct acct_store *s)
{
	if (!s)
		return;
	s->acct = NULL;
	if (s->worker) {
		ev_timer_stop(loop_ev(s->loop), &s->retry);
		store_submit(s);
		kworker_wait(s->worker);
		kworker_free(s->worker);
	}
	if (s->queued)
		log_kv(LOG_AAA, LOG_ERROR, "accounting-lost", KV_STR("path", s->path),
		       KV_U64("queued", s->queued), KV_ERRNO(s->error),
		       KV_STR("cure", "the disk has failed"));
	ev_timer_stop(loop_ev(s->loop), &s->retry);
	ev_async_stop(loop_ev(s->loop), &s->wake);
	store_free(&s->queue, SIZE_MAX);
	store_free(&s->work, SIZE_MAX);
	store_free(&s->rows, SIZE_MAX);
	free(s->reader);
	acct_db_close(s->db);
	free(s->path);
	free(s);
}

void acct_store_set_acct(struct acct_store *s, struct acct *acct)
{
	s->acct = acct;
}

static int recover_row(void *arg, const struct acct_row *row)
{
	int r = acct_recover(arg, row);

	return r == -EEXIST ? 0 : r;
}

int acct_store_recover(struct acct_store *s)
{
	return acct_db_each(s->db, recover_row, s->acct);
}
