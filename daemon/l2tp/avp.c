/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AVP table of RFC 2661 4.4 and RFC 3145, the AVP iterator of 4.1, and the writers. AVPs of
 * other vendors and those of RFC 3308, RFC 4951 and RFC 5515 have no row and count as unknown.
 */
#include "daemon/l2tp/avp.h"

#include "daemon/l2tp/msg_fields.h"

#define VAR AVP_MAX_VALUE

/* The flags a row can have. */
#define M      .mandatory = true
#define H      .may_hide = true
#define SECRET .secret = true
#define NZ     .nonzero = true
#define ROW(type, n, k, kd, lo, hi, field, ...)                                                    \
	[AVP_##type] = { .name = n,                                                                \
			 .key = k,                                                                 \
			 .kind = AVP_K_##kd,                                                       \
			 .min = lo,                                                                \
			 .max = hi,                                                                \
			 .offset = offsetof(struct l2tp_msg, field),                               \
			 __VA_ARGS__ }

/* clang-format off */
static const struct avp_spec avp_specs[AVP__COUNT] = {
	/*  type                  name, key                          kind        min max  field                   flags      RFC 2661 */
	ROW(MSG_TYPE,             "Message Type",
				  "message-type",                    U16,          2,  2, type,                   M),          /* 4.4.1 */
	ROW(RESULT_CODE,          "Result Code",
				  "result-code",                     RESULT,       2, VAR, result,                M),          /* 4.4.2 */
	ROW(PROTOCOL_VERSION,     "Protocol Version",
				  "protocol-version",                U16,          2,  2, protocol_version,       M),          /* 4.4.3 */
	ROW(FRAMING_CAPS,         "Framing Capabilities",
				  "framing-capabilities",            U32,          4,  4, framing_caps,           M, H),
	ROW(BEARER_CAPS,          "Bearer Capabilities",
				  "bearer-capabilities",             U32,          4,  4, bearer_caps,            M, H),
	ROW(TIE_BREAKER,          "Tie Breaker",
				  "tie-breaker",                     U64,          8,  8, tie_breaker),
	ROW(FIRMWARE_REVISION,    "Firmware Revision",
				  "firmware-revision",               U16,          2,  2, firmware_revision,      H),
	ROW(HOST_NAME,            "Host Name",
				  "host-name",                       TEXT,         1, VAR, host_name,             M),
	ROW(VENDOR_NAME,          "Vendor Name",
				  "vendor-name",                     TEXT,         0, VAR, vendor_name,           H),
	ROW(ASSIGNED_TUNNEL_ID,   "Assigned Tunnel ID",
				  "assigned-tunnel-id",              U16,          2,  2, assigned_tid,           M, H, NZ),
	ROW(RECEIVE_WINDOW_SIZE,  "Receive Window Size",
				  "receive-window-size",             U16,          2,  2, rws,                    M, NZ),
	ROW(CHALLENGE,            "Challenge",
				  "challenge",                       BYTES,        1, VAR, challenge,             M, H),
	ROW(Q931_CAUSE,           "Q.931 Cause Code",
				  "q931-cause-code",                 Q931,         3, VAR, q931,                  M),          /* 4.4.2 */
	ROW(CHALLENGE_RESPONSE,   "Challenge Response",
				  "challenge-response",              BYTES,       16, 16, challenge_response,     M, H, SECRET),
	ROW(ASSIGNED_SESSION_ID,  "Assigned Session ID",
				  "assigned-session-id",             U16,          2,  2, assigned_sid,           M, H, NZ),   /* 4.4.4 */
	ROW(CALL_SERIAL,          "Call Serial Number",
				  "call-serial-number",              U32,          4,  4, call_serial,            M, H),
	ROW(MINIMUM_BPS,          "Minimum BPS",
				  "minimum-bps",                     U32,          4,  4, minimum_bps,            M, H),
	ROW(MAXIMUM_BPS,          "Maximum BPS",
				  "maximum-bps",                     U32,          4,  4, maximum_bps,            M, H),
	ROW(BEARER_TYPE,          "Bearer Type",
				  "bearer-type",                     U32,          4,  4, bearer_type,            M, H),
	ROW(FRAMING_TYPE,         "Framing Type",
				  "framing-type",                    U32,          4,  4, framing_type,           M, H),
	ROW(CALLED_NUMBER,        "Called Number",
				  "called-number",                   TEXT,         0, VAR, called_number,         M, H),
	ROW(CALLING_NUMBER,       "Calling Number",
				  "calling-number",                  TEXT,         0, VAR, calling_number,        M, H),
	ROW(SUB_ADDRESS,          "Sub-Address",
				  "sub-address",                     TEXT,         0, VAR, sub_address,           M, H),
	ROW(TX_CONNECT_SPEED,     "(Tx) Connect Speed",
				  "tx-connect-speed",                SPEED,        1, 10, tx_speed_bps,           M, H),
	ROW(PHYSICAL_CHANNEL,     "Physical Channel ID",
				  "physical-channel-id",             U32,          4,  4, physical_channel,       H),
	ROW(INITIAL_RCVD_CONFREQ, "Initial Received LCP CONFREQ",
				  "initial-received-lcp-confreq",    BYTES,        0, VAR, initial_rcvd_confreq,  H),          /* 4.4.5 */
	ROW(LAST_SENT_CONFREQ,    "Last Sent LCP CONFREQ",
				  "last-sent-lcp-confreq",           BYTES,        0, VAR, last_sent_confreq,     H),
	ROW(LAST_RCVD_CONFREQ,    "Last Received LCP CONFREQ",
				  "last-received-lcp-confreq",       BYTES,        0, VAR, last_rcvd_confreq,     H),
	ROW(PROXY_AUTHEN_TYPE,    "Proxy Authen Type",
				  "proxy-authen-type",               U16,          2,  2, proxy_authen_type,      H),
	ROW(PROXY_AUTHEN_NAME,    "Proxy Authen Name",
				  "proxy-authen-name",               TEXT,         0, VAR, proxy_authen_name,     H),
	ROW(PROXY_AUTHEN_CHALLENGE, "Proxy Authen Challenge",
				  "proxy-authen-challenge",          BYTES,        1, VAR, proxy_authen_challenge, H),
	ROW(PROXY_AUTHEN_ID,      "Proxy Authen ID",
				  "proxy-authen-id",                 U16,          2,  2, proxy_authen_id,        H),
	ROW(PROXY_AUTHEN_RESPONSE, "Proxy Authen Response",
				  "proxy-authen-response",           BYTES,        0, VAR, proxy_authen_response, H, SECRET),
	ROW(CALL_ERRORS,          "Call Errors",
				  "call-errors",                     CALL_ERRORS, 26, 26, call_errors,            M, H),       /* 4.4.6 */
	ROW(ACCM,                 "ACCM",
				  "accm",                            ACCM,        10, 10, accm,                   M, H),
	ROW(RANDOM_VECTOR,        "Random Vector",
				  "random-vector",                   BYTES,        0, VAR, random_vector,         M),          /* 4.3 */
	ROW(PRIVATE_GROUP_ID,     "Private Group ID",
				  "private-group-id",                TEXT,         0, VAR, private_group_id,      H),
	ROW(RX_CONNECT_SPEED,     "Rx Connect Speed",
				  "rx-connect-speed",                SPEED,        1, 10, rx_speed_bps,           H),
	/* The presence of this AVP is its value, so nothing is stored. */
	ROW(SEQUENCING_REQUIRED,  "Sequencing Required",
				  "sequencing-required",             EMPTY,        0,  0, have,                   M),
	ROW(PPP_DISCONNECT_CAUSE, "PPP Disconnect Cause Code",
				  "ppp-disconnect-cause-code",       DISCONNECT,   5, VAR, disconnect,            H),          /* RFC 3145 */
};
/* clang-format on */

