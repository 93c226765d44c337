/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link against a scripted peer, in virtual time. What the link does is written to a log of words
 * ("lcp.1" is a frame sent, code 1) that each step compares as a whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ppp/link.h"

#define T0 ZE_SEC(1000)

#define LOCAL4 0x0a000001
#define PEER4  0x0a000002

struct pkt {
	uint8_t code, id;
	uint16_t len;
	uint8_t data[1600];
};

struct world {
	struct ppp_link l;
	struct ppp_fx fx;
	ze_ns now;
	uint32_t seed;
	char log[2000];
	struct pkt req[4]; /* newest Configure-Request by protocol: lcp ipcp ipv6cp */
	struct pkt last;   /* newest packet of ours */
	struct ppp_auth_request asked;
};

static int fill(void *self, void *buf, size_t len)
{
	struct world *w = self;
	uint8_t *p = buf;

	while (len--) {
		w->seed = w->seed * 1664525 + 1013904223;
		*p++ = (uint8_t)(w->seed >> 24);
	}
	return 0;
}

static struct rng the_rng = { .fill = fill };

static const struct ppp_link_cfg defaults = {
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

/* ------------------------------------------------------------- what the link does */

static void say(struct world *w, const char *word, const char *detail)
{
	size_t n = strlen(w->log);

	snprintf(w->log + n, sizeof(w->log) - n, "%s%s%s", n ? " " : "", word, detail);
}

static void saw_frame(struct world *w, struct span f)
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

static void saw(struct world *w, const struct ppp_effect *e)
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
		say(w, "END:", ppp_end_name(e->end));
		break;
	}
}

static struct ppp_fx *begin(struct world *w)
{
	ppp_fx_init(&w->fx);
	return &w->fx;
}

static void end(struct world *w)
{
	assert_false(w->fx.overflow);
	for (unsigned i = 0; i < w->fx.n; i++)
		saw(w, &w->fx.e[i]);
}

static void assert_log(struct world *w, const char *want)
{
	assert_string_equal(w->log, want);
	w->log[0] = '\0';
}

/* Runs every deadline up to now + d. */
static void advance(struct world *w, ze_ns d)
{
	ze_ns until = w->now + d;

	for (unsigned turns = 0; ppp_link_deadline(&w->l) <= until; turns++) {
		assert_true(turns < 10000);
		if (ppp_link_deadline(&w->l) > w->now)
			w->now = ppp_link_deadline(&w->l);
		ppp_link_expire(&w->l, w->now, begin(w));
		end(w);
	}
	w->now = until;
}

/* ------------------------------------------------------------- what the peer and the owner do */

static void frame(struct world *w, const void *p, size_t len)
{
	ppp_link_input(&w->l, span_of(p, len), w->now, begin(w));
	end(w);
}

static void give(struct world *w, uint16_t proto, uint8_t code, uint8_t id, struct span data)
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
	frame(w, buf, wr_len(&wr));
}

#define NOTHING ((struct span){ 0 })
#define OPTS(s) span_of(s, sizeof(s) - 1)
#define ADDR0	OPTS("\003\006\000\000\000\000")
#define ADDR_OK OPTS("\003\006\012\000\000\002")
#define IFID	OPTS("\001\012\002\000\000\000\000\000\000\005")

static void ack(struct world *w, unsigned which)
{
	const struct pkt *r = &w->req[which];

	give(w, protos[which].proto, CP_CONF_ACK, r->id, span_of(r->data, r->len));
}

static void start_cfg(struct world *w, const struct ppp_link_cfg *cfg)
{
	assert_int_equal(ppp_link_init(&w->l, cfg, &the_rng), 0);
	w->now = T0;
	w->log[0] = '\0';
	ppp_link_open(&w->l, w->now, begin(w));
	end(w);
	assert_log(w, "lcp.1");
}

/* The peer's request first, then its Ack of ours. */
static void lcp_open_quietly(struct world *w)
{
	give(w, PPP_LCP, CP_CONF_REQ, 1, NOTHING);
	ack(w, 0);
}

static void lcp_open(struct world *w)
{
	lcp_open_quietly(w);
	assert_log(w, "lcp.2 LCP-UP chap.1");
}

static void respond(struct world *w, const char *user)
{
	uint8_t buf[64] = { 16 };
	size_t n = strlen(user);

	memcpy(buf + 17, user, n);
	give(w, PPP_CHAP, CHAP_RESPONSE, w->l.auth.id, span_of(buf, 17 + n));
}

