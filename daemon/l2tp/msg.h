/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages as typed structs, RFC 2661 6. A message is decoded whole before anybody acts
 * on it; what is wrong with it comes back as a fault that says what to answer (4.1: the M bit
 * decides whether an unusable AVP costs the message). Spans point into the payload or into the
 * caller's scratch and live as long as those.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/l2tp/proto.h"

struct avp_spec;

#define L2TP_MSG_MAX 1400 /* octets of AVPs we ever send in one message */

struct l2tp_result {
	uint16_t code, error;
	bool has_error; /* the 8-octet form has none (Windows, MikroTik) */
	struct span text;
};

struct l2tp_q931 {
	uint16_t cause;
	uint8_t msg;
	struct span text;
};

struct l2tp_disconnect { /* RFC 3145 */
	uint16_t code, proto;
	uint8_t direction;
	struct span text;
};

struct l2tp_msg {
	uint16_t type;	     /* enum l2tp_msg_type, or an unknown number when !mandatory */
	bool type_mandatory; /* M bit of the Message Type AVP as received */
	uint64_t have;	     /* bit (1 << enum l2tp_avp_type) */
	struct l2tp_result result;
	uint16_t protocol_version;
	uint32_t framing_caps, bearer_caps;
	uint64_t tie_breaker;
	uint16_t firmware_revision;
	struct span host_name, vendor_name;
	uint16_t assigned_tid, rws;
	struct span challenge, challenge_response;
	struct l2tp_q931 q931;
	uint16_t assigned_sid;
	uint32_t call_serial, minimum_bps, maximum_bps, bearer_type, framing_type;
	struct span called_number, calling_number, sub_address;
	uint32_t tx_speed_bps, rx_speed_bps, physical_channel;
	struct span initial_rcvd_confreq, last_sent_confreq, last_rcvd_confreq;
	uint16_t proxy_authen_type, proxy_authen_id;
	struct span proxy_authen_name, proxy_authen_challenge, proxy_authen_response;
	uint32_t call_errors[6], accm[2];
	struct span private_group_id;
	struct span random_vector; /* the last one; encoding takes it from struct l2tp_enc */
	struct l2tp_disconnect disconnect;
	unsigned ignored; /* optional AVPs that were unusable */
};

#define L2TP_HAS(m, avp) (((m)->have >> (avp)) & 1)
#define L2TP_BIT(avp)	 (UINT64_C(1) << (avp))

enum l2tp_fault_where {
	L2TP_FAULT_AVP,	  /* in this AVP, or it is missing */
	L2TP_FAULT_AFTER, /* in what follows this AVP, which is too short for a header */
	L2TP_FAULT_MSG	  /* no AVP in particular */
};

struct l2tp_fault {
	enum reason reason;
	uint16_t error; /* enum l2tp_error to answer with */
	enum l2tp_fault_where where;
	uint16_t vendor, attr;
};

struct l2tp_dec {
	struct span secret; /* empty: no secret; hidden AVPs are then malformed */
	uint8_t *scratch;   /* at least as long as the payload: revealed values */
	size_t scratch_size;
};

/* AVPs of one message (header removed, not a ZLB). 0, or -REASON_x with *ret_fault set; then *ret
 * still holds type (0 if even that failed) and what was decoded, to answer with, not to act on.
 * A mandatory unknown, malformed or reserved-bit AVP is a fault; a not mandatory one is ignored and
 * counted in ret->ignored. Missing required AVPs (table of 6.x in msg.c) are REASON_AVP_MISSING;
 * 15 in ICRQ and 19, 24 in ICCN may be absent (field practice). The first of duplicates wins. */
int l2tp_msg_decode(struct span payload, const struct l2tp_dec *d, struct l2tp_msg *ret,
		    struct l2tp_fault *ret_fault);
/* One clear value into its field of m, as the row of the table says. 0, -REASON_AVP_VALUE_LEN or
 * -REASON_AVP_VALUE. */
int l2tp_msg_field(const struct avp_spec *s, struct span value, struct l2tp_msg *m);
/* The clear Host Name of a payload without decoding the rest, so that a secret can be chosen by
 * it first; empty when there is none. */
struct span l2tp_msg_peek_host_name(struct span payload);

struct l2tp_enc { /* both non-empty: hide what may be hidden, after a Random Vector */
	struct span secret, vector;
};

/* Message Type first, then each AVP in m->have in ascending order; type's M bit is always set.
 * e may be NULL (nothing hidden). 0 or -REASON_MSG_TOO_LONG. */
int l2tp_msg_encode(const struct l2tp_msg *m, const struct l2tp_enc *e, struct wr *w);

const char *l2tp_msg_name(uint16_t type); /* "SCCRQ"; "unknown" */
/* The message type of a payload without decoding more; 0 when there is none to read. */
uint16_t l2tp_msg_peek_type(struct span payload);
/* True for ICRQ ICRP ICCN OCRQ OCRP OCCN CDN WEN SLI: a fault costs the call, not the tunnel. */
bool l2tp_msg_is_call(uint16_t type);