const struct avp_spec *avp_spec_find(uint16_t vendor, uint16_t type)
{
	if (vendor != 0 || type >= AVP__COUNT || !avp_specs[type].name)
		return NULL;
	return &avp_specs[type];
}

int avp_next(struct rd *r, struct avp *ret)
{
	struct avp a;
	size_t len;

	if (rd_left(r) == 0)
		return 0;
	a.flags = rd_u16(r);
	a.vendor = rd_u16(r);
	a.type = rd_u16(r);
	if (r->bad)
		return -REASON_AVP_SHORT;
	len = a.flags & AVP_F_LENGTH;
	if (len < AVP_HDR_LEN)
		return -REASON_AVP_LEN;
	a.value = rd_bytes(r, len - AVP_HDR_LEN);
	if (r->bad)
		return -REASON_AVP_LEN;
	*ret = a;
	return 1;
}

/* Writes the header. A value too long for the 10-bit Length sets w->bad. */
static void avp_put_header(struct wr *w, enum l2tp_avp_type type, size_t value_len)
{
	uint16_t m = avp_specs[type].mandatory ? AVP_F_MANDATORY : 0;

	if (value_len > AVP_MAX_VALUE) {
		w->bad = true;
		return;
	}
	wr_u16(w, (uint16_t)(m | (AVP_HDR_LEN + value_len)));
	wr_u16(w, 0);
	wr_u16(w, (uint16_t)type);
}

void avp_put(struct wr *w, enum l2tp_avp_type type, struct span value)
{
	avp_put_header(w, type, value.len);
	wr_span(w, value);
}

void avp_put_u16(struct wr *w, enum l2tp_avp_type type, uint16_t v)
{
	avp_put_header(w, type, 2);
	wr_u16(w, v);
}
