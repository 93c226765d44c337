/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounting by RADIUS in the daemon: joins the observer of sessions (daemon/observe/accounting.h),
 * the spool on disk (daemon/sys/state/acct_store.h) and a client of the servers
 * (daemon/sys/net/radius_sets.h). The reactor waits for none of them, except for the rows of the
 * previous instance at the start.
 *
 * Without servers, or with `accounting off`, nothing is opened, and what a spool file has stays in
 * it. The file is opened when accounting is configured for the first time, and stays open. When it
 * cannot be opened, records are only in memory, unless accounting is required.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/core/ports.h"

struct bus;
struct config;
struct loop;
struct radius_accounting;
struct snapshot_accounting;

struct radius_accounting_args {
	struct loop *loop;
	const struct rng *rng;
	struct bus *bus;
	const struct dataplane_ops *dp; /* its counters */
	void *dp_self;
	const char *path; /* of the spool; NULL: only in memory */
};

/* What the arguments point to must outlive it. Returns 0 or -errno, which has been logged. */
int radius_accounting_new(const struct radius_accounting_args *a, struct config *cfg,
			  struct radius_accounting **ret);
/* Ends requests without an answer; their records stay in the spool. NULL is allowed. */
void radius_accounting_free(struct radius_accounting *r);
/* The highest id of a session in the spool, or 0: new sessions get higher ones, even if the clock
 * was set back. */
uint64_t radius_accounting_last_id(const struct radius_accounting *r);
/* The sessions of the previous instance have been restored, or there are none. */
void radius_accounting_recovered(struct radius_accounting *r);

/* A reload: after radius_accounting_prepare() has returned 0, either radius_accounting_apply() or
 * radius_accounting_cancel() must follow. Returns 0 or -errno. When accounting begins with it,
 * sessions that are up are accounted from then on. */
int radius_accounting_prepare(struct radius_accounting *r, struct config *next);
void radius_accounting_cancel(struct radius_accounting *r);
void radius_accounting_apply(struct radius_accounting *r);

/* All sessions have ended, and the daemon stops. Returns true when Accounting-Off, which the first
 * call sends, and everything before it have been acknowledged, or when no server answers. */
bool radius_accounting_finished(struct radius_accounting *r);

void radius_accounting_snapshot(const struct radius_accounting *r, struct snapshot_accounting *ret);
