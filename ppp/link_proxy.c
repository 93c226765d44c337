/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A link whose LCP a LAC has negotiated, RFC 2661 4.4.5 and 9.5.
 *
 * The LAC reports the last Configure-Request that it has sent and the last one that it has received;
 * both were acknowledged. They are used when both are there and could have been the outcome of a
 * negotiation here, and when they fit the authentication:
 *
 *   Proxy Authen Type    method of the LAC's request
 *   CHAP                 CHAP-MD5, or MS-CHAPv2, which has no type of its own
 *   PAP                  PAP
 *   textual              none
 *   none, or another     any that is allowed; none where no authentication is required
 *   MS-CHAPv1            never: it is not supported
 *
 * When the credentials are complete, the owner is asked about them, and the verdict is the answer to
 * the packet that the LAC has received. Otherwise, and when they are not to be used, the peer is
 * asked: by a challenge, or with PAP by its next request. The challenge of a LAC is not ours: a LAC
 * that has once seen a response can report it again. So the configuration must allow it (9.5).
 *
 * In all other cases LCP is negotiated, or the link ends if it must not be.
 */
#include <string.h>

#include "ppp/link.h"
#include "ppp/link_priv.h"

#define TEXT_SECRET_MAX 255 /* octets of a password: as in PAP */

enum proxy_type { /* RFC 2661 4.4.5, Proxy Authen Type */
	PROXY_TEXT = 1,
	PROXY_CHAP = 2,
	PROXY_PAP = 3,
	PROXY_MSCHAPV1 = 5
};

static bool is_chap_complete(const struct ppp_proxy *p, enum ppp_auth_method m)
{
	size_t least = m == PPP_AUTH_MSCHAPV2 ? 16 : 1;
	size_t most = m == PPP_AUTH_MSCHAPV2 ? 16 : AUTH_CHALLENGE_MAX;

	return p->has_id && p->challenge.len >= least && p->challenge.len <= most &&
	       auth_response_fits(m, p->response);
}

/* Writes the credentials. Returns false when a part is missing or cannot be right. */
static bool credentials_of(const struct ppp_proxy *p, enum ppp_auth_method m,
			   struct auth_proxy *ret)
{
	bool chap = p->type == PROXY_CHAP;

	if (!p->name.len || p->name.len > AUTH_USER_MAX)
		return false;
	if (chap ? !is_chap_complete(p, m) : !p->response.p || p->response.len > TEXT_SECRET_MAX)
		return false;
	if (p->type == PROXY_PAP && !p->has_id)
		return false;
	*ret = (struct auth_proxy){ .method = chap ? m : PPP_AUTH_PAP,
				    .text = p->type == PROXY_TEXT,
				    .id = p->id,
				    .user = p->name,
				    .secret = p->response };
	if (chap)
		ret->challenge = p->challenge;
	return true;
}

static bool type_fits(uint16_t type, enum ppp_auth_method m)
{
	switch (type) {
	case PROXY_CHAP:
		return m == PPP_AUTH_CHAP_MD5 || m == PPP_AUTH_MSCHAPV2;
	case PROXY_PAP:
		return m == PPP_AUTH_PAP;
	case PROXY_MSCHAPV1:
		return false;
	default:
		return true;
	}
}

/* Whether a link without credentials can begin: the peer can be asked, or need not be. */
static bool can_begin(const struct ppp_link *l, enum ppp_auth_method m)
{
	const struct ppp_link_cfg *c = l->cfg;

	return m != PPP_AUTH_NONE || c->lcp.n_auth == 0 ||
	       (c->lcp.allow_no_auth && c->proxy_lcp == PPP_PROXY_NEVER);
}

/* Why the link cannot continue from what the LAC has negotiated. *ret_given: it has credentials that
 * are to be used. */
static enum reason proxy_check(struct ppp_link *l, const struct ppp_proxy *p,
			       struct auth_proxy *ret, bool *ret_given, uint8_t *ret_option)
{
	const struct lcp_proxy lcp = { p->last_sent, p->last_received,
				       l->cfg->proxy_lcp == PPP_PROXY_NEVER };
	enum ppp_auth_method m;
	enum reason why;

	*ret_given = false;
	*ret_option = 0;
	if (!lcp.sent.p || !lcp.received.p)
		return REASON_PROXY_LCP;
	why = lcp_proxy_check(&l->lcp, &lcp, &m, ret_option);
	if (why != REASON_NONE)
		return why;
	*ret_option = 0;
	if (!type_fits(p->type, m))
		return REASON_PROXY_AUTH;
	if (l->cfg->proxy_auth && l->cfg->lcp.n_auth &&
	    (p->type == PROXY_CHAP || p->type == PROXY_PAP ||
	     (p->type == PROXY_TEXT && m == PPP_AUTH_NONE)))
		*ret_given = credentials_of(p, m, ret);
	return *ret_given || can_begin(l, m) ? REASON_NONE : REASON_PROXY_AUTH;
}

void ppp_link_open_proxied(struct ppp_link *l, const struct ppp_proxy *p, ze_ns now,
			   struct ppp_fx *fx)
{
	const struct lcp_proxy lcp = { .sent = p->last_sent, .received = p->last_received };
	struct auth_proxy a;
	uint8_t option;
	enum reason why;
	bool given;

	if (l->finished || l->phase != PPP_PHASE_DEAD)
		return;
	if (l->cfg->proxy_lcp == PPP_PROXY_ALWAYS || (!p->last_sent.p && !p->last_received.p)) {
		ppp_link_open(l, now, fx);
		return;
	}
	why = proxy_check(l, p, &a, &given, &option);
	if (why == REASON_NONE) {
		l->login_deadline = now + link_login_limit(l);
		lcp_adopt(&l->lcp, &lcp, now);
		link_came_up(l, given ? &a : NULL, now, fx);
		link_settle(l, now, fx);
		return;
	}
	ppp_fx_refuse(fx, why, PPP_LCP, 0);
	ppp_fx_refuse_option(fx, option);
	if (l->cfg->proxy_lcp == PPP_PROXY_NEVER)
		ppp_link_close(l, PPP_END_PROXY, now, fx);
	else
		ppp_link_open(l, now, fx);
}
