/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/run/kworker.h"

#define SEQS 8
#define EACH 50

struct world {
	struct kworker *k;
	atomic_int notified;
	int made, freed, fail_at; /* of thread_new; fail_at -1: none fails */
};

static int on_thread_new(void *self, void **ret)
{
	struct world *w = self;

	if (w->fail_at == w->made)
		return -EMFILE;
	w->made++;
	*ret = w;
	return 0;
}

static void on_thread_free(void *self, void *thread)
{
	struct world *w = self;

	assert_ptr_equal(thread, w);
	w->freed++;
}

static void on_notify(void *self)
{
	atomic_fetch_add(&((struct world *)self)->notified, 1);
}

static int start(struct world *w, unsigned threads)
{
	return kworker_new(&(struct kworker_args){ .threads = threads,
						   .thread_new = on_thread_new,
						   .thread_free = on_thread_free,
						   .notify = on_notify,
						   .self = w },
			   &w->k);
}

struct lane {
	struct kseq seq;
	atomic_bool busy;
	int ran, done;
	bool wrong;
};

struct step {
	struct kjob j;
	struct lane *lane;
	int n;
};

static void run_step(struct kjob *j, void *thread)
{
	struct step *s = ze_container_of(j, struct step, j);
	struct lane *l = s->lane;

	(void)thread;
	if (atomic_exchange(&l->busy, true) || l->ran != s->n)
		l->wrong = true;
	l->ran++;
	atomic_store(&l->busy, false);
}

static void step_done(struct kjob *j)
{
	struct step *s = ze_container_of(j, struct step, j);

	if (s->lane->done++ != s->n)
		s->lane->wrong = true;
}

/* The jobs of a sequence never overlap and keep their order, and so do their completions. */
static void order_within(unsigned threads)
{
	struct world w = { .fail_at = -1 };
	struct lane lanes[SEQS] = { 0 };
	static struct step steps[SEQS][EACH];

	assert_int_equal(start(&w, threads), 0);
	for (int i = 0; i < SEQS; i++)
		kworker_seq_init(&lanes[i].seq);
	for (int n = 0; n < EACH; n++)
		for (int i = 0; i < SEQS; i++) {
			steps[i][n] = (struct step){ .j = { .run = run_step, .done = step_done },
						     .lane = &lanes[i],
						     .n = n };
			kworker_submit(w.k, &lanes[i].seq, &steps[i][n].j);
		}
	kworker_wait(w.k);
	for (int i = 0; i < SEQS; i++) {
		assert_false(lanes[i].wrong);
		assert_int_equal(lanes[i].done, EACH);
	}
	kworker_free(w.k);
	assert_true(atomic_load(&w.notified) > 0); /* by a thread that may have been late */
	assert_int_equal(w.made, w.freed);
}

static void order_is_kept_within_a_sequence(void **st)
{
	(void)st;
	order_within(4);
	order_within(1);
}

static void without_threads_jobs_run_in_reap(void **st)
{
	(void)st;
	order_within(0);
}

/* Two jobs, each of which waits until the other has begun. */
struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int here;
	bool missed;
};

struct guest {
	struct kseq seq;
	struct kjob j;
	struct meeting *m;
};

static void run_guest(struct kjob *j, void *thread)
{
	struct meeting *m = ze_container_of(j, struct guest, j)->m;
	struct timespec until;

	(void)thread;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&m->lock);
	m->here++;
	pthread_cond_broadcast(&m->cond);
	while (m->here < 2 && !m->missed)
		m->missed = pthread_cond_timedwait(&m->cond, &m->lock, &until) != 0;
	pthread_mutex_unlock(&m->lock);
}

static void guest_done(struct kjob *j)
{
	(void)j;
}

static void sequences_run_side_by_side(void **st)
{
	struct world w = { .fail_at = -1 };
	struct meeting m = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false };
	struct guest g[2];

	(void)st;
	assert_int_equal(start(&w, 2), 0);
	for (int i = 0; i < 2; i++) {
		g[i] = (struct guest){ .j = { .run = run_guest, .done = guest_done }, .m = &m };
		kworker_seq_init(&g[i].seq);
		kworker_submit(w.k, &g[i].seq, &g[i].j);
	}
	kworker_free(w.k);
	assert_false(m.missed);
	assert_int_equal(m.here, 2);
}

/* A job frees itself and its sequence in done(), and submits another before. */
struct chain {
	struct kseq seq;
	struct kjob j;
	struct world *w;
	int left, *ends;
};

static void run_nothing(struct kjob *j, void *thread)
{
	(void)j;
	(void)thread;
}

static void chain_done(struct kjob *j);

static void chain_submit(struct world *w, int left, int *ends)
{
	struct chain *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	kworker_seq_init(&c->seq);
	c->w = w;
	c->left = left;
	c->ends = ends;
	c->j.run = run_nothing;
	c->j.done = chain_done;
	kworker_submit(w->k, &c->seq, &c->j);
}

static void chain_done(struct kjob *j)
{
	struct chain *c = ze_container_of(j, struct chain, j);

	if (c->left)
		chain_submit(c->w, c->left - 1, c->ends);
	else
		++*c->ends;
	free(c);
}

static void free_waits_for_what_done_submits(void **st)
{
	(void)st;
	for (unsigned threads = 0; threads <= 3; threads++) {
		struct world w = { .fail_at = -1 };
		int ends = 0;

		assert_int_equal(start(&w, threads), 0);
		for (int i = 0; i < 5; i++)
			chain_submit(&w, 10, &ends);
		kworker_free(w.k);
		assert_int_equal(ends, 5);
		assert_int_equal(w.made, w.freed);
	}
}

static void failing_thread_leaves_none(void **st)
{
	(void)st;
	for (int i = 0; i < 4; i++) {
		struct world w = { .fail_at = i };

		assert_int_equal(start(&w, 4), -EMFILE);
		assert_int_equal(w.made, i);
		assert_int_equal(w.freed, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_kept_within_a_sequence),
		cmocka_unit_test(without_threads_jobs_run_in_reap),
		cmocka_unit_test(sequences_run_side_by_side),
		cmocka_unit_test(free_waits_for_what_done_submits),
		cmocka_unit_test(failing_thread_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
