/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives one authenticator: packets, verdicts, time. Checked: what is sent is
 * well-formed, a verdict is requested once and with the data of the peer, no peer is accepted
 * without a positive verdict, secrets are wiped after the verdict, a stopped authenticator sends
 * nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "ppp/auth.h"
#include "selftests/fuzz/fuzz.h"

struct run {
	struct auth a;
	struct ppp_fx fx;
	ze_ns now;
	uint8_t seed;
	bool asked, said_yes, ended;
};

static struct run u;

static int fill(void *self, void *buf, size_t len)
{
	struct run *r = self;
	uint8_t *p = buf;

	while (len--)
		*p++ = r->seed += 37;
	return 0;
}

static void on_done(struct auth *a, bool accepted, struct ppp_fx *fx)
{
	(void)a;
	(void)fx;
	CHECK(!accepted || u.said_yes);
	u.ended = !accepted;
}

static void on_timeout(struct auth *a, struct ppp_fx *fx)
{
	(void)a;
	(void)fx;
	u.ended = true;
}

static void check_effect(const struct ppp_effect *e)
{
	struct span f = e->send;

	if (e->kind == PPP_FX_AUTH_REQUEST) {
		CHECK(!u.asked && e->auth.user.len <= AUTH_USER_MAX);
		CHECK(e->auth.method == PPP_AUTH_PAP ? !e->auth.response.len :
						       e->auth.challenge.len == 16);
		u.asked = true;
		return;
	}
	if (e->kind != PPP_FX_SEND)
		return;
	CHECK(f.len >= 8 && f.p[0] == 0xff && f.p[1] == 0x03);
	CHECK((size_t)(f.p[6] << 8 | f.p[7]) == f.len - 4);
	CHECK((f.p[2] << 8 | f.p[3]) == (u.a.method == PPP_AUTH_PAP ? PPP_PAP : PPP_CHAP));
	CHECK(f.p[4] != CHAP_SUCCESS || u.a.method == PPP_AUTH_PAP || u.said_yes);
}

static void check(void)
{
	for (unsigned i = 0; i < u.fx.n; i++)
		check_effect(&u.fx.e[i]);
	ppp_fx_init(&u.fx);
	if (u.a.phase == AUTH_DECIDING)
		return;
	CHECK(!u.asked);
	CHECK(!u.a.secret.p);
}

static void packet(struct rd *r, bool framed)
{
	uint8_t buf[300], sel = rd_u8(r), code = rd_u8(r), id = rd_u8(r);
	struct span body = rd_bytes(r, rd_u8(r));
	struct wr w = wr_init(buf, sizeof(buf));

	if (sel & 2)
		id = u.a.id;
	if (framed) {
		wr_u8(&w, code);
		wr_u8(&w, id);
		wr_u16(&w, (uint16_t)(4 + body.len));
	}
	wr_span(&w, body);
	auth_input(&u.a, sel & 1 ? PPP_PAP : PPP_CHAP, wr_done(&w), u.now, &u.fx);
}

static void verdict(struct rd *r)
{
	static const char s[] = "S=407A5589115FD0D6209F510FE9C04566932CDA56";
	struct ppp_auth_answer v = { 0 };
	uint8_t how = rd_u8(r);

	v.accept = how & 1;
	v.mschap_error = how & 2 ? rd_u16(r) : 0;
	if (how & 4)
		v.message = rd_bytes(r, rd_u8(r));
	if (how & 8)
		v.mschap_raw = rd_bytes(r, rd_u8(r));
	v.mschap2 = how & 16 ? rd_bytes(r, rd_u8(r)) : span_of(s, sizeof(s) - 1);
	if (u.a.phase == AUTH_DECIDING)
		u.said_yes = v.accept;
	u.asked = false;
	auth_answer(&u.a, &v, u.now, &u.fx);
}

static void pass_time(struct rd *r)
{
	u.now += ZE_MS(250) * rd_u8(r);
	for (unsigned i = 0; auth_deadline(&u.a) <= u.now; i++) {
		CHECK(i < 300);
		if (u.a.phase == AUTH_DECIDING && u.now >= u.a.phase_deadline)
			u.asked = false;
		auth_expire(&u.a, u.now, &u.fx);
		check();
	}
}

static void step(struct rd *r)
{
	switch (rd_u8(r) & 3) {
	case 0:
		packet(r, true);
		break;
	case 1:
		packet(r, false);
		break;
	case 2:
		verdict(r);
		break;
	default:
		pass_time(r);
		break;
	}
	check();
}

static const struct auth_listener listener = { .on_done = on_done, .on_timeout = on_timeout };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rng rng = { .fill = fill, .self = &u };
	struct auth_cfg cfg = { .retransmit = ZE_SEC(3), .timeout = ZE_SEC(30), .name = "ze" };
	struct rd r = rd_init(data, size);
	uint8_t b = rd_u8(&r);

	memset(&u, 0, sizeof(u));
	cfg.max_tries = 10;
	cfg.retries = b >> 4 & 3;
	cfg.reauth_interval = b & 64 ? ZE_SEC(5) : 0;
	auth_init(&u.a, &cfg, &rng);
	u.a.listener = &listener;
	ppp_fx_init(&u.fx);
	auth_start(&u.a, PPP_AUTH_PAP + b % 3, u.now, &u.fx);
	check();
	while (rd_left(&r) && !u.ended)
		step(&r);
	auth_stop(&u.a);
	u.asked = false;
	CHECK(auth_deadline(&u.a) == ZE_NEVER);
	auth_expire(&u.a, u.now + ZE_SEC(1000), &u.fx);
	verdict(&(struct rd){ 0 });
	CHECK(u.fx.n == 0);
	auth_done(&u.a);
	return 0;
}