static void verdict(struct world *w, bool accept)
{
	const struct ppp_auth_answer a = { .accept = accept };

	ppp_link_auth_answer(&w->l, &a, w->now, begin(w));
	end(w);
}

static void addr(struct world *w, enum ppp_family fam, bool accept)
{
	const struct ppp_addr_answer a = { .family = fam,
					   .accept = accept,
					   .v4 = { .local = LOCAL4, .peer = PEER4 },
					   .ifid = 1,
					   .suggest = 2 };

	ppp_link_addr_answer(&w->l, &a, w->now, begin(w));
	end(w);
}

static void attached(struct world *w, enum ppp_family fam, bool ok)
{
	ppp_link_ncp_attached(&w->l, fam, ok, w->now, begin(w));
	end(w);
}

static void close_link(struct world *w, enum ppp_end why)
{
	ppp_link_close(&w->l, why, w->now, begin(w));
	end(w);
}

static void authenticate(struct world *w)
{
	lcp_open(w);
	respond(w, "alice");
	assert_log(w, "ASK");
	verdict(w, true);
	assert_log(w, "chap.3 AUTHENTICATED ADDR4 ADDR6");
}

static void ipv4_up(struct world *w)
{
	ack(w, 1);
	give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR_OK);
	assert_log(w, "READY4");
	attached(w, PPP_FAM_IPV4, true);
	assert_log(w, "ipcp.2 UP4");
}

static void ipv6_up(struct world *w)
{
	ack(w, 2);
	give(w, PPP_IPV6CP, CP_CONF_REQ, 1, IFID);
	assert_log(w, "READY6");
	attached(w, PPP_FAM_IPV6, true);
	assert_log(w, "ip6cp.2 UP6");
}

static void all_up_cfg(struct world *w, const struct ppp_link_cfg *cfg)
{
	start_cfg(w, cfg);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, true);
	assert_log(w, "ipcp.1");
	addr(w, PPP_FAM_IPV6, true);
	assert_log(w, "ip6cp.1");
	ipv4_up(w);
	ipv6_up(w);
}

static void all_up(struct world *w)
{
	all_up_cfg(w, &defaults);
}

static void assert_over(struct world *w)
{
	assert_true(w->l.finished);
	assert_int_equal(ppp_link_deadline(&w->l), ZE_NEVER);
	give(w, PPP_LCP, CP_CONF_REQ, 1, NOTHING);
	ppp_link_open(&w->l, w->now, begin(w));
	end(w);
	ppp_link_expire(&w->l, w->now + ZE_SEC(1000), begin(w));
	end(w);
	verdict(w, true);
	addr(w, PPP_FAM_IPV4, true);
	attached(w, PPP_FAM_IPV4, true);
	close_link(w, PPP_END_ADMIN);
	assert_log(w, "");
}

static int setup(void **st)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	the_rng.self = w;
	*st = w;
	return 0;
}

static int teardown(void **st)
{
	free(*st);
	return 0;
}

/* ------------------------------------------------------------- Establish */

/* P-002 */
static void lcp_silence(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	for (unsigned i = 1; i < 10; i++) {
		advance(w, ZE_SEC(3) - 1);
		assert_log(w, "");
		advance(w, 1);
		assert_log(w, "lcp.1");
	}
	advance(w, ZE_SEC(3) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "END:lcp-timeout");
	assert_over(w);
}

/* The peer answers, but never so that LCP opens. */
static void establish_timeout(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	for (unsigned i = 0; i < 10; i++) {
		advance(w, i < 9 ? ZE_SEC(4) : ZE_SEC(4) - 1);
		w->log[0] = '\0';
		give(w, PPP_LCP, CP_TERM_REQ, 9, NOTHING);
		ack(w, 0);
		w->log[0] = '\0';
	}
	assert_string_equal(ppp_phase_name(&w->l), "establish");
	assert_int_equal(w->now, T0 + ZE_SEC(40) - 1);
	advance(w, 1);
	assert_log(w, "END:lcp-timeout");
	assert_over(w);
}

/* P-005: Terminate-Request before Opened: Ack, and go on */
static void terminate_request_early(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	give(w, PPP_LCP, CP_TERM_REQ, 77, NOTHING);
	assert_log(w, "lcp.6");
	assert_int_equal(w->last.id, 77);
	assert_int_equal(w->l.lcp.cp.state, CP_REQ_SENT);
	lcp_open(w);
}

