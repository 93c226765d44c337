/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machines never call each other. What LCP, authentication and the NCPs report by their
 * callbacks is noted in `pending`; settle() acts on it after the machine has returned, until
 * nothing is pending. Every entry point ends with settle(). The header describes the phases and
 * timers.
 *
 * In TERMINATE, the restart timer of LCP limits the wait (RFC 1661 4.4: a peer that terminates gets
 * one interval).
 */
#include "ppp/link.h"

#include <string.h>

#include "daemon/base/crypto.h"
#include "ppp/link_priv.h"

enum link_pending {
	P_LCP_DOWN = 1 << 0,
	P_LCP_FINISHED = 1 << 1,
	P_LCP_UP = 1 << 2,
	P_AUTH_ACCEPTED = 1 << 3,
	P_AUTH_REJECTED = 1 << 4,
	P_AUTH_TIMEOUT = 1 << 5,
	P_NCP_DOWN = 1 << 6, /* this and the following use one more bit for IPv6 */
	P_NCP_READY = 1 << 8,
	P_NCP_UP = 1 << 10,
	P_NCP_FINISHED = 1 << 12,
};

static const char *const phase_names[PPP_PHASE__COUNT] = {
	[PPP_PHASE_DEAD] = "dead",
	[PPP_PHASE_ESTABLISH] = "establish",
	[PPP_PHASE_AUTHENTICATE] = "authenticate",
	[PPP_PHASE_NETWORK] = "network",
	[PPP_PHASE_TERMINATE] = "terminate",
};

const char *ppp_phase_name(const struct ppp_link *l)
{
	return phase_names[l->phase];
}

uint16_t ppp_link_mtu(const struct ppp_link *l)
{
	uint16_t ours = l->cfg->lcp.mru ? l->cfg->lcp.mru : PPP_MRU_DEFAULT;

	return l->lcp.peer_mru < ours ? l->lcp.peer_mru : ours;
}

/* ------------------------------------------------------------- callbacks of the machines */

static void link_note(struct ppp_link *l, unsigned what)
{
	l->pending = (uint16_t)(l->pending | what);
}

static void lcp_up(struct lcp *lcp, struct ppp_fx *fx)
{
	(void)fx;
	link_note(ze_container_of(lcp, struct ppp_link, lcp), P_LCP_UP);
}

static void lcp_down(struct lcp *lcp, struct ppp_fx *fx)
{
	(void)fx;
	link_note(ze_container_of(lcp, struct ppp_link, lcp), P_LCP_DOWN);
}

static void lcp_finished(struct lcp *lcp, enum ppp_end end, struct ppp_fx *fx)
{
	struct ppp_link *l = ze_container_of(lcp, struct ppp_link, lcp);

	(void)fx;
	if (l->end == PPP_END_NONE)
		l->end = end;
	link_note(l, P_LCP_FINISHED);
}

static void lcp_protocol_rejected(struct lcp *lcp, uint16_t proto, ze_ns now, struct ppp_fx *fx)
{
	struct ppp_link *l = ze_container_of(lcp, struct ppp_link, lcp);

	if (proto == PPP_IPCP && l->ncp[PPP_FAM_IPV4] >= PPP_NCP_RUNNING)
		cp_protocol_rejected(&l->ipcp.cp, now, fx);
	else if (proto == PPP_IPV6CP && l->ncp[PPP_FAM_IPV6] >= PPP_NCP_RUNNING)
		cp_protocol_rejected(&l->ipv6cp.cp, now, fx);
}

static const struct lcp_listener lcp_listener = {
	.on_up = lcp_up,
	.on_down = lcp_down,
	.on_finished = lcp_finished,
	.on_protocol_rejected = lcp_protocol_rejected,
};

static void auth_decided(struct auth *a, bool accepted, struct ppp_fx *fx)
{
	(void)fx;
	link_note(ze_container_of(a, struct ppp_link, auth),
		  accepted ? P_AUTH_ACCEPTED : P_AUTH_REJECTED);
}

static void auth_timed_out(struct auth *a, struct ppp_fx *fx)
{
	(void)fx;
	link_note(ze_container_of(a, struct ppp_link, auth), P_AUTH_TIMEOUT);
}

