/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "daemon/base/json.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/facts.h"
#include "daemon/view/view.h"
#include "daemon/view/view_priv.h"
#include "shaping/rate.h"

static const char *const state_names[SUB__STATES] = { "starting", "established", "finishing" };

static const char *const ncp_names[] = {
	[PPP_NCP_OFF] = "off",
	[PPP_NCP_WAITING] = "waiting",
	[PPP_NCP_RUNNING] = "negotiating",
	[PPP_NCP_READY] = "ready",
	[PPP_NCP_ATTACHED] = "attached",
	[PPP_NCP_UP] = "opened",
};

static const char *family_name(const struct subscriber *s)
{
	bool v4 = s->ncp_up[PPP_FAM_IPV4], v6 = s->ncp_up[PPP_FAM_IPV6];

	if (v4 && v6)
		return "ipv4+ipv6";
	if (v4)
		return "ipv4";
	return v6 ? "ipv6" : "";
}

static void kip4(struct json *j, const char *key, uint32_t ip)
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

void view_session_members(const struct subscriber *s, const struct view_clock *c, struct json *j)
{
	json_ku64(j, "local-sid", s->s.sid);
	json_ku64(j, "remote-sid", s->s.peer_sid);
	json_ku64(j, "tunnel-local-tid", s->tunnel->t.tid);
	json_kstr(j, "state", state_names[s->state]);
	json_kstr(j, "username", facts_user(s));
	kip4(j, "assigned-addr", s->address);
	json_kstr(j, "family", family_name(s));
	json_kstr(j, "interface", s->ifname);
	view_time(j, "created-at", c, s->s.created);
}

static void caller(const struct l2tp_session *l, struct json *j)
{
	json_kstr(j, "calling-number", l->calling_number);
	json_kstr(j, "called-number", l->called_number);
	json_kstr(j, "sub-address", l->sub_address);
	json_ku64(j, "call-serial-number", l->call_serial);
	json_ku64(j, "physical-channel-id", l->physical_channel);
	json_ku64(j, "tx-speed-bps", l->tx_speed_bps);
	json_ku64(j, "rx-speed-bps", l->rx_speed_bps);
	json_key(j, "framing-type");
	json_str(j, l->framing_type & L2TP_FRAMING_SYNC	 ? "sync" :
		    l->framing_type & L2TP_FRAMING_ASYNC ? "async" :
							   "unknown");
	json_kbool(j, "sequencing-required", l->sequencing_required);
	json_kbool(j, "lns-mode", true);
}

static void lcp_options(const struct lcp *l, struct json *j)
{
	char magic[16];

	json_kstr(j, "lcp-state", cp_state_name(&l->cp));
	json_key(j, "lcp-options");
	json_obj(j);
	json_ku64(j, "local-mru", l->want_mru ? l->mru : PPP_MRU_DEFAULT);
	json_ku64(j, "peer-mru", l->peer_mru);
	snprintf(magic, sizeof(magic), "%08x", (unsigned)l->magic);
	json_kstr(j, "local-magic", magic);
	snprintf(magic, sizeof(magic), "%08x", (unsigned)l->peer_magic);
	json_kstr(j, "peer-magic", magic);
	json_kbool(j, "peer-pfc", l->peer_pfc);
	json_kbool(j, "peer-acfc", l->peer_acfc);
	json_obj_end(j);
}

static void echo(const struct echo *e, struct json *j)
{
	json_key(j, "lcp-echo");
	json_obj(j);
	json_kstr(j, "state", echo_state_name(e));
	json_ku64(j, "sent", e->sent);
	json_ku64(j, "replies", e->replies);
	json_ku64(j, "lost", e->lost);
	json_ku64(j, "last-rtt-us", (uint64_t)(e->last_rtt / 1000));
	json_ku64(j, "min-rtt-us", (uint64_t)(e->min_rtt / 1000));
	json_ku64(j, "max-rtt-us", (uint64_t)(e->max_rtt / 1000));
	json_obj_end(j);
}

