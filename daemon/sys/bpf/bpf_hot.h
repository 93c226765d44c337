/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables that the BPF programs touch for every packet (bpf/ze_bpf.h: ze_up_id, ze_down_id, ze_meter
 * and what is beside them), which the daemon has in memory: it writes what a session is, the programs
 * write what changes. No system calls but for mapping. One thread at a time for one session; counters
 * from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"

struct bpf_hot {
	struct ze_tunnel *paths; /* by tunnel id */
	struct ze_up_id *up_ids;
	struct ze_down_id *down_ids;
	struct ze_meter *up, *down;
	struct ze_credits *up_credits, *down_credits;
	struct ze_numbers *numbers;
	struct ze_drops *drops;
	struct ze_near *near4;
};

struct bpf_hot_fds { /* of the maps of these names */
	int paths, up_ids, down_ids, up, down, up_credits, down_credits, numbers, drops, near4;
};

struct bpf_hot_counters { /* IP packets and octets; up is from the subscriber */
	uint64_t up_packets, up_bytes, down_packets, down_bytes;
	uint64_t up_spoofed, up_refused, up_policed, down_policed;
	uint32_t up_resyncs;
};

/* 0 or -errno, and then nothing is mapped. */
int bpf_hot_map(struct bpf_hot *h, const struct bpf_hot_fds *fds);
void bpf_hot_unmap(struct bpf_hot *h); /* harmless when nothing is */

/* A session id begins anew: numbers from 0, nothing counted, no family open. */
void bpf_hot_reset(struct bpf_hot *h, uint16_t sid);
/* What the sessions of a tunnel have in common: before the first of them, by one thread. */
void bpf_hot_path(struct bpf_hot *h, uint16_t tid, const struct ze_tunnel *t);
/* Makes or changes a session; its numbers, counters and rates' state go on. */
void bpf_hot_put(struct bpf_hot *h, const struct ze_sess_key *k, const struct ze_session *s);
/* The packets of one of its families pass, or no longer do. From any thread, at any time. */
void bpf_hot_open(struct bpf_hot *h, uint16_t sid, bool v6, bool open);
/* No packet of this session passes any more; of another one that has the id meanwhile it does. */
void bpf_hot_drop(struct bpf_hot *h, const struct ze_sess_key *k);
/* A session has this address; of several with its low half the last one is near. */
void bpf_hot_near(struct bpf_hot *h, const uint8_t ip4[static 4], uint16_t sid);
/* Unless the place is another's by now. */
void bpf_hot_far(struct bpf_hot *h, const uint8_t ip4[static 4], uint16_t sid);
/* Of a former life's tables: sessions that keep() does not want, and the places of addresses that no
 * session has. */
void bpf_hot_prune(struct bpf_hot *h, bool (*keep)(void *self, const struct ze_sess_key *k),
		   void *self);
/* Some session has this id. */
bool bpf_hot_has(const struct bpf_hot *h, uint16_t sid);
struct bpf_hot_counters bpf_hot_counters(const struct bpf_hot *h, uint16_t sid);
/* The next number for a data packet of this session (RFC 2661 5.4). */
uint16_t bpf_hot_number(struct bpf_hot *h, uint16_t sid);