static const struct auth_listener auth_listener = { .on_done = auth_decided,
						    .on_timeout = auth_timed_out };

#define NCP_CALLBACKS(ncp, fam)                                                                    \
	static void ncp##_on_up(struct ncp *n, struct ppp_fx *fx)                                  \
	{                                                                                          \
		(void)fx;                                                                          \
		link_note(ze_container_of(n, struct ppp_link, ncp), P_NCP_UP << (fam));            \
	}                                                                                          \
	static void ncp##_on_down(struct ncp *n, struct ppp_fx *fx)                                \
	{                                                                                          \
		(void)fx;                                                                          \
		link_note(ze_container_of(n, struct ppp_link, ncp), P_NCP_DOWN << (fam));          \
	}                                                                                          \
	static void ncp##_on_ready(struct ncp *n, struct ppp_fx *fx)                               \
	{                                                                                          \
		(void)fx;                                                                          \
		link_note(ze_container_of(n, struct ppp_link, ncp), P_NCP_READY << (fam));         \
	}                                                                                          \
	static void ncp##_on_finished(struct ncp *n, struct ppp_fx *fx)                            \
	{                                                                                          \
		(void)fx;                                                                          \
		link_note(ze_container_of(n, struct ppp_link, ncp), P_NCP_FINISHED << (fam));      \
	}                                                                                          \
	static const struct ncp##_listener ncp##_listener = { .on_up = ncp##_on_up,                \
							      .on_down = ncp##_on_down,            \
							      .on_ready = ncp##_on_ready,          \
							      .on_finished = ncp##_on_finished };

NCP_CALLBACKS(ipcp, PPP_FAM_IPV4)
NCP_CALLBACKS(ipv6cp, PPP_FAM_IPV6)
#undef NCP_CALLBACKS

/* ------------------------------------------------------------- termination */

static void link_finish(struct ppp_link *l, struct ppp_fx *fx)
{
	struct ppp_effect *e = ppp_fx_add(fx, PPP_FX_FINISHED);

	if (!e) { /* the owner must see this effect, so it replaces the last one */
		e = &fx->e[PPP_FX_MAX - 1];
		e->kind = PPP_FX_FINISHED;
	}
	e->end = l->end;
	auth_stop(&l->auth);
	l->phase = PPP_PHASE_TERMINATE;
	l->phase_deadline = ZE_NEVER;
	l->pending = 0;
	l->finished = true;
}

/* Terminates the link. When a termination is already in progress, its first reason is kept. */
static void terminate(struct ppp_link *l, enum ppp_end end, ze_ns now, struct ppp_fx *fx)
{
	uint8_t st;

	if (l->phase == PPP_PHASE_TERMINATE)
		return;
	if (l->end == PPP_END_NONE)
		l->end = end;
	l->phase = PPP_PHASE_TERMINATE;
	l->phase_deadline = ZE_NEVER;
	auth_stop(&l->auth);
	cp_close(&l->lcp.cp, now, fx);
	st = l->lcp.cp.state;
	if (st == CP_INITIAL || st == CP_CLOSED || st == CP_STOPPED)
		link_note(l, P_LCP_FINISHED);
}

/* ------------------------------------------------------------- network protocols */

/* True when the automaton left Opened to negotiate again (RFC 1661 4.1: RCR, RCA, RCN or RTA in
 * Opened) and not to terminate. */
static bool renegotiates(const struct cp *cp)
{
	return cp->state == CP_REQ_SENT || cp->state == CP_ACK_SENT;
}

static struct cp *ncp_cp(struct ppp_link *l, unsigned fam)
{
	return fam == PPP_FAM_IPV4 ? &l->ipcp.cp : &l->ipv6cp.cp;
}

static bool ncp_enabled(const struct ppp_link *l, unsigned fam)
{
	return fam == PPP_FAM_IPV4 ? l->cfg->enable_ipcp : l->cfg->enable_ipv6cp;
}

static void tell_family(struct ppp_fx *fx, enum ppp_fx_kind kind, unsigned fam)
{
	struct ppp_effect *e = ppp_fx_add(fx, kind);

	if (e)
		e->family = (enum ppp_family)fam;
}

