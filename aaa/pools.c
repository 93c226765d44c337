/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pools {
	struct pool *v; /* as configured */
	size_t n;
	struct pool **by_name, **by_start; /* the same pools, sorted */
	uint32_t *gateways;		   /* sorted; of pools with the same one, several */
	struct pool *by_default;	   /* NULL: none */
};

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct pool *const *)a)->cfg.name, (*(struct pool *const *)b)->cfg.name);
}

static int by_start(const void *a, const void *b)
{
	uint32_t x = (*(struct pool *const *)a)->cfg.range.start;
	uint32_t y = (*(struct pool *const *)b)->cfg.range.start;

	return x < y ? -1 : x > y;
}

static int pools_by_ip(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* ---- creation ---- */

static bool pools_alloc(struct pools *s, size_t n)
{
	s->v = calloc(n + 1, sizeof(*s->v));
	s->by_name = calloc(n + 1, sizeof(struct pool *));
	s->by_start = calloc(n + 1, sizeof(struct pool *));
	s->gateways = calloc(n + 1, sizeof(*s->gateways));
	return s->v && s->by_name && s->by_start && s->gateways;
}

static bool pools_fill(struct pools *s, const struct pool_cfg *cfg, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pool *p = &s->v[i];

		p->cfg = cfg[i];
		p->addrs = addrpool_new(&cfg[i].range);
		if (!p->addrs)
			return false;
		list_init(&p->waiters);
		s->by_name[i] = s->by_start[i] = p;
		s->gateways[i] = cfg[i].range.gateway;
		s->n++;
	}
	return true;
}

static void pools_link(struct pools *s)
{
	if (!s->n)
		return;
	qsort(s->by_name, s->n, sizeof(struct pool *), by_name);
	qsort(s->by_start, s->n, sizeof(struct pool *), by_start);
	qsort(s->gateways, s->n, sizeof(*s->gateways), pools_by_ip);
	for (size_t i = 0; i < s->n; i++)
		s->v[i].next = pools_find(s, span_str(s->v[i].cfg.next));
	s->by_default = pools_find(s, span_str(POOLS_DEFAULT));
}

struct pools *pools_new(const struct pool_cfg *cfg, size_t n)
{
	struct pools *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (!pools_alloc(s, n) || !pools_fill(s, cfg, n)) {
		pools_free(s);
		return NULL;
	}
	pools_link(s);
	return s;
}

void pools_free(struct pools *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		addrpool_free(s->v[i].addrs);
	free(s->v);
	free(s->by_name);
	free(s->by_start);
	free(s->gateways);
	free(s);
}

/* ---- lookup ---- */

size_t pools_count(const struct pools *s)
{
	return s->n;
}

struct pool *pools_at(const struct pools *s, size_t i)
{
	return &s->v[i];
}

struct pool *pools_default(const struct pools *s)
{
	return s->by_default;
}

static int order_name(const void *key, const void *element)
{
	const struct span *name = key;
	const char *other = (*(struct pool *const *)element)->cfg.name;
	size_t len = strlen(other);
	int r = memcmp(name->p, other, name->len < len ? name->len : len);

	return r ? r : name->len < len ? -1 : name->len > len;
}

struct pool *pools_find(const struct pools *s, struct span name)
{
	struct pool **p;

	if (!name.len || !s->n)
		return NULL;
	p = bsearch(&name, s->by_name, s->n, sizeof(struct pool *), order_name);
	return p ? *p : NULL;
}

static int order_range(const void *key, const void *element)
{
	uint32_t ip = *(const uint32_t *)key;
	const struct addrpool_cfg *r = &(*(struct pool *const *)element)->cfg.range;

	return ip < r->start ? -1 : ip > r->end;
}

struct pool *pools_of(const struct pools *s, uint32_t ip)
{
	struct pool **p =
		s->n ? bsearch(&ip, s->by_start, s->n, sizeof(struct pool *), order_range) : NULL;

	return p ? *p : NULL;
}

bool pools_is_gateway(const struct pools *s, uint32_t ip)
{
	return s->n && bsearch(&ip, s->gateways, s->n, sizeof(ip), pools_by_ip);
}

bool pools_leads_to(const struct pool *from, const struct pool *p)
{
	while (from && from != p)
		from = from->next;
	return from;
}

uint32_t pools_used(const struct pools *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += addrpool_used(s->v[i].addrs);
	return n;
}

void pools_reserve(struct pools *s, uint32_t *ips, size_t n)
{
	size_t from = 0;

	if (n)
		qsort(ips, n, sizeof(*ips), pools_by_ip);
	for (size_t i = 0; i < s->n; i++) {
		struct pool *p = s->by_start[i];
		size_t first, end;

		while (from < n && ips[from] < p->cfg.range.start)
			from++;
		first = end = from;
		while (end < n && ips[end] <= p->cfg.range.end)
			end++;
		addrpool_reserve(p->addrs, ips + first, end - first);
	}
}

/* ---- reload ---- */

static bool same_pool(const struct pool_cfg *a, const struct pool_cfg *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->next, b->next) == 0 &&
	       memcmp(&a->range, &b->range, sizeof(a->range)) == 0 && a->blackhole == b->blackhole;
}

bool pools_same(const struct pools *s, const struct pool_cfg *cfg, size_t n)
{
	if (n != s->n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_pool(&s->v[i].cfg, &cfg[i]))
			return false;
	return true;
}

void pools_move(struct pools *s, struct pools *from)
{
	for (size_t i = 0; i < s->n; i++) {
		struct pool *p = &s->v[i], *old = pools_find(from, span_str(p->cfg.name));
		const struct addrpool_cfg *a = &p->cfg.range, *b = old ? &old->cfg.range : NULL;
		struct addrpool *was;

		if (!old)
			continue;
		p->refused = old->refused;
		if (a->start == b->start && a->end == b->end && a->gateway == b->gateway) {
			was = p->addrs;
			p->addrs = old->addrs;
			old->addrs = was;
		} else {
			addrpool_inherit(p->addrs, old->addrs);
		}
	}
}

struct pool *pools_move_address(struct pools *s, uint32_t ip)
{
	struct pool *p = pools_of(s, ip);

	/* In a pool that was taken over the session holds it already. */
	if (!p || ip == p->cfg.range.gateway || addrpool_claim(p->addrs, ip) == -ERANGE)
		return NULL;
	return p;
}
