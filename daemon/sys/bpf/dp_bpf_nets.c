/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routes of the BPF plane to networks behind subscribers ("nets"): on ze0 for the stack, and in
 * the maps, where packets to a prefix find their session and sources in it are accepted. The record
 * d->nets has all of them by prefix. On the worker; while sessions are restored, on the reactor.
 *
 * Several sessions may have the same prefix for a moment, while one takes over from another. The
 * entry of the map leads to the one that was added last.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/bpf/dp_bpf_priv.h"
#include "daemon/sys/net/rtnl.h"

struct dp_bpf_net *dp_bpf_net_next(const struct dp_bpf *d, const struct ze_prefix *p,
				   const struct dp_bpf_net *net)
{
	struct htab_node *n = net ? htab_same(&net->in_nets) :
				    htab_find(&d->nets, ze_prefix_hash(p));

	for (; n; n = htab_same(n)) {
		struct dp_bpf_net *found = ze_container_of(n, struct dp_bpf_net, in_nets);

		if (ze_prefix_eq(&found->dst, p))
			return found;
	}
	return NULL;
}

struct rtnl_net dp_bpf_net_route(const struct dp_bpf_net *net)
{
	return (struct rtnl_net){ .dst = net->dst,
				  .metric = net->metric,
				  .mtu = net->s->f[dp_prefix_family(&net->dst)].mtu };
}

/* Another net with the same prefix, and with the same metric if that is not 0. */
static struct dp_bpf_net *net_other(const struct dp_bpf_net *net, uint32_t metric)
{
	struct dp_bpf *d = net->s->d;

	for (struct dp_bpf_net *o = dp_bpf_net_next(d, &net->dst, NULL); o;
	     o = dp_bpf_net_next(d, &net->dst, o))
		if (o != net && (!metric || o->metric == metric))
			return o;
	return NULL;
}

static int net_route_up(const struct dp_bpf_net *net, struct nl_sock *sk)
{
	struct rtnl_net rt = dp_bpf_net_route(net);
	int r = rtnl_net(sk, (int)net->s->d->conf.ze0, &rt, true);

	return dp_bpf_is_taken(r) ? 0 : r; /* the repair of ze0 adds it */
}

/* The stack's route is shared by the nets with the same prefix and metric. */
static void net_route_down(const struct dp_bpf_net *net, uint32_t metric, struct nl_sock *sk)
{
	const struct dp_bpf_net *other = net_other(net, metric);
	struct rtnl_net rt = dp_bpf_net_route(net);

	rt.metric = metric;
	if (other)
		net_route_up(other, sk);
	else
		rtnl_net(sk, (int)net->s->d->conf.ze0, &rt, false);
}

static struct dp_bpf_net **net_place(struct dp_bpf_session *s, const struct ze_prefix *p)
{
	struct dp_bpf_net **at = &s->nets;

	while (*at && !ze_prefix_eq(&(*at)->dst, p))
		at = &(*at)->next;
	return at;
}

/* The programs look for nets only when there are any. */
static void count_net(struct dp_bpf *d, const struct ze_prefix *p, int change)
{
	enum ppp_family f = dp_prefix_family(p);

	d->n_nets[f] += (unsigned)change;
	bpf_dp_nets(d->maps, f == PPP_FAM_IPV6, d->n_nets[f]);
}

static void net_del(struct dp_bpf_net **at, struct nl_sock *sk)
{
	struct dp_bpf_net *net = *at;
	struct dp_bpf *d = net->s->d;
	const struct dp_bpf_net *other = net_other(net, 0);

	*at = net->next;
	bpf_dp_net_drop(d->maps, &net->dst, &net->s->key, other ? &other->s->key : NULL);
	net_route_down(net, net->metric, sk);
	htab_del(&d->nets, &net->in_nets);
	count_net(d, &net->dst, -1);
	free(net);
}