static bool any_up(const struct ppp_link *l)
{
	return l->ncp[PPP_FAM_IPV4] == PPP_NCP_UP || l->ncp[PPP_FAM_IPV6] == PPP_NCP_UP;
}

ze_ns link_login_limit(const struct ppp_link *l)
{
	return l->cfg->lcp_timeout + l->cfg->auth.timeout + l->cfg->ncp_timeout;
}

bool ppp_link_served(const struct ppp_link *l)
{
	for (unsigned fam = 0; fam < PPP_FAM__COUNT; fam++)
		if (l->required[fam] && l->ncp[fam] != PPP_NCP_UP)
			return false;
	return any_up(l);
}

/* The family left Opened or was given up. Its data plane, if it has one, is idle from now on. */
static void ncp_lost(struct ppp_link *l, unsigned fam, enum ppp_ncp_state next, ze_ns now,
		     struct ppp_fx *fx)
{
	bool was_served = ppp_link_served(l);

	l->ncp[fam] = (uint8_t)next;
	tell_family(fx, PPP_FX_NCP_DOWN, fam);
	if (!was_served || ppp_link_served(l))
		return;
	l->login_deadline = now + link_login_limit(l);
	if (l->phase == PPP_PHASE_NETWORK)
		l->phase_deadline = now + l->cfg->ncp_timeout;
}

void link_hear_ncp(struct ppp_link *l, unsigned fam)
{
	if (fam == PPP_FAM_IPV4)
		l->ipcp.listener = &ipcp_listener;
	else
		l->ipv6cp.listener = &ipv6cp_listener;
}

void link_run_ncp(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx)
{
	struct cp *cp = ncp_cp(l, fam);

	if (fam == PPP_FAM_IPV4)
		ipcp_init(&l->ipcp, &l->cfg->ncp, &l->v4);
	else
		ipv6cp_init(&l->ipv6cp, &l->cfg->ncp, l->ifid, l->suggest, l->rng);
	link_hear_ncp(l, fam);
	l->ncp[fam] = PPP_NCP_RUNNING;
	cp_open(cp, now, fx);
	cp_up(cp, now, fx);
}

static void network_start(struct ppp_link *l, ze_ns now, struct ppp_fx *fx)
{
	l->phase = PPP_PHASE_NETWORK;
	l->phase_deadline = now + l->cfg->ncp_timeout;
	for (unsigned fam = 0; fam < PPP_FAM__COUNT; fam++) {
		if (!ncp_enabled(l, fam))
			continue;
		if (l->addr_state[fam] == PPP_ADDR_UNKNOWN ||
		    l->addr_state[fam] == PPP_ADDR_LATER) {
			tell_family(fx, PPP_FX_ADDR_REQUEST, fam);
			l->addr_state[fam] = PPP_ADDR_ASKED;
		}
		if (l->addr_state[fam] == PPP_ADDR_ASKED)
			l->ncp[fam] = PPP_NCP_WAITING;
		else if (l->addr_state[fam] == PPP_ADDR_GIVEN)
			link_run_ncp(l, fam, now, fx);
	}
}

/* LCP left Opened. */
static void network_stop(struct ppp_link *l, ze_ns now, struct ppp_fx *fx)
{
	for (unsigned fam = 0; fam < PPP_FAM__COUNT; fam++) {
		if (ncp_cp(l, fam)->state > CP_STARTING)
			cp_down(ncp_cp(l, fam), now, fx);
		if (l->ncp[fam] >= PPP_NCP_READY)
			ncp_lost(l, fam, PPP_NCP_OFF, now, fx);
		/* What cp_down() reported is ignored for a family that is off. */
		l->ncp[fam] = PPP_NCP_OFF;
	}
}

/* The NCP left Opened, to terminate or to negotiate again. */
static void ncp_went_down(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx)
{
	ncp_lost(l, fam, renegotiates(ncp_cp(l, fam)) ? PPP_NCP_RUNNING : PPP_NCP_OFF, now, fx);
}

static enum ppp_end no_family(unsigned fam)
{
	return fam == PPP_FAM_IPV4 ? PPP_END_NO_IPV4 : PPP_END_NO_IPV6;
}

