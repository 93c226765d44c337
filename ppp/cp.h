/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The option negotiation automaton of RFC 1661 4, used for LCP, IPCP and IPv6CP. A protocol
 * provides `struct cp_ops`: what to request, and which options of the peer to accept. There is one
 * deadline; input is packets and the time, output is effects.
 *
 * When `hold` is set, an acceptable Configure-Request is not acknowledged at once: the newest one
 * is kept, ops->ready is called, and cp_release() sends the Configure-Ack. By this an NCP waits for
 * the data plane, in each negotiation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "ppp/frame.h"
#include "ppp/fx.h"
#include "ppp/opt.h"

/* Octets of options. Our own request has at most 15 (LCP). A request that is held is acceptable, so
 * it has each known option once, at most 30 octets (IPCP). */
#define CP_OPTS_MAX  32
#define CP_REPLY_MAX 1500

enum cp_state {
	CP_INITIAL,
	CP_STARTING,
	CP_CLOSED,
	CP_STOPPED,
	CP_CLOSING,
	CP_STOPPING,
	CP_REQ_SENT,
	CP_ACK_RCVD,
	CP_ACK_SENT,
	CP_OPENED,
	CP__STATES
};

enum cp_event {
	CP_EV_UP,
	CP_EV_DOWN,
	CP_EV_OPEN,
	CP_EV_CLOSE,
	CP_EV_TO_P,
	CP_EV_TO_M,
	CP_EV_RCR_P,
	CP_EV_RCR_M,
	CP_EV_RCA,
	CP_EV_RCN,
	CP_EV_RTR,
	CP_EV_RTA,
	CP_EV_RUC,
	CP_EV_RXJ_P,
	CP_EV_RXJ_M,
	CP_EV_RXR,
	CP__EVENTS
};

enum cp_action {
	CP_ACT_NONE,
	CP_ACT_TLU,
	CP_ACT_TLD,
	CP_ACT_TLS,
	CP_ACT_TLF,
	CP_ACT_IRC,
	CP_ACT_ZRC,
	CP_ACT_SCR,
	CP_ACT_SCA,
	CP_ACT_SCN,
	CP_ACT_STR,
	CP_ACT_STA,
	CP_ACT_SCJ,
	CP_ACT_SER,
	CP__ACTIONS
};

struct cp_cell {
	uint8_t act[3]; /* actions in order; CP_ACT_NONE ends the list */
	uint8_t next;	/* enum cp_state; CP__STATES: the event cannot happen in this state */
};

/* A cell of the table of RFC 1661 4.1. */
const struct cp_cell *cp_table_cell(enum cp_event ev, enum cp_state st);

enum cp_verdict {
	CP_ACK,
	CP_NAK,
	CP_REJ,
	CP_DROP, /* send no answer */
	CP_CLOSE /* no agreement is possible: reject the options in `reply`, if any, then close */
};

struct cp;

struct cp_ops {
	const char *name; /* "lcp" */
	uint16_t proto;
	uint16_t codes; /* one bit per cp_code that is known; other codes get a Code-Reject */
	/* Writes the options of our Configure-Request. */
	void (*request)(struct cp *cp, struct wr *opts);
	/* Evaluates the peer's request, whose options are well-formed. Writes the options of the
	 * Nak or Reject to `reply`. With no_nak (Max-Failure reached), Reject takes the place of
	 * Nak. It may not store what was requested; that is done in `agreed`. */
	enum cp_verdict (*judge)(struct cp *cp, struct span opts, bool no_nak, struct wr *reply);
	/* The peer's request was acknowledged with these options. */
	void (*agreed)(struct cp *cp, struct span opts);
	/* Our request was acknowledged. May be NULL. */
	void (*acked)(struct cp *cp);
	/* True when an option in a Nak has the right length for its type. */
	bool (*nak_fits)(const struct ppp_opt *o);
	/* Our request was Nak'd or rejected: change it. The options are well-formed; those of a
	 * Reject were in our request. Return -1 when no agreement is possible: the protocol
	 * closes. */
	int (*naked)(struct cp *cp, struct span opts);
	int (*rejected)(struct cp *cp, struct span opts);
	void (*up)(struct cp *cp, struct ppp_fx *fx);	    /* tlu */
	void (*down)(struct cp *cp, struct ppp_fx *fx);	    /* tld */
	void (*started)(struct cp *cp, struct ppp_fx *fx);  /* tls; may be NULL */
	void (*finished)(struct cp *cp, struct ppp_fx *fx); /* tlf */
	void (*ready)(struct cp *cp, struct ppp_fx *fx);    /* with hold: a request is kept */
	/* The peer rejected a code that is not essential. May be NULL. */
	void (*code_rejected)(struct cp *cp, uint8_t code, struct ppp_fx *fx);
	/* A packet with a code above 7 (LCP); Echo and Discard in Opened only. May be NULL. */
	void (*extra)(struct cp *cp, const struct cp_pkt *p, struct ppp_fx *fx);
};

