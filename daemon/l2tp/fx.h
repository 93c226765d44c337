/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The effects of the tunnel and session machines. A machine appends effects; its owner performs
 * them after the machine has returned, and sets n to 0. One call of a machine appends at most
 * L2TP_FX_MAX effects (asserted).
 */
#pragma once

#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "daemon/l2tp/msg.h"

#define L2TP_FX_MAX  6
#define L2TP_FX_TEXT 96

enum l2tp_fx_kind {
	L2TP_FX_TUNNEL_UP,    /* the tunnel is established */
	L2TP_FX_TUNNEL_DOWN,  /* down: remove its sessions now, without sending CDNs */
	L2TP_FX_TUNNEL_FREE,  /* the linger time has passed: free the tunnel */
	L2TP_FX_CALL,	      /* call: a session message; find the session by hdr_sid and AVP 14 */
	L2TP_FX_SEND,	      /* send: queue a session message in the tunnel's channel */
	L2TP_FX_SESSION_UP,   /* the ICCN was accepted */
	L2TP_FX_SESSION_DOWN, /* down: the session may be freed */
	L2TP_FX_REFUSED	      /* refused: count and log it */
};

/* Why a tunnel or session ended, as shown in events and logs. Restart records have the values: they
 * never change. */
enum l2tp_down {
	L2TP_DOWN_PEER,	     /* StopCCN or CDN received */
	L2TP_DOWN_ADMIN,     /* cleared by an operator */
	L2TP_DOWN_SHUTDOWN,  /* the daemon is stopping */
	L2TP_DOWN_KEEPALIVE, /* dead-peer detection */
	L2TP_DOWN_TRANSPORT, /* retransmission exhausted */
	L2TP_DOWN_AUTH,	     /* tunnel authentication failed */
	L2TP_DOWN_PROTOCOL,  /* the peer violated the protocol */
	L2TP_DOWN_TIMEOUT,   /* set-up took too long */
	L2TP_DOWN_PPP,	     /* the PPP layer ended the call */
	L2TP_DOWN_TUNNEL,    /* the session's tunnel ended */
	L2TP_DOWN_REPLACED,  /* the same peer set up a new tunnel with the same id */
	L2TP_DOWN__COUNT
};

struct l2tp_fx_down {
	enum l2tp_down cause;
	uint16_t result, error;	  /* Result Code AVP of the StopCCN or CDN sent or received */
	uint16_t disconnect_code; /* RFC 3145; 0 when absent */
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
			uint16_t sid; /* Session ID of the header: the peer's, or 0 */
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
	char text[L2TP_FX_TEXT]; /* the error text of a message in e[] points here */
};

/* Appends a zeroed effect of this kind. The pointer is valid until fx is reset. */
struct l2tp_effect *l2tp_fx_add(struct l2tp_fx *fx, enum l2tp_fx_kind kind);
/* Names the AVP of a fault: "vendor 9 type 100", "after Host Name"; empty when it concerns no AVP.
 * The text is in `to`. */
struct span l2tp_fault_avp(const struct l2tp_fault *f, uint8_t to[L2TP_FX_TEXT]);
/* The error text for a Result Code AVP: "unknown mandatory AVP: vendor 9 type 100". The text is in
 * fx->text. */
struct span l2tp_fx_fault_text(struct l2tp_fx *fx, const struct l2tp_fault *f);
