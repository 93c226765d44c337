/* SPDX-License-Identifier: BSD-2-Clause */
/* A link whose LCP a LAC has negotiated, RFC 2661 4.4.5: when it continues from there, who is asked for
 * the credentials, and what the peer gets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "selftests/lib/pw.h"

#define MRU	"\001\004\005\264" /* 1460 */
#define CHAP	"\003\005\302\043\005"
#define MSCHAP2 "\003\005\302\043\201"
#define PAP	"\003\004\300\043"
#define MAGIC	"\005\006\021\042\063\104"
#define PEERS	"\001\004\005\324\005\006\125\146\167\210" /* MRU 1492 and a magic number */
#define ANSWER	"0123456789abcdef"

#define OURS_MAGIC 0x11223344u
#define PEER_MAGIC 0x55667788u

enum {
	TEXT = 1,
	BY_CHAP,
	BY_PAP,
	NONE,
	MSCHAP1
};

static struct ppp_link_cfg cfg;
static struct ppp_proxy p;

/* A call whose LAC has got a response to its challenge. */
static int set_up(void **st)
{
	cfg = pw_defaults;
	cfg.proxy_lcp = PPP_PROXY_ON_MISMATCH;
	cfg.proxy_auth = true;
	cfg.lcp.auth[2] = PPP_AUTH_MSCHAPV2;
	cfg.lcp.n_auth = 3;
	p = (struct ppp_proxy){ .last_sent = PW_OPTS(MRU CHAP MAGIC),
				.last_received = PW_OPTS(PEERS),
				.type = BY_CHAP,
				.has_id = true,
				.id = 77,
				.name = span_str("alice"),
				.challenge = span_str("the LAC's challenge"),
				.response = PW_OPTS(ANSWER) };
	return pw_setup(st);
}

static void open_proxied(struct pw *w)
{
	ppp_link_done(&w->l);
	assert_int_equal(ppp_link_init(&w->l, &cfg, &pw_rng), 0);
	w->now = PW_T0;
	w->log[0] = '\0';
	w->l.auth.id = p.id; /* as the owner does */
	ppp_link_open_proxied(&w->l, &p, w->now, pw_begin(w));
	pw_end(w);
}

static void opens(struct pw *w, const char *log)
{
	open_proxied(w);
	pw_assert_log(w, log);
}

static void asked(struct pw *w, enum ppp_auth_method m)
{
	opens(w, "LCP-UP ASK");
	assert_int_equal(w->asked.method, m);
	assert_true(span_eq(w->asked.user, p.name));
	assert_int_equal(w->asked.id, p.id);
}

/* LCP is negotiated here: why it is not the LAC's. */
static void renegotiates(struct pw *w, const char *why)
{
	char log[64];

	snprintf(log, sizeof(log), "!%s lcp.1", why);
	opens(w, log);
	assert_int_equal(w->l.lcp.cp.state, CP_REQ_SENT);
	assert_false(w->l.lcp.proxied);
	cfg.proxy_lcp = PPP_PROXY_NEVER;
	snprintf(log, sizeof(log), "!%s END:proxy-mismatch", why);
	opens(w, log);
	pw_assert_over(w);
	cfg.proxy_lcp = PPP_PROXY_ON_MISMATCH;
}

/* The peer is asked here; LCP stays. */
static void challenges(struct pw *w)
{
	opens(w, "LCP-UP chap.1");
	assert_int_equal(w->last.id, (uint8_t)(p.id + 1));
	assert_true(w->l.lcp.proxied && !w->l.auth.proxied);
	pw_respond(w, "alice");
	pw_assert_log(w, "ASK");
	assert_int_equal(w->asked.challenge.len, 16);
	pw_verdict(w, true);
	pw_assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6");
}

