/* SPDX-License-Identifier: BSD-2-Clause */
/* A reader that does not read costs lines, and never delays the daemon. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/run/logger.h"

#define PIPE	 4096
#define LINES	 20000
#define WARNINGS 1000

static struct {
	/* Lines that were read; lost: the sum that the log reports. */
	unsigned lines, info, warn, lost;
	unsigned last; /* number of the last info line */
} got;

static void hear(char *line)
{
	unsigned n;

	got.lines++;
	if (sscanf(line, "<6>info main one n=%u", &n) == 1) {
		assert_true(!got.info || n > got.last);
		got.last = n;
		got.info++;
	} else if (sscanf(line, "<4>warn main log-lines-lost lines=%u", &n) == 1) {
		got.lost += n;
	} else {
		assert_string_equal(line, "<4>warn main remarkable");
		got.warn++;
	}
}

static void read_some(int fd)
{
	static char buf[PIPE + 2048];
	static size_t n;
	ssize_t more = read(fd, buf + n, sizeof(buf) - 1 - n);
	char *p = buf, *end;

	assert_true(more > 0);
	n += (size_t)more;
	buf[n] = '\0';
	for (; (end = strchr(p, '\n')); p = end + 1) {
		*end = '\0';
		hear(p);
	}
	n = strlen(p);
	memmove(buf, p, n);
}

static void open_pipe(int fd[2])
{
	assert_int_equal(pipe(fd), 0);
	fcntl(fd[1], F_SETPIPE_SZ, PIPE);
	assert_int_equal(logger_start(fd[1], true), 0);
}

static void say_many(void)
{
	for (unsigned i = 0; i < LINES; i++)
		log_kv(LOG_MAIN, LOG_INFO, "one", KV_U64("n", i));
}

/* F-A5: without a reader the caller continues and learns how many lines were lost; warnings have a
 * reserve of their own. */
static void full_pipe_does_not_block(void **st)
{
	uint64_t before = log_lost(), lost;
	int fd[2];

	(void)st;
	memset(&got, 0, sizeof(got));
	open_pipe(fd);
	say_many();
	lost = log_lost() - before;
	assert_in_range(lost, LINES / 10, LINES - 1);
	log_write(LOG_MAIN, LOG_WARN, "remarkable", NULL);
	assert_int_equal(log_lost() - before, lost);
	logger_stop(); /* does not wait for the reader without a limit */
	/* The reader reads again while the thread still writes. */
	while (!got.warn || got.info + got.lost < LINES)
		read_some(fd[0]);
	assert_int_equal(got.lost, lost);
	assert_int_equal(got.info + got.lost, LINES);
}

/* A line that fits is written before the process ends. */
static void all_is_written_at_the_end(void **st)
{
	int fd[2];

	(void)st;
	memset(&got, 0, sizeof(got));
	open_pipe(fd);
	for (unsigned i = 0; i < 20; i++)
		log_kv(LOG_MAIN, LOG_INFO, "one", KV_U64("n", i));
	logger_stop();
	while (got.info < 20)
		read_some(fd[0]);
	assert_int_equal(got.lines, 20);
	close(fd[0]);
	close(fd[1]);
}

/* F-A5: while other lines are lost, the reserve is used for warnings only; the number of lost
 * lines is reported once there is room. */
static void warnings_have_all_of_their_reserve(void **st)
{
	uint64_t before = log_lost(), lost;
	int fd[2];

	(void)st;
	memset(&got, 0, sizeof(got));
	open_pipe(fd);
	say_many();
	for (unsigned i = 0; i < WARNINGS; i++) {
		log_write(LOG_MAIN, LOG_WARN, "remarkable", NULL);
		log_kv(LOG_MAIN, LOG_INFO, "one", KV_U64("n", LINES + i));
	}
	lost = log_lost() - before;
	while (got.info + got.lost + got.warn < LINES + 2 * WARNINGS)
		read_some(fd[0]);
	assert_int_equal(got.warn, WARNINGS);
	assert_int_equal(got.lost, lost);
	assert_in_range(got.lines - got.info - got.warn, 1, 10);
	logger_stop();
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_written_at_the_end),
		cmocka_unit_test(warnings_have_all_of_their_reserve),
		cmocka_unit_test(full_pipe_does_not_block), /* last: its thread is not stopped */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
