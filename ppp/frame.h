/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PPP frames in an L2TP payload or from /dev/ppp: optional FF 03 (ACFC), Protocol field of one or
 * two octets (PFC). RFC 1661 2 and 6.5, RFC 1662 3. Every form is accepted, whatever was
 * negotiated. Whether a protocol is allowed in the current phase is not decided here.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

struct ppp_frame {
	uint16_t proto;
	struct span info;
};

/* Returns 0, -REASON_PPP_SHORT, or -REASON_PPP_PROTOCOL (invalid number, or 00FF). ret->info refers
 * to the input. */
int ppp_frame_parse(struct span bytes, struct ppp_frame *ret);

struct cp_pkt {
	uint8_t code, id;
	struct span data;  /* after the 4-octet header, up to Length */
	struct span whole; /* the packet, up to Length */
};

/* Parses a packet of LCP, an NCP, PAP or CHAP. Returns 0, -REASON_CP_SHORT or -REASON_CP_LEN.
 * Padding after Length is ignored. */
int cp_pkt_parse(struct span info, struct cp_pkt *ret);