static int net_change(struct dp_bpf_net **at, uint32_t metric, struct nl_sock *sk)
{
	struct dp_bpf_net *net = *at;
	uint32_t was = net->metric;
	int r;

	net->metric = metric;
	r = net_route_up(net, sk);
	if (was != metric)
		net_route_down(net, was, sk);
	if (r == 0)
		r = bpf_dp_net_put(net->s->d->maps, &net->dst, &net->s->key);
	if (r < 0)
		net_del(at, sk);
	return r;
}

static int net_new(struct dp_bpf_session *s, const struct dp_route *rt, struct nl_sock *sk)
{
	struct dp_bpf_net *net = calloc(1, sizeof(*net));
	struct dp_bpf *d = s->d;
	int r;

	if (!net)
		return -ENOMEM;
	net->s = s;
	net->dst = rt->dst;
	net->metric = rt->metric;
	r = htab_add(&d->nets, &net->in_nets, ze_prefix_hash(&net->dst));
	if (r < 0) {
		free(net);
		return r;
	}
	net->next = s->nets;
	s->nets = net;
	count_net(d, &net->dst, 1);
	return net_change(&s->nets, rt->metric, sk);
}

int dp_bpf_net_set(struct dp_bpf_session *s, const struct dp_route *rt, struct nl_sock *sk)
{
	struct dp_bpf_net **at = net_place(s, &rt->dst);

	if (!rt->add) {
		if (*at)
			net_del(at, sk);
		return 0;
	}
	return *at ? net_change(at, rt->metric, sk) : net_new(s, rt, sk);
}

void dp_bpf_nets_del(struct dp_bpf_session *s, enum ppp_family family, struct nl_sock *sk)
{
	struct dp_bpf_net **at = &s->nets;

	while (*at)
		if (dp_prefix_family(&(*at)->dst) == family)
			net_del(at, sk);
		else
			at = &(*at)->next;
}

void dp_bpf_nets_again(const struct dp_bpf_session *s, enum ppp_family family, struct nl_sock *sk)
{
	for (const struct dp_bpf_net *net = s->nets; net; net = net->next)
		if (dp_prefix_family(&net->dst) == family)
			net_route_up(net, sk);
}

void dp_bpf_nets_forget(struct dp_bpf_session *s)
{
	while (s->nets) {
		struct dp_bpf_net *net = s->nets;

		s->nets = net->next;
		htab_del(&s->d->nets, &net->in_nets);
		free(net);
	}
}

/* ---- restart ---- */

struct stale_nets {
	const struct dp_bpf *d;
	struct rtnl_net *v;
	size_t n;
};

/* Without memory a stale route stays; packets that it sends to ze0 are dropped there. */
static void dp_bpf_nets_on_net(void *self, const struct rtnl_net *rt)
{
	struct stale_nets *s = self;
	const struct dp_bpf_net *net = NULL;
	struct rtnl_net *v;

	while ((net = dp_bpf_net_next(s->d, &rt->dst, net)) != NULL)
		if (net->metric == rt->metric)
			return;
	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (!v)
		return;
	s->v = v;
	s->v[s->n++] = *rt;
}

static bool dp_bpf_nets_is_net(void *self, const struct ze_prefix *p, const struct ze_sess_key *k)
{
	const struct dp_bpf_net *net = NULL;

	while ((net = dp_bpf_net_next(self, p, net)) != NULL)
		if (net->s->key.sid == k->sid && net->s->key.tid == k->tid)
			return true;
	return false;
}

unsigned dp_bpf_nets_restarted(struct dp_bpf *d)
{
	struct stale_nets s = { .d = d };

	bpf_dp_nets_prune(d->maps, dp_bpf_nets_is_net, d);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		bpf_dp_nets(d->maps, f == PPP_FAM_IPV6, d->n_nets[f]);
	rtnl_find_nets(d->rtnl, (int)d->conf.ze0, dp_bpf_nets_on_net, &s);
	for (size_t i = 0; i < s.n; i++)
		rtnl_net(d->rtnl, (int)d->conf.ze0, &s.v[i], false);
	free(s.v);
	return (unsigned)s.n;
}
