/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/dp_kernel_route.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/kernel/dp_kernel_obj.h"

static struct dp_route *dp_kernel_route_find(const struct session *s, const struct ze_prefix *p)
{
	for (size_t i = 0; i < s->n_routes; i++)
		if (ze_prefix_eq(&s->routes[i].dst, p))
			return &s->routes[i];
	return NULL;
}

/* Makes room for one more. Returns 0 or -ENOMEM. */
static int dp_kernel_route_room(struct session *s)
{
	struct dp_route *v = reallocarray(s->routes, s->n_routes + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->routes = v;
	return 0;
}

/* The route before the source: an address is accepted as a source when answers to it arrive. */
static int dp_kernel_route_add(struct session *s, const struct dp_route *r, void *thread)
{
	const struct kernel_ops *ops = s->d->a.ops;
	int e = ops->route(thread, &s->k, r, true);

	if (e < 0)
		return e;
	e = ops->route_source(thread, &s->k, &r->dst, true);
	if (e < 0)
		ops->route(thread, &s->k, r, false);
	return e;
}

static void dp_kernel_route_del(struct session *s, struct dp_route *r, void *thread)
{
	const struct kernel_ops *ops = s->d->a.ops;

	ops->route_source(thread, &s->k, &r->dst, false);
	ops->route(thread, &s->k, r, false);
	*r = s->routes[--s->n_routes];
}

/* With another metric, the new route exists before the old one is removed. */
static int dp_kernel_route_set(struct session *s, const struct dp_route *r, void *thread)
{
	struct dp_route *old = dp_kernel_route_find(s, &r->dst);
	int e = old ? 0 : dp_kernel_route_room(s);

	if (e == 0)
		e = dp_kernel_route_add(s, r, thread);
	if (e < 0) {
		if (old)
			dp_kernel_route_del(s, old, thread);
		return e;
	}
	if (!old) {
		s->routes[s->n_routes++] = *r;
		return 0;
	}
	if (old->metric != r->metric)
		s->d->a.ops->route(thread, &s->k, old, false);
	*old = *r;
	return 0;
}

int dp_kernel_run_route(struct dp_jobs_session *js, struct dp_jobs_request *rq, void *thread)
{
	struct session *s = dp_kernel_session(js);
	struct dp_route *old = dp_kernel_route_find(s, &rq->route.dst);
	int r = 0;

	rq->step = "subscriber-route";
	s->d->a.ops->enter();
	if (rq->route.add)
		r = dp_kernel_route_set(s, &rq->route, thread);
	else if (old)
		dp_kernel_route_del(s, old, thread);
	s->d->a.ops->leave();
	return r;
}

/* A route that cannot be added again is left to the check of the session. */
void dp_kernel_routes_again(struct session *s, enum ppp_family family, void *thread)
{
	for (size_t i = 0; i < s->n_routes; i++)
		if (dp_prefix_family(&s->routes[i].dst) == family)
			s->d->a.ops->route(thread, &s->k, &s->routes[i], true);
}

void dp_kernel_routes_down(struct session *s, enum ppp_family family, void *thread)
{
	for (size_t i = s->n_routes; i-- > 0;)
		if (dp_prefix_family(&s->routes[i].dst) == family)
			dp_kernel_route_del(s, &s->routes[i], thread);
}

void dp_kernel_routes_check(struct session *s, void *thread)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		int r = s->d->a.ops->route_check(thread, &s->k, &s->routes[i]);

		if (r)
			repair_note(&s->check_result, r < 0 ? r : 0, s->k.ifname);
	}
}
