/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks every two seconds whether the state file and the pins of the BPF plane, from which the
 * next instance restores all sessions, are still there. A state file that was removed or could not
 * be written is written again from the engine's objects, at intervals that double up to 60 s while
 * that fails. Missing pins are created again from the descriptors of this process. Loss and repair
 * are logged, and the journal has the reason for the operator.
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
	const char *state_path; /* the path of the journal's file; borrowed until persist_free() */
	const struct rng *rng;
	struct instance *instance; /* holds the lock on the folder of pins */
	/* pins_missing returns how many of the pins that a restart needs are missing; pins_restore
	 * creates them again and returns 0 or -errno. */
	unsigned (*pins_missing)(const void *plane);
	int (*pins_restore)(void *plane);
	void *plane;
};

int persist_new(const struct persist_args *a, struct persist **ret);
void persist_free(struct persist *p);
