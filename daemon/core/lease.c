/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/lease.h"

#include <errno.h>
#include <string.h>

#include "aaa/addrpool.h"
#include "aaa/profile.h"
#include "daemon/base/addr.h"
#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"

int lease_may_have(const struct lease_source *from, uint32_t ip)
{
	if (!from->pool)
		return -EADDRNOTAVAIL;
	if (ip == addrpool_cfg(from->pool)->gateway || ze_ip4_no_host(ip, ip))
		return -EADDRINUSE;
	return from->is_taken(from->self, ip) ? -ENOTUNIQ : 0;
}

/* Takes the next address of the pool that neither the host nor a LAC has. Addresses that one of
 * them has are returned to the pool, as the last to be used again. */
static int lease_next(const struct lease_source *from, uint32_t *ret_ip)
{
	struct addrpool *pool = from->pool;
	uint32_t left = addrpool_size(pool) - addrpool_used(pool);
	int r = addrpool_take(pool, ret_ip);

	while (r == 0 && from->is_taken(from->self, *ret_ip)) {
		addrpool_put(pool, *ret_ip);
		r = left-- > 1 ? addrpool_take(pool, ret_ip) : -ENOSPC;
	}
	return r;
}

/* Claims a given address, and remembers the pool when it is in it. */
static int lease_claim(struct lease *l, struct addrpool *pool, uint32_t ip)
{
	int r = addrpool_claim(pool, ip);

	if (r < 0 && r != -ERANGE)
		return r;
	l->ip4 = ip;
	l->pool = r == 0 ? pool : NULL;
	return 0;
}

static int lease_take_v4(struct lease *l, const struct profile *p, const struct lease_source *from)
{
	const struct addrpool_cfg *cfg;
	int r;

	if (l->ip4)
		return 0;
	if (!from->pool)
		return -EADDRNOTAVAIL;
	if (p && p->has_address && p->address) {
		r = lease_may_have(from, p->address);
		if (r == 0)
			r = lease_claim(l, from->pool, p->address);
	} else {
		r = lease_next(from, &l->ip4);
		l->pool = r == 0 ? from->pool : NULL;
	}
	if (r < 0)
		return r;
	cfg = addrpool_cfg(from->pool);
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
	       enum ppp_family family)
{
	if (p && !(family == PPP_FAM_IPV4 ? p->ipv4 : p->ipv6))
		return -EAFNOSUPPORT;
	return family == PPP_FAM_IPV4 ? lease_take_v4(l, p, from) : lease_take_v6(l, from);
}

int lease_restore(struct lease *l, const struct ipcp_params *agreed,
		  const struct lease_source *from, bool pooled)
{
	int r;

	if (!from->pool || agreed->local != addrpool_cfg(from->pool)->gateway)
		return -EADDRNOTAVAIL;
	if (from->is_taken(from->self, agreed->peer))
		return -ENOTUNIQ;
	r = lease_claim(l, from->pool, agreed->peer);
	if (r == 0 && pooled && !l->pool) {
		l->ip4 = 0;
		return -ERANGE;
	}
	if (r < 0)
		return r;
	l->gw4 = agreed->local;
	memcpy(l->dns4, agreed->dns, sizeof(l->dns4));
	return 0;
}

void lease_release(struct lease *l)
{
	if (l->pool)
		addrpool_put(l->pool, l->ip4);
	l->pool = NULL;
	l->ip4 = 0;
}
