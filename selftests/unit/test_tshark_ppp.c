/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of PPP control packet that we send, as tshark decodes it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/auth.h"
#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"
#include "ppp/lcp.h"
#include "selftests/lib/pcap.h"
#include "selftests/lib/ppp_kit.h"
#include "selftests/lib/test_rng.h"

static struct pcap cap;
static struct ppp_fx fx;
static unsigned int kinds; /* one bit per code that was seen of the tested protocol */
static const ze_ns now = ZE_SEC(1);

static void capture(void)
{
	for (unsigned int i = 0; i < fx.n; i++) {
		if (fx.e[i].kind != PPP_FX_SEND)
			continue;
		kinds |= 1u << fx.e[i].send.p[4];
		pcap_ppp(&cap, fx.e[i].send);
	}
	ppp_fx_init(&fx);
}

static void in(struct cp *cp, uint8_t code, const char *data)
{
	static uint8_t id;
	bool answer = code >= CP_CONF_ACK && code <= CP_CONF_REJ;

	cp_input(cp, kit_pkt(code, answer ? cp->req_id : ++id, data), now, &fx);
	capture();
}

static void open_up(struct cp *cp)
{
	kinds = 0;
	ppp_fx_init(&fx);
	cp_open(cp, now, &fx);
	cp_up(cp, now, &fx);
	cp->hold = false;
	capture();
}

static void acked(struct cp *cp)
{
	kit_ack(cp, now, &fx);
	capture();
	assert_string_equal(cp_state_name(cp), "opened");
}

static void terminated(struct cp *cp)
{
	in(cp, 99, "01020304"); /* Code-Reject */
	cp_close(cp, now, &fx);
	capture();
	in(cp, CP_TERM_REQ, "");
}

static void start_lcp(struct lcp *l, enum ppp_auth_method m, const struct rng *rng)
{
	static struct lcp_cfg cfg;

	cfg = (struct lcp_cfg){ .cp = cp_defaults,
				.mru = 1460,
				.mru_min = 576,
				.auth = { m },
				.n_auth = 1,
				.echo = { ZE_SEC(10), ZE_SEC(5), 3 } };
	assert_int_equal(lcp_init(l, &cfg, rng), 0);
	open_up(&l->cp);
}

static void speak_lcp(void)
{
	static struct lcp l;
	struct ppp_frame f = { .proto = PPP_CCP, .info = kit_hex("01010004") };
	struct test_rng rng;

	test_rng_init(&rng, 1);
	start_lcp(&l, PPP_AUTH_PAP, &rng.rng);
	start_lcp(&l, PPP_AUTH_MSCHAPV2, &rng.rng);
	start_lcp(&l, PPP_AUTH_CHAP_MD5, &rng.rng);
	in(&l.cp, CP_CONF_REQ, "0104 0064 0506 00000000");	    /* Nak */
	in(&l.cp, CP_CONF_REQ, "0304 c023 1104 05dc 1202 1303 00"); /* Rej */
	in(&l.cp, CP_CONF_REQ, "0104 05d4 0206 00000000 0506 00000009 0702 0802");
	acked(&l.cp);
	in(&l.cp, LCP_ECHO_REQ, "00000009 61626364");
	lcp_expire(&l, now + ZE_SEC(10), &fx);
	lcp_reject_protocol(&l, &f, &fx);
	capture();
	terminated(&l.cp);
	assert_int_equal(kinds, 0x7fe); /* 1 .. 10 */
}

static void speak_ipcp(void)
{
	static struct ipcp i;
	const struct ipcp_params p = { .local = 0x0a000001,
				       .peer = 0x0a000002,
				       .dns = { 0x08080808, 0x08080404 },
				       .nbns = { 0x0a000003, 0x0a000004 } };

	ipcp_init(&i, &cp_defaults, &p);
	open_up(&i.cp);
	in(&i.cp, CP_CONF_REQ,
	   "0306 00000000 8106 00000000 8206 00000000 8306 00000000 8406 00000000");
	in(&i.cp, CP_CONF_REQ, "0206 002d0f01 0306 00000000");
	in(&i.cp, CP_CONF_REQ, "0306 0a000002 8106 08080808 8306 08080404");
	acked(&i.cp);
	terminated(&i.cp);
	assert_int_equal(kinds, 0xfe); /* 1 .. 7 */
}

static void speak_ipv6cp(void)
{
	static struct ipv6cp i;

	ipv6cp_init(&i, &cp_defaults, 0x0011223344556677, 0x0101010101010101, NULL);
	open_up(&i.cp);
	in(&i.cp, CP_CONF_REQ, "010a 0000000000000000");
	in(&i.cp, CP_CONF_REQ, "0204 004f");
	in(&i.cp, CP_CONF_REQ, "010a 0000000000000005");
	acked(&i.cp);
	terminated(&i.cp);
	assert_int_equal(kinds, 0xfe);
}

