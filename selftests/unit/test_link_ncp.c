/* SPDX-License-Identifier: BSD-2-Clause */
/* The Network phase of a link, and what happens to it when LCP is renegotiated. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "selftests/lib/pw.h"

/* ------------------------------------------------------------- Network */

/* P-110: a Nak with the address, then the Ack once the data plane has attached the family */
static void ipcp_address_given(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR0); /* before our own address is known */
	pw_assert_log(w, "!ppp-phase");
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.1");
	assert_int_equal(w->last.len, 6);
	assert_memory_equal(w->last.data, "\003\006\012\000\000\001", 6);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 2, PW_ADDR0);
	pw_assert_log(w, "ipcp.3");
	assert_memory_equal(w->last.data, PW_ADDR_OK.p, 6);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 3, PW_ADDR_OK);
	pw_assert_log(w, "READY4");
	pw_frame(w, "\377\003\000\041\105", 5); /* P-118 */
	pw_assert_log(w, "!ip-before-open");
	pw_ack(w, 1);
	pw_assert_log(w, "");
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.2 UP4");
	assert_int_equal(w->last.id, 3);
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "");
	pw_frame(w, "\377\003\000\041\105", 5); /* up to the data plane */
	pw_assert_log(w, "");
	pw_addr(w, PPP_FAM_IPV4, false); /* the address was not looked up again */
	pw_assert_log(w, "");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 4, PW_ADDR_OK);
	pw_assert_log(w, "ipcp.1 DOWN4 READY4");
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.2");
}

/* P-122: IPv6 is refused: Protocol-Reject of 8057, and IPv4 opens */
static void ipv6_declined(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_addr(w, PPP_FAM_IPV6, false);
	pw_assert_log(w, "ipcp.1");
	pw_give(w, PPP_IPV6CP, CP_CONF_REQ, 9, PW_IFID);
	pw_assert_log(w, "!ppp-unknown lcp.8");
	assert_memory_equal(w->last.data, "\200\127\001\011\000\016", 6);
	pw_ipv4_up(w);
}

/* A family that is not enabled is not looked up at all. */
static void family_disabled(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.enable_ipcp = false;
	pw_start(w, &cfg);
	pw_lcp_open(w);
	pw_respond(w, "alice");
	pw_verdict(w, true);
	pw_assert_log(w, "ASK chap.3 AUTHENTICATED ADDR6");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR0);
	pw_assert_log(w, "!ppp-unknown lcp.8");
	pw_addr(w, PPP_FAM_IPV6, true);
	pw_assert_log(w, "ip6cp.1");
	pw_ipv6_up(w);
}

static void attach_fails(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_addr(w, PPP_FAM_IPV6, true);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR_OK);
	pw_assert_log(w, "ipcp.1 ip6cp.1 READY4");
	pw_attached(w, PPP_FAM_IPV4, false);
	pw_assert_log(w, "DOWN4");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 2, PW_ADDR_OK);
	pw_assert_log(w, "!ppp-unknown lcp.8");
	pw_ipv6_up(w);
	pw_advance(w, ZE_SEC(100));
	pw_assert_log(w, "");
}

/* P-129, P-044: CCP between IPCP packets */
static void ccp_interleaved(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.1");
	pw_give(w, PPP_CCP, CP_CONF_REQ, 1, PW_OPTS("\022\006\001\000\000\140"));
	pw_assert_log(w, "!ppp-unknown lcp.8");
	assert_memory_equal(w->last.data, "\200\375\001\001", 4);
	pw_ipv4_up(w);
	pw_give(w, PPP_CCP, CP_CONF_REQ, 2, PW_OPTS("\022\006\001\000\000\140"));
	pw_assert_log(w, "!ppp-unknown lcp.8");
}

