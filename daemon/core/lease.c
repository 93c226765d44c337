/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/lease.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/end_cause.h"
#include "daemon/core/facts.h"
#include "daemon/core/own.h"
#include "daemon/core/registry.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/turn.h"

/* ---- waiting for an address ---- */

void lease_wait_end(struct subscriber *s)
{
	list_del(&s->in_waiting);
	if (s->awaits)
		s->awaits->heir = NULL;
	s->awaits = NULL;
}

static void wake(struct subscriber *s)
{
	lease_wait_end(s);
	list_add_tail(&s->e->woken, &s->in_waiting);
}

/* Waits for the address of `holder`. Only the newest session waits: it has replaced an older one
 * that waited. */
static void lease_wait_for(struct subscriber *s, struct subscriber *holder)
{
	lease_wait_end(s);
	if (holder->heir)
		holder->heir->awaits = NULL;
	holder->heir = s;
	s->awaits = holder;
}

static void release(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_address);
	struct engine *e = s->e;
	bool pooled = s->pooled;

	if (pooled)
		addrpool_put(e->pool, s->address);
	s->pooled = false;
	registry_remove_address(s);
	if (s->heir)
		wake(s->heir);
	else if (pooled && !list_empty(&e->pool_waiters))
		wake(list_entry(e->pool_waiters.next, struct subscriber, in_waiting));
}

/* Takes the next address of the pool that neither the host nor a LAC has. Addresses that one of
 * them has are returned to the pool, as the last to be used again. */
static int take_free(struct engine *e, uint32_t *ret_ip)
{
	uint32_t left = addrpool_size(e->pool) - addrpool_used(e->pool);
	int r = addrpool_take(e->pool, ret_ip);

	while (r == 0 && own_is_taken(e, *ret_ip)) {
		addrpool_put(e->pool, *ret_ip);
		r = left-- > 1 ? addrpool_take(e->pool, ret_ip) : -ENOSPC;
	}
	return r;
}

/* Takes an address of the pool. When the pool is empty, but sessions that end or are being replaced
 * will return theirs soon, the session waits, and -EINPROGRESS is returned. */
static int take_pooled(struct subscriber *s, uint32_t *ret_ip)
{
	struct engine *e = s->e;
	int r = take_free(e, ret_ip);

	if (r == 0)
		s->pooled = true;
	if (r != -ENOSPC || (!e->n_subscribers[SUB_FINISHING] && list_empty(&e->replaced)))
		return r;
	lease_wait_end(s);
	list_add_tail(&e->pool_waiters, &s->in_waiting);
	return -EINPROGRESS;
}

/* Claims a fixed address. It belongs to the user: another session that has it, for example from the
 * pool before the address was configured, is replaced. An address that is in the pool is reserved
 * there. Returns 0, -EINPROGRESS (the session waits), -ENOTUNIQ (the host has it), or
 * -EADDRINUSE. */
static int claim_fixed(struct subscriber *s, uint32_t ip)
{
	struct subscriber *holder = registry_sub_by_address(s->e, ip);
	int r;

	if (ip == s->local_address || ze_ip4_no_host(ip, ip))
		return -EADDRINUSE;
	if (own_is_taken(s->e, ip)) {
		s->e->stats.addresses_refused++;
		return hostip_find(&s->e->own, ip) ? -ENOTUNIQ : -EADDRINUSE;
	}
	if (holder) {
		turn_give_way(holder);
		lease_wait_for(s, holder);
		return -EINPROGRESS;
	}
	r = addrpool_claim(s->e->pool, ip);
	if (r < 0 && r != -ERANGE)
		return r;
	s->pooled = r == 0;
	return 0;
}

static int lease_take(struct subscriber *s)
{
	const struct profile *p = s->profile;
	struct addrpool *pool = s->e->pool;
	uint32_t ip = p && p->has_address ? p->address : 0;
	int r;

	if (!pool)
		return -EADDRNOTAVAIL;
	s->local_address = addrpool_cfg(pool)->gateway;
	r = ip ? claim_fixed(s, ip) : take_pooled(s, &ip);
	if (r < 0)
		return r;
	r = registry_add_address(s, ip);
	if (r < 0) {
		if (s->pooled)
			addrpool_put(pool, ip);
		s->pooled = false;
		return r;
	}
	res_add(&s->pool, &s->r_address, release);
	for (unsigned i = 0; i < 2; i++)
		s->dns[i] = p && p->dns[i] ? p->dns[i] : addrpool_cfg(pool)->dns[i];
	return 0;
}

static int answer_v4(struct subscriber *s, struct ipcp_params *ret)
{
	int r;

	if (s->profile && !s->profile->ipv4)
		return -EAFNOSUPPORT;
	r = res_held(&s->r_address) ? 0 : lease_take(s);
	if (r != -EINPROGRESS)
		lease_wait_end(s);
	if (r < 0)
		return r;
	*ret = (struct ipcp_params){ .local = s->local_address,
				     .peer = s->address,
				     .dns = { s->dns[0], s->dns[1] } };
	return 0;
}

