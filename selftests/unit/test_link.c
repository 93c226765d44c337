/* SPDX-License-Identifier: BSD-2-Clause */
/* The phases of a link: Establish, Authenticate, Terminate. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "selftests/lib/pw.h"

/* ------------------------------------------------------------- Establish */

/* F-C6: the first challenge has a random identifier. */
static void chap_begins_anywhere(void **st)
{
	unsigned seen[256] = { 0 }, different = 0;
	struct pw *w = *st;

	for (unsigned i = 0; i < 16; i++) {
		pw_start(w, &pw_defaults);
		pw_lcp_open_quietly(w);
		different += !seen[w->last.id]++;
		ppp_link_done(&w->l);
		w->log[0] = '\0';
	}
	assert_true(different > 8);
	pw_start(w, &pw_defaults);
}

/* P-002 */
static void lcp_silence(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	for (unsigned i = 1; i < 10; i++) {
		pw_advance(w, ZE_SEC(3) - 1);
		pw_assert_log(w, "");
		pw_advance(w, 1);
		pw_assert_log(w, "lcp.1");
	}
	pw_advance(w, ZE_SEC(3) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "END:lcp-timeout");
	pw_assert_over(w);
}

/* The peer answers, but never in a way that opens LCP. */
static void establish_timeout(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	for (unsigned i = 0; i < 10; i++) {
		pw_advance(w, i < 9 ? ZE_SEC(4) : ZE_SEC(4) - 1);
		w->log[0] = '\0';
		pw_give(w, PPP_LCP, CP_TERM_REQ, 9, PW_NOTHING);
		pw_ack(w, 0);
		w->log[0] = '\0';
	}
	assert_string_equal(ppp_phase_name(&w->l), "establish");
	assert_int_equal(w->now, PW_T0 + ZE_SEC(40) - 1);
	pw_advance(w, 1);
	pw_assert_log(w, "END:lcp-timeout");
	pw_assert_over(w);
}

/* P-005: a Terminate-Request before Opened: Ack, and the negotiation continues */
static void terminate_request_early(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_give(w, PPP_LCP, CP_TERM_REQ, 77, PW_NOTHING);
	pw_assert_log(w, "lcp.6");
	assert_int_equal(w->last.id, 77);
	assert_int_equal(w->l.lcp.cp.state, CP_REQ_SENT);
	pw_lcp_open(w);
}

/* P-027, P-028, P-030, P-032 */
static void auth_method_is_negotiated(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	/* A request that we authenticate ourselves is rejected. */
	pw_give(w, PPP_LCP, CP_CONF_REQ, 1, PW_OPTS("\003\004\300\043"));
	pw_assert_log(w, "lcp.4");
	pw_give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, PW_OPTS("\003\004\300\043"));
	pw_assert_log(w, "lcp.1");
	assert_non_null(memmem(w->req[0].data, w->req[0].len, "\003\004\300\043", 4));
	pw_give(w, PPP_LCP, CP_CONF_REQ, 2, PW_NOTHING);
	pw_ack(w, 0);
	pw_assert_log(w, "lcp.2 LCP-UP");
	assert_string_equal(ppp_phase_name(&w->l), "authenticate");
	pw_give(w, PPP_PAP, PAP_REQUEST, 5, PW_OPTS("\005alice\007hunter2"));
	pw_assert_log(w, "ASK");
	assert_int_equal(w->asked.method, PPP_AUTH_PAP);
	assert_int_equal(w->asked.password.len, 7);
	pw_verdict(w, true);
	pw_assert_log(w, "pap.2 AUTHENTICATED ADDR4 ADDR6");
}

/* P-029: a method that is not allowed never leads to no authentication */
static void auth_method_not_allowed(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.lcp.n_auth = 1;
	pw_start(w, &cfg);
	pw_give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, PW_OPTS("\003\004\300\043"));
	pw_assert_log(w, "lcp.5");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:auth-refused");
}

