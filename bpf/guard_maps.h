/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps that both data planes have: who may talk to the daemon, and what became of packets. Pinned
 * under /sys/fs/bpf/ze by these names. For the BPF side only.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/ze_bpf.h"

/* Endpoints of ours, or of any address of this host when the address is 0: what is malformed or
 * unknown there is dropped, elsewhere it is not our business. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_addr_key);
	__type(value, __u32);
} endpoints SEC(".maps");

/* By our tunnel id, from before the SCCRP to the end of lingering. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u16);
	__type(value, struct ze_peer);
} tunnels SEC(".maps");

/* By our session id, from before the ICRP until the session is gone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

/* Peers with an established tunnel, port 0. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_PEERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_addr_key);
	__type(value, __u32);
} established SEC(".maps");

/* Token buckets of unknown sources, port 0: the one that was not seen for longest makes room. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ZE_SOURCES);
	__type(key, struct ze_addr_key);
	__type(value, struct ze_source);
} sources SEC(".maps");

/* The same of sources that have had an established tunnel, now or before. Only the daemon adds them, and
 * peers that are in `established`: whoever forges addresses pushes nobody out. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ZE_SOURCES);
	__type(key, struct ze_addr_key);
	__type(value, struct ze_source);
} answered SEC(".maps");

/* allow-from, where it is given: see `listed` of the limits. The value is the number of its reload. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_ALLOWED);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_allow);
	__type(value, __u32);
} allowed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ze_limits);
} limits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ZE_V__COUNT);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");
