/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/lease.h"

#include <errno.h>
#include <string.h>

#include "aaa/pools.h"
#include "aaa/profile.h"
#include "daemon/base/addr.h"
#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"

int lease_pool(const struct lease_source *from, const struct profile *p, struct pool **ret)
{
	struct span name;

	*ret = NULL;
	if (p && profile_get(p, PROFILE_POOL, 0, &name)) {
		*ret = pools_find(from->pools, name);
		return *ret ? 0 : -ENOENT;
	}
	if (p && p->has_address)
		*ret = pools_of(from->pools, p->address);
	if (!*ret)
		*ret = pools_default(from->pools);
	return *ret ? 0 : -EADDRNOTAVAIL;
}

int lease_may_have(const struct lease_source *from, uint32_t ip)
{
	if (pools_is_gateway(from->pools, ip) || ze_ip4_no_host(ip, ip))
		return -EADDRINUSE;
	return from->is_taken(from->self, ip) ? -ENOTUNIQ : 0;
}

bool lease_may_wish(const struct lease_source *from, uint32_t ip)
{
	return ip && !pools_of(from->pools, ip) && lease_may_have(from, ip) == 0;
}

/* Takes the next address of the pool that neither the host nor a LAC has. Addresses that one of
 * them has are returned to the pool, as the last to be used again. */
static int lease_next(const struct lease_source *from, struct addrpool *pool, uint32_t *ret_ip)
{
	uint32_t left = addrpool_size(pool) - addrpool_used(pool);
	int r = addrpool_take(pool, ret_ip);

	while (r == 0 && from->is_taken(from->self, *ret_ip)) {
		addrpool_put(pool, *ret_ip);
		r = left-- > 1 ? addrpool_take(pool, ret_ip) : -ENOSPC;
	}
	return r;
}

static int lease_take_pooled(struct lease *l, const struct lease_source *from, struct pool *pool)
{
	int r = -ENOSPC;

	for (; pool && r == -ENOSPC; pool = pool->next) {
		r = lease_next(from, pool->addrs, &l->ip4);
		l->pool = r == 0 ? pool : NULL;
	}
	return r;
}

/* Takes a given address, and holds it in the pool that contains it. */
static int lease_claim(struct lease *l, const struct lease_source *from, uint32_t ip)
{
	struct pool *pool = pools_of(from->pools, ip);
	int r = pool ? addrpool_claim(pool->addrs, ip) : 0;

	if (r < 0)
		return r;
	l->ip4 = ip;
	l->pool = pool;
	return 0;
}

static int lease_take_v4(struct lease *l, const struct profile *p, const struct lease_source *from,
			 uint32_t wish)
{
	const struct addrpool_cfg *cfg;
	struct pool *pool;
	int r;

	if (l->ip4)
		return 0;
	r = lease_pool(from, p, &pool);
	if (r < 0)
		return r;
	if (p && p->has_address) {
		r = lease_may_have(from, p->address);
		if (r == 0)
			r = lease_claim(l, from, p->address);
	} else if (wish) {
		r = lease_claim(l, from, wish);
	} else {
		r = lease_take_pooled(l, from, pool);
		pool = r == 0 ? l->pool : pool;
	}
	if (r < 0)
		return r;
	cfg = &pool->cfg.range;
	l->gw4 = cfg->gateway;
	for (unsigned i = 0; i < 2; i++)
		l->dns4[i] = p && p->dns[i] ? p->dns[i] : cfg->dns[i];
	return 0;
}

/* Our interface identifier is the same on all links, so that a device shared by all sessions needs
 * one address, unless a peer requests another one on its link. */
static int lease_take_v6(struct lease *l, const struct lease_source *from)
{
	int r;

	if (l->ifid)
		return 0;
	r = ipv6cp_random(from->rng, &l->suggest);
	if (r < 0)
		return r;
	l->ifid = from->ifid;
	if (l->suggest == l->ifid)
		l->suggest ^= 1; /* differs from ours, and is 0 only if both were 1 */
	if (!l->suggest)
		l->suggest = 2;
	return 0;
}

int lease_take(struct lease *l, const struct profile *p, const struct lease_source *from,
	       enum ppp_family family, uint32_t wish)
{
	if (p && !(family == PPP_FAM_IPV4 ? p->ipv4 : p->ipv6))
		return -EAFNOSUPPORT;
	return family == PPP_FAM_IPV4 ? lease_take_v4(l, p, from, wish) : lease_take_v6(l, from);
}

int lease_restore(struct lease *l, const struct ipcp_params *agreed,
		  const struct lease_source *from)
{
	int r;

	if (!pools_is_gateway(from->pools, agreed->local) &&
	    (ze_ip4_no_host(agreed->local, agreed->local) || pools_of(from->pools, agreed->local)))
		return -EADDRNOTAVAIL;
	r = lease_may_have(from, agreed->peer);
	if (r == 0)
		r = lease_claim(l, from, agreed->peer);
	if (r < 0)
		return r;
	l->gw4 = agreed->local;
	memcpy(l->dns4, agreed->dns, sizeof(l->dns4));
	return 0;
}

void lease_release(struct lease *l)
{
	if (l->pool)
		addrpool_put(l->pool->addrs, l->ip4);
	l->pool = NULL;
	l->ip4 = 0;
}
