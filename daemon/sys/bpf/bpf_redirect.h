/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts packets that a port's driver did not take from the programs: in the verdicts, and by port. Where
 * the kernel has no tracepoints or no BTF there is no such count, and the programs work as without it.
 */
#pragma once

#include <stdint.h>

struct bpf_redirect;

/* ports: the map that the programs redirect by; verdicts: theirs. -ENOTSUP, or another -errno. */
int bpf_redirect_open(int ports, int verdicts, struct bpf_redirect **ret);
void bpf_redirect_close(struct bpf_redirect *r); /* NULL is harmless */
/* Counts what is lost on its way to this port. 0 or -errno. */
int bpf_redirect_watch(struct bpf_redirect *r, unsigned ifindex);
/* Packets lost since then; 0 for a port that is not watched. */
uint64_t bpf_redirect_lost(const struct bpf_redirect *r, unsigned ifindex);
