/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel's stack has of the BPF plane on ze0, and the plane's own record of it, by which it is put back
 * when somebody else takes it away. On the worker; while sessions are adopted, on the reactor.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/dp_bpf.h"
#include "daemon/sys/dp_bpf_priv.h"
#include "daemon/sys/rtnl.h"

bool dp_bpf_has_gateway(const struct dp_bpf *d, uint32_t ip)
{
	for (size_t i = 0; i < d->n_gateways; i++)
		if (d->gateways[i] == ip)
			return true;
	return false;
}

static int keep_gateway(struct dp_bpf *d, uint32_t ip)
{
	uint32_t *v = reallocarray(d->gateways, d->n_gateways + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	d->gateways = v;
	d->gateways[d->n_gateways++] = ip;
	return 0;
}

static int add_gateway(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	struct dp_family gw = *f;

	gw.peer4 = f->local4;
	return rtnl_addr(sk, (int)d->conf.ze0, &gw, true);
}

/* Gateways are few and stay on ze0. */
int dp_bpf_gateway(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	int r;

	if (dp_bpf_has_gateway(d, f->local4))
		return 0;
	r = add_gateway(d, sk, f);
	return r < 0 ? r : keep_gateway(d, f->local4);
}

/* The kernel refuses a route without its source address: the login succeeds although somebody has taken the
 * gateway's away. */
int dp_bpf_route_up(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	int r = rtnl_route_locked(sk, (int)d->conf.ze0, f);

	if (r == -EINVAL && add_gateway(d, sk, f) == 0)
		r = rtnl_route_locked(sk, (int)d->conf.ze0, f);
	return r;
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

/* ---- addresses nobody has ---- */

static int sync_pool(void *thread, const struct pool_routes *want, struct repair_result *res)
{
	return pool_routes_sync(thread, want, res);
}

void dp_bpf_set_pool(void *self, const struct dp_pool *p)
{
	struct dp_bpf *d = self;

	d->pool.worker = d->worker;
	d->pool.sync = sync_pool;
	pool_keeper_set(&d->pool, p);
}
