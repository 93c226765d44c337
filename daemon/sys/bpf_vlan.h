/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of VLAN devices (bpf/ze_bpf.h: ze_vlan). Remembers nothing: what is in the map already, also
 * of a former life, is compared with what shall be.
 */
#pragma once

#include <stddef.h>

#include "bpf/ze_bpf.h"

struct bpf_vlan {
	unsigned ifindex;
	struct ze_vlan v;
};

/* These and no others. 0, or -errno of the first that failed. */
int bpf_vlan_set(int map, const struct bpf_vlan *v, size_t n);
