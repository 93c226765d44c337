/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What one frame of the benchmark gets written into it, as octets on the wire. */
#pragma once

#include <linux/types.h>

/* Ethernet, outer IP and UDP, L2TP, PPP, inner IP. */
#define DPGEN_HEAD 72

struct dpgen_target {
	__u8 ids[4]; /* Tunnel ID, Session ID */
	__u8 addr[4];
	__u8 csum[2]; /* of the inner IP header */
	__u8 pad[6];
};

_Static_assert(sizeof(struct dpgen_target) == 16, "read from a file");
