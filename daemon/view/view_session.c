/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "daemon/base/json.h"
#include "daemon/core/snapshot.h"
#include "daemon/view/view.h"
#include "daemon/view/view_priv.h"

static const char *family_name(const struct snapshot_session_row *s)
{
	if (s->ipv4 && s->ipv6)
		return "ipv4+ipv6";
	if (s->ipv4)
		return "ipv4";
	return s->ipv6 ? "ipv6" : "";
}

static void view_session_kip4(struct json *j, const char *key, uint32_t ip)
{
	char text[ZE_ADDR_TEXT];

	json_kstr(j, key, ip ? ze_ip4_text(ip, text) : "");
}

static void kifid(struct json *j, const char *key, uint64_t id)
{
	char text[32] = "";

	if (id)
		snprintf(text, sizeof(text), "%04x:%04x:%04x:%04x", (unsigned)(id >> 48),
			 (unsigned)(id >> 32 & 0xffff), (unsigned)(id >> 16 & 0xffff),
			 (unsigned)(id & 0xffff));
	json_kstr(j, key, text);
}

static void session_members(const struct snapshot_session_row *s, const struct view_clock *c,
			    struct json *j)
{
	json_ku64(j, "local-sid", s->sid);
	json_ku64(j, "remote-sid", s->peer_sid);
	json_ku64(j, "tunnel-local-tid", s->tid);
	json_kstr(j, "state", s->state);
	json_kstr(j, "username", s->user);
	view_session_kip4(j, "assigned-addr", s->address);
	json_kstr(j, "family", family_name(s));
	json_kstr(j, "interface", s->ifname);
	view_time(j, "created-at", c, s->created);
}

