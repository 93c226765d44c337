/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/config.h"

#include <stdlib.h>
#include <string.h>

#include "aaa/radius_auth.h"

static const char *const log_levels[] = { "", "error", "warn", "info", "debug", NULL };
static const char *const auth_methods[] = { "none", "pap", "chap-md5", "ms-chap-v2", NULL };
const char *const config_auth_words[] = { "radius", "local", NULL };
const char *const config_signing_words[] = { "auto", "require", "off", NULL };
const char *const config_radius_attrs[] = { "calling-station-id",
					    "nas-port-id",
					    "framed-ip-address",
					    "event-timestamp",
					    "acct-delay-time",
					    "acct-terminate-cause",
					    NULL };
const char *const config_radius_kinds[] = { "access-request",
					    "accounting-start",
					    "accounting-interim",
					    "accounting-stop",
					    "accounting-on",
					    "accounting-off",
					    NULL };
const char *const config_accounting_words[] = { "on", "off", "required", NULL };
static const char *const limit_actions[] = { "", "replace", "deny", NULL };
static const char *const duplicates[] = { "replace", "refuse", NULL };
const char *const config_proxy_lcp_words[] = { "always", "on-mismatch", "never", NULL };
const char *const config_proxy_auth_words[] = { "accept", "again", NULL };
static const char *const needs[] = { "", "required", "wanted", "off", NULL };
const char *const config_dataplane_words[] = { "auto", "kernel", "bpf", NULL };
const char *const config_xdp_words[] = { "auto", "native", "generic", NULL };
static const char *const qdiscs[] = { "tbf", "htb", NULL };

/* clang-format off */

#define AT(member) .offset = offsetof(struct config_listener, member)

static const struct config_row listener_rows[] = {
	{ "name", CONFIG_NAME, CONFIG_RESTART, AT(name) },
	{ "ip",   CONFIG_IP,   CONFIG_RESTART, AT(addr) },
	{ "port", CONFIG_U16,  CONFIG_RESTART, AT(addr.port), .def = "1701" },
};

#undef AT
#define AT(member) .offset = offsetof(struct config_user, member)

static const struct config_row user_rows[] = {
	{ "name",                 CONFIG_STRING, CONFIG_NEXT_LOGIN, AT(name) },
	{ "password",             CONFIG_SECRET, CONFIG_NEXT_LOGIN, AT(password) },
	{ "address",              CONFIG_IP4,    CONFIG_NEXT_LOGIN, AT(address) },
	{ "pool",                 CONFIG_STRING, CONFIG_NEXT_LOGIN, AT(pool) },
	{ "session-limit",        CONFIG_LIMIT,  CONFIG_NEXT_LOGIN, AT(sessions) },
	{ "session-limit-action", CONFIG_WORD,   CONFIG_NEXT_LOGIN, AT(sessions.over), .words = limit_actions },
};

#undef AT
#define AT(member) .offset = offsetof(struct config_radius_exclude, member)

static const struct config_row radius_exclude_rows[] = {
	{ "name",        CONFIG_WORD, CONFIG_NOW, AT(name),  .words = config_radius_attrs },
	{ "packet-type", CONFIG_WORD, CONFIG_NOW, AT(kinds), .count = offsetof(struct config_radius_exclude, n_kinds), .places = RADIUS_KIND__COUNT, .words = config_radius_kinds },
};

#undef AT
#define AT(member) .offset = offsetof(struct pool_cfg, member)

static const struct config_row pool_rows[] = {
	{ "name",          CONFIG_NAME, CONFIG_NOW, AT(name) },
	{ "gateway",       CONFIG_IP4,  CONFIG_NOW, AT(range.gateway) },
	{ "start",         CONFIG_IP4,  CONFIG_NOW, AT(range.start) },
	{ "end",           CONFIG_IP4,  CONFIG_NOW, AT(range.end) },
	{ "next",          CONFIG_NAME, CONFIG_NOW, AT(next) },
	{ "dns-primary",   CONFIG_IP4,  CONFIG_NOW, AT(range.dns[0]) },
	{ "dns-secondary", CONFIG_IP4,  CONFIG_NOW, AT(range.dns[1]) },
	{ "blackhole",     CONFIG_BOOL, CONFIG_NOW, AT(blackhole), .def = "true" },
};

