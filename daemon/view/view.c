/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/view/view.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/base/json.h"
#include "daemon/core/snapshot.h"
#include "daemon/view/view_priv.h"

void view_time(struct json *j, const char *key, const struct view_clock *c, ze_ns at)
{
	int64_t ns = c->wall_ns - (c->now - at);
	time_t s = (time_t)(ns / ZE_SEC(1));
	struct tm tm;
	char day[32], text[64];

	json_key(j, key);
	if (at == 0 || !gmtime_r(&s, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm)) {
		json_nil(j);
		return;
	}
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(ns / ZE_MS(1) % 1000));
	json_str(j, text);
}

static void view_kaddr(struct json *j, const char *key, const struct ze_addr *a)
{
	char text[ZE_ADDR_TEXT];

	json_kstr(j, key, ze_addr_text(a, text));
}

void view_summary(const struct snapshot *snap, const struct view_clock *c, struct json *j)
{
	const struct snapshot_summary *s = &snap->summary;

	json_obj(j);
	json_ku64(j, "tunnel-count", s->tunnels);
	json_ku64(j, "session-count", s->sessions_starting + s->sessions_established);
	json_ku64(j, "listener-count", s->listeners);
	json_ku64(j, "tunnels-established", s->tunnels_established);
	json_ku64(j, "sessions-starting", s->sessions_starting);
	json_ku64(j, "sessions-established", s->sessions_established);
	json_ku64(j, "sessions-finishing", s->sessions_finishing);
	json_kstr(j, "dataplane", s->dataplane);
	json_kbool(j, "draining", s->draining);
	json_kstr(j, "handover", s->handover_off ? "off" : "on");
	if (s->handover_off)
		json_kstr(j, "handover-off-because", s->handover_off);
	if (s->hardening)
		json_kstr(j, "hardening", s->hardening);
	view_time(j, "started-at", c, s->started);
	view_time(j, "resumed-at", c, s->restored);
	json_ku64(j, "tunnels-resumed", s->tunnels_restored);
	json_ku64(j, "sessions-resumed", s->sessions_restored);
	view_time(j, "captured-at", c, snap->at);
	json_obj_end(j);
}

/* ---- tunnels ---- */

static void tunnel_members(const struct snapshot_tunnel_row *t, const struct view_clock *c,
			   struct json *j)
{
	json_ku64(j, "local-tid", t->tid);
	json_ku64(j, "remote-tid", t->peer_tid);
	view_kaddr(j, "peer", &t->peer);
	json_kspan(j, "peer-hostname", span_of(t->peer_host, t->peer_host_len));
	json_kstr(j, "state", t->state);
	json_ku64(j, "session-count", t->sessions);
	view_time(j, "created-at", c, t->created);
	view_time(j, "last-activity", c, t->last_activity);
	json_ku64(j, "max-sessions", t->max_sessions);
}

