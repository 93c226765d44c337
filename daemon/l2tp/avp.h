/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AVPs, RFC 2661 4.1: the iterator, the table, and the writers. The row of an attribute gives its
 * name, the bounds of its length, its M bit, whether it may be hidden, and the member of struct
 * l2tp_msg that holds its value. Logs, `ze l2tp decode`, the fuzzer's dictionary and the length
 * tests take the names from it.
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
	AVP_K_SPEED, /* u32, or ASCII digits as sent by the Cisco AS5300 */
	AVP_K_TEXT,
	AVP_K_BYTES,
	AVP_K_RESULT,	   /* result code, optional error code, optional text */
	AVP_K_Q931,	   /* cause, message, text */
	AVP_K_CALL_ERRORS, /* reserved octets, six u32 */
	AVP_K_ACCM,	   /* reserved octets, send, receive */
	AVP_K_DISCONNECT   /* RFC 3145: code, protocol, direction, text */
};

struct avp_spec {
	const char *name; /* "Assigned Tunnel ID" */
	const char *key;  /* "assigned-tunnel-id" */
	enum avp_kind kind;
	uint16_t min, max; /* length of the value in octets, without the AVP header */
	bool mandatory; /* the M bit ze sends; the M bit of a received AVP is the peer's choice */
	bool may_hide;
	bool secret;	 /* the value is never logged or printed */
	bool nonzero;	 /* the value 0 is out of range */
	uint16_t offset; /* of the member in struct l2tp_msg */
};

/* The row of an attribute, or NULL for other vendors than 0 and for unknown types. */
const struct avp_spec *avp_spec_find(uint16_t vendor, uint16_t type);

struct avp {
	uint16_t flags, vendor, type;
	struct span value; /* as received: encrypted when AVP_F_HIDDEN is set */
};

/* Reads the next AVP of a message. Returns 1 and *ret, 0 at the end, or -REASON_AVP_SHORT or
 * -REASON_AVP_LEN; after an error the rest of the message cannot be read. */
int avp_next(struct rd *r, struct avp *ret);

/* Writers. The M bit comes from the table. A value that does not fit sets w->bad. */
void avp_put(struct wr *w, enum l2tp_avp_type type, struct span value);
void avp_put_u16(struct wr *w, enum l2tp_avp_type type, uint16_t v);
