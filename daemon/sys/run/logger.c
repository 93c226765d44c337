/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/logger.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/run/hardening.h"

#define ROOM	     (256 * 1024)
#define RESERVE	     (32 * 1024) /* octets that only warnings and errors may use */
#define LOST_LINE    100	 /* longest log-lines-lost line, in octets */
#define STOP_SECONDS 1

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	pthread_t thread;
	int fd;
	bool prefix, running, stopping, writing;
	uint64_t lost; /* lines lost since the last log-lines-lost */
	size_t first, n;
	char ring[ROOM];
} q = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.idle = PTHREAD_COND_INITIALIZER };

/* ---- the buffer; with the lock ---- */

static void append(const char *s, size_t n)
{
	size_t at = (q.first + q.n) % ROOM, head = n < ROOM - at ? n : ROOM - at;

	memcpy(q.ring + at, s, head);
	memcpy(q.ring, s + head, n - head);
	q.n += n;
}

static void append_line(enum log_level level, const char *line)
{
	static const char *const prefix[] = { "<3>", "<4>", "<6>", "<7>" };

	if (q.prefix)
		append(prefix[level], 3);
	append(line, strlen(line));
	append("\n", 1);
}

/* The reserve is not used for log-lines-lost: it would double the room that each warning takes
 * while other lines are lost. */
static bool may_say_lost(size_t need)
{
	return q.lost && need + RESERVE <= ROOM - q.n;
}

static void say_lost(void)
{
	char line[80];

	snprintf(line, sizeof(line), "warn main log-lines-lost lines=%" PRIu64, q.lost);
	append_line(LOG_WARN, line);
	q.lost = 0;
}

static void sink(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	size_t need = strlen(line) + LOST_LINE; /* a log-lines-lost line may precede it */

	(void)self;
	(void)sub;
	pthread_mutex_lock(&q.lock);
	if (need + (level > LOG_WARN ? RESERVE : 0) > ROOM - q.n) {
		q.lost++;
		log_count_lost(1);
	} else {
		if (may_say_lost(need))
			say_lost();
		append_line(level, line);
		pthread_cond_signal(&q.work);
	}
	pthread_mutex_unlock(&q.lock);
}

/* Takes whole lines from the front, at most PIPE_BUF octets. */
static size_t logger_take(char buf[static PIPE_BUF])
{
	size_t n = q.n < PIPE_BUF ? q.n : PIPE_BUF, head;

	while (n && q.ring[(q.first + n - 1) % ROOM] != '\n')
		n--;
	head = n < ROOM - q.first ? n : ROOM - q.first;
	memcpy(buf, q.ring + q.first, head);
	memcpy(buf + head, q.ring, n - head);
	q.first = (q.first + n) % ROOM;
	q.n -= n;
	return n;
}

/* ---- the thread ---- */

/* Writes everything. Returns the number of lines that could not be written, because there is no
 * reader any more. */
static uint64_t logger_put(int fd, const char *p, size_t left)
{
	uint64_t lines = 0;

	while (left) {
		ssize_t n = write(fd, p, left);

		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (n < 0 && errno != EINTR)
			break;
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	while (left--)
		lines += *p++ == '\n';
	return lines;
}

static void *writer(void *arg)
{
	char buf[PIPE_BUF];
	uint64_t lost;
	size_t n;

	(void)arg;
	hardening_thread(0);
	pthread_mutex_lock(&q.lock);
	for (;;) {
		while (!q.n && !q.stopping)
			pthread_cond_wait(&q.work, &q.lock);
		if (!q.n)
			break;
		n = logger_take(buf);
		if (may_say_lost(LOST_LINE))
			say_lost(); /* now: the next line may come much later */
		q.writing = true;
		pthread_mutex_unlock(&q.lock);
		lost = logger_put(q.fd, buf, n);
		pthread_mutex_lock(&q.lock);
		q.writing = false;
		log_count_lost(lost);
		if (!q.n && q.lost)
			say_lost();
		pthread_cond_signal(&q.idle);
	}
	pthread_mutex_unlock(&q.lock);
	return NULL;
}

/* ---- start and stop ---- */

int logger_start(int fd, bool prefix)
{
	sigset_t all, old;
	int r;

	q.fd = fd;
	q.prefix = prefix;
	q.stopping = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&q.thread, NULL, writer, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return -r;
	q.running = true;
	log_set_sink(sink, NULL);
	return 0;
}

void logger_stop(void)
{
	struct timespec end;
	bool all;

	if (!q.running)
		return;
	log_set_sink(NULL, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += STOP_SECONDS;
	pthread_mutex_lock(&q.lock);
	q.stopping = true;
	pthread_cond_signal(&q.work);
	while (q.n || q.writing)
		if (pthread_cond_clockwait(&q.idle, &q.lock, CLOCK_MONOTONIC, &end) != 0)
			break;
	all = !q.n && !q.writing;
	pthread_mutex_unlock(&q.lock);
	/* The thread may block in its write until the process ends. */
	if (all)
		pthread_join(q.thread, NULL);
	else
		pthread_detach(q.thread);
	q.running = false;
}
