/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps of the BPF plane, named as in `bpftool map` and under /sys/fs/bpf/ze; those of the guard
 * are in guard_maps.h. A name begins with ze_, so that `bpftool map` shows whose it is, and has at
 * most 15 characters. For the BPF side only.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/ze_bpf.h"

/* An array that the programs use for every packet, and that the daemon maps into its memory. */
#define ZE_TABLE(name, n, row)                                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, n);                                                            \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__type(key, __u32);                                                                \
		__type(value, row);                                                                \
	} name SEC(".maps")

/* What the next instance must know to use these maps: their layout, and the devices. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ze_conf);
} ze_about SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_sess_key);
	__type(value, struct ze_session);
} ze_sessions SEC(".maps");

/* Tunnels by our tunnel id. An array, because it is used for every packet. */
ZE_TABLE(ze_paths, 65536, struct ze_tunnel);

/* By session id. The daemon takes Ns of its own data packets from `ze_numbers`, and reads the
 * counters. */
ZE_TABLE(ze_up, ZE_SIDS, struct ze_meter);
ZE_TABLE(ze_down, ZE_SIDS, struct ze_meter);
ZE_TABLE(ze_up_credits, ZE_SIDS / ZE_CREDITS, struct ze_credits);
ZE_TABLE(ze_down_credits, ZE_SIDS / ZE_CREDITS, struct ze_credits);
ZE_TABLE(ze_drops, ZE_SIDS, struct ze_drops);
ZE_TABLE(ze_numbers, ZE_SIDS, struct ze_numbers);
ZE_TABLE(ze_up_ids, ZE_SIDS, struct ze_up_id);
ZE_TABLE(ze_down_ids, ZE_SIDS, struct ze_down_id);

/* Before ze_hosts4: nearly every address is found in this table, which stays in the cache. */
ZE_TABLE(ze_near4, 65536 / ZE_NEAR, struct ze_near);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ze_routing);
} ze_routing SEC(".maps");

/* Sessions by IPv4 address, by prefix, and by interface identifier. An address in ze_hosts4 is
 * preferred to a prefix. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u8[4]);
	__type(value, struct ze_sess_key);
} ze_hosts4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_NETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_lpm4);
	__type(value, struct ze_sess_key);
} ze_prefixes4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ZE_NET6S *ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_lpm6);
	__type(value, struct ze_sess_key);
} ze_prefixes6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u8[8]);
	__type(value, struct ze_sess_key);
} ze_links6 SEC(".maps");

/* The ports to which packets may be redirected: uplinks, core, ze0p. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} ze_ports SEC(".maps");

/* The VLAN devices, whose frames leave a port with tags, by interface index. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_VLANS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ze_vlan);
} ze_vlans SEC(".maps");

/* The MAC addresses of ports, by interface index; an array, because it is used for every frame. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZE_MACS);
	__type(key, __u32);
	__type(value, struct ze_mac);
} ze_macs SEC(".maps");

/* The MAC addresses of VLAN devices, by port and tags; a device with two tags has two keys. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_VLANS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ze_vlan_key);
	__type(value, struct ze_mac);
} ze_vlan_macs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ZE_CACHED);
	__type(key, __u32);
	__type(value, struct ze_nexthop);
} ze_nexthops SEC(".maps");
