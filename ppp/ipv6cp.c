/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 5072 4.1. An identifier of zero, or equal to ours, gets a Nak with a suggestion; any other is
 * accepted. A request without an identifier gets one Nak that adds it, then it is accepted. When
 * our identifier is Nak'd, we use the suggested one, unless it is the one we suggested to the peer
 * or the one the peer requests: then we choose another at random. IPv6-Compression-Protocol and all
 * other options are rejected.
 */
#include "ppp/ipv6cp.h"

#include <errno.h>
#include <string.h>

#define IPV6CP_CODES 0x00fe /* 1 .. 7 */
#define IFID_LEN     8
#define UNIVERSAL    (UINT64_C(0x02) << 56) /* RFC 4291 2.5.1: 0 in a locally assigned identifier */

static struct ipv6cp *ipv6cp_of(struct cp *cp)
{
	return (struct ipv6cp *)cp;
}

static void put_ifid(struct wr *w, uint64_t id)
{
	wr_u8(w, IPV6CP_OPT_IFID);
	wr_u8(w, IFID_LEN + 2);
	wr_u64(w, id);
}

/* The identifier in the options; 0: there is none. */
static uint64_t find_ifid(struct span opts)
{
	struct ppp_opt o;
	struct rd r;

	if (!cp_opt_find(opts, IPV6CP_OPT_IFID, IFID_LEN, &o))
		return 0;
	r = rd_span(o.value);
	return rd_u64(&r);
}

static void ipv6cp_request(struct cp *cp, struct wr *opts)
{
	const struct ipv6cp *i = ipv6cp_of(cp);

	if (i->want_ifid)
		put_ifid(opts, i->ifid);
}

static enum cp_verdict ipv6cp_judge_opt(struct cp *cp, const struct ppp_opt *o, struct wr *nak)
{
	const struct ipv6cp *i = ipv6cp_of(cp);
	struct rd r = rd_span(o->value);
	uint64_t id;

	if (o->type != IPV6CP_OPT_IFID || o->value.len != IFID_LEN)
		return CP_REJ;
	id = rd_u64(&r);
	if (id && id != i->ifid)
		return CP_ACK;
	put_ifid(nak, i->suggest);
	return CP_NAK;
}

static enum cp_verdict ipv6cp_judge(struct cp *cp, struct span opts, bool no_nak, struct wr *reply)
{
	struct ipv6cp *i = ipv6cp_of(cp);
	enum cp_verdict v = cp_judge_each(cp, opts, no_nak, reply, ipv6cp_judge_opt);
	struct ppp_opt o;

	if (v != CP_ACK || no_nak || i->missing_naks ||
	    cp_opt_find(opts, IPV6CP_OPT_IFID, IFID_LEN, &o))
		return v;
	i->missing_naks++;
	put_ifid(reply, i->suggest);
	return CP_NAK;
}

static void ipv6cp_agreed(struct cp *cp, struct span opts)
{
	ipv6cp_of(cp)->peer_ifid = find_ifid(opts);
}

uint64_t ipv6cp_peer_ifid(const struct ipv6cp *i)
{
	const struct cp *cp = &i->cp;

	return cp->held_any ? find_ifid(span_of(cp->held, cp->held_len)) : i->peer_ifid;
}

static bool ipv6cp_nak_fits(const struct ppp_opt *o)
{
	return o->type != IPV6CP_OPT_IFID || o->value.len == IFID_LEN;
}

int ipv6cp_random(const struct rng *rng, uint64_t *ret)
{
	uint64_t v = 0;

	while (!v) {
		int r = rng_fill(rng, &v, sizeof(v));

		if (r < 0)
			return r;
		v &= ~UNIVERSAL;
	}
	*ret = v;
	return 0;
}

/* Chooses an identifier that neither end uses or has suggested on this link. */
static int another(const struct ipv6cp *i, uint64_t *ret)
{
	uint64_t v = 0;

	while (!v || v == i->ifid || v == i->suggest || v == ipv6cp_peer_ifid(i))
		if (ipv6cp_random(i->rng, &v) < 0)
			return -1;
	*ret = v;
	return 0;
}

static int ipv6cp_naked(struct cp *cp, struct span opts)
{
	struct ipv6cp *i = ipv6cp_of(cp);
	uint64_t id = find_ifid(opts);

	if (!id)
		return 0;
	if (id != i->suggest && id != ipv6cp_peer_ifid(i)) {
		i->ifid = id;
		return 0;
	}
	/* Both ends chose the same identifier; the next suggestion must differ as well. */
	return another(i, &i->ifid) < 0 ? -1 : another(i, &i->suggest);
}

static int ipv6cp_rejected(struct cp *cp, struct span opts)
{
	(void)opts; /* only the identifier can be rejected */
	ipv6cp_of(cp)->want_ifid = false;
	return 0;
}

static void ipv6cp_tell(struct cp *cp, void (*fn)(struct ipv6cp *, struct ppp_fx *),
			struct ppp_fx *fx)
{
	if (fn)
		fn(ipv6cp_of(cp), fx);
}

