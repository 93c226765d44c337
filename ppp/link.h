/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One subscriber's PPP link, RFC 1661 3: Establish (LCP), Authenticate, Network (IPCP and IPv6CP side by
 * side), Terminate. Frames and now in, effects out; where frames travel (UDP, /dev/ppp, a BPF plane) is not
 * its business. Each phase has its timeout. NCPs are independent: a family that is declined, rejected
 * or terminated leaves the other alone; with none left for ncp_timeout the link ends.
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

enum ppp_ncp_state { /* of one family, outside its automaton */
	PPP_NCP_OFF,	  /* disabled, declined, rejected or ended */
	PPP_NCP_WAITING,  /* asked for addresses */
	PPP_NCP_RUNNING,  /* automaton runs */
	PPP_NCP_READY,	  /* PPP_FX_NCP_READY told, Ack held */
	PPP_NCP_ATTACHED, /* data plane carries it */
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

struct ppp_link {
	struct ppp_link_cfg cfg;
	const struct rng *rng;
	uint8_t phase; /* enum ppp_phase */
	struct lcp lcp;
	struct auth auth;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	uint8_t ncp[PPP_FAM__COUNT]; /* enum ppp_ncp_state */
	bool authenticated;
	enum ppp_end end;
	ze_ns phase_deadline, finish_deadline;
	bool finished;
	uint64_t rx_frames, tx_frames;
};

/* 0, or the rng's error. */
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

struct ppp_addr_answer {
	enum ppp_family family;
	bool accept; /* false: the family is declined: IPv6CP gets a Protocol-Reject */
	struct ipcp_params v4;
	uint64_t ifid, suggest; /* IPv6 */
};
/* Answers PPP_FX_ADDR_REQUEST. */
void ppp_link_addr_answer(struct ppp_link *l, const struct ppp_addr_answer *a, ze_ns now,
			  struct ppp_fx *fx);
/* Answers PPP_FX_NCP_READY: the data plane carries the family (or can't: the family ends). */
void ppp_link_ncp_attached(struct ppp_link *l, enum ppp_family family, bool ok, ze_ns now,
			   struct ppp_fx *fx);
/* Orderly end: Terminate-Request, then PPP_FX_FINISHED with `end`. */
void ppp_link_close(struct ppp_link *l, enum ppp_end end, ze_ns now, struct ppp_fx *fx);
/* The call is gone: silent, no effects. */
void ppp_link_down(struct ppp_link *l);
/* Largest packet we may send to the peer: its MRU, never above ours. */
uint16_t ppp_link_mtu(const struct ppp_link *l);
const char *ppp_phase_name(const struct ppp_link *l); /* "authenticate" */
