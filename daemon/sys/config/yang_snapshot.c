/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Converts a valid tree with its defaults to struct config. Checks what the schema cannot express:
 * addresses, and ranges that span leaves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/sys/config/yang_priv.h"

static void error_at(struct yang_doc *d, const struct lyd_node *node, const char *msg)
{
	yang_error(d, yang_pos(d, node), node, "%s", msg);
}

static void read_table(struct yang_doc *d, const struct lyd_node *siblings,
		       const struct config_table *t, void *base);

static void read_entry(struct yang_doc *d, const struct lyd_node *node,
		       const struct config_row *row, void *base)
{
	void *entry = config_row_add(row, base);

	if (entry)
		read_table(d, lyd_child(node), row->entry, entry);
	else
		error_at(d, node, "out of memory");
}

static void read_value(struct yang_doc *d, const struct lyd_node *node,
		       const struct config_row *row, void *base)
{
	const char *wrong = config_row_set(row, base, lyd_get_value(node));

	if (wrong)
		error_at(d, node, wrong);
}

/* Looks up the path of each row; a value that is not there keeps its default. */
static void read_table(struct yang_doc *d, const struct lyd_node *siblings,
		       const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_row *row = &t->rows[i];
		const struct lyd_node *first = yang_find(siblings, row->path), *c;

		LY_LIST_FOR(first, c) {
			if (c->schema != first->schema)
				continue;
			if (row->entry)
				read_entry(d, c, row, base);
			else
				read_value(d, c, row, base);
		}
	}
}

static void read_machine_name(struct config *c)
{
	char name[sizeof(c->machine_name)] = "";

	if (gethostname(name, sizeof(name) - 1) == 0 && name[0])
		memcpy(c->machine_name, name, sizeof(name));
}

/* Reports what would end every login: our address on every IPv4 link is the gateway of the pool. */
static void check_needs(struct yang_doc *d)
{
	const struct config *c = d->cfg;

	if (c->l2tp && c->need_ipv4 == CONFIG_NEED_REQUIRED && !c->has_pool && !c->n_named_pools)
		error_at(
			d, yang_find(d->root, "l2tp/ncp/ipv4"),
			"IPv4 is required and there is no l2tp pool ipv4: no subscriber could log in");
}

static void check_radius_server(struct yang_doc *d, const struct lyd_node *node, size_t i)
{
	const struct config_radius *r = &d->cfg->radius;
	const struct ze_addr *a = &r->servers[i].addr;
	const struct lyd_node *address = yang_find(lyd_child(node), "address");

	if (ze_addr_needs_scope(a))
		error_at(d, address,
			 "a link-local address needs its interface: fe80::1%NUMBER, see ip link");
	if (r->source.family && r->source.family != a->family)
		error_at(d, address, "is not of the same family as source-address");
	if (a->port == UINT16_MAX && !r->servers[i].acct_port && config_accounts(d->cfg))
		error_at(d, yang_find(lyd_child(node), "port"),
			 "has no port after it: give an acct-port");
	for (size_t k = 0; k < i; k++)
		if (ze_addr_eq(a, &r->servers[k].addr))
			yang_error(d, yang_pos(d, address), address,
				   "is the address and port of server %s", r->servers[k].name);
}

/* The words of the schema allow what no request has. */
static void check_exclude(struct yang_doc *d, const struct lyd_node *node, size_t i)
{
	const struct config_radius_exclude *x = &d->cfg->radius.excludes[i];
	const struct lyd_node *first = yang_find(lyd_child(node), "packet-type"), *c;
	size_t n = 0;

	LY_LIST_FOR(first, c) {
		if (c->schema != first->schema)
			continue;
		if (!radius_attrs_has(x->name, x->kinds[n++]))
			error_at(d, c, "such a request never has this attribute");
	}
}

