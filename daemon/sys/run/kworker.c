/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One lock protects three kinds of lists: sequences that have a job to run, jobs that are done, and
 * the queue of each sequence. Jobs take milliseconds, so the lock is rarely contended.
 */
#include "daemon/sys/run/kworker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include "daemon/sys/run/hardening.h"
#include "daemon/sys/run/hardening_caps.h"

#define STACK_BYTES (256u << 10)

struct kthread {
	struct kworker *k;
	pthread_t id;
	void *ctx;
};

struct kworker {
	struct kworker_args a;
	pthread_mutex_t lock;
	pthread_cond_t work, finished;
	struct list ready, done; /* by kseq.link; by kjob.link */
	unsigned pending;	 /* submitted jobs that are not yet on the done list */
	bool stopping;
	unsigned n; /* number of running threads */
	unsigned n_ctx;
	struct kthread *threads; /* one context without a thread when a.threads is 0 */
};

void kworker_seq_init(struct kseq *s)
{
	list_init(&s->link);
	list_init(&s->jobs);
	s->active = false;
}

/* Called with the lock. The owner may free the sequence as soon as its job is on the done list and
 * the lock is released. Returns whether the owner must be notified: not when other jobs were done
 * already, since it reaps all. */
static bool kworker_finish(struct kworker *k, struct kjob *j)
{
	struct kseq *s = j->seq;
	bool first = list_empty(&k->done);

	s->active = !list_empty(&s->jobs);
	if (s->active) {
		list_add_tail(&k->ready, &s->link);
		pthread_cond_signal(&k->work);
	}
	list_add_tail(&k->done, &j->link);
	k->pending--;
	pthread_cond_signal(&k->finished);
	return first;
}

/* Runs the next job of the next sequence. */
static bool run_one(struct kworker *k, void *ctx)
{
	struct kseq *s = list_entry(k->ready.next, struct kseq, link);
	struct kjob *j = list_entry(s->jobs.next, struct kjob, link);

	list_del(&s->link);
	list_del(&j->link);
	pthread_mutex_unlock(&k->lock);
	j->run(j, ctx);
	pthread_mutex_lock(&k->lock);
	return kworker_finish(k, j);
}

static void *thread_main(void *arg)
{
	struct kthread *t = arg;
	struct kworker *k = t->k;

	hardening_thread(HARDENING_WORKER);
	pthread_mutex_lock(&k->lock);
	for (;;) {
		while (list_empty(&k->ready) && !k->stopping)
			pthread_cond_wait(&k->work, &k->lock);
		if (list_empty(&k->ready))
			break;
		if (!run_one(k, t->ctx))
			continue;
		pthread_mutex_unlock(&k->lock);
		k->a.notify(k->a.self);
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* Signals are handled by the owner's thread: they are blocked in these threads. */
static int start_thread(struct kthread *t)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	sigfillset(&all);
	r = pthread_attr_init(&attr);
	if (r)
		return -r;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t->id, &attr, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

static int start_all(struct kworker *k)
{
	unsigned want = k->a.threads ? k->a.threads : 1;
	int r = 0;

	k->threads = calloc(want, sizeof(*k->threads));
	if (!k->threads)
		return -ENOMEM;
	for (unsigned i = 0; i < want && r == 0; i++) {
		k->threads[i].k = k;
		r = k->a.thread_new(k->a.self, &k->threads[i].ctx);
		if (r == 0)
			k->n_ctx++;
	}
	for (unsigned i = 0; i < k->a.threads && r == 0; i++) {
		r = start_thread(&k->threads[i]);
		if (r == 0)
			k->n++;
	}
	return r;
}

int kworker_new(const struct kworker_args *a, struct kworker **ret)
{
	struct kworker *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->a = *a;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->work, NULL);
	pthread_cond_init(&k->finished, NULL);
	list_init(&k->ready);
	list_init(&k->done);
	r = start_all(k);
	if (r < 0) {
		kworker_free(k);
		return r;
	}
	*ret = k;
	return 0;
}

void kworker_free(struct kworker *k)
{
	if (!k)
		return;
	kworker_wait(k);
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	pthread_cond_broadcast(&k->work);
	pthread_mutex_unlock(&k->lock);
	for (unsigned i = 0; i < k->n; i++)
		pthread_join(k->threads[i].id, NULL);
	for (unsigned i = 0; i < k->n_ctx; i++)
		k->a.thread_free(k->a.self, k->threads[i].ctx);
	free(k->threads);
	pthread_cond_destroy(&k->finished);
	pthread_cond_destroy(&k->work);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

void kworker_submit(struct kworker *k, struct kseq *s, struct kjob *j)
{
	pthread_mutex_lock(&k->lock);
	j->seq = s;
	list_add_tail(&s->jobs, &j->link);
	k->pending++;
	if (!s->active) {
		s->active = true;
		list_add_tail(&k->ready, &s->link);
		pthread_cond_signal(&k->work);
	}
	pthread_mutex_unlock(&k->lock);
	if (!k->n)
		k->a.notify(k->a.self);
}

void kworker_reap(struct kworker *k)
{
	pthread_mutex_lock(&k->lock);
	for (;;) {
		if (!k->n && !list_empty(&k->ready))
			run_one(k, k->threads[0].ctx);
		if (list_empty(&k->done))
			break;
		struct kjob *j = list_entry(k->done.next, struct kjob, link);

		list_del(&j->link);
		pthread_mutex_unlock(&k->lock);
		j->done(j);
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
}

void kworker_wait(struct kworker *k)
{
	bool more;

	do {
		kworker_reap(k);
		pthread_mutex_lock(&k->lock);
		while (k->n && k->pending && list_empty(&k->done))
			pthread_cond_wait(&k->finished, &k->lock);
		more = k->pending || !list_empty(&k->done);
		pthread_mutex_unlock(&k->lock);
	} while (more);
}
