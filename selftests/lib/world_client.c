/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "daemon/base/crypto.h"
#include "daemon/base/rfc2759.h"
#include "ppp/frame.h"
#include "ppp/opt.h"
#include "ppp/proto.h"
#include "selftests/lib/world.h"

#define RETRY ZE_SEC(3)

static void send_cp(struct lac_call *c, uint16_t proto, uint8_t code, uint8_t id, struct span data)
{
	uint8_t buf[W_FRAME_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u16(&w, 0xff03);
	wr_u16(&w, proto);
	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)(data.len + 4));
	wr_span(&w, data);
	if (!c->c.mute)
		lac_data(c, wr_done(&w));
}

static void send_requests(struct lac_call *c)
{
	struct client *p = &c->c;
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));

	if (!p->lcp_acked) {
		ppp_opt_put_u16(&w, LCP_OPT_MRU, p->mru ? p->mru : 1492);
		ppp_opt_put_u32(&w, LCP_OPT_MAGIC, p->magic);
		send_cp(c, PPP_LCP, CP_CONF_REQ, p->id, wr_done(&w));
		return;
	}
	if (!p->auth_ok)
		return;
	if (!p->no_ipv4 && !p->v4_acked) {
		w = wr_init(buf, sizeof(buf));
		if (!p->no_address)
			ppp_opt_put_u32(&w, IPCP_OPT_ADDRESS, p->ip);
		ppp_opt_put_u32(&w, IPCP_OPT_DNS1, p->dns[0]);
		ppp_opt_put_u32(&w, IPCP_OPT_DNS2, p->dns[1]);
		send_cp(c, PPP_IPCP, CP_CONF_REQ, p->id, wr_done(&w));
	}
	if (!p->no_ipv6 && !p->v6_acked && !p->v6_rejected) {
		uint8_t ifid[8];
		struct wr v = wr_init(ifid, sizeof(ifid));

		wr_u64(&v, p->ifid);
		w = wr_init(buf, sizeof(buf));
		ppp_opt_put(&w, IPV6CP_OPT_IFID, wr_done(&v));
		send_cp(c, PPP_IPV6CP, CP_CONF_REQ, p->id, wr_done(&w));
	}
}

static void send_pap(struct lac_call *c)
{
	uint8_t buf[256];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u8(&w, (uint8_t)strlen(c->c.user));
	wr_span(&w, span_str(c->c.user));
	wr_u8(&w, (uint8_t)strlen(c->c.password));
	wr_span(&w, span_str(c->c.password));
	send_cp(c, PPP_PAP, PAP_REQUEST, c->c.id, wr_done(&w));
}

void client_chap_response(const struct client *p, struct wr *w)
{
	uint8_t md5[16], peer[16] = "0123456789abcdef", hash[16], digest[8], nt[24];

	if (p->chap_alg == CHAP_ALG_MD5) {
		const struct span parts[] = { span_of(&p->chap_id, 1), span_str(p->password),
					      span_of(p->challenge, p->challenge_len) };

		crypto_md5(md5, parts, 3);
		wr_bytes(w, md5, 16);
	} else {
		rfc2759_challenge_hash(peer, p->challenge, span_str(p->user), digest);
		rfc2759_nt_hash(span_str(p->password), hash);
		rfc2759_response(digest, hash, nt);
		wr_bytes(w, peer, 16);
		wr_zero(w, 8);
		wr_bytes(w, nt, 24);
		wr_u8(w, 0);
	}
}

static void send_chap(struct lac_call *c)
{
	struct client *p = &c->c;
	uint8_t buf[256];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u8(&w, p->chap_alg == CHAP_ALG_MD5 ? 16 : 49);
	client_chap_response(p, &w);
	wr_span(&w, span_str(p->user));
	send_cp(c, PPP_CHAP, CHAP_RESPONSE, p->chap_id, wr_done(&w));
}

/* LCP is open in both directions: authenticate, or continue when that is not requested. */
static void lcp_check(struct lac_call *c)
{
	struct client *p = &c->c;

	if (p->lcp_up || !p->lcp_acked || !p->lcp_ack_sent)
		return;
	p->lcp_up = true;
	if (p->method == PPP_PAP) {
		send_pap(c);
	} else if (!p->method) {
		p->auth_ok = true;
		send_requests(c);
	}
}

void client_open(struct lac_call *c)
{
	struct client *p = &c->c;

	p->magic = 0x11110000u + c->sid;
	p->ifid = 0x0a0b0c0d00000000u + c->sid;
	p->retry_at = c->l->w->now + RETRY;
	send_requests(c);
}

