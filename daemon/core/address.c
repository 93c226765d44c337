/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/address.h"

#include <errno.h>

#include "daemon/core/end_cause.h"
#include "daemon/core/facts.h"
#include "daemon/core/own.h"
#include "daemon/core/registry.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/turn.h"

void address_give_way(struct subscriber *s)
{
	res_release(&s->r_user);
	if (s->gives_way || s->call.ended)
		return;
	s->gives_way = true;
	s->e->stats.sessions_replaced++;
	list_add_tail(&s->e->replaced, &s->in_user);
}

/* ---- waiting for an address ---- */

void address_wait_end(struct subscriber *s)
{
	list_del(&s->in_waiting);
	if (s->awaits)
		s->awaits->heir = NULL;
	s->awaits = NULL;
}

static void wake(struct subscriber *s)
{
	address_wait_end(s);
	list_add_tail(&s->e->woken, &s->in_waiting);
}

/* Waits for the address of `holder`. Only the newest session waits: it has replaced an older one
 * that waited. */
static void address_wait_for(struct subscriber *s, struct subscriber *holder)
{
	address_wait_end(s);
	if (holder->heir)
		holder->heir->awaits = NULL;
	holder->heir = s;
	s->awaits = holder;
}

static void address_wait_for_pool(struct subscriber *s)
{
	address_wait_end(s);
	list_add_tail(&s->e->pool_waiters, &s->in_waiting);
}

static void address_release(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_address);
	struct engine *e = s->e;
	bool pooled = s->lease.pool != NULL;

	registry_remove_address(s);
	lease_release(&s->lease);
	if (s->heir)
		wake(s->heir);
	else if (pooled && !list_empty(&e->pool_waiters))
		wake(list_entry(e->pool_waiters.next, struct subscriber, in_waiting));
}

/* ---- requests ---- */

static bool address_is_taken(const void *self, uint32_t ip)
{
	return own_is_taken(self, ip);
}

static struct lease_source source_of(const struct engine *e)
{
	return (struct lease_source){ .pool = e->pool,
				      .is_taken = address_is_taken,
				      .self = e,
				      .rng = &e->ports.rng,
				      .ifid = e->ifid };
}

/* Enters the address of the lease in the registry. Returns 0 or -errno; the address was returned
 * then. */
static int address_enter(struct subscriber *s)
{
	int r = registry_add_address(s);

	if (r < 0)
		lease_release(&s->lease);
	else
		res_add(&s->pool, &s->r_address, address_release);
	return r;
}

/* A fixed address belongs to the user: another session that has it, for example from the pool before
 * the address was configured, is replaced, and -EINPROGRESS is returned. */
static int address_claim_fixed(struct subscriber *s, const struct lease_source *from)
{
	uint32_t ip = s->profile->address;
	struct subscriber *holder = registry_sub_by_address(s->e, ip);
	int r = lease_may_have(from, ip);

	if (r == -ENOTUNIQ) {
		s->e->stats.addresses_refused++;
		return hostip_find(&s->e->own, ip) ? -ENOTUNIQ : -EADDRINUSE;
	}
	if (r < 0 || !holder)
		return r;
	address_give_way(holder);
	address_wait_for(s, holder);
	return -EINPROGRESS;
}

/* When the pool is empty, but sessions that end or are being replaced will return their addresses
 * soon, the session waits. */
static bool address_is_coming(const struct engine *e)
{
	return e->n_subscribers[SUB_FINISHING] || !list_empty(&e->replaced);
}

static int take_v4(struct subscriber *s)
{
	const struct lease_source from = source_of(s->e);
	const struct profile *p = s->profile;
	int r = 0;

	if (res_held(&s->r_address))
		return p && !p->ipv4 ? -EAFNOSUPPORT : 0;
	if (p && p->ipv4 && p->has_address && p->address)
		r = address_claim_fixed(s, &from);
	if (r == 0)
		r = lease_take(&s->lease, p, &from, PPP_FAM_IPV4);
	if (r == -ENOSPC && address_is_coming(s->e)) {
		address_wait_for_pool(s);
		return -EINPROGRESS;
	}
	return r < 0 ? r : address_enter(s);
}

static int take_v6(struct subscriber *s)
{
	struct engine *e = s->e;
	struct lease_source from;
	int r = e->ifid || (s->profile && !s->profile->ipv6) ?
			0 :
			ipv6cp_random(&e->ports.rng, &e->ifid);

	if (r < 0)
		return r;
	from = source_of(e);
	return lease_take(&s->lease, s->profile, &from, PPP_FAM_IPV6);
}

static int restore_v4(struct subscriber *s, bool pooled)
{
	const struct lease_source from = source_of(s->e);
	const struct ipcp_params *agreed = &s->link.ipcp.params;
	int r;

	if (registry_sub_by_address(s->e, agreed->peer))
		return -EADDRINUSE;
	r = lease_restore(&s->lease, agreed, &from, pooled);
	return r < 0 ? r : address_enter(s);
}

int address_restore(struct subscriber *s, bool pooled)
{
	const struct ppp_link *l = &s->link;

	if (l->addr_state[PPP_FAM_IPV6] == PPP_ADDR_GIVEN) {
		s->lease.ifid = l->ifid;
		s->lease.suggest = l->ipv6cp.suggest;
		if (!s->e->ifid)
			s->e->ifid = l->ifid;
	}
	return l->addr_state[PPP_FAM_IPV4] == PPP_ADDR_GIVEN ? restore_v4(s, pooled) : 0;
}

bool address_required(const struct subscriber *s, enum ppp_family family)
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

bool address_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		    struct ppp_addr_answer *ret)
{
	const struct lease *l = &s->lease;
	int r = family == PPP_FAM_IPV4 ? take_v4(s) : take_v6(s);

	*ret = (struct ppp_addr_answer){ .family = family, .accept = r == 0 };
	if (r == -EINPROGRESS)
		return false;
	if (family == PPP_FAM_IPV4)
		address_wait_end(s);
	if (r < 0) {
		ret->end = end_of(r, &ret->later);
		log_declined(s, ret, now);
		return true;
	}
	if (family == PPP_FAM_IPV4)
		ret->v4 = (struct ipcp_params){ .local = l->gw4,
						.peer = l->ip4,
						.dns = { l->dns4[0], l->dns4[1] } };
	ret->ifid = l->ifid;
	ret->suggest = l->suggest;
	return true;
}
