/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives a whole PPP peer, the owner of the link, and what a LAC reports of LCP and the
 * login. Checked: what is sent is
 * well-formed; no family is established without authentication or without its data plane; addresses
 * are requested once; READY and DOWN alternate; no effect follows the end; no automaton reaches a
 * cell that the RFC calls impossible; no deadline stays in the past; a link whose call has ended
 * sends nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "ppp/link.h"
#include "selftests/fuzz/fuzz.h"

struct run {
	struct ppp_link l;
	struct ppp_fx fx;
	ze_ns now;
	uint8_t seed;
	bool asked, said_yes, lcp_up, finished;
	bool addr_asked[PPP_FAM__COUNT], up[PPP_FAM__COUNT];
	bool ready[PPP_FAM__COUNT]; /* PPP_FX_NCP_READY was received and not answered */
};

static struct run u;
static const uint16_t protos[] = { PPP_LCP, PPP_IPCP, PPP_IPV6CP, PPP_CHAP,
				   PPP_PAP, PPP_CCP,  PPP_IPV4,	  PPP_IPV6 };

static int fill(void *self, void *buf, size_t len)
{
	struct run *r = self;
	uint8_t *p = buf;

	while (len--)
		*p++ = r->seed += 37;
	return 0;
}

static void check_family(const struct ppp_effect *e)
{
	switch ((int)e->kind) {
	case PPP_FX_ADDR_REQUEST:
		CHECK(!u.addr_asked[e->family]);
		u.addr_asked[e->family] = true;
		break;
	case PPP_FX_NCP_READY:
		CHECK(u.lcp_up && !u.ready[e->family] && !u.up[e->family]);
		u.ready[e->family] = true;
		break;
	case PPP_FX_NCP_UP:
		CHECK(u.lcp_up && !u.up[e->family]);
		CHECK(u.l.cfg->lcp.n_auth == 0 || u.l.cfg->lcp.allow_no_auth || u.said_yes);
		u.up[e->family] = true;
		break;
	case PPP_FX_NCP_DOWN:
		u.ready[e->family] = u.up[e->family] = false;
		break;
	default:
		break;
	}
}

static void check_effect(const struct ppp_effect *e)
{
	CHECK(!u.finished);
	check_family(e);
	switch ((int)e->kind) {
	case PPP_FX_SEND:
		CHECK(e->send.len >= 8 && e->send.len <= PPP_FRAME_MAX);
		CHECK(e->send.p[0] == 0xff && e->send.p[1] == 0x03);
		CHECK((size_t)(e->send.p[6] << 8 | e->send.p[7]) == e->send.len - 4);
		break;
	case PPP_FX_LCP_UP:
		CHECK(!u.lcp_up);
		u.lcp_up = true;
		u.said_yes = false;
		break;
	case PPP_FX_LCP_DOWN:
		CHECK(u.lcp_up);
		u.lcp_up = u.asked = false;
		break;
	case PPP_FX_AUTH_REQUEST:
		CHECK(!u.asked && u.lcp_up);
		u.asked = true;
		break;
	case PPP_FX_REFUSED:
		CHECK(e->refused.reason != REASON_CP_EVENT);
		break;
	case PPP_FX_AUTHENTICATED:
		CHECK(u.said_yes);
		break;
	case PPP_FX_FINISHED:
		CHECK(e->end != PPP_END_NONE);
		u.finished = true;
		break;
	default:
		break;
	}
}

static void check(void)
{
	for (unsigned i = 0; i < u.fx.n; i++)
		check_effect(&u.fx.e[i]);
	CHECK(!u.fx.overflow);
	ppp_fx_init(&u.fx);
	CHECK(u.finished == u.l.finished);
	CHECK(!u.finished || ppp_link_deadline(&u.l) == ZE_NEVER);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		CHECK(u.up[f] == (!u.finished && u.l.ncp[f] == PPP_NCP_UP));
}

static struct cp *cp_at(unsigned i)
{
	return i == 0 ? &u.l.lcp.cp : i == 1 ? &u.l.ipcp.cp : &u.l.ipv6cp.cp;
}

static void give(uint16_t proto, uint8_t code, uint8_t id, struct span data)
{
	uint8_t buf[400];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u16(&w, 0xff03);
	wr_u16(&w, proto);
	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)(4 + data.len));
	wr_span(&w, data);
	ppp_link_input(&u.l, wr_done(&w), u.now, &u.fx);
}

static void packet(struct rd *r, uint8_t op)
{
	uint8_t sel = rd_u8(r), code = rd_u8(r), id = rd_u8(r);
	const struct cp *cp = cp_at(sel % 3);
	struct span data = rd_bytes(r, rd_u8(r));
	static const struct span good[] = {
		{ NULL, 0 },
		{ (const uint8_t *)"\003\006\012\000\000\002", 6 },
		{ (const uint8_t *)"\001\012\002\000\000\000\000\000\000\005", 10 },
	};

	if (op ==
	    1) /* an answer to our newest Configure-Request, or some other packet with its id */
		give(cp->ops ? cp->ops->proto : PPP_LCP, code, cp->req_id,
		     code == CP_CONF_ACK ? span_of(cp->req, cp->req_len) : data);
	else if (op == 2) /* a request we like */
		give(protos[sel % 3], CP_CONF_REQ, id, good[sel % 3]);
	else if (op == 3) /* a response to our challenge */
		give(PPP_CHAP, CHAP_RESPONSE, u.l.auth.id, data);
	else
		give(protos[sel % 8], code, id, data);
}