/* P-045: the peer rejects IPv6CP: it stops, IPv4 is unaffected */
static void ipv6cp_protocol_rejected(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_addr(w, PPP_FAM_IPV6, true);
	pw_assert_log(w, "ipcp.1 ip6cp.1");
	pw_give(w, PPP_LCP, LCP_PROTO_REJ, 1, PW_OPTS("\200\127\001\001\000\004"));
	pw_assert_log(w, "DOWN6");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV6], PPP_NCP_OFF);
	pw_ipv4_up(w);
	pw_advance(w, ZE_SEC(100));
	pw_assert_log(w, "");
}

/* P-045: rejected while it was open: it terminates, but LCP stays open */
static void ipv6cp_protocol_rejected_late(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_LCP, LCP_PROTO_REJ, 1, PW_OPTS("\200\127\001\001\000\004"));
	pw_assert_log(w, "ip6cp.5 DOWN6");
	pw_close(w, PPP_END_ADMIN);
	pw_assert_log(w, "lcp.5 LCP-DOWN DOWN4");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:admin");
}

/* P-046 */
static void lcp_protocol_rejected(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_LCP, LCP_PROTO_REJ, 1, PW_OPTS("\300\041\001\001\000\004"));
	pw_assert_log(w, "lcp.5 LCP-DOWN DOWN4 DOWN6");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:rejected");
}

/* P-124: the peer terminates IPCP; IPv6 continues. IPCP may open again, and its Ack is held
 * again. */
static void ipcp_terminated(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_IPCP, CP_TERM_REQ, 5, PW_NOTHING);
	pw_assert_log(w, "ipcp.6 DOWN4");
	pw_frame(w, "\377\003\000\041\105", 5);
	pw_assert_log(w, "!ip-before-open");
	pw_advance(w, ZE_SEC(100));
	pw_assert_log(w, "");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV6], PPP_NCP_UP);
	assert_string_equal(ppp_phase_name(&w->l), "network");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 6, PW_ADDR_OK);
	pw_assert_log(w, "ipcp.1 READY4");
	pw_ack(w, 1);
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.2 UP4");
}

/* P-125 */
static void ipv6cp_terminated(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_IPV6CP, CP_TERM_REQ, 5, PW_NOTHING);
	pw_assert_log(w, "ip6cp.6 DOWN6");
	pw_advance(w, ZE_SEC(1000));
	pw_assert_log(w, "");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
}

/* Both families ended: ncp-timeout, then the end. */
static void both_terminated(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_IPV6CP, CP_TERM_REQ, 5, PW_NOTHING);
	pw_advance(w, ZE_SEC(50));
	pw_give(w, PPP_IPCP, CP_TERM_REQ, 5, PW_NOTHING);
	pw_assert_log(w, "ip6cp.6 DOWN6 ipcp.6 DOWN4");
	pw_advance(w, ZE_SEC(35) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	pw_give(w, PPP_LCP, CP_TERM_ACK, w->last.id, PW_NOTHING);
	pw_assert_log(w, "END:ncp-timeout");
}

/* P-126: IPCP is renegotiated in Opened: the same address, no ADDR; each Ack waits for the data
 * plane */
static void ipcp_renegotiated(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 7, PW_ADDR_OK);
	pw_assert_log(w, "ipcp.1 DOWN4 READY4");
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "ipcp.2");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 7, PW_ADDR_OK); /* our Ack was lost */
	pw_assert_log(w, "READY4");
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_ack(w, 1);
	pw_assert_log(w, "ipcp.2 UP4");
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 8, PW_ADDR0);
	pw_assert_log(w, "ipcp.1 ipcp.3 DOWN4");
	assert_memory_equal(w->last.data, PW_ADDR_OK.p, 6);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 9, PW_ADDR_OK);
	pw_ack(w, 1);
	pw_attached(w, PPP_FAM_IPV4, true);
	pw_assert_log(w, "READY4 ipcp.2 UP4");
}

/* P-128: both are refused: no protocol opens, and the link ends at its timeout */
static void both_refused(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, false);
	pw_addr(w, PPP_FAM_IPV6, false);
	pw_advance(w, ZE_SEC(35) - 1);
	pw_assert_log(w, "");
	pw_advance(w, 1);
	pw_assert_log(w, "lcp.5 LCP-DOWN");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:ncp-timeout");
}

