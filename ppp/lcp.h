/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LCP, RFC 1661 5 and 6, RFC 1570: MRU, Auth-Protocol, Magic-Number, PFC, ACFC; echo requests are
 * answered here, our own echoes are ppp/echo. What may be agreed is CONFORMANCE 3.2's table.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rng.h"
#include "ppp/cp.h"
#include "ppp/echo.h"

struct lcp_cfg {
	struct cp_cfg cp;
	uint16_t mru;	  /* we request, 0: none; never above 1500 */
	uint16_t mru_min; /* below: Nak */
	/* acceptable methods, most wanted first; n 0: no authentication is asked for */
	enum ppp_auth_method auth[PPP_AUTH__COUNT];
	uint8_t n_auth;
	bool allow_no_auth; /* a rejected Auth-Protocol is then accepted */
	struct echo_cfg echo;
};

struct lcp;

struct lcp_listener { /* what the owner must do; lcp only tells; members may be NULL */
	void (*on_up)(struct lcp *l, struct ppp_fx *fx);
	void (*on_down)(struct lcp *l, struct ppp_fx *fx);
	/* end: PPP_END_LCP_TIMEOUT, _LOOP, _AUTH_REFUSED, _REJECTED, _ECHO, _PEER, or NONE (closed) */
	void (*on_finished)(struct lcp *l, enum ppp_end end, struct ppp_fx *fx);
	/* the peer rejects one of our network protocols */
	void (*on_protocol_rejected)(struct lcp *l, uint16_t proto, ze_ns now, struct ppp_fx *fx);
};

struct lcp {
	struct cp cp;		   /* must be first: ops get it back as struct lcp */
	const struct lcp_cfg *cfg; /* the owner's; lives longer */
	const struct rng *rng;
	struct echo echo;
	/* ours, as requested now */
	uint16_t mru;
	uint32_t magic;
	uint8_t auth_at; /* index in cfg.auth; n_auth: none left */
	bool want_mru, want_magic, want_auth;
	uint32_t refused_auth; /* bit per method the peer Naked away */
	/* the peer's, as agreed */
	uint16_t peer_mru; /* 1500 unless told */
	uint32_t peer_magic, peer_accm;
	bool peer_pfc, peer_acfc;
	uint8_t collisions; /* of magic numbers in a row: a loop */
	bool auth_refused;
	enum ppp_end end;		     /* first reason noticed */
	const struct lcp_listener *listener; /* set by the owner after init; nobody before */
};

/* 0, or the rng's error. */
int lcp_init(struct lcp *l, const struct lcp_cfg *cfg, const struct rng *rng);
/* Agreed method once Opened: PPP_AUTH_NONE when nothing was asked for or it was waived. */
enum ppp_auth_method lcp_auth_method(const struct lcp *l);
/* Sends a Protocol-Reject for an unknown protocol, cut to the peer's MRU; only in Opened. */
void lcp_reject_protocol(struct lcp *l, const struct ppp_frame *f, struct ppp_fx *fx);
/* Opened only: next echo, declared losses, and the automaton's own timer. */
/* What is agreed, in Opened, and its way into another process. 0 or -EBADMSG. */
void lcp_save(const struct lcp *l, struct wr *w);
int lcp_resume(struct lcp *l, struct rd *r, ze_ns now);
ze_ns lcp_deadline(const struct lcp *l);
void lcp_expire(struct lcp *l, ze_ns now, struct ppp_fx *fx);
