/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/address.h"

#include <errno.h>
#include <stdio.h>

#include "aaa/pools.h"
#include "daemon/base/session_id.h"
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

static void address_wait_for_pool(struct subscriber *s, struct pool *pool)
{
	address_wait_end(s);
	list_add_tail(&pool->waiters, &s->in_waiting);
}

/* The session that has waited longest for an address of the pool itself; when there is none, that of
 * a pool whose chain contains this one. */
static struct subscriber *pool_waiter(const struct engine *e, const struct pool *pool)
{
	const struct list *l = &pool->waiters;

	for (size_t i = 0; list_empty(l) && i < pools_count(e->pools); i++)
		if (pools_leads_to(pools_at(e->pools, i), pool))
			l = &pools_at(e->pools, i)->waiters;
	return list_empty(l) ? NULL : list_entry(l->next, struct subscriber, in_waiting);
}

static void address_release(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_address);
	const struct pool *pool = s->lease.pool;
	struct subscriber *next = s->heir;

	registry_remove_address(s);
	lease_release(&s->lease);
	if (!next && pool)
		next = pool_waiter(s->e, pool);
	if (next)
		wake(next);
}

/* ---- requests ---- */

static bool address_is_taken(const void *self, uint32_t ip)
{
	return own_is_taken(self, ip);
}

