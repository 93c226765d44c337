/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tunnel and session machines want done. A machine appends; the engine performs after the
 * machine has returned and sets n to 0. A turn of a machine appends at most L2TP_FX_MAX effects
 * (asserted: more is our bug).
 */
#pragma once

#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/l2tp/msg.h"

#define L2TP_FX_MAX  6
#define L2TP_FX_TEXT 96

enum l2tp_fx_kind {
	L2TP_FX_TUNNEL_UP,    /* established */
	L2TP_FX_TUNNEL_DOWN,  /* sessions go now, silently; down */
	L2TP_FX_TUNNEL_FREE,  /* lingered long enough: forget it */
	L2TP_FX_CALL,	      /* call: a session message arrived; route by hdr_sid and AVP 14 */
	L2TP_FX_SEND,	      /* send: session message to the tunnel's channel */
	L2TP_FX_SESSION_UP,   /* ICCN accepted */
	L2TP_FX_SESSION_DOWN, /* down; the session may be freed */
	L2TP_FX_REFUSED	      /* refused: count and log */
};

enum l2tp_down {	     /* who or what ended it: words in events and logs */
	L2TP_DOWN_PEER,	     /* StopCCN or CDN received */
	L2TP_DOWN_ADMIN,     /* an operator */
	L2TP_DOWN_SHUTDOWN,  /* the daemon ends */
	L2TP_DOWN_KEEPALIVE, /* dead-peer detection: keepalive-timeout */
	L2TP_DOWN_TRANSPORT, /* retransmission exhausted */
	L2TP_DOWN_AUTH,	     /* tunnel authentication */
	L2TP_DOWN_PROTOCOL,  /* the peer broke the rules */
	L2TP_DOWN_TIMEOUT,   /* set-up took too long */
	L2TP_DOWN_PPP,	     /* the PPP layer ended the call */
	L2TP_DOWN_TUNNEL,    /* the session's tunnel went */
	L2TP_DOWN_REPLACED,  /* the same peer came back with the same id */
	L2TP_DOWN__COUNT
};

const char *l2tp_down_name(enum l2tp_down d); /* "keepalive-timeout" */

struct l2tp_fx_down {
	enum l2tp_down cause;
	uint16_t result, error;	  /* of the StopCCN or CDN sent or received */
	uint16_t disconnect_code; /* RFC 3145, 0 when absent */
	uint8_t disconnect_direction;
};

struct l2tp_effect {
	enum l2tp_fx_kind kind;
	union {
		struct l2tp_fx_down down;
		struct {
			uint16_t hdr_sid;
			const struct l2tp_msg *msg;
			const struct l2tp_fault *fault; /* NULL when the message is good */
		} call;
		struct {
			uint16_t sid; /* header Session ID: the peer's, or 0 */
			struct l2tp_msg msg;
		} send;
		struct {
			uint16_t msg_type;
			struct l2tp_fault fault;
		} refused;
	};
};

struct l2tp_fx {
	struct l2tp_effect e[L2TP_FX_MAX];
	uint8_t n;
	char text[L2TP_FX_TEXT]; /* what a message among e[] says about a fault points here */
};

struct l2tp_effect *l2tp_fx_add(struct l2tp_fx *fx, enum l2tp_fx_kind kind);
/* "vendor 9 type 100", "after Host Name"; empty when it is about no AVP. Kept in `to`. */
struct span l2tp_fault_avp(const struct l2tp_fault *f, uint8_t to[L2TP_FX_TEXT]);
/* "unknown mandatory AVP: vendor 9 type 100", for the text of a Result Code; kept in fx->text. */
struct span l2tp_fx_fault_text(struct l2tp_fx *fx, const struct l2tp_fault *f);