void view_sessions(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	json_arr(j);
	for (size_t i = 0; i < s->sessions.n; i++) {
		json_obj(j);
		session_members(&s->sessions.v[i], c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void route_members(const struct snapshot_route_row *r, struct json *j)
{
	char dst[ZE_PREFIX_TEXT];

	json_kstr(j, "prefix", ze_prefix_text(&r->dst, dst));
	json_ku64(j, "metric", r->metric);
	json_kstr(j, "state", r->state);
	json_kstr(j, "source", r->source);
	if (r->reason[0])
		json_kstr(j, "reason", r->reason);
	if (r->with[0])
		json_kstr(j, "conflicts-with", r->with);
	if (r->error[0])
		json_kstr(j, "error", r->error);
}

void view_routes(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	(void)c;
	json_arr(j);
	for (size_t i = 0; i < s->routes.n; i++) {
		const struct snapshot_route_row *r = &s->routes.v[i];

		json_obj(j);
		json_ku64(j, "local-sid", r->sid);
		json_kstr(j, "username", r->user);
		json_kstr(j, "family", r->dst.addr.family == 4 ? "ipv4" : "ipv6");
		route_members(r, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

/* Left out when there are none. */
static void view_session_routes(const struct snapshot_session *s, struct json *j)
{
	if (!s->n_routes)
		return;
	json_key(j, "routes");
	json_arr(j);
	for (size_t i = 0; i < s->n_routes; i++) {
		json_obj(j);
		route_members(&s->routes[i], j);
		json_obj_end(j);
	}
	json_arr_end(j);
}

static void caller(const struct snapshot_session *s, struct json *j)
{
	json_kstr(j, "calling-number", s->calling_number);
	json_kstr(j, "called-number", s->called_number);
	json_kstr(j, "sub-address", s->sub_address);
	json_ku64(j, "call-serial-number", s->call_serial);
	json_ku64(j, "physical-channel-id", s->physical_channel);
	json_ku64(j, "tx-speed-bps", s->tx_speed_bps);
	json_ku64(j, "rx-speed-bps", s->rx_speed_bps);
	json_kstr(j, "framing-type", s->framing);
	json_kbool(j, "sequencing-required", s->sequencing_required);
	json_kbool(j, "lns-mode", true);
}

static void lcp_options(const struct snapshot_ppp *p, struct json *j)
{
	char magic[16];

	json_kstr(j, "lcp-state", p->lcp_state);
	json_kbool(j, "lcp-proxied", p->lcp_proxied);
	json_key(j, "lcp-options");
	json_obj(j);
	json_ku64(j, "local-mru", p->mru);
	json_ku64(j, "peer-mru", p->peer_mru);
	snprintf(magic, sizeof(magic), "%08x", (unsigned)p->magic);
	json_kstr(j, "local-magic", magic);
	snprintf(magic, sizeof(magic), "%08x", (unsigned)p->peer_magic);
	json_kstr(j, "peer-magic", magic);
	json_kbool(j, "peer-pfc", p->peer_pfc);
	json_kbool(j, "peer-acfc", p->peer_acfc);
	json_obj_end(j);
}

static void echo(const struct snapshot_ppp *p, struct json *j)
{
	json_key(j, "lcp-echo");
	json_obj(j);
	json_kstr(j, "state", p->echo.state);
	json_ku64(j, "sent", p->echo.sent);
	json_ku64(j, "replies", p->echo.replies);
	json_ku64(j, "lost", p->echo.lost);
	json_ku64(j, "last-rtt-us", (uint64_t)(p->echo.last_rtt / 1000));
	json_ku64(j, "min-rtt-us", (uint64_t)(p->echo.min_rtt / 1000));
	json_ku64(j, "max-rtt-us", (uint64_t)(p->echo.max_rtt / 1000));
	json_obj_end(j);
}

static void ppp(const struct snapshot_ppp *p, struct json *j)
{
	json_kstr(j, "ppp-phase", p->phase);
	lcp_options(p, j);
	json_kstr(j, "auth-method", p->auth_method);
	json_kstr(j, "auth-state", p->auth_state);
	json_kbool(j, "auth-proxied", p->auth_proxied);
	json_kstr(j, "ipcp-state", p->ipcp_state);
	json_kstr(j, "ipv6cp-state", p->ipv6cp_state);
	view_session_kip4(j, "local-addr", p->local_address);
	view_session_kip4(j, "dns-primary", p->dns[0]);
	view_session_kip4(j, "dns-secondary", p->dns[1]);
	kifid(j, "local-interface-id", p->ifid);
	kifid(j, "peer-interface-id", p->peer_ifid);
	json_ku64(j, "mtu", p->mtu);
	echo(p, j);
}

static void rates(const struct snapshot_session *s, struct json *j)
{
	json_kstr(j, "shaping", s->shaping);
	if (!s->shaped)
		return;
	json_kstr(j, "download-rate", s->down_rate);
	json_kstr(j, "upload-rate", s->up_rate);
}

void view_stats_members(const struct dp_stats *st, struct json *j)
{
	json_ku64(j, "up-packets", st->up_packets);
	json_ku64(j, "up-bytes", st->up_bytes);
	json_ku64(j, "down-packets", st->down_packets);
	json_ku64(j, "down-bytes", st->down_bytes);
	json_ku64(j, "up-spoofed", st->up_spoofed);
	json_ku64(j, "up-policed", st->up_policed);
	json_ku64(j, "down-policed", st->down_policed);
	json_ku64(j, "up-refused", st->up_refused);
	json_ku64(j, "up-resyncs", st->up_resyncs);
}

/* Frames of the daemon, and packets of the data plane; `traffic` is left out when no counters are
 * known. */
static void traffic(const struct snapshot_session *s, const struct view_clock *c, struct json *j)
{
	json_ku64(j, "ppp-frames-received", s->rx_frames);
	json_ku64(j, "ppp-frames-sent", s->tx_frames);
	json_ku64(j, "ppp-frames-limited", s->rx_limited);
	if (!s->traffic.known)
		return;
	json_key(j, "traffic");
	json_obj(j);
	view_time(j, "as-of", c, s->traffic.as_of);
	view_stats_members(&s->traffic.st, j);
	json_obj_end(j);
}

static void view_session_profile(const struct snapshot_profile *p, struct json *j)
{
	json_key(j, "profile");
	json_arr(j);
	for (size_t i = 0; i < p->n; i++) {
		json_obj(j);
		json_kstr(j, "name", p->v[i].name);
		json_kstr(j, "value", p->v[i].value);
		json_kstr(j, "source", p->v[i].source);
		json_kstr(j, "effect", p->v[i].applied ? "applied" : "not-applied");
		json_obj_end(j);
	}
	json_arr_end(j);
}

void view_session(const struct snapshot *snap, const struct view_clock *c, struct json *j)
{
	const struct snapshot_session *s = &snap->session;
	char peer[ZE_ADDR_TEXT];

	json_obj(j);
	session_members(&s->row, c, j);
	json_kstr(j, "address-pool", s->pool);
	if (s->also_on[0]) /* packets to the address may not reach the subscriber */
		json_kstr(j, "assigned-addr-also-on", s->also_on);
	json_kstr(j, "session-id", s->id);
	json_kstr(j, "peer", ze_addr_text(&s->peer, peer));
	json_kstr(j, "l2tp-state", s->l2tp_state);
	view_time(j, "connected-at", c, s->connected);
	view_time(j, "up-at", c, s->up);
	view_time(j, "resumed-at", c, s->restored);
	caller(s, j);
	if (s->has_ppp)
		ppp(&s->ppp, j);
	rates(s, j);
	view_session_routes(s, j);
	view_session_profile(s->profile, j);
	traffic(s, c, j);
	if (s->trail) {
		json_key(j, "events");
		view_trail(s->trail, c, j);
	}
	json_obj_end(j);
}