static struct lease_source source_of(const struct engine *e)
{
	return (struct lease_source){ .pools = e->pools,
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

/* Another session that has the fixed address, for example from the pool before the address was
 * configured, is replaced, and -EINPROGRESS is returned. */
static int address_claim_fixed(struct subscriber *s, const struct lease_source *from)
{
	uint32_t ip = s->profile->address;
	struct subscriber *holder = registry_sub_by_address(s->e, ip);
	struct pool *pool;
	int r = lease_pool(from, s->profile, &pool);

	if (r == 0)
		r = lease_may_have(from, ip);
	if (r == -ENOTUNIQ) {
		s->e->stats.addresses_refused++;
		return hostip_find(&s->e->own, ip) ? -ENOTUNIQ : -EADDRINUSE;
	}
	if (r < 0 || !holder)
		return r;
	if (s->e->cfg->duplicate == CONFIG_DUPLICATE_REFUSE && !holder->gives_way &&
	    !holder->call.ended) {
		s->e->stats.addresses_refused++;
		return -EADDRINUSE;
	}
	address_give_way(holder);
	address_wait_for(s, holder);
	return -EINPROGRESS;
}

/* When the pools are full, but sessions that end or are being replaced will return their addresses
 * soon, the session waits. */
static bool address_is_coming(const struct engine *e)
{
	return e->n_subscribers[SUB_FINISHING] || !list_empty(&e->replaced);
}

/* What follows from a pool that is full, or that does not exist. */
static int no_pooled_address(struct subscriber *s, const struct lease_source *from, int r)
{
	struct pool *pool;

	if (r == -ENOENT)
		s->e->stats.pools_unknown++;
	if (r != -ENOSPC || lease_pool(from, s->profile, &pool) < 0)
		return r;
	if (address_is_coming(s->e)) {
		address_wait_for_pool(s, pool);
		return -EINPROGRESS;
	}
	pool->refused++;
	return r;
}

/* The address that the client wishes and may have (RFC 2865 5.8); 0: none. */
static uint32_t wish_of(const struct subscriber *s, const struct lease_source *from)
{
	uint32_t ip = s->profile && s->profile->wish ? s->link.v4.peer : 0;

	return lease_may_wish(from, ip) && !own_is_near(s->e, ip) &&
			       !registry_sub_by_address(s->e, ip) ?
		       ip :
		       0;
}

/* True when the client may choose its address and has not sent its request yet. */
static bool awaits_wish(const struct subscriber *s)
{
	const struct profile *p = s->profile;

	return p && p->wish && p->ipv4 && !s->link.requested && !res_held(&s->r_address);
}

static int take_v4(struct subscriber *s)
{
	const struct lease_source from = source_of(s->e);
	const struct profile *p = s->profile;
	int r = 0;

	if (res_held(&s->r_address))
		return p && !p->ipv4 ? -EAFNOSUPPORT : 0;
	if (p && p->ipv4 && p->has_address)
		r = address_claim_fixed(s, &from);
	if (r == 0)
		r = lease_take(&s->lease, p, &from, PPP_FAM_IPV4, wish_of(s, &from));
	return r < 0 ? no_pooled_address(s, &from, r) : address_enter(s);
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
	return lease_take(&s->lease, s->profile, &from, PPP_FAM_IPV6, 0);
}

static int restore_v4(struct subscriber *s)
{
	const struct lease_source from = source_of(s->e);
	const struct ipcp_params *agreed = &s->link.ipcp.params;
	int r;

	if (registry_sub_by_address(s->e, agreed->peer) ||
	    registry_sub_by_address(s->e, agreed->local))
		return -EADDRINUSE;
	r = lease_restore(&s->lease, agreed, &from);
	return r < 0 ? r : address_enter(s);
}

int address_restore(struct subscriber *s)
{
	const struct ppp_link *l = &s->link;

	if (l->addr_state[PPP_FAM_IPV6] == PPP_ADDR_GIVEN) {
		s->lease.ifid = l->ifid;
		s->lease.suggest = l->ipv6cp.suggest;
		if (!s->e->ifid)
			s->e->ifid = l->ifid;
	}
	return l->addr_state[PPP_FAM_IPV4] == PPP_ADDR_GIVEN ? restore_v4(s) : 0;
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
	return family == PPP_FAM_IPV4 &&
	       (pools_default(s->e->pools) ||
		(p && (p->has_address || p->wish ||
		       profile_source(p, PROFILE_POOL) != PROFILE_DEFAULT)));
}

/* The reason why there is no address; *ret_later: a later attempt may succeed. */
static enum ppp_end end_of(int r, bool *ret_later)
{
	*ret_later = r != -EADDRNOTAVAIL && r != -EAFNOSUPPORT;
	switch (r) {
	case -EADDRNOTAVAIL:
		return PPP_END_NO_POOL;
	case -ENOENT:
		return PPP_END_POOL_UNKNOWN;
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

/* The name of the pool that is full or does not exist; empty for other reasons. */
static struct span declined_pool(const struct subscriber *s, const struct ppp_addr_answer *a)
{
	struct span name;

	if (a->end != PPP_END_POOL_EMPTY && a->end != PPP_END_POOL_UNKNOWN)
		return (struct span){ 0 };
	if (s->profile && profile_get(s->profile, PROFILE_POOL, 0, &name))
		return name;
	return span_str(POOLS_DEFAULT);
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
		       KV_OPT("pool", declined_pool(s, a)),
		       KV_OPT("interface", span_str(ours ? ours->name : "")),
		       KV_SUPPRESSED(suppressed));
}

bool address_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		    struct ppp_addr_answer *ret)
{
	const struct lease *l = &s->lease;
	int r;

	if (family == PPP_FAM_IPV4 && awaits_wish(s)) {
		*ret = (struct ppp_addr_answer){ .family = family, .await = true };
		return true;
	}
	r = family == PPP_FAM_IPV4 ? take_v4(s) : take_v6(s);
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

/* ---- new pools ---- */

static void log_gateway(const struct subscriber *s)
{
	char ip[ZE_ADDR_TEXT], id[SESSION_ID_TEXT], cure[80];

	snprintf(cure, sizeof(cure), "zectl clear l2tp session teardown %u", s->call.l2tp.sid);
	log_kv(LOG_AAA, LOG_WARN, "address-conflict",
	       KV_STR("address", ze_ip4_text(s->lease.ip4, ip)), KV_U64("sid", s->call.l2tp.sid),
	       KV_STR("session-id", session_id_text(s->id, id)), KV_STR("user", facts_user(s)),
	       KV_STR("effect", "the session continues, but its address is the gateway of a pool"),
	       KV_STR("cure", cure));
}

void address_use_pools(struct engine *e, struct pools *next)
{
	struct list *l;

	pools_move(next, e->pools);
	list_for_each(l, &e->calls) {
		struct subscriber *s = subscriber_of(list_entry(l, struct call, in_all));

		if (!s || !res_held(&s->r_address))
			continue;
		s->lease.pool = pools_move_address(next, s->lease.ip4);
		if (pools_is_gateway(next, s->lease.ip4))
			log_gateway(s);
	}
	for (size_t i = 0; i < pools_count(e->pools); i++)
		list_splice_tail(&e->woken, &pools_at(e->pools, i)->waiters);
	pools_free(e->pools);
	e->pools = next;
}