/* P-090: no Configure-Request; the first frames are the Success and those of the NCPs. */
static void chap(void **st)
{
	struct pw *w = *st;

	asked(w, PPP_AUTH_CHAP_MD5);
	assert_true(span_eq(w->asked.challenge, p.challenge));
	assert_true(span_eq(w->asked.response, p.response));
	pw_verdict(w, true);
	pw_assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6");
	assert_int_equal(w->last.id, 77);
	assert_null(w->l.auth.secret.p);
	assert_true(w->l.lcp.proxied && w->l.auth.proxied);
	/* The response again: the Success was lost. */
	pw_give(w, PPP_CHAP, CHAP_RESPONSE, 77, PW_OPTS("\020" ANSWER "alice"));
	pw_assert_log(w, "chap.3");
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_addr(w, PPP_FAM_IPV6, true);
	pw_assert_log(w, "ipcp.1 ip6cp.1");
	pw_ipv4_up(w);
	pw_ipv6_up(w);
	assert_int_equal(ppp_link_mtu(&w->l), 1460);
	assert_int_equal(w->l.lcp.peer_mru, 1492);
}

/* P-091 */
static void chap_rejected(void **st)
{
	struct pw *w = *st;

	asked(w, PPP_AUTH_CHAP_MD5);
	pw_verdict(w, false);
	pw_assert_log(w, "chap.4 lcp.5 LCP-DOWN");
	pw_give(w, PPP_LCP, CP_TERM_ACK, w->last.id, PW_NOTHING);
	pw_assert_log(w, "END:auth-failed");
	pw_assert_over(w);
	open_proxied(w);
	w->log[0] = '\0';
	ppp_link_auth_answer(&w->l, &(struct ppp_auth_answer){ .end = PPP_END_SESSION_LIMIT },
			     w->now, pw_begin(w));
	assert_int_equal(w->fx.e[0].send.p[4], CHAP_FAILURE);
	assert_int_equal(w->fx.e[0].send.p[5], 77);
}

/* P-092 */
static void pap(void **st)
{
	struct pw *w = *st;

	p.last_sent = PW_OPTS(PAP MAGIC);
	p.type = BY_PAP;
	p.response = span_str("hunter2");
	asked(w, PPP_AUTH_PAP);
	assert_true(span_eq(w->asked.password, p.response));
	pw_give(w, PPP_PAP, PAP_REQUEST, 78, PW_OPTS("\005alice\007hunter2"));
	pw_assert_log(w, ""); /* repeated: the verdict is for the newest one */
	pw_verdict(w, true);
	pw_assert_log(w, "pap.2 AUTHENTICATED ADDR4 ADDR6");
	assert_int_equal(w->last.id, 78);
	asked(w, PPP_AUTH_PAP);
	pw_verdict(w, true);
	assert_int_equal(w->last.id, 77);
	asked(w, PPP_AUTH_PAP);
	pw_verdict(w, false);
	pw_assert_log(w, "pap.3 lcp.5 LCP-DOWN");
	p.response = PW_NOTHING; /* incomplete: the peer will repeat its request */
	opens(w, "LCP-UP");
	pw_give(w, PPP_PAP, PAP_REQUEST, 5, PW_OPTS("\005alice\007hunter2"));
	pw_assert_log(w, "ASK");
}

/* P-092: a login outside PPP, RFC 2661 4.4.5: the peer awaits no answer. */
static void text(void **st)
{
	struct pw *w = *st;

	p.last_sent = PW_OPTS(MAGIC);
	p.type = TEXT;
	p.has_id = false;
	p.id = 0;
	p.response = span_str("hunter2");
	asked(w, PPP_AUTH_PAP);
	pw_verdict(w, true);
	pw_assert_log(w, "AUTHENTICATED ADDR4 ADDR6");
	asked(w, PPP_AUTH_PAP);
	pw_verdict(w, false);
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	p.name = PW_NOTHING;
	renegotiates(w, "proxy-auth");
	p.name = span_str("alice");
	p.last_sent = PW_OPTS(CHAP MAGIC);
	challenges(w);
}

