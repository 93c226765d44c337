/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our request contains only our address; a Nak of it is ignored, after a Reject it is left out. The
 * peer must request the address assigned to it: after five Naks that it did not follow, it gets a
 * Reject and IPCP closes. A request without an address gets a Nak that adds it (RFC 1332 3.3); a
 * peer that does not follow has not agreed to its address, so IPCP closes too.
 */
#include "ppp/ipcp.h"

#include <errno.h>
#include <string.h>

#define IPCP_CODES 0x00fe /* 1 .. 7 */

static struct ipcp *ipcp_of(struct cp *cp)
{
	return (struct ipcp *)cp;
}

static void ipcp_request(struct cp *cp, struct wr *opts)
{
	const struct ipcp *i = ipcp_of(cp);

	if (i->want_address && i->params.local)
		ppp_opt_put_u32(opts, IPCP_OPT_ADDRESS, i->params.local);
}

/* The value assigned to the peer for an option; 0: none. */
static uint32_t assigned(const struct ipcp *i, uint8_t type)
{
	switch (type) {
	case IPCP_OPT_ADDRESS:
		return i->params.peer;
	case IPCP_OPT_DNS1:
		return i->params.dns[0];
	case IPCP_OPT_DNS2:
		return i->params.dns[1];
	case IPCP_OPT_NBNS1:
		return i->params.nbns[0];
	case IPCP_OPT_NBNS2:
		return i->params.nbns[1];
	default: /* IP-Addresses, IP-Compression-Protocol, Mobile-IPv4 and unknown options */
		return 0;
	}
}

static enum cp_verdict ipcp_judge_opt(struct cp *cp, const struct ppp_opt *o, struct wr *nak)
{
	uint32_t right = assigned(ipcp_of(cp), o->type);
	struct rd r = rd_span(o->value);

	if (!right || o->value.len != 4)
		return CP_REJ;
	if (rd_u32(&r) == right)
		return CP_ACK;
	ppp_opt_put_u32(nak, o->type, right);
	return CP_NAK;
}

static enum cp_verdict ipcp_judge(struct cp *cp, struct span opts, bool no_nak, struct wr *reply)
{
	struct ipcp *i = ipcp_of(cp);
	enum cp_verdict v = cp_judge_each(cp, opts, no_nak, reply, ipcp_judge_opt);
	bool has_address;
	struct ppp_opt o;

	has_address = cp_opt_find(opts, IPCP_OPT_ADDRESS, 4, &o);
	if (v == CP_REJ && no_nak && has_address) {
		struct rd r = rd_span(o.value);

		return rd_u32(&r) == i->params.peer ? CP_REJ : CP_CLOSE;
	}
	if (v == CP_REJ || has_address || !i->params.peer)
		return v;
	if (no_nak)
		return CP_CLOSE;
	ppp_opt_put_u32(reply, IPCP_OPT_ADDRESS, i->params.peer);
	return CP_NAK;
}

static void ipcp_agreed(struct cp *cp, struct span opts)
{
	(void)cp; /* only the assigned values can be agreed on */
	(void)opts;
}

static bool ipcp_nak_fits(const struct ppp_opt *o)
{
	return o->type != IPCP_OPT_ADDRESS || o->value.len == 4;
}

static int ipcp_naked(struct cp *cp, struct span opts)
{
	(void)cp; /* our address does not change */
	(void)opts;
	return 0;
}

static int ipcp_rejected(struct cp *cp, struct span opts)
{
	(void)opts; /* only the address can be rejected */
	ipcp_of(cp)->want_address = false;
	return 0;
}

static void ipcp_tell(struct cp *cp, void (*fn)(struct ipcp *, struct ppp_fx *), struct ppp_fx *fx)
{
	if (fn)
		fn(ipcp_of(cp), fx);
}

static void ipcp_layer_up(struct cp *cp, struct ppp_fx *fx)
{
	ipcp_tell(cp, ipcp_of(cp)->listener->on_up, fx);
}

static void ipcp_layer_down(struct cp *cp, struct ppp_fx *fx)
{
	ipcp_tell(cp, ipcp_of(cp)->listener->on_down, fx);
}

static void ipcp_layer_finished(struct cp *cp, struct ppp_fx *fx)
{
	ipcp_tell(cp, ipcp_of(cp)->listener->on_finished, fx);
}

static void ipcp_ready(struct cp *cp, struct ppp_fx *fx)
{
	ipcp_tell(cp, ipcp_of(cp)->listener->on_ready, fx);
}

