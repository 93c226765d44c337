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
#include "shaping/rate.h"

#define POOL_MAX (1u << 20)

static void error_at(struct yang_doc *d, const struct lyd_node *node, const char *msg)
{
	yang_error(d, yang_pos(d, node), node, "%s", msg);
}

static bool get_bool(const struct lyd_node *parent, const char *name)
{
	const char *v = yang_value(parent, name);

	return v && strcmp(v, "true") == 0;
}

static uint32_t get_u32(const struct lyd_node *parent, const char *name)
{
	const char *v = yang_value(parent, name);

	return v ? (uint32_t)strtoul(v, NULL, 10) : 0;
}

/* Returns an IPv4 address in host order, whose form was checked by the schema; 0: absent. */
static uint32_t get_ip4(const struct lyd_node *parent, const char *name)
{
	const char *v = yang_value(parent, name);
	uint32_t ip = 0;

	if (v && ze_ip4_parse(v, &ip) < 0)
		return 0;
	return ip;
}

static void read_listeners(struct yang_doc *d, const struct lyd_node *l2tp)
{
	struct lyd_node *c;

	LY_LIST_FOR(lyd_child(l2tp), c) {
		struct config_listener *l = &d->cfg->listeners[d->cfg->n_listeners];
		const char *ip = yang_value(c, "ip");

		if (strcmp(c->schema->name, "server") != 0)
			continue;
		if (ze_addr_parse(ip, (uint16_t)get_u32(c, "port"), &l->addr) < 0) {
			error_at(d, yang_child(c, "ip"), "not an IPv4 or IPv6 address");
			continue;
		}
		strncpy(l->name, yang_value(c, "name"), sizeof(l->name) - 1);
		d->cfg->n_listeners++; /* max-elements is CONFIG_LISTENERS_MAX */
	}
}

static void read_log(struct yang_doc *d, const struct lyd_node *log)
{
	static const struct {
		const char *leaf;
		enum log_sub sub;
	} own[] = {
		{ "l2tp", LOG_L2TP },	 { "ppp", LOG_PPP },	 { "aaa", LOG_AAA },
		{ "dataplane", LOG_DP }, { "control", LOG_CTL },
	};
	enum log_level all = LOG_INFO;
	const char *v = yang_value(log, "level");

	if (v)
		log_level_parse(v, &all);
	for (unsigned i = 0; i < LOG__SUBS; i++)
		d->cfg->log_level[i] = all;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(own); i++) {
		v = yang_value(log, own[i].leaf);
		if (v)
			log_level_parse(v, &d->cfg->log_level[own[i].sub]);
	}
}

static void read_environment(struct yang_doc *d, const struct lyd_node *env)
{
	const struct lyd_node *c;

	c = yang_child(env, "log");
	if (c)
		read_log(d, c);
	c = yang_child(env, "l2tp");
	if (c)
		read_listeners(d, c);
}

static int get_enum(const struct lyd_node *parent, const char *name, const char *const *words)
{
	const char *v = yang_value(parent, name);
	int i = 0;

	while (v && words[i] && strcmp(words[i], v) != 0)
		i++;
	return v && words[i] ? i : 0;
}

static struct profile_sessions get_sessions(const struct lyd_node *parent)
{
	static const char *const actions[] = { "", "replace", "deny", NULL };

	return (struct profile_sessions){
		.set = yang_value(parent, "session-limit"),
		.limit = get_u32(parent, "session-limit"),
		.over = (enum profile_over_limit)get_enum(parent, "session-limit-action", actions),
	};
}

static void read_auth(struct yang_doc *d, const struct lyd_node *l2tp)
{
	const struct lyd_node *auth = yang_child(l2tp, "auth");
	const struct lyd_node *local = auth ? yang_child(auth, "local") : NULL;
	struct lyd_node *u;

	LY_LIST_FOR(local ? lyd_child(local) : NULL, u) {
		if (strcmp(u->schema->name, "user") != 0)
			continue;
		if (config_add_user(d->cfg, yang_value(u, "name"), yang_value(u, "password"),
				    get_ip4(u, "address")) < 0) {
			error_at(d, u, "out of memory");
			return;
		}
		config_last_user(d->cfg)->sessions = get_sessions(u);
	}
}

