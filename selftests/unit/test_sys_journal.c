/* SPDX-License-Identifier: BSD-2-Clause */
/* The state file: the next instance reads what the previous one wrote, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/state/journal.h"
#include "selftests/lib/test_rng.h"

#define ABI 7

static char dir[64], path[96];
static struct test_rng rng;

static int setup(void **st)
{
	(void)st;
	strcpy(dir, "/tmp/ze-journal-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/state", dir);
	test_rng_init(&rng, 1);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	unlink(path);
	return rmdir(dir);
}

static struct journal *begin(bool keep)
{
	struct journal *j;

	assert_int_equal(journal_open(path, ABI, ABI, &j), 0);
	journal_begin(j, keep, &rng.rng);
	assert_true(journal_on(j));
	assert_null(journal_ops.why_off(j));
	return j;
}

static void put(struct journal *j, enum journal_kind kind, uint16_t id, size_t len, int octet)
{
	uint8_t b[JOURNAL_RECORD_MAX];

	memset(b, octet, sizeof(b));
	journal_ops.put(j, kind, id, span_of(b, len));
}

/* len 0: the record must not exist. */
static void has(struct journal *j, enum journal_kind kind, uint16_t id, size_t len, int octet)
{
	size_t n, found = 0;
	const struct journal_record *r = journal_records(j, &n);

	for (size_t i = 0; i < n; i++) {
		if (r[i].kind != kind || r[i].id != id)
			continue;
		found++;
		assert_int_equal(r[i].body.len, len);
		for (size_t k = 0; k < len; k++)
			assert_int_equal(r[i].body.p[k], octet);
	}
	assert_int_equal(found, len > 0);
}

static size_t count(struct journal *j)
{
	size_t n;

	journal_records(j, &n);
	return n;
}

static off_t file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	return st.st_size;
}

static void refused(const char *why)
{
	struct journal *j;

	assert_int_equal(journal_open(path, ABI, ABI, &j), 0);
	assert_string_equal(journal_why_not(j), why);
	assert_int_equal(count(j), 0);
	journal_close(j, false);
}

static void first_start(void **st)
{
	struct journal *j;

	(void)st;
	assert_int_equal(journal_open(path, ABI, ABI, &j), 0);
	assert_string_equal(journal_why_not(j), "there is no state file");
	assert_false(journal_found(j));
	journal_begin(j, true, &rng.rng);
	journal_close(j, false);
	assert_true(file_size() > 0);
	j = begin(true);
	assert_null(journal_why_not(j));
	assert_int_equal(count(j), 0);
	journal_close(j, true);
	assert_int_equal(access(path, F_OK), -1);
	j = begin(true);
	journal_close(j, false);
}

static void kept(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	put(j, JOURNAL_TUNNEL, 7, 100, 'a');
	put(j, JOURNAL_SESSION, 7, JOURNAL_RECORD_MAX, 'b');
	put(j, JOURNAL_SESSION, 65535, 1, 'c');
	put(j, JOURNAL_SESSION, 8, 50, 'd');
	journal_ops.drop(j, JOURNAL_SESSION, 8);
	journal_ops.drop(j, JOURNAL_SESSION, 9); /* never existed */
	put(j, JOURNAL_TUNNEL, 7, 90, 'e');	 /* rewritten in place */
	journal_close(j, false);
	j = begin(true);
	assert_int_equal(count(j), 3);
	has(j, JOURNAL_TUNNEL, 7, 90, 'e');
	has(j, JOURNAL_SESSION, 7, JOURNAL_RECORD_MAX, 'b');
	has(j, JOURNAL_SESSION, 65535, 1, 'c');
	journal_read(j);
	journal_ops.drop(j, JOURNAL_SESSION, 7);
	put(j, JOURNAL_SESSION, 65535, 300, 'f'); /* too large for its place, so it was moved */
	journal_close(j, false);
	j = begin(false);
	assert_null(journal_why_not(j));
	assert_int_equal(count(j), 0); /* a new file */
	journal_close(j, false);
	j = begin(true);
	assert_int_equal(count(j), 0);
	journal_close(j, false);
}

