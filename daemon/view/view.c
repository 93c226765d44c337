/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/view/view.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/base/json.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/turn.h"
#include "daemon/view/view_priv.h"
#include "shaping/rate.h"
#include "ppp/auth.h"

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

static void kaddr(struct json *j, const char *key, const struct ze_addr *a)
{
	char text[ZE_ADDR_TEXT];

	json_kstr(j, key, ze_addr_text(a, text));
}

static unsigned live_tunnels(const struct engine *e)
{
	return e->n_half_open + e->n_established;
}

/* Whether a restart keeps everybody connected. */
static void handover(const struct engine *e, struct json *j)
{
	const struct ports *p = &e->ports;
	const char *why = p->journal ? p->journal->why_off(p->journal_self) :
				       "this data plane ends with the process";

	json_kstr(j, "handover", why ? "off" : "on");
	if (why)
		json_kstr(j, "handover-off-because", why);
}

void view_summary(const struct engine *e, const struct view_clock *c, struct json *j)
{
	json_obj(j);
	json_ku64(j, "tunnel-count", live_tunnels(e));
	json_ku64(j, "session-count",
		  e->n_subscribers[SUB_STARTING] + e->n_subscribers[SUB_ESTABLISHED]);
	json_ku64(j, "listener-count", e->boot->n_listeners);
	json_ku64(j, "tunnels-established", e->n_established);
	json_ku64(j, "sessions-starting", e->n_subscribers[SUB_STARTING]);
	json_ku64(j, "sessions-established", e->n_subscribers[SUB_ESTABLISHED]);
	json_ku64(j, "sessions-finishing", e->n_subscribers[SUB_FINISHING]);
	json_kstr(j, "dataplane", e->ports.dp->name);
	json_kbool(j, "draining", e->draining);
	handover(e, j);
	if (e->hardening)
		json_kstr(j, "hardening", e->hardening);
	view_time(j, "started-at", c, e->started);
	view_time(j, "resumed-at", c, e->resumed);
	json_ku64(j, "tunnels-resumed", e->resumed_tunnels);
	json_ku64(j, "sessions-resumed", e->resumed_sessions);
	view_time(j, "captured-at", c, c->now);
	json_obj_end(j);
}

/* ---- tunnels ---- */

static void tunnel_members(const struct core_tunnel *t, const struct view_clock *c, struct json *j)
{
	json_ku64(j, "local-tid", t->t.tid);
	json_ku64(j, "remote-tid", t->t.peer_tid);
	kaddr(j, "peer", &t->path.peer);
	json_kspan(j, "peer-hostname", span_of(t->t.peer_host, t->t.peer_host_len));
	json_kstr(j, "state", l2tp_tunnel_state_name(&t->t));
	json_ku64(j, "session-count", t->n_sessions);
	view_time(j, "created-at", c, t->t.created);
	view_time(j, "last-activity", c, t->t.last_activity);
	json_ku64(j, "max-sessions", t->e->cfg->max_sessions);
}

