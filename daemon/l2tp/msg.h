/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages as structs, RFC 2661 6. A message is decoded completely before any state
 * changes. A message that cannot be used is returned with a fault, which says how to answer it; by
 * 4.1, the M bit decides whether an unusable AVP makes the whole message unusable. Spans point into
 * the payload or into the caller's scratch buffer and are valid as long as those.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/l2tp/msg_fields.h"
#include "daemon/l2tp/proto.h"

struct avp_spec;

#define L2TP_MSG_MAX 1400 /* octets of AVPs in a message that ze sends */

enum l2tp_fault_where {
	L2TP_FAULT_AVP,	  /* in this AVP, or this AVP is missing */
	L2TP_FAULT_AFTER, /* in the octets after this AVP, which are too few for an AVP header */
	L2TP_FAULT_MSG	  /* not in a particular AVP */
};

struct l2tp_fault {
	enum reason reason;
	uint16_t error; /* enum l2tp_error for the answer */
	enum l2tp_fault_where where;
	uint16_t vendor, attr;
};

struct l2tp_dec {
	struct span secret; /* empty: no secret, so hidden AVPs cannot be read */
	uint8_t *scratch;   /* receives decrypted values; at least as long as the payload */
	size_t scratch_size;
};

/* Decodes the AVPs of one message (without the header; not a ZLB). Returns 0, or -REASON_x with
 * *ret_fault set; then *ret holds the type (0 when it could not be read) and what was decoded,
 * which may be used for the answer only. An unknown or malformed AVP, or one with reserved bits, is
 * a fault when its M bit is set; otherwise it is ignored and counted in ret->ignored. A missing
 * required AVP (the table in msg.c) is REASON_AVP_MISSING; AVP 15 in ICRQ and AVPs 19 and 24 in
 * ICCN may be absent. Of duplicates the first is used. */
int l2tp_msg_decode(struct span payload, const struct l2tp_dec *d, struct l2tp_msg *ret,
		    struct l2tp_fault *ret_fault);
/* Decodes one clear value into its member of m, as its table row says. Returns 0,
 * -REASON_AVP_VALUE_LEN or -REASON_AVP_VALUE. */
int l2tp_msg_field(const struct avp_spec *s, struct span value, struct l2tp_msg *m);
/* The Host Name of a payload when it is not hidden, read without decoding the rest, to select the
 * shared secret. Empty when there is none. */
struct span l2tp_msg_peek_host_name(struct span payload);

struct l2tp_enc { /* when both are non-empty, every AVP that may be hidden is hidden */
	struct span secret, vector;
};

/* Encodes the Message Type (always with the M bit), then each AVP of m->have in ascending order. e
 * may be NULL: nothing is hidden. Returns 0 or -REASON_MSG_TOO_LONG; then w->bad is set too. */
int l2tp_msg_encode(const struct l2tp_msg *m, const struct l2tp_enc *e, struct wr *w);

const char *l2tp_msg_name(uint16_t type); /* "SCCRQ", or "unknown" */
/* The message type of a payload, read without decoding the rest; 0 when it cannot be read. */
uint16_t l2tp_msg_peek_type(struct span payload);
/* True for ICRQ, ICRP, ICCN, OCRQ, OCRP, OCCN, CDN, WEN and SLI: a fault in one of these ends the
 * call and not the tunnel. */
bool l2tp_msg_is_call(uint16_t type);