void view_tunnels(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	json_arr(j);
	for (size_t i = 0; i < s->tunnels.n; i++) {
		json_obj(j);
		tunnel_members(&s->tunnels.v[i], c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void framing(struct json *j, const char *key, bool async, bool sync)
{
	json_key(j, key);
	json_arr(j);
	if (async)
		json_str(j, "async");
	if (sync)
		json_str(j, "sync");
	json_arr_end(j);
}

static void tunnel_peer(const struct snapshot_tunnel *t, struct json *j)
{
	char version[16];

	json_key(j, "peer-capabilities");
	json_obj(j);
	snprintf(version, sizeof(version), "%u.%u", t->peer.version_major, t->peer.version_minor);
	json_kstr(j, "protocol-version", version);
	json_kspan(j, "vendor-name", span_of(t->peer.vendor, t->peer.vendor_len));
	if (t->peer.has_firmware)
		json_ku64(j, "firmware-revision", t->peer.firmware);
	framing(j, "framing", t->peer.async, t->peer.sync);
	json_ku64(j, "bearer", t->peer.bearer);
	json_ku64(j, "receive-window-size", t->peer.window);
	json_obj_end(j);
}

static void tunnel_channel(const struct snapshot_tunnel *t, struct json *j)
{
	json_key(j, "channel");
	json_obj(j);
	json_ku64(j, "ns", t->channel.ns);
	json_ku64(j, "nr", t->channel.nr);
	json_ku64(j, "unacknowledged", t->channel.unacknowledged);
	json_ku64(j, "queued", t->channel.queued);
	json_ku64(j, "window", t->channel.window);
	json_ku64(j, "peer-window", t->channel.peer_window);
	json_ku64(j, "retransmissions", t->channel.retransmissions);
	json_obj_end(j);
}

/* Writes the lines of a text that are not empty as an array. */
static void text_lines(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_arr(j);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (n)
			json_span(j, span_of(text, n));
	}
	json_arr_end(j);
}

void view_tunnel(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	const struct snapshot_tunnel *t = &s->tunnel;

	json_obj(j);
	tunnel_members(&t->row, c, j);
	view_kaddr(j, "local", &t->local);
	view_time(j, "established-at", c, t->established);
	view_time(j, "last-liveness", c, t->last_liveness);
	view_time(j, "resumed-at", c, t->restored);
	json_kbool(j, "authenticated", t->authenticated);
	json_ku64(j, "hello-interval", t->hello_interval_s);
	json_ku64(j, "hello-retries", t->hello_retries);
	tunnel_peer(t, j);
	tunnel_channel(t, j);
	json_key(j, "sessions");
	json_arr(j);
	for (size_t i = 0; i < t->n_sids; i++)
		json_u64(j, t->sids[i]);
	json_arr_end(j);
	text_lines(j, "transitions", t->steps);
	json_obj_end(j);
}

/* ---- the rest ---- */

static void message_counts(const struct snapshot_counters *c, bool rx, struct json *j)
{
	json_key(j, rx ? "messages-received" : "messages-sent");
	json_obj(j);
	for (unsigned i = 0; i < L2TP_MSG__COUNT; i++) {
		uint64_t n = rx ? c->messages[i].rx : c->messages[i].tx;

		if (n)
			json_ku64(j, c->messages[i].name, n);
	}
	json_obj_end(j);
}

static void reason_counts(const struct snapshot_counters *c, struct json *j)
{
	json_key(j, "refused");
	json_obj(j);
	for (unsigned i = 1; i < REASON__COUNT; i++)
		if (c->reasons[i])
			json_ku64(j, reason_name((enum reason)i), c->reasons[i]);
	json_obj_end(j);
}

static void pool_counts(const struct snapshot_counters *c, struct json *j)
{
	if (!c->has_pool)
		return;
	json_key(j, "pool-ipv4");
	json_obj(j);
	json_ku64(j, "used", c->pool_used);
	json_ku64(j, "size", c->pool_size);
	json_obj_end(j);
}

/* The member is left out while no counters have been read. */
static void traffic_of_all(const struct snapshot_traffic *t, const struct view_clock *c,
			   struct json *j)
{
	if (!t->known)
		return;
	json_key(j, "traffic");
	json_obj(j);
	view_time(j, "as-of", c, t->as_of);
	json_ku64(j, "sessions", t->sessions);
	view_stats_members(&t->st, j);
	json_obj_end(j);
}

void view_counters(const struct snapshot *snap, const struct view_clock *c, struct json *j)
{
	const struct snapshot_counters *s = &snap->counters;

	json_obj(j);
	json_ku64(j, "tunnels", s->tunnels);
	json_ku64(j, "tunnels-half-open", s->tunnels_half_open);
	json_ku64(j, "tunnels-established", s->tunnels_established);
	json_ku64(j, "tunnels-up-total", s->tunnels_up);
	json_ku64(j, "tunnels-down-total", s->tunnels_down);
	json_ku64(j, "sessions-starting", s->sessions_starting);
	json_ku64(j, "sessions-established", s->sessions_established);
	json_ku64(j, "sessions-finishing", s->sessions_finishing);
	json_ku64(j, "sessions-up-total", s->sessions_up);
	json_ku64(j, "sessions-down-total", s->sessions_down);
	json_ku64(j, "auth-accepted", s->auth_accepts);
	json_ku64(j, "auth-rejected", s->auth_rejects);
	json_ku64(j, "auth-rejects-delayed", s->rejects_delayed);
	json_ku64(j, "auth-rejects-pending", s->rejects_pending);
	json_ku64(j, "auth-rejects-withheld", s->rejects_withheld);
	json_ku64(j, "auth-not-asked", s->logins_unasked);
	json_ku64(j, "auth-unavailable", s->auth_unavailable);
	json_ku64(j, "reauth-unavailable", s->reauths_unavailable);
	json_ku64(j, "auth-failed", s->auth_failures);
	json_ku64(j, "session-limit-denied", s->session_limited);
	json_ku64(j, "sessions-replaced", s->sessions_replaced);
	json_ku64(j, "addresses-refused", s->addresses_refused);
	json_ku64(j, "pools-unknown", s->pools_unknown);
	json_ku64(j, "datagrams-received", s->rx_datagrams);
	json_ku64(j, "datagrams-sent", s->tx_datagrams);
	json_ku64(j, "datagrams-send-failed", s->tx_failed);
	json_ku64(j, "datagrams-receive-failed", s->net.rx_failed);
	json_ku64(j, "datagrams-truncated", s->net.rx_truncated);
	json_ku64(j, "ppp-frames-received", s->rx_data);
	json_ku64(j, "ppp-frames-sent", s->tx_data);
	json_ku64(j, "sends-lost", s->sends_lost);
	json_ku64(j, "avps-ignored", s->avps_ignored);
	json_ku64(j, "log-lines-lost", s->log_lost);
	json_ku64(j, "log-lines-suppressed", s->log_suppressed);
	traffic_of_all(&s->traffic, c, j);
	message_counts(s, true, j);
	message_counts(s, false, j);
	reason_counts(s, j);
	pool_counts(s, j);
	json_obj_end(j);
}

void view_listeners(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	const struct config *boot = s->config.boot;
	char text[ZE_ADDR_TEXT];

	(void)c;
	json_arr(j);
	for (size_t i = 0; i < boot->n_listeners; i++) {
		const struct config_listener *l = &boot->listeners[i];

		json_obj(j);
		json_kstr(j, "name", l->name);
		ze_ip_text(&l->addr, text);
		json_kstr(j, "address", text);
		json_ku64(j, "port", l->addr.port);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void view_kip4(struct json *j, const char *key, uint32_t ip)
{
	char text[ZE_ADDR_TEXT];

	if (ip)
		json_kstr(j, key, ze_ip4_text(ip, text));
}

static void config_lists(const struct config *c, struct json *j)
{
	char text[ZE_ADDR_TEXT], prefix[ZE_ADDR_TEXT + 4];

	json_key(j, "allow-from");
	json_arr(j);
	for (size_t i = 0; i < c->n_allow_from; i++) {
		snprintf(prefix, sizeof(prefix), "%s/%u",
			 ze_addr_text(&c->allow_from[i].addr, text), c->allow_from[i].len);
		json_str(j, prefix);
	}
	json_arr_end(j);
	json_key(j, "allow-host-name");
	json_arr(j);
	for (size_t i = 0; i < c->n_allow_host_name; i++)
		json_str(j, c->allow_host_name[i]);
	json_arr_end(j);
}

static void config_radius_server(const struct config_radius_server *r, struct json *j)
{
	char text[ZE_ADDR_TEXT];

	json_obj(j);
	json_kstr(j, "name", r->name);
	ze_ip_text(&r->addr, text);
	json_kstr(j, "address", text);
	json_ku64(j, "port", r->addr.port);
	json_ku64(j, "acct-port", config_acct_port(r));
	json_kstr(j, "shared-key", "<set>");
	json_kstr(j, "message-authenticator", config_signing_words[r->signing]);
	json_obj_end(j);
}

static void config_radius_exclude(const struct config_radius_exclude *x, struct json *j)
{
	json_obj(j);
	json_kstr(j, "name", config_radius_attrs[x->name]);
	json_key(j, "packet-type");
	json_arr(j);
	for (size_t i = 0; i < x->n_kinds; i++)
		json_str(j, config_radius_kinds[x->kinds[i]]);
	json_arr_end(j);
	json_obj_end(j);
}

static void config_radius(const struct config_radius *r, struct json *j)
{
	char text[ZE_ADDR_TEXT];

	json_key(j, "radius");
	json_obj(j);
	if (r->nas_id)
		json_kstr(j, "nas-identifier", r->nas_id);
	json_kstr(j, "nas-port-id", r->port_id);
	if (r->source.family) {
		ze_ip_text(&r->source, text);
		json_kstr(j, "source-address", text);
	}
	json_ku64(j, "timeout", r->timeout_s);
	json_ku64(j, "retries", r->retries);
	json_kstr(j, "accounting", config_accounting_words[r->accounting]);
	json_ku64(j, "acct-interval", r->acct_interval_s);
	if (r->coa_port)
		json_ku64(j, "coa-port", r->coa_port);
	json_kbool(j, "require-event-timestamp", r->coa_timestamp);
	json_kbool(j, "require-message-authenticator", r->coa_signature);
	if (r->n_excludes) {
		json_key(j, "attributes");
		json_obj(j);
		json_key(j, "exclude");
		json_arr(j);
		for (size_t i = 0; i < r->n_excludes; i++)
			config_radius_exclude(&r->excludes[i], j);
		json_arr_end(j);
		json_obj_end(j);
	}
	json_key(j, "server");
	json_arr(j);
	for (size_t i = 0; i < r->n_servers; i++)
		config_radius_server(&r->servers[i], j);
	json_arr_end(j);
	json_obj_end(j);
}

static void config_auth(const struct config *c, struct json *j)
{
	enum config_auth order[CONFIG_AUTH__COUNT];
	size_t n = config_auth_order(c, order);

	json_key(j, "auth");
	json_obj(j);
	json_key(j, "order");
	json_arr(j);
	for (size_t i = 0; i < n; i++)
		json_str(j, config_auth_words[order[i]]);
	json_arr_end(j);
	if (c->radius.n_servers)
		config_radius(&c->radius, j);
	json_obj_end(j);
}

struct shown_pool {
	const struct addrpool_cfg *range;
	const char *next;
	bool blackhole;
};

static void pool_members(const struct shown_pool *p, struct json *j)
{
	view_kip4(j, "gateway", p->range->gateway);
	view_kip4(j, "start", p->range->start);
	view_kip4(j, "end", p->range->end);
	if (*p->next)
		json_kstr(j, "next", p->next);
	json_kbool(j, "blackhole", p->blackhole);
	view_kip4(j, "dns-primary", p->range->dns[0]);
	view_kip4(j, "dns-secondary", p->range->dns[1]);
}

static void named_pools(const struct config *c, struct json *j)
{
	json_key(j, "ipv4-named");
	json_arr(j);
	for (size_t i = 0; i < c->n_named_pools; i++) {
		const struct pool_cfg *p = &c->named_pools[i];

		json_obj(j);
		json_kstr(j, "name", p->name);
		pool_members(&(struct shown_pool){ &p->range, p->next, p->blackhole }, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

void view_pools(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	(void)c;
	json_arr(j);
	for (size_t i = 0; i < s->pools.n; i++) {
		const struct snapshot_pool *p = &s->pools.v[i];

		json_obj(j);
		json_kstr(j, "name", p->cfg.name);
		json_ku64(j, "size", p->size);
		json_ku64(j, "used", p->used);
		json_ku64(j, "free", p->size - p->used - p->reserved);
		json_ku64(j, "reserved", p->reserved);
		json_ku64(j, "high-water", p->peak);
		json_ku64(j, "refused", p->refused);
		json_ku64(j, "waiting", p->waiting);
		view_kip4(j, "start", p->cfg.range.start);
		view_kip4(j, "end", p->cfg.range.end);
		view_kip4(j, "gateway", p->cfg.range.gateway);
		json_kstr(j, "next", p->cfg.next);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void config_pool(const struct config *c, struct json *j)
{
	json_key(j, "pool");
	json_obj(j);
	json_kstr(j, "duplicate-address",
		  c->duplicate == CONFIG_DUPLICATE_REFUSE ? "refuse" : "replace");
	if (c->has_pool) {
		json_key(j, "ipv4");
		json_obj(j);
		pool_members(&(struct shown_pool){ &c->pool, c->pool_next, c->pool_blackhole }, j);
		json_obj_end(j);
	}
	if (c->n_named_pools)
		named_pools(c, j);
	json_obj_end(j);
}

static void config_shaper(const struct snapshot_config *c, struct json *j)
{
	if (!c->in_force->shape.down_bps)
		return;
	json_key(j, "shaper");
	json_obj(j);
	json_kstr(j, "qdisc-type", c->qdisc);
	json_kstr(j, "default-rate", c->down_rate);
	json_kstr(j, "upload-rate", c->up_rate);
	json_obj_end(j);
}

static void names(struct json *j, const char *key, const char (*v)[16], size_t n)
{
	json_key(j, key);
	json_arr(j);
	for (size_t i = 0; i < n; i++)
		json_str(j, v[i]);
	json_arr_end(j);
}

/* Shows the configured value; the summary names the data plane that `auto` has chosen. */
static void config_dataplane(const struct config *c, bool outer_df, struct json *j)
{
	json_kstr(j, "dataplane", config_dataplane_words[c->dataplane]);
	json_key(j, "bpf");
	json_obj(j);
	names(j, "uplink", c->bpf.uplink, c->bpf.n_uplink);
	names(j, "core", c->bpf.core, c->bpf.n_core);
	json_kstr(j, "xdp-mode", config_xdp_words[c->bpf.xdp]);
	json_kbool(j, "outer-df", outer_df);
	json_obj_end(j);
}

static const char *need_name(bool enabled, enum config_need need)
{
	static const char *const words[] = { "auto", "required", "wanted" };

	return enabled ? words[need] : "off";
}

static const char *over_limit_name(enum profile_over_limit over)
{
	static const char *const words[] = { "auto", "replace", "deny" };

	return words[over];
}

static void config_proxy(const struct config *c, struct json *j)
{
	json_key(j, "proxy");
	json_obj(j);
	json_kstr(j, "lcp", config_proxy_lcp_words[c->proxy_lcp]);
	json_kstr(j, "auth", config_proxy_auth_words[c->proxy_auth]);
	json_obj_end(j);
}

static void config_ppp(const struct config *c, struct json *j)
{
	json_key(j, "authentication");
	json_obj(j);
	json_ku64(j, "timeout", c->auth_timeout_s);
	json_ku64(j, "reauth-interval", c->reauth_interval_s);
	json_ku64(j, "reject-interval", c->reject_interval_s);
	json_ku64(j, "reject-rate-peer", c->reject_rate_peer);
	json_obj_end(j);
	config_proxy(c, j);
	json_key(j, "ncp");
	json_obj(j);
	json_kbool(j, "enable-ipcp", config_ipcp(c));
	json_kbool(j, "enable-ipv6cp", config_ipv6cp(c));
	json_kstr(j, "ipv4", need_name(config_ipcp(c), c->need_ipv4));
	json_kstr(j, "ipv6", need_name(config_ipv6cp(c), c->need_ipv6));
	json_ku64(j, "timeout", c->ncp_timeout_s);
	json_obj_end(j);
	json_key(j, "lcp-echo");
	json_obj(j);
	json_ku64(j, "interval", c->echo_interval_s);
	json_ku64(j, "failures", c->echo_failures);
	json_obj_end(j);
	json_key(j, "session");
	json_obj(j);
	json_ku64(j, "session-timeout", c->session_timeout_s);
	json_ku64(j, "idle-timeout", c->idle_timeout_s);
	json_obj_end(j);
}

void view_config(const struct snapshot *s, const struct view_clock *clock, struct json *j)
{
	const struct config *c = s->config.in_force, *boot = s->config.boot;

	(void)clock;
	json_obj(j);
	json_kbool(j, "enabled", c->l2tp);
	json_kstr(j, "shared-secret", c->secret ? "<set>" : "<unset>");
	json_kbool(j, "hide-avps", c->hide_avps);
	json_kstr(j, "host-name", config_host_name(c));
	json_kstr(j, "auth-method", s->config.auth_method);
	json_kbool(j, "allow-no-auth", c->allow_no_auth);
	json_ku64(j, "hello-interval", c->hello_interval_s);
	json_ku64(j, "hello-retries", c->hello_retries);
	json_ku64(j, "max-tunnels", c->max_tunnels);
	json_ku64(j, "max-sessions", c->max_sessions);
	json_ku64(j, "session-limit", c->sessions.limit);
	json_kstr(j, "session-limit-action", over_limit_name(c->sessions.over));
	json_ku64(j, "setup-rate", c->setup_rate);
	json_ku64(j, "max-tunnels-peer", c->max_tunnels_peer);
	json_ku64(j, "max-sessions-peer", c->max_sessions_peer);
	json_ku64(j, "path-mtu", c->path_mtu);
	json_kbool(j, "accept-zero-checksum", c->zero_checksum);
	json_ku64(j, "drain-timeout", c->drain_timeout_s);
	config_lists(c, j);
	config_ppp(c, j);
	config_auth(c, j);
	json_ku64(j, "local-users", c->n_users);
	config_pool(c, j);
	config_shaper(&s->config, j);
	config_dataplane(boot, c->bpf.outer_df, j);
	json_obj_end(j);
}