/* The automaton has finished. A required family ends the link when nothing can start it again: we
 * closed it, or the peer does not know the protocol. When the peer terminated it or did not answer,
 * it may start it again until ncp_timeout. */
static void ncp_finished(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx)
{
	uint8_t cause = ncp_cp(l, fam)->cause;

	ncp_lost(l, fam, PPP_NCP_OFF, now, fx);
	if (!l->required[fam])
		return;
	if (cause == CP_EV_RCR_M)
		terminate(l, PPP_END_ADDRESS_REFUSED, now, fx);
	else if (cause == CP_EV_RXJ_M || cause == CP_EV_RCN)
		terminate(l, no_family(fam), now, fx);
}

static bool told(unsigned what, unsigned ncp_bit, unsigned fam)
{
	return (what & ncp_bit << fam) != 0;
}

static void ncp_settle(struct ppp_link *l, unsigned fam, unsigned what, ze_ns now,
		       struct ppp_fx *fx)
{
	if (told(what, P_NCP_DOWN, fam) && l->ncp[fam] == PPP_NCP_UP)
		ncp_went_down(l, fam, now, fx);
	if (told(what, P_NCP_FINISHED, fam) && l->ncp[fam] != PPP_NCP_OFF)
		ncp_finished(l, fam, now, fx);
	if (told(what, P_NCP_READY, fam) &&
	    (l->ncp[fam] == PPP_NCP_RUNNING || l->ncp[fam] == PPP_NCP_ATTACHED)) {
		l->ncp[fam] = PPP_NCP_READY;
		tell_family(fx, PPP_FX_NCP_READY, fam);
	}
	if (told(what, P_NCP_UP, fam) && l->ncp[fam] == PPP_NCP_ATTACHED) {
		l->ncp[fam] = PPP_NCP_UP;
		if (ppp_link_served(l))
			l->phase_deadline = l->login_deadline = ZE_NEVER;
		tell_family(fx, PPP_FX_NCP_UP, fam);
	}
}

/* ------------------------------------------------------------- phases */

static void went_down(struct ppp_link *l, ze_ns now, struct ppp_fx *fx)
{
	bool again = renegotiates(&l->lcp.cp);

	ppp_fx_add(fx, PPP_FX_LCP_DOWN);
	l->phase = again ? PPP_PHASE_ESTABLISH : PPP_PHASE_TERMINATE;
	l->phase_deadline = again ? now + l->cfg->lcp_timeout : ZE_NEVER;
	auth_stop(&l->auth);
	l->authenticated = false;
	network_stop(l, now, fx);
}

void link_came_up(struct ppp_link *l, const struct auth_proxy *given, ze_ns now, struct ppp_fx *fx)
{
	enum ppp_auth_method m = lcp_auth_method(&l->lcp);

	ppp_fx_add(fx, PPP_FX_LCP_UP);
	if (given || m != PPP_AUTH_NONE) {
		l->phase = PPP_PHASE_AUTHENTICATE;
		l->phase_deadline = ZE_NEVER;
		if (given)
			auth_adopt(&l->auth, given, now, fx);
		else
			auth_start(&l->auth, m, now, fx);
	} else if (l->cfg->lcp.n_auth == 0 || l->cfg->lcp.allow_no_auth) {
		network_start(l, now, fx);
	} else {
		terminate(l, PPP_END_AUTH_REFUSED, now, fx);
	}
}

static void auth_settle(struct ppp_link *l, unsigned what, ze_ns now, struct ppp_fx *fx)
{
	if (what & P_AUTH_REJECTED)
		terminate(l, PPP_END_AUTH_FAILED, now, fx);
	else if (what & P_AUTH_TIMEOUT)
		terminate(l, PPP_END_AUTH_TIMEOUT, now, fx);
	else if (what & P_AUTH_ACCEPTED && l->phase == PPP_PHASE_AUTHENTICATE) {
		l->authenticated = true;
		ppp_fx_add(fx, PPP_FX_AUTHENTICATED);
		network_start(l, now, fx);
	}
}

