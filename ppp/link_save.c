/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of a link that carries packets, for a restart: LCP is Opened, authentication has
 * finished, and a network protocol is established. A family that is being negotiated starts again
 * after the restart; one that was terminated may be requested again by the peer.
 */
#include <string.h>

#include "ppp/link.h"
#include "ppp/link_priv.h"

enum { /* tags are never used again for something else */
	SAVED_LCP = 1,
	SAVED_AUTHENTICATED,
	SAVED_AUTH,
	SAVED_IPV4,
	SAVED_IPCP,
	SAVED_IPV6,
	SAVED_IPV6CP,
	SAVED_IFID,
	SAVED__COUNT
};

enum saved_family {	/* values never change */
	FAMILY_NONE,	/* not given, or not wanted */
	FAMILY_STOPPED, /* the peer may begin */
	FAMILY_RUNNING, /* is negotiated again */
	FAMILY_UP,
	FAMILY__COUNT
};

static const struct tlv_field link_fields[] = {
	[SAVED_LCP] = TLV_NESTED("lcp", lcp_saved, NULL),
	[SAVED_AUTHENTICATED] = TLV_OPTIONAL("authenticated", 1, 1, "0, no"),
	[SAVED_AUTH] = TLV_NESTED("auth", auth_saved, "never asked for"),
	[SAVED_IPV4] = TLV_OPTIONAL("ipv4-state", 1, 1, "3, up, with ipcp; else 0, none"),
	[SAVED_IPCP] = TLV_NESTED("ipcp", ipcp_saved, "IPv4 is not given, or not wanted"),
	[SAVED_IPV6] = TLV_OPTIONAL("ipv6-state", 1, 1, "3, up, with ipv6cp; else 0, none"),
	[SAVED_IPV6CP] = TLV_NESTED("ipv6cp", ipv6cp_saved, "IPv6 is not given, or not wanted"),
	[SAVED_IFID] = TLV_OPTIONAL("ifid-given", 8, 8, "ipv6cp's ifid"),
};

const struct tlv_table ppp_link_saved = { "link", link_fields, SAVED__COUNT };

static enum saved_family link_save_family_of(const struct ppp_link *l, unsigned fam)
{
	if (l->addr_state[fam] != PPP_ADDR_GIVEN)
		return FAMILY_NONE;
	if (l->ncp[fam] == PPP_NCP_UP)
		return FAMILY_UP;
	return l->ncp[fam] == PPP_NCP_OFF ? FAMILY_STOPPED : FAMILY_RUNNING;
}

static bool is_up(const struct ppp_link *l)
{
	return l->phase == PPP_PHASE_NETWORK && !l->finished && l->lcp.cp.state == CP_OPENED &&
	       (l->ncp[PPP_FAM_IPV4] == PPP_NCP_UP || l->ncp[PPP_FAM_IPV6] == PPP_NCP_UP) &&
	       l->addr_state[PPP_FAM_IPV4] != PPP_ADDR_ASKED &&
	       l->addr_state[PPP_FAM_IPV6] != PPP_ADDR_ASKED;
}

static void save_ipv4(const struct ppp_link *l, struct wr *w)
{
	enum saved_family is = link_save_family_of(l, PPP_FAM_IPV4);
	size_t mark;

	if (is == FAMILY_NONE)
		return;
	if (is != FAMILY_UP)
		tlv_put_u8(w, SAVED_IPV4, (uint8_t)is);
	mark = tlv_begin(w, SAVED_IPCP);
	ipcp_save(&l->ipcp, w);
	tlv_end(w, mark);
}

static void save_ipv6(const struct ppp_link *l, struct wr *w)
{
	enum saved_family is = link_save_family_of(l, PPP_FAM_IPV6);
	size_t mark;

	if (is == FAMILY_NONE)
		return;
	if (is != FAMILY_UP)
		tlv_put_u8(w, SAVED_IPV6, (uint8_t)is);
	mark = tlv_begin(w, SAVED_IPV6CP);
	ipv6cp_save(&l->ipv6cp, w);
	tlv_end(w, mark);
	if (l->ifid != l->ipv6cp.ifid)
		tlv_put_u64(w, SAVED_IFID, l->ifid);
}