static const struct cp_ops ipcp_ops = {
	.name = "ipcp",
	.proto = PPP_IPCP,
	.codes = IPCP_CODES,
	.request = ipcp_request,
	.judge = ipcp_judge,
	.agreed = ipcp_agreed,
	.nak_fits = ipcp_nak_fits,
	.naked = ipcp_naked,
	.rejected = ipcp_rejected,
	.up = ipcp_layer_up,
	.down = ipcp_layer_down,
	.finished = ipcp_layer_finished,
	.ready = ipcp_ready,
};

void ipcp_init(struct ipcp *i, const struct cp_cfg *cfg, const struct ipcp_params *p)
{
	static const struct ipcp_listener nobody;

	memset(i, 0, sizeof(*i));
	i->listener = &nobody;
	cp_init(&i->cp, &ipcp_ops, cfg);
	i->cp.hold = true;
	i->params = *p;
	i->want_address = true;
}

uint32_t ipcp_requested(struct span packet)
{
	struct cp_pkt p;
	struct ppp_opt o;
	struct rd r;

	if (cp_pkt_parse(packet, &p) < 0 || p.code != CP_CONF_REQ ||
	    !cp_opt_find(p.data, IPCP_OPT_ADDRESS, 4, &o))
		return 0;
	r = rd_span(o.value);
	return rd_u32(&r);
}

/* ---- restart ---- */

enum { /* tags are never used again for something else */
	SAVED_NEXT_ID = 1,
	SAVED_REQUEST_ID,
	SAVED_HAS_ADDRESS,
	SAVED_LOCAL,
	SAVED_PEER,
	SAVED_DNS1,
	SAVED_DNS2,
	SAVED_NBNS1,
	SAVED_NBNS2,
	SAVED__COUNT
};

static const struct tlv_field ipcp_fields[] = {
	[SAVED_NEXT_ID] = TLV_OPTIONAL("next-id", 1, 1, "0"),
	[SAVED_REQUEST_ID] = TLV_OPTIONAL("request-id", 1, 1, "0"),
	[SAVED_HAS_ADDRESS] = TLV_OPTIONAL("has-address", 1, 1, "1: our request has the option"),
	[SAVED_LOCAL] = TLV_REQUIRED("local", 4, 4),
	[SAVED_PEER] = TLV_REQUIRED("peer", 4, 4),
	[SAVED_DNS1] = TLV_OPTIONAL("dns-primary", 4, 4, "none"),
	[SAVED_DNS2] = TLV_OPTIONAL("dns-secondary", 4, 4, "none"),
	[SAVED_NBNS1] = TLV_OPTIONAL("nbns-primary", 4, 4, "none"),
	[SAVED_NBNS2] = TLV_OPTIONAL("nbns-secondary", 4, 4, "none"),
};

const struct tlv_table ipcp_saved = { "ipcp", ipcp_fields, SAVED__COUNT };

void ipcp_save(const struct ipcp *i, struct wr *w)
{
	const struct ipcp_params *p = &i->params;

	tlv_opt_u8(w, SAVED_NEXT_ID, i->cp.next_id);
	tlv_opt_u8(w, SAVED_REQUEST_ID, i->cp.req_id);
	if (!i->want_address)
		tlv_put_u8(w, SAVED_HAS_ADDRESS, 0);
	tlv_put_u32(w, SAVED_LOCAL, p->local);
	tlv_put_u32(w, SAVED_PEER, p->peer);
	tlv_opt_u32(w, SAVED_DNS1, p->dns[0]);
	tlv_opt_u32(w, SAVED_DNS2, p->dns[1]);
	tlv_opt_u32(w, SAVED_NBNS1, p->nbns[0]);
	tlv_opt_u32(w, SAVED_NBNS2, p->nbns[1]);
}

enum reason ipcp_restore(struct ipcp *i, const struct cp_cfg *cfg, enum cp_state state,
			 struct span saved)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&ipcp_saved, saved, f);
	struct ipcp_params p;

	if (why != REASON_NONE)
		return why;
	p = (struct ipcp_params){
		.local = tlv_u32(f[SAVED_LOCAL], 0),
		.peer = tlv_u32(f[SAVED_PEER], 0),
		.dns = { tlv_u32(f[SAVED_DNS1], 0), tlv_u32(f[SAVED_DNS2], 0) },
		.nbns = { tlv_u32(f[SAVED_NBNS1], 0), tlv_u32(f[SAVED_NBNS2], 0) },
	};
	if (!p.peer || p.peer == p.local)
		return REASON_RESUME_RECORD;
	ipcp_init(i, cfg, &p);
	i->want_address = tlv_u8(f[SAVED_HAS_ADDRESS], 1) != 0;
	cp_restore(&i->cp, state,
		   (struct cp_ids){ .next = tlv_u8(f[SAVED_NEXT_ID], 0),
				    .req = tlv_u8(f[SAVED_REQUEST_ID], 0) });
	return REASON_NONE;
}
