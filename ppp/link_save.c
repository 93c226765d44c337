/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of a link that carries packets, for a restart: LCP is Opened, authentication has
 * finished, and a network protocol is established. A family that is being negotiated starts again
 * after the restart; one that was terminated may be requested again by the peer.
 */
#include <errno.h>
#include <string.h>

#include "ppp/link.h"
#include "ppp/link_priv.h"

enum saved_family {
	SAVED_NONE,    /* no address was assigned */
	SAVED_STOPPED, /* the peer may start it */
	SAVED_RUNNING, /* will be negotiated again */
	SAVED_UP,
	SAVED__COUNT
};

static enum saved_family family_of(const struct ppp_link *l, unsigned fam)
{
	if (l->addr_state[fam] != PPP_ADDR_GIVEN)
		return SAVED_NONE;
	if (l->ncp[fam] == PPP_NCP_UP)
		return SAVED_UP;
	return l->ncp[fam] == PPP_NCP_OFF ? SAVED_STOPPED : SAVED_RUNNING;
}

static bool is_up(const struct ppp_link *l)
{
	return l->phase == PPP_PHASE_NETWORK && !l->finished && l->lcp.cp.state == CP_OPENED &&
	       (l->ncp[PPP_FAM_IPV4] == PPP_NCP_UP || l->ncp[PPP_FAM_IPV6] == PPP_NCP_UP) &&
	       l->addr_state[PPP_FAM_IPV4] != PPP_ADDR_ASKED &&
	       l->addr_state[PPP_FAM_IPV6] != PPP_ADDR_ASKED;
}

static void save_ipv6(const struct ppp_link *l, struct wr *w)
{
	ipv6cp_save(&l->ipv6cp, w);
	wr_u64(w, l->ifid);
}

bool ppp_link_save(const struct ppp_link *l, struct wr *w)
{
	if (!is_up(l))
		return false;
	lcp_save(&l->lcp, w);
	wr_u8(w, l->authenticated);
	auth_save(&l->auth, w);
	for (unsigned fam = 0; fam < PPP_FAM__COUNT; fam++) {
		wr_u8(w, (uint8_t)family_of(l, fam));
		if (family_of(l, fam) == SAVED_NONE)
			continue;
		if (fam == PPP_FAM_IPV4)
			ipcp_save(&l->ipcp, w);
		else
			save_ipv6(l, w);
	}
	return !w->bad;
}

static int resume_ncp(struct ppp_link *l, unsigned fam, enum cp_state state, struct rd *r)
{
	int e;

	if (fam == PPP_FAM_IPV4) {
		e = ipcp_resume(&l->ipcp, &l->cfg->ncp, state, r);
		l->v4 = l->ipcp.params;
	} else {
		e = ipv6cp_resume(&l->ipv6cp, &l->cfg->ncp, state, r, l->rng);
		l->ifid = rd_u64(r);
		l->suggest = l->ipv6cp.suggest;
		if (e == 0 && (r->bad || !l->ifid || l->ifid == l->suggest))
			e = -EBADMSG;
	}
	link_hear_ncp(l, fam);
	l->addr_state[fam] = PPP_ADDR_GIVEN;
	return e;
}

static int resume_family(struct ppp_link *l, unsigned fam, struct rd *r, ze_ns now,
			 struct ppp_fx *fx)
{
	uint8_t was = rd_u8(r);
	int e;

	l->addr_state[fam] = PPP_ADDR_LATER; /* the reason to decline may no longer apply */
	if (r->bad || was >= SAVED__COUNT)
		return -EBADMSG;
	if (was == SAVED_NONE)
		return 0;
	e = resume_ncp(l, fam, was == SAVED_UP ? CP_OPENED : CP_STOPPED, r);
	if (e < 0)
		return e;
	if (was == SAVED_RUNNING)
		link_run_ncp(l, fam, now, fx);
	else
		l->ncp[fam] = was == SAVED_UP ? PPP_NCP_UP : PPP_NCP_OFF;
	return 0;
}

int ppp_link_resume(struct ppp_link *l, struct rd *r, ze_ns now, struct ppp_fx *fx)
{
	int e = lcp_resume(&l->lcp, r, now);

	if (e < 0)
		return e;
	l->authenticated = rd_u8(r) != 0;
	e = auth_resume(&l->auth, r, now);
	for (unsigned fam = 0; e == 0 && fam < PPP_FAM__COUNT; fam++)
		e = resume_family(l, fam, r, now, fx);
	if (e < 0)
		return e;
	if (l->ncp[PPP_FAM_IPV4] != PPP_NCP_UP && l->ncp[PPP_FAM_IPV6] != PPP_NCP_UP)
		return -EBADMSG;
	l->phase = PPP_PHASE_NETWORK;
	return 0;
}
