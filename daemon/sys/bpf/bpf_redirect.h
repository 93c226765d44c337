/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts packets that the driver of a port did not accept from the programs: in total in the
 * verdicts, and per port. Without tracepoints or BTF in the kernel nothing is counted, and the
 * programs work as before.
 */
#pragma once

#include <stdint.h>

struct bpf_redirect;

/* ports: the map that the programs redirect by; verdicts: the map of their counters. Both
 * descriptors stay with the caller. Returns 0 or -errno, such as -ENOTSUP. */
int bpf_redirect_open(int ports, int verdicts, struct bpf_redirect **ret);
void bpf_redirect_close(struct bpf_redirect *r); /* NULL is harmless */
/* Starts to count for this port. Returns 0 or -errno. */
int bpf_redirect_watch(struct bpf_redirect *r, unsigned ifindex);
/* Packets lost since bpf_redirect_watch(); 0 for a port that is not watched. */
uint64_t bpf_redirect_lost(const struct bpf_redirect *r, unsigned ifindex);
