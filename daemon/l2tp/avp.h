/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AVPs, RFC 2661 4.1: the walker (one), the table (one), and the writers. The table row of an
 * attribute says its name, length bounds, M bit, whether it may be hidden, and where its value goes in struct l2tp_msg;
 * names in logs, `ze l2tp decode`, the fuzzer's dictionary and the length tests come from it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/l2tp/proto.h"

enum avp_kind { /* how a value is decoded and printed */
	AVP_K_EMPTY,
	AVP_K_U16,
	AVP_K_U32,
	AVP_K_U64,
	AVP_K_SPEED, /* u32, or ASCII digits as the AS5300 sends */
	AVP_K_TEXT,
	AVP_K_BYTES,
	AVP_K_RESULT,	   /* code, optional error, optional text */
	AVP_K_Q931,	   /* cause, message, text */
	AVP_K_CALL_ERRORS, /* reserved, six u32 */
	AVP_K_ACCM,	   /* reserved, send, receive */
	AVP_K_DISCONNECT   /* RFC 3145: code, protocol, direction, text */
};

struct avp_spec {
	const char *name; /* "Assigned Tunnel ID" */
	const char *key;  /* "assigned-tunnel-id" */
	enum avp_kind kind;
	uint16_t min, max; /* of the value, without the AVP header */
	bool mandatory;	   /* what we set; what a peer sets decides what a refusal costs */
	bool may_hide;
	bool secret;	 /* value is never logged or printed in clear */
	bool nonzero;	 /* value 0 is out of range */
	uint16_t offset; /* of the field in struct l2tp_msg */
};

/* NULL for vendors other than 0 and for unknown types. */
const struct avp_spec *avp_spec_find(uint16_t vendor, uint16_t type);

struct avp {
	uint16_t flags, vendor, type;
	struct span value; /* as on the wire: still hidden when AVP_F_HIDDEN is set */
};

/* Next AVP of a message. 1 and *ret, 0 at the end, -REASON_AVP_SHORT or -REASON_AVP_LEN (the rest
 * can't be walked then). */
int avp_next(struct rd *r, struct avp *ret);

/* Writers; `spec` M bit from the table. Sticky error in w. */
void avp_put(struct wr *w, enum l2tp_avp_type type, struct span value);
void avp_put_u16(struct wr *w, enum l2tp_avp_type type, uint16_t v);
void avp_put_u32(struct wr *w, enum l2tp_avp_type type, uint32_t v);
void avp_put_u64(struct wr *w, enum l2tp_avp_type type, uint64_t v);