#undef AT
#define AT(member) .offset = offsetof(struct config_radius_server, member)

static const struct config_row radius_server_rows[] = {
	{ "name",                  CONFIG_NAME,   CONFIG_NEXT_LOGIN, AT(name) },
	{ "address",               CONFIG_IP,     CONFIG_NEXT_LOGIN, AT(addr) },
	{ "port",                  CONFIG_U16,    CONFIG_NEXT_LOGIN, AT(addr.port), .def = "1812" },
	{ "acct-port",             CONFIG_U16,    CONFIG_NOW,        AT(acct_port) },
	{ "shared-key",            CONFIG_SECRET, CONFIG_NEXT_LOGIN, AT(secret) },
	{ "message-authenticator", CONFIG_WORD,   CONFIG_NEXT_LOGIN, AT(signing),   .def = "auto", .words = config_signing_words },
};

#undef AT
#define AT(member)      .offset = offsetof(struct config, member)
#define COUNTED(member) .count = offsetof(struct config, member)

static const struct config_table listener = { listener_rows, ZE_ARRAY_SIZE(listener_rows), sizeof(struct config_listener) };
static const struct config_table radius_exclude = { radius_exclude_rows, ZE_ARRAY_SIZE(radius_exclude_rows), sizeof(struct config_radius_exclude) };
static const struct config_table named_pool = { pool_rows, ZE_ARRAY_SIZE(pool_rows), sizeof(struct pool_cfg) };
static const struct config_table radius_server = { radius_server_rows, ZE_ARRAY_SIZE(radius_server_rows), sizeof(struct config_radius_server) };
static const struct config_table user = { user_rows, ZE_ARRAY_SIZE(user_rows), sizeof(struct config_user) };

