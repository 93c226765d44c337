/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of the BPF plane, with tables of our own in place of the maps. Outside of a job the
 * tables cannot be read: a function of the reactor that reads them ends this test by a signal.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/sys/bpf/bpf_counts.h"
#include "daemon/sys/bpf/bpf_hot.h"

#define TUNNEL 77

static struct {
	struct bpf_hot hot;
	struct kworker *worker;
	struct bpf_counts counts;
	ze_ns now;
} w;

/* Each table, with its size. */
static void each_table(void (*f)(void **table, size_t size))
{
	f((void **)&w.hot.up_ids, ZE_SIDS * sizeof(*w.hot.up_ids));
	f((void **)&w.hot.up, ZE_SIDS * sizeof(*w.hot.up));
	f((void **)&w.hot.down, ZE_SIDS * sizeof(*w.hot.down));
	f((void **)&w.hot.up_credits, ZE_SIDS / ZE_CREDITS * sizeof(*w.hot.up_credits));
	f((void **)&w.hot.down_credits, ZE_SIDS / ZE_CREDITS * sizeof(*w.hot.down_credits));
	f((void **)&w.hot.numbers, ZE_SIDS * sizeof(*w.hot.numbers));
	f((void **)&w.hot.drops, ZE_SIDS * sizeof(*w.hot.drops));
}

static void create(void **table, size_t size)
{
	*table = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(*table != MAP_FAILED);
}

static void hide(void **table, size_t size)
{
	assert_int_equal(mprotect(*table, size, PROT_NONE), 0);
}

static void reveal(void **table, size_t size)
{
	assert_int_equal(mprotect(*table, size, PROT_READ | PROT_WRITE), 0);
}

static void destroy(void **table, size_t size)
{
	munmap(*table, size);
}

static int thread_new(void *self, void **ret_thread)
{
	*ret_thread = self;
	return 0;
}

static void thread_free(void *self, void *thread)
{
	assert_ptr_equal(self, thread);
}

static void notify(void *self)
{
	assert_ptr_equal(self, &w);
}

static int start(void **st)
{
	(void)st;
	memset(&w, 0, sizeof(w));
	w.now = ZE_SEC(9);
	each_table(create);
	if (kworker_new(&(struct kworker_args){ .thread_new = thread_new,
						.thread_free = thread_free,
						.notify = notify,
						.self = &w },
			&w.worker) < 0)
		return -1;
	bpf_counts_init(&w.counts, &w.hot, w.worker);
	return 0;
}

static int stop(void **st)
{
	(void)st;
	each_table(reveal);
	kworker_free(w.worker);
	each_table(destroy);
	return 0;
}

/* A session with these counters, as a program writes them: some octets are still credit. */
static void session(uint16_t sid, uint64_t packets, uint64_t octets)
{
	each_table(reveal);
	w.hot.up_ids[sid].tid = TUNNEL;
	w.hot.up[sid].packets = packets - 1;
	w.hot.up[sid].bytes = octets + 1000;
	w.hot.up_credits[sid / ZE_CREDITS].of[sid % ZE_CREDITS] =
		(struct ze_credit){ .packets = 1, .octets = 1000 };
	w.hot.drops[sid].down_policed = 3;
	each_table(hide);
}

static void run_jobs(void)
{
	each_table(reveal);
	kworker_reap(w.worker);
	each_table(hide);
}

static void check(uint64_t sessions, uint64_t packets, ze_ns as_of)
{
	struct dp_totals t = bpf_counts_totals(&w.counts, w.now);

	assert_int_equal(t.sessions, sessions);
	assert_int_equal(t.st.up_packets, packets);
	assert_int_equal(t.as_of, as_of);
}

/* The reactor never reads the tables; a worker does, once per second at most. */
static void sums_are_read_by_a_worker(void **st)
{
	struct dp_totals t;

	(void)st;
	session(1, 10, 1000);
	session(65535, 5, 500);
	check(0, 0, 0);
	check(0, 0, 0); /* no second reading is started while one is in progress */
	run_jobs();
	t = bpf_counts_totals(&w.counts, w.now);
	assert_int_equal(t.sessions, 2);
	assert_int_equal(t.st.up_packets, 15);
	assert_int_equal(t.st.up_bytes, 1500);
	assert_int_equal(t.st.down_packets, 0);
	assert_int_equal(t.st.down_policed, 6);
	assert_int_equal(t.as_of, ZE_SEC(9));
	session(1, 20, 2000);
	w.now = ZE_SEC(10) - 1;
	check(2, 15, ZE_SEC(9));
	run_jobs();
	check(2, 15, ZE_SEC(9));
	w.now = ZE_SEC(10);
	check(2, 15, ZE_SEC(9));
	run_jobs();
	check(2, 25, ZE_SEC(10));
}

/* No memory for each session: the readings have no rows, however many sessions there are. */
static void sums_take_no_memory(void **st)
{
	(void)st;
	for (unsigned sid = 1; sid <= 300; sid++)
		session((uint16_t)sid, 2, 100);
	check(0, 0, 0);
	assert_null(w.counts.sums.next.rows);
	run_jobs();
	check(300, 600, ZE_SEC(9));
	assert_null(w.counts.sums.last.rows);
}

/* What a session ends with: read from the tables, not from the last reading. */
static void one_session_is_exact(void **st)
{
	struct dp_stats s;

	(void)st;
	session(7, 10, 1000);
	check(0, 0, 0);
	run_jobs();
	session(7, 11, 1100);
	each_table(reveal);
	s = bpf_counts_of(&w.hot, 7);
	each_table(hide);
	assert_int_equal(s.up_packets, 11);
	assert_int_equal(s.up_bytes, 1100);
	check(1, 10, ZE_SEC(9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sums_are_read_by_a_worker, start, stop),
		cmocka_unit_test_setup_teardown(sums_take_no_memory, start, stop),
		cmocka_unit_test_setup_teardown(one_session_is_exact, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