/* The file as a killed process leaves it: nothing was closed, and every record is complete. */
static void killed_while_it_grows(void **st)
{
	struct journal *j = begin(true), *k;
	uint8_t buf[8192];
	ssize_t n;
	int fd;

	(void)st;
	put(j, JOURNAL_SESSION, 5, 30, 'a');
	fd = open(path, O_RDWR);
	n = pread(fd, buf, sizeof(buf), 0);
	put(j, JOURNAL_SESSION, 5, 200, 'b');
	journal_close(j, false);
	/* The old copy was not cleared yet. */
	assert_int_equal(pwrite(fd, buf + 4096, 64, 4096), 64);
	assert_true(n > 4096);
	close(fd);
	k = begin(true);
	assert_int_equal(count(k), 1);
	has(k, JOURNAL_SESSION, 5, 200, 'b');
	journal_read(k);
	journal_ops.drop(k, JOURNAL_SESSION, 5);
	journal_close(k, false);
	k = begin(true);
	assert_int_equal(count(k), 0); /* and it does not come back */
	journal_close(k, false);
}

/* Unchanged records are not written; freed places are used again. */
static void costs_little(void **st)
{
	struct journal *j = begin(true);
	struct timespec none[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct stat was;
	off_t size;

	(void)st;
	for (uint16_t i = 1; i <= 1000; i++)
		put(j, JOURNAL_SESSION, i, 170, i & 0xff);
	size = file_size();
	assert_true(size <= 4096 + 1000 * 200);
	assert_int_equal(utimensat(AT_FDCWD, path, none, 0), 0);
	for (uint16_t i = 1; i <= 1000; i++)
		put(j, JOURNAL_SESSION, i, 170, i & 0xff);
	assert_int_equal(stat(path, &was), 0);
	assert_int_equal(was.st_mtime, 1);
	for (int round = 0; round < 10; round++) {
		for (uint16_t i = 1; i <= 1000; i++)
			journal_ops.drop(j, JOURNAL_SESSION, i);
		for (uint16_t i = 1; i <= 1000; i++)
			put(j, JOURNAL_SESSION, (uint16_t)(i + 1000 * round), 170, 'x');
		for (uint16_t i = 1; i <= 1000; i++)
			journal_ops.drop(j, JOURNAL_SESSION, (uint16_t)(i + 1000 * round));
	}
	assert_true(file_size() < size + 64); /* the end of the last place */
	size = file_size();
	journal_close(j, false);
	/* The next instance finds the free places, too. */
	j = begin(true);
	assert_int_equal(count(j), 0);
	for (uint16_t i = 1; i <= 1000; i++)
		put(j, JOURNAL_SESSION, i, 170, 'y');
	assert_true(file_size() <= size);
	journal_close(j, false);
}

/* Random puts and drops across several restarts, compared with an array. */
static void agrees_with_a_model(void **st)
{
	static struct {
		size_t len;
		int octet;
	} model[200];
	struct journal *j = begin(true);

	(void)st;
	memset(model, 0, sizeof(model));
	for (int step = 1; step <= 20000; step++) {
		uint16_t id = (uint16_t)test_rng_below(&rng, 200);

		if (test_rng_below(&rng, 3) == 0) {
			journal_ops.drop(j, JOURNAL_SESSION, id);
			model[id].len = 0;
		} else {
			model[id].len = 1 + test_rng_below(&rng, JOURNAL_RECORD_MAX);
			model[id].octet = step & 0xff;
			put(j, JOURNAL_SESSION, id, model[id].len, model[id].octet);
		}
		if (step % 2000)
			continue;
		journal_close(j, false);
		j = begin(true);
		for (uint16_t i = 0; i < 200; i++)
			has(j, JOURNAL_SESSION, i, model[i].len, model[i].octet);
		journal_read(j);
	}
	journal_close(j, false);
	print_message("# %lld octets\n", (long long)file_size());
	assert_true(file_size() < 200 * 2048 * 16);
}

static void spoil(off_t at, uint8_t bits)
{
	int fd = open(path, O_RDWR);
	uint8_t b;

	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= bits;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

static void damage_is(const struct journal *j, unsigned tunnels, unsigned sessions, unsigned others)
{
	const unsigned *n = journal_damaged(j);

	assert_int_equal(n[JOURNAL_TUNNEL], tunnels);
	assert_int_equal(n[JOURNAL_SESSION], sessions);
	assert_int_equal(n[JOURNAL__KINDS], others);
}

/* Any octet of the header is wrong: the file is refused. */
static void damaged_header(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	put(j, JOURNAL_SESSION, 1, 40, 'a');
	journal_close(j, false);
	for (off_t at = 0; at < 84; at++) {
		spoil(at, 1);
		refused("the state file is damaged");
		spoil(at, 1);
	}
	assert_int_equal(truncate(path, 50), 0);
	refused("the state file is damaged");
	assert_int_equal(truncate(path, 0), 0);
	refused("there is no state file");
}

/* F-A7: any octet of a record is wrong: the record is dropped, counted once, and by its kind
 * where that can be read. */
static void damaged(void **st)
{
	(void)st;
	for (off_t at = 4096; at < 4096 + 16 + 40; at++) {
		bool by_kind = at != 4096 + 8 && at != 4096 + 9;
		struct journal *j = begin(false);

		put(j, JOURNAL_SESSION, 1, 40, 'a');
		put(j, JOURNAL_TUNNEL, 2, 40, 'b');
		journal_close(j, false);
		spoil(at, at == 4096 + 9 ? 0x80 : 0x20);
		j = begin(true);
		damage_is(j, 0, by_kind, !by_kind);
		assert_int_equal(count(j), 1);
		has(j, JOURNAL_TUNNEL, 2, 40, 'b');
		journal_close(j, false);
		j = begin(true);
		damage_is(j, 0, 0, 0);
		assert_int_equal(count(j), 1);
		journal_close(j, false);
	}
}

/* F-A7: records of several units, one after the other; dropped or shrunk records are not damage. */
static void damaged_among_others(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	put(j, JOURNAL_SESSION, 1, 500, 'a'); /* 9 units */
	put(j, JOURNAL_TUNNEL, 2, 500, 'b');
	put(j, JOURNAL_SESSION, 3, 500, 'c');
	put(j, JOURNAL_SESSION, 4, 900, 'd');
	put(j, JOURNAL_SESSION, 5, 900, 'e');
	journal_ops.drop(j, JOURNAL_SESSION, 4);
	put(j, JOURNAL_SESSION, 5, 20, 'f');
	journal_close(j, false);
	spoil(4096 + 9 * 64 + 100, 1);	 /* the body of record 2 */
	spoil(4096 + 18 * 64 + 9, 0x80); /* the length of record 3 */
	j = begin(true);
	damage_is(j, 1, 0, 0); /* record 3 follows 2, and may have been part of it */
	assert_int_equal(count(j), 2);
	has(j, JOURNAL_SESSION, 1, 500, 'a');
	has(j, JOURNAL_SESSION, 5, 20, 'f');
	journal_close(j, false);
}

/* A record inside a record: a name that a peer has chosen is not taken for a record. */
static void nested(void **st)
{
	struct journal *j = begin(true);
	uint8_t inner[128] = { 0 };
	int fd;

	(void)st;
	put(j, JOURNAL_SESSION, 1, 40, 'a');
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, inner, 56, 4096), 56);
	close(fd);
	/* 48 octets earlier, so that it begins at a unit. */
	memmove(inner + 48, inner, 56);
	journal_ops.drop(j, JOURNAL_SESSION, 1);
	journal_ops.put(j, JOURNAL_SESSION, 2, span_of(inner, 104));
	journal_close(j, false);
	j = begin(true);
	assert_int_equal(count(j), 1);
	has(j, JOURNAL_SESSION, 1, 0, 0);
	journal_close(j, false);
}