static void read_pool(struct yang_doc *d, const struct lyd_node *l2tp)
{
	const struct lyd_node *pool = yang_child(l2tp, "pool");
	const struct lyd_node *v4 = pool ? yang_child(pool, "ipv4") : NULL;
	struct addrpool_cfg *p = &d->cfg->pool;

	if (!v4)
		return;
	*p = (struct addrpool_cfg){ .gateway = get_ip4(v4, "gateway"),
				    .start = get_ip4(v4, "start"),
				    .end = get_ip4(v4, "end"),
				    .dns = { get_ip4(v4, "dns-primary"),
					     get_ip4(v4, "dns-secondary") } };
	d->cfg->has_pool = true;
	d->cfg->pool_blackhole = get_bool(v4, "blackhole");
	if (ze_ip4_no_host(p->gateway, p->gateway))
		error_at(d, yang_child(v4, "gateway"), ze_ip4_no_host(p->gateway, p->gateway));
	if (p->end >= p->start && ze_ip4_no_host(p->start, p->end))
		error_at(d, yang_child(v4, "start"), ze_ip4_no_host(p->start, p->end));
	if (p->end < p->start)
		error_at(d, yang_child(v4, "end"), "end is before start");
	else if (p->end - p->start >= POOL_MAX)
		error_at(d, yang_child(v4, "end"), "a pool has at most 1048576 addresses");
	else if (p->start == p->end && p->start == p->gateway)
		error_at(d, v4, "the only address of the pool is the gateway");
}

static void add_prefix(struct yang_doc *d, const struct lyd_node *leaf)
{
	struct config *c = d->cfg;
	struct ze_prefix *v = reallocarray(c->allow_from, c->n_allow_from + 1, sizeof(*v));

	if (!v) {
		error_at(d, leaf, "out of memory");
		return;
	}
	c->allow_from = v;
	if (ze_prefix_parse(lyd_get_value(leaf), &v[c->n_allow_from]) < 0)
		error_at(d, leaf, "not a prefix: ADDRESS/LENGTH without host bits");
	else
		c->n_allow_from++;
}

static void add_host_name(struct yang_doc *d, const struct lyd_node *leaf)
{
	struct config *c = d->cfg;
	char **v = reallocarray(c->allow_host_name, c->n_allow_host_name + 1, sizeof(*v));

	if (v)
		c->allow_host_name = v;
	if (!v || !(v[c->n_allow_host_name] = strdup(lyd_get_value(leaf)))) {
		error_at(d, leaf, "out of memory");
		return;
	}
	c->n_allow_host_name++;
}

static void read_lists(struct yang_doc *d, const struct lyd_node *l2tp)
{
	struct lyd_node *c;

	LY_LIST_FOR(lyd_child(l2tp), c) {
		if (strcmp(c->schema->name, "allow-from") == 0)
			add_prefix(d, c);
		else if (strcmp(c->schema->name, "allow-host-name") == 0)
			add_host_name(d, c);
	}
}

static void read_names(struct yang_doc *d, const struct lyd_node *l2tp)
{
	struct config *c = d->cfg;
	const char *v = yang_value(l2tp, "shared-secret");

	if (v) {
		c->secret_len = (uint16_t)strlen(v);
		memcpy(c->secret, v, c->secret_len);
	}
	v = yang_value(l2tp, "host-name");
	if (v)
		strncpy(c->host_name, v, sizeof(c->host_name) - 1);
	else if (gethostname(c->host_name, sizeof(c->host_name) - 1) < 0 || !c->host_name[0])
		strcpy(c->host_name, "ze");
	c->host_name[sizeof(c->host_name) - 1] = '\0';
	v = yang_value(l2tp, "auth-method");
	if (v && config_auth_method(v, &c->auth_method) < 0)
		error_at(d, yang_child(l2tp, "auth-method"), "unknown method");
}