static void raw(struct rd *r)
{
	struct span s = rd_bytes(r, rd_u8(r));

	ppp_link_input(&u.l, s, u.now, &u.fx);
}

static void pass_time(struct rd *r)
{
	u.now += ZE_MS(250) * rd_u8(r);
	for (unsigned i = 0; ppp_link_deadline(&u.l) <= u.now; i++) {
		CHECK(i < 300);
		ppp_link_expire(&u.l, u.now, &u.fx);
		check();
	}
}

static void auth_verdict(bool accept)
{
	struct ppp_auth_answer v = { .accept = accept };

	v.mschap2 = span_str("S=407A5589115FD0D6209F510FE9C04566932CDA56");
	if (u.asked)
		u.said_yes = accept;
	u.asked = false;
	ppp_link_auth_answer(&u.l, &v, u.now, &u.fx);
}

static void addresses(uint8_t how)
{
	const struct ppp_addr_answer a = { .family = how & 1 ? PPP_FAM_IPV6 : PPP_FAM_IPV4,
					   .accept = !(how & 2),
					   .v4 = { .local = 0x0a000001, .peer = 0x0a000002 },
					   .ifid = 1,
					   .suggest = 2 };

	ppp_link_addr_answer(&u.l, &a, u.now, &u.fx);
}

/* After any answer the family may become READY again, without a DOWN before. */
static void attached(enum ppp_family family, bool ok)
{
	u.ready[family] = false;
	ppp_link_ncp_attached(&u.l, family, ok, u.now, &u.fx);
}

static void step(struct rd *r)
{
	uint8_t op = rd_u8(r), how = op >> 4;

	switch (op & 15) {
	case 4:
		pass_time(r);
		break;
	case 5:
		auth_verdict(true);
		break;
	case 6:
		auth_verdict(false);
		break;
	case 7:
		addresses(how);
		break;
	case 8:
		attached(how & 1 ? PPP_FAM_IPV6 : PPP_FAM_IPV4, !(how & 2));
		break;
	case 9:
		if (how == 7)
			ppp_link_close(&u.l, PPP_END_ADMIN, u.now, &u.fx);
		break;
	case 10:
		raw(r);
		break;
	default:
		packet(r, op & 15);
		break;
	}
	check();
}

static void all_calls(void)
{
	ppp_link_open(&u.l, u.now, &u.fx);
	ppp_link_expire(&u.l, u.now + ZE_SEC(10000), &u.fx);
	give(PPP_LCP, CP_CONF_REQ, 1, (struct span){ 0 });
	auth_verdict(true);
	addresses(0);
	ppp_link_ncp_attached(&u.l, PPP_FAM_IPV4, true, u.now, &u.fx);
	ppp_link_close(&u.l, PPP_END_ADMIN, u.now, &u.fx);
	CHECK(u.fx.n == 0 && ppp_link_deadline(&u.l) == ZE_NEVER);
}

/* p NULL: the AVP is absent. */
static struct span avp(struct rd *r)
{
	uint8_t len = rd_u8(r);

	return len == 0xff ? (struct span){ 0 } : rd_bytes(r, len);
}

static void open_proxied(struct rd *r, struct ppp_link_cfg *cfg)
{
	uint8_t how = rd_u8(r);
	struct ppp_proxy p = { .type = rd_u8(r) };

	cfg->proxy_lcp = (enum ppp_proxy_lcp)(how % 3);
	cfg->proxy_auth = how & 64;
	p.has_id = how & 128;
	p.id = rd_u8(r);
	p.last_sent = avp(r);
	p.last_received = avp(r);
	p.name = avp(r);
	p.challenge = avp(r);
	p.response = avp(r);
	ppp_link_open_proxied(&u.l, &p, u.now, &u.fx);
	CHECK(!u.l.lcp.proxied || (u.l.lcp.cp.state == CP_OPENED && p.last_sent.p &&
				   p.last_received.p && how % 3 != PPP_PROXY_ALWAYS));
	CHECK(!u.l.auth.proxied || (u.l.lcp.proxied && cfg->proxy_auth && p.name.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rng rng = { .fill = fill, .self = &u };
	struct rd r = rd_init(data, size);
	uint8_t b = rd_u8(&r);
	const struct cp_cfg cp = { ZE_SEC(3), 10, 2, 5 };
	struct ppp_link_cfg cfg = {
		.lcp = { .cp = cp,
			 .mru = 1460,
			 .mru_min = 576,
			 .auth = { PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP },
			 .n_auth = b & 3,
			 .allow_no_auth = b & 4,
			 .echo = { ZE_SEC(10), ZE_SEC(5), 3 } },
		.auth = { .retransmit = ZE_SEC(3),
			  .max_tries = 10,
			  .timeout = ZE_SEC(30),
			  .reauth_interval = b & 8 ? ZE_SEC(20) : 0,
			  .retries = b >> 7,
			  .name = "ze" },
		.ncp = cp,
		.lcp_timeout = ZE_SEC(40),
		.ncp_timeout = ZE_SEC(30),
		.enable_ipcp = !(b & 16),
		.enable_ipv6cp = !(b & 32),
	};

	memset(&u, 0, sizeof(u));
	ppp_fx_init(&u.fx);
	CHECK(ppp_link_init(&u.l, &cfg, &rng) == 0);
	if (b & 64)
		open_proxied(&r, &cfg);
	else
		ppp_link_open(&u.l, u.now, &u.fx);
	check();
	while (rd_left(&r) && !u.finished)
		step(&r);
	if (u.finished)
		all_calls();
	ppp_link_down(&u.l);
	all_calls();
	ppp_link_done(&u.l);
	all_calls();
	return 0;
}