/* P-027, P-028, P-030, P-032 */
static void auth_method_is_negotiated(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	give(w, PPP_LCP, CP_CONF_REQ, 1, OPTS("\003\004\300\043")); /* you authenticate: no */
	assert_log(w, "lcp.4");
	give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, OPTS("\003\004\300\043"));
	assert_log(w, "lcp.1");
	assert_non_null(memmem(w->req[0].data, w->req[0].len, "\003\004\300\043", 4));
	give(w, PPP_LCP, CP_CONF_REQ, 2, NOTHING);
	ack(w, 0);
	assert_log(w, "lcp.2 LCP-UP");
	assert_string_equal(ppp_phase_name(&w->l), "authenticate");
	give(w, PPP_PAP, PAP_REQUEST, 5, OPTS("\005alice\007hunter2"));
	assert_log(w, "ASK");
	assert_int_equal(w->asked.method, PPP_AUTH_PAP);
	assert_int_equal(w->asked.password.len, 7);
	verdict(w, true);
	assert_log(w, "pap.2 AUTHENTICATED ADDR4 ADDR6");
}

/* P-029: a method that is not allowed never ends in none */
static void auth_method_not_allowed(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	cfg.lcp.n_auth = 1;
	start_cfg(w, &cfg);
	give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, OPTS("\003\004\300\043"));
	assert_log(w, "lcp.5");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:auth-refused");
}

/* P-031: rejected; and the same with allow-no-auth */
static void auth_option_rejected(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	start_cfg(w, &cfg);
	give(w, PPP_LCP, CP_CONF_REJ, w->req[0].id, OPTS("\003\005\302\043\005"));
	assert_log(w, "lcp.5");
	assert_string_equal(ppp_phase_name(&w->l), "terminate");
	give(w, PPP_LCP, CP_TERM_ACK, w->last.id, NOTHING);
	assert_log(w, "END:auth-refused");

	cfg.lcp.allow_no_auth = true;
	start_cfg(w, &cfg);
	give(w, PPP_LCP, CP_CONF_REJ, w->req[0].id, OPTS("\003\005\302\043\005"));
	assert_log(w, "lcp.1");
	lcp_open_quietly(w);
	assert_log(w, "lcp.2 LCP-UP ADDR4 ADDR6");
	assert_string_equal(ppp_phase_name(&w->l), "network");
}

static void no_auth_configured(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	cfg.lcp.n_auth = 0;
	start_cfg(w, &cfg);
	lcp_open_quietly(w);
	assert_log(w, "lcp.2 LCP-UP ADDR4 ADDR6");
	assert_false(w->l.authenticated);
}

/* P-029: were LCP ever to open without a method against the configuration, nobody gets in. */
static void never_unauthenticated(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	give(w, PPP_LCP, CP_CONF_REQ, 1, NOTHING);
	w->l.lcp.want_auth = false;
	ack(w, 0);
	assert_log(w, "lcp.2 LCP-UP lcp.5 LCP-DOWN");
	assert_int_equal(w->l.end, PPP_END_AUTH_REFUSED);
}

/* P-118, P-044: before LCP is open nothing but LCP is heard, and nothing is answered */
static void early_frames(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	give(w, PPP_PAP, PAP_REQUEST, 1, OPTS("\001a\001b"));
	assert_log(w, "!ppp-phase");
	give(w, PPP_CHAP, CHAP_RESPONSE, 1, NOTHING);
	give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR0);
	give(w, PPP_CCP, CP_CONF_REQ, 1, NOTHING);
	assert_log(w, "!ppp-phase !ppp-phase !ppp-phase");
	frame(w, "\377\003\000\041\105", 5);
	frame(w, "\000\127\140", 3);
	assert_log(w, "!ip-before-open !ip-before-open");
	frame(w, "\377\003", 2);
	frame(w, "\377\003\300\040", 4);
	assert_log(w, "!ppp-short !ppp-protocol");
	assert_int_equal(w->l.rx_frames, 8);
	assert_int_equal(w->l.tx_frames, 1);
}

/* ------------------------------------------------------------- Authenticate */

