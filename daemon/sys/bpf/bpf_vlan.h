/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps of VLAN devices (bpf/ze_bpf.h: ze_vlan, ze_vlan_key) and of the MAC addresses of ports. Keeps
 * no state: what a map has already, also from a previous instance, is compared with what it shall have.
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

/* These and no others. 0, or -errno of the first that failed. */
int bpf_vlan_set(int map, const struct bpf_vlan *v, size_t n);
/* The same by the tags of frames that arrive. */
int bpf_vlan_set_macs(int map, const struct bpf_vlan *v, size_t n);
/* The addresses of ports: these and no others. -ENOSPC: the rows of one port are taken. */
int bpf_vlan_port_macs(int map, const struct bpf_port_mac *p, size_t n);
/* -ENODEV: no such device. */
int bpf_vlan_read_mac(unsigned ifindex, struct bpf_port_mac *ret);
