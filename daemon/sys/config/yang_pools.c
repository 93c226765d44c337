/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks the pools of a configuration, and the addresses of users against them. Each error names the
 * other side and its line.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/sys/config/yang_priv.h"

#define POOL_MAX  (1u << 20) /* addresses */
#define POOLS_MAX 256

struct yang_pool {
	const struct lyd_node *node;
	const struct pool_cfg *cfg;
	size_t next; /* index; the number of pools: none */
};

struct yang_pools {
	struct yang_pool *v;
	size_t n;
};

static const struct lyd_node *leaf_of(const struct yang_pool *p, const char *name)
{
	const struct lyd_node *leaf = yang_find(lyd_child(p->node), name);

	return leaf ? leaf : p->node;
}

static void pool_error(struct yang_doc *d, const struct yang_pool *p, const char *leaf,
		       const char *msg)
{
	const struct lyd_node *node = leaf_of(p, leaf);

	yang_error(d, yang_pos(d, node), node, "%s", msg);
}

/* ---- one pool ---- */

static void check_range(struct yang_doc *d, const struct yang_pool *p)
{
	const struct addrpool_cfg *r = &p->cfg->range;

	if (ze_ip4_no_host(r->gateway, r->gateway))
		pool_error(d, p, "gateway", ze_ip4_no_host(r->gateway, r->gateway));
	if (r->end >= r->start && ze_ip4_no_host(r->start, r->end))
		pool_error(d, p, "start", ze_ip4_no_host(r->start, r->end));
	if (r->end < r->start)
		pool_error(d, p, "end", "end is before start");
	else if (r->end - r->start >= POOL_MAX)
		pool_error(d, p, "end", "a pool has at most 1048576 addresses");
	else if (r->start == r->end && r->start == r->gateway)
		yang_error(d, yang_pos(d, p->node), p->node, "%s",
			   "the only address of the pool is the gateway");
}

static size_t index_of(const struct yang_pools *s, const char *name)
{
	size_t i = 0;

	while (i < s->n && strcmp(s->v[i].cfg->name, name) != 0)
		i++;
	return i;
}

static void check_names(struct yang_doc *d, struct yang_pools *s, size_t i)
{
	struct yang_pool *p = &s->v[i];
	const struct lyd_node *next = leaf_of(p, "next");

	if (strcmp(p->cfg->name, POOLS_DEFAULT) == 0 && (i || !d->cfg->has_pool))
		yang_error(d, yang_pos(d, p->node), p->node,
			   "`default` is the name of pool ipv4: use another one");
	p->next = s->n;
	if (!p->cfg->next[0])
		return;
	p->next = index_of(s, p->cfg->next);
	if (p->next == s->n)
		yang_error(d, yang_pos(d, next), next, "there is no pool %s", p->cfg->next);
}

/* ---- several pools ---- */

/* Reports a circle at the first of its pools. */
static void check_circle(struct yang_doc *d, const struct yang_pools *s, size_t first)
{
	const struct lyd_node *next = leaf_of(&s->v[first], "next");
	size_t i = s->v[first].next, last = first;

	for (size_t steps = 0; i > first && i < s->n && steps < s->n; steps++) {
		last = i;
		i = s->v[i].next;
	}
	if (i != first)
		return;
	yang_error(
		d, yang_pos(d, next), next,
		"leads in a circle: from pool %s on to pool %s, and from pool %s in line %u back to "
		"pool %s",
		s->v[first].cfg->name, s->v[first].cfg->next, s->v[last].cfg->name,
		yang_pos(d, leaf_of(&s->v[last], "next")).line, s->v[first].cfg->name);
}

static int yang_pools_by_start(const void *a, const void *b)
{
	const struct yang_pool *x = *(const struct yang_pool *const *)a;
	const struct yang_pool *y = *(const struct yang_pool *const *)b;

	return x->cfg->range.start < y->cfg->range.start ?
		       -1 :
		       x->cfg->range.start > y->cfg->range.start;
}

/* Reports the later one of two pools in the text. */
static void overlap(struct yang_doc *d, const struct yang_pool *a, const struct yang_pool *b)
{
	const struct yang_pool *late = a > b ? a : b, *early = a > b ? b : a;
	const struct lyd_node *start = leaf_of(late, "start");

	yang_error(d, yang_pos(d, start), start, "pool %s overlaps with pool %s in line %u",
		   late->cfg->name, early->cfg->name, yang_pos(d, early->node).line);
}