/* P-123, P-044, P-064: while authentication is pending */
static void frames_during_auth(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	lcp_open(w);
	for (unsigned asked = 0; asked < 2; asked++) {
		give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR0);
		give(w, PPP_IPV6CP, CP_CONF_REQ, 1, IFID);
		give(w, PPP_CCP, CP_CONF_REQ, 1, NOTHING);
		give(w, PPP_PAP, PAP_REQUEST, 1, OPTS("\001a\001b"));
		assert_log(w, "!ppp-phase !ppp-phase !ppp-phase !ppp-phase");
		frame(w, "\377\003\000\041\105", 5);
		assert_log(w, "!ip-before-open");
		respond(w, "alice");
		assert_log(w, asked ? "" : "ASK");
	}
}

/* P-060, P-070: bad: the message, then Terminate, then the end */
static void auth_rejected(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	lcp_open(w);
	respond(w, "alice");
	verdict(w, false);
	assert_log(w, "ASK chap.4 lcp.5 LCP-DOWN");
	assert_string_equal(ppp_phase_name(&w->l), "terminate");
	respond(w, "alice");
	assert_log(w, "!ppp-phase");
	give(w, PPP_LCP, CP_TERM_ACK, w->l.lcp.cp.term_id, NOTHING);
	assert_log(w, "END:auth-failed");
	assert_over(w);
}

/* P-071, and the timeout of the phase, one tick before and at its time */
static void auth_timeouts(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	start_cfg(w, &cfg);
	lcp_open(w);
	advance(w, ZE_SEC(25) - 1);
	assert_log(w, "chap.1 chap.1 chap.1 chap.1 chap.1 chap.1 chap.1 chap.1");
	advance(w, 1);
	assert_log(w, "lcp.5 LCP-DOWN");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:auth-timeout");

	cfg.auth.timeout = ZE_SEC(60);
	start_cfg(w, &cfg);
	lcp_open(w);
	advance(w, ZE_SEC(30) - 1);
	w->log[0] = '\0';
	advance(w, 1);
	assert_log(w, "lcp.5 LCP-DOWN");
	assert_int_equal(w->l.end, PPP_END_AUTH_TIMEOUT);
}

/* The decision never comes. */
static void decision_timeout(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	lcp_open(w);
	respond(w, "alice");
	assert_log(w, "ASK");
	advance(w, ZE_SEC(25) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "lcp.5 LCP-DOWN");
	verdict(w, true); /* too late */
	assert_log(w, "");
}

/* P-074: a repetition in the Network phase gets the same verdict and disturbs nothing */
static void verdict_repeated(void **st)
{
	struct world *w = *st;

	all_up(w);
	respond(w, "alice");
	assert_log(w, "chap.3");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
}

/* P-075 */
static void reauthentication(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	cfg.auth.reauth_interval = ZE_SEC(300);
	all_up_cfg(w, &cfg);
	advance(w, ZE_SEC(300) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "chap.1");
	respond(w, "alice");
	verdict(w, true);
	assert_log(w, "ASK chap.3");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
	advance(w, ZE_SEC(300));
	respond(w, "alice");
	verdict(w, false);
	assert_log(w, "chap.1 ASK chap.4 lcp.5 LCP-DOWN DOWN4 DOWN6");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:auth-failed");
}

/* ------------------------------------------------------------- Network */

/* P-110: Nak into place, then Ack once the data plane is attached */
static void ipcp_address_given(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR0); /* before we know ourselves */
	assert_log(w, "!ppp-phase");
	addr(w, PPP_FAM_IPV4, true);
	assert_log(w, "ipcp.1");
	assert_int_equal(w->last.len, 6);
	assert_memory_equal(w->last.data, "\003\006\012\000\000\001", 6);
	give(w, PPP_IPCP, CP_CONF_REQ, 2, ADDR0);
	assert_log(w, "ipcp.3");
	assert_memory_equal(w->last.data, ADDR_OK.p, 6);
	give(w, PPP_IPCP, CP_CONF_REQ, 3, ADDR_OK);
	assert_log(w, "READY4");
	frame(w, "\377\003\000\041\105", 5); /* P-118 */
	assert_log(w, "!ip-before-open");
	ack(w, 1);
	assert_log(w, "");
	attached(w, PPP_FAM_IPV4, true);
	assert_log(w, "ipcp.2 UP4");
	assert_int_equal(w->last.id, 3);
	attached(w, PPP_FAM_IPV4, true);
	assert_log(w, "");
	frame(w, "\377\003\000\041\105", 5); /* the data plane's business */
	assert_log(w, "");
	addr(w, PPP_FAM_IPV4, false); /* nobody asked again */
	assert_log(w, "");
	give(w, PPP_IPCP, CP_CONF_REQ, 4, ADDR_OK);
	assert_log(w, "ipcp.1 ipcp.2 DOWN4");
}

