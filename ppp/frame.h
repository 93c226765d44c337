/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PPP in an L2TP payload or from /dev/ppp: optional FF 03 (ACFC), one- or two-octet protocol (PFC),
 * RFC 1661 2 and 6.5, RFC 1662 3. Accepts every form whatever was negotiated. Does not decide what
 * a protocol may do now.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

struct ppp_frame {
	uint16_t proto;
	struct span info;
};

/* 0, -REASON_PPP_SHORT, or -REASON_PPP_PROTOCOL (even low octet, or odd high octet). */
int ppp_frame_parse(struct span bytes, struct ppp_frame *ret);

struct cp_pkt {
	uint8_t code, id;
	struct span data;  /* behind the 4-octet header, within Length */
	struct span whole; /* the packet within Length */
};

/* A control packet (LCP, NCPs, PAP, CHAP): 0, -REASON_CP_SHORT, -REASON_CP_LEN. Padding behind
 * Length is dropped. */
int cp_pkt_parse(struct span info, struct cp_pkt *ret);