static void check_gateway(struct yang_doc *d, const struct yang_pool *p,
			  const struct yang_pool *other)
{
	const struct addrpool_cfg *r = &other->cfg->range;
	uint32_t gateway = p->cfg->range.gateway;
	const struct lyd_node *leaf = leaf_of(p, "gateway");

	/* A gateway that two pools share is assigned by neither. */
	if (p != other && gateway >= r->start && gateway <= r->end && gateway != r->gateway)
		yang_error(d, yang_pos(d, leaf), leaf,
			   "the gateway of pool %s is an address of pool %s in line %u",
			   p->cfg->name, other->cfg->name, yang_pos(d, other->node).line);
}

static void check_together(struct yang_doc *d, const struct yang_pools *s,
			   const struct yang_pool **by_start)
{
	const struct yang_pool *widest = NULL;

	for (size_t i = 0; i < s->n; i++)
		by_start[i] = &s->v[i];
	qsort(by_start, s->n, sizeof(*by_start), yang_pools_by_start);
	for (size_t i = 0; i < s->n; i++) {
		const struct yang_pool *p = by_start[i];

		if (widest && p->cfg->range.start <= widest->cfg->range.end)
			overlap(d, p, widest);
		if (!widest || p->cfg->range.end > widest->cfg->range.end)
			widest = p;
		for (size_t k = 0; k < s->n; k++)
			check_gateway(d, &s->v[i], &s->v[k]);
		check_circle(d, s, i);
	}
}

/* ---- other addresses of the configuration ---- */

/* Returns the endpoint that answers LACs at an address from first to last; NULL: none. */
static const struct config_listener *listener_in(const struct config *c, uint32_t first,
						 uint32_t last)
{
	for (size_t i = 0; i < c->n_listeners; i++) {
		uint32_t ip = ze_addr_ip4(&c->listeners[i].addr);

		if (c->listeners[i].addr.family == 4 && ip >= first && ip <= last)
			return &c->listeners[i];
	}
	return NULL;
}

const char *yang_pools_refuse(const struct config *c, uint32_t ip)
{
	const char *wrong = ze_ip4_no_host(ip, ip);

	if (wrong)
		return wrong;
	if (config_is_gateway(c, ip))
		return "is the gateway of a pool";
	return listener_in(c, ip, ip) ? "is the address of an l2tp server of this configuration" :
					NULL;
}

bool yang_pools_serve(const struct config *c, const char *name, uint32_t ip)
{
	bool found = !name && c->has_pool;

	if (name && strcmp(name, POOLS_DEFAULT) == 0)
		return c->has_pool;
	for (size_t i = 0; i < c->n_named_pools && !found; i++) {
		const struct pool_cfg *p = &c->named_pools[i];

		found = name ? strcmp(p->name, name) == 0 :
			       ip >= p->range.start && ip <= p->range.end;
	}
	return found;
}

/* ---- all of it ---- */

static void check_all(struct yang_doc *d, struct yang_pools *s, const struct yang_pool **by_start)
{
	unsigned errors = d->n_errors;

	for (size_t i = 0; i < s->n; i++) {
		const struct addrpool_cfg *r = &s->v[i].cfg->range;

		check_range(d, &s->v[i]);
		check_names(d, s, i);
		if (listener_in(d->cfg, r->start, r->end))
			yang_error(d, yang_pos(d, s->v[i].node), s->v[i].node, "%s",
				   "contains the address of an l2tp server of this configuration");
	}
	if (s->n > POOLS_MAX)
		yang_error(d, yang_pos(d, s->v[POOLS_MAX].node), s->v[POOLS_MAX].node,
			   "there are at most %u pools", POOLS_MAX);
	if (d->n_errors == errors)
		check_together(d, s, by_start);
}

void yang_pools_check(struct yang_doc *d)
{
	const struct lyd_node *v4 = yang_find(d->root, "l2tp/pool/ipv4"), *node;
	const struct lyd_node *named = yang_find(d->root, "l2tp/pool/ipv4-named");
	struct yang_pools s = { 0 };
	size_t n = 0;
	struct pool_cfg *cfg = config_pools(d->cfg, &n);
	const struct yang_pool **by_start = calloc(n + 1, sizeof(struct yang_pool *));

	s.v = calloc(n + 1, sizeof(*s.v));
	if (cfg && by_start && s.v) {
		if (v4)
			s.v[s.n++].node = v4;
		LY_LIST_FOR(named, node)
			if (node->schema == named->schema && s.n < n)
				s.v[s.n++].node = node;
		for (size_t i = 0; i < s.n; i++)
			s.v[i].cfg = &cfg[i];
		check_all(d, &s, by_start);
	} else {
		yang_error(d, (struct conf_pos){ 1, 1 }, NULL, "out of memory");
	}
	free(cfg);
	free(by_start);
	free(s.v);
}
