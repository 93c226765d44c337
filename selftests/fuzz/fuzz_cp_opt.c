/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives LCP, IPCP or IPv6CP. The first octet chooses the protocol, then operations
 * follow: 0 up, 1 down, 2 open, 3 close, 4 the timer, 5 release, 6 a Configure-Ack of our request,
 * 7 hold; any other begins a packet: code, id, one octet of length (in units of four octets), data.
 * Checked: a peer cannot cause an event that the table calls impossible, no effect is lost, every
 * packet sent is well-formed.
 */
#include <stdlib.h>

#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"
#include "ppp/lcp.h"
#include "selftests/fuzz/fuzz.h"
#include "selftests/lib/test_rng.h"

static struct lcp lcp;
static struct ipcp ipcp;
static struct ipv6cp ipv6cp;
static struct test_rng rng;

static struct cp *choose(uint8_t which)
{
	const struct ipcp_params v4 = { 0x0a000001, 0x0a000002, { 0x08080808, 0 }, { 0, 0 } };
	static struct lcp_cfg cfg;

	cfg = (struct lcp_cfg){ .cp = cp_defaults,
				.mru = 1460,
				.mru_min = 576,
				.auth = { PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP },
				.n_auth = 3,
				.allow_no_auth = which & 4,
				.echo = { ZE_SEC(10), ZE_SEC(5), 3 } };
	test_rng_init(&rng, 1);
	if (which % 4 == 1) {
		ipcp_init(&ipcp, &cp_defaults, &v4);
		return &ipcp.cp;
	}
	if (which % 4 == 2) {
		ipv6cp_init(&ipv6cp, &cp_defaults, 1, 2, &rng.rng);
		return &ipv6cp.cp;
	}
	if (lcp_init(&lcp, &cfg, &rng.rng) < 0)
		abort();
	return &lcp.cp;
}

static void check(const struct cp *cp, const struct ppp_fx *fx)
{
	struct ppp_frame f;
	struct cp_pkt p;

	if (fx->overflow || cp->state >= CP__STATES)
		abort();
	for (unsigned int i = 0; i < fx->n; i++) {
		if (fx->e[i].kind == PPP_FX_REFUSED && fx->e[i].refused.reason == REASON_CP_EVENT)
			abort();
		if (fx->e[i].kind != PPP_FX_SEND)
			continue;
		if (ppp_frame_parse(fx->e[i].send, &f) < 0 || cp_pkt_parse(f.info, &p) < 0 ||
		    f.proto != cp->ops->proto || p.whole.len != f.info.len ||
		    p.whole.len > PPP_MRU_DEFAULT)
			abort();
		if (p.code >= CP_CONF_REQ && p.code <= CP_CONF_REJ && ppp_opts_check(p.data) < 0)
			abort();
	}
	if ((cp->state >= CP_CLOSING && cp->state <= CP_ACK_SENT) != (cp->deadline != ZE_NEVER))
		abort();
}

static void packet(struct cp *cp, struct rd *r, ze_ns now, struct ppp_fx *fx)
{
	uint8_t buf[4 + 1020];
	struct wr w = wr_init(buf, sizeof(buf));
	uint8_t code = rd_u8(r), id = rd_u8(r);
	size_t len = rd_u8(r) * 4u;

	len = len < rd_left(r) ? len : rd_left(r);
	wr_u8(&w, code);
	/* sometimes an id that fits, because otherwise no answer is accepted */
	wr_u8(&w, id & 0x80 ? cp->req_id : id);
	wr_u16(&w, (uint16_t)(4 + len));
	wr_span(&w, rd_bytes(r, len));
	cp_input(cp, wr_done(&w), now, fx);
}

static void ack(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	uint8_t buf[4 + CP_OPTS_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u8(&w, CP_CONF_ACK);
	wr_u8(&w, cp->req_id);
	wr_u16(&w, (uint16_t)(4 + cp->req_len));
	wr_bytes(&w, cp->req, cp->req_len);
	cp_input(cp, wr_done(&w), now, fx);
}

static ze_ns expire(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	ze_ns at = cp == &lcp.cp ? lcp_deadline(&lcp) : cp_deadline(cp);

	now = at == ZE_NEVER ? now : at;
	if (cp == &lcp.cp)
		lcp_expire(&lcp, now, fx);
	else
		cp_expire(cp, now, fx);
	return now;
}

/* Up and Down only in states where the table allows them: otherwise it would be a bug of the
 * caller. */
static void operate(struct cp *cp, uint8_t op, ze_ns now, struct ppp_fx *fx)
{
	bool below_up = cp->state >= CP_CLOSED;

	if (op == 0 && !below_up)
		cp_up(cp, now, fx);
	else if (op == 1 && below_up)
		cp_down(cp, now, fx);
	else if (op == 2)
		cp_open(cp, now, fx);
	else if (op == 3)
		cp_close(cp, now, fx);
	else if (op == 5)
		cp_release(cp, now, fx);
	else if (op == 6)
		ack(cp, now, fx);
	else if (op == 7 && cp != &lcp.cp)
		cp->hold = !cp->hold;
}

static void ready(struct ipcp *i, struct ppp_fx *fx)
{
	(void)i;
	ppp_fx_add(fx, PPP_FX_NCP_READY);
}

static const struct ipcp_listener listener = { .on_ready = ready };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	struct cp *cp = choose(rd_u8(&r));
	ze_ns now = ZE_SEC(1);
	struct ppp_fx fx;

	ipcp.listener = &listener;
	while (rd_left(&r)) {
		uint8_t op = rd_u8(&r);

		ppp_fx_init(&fx);
		now += ZE_MS(1);
		if (op == 4)
			now = expire(cp, now, &fx);
		else if (op < 8)
			operate(cp, op, now, &fx);
		else
			packet(cp, &r, now, &fx);
		check(cp, &fx);
	}
	return 0;
}
