/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps of both data planes: which sources may send to the daemon, and the counters of verdicts.
 * Pinned under /sys/fs/bpf/ze by these names. For the BPF side only.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/ze_bpf.h"

/* Local endpoints; address 0: every address of the host. Malformed or unknown messages are dropped
 * only there. The value is the number of the instance that entered it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_addr_key);
	__type(value, __u32);
} ze_endpoints SEC(".maps");

/* By our tunnel id, from before the SCCRP until the end of the linger time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u16);
	__type(value, struct ze_peer);
} ze_tunnels SEC(".maps");

/* By our session id, from before the ICRP until the session is removed; see ZE_CALL_CARRIED. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} ze_calls SEC(".maps");

/* Peers with an established tunnel, with port 0. The value is as in ze_endpoints. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_PEERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_addr_key);
	__type(value, __u32);
} ze_established SEC(".maps");

/* Token buckets of unknown sources, with port 0. The least recently used one is replaced. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ZE_SOURCES);
	__type(key, struct ze_addr_key);
	__type(value, struct ze_source);
} ze_sources SEC(".maps");

/* The same for sources that have or had an established tunnel. Only the daemon adds sources, and
 * the programs those in `ze_established`: an attacker with forged addresses displaces none. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ZE_SOURCES);
	__type(key, struct ze_addr_key);
	__type(value, struct ze_source);
} ze_answered SEC(".maps");

/* The prefixes of allow-from, used if ze_limits.listed is set. The value is the number of the
 * reload. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_ALLOWED);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_allow);
	__type(value, __u32);
} ze_allowed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ze_limits);
} ze_limits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ZE_V__COUNT);
	__type(key, __u32);
	__type(value, __u64);
} ze_verdicts SEC(".maps");