static const struct config_row config_rows[] = {
	{ "environment/log/level",     CONFIG_WORD, CONFIG_NOW, AT(log_default),      .def = "info", .words = log_levels },
	{ "environment/log/l2tp",      CONFIG_WORD, CONFIG_NOW, AT(log_own[LOG_L2TP]), .words = log_levels },
	{ "environment/log/ppp",       CONFIG_WORD, CONFIG_NOW, AT(log_own[LOG_PPP]),  .words = log_levels },
	{ "environment/log/aaa",       CONFIG_WORD, CONFIG_NOW, AT(log_own[LOG_AAA]),  .words = log_levels },
	{ "environment/log/dataplane", CONFIG_WORD, CONFIG_NOW, AT(log_own[LOG_DP]),   .words = log_levels },
	{ "environment/log/control",   CONFIG_WORD, CONFIG_NOW, AT(log_own[LOG_CTL]),  .words = log_levels },
	{ "environment/l2tp/server",   CONFIG_ENTRY, CONFIG_RESTART, AT(listeners), COUNTED(n_listeners), .places = CONFIG_LISTENERS_MAX, .entry = &listener },

	{ "l2tp/enabled",              CONFIG_BOOL,   CONFIG_RESTART,      AT(l2tp),              .def = "true" },
	{ "l2tp/shared-secret",        CONFIG_SECRET, CONFIG_NEW_TUNNELS,  AT(secret) },
	{ "l2tp/hide-avps",            CONFIG_BOOL,   CONFIG_NEW_TUNNELS,  AT(hide_avps),         .def = "false" },
	{ "l2tp/host-name",            CONFIG_NAME,   CONFIG_NEW_TUNNELS,  AT(host_name) },
	{ "l2tp/auth-method",          CONFIG_WORD,   CONFIG_NEW_SESSIONS, AT(auth_method),       .def = "chap-md5", .words = auth_methods },
	{ "l2tp/allow-no-auth",        CONFIG_BOOL,   CONFIG_NEW_SESSIONS, AT(allow_no_auth),     .def = "false" },
	{ "l2tp/hello-interval",       CONFIG_U32,    CONFIG_NEW_TUNNELS,  AT(hello_interval_s),  .def = "60", .unit = "seconds" },
	{ "l2tp/hello-retries",        CONFIG_U32,    CONFIG_NOW,          AT(hello_retries),     .def = "2" },
	{ "l2tp/max-tunnels",          CONFIG_U32,    CONFIG_NEW_TUNNELS,  AT(max_tunnels),       .def = "1024" },
	{ "l2tp/max-sessions",         CONFIG_U32,    CONFIG_NEW_SESSIONS, AT(max_sessions),      .def = "1024" },
	{ "l2tp/session-limit",        CONFIG_LIMIT,  CONFIG_NEXT_LOGIN,   AT(sessions),          .def = "16" },
	{ "l2tp/session-limit-action", CONFIG_WORD,   CONFIG_NEXT_LOGIN,   AT(sessions.over),     .words = limit_actions },
	{ "l2tp/setup-rate",           CONFIG_U32,    CONFIG_NEW_TUNNELS,  AT(setup_rate),        .def = "200", .unit = "1/second" },
	{ "l2tp/max-tunnels-peer",     CONFIG_U32,    CONFIG_NEW_TUNNELS,  AT(max_tunnels_peer),  .def = "256" },
	{ "l2tp/max-sessions-peer",    CONFIG_U32,    CONFIG_NEW_SESSIONS, AT(max_sessions_peer), .def = "32768" },
	{ "l2tp/path-mtu",             CONFIG_U32,    CONFIG_NEW_SESSIONS, AT(path_mtu),          .def = "1500", .unit = "octets" },
	{ "l2tp/accept-zero-checksum", CONFIG_BOOL,   CONFIG_NOW,          AT(zero_checksum),     .def = "false" },
	{ "l2tp/allow-from",           CONFIG_PREFIX, CONFIG_NEW_TUNNELS,  AT(allow_from),        COUNTED(n_allow_from) },
	{ "l2tp/allow-host-name",      CONFIG_STRING, CONFIG_NEW_TUNNELS,  AT(allow_host_name),   COUNTED(n_allow_host_name) },
	{ "l2tp/dataplane",            CONFIG_WORD,   CONFIG_RESTART,      AT(dataplane),         .def = "auto", .words = config_dataplane_words },
	{ "l2tp/bpf/uplink",           CONFIG_IFNAME, CONFIG_RESTART,      AT(bpf.uplink),        COUNTED(bpf.n_uplink), .places = CONFIG_PORTS_MAX },
	{ "l2tp/bpf/core",             CONFIG_IFNAME, CONFIG_RESTART,      AT(bpf.core),          COUNTED(bpf.n_core), .places = CONFIG_PORTS_MAX },
	{ "l2tp/bpf/xdp-mode",         CONFIG_WORD,   CONFIG_RESTART,      AT(bpf.xdp),           .def = "auto", .words = config_xdp_words },
	{ "l2tp/bpf/outer-df",         CONFIG_BOOL,   CONFIG_NOW,          AT(bpf.outer_df),      .def = "false" },
	{ "l2tp/drain-timeout",        CONFIG_U32,    CONFIG_NOW,          AT(drain_timeout_s),   .def = "5", .unit = "seconds" },

	{ "l2tp/authentication/timeout",          CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(auth_timeout_s),    .def = "30", .unit = "seconds" },
	{ "l2tp/authentication/reauth-interval",  CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(reauth_interval_s), .def = "0",  .unit = "seconds" },
	{ "l2tp/authentication/reject-interval",  CONFIG_U32,  CONFIG_NEXT_LOGIN,   AT(reject_interval_s), .def = "2",  .unit = "seconds" },
	{ "l2tp/authentication/reject-rate-peer", CONFIG_U32,  CONFIG_NEXT_LOGIN,   AT(reject_rate_peer),  .def = "50", .unit = "1/second" },
	{ "l2tp/proxy/lcp",                       CONFIG_WORD, CONFIG_NEW_SESSIONS, AT(proxy_lcp),         .def = "always", .words = config_proxy_lcp_words },
	{ "l2tp/proxy/auth",                      CONFIG_WORD, CONFIG_NEW_SESSIONS, AT(proxy_auth),        .def = "accept", .words = config_proxy_auth_words },
	{ "l2tp/ncp/enable-ipcp",                 CONFIG_BOOL, CONFIG_NEW_SESSIONS, AT(enable_ipcp),       .def = "true" },
	{ "l2tp/ncp/enable-ipv6cp",               CONFIG_BOOL, CONFIG_NEW_SESSIONS, AT(enable_ipv6cp),     .def = "true" },
	{ "l2tp/ncp/ipv4",                        CONFIG_WORD, CONFIG_NEW_SESSIONS, AT(need_ipv4),         .words = needs },
	{ "l2tp/ncp/ipv6",                        CONFIG_WORD, CONFIG_NEW_SESSIONS, AT(need_ipv6),         .words = needs },
	{ "l2tp/ncp/timeout",                     CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(ncp_timeout_s),     .def = "30", .unit = "seconds" },
	{ "l2tp/lcp-echo/interval",               CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(echo_interval_s),   .def = "10", .unit = "seconds" },
	{ "l2tp/lcp-echo/failures",               CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(echo_failures),     .def = "3" },

	{ "l2tp/session/session-timeout",         CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(session_timeout_s), .def = "0",  .unit = "seconds" },
	{ "l2tp/session/idle-timeout",            CONFIG_U32,  CONFIG_NEW_SESSIONS, AT(idle_timeout_s),    .def = "0",  .unit = "seconds" },

	{ "l2tp/auth/order",                 CONFIG_WORD,   CONFIG_NEXT_LOGIN, AT(auth_sources),     COUNTED(n_auth_sources), .places = CONFIG_AUTH__COUNT, .ordered = true, .words = config_auth_words },
	{ "l2tp/auth/radius/nas-identifier", CONFIG_STRING, CONFIG_NEXT_LOGIN, AT(radius.nas_id) },
	{ "l2tp/auth/radius/nas-port-id",    CONFIG_STRING, CONFIG_NEW_SESSIONS, AT(radius.port_id),   .def = "l2tp:{tunnel-id}/{session-id}" },
	{ "l2tp/auth/radius/source-address", CONFIG_IP,     CONFIG_NEXT_LOGIN, AT(radius.source) },
	{ "l2tp/auth/radius/timeout",        CONFIG_U32,    CONFIG_NEXT_LOGIN, AT(radius.timeout_s), .def = "3", .unit = "seconds" },
	{ "l2tp/auth/radius/retries",        CONFIG_U32,    CONFIG_NEXT_LOGIN, AT(radius.retries),   .def = "3" },
	{ "l2tp/auth/radius/attributes/exclude", CONFIG_ENTRY, CONFIG_NOW, AT(radius.excludes), COUNTED(radius.n_excludes), .places = RADIUS_OPT__COUNT, .entry = &radius_exclude },
	{ "l2tp/auth/radius/accounting",     CONFIG_WORD,   CONFIG_NOW,        AT(radius.accounting), .def = "on", .words = config_accounting_words },
	{ "l2tp/auth/radius/acct-interval",  CONFIG_U32,    CONFIG_NEW_SESSIONS, AT(radius.acct_interval_s), .def = "300", .unit = "seconds" },
	{ "l2tp/auth/radius/coa-port",                      CONFIG_U16,  CONFIG_NOW, AT(radius.coa_port) },
	{ "l2tp/auth/radius/require-event-timestamp",       CONFIG_BOOL, CONFIG_NOW, AT(radius.coa_timestamp), .def = "true" },
	{ "l2tp/auth/radius/require-message-authenticator", CONFIG_BOOL, CONFIG_NOW, AT(radius.coa_signature), .def = "false" },
	{ "l2tp/auth/radius/server",         CONFIG_ENTRY,  CONFIG_NEXT_LOGIN, AT(radius.servers),   COUNTED(radius.n_servers), .places = RADIUS_SERVERS_MAX, .ordered = true, .entry = &radius_server },

	{ "l2tp/auth/local/user",         CONFIG_ENTRY, CONFIG_NEXT_LOGIN,   AT(users), COUNTED(n_users), .entry = &user },
	{ "l2tp/pool/ipv4/gateway",       CONFIG_IP4,   CONFIG_NOW,          AT(pool.gateway) },
	{ "l2tp/pool/ipv4/start",         CONFIG_IP4,   CONFIG_NOW,          AT(pool.start) },
	{ "l2tp/pool/ipv4/end",           CONFIG_IP4,   CONFIG_NOW,          AT(pool.end) },
	{ "l2tp/pool/ipv4/next",          CONFIG_NAME,  CONFIG_NOW,          AT(pool_next) },
	{ "l2tp/pool/ipv4/dns-primary",   CONFIG_IP4,   CONFIG_NOW,          AT(pool.dns[0]) },
	{ "l2tp/pool/ipv4/dns-secondary", CONFIG_IP4,   CONFIG_NOW,          AT(pool.dns[1]) },
	{ "l2tp/pool/ipv4/blackhole",     CONFIG_BOOL,  CONFIG_NOW,          AT(pool_blackhole), .def = "true" },
	{ "l2tp/pool/ipv4-named",         CONFIG_ENTRY, CONFIG_NOW,          AT(named_pools), COUNTED(n_named_pools), .entry = &named_pool },
	{ "l2tp/pool/duplicate-address",  CONFIG_WORD,  CONFIG_NEXT_LOGIN,   AT(duplicate),      .def = "replace", .words = duplicates },
	{ "l2tp/shaper/qdisc-type",       CONFIG_WORD,  CONFIG_NEW_SESSIONS, AT(shape.qdisc),    .def = "tbf", .words = qdiscs },
	{ "l2tp/shaper/default-rate",     CONFIG_RATE,  CONFIG_NEW_SESSIONS, AT(shape.down_bps) },
	{ "l2tp/shaper/upload-rate",      CONFIG_RATE,  CONFIG_NEW_SESSIONS, AT(shape.up_bps) },
};

