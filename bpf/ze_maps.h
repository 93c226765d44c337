/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps of the BPF plane, as `bpftool map` names them under /sys/fs/bpf/ze; those of the guard are in
 * guard_maps.h. For the BPF side only.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/ze_bpf.h"

/* What packets are looked up in and counted by, and the daemon has in memory, too. */
#define ZE_TABLE(name, n, row)                                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, n);                                                            \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__type(key, __u32);                                                                \
		__type(value, row);                                                                \
	} name SEC(".maps")

/* What another process must know to go on with these maps: their layout, and the devices. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ze_conf);
} about SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_sess_key);
	__type(value, struct ze_session);
} sessions SEC(".maps");

/* What its sessions have in common, by our tunnel id. An array: it is asked for every packet. */
ZE_TABLE(paths, 65536, struct ze_tunnel);

/* By session id. The daemon numbers the data packets it sends itself, and reads the counters. */
ZE_TABLE(up, ZE_SIDS, struct ze_meter);
ZE_TABLE(down, ZE_SIDS, struct ze_meter);
ZE_TABLE(up_credits, ZE_SIDS / ZE_CREDITS, struct ze_credits);
ZE_TABLE(down_credits, ZE_SIDS / ZE_CREDITS, struct ze_credits);
ZE_TABLE(drops, ZE_SIDS, struct ze_drops);
ZE_TABLE(numbers, ZE_SIDS, struct ze_numbers);
ZE_TABLE(up_ids, ZE_SIDS, struct ze_up_id);
ZE_TABLE(down_ids, ZE_SIDS, struct ze_down_id);

/* In front of hosts4: nearly every address is found here, in a table that stays in the cache. */
ZE_TABLE(near4, 65536 / ZE_NEAR, struct ze_near);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ze_routing);
} routing SEC(".maps");

/* A subscriber by its IPv4 address, its prefixes, its interface identifier. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u8[4]);
	__type(value, struct ze_sess_key);
} hosts4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_NET6S *ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_lpm6);
	__type(value, struct ze_sess_key);
} prefixes6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u8[8]);
	__type(value, struct ze_sess_key);
} links6 SEC(".maps");

/* Where packets may be sent to: uplinks, core, ze0p. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

/* And the devices whose frames go out of a port with tags. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_VLANS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ze_vlan);
} vlans SEC(".maps");

/* The MAC addresses of ports, by interface index: an array, because every frame is looked up. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZE_MACS);
	__type(key, __u32);
	__type(value, struct ze_mac);
} macs SEC(".maps");

/* And those of VLAN devices on them, by the tags of frames for them: one with two tags has two keys. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_VLANS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_vlan_key);
	__type(value, struct ze_mac);
} vlan_macs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ZE_CACHED);
	__type(key, __u32);
	__type(value, struct ze_nexthop);
} nexthops SEC(".maps");