/* P-090: MS-CHAPv2 has no type of its own. */
static void mschapv2(void **st)
{
	struct pw *w = *st;
	const struct ppp_auth_answer a = {
		.accept = true, .mschap2 = span_str("S=407A5589115FD0D6209F510FE9C04566932CDA56")
	};
	uint8_t response[49] = { 1, 2, 3 };

	p.last_sent = PW_OPTS(MSCHAP2 MAGIC);
	p.response = span_of(response, sizeof(response));
	p.challenge = PW_OPTS(ANSWER);
	asked(w, PPP_AUTH_MSCHAPV2);
	assert_true(span_eq(w->asked.challenge, p.challenge));
	assert_true(span_eq(w->asked.response, p.response));
	ppp_link_auth_answer(&w->l, &a, w->now, pw_begin(w));
	pw_end(w);
	pw_assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6");
	response[48] = 1; /* flags */
	opens(w, "LCP-UP chap.1");
	response[48] = 0;
	p.challenge = PW_OPTS(ANSWER "!");
	opens(w, "LCP-UP chap.1");
	p.challenge = PW_OPTS(ANSWER);
	p.response = PW_OPTS(ANSWER);
	opens(w, "LCP-UP chap.1");
}

/* P-093: the LAC has asked for nothing. */
static void no_authentication(void **st)
{
	struct pw *w = *st;
	static const uint16_t types[] = { 0, NONE, 6, 900 };

	for (unsigned i = 0; i < ZE_ARRAY_SIZE(types); i++) {
		p.type = types[i];
		p.last_sent = PW_OPTS(MRU CHAP MAGIC);
		challenges(w);
		p.last_sent = PW_OPTS(MRU MAGIC);
		renegotiates(w, "proxy-auth");
	}
	cfg.lcp.allow_no_auth = true; /* it is asked nevertheless, unless LCP must stay */
	opens(w, "!proxy-auth lcp.1");
	cfg.proxy_lcp = PPP_PROXY_NEVER;
	opens(w, "LCP-UP ADDR4 ADDR6");
	cfg.proxy_lcp = PPP_PROXY_ON_MISMATCH;
	cfg.lcp.n_auth = 0;
	opens(w, "LCP-UP ADDR4 ADDR6");
	p.type = TEXT; /* nobody is asked */
	opens(w, "LCP-UP ADDR4 ADDR6");
	p.last_sent = PW_OPTS(CHAP);
	opens(w, "!proxy-option lcp.1");
}

/* P-094: a part is missing; without any there is nothing to negotiate again. */
static void incomplete_lcp(void **st)
{
	struct pw *w = *st;

	p.last_received = PW_NOTHING;
	renegotiates(w, "proxy-lcp");
	p.last_sent = PW_NOTHING;
	opens(w, "lcp.1");
	cfg.proxy_lcp = PPP_PROXY_NEVER;
	opens(w, "lcp.1");
	cfg.proxy_lcp = PPP_PROXY_ON_MISMATCH;
	p.last_received = PW_OPTS(PEERS);
	renegotiates(w, "proxy-lcp");
	p.last_sent = PW_OPTS(CHAP);
	p.last_received = span_of("", 0); /* a request without options */
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_int_equal(w->l.lcp.peer_mru, 1500);
}

/* P-095: lengths that lie, in each place. */
static void malformed_lcp(void **st)
{
	struct pw *w = *st;
	uint8_t b[] = PEERS;

	for (unsigned at = 0; at < sizeof(b) - 1; at += 4) {
		for (unsigned len = 0; len < 256; len++) {
			b[1] = 4;
			b[5] = 6;
			b[at ? 5 : 1] = (uint8_t)len;
			p.last_received = span_of(b, sizeof(b) - 1);
			open_proxied(w);
			assert_int_equal(w->l.lcp.proxied, len == (at ? 6 : 4));
			p.last_received = PW_OPTS(PEERS);
			p.last_sent = span_of(b, sizeof(b) - 1);
			open_proxied(w);
			assert_false(w->l.lcp.proxied); /* it has no Auth-Protocol either */
			p.last_sent = PW_OPTS(MRU CHAP MAGIC);
		}
	}
	for (size_t cut = 1; cut < sizeof(MRU CHAP MAGIC) - 1; cut++) {
		p.last_sent = span_of(MRU CHAP MAGIC, cut);
		open_proxied(w);
		assert_int_equal(w->l.lcp.proxied, cut == 9); /* the whole Auth-Protocol */
	}
	p.last_sent = PW_OPTS("\001\001");
	renegotiates(w, "proxy-lcp");
}

