/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounting in virtual time, with a store and a server of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/acct.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/test_rng.h"

#define ROWS_MAX 12000
#define WALL0	 1700000000ULL
#define ATTRS	 "attributes"
#define HANDLE	 0x5a000000U /* of session 0 */

/* ---- the store: writes and reads are in one queue and are done later, in order ---- */

struct stored {
	bool used;
	struct acct_row row;
	char attrs[32];
};

struct todo {
	bool load;
	enum acct_write_kind kind;
	struct acct_row row;
	char attrs[32];
	uint64_t after;
	size_t n;
};

struct request { /* a record that the server has, and has not answered */
	uint64_t cookie;
	enum acct_status status;
};

struct seen { /* what the server has acknowledged for a session; index: its id */
	unsigned starts, interims, stops;
	struct acct_counts counts;
	uint32_t time_s;
	uint8_t cause;
	uint64_t stop_at;
};

static struct {
	struct acct *a;
	struct test_rng rng;
	struct acct_time t;
	struct stored rows[ROWS_MAX];
	struct todo todo[ROWS_MAX * 3];
	size_t n_todo;
	struct request req[ACCT_WINDOW + 2];
	size_t n_req, most_req;
	struct seen seen[ROWS_MAX];
	unsigned ons, offs;
	int send_error;
	uint64_t unusable; /* the session whose records cannot be sent; 0: none */
	bool known;	   /* the data plane has counters */
	struct acct_counts counts;
	unsigned reads;
	int reachable; /* the last note; -1: none */
	unsigned notes, unstarted;
	uint64_t interim_second[8000];
} w;

static struct stored *stored(uint64_t id)
{
	assert_true(id < ROWS_MAX);
	return w.rows[id].used ? &w.rows[id] : NULL;
}

static void attrs_copy(char to[32], struct span from)
{
	assert_true(from.len < 32);
	memset(to, 0, 32);
	if (from.len)
		memcpy(to, from.p, from.len);
}

static void w_write(void *self, enum acct_write_kind kind, const struct acct_row *row)
{
	struct todo *d = &w.todo[w.n_todo++];

	(void)self;
	assert_true(w.n_todo <= ROWS_MAX * 3);
	*d = (struct todo){ .kind = kind, .row = *row };
	attrs_copy(d->attrs, row->attrs);
}

static void w_load(void *self, uint64_t after, size_t n)
{
	(void)self;
	assert_true(n > 0 && n <= ACCT_WINDOW);
	w.todo[w.n_todo++] = (struct todo){ .load = true, .after = after, .n = n };
}

static int w_send(void *self, uint64_t cookie, enum acct_status status, const struct acct_row *row,
		  uint64_t at)
{
	(void)self;
	if (w.send_error)
		return w.send_error;
	if (w.unusable && cookie == w.unusable)
		return -EBADMSG;
	assert_true(w.n_req < ACCT_WINDOW + 2);
	assert_true(at >= WALL0);
	if (row) {
		assert_int_equal(cookie, row->id);
		assert_memory_equal(row->attrs.p, ATTRS, row->attrs.len);
		assert_int_equal(row->attrs.len, sizeof(ATTRS) - 1);
		/* What is sent is on disk. */
		assert_non_null(stored(row->id));
		assert_true(status != ACCT_STOP || row->cause);
	}
	for (size_t i = 0; i < w.n_req; i++)
		assert_true(w.req[i].cookie != cookie);
	w.req[w.n_req++] = (struct request){ cookie, status };
	if (w.n_req > w.most_req)
		w.most_req = w.n_req;
	if (row) {
		struct seen *s = &w.seen[cookie];

		assert_true(row->counts.octets_in >= s->counts.octets_in);
		assert_true(row->time_s >= s->time_s);
		assert_true(status == ACCT_START || s->starts);
		assert_int_equal(s->stops, 0);
		s->counts = row->counts;
		s->time_s = row->time_s;
		if (status == ACCT_STOP) {
			s->cause = row->cause;
			s->stop_at = at;
		}
		if (status == ACCT_INTERIM)
			w.interim_second[(w.t.now / ZE_SEC(1)) % 8000]++;
	}
	return 0;
}

