/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/trace.h"

#include "daemon/core/engine_priv.h"
#include "daemon/core/subscriber.h"
#include "daemon/l2tp/avp.h"
#include "ppp/frame.h"

static const char *message_name(const struct l2tp_hdr *h)
{
	struct rd r = rd_span(h->payload);
	struct avp a;

	if (!h->payload.len)
		return "ZLB";
	if (avp_next(&r, &a) != 1 || a.vendor || a.type != AVP_MSG_TYPE || a.value.len != 2)
		return "unreadable";
	return l2tp_msg_name((uint16_t)(a.value.p[0] << 8 | a.value.p[1]));
}

void trace_datagram(const char *dir, const struct net_path *path, struct span datagram)
{
	char peer[ZE_ADDR_TEXT];
	struct l2tp_hdr h;

	if (!log_wants(LOG_L2TP, LOG_DEBUG) || l2tp_hdr_parse(datagram.p, datagram.len, &h) < 0 ||
	    !l2tp_hdr_is_control(&h))
		return;
	log_kv(LOG_L2TP, LOG_DEBUG, dir, KV_STR("message", message_name(&h)), KV_U64("tid", h.tid),
	       KV_U64("sid", h.sid), KV_U64("ns", h.ns), KV_U64("nr", h.nr),
	       KV_U64("length", h.length), KV_STR("peer", ze_addr_text(&path->peer, peer)));
}

static const char *code_name(uint16_t proto, uint8_t code)
{
	static const char *const cp[] = {
		[CP_CONF_REQ] = "Configure-Request",	 [CP_CONF_ACK] = "Configure-Ack",
		[CP_CONF_NAK] = "Configure-Nak",	 [CP_CONF_REJ] = "Configure-Reject",
		[CP_TERM_REQ] = "Terminate-Request",	 [CP_TERM_ACK] = "Terminate-Ack",
		[CP_CODE_REJ] = "Code-Reject",		 [LCP_PROTO_REJ] = "Protocol-Reject",
		[LCP_ECHO_REQ] = "Echo-Request",	 [LCP_ECHO_REPLY] = "Echo-Reply",
		[LCP_DISCARD_REQ] = "Discard-Request",	 [LCP_IDENTIFICATION] = "Identification",
		[LCP_TIME_REMAINING] = "Time-Remaining",
	};
	static const char *const pap[] = { "", "Authenticate-Request", "Authenticate-Ack",
					   "Authenticate-Nak" };
	static const char *const chap[] = { "", "Challenge", "Response", "Success", "Failure" };
	const char *name = NULL;

	if (proto == PPP_PAP)
		name = code < ZE_ARRAY_SIZE(pap) ? pap[code] : NULL;
	else if (proto == PPP_CHAP)
		name = code < ZE_ARRAY_SIZE(chap) ? chap[code] : NULL;
	else
		name = code < ZE_ARRAY_SIZE(cp) ? cp[code] : NULL;
	return name ? name : "unknown";
}

static const char *proto_name(uint16_t proto)
{
	switch (proto) {
	case PPP_LCP:
		return "LCP";
	case PPP_PAP:
		return "PAP";
	case PPP_CHAP:
		return "CHAP";
	case PPP_IPCP:
		return "IPCP";
	case PPP_IPV6CP:
		return "IPv6CP";
	case PPP_CCP:
		return "CCP";
	default:
		return "other";
	}
}

/* How many octets of the data say nothing of anybody's secret. Whoever tries SPAP or EAP gets the
 * credentials back in a Protocol-Reject, of which the rejected protocol is enough. */
static size_t may_print(uint16_t proto, const struct cp_pkt *p)
{
	switch (proto) {
	case PPP_LCP:
		return p->code == LCP_PROTO_REJ && p->data.len > 2 ? 2 : p->data.len;
	case PPP_IPCP:
	case PPP_IPV6CP:
	case PPP_CCP:
		return p->data.len;
	default:
		return 0; /* PAP, CHAP, EAP, SPAP and what we have not heard of */
	}
}

void trace_frame(const char *dir, const struct subscriber *s, struct span frame)
{
	struct ppp_frame f;
	struct cp_pkt p;

	if (!log_wants(LOG_PPP, LOG_DEBUG) || ppp_frame_parse(frame, &f) < 0 || f.proto < 0x8000 ||
	    cp_pkt_parse(f.info, &p) < 0)
		return;
	p.data.len = may_print(f.proto, &p);
	log_kv(LOG_PPP, LOG_DEBUG, dir, KV_STR("protocol", proto_name(f.proto)),
	       KV_STR("code", code_name(f.proto, p.code)), KV_U64("id", p.id),
	       KV_U64("length", p.whole.len), KV_HEX("data", p.data),
	       KV_U64("tid", s->tunnel->t.tid), KV_U64("sid", s->s.sid),
	       KV_STR("user", subscriber_user(s)));
}
