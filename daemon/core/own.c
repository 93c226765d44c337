/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/facts.h"
#include "daemon/core/registry.h"
#include "daemon/core/subscriber_priv.h"

#define LINES 16 /* log lines of one kind per check */

/* ---- users' fixed addresses, sorted ---- */

struct fixed {
	uint32_t ip;
	const char *user;
};

struct fixed_list {
	struct fixed *v;
	size_t n;
};

static int by_ip(const void *a, const void *b)
{
	const struct fixed *x = a, *y = b;

	return x->ip < y->ip ? -1 : x->ip > y->ip;
}

/* The fixed addresses of users, sorted. Empty when out of memory: they are used for warnings
 * only. */
static struct fixed_list fixed_of(const struct config *c)
{
	struct fixed_list f = { .v = calloc(c->n_users + 1, sizeof(*f.v)) };

	for (size_t i = 0; f.v && i < c->n_users; i++)
		if (c->users[i].address)
			f.v[f.n++] = (struct fixed){ c->users[i].address, c->users[i].name };
	if (f.n)
		qsort(f.v, f.n, sizeof(*f.v), by_ip);
	return f;
}

/* The index of the first address that is not below ip. */
static size_t fixed_place(const struct fixed_list *f, uint32_t ip)
{
	size_t low = 0, high = f->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->v[mid].ip < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* ---- addresses of the host ---- */

const char *own_holder(const struct engine *e, uint32_t ip)
{
	const struct ze_prefix host = { .addr = ze_ip4_addr(ip), .len = 32 };
	const struct peer *lac = registry_peer(e, &host.addr);
	const struct hostip *own = hostip_find(&e->own, ip);

	if (own)
		return own->name[0] ? own->name : "an interface that was removed";
	/* The address of an unknown source may be forged: it must not take an address from a
	 * subscriber. */
	if (lac && lac->n_established)
		return "a LAC";
	return config_server_in(e->cfg, &host) ? "a RADIUS server" : NULL;
}

bool own_is_taken(const struct engine *e, uint32_t ip)
{
	return own_holder(e, ip);
}

bool own_is_near(const struct engine *e, uint32_t ip)
{
	const struct ze_addr addr = ze_ip4_addr(ip);
	uint32_t first, last;

	for (size_t i = 0; i < e->own.n; i++)
		if (hostip_range(&e->own.v[i], &first, &last) && ip >= first && ip <= last)
			return true;
	for (size_t i = 0; i < e->cfg->n_allow_from; i++) {
		const struct ze_prefix *p = &e->cfg->allow_from[i];

		if (p->len && ze_prefix_has(p, &addr))
			return true;
	}
	return false;
}

static void log_session(const struct subscriber *s, const struct hostip *a)
{
	char ip[ZE_ADDR_TEXT], cure[160];

	ze_ip4_text(a->ip, ip);
	snprintf(cure, sizeof(cure),
		 "remove it from the interface, or: zectl clear l2tp session teardown %u",
		 s->call.l2tp.sid);
	log_kv(LOG_AAA, LOG_WARN, "address-conflict", KV_STR("address", ip),
	       KV_STR("interface", a->name), KV_U64("sid", s->call.l2tp.sid),
	       KV_STR("user", facts_user(s)),
	       KV_STR("effect", "the session continues, but the host receives its packets"),
	       KV_STR("cure", cure));
}

static void log_user(const struct fixed *f, const struct hostip *a)
{
	char ip[ZE_ADDR_TEXT];

	log_kv(LOG_AAA, LOG_WARN, "address-conflict", KV_STR("address", ze_ip4_text(a->ip, ip)),
	       KV_STR("interface", a->name), KV_STR("user", f->user),
	       KV_STR("effect", "the user gets no address"),
	       KV_STR("cure",
		      "assign another address to the user, or remove it from the interface"));
}

/* Logs a session or a user with an address of the host. Returns true when there is one. */
static bool check_address(const struct engine *e, const struct fixed_list *f,
			  const struct hostip *a)
{
	const struct subscriber *s = registry_sub_by_address(e, a->ip);
	size_t i = fixed_place(f, a->ip);
	bool fixed = i < f->n && f->v[i].ip == a->ip;

	if (s)
		log_session(s, a);
	else if (fixed)
		log_user(&f->v[i], a);
	return s || fixed;
}

/* ---- subnets of the host ---- */

#define CUT_OFF "a neighbour on that interface is cut off when a subscriber gets its address"

static bool in_pool(const struct pool *p, const struct hostip *a)
{
	uint32_t first, last;

	return hostip_range(a, &first, &last) && p->cfg.range.start <= last &&
	       p->cfg.range.end >= first;
}

bool own_overlaps_pool(const struct engine *e, const struct pool *p)
{
	for (size_t i = 0; i < e->own.n; i++)
		if (in_pool(p, &e->own.v[i]))
			return true;
	return false;
}

static void log_pool(const struct pool *p, const struct hostip *a)
{
	char from[ZE_ADDR_TEXT], to[ZE_ADDR_TEXT], range[2 * ZE_ADDR_TEXT], subnet[ZE_PREFIX_TEXT];

	snprintf(range, sizeof(range), "%s-%s", ze_ip4_text(p->cfg.range.start, from),
		 ze_ip4_text(p->cfg.range.end, to));
	log_kv(LOG_AAA, LOG_WARN, "subnet-overlap", KV_STR("interface", a->name),
	       KV_STR("subnet", hostip_subnet_text(a, subnet)), KV_STR("pool", p->cfg.name),
	       KV_STR("range", range),
	       KV_STR("effect", CUT_OFF "; the pool has no blackhole routes"),
	       KV_STR("cure", "exclude the subnet from the pool"));
}

/* Logs the pools that contain addresses of the subnet. Returns true when there is one. */
static bool check_pools(const struct engine *e, const struct hostip *a)
{
	bool found = false;

	for (size_t i = 0; i < pools_count(e->pools); i++)
		if (in_pool(pools_at(e->pools, i), a)) {
			log_pool(pools_at(e->pools, i), a);
			found = true;
		}
	return found;
}

static void log_users(const struct hostip *a, const char *first, uint64_t n)
{
	char subnet[ZE_PREFIX_TEXT];

	log_kv(LOG_AAA, LOG_WARN, "subnet-overlap", KV_STR("interface", a->name),
	       KV_STR("subnet", hostip_subnet_text(a, subnet)), KV_STR("user", first),
	       KV_U64("users", n), KV_STR("effect", CUT_OFF),
	       KV_STR("cure", "assign addresses outside the subnet"));
}

static bool check_subnet(const struct engine *e, const struct fixed_list *f, const struct hostip *a)
{
	uint32_t first, last;
	size_t i, end;
	bool pool;

	if (!hostip_range(a, &first, &last))
		return false;
	pool = check_pools(e, a);
	i = fixed_place(f, first);
	end = last == UINT32_MAX ? f->n : fixed_place(f, last + 1);
	if (i < end)
		log_users(a, f->v[i].user, end - i);
	return pool || i < end;
}

/* ---- all conflicts ---- */

/* Checks the addresses of `set` that are not in `known`, which may be NULL. */
static void check(const struct engine *e, const struct hostip_set *set,
		  const struct hostip_set *known)
{
	struct fixed_list f = fixed_of(e->cfg);
	unsigned addresses = 0, subnets = 0;

	for (size_t i = 0; i < set->n && log_wants(LOG_AAA, LOG_WARN); i++) {
		if (known && hostip_has(known, &set->v[i]))
			continue;
		if (addresses < LINES)
			addresses += check_address(e, &f, &set->v[i]);
		if (subnets < LINES)
			subnets += check_subnet(e, &f, &set->v[i]);
	}
	free(f.v);
}

void own_check(const struct engine *e)
{
	check(e, &e->own, NULL);
}

void own_set(struct engine *e, const struct hostip_set *set)
{
	if (set->ignored && !e->own.ignored)
		log_kv(LOG_AAA, LOG_WARN, "host-addresses-ignored", KV_U64("known", set->n),
		       KV_U64("ignored", set->ignored),
		       KV_STR("effect",
			      "a subscriber may be assigned one of the ignored addresses"));
	check(e, set, &e->own);
	if (hostip_copy(&e->own, set) < 0)
		log_kv(LOG_AAA, LOG_ERROR, "host-addresses-unknown", KV_ERRNO(ENOMEM));
}
