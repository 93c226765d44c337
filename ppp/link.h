/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One subscriber's PPP link, RFC 1661 3: Establish (LCP), Authenticate, Network (IPCP and IPv6CP side by
 * side), Terminate. Frames and now in, effects out; where frames travel (UDP, /dev/ppp, a BPF plane) is not
 * its business. Each phase has its timeout; the way from the start to the first family that is up has their
 * sum, however often the peer begins again. NCPs are independent: a family that is declined, rejected or
 * terminated leaves the other alone, unless the owner requires it: then the link ends with the reason. With
 * none up for ncp_timeout, or without a required one, the link ends too.
 *
 * What the owner sees. PPP_FX_AUTHENTICATED comes after the positive verdict of each pass through
 * the Authenticate phase (not of a periodic re-authentication; not at all where none is asked for).
 * PPP_FX_ADDR_REQUEST comes once a family in the life of the link: when the peer negotiates LCP anew
 * all is negotiated again, with the same addresses. Only after an answer `later` it comes again, with
 * each Configure-Request of the peer's. A verdict asked for before PPP_FX_LCP_DOWN must
 * not be given after it: it would be taken for the next one's.
 *
 * No Configure-Ack of an NCP is sent before the owner has answered PPP_FX_NCP_READY: what the peer asks
 * for is in the link then, and whatever can fail at the data plane fails before. Packets may pass from
 * PPP_FX_NCP_UP to PPP_FX_NCP_DOWN and at no other time (RFC 1661 3.5). A family that was READY once and
 * is given up, or was up, has its PPP_FX_NCP_DOWN, or PPP_FX_FINISHED. What the data plane has prepared
 * is worth keeping while the family's state is PPP_NCP_RUNNING or above: it is negotiated anew, and
 * ppp_link_ncp_attached may then be called at once. A family that the peer ended may be started by it
 * again.
 *
 * After PPP_FX_FINISHED every call is harmless and does nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/rng.h"
#include "ppp/auth.h"
#include "ppp/fx.h"
#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"
#include "ppp/lcp.h"

enum ppp_phase {
	PPP_PHASE_DEAD,
	PPP_PHASE_ESTABLISH,
	PPP_PHASE_AUTHENTICATE,
	PPP_PHASE_NETWORK,
	PPP_PHASE_TERMINATE,
	PPP_PHASE__COUNT
};

enum ppp_ncp_state {	  /* of one family, outside its automaton */
	PPP_NCP_OFF,	  /* disabled, declined, rejected or ended */
	PPP_NCP_WAITING,  /* asked for addresses */
	PPP_NCP_RUNNING,  /* automaton runs */
	PPP_NCP_READY,	  /* PPP_FX_NCP_READY told, Ack held */
	PPP_NCP_ATTACHED, /* data plane is ready for it, Ack sent */
	PPP_NCP_UP	  /* Opened */
};

struct ppp_link_cfg {
	struct lcp_cfg lcp;
	struct auth_cfg auth;
	struct cp_cfg ncp;
	ze_ns lcp_timeout; /* Establish at most so long */
	ze_ns ncp_timeout; /* Network at most so long without any family up */
	bool enable_ipcp, enable_ipv6cp;
};

struct ppp_addr_answer {
	enum ppp_family family;
	bool accept; /* false: a family that is required ends the link, another is declined: the
		      * peer gets a Protocol-Reject, or nothing while it may be asked for `later` */
	bool later;
	enum ppp_end end; /* not accepted: why; 0: PPP_END_NO_ADDRESS */
	struct ipcp_params v4;
	uint64_t ifid, suggest; /* IPv6 */
};

enum ppp_addr_state {
	PPP_ADDR_UNKNOWN,
	PPP_ADDR_ASKED,
	PPP_ADDR_GIVEN,
	PPP_ADDR_LATER, /* declined for now: asked for again by the peer's next request */
	PPP_ADDR_DECLINED
};

struct ppp_link {
	const struct ppp_link_cfg *cfg;
	const struct rng *rng;
	struct lcp lcp;
	struct auth auth;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	uint8_t ncp[PPP_FAM__COUNT];	    /* enum ppp_ncp_state */
	uint8_t addr_state[PPP_FAM__COUNT]; /* enum ppp_addr_state */
	bool required[PPP_FAM__COUNT];	    /* the link is of no use without */
	uint8_t phase;			    /* enum ppp_phase */
	bool authenticated;
	struct ipcp_params v4;	/* as given, for each time the family is negotiated */
	uint64_t ifid, suggest; /* likewise */
	bool finished;
	uint16_t pending; /* what the machines told and the link has not acted upon yet */
	enum ppp_end end;
	ze_ns phase_deadline;
	ze_ns login_deadline; /* while no family is up: whatever the phases begin again */
	uint64_t rx_frames, tx_frames;
};

/* 0, or the rng's error. cfg is shared by many links and lives longer than any of them. */
int ppp_link_init(struct ppp_link *l, const struct ppp_link_cfg *cfg, const struct rng *rng);
void ppp_link_done(struct ppp_link *l); /* wipes */
/* The call is up. */
void ppp_link_open(struct ppp_link *l, ze_ns now, struct ppp_fx *fx);
/* One frame from the peer. */
void ppp_link_input(struct ppp_link *l, struct span frame, ze_ns now, struct ppp_fx *fx);
ze_ns ppp_link_deadline(const struct ppp_link *l);
void ppp_link_expire(struct ppp_link *l, ze_ns now, struct ppp_fx *fx);
/* Answers PPP_FX_AUTH_REQUEST; ignored when nobody waits. */
void ppp_link_auth_answer(struct ppp_link *l, const struct ppp_auth_answer *a, ze_ns now,
			  struct ppp_fx *fx);

/* The family is required or not: said before it is answered, or when the link is resumed. */
void ppp_link_require(struct ppp_link *l, enum ppp_family family, bool required, ze_ns now);
/* A family is up, and all that are required. */
bool ppp_link_served(const struct ppp_link *l);
/* Answers PPP_FX_ADDR_REQUEST. */
void ppp_link_addr_answer(struct ppp_link *l, const struct ppp_addr_answer *a, ze_ns now,
			  struct ppp_fx *fx);
/* Answers PPP_FX_NCP_READY: the data plane can carry the family (or can't: the family ends). The peer may
 * move our identifier afterwards, until it acknowledges ours; if the data plane can't carry that, the same. */
void ppp_link_ncp_attached(struct ppp_link *l, enum ppp_family family, bool ok, ze_ns now,
			   struct ppp_fx *fx);
/* Orderly end: Terminate-Request, then PPP_FX_FINISHED with `end`. */
void ppp_link_close(struct ppp_link *l, enum ppp_end end, ze_ns now, struct ppp_fx *fx);
/* The call is gone: silent, no effects. */
void ppp_link_down(struct ppp_link *l);
/* What goes on in another process: a link that carries a family. False: this one does not, or w is too
 * small. */
bool ppp_link_save(const struct ppp_link *l, struct wr *w);
/* After init, instead of open. 0, or -EBADMSG, -ENOMEM: then the link is good for ppp_link_done only. */
int ppp_link_resume(struct ppp_link *l, struct rd *r, ze_ns now, struct ppp_fx *fx);
/* Largest packet we may send to the peer: its MRU, never above ours. */
uint16_t ppp_link_mtu(const struct ppp_link *l);
const char *ppp_phase_name(const struct ppp_link *l); /* "authenticate" */
