/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One incoming call, LNS side, RFC 2661 7.4.2:  IDLE -ICRQ-> WAIT_CONNECT -ICCN-> ESTABLISHED.
 * Keeps owned copies of what the LAC said about the caller. Sends by L2TP_FX_SEND effects only.
 * WEN is counted, SLI to an LNS is ignored, OCRQ and friends do not belong here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/fsm.h"
#include "daemon/l2tp/fx.h"
#include "daemon/l2tp/msg.h"

enum l2tp_session_state {
	L2TP_S_IDLE,
	L2TP_S_WAIT_CONNECT,
	L2TP_S_ESTABLISHED,
	L2TP_S_DOWN,
	L2TP_S__COUNT
};

struct l2tp_proxy { /* copies, in one allocation, of AVPs 26-33; NULL spans when absent */
	uint64_t have;
	struct span initial_rcvd, last_sent, last_rcvd, name, challenge, response;
	uint16_t authen_type, authen_id;
	uint8_t mem[];
};

#define L2TP_NUMBER_MAX	     63
#define L2TP_SESSION_HISTORY 4 /* the transitions of a call from its first to its last */

struct l2tp_session {
	struct fsm fsm;
	struct fsm_step steps[L2TP_SESSION_HISTORY];
	uint16_t sid, peer_sid;
	bool sequencing_required;
	ze_ns created, established, connect_deadline;
	uint32_t call_serial, bearer_type, framing_type;
	uint32_t tx_speed_bps, rx_speed_bps; /* 0 unknown; rx equals tx when only tx was told */
	uint32_t physical_channel;
	/* Network bytes, cut at L2TP_NUMBER_MAX; "" when not told. In one allocation. */
	const char *called_number, *calling_number, *sub_address;
	char *numbers;
	struct l2tp_proxy *proxy; /* may be NULL */
	uint32_t call_errors[6];
	struct l2tp_fx_down down;
};

extern const struct fsm_def l2tp_session_fsm;

/* setup_timeout: WAIT_CONNECT at most so long (L-147), then CDN. */
void l2tp_session_init(struct l2tp_session *s, uint16_t sid, ze_ns setup_timeout, ze_ns now);
void l2tp_session_done(struct l2tp_session *s);
/* A call message for this session, from effect L2TP_FX_CALL; the first one is the ICRQ. fault as in
 * the effect. */
void l2tp_session_input(struct l2tp_session *s, const struct l2tp_msg *m,
			const struct l2tp_fault *fault, ze_ns now, struct l2tp_fx *fx);
ze_ns l2tp_session_deadline(const struct l2tp_session *s);
void l2tp_session_expire(struct l2tp_session *s, ze_ns now, struct l2tp_fx *fx);

struct l2tp_cdn_args {
	enum l2tp_down cause;
	uint16_t result, error;
	const char *text;	  /* may be NULL */
	uint16_t disconnect_code; /* RFC 3145; 0: AVP 46 is not sent */
	uint16_t disconnect_proto;
	uint8_t disconnect_direction; /* 0 none, 1 the peer, 2 we */
};
/* CDN and L2TP_FX_SESSION_DOWN; harmless when down. */
void l2tp_session_close(struct l2tp_session *s, const struct l2tp_cdn_args *a, ze_ns now,
			struct l2tp_fx *fx);
/* The tunnel went: down without a message. */
void l2tp_session_abandon(struct l2tp_session *s, const struct l2tp_fx_down *why,
			  struct l2tp_fx *fx);
/* A CDN for an ICRQ that never became a session: own_sid is 0 or the id it would have had. */
void l2tp_session_refuse(uint16_t own_sid, uint16_t peer_sid, const struct l2tp_cdn_args *a,
			 struct l2tp_fx *fx);
/* What goes on in another process: an established call, without the ids and the proxy's copies. */
void l2tp_session_save(const struct l2tp_session *s, struct wr *w);
/* After init, which knows our id; peer_sid is the owner's to set. 0, -EBADMSG, -ENOMEM. */
int l2tp_session_resume(struct l2tp_session *s, struct rd *r, ze_ns now);
const char *l2tp_session_state_name(const struct l2tp_session *s); /* "wait-connect" */