static void read_dataplane(struct yang_doc *d, const struct lyd_node *l2tp)
{
	static const char *const planes[] = { "auto", "kernel", "bpf", NULL };
	static const char *const modes[] = { "auto", "native", "generic", NULL };
	const struct lyd_node *bpf = yang_child(l2tp, "bpf");
	struct config_bpf *b = &d->cfg->bpf;
	struct lyd_node *c;

	d->cfg->dataplane = (enum config_dataplane)get_enum(l2tp, "dataplane", planes);
	b->xdp = (enum config_xdp)get_enum(bpf, "xdp-mode", modes);
	b->outer_df = get_bool(bpf, "outer-df");
	/* The schema limits names and counts. */
	LY_LIST_FOR(lyd_child(bpf), c) {
		if (strcmp(c->schema->name, "uplink") == 0)
			strncpy(b->uplink[b->n_uplink++], lyd_get_value(c), 15);
		else if (strcmp(c->schema->name, "core") == 0)
			strncpy(b->core[b->n_core++], lyd_get_value(c), 15);
	}
}

static void read_rate(struct yang_doc *d, const struct lyd_node *parent, const char *name,
		      uint64_t *ret)
{
	const char *v = yang_value(parent, name);
	int r = v ? rate_parse(v, ret) : 0;

	if (r == -ERANGE)
		error_at(d, yang_child(parent, name), "the range of a rate is 8kbit to 100gbit");
	else if (r < 0)
		error_at(
			d, yang_child(parent, name),
			"not a rate: a number and a unit, such as 10mbit (bits) or 1mbps (octets)");
}

static void read_shaper(struct yang_doc *d, const struct lyd_node *l2tp)
{
	static const char *const qdiscs[] = { "tbf", "htb", NULL };
	const struct lyd_node *shaper = yang_child(l2tp, "shaper");
	struct shape_plan *p = &d->cfg->shape;

	p->qdisc = (enum shape_qdisc)get_enum(shaper, "qdisc-type", qdiscs);
	read_rate(d, shaper, "default-rate", &p->down_bps);
	p->up_bps = p->down_bps;
	read_rate(d, shaper, "upload-rate", &p->up_bps);
}

static void read_ncp(struct config *c, const struct lyd_node *ncp)
{
	static const char *const needs[] = { "", "required", "wanted", "off", NULL };
	const int off = 3;
	int v4 = get_enum(ncp, "ipv4", needs), v6 = get_enum(ncp, "ipv6", needs);

	c->enable_ipcp = get_bool(ncp, "enable-ipcp") && v4 != off;
	c->enable_ipv6cp = get_bool(ncp, "enable-ipv6cp") && v6 != off;
	c->need_ipv4 = v4 == off ? CONFIG_NEED_AUTO : (enum config_need)v4;
	c->need_ipv6 = v6 == off ? CONFIG_NEED_AUTO : (enum config_need)v6;
	c->ncp_timeout_s = get_u32(ncp, "timeout");
}

/* Reports what would end every login: our address on every IPv4 link is the gateway of the pool. */
static void check_needs(struct yang_doc *d, const struct lyd_node *ncp)
{
	const struct config *c = d->cfg;

	if (c->l2tp && c->need_ipv4 == CONFIG_NEED_REQUIRED && !c->has_pool)
		error_at(
			d, yang_child(ncp, "ipv4"),
			"IPv4 is required and there is no l2tp pool ipv4: no subscriber could log in");
}

