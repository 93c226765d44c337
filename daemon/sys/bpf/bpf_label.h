/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the tunnel and session ids of data packets on their way out (bpf/ze_label.bpf.c): for the
 * kernel plane on kernels that allow only one tunnel between the same addresses and ports. One
 * program on the clsact egress of the uplinks. Calls for different sessions may come from different
 * threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"

struct bpf_label;
struct news;
struct repair_result;

/* Attaches to all of these interfaces. Returns 0; -EBUSY when the filter of another owner has our
 * place; or -errno. An unusable interface has been logged. A filter of a previous instance is
 * replaced. */
int bpf_label_open(const char (*uplink)[16], size_t n, struct bpf_label **ret);
/* Removes its filters, and clsact where it created it. NULL is harmless. */
void bpf_label_close(struct bpf_label *b);
/* Set and remove the ids for our session id. Returns 0 or -errno. */
int bpf_label_set(struct bpf_label *b, uint16_t sid, const struct ze_label *l);
void bpf_label_unset(struct bpf_label *b, uint16_t sid);
/* Removes the filters of a previous instance. */
void bpf_label_clear(const char (*uplink)[16], size_t n);
int bpf_label_prog_fd(const struct bpf_label *b);
/* Takes a notification, on the reactor. Returns true when the program of an uplink may be
 * missing. */
bool bpf_label_heard(const struct bpf_label *b, const struct news *n);
/* Attaches missing programs. On a worker. */
void bpf_label_restore(struct bpf_label *b, struct repair_result *res);
