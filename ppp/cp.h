/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The option negotiation automaton of RFC 1661 4, as its table, for LCP, IPCP and IPv6CP. The
 * protocol behind it says by `struct cp_ops` what to ask for and what to think of the peer's wishes.
 * One deadline; bytes and now in, effects out.
 *
 * Our side of `hold`: where it is set, a Configure-Request that deserves an Ack is kept (the newest) and
 * ops->ready is called; cp_release then answers it. That is how an NCP waits for its data plane, each time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "ppp/frame.h"
#include "ppp/fx.h"
#include "ppp/opt.h"

/* Octets of options: we request 15 (LCP) at most, and an NCP request that deserves an Ack, the only
 * kind that is held, has each option it knows once: 30 (IPCP). */
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
	uint8_t act[3]; /* in order, CP_ACT_NONE ends */
	uint8_t next;	/* enum cp_state; CP__STATES: cannot happen */
};

/* The table of RFC 1661 4.1, for the automaton and for its golden test. */
const struct cp_cell *cp_table_cell(enum cp_event ev, enum cp_state st);

enum cp_verdict {
	CP_ACK,
	CP_NAK,
	CP_REJ,
	CP_DROP, /* no answer */
	CP_CLOSE /* no agreement is possible: Rej what `reply` holds, if anything, then close */
};

struct cp;

struct cp_ops {
	const char *name; /* "lcp" */
	uint16_t proto;
	uint16_t codes; /* bit per cp_code this protocol knows; others get a Code-Reject */
	/* Options of our Configure-Request. */
	void (*request)(struct cp *cp, struct wr *opts);
	/* The peer's request, well-formed options. Writes the Nak or Rej options to `reply`. With
	 * no_nak, say Rej instead of Nak (Max-Failure reached). Changes nothing that is not undone
	 * by the next request: what is agreed is taken in `agreed`. */
	enum cp_verdict (*judge)(struct cp *cp, struct span opts, bool no_nak, struct wr *reply);
	/* The peer's request was acknowledged with these options. */
	void (*agreed)(struct cp *cp, struct span opts);
	/* Ours was acknowledged / must change. opts of Nak and Rej are well-formed and, for Rej, only
	 * list what we sent. -1: hopeless, close. */
	void (*acked)(struct cp *cp); /* may be NULL */
	bool (*nak_fits)(
		const struct ppp_opt *o); /* an option of a Nak has the length of its type */
	int (*naked)(struct cp *cp, struct span opts);
	int (*rejected)(struct cp *cp, struct span opts);
	void (*up)(struct cp *cp, struct ppp_fx *fx);	    /* tlu */
	void (*down)(struct cp *cp, struct ppp_fx *fx);	    /* tld */
	void (*started)(struct cp *cp, struct ppp_fx *fx);  /* tls, may be NULL */
	void (*finished)(struct cp *cp, struct ppp_fx *fx); /* tlf */
	void (*ready)(struct cp *cp, struct ppp_fx *fx);    /* hold: a request waits */
	/* The peer does not know this code, and we can do without. May be NULL. */
	void (*code_rejected)(struct cp *cp, uint8_t code, struct ppp_fx *fx);
	/* Codes above 7 listed in `codes` (LCP); Echo and Discard only in Opened. May be NULL. */
	void (*extra)(struct cp *cp, const struct cp_pkt *p, struct ppp_fx *fx);
};

struct cp_cfg {
	ze_ns restart;	       /* 3 s */
	uint8_t max_configure; /* 10 */
	uint8_t max_terminate; /* 2 */
	uint8_t max_failure;   /* 5 */
};

extern const struct cp_cfg cp_defaults;

struct cp {
	const struct cp_ops *ops;
	const struct cp_cfg *cfg; /* the owner's; lives longer */
	uint8_t state;
	uint8_t next_id, req_id; /* of the next packet; of our newest Configure-Request */
	uint8_t term_id;
	uint8_t restart_count;
	uint8_t nak_count, naks_seen; /* sent and received without an Ack in between */
	uint8_t nak_id;		      /* of the request last Nak'd: a repetition is not counted */
	bool req_answered;	      /* the next Configure-Request needs a new id */
	bool hold, held_any;
	uint8_t cause; /* enum cp_event which ended the last negotiation or Opened */
	uint8_t held_id;
	uint16_t held_len, req_len;
	uint16_t peer_mru;   /* cuts Code-Rejects: 1500 unless the owner knows better */
	uint32_t unexpected; /* "cannot happen" cells reached: bugs of ours */
	ze_ns deadline;
	ze_ns now;		  /* of the call being run, for ops */
	uint8_t req[CP_OPTS_MAX]; /* options as sent: an Ack must equal them */
	uint8_t held[CP_OPTS_MAX];
};

void cp_init(struct cp *cp, const struct cp_ops *ops, const struct cp_cfg *cfg);
void cp_up(struct cp *cp, ze_ns now, struct ppp_fx *fx);
void cp_down(struct cp *cp, ze_ns now, struct ppp_fx *fx);
void cp_open(struct cp *cp, ze_ns now, struct ppp_fx *fx);
void cp_close(struct cp *cp, ze_ns now, struct ppp_fx *fx);
/* A packet of this protocol. Refusals are PPP_FX_REFUSED effects. */
void cp_input(struct cp *cp, struct span info, ze_ns now, struct ppp_fx *fx);
/* The peer sent a Protocol-Reject for this protocol (RXJ-). */
void cp_protocol_rejected(struct cp *cp, ze_ns now, struct ppp_fx *fx);
/* Answers the request that waits, if any still does. */
void cp_release(struct cp *cp, ze_ns now, struct ppp_fx *fx);
/* As after a negotiation in another process: Opened, or Stopped until the peer asks. Our request is
 * what ops->request says now. */
struct cp_ids { /* of the next packet; of our newest Configure-Request */
	uint8_t next, req;
};
void cp_resume(struct cp *cp, enum cp_state state, struct cp_ids ids);
ze_ns cp_deadline(const struct cp *cp);
void cp_expire(struct cp *cp, ze_ns now, struct ppp_fx *fx);
const char *cp_state_name(const struct cp *cp); /* "req-sent" */

/* What to think of one option; for CP_NAK the better one is written to `nak`. */
typedef enum cp_verdict cp_judge_opt(struct cp *cp, const struct ppp_opt *o, struct wr *nak);
/* For ops->judge: asks about each option. Rej beats Nak; an option given twice is rejected the second
 * time; with no_nak a Nak becomes a Rej. CP_ACK: nothing was written to `reply`. */
enum cp_verdict cp_judge_each(struct cp *cp, struct span opts, bool no_nak, struct wr *reply,
			      cp_judge_opt *judge);
/* The first option of this type, false when there is none or its value is not `len` long. */
bool cp_opt_find(struct span opts, uint8_t type, size_t len, struct ppp_opt *ret);
