/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects ports in a VRF, which is not supported: programs query the FIB as from ze0, which is in
 * no VRF, and sockets are bound to none. Such ports are refused at the start, and logged when an
 * operator moves one into a VRF later.
 */
#pragma once

#include <stdbool.h>

/* Returns -EOPNOTSUPP when the interface is in a VRF, which has been logged; else 0 or -errno.
 * Blocks for the kernel's answer. */
int vrf_check(unsigned ifindex);
/* Logs that a port in use was moved into a VRF, or out of it. */
void vrf_tell(const char *name, bool in_vrf);
