/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps whole what the next process needs, or says that it could not go on: looks every two seconds whether the
 * state file and the pins of the BPF plane are still there. A state file that is gone or could not be written
 * is written once more, all of it, until that works; pins come back from our own descriptors. Says so in the log,
 * both ways, and the journal has the reason for the operator.
 */
#pragma once

struct instance;
struct journal;
struct loop;
struct persist;
struct rng;

struct persist_args {
	struct loop *loop;
	struct journal *journal;
	const char *state_path; /* the journal's file; must outlive us */
	const struct rng *rng;
	struct instance *instance; /* has the lock on the folder of pins */
	/* How many of the pins that a restart needs are missing; puts them back, 0 or -errno. */
	unsigned (*pins_missing)(const void *plane);
	int (*pins_restore)(void *plane);
	void *plane;
};

int persist_new(const struct persist_args *a, struct persist **ret);
void persist_free(struct persist *p);