static void ipv6cp_layer_up(struct cp *cp, struct ppp_fx *fx)
{
	ipv6cp_tell(cp, ipv6cp_of(cp)->listener->on_up, fx);
}

static void ipv6cp_layer_down(struct cp *cp, struct ppp_fx *fx)
{
	ipv6cp_tell(cp, ipv6cp_of(cp)->listener->on_down, fx);
}

static void ipv6cp_layer_finished(struct cp *cp, struct ppp_fx *fx)
{
	ipv6cp_tell(cp, ipv6cp_of(cp)->listener->on_finished, fx);
}

static void ipv6cp_ready(struct cp *cp, struct ppp_fx *fx)
{
	ipv6cp_tell(cp, ipv6cp_of(cp)->listener->on_ready, fx);
}

static const struct cp_ops ipv6cp_ops = {
	.name = "ipv6cp",
	.proto = PPP_IPV6CP,
	.codes = IPV6CP_CODES,
	.request = ipv6cp_request,
	.judge = ipv6cp_judge,
	.agreed = ipv6cp_agreed,
	.nak_fits = ipv6cp_nak_fits,
	.naked = ipv6cp_naked,
	.rejected = ipv6cp_rejected,
	.up = ipv6cp_layer_up,
	.down = ipv6cp_layer_down,
	.finished = ipv6cp_layer_finished,
	.ready = ipv6cp_ready,
};

void ipv6cp_init(struct ipv6cp *i, const struct cp_cfg *cfg, uint64_t ifid, uint64_t suggest,
		 const struct rng *rng)
{
	static const struct ipv6cp_listener nobody;

	memset(i, 0, sizeof(*i));
	i->listener = &nobody;
	cp_init(&i->cp, &ipv6cp_ops, cfg);
	i->cp.hold = true;
	i->ifid = ifid;
	i->suggest = suggest;
	i->rng = rng;
	i->want_ifid = true;
}

/* ---- restart ---- */

enum { /* tags are never used again for something else */
	SAVED_NEXT_ID = 1,
	SAVED_REQUEST_ID,
	SAVED_HAS_IFID,
	SAVED_MISSING_NAKS,
	SAVED_IFID,
	SAVED_SUGGEST,
	SAVED_PEER_IFID,
	SAVED__COUNT
};

static const struct tlv_field ipv6cp_fields[] = {
	[SAVED_NEXT_ID] = TLV_OPTIONAL("next-id", 1, 1, "0"),
	[SAVED_REQUEST_ID] = TLV_OPTIONAL("request-id", 1, 1, "0"),
	[SAVED_HAS_IFID] = TLV_OPTIONAL("has-ifid", 1, 1, "1: our request has the option"),
	[SAVED_MISSING_NAKS] = TLV_OPTIONAL("missing-naks", 1, 1, "0"),
	[SAVED_IFID] = TLV_REQUIRED("ifid", 8, 8),
	[SAVED_SUGGEST] = TLV_REQUIRED("suggest", 8, 8),
	[SAVED_PEER_IFID] = TLV_OPTIONAL("peer-ifid", 8, 8, "0: the peer insists on none"),
};

const struct tlv_table ipv6cp_saved = { "ipv6cp", ipv6cp_fields, SAVED__COUNT };

void ipv6cp_save(const struct ipv6cp *i, struct wr *w)
{
	tlv_opt_u8(w, SAVED_NEXT_ID, i->cp.next_id);
	tlv_opt_u8(w, SAVED_REQUEST_ID, i->cp.req_id);
	if (!i->want_ifid)
		tlv_put_u8(w, SAVED_HAS_IFID, 0);
	tlv_opt_u8(w, SAVED_MISSING_NAKS, i->missing_naks);
	tlv_put_u64(w, SAVED_IFID, i->ifid);
	tlv_put_u64(w, SAVED_SUGGEST, i->suggest);
	tlv_opt_u64(w, SAVED_PEER_IFID, i->peer_ifid);
}

enum reason ipv6cp_restore(struct ipv6cp *i, const struct cp_cfg *cfg, enum cp_state state,
			   struct span saved, const struct rng *rng)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&ipv6cp_saved, saved, f);
	uint64_t ifid, suggest, peer_ifid;

	if (why != REASON_NONE)
		return why;
	ifid = tlv_u64(f[SAVED_IFID], 0);
	suggest = tlv_u64(f[SAVED_SUGGEST], 0);
	peer_ifid = tlv_u64(f[SAVED_PEER_IFID], 0);
	if (!ifid || !suggest || suggest == ifid || peer_ifid == ifid)
		return REASON_RESUME_RECORD;
	ipv6cp_init(i, cfg, ifid, suggest, rng);
	i->want_ifid = tlv_u8(f[SAVED_HAS_IFID], 1) != 0;
	i->missing_naks = tlv_u8(f[SAVED_MISSING_NAKS], 0);
	i->peer_ifid = peer_ifid;
	cp_restore(&i->cp, state,
		   (struct cp_ids){ .next = tlv_u8(f[SAVED_NEXT_ID], 0),
				    .req = tlv_u8(f[SAVED_REQUEST_ID], 0) });
	return REASON_NONE;
}