static void w_cancel(void *self, uint64_t cookie)
{
	(void)self;
	for (size_t i = 0; i < w.n_req; i++)
		if (w.req[i].cookie == cookie) {
			w.req[i] = w.req[--w.n_req];
			return;
		}
	fail();
}

static bool w_counts(void *self, uint32_t handle, struct acct_counts *ret)
{
	(void)self;
	assert_true(handle >> 24 == HANDLE >> 24);
	w.reads++;
	*ret = w.counts;
	return w.known;
}

static void w_reachable(void *self, bool yes)
{
	(void)self;
	w.reachable = yes;
	w.notes++;
}

static void w_unstarted(void *self, uint64_t id, uint32_t handle)
{
	(void)self;
	assert_int_equal(handle, HANDLE | id);
	w.unstarted++;
}

static const struct acct_ops ops = {
	w_write, w_load, w_send, w_cancel, w_counts, w_reachable, w_unstarted,
};

static void apply(const struct todo *d)
{
	struct stored *s = stored(d->row.id);

	if (d->kind == ACCT_WRITE_NEW) {
		assert_null(s);
		s = &w.rows[d->row.id];
		s->used = true;
		s->row = d->row;
		memcpy(s->attrs, d->attrs, sizeof(s->attrs));
		s->row.attrs = span_str(s->attrs);
		return;
	}
	assert_non_null(s);
	if (d->kind == ACCT_WRITE_COUNTS) {
		s->row.place = d->row.place;
		s->row.seen = d->row.seen;
		s->row.time_s = d->row.time_s;
		s->row.cause = d->row.cause;
		s->row.counts = d->row.counts;
	} else if (d->kind == ACCT_WRITE_ATTRS) {
		memcpy(s->attrs, d->attrs, sizeof(s->attrs));
		s->row.attrs = span_str(s->attrs);
	} else if (d->kind == ACCT_WRITE_ACKED) {
		s->row.start_acked = true;
		if (s->row.place == d->row.place)
			s->row.place = 0;
	} else {
		s->used = false;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct stored *const *x = a, *const *y = b;

	return (*x)->row.place < (*y)->row.place ? -1 : 1;
}

static void load(const struct todo *d)
{
	static const struct stored *found[ROWS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ROWS_MAX; i++)
		if (w.rows[i].used && w.rows[i].row.place > d->after)
			found[n++] = &w.rows[i];
	qsort(found, n, sizeof(found[0]), by_place);
	for (size_t i = 0; i < n && i < d->n; i++)
		acct_load(w.a, &found[i]->row);
	acct_loaded(w.a, &w.t);
}

/* Does what the store was asked for until now. */
static void store_run(void)
{
	static struct todo now[ROWS_MAX * 3];
	size_t n = w.n_todo;

	memcpy(now, w.todo, n * sizeof(now[0]));
	w.n_todo = 0;
	for (size_t i = 0; i < n; i++)
		if (now[i].load)
			load(&now[i]);
		else
			apply(&now[i]);
}

/* ---- the server ---- */

static void server_one(bool up)
{
	struct request r = w.req[0];
	struct seen *s = &w.seen[r.cookie];

	memmove(w.req, w.req + 1, --w.n_req * sizeof(w.req[0]));
	if (up) {
		s->starts += r.status == ACCT_START;
		s->interims += r.status == ACCT_INTERIM;
		s->stops += r.status == ACCT_STOP;
		w.ons += r.status == ACCT_ON;
		w.offs += r.status == ACCT_OFF;
	}
	acct_answered(w.a, r.cookie, up, &w.t);
}

static void server_run(bool up)
{
	for (size_t n = w.n_req; n; n--)
		server_one(up);
}

/* Runs until nothing happens at this time any more. */
static void settle(bool up)
{
	while (w.n_todo || w.n_req) {
		store_run();
		server_run(up);
	}
}

/* Lets time pass, and handles all that is due. */
static void pass(ze_ns d, bool up)
{
	ze_ns end = w.t.now + d;
	unsigned turns = 0;

	settle(up);
	for (;;) {
		ze_ns due = acct_deadline(w.a);

		if (due > end)
			break;
		if (due > w.t.now) {
			w.t.now = due;
			turns = 0;
		}
		assert_true(++turns < 20000); /* a deadline that nothing moves */
		w.t.wall = WALL0 + (uint64_t)(w.t.now / ZE_SEC(1));
		acct_expire(w.a, &w.t);
		settle(up);
	}
	w.t.now = end;
	w.t.wall = WALL0 + (uint64_t)(w.t.now / ZE_SEC(1));
}

static void begin(void)
{
	w.a = acct_new(&ops, NULL, &w.rng.rng);
	assert_non_null(w.a);
	w.n_req = 0;
	w.n_todo = 0;
}

static int setup(void **st)
{
	(void)st;
	memset(&w, 0, sizeof(w));
	test_rng_init(&w.rng, 1);
	w.t = (struct acct_time){ ZE_SEC(1000), WALL0 + 1000 };
	w.reachable = -1;
	w.known = true;
	begin();
	acct_recovered(w.a, &w.t);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	acct_free(w.a);
	assert_int_equal(w.n_req, 0);
	return 0;
}

static int try_start(uint64_t id, struct span attrs, uint32_t interim_s)
{
	return acct_start(w.a,
			  &(struct acct_session_up){ id, attrs, interim_s, HANDLE | (uint32_t)id },
			  &w.t);
}

static void start(uint64_t id, uint32_t interim_s)
{
	assert_int_equal(try_start(id, span_str(ATTRS), interim_s), 0);
}

static bool go_on(uint64_t id, uint32_t time_s)
{
	const struct acct_session_up up = { .id = id,
					    .interim_s = 60,
					    .handle = HANDLE | (uint32_t)id };

	return acct_continue(w.a, &up, time_s, &w.t);
}

static void change(uint64_t id, uint32_t interim_s)
{
	acct_change(w.a,
		    &(struct acct_session_up){ id, span_str(ATTRS), interim_s,
					       HANDLE | 0x10000 | (uint32_t)id },
		    &w.t);
}

static void stop(uint64_t id)
{
	acct_stop(w.a, id, 1, &w.counts, &w.t);
}

static struct acct_stats stats(void)
{
	struct acct_stats s;

	acct_stats(w.a, &s);
	return s;
}

/* The process ends without warning, and what the store was not asked to write by then is lost; a
 * new instance begins with what is on disk. */
static void killed(void)
{
	acct_free(w.a);
	begin();
	for (size_t i = 0; i < ROWS_MAX; i++)
		if (w.rows[i].used)
			assert_int_equal(acct_recover(w.a, &w.rows[i].row), 0);
}

/* ---- tests ---- */

/* S-AAA-54: one Start, Interim-Updates, one Stop. R-031: they are cumulative. */
static void one_session(void **st)
{
	(void)st;
	start(7, 300);
	assert_int_equal(w.n_req, 0); /* nothing is sent before it is on disk */
	settle(true);
	assert_int_equal(w.seen[7].starts, 1);
	w.counts = (struct acct_counts){ 100, 200, 1, 2 };
	pass(ZE_SEC(460), true);
	assert_in_range(w.seen[7].interims, 1, 2);
	assert_int_equal(w.seen[7].counts.octets_out, 200);
	pass(ZE_SEC(600), true);
	assert_in_range(w.seen[7].interims, 3, 4);
	w.counts.octets_in = 1000;
	stop(7);
	settle(true);
	assert_int_equal(w.seen[7].stops, 1);
	assert_int_equal(w.seen[7].counts.octets_in, 1000);
	assert_int_equal(w.seen[7].time_s, 1060);
	assert_int_equal(w.seen[7].cause, 1);
	assert_null(stored(7));
	assert_true(acct_idle(w.a));
	assert_int_equal(acct_deadline(w.a), ZE_NEVER);
	assert_int_equal(stats().rows, 0);
	assert_int_equal(stats().unsent, 0);
}

static void ends_before_the_start_is_acknowledged(void **st)
{
	(void)st;
	start(1, 0);
	store_run();
	assert_int_equal(w.n_req, 1);
	stop(1);
	store_run();
	assert_int_equal(w.n_req, 1); /* in order */
	settle(true);
	assert_int_equal(w.seen[1].starts, 1);
	assert_int_equal(w.seen[1].stops, 1);
	assert_int_equal(stats().unsent, 0);
}

static void ends_before_the_start_is_written(void **st)
{
	(void)st;
	start(1, 0);
	stop(1);
	settle(true);
	assert_int_equal(w.seen[1].starts, 1);
	assert_int_equal(w.seen[1].stops, 1);
	assert_int_equal(stats().rows, 0);
}

/* The Start is acknowledged while a read of the store is under way that began before. */
static void acknowledged_during_a_read(void **st)
{
	(void)st;
	start(1, 0);
	store_run();
	start(2, 0);
	stop(1); /* both are to be read; the read is not done yet */
	server_run(true);
	settle(true);
	assert_int_equal(w.seen[1].starts, 1);
	assert_int_equal(w.seen[1].stops, 1);
	assert_int_equal(w.seen[2].starts, 1);
}

/* S-AAA-63, R-034: the server is away for ten minutes; nothing is lost, and memory is bounded. */
static void server_away(void **st)
{
	(void)st;
	for (uint64_t id = 1; id <= 5000; id++)
		start(id, 60);
	settle(false);
	assert_int_equal(w.reachable, 0);
	for (uint64_t id = 1; id <= 2500; id++)
		stop(id);
	settle(false);
	pass(ZE_SEC(600), false);
	assert_int_equal(w.notes, 1);
	assert_int_equal(w.unstarted, 5000); /* those that wait in the store, too */
	start(5001, 60);
	assert_int_equal(w.unstarted, 5001);
	stop(5001);
	assert_true(w.most_req <= ACCT_WINDOW + 1);
	assert_int_equal(stats().unsent, 5001);
	pass(ZE_SEC(61), true);
	assert_int_equal(w.reachable, 1);
	for (uint64_t id = 1; id <= 5000; id++) {
		assert_int_equal(w.seen[id].starts, 1);
		assert_int_equal(w.seen[id].stops, id <= 2500);
		if (id <= 2500)
			assert_int_equal(w.seen[id].stop_at, WALL0 + 1000);
	}
	assert_int_equal(stats().unsent, 0);
	assert_int_equal(stats().rows, 2500);
}

/* A server that does not acknowledge one record, but newer ones, is there. */
static void one_record_is_refused(void **st)
{
	struct request first;

	(void)st;
	start(1, 0);
	start(2, 0);
	store_run();
	store_run();
	assert_int_equal(w.n_req, 2);
	first = w.req[0];
	w.req[0] = w.req[1];
	w.req[1] = first;
	w.t.now += ZE_SEC(1);
	server_one(true);
	w.t.now += ZE_SEC(1);
	server_one(false);
	assert_int_equal(w.notes, 0);
	assert_int_equal(w.unstarted, 0);
	assert_true(stats().reachable);
	settle(true);
	assert_int_equal(w.seen[1].starts, 1);
	assert_int_equal(stats().unsent, 0);
}

/* While no server answers, one record is tried at a time, at most once in a minute. */
static void tries_rarely(void **st)
{
	uint64_t before;

	(void)st;
	for (uint64_t id = 1; id <= 100; id++)
		start(id, 0);
	store_run();
	store_run();
	assert_int_equal(w.most_req, 100);
	settle(false);
	w.most_req = 0;
	before = stats().retries;
	pass(ZE_SEC(3600), false);
	assert_int_equal(w.most_req, 1);
	assert_in_range(stats().retries - before, 60, 70);
	acct_server_back(w.a, &w.t);
	settle(true);
	assert_int_equal(stats().unsent, 0);
}

static void send_error_is_tried_again(void **st)
{
	(void)st;
	w.send_error = -12;
	start(1, 0);
	settle(true);
	assert_int_equal(w.seen[1].starts, 0);
	assert_int_equal(w.notes, 0);
	w.send_error = 0;
	pass(ACCT_RETRY_MIN, true);
	assert_int_equal(w.seen[1].starts, 1);
}

/* An Interim-Update without an answer is not repeated; the next one has the counters. */
static void interim_lost(void **st)
{
	(void)st;
	start(1, 60);
	settle(true);
	w.counts.octets_in = 5;
	pass(ZE_SEC(91), false);
	assert_int_equal(stats().interims_lost, 1);
	assert_int_equal(stored(1)->row.counts.octets_in, 5);
	w.counts.octets_in = 6;
	pass(ZE_SEC(60), true); /* the next one finds the server again */
	assert_int_equal(w.reachable, 1);
	assert_int_equal(w.seen[1].counts.octets_in, 6);
	assert_int_equal(stored(1)->row.counts.octets_in, 6);
	stop(1);
	pass(ZE_SEC(61), true);
	assert_int_equal(w.seen[1].stops, 1);
}

/* S-AAA-65: the Interim-Updates of sessions that were up at the same time are spread. */
static void interims_are_spread(void **st)
{
	unsigned most = 0;

	(void)st;
	for (uint64_t id = 1; id <= 10000; id++)
		start(id, 300);
	settle(true);
	pass(ZE_SEC(900), true);
	for (size_t i = 0; i < 8000; i++)
		most = w.interim_second[i] > most ? (unsigned)w.interim_second[i] : most;
	assert_in_range(most, 33, 2 * 10000 / 300);
}

/* What the data plane says never makes a counter go back. */
static void counters_never_decrease(void **st)
{
	(void)st;
	start(1, 60);
	settle(true);
	w.counts = (struct acct_counts){ 100, 100, 10, 10 };
	pass(ZE_SEC(100), true);
	w.counts = (struct acct_counts){ 50, 200, 5, 20 };
	stop(1);
	settle(true);
	assert_int_equal(w.seen[1].counts.octets_in, 100);
	assert_int_equal(w.seen[1].counts.octets_out, 200);
}

static void final_counters_not_known(void **st)
{
	(void)st;
	start(1, 60);
	settle(true);
	w.counts.octets_in = 77;
	pass(ZE_SEC(100), true);
	acct_stop(w.a, 1, 9, NULL, &w.t);
	settle(true);
	assert_int_equal(w.seen[1].counts.octets_in, 77);
	assert_int_equal(w.seen[1].cause, 9);
}

static void wall_clock_steps_back(void **st)
{
	(void)st;
	start(1, 60);
	settle(true);
	w.t.now += ZE_SEC(30);
	w.t.wall -= 3600;
	stop(1);
	settle(true);
	assert_int_equal(w.seen[1].time_s, 30);
	assert_int_equal(w.seen[1].stop_at, WALL0 + 1000);
}

/* S-AAA-61, S-AAA-62: sessions that ended with the daemon get a Stop, the others continue. */
static void restart(void **st)
{
	(void)st;
	for (uint64_t id = 1; id <= 4; id++)
		start(id, 60);
	settle(true);
	w.counts.octets_in = 9;
	pass(ZE_SEC(95), true);
	killed();
	w.t.now += ZE_SEC(10);
	w.t.wall += 10;
	assert_int_equal(stats().last_id, 4);
	assert_true(go_on(1, 105));
	assert_false(go_on(1, 105));
	assert_false(go_on(99, 0));
	acct_recovered(w.a, &w.t);
	settle(true);
	assert_int_equal(w.seen[1].starts, 1);
	assert_int_equal(w.seen[1].stops, 0);
	for (uint64_t id = 2; id <= 4; id++) {
		assert_int_equal(w.seen[id].starts, 1);
		assert_int_equal(w.seen[id].stops, 1);
		assert_int_equal(w.seen[id].cause, ACCT_CAUSE_NAS_REBOOT);
		assert_int_equal(w.seen[id].counts.octets_in, 9);
		assert_in_range(w.seen[id].stop_at, WALL0 + 1030, WALL0 + 1095);
	}
	assert_int_equal(stats().recovered, 3);
	/* S-AAA-66 */
	w.counts.octets_in = 3;
	stop(1);
	settle(true);
	assert_int_equal(w.seen[1].counts.octets_in, 9);
	assert_int_equal(w.seen[1].time_s, 105);
	assert_int_equal(stats().rows, 0);
	assert_int_equal(stats().unsent, 0);
}

/* The Stops of sessions that ended while every server was away are sent by the next instance. */
static void restart_with_a_backlog(void **st)
{
	(void)st;
	for (uint64_t id = 1; id <= 3000; id++)
		start(id, 0);
	settle(true);
	pass(ZE_SEC(5), true);
	for (uint64_t id = 1; id <= 3000; id++)
		stop(id);
	settle(false);
	killed();
	assert_int_equal(stats().unsent, 3000);
	acct_recovered(w.a, &w.t);
	settle(true);
	for (uint64_t id = 1; id <= 3000; id++) {
		assert_int_equal(w.seen[id].stops, 1);
		assert_int_equal(w.seen[id].cause, 1);
		assert_int_equal(w.seen[id].stop_at, WALL0 + 1005);
	}
	assert_int_equal(stats().rows, 0);
}

/* Accounting-On before everything else, Accounting-Off after it. */
static void on_and_off(void **st)
{
	(void)st;
	acct_system(w.a, ACCT_ON, &w.t);
	start(1, 0);
	store_run();
	assert_int_equal(w.n_req, 1);
	assert_int_equal(w.req[0].status, ACCT_ON);
	server_run(false);
	assert_false(acct_idle(w.a));
	pass(ZE_SEC(2), true);
	assert_int_equal(w.ons, 1);
	assert_int_equal(w.seen[1].starts, 1);
	stop(1);
	acct_system(w.a, ACCT_OFF, &w.t);
	settle(true);
	assert_int_equal(w.seen[1].stops, 1);
	assert_int_equal(w.offs, 1);
	assert_true(acct_idle(w.a));
}

static void off_waits_without_a_server(void **st)
{
	(void)st;
	start(1, 0);
	settle(true);
	stop(1);
	acct_system(w.a, ACCT_OFF, &w.t);
	settle(false);
	pass(ZE_SEC(100), false);
	assert_int_equal(w.offs, 0);
	pass(ZE_SEC(100), true);
	assert_int_equal(w.seen[1].stops, 1);
	assert_int_equal(w.offs, 1);
}

static void refused(void **st)
{
	static uint8_t large[5000];

	(void)st;
	start(1, 0);
	assert_int_equal(try_start(1, span_str(ATTRS), 0), -17);
	assert_int_equal(try_start(2, span_of(large, sizeof(large)), 0), -28);
	acct_stop(w.a, 3, 1, NULL, &w.t);
	change(3, 0);
	acct_down(w.a, 3, &w.t);
	acct_answered(w.a, 3, true, &w.t);
	acct_answered(w.a, 0, true, &w.t);
	settle(true);
	assert_int_equal(stats().refused, 1);
	assert_int_equal(stats().rows, 1);
}

static void changed_interval(void **st)
{
	uint32_t handle;

	(void)st;
	start(1, 0);
	settle(true);
	pass(ZE_SEC(500), true);
	assert_int_equal(w.seen[1].interims, 0);
	change(1, 60);
	assert_true(acct_handle(w.a, 1, &handle));
	assert_int_equal(handle, HANDLE | 0x10001);
	assert_false(acct_handle(w.a, 2, &handle));
	pass(ZE_SEC(91), true);
	assert_in_range(w.seen[1].interims, 1, 2);
}

/* The data plane needs a while to remove a session: that is not a part of its time, and there is no
 * Interim-Update. */
static void down_before_the_final_counters(void **st)
{
	(void)st;
	start(1, 60);
	settle(true);
	pass(ZE_SEC(20), true);
	acct_down(w.a, 1, &w.t);
	acct_down(w.a, 1, &w.t);
	pass(ZE_SEC(200), true);
	assert_int_equal(w.seen[1].interims, 0);
	w.counts.octets_in = 12;
	stop(1);
	settle(true);
	assert_int_equal(w.seen[1].stops, 1);
	assert_int_equal(w.seen[1].time_s, 20);
	assert_int_equal(w.seen[1].stop_at, WALL0 + 1020);
	assert_int_equal(w.seen[1].counts.octets_in, 12);
}

/* A row whose attributes are damaged is not sent, and holds up no other. */
static void record_that_cannot_be_sent(void **st)
{
	(void)st;
	w.unusable = 1;
	start(1, 60);
	start(2, 60);
	settle(true);
	pass(ZE_SEC(100), true);
	assert_int_equal(w.seen[2].starts, 1);
	stop(1);
	stop(2);
	settle(true);
	assert_int_equal(w.seen[1].starts + w.seen[1].interims + w.seen[1].stops, 0);
	assert_int_equal(w.seen[2].stops, 1);
	assert_in_range(stats().unusable, 3, 4);
	assert_int_equal(stats().unsent, 0);
	assert_int_equal(stats().rows, 0);
	assert_int_equal(w.notes, 0);
	assert_true(acct_idle(w.a));
}

/* Each allocation fails once, in a life with a restart: no Start without its Stop. */
static void allocations_fail(void **st)
{
	(void)st;
	assert_true(fail_alloc_works());
	for (int k = 0;; k++) {
		bool hit;
		int r;

		teardown(NULL);
		setup(NULL);
		fail_alloc_at(k);
		r = try_start(1, span_str(ATTRS), 60);
		settle(true);
		pass(ZE_SEC(100), true);
		stop(1);
		pass(ZE_SEC(3), true);
		hit = fail_alloc_hit();
		fail_alloc_off();
		assert_true(r == 0 || r == -12);
		assert_int_equal(w.seen[1].starts, r == 0);
		assert_int_equal(w.seen[1].stops, r == 0);
		assert_int_equal(stats().rows, 0);
		if (!hit)
			break;
		assert_true(k < 100);
	}
}

static uint32_t any(uint32_t n)
{
	return test_rng_below(&w.rng, n);
}

static void something_happens(uint64_t *next, bool up)
{
	uint64_t id = *next - 1 - any(*next > 20 ? 20 : (uint32_t)*next);

	switch (any(6)) {
	case 0:
	case 1:
		start((*next)++, any(2) ? 60 : 0);
		break;
	case 2:
		w.counts.octets_in += 10;
		if (id)
			stop(id);
		break;
	case 3:
		store_run();
		break;
	case 4:
		if (w.n_req)
			server_one(up);
		break;
	default:
		pass(ZE_SEC(any(40)), up);
		break;
	}
}

/* 200 instances, each killed at some moment, with a server that comes and goes: each Start that the
 * server has acknowledged has exactly one Stop, or two when ze was killed before the deletion. */
static void killed_at_any_time(void **st)
{
	uint64_t next = 1;
	unsigned twice = 0;

	(void)st;
	for (int life = 0; life < 200; life++) {
		bool up = any(3) != 0;

		for (unsigned i = any(60); i; i--)
			something_happens(&next, up);
		/* Before the kill: the store has done only a part. The requests are lost. */
		if (any(2))
			store_run();
		for (uint64_t id = 1; id < next; id++)
			if (w.seen[id].stops && stored(id)) {
				twice++;
				w.seen[id].stops = 0;
			}
		killed();
		for (uint64_t id = 1; id < next; id++)
			if (!any(4))
				go_on(id, w.seen[id].time_s);
		acct_recovered(w.a, &w.t);
	}
	for (uint64_t id = 1; id < next; id++)
		stop(id);
	pass(ZE_SEC(200), true);
	settle(true);
	for (uint64_t id = 1; id < next; id++)
		assert_true(w.seen[id].stops == (w.seen[id].starts ? 1 : 0));
	assert_int_equal(stats().rows, 0);
	assert_int_equal(stats().unsent, 0);
	assert_true(twice < next / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(one_session),
		T(ends_before_the_start_is_acknowledged),
		T(ends_before_the_start_is_written),
		T(acknowledged_during_a_read),
		T(server_away),
		T(one_record_is_refused),
		T(tries_rarely),
		T(send_error_is_tried_again),
		T(interim_lost),
		T(interims_are_spread),
		T(counters_never_decrease),
		T(final_counters_not_known),
		T(wall_clock_steps_back),
		T(restart),
		T(restart_with_a_backlog),
		T(on_and_off),
		T(off_waits_without_a_server),
		T(refused),
		T(changed_interval),
		T(down_before_the_final_counters),
		T(record_that_cannot_be_sent),
		T(allocations_fail),
		T(killed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
