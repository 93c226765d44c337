/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the maps of bpf/guard.h as the engine says: who may talk to the daemon. In the BPF plane the
 * maps are that plane's; for the kernel plane the guard has a program of its own, which forwards
 * nothing. Calls are single map updates and never block; one that fails is logged, and what it would
 * have let in stays out.
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

struct bpf_guard_maps { /* descriptors */
	int tunnels, calls, established, answered, allowed, limits, endpoints, verdicts;
};

struct bpf_guard_args {
	const char (*uplink)[16]; /* interfaces */
	size_t n_uplink;
	const struct config_listener *listeners;
	size_t n_listeners;
	enum bpf_mode mode;
	const char *pins; /* NULL: none */
};

/* Over the maps of others, which stay theirs. 0 or -errno. */
int bpf_guard_new(const struct bpf_guard_maps *m, struct bpf_guard **ret);
/* With a program of its own: loads, pins, attaches. -EBUSY: somebody else's program is there. What is
 * wrong with an interface has been logged. */
int bpf_guard_open(const struct bpf_guard_args *a, struct bpf_guard **ret);
/* Over maps of a former life: what the engine does not say again goes with prune. 0 or -errno. */
int bpf_guard_adopt(struct bpf_guard *g);
void bpf_guard_prune(struct bpf_guard *g);
void bpf_guard_free(struct bpf_guard *g);
/* Endpoints of ours; one without an address is ours on each of this host's. 0 or -errno. */
int bpf_guard_listen(struct bpf_guard *g, const struct config_listener *l, size_t n);
/* Of its own program: as bpf_common_heard, and what is no longer attached is attached again, on a worker. */
bool bpf_guard_heard(struct bpf_guard *g, const struct news *n, const char **ret_what);
void bpf_guard_restore(struct bpf_guard *g, struct repair_result *res);
int bpf_guard_verdicts(const struct bpf_guard *g, uint64_t ret[static ZE_V__COUNT]);
/* Entries of the maps of these names. */
unsigned bpf_guard_tunnels(const struct bpf_guard *g);
unsigned bpf_guard_established(const struct bpf_guard *g);
unsigned bpf_guard_allowed(const struct bpf_guard *g);
bool bpf_guard_native(const struct bpf_guard *g);
int bpf_guard_prog_fd(const struct bpf_guard *g); /* of one that was opened */
extern const struct guard_ops bpf_guard_ops;	  /* self is a struct bpf_guard */
