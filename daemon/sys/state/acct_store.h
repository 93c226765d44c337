/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store of accounting: keeps what aaa/acct.h writes in a file (acct_db.h), by a thread of its
 * own, so that the reactor never waits for a disk. Writes and reads are done in the order of the
 * calls. What has accumulated while the thread was busy is committed at once.
 *
 * When the disk fails or is full, what is not committed yet is kept and tried again every second;
 * what was to be read waits as long. At most ACCT_STORE_QUEUE_MAX writes are kept; then further ones
 * are dropped and counted.
 *
 * Called on the reactor.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aaa/acct.h"

#define ACCT_STORE_QUEUE_MAX 300000

struct acct_store;
struct loop;

struct acct_store_args {
	struct loop *loop;
	const char *path;  /* NULL: only in memory. Copied */
	struct acct *acct; /* gets acct_load() and acct_loaded(); NULL: see acct_store_set_acct() */
};

/* Opens the file, and starts the thread. A file that is damaged is renamed to PATH.damaged and a new
 * one is begun; both are logged. Returns 0 or -errno, which has been logged. */
int acct_store_open(const struct acct_store_args *a, struct acct_store **ret);
/* Does what was asked for, but does not wait for a disk that fails. NULL is allowed. */
void acct_store_close(struct acct_store *s);
/* The accounting that gets what is read, before the first call of the functions below. */
void acct_store_set_acct(struct acct_store *s, struct acct *acct);

/* Gives every row to acct_recover(), before the first write. Waits for the disk. Returns 0 or
 * -errno. */
int acct_store_recover(struct acct_store *s);

/* As in struct acct_ops. One read at a time. */
void acct_store_write(struct acct_store *s, enum acct_write_kind kind, const struct acct_row *row);
void acct_store_load(struct acct_store *s, uint64_t after, size_t n);

struct acct_store_stats {
	size_t queued;	   /* writes that are not on disk yet */
	uint64_t commits;  /* that were successful */
	uint64_t failures; /* commits that failed */
	uint64_t dropped;  /* writes, because too many were queued or for lack of memory */
	int error;	   /* -errno of the last commit, if it failed; 0 */
};
void acct_store_stats(const struct acct_store *s, struct acct_store_stats *ret);