/* P-128: no address at all, or a peer without any NCP */
static void network_timeout(void **st)
{
	struct pw *w = *st;

	for (unsigned answered = 0; answered < 2; answered++) {
		pw_start(w, &pw_defaults);
		pw_authenticate(w);
		if (answered) {
			pw_addr(w, PPP_FAM_IPV4, true);
			pw_addr(w, PPP_FAM_IPV6, true);
		}
		pw_advance(w, ZE_SEC(35) - 1);
		assert_non_null(strstr(w->log, answered ? "DOWN4" : ""));
		w->log[0] = '\0';
		pw_advance(w, 1);
		pw_assert_log(w, "lcp.5 LCP-DOWN");
		assert_int_equal(w->l.end, PPP_END_NCP_TIMEOUT);
	}
}

/* P-040 */
static void echoes_unanswered(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.lcp.echo =
		(struct echo_cfg){ .interval = ZE_SEC(10), .timeout = ZE_SEC(5), .failures = 3 };
	pw_all_up_with(w, &cfg);
	pw_advance(w, ZE_SEC(35) - 1);
	pw_assert_log(w, "lcp.9 LOST lcp.9 LOST lcp.9");
	pw_advance(w, 1);
	pw_assert_log(w, "LOST lcp.5 LCP-DOWN DOWN4 DOWN6");
	pw_advance(w, ZE_SEC(6));
	pw_assert_log(w, "lcp.5 END:echo");
	pw_assert_over(w);
}

/* F-C4: a peer that rejects Echo-Request is not dead. */
static void echoes_rejected(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.lcp.echo =
		(struct echo_cfg){ .interval = ZE_SEC(10), .timeout = ZE_SEC(5), .failures = 3 };
	pw_all_up_with(w, &cfg);
	pw_advance(w, ZE_SEC(10));
	pw_assert_log(w, "lcp.9");
	assert_string_equal(echo_state_name(&w->l.lcp.echo), "running");
	pw_give(w, PPP_LCP, CP_CODE_REJ, 1, PW_OPTS("\011\001\000\010\000\000\000\000"));
	pw_assert_log(w, "!echo-rejected");
	assert_string_equal(echo_state_name(&w->l.lcp.echo), "rejected-by-peer");
	pw_advance(w, ZE_SEC(300));
	pw_assert_log(w, "");
	pw_give(w, PPP_LCP, CP_CODE_REJ, 2, PW_OPTS("\011\001\000\010\000\000\000\000"));
	pw_assert_log(w, "");
	assert_int_equal(w->l.ncp[PPP_FAM_IPV4], PPP_NCP_UP);
}

/* F-C9: an Echo-Reply is no larger than the peer's MRU, code and length included. */
static void echo_reply_fits(void **st)
{
	static uint8_t data[1400];
	struct pw *w = *st;

	pw_all_up(w);
	w->l.lcp.peer_mru = 600;
	pw_give(w, PPP_LCP, LCP_ECHO_REQ, 1, span_of(data, sizeof(data)));
	pw_assert_log(w, "lcp.10");
	assert_int_equal(w->last.len, 600 - 4);
}

/* F-C9: a Nak with an option of a wrong length is dropped, as its meaning is unknown. */
static void nak_of_a_wrong_length(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, PW_OPTS("\001\005\005\000\000"));
	pw_assert_log(w, "!opt-len");
	pw_give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, PW_OPTS("\005\004\005\000"));
	pw_assert_log(w, "!opt-len");
	pw_give(w, PPP_LCP, CP_CONF_NAK, w->req[0].id, PW_OPTS("\001\004\005\000"));
	pw_assert_log(w, "lcp.1");
}

/* ------------------------------------------------------------- renegotiation of LCP */

static void again_from_lcp(struct pw *w)
{
	pw_respond(w, "alice");
	pw_assert_log(w, "ASK");
	pw_verdict(w, true);
	pw_assert_log(w, "chap.3 AUTHENTICATED ipcp.1 ip6cp.1");
	pw_ipv4_up(w);
	pw_ipv6_up(w);
	assert_int_equal(w->l.ipcp.params.peer, PW_PEER4);
}