void view_tunnels(const struct engine *e, const struct view_clock *c, struct json *j)
{
	struct list *it;

	json_arr(j);
	list_for_each(it, &e->tunnels) {
		json_obj(j);
		tunnel_members(list_entry(it, struct core_tunnel, in_all), c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void framing(struct json *j, const char *key, uint32_t bits)
{
	json_key(j, key);
	json_arr(j);
	if (bits & L2TP_FRAMING_ASYNC)
		json_str(j, "async");
	if (bits & L2TP_FRAMING_SYNC)
		json_str(j, "sync");
	json_arr_end(j);
}

static void tunnel_peer(const struct l2tp_tunnel *t, struct json *j)
{
	char version[16];

	json_key(j, "peer-capabilities");
	json_obj(j);
	snprintf(version, sizeof(version), "%u.%u", (unsigned)(t->peer_version >> 8),
		 (unsigned)(t->peer_version & 0xff));
	json_kstr(j, "protocol-version", version);
	json_kspan(j, "vendor-name", span_of(t->peer_vendor, t->peer_vendor_len));
	if (t->have & L2TP_BIT(AVP_FIRMWARE_REVISION))
		json_ku64(j, "firmware-revision", t->peer_firmware);
	framing(j, "framing", t->peer_framing);
	json_ku64(j, "bearer", t->peer_bearer);
	json_ku64(j, "receive-window-size", t->peer_rws);
	json_obj_end(j);
}

static void tunnel_channel(const struct l2tp_tunnel *t, struct json *j)
{
	const struct l2tp_chan *c = &t->chan;

	json_key(j, "channel");
	json_obj(j);
	json_ku64(j, "ns", c->ns_next);
	json_ku64(j, "nr", c->nr);
	json_ku64(j, "unacknowledged", (uint16_t)(c->ns_next - c->ns_una));
	json_ku64(j, "queued", c->txq_len);
	json_ku64(j, "window", c->cwnd);
	json_ku64(j, "peer-window", c->peer_rws);
	json_ku64(j, "retransmissions", c->rtx_total);
	json_obj_end(j);
}

static void text_lines(struct json *j, const char *key, char *text)
{
	char *save = NULL;

	json_key(j, key);
	json_arr(j);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		json_str(j, l);
	json_arr_end(j);
}

static void tunnel_sessions(const struct core_tunnel *t, struct json *j)
{
	struct list *it;

	json_key(j, "sessions");
	json_arr(j);
	list_for_each(it, &t->sessions)
		json_u64(j, list_entry(it, struct subscriber, in_tunnel)->s.sid);
	json_arr_end(j);
}

void view_tunnel(const struct core_tunnel *t, const struct view_clock *c, struct json *j)
{
	char history[L2TP_TUNNEL_HISTORY * 80];

	json_obj(j);
	tunnel_members(t, c, j);
	kaddr(j, "local", &t->path.local);
	view_time(j, "established-at", c, t->t.established);
	view_time(j, "last-liveness", c, t->t.last_liveness);
	view_time(j, "resumed-at", c, t->resumed ? t->e->resumed : 0);
	json_kbool(j, "authenticated", t->t.cfg.secret_len > 0 && t->up);
	json_ku64(j, "hello-interval", (uint64_t)(t->t.cfg.hello_interval / ZE_SEC(1)));
	json_ku64(j, "hello-retries", t->t.cfg.hello_retries);
	tunnel_peer(&t->t, j);
	tunnel_channel(&t->t, j);
	tunnel_sessions(t, j);
	fsm_history(&t->t.fsm, history, sizeof(history));
	text_lines(j, "transitions", history);
	json_obj_end(j);
}

void view_sessions(const struct engine *e, const struct view_clock *c, struct json *j)
{
	struct list *it;

	json_arr(j);
	list_for_each(it, &e->subscribers) {
		json_obj(j);
		view_session_members(list_entry(it, struct subscriber, in_all), c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

/* ---- the rest ---- */

static void message_counts(struct json *j, const char *key, const uint64_t *n)
{
	json_key(j, key);
	json_obj(j);
	for (unsigned i = 0; i < L2TP_MSG__COUNT; i++)
		if (n[i])
			json_ku64(j, i ? l2tp_msg_name((uint16_t)i) : "ZLB", n[i]);
	json_obj_end(j);
}

static void reason_counts(struct json *j, const uint64_t *n)
{
	json_key(j, "refused");
	json_obj(j);
	for (unsigned i = 1; i < REASON__COUNT; i++)
		if (n[i])
			json_ku64(j, reason_name((enum reason)i), n[i]);
	json_obj_end(j);
}

static void pool_counts(const struct engine *e, struct json *j)
{
	if (!e->pool)
		return;
	json_key(j, "pool-ipv4");
	json_obj(j);
	json_ku64(j, "used", addrpool_used(e->pool));
	json_ku64(j, "size", addrpool_size(e->pool));
	json_obj_end(j);
}

struct total {
	struct dp_stats st;
	uint64_t sessions;
};

static void add_session(void *self, uint16_t sid, const struct dp_stats *st)
{
	struct total *t = self;

	(void)sid;
	t->sessions++;
	t->st.up_packets += st->up_packets;
	t->st.up_bytes += st->up_bytes;
	t->st.down_packets += st->down_packets;
	t->st.down_bytes += st->down_bytes;
	t->st.up_spoofed += st->up_spoofed;
	t->st.up_policed += st->up_policed;
	t->st.down_policed += st->down_policed;
	t->st.up_refused += st->up_refused;
	t->st.up_resyncs += st->up_resyncs;
}

/* Absent while nothing has been read. */
static void traffic_of_all(const struct engine *e, const struct view_clock *c, struct json *j)
{
	struct total t = { .sessions = 0 };
	ze_ns as_of = e->ports.dp->stats_all(e->ports.dp_self, c->now, add_session, &t);

	if (!as_of)
		return;
	json_key(j, "traffic");
	json_obj(j);
	view_time(j, "as-of", c, as_of);
	json_ku64(j, "sessions", t.sessions);
	view_stats_members(&t.st, j);
	json_obj_end(j);
}

void view_statistics(const struct engine *e, const struct view_clock *c, struct json *j)
{
	struct engine_stats s;

	turn_stats_total(e, &s);
	json_obj(j);
	json_ku64(j, "tunnels", live_tunnels(e));
	json_ku64(j, "tunnels-half-open", e->n_half_open);
	json_ku64(j, "tunnels-established", e->n_established);
	json_ku64(j, "tunnels-up-total", s.tunnels_up);
	json_ku64(j, "tunnels-down-total", s.tunnels_down);
	json_ku64(j, "sessions-starting", e->n_subscribers[SUB_STARTING]);
	json_ku64(j, "sessions-established", e->n_subscribers[SUB_ESTABLISHED]);
	json_ku64(j, "sessions-finishing", e->n_subscribers[SUB_FINISHING]);
	json_ku64(j, "sessions-up-total", s.sessions_up);
	json_ku64(j, "sessions-down-total", s.sessions_down);
	json_ku64(j, "auth-accepted", s.auth_accepts);
	json_ku64(j, "auth-rejected", s.auth_rejects);
	json_ku64(j, "auth-rejects-delayed", s.rejects_delayed);
	json_ku64(j, "auth-rejects-pending", e->n_held);
	json_ku64(j, "auth-rejects-withheld", s.rejects_withheld);
	json_ku64(j, "auth-not-asked", s.logins_unasked);
	json_ku64(j, "auth-failed", s.auth_failures);
	json_ku64(j, "session-limit-denied", s.session_limited);
	json_ku64(j, "sessions-replaced", s.sessions_replaced);
	json_ku64(j, "addresses-refused", s.addresses_refused);
	json_ku64(j, "datagrams-received", s.rx_datagrams);
	json_ku64(j, "datagrams-sent", s.tx_datagrams);
	json_ku64(j, "datagrams-send-failed", s.tx_failed);
	json_ku64(j, "ppp-frames-received", s.rx_data);
	json_ku64(j, "ppp-frames-sent", s.tx_data);
	json_ku64(j, "log-lines-lost", log_lost());
	json_ku64(j, "log-lines-suppressed", log_suppressed());
	traffic_of_all(e, c, j);
	message_counts(j, "messages-received", s.rx_msgs);
	message_counts(j, "messages-sent", s.tx_msgs);
	reason_counts(j, s.reasons);
	pool_counts(e, j);
	json_obj_end(j);
}

static void ip_text(const struct ze_addr *a, char buf[static ZE_ADDR_TEXT])
{
	struct ze_addr bare = *a;

	bare.port = 0;
	ze_addr_text(&bare, buf);
}

void view_listeners(const struct engine *e, struct json *j)
{
	char text[ZE_ADDR_TEXT];

	json_arr(j);
	for (size_t i = 0; i < e->boot->n_listeners; i++) {
		const struct config_listener *l = &e->boot->listeners[i];

		json_obj(j);
		json_kstr(j, "name", l->name);
		ip_text(&l->addr, text);
		json_kstr(j, "address", text);
		json_ku64(j, "port", l->addr.port);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void kip4(struct json *j, const char *key, uint32_t ip)
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

static void config_pool(const struct config *c, bool pool_blackhole, struct json *j)
{
	if (!c->has_pool)
		return;
	json_key(j, "pool");
	json_obj(j);
	json_key(j, "ipv4");
	json_obj(j);
	kip4(j, "gateway", c->pool.gateway);
	kip4(j, "start", c->pool.start);
	kip4(j, "end", c->pool.end);
	json_kbool(j, "blackhole", pool_blackhole);
	kip4(j, "dns-primary", c->pool.dns[0]);
	kip4(j, "dns-secondary", c->pool.dns[1]);
	json_obj_end(j);
	json_obj_end(j);
}

static void config_shaper(const struct config *c, struct json *j)
{
	char text[RATE_TEXT];

	if (!c->shape.down_bps)
		return;
	json_key(j, "shaper");
	json_obj(j);
	json_kstr(j, "qdisc-type", plan_qdisc_name(c->shape.qdisc));
	json_kstr(j, "default-rate", rate_text(c->shape.down_bps, text));
	json_kstr(j, "upload-rate", rate_text(c->shape.up_bps, text));
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

/* As configured; which one `auto` has become is in the summary. */
static void config_dataplane(const struct config *c, bool outer_df, struct json *j)
{
	static const char *const planes[] = { "auto", "kernel", "bpf" };
	static const char *const modes[] = { "auto", "native", "generic" };

	json_kstr(j, "dataplane", planes[c->dataplane]);
	json_key(j, "bpf");
	json_obj(j);
	names(j, "uplink", c->bpf.uplink, c->bpf.n_uplink);
	names(j, "core", c->bpf.core, c->bpf.n_core);
	json_kstr(j, "xdp-mode", modes[c->bpf.xdp]);
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

static void config_ppp(const struct config *c, struct json *j)
{
	json_key(j, "authentication");
	json_obj(j);
	json_ku64(j, "timeout", c->auth_timeout_s);
	json_ku64(j, "reauth-interval", c->reauth_interval_s);
	json_ku64(j, "reject-interval", c->reject_interval_s);
	json_ku64(j, "reject-rate-peer", c->reject_rate_peer);
	json_obj_end(j);
	json_key(j, "ncp");
	json_obj(j);
	json_kbool(j, "enable-ipcp", c->enable_ipcp);
	json_kbool(j, "enable-ipv6cp", c->enable_ipv6cp);
	json_kstr(j, "ipv4", need_name(c->enable_ipcp, c->need_ipv4));
	json_kstr(j, "ipv6", need_name(c->enable_ipv6cp, c->need_ipv6));
	json_ku64(j, "timeout", c->ncp_timeout_s);
	json_obj_end(j);
	json_key(j, "lcp-echo");
	json_obj(j);
	json_ku64(j, "interval", c->echo_interval_s);
	json_ku64(j, "failures", c->echo_failures);
	json_obj_end(j);
}

void view_config(const struct engine *e, struct json *j)
{
	const struct config *c = e->cfg;

	json_obj(j);
	json_kbool(j, "enabled", c->l2tp);
	json_kstr(j, "shared-secret", c->secret_len ? "<set>" : "<unset>");
	json_kbool(j, "hide-avps", c->hide_avps);
	json_kstr(j, "host-name", c->host_name);
	json_kstr(j, "auth-method", ppp_auth_method_name(c->auth_method));
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
	json_ku64(j, "local-users", c->n_users);
	config_pool(e->boot, e->cfg->pool_blackhole, j);
	config_shaper(c, j);
	config_dataplane(e->boot, e->cfg->bpf.outer_df, j);
	json_obj_end(j);
}