static void other_layouts(void **st)
{
	struct journal *j;

	(void)st;
	journal_close(begin(true), false);
	assert_int_equal(journal_open(path, ABI + 1, ABI + 1, &j), 0);
	assert_string_equal(journal_why_not(j),
			    "the state file is for another layout of the BPF maps");
	assert_true(journal_found(j));
	/* Records are not kept then, even if that is requested. */
	journal_begin(j, true, &rng.rng);
	put(j, JOURNAL_SESSION, 1, 10, 'a');
	journal_close(j, false);
	refused("the state file is for another layout of the BPF maps");
}

static bool usable(uint32_t oldest, uint32_t abi)
{
	struct journal *j;
	bool r;

	assert_int_equal(journal_open(path, oldest, abi, &j), 0);
	r = !journal_why_not(j);
	journal_close(j, false);
	return r;
}

/* A file of an older ABI whose maps can be restored. It gets the ABI of the instance that keeps its
 * records, and no other. */
static void an_older_layout_that_is_used(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	put(j, JOURNAL_SESSION, 1, 10, 'a');
	journal_close(j, false);
	assert_true(usable(ABI, ABI + 1));
	assert_false(usable(ABI + 1, ABI + 2));
	assert_false(usable(ABI - 2, ABI - 1));
	assert_true(usable(ABI, ABI));
	assert_int_equal(journal_open(path, ABI, ABI + 1, &j), 0);
	assert_int_equal(count(j), 1);
	journal_begin(j, true, &rng.rng);
	assert_true(journal_on(j));
	put(j, JOURNAL_SESSION, 2, 10, 'b');
	journal_close(j, false);
	assert_false(usable(ABI, ABI));
	assert_int_equal(journal_open(path, ABI + 1, ABI + 1, &j), 0);
	assert_null(journal_why_not(j));
	assert_int_equal(count(j), 2);
	has(j, JOURNAL_SESSION, 1, 10, 'a');
	has(j, JOURNAL_SESSION, 2, 10, 'b');
	journal_close(j, false);
}