/* P-007: a Configure-Request in Opened: everything is negotiated again, same address, no second
 * ADDR */
static void lcp_renegotiated(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_LCP, CP_CONF_REQ, 50, PW_OPTS("\001\004\005\000")); /* P-055: MRU 1280 */
	pw_assert_log(w, "lcp.1 lcp.2 LCP-DOWN DOWN4 DOWN6");
	assert_string_equal(ppp_phase_name(&w->l), "establish");
	assert_false(w->l.authenticated);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 7, PW_ADDR_OK);
	pw_assert_log(w, "!ppp-phase");
	pw_advance(w, ZE_SEC(1));
	pw_ack(w, 0);
	pw_assert_log(w, "LCP-UP chap.1");
	assert_int_equal(ppp_link_mtu(&w->l), 1280);
	again_from_lcp(w);
}

/* P-006 */
static void terminate_ack_unexpected(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_LCP, CP_TERM_ACK, 50, PW_NOTHING);
	pw_assert_log(w, "lcp.1 LCP-DOWN DOWN4 DOWN6");
	pw_lcp_open(w);
	again_from_lcp(w);
}

/* A renegotiation that never converges ends like the Establish phase. */
static void lcp_renegotiation_times_out(void **st)
{
	struct pw *w = *st;
	struct ppp_link_cfg cfg = pw_defaults;

	cfg.lcp_timeout = ZE_SEC(20);
	pw_all_up_with(w, &cfg);
	pw_advance(w, ZE_SEC(500));
	pw_give(w, PPP_LCP, CP_CONF_REQ, 50, PW_NOTHING);
	w->log[0] = '\0';
	pw_advance(w, ZE_SEC(20) - 1);
	pw_assert_log(w, "lcp.1 lcp.1 lcp.1 lcp.1 lcp.1 lcp.1");
	pw_advance(w, 1);
	pw_assert_log(w, "END:lcp-timeout");
}

/* Another user logs in after the renegotiation, and does not get the address of the first one. */
static void other_user_after_renegotiation(void **st)
{
	struct pw *w = *st;

	pw_all_up(w);
	pw_give(w, PPP_LCP, CP_CONF_REQ, 50, PW_NOTHING);
	pw_ack(w, 0);
	w->log[0] = '\0';
	pw_respond(w, "mallory");
	pw_assert_log(w, "!cp-mismatch chap.4 lcp.5 LCP-DOWN");
	assert_int_equal(w->l.end, PPP_END_AUTH_FAILED);
}

/* LCP is renegotiated while addresses are looked up and while an attach is pending. */
static void lcp_renegotiated_half_way(void **st)
{
	struct pw *w = *st;

	pw_start(w, &pw_defaults);
	pw_authenticate(w);
	pw_addr(w, PPP_FAM_IPV4, true);
	pw_give(w, PPP_IPCP, CP_CONF_REQ, 1, PW_ADDR_OK);
	pw_assert_log(w, "ipcp.1 READY4");
	pw_give(w, PPP_LCP, CP_CONF_REQ, 50, PW_NOTHING);
	pw_assert_log(w, "lcp.1 lcp.2 LCP-DOWN DOWN4");
	pw_attached(w, PPP_FAM_IPV4, true); /* of the first negotiation: not looked up any more */
	pw_addr(w, PPP_FAM_IPV6, true);	    /* still wanted */
	pw_assert_log(w, "");
	pw_ack(w, 0);
	pw_assert_log(w, "LCP-UP chap.1");
	again_from_lcp(w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, pw_setup, pw_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		T(echoes_rejected),
		T(echo_reply_fits),
		T(nak_of_a_wrong_length),
		T(lcp_renegotiated),
		T(terminate_ack_unexpected),
		T(lcp_renegotiation_times_out),
		T(other_user_after_renegotiation),
		T(lcp_renegotiated_half_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
