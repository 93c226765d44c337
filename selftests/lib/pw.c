/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/pw.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/end_cause.h"

static int fill(void *self, void *buf, size_t len)
{
	struct pw *w = self;
	uint8_t *p = buf;

	while (len--) {
		w->seed = w->seed * 1664525 + 1013904223;
		*p++ = (uint8_t)(w->seed >> 24);
	}
	return 0;
}

struct rng pw_rng = { .fill = fill };

const struct ppp_link_cfg pw_defaults = {
	.lcp = { .cp = { .restart = ZE_SEC(3),
			 .max_configure = 10,
			 .max_terminate = 2,
			 .max_failure = 5 },
		 .mru = 1460,
		 .mru_min = 576,
		 .auth = { PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP },
		 .n_auth = 2 },
	.auth = { .retransmit = ZE_SEC(3), .max_tries = 10, .timeout = ZE_SEC(25), .name = "ze" },
	.ncp = { .restart = ZE_SEC(3), .max_configure = 10, .max_terminate = 2, .max_failure = 5 },
	.lcp_timeout = ZE_SEC(40),
	.ncp_timeout = ZE_SEC(35),
	.enable_ipcp = true,
	.enable_ipv6cp = true,
};

static const struct {
	uint16_t proto;
	const char *name;
} protos[] = {
	{ PPP_LCP, "lcp" },   { PPP_IPCP, "ipcp" }, { PPP_IPV6CP, "ip6cp" },
	{ PPP_CHAP, "chap" }, { PPP_PAP, "pap" },
};

/* ------------------------------------------------------------- effects of the link */

static void say(struct pw *w, const char *word, const char *detail)
{
	size_t n = strlen(w->log);

	snprintf(w->log + n, sizeof(w->log) - n, "%s%s%s", n ? " " : "", word, detail);
}

static void saw_frame(struct pw *w, struct span f)
{
	uint16_t proto = (uint16_t)(f.p[2] << 8 | f.p[3]);
	char word[32];

	assert_int_equal(f.p[0] << 8 | f.p[1], 0xff03);
	assert_true(f.len >= 8);
	w->last.code = f.p[4];
	w->last.id = f.p[5];
	w->last.len = (uint16_t)(f.len - 8);
	memcpy(w->last.data, f.p + 8, w->last.len);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(protos); i++) {
		if (protos[i].proto != proto)
			continue;
		snprintf(word, sizeof(word), "%s.%u", protos[i].name, f.p[4]);
		say(w, word, "");
		if (i < 3 && f.p[4] == CP_CONF_REQ)
			w->req[i] = w->last;
		return;
	}
	fail_msg("frame of protocol %04x sent", proto);
}

static const char *fam_word(enum ppp_family f)
{
	return f == PPP_FAM_IPV4 ? "4" : "6";
}

static void saw(struct pw *w, const struct ppp_effect *e)
{
	switch (e->kind) {
	case PPP_FX_SEND:
		saw_frame(w, e->send);
		break;
	case PPP_FX_LCP_UP:
		say(w, "LCP-UP", "");
		break;
	case PPP_FX_LCP_DOWN:
		say(w, "LCP-DOWN", "");
		break;
	case PPP_FX_AUTH_REQUEST:
		say(w, "ASK", "");
		w->asked = e->auth;
		break;
	case PPP_FX_AUTHENTICATED:
		say(w, "AUTHENTICATED", "");
		break;
	case PPP_FX_ADDR_REQUEST:
		say(w, "ADDR", fam_word(e->family));
		break;
	case PPP_FX_NCP_READY:
		say(w, "READY", fam_word(e->family));
		break;
	case PPP_FX_NCP_UP:
		say(w, "UP", fam_word(e->family));
		break;
	case PPP_FX_NCP_DOWN:
		say(w, "DOWN", fam_word(e->family));
		break;
	case PPP_FX_ECHO_SENT:
	case PPP_FX_ECHO_RTT:
		break;
	case PPP_FX_ECHO_LOST:
		say(w, "LOST", "");
		break;
	case PPP_FX_REFUSED:
		say(w, "!", reason_name(e->refused.reason));
		break;
	case PPP_FX_FINISHED:
		say(w, "END:", end_cause_word(end_cause_of_ppp(e->end)));
		break;
	}
}

struct ppp_fx *pw_begin(struct pw *w)
{
	ppp_fx_init(&w->fx);
	return &w->fx;
}

void pw_end(struct pw *w)
{
	assert_false(w->fx.overflow);
	for (unsigned i = 0; i < w->fx.n; i++)
		saw(w, &w->fx.e[i]);
}

void pw_assert_log(struct pw *w, const char *want)
{
	assert_string_equal(w->log, want);
	w->log[0] = '\0';
}

/* Runs every deadline up to now + d. */
void pw_advance(struct pw *w, ze_ns d)
{
	ze_ns until = w->now + d;

	for (unsigned turns = 0; ppp_link_deadline(&w->l) <= until; turns++) {
		assert_true(turns < 10000);
		if (ppp_link_deadline(&w->l) > w->now)
			w->now = ppp_link_deadline(&w->l);
		ppp_link_expire(&w->l, w->now, pw_begin(w));
		pw_end(w);
	}
	w->now = until;
}

