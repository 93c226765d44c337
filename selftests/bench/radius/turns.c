/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into ze: counts how long each iteration of its loop takes, from the return of a wait for
 * events to the next wait, in the file that ZE_TURNS names (struct turns in radius/run).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STEP_NS 50000 /* of a bucket */
#define BUCKETS 2000  /* the last one is for all that are longer */

struct turns {
	uint64_t longest_ns;
	uint64_t wall[BUCKETS]; /* with the time in which others had the processor */
	uint64_t cpu[BUCKETS];
};

static struct turns *t;
static int (*real)(int, struct epoll_event *, int, int);
static int64_t woke, woke_cpu;

static int64_t now_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static uint64_t *bucket(uint64_t *counts, uint64_t took)
{
	return &counts[took < (BUCKETS - 1) * STEP_NS ? took / STEP_NS : BUCKETS - 1];
}

static void count(void)
{
	uint64_t took = (uint64_t)(now_ns(CLOCK_MONOTONIC) - woke);

	++*bucket(t->wall, took);
	++*bucket(t->cpu, (uint64_t)(now_ns(CLOCK_THREAD_CPUTIME_ID) - woke_cpu));
	if (took > t->longest_ns)
		t->longest_ns = took;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("ZE_TURNS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED :
			   mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	real = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
	if (p != MAP_FAILED)
		t = p;
	if (fd >= 0)
		close(fd);
}

/* The loop is in the main thread. */
int epoll_wait(int fd, struct epoll_event *ev, int n, int timeout)
{
	static __thread int main_thread;
	int r;

	if (!main_thread)
		main_thread = gettid() == getpid() ? 1 : -1;
	if (main_thread > 0 && t && woke)
		count();
	r = real(fd, ev, n, timeout);
	if (main_thread > 0) {
		woke = now_ns(CLOCK_MONOTONIC);
		woke_cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	}
	return r;
}