static void read_l2tp(struct yang_doc *d, const struct lyd_node *l2tp)
{
	const struct lyd_node *auth = yang_child(l2tp, "authentication");
	const struct lyd_node *ncp = yang_child(l2tp, "ncp");
	const struct lyd_node *echo = yang_child(l2tp, "lcp-echo");
	struct config *c = d->cfg;

	c->l2tp = get_bool(l2tp, "enabled");
	c->hide_avps = get_bool(l2tp, "hide-avps");
	c->allow_no_auth = get_bool(l2tp, "allow-no-auth");
	c->hello_interval_s = get_u32(l2tp, "hello-interval");
	c->hello_retries = get_u32(l2tp, "hello-retries");
	c->max_tunnels = get_u32(l2tp, "max-tunnels");
	c->max_sessions = get_u32(l2tp, "max-sessions");
	c->sessions = get_sessions(l2tp);
	c->zero_checksum = get_bool(l2tp, "accept-zero-checksum");
	c->setup_rate = get_u32(l2tp, "setup-rate");
	c->max_tunnels_peer = get_u32(l2tp, "max-tunnels-peer");
	c->max_sessions_peer = get_u32(l2tp, "max-sessions-peer");
	c->path_mtu = get_u32(l2tp, "path-mtu");
	c->drain_timeout_s = get_u32(l2tp, "drain-timeout");
	c->auth_timeout_s = get_u32(auth, "timeout");
	c->reauth_interval_s = get_u32(auth, "reauth-interval");
	c->reject_interval_s = get_u32(auth, "reject-interval");
	c->reject_rate_peer = get_u32(auth, "reject-rate-peer");
	read_ncp(c, ncp);
	c->echo_interval_s = get_u32(echo, "interval");
	c->echo_failures = get_u32(echo, "failures");
	read_dataplane(d, l2tp);
	read_names(d, l2tp);
	read_lists(d, l2tp);
	read_auth(d, l2tp);
	read_pool(d, l2tp);
	read_shaper(d, l2tp);
	check_needs(d, ncp);
}

/* Returns the endpoint that answers LACs at an address from first to last; NULL: none. */
static const struct config_listener *listener_in(const struct config *c, uint32_t first,
						 uint32_t last)
{
	for (size_t i = 0; i < c->n_listeners; i++) {
		const uint8_t *b = c->listeners[i].addr.ip;
		uint32_t ip = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
			      b[3];

		if (c->listeners[i].addr.family == 4 && ip >= first && ip <= last)
			return &c->listeners[i];
	}
	return NULL;
}

static void check_user_address(struct yang_doc *d, const struct lyd_node *node, uint32_t ip)
{
	const struct config *c = d->cfg;

	if (ze_ip4_no_host(ip, ip))
		error_at(d, node, ze_ip4_no_host(ip, ip));
	else if (c->has_pool && ip == c->pool.gateway)
		error_at(d, node, "is the gateway of the pool");
	else if (listener_in(c, ip, ip))
		error_at(d, node, "is the address of an l2tp server of this configuration");
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

/* Checks the addresses of subscribers against all others: the pool and the endpoints have been
 * read. */
static void check_addresses(struct yang_doc *d, const struct lyd_node *l2tp)
{
	const struct lyd_node *auth = yang_child(l2tp, "auth"), *pool = yang_child(l2tp, "pool");
	const struct lyd_node *local = auth ? yang_child(auth, "local") : NULL;
	struct owned_address *v = calloc(d->cfg->n_users + 1, sizeof(*v));
	struct lyd_node *u;
	size_t n = 0;

	if (!v) {
		error_at(d, l2tp, "out of memory");
		return;
	}
	LY_LIST_FOR(local ? lyd_child(local) : NULL, u) {
		const struct lyd_node *a = yang_child(u, "address");

		if (!a || n == d->cfg->n_users)
			continue;
		v[n++] = (struct owned_address){ get_ip4(u, "address"), a };
		if (!d->n_fixed++)
			d->fixed_line = yang_pos(d, a).line;
		check_user_address(d, a, v[n - 1].ip);
	}
	check_twice(d, v, n);
	free(v);
	if (d->cfg->has_pool && listener_in(d->cfg, d->cfg->pool.start, d->cfg->pool.end))
		error_at(d, yang_child(pool, "ipv4"),
			 "contains the address of an l2tp server of this configuration");
}

void yang_snapshot(struct yang_doc *d)
{
	struct lyd_node *top;

	d->cfg = config_new();
	if (!d->cfg) {
		yang_error(d, (struct conf_pos){ 1, 1 }, NULL, "out of memory");
		return;
	}
	LY_LIST_FOR(d->root, top) {
		if (strcmp(top->schema->name, "environment") == 0)
			read_environment(d, top);
		else if (strcmp(top->schema->name, "l2tp") == 0)
			read_l2tp(d, top);
	}
	LY_LIST_FOR(d->root, top)
		if (strcmp(top->schema->name, "l2tp") == 0)
			check_addresses(d, top);
}