void link_settle(struct ppp_link *l, ze_ns now, struct ppp_fx *fx)
{
	while (l->pending && !l->finished) {
		unsigned what = l->pending;

		l->pending = 0;
		if (what & P_LCP_DOWN)
			went_down(l, now, fx);
		if (what & P_LCP_FINISHED) {
			link_finish(l, fx);
			break;
		}
		if (what & P_LCP_UP)
			link_came_up(l, NULL, now, fx);
		auth_settle(l, what, now, fx);
		ncp_settle(l, PPP_FAM_IPV4, what, now, fx);
		ncp_settle(l, PPP_FAM_IPV6, what, now, fx);
	}
	if (l->phase == PPP_PHASE_ESTABLISH && l->lcp.cp.state < CP_REQ_SENT) {
		/* LCP gave up on the peer and terminates by itself. */
		l->phase = PPP_PHASE_TERMINATE;
		l->phase_deadline = ZE_NEVER;
	}
}

/* ------------------------------------------------------------- entry points */

int ppp_link_init(struct ppp_link *l, const struct ppp_link_cfg *cfg, const struct rng *rng)
{
	int r;

	memset(l, 0, sizeof(*l));
	l->cfg = cfg;
	l->rng = rng;
	l->phase_deadline = l->login_deadline = ZE_NEVER;
	l->ipcp.cp.deadline = l->ipv6cp.cp.deadline = ZE_NEVER;
	auth_init(&l->auth, &cfg->auth, rng);
	l->auth.listener = &auth_listener;
	if ((r = lcp_init(&l->lcp, &cfg->lcp, rng)) < 0)
		return r;
	l->lcp.listener = &lcp_listener;
	return 0;
}

void ppp_link_down(struct ppp_link *l)
{
	auth_stop(&l->auth);
	l->phase = PPP_PHASE_DEAD;
	l->pending = 0;
	l->finished = true;
}

void ppp_link_done(struct ppp_link *l)
{
	auth_done(&l->auth);
	crypto_wipe(l, sizeof(*l));
	l->finished = true;
}

void ppp_link_open(struct ppp_link *l, ze_ns now, struct ppp_fx *fx)
{
	if (l->finished || l->phase != PPP_PHASE_DEAD)
		return;
	l->phase = PPP_PHASE_ESTABLISH;
	l->phase_deadline = now + l->cfg->lcp_timeout;
	l->login_deadline = now + link_login_limit(l);
	cp_open(&l->lcp.cp, now, fx);
	cp_up(&l->lcp.cp, now, fx);
	link_settle(l, now, fx);
}

/* The peer requests a family for which there was no address. Ask again, since there may be one now.
 * The request is not answered until there is an address. */
static void ask_again(struct ppp_link *l, unsigned fam, const struct ppp_frame *f,
		      struct ppp_fx *fx)
{
	ppp_fx_refuse(fx, REASON_PPP_PHASE, f->proto, 0);
	if (!f->info.len || f->info.p[0] != CP_CONF_REQ)
		return;
	if (fam == PPP_FAM_IPV4) {
		l->v4.peer = ipcp_requested(f->info);
		l->requested = true;
	}
	l->addr_state[fam] = PPP_ADDR_ASKED;
	l->ncp[fam] = PPP_NCP_WAITING;
	tell_family(fx, PPP_FX_ADDR_REQUEST, fam);
}

static void ncp_input(struct ppp_link *l, unsigned fam, const struct ppp_frame *f, ze_ns now,
		      struct ppp_fx *fx)
{
	struct cp *cp = ncp_cp(l, fam);

	if (!ncp_enabled(l, fam) || l->addr_state[fam] == PPP_ADDR_DECLINED) {
		ppp_fx_refuse(fx, REASON_PPP_UNKNOWN, f->proto, 0);
		lcp_reject_protocol(&l->lcp, f, fx);
		return;
	}
	if (l->addr_state[fam] == PPP_ADDR_LATER) {
		ask_again(l, fam, f, fx);
		return;
	}
	if (l->ncp[fam] == PPP_NCP_WAITING) {
		ppp_fx_refuse(fx, REASON_PPP_PHASE, f->proto, 0);
		return;
	}
	cp_input(cp, f->info, now, fx);
	/* RFC 1661 4.1: a Configure-Request in Stopped starts the automaton again. */
	if (l->ncp[fam] == PPP_NCP_OFF && (renegotiates(cp) || told(l->pending, P_NCP_READY, fam)))
		l->ncp[fam] = PPP_NCP_RUNNING;
}