/* P-096 */
static void always(void **st)
{
	struct pw *w = *st;

	cfg.proxy_lcp = PPP_PROXY_ALWAYS;
	opens(w, "lcp.1");
	pw_lcp_open(w);
	assert_int_equal(w->last.id, 78);
}

/* P-097 P-101: the type does not fit the LAC's own request; MS-CHAPv1 is not supported. */
static void inconsistent(void **st)
{
	struct pw *w = *st;

	p.last_sent = PW_OPTS(PAP);
	renegotiates(w, "proxy-auth");
	p.type = BY_PAP;
	p.last_sent = PW_OPTS(CHAP);
	renegotiates(w, "proxy-auth");
	p.last_sent = PW_OPTS(MAGIC);
	renegotiates(w, "proxy-auth");
	p.type = MSCHAP1;
	renegotiates(w, "proxy-auth");
	p.last_sent = PW_OPTS(CHAP);
	renegotiates(w, "proxy-auth");
	p.last_sent = PW_OPTS("\003\005\302\043\200");
	renegotiates(w, "proxy-option");
	cfg.proxy_auth = false;
	p.last_sent = PW_OPTS(CHAP);
	p.type = BY_PAP;
	renegotiates(w, "proxy-auth");
}

/* P-098: the peer negotiates again: with our own options, identifier and challenge, and for the same
 * user. */
static void negotiated_again(void **st)
{
	struct pw *w = *st;

	p.last_sent = PW_OPTS(CHAP); /* neither MRU nor magic number */
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_int_equal(w->l.lcp.magic, 0);
	pw_verdict(w, true);
	w->log[0] = '\0';
	pw_give(w, PPP_LCP, CP_CONF_REQ, 9, PW_OPTS(PEERS));
	pw_assert_log(w, "lcp.1 lcp.2 LCP-DOWN");
	assert_int_equal(w->req[0].len, 4 + 5 + 6);
	assert_memory_equal(w->req[0].data, MRU CHAP, 9);
	assert_int_not_equal(w->l.lcp.magic, 0);
	assert_false(w->l.lcp.proxied || w->l.auth.proxied);
	pw_ack(w, 0);
	pw_assert_log(w, "LCP-UP chap.1");
	assert_int_equal(w->last.id, 78);
	pw_respond(w, "mallory");
	pw_assert_log(w, "!cp-mismatch chap.4 lcp.5 LCP-DOWN");
	/* The same before the verdict: that of the LAC's response would be for ours. */
	asked(w, PPP_AUTH_CHAP_MD5);
	pw_give(w, PPP_LCP, CP_CONF_REQ, 9, PW_OPTS(PEERS));
	pw_ack(w, 0);
	pw_assert_log(w, "lcp.1 lcp.2 LCP-DOWN LCP-UP chap.1");
	pw_respond(w, "alice");
	pw_assert_log(w, "ASK");
	pw_verdict(w, true);
	pw_assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6");
}

/* P-098: the next challenge is our own. */
static void authenticated_again(void **st)
{
	struct pw *w = *st;

	cfg.auth.reauth_interval = ZE_SEC(20);
	asked(w, PPP_AUTH_CHAP_MD5);
	pw_verdict(w, true);
	w->log[0] = '\0';
	pw_advance(w, ZE_SEC(20));
	pw_assert_log(w, "chap.1");
	assert_int_equal(w->last.id, 78);
	assert_false(w->l.auth.proxied);
	pw_respond(w, "alice");
	pw_assert_log(w, "ASK");
	assert_int_equal(w->asked.challenge.len, 16);
	pw_verdict(w, true);
	pw_assert_log(w, "chap.3");
}

