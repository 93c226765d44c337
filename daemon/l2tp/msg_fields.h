/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control message as a struct: one member for each AVP, RFC 2661 4.4. The table in avp.c names
 * the member of each attribute, and msg.h decodes and encodes the whole. Spans point into the
 * payload or the scratch buffer of the decoder, and are valid as long as those. No functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

struct l2tp_result {
	uint16_t code, error;
	bool has_error; /* false for the form of 8 octets, as sent by Windows and MikroTik */
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
	uint16_t type;	     /* enum l2tp_msg_type, or an unknown type when !type_mandatory */
	bool type_mandatory; /* M bit of the Message Type AVP as received */
	uint64_t have;	     /* the AVPs present: L2TP_BIT(enum l2tp_avp_type) */
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
	struct span random_vector; /* the last one received; not used for encoding */
	struct l2tp_disconnect disconnect;
	unsigned ignored; /* number of AVPs that were ignored */
};

#define L2TP_HAS(m, avp) (((m)->have >> (avp)) & 1)
#define L2TP_BIT(avp)	 (UINT64_C(1) << (avp))
