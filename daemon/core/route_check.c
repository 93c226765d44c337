/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/route_check.h"

#include <stdio.h>

#include "daemon/core/engine_priv.h"

static const struct {
	const char *name, *cure;
} whys[] = {
	[ROUTE_WHY_NONE] = { "", "" },
	[ROUTE_WHY_DEFAULT] = { "default-route",
				"route the networks of the subscriber one by one" },
	[ROUTE_WHY_HOST] = { "host-address",
			     "choose a prefix without addresses of the host on the RADIUS server" },
	[ROUTE_WHY_SUBNET] = { "host-subnet",
			       "choose a prefix outside the subnets of the host on the RADIUS server" },
	[ROUTE_WHY_LAC] = { "lac", "choose a prefix without LACs on the RADIUS server" },
	[ROUTE_WHY_RADIUS] = { "radius-server",
			       "choose a prefix without RADIUS servers on the RADIUS server" },
};

const char *route_check_name(enum route_why why)
{
	return whys[why].name;
}

const char *route_check_cure(enum route_why why)
{
	return whys[why].cure;
}

static bool route_check_conflict(struct route_conflict *ret, enum route_why why, const char *with)
{
	ret->why = why;
	snprintf(ret->with, sizeof(ret->with), "%s", with);
	return true;
}

static bool conflict_addr(struct route_conflict *ret, enum route_why why, const struct ze_addr *a)
{
	char text[ZE_ADDR_TEXT];

	return route_check_conflict(ret, why, ze_ip_text(a, text));
}

/* Addresses of the host, and its subnets with neighbours: their routers, for example. */
static bool has_own4(const struct engine *e, const struct ze_prefix *p, struct route_conflict *ret)
{
	uint32_t first, last;

	ze_prefix_range4(p, &first, &last);
	for (size_t i = 0; i < e->own.n; i++) {
		const struct hostip *a = &e->own.v[i];
		uint32_t from, to;

		if (a->ip >= first && a->ip <= last)
			return route_check_conflict(ret, ROUTE_WHY_HOST, a->name);
		if (hostip_range(a, &from, &to) && from <= last && to >= first)
			return route_check_conflict(ret, ROUTE_WHY_SUBNET, a->name);
	}
	return false;
}

/* The addresses at which LACs reach ze are those of its tunnels. */
static bool has_lac(const struct engine *e, const struct ze_prefix *p, struct route_conflict *ret)
{
	for (struct htab_node *n = htab_next(&e->peers, NULL); n; n = htab_next(&e->peers, n)) {
		const struct peer *lac = ze_container_of(n, struct peer, in_peers);
		const struct tunnel *t;

		if (!lac->n_established || lac->addr.family != p->addr.family)
			continue;
		t = list_entry(lac->tunnels.next, struct tunnel, in_peer);
		if (ze_prefix_has(p, &lac->addr))
			return conflict_addr(ret, ROUTE_WHY_LAC, &lac->addr);
		if (ze_prefix_has(p, &t->path.local))
			return conflict_addr(ret, ROUTE_WHY_HOST, &t->path.local);
	}
	for (size_t i = 0; i < e->cfg->n_allow_from; i++) {
		const struct ze_prefix *a = &e->cfg->allow_from[i];

		if (a->len >= p->len && ze_prefix_has(p, &a->addr))
			return conflict_addr(ret, ROUTE_WHY_LAC, &a->addr);
	}
	return false;
}

static bool has_server(const struct engine *e, const struct ze_prefix *p,
		       struct route_conflict *ret)
{
	const struct config_radius_server *server = config_server_in(e->cfg, p);

	return server && conflict_addr(ret, ROUTE_WHY_RADIUS, &server->addr);
}

bool route_check(const struct engine *e, const struct ze_prefix *p, struct route_conflict *ret)
{
	*ret = (struct route_conflict){ .why = ROUTE_WHY_NONE };
	if (!p->len)
		return route_check_conflict(ret, ROUTE_WHY_DEFAULT, "");
	return (p->addr.family == 4 && has_own4(e, p, ret)) || has_lac(e, p, ret) ||
	       has_server(e, p, ret);
}