/* P-031: rejected; and the same with allow-no-auth */
static void auth_option_rejected(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	pw_start(w, &cfg);
	pw_give(w, PPP_LCP, CP_CONF_REJ, w->req[0].id, PW_OPTS("\003\005\302\043\005"));
	pw_assert_log(w, "lcp.5");
	assert_string_equal(ppp_phase_name(&w->l), "terminate");
	pw_give(w, PPP_LCP, CP_TERM_ACK, w->last.id, PW_NOTHING);
	pw_assert_log(w, "END:auth-refused");

	cfg.lcp.allow_no_auth = true;
	pw_start(w, &cfg);
	pw_give(w, PPP_LCP, CP_CONF_REJ, w->req[0].id, PW_OPTS("\003\005\302\043\005"));
	pw_assert_log(w, "lcp.1");
	pw_lcp_open_quietly(w);
	pw_assert_log(w, "lcp.2 LCP-UP ADDR4 ADDR6");
	assert_string_equal(ppp_phase_name(&w->l), "network");
}

static void no_auth_configured(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.lcp.n_auth = 0;
	pw_start(w, &cfg);
	pw_lcp_open_quietly(w);
	pw_assert_log(w, "lcp.2 LCP-UP ADDR4 ADDR6");
	assert_false(w->l.authenticated);
}

/* P-029: if LCP ever opened without a method against the configuration, the login would be
 * refused. */
static void never_unauthenticated(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_give(w, PPP_LCP, CP_CONF_REQ, 1, PW_NOTHING);
	w->l.lcp.want_auth = false;
	pw_ack(w, 0);
	pw_assert_log(w, "lcp.2 LCP-UP lcp.5 LCP-DOWN");
	assert_int_equal(w->l.end, PPP_END_AUTH_REFUSED);
}

/* P-118, P-044: before LCP is open only LCP is processed, and nothing else is answered */
static void early_frames(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_give(w, PPP_PAP, PAP_REQUEST, 1, PW_OPTS("\001a\001b"));
	pw_assert_log(w, "!ppp-phase");
	pw_give(w, PPP_CHAP, CHAP_RESPONSE, 1, PW_NOTHING);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR0);
	pw_give(w, PPP_CCP, CP_CONF_REQ, 1, PW_NOTHING);
	pw_assert_log(w, "!ppp-phase !ppp-phase !ppp-phase");
	pw_frame(w, "\377\003\000\041\105", 5);
	pw_frame(w, "\000\127\140", 3);
	pw_assert_log(w, "!ip-before-open !ip-before-open");
	pw_frame(w, "\377\003", 2);
	pw_frame(w, "\377\003\300\040", 4);
	pw_assert_log(w, "!ppp-short !ppp-protocol");
}

/* ------------------------------------------------------------- Authenticate */

/* P-123, P-044, P-064: while authentication is pending */
static void frames_during_auth(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_lcp_open(w);
	for (unsigned asked = 0; asked < 2; asked++) {
		pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR0);
		pw_give(w, PPP_IPV6CP, CP_CONF_REQ, 1, PW_IFID);
		pw_give(w, PPP_CCP, CP_CONF_REQ, 1, PW_NOTHING);
		pw_give(w, PPP_PAP, PAP_REQUEST, 1, PW_OPTS("\001a\001b"));
		pw_assert_log(w, "!ppp-phase !ppp-phase !ppp-phase !ppp-phase");
		pw_frame(w, "\377\003\000\041\105", 5);
		pw_assert_log(w, "!ip-before-open");
		pw_respond(w, "alice");
		pw_assert_log(w, asked ? "" : "ASK");
	}
}

/* P-060, P-070: bad: the message, then Terminate, then the end */
static void auth_rejected(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_lcp_open(w);
	pw_respond(w, "alice");
	pw_verdict(w, false);
	pw_assert_log(w, "ASK chap.4 lcp.5 LCP-DOWN");
	assert_string_equal(ppp_phase_name(&w->l), "terminate");
	pw_respond(w, "alice");
	pw_assert_log(w, "!ppp-phase");
	pw_give(w, PPP_LCP, CP_TERM_ACK, w->l.lcp.cp.term_id, PW_NOTHING);
	pw_assert_log(w, "END:auth-failed");
	pw_assert_over(w);
}

/* P-071, and the timeout of the phase, just before it and at its time */
static void auth_timeouts(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	pw_start(w, &cfg);
	pw_lcp_open(w);
	pw_advance(w, ZE_SEC(25) - 1);
	pw_assert_log(w, "chap.1 chap.1 chap.1 chap.1 chap.1 chap.1 chap.1 chap.1");
	pw_advance(w, 1);
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:auth-timeout");

	cfg.auth.timeout = ZE_SEC(60);
	pw_start(w, &cfg);
	pw_lcp_open(w);
	pw_advance(w, ZE_SEC(30) - 1);
	w->log[0] = '\0';
	pw_advance(w, 1);
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	assert_int_equal(w->l.end, PPP_END_AUTH_TIMEOUT);
}