void client_open_proxied(struct lac_call *c, uint16_t method)
{
	struct client *p = &c->c;

	p->ifid = 0x0a0b0c0d00000000u + c->sid;
	p->lcp_acked = p->lcp_ack_sent = p->lcp_up = true;
	p->method = method;
	p->retry_at = c->l->w->now + RETRY;
}

static void forget_all(struct client *p)
{
	p->lcp_acked = p->lcp_ack_sent = p->lcp_up = p->auth_ok = false;
	p->v4_acked = p->v4_up = p->ack_v4 = false;
	p->v6_acked = p->v6_up = p->ack_v6 = false;
}

void client_renegotiate(struct lac_call *c)
{
	forget_all(&c->c);
	c->c.id++;
	client_open(c);
}

void client_expire(struct lac_call *c)
{
	struct client *p = &c->c;

	p->retry_at = ZE_NEVER;
	if (c->over || p->mute || p->auth_bad || p->terminated)
		return;
	if (p->lcp_up && !p->auth_ok && p->method == PPP_PAP)
		send_pap(c);
	send_requests(c);
	if (!p->auth_ok || (!p->no_ipv4 && !p->v4_up) || (!p->no_ipv6 && !p->v6_up))
		p->retry_at = c->l->w->now + RETRY;
}

void client_terminate(struct lac_call *c)
{
	send_cp(c, PPP_LCP, CP_TERM_REQ, ++c->c.id, (struct span){ 0 });
	w_deliver(c->l->w);
}

/* ---- LCP ---- */

static bool wanted(const struct client *p, uint16_t proto, uint8_t alg)
{
	switch (p->wants) {
	case W_AUTH_PAP:
		return proto == PPP_PAP;
	case W_AUTH_CHAP:
		return proto == PPP_CHAP && alg == CHAP_ALG_MD5;
	case W_AUTH_MSCHAP2:
		return proto == PPP_CHAP && alg == CHAP_ALG_MSCHAP2;
	case W_AUTH_NEVER:
		return false;
	case W_AUTH_ANY:
		break;
	}
	return true;
}

static void nak_auth(struct lac_call *c, uint8_t id, struct span whole)
{
	static const uint8_t pap[] = { 3, 4, 0xc0, 0x23 }, chap[] = { 3, 5, 0xc2, 0x23, 5 },
			     ms[] = { 3, 5, 0xc2, 0x23, 0x81 };

	if (c->c.wants == W_AUTH_NEVER)
		send_cp(c, PPP_LCP, CP_CONF_REJ, id, whole);
	else if (c->c.wants == W_AUTH_PAP)
		send_cp(c, PPP_LCP, CP_CONF_NAK, id, span_of(pap, sizeof(pap)));
	else if (c->c.wants == W_AUTH_CHAP)
		send_cp(c, PPP_LCP, CP_CONF_NAK, id, span_of(chap, sizeof(chap)));
	else
		send_cp(c, PPP_LCP, CP_CONF_NAK, id, span_of(ms, sizeof(ms)));
}

static void lcp_request(struct lac_call *c, const struct cp_pkt *k)
{
	struct client *p = &c->c;
	struct rd r = rd_span(k->data);
	struct ppp_opt o;

	c->lcp_requests++;
	if (p->lcp_up) /* renegotiation by ze */
		forget_all(p);
	p->method = 0;
	while (ppp_opt_next(&r, &o) == 1) {
		if (o.type != LCP_OPT_AUTH || o.value.len < 2)
			continue;
		p->method = (uint16_t)(o.value.p[0] << 8 | o.value.p[1]);
		p->chap_alg = o.value.len > 2 ? o.value.p[2] : 0;
		if (!wanted(p, p->method, p->chap_alg)) {
			nak_auth(c, k->id, o.whole);
			return;
		}
	}
	send_cp(c, PPP_LCP, CP_CONF_ACK, k->id, k->data);
	p->lcp_ack_sent = true;
	lcp_check(c);
}

static void answer_echo(struct lac_call *c, const struct cp_pkt *k)
{
	uint8_t buf[4];
	struct wr w = wr_init(buf, sizeof(buf));

	c->c.echoes++;
	wr_u32(&w, c->c.magic);
	send_cp(c, PPP_LCP, LCP_ECHO_REPLY, k->id, wr_done(&w));
}

static void lcp_input(struct lac_call *c, const struct cp_pkt *k)
{
	struct client *p = &c->c;

	switch (k->code) {
	case CP_CONF_REQ:
		lcp_request(c, k);
		break;
	case CP_CONF_ACK:
		p->lcp_acked = k->id == p->id;
		lcp_check(c);
		break;
	case CP_TERM_REQ:
		p->terminated = true;
		send_cp(c, PPP_LCP, CP_TERM_ACK, k->id, (struct span){ 0 });
		break;
	case LCP_ECHO_REQ:
		answer_echo(c, k);
		break;
	case LCP_PROTO_REJ:
		if (k->data.len >= 2 && k->data.p[0] == 0x80 && k->data.p[1] == 0x57)
			p->v6_rejected = true;
		break;
	default:
		break;
	}
}

