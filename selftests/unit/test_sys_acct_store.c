/* SPDX-License-Identifier: BSD-2-Clause */
/* The store of accounting on a real disk, alone and with aaa/acct.h before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aaa/acct.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/state/acct_db.h"
#include "daemon/sys/state/acct_store.h"
#include "selftests/lib/test_rng.h"

#define ATTRS "attributes"
#define IDS   200

static char dir[] = "/tmp/ze-acct-XXXXXX";
static char path[64];

static int group_setup(void **st)
{
	(void)st;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/accounting.db", dir);
	return 0;
}

static void remove_one(const char *end)
{
	char p[96];

	snprintf(p, sizeof(p), "%s%s", path, end);
	unlink(p);
}

static int clean(void **st)
{
	(void)st;
	remove_one("");
	remove_one("-wal");
	remove_one("-shm");
	remove_one(".damaged");
	return 0;
}

static int group_teardown(void **st)
{
	clean(st);
	return rmdir(dir);
}

/* ---- the file ---- */

struct kept {
	struct acct_row row[IDS];
	char attrs[IDS][16];
	size_t n;
};

static int keep(void *arg, const struct acct_row *row)
{
	struct kept *k = arg;

	assert_true(k->n < IDS);
	assert_true(row->attrs.len < 16);
	memset(k->attrs[k->n], 0, 16);
	if (row->attrs.len)
		memcpy(k->attrs[k->n], row->attrs.p, row->attrs.len);
	k->row[k->n++] = *row;
	return 0;
}

static int stop_at_two(void *arg, const struct acct_row *row)
{
	(void)row;
	return ++*(int *)arg == 2 ? -ENOMEM : 0;
}

static struct acct_db *open_db(void)
{
	struct acct_db *db = NULL;

	assert_int_equal(acct_db_open(path, &db), 0);
	return db;
}

static void every_field_is_kept(void **st)
{
	const struct acct_row row = { .id = UINT64_MAX,
				      .place = 7,
				      .up = 1700000000,
				      .seen = 1700000001,
				      .time_s = UINT32_MAX,
				      .cause = 17,
				      .start_acked = true,
				      .counts = { UINT64_MAX, 1ULL << 63, 3, 4 },
				      .attrs = span_of((const uint8_t *)"a\0b", 3) };
	struct acct_db *db = open_db();
	struct kept k = { .n = 0 };
	struct stat s;

	(void)st;
	assert_int_equal(acct_db_begin(db), 0);
	assert_int_equal(acct_db_write(db, ACCT_WRITE_NEW, &row), 0);
	assert_int_equal(acct_db_commit(db), 0);
	acct_db_close(db);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	db = open_db();
	assert_int_equal(acct_db_each(db, keep, &k), 0);
	assert_int_equal(k.n, 1);
	assert_memory_equal(k.attrs[0], "a\0b", 3);
	k.row[0].attrs = row.attrs;
	assert_memory_equal(&k.row[0].counts, &row.counts, sizeof(row.counts));
	assert_true(k.row[0].id == row.id && k.row[0].place == 7 && k.row[0].up == row.up &&
		    k.row[0].seen == row.seen && k.row[0].time_s == row.time_s &&
		    k.row[0].cause == 17 && k.row[0].start_acked);
	acct_db_close(db);
}

/* Random writes, with some transactions undone, compared with a table in memory. */
static void like_a_table(void **st)
{
	static struct acct_row table[IDS], before[IDS];
	static struct kept k;
	struct acct_db *db = open_db();
	struct test_rng g;

	(void)st;
	memset(table, 0, sizeof(table));
	test_rng_init(&g, 5);
	for (int turn = 0; turn < 60; turn++) {
		memcpy(before, table, sizeof(table));
		assert_int_equal(acct_db_begin(db), 0);
		for (int i = 0; i < 40; i++) {
			enum acct_write_kind kind = test_rng_below(&g, ACCT_WRITE_DELETE + 1);
			struct acct_row *t = &table[1 + test_rng_below(&g, IDS - 1)];
			struct acct_row row = { .id = (uint64_t)(t - table),
						.place = test_rng_below(&g, 9),
						.seen = test_rng_u32(&g),
						.cause = (uint8_t)test_rng_below(&g, 3),
						.counts = { test_rng_u32(&g), 2, 3, 4 },
						.attrs = span_str(ATTRS) };

			assert_int_equal(acct_db_write(db, kind, &row), 0);
			if (kind == ACCT_WRITE_NEW) {
				*t = row;
			} else if (kind == ACCT_WRITE_DELETE) {
				t->id = 0;
			} else if (kind == ACCT_WRITE_COUNTS) {
				row.start_acked = t->start_acked;
				row.id = t->id;
				*t = row;
			} else if (kind == ACCT_WRITE_ACKED) {
				t->start_acked = true;
				t->place = t->place == row.place ? 0 : t->place;
			}
		}
		if (test_rng_below(&g, 4)) {
			assert_int_equal(acct_db_commit(db), 0);
		} else {
			acct_db_rollback(db);
			memcpy(table, before, sizeof(table));
		}
	}
	k.n = 0;
	assert_int_equal(acct_db_each(db, keep, &k), 0);
	for (size_t i = 1; i < IDS; i++)
		k.n -= table[i].id != 0;
	assert_int_equal(k.n, 0);
	k.n = 0;
	assert_int_equal(acct_db_read(db, 2, IDS, keep, &k), 0);
	for (size_t i = 0; i < k.n; i++) {
		const struct acct_row *t = &table[k.row[i].id];

		assert_true(t->place == k.row[i].place && t->place > 2 && t->seen == k.row[i].seen);
		assert_true(t->start_acked == k.row[i].start_acked && t->cause == k.row[i].cause);
		assert_true(t->counts.octets_in == k.row[i].counts.octets_in);
		assert_true(!i || k.row[i - 1].place <= k.row[i].place);
	}
	for (size_t i = 1; i < IDS; i++)
		k.n -= table[i].id && table[i].place > 2;
	assert_int_equal(k.n, 0);
	acct_db_close(db);
}

