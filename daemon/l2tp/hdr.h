/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The L2TP header, RFC 2661 3.1, both kinds. Decides by the header alone; never looks at AVPs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"
#include "daemon/l2tp/proto.h"

#define L2TP_CTL_HDR_LEN 12

struct l2tp_hdr {
	uint16_t flags;	 /* as received: L2TP_F_* */
	uint16_t length; /* of the whole message; the datagram's when the L bit is clear */
	uint16_t offset; /* Offset Size, 0 when the O bit is clear */
	uint16_t tid, sid, ns, nr; /* ns and nr are 0 when the S bit is clear */
	struct span payload;
};

static inline bool l2tp_hdr_is_control(const struct l2tp_hdr *h)
{
	return h->flags & L2TP_F_TYPE;
}

/* One datagram. 0 or -REASON_HDR_*. Control messages must have L and S set and O clear, and a
 * Length of at least 12. Reserved bits and P are ignored. Octets behind Length are not payload. */
int l2tp_hdr_parse(const void *buf, size_t len, struct l2tp_hdr *ret);
/* Writes 12 octets with Length 0; returns the mark for l2tp_hdr_end_ctl. */
size_t l2tp_hdr_begin_ctl(struct wr *w, uint16_t tid, uint16_t sid, uint16_t ns, uint16_t nr);
/* Fills Length with everything written since begin. */
void l2tp_hdr_end_ctl(struct wr *w, size_t mark);
/* A data header: 6 octets, or 10 with `seq` (S set, Ns, Nr 0); `prio` sets P. */
void l2tp_hdr_write_data(struct wr *w, const struct l2tp_hdr *h);