/* ---- authentication ---- */

static void auth_verdict(struct lac_call *c, bool ok)
{
	if (!ok) {
		c->c.auth_bad = true;
	} else if (!c->c.auth_ok) {
		c->c.auth_ok = true;
		send_requests(c);
	}
}

static void chap_input(struct lac_call *c, const struct cp_pkt *k)
{
	struct client *p = &c->c;

	if (k->code == CHAP_CHALLENGE && k->data.len > 1 && k->data.p[0] < k->data.len &&
	    k->data.p[0] <= sizeof(p->challenge)) {
		p->challenge_len = k->data.p[0];
		memcpy(p->challenge, k->data.p + 1, p->challenge_len);
		p->chap_id = k->id;
		send_chap(c);
	} else if (k->code == CHAP_SUCCESS || k->code == CHAP_FAILURE) {
		auth_verdict(c, k->code == CHAP_SUCCESS);
	}
}

/* ---- network ---- */

static void take_naks(struct client *p, struct span opts)
{
	struct rd r = rd_span(opts);
	struct ppp_opt o;

	while (ppp_opt_next(&r, &o) == 1) {
		struct rd v = rd_span(o.value);

		if (o.type == IPCP_OPT_ADDRESS && !p->insists)
			p->ip = rd_u32(&v);
		else if (o.type == IPCP_OPT_DNS1)
			p->dns[0] = rd_u32(&v);
		else if (o.type == IPCP_OPT_DNS2)
			p->dns[1] = rd_u32(&v);
	}
	p->id++;
}

static void ipcp_input(struct lac_call *c, const struct cp_pkt *k)
{
	struct client *p = &c->c;
	struct rd r = rd_span(k->data);
	struct ppp_opt o;

	if (p->no_ipv4)
		return;
	if (k->code == CP_CONF_REQ) {
		while (ppp_opt_next(&r, &o) == 1) {
			struct rd v = rd_span(o.value);

			if (o.type == IPCP_OPT_ADDRESS)
				p->gateway = rd_u32(&v);
		}
		send_cp(c, PPP_IPCP, CP_CONF_ACK, k->id, k->data);
		p->ack_v4 = true;
	} else if (k->code == CP_CONF_NAK) {
		take_naks(p, k->data);
		send_requests(c);
	} else if (k->code == CP_CONF_ACK) {
		p->v4_acked = true;
	}
	p->v4_up = p->v4_acked && p->ack_v4;
}

/* Requests nak_v6 as the identifier of ze. */
static bool naks_v6(struct lac_call *c, const struct cp_pkt *k)
{
	uint8_t buf[10] = { IPV6CP_OPT_IFID, 10 };

	for (unsigned i = 0; i < 8; i++)
		buf[2 + i] = (uint8_t)(c->c.nak_v6 >> (56 - 8 * i));
	if (!c->c.nak_v6 || span_eq(k->data, span_of(buf, sizeof(buf))))
		return false;
	send_cp(c, PPP_IPV6CP, CP_CONF_NAK, k->id, span_of(buf, sizeof(buf)));
	return true;
}

static void ipv6cp_input(struct lac_call *c, const struct cp_pkt *k)
{
	struct client *p = &c->c;

	if (p->no_ipv6) {
		uint8_t buf[2] = { 0x80, 0x57 };

		send_cp(c, PPP_LCP, LCP_PROTO_REJ, ++p->id, span_of(buf, 2));
		return;
	}
	if (k->code == CP_CONF_REQ) {
		if (p->silent_v6 || naks_v6(c, k))
			return;
		send_cp(c, PPP_IPV6CP, CP_CONF_ACK, k->id, k->data);
		p->ack_v6 = true;
	} else if (k->code == CP_CONF_ACK) {
		p->v6_acked = true;
	}
	p->v6_up = p->v6_acked && p->ack_v6;
}

void client_input(struct lac_call *c, struct span frame)
{
	struct ppp_frame f;
	struct cp_pkt k;

	if (c->c.mute || ppp_frame_parse(frame, &f) < 0 || cp_pkt_parse(f.info, &k) < 0)
		return;
	switch (f.proto) {
	case PPP_LCP:
		lcp_input(c, &k);
		break;
	case PPP_PAP:
		auth_verdict(c, k.code == PAP_ACK);
		break;
	case PPP_CHAP:
		chap_input(c, &k);
		break;
	case PPP_IPCP:
		ipcp_input(c, &k);
		break;
	case PPP_IPV6CP:
		ipv6cp_input(c, &k);
		break;
	default:
		break;
	}
}
