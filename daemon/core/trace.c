/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/trace.h"

#include <stdio.h>
#include <string.h>

#include "daemon/core/facts.h"
#include "daemon/core/subscriber_priv.h"
#include "ppp/frame.h"

static const char *message_name(const struct l2tp_hdr *h)
{
	uint16_t type = l2tp_msg_peek_type(h->payload);

	if (!h->payload.len)
		return "ZLB";
	return type ? l2tp_msg_name(type) : "unreadable";
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

/* The number of leading octets that contain no secret. A Protocol-Reject of EAP or SPAP contains
 * the credentials that the peer sent; only the rejected protocol of it is shown. */
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
		return 0; /* PAP, CHAP, EAP, SPAP and unknown protocols */
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
	       KV_U64("tid", s->call.tunnel->l2tp.tid), KV_U64("sid", s->call.l2tp.sid),
	       KV_STR("user", facts_user(s)));
}

static const char *option_name(uint16_t proto, uint8_t type)
{
	static const char *const lcp[] = {
		[1] = "MRU",
		[2] = "ACCM",
		[3] = "Authentication-Protocol",
		[4] = "Quality-Protocol",
		[5] = "Magic-Number",
		[7] = "PFC",
		[8] = "ACFC",
	};
	static const char *const ipcp[] = {
		[1] = "IP-Addresses",	 [2] = "IP-Compression-Protocol", [3] = "IP-Address",
		[129] = "Primary-DNS",	 [130] = "Primary-NBNS",	  [131] = "Secondary-DNS",
		[132] = "Secondary-NBNS"
	};
	static const char *const ipv6cp[] = { [1] = "Interface-Identifier" };

	if (proto == PPP_LCP)
		return type < ZE_ARRAY_SIZE(lcp) ? lcp[type] : NULL;
	if (proto == PPP_IPCP)
		return type < ZE_ARRAY_SIZE(ipcp) ? ipcp[type] : NULL;
	return proto == PPP_IPV6CP && type < ZE_ARRAY_SIZE(ipv6cp) ? ipv6cp[type] : NULL;
}

/* The name, or the number when there is none; empty for 0. */
static struct span or_number(const char *name, unsigned v, char buf[16])
{
	if (!v)
		return (struct span){ 0 };
	if (name && strcmp(name, "other") != 0 && strcmp(name, "unknown") != 0)
		return span_str(name);
	snprintf(buf, 16, v > 0xff ? "0x%04x" : "%u", v);
	return span_str(buf);
}

void trace_refused(struct subscriber *s, const struct ppp_effect *e, ze_ns now)
{
	enum reason r = e->refused.reason;
	uint16_t proto = e->refused.proto;
	uint8_t code = e->refused.code, option = e->refused.option;
	bool usual = r == REASON_PPP_UNKNOWN || r == REASON_PPP_PHASE ||
		     r == REASON_IP_BEFORE_OPEN || r == REASON_ECHO_MAGIC || r == REASON_CP_ID;
	enum log_level level = usual ? LOG_DEBUG : LOG_WARN;
	char buf[3][16];
	uint32_t suppressed = 0;

	if (!log_wants(LOG_PPP, level) ||
	    (!usual && !log_limit_pass(&s->call.tunnel->drops, now, &suppressed)))
		return;
	log_kv(LOG_PPP, level, "frame-refused", KV_REASON(r),
	       KV_OPT("protocol", or_number(proto_name(proto), proto, buf[0])),
	       KV_OPT("code", or_number(code_name(proto, code), code, buf[1])),
	       KV_OPT("option", or_number(option_name(proto, option), option, buf[2])),
	       KV_U64("tid", s->call.tunnel->l2tp.tid), KV_U64("sid", s->call.l2tp.sid),
	       KV_STR("user", facts_user(s)), KV_SUPPRESSED(suppressed));
}