static void is_off(const char *why)
{
	struct journal *j;

	assert_int_equal(journal_open(path, ABI, ABI, &j), 0);
	assert_string_equal(journal_why_not(j), why);
	journal_begin(j, true, &rng.rng);
	assert_false(journal_on(j));
	assert_memory_equal(journal_ops.why_off(j), why, strlen(why)); /* and where */
	journal_close(j, true);
	assert_int_equal(access(path, F_OK), 0);
}

/* The order in which persist.c and the engine call it. */
static void write_anew(struct journal *j, uint16_t n)
{
	assert_int_equal(journal_restart(j, &rng.rng), 0);
	for (uint16_t i = 1; i <= n; i++)
		put(j, JOURNAL_SESSION, i, JOURNAL_RECORD_MAX, 'n');
	assert_true(journal_restarted(j));
	assert_null(journal_ops.why_off(j));
}

static void written(uint16_t n)
{
	struct journal *j = begin(true);

	assert_null(journal_why_not(j));
	assert_int_equal(count(j), n);
	has(j, JOURNAL_SESSION, n, JOURNAL_RECORD_MAX, 'n');
	damage_is(j, 0, 0, 0);
	journal_close(j, false);
}

static void not_for_others(void **st)
{
	struct journal *j = begin(true), *k;

	(void)st;
	assert_int_equal(journal_open(path, ABI, ABI, &k), -EBUSY);
	journal_close(j, false);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	is_off(log_strerror(-ELOOP));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	is_off(log_strerror(-EINVAL));
}

/* F-A7: a file that others may read or write, or that belongs to another user, is never used and
 * is replaced by a new file, so that the start after the next one restores again. A process that
 * has the old file open sees nothing of the new one. */
static void not_our_own(void **st)
{
	static const struct {
		mode_t mode;
		uid_t owner;
	} rows[] = { { 0644, 0 }, { 0622, 0 }, { 0600, 12345 } };

	(void)st;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct journal *j = begin(true);
		int old;

		put(j, JOURNAL_SESSION, 1, 10, 'a');
		journal_close(j, false);
		old = open(path, O_RDWR);
		assert_int_equal(chmod(path, rows[i].mode), 0);
		if (rows[i].owner && chown(path, rows[i].owner, 0) < 0)
			assert_int_not_equal(geteuid(), 0);
		else
			refused("the state file is not ze's own");
		j = begin(true);
		put(j, JOURNAL_SESSION, 2, 10, 'b');
		assert_int_equal(ftruncate(old, 0), 0);
		close(old);
		journal_close(j, false);
		file_size();
		j = begin(true);
		assert_null(journal_why_not(j));
		has(j, JOURNAL_SESSION, 2, 10, 'b');
		journal_close(j, true);
	}
}

/* F-A7: where others may write to the directory the file is left alone, and there is no handover
 * until that is corrected. */
