/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routes and addresses of the BPF plane on ze0, and the plane's record of them, from which they
 * are restored when another program removes them. On the worker; while sessions are restored, on
 * the reactor.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/bpf/dp_bpf_priv.h"
#include "daemon/sys/net/rtnl.h"

bool dp_bpf_has_gateway(const struct dp_bpf *d, uint32_t ip)
{
	for (size_t i = 0; i < d->n_gateways; i++)
		if (d->gateways[i] == ip)
			return true;
	return false;
}

static int add_gateway(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	struct dp_family gw = *f;

	gw.peer4 = f->local4;
	return rtnl_addr(sk, (int)d->conf.ze0, &gw, true);
}

bool dp_bpf_is_taken(int r)
{
	return r == -ENODEV || r == -ENETDOWN;
}

/* Gateways are few and are never removed from ze0. */
int dp_bpf_gateway(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	uint32_t *v;
	int r;

	if (dp_bpf_has_gateway(d, f->local4))
		return 0;
	r = add_gateway(d, sk, f);
	if (r < 0 && !dp_bpf_is_taken(r))
		return r;
	v = reallocarray(d->gateways, d->n_gateways + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	d->gateways = v;
	d->gateways[d->n_gateways++] = f->local4;
	return 0;
}

/* The kernel refuses a route whose source address is missing. If another program removes the
 * gateway again before the second attempt, or ze0 is down, the route is left to the repair. */
int dp_bpf_route_up(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	int r = rtnl_route_locked(sk, (int)d->conf.ze0, f);

	if (r == -EINVAL && add_gateway(d, sk, f) == 0)
		r = rtnl_route_locked(sk, (int)d->conf.ze0, f);
	return r == -EINVAL || dp_bpf_is_taken(r) ? 1 : r;
}

struct dp_bpf_session *dp_bpf_route_find(const struct dp_bpf *d, uint32_t ip)
{
	struct htab_node *n = htab_find(&d->routes, hash_bytes(&ip, sizeof(ip)));

	for (; n; n = htab_same(n)) {
		struct dp_bpf_session *s = ze_container_of(n, struct dp_bpf_session, in_routes);

		if (s->f[PPP_FAM_IPV4].peer4 == ip)
			return s;
	}
	return NULL;
}

int dp_bpf_route_add(struct dp_bpf_session *s)
{
	const uint32_t *ip = &s->f[PPP_FAM_IPV4].peer4;

	int r = htab_add(&s->d->routes, &s->in_routes, hash_bytes(ip, sizeof(*ip)));

	s->seen = s->d->pass;
	s->routed = r == 0;
	return r;
}

void dp_bpf_route_del(struct dp_bpf_session *s)
{
	if (s->routed)
		htab_del(&s->d->routes, &s->in_routes);
	s->routed = false;
}

/* ---- MTU of the packets of the stack, IPv6 ---- */

/* The MTU of ze0 is larger than that of the subscribers. Nearly all of them have the same: it is
 * the MTU of the shared route fe80::/64, which costs nothing per session. */
static int shared_route6(struct dp_bpf *d, struct nl_sock *sk, uint16_t mtu)
{
	const struct rtnl_route6 rt = { .len = 64, .mtu = mtu };
	int r = d->mtu6 ? 0 : rtnl_route6(sk, (int)d->conf.ze0, &rt, true);

	if (dp_bpf_is_taken(r))
		r = 0;
	if (r == 0 && !d->mtu6)
		d->mtu6 = mtu;
	return r;
}

void dp_bpf_no_route6(struct dp_bpf *d, struct nl_sock *sk)
{
	const struct rtnl_route6 rt = { .len = 64 };

	if (d->mtu6)
		rtnl_route6(sk, (int)d->conf.ze0, &rt, false);
	d->mtu6 = 0;
}

static struct rtnl_route6 route6_of(const struct dp_family *f)
{
	return (struct rtnl_route6){ .ifid = f->peer_ifid, .len = 128, .mtu = f->mtu };
}

int dp_bpf_route6_up(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f)
{
	struct rtnl_route6 rt = route6_of(f);
	struct dp_bpf *d = s->d;
	int r = shared_route6(d, sk, f->mtu);

	if (r < 0 || f->mtu == d->mtu6)
		return r;
	r = rtnl_route6(sk, (int)d->conf.ze0, &rt, true);
	if (dp_bpf_is_taken(r))
		r = 0;
	s->f6 = *f;
	if (r == 0)
		r = htab_add(&d->routes6, &s->in_routes6, hash_bytes(&rt.ifid, sizeof(rt.ifid)));
	s->routed6 = r == 0;
	if (r < 0)
		rtnl_route6(sk, (int)d->conf.ze0, &rt, false);
	return r;
}

/* If another subscriber has the same identifier, the route gets its MTU. */
void dp_bpf_route6_down(struct dp_bpf_session *s, struct nl_sock *sk)
{
	struct rtnl_route6 rt = route6_of(&s->f6);
	const struct dp_bpf_session *other;

	if (!s->routed6)
		return;
	htab_del(&s->d->routes6, &s->in_routes6);
	s->routed6 = false;
	if (!sk)
		return;
	other = dp_bpf_route6_find(s->d, rt.ifid);
	if (other)
		rt = route6_of(&other->f6);
	rtnl_route6(sk, (int)s->d->conf.ze0, &rt, other != NULL);
}

struct dp_bpf_session *dp_bpf_route6_find(const struct dp_bpf *d, uint64_t ifid)
{
	struct htab_node *n = htab_find(&d->routes6, hash_bytes(&ifid, sizeof(ifid)));

	for (; n; n = htab_same(n)) {
		struct dp_bpf_session *s = ze_container_of(n, struct dp_bpf_session, in_routes6);

		if (s->f6.peer_ifid == ifid)
			return s;
	}
	return NULL;
}

static void on_previous6(void *self, const struct rtnl_route6 *rt)
{
	struct dp_bpf *d = self;

	if (rt->len == 64)
		d->mtu6 = rt->mtu;
}

void dp_bpf_route6_previous(struct dp_bpf *d)
{
	rtnl_find_routes6(d->rtnl, (int)d->conf.ze0, on_previous6, d);
}

struct stale6 {
	const struct dp_bpf *d;
	struct rtnl_route6 *v;
	size_t n;
};

/* Without memory a stale route stays; it only changes the size of packets that the stack sends. */
static void on_stale6(void *self, const struct rtnl_route6 *rt)
{
	struct stale6 *s = self;
	struct rtnl_route6 *v;

	if (rt->len != 128 || dp_bpf_route6_find(s->d, rt->ifid))
		return;
	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (!v)
		return;
	s->v = v;
	s->v[s->n++] = *rt;
}

void dp_bpf_route6_prune(struct dp_bpf *d)
{
	struct stale6 s = { .d = d };

	rtnl_find_routes6(d->rtnl, (int)d->conf.ze0, on_stale6, &s);
	for (size_t i = 0; i < s.n; i++)
		rtnl_route6(d->rtnl, (int)d->conf.ze0, &s.v[i], false);
	free(s.v);
}

/* ---- blackhole routes of the pools ---- */

static int sync_pool(void *thread, const struct pool_routes *want, struct repair_result *res)
{
	return pool_routes_sync(thread, want, res);
}

void dp_bpf_set_pools(void *self, const struct dp_pool *v, size_t n)
{
	struct dp_bpf *d = self;

	d->pool.worker = d->jobs.worker;
	d->pool.sync = sync_pool;
	pool_keeper_set(&d->pool, v, n);
}