static const char *auth_state(const struct ppp_link *l)
{
	static const char *const names[] = {
		[AUTH_IDLE] = "idle",	      [AUTH_CHALLENGED] = "waiting",
		[AUTH_DECIDING] = "deciding", [AUTH_ACCEPTED] = "accepted",
		[AUTH_REJECTED] = "rejected",
	};

	return names[l->auth.phase];
}

static void ncps(const struct subscriber *s, struct json *j)
{
	const struct ppp_link *l = &s->link;
	bool open6 = l->ncp[PPP_FAM_IPV6] == PPP_NCP_UP;

	json_kstr(j, "ipcp-state", ncp_names[l->ncp[PPP_FAM_IPV4]]);
	json_kstr(j, "ipv6cp-state", ncp_names[l->ncp[PPP_FAM_IPV6]]);
	kip4(j, "local-addr", s->local_address);
	kip4(j, "dns-primary", s->dns[0]);
	kip4(j, "dns-secondary", s->dns[1]);
	kifid(j, "local-interface-id", open6 ? l->ipv6cp.ifid : s->ifid);
	kifid(j, "peer-interface-id", open6 ? l->ipv6cp.peer_ifid : 0);
}

static void ppp(const struct subscriber *s, struct json *j)
{
	const struct ppp_link *l = &s->link;

	json_kstr(j, "ppp-phase", ppp_phase_name(l));
	lcp_options(&l->lcp, j);
	json_kstr(j, "auth-method", ppp_auth_method_name(lcp_auth_method(&l->lcp)));
	json_kstr(j, "auth-state", auth_state(l));
	ncps(s, j);
	json_ku64(j, "mtu", ppp_link_mtu(l));
	echo(&l->lcp.echo, j);
}

static void rates(const struct subscriber *s, struct json *j)
{
	static const char *const words[] = {
		[SUB_SHAPE_OFF] = "none",
		[SUB_SHAPE_WAITING] = "waiting",
		[SUB_SHAPE_ON] = "applied",
		[SUB_SHAPE_FAILED] = "failed",
	};
	char text[RATE_TEXT];

	json_kstr(j, "shaping", words[s->shape]);
	if (s->shape == SUB_SHAPE_OFF)
		return;
	json_kstr(j, "download-rate", rate_text(s->plan.down_bps, text));
	json_kstr(j, "upload-rate", rate_text(s->plan.up_bps, text));
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

/* Packets the data plane moved and dropped; absent while there is nothing to ask. */
static void traffic(const struct subscriber *s, const struct view_clock *c, struct json *j)
{
	const struct ports *io = &s->e->ports;
	struct dp_stats st;
	ze_ns as_of;

	json_ku64(j, "ppp-frames-received", s->rx_frames);
	json_ku64(j, "ppp-frames-sent", s->tx_frames);
	json_ku64(j, "ppp-frames-limited", s->rx_limited);
	if (s->dp != SUB_DP_UP || io->dp->stats(io->dp_self, s->s.sid, c->now, &st, &as_of) < 0)
		return;
	json_key(j, "traffic");
	json_obj(j);
	view_time(j, "as-of", c, as_of);
	view_stats_members(&st, j);
	json_obj_end(j);
}

void view_session(const struct subscriber *s, const struct view_clock *c,
		  const struct view_history *h, struct json *j)
{
	char peer[ZE_ADDR_TEXT];

	json_obj(j);
	view_session_members(s, c, j);
	json_kstr(j, "peer", ze_addr_text(&s->tunnel->path.peer, peer));
	json_kstr(j, "l2tp-state", l2tp_session_state_name(&s->s));
	view_time(j, "connected-at", c, s->s.established);
	view_time(j, "up-at", c, s->up_at);
	view_time(j, "resumed-at", c, s->resumed ? s->e->resumed : 0);
	caller(&s->s, j);
	if (s->linked)
		ppp(s, j);
	rates(s, j);
	traffic(s, c, j);
	if (h) {
		json_key(j, "events");
		h->session(h->self, s->serial, c, j);
	}
	json_obj_end(j);
}
