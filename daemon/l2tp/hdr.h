/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The L2TP header of control and data messages, RFC 2661 3.1. AVPs are not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"
#include "daemon/l2tp/proto.h"

#define L2TP_CTL_HDR_LEN 12

struct l2tp_hdr {
	uint16_t flags;	 /* as received: L2TP_F_* */
	uint16_t length; /* octets of the message; of the datagram when the L bit is clear */
	uint16_t offset; /* Offset Size in octets, 0 when the O bit is clear */
	uint16_t tid, sid, ns, nr; /* ns and nr are 0 when the S bit is clear */
	struct span payload;
};

static inline bool l2tp_hdr_is_control(const struct l2tp_hdr *h)
{
	return h->flags & L2TP_F_TYPE;
}

/* Parses the header of one datagram. Returns 0 or -REASON_HDR_*. A control message must have L and
 * S set, O clear, and a Length of at least 12. Reserved bits and P are ignored. The payload ends at
 * Length; *ret refers to buf. */
int l2tp_hdr_parse(const void *buf, size_t len, struct l2tp_hdr *ret);
/* Writes a control header of 12 octets with Length 0. Returns the mark for l2tp_hdr_end_ctl(). */
size_t l2tp_hdr_begin_ctl(struct wr *w, uint16_t tid, uint16_t sid, uint16_t ns, uint16_t nr);
/* Sets Length to what was written since l2tp_hdr_begin_ctl(). */
void l2tp_hdr_end_ctl(struct wr *w, size_t mark);
/* Writes a data header: 6 octets, or 10 with L2TP_F_SEQ in h->flags (Ns, and Nr 0). L2TP_F_PRIO is
 * kept, all other flags are ignored. */
void l2tp_hdr_write_data(struct wr *w, const struct l2tp_hdr *h);
