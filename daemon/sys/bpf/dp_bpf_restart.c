/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF plane restores what the previous instance left: sessions in the maps, routes and
 * addresses on ze0. The sessions that the engine claims are kept as they are, or corrected;
 * dp_bpf_restart_done() removes the rest. On the reactor, before its loop runs and before there are
 * jobs.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/bpf/dp_bpf_priv.h"
#include "daemon/sys/net/rtnl.h"

struct ip_list {
	struct previous_ip {
		uint8_t ip[16];
		uint8_t family;
	} * v;
	size_t n, cap;
};

struct dp_bpf_previous {
	uint32_t *routes; /* host byte order, sorted */
	bool *wanted;	  /* by index of routes: a session claims it */
	size_t n_routes, cap;
	struct ip_list addrs;
	bool no_memory;
};

/* ---- what the previous instance left ---- */

static void dp_bpf_restart_on_route(void *self, uint32_t ip)
{
	struct dp_bpf_previous *p = self;

	if (p->n_routes == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 256;
		uint32_t *v = realloc(p->routes, cap * sizeof(*v));

		if (!v) {
			p->no_memory = true;
			return;
		}
		p->routes = v;
		p->cap = cap;
	}
	p->routes[p->n_routes++] = ip;
}

static void dp_bpf_restart_on_addr(void *self, uint8_t family, const uint8_t ip[16])
{
	struct dp_bpf_previous *p = self;
	struct ip_list *l = &p->addrs;
	struct previous_ip *v;

	if (l->n == l->cap) {
		v = realloc(l->v, (2 * l->cap + 8) * sizeof(*v));
		if (!v) {
			p->no_memory = true;
			return;
		}
		l->v = v;
		l->cap = 2 * l->cap + 8;
	}
	v = &l->v[l->n++];
	v->family = family;
	memcpy(v->ip, ip, sizeof(v->ip));
}

static int dp_bpf_restart_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts the routes and removes duplicates: a list that was interrupted was read again. */
static void tidy(struct dp_bpf_previous *p)
{
	size_t n = 0;

	if (p->n_routes)
		qsort(p->routes, p->n_routes, sizeof(*p->routes), dp_bpf_restart_compare);
	for (size_t i = 0; i < p->n_routes; i++)
		if (!n || p->routes[n - 1] != p->routes[i])
			p->routes[n++] = p->routes[i];
	p->n_routes = n;
}

int dp_bpf_previous_new(struct dp_bpf *d)
{
	struct dp_bpf_previous *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	d->previous = p;
	dp_bpf_route6_previous(d);
	r = rtnl_find(d->rtnl, (int)d->conf.ze0,
		      &(struct rtnl_found){ .route4 = dp_bpf_restart_on_route,
					    .addr = dp_bpf_restart_on_addr,
					    .self = p });
	if (r == 0) {
		tidy(p);
		p->wanted = calloc(p->n_routes + 1, sizeof(*p->wanted));
		r = p->wanted && !p->no_memory ? 0 : -ENOMEM;
	}
	if (r < 0)
		dp_bpf_previous_free(d);
	return r;
}

void dp_bpf_previous_free(struct dp_bpf *d)
{
	if (!d->previous)
		return;
	free(d->previous->routes);
	free(d->previous->wanted);
	free(d->previous->addrs.v);
	free(d->previous);
	d->previous = NULL;
}

/* ---- claimed sessions ---- */

static bool *wanted(const struct dp_bpf_previous *p, uint32_t ip)
{
	uint32_t *at = p->n_routes ? bsearch(&ip, p->routes, p->n_routes, sizeof(ip),
					     dp_bpf_restart_compare) :
				     NULL;

	return at ? &p->wanted[at - p->routes] : NULL;
}

static int want_route(struct dp_bpf *d, const struct dp_family *f)
{
	bool *there = wanted(d->previous, f->peer4);
	int r = dp_bpf_gateway(d, d->rtnl, f);

	if (r < 0)
		return r;
	if (there) {
		*there = true;
		return 0;
	}
	r = dp_bpf_route_up(d, d->rtnl, f);
	if (r < 0)
		rtnl_route(d->rtnl, (int)d->conf.ze0, f, false);
	return r < 0 ? r : 0; /* the repair at the start of the loop finds a missing route */
}

/* For a session that cannot be restored: a route that existed is removed with the rest, a new one
 * immediately. */
static void want_no_more(struct dp_bpf_session *s)
{
	struct dp_bpf *d = s->d;
	const struct dp_family *f4 = &s->f[PPP_FAM_IPV4];
	bool *there = wanted(d->previous, f4->peer4);

	if (s->on[PPP_FAM_IPV6])
		dp_bpf_ifid_del(s, d->rtnl, &s->f[PPP_FAM_IPV6]);
	if (!s->on[PPP_FAM_IPV4])
		return;
	if (there)
		*there = false;
	else
		rtnl_route(d->rtnl, (int)d->conf.ze0, f4, false);
}