/* The verdict never comes. */
static void decision_timeout(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_lcp_open(w);
	pw_respond(w, "alice");
	pw_assert_log(w, "ASK");
	pw_advance(w, ZE_SEC(25) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	pw_verdict(w, true); /* too late */
	pw_assert_log(w, "");
}

/* P-074: a repetition in the Network phase gets the same verdict and changes nothing */
static void verdict_repeated(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_respond(w, "alice");
	pw_assert_log(w, "chap.3");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
}

/* P-075 */
static void reauthentication(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.auth.reauth_interval = ZE_SEC(300);
	pw_all_up_with(w, &cfg);
	pw_advance(w, ZE_SEC(300) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "chap.1");
	pw_respond(w, "alice");
	pw_verdict(w, true);
	pw_assert_log(w, "ASK chap.3");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
	pw_advance(w, ZE_SEC(300));
	pw_respond(w, "alice");
	pw_verdict(w, false);
	pw_assert_log(w, "chap.1 ASK chap.4 lcp.5 LCP-DOWN DOWN4 DOWN6");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:auth-failed");
}

/* ------------------------------------------------------------- Terminate */

/* P-003 */
static void close_unanswered(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_close(w, PPP_END_ADMIN);
	pw_assert_log(w, "lcp.5 LCP-DOWN DOWN4 DOWN6");
	pw_close(w, PPP_END_NCP_TIMEOUT); /* the first reason is kept */
	pw_assert_log(w, "");
	pw_advance(w, ZE_SEC(3) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "lcp.5");
	pw_advance(w, ZE_SEC(3) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "END:admin");
	pw_assert_over(w);
}

/* P-004, P-127: Ack with the same identifier, the NCPs go down, the end follows after one
 * interval */
static void peer_terminates(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_LCP, CP_TERM_REQ, 99, PW_NOTHING);
	pw_assert_log(w, "lcp.6 LCP-DOWN DOWN4 DOWN6");
	assert_int_equal(w->last.id, 99);
	pw_advance(w, ZE_SEC(1));
	pw_give(w, PPP_LCP, CP_TERM_REQ, 100, PW_NOTHING); /* our Ack was lost */
	pw_assert_log(w, "lcp.6");
	pw_close(w, PPP_END_ADMIN);
	pw_advance(w, ZE_SEC(2) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "END:peer"); /* not our later reason */
	pw_assert_over(w);
}

/* P-127: the reason */
static void peer_terminates_reason(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_lcp_open(w);
	pw_give(w, PPP_LCP, CP_TERM_REQ, 99, PW_NOTHING);
	pw_assert_log(w, "lcp.6 LCP-DOWN");
	pw_advance(w, ZE_SEC(3));
	pw_assert_log(w, "END:peer");
}

/* Admin close in each phase. */
static void close_in_each_phase(void **st)
{
	struct pw *w = *st;

	assert_int_equal(ppp_link_init(&w->l, &pw_defaults, &pw_rng), 0);
	assert_string_equal(ppp_phase_name(&w->l), "dead");
	pw_close(w, PPP_END_ADMIN);
	pw_assert_log(w, "END:admin");
	pw_start(w, &pw_defaults);
	pw_close(w, PPP_END_ADMIN);
	pw_assert_log(w, "lcp.5");
	pw_give(w, PPP_LCP, CP_TERM_ACK, w->last.id, PW_NOTHING);
	pw_assert_log(w, "END:admin");
	pw_start(w, &pw_defaults);
	pw_lcp_open(w);
	pw_respond(w, "alice");
	pw_close(w, PPP_END_ADMIN);
	pw_assert_log(w, "ASK lcp.5 LCP-DOWN");
	assert_null(w->l.auth.secret.p);
	pw_give(w, PPP_LCP, CP_TERM_ACK, w->last.id, PW_NOTHING);
	pw_assert_log(w, "END:admin");
}

