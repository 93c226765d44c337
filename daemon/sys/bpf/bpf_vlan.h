/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills the maps of VLAN devices (bpf/ze_bpf.h: ze_vlan, ze_vlan_key) and of the MAC addresses of
 * ports. Keeps no state: the content of a map, also from a previous instance, is compared with what
 * it should be.
 */
#pragma once

#include <stddef.h>

#include "bpf/ze_bpf.h"

struct bpf_vlan {
	unsigned ifindex;
	struct ze_vlan v;
	__u8 mac[6];
};

struct bpf_port_mac {
	unsigned ifindex;
	__u8 mac[6];
};

/* Sets the devices by interface index; removes others. Returns 0 or the first -errno. */
int bpf_vlan_set(int map, const struct bpf_vlan *v, size_t n);
/* The same by the tags of received frames. */
int bpf_vlan_set_macs(int map, const struct bpf_vlan *v, size_t n);
/* Sets the addresses of ports; removes others. Returns 0 or the first -errno; -ENOSPC: no free row
 * for a port. */
int bpf_vlan_port_macs(int map, const struct bpf_port_mac *p, size_t n);
/* Reads index and MAC address of a device. Returns 0 or -errno; -ENXIO or -ENODEV: no such
 * device. */
int bpf_vlan_read_mac(unsigned ifindex, struct bpf_port_mac *ret);
