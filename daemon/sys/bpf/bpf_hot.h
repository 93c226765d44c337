/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables that the BPF programs access for every packet (bpf/ze_bpf.h: ze_up_id, ze_down_id,
 * ze_meter and others), mapped into the daemon's memory. The daemon writes what a session is, the
 * programs write counters, sequence numbers and the state of policers. No system calls except to
 * map and unmap. Only one thread at a time may make calls for a session; counters may be read from
 * any thread.
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

struct bpf_hot_fds { /* descriptors of the maps of these names */
	int paths, up_ids, down_ids, up, down, up_credits, down_credits, numbers, drops, near4;
};

struct bpf_hot_counters { /* IP packets and octets; up: from the subscriber */
	uint64_t up_packets, up_bytes, down_packets, down_bytes;
	uint64_t up_spoofed, up_refused, up_policed, down_policed;
	uint32_t up_resyncs;
};

/* Maps all tables. Returns 0, or -errno with nothing mapped. The descriptors stay with the
 * caller. */
int bpf_hot_map(struct bpf_hot *h, const struct bpf_hot_fds *fds);
void bpf_hot_unmap(struct bpf_hot *h); /* harmless when nothing is mapped */

/* Resets a session id: sequence numbers and counters start at 0, no family is open. */
void bpf_hot_reset(struct bpf_hot *h, uint16_t sid);
/* Sets what all sessions of a tunnel share; call before its first session, from one thread. */
void bpf_hot_path(struct bpf_hot *h, uint16_t tid, const struct ze_tunnel *t);
/* Creates or changes a session. Its sequence numbers, counters and policer state are kept. */
void bpf_hot_put(struct bpf_hot *h, const struct ze_sess_key *k, const struct ze_session *s);
/* Opens or closes a family: its packets pass, or are dropped. From any thread, at any time. */
void bpf_hot_open(struct bpf_hot *h, uint16_t sid, bool v6, bool open);
/* Removes a session: none of its packets passes any more. A newer session that has the id is not
 * touched. */
void bpf_hot_drop(struct bpf_hot *h, const struct ze_sess_key *k);
/* Enters the address of a session in near4. Of several with the same low half, the last one
 * stays. */
void bpf_hot_near(struct bpf_hot *h, const uint8_t ip4[static 4], uint16_t sid);
/* Removes it, unless another session has the entry. */
void bpf_hot_far(struct bpf_hot *h, const uint8_t ip4[static 4], uint16_t sid);
/* In tables of a previous instance: removes the sessions for which keep() returns false, and near4
 * entries of addresses that no session has. */
void bpf_hot_prune(struct bpf_hot *h, bool (*keep)(void *self, const struct ze_sess_key *k),
		   void *self);
/* True when a session has this id. */
bool bpf_hot_has(const struct bpf_hot *h, uint16_t sid);
struct bpf_hot_counters bpf_hot_counters(const struct bpf_hot *h, uint16_t sid);
/* The next Ns for a data packet of this session (RFC 2661 5.4). */
uint16_t bpf_hot_number(struct bpf_hot *h, uint16_t sid);