struct cp_cfg {
	ze_ns restart;	       /* Restart timer: 3 s */
	uint8_t max_configure; /* Max-Configure: 10 */
	uint8_t max_terminate; /* Max-Terminate: 2 */
	uint8_t max_failure;   /* Max-Failure: 5 */
};

extern const struct cp_cfg cp_defaults;

struct cp {
	const struct cp_ops *ops;
	const struct cp_cfg *cfg; /* borrowed; outlives this object */
	uint8_t state;
	uint8_t next_id, req_id; /* ids of the next packet and of our last Configure-Request */
	uint8_t term_id;
	uint8_t restart_count;
	uint8_t nak_count, naks_seen; /* Naks sent and received since the last Ack */
	uint8_t nak_id;		      /* id of the last request that was Nak'd */
	bool req_answered;	      /* the next Configure-Request needs a new id */
	bool hold, held_any;
	uint8_t cause; /* enum cp_event that ended the last negotiation or the Opened state */
	uint8_t held_id;
	uint16_t held_len, req_len;
	uint16_t peer_mru; /* limits Code-Rejects; 1500 unless the owner sets it */
	ze_ns deadline;
	ze_ns now;		  /* time of the current call, for ops */
	uint8_t req[CP_OPTS_MAX]; /* options of our last request; an Ack must be equal to them */
	uint8_t held[CP_OPTS_MAX];
};

/* ops and cfg must outlive cp. */
void cp_init(struct cp *cp, const struct cp_ops *ops, const struct cp_cfg *cfg);
/* The administrative events Up, Down, Open and Close. */
void cp_up(struct cp *cp, ze_ns now, struct ppp_fx *fx);
void cp_down(struct cp *cp, ze_ns now, struct ppp_fx *fx);
void cp_open(struct cp *cp, ze_ns now, struct ppp_fx *fx);
void cp_close(struct cp *cp, ze_ns now, struct ppp_fx *fx);
/* Takes a packet of this protocol. A packet that is refused is reported by PPP_FX_REFUSED. */
void cp_input(struct cp *cp, struct span info, ze_ns now, struct ppp_fx *fx);
/* The peer sent a Protocol-Reject for this protocol (RXJ-). */
void cp_protocol_rejected(struct cp *cp, ze_ns now, struct ppp_fx *fx);
/* Acknowledges the request that is held, if there still is one. */
void cp_release(struct cp *cp, ze_ns now, struct ppp_fx *fx);
struct cp_ids { /* ids of the next packet and of our last Configure-Request */
	uint8_t next, req;
};
/* Restores the state after a restart: Opened, or Stopped until the peer sends a request. Our
 * request is what ops->request writes now. */
void cp_restore(struct cp *cp, enum cp_state state, struct cp_ids ids);
ze_ns cp_deadline(const struct cp *cp); /* ZE_NEVER: the timer does not run */
void cp_expire(struct cp *cp, ze_ns now, struct ppp_fx *fx);
const char *cp_state_name(const struct cp *cp); /* "req-sent" */

/* Evaluates one option; for CP_NAK it writes the value to suggest to `nak`. */
typedef enum cp_verdict cp_judge_opt(struct cp *cp, const struct ppp_opt *o, struct wr *nak);
/* For ops->judge: evaluates each option. Reject has priority over Nak; the second of two options of
 * the same type is rejected; with no_nak a Nak becomes a Reject. For CP_ACK `reply` is empty. */
enum cp_verdict cp_judge_each(struct cp *cp, struct span opts, bool no_nak, struct wr *reply,
			      cp_judge_opt *judge);
/* Finds the first option of this type. False when there is none or its value is not `len`
 * octets. */
bool cp_opt_find(struct span opts, uint8_t type, size_t len, struct ppp_opt *ret);