/* Takes a frame of a protocol other than LCP while LCP is Opened. */
static void upper_input(struct ppp_link *l, const struct ppp_frame *f, ze_ns now, struct ppp_fx *fx)
{
	bool network = l->phase == PPP_PHASE_NETWORK;

	if (f->proto == PPP_PAP || f->proto == PPP_CHAP)
		auth_input(&l->auth, f->proto, f->info, now, fx);
	else if (!network) /* silently discarded, RFC 1661 3.5 */
		ppp_fx_refuse(fx, REASON_PPP_PHASE, f->proto, 0);
	else if (f->proto == PPP_IPCP)
		ncp_input(l, PPP_FAM_IPV4, f, now, fx);
	else if (f->proto == PPP_IPV6CP)
		ncp_input(l, PPP_FAM_IPV6, f, now, fx);
	else {
		ppp_fx_refuse(fx, REASON_PPP_UNKNOWN, f->proto, 0);
		lcp_reject_protocol(&l->lcp, f, fx);
	}
}

void ppp_link_input(struct ppp_link *l, struct span frame, ze_ns now, struct ppp_fx *fx)
{
	struct ppp_frame f;
	int r;

	if (l->finished || l->phase == PPP_PHASE_DEAD)
		return;
	r = ppp_frame_parse(frame, &f);
	if (r < 0)
		ppp_fx_refuse(fx, (enum reason) - r, 0, 0);
	else if (f.proto == PPP_LCP)
		cp_input(&l->lcp.cp, f.info, now, fx);
	else if (f.proto == PPP_IPV4 || f.proto == PPP_IPV6) {
		/* An established family is forwarded by the data plane; a stray packet is
		 * ignored. */
		if (l->ncp[f.proto == PPP_IPV4 ? PPP_FAM_IPV4 : PPP_FAM_IPV6] != PPP_NCP_UP)
			ppp_fx_refuse(fx, REASON_IP_BEFORE_OPEN, f.proto, 0);
	} else if (l->lcp.cp.state != CP_OPENED)
		ppp_fx_refuse(fx, REASON_PPP_PHASE, f.proto, 0);
	else
		upper_input(l, &f, now, fx);
	link_settle(l, now, fx);
}

ze_ns ppp_link_deadline(const struct ppp_link *l)
{
	ze_ns t = ze_min_ns(ze_min_ns(l->phase_deadline, l->login_deadline), lcp_deadline(&l->lcp));

	if (l->finished || l->phase == PPP_PHASE_DEAD)
		return ZE_NEVER;
	t = ze_min_ns(t, auth_deadline(&l->auth));
	return ze_min_ns(t, ze_min_ns(cp_deadline(&l->ipcp.cp), cp_deadline(&l->ipv6cp.cp)));
}

/* The reason for the end of the Network phase. */
static enum ppp_end unserved(const struct ppp_link *l)
{
	for (unsigned fam = 0; fam < PPP_FAM__COUNT; fam++) {
		if (!l->required[fam] || l->ncp[fam] == PPP_NCP_UP)
			continue;
		if (l->addr_state[fam] == PPP_ADDR_ASKED)
			return PPP_END_NO_ADDRESS;
		if (any_up(l))
			return no_family(fam);
	}
	return PPP_END_NCP_TIMEOUT;
}

static void time_out(struct ppp_link *l, enum ppp_end end, ze_ns now, struct ppp_fx *fx)
{
	if (l->phase != PPP_PHASE_ESTABLISH) {
		terminate(l, end, now, fx);
		return;
	}
	/* LCP is not open, so the peer takes no part in the termination. */
	l->end = end;
	link_note(l, P_LCP_FINISHED);
}