#undef AT
#undef COUNTED
/* clang-format on */

const struct config_table config_table = { config_rows, ZE_ARRAY_SIZE(config_rows),
					   sizeof(struct config) };

struct config *config_new(void)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	if (config_table_init(&config_table, c) < 0) {
		config_unref(c);
		return NULL;
	}
	c->l2tp = false; /* there is no l2tp {} yet */
	strcpy(c->machine_name, "ze");
	return c;
}

struct aaa_local *config_local_users(const struct config *c)
{
	struct aaa_local_user *u = calloc(c->n_users + 1, sizeof(*u));
	struct aaa_local *l;

	if (!u)
		return NULL;
	for (size_t i = 0; i < c->n_users; i++)
		u[i] = (struct aaa_local_user){ .name = c->users[i].name,
						.password = c->users[i].password,
						.address = c->users[i].address,
						.pool = c->users[i].pool,
						.sessions = c->users[i].sessions };
	l = aaa_local_new(u, c->n_users);
	free(u);
	return l;
}

struct config *config_ref(struct config *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void config_unref(struct config *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	config_table_done(&config_table, c);
	free(c);
}

enum log_level config_log_level(const struct config *c, enum log_sub sub)
{
	return (enum log_level)((c->log_own[sub] ? c->log_own[sub] : c->log_default) - 1);
}

const char *config_host_name(const struct config *c)
{
	return c->host_name[0] ? c->host_name : c->machine_name;
}

bool config_accounts(const struct config *c)
{
	return c->radius.n_servers && c->radius.accounting != CONFIG_ACCOUNTING_OFF;
}

bool config_ipcp(const struct config *c)
{
	return c->enable_ipcp && c->need_ipv4 != CONFIG_NEED_OFF;
}

bool config_ipv6cp(const struct config *c)
{
	return c->enable_ipv6cp && c->need_ipv6 != CONFIG_NEED_OFF;
}

struct pool_cfg *config_pools(const struct config *c, size_t *ret_n)
{
	struct pool_cfg *v = calloc(c->n_named_pools + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return NULL;
	if (c->has_pool) {
		v[n] = (struct pool_cfg){ .name = POOLS_DEFAULT,
					  .range = c->pool,
					  .blackhole = c->pool_blackhole };
		memcpy(v[n++].next, c->pool_next, sizeof(c->pool_next));
	}
	for (size_t i = 0; i < c->n_named_pools; i++)
		v[n++] = c->named_pools[i];
	*ret_n = n;
	return v;
}

bool config_is_gateway(const struct config *c, uint32_t ip)
{
	if (c->has_pool && c->pool.gateway == ip)
		return true;
	for (size_t i = 0; i < c->n_named_pools; i++)
		if (c->named_pools[i].range.gateway == ip)
			return true;
	return false;
}

struct shape_plan config_shape(const struct config *c)
{
	struct shape_plan p = c->shape;

	if (!p.up_bps)
		p.up_bps = p.down_bps;
	return p;
}

size_t config_auth_order(const struct config *c, enum config_auth ret[static CONFIG_AUTH__COUNT])
{
	ret[0] = c->radius.n_servers ? CONFIG_AUTH_RADIUS : CONFIG_AUTH_LOCAL;
	if (!c->n_auth_sources)
		return 1;
	memcpy(ret, c->auth_sources, c->n_auth_sources * sizeof(*ret));
	return c->n_auth_sources;
}

size_t config_handlers(const struct config *c, const char *ret[static CONFIG_AUTH__COUNT])
{
	enum config_auth order[CONFIG_AUTH__COUNT];
	size_t n = config_auth_order(c, order);

	for (size_t i = 0; i < n; i++)
		ret[i] = order[i] == CONFIG_AUTH_RADIUS ? AAA_RADIUS_NAME : AAA_LOCAL_NAME;
	return n;
}

const struct config_radius_server *config_server_in(const struct config *c,
						    const struct ze_prefix *p)
{
	for (size_t i = 0; i < c->radius.n_servers; i++)
		if (ze_prefix_has(p, &c->radius.servers[i].addr))
			return &c->radius.servers[i];
	return NULL;
}

uint16_t config_acct_port(const struct config_radius_server *s)
{
	return s->acct_port ? s->acct_port : (uint16_t)(s->addr.port + 1);
}

struct radius_nas config_radius_nas(const struct config *c)
{
	const char *id = c->radius.nas_id;
	struct radius_nas nas = { .address = c->radius.source, .port_id = c->radius.port_id };

	if (!id && !c->radius.source.family)
		id = config_host_name(c);
	nas.identifier = span_str(id);
	for (size_t i = 0; i < c->radius.n_excludes; i++) {
		const struct config_radius_exclude *x = &c->radius.excludes[i];

		for (size_t k = 0; k < x->n_kinds; k++)
			nas.exclude.kinds[x->name] |= (uint8_t)(1u << x->kinds[k]);
	}
	return nas;
}
