/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads for kernel calls that block. Jobs of one sequence run one after another in the order of
 * submission, jobs of different sequences in parallel. When jobs are done, notify() is called (from
 * any thread, possibly spuriously), and kworker_reap() calls the done() of each on the owner's
 * thread. A job is embedded in the object it works on, so none is allocated; it belongs to the
 * owner again when its done() is called.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/list.h"

struct kworker;
struct kseq;

struct kjob {
	struct list link;
	struct kseq *seq;
	void (*run)(struct kjob *j, void *thread); /* on a worker; thread: from thread_new */
	void (*done)(struct kjob *j); /* on the owner's thread; may free job and sequence */
};

struct kseq {
	struct list link, jobs;
	bool active;
};

struct kworker_args {
	unsigned threads; /* 0: jobs run inside kworker_reap(), for tests */
	int (*thread_new)(void *self, void **ret_thread);
	void (*thread_free)(void *self, void *thread);
	void (*notify)(void *self);
	void *self;
};

void kworker_seq_init(struct kseq *s);

int kworker_new(const struct kworker_args *a, struct kworker **ret); /* 0 or -errno */
/* Waits until all submitted jobs are done, calls their done(), and ends the threads. */
void kworker_free(struct kworker *k);
/* Appends a job to its sequence. It must not be submitted already. Called on the owner's thread. */
void kworker_submit(struct kworker *k, struct kseq *s, struct kjob *j);
/* Calls done() of all jobs that are done; it may submit more. */
void kworker_reap(struct kworker *k);
/* Waits until no job is submitted any more, and calls their done(). */
void kworker_wait(struct kworker *k);