/* P-099: in both directions. */
static void magic_numbers(void **st)
{
	struct pw *w = *st;

	cfg.lcp.echo = (struct echo_cfg){ ZE_SEC(10), ZE_SEC(5), 3 };
	asked(w, PPP_AUTH_CHAP_MD5);
	pw_verdict(w, true);
	w->log[0] = '\0';
	pw_give(w, PPP_LCP, LCP_ECHO_REQ, 4, PW_OPTS("\125\146\167\210hello"));
	pw_assert_log(w, "lcp.10");
	assert_memory_equal(w->last.data, "\021\042\063\104hello", 9);
	pw_advance(w, ZE_SEC(10));
	pw_assert_log(w, "lcp.9");
	assert_memory_equal(w->last.data, "\021\042\063\104", 4);
	pw_give(w, PPP_LCP, LCP_ECHO_REPLY, w->last.id, PW_OPTS("\125\146\167\210"));
	pw_assert_log(w, "");
	assert_int_equal(w->l.lcp.echo.replies, 1);
	pw_give(w, PPP_LCP, LCP_ECHO_REQ, 5, PW_OPTS("\021\042\063\104"));
	pw_assert_log(w, "!echo-loop");
	p.last_received = PW_OPTS(MAGIC);
	renegotiates(w, "proxy-option"); /* the line is looped back */
}

/* P-100: each part of the credentials. */
static void incomplete_credentials(void **st)
{
	struct pw *w = *st;
	uint8_t big[256] = { 7 };

	p.challenge = PW_NOTHING;
	challenges(w);
	p.challenge = span_of(big, 254); /* does not fit a RADIUS attribute */
	challenges(w);
	p.challenge = span_of(big, 253);
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_true(span_eq(w->asked.challenge, p.challenge));
	p.has_id = false;
	p.id = 0;
	challenges(w);
	p.has_id = true;
	p.response = span_of(big, 15);
	challenges(w);
	p.response = span_of(big, 17);
	challenges(w);
	p.response = PW_NOTHING;
	challenges(w);
	p.response = PW_OPTS(ANSWER);
	p.name = PW_NOTHING;
	challenges(w);
	p.name = span_of(big, 254);
	challenges(w);
	p.name = span_str("alice");
	cfg.proxy_auth = false; /* they are not to be used */
	challenges(w);
}

/* P-102: an MRU that the tunnel cannot carry is negotiated again, unless LCP must stay. */
static void mru_above_the_tunnels(void **st)
{
	struct pw *w = *st;

	p.last_sent = PW_OPTS("\001\004\005\265" CHAP); /* 1461 */
	opens(w, "!proxy-option lcp.1");
	assert_int_equal(w->fx.e[0].refused.option, LCP_OPT_MRU);
	cfg.proxy_lcp = PPP_PROXY_NEVER;
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_int_equal(w->l.lcp.mru, 1461);
	p.last_sent = PW_OPTS("\001\004\017\240" CHAP); /* 4000: never used here */
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_int_equal(w->l.lcp.mru, 1500);
	assert_int_equal(ppp_link_mtu(&w->l), 1460);
	cfg.proxy_lcp = PPP_PROXY_ON_MISMATCH;
	p.last_sent = PW_OPTS(CHAP); /* none: 1500, as after a Reject of ours */
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_int_equal(w->l.lcp.mru, 1500);
	p.last_sent = PW_OPTS("\001\004\002\077" CHAP); /* 575 */
	renegotiates(w, "proxy-option");
	p.last_sent = PW_OPTS(CHAP);
	p.last_received = PW_OPTS("\001\004\002\077");
	renegotiates(w, "proxy-option");
}

/* P-094: options that are not agreed to here, on either side, or twice. */
static void other_options(void **st)
{
	struct pw *w = *st;
	static const struct {
		const char *opts;
		size_t len;
	} bad[] = {
#define BAD(s) { s, sizeof(s) - 1 }
		BAD(CHAP "\021\004\005\334"),			  /* MRRU */
		BAD(CHAP "\023\011\003\001\002\003\004\005\006"), /* Endpoint Discriminator */
		BAD(CHAP "\004\004\300\045"),			  /* Quality-Protocol */
		BAD(CHAP "\005\006\000\000\000\000"),		  /* magic number 0 */
		BAD(CHAP "\005\004\021\042"),
		BAD(CHAP "\007\003\001"),
		BAD(CHAP "\002\003\001"),
		BAD(CHAP CHAP),
		BAD("\003\004\302\047"), /* EAP */
		BAD("\003\005\302\043\006"),
		BAD("\003\002"),
#undef BAD
	};

	for (unsigned i = 0; i < ZE_ARRAY_SIZE(bad); i++) {
		p.last_sent = span_of(bad[i].opts, bad[i].len);
		renegotiates(w, "proxy-option");
		p.last_sent = PW_OPTS(CHAP);
		p.last_received = span_of(bad[i].opts, bad[i].len);
		renegotiates(w, "proxy-option");
		p.last_received = PW_OPTS(PEERS);
	}
	/* Compression of headers and an ACCM. */
	p.last_sent = PW_OPTS(CHAP "\002\006\000\012\000\000\007\002\010\002");
	p.last_received = PW_OPTS("\002\006\000\012\000\000\007\002\010\002");
	asked(w, PPP_AUTH_CHAP_MD5);
	assert_true(w->l.lcp.peer_pfc && w->l.lcp.peer_acfc);
	assert_int_equal(w->l.lcp.peer_accm, 0x000a0000);
}

