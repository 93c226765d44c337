/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One incoming call on the LNS side, RFC 2661 7.4.2.
 *
 * States:
 *
 *   IDLE -ICRQ-> WAIT_CONNECT -ICCN-> ESTABLISHED
 *   any state -CDN received or sent-> DOWN
 *
 * A CDN is sent without waiting for its acknowledgement: the tunnel's channel retransmits it.
 * A message that the table of session.c does not allow is answered with a CDN of Result Code 2.
 *
 * Structures. struct l2tp_session is embedded in the engine's object of a subscriber. It is created
 * with the ICRQ, and its owner frees it at any time after L2TP_FX_SESSION_DOWN. Two blocks are
 * allocated and freed by l2tp_session_done(): `numbers`, one block with the called and calling
 * number and the sub-address, and `proxy`, one block with copies of AVPs 26 to 33 of the ICCN, which
 * its owner drops when PPP begins. The proxy response can be a clear-text password and is wiped. The session keeps no pointer to its
 * tunnel.
 *
 * Input and output. Messages arrive decoded, from the effect L2TP_FX_CALL of the tunnel. Messages
 * are sent, and the owner learns about the call, by effects: L2TP_FX_SEND, L2TP_FX_SESSION_UP,
 * L2TP_FX_SESSION_DOWN, L2TP_FX_REFUSED. The session makes no calls and never frees itself.
 *
 * Timers. One: setup_timeout from the ICRQ to the ICCN; then a CDN with Result Code 10 is sent.
 * l2tp_session_deadline() is ZE_NEVER in every other state. The life of an established call is not
 * limited here; PPP does that.
 *
 * Supported: 5.2 (call establishment), 5.6 (session teardown), 7.4.2 (LNS incoming call), WEN
 * (6.13, the error counters are kept), the proxy AVPs (4.4.5, kept for PPP), RFC 3145.
 *
 * Left out: outgoing calls (7.5; OCRQ, OCRP and OCCN are answered with a CDN), SLI (6.14, ignored:
 * ze does not use an ACCM), and the LAC side (7.4.1).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/fsm.h"
#include "daemon/base/tlv.h"
#include "daemon/l2tp/fx.h"
#include "daemon/l2tp/msg.h"

enum l2tp_session_state {
	L2TP_S_IDLE,
	L2TP_S_WAIT_CONNECT,
	L2TP_S_ESTABLISHED,
	L2TP_S_DOWN,
	L2TP_S__COUNT
};

struct l2tp_proxy { /* copies of AVPs 26-33 in one allocation; absent ones are empty spans */
	uint64_t have;
	struct span initial_rcvd, last_sent, last_rcvd, name, challenge, response;
	uint16_t authen_type, authen_id;
	uint8_t mem[];
};

#define L2TP_NUMBER_MAX	     63 /* octets */
#define L2TP_SESSION_HISTORY 4	/* enough for every transition of a call */

struct l2tp_session {
	struct fsm fsm;
	struct fsm_step steps[L2TP_SESSION_HISTORY];
	uint16_t sid, peer_sid;
	bool sequencing_required;
	ze_ns created, established, connect_deadline;
	uint32_t call_serial, bearer_type, framing_type;
	uint32_t tx_speed_bps, rx_speed_bps; /* 0 unknown; rx equals tx when only tx was sent */
	uint32_t physical_channel;
	/* As received, cut after L2TP_NUMBER_MAX octets; "" when absent. They point into
	 * `numbers`. */
	const char *called_number, *calling_number, *sub_address;
	char *numbers;
	struct l2tp_proxy *proxy; /* NULL when the ICCN had no proxy AVP, and once PPP has begun */
	uint32_t call_errors[6];
	struct l2tp_fx_down down;
};

extern const struct fsm_def l2tp_session_fsm;

/* sid is our id of the call. setup_timeout is the longest time in WAIT_CONNECT (L-147). */
void l2tp_session_init(struct l2tp_session *s, uint16_t sid, ze_ns setup_timeout, ze_ns now);
/* Frees the proxy AVPs, once PPP has begun with them. The response is wiped. */
void l2tp_session_drop_proxy(struct l2tp_session *s);
/* Frees what the session has allocated. */
void l2tp_session_done(struct l2tp_session *s);
/* Takes a message for this session, from effect L2TP_FX_CALL; the first one is the ICRQ. `fault` is
 * that of the effect. */
void l2tp_session_input(struct l2tp_session *s, const struct l2tp_msg *m,
			const struct l2tp_fault *fault, ze_ns now, struct l2tp_fx *fx);
ze_ns l2tp_session_deadline(const struct l2tp_session *s); /* ZE_NEVER: no timer runs */
void l2tp_session_expire(struct l2tp_session *s, ze_ns now, struct l2tp_fx *fx);

struct l2tp_cdn_args {
	enum l2tp_down cause;
	uint16_t result, error;
	const char *text;	  /* may be NULL */
	uint16_t disconnect_code; /* RFC 3145; 0: AVP 46 is not sent */
	uint16_t disconnect_proto;
	uint8_t disconnect_direction; /* 0 not known, 1 the peer, 2 the local side */
};
/* Sends a CDN and reports L2TP_FX_SESSION_DOWN; does nothing when the session is down. */
void l2tp_session_close(struct l2tp_session *s, const struct l2tp_cdn_args *a, ze_ns now,
			struct l2tp_fx *fx);
/* Ends the session without a message, because its tunnel has ended. */
void l2tp_session_abandon(struct l2tp_session *s, const struct l2tp_fx_down *why,
			  struct l2tp_fx *fx);
/* Sends a CDN for an ICRQ that did not become a session. own_sid is 0 or the id it would have
 * had. */
void l2tp_session_refuse(uint16_t own_sid, uint16_t peer_sid, const struct l2tp_cdn_args *a,
			 struct l2tp_fx *fx);
/* The fields of an established call's restart record, without the ids and the proxy AVPs. */
extern const struct tlv_table l2tp_session_saved;
void l2tp_session_save(const struct l2tp_session *s, struct wr *w);
/* Restores an established call, after l2tp_session_init() with its id; the owner sets peer_sid. */
enum reason l2tp_session_restore(struct l2tp_session *s, struct span saved, ze_ns now);
const char *l2tp_session_state_name(const struct l2tp_session *s); /* "wait-connect" */
