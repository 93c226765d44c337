/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids of data packets, written on their way out (bpf/ze_label.bpf.c): for the kernel plane on kernels
 * that have one tunnel for all between the same addresses and ports. One program on the uplinks' clsact
 * egress. Calls on different sessions may come from different threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"

struct bpf_label;
struct news;
struct repair_result;

/* On all of these interfaces, or -errno: what is wrong with one has been logged. A filter that a former
 * life has left is replaced; -EBUSY: somebody else's is at its place. */
int bpf_label_open(const char (*uplink)[16], size_t n, struct bpf_label **ret);
/* Takes its filters down, and clsact where it was not there before. */
void bpf_label_close(struct bpf_label *b);
/* By our session id. 0 or -errno. */
int bpf_label_set(struct bpf_label *b, uint16_t sid, const struct ze_label *l);
void bpf_label_unset(struct bpf_label *b, uint16_t sid);
/* Filters that a former life has left go. */
void bpf_label_clear(const char (*uplink)[16], size_t n);
int bpf_label_prog_fd(const struct bpf_label *b);
/* A notification: the program of an uplink may be missing. On the reactor. */
bool bpf_label_heard(const struct bpf_label *b, const struct news *n);
/* Attaches what is no longer attached. On a worker. */
void bpf_label_restore(struct bpf_label *b, struct repair_result *res);