static void not_our_directory(void **st)
{
	struct journal *j = begin(true);
	struct stat was, is;

	(void)st;
	journal_close(j, false);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(stat(path, &was), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(journal_open(path, ABI, ABI, &j), 0);
	journal_begin(j, true, &rng.rng);
	assert_false(journal_on(j));
	assert_string_equal(journal_ops.why_off(j), "the state file is not ze's own");
	put(j, JOURNAL_SESSION, 1, 10, 'a'); /* harmless */
	assert_int_equal(journal_restart(j, &rng.rng), -EPERM);
	assert_int_equal(stat(path, &is), 0);
	assert_true(is.st_ino == was.st_ino && is.st_mtime == was.st_mtime);
	assert_int_equal(chmod(dir, 0700), 0);
	write_anew(j, 3);
	journal_close(j, false);
	written(3);
}

static void limit_files(rlim_t to)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = to;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* F-A7: the file system is full: the file is emptied, so that no instance restores half of it.
 * When there is space again, everything is written, and the file becomes valid once it is
 * complete. */
static void full(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	limit_files(8192);
	for (uint16_t i = 1; i < 10 && journal_on(j); i++)
		put(j, JOURNAL_SESSION, i, JOURNAL_RECORD_MAX, 'a');
	assert_false(journal_on(j));
	assert_non_null(journal_ops.why_off(j));
	assert_int_equal(journal_restart(j, &rng.rng), 0);
	for (uint16_t i = 1; i < 10; i++)
		put(j, JOURNAL_SESSION, i, JOURNAL_RECORD_MAX, 'a');
	assert_false(journal_restarted(j)); /* still full */
	limit_files(RLIM_INFINITY);
	put(j, JOURNAL_SESSION, 1, 10, 'b'); /* harmless */
	journal_ops.drop(j, JOURNAL_SESSION, 1);
	assert_false(journal_check(j));
	write_anew(j, 500);
	put(j, JOURNAL_SESSION, 501, JOURNAL_RECORD_MAX, 'n');
	assert_true(journal_check(j));
	journal_close(j, false);
	written(501);
}

/* F-A7: killed before everything is written again: a clean start. */
static void killed_while_rewritten(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	limit_files(8192);
	for (uint16_t i = 1; i < 10; i++)
		put(j, JOURNAL_SESSION, i, JOURNAL_RECORD_MAX, 'a');
	limit_files(RLIM_INFINITY);
	assert_int_equal(journal_restart(j, &rng.rng), 0);
	put(j, JOURNAL_SESSION, 1, JOURNAL_RECORD_MAX, 'a');
	journal_close(j, false);
	refused("the state file is damaged");
}

/* F-A7: another program has removed or replaced the file. */
static void removed(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	put(j, JOURNAL_SESSION, 1, 10, 'a');
	assert_true(journal_check(j));
	assert_int_equal(unlink(path), 0);
	assert_false(journal_check(j));
	assert_non_null(journal_ops.why_off(j));
	write_anew(j, 2);
	journal_close(j, false);
	written(2);
}

/* F-A7: the file could not be created at the start, and is created later. */
static void no_directory_at_first(void **st)
{
	struct journal *j;
	char below[120];

	(void)st;
	snprintf(below, sizeof(below), "%s/later/state", dir);
	assert_int_equal(journal_open(below, ABI, ABI, &j), 0);
	journal_begin(j, false, &rng.rng);
	assert_false(journal_on(j));
	assert_int_equal(journal_restart(j, &rng.rng), -ENOENT);
	*strrchr(below, '/') = '\0';
	assert_int_equal(mkdir(below, 0700), 0);
	write_anew(j, 2);
	journal_close(j, true);
	assert_int_equal(rmdir(below), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_start, setup, teardown),
		cmocka_unit_test_setup_teardown(kept, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_while_it_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(costs_little, setup, teardown),
		cmocka_unit_test_setup_teardown(agrees_with_a_model, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(nested, setup, teardown),
		cmocka_unit_test_setup_teardown(other_layouts, setup, teardown),
		cmocka_unit_test_setup_teardown(an_older_layout_that_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(not_for_others, setup, teardown),
		cmocka_unit_test_setup_teardown(full, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_header, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_among_others, setup, teardown),
		cmocka_unit_test_setup_teardown(not_our_own, setup, teardown),
		cmocka_unit_test_setup_teardown(not_our_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_while_rewritten, setup, teardown),
		cmocka_unit_test_setup_teardown(removed, setup, teardown),
		cmocka_unit_test_setup_teardown(no_directory_at_first, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