/* P-122: IPv6 declined: Protocol-Reject of 8057, IPv4 fine */
static void ipv6_declined(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, true);
	addr(w, PPP_FAM_IPV6, false);
	assert_log(w, "ipcp.1");
	give(w, PPP_IPV6CP, CP_CONF_REQ, 9, IFID);
	assert_log(w, "!ppp-unknown lcp.8");
	assert_memory_equal(w->last.data, "\200\127\001\011\000\016", 6);
	ipv4_up(w);
}

/* A family that is not enabled is not even asked about. */
static void family_disabled(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	cfg.enable_ipcp = false;
	start_cfg(w, &cfg);
	lcp_open(w);
	respond(w, "alice");
	verdict(w, true);
	assert_log(w, "ASK chap.3 AUTHENTICATED ADDR6");
	give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR0);
	assert_log(w, "!ppp-unknown lcp.8");
	addr(w, PPP_FAM_IPV6, true);
	assert_log(w, "ip6cp.1");
	ipv6_up(w);
}

static void attach_fails(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, true);
	addr(w, PPP_FAM_IPV6, true);
	give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR_OK);
	assert_log(w, "ipcp.1 ip6cp.1 READY4");
	attached(w, PPP_FAM_IPV4, false);
	assert_log(w, "DOWN4");
	give(w, PPP_IPCP, CP_CONF_REQ, 2, ADDR_OK);
	assert_log(w, "!ppp-unknown lcp.8");
	ipv6_up(w);
	advance(w, ZE_SEC(100));
	assert_log(w, "");
}

/* P-129, P-044: CCP between IPCP packets */
static void ccp_interleaved(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, true);
	assert_log(w, "ipcp.1");
	give(w, PPP_CCP, CP_CONF_REQ, 1, OPTS("\022\006\001\000\000\140"));
	assert_log(w, "!ppp-unknown lcp.8");
	assert_memory_equal(w->last.data, "\200\375\001\001", 4);
	ipv4_up(w);
	give(w, PPP_CCP, CP_CONF_REQ, 2, OPTS("\022\006\001\000\000\140"));
	assert_log(w, "!ppp-unknown lcp.8");
}

/* P-045: the peer rejects IPv6CP: it stops, IPv4 unaffected */
static void ipv6cp_protocol_rejected(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, true);
	addr(w, PPP_FAM_IPV6, true);
	assert_log(w, "ipcp.1 ip6cp.1");
	give(w, PPP_LCP, LCP_PROTO_REJ, 1, OPTS("\200\127\001\001\000\004"));
	assert_log(w, "DOWN6");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV6], PPP_NCP_OFF);
	ipv4_up(w);
	advance(w, ZE_SEC(100));
	assert_log(w, "");
}

/* P-045: rejected when it was up: it terminates, but not beyond LCP's own fall */
static void ipv6cp_protocol_rejected_late(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_LCP, LCP_PROTO_REJ, 1, OPTS("\200\127\001\001\000\004"));
	assert_log(w, "ip6cp.5 DOWN6");
	close_link(w, PPP_END_ADMIN);
	assert_log(w, "lcp.5 LCP-DOWN DOWN4");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:admin");
}

/* P-046 */
static void lcp_protocol_rejected(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_LCP, LCP_PROTO_REJ, 1, OPTS("\300\041\001\001\000\004"));
	assert_log(w, "lcp.5 LCP-DOWN DOWN4 DOWN6");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:rejected");
}

/* P-124: IPCP ended by the peer; IPv6 goes on. It may come back, held again. */
static void ipcp_terminated(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_IPCP, CP_TERM_REQ, 5, NOTHING);
	assert_log(w, "ipcp.6 DOWN4");
	frame(w, "\377\003\000\041\105", 5);
	assert_log(w, "!ip-before-open");
	advance(w, ZE_SEC(100));
	assert_log(w, "");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV6], PPP_NCP_UP);
	assert_string_equal(ppp_phase_name(&w->l), "network");
	give(w, PPP_IPCP, CP_CONF_REQ, 6, ADDR_OK);
	assert_log(w, "ipcp.1 READY4");
	ack(w, 1);
	attached(w, PPP_FAM_IPV4, true);
	assert_log(w, "ipcp.2 UP4");
}

