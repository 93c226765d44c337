/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of the BPF plane's sessions, which the programs keep in tables that are mapped into
 * memory (bpf_hot.h). Those of one session are read at any time, exactly and without a system call.
 * The sums over all sessions are read by the plane's worker, because 60 000 sessions are 300 000
 * lines of cache: the reactor gets the last sums and their time (counts.h).
 */
#pragma once

#include "daemon/core/ports.h"
#include "daemon/sys/run/counts.h"

struct bpf_hot;

struct bpf_counts {
	struct counts sums;
	const struct bpf_hot *hot;
};

/* The tables must stay mapped while the worker exists. Nothing has to be freed. */
void bpf_counts_init(struct bpf_counts *b, const struct bpf_hot *hot, struct kworker *worker);
struct dp_stats bpf_counts_of(const struct bpf_hot *hot, uint16_t sid);
/* See struct dataplane_ops. On the reactor: does not read the tables. */
struct dp_totals bpf_counts_totals(struct bpf_counts *b, ze_ns now);
