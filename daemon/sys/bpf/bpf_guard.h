/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the maps of bpf/guard.h in step with the engine: which sources may send to the daemon. In
 * the BPF plane these are maps of that plane. In the kernel plane the guard has a program of its
 * own, which forwards nothing. Calls are single map updates and never block. An update that fails
 * is logged, and the packets it would have admitted stay refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"
#include "daemon/core/ports.h"
#include "daemon/sys/bpf/bpf_common.h"

struct bpf_guard;
struct news;
struct repair_result;
struct config_listener;

struct bpf_guard_maps { /* descriptors; not owned */
	int tunnels, calls, established, answered, allowed, limits, endpoints, verdicts;
};

struct bpf_guard_args {
	const char (*uplink)[16]; /* interface names */
	size_t n_uplink;
	const struct config_listener *listeners;
	size_t n_listeners;
	enum bpf_mode mode;
	const char *pins; /* folder of pins; NULL: no pins */
};

/* Uses the maps of another object, which keeps them. Returns 0 or -errno. */
int bpf_guard_new(const struct bpf_guard_maps *m, struct bpf_guard **ret);
/* Loads, pins and attaches a program of its own. Returns 0; -EBUSY when the program of another
 * owner is attached; or -errno. An unusable interface has been logged. */
int bpf_guard_open(const struct bpf_guard_args *a, struct bpf_guard **ret);
/* Uses the entries of a previous instance. Those that the engine does not set again before
 * bpf_guard_prune() are removed by it. Returns 0 or -errno. */
int bpf_guard_restart(struct bpf_guard *g);
void bpf_guard_prune(struct bpf_guard *g);
/* A program of its own is detached. NULL is harmless. */
void bpf_guard_free(struct bpf_guard *g);
/* Sets the local endpoints. One without an address matches every address of the host. Returns 0 or
 * -errno. */
int bpf_guard_listen(struct bpf_guard *g, const struct config_listener *l, size_t n);
/* For the guard with its own program: see bpf_common_heard(); bpf_guard_restore() attaches missing
 * programs, on a worker. */
bool bpf_guard_heard(struct bpf_guard *g, const struct news *n, const char **ret_what);
void bpf_guard_restore(struct bpf_guard *g, struct repair_result *res);
/* Reads the counters of all verdicts. Returns 0 or -errno. */
int bpf_guard_verdicts(const struct bpf_guard *g, uint64_t ret[static ZE_V__COUNT]);
/* The numbers of entries in the maps of these names. */
unsigned bpf_guard_tunnels(const struct bpf_guard *g);
unsigned bpf_guard_established(const struct bpf_guard *g);
unsigned bpf_guard_allowed(const struct bpf_guard *g);
int bpf_guard_prog_fd(const struct bpf_guard *g); /* only after bpf_guard_open() */
extern const struct guard_ops bpf_guard_ops;	  /* self is a struct bpf_guard */