/* P-125 */
static void ipv6cp_terminated(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_IPV6CP, CP_TERM_REQ, 5, NOTHING);
	assert_log(w, "ip6cp.6 DOWN6");
	advance(w, ZE_SEC(1000));
	assert_log(w, "");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
}

/* Both families ended: ncp-timeout, then the end. */
static void both_terminated(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_IPV6CP, CP_TERM_REQ, 5, NOTHING);
	advance(w, ZE_SEC(50));
	give(w, PPP_IPCP, CP_TERM_REQ, 5, NOTHING);
	assert_log(w, "ip6cp.6 DOWN6 ipcp.6 DOWN4");
	advance(w, ZE_SEC(35) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "lcp.5 LCP-DOWN");
	give(w, PPP_LCP, CP_TERM_ACK, w->last.id, NOTHING);
	assert_log(w, "END:ncp-timeout");
}

/* P-126: IPCP anew in Opened: same address, no READY, no ADDR */
static void ipcp_renegotiated(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_IPCP, CP_CONF_REQ, 7, ADDR_OK);
	assert_log(w, "ipcp.1 ipcp.2 DOWN4");
	ack(w, 1);
	assert_log(w, "UP4");
	give(w, PPP_IPCP, CP_CONF_REQ, 8, ADDR0);
	assert_log(w, "ipcp.1 ipcp.3 DOWN4");
	assert_memory_equal(w->last.data, ADDR_OK.p, 6);
	give(w, PPP_IPCP, CP_CONF_REQ, 9, ADDR_OK);
	ack(w, 1);
	assert_log(w, "ipcp.2 UP4");
}

/* P-128: both refused: nothing comes up, the link ends at its time */
static void both_refused(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, false);
	addr(w, PPP_FAM_IPV6, false);
	advance(w, ZE_SEC(35) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "lcp.5 LCP-DOWN");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:ncp-timeout");
}

/* P-128: no address ever, or a peer that does not speak any NCP */
static void network_timeout(void **st)
{
	struct world *w = *st;

	for (unsigned answered = 0; answered < 2; answered++) {
		start_cfg(w, &defaults);
		authenticate(w);
		if (answered) {
			addr(w, PPP_FAM_IPV4, true);
			addr(w, PPP_FAM_IPV6, true);
		}
		advance(w, ZE_SEC(35) - 1);
		assert_non_null(strstr(w->log, answered ? "DOWN4" : ""));
		w->log[0] = '\0';
		advance(w, 1);
		assert_log(w, "lcp.5 LCP-DOWN");
		assert_int_equal(w->l.end, PPP_END_NCP_TIMEOUT);
	}
}

/* P-040 */
static void echoes_unanswered(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	cfg.lcp.echo =
		(struct echo_cfg){ .interval = ZE_SEC(10), .timeout = ZE_SEC(5), .failures = 3 };
	all_up_cfg(w, &cfg);
	advance(w, ZE_SEC(35) - 1);
	assert_log(w, "lcp.9 LOST lcp.9 LOST lcp.9");
	advance(w, 1);
	assert_log(w, "LOST lcp.5 LCP-DOWN DOWN4 DOWN6");
	advance(w, ZE_SEC(6));
	assert_log(w, "lcp.5 END:echo");
	assert_over(w);
}

/* ------------------------------------------------------------- renegotiation of LCP */

static void again_from_lcp(struct world *w)
{
	respond(w, "alice");
	assert_log(w, "ASK");
	verdict(w, true);
	assert_log(w, "chap.3 AUTHENTICATED ipcp.1 ip6cp.1");
	ipv4_up(w);
	ipv6_up(w);
	assert_int_equal(w->l.ipcp.params.peer, PEER4);
}