static void a_read_can_be_ended(void **st)
{
	struct acct_db *db = NULL;
	int n = 0;

	(void)st;
	assert_int_equal(acct_db_open(NULL, &db), 0);
	assert_int_equal(acct_db_begin(db), 0);
	for (uint64_t id = 1; id < 6; id++) {
		const struct acct_row row = { .id = id, .place = id };

		assert_int_equal(acct_db_write(db, ACCT_WRITE_NEW, &row), 0);
	}
	assert_int_equal(acct_db_commit(db), 0);
	assert_int_equal(acct_db_read(db, 0, 100, stop_at_two, &n), -ENOMEM);
	assert_int_equal(n, 2);
	n = 100;
	assert_int_equal(acct_db_read(db, 0, 3, stop_at_two, &n), 0);
	assert_int_equal(n, 103);
	acct_db_close(db);
}

static void write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void refuses_files_of_others(void **st)
{
	struct acct_db *db = NULL;
	char text[200];
	FILE *f;

	(void)st;
	memset(text, 'x', sizeof(text));
	write_file(text, sizeof(text));
	assert_int_equal(acct_db_open(path, &db), -EBADMSG);
	clean(NULL);
	acct_db_close(open_db());
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 63, SEEK_SET), 0); /* the last octet of user_version */
	assert_int_equal(fputc(ACCT_DB_VERSION + 1, f), ACCT_DB_VERSION + 1);
	fclose(f);
	assert_int_equal(acct_db_open(path, &db), -EPROTONOSUPPORT);
	assert_int_equal(acct_db_open("/nonexistent/x", &db), -ENOENT);
	clean(NULL);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(acct_db_open(path, &db), -ELOOP);
}

/* ---- the thread, with the accounting ---- */

static struct {
	struct loop *loop;
	struct acct_store *store;
	struct acct *acct;
	struct test_rng rng;
	unsigned starts[IDS], stops[IDS];
	uint64_t cookie[4 * IDS];
	size_t n_cookies;
} w;

static void w_write(void *self, enum acct_write_kind kind, const struct acct_row *row)
{
	(void)self;
	acct_store_write(w.store, kind, row);
}

static void w_load(void *self, uint64_t after, size_t n)
{
	(void)self;
	acct_store_load(w.store, after, n);
}

static int w_send(void *self, uint64_t cookie, enum acct_status status, const struct acct_row *row,
		  uint64_t at)
{
	(void)self;
	assert_true(at > 0);
	assert_int_equal(row->attrs.len, sizeof(ATTRS) - 1);
	w.starts[row->id] += status == ACCT_START;
	w.stops[row->id] += status == ACCT_STOP;
	w.cookie[w.n_cookies++] = cookie;
	return 0;
}

static void w_cancel(void *self, uint64_t cookie)
{
	(void)self;
	(void)cookie;
}

static bool w_counts(void *self, uint32_t handle, struct acct_counts *ret)
{
	(void)self;
	(void)handle;
	(void)ret;
	return false;
}

static void w_reachable(void *self, bool yes)
{
	(void)self;
	(void)yes;
}

static void w_unstarted(void *self, uint64_t id, uint32_t handle)
{
	(void)self;
	(void)id;
	(void)handle;
}

static const struct acct_ops ops = { w_write,  w_load,	    w_send,	w_cancel,
				     w_counts, w_reachable, w_unstarted };

static struct acct_time at(void)
{
	return (struct acct_time){ loop_now(w.loop), (uint64_t)(loop_wall_ns() / ZE_SEC(1)) };
}