/* ------------------------------------------------------------- actions of the peer and the
 * owner */

void pw_frame(struct pw *w, const void *p, size_t len)
{
	ppp_link_input(&w->l, span_of(p, len), w->now, pw_begin(w));
	pw_end(w);
}

void pw_give(struct pw *w, uint16_t proto, uint8_t code, uint8_t id, struct span data)
{
	uint8_t buf[1700];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_u16(&wr, 0xff03);
	wr_u16(&wr, proto);
	wr_u8(&wr, code);
	wr_u8(&wr, id);
	wr_u16(&wr, (uint16_t)(4 + data.len));
	wr_span(&wr, data);
	assert_false(wr.bad);
	pw_frame(w, buf, wr_len(&wr));
}

void pw_ack(struct pw *w, unsigned which)
{
	const struct pw_pkt *r = &w->req[which];

	pw_give(w, protos[which].proto, CP_CONF_ACK, r->id, span_of(r->data, r->len));
}

void pw_start(struct pw *w, const struct ppp_link_cfg *cfg)
{
	ppp_link_done(&w->l);
	assert_int_equal(ppp_link_init(&w->l, cfg, &pw_rng), 0);
	w->now = PW_T0;
	w->log[0] = '\0';
	ppp_link_open(&w->l, w->now, pw_begin(w));
	pw_end(w);
	pw_assert_log(w, "lcp.1");
}

/* Sends the peer's request first, then its Ack of ours. */
void pw_lcp_open_quietly(struct pw *w)
{
	pw_give(w, PPP_LCP, CP_CONF_REQ, 1, PW_NOTHING);
	pw_ack(w, 0);
}

void pw_lcp_open(struct pw *w)
{
	pw_lcp_open_quietly(w);
	pw_assert_log(w, "lcp.2 LCP-UP chap.1");
}

void pw_respond(struct pw *w, const char *user)
{
	uint8_t buf[64] = { 16 };
	size_t n = strlen(user);

	memcpy(buf + 17, user, n);
	pw_give(w, PPP_CHAP, CHAP_RESPONSE, w->l.auth.id, span_of(buf, 17 + n));
}

void pw_verdict(struct pw *w, bool accept)
{
	const struct ppp_auth_answer a = { .accept = accept };

	ppp_link_auth_answer(&w->l, &a, w->now, pw_begin(w));
	pw_end(w);
}

void pw_addr(struct pw *w, enum ppp_family fam, bool accept)
{
	const struct ppp_addr_answer a = { .family = fam,
					   .accept = accept,
					   .v4 = { .local = PW_LOCAL4, .peer = PW_PEER4 },
					   .ifid = 1,
					   .suggest = 2 };

	ppp_link_addr_answer(&w->l, &a, w->now, pw_begin(w));
	pw_end(w);
}

void pw_attached(struct pw *w, enum ppp_family fam, bool ok)
{
	ppp_link_ncp_attached(&w->l, fam, ok, w->now, pw_begin(w));
	pw_end(w);
}

void pw_close(struct pw *w, enum ppp_end why)
{
	ppp_link_close(&w->l, why, w->now, pw_begin(w));
	pw_end(w);
}

void pw_authenticate(struct pw *w)
{
	pw_lcp_open(w);
	pw_respond(w, "alice");
	pw_assert_log(w, "ASK");
	pw_verdict(w, true);
	pw_assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6");
}

void pw_ipv4_up(struct pw *w)
{
	pw_ack(w, 1);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR_OK);
	pw_assert_log(w, "READY4");
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.2 UP4");
}

void pw_ipv6_up(struct pw *w)
{
	pw_ack(w, 2);
	pw_give(w, PPP_IPV6CP, CP_CONF_REQ, 1, PW_IFID);
	pw_assert_log(w, "READY6");
	pw_attached(w, PPP_FAM_IPV6, true);
	pw_assert_log(w, "ip6cp.2 UP6");
}

void pw_all_up_with(struct pw *w, const struct ppp_link_cfg *cfg)
{
	pw_start(w, cfg);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.1");
	pw_addr(w, PPP_FAM_IPV6, true);
	pw_assert_log(w, "ip6cp.1");
	pw_ipv4_up(w);
	pw_ipv6_up(w);
}

void pw_all_up(struct pw *w)
{
	pw_all_up_with(w, &pw_defaults);
}

void pw_assert_over(struct pw *w)
{
	assert_true(w->l.finished);
	assert_int_equal(ppp_link_deadline(&w->l), ZE_NEVER);
	pw_give(w, PPP_LCP, CP_CONF_REQ, 1, PW_NOTHING);
	ppp_link_open(&w->l, w->now, pw_begin(w));
	pw_end(w);
	ppp_link_expire(&w->l, w->now + ZE_SEC(1000), pw_begin(w));
	pw_end(w);
	pw_verdict(w, true);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_close(w, PPP_END_ADMIN);
	pw_assert_log(w, "");
}

int pw_setup(void **st)
{
	struct pw *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	pw_rng.self = w;
	*st = w;
	return 0;
}

int pw_teardown(void **st)
{
	struct pw *w = *st;

	ppp_link_done(&w->l);
	free(w);
	return 0;
}