void ppp_link_expire(struct ppp_link *l, ze_ns now, struct ppp_fx *fx)
{
	if (l->finished || l->phase == PPP_PHASE_DEAD)
		return;
	if (now >= lcp_deadline(&l->lcp))
		lcp_expire(&l->lcp, now, fx);
	if (now >= auth_deadline(&l->auth))
		auth_expire(&l->auth, now, fx);
	for (unsigned fam = 0; fam < PPP_FAM__COUNT; fam++)
		if (now >= cp_deadline(ncp_cp(l, fam)))
			cp_expire(ncp_cp(l, fam), now, fx);
	if (now >= l->phase_deadline)
		time_out(l, l->phase == PPP_PHASE_NETWORK ? unserved(l) : PPP_END_LCP_TIMEOUT, now,
			 fx);
	if (now >= l->login_deadline) {
		l->login_deadline = ZE_NEVER;
		time_out(l, PPP_END_LOGIN_TIMEOUT, now, fx);
	}
	link_settle(l, now, fx);
}

void ppp_link_auth_answer(struct ppp_link *l, const struct ppp_auth_answer *a, ze_ns now,
			  struct ppp_fx *fx)
{
	if (l->finished)
		return;
	auth_answer(&l->auth, a, now, fx);
	if (!a->accept && a->end != PPP_END_NONE)
		terminate(l, a->end, now, fx); /* no second attempt */
	link_settle(l, now, fx);
}

void ppp_link_require(struct ppp_link *l, enum ppp_family family, bool required, ze_ns now)
{
	l->required[family] = required;
	/* A restored link in which a required family is still being negotiated. */
	if (l->phase == PPP_PHASE_NETWORK && l->phase_deadline == ZE_NEVER && !ppp_link_served(l)) {
		l->phase_deadline = now + l->cfg->ncp_timeout;
		l->login_deadline = now + link_login_limit(l);
	}
}

void ppp_link_addr_answer(struct ppp_link *l, const struct ppp_addr_answer *a, ze_ns now,
			  struct ppp_fx *fx)
{
	unsigned fam = a->family;

	if (l->finished || l->addr_state[fam] != PPP_ADDR_ASKED)
		return;
	if (fam == PPP_FAM_IPV4) {
		l->v4 = a->v4;
		l->requested = false;
	} else {
		l->ifid = a->ifid;
		l->suggest = a->suggest;
	}
	if (a->accept)
		l->addr_state[fam] = PPP_ADDR_GIVEN;
	else
		l->addr_state[fam] = a->later || a->await ? PPP_ADDR_LATER : PPP_ADDR_DECLINED;
	if (l->ncp[fam] == PPP_NCP_WAITING) { /* false while LCP negotiates again */
		l->ncp[fam] = PPP_NCP_OFF;
		if (a->accept)
			link_run_ncp(l, fam, now, fx);
	}
	if (!a->accept && !a->await && l->required[fam])
		terminate(l, a->end ? a->end : PPP_END_NO_ADDRESS, now, fx);
	link_settle(l, now, fx);
}

/* The data plane cannot carry the family. The automaton sends a Terminate-Request if the peer may
 * believe that it is Opened, then stays silent; the peer's next request gets a Protocol-Reject. */
static void ncp_decline(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx)
{
	struct cp *cp = ncp_cp(l, fam);

	l->addr_state[fam] = PPP_ADDR_DECLINED;
	if (l->ncp[fam] == PPP_NCP_READY)
		cp_down(cp, now, fx);
	else
		cp_close(cp, now, fx);
	ncp_lost(l, fam, PPP_NCP_OFF, now, fx);
	if (l->required[fam])
		terminate(l, PPP_END_PLANE, now, fx);
}

void ppp_link_ncp_attached(struct ppp_link *l, enum ppp_family family, bool ok, ze_ns now,
			   struct ppp_fx *fx)
{
	if (l->finished || l->ncp[family] < PPP_NCP_READY)
		return;
	if (!ok) {
		ncp_decline(l, family, now, fx);
	} else if (l->ncp[family] == PPP_NCP_READY) {
		l->ncp[family] = PPP_NCP_ATTACHED;
		cp_release(ncp_cp(l, family), now, fx);
	}
	link_settle(l, now, fx);
}

void ppp_link_close(struct ppp_link *l, enum ppp_end end, ze_ns now, struct ppp_fx *fx)
{
	if (l->finished)
		return;
	terminate(l, end, now, fx);
	link_settle(l, now, fx);
}