static void check_radius(struct yang_doc *d)
{
	const struct config *c = d->cfg;
	const struct lyd_node *block = yang_find(d->root, "l2tp/auth/radius");
	const struct lyd_node *order = yang_find(d->root, "l2tp/auth/order"), *first, *node;
	const char *wrong;
	size_t n = 0;

	for (size_t i = 0; i < c->n_auth_sources; i++)
		if (c->auth_sources[i] == CONFIG_AUTH_RADIUS && !block)
			error_at(d, order, "names radius, and there is no auth radius");
	if (!block)
		return;
	wrong = radius_attrs_port_id_wrong(c->radius.port_id, span_str(c->radius.nas_id));
	if (wrong)
		error_at(d, yang_find(lyd_child(block), "nas-port-id"), wrong);
	first = yang_find(lyd_child(block), "server");
	LY_LIST_FOR(first, node)
		if (node->schema == first->schema)
			check_radius_server(d, node, n++);
	first = yang_find(lyd_child(block), "attributes/exclude");
	n = 0;
	LY_LIST_FOR(first, node)
		if (node->schema == first->schema)
			check_exclude(d, node, n++);
	if (ze_addr_needs_scope(&c->radius.source))
		error_at(d, yang_find(lyd_child(block), "source-address"),
			 "a link-local address needs its interface: fe80::1%NUMBER, see ip link");
}

struct owned_address {
	uint32_t ip;
	const struct lyd_node *node;
};

static int by_address(const void *a, const void *b)
{
	const struct owned_address *x = a, *y = b;

	if (x->ip != y->ip)
		return x->ip < y->ip ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static void check_twice(struct yang_doc *d, struct owned_address *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_address);
	for (size_t i = 1; i < n; i++) {
		const struct lyd_node *a = v[i - 1].node, *b = v[i].node;
		bool later = yang_pos(d, b).line >= yang_pos(d, a).line;

		if (v[i].ip == v[i - 1].ip)
			yang_error(d, yang_pos(d, later ? b : a), later ? b : a,
				   "is the address of the user in line %u",
				   yang_pos(d, later ? a : b).line);
	}
}

/* Returns the IPv4 address of a user, in host order, whose form was checked by the schema. */
static uint32_t address_in(const struct lyd_node *leaf)
{
	uint32_t ip = 0;

	return ze_ip4_parse(lyd_get_value(leaf), &ip) < 0 ? 0 : ip;
}

/* Checks the pool of a user, and counts those with an address of their own. */
static void check_user(struct yang_doc *d, const struct lyd_node *user,
		       const struct lyd_node *address)
{
	const struct lyd_node *leaf = yang_find(lyd_child(user), "pool");
	const char *name = leaf ? lyd_get_value(leaf) : NULL, *wrong;
	uint32_t ip = address ? address_in(address) : 0;

	if (name && !yang_pools_serve(d->cfg, name, 0))
		yang_error(d, yang_pos(d, leaf), leaf, "there is no pool %s", name);
	if (!address)
		return;
	wrong = yang_pools_refuse(d->cfg, ip);
	if (wrong)
		error_at(d, address, wrong);
	if (!d->n_fixed++)
		d->fixed_line = yang_pos(d, address).line;
	if (!yang_pools_serve(d->cfg, name, ip) && !d->n_unserved++)
		d->unserved_line = yang_pos(d, address).line;
}

/* Checks the addresses of subscribers against all others. */
static void check_addresses(struct yang_doc *d)
{
	const struct lyd_node *u, *users = yang_find(d->root, "l2tp/auth/local/user");
	struct owned_address *v = calloc(d->cfg->n_users + 1, sizeof(*v));
	size_t n = 0;

	if (!v) {
		yang_error(d, (struct conf_pos){ 1, 1 }, NULL, "out of memory");
		return;
	}
	LY_LIST_FOR(users, u) {
		const struct lyd_node *a = yang_find(lyd_child(u), "address");

		check_user(d, u, a);
		if (a && n < d->cfg->n_users)
			v[n++] = (struct owned_address){ address_in(a), a };
	}
	check_twice(d, v, n);
	free(v);
}

void yang_snapshot(struct yang_doc *d)
{
	d->cfg = config_new();
	if (!d->cfg) {
		yang_error(d, (struct conf_pos){ 1, 1 }, NULL, "out of memory");
		return;
	}
	read_machine_name(d->cfg);
	read_table(d, d->root, &config_table, d->cfg);
	d->cfg->has_pool = yang_find(d->root, "l2tp/pool/ipv4");
	yang_pools_check(d);
	check_needs(d);
	check_radius(d);
	check_addresses(d);
}