/* Our interface identifier is the same on all links, so that a device shared by all sessions needs
 * one address, unless a peer requests another one on its link. */
static int answer_v6(struct subscriber *s)
{
	const struct rng *g = &s->e->ports.rng;
	int r;

	if (s->profile && !s->profile->ipv6)
		return -EAFNOSUPPORT;
	if (s->ifid)
		return 0;
	r = ipv6cp_random(g, &s->suggest);
	if (r == 0 && !s->e->ifid)
		r = ipv6cp_random(g, &s->e->ifid);
	if (r < 0)
		return r;
	s->ifid = s->e->ifid;
	if (s->suggest == s->ifid)
		s->suggest ^= 1; /* differs from ours, and is 0 only if both were 1 */
	if (!s->suggest)
		s->suggest = 2;
	return 0;
}

/* Claims the address that the link has agreed on, if the current pool and gateway allow it. */
static int resume_v4(struct subscriber *s, bool pooled)
{
	const struct ipcp_params *p = &s->link.ipcp.params;
	struct addrpool *pool = s->e->pool;
	int r;

	if (!pool || p->local != addrpool_cfg(pool)->gateway)
		return -EADDRNOTAVAIL;
	if (registry_sub_by_address(s->e, p->peer) || own_is_taken(s->e, p->peer))
		return -EADDRINUSE;
	r = addrpool_claim(pool, p->peer);
	if (r < 0 && (pooled || r != -ERANGE))
		return r;
	s->pooled = r == 0;
	r = registry_add_address(s, p->peer);
	if (r < 0) {
		if (s->pooled)
			addrpool_put(pool, p->peer);
		s->pooled = false;
		return r;
	}
	res_add(&s->pool, &s->r_address, release);
	s->local_address = p->local;
	memcpy(s->dns, p->dns, sizeof(s->dns));
	return 0;
}

int lease_resume(struct subscriber *s, bool pooled)
{
	const struct ppp_link *l = &s->link;

	if (l->addr_state[PPP_FAM_IPV6] == PPP_ADDR_GIVEN) {
		s->ifid = l->ifid;
		s->suggest = l->ipv6cp.suggest;
		if (!s->e->ifid)
			s->e->ifid = s->ifid;
	}
	return l->addr_state[PPP_FAM_IPV4] == PPP_ADDR_GIVEN ? resume_v4(s, pooled) : 0;
}

bool lease_required(const struct subscriber *s, enum ppp_family family)
{
	const struct config *c = s->e->cfg;
	const struct profile *p = s->profile;
	enum config_need need = family == PPP_FAM_IPV4 ? c->need_ipv4 : c->need_ipv6;

	if (p && !(family == PPP_FAM_IPV4 ? p->ipv4 : p->ipv6))
		return false;
	if (need != CONFIG_NEED_AUTO)
		return need == CONFIG_NEED_REQUIRED;
	return family == PPP_FAM_IPV4 && (s->e->pool || (p && p->has_address));
}

/* The reason why there is no address; *ret_later: a later attempt may succeed. */
static enum ppp_end end_of(int r, bool *ret_later)
{
	*ret_later = r != -EADDRNOTAVAIL && r != -EAFNOSUPPORT;
	switch (r) {
	case -EADDRNOTAVAIL:
		return PPP_END_NO_POOL;
	case -ENOSPC:
		return PPP_END_POOL_EMPTY;
	case -EADDRINUSE:
		return PPP_END_ADDRESS_IN_USE;
	case -ENOTUNIQ:
		return PPP_END_ADDRESS_OURS;
	default:
		return PPP_END_NO_ADDRESS;
	}
}

static void log_declined(const struct subscriber *s, const struct ppp_addr_answer *a, ze_ns now)
{
	const struct hostip *ours = a->end == PPP_END_ADDRESS_OURS ?
					    hostip_find(&s->e->own, s->profile->address) :
					    NULL;
	uint32_t suppressed;

	if (turn_may_log(s->e, s->call.tunnel,
			 &(struct turn_line){ LOG_PPP, LOG_WARN, &s->call.tunnel->losers }, now,
			 &suppressed))
		log_kv(LOG_PPP, LOG_WARN, "address-declined", KV_U64("sid", s->call.l2tp.sid),
		       KV_STR("user", facts_user(s)),
		       KV_STR("family", a->family == PPP_FAM_IPV4 ? "ipv4" : "ipv6"),
		       KV_STR("reason", end_cause_word(end_cause_of_ppp(a->end))),
		       KV_OPT("interface", span_str(ours ? ours->name : "")),
		       KV_SUPPRESSED(suppressed));
}

bool lease_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		  struct ppp_addr_answer *ret)
{
	int r;

	*ret = (struct ppp_addr_answer){ .family = family };
	r = family == PPP_FAM_IPV4 ? answer_v4(s, &ret->v4) : answer_v6(s);
	ret->accept = r == 0;
	ret->ifid = s->ifid;
	ret->suggest = s->suggest;
	if (r == -EINPROGRESS)
		return false;
	if (r < 0) {
		ret->end = end_of(r, &ret->later);
		log_declined(s, ret, now);
	}
	return true;
}