static void begin(void)
{
	const struct acct_store_args a = { .loop = w.loop, .path = path };
	struct acct_time t = at();

	assert_int_equal(acct_store_open(&a, &w.store), 0);
	w.acct = acct_new(&ops, NULL, &w.rng.rng);
	assert_non_null(w.acct);
	acct_store_set_acct(w.store, w.acct);
	assert_int_equal(acct_store_recover(w.store), 0);
	acct_recovered(w.acct, &t);
}

static void end(void)
{
	acct_store_close(w.store);
	acct_free(w.acct);
	w.n_cookies = 0;
}

static int world(void **st)
{
	(void)st;
	memset(&w, 0, sizeof(w));
	test_rng_init(&w.rng, 1);
	if (loop_new(&w.loop) < 0)
		return -1;
	begin();
	return 0;
}

static int world_end(void **st)
{
	end();
	loop_free(w.loop);
	return clean(st);
}

static void answer_all(void)
{
	struct acct_time t = at();

	while (w.n_cookies)
		acct_answered(w.acct, w.cookie[--w.n_cookies], true, &t);
}

static size_t queued(void)
{
	struct acct_store_stats s;

	acct_store_stats(w.store, &s);
	return s.queued;
}

/* Turns of the loop until everything was sent, answered and written. */
static void settle(void)
{
	while (queued() || w.n_cookies || !acct_idle(w.acct)) {
		answer_all();
		if (queued())
			ev_run(loop_ev(w.loop), EVRUN_ONCE);
	}
}

static void start_all(void)
{
	struct acct_time t = at();

	for (uint64_t id = 1; id < IDS; id++)
		assert_int_equal(acct_start(w.acct,
					    &(struct acct_session_up){ id, span_str(ATTRS), 0, 0 },
					    &t),
				 0);
}

static void stop_all(void)
{
	struct acct_time t = at();

	for (uint64_t id = 1; id < IDS; id++)
		acct_stop(w.acct, id, 1, NULL, &t);
}

static void expect(unsigned starts, unsigned stops)
{
	for (uint64_t id = 1; id < IDS; id++) {
		assert_int_equal(w.starts[id], starts);
		assert_int_equal(w.stops[id], stops);
	}
}

static size_t rows_on_disk(void)
{
	static struct kept k;
	struct acct_db *db = open_db();

	k.n = 0;
	assert_int_equal(acct_db_each(db, keep, &k), 0);
	acct_db_close(db);
	return k.n;
}

static void sessions_come_and_go(void **st)
{
	struct acct_store_stats s;

	(void)st;
	start_all();
	settle();
	expect(1, 0);
	assert_int_equal(rows_on_disk(), IDS - 1);
	stop_all();
	settle();
	expect(1, 1);
	assert_int_equal(rows_on_disk(), 0);
	acct_store_stats(w.store, &s);
	assert_true(s.commits > 0 && s.commits < 50); /* what accumulated is one transaction */
	assert_int_equal(s.dropped, 0);
}

/* S-AAA-63: what no server has acknowledged is sent by the next instance. */
static void the_next_instance_continues(void **st)
{
	(void)st;
	start_all();
	settle();
	stop_all();
	end(); /* no Stop was acknowledged */
	assert_int_equal(rows_on_disk(), IDS - 1);
	begin();
	settle();
	for (uint64_t id = 1; id < IDS; id++)
		assert_true(w.starts[id] == 1 && w.stops[id] >= 1);
	assert_int_equal(rows_on_disk(), 0);
}

/* No file may grow: as on a full disk. Everything is kept, and is written when that has ended. */
static void full_disk(void **st)
{
	struct rlimit before, none = { 0, 0 };
	struct acct_store_stats s;

	(void)st;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	start_all();
	do {
		ev_run(loop_ev(w.loop), EVRUN_ONCE);
		acct_store_stats(w.store, &s);
	} while (!s.failures);
	assert_true(s.error < 0);
	expect(0, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	settle();
	expect(1, 0);
	acct_store_stats(w.store, &s);
	assert_int_equal(s.error, 0);
	assert_int_equal(rows_on_disk(), IDS - 1);
}

static void damaged_file_is_set_aside(void **st)
{
	char text[5000], aside[96];
	struct stat s;

	(void)st;
	end();
	memset(text, 'x', sizeof(text));
	write_file(text, sizeof(text));
	begin();
	snprintf(aside, sizeof(aside), "%s.damaged", path);
	assert_int_equal(stat(aside, &s), 0);
	assert_int_equal(s.st_size, sizeof(text));
	start_all();
	settle();
	expect(1, 0);
}

int main(void)
{
#define DB(f) cmocka_unit_test_teardown(f, clean)
#define T(f)  cmocka_unit_test_setup_teardown(f, world, world_end)
	const struct CMUnitTest tests[] = {
		DB(every_field_is_kept),
		DB(like_a_table),
		DB(a_read_can_be_ended),
		DB(refuses_files_of_others),
		T(sessions_come_and_go),
		T(the_next_instance_continues),
		T(full_disk),
		T(damaged_file_is_set_aside),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