/* P-007: CR in Opened: all again, same address, no second ADDR */
static void lcp_renegotiated(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_LCP, CP_CONF_REQ, 50, OPTS("\001\004\005\000")); /* P-055: MRU 1280 */
	assert_log(w, "lcp.1 lcp.2 LCP-DOWN DOWN4 DOWN6");
	assert_string_equal(ppp_phase_name(&w->l), "establish");
	assert_false(w->l.authenticated);
	give(w, PPP_IPCP, CP_CONF_REQ, 7, ADDR_OK);
	assert_log(w, "!ppp-phase");
	advance(w, ZE_SEC(1));
	ack(w, 0);
	assert_log(w, "LCP-UP chap.1");
	assert_int_equal(ppp_link_mtu(&w->l), 1280);
	again_from_lcp(w);
}

/* P-006 */
static void terminate_ack_unexpected(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_LCP, CP_TERM_ACK, 50, NOTHING);
	assert_log(w, "lcp.1 LCP-DOWN DOWN4 DOWN6");
	lcp_open(w);
	again_from_lcp(w);
}

/* A renegotiation that never converges ends as an Establish phase does. */
static void lcp_renegotiation_times_out(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	cfg.lcp_timeout = ZE_SEC(20);
	all_up_cfg(w, &cfg);
	advance(w, ZE_SEC(500));
	give(w, PPP_LCP, CP_CONF_REQ, 50, NOTHING);
	w->log[0] = '\0';
	advance(w, ZE_SEC(20) - 1);
	assert_log(w, "lcp.1 lcp.1 lcp.1 lcp.1 lcp.1 lcp.1");
	advance(w, 1);
	assert_log(w, "END:lcp-timeout");
}

/* Somebody else logs in after the renegotiation: he does not get the first one's address. */
static void other_user_after_renegotiation(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_LCP, CP_CONF_REQ, 50, NOTHING);
	ack(w, 0);
	w->log[0] = '\0';
	respond(w, "mallory");
	assert_log(w, "!cp-mismatch chap.4 lcp.5 LCP-DOWN");
	assert_int_equal(w->l.end, PPP_END_AUTH_FAILED);
}

/* LCP anew while addresses are looked up and while an attach is under way. */
static void lcp_renegotiated_half_way(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	authenticate(w);
	addr(w, PPP_FAM_IPV4, true);
	give(w, PPP_IPCP, CP_CONF_REQ, 1, ADDR_OK);
	assert_log(w, "ipcp.1 READY4");
	give(w, PPP_LCP, CP_CONF_REQ, 50, NOTHING);
	assert_log(w, "lcp.1 lcp.2 LCP-DOWN DOWN4");
	attached(w, PPP_FAM_IPV4, true); /* of the first time: not asked any more */
	addr(w, PPP_FAM_IPV6, true);	 /* still wanted */
	assert_log(w, "");
	ack(w, 0);
	assert_log(w, "LCP-UP chap.1");
	again_from_lcp(w);
}

/* ------------------------------------------------------------- Terminate */

/* P-003 */
static void close_unanswered(void **st)
{
	struct world *w = *st;

	all_up(w);
	close_link(w, PPP_END_ADMIN);
	assert_log(w, "lcp.5 LCP-DOWN DOWN4 DOWN6");
	close_link(w, PPP_END_NCP_TIMEOUT); /* the first reason stays */
	assert_log(w, "");
	advance(w, ZE_SEC(3) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "lcp.5");
	advance(w, ZE_SEC(3) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "END:admin");
	assert_over(w);
}

/* P-004, P-127: Ack with the same id, NCPs down, the end after one interval */
static void peer_terminates(void **st)
{
	struct world *w = *st;

	all_up(w);
	give(w, PPP_LCP, CP_TERM_REQ, 99, NOTHING);
	assert_log(w, "lcp.6 LCP-DOWN DOWN4 DOWN6");
	assert_int_equal(w->last.id, 99);
	advance(w, ZE_SEC(1));
	give(w, PPP_LCP, CP_TERM_REQ, 100, NOTHING); /* our Ack was lost */
	assert_log(w, "lcp.6");
	close_link(w, PPP_END_ADMIN);
	advance(w, ZE_SEC(2) - 1);
	assert_log(w, "");
	advance(w, 1);
	assert_log(w, "END:peer"); /* not our later wish */
	assert_over(w);
}

/* P-127: the reason */
static void peer_terminates_reason(void **st)
{
	struct world *w = *st;

	start_cfg(w, &defaults);
	lcp_open(w);
	give(w, PPP_LCP, CP_TERM_REQ, 99, NOTHING);
	assert_log(w, "lcp.6 LCP-DOWN");
	advance(w, ZE_SEC(3));
	assert_log(w, "END:peer");
}

