/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports in a VRF, which ze does not serve: programs ask the FIB as from ze0, which is in none, and sockets are bound
 * to none. So they are refused by name, at the start and when somebody puts one there later.
 */
#pragma once

#include <stdbool.h>

/* -EOPNOTSUPP: the interface is in a VRF, which has been logged. 0, or -errno. Blocks for the kernel's answer. */
int vrf_check(unsigned ifindex);
/* A port that ze uses went into one, or left it. */
void vrf_tell(const char *name, bool in_vrf);