bool ppp_link_save(const struct ppp_link *l, struct wr *w)
{
	size_t mark;

	if (!is_up(l))
		return false;
	mark = tlv_begin(w, SAVED_LCP);
	lcp_save(&l->lcp, w);
	tlv_end(w, mark);
	tlv_opt_u8(w, SAVED_AUTHENTICATED, l->authenticated);
	mark = tlv_begin(w, SAVED_AUTH);
	auth_save(&l->auth, w);
	tlv_end(w, mark);
	save_ipv4(l, w);
	save_ipv6(l, w);
	return !w->bad;
}

static enum reason restore_ipv4(struct ppp_link *l, const struct span *f, enum cp_state state)
{
	enum reason why = ipcp_restore(&l->ipcp, &l->cfg->ncp, state, f[SAVED_IPCP]);

	l->v4 = l->ipcp.params;
	return why;
}

static enum reason restore_ipv6(struct ppp_link *l, const struct span *f, enum cp_state state)
{
	enum reason why = ipv6cp_restore(&l->ipv6cp, &l->cfg->ncp, state, f[SAVED_IPV6CP], l->rng);

	l->ifid = tlv_u64(f[SAVED_IFID], l->ipv6cp.ifid);
	l->suggest = l->ipv6cp.suggest;
	if (why == REASON_NONE && (!l->ifid || l->ifid == l->suggest))
		return REASON_RESUME_RECORD;
	return why;
}

static uint8_t saved_family(const struct span *f, unsigned fam)
{
	bool v4 = fam == PPP_FAM_IPV4;

	if (!f[v4 ? SAVED_IPCP : SAVED_IPV6CP].p)
		return FAMILY_NONE;
	return tlv_u8(f[v4 ? SAVED_IPV4 : SAVED_IPV6], FAMILY_UP);
}

static enum reason restore_family(struct ppp_link *l, unsigned fam, const struct span *f, ze_ns now,
				  struct ppp_fx *fx)
{
	uint8_t was = saved_family(f, fam);
	enum cp_state state = was == FAMILY_UP ? CP_OPENED : CP_STOPPED;
	enum reason why;

	l->addr_state[fam] = PPP_ADDR_LATER; /* whatever the reason was, it may be gone */
	if (was >= FAMILY__COUNT)
		return REASON_RESUME_RECORD;
	if (was == FAMILY_NONE)
		return REASON_NONE;
	why = fam == PPP_FAM_IPV4 ? restore_ipv4(l, f, state) : restore_ipv6(l, f, state);
	link_hear_ncp(l, fam);
	l->addr_state[fam] = PPP_ADDR_GIVEN;
	if (why != REASON_NONE)
		return why;
	if (was == FAMILY_RUNNING)
		link_run_ncp(l, fam, now, fx);
	else
		l->ncp[fam] = was == FAMILY_UP ? PPP_NCP_UP : PPP_NCP_OFF;
	return REASON_NONE;
}

enum reason ppp_link_restore(struct ppp_link *l, struct span saved, ze_ns now, struct ppp_fx *fx)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&ppp_link_saved, saved, f);

	if (why == REASON_NONE)
		why = lcp_restore(&l->lcp, f[SAVED_LCP], now);
	if (why != REASON_NONE)
		return why;
	l->authenticated = tlv_u8(f[SAVED_AUTHENTICATED], 0) != 0;
	why = auth_restore(&l->auth, f[SAVED_AUTH], now);
	for (unsigned fam = 0; why == REASON_NONE && fam < PPP_FAM__COUNT; fam++)
		why = restore_family(l, fam, f, now, fx);
	if (why != REASON_NONE)
		return why;
	if (l->ncp[PPP_FAM_IPV4] != PPP_NCP_UP && l->ncp[PPP_FAM_IPV6] != PPP_NCP_UP)
		return REASON_RESUME_RECORD;
	l->phase = PPP_PHASE_NETWORK;
	return REASON_NONE;
}
