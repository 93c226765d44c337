/* SPDX-License-Identifier: BSD-2-Clause */
/* The state file: what one process wrote another reads, and nothing else. */
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

#include "daemon/sys/journal.h"
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

	assert_int_equal(journal_open(path, ABI, &j), 0);
	assert_int_equal(journal_begin(j, keep, &rng.rng), 0);
	return j;
}

static void put(struct journal *j, enum journal_kind kind, uint16_t id, size_t len, int octet)
{
	uint8_t b[JOURNAL_RECORD_MAX];

	memset(b, octet, sizeof(b));
	journal_ops.put(j, kind, id, span_of(b, len));
}

/* len 0: it must not be there. */
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

	assert_int_equal(journal_open(path, ABI, &j), 0);
	assert_string_equal(journal_why_not(j), why);
	assert_int_equal(count(j), 0);
	journal_close(j, false);
}

static void first_life(void **st)
{
	struct journal *j;

	(void)st;
	assert_int_equal(journal_open(path, ABI, &j), 0);
	assert_string_equal(journal_why_not(j), "there is none");
	assert_false(journal_found(j));
	assert_int_equal(journal_begin(j, true, &rng.rng), 0);
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
	journal_ops.drop(j, JOURNAL_SESSION, 9); /* was never there */
	put(j, JOURNAL_TUNNEL, 7, 90, 'e');	 /* changed in its place */
	journal_close(j, false);
	j = begin(true);
	assert_int_equal(count(j), 3);
	has(j, JOURNAL_TUNNEL, 7, 90, 'e');
	has(j, JOURNAL_SESSION, 7, JOURNAL_RECORD_MAX, 'b');
	has(j, JOURNAL_SESSION, 65535, 1, 'c');
	journal_read(j);
	journal_ops.drop(j, JOURNAL_SESSION, 7);
	put(j, JOURNAL_SESSION, 65535, 300, 'f'); /* outgrew its place */
	journal_close(j, false);
	j = begin(false);
	assert_null(journal_why_not(j));
	assert_int_equal(count(j), 0); /* begun anew */
	journal_close(j, false);
	j = begin(true);
	assert_int_equal(count(j), 0);
	journal_close(j, false);
}

/* As a process that is killed leaves it: nothing is closed, and every record is whole. */
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
	/* The old one was not cleared yet. */
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

/* Unchanged records are not written; places are used again. */
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
	assert_int_equal(file_size(), size);
	journal_close(j, false);
	/* The next process knows the free places too. */
	j = begin(true);
	assert_int_equal(count(j), 0);
	for (uint16_t i = 1; i <= 1000; i++)
		put(j, JOURNAL_SESSION, i, 170, 'y');
	assert_true(file_size() <= size);
	journal_close(j, false);
}

/* Random puts and drops over several lives, against an array. */
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
	assert_true(file_size() < 200 * 1024 * 8);
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

/* Any octet of it: the file is refused, or the record is not there. */
static void damaged(void **st)
{
	struct journal *j = begin(true);

	(void)st;
	put(j, JOURNAL_SESSION, 1, 40, 'a');
	put(j, JOURNAL_SESSION, 2, 40, 'b');
	journal_close(j, false);
	for (off_t at = 0; at < 84; at++) {
		spoil(at, 1);
		refused("damaged");
		spoil(at, 1);
	}
	for (off_t at = 4096; at < 4096 + 16 + 40; at++) {
		spoil(at, 0x10);
		assert_int_equal(journal_open(path, ABI, &j), 0);
		assert_int_equal(count(j), 1);
		has(j, JOURNAL_SESSION, 2, 40, 'b');
		journal_close(j, false);
		spoil(at, 0x10);
	}
	assert_int_equal(truncate(path, 50), 0);
	refused("damaged");
	assert_int_equal(truncate(path, 0), 0);
	refused("there is none");
}

/* A record inside a record: what a peer may have named itself is not taken for one. */
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
	/* 48 octets before it, so that it begins with a unit. */
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
	assert_int_equal(journal_open(path, ABI + 1, &j), 0);
	assert_string_equal(journal_why_not(j), "another layout of the BPF maps");
	assert_true(journal_found(j));
	/* Not kept then, whatever is asked for. */
	assert_int_equal(journal_begin(j, true, &rng.rng), 0);
	put(j, JOURNAL_SESSION, 1, 10, 'a');
	journal_close(j, false);
	refused("another layout of the BPF maps");
}

static void not_for_others(void **st)
{
	struct journal *j = begin(true), *k;

	(void)st;
	assert_int_equal(journal_open(path, ABI, &k), -EBUSY);
	journal_close(j, false);
	assert_int_equal(chmod(path, 0644), 0);
	refused("not our own");
	j = begin(true); /* and is ours again */
	journal_close(j, false);
	file_size();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(journal_open(path, ABI, &k), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(journal_open(path, ABI, &k) < 0);
}

/* The file system is full: the file is emptied, so that nobody goes on with half of it. */
static void full(void **st)
{
	struct rlimit was, tight = { .rlim_cur = 8192, .rlim_max = RLIM_INFINITY };
	struct journal *j = begin(true);

	(void)st;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (uint16_t i = 1; i < 10 && !journal_failed(j); i++)
		put(j, JOURNAL_SESSION, i, JOURNAL_RECORD_MAX, 'a');
	assert_true(journal_failed(j));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	put(j, JOURNAL_SESSION, 1, 10, 'b'); /* harmless */
	journal_ops.drop(j, JOURNAL_SESSION, 1);
	journal_close(j, false);
	refused("there is none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_life, setup, teardown),
		cmocka_unit_test_setup_teardown(kept, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_while_it_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(costs_little, setup, teardown),
		cmocka_unit_test_setup_teardown(agrees_with_a_model, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(nested, setup, teardown),
		cmocka_unit_test_setup_teardown(other_layouts, setup, teardown),
		cmocka_unit_test_setup_teardown(not_for_others, setup, teardown),
		cmocka_unit_test_setup_teardown(full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