static void done(struct auth *a, bool accepted, struct ppp_fx *f)
{
	(void)a;
	(void)accepted;
	(void)f;
}

static const struct auth_listener listener = { .on_done = done };

/* One round: `response` is sent by the peer, with the identifier of the challenge. */
static void speak_auth(enum ppp_auth_method m, struct span response, bool accept)
{
	static struct auth a;
	static const struct auth_cfg cfg = {
		.retransmit = ZE_SEC(3), .max_tries = 10, .timeout = ZE_SEC(30), .name = "ze"
	};
	const struct ppp_auth_answer v = {
		.accept = accept,
		.message = span_str("Hello or not"),
		.mschap2 = span_str("S=407A5589115FD0D6209F510FE9C04566932CDA56"),
	};
	struct test_rng rng;

	test_rng_init(&rng, 2);
	auth_init(&a, &cfg, &rng.rng);
	a.listener = &listener;
	ppp_fx_init(&fx);
	auth_start(&a, m, now, &fx);
	capture();
	auth_input(&a, m == PPP_AUTH_PAP ? PPP_PAP : PPP_CHAP,
		   kit_pkt_span(m == PPP_AUTH_PAP ? PAP_REQUEST : CHAP_RESPONSE, a.id, response),
		   now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_AUTH_REQUEST), 1);
	capture();
	auth_answer(&a, &v, now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 1);
	capture();
	auth_done(&a);
}

static void speak_every_method(void)
{
	static const uint8_t zero[50];
	uint8_t chap[17 + 4], mschap[50 + 4];

	memset(chap, 0xa5, sizeof(chap));
	chap[0] = 16;
	memcpy(chap + 17, "user", 4);
	memcpy(mschap, zero, sizeof(zero));
	mschap[0] = 49;
	memcpy(mschap + 50, "user", 4);
	for (int ok = 0; ok < 2; ok++) {
		speak_auth(PPP_AUTH_PAP, kit_hex("04 75736572 02 7077"), ok);
		speak_auth(PPP_AUTH_CHAP_MD5, span_of(chap, sizeof(chap)), ok);
		speak_auth(PPP_AUTH_MSCHAPV2, span_of(mschap, sizeof(mschap)), ok);
	}
}

/* Runs tshark and asserts that it reported no fault. */
static void read_back(struct strbuf *text)
{
	int r = pcap_tshark(&cap, text);

	pcap_done(&cap);
	if (r == -ENOENT) {
		sb_done(text);
		skip(); /* tshark is not installed */
	}
	assert_int_equal(r, 0);
	assert_non_null(text->s);
	assert_null(strstr(text->s, "Malformed"));
	assert_null(strstr(text->s, "malformed"));
	assert_null(strstr(text->s, "Expert Info (Error"));
	assert_null(strstr(text->s, "Expert Info (Warn"));
}

static void tshark_reads_every_packet(void **st)
{
	static const char *const lines[] = {
		"PPP Link Control Protocol",
		"PPP IP Control Protocol",
		"PPP IPv6 Control Protocol",
		"Configuration Request (1)",
		"Configuration Ack (2)",
		"Configuration Nak (3)",
		"Configuration Reject (4)",
		"Termination Request (5)",
		"Termination Ack (6)",
		"Code Reject (7)",
		"Protocol Reject (8)",
		"Echo Request (9)",
		"Echo Reply (10)",
		"Maximum Receive Unit: 1460",
		"Authentication Protocol: Password Authentication Protocol (0xc023)",
		"Algorithm: CHAP with MD5 (5)",
		"Algorithm: MS-CHAP-2 (129)",
		"IP Address: 10.0.0.2",
		"Primary DNS Address: 8.8.8.8",
		"Secondary NBNS Address: 10.0.0.4",
		"Code: Authenticate-Ack (2)",
		"Code: Authenticate-Nak (3)",
		"Code: Challenge (1)",
		"Code: Success (3)",
		"Code: Failure (4)",
		"S=407A5589115FD0D6209F510FE9C04566932CDA56",
		"E=691 R=0",
		"Interface Identifier: 00:11:22:33:44:55:66:77",
	};
	struct strbuf text;

	(void)st;
	sb_init(&text);
	assert_int_equal(pcap_open(&cap), 0);
	speak_lcp();
	speak_ipcp();
	speak_ipv6cp();
	speak_every_method();
	read_back(&text);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lines); i++)
		if (!strstr(text.s, lines[i]))
			fail_msg("tshark does not show \"%s\"", lines[i]);
	sb_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tshark_reads_every_packet),
	};

	return cmocka_run_group_tests_name("tshark_ppp", tests, NULL, NULL);
}