static int want_family(struct dp_bpf_session *s, const struct dp_family *f)
{
	struct dp_bpf *d = s->d;
	int r = dp_jobs_reserve(&s->jobs, f->family);

	if (r == 0)
		r = f->family == PPP_FAM_IPV4 ? want_route(d, f) : dp_bpf_ifid_add(s, d->rtnl, f);
	if (r == 0 && f->family == PPP_FAM_IPV6) {
		r = dp_bpf_route6_up(s, d->rtnl, f);
		if (r < 0)
			dp_bpf_ifid_del(s, d->rtnl, f);
	}
	if (r < 0)
		return r;
	dp_bpf_set_family(&s->v, f, true);
	s->f[f->family] = *f;
	s->on[f->family] = true;
	return f->family == PPP_FAM_IPV4 ? dp_bpf_route_add(s) : 0;
}

int dp_bpf_restart_session(void *self, const struct dp_restore *a)
{
	struct dp_bpf *d = self;
	struct dp_bpf_session *s;
	int r = 0;

	if (!d->previous)
		return -ENOENT;
	if (dp_jobs_find(&d->jobs, a->session.sid))
		return -EEXIST;
	s = dp_bpf_session_new(d, &a->session);
	if (!s)
		return -ENOMEM;
	s->jobs.state = SESSION_UP;
	dp_bpf_set_rates(&s->v, &a->plan);
	for (unsigned i = 0; r == 0 && i < PPP_FAM__COUNT; i++)
		if (a->family[i])
			r = want_family(s, a->family[i]);
	if (r == 0 && dp_bpf_path(s)->scope)
		r = bpf_dp_serve_links(d->maps);
	if (r == 0)
		r = bpf_dp_restart_session(d->maps, &s->key, &s->v);
	for (unsigned i = 0; r == 0 && i < PPP_FAM__COUNT; i++)
		bpf_dp_open_family(d->maps, s->jobs.sid, i == PPP_FAM_IPV6, a->family[i]);
	for (size_t i = 0; r == 0 && i < a->n_routes; i++)
		a->routes[i].result = dp_bpf_net_set(s, &a->routes[i].route, d->rtnl);
	if (r < 0) {
		want_no_more(s);
		dp_jobs_drop(&s->jobs);
	}
	return r;
}

/* ---- the rest ---- */

static bool is_restored(void *self, const struct ze_sess_key *k)
{
	const struct dp_bpf_session *s = dp_bpf_session_find(self, k->sid);

	return s && s->key.tid == k->tid;
}

static unsigned drop_routes(struct dp_bpf *d)
{
	const struct dp_bpf_previous *p = d->previous;
	unsigned n = 0;

	for (size_t i = 0; i < p->n_routes; i++) {
		const struct dp_family f = { .family = PPP_FAM_IPV4, .peer4 = p->routes[i] };

		if (p->wanted[i])
			continue;
		rtnl_route(d->rtnl, (int)d->conf.ze0, &f, false);
		n++;
	}
	return n;
}

static bool is_own(struct dp_bpf *d, const struct previous_ip *a)
{
	uint64_t ifid = 0;
	uint32_t ip4;

	memcpy(&ip4, a->ip, sizeof(ip4));
	if (a->family == 4)
		return dp_bpf_has_gateway(d, ntohl(ip4));
	for (int i = 0; i < 8; i++)
		ifid = ifid << 8 | a->ip[8 + i];
	return dp_bpf_ifid_on_ze0(d, ifid);
}

void dp_bpf_restart_done(void *self)
{
	struct dp_bpf *d = self;
	unsigned routes;

	if (!d->previous)
		return;
	bpf_dp_prune(d->maps, is_restored, d);
	dp_bpf_ifid_restarted(d);
	routes = drop_routes(d) + dp_bpf_nets_restarted(d);
	dp_bpf_route6_prune(d);
	/* No session with IPv6 was restored: the kernel would remove the shared route with the last
	 * address. */
	if (!d->ifids.n)
		dp_bpf_no_route6(d, d->rtnl);
	for (size_t i = 0; i < d->previous->addrs.n; i++) {
		const struct previous_ip *a = &d->previous->addrs.v[i];

		if (!is_own(d, a))
			rtnl_addr_del(d->rtnl, (int)d->conf.ze0, a->family, a->ip);
	}
	dp_bpf_previous_free(d);
	log_kv(LOG_DP, LOG_INFO, "restart-plane-restored", KV_U64("sessions", d->jobs.sessions.n),
	       KV_U64("stale-routes", routes));
}
