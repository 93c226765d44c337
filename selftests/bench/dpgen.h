/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The fields of one frame of the benchmark, as octets on the wire. */
#pragma once

#include <linux/types.h>

/* Ethernet, outer IP and UDP, L2TP, PPP, inner IP and UDP. */
#define DPGEN_HEAD 80
/* The other ends of the inner packets: 198.18.0.0/16 (RFC 2544 C.2.2), as many as it has. */
#define DPGEN_FAR 0xc6120000

struct dpgen_target {
	__u8 ids[4]; /* Tunnel ID, Session ID */
	__u8 addr[4];
};

/* The data that the generator reads takes cache from the programs that are measured. */
_Static_assert(sizeof(struct dpgen_target) == 8, "read from a file");