/* P-013: the call has ended: nothing is sent in any phase */
static void down_in_each_phase(void **st)
{
	struct pw *w = *st;

	for (unsigned phase = 0; phase < 6; phase++) {
		pw_start(w, &pw_defaults);
		if (phase == 1) {
			pw_lcp_open(w);
			pw_respond(w, "alice");
		} else if (phase == 2) {
			pw_authenticate(w);
		} else if (phase >= 3) {
			pw_all_up(w);
		}
		if (phase == 4)
			pw_close(w, PPP_END_ADMIN);
		else if (phase == 5)
			pw_give(w, PPP_LCP, CP_TERM_REQ, 1, PW_NOTHING);
		w->log[0] = '\0';
		ppp_link_down(&w->l);
		pw_assert_over(w);
		ppp_link_done(&w->l);
		pw_assert_over(w);
	}
}

/* The end is reported even when the queue of effects is full. */
static void end_is_never_lost(void **st)
{
	struct pw *w = *st;
	struct ppp_fx *fx = pw_begin(w);

	assert_int_equal(ppp_link_init(&w->l, &pw_defaults, &pw_rng), 0);
	while (ppp_fx_add(fx, PPP_FX_ECHO_SENT))
		;
	ppp_link_close(&w->l, PPP_END_ADMIN, PW_T0, fx);
	assert_int_equal(fx->e[PPP_FX_MAX - 1].kind, PPP_FX_FINISHED);
	assert_int_equal(fx->e[PPP_FX_MAX - 1].end, PPP_END_ADMIN);
}

static void mtu(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	pw_start(w, &pw_defaults);
	pw_lcp_open(w);
	assert_int_equal(ppp_link_mtu(&w->l), 1460);
	cfg.lcp.mru = 0;
	pw_start(w, &cfg);
	pw_lcp_open(w);
	assert_int_equal(ppp_link_mtu(&w->l), 1500);
}

/* ------------------------------------------------------------- a peer that renegotiates */

static ze_ns login_limit(void)
{
	return pw_defaults.lcp_timeout + pw_defaults.auth.timeout + pw_defaults.ncp_timeout;
}

/* Renegotiates LCP every 3 s and, if asked to, authenticates. Returns how long the link accepted
 * this. */
static ze_ns until_it_ends(struct pw *w, bool authenticates)
{
	ze_ns begin = w->now;

	for (unsigned i = 0; i < 1000 && w->l.phase != PPP_PHASE_TERMINATE; i++) {
		pw_lcp_open_quietly(w);
		if (authenticates) {
			pw_respond(w, "alice");
			pw_verdict(w, true);
		}
		w->log[0] = '\0';
		pw_advance(w, ZE_SEC(3));
	}
	return w->now - begin;
}

static void assert_ended(struct pw *w, ze_ns took)
{
	assert_in_range(took, login_limit(), login_limit() + ZE_SEC(3));
	pw_advance(w, ZE_SEC(30));
	assert_non_null(strstr(w->log, "END:login-timeout"));
	w->log[0] = '\0';
	pw_assert_over(w);
}

/* F-B7 */
static void begins_again_for_ever(void **st)
{
	struct pw *w = *st;

	for (int authenticates = 0; authenticates < 2; authenticates++) {
		pw_start(w, &pw_defaults);
		assert_ended(w, until_it_ends(w, authenticates));
	}
}

/* F-B7: having been open before does not help either. */
static void begins_again_after_it_was_up(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_advance(w, ZE_SEC(1000));
	w->log[0] = '\0';
	assert_ended(w, until_it_ends(w, false));
}

/* F-B7: a peer that opens a network protocol each time may renegotiate as often as it likes. */
static void begins_again_and_comes_up(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	for (unsigned i = 0; i < 100; i++) {
		pw_lcp_open_quietly(w);
		pw_respond(w, "alice");
		pw_verdict(w, true);
		w->log[0] = '\0';
		pw_ipv4_up(w);
		w->log[0] = '\0';
		pw_advance(w, ZE_SEC(3));
	}
	assert_string_equal(ppp_phase_name(&w->l), "network");
	assert_int_equal(w->l.login_deadline, ZE_NEVER);
}

#define T(f) cmocka_unit_test_setup_teardown(f, pw_setup, pw_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(chap_begins_anywhere),
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
		T(close_unanswered),
		T(peer_terminates),
		T(peer_terminates_reason),
		T(close_in_each_phase),
		T(down_in_each_phase),
		T(end_is_never_lost),
		T(mtu),
		T(begins_again_for_ever),
		T(begins_again_after_it_was_up),
		T(begins_again_and_comes_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
