/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One bit per address says whether it is held. There are two kinds of free addresses: those from
 * `frontier` on were never held and are assigned in order; released ones are in a list, oldest
 * first, which is used when the frontier has reached the end. So a released address stays unused
 * for as long as possible, and the links of addresses that were never released are never touched,
 * which keeps the memory of a large pool proportional to its use.
 */
#include "aaa/addrpool.h"

#include <errno.h>
#include <stdlib.h>

struct pool_link { /* index + 1; 0: none */
	uint32_t prev, next;
};

struct addrpool {
	struct addrpool_cfg cfg;
	uint64_t *bits, *reserved_bits; /* held; reserved for addrpool_claim() */
	struct pool_link *links;
	uint32_t count;	   /* addresses in the range, including the gateway */
	uint32_t reserved; /* 1 when the gateway is in the range, else 0 */
	uint32_t used, peak, frontier;
	uint32_t oldest, newest; /* index + 1 in the list of released addresses; 0: empty */
};

static bool addrpool_held(const struct addrpool *p, uint32_t i)
{
	return p->bits[i / 64] >> i % 64 & 1;
}

static bool is_reserved(const struct addrpool *p, uint32_t i)
{
	return p->reserved_bits[i / 64] >> i % 64 & 1;
}

static bool in_list(const struct addrpool *p, uint32_t i)
{
	return p->links[i].prev || p->links[i].next || p->oldest == i + 1;
}

static void list_append(struct addrpool *p, uint32_t i)
{
	p->links[i] = (struct pool_link){ .prev = p->newest };
	if (p->newest)
		p->links[p->newest - 1].next = i + 1;
	else
		p->oldest = i + 1;
	p->newest = i + 1;
}

static void list_remove(struct addrpool *p, uint32_t i)
{
	struct pool_link l = p->links[i];

	if (l.prev)
		p->links[l.prev - 1].next = l.next;
	else
		p->oldest = l.next;
	if (l.next)
		p->links[l.next - 1].prev = l.prev;
	else
		p->newest = l.prev;
	p->links[i] = (struct pool_link){ 0 };
}

static void addrpool_hold(struct addrpool *p, uint32_t i)
{
	p->bits[i / 64] |= UINT64_C(1) << i % 64;
	if (++p->used > p->peak)
		p->peak = p->used;
}

static bool of_pool(const struct addrpool *p, uint32_t ip)
{
	return ip >= p->cfg.start && ip <= p->cfg.end;
}

struct addrpool *addrpool_new(const struct addrpool_cfg *cfg)
{
	struct addrpool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cfg = *cfg;
	p->count = cfg->end - cfg->start + 1;
	p->bits = calloc(p->count / 64 + 1, sizeof(*p->bits));
	p->reserved_bits = calloc(p->count / 64 + 1, sizeof(*p->reserved_bits));
	p->links = calloc(p->count, sizeof(*p->links));
	if (!p->bits || !p->reserved_bits || !p->links) {
		addrpool_free(p);
		return NULL;
	}
	p->reserved = of_pool(p, cfg->gateway);
	return p;
}

void addrpool_free(struct addrpool *p)
{
	if (!p)
		return;
	free(p->bits);
	free(p->reserved_bits);
	free(p->links);
	free(p);
}

int addrpool_take(struct addrpool *p, uint32_t *ret_ip)
{
	uint32_t i;

	while (p->frontier < p->count) {
		i = p->frontier++;
		/* An address that was claimed before is held, or was released into the list. */
		if (p->cfg.start + i == p->cfg.gateway || addrpool_held(p, i) || in_list(p, i) ||
		    is_reserved(p, i))
			continue;
		addrpool_hold(p, i);
		*ret_ip = p->cfg.start + i;
		return 0;
	}
	if (!p->oldest)
		return -ENOSPC;
	i = p->oldest - 1;
	list_remove(p, i);
	addrpool_hold(p, i);
	*ret_ip = p->cfg.start + i;
	return 0;
}

int addrpool_claim(struct addrpool *p, uint32_t ip)
{
	uint32_t i = ip - p->cfg.start;

	if (ip == p->cfg.gateway)
		return -EADDRINUSE;
	if (!of_pool(p, ip))
		return -ERANGE;
	if (addrpool_held(p, i))
		return -EADDRINUSE;
	if (in_list(p, i))
		list_remove(p, i);
	addrpool_hold(p, i);
	return 0;
}

void addrpool_put(struct addrpool *p, uint32_t ip)
{
	uint32_t i = ip - p->cfg.start;

	if (!of_pool(p, ip) || !addrpool_held(p, i))
		return;
	p->bits[i / 64] &= ~(UINT64_C(1) << i % 64);
	p->used--;
	if (!is_reserved(p, i))
		list_append(p, i);
}

static void addrpool_reserve_index(struct addrpool *p, uint32_t i)
{
	p->reserved_bits[i / 64] |= UINT64_C(1) << i % 64;
	if (in_list(p, i))
		list_remove(p, i);
}

/* Frees a reserved address for everybody. One at or after the frontier will be found there. */
static void unreserve(struct addrpool *p, uint32_t i)
{
	p->reserved_bits[i / 64] &= ~(UINT64_C(1) << i % 64);
	if (i < p->frontier && !addrpool_held(p, i) && !in_list(p, i) &&
	    p->cfg.start + i != p->cfg.gateway)
		list_append(p, i);
}

void addrpool_reserve(struct addrpool *p, const uint32_t *ips, size_t n)
{
	for (uint32_t w = 0; w <= p->count / 64; w++)
		for (uint32_t b = 0; p->reserved_bits[w] && b < 64; b++)
			if (is_reserved(p, w * 64 + b))
				unreserve(p, w * 64 + b);
	for (size_t i = 0; i < n; i++)
		if (of_pool(p, ips[i]))
			addrpool_reserve_index(p, ips[i] - p->cfg.start);
}

void addrpool_inherit(struct addrpool *p, const struct addrpool *from)
{
	for (uint32_t next = from->oldest; next; next = from->links[next - 1].next) {
		uint32_t ip = from->cfg.start + next - 1, i = ip - p->cfg.start;

		if (of_pool(p, ip) && ip != p->cfg.gateway && !addrpool_held(p, i) &&
		    !is_reserved(p, i) && !in_list(p, i))
			list_append(p, i);
	}
	p->peak = from->peak > p->peak ? from->peak : p->peak;
}

uint32_t addrpool_used(const struct addrpool *p)
{
	return p->used;
}

uint32_t addrpool_peak(const struct addrpool *p)
{
	return p->peak;
}

uint32_t addrpool_size(const struct addrpool *p)
{
	return p->count - p->reserved;
}

uint32_t addrpool_reserved(const struct addrpool *p)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w <= p->count / 64; w++)
		n += (uint32_t)__builtin_popcountll(p->reserved_bits[w] & ~p->bits[w]);
	return n;
}