/* P-103: the peer continues before the verdict is there; its next request is answered. */
static void ipcp_before_the_verdict(void **st)
{
	struct pw *w = *st;

	asked(w, PPP_AUTH_CHAP_MD5);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR0);
	pw_give(w, PPP_IPV6CP, CP_CONF_REQ, 1, PW_IFID);
	pw_assert_log(w, "!ppp-phase !ppp-phase");
	pw_verdict(w, true);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_addr(w, PPP_FAM_IPV6, true);
	pw_assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6 ipcp.1 ip6cp.1");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 2, PW_ADDR0);
	pw_assert_log(w, "ipcp.3");
	pw_ipv4_up(w);
}

/* Nothing answers the question about the credentials, or the peer is never heard: each has its end. */
static void time_is_limited(void **st)
{
	struct pw *w = *st;

	asked(w, PPP_AUTH_CHAP_MD5);
	pw_advance(w, ZE_SEC(25));
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:auth-timeout");
	asked(w, PPP_AUTH_CHAP_MD5);
	pw_verdict(w, true);
	w->log[0] = '\0';
	pw_advance(w, ZE_SEC(41));
	pw_assert_log(w, "lcp.5 LCP-DOWN lcp.5 END:ncp-timeout");
}

/* A restart: the link is the LAC's still, and negotiates its own options when the peer begins. */
static void survives_a_restart(void **st)
{
	struct pw *w = *st;
	uint8_t buf[2048];
	struct wr wr = wr_init(buf, sizeof(buf));
	struct ppp_fx fx;

	asked(w, PPP_AUTH_CHAP_MD5);
	pw_verdict(w, true);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_addr(w, PPP_FAM_IPV6, false);
	w->log[0] = '\0';
	pw_ipv4_up(w);
	assert_true(ppp_link_save(&w->l, &wr));
	assert_null(memmem(buf, wr_len(&wr), ANSWER, 16));
	ppp_link_done(&w->l);
	ppp_fx_init(&fx);
	assert_int_equal(ppp_link_init(&w->l, &cfg, &pw_rng), 0);
	assert_int_equal(ppp_link_restore(&w->l, wr_done(&wr), w->now, &fx), REASON_NONE);
	assert_true(w->l.lcp.proxied);
	assert_int_equal(w->l.auth.proxied, AUTH_PROXIED_PPP);
	assert_int_equal(w->l.lcp.magic, OURS_MAGIC);
	assert_int_equal(w->l.lcp.peer_magic, PEER_MAGIC);
	pw_give(w, PPP_LCP, CP_CONF_REQ, 9, PW_OPTS(PEERS));
	pw_assert_log(w, "lcp.1 lcp.2 LCP-DOWN DOWN4");
	assert_int_equal(w->req[0].len, 4 + 5 + 6);
}

#define T(t) cmocka_unit_test_setup_teardown(t, set_up, pw_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(chap),
		T(chap_rejected),
		T(pap),
		T(text),
		T(mschapv2),
		T(no_authentication),
		T(incomplete_lcp),
		T(malformed_lcp),
		T(always),
		T(inconsistent),
		T(negotiated_again),
		T(authenticated_again),
		T(magic_numbers),
		T(incomplete_credentials),
		T(mru_above_the_tunnels),
		T(other_options),
		T(ipcp_before_the_verdict),
		T(time_is_limited),
		T(survives_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