/* Admin close in each phase. */
static void close_in_each_phase(void **st)
{
	struct world *w = *st;

	assert_int_equal(ppp_link_init(&w->l, &defaults, &the_rng), 0);
	assert_string_equal(ppp_phase_name(&w->l), "dead");
	close_link(w, PPP_END_ADMIN);
	assert_log(w, "END:admin");
	start_cfg(w, &defaults);
	close_link(w, PPP_END_ADMIN);
	assert_log(w, "lcp.5");
	give(w, PPP_LCP, CP_TERM_ACK, w->last.id, NOTHING);
	assert_log(w, "END:admin");
	start_cfg(w, &defaults);
	lcp_open(w);
	respond(w, "alice");
	close_link(w, PPP_END_ADMIN);
	assert_log(w, "ASK lcp.5 LCP-DOWN");
	for (size_t i = 0; i < sizeof(w->l.auth.secret); i++)
		assert_int_equal(w->l.auth.secret[i], 0);
	give(w, PPP_LCP, CP_TERM_ACK, w->last.id, NOTHING);
	assert_log(w, "END:admin");
}

/* P-013: the call is gone: silence from every phase */
static void down_in_each_phase(void **st)
{
	struct world *w = *st;

	for (unsigned phase = 0; phase < 6; phase++) {
		start_cfg(w, &defaults);
		if (phase == 1) {
			lcp_open(w);
			respond(w, "alice");
		} else if (phase == 2) {
			authenticate(w);
		} else if (phase >= 3) {
			all_up(w);
		}
		if (phase == 4)
			close_link(w, PPP_END_ADMIN);
		else if (phase == 5)
			give(w, PPP_LCP, CP_TERM_REQ, 1, NOTHING);
		w->log[0] = '\0';
		ppp_link_down(&w->l);
		assert_over(w);
		ppp_link_done(&w->l);
		assert_over(w);
	}
}

/* The end is told even when the effects are full. */
static void end_is_never_lost(void **st)
{
	struct world *w = *st;
	struct ppp_fx *fx = begin(w);

	assert_int_equal(ppp_link_init(&w->l, &defaults, &the_rng), 0);
	while (ppp_fx_add(fx, PPP_FX_ECHO_SENT))
		;
	ppp_link_close(&w->l, PPP_END_ADMIN, T0, fx);
	assert_int_equal(fx->e[PPP_FX_MAX - 1].kind, PPP_FX_FINISHED);
	assert_int_equal(fx->e[PPP_FX_MAX - 1].end, PPP_END_ADMIN);
}

static void mtu(void **st)
{
	struct world *w = *st;
	struct ppp_link_cfg cfg = defaults;

	start_cfg(w, &defaults);
	lcp_open(w);
	assert_int_equal(ppp_link_mtu(&w->l), 1460);
	cfg.lcp.mru = 0;
	start_cfg(w, &cfg);
	lcp_open(w);
	assert_int_equal(ppp_link_mtu(&w->l), 1500);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lcp_silence),
		T(establish_timeout),
		T(terminate_request_early),
		T(auth_method_is_negotiated),
		T(auth_method_not_allowed),
		T(auth_option_rejected),
		T(no_auth_configured),
		T(never_unauthenticated),
		T(early_frames),
		T(frames_during_auth),
		T(auth_rejected),
		T(auth_timeouts),
		T(decision_timeout),
		T(verdict_repeated),
		T(reauthentication),
		T(ipcp_address_given),
		T(ipv6_declined),
		T(family_disabled),
		T(attach_fails),
		T(ccp_interleaved),
		T(ipv6cp_protocol_rejected),
		T(ipv6cp_protocol_rejected_late),
		T(lcp_protocol_rejected),
		T(ipcp_terminated),
		T(ipv6cp_terminated),
		T(both_terminated),
		T(ipcp_renegotiated),
		T(both_refused),
		T(network_timeout),
		T(echoes_unanswered),
		T(lcp_renegotiated),
		T(terminate_ack_unexpected),
		T(lcp_renegotiation_times_out),
		T(other_user_after_renegotiation),
		T(lcp_renegotiated_half_way),
		T(close_unanswered),
		T(peer_terminates),
		T(peer_terminates_reason),
		T(close_in_each_phase),
		T(down_in_each_phase),
		T(end_is_never_lost),
		T(mtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
