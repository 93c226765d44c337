/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LCP, RFC 1661 5 and 6, RFC 1570: MRU, Auth-Protocol, Magic-Number, PFC and ACFC. Echo-Requests
 * are answered here; our own are sent by ppp/echo. The options that can be agreed on are those of
 * lcp_judge_opt() in lcp.c; all others are rejected.
 *
 * A LAC may have negotiated LCP before the call (RFC 2661 4.4.5). When that has led to what could
 * have been agreed on here, lcp_adopt() continues from there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rng.h"
#include "daemon/base/tlv.h"
#include "ppp/cp.h"
#include "ppp/echo.h"

struct lcp_cfg {
	struct cp_cfg cp;
	uint16_t mru;	  /* to request, in octets; 0: not requested; at most 1500 is used */
	uint16_t mru_min; /* a smaller MRU of the peer gets a Nak */
	/* Acceptable methods in order of preference; n_auth 0: authentication is not requested. */
	enum ppp_auth_method auth[PPP_AUTH__COUNT];
	uint8_t n_auth;
	bool allow_no_auth; /* accept a peer that rejects Auth-Protocol */
	struct echo_cfg echo;
};

struct lcp;

struct lcp_listener { /* called to report what happened; members may be NULL */
	void (*on_up)(struct lcp *l, struct ppp_fx *fx);
	void (*on_down)(struct lcp *l, struct ppp_fx *fx);
	/* end: PPP_END_LCP_TIMEOUT, _LOOP, _AUTH_REFUSED, _REJECTED, _ECHO, _PEER or _NONE
	 * (closed) */
	void (*on_finished)(struct lcp *l, enum ppp_end end, struct ppp_fx *fx);
	/* The peer rejects one of the network protocols. */
	void (*on_protocol_rejected)(struct lcp *l, uint16_t proto, ze_ns now, struct ppp_fx *fx);
};

/* The options of the requests that were acknowledged last: the LAC's, and the peer's. */
struct lcp_proxy {
	struct span sent, received;
	bool any_mru; /* also one above our own */
};

struct lcp {
	struct cp cp;		   /* must be first: the ops cast it to struct lcp */
	const struct lcp_cfg *cfg; /* borrowed; outlives this object */
	const struct rng *rng;
	struct echo echo;
	/* Our options, as requested now. */
	uint16_t mru;
	uint32_t magic;
	uint8_t auth_at; /* index in cfg->auth; n_auth: no method is left */
	bool want_mru, want_magic, want_auth;
	uint32_t refused_auth; /* one bit for each method that the peer has Nak'd */
	/* The peer's options, as agreed. */
	uint16_t peer_mru; /* 1500 unless requested */
	bool proxied;	   /* the options are those that the LAC has negotiated */
	uint32_t peer_magic, peer_accm;
	bool peer_pfc, peer_acfc;
	uint8_t collisions; /* own magic numbers received in a row */
	bool auth_refused;
	enum ppp_end end;		     /* the first reason to end */
	const struct lcp_listener *listener; /* set by the owner after init */
};

/* cfg and rng must outlive l. Returns 0 or the error of rng. */
int lcp_init(struct lcp *l, const struct lcp_cfg *cfg, const struct rng *rng);
/* Whether the options could have been agreed on here: REASON_NONE, REASON_PROXY_LCP when they are
 * malformed, or REASON_PROXY_OPTION with the type of one. A request of the LAC may lack any option,
 * as ours does after a Reject. *ret_auth: the method of the LAC's request; PPP_AUTH_NONE: none. */
enum reason lcp_proxy_check(struct lcp *l, const struct lcp_proxy *p,
			    enum ppp_auth_method *ret_auth, uint8_t *ret_option);
/* Takes over what was checked: LCP is Opened. Call it in place of the events Open and Up; nothing is
 * reported. When LCP leaves Opened, it negotiates its own options. */
void lcp_adopt(struct lcp *l, const struct lcp_proxy *p, ze_ns now);
/* The agreed method in Opened; PPP_AUTH_NONE when none was requested or its Reject was accepted. */
enum ppp_auth_method lcp_auth_method(const struct lcp *l);
/* Sends a Protocol-Reject for a frame, cut to the peer's MRU. Does nothing outside Opened. */
void lcp_reject_protocol(struct lcp *l, const struct ppp_frame *f, struct ppp_fx *fx);
/* The fields of its restart record: the options agreed on; the state is Opened. */
extern const struct tlv_table lcp_saved;
void lcp_save(const struct lcp *l, struct wr *w);
enum reason lcp_restore(struct lcp *l, struct span saved, ze_ns now);
/* The timers of the automaton and of the echoes. ZE_NEVER: none runs. */
ze_ns lcp_deadline(const struct lcp *l);
void lcp_expire(struct lcp *l, ze_ns now, struct ppp_fx *fx);
