/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads for kernel calls that block. Jobs of one sequence run one after another in the order they
 * were submitted, jobs of different sequences side by side. A finished job comes back to the owner's
 * thread: notify() is called (from any thread, may be spurious), and kworker_reap() then calls each
 * job's done(). Never allocates for a job: it is embedded in what it works on, and belongs to the
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
	void (*run)(struct kjob *j, void *thread); /* on a worker; thread: what thread_new made */
	void (*done)(struct kjob *j); /* on the owner's thread; may free job and sequence */
};

struct kseq {
	struct list link, jobs;
	bool active;
};

struct kworker_args {
	unsigned threads; /* 0: jobs run inside kworker_reap, for tests */
	int (*thread_new)(void *self, void **ret_thread);
	void (*thread_free)(void *self, void *thread);
	void (*notify)(void *self);
	void *self;
};

void kworker_seq_init(struct kseq *s);

int kworker_new(const struct kworker_args *a, struct kworker **ret); /* 0 or -errno */
/* Waits for what is submitted, reaps it, ends the threads. */
void kworker_free(struct kworker *k);
void kworker_submit(struct kworker *k, struct kseq *s, struct kjob *j);
/* Done jobs to their done(), which may submit more. */
void kworker_reap(struct kworker *k);
/* Until nothing is submitted any more, reaping. */
void kworker_wait(struct kworker *k);
