/* SPDX-License-Identifier: BSD-2-Clause */
/* CONFORMANCE 4.5: IPCP as the side that assigns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/ipcp.h"
#include "selftests/lib/ppp_kit.h"

#define RIGHT "0306 0a000002"
#define WRONG "0306 c0000201"

static const struct ipcp_params plain = { .local = 0x0a000001, .peer = 0x0a000002 };
static const struct ipcp_params with_dns = { .local = 0x0a000001,
					     .peer = 0x0a000002,
					     .dns = { 0x08080808, 0x08080404 },
					     .nbns = { 0x0a000035, 0 } };
static struct ipcp i;
static struct ppp_fx fx;
static uint8_t id; /* option of the peer's requests */
static const ze_ns now = ZE_SEC(9);

static void on_ready(struct ipcp *x, struct ppp_fx *f)
{
	(void)x;
	ppp_fx_add(f, PPP_FX_NCP_READY);
}

static void on_finished(struct ipcp *x, struct ppp_fx *f)
{
	(void)x;
	ppp_fx_add(f, PPP_FX_FINISHED);
}

static const struct ipcp_listener listener = { .on_finished = on_finished, .on_ready = on_ready };

static void start(const struct ipcp_params *p)
{
	ipcp_init(&i, &cp_defaults, p);
	assert_true(i.cp.hold);
	i.listener = &listener;
	ppp_fx_init(&fx);
	cp_open(&i.cp, now, &fx);
	cp_up(&i.cp, now, &fx);
	i.cp.hold = false;
}

static void answer(const char *opts, uint8_t code, const char *want)
{
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, ++id, opts), now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPCP, code, want), id);
}

static int setup(void **st)
{
	(void)st;
	start(&plain);
	return 0;
}

static void first_request(void **st)
{
	(void)st;
	kit_sent_one(&fx, PPP_IPCP, CP_CONF_REQ, "0306 0a000001");
}

/* P-110 */
static void address_is_assigned(void **st)
{
	(void)st;
	answer("0306 00000000", CP_CONF_NAK, RIGHT);
	answer(RIGHT, CP_CONF_ACK, RIGHT);
	kit_ack(&i.cp, now, &fx);
	assert_string_equal(cp_state_name(&i.cp), "opened");
}

/* The data plane first: nothing is acknowledged until the family is attached. */
static void ack_waits_for_the_data_plane(void **st)
{
	(void)st;
	i.cp.hold = true;
	answer("0306 00000000", CP_CONF_NAK, RIGHT);
	kit_ack(&i.cp, now, &fx);
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, 34, RIGHT), now, &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.e[0].kind, PPP_FX_NCP_READY);
	ppp_fx_init(&fx);
	cp_release(&i.cp, now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPCP, CP_CONF_ACK, RIGHT), 34);
	assert_string_equal(cp_state_name(&i.cp), "opened");
}

/* P-111 */
static void strangers_address(void **st)
{
	(void)st;
	for (int n = 0; n < 5; n++)
		answer(WRONG, CP_CONF_NAK, RIGHT);
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, 135, WRONG), now, &fx);
	assert_int_equal(kit_sent(&fx, 0, PPP_IPCP).code, CP_CONF_REJ);
	assert_int_equal(kit_sent(&fx, 0, PPP_IPCP).id, 135);
	assert_int_equal(kit_sent(&fx, 1, PPP_IPCP).code, CP_TERM_REQ);
	kit_input(&i.cp, kit_pkt(CP_TERM_ACK, 35, ""), now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_FINISHED), 1);
}

/* A client that insists on DNS only: rejected, and IPCP continues. */
static void strange_dns_is_rejected_in_the_end(void **st)
{
	(void)st;
	start(&with_dns);
	for (int n = 0; n < 5; n++)
		answer(RIGHT "8106 01010101", CP_CONF_NAK, "8106 08080808");
	answer(RIGHT "8106 01010101", CP_CONF_REJ, "8106 01010101");
	answer(RIGHT, CP_CONF_ACK, RIGHT);
}

/* P-112, P-113 */
static void name_servers(void **st)
{
	(void)st;
	answer(RIGHT "8106 00000000 8306 00000000", CP_CONF_REJ, "8106 00000000 8306 00000000");
	answer(RIGHT "8206 00000000 8406 00000000", CP_CONF_REJ, "8206 00000000 8406 00000000");
	start(&with_dns);
	answer("0306 00000000 8106 00000000 8306 00000000 8206 01020304", CP_CONF_NAK,
	       RIGHT "8106 08080808 8306 08080404 8206 0a000035");
	answer(RIGHT "8206 00000000 8406 00000000", CP_CONF_REJ, "8406 00000000");
	answer(RIGHT "8106 08080808 8306 08080404", CP_CONF_ACK,
	       RIGHT "8106 08080808 8306 08080404");
}

/* P-114 and the other rows of the table in 3.5. */
static void unwanted_options(void **st)
{
	(void)st;
	answer("0206 002d0f01 0306 00000000", CP_CONF_REJ, "0206 002d0f01");
	answer("0306 00000000", CP_CONF_NAK, RIGHT);
	answer("010a 00000000 00000000", CP_CONF_REJ, "010a 00000000 00000000");
	answer("0406 00000000", CP_CONF_REJ, "0406 00000000");
	answer("9006 00000000", CP_CONF_REJ, "9006 00000000");
	answer("0304 0a00", CP_CONF_REJ, "0304 0a00");
	answer(RIGHT WRONG, CP_CONF_REJ, WRONG);
}

/* P-115 F-C5: a request without the address is never acknowledged, however often it is sent. */
static void missing_address_is_added(void **st)
{
	(void)st;
	start(&with_dns);
	answer("8106 00000000", CP_CONF_NAK, "8106 08080808" RIGHT);
	answer("8106 08080808", CP_CONF_NAK, RIGHT);
	answer("8106 08080808" RIGHT, CP_CONF_ACK, "8106 08080808" RIGHT);
	start(&plain);
	for (int n = 0; n < 5; n++)
		answer("", CP_CONF_NAK, RIGHT);
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, 135, ""), now, &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(kit_sent(&fx, 0, PPP_IPCP).code, CP_TERM_REQ);
	assert_string_equal(cp_state_name(&i.cp), "closing");
}

/* P-116 */
static void our_address_is_naked(void **st)
{
	(void)st;
	kit_input(&i.cp, kit_pkt(CP_CONF_NAK, i.cp.req_id, "0306 0a0000fe"), now, &fx);
	kit_sent_one(&fx, PPP_IPCP, CP_CONF_REQ, "0306 0a000001");
	kit_input(&i.cp, kit_pkt(CP_CONF_NAK, i.cp.req_id, "8106 00000000"), now, &fx);
	kit_sent_one(&fx, PPP_IPCP, CP_CONF_REQ, "0306 0a000001");
}

/* P-117 */
static void our_address_is_rejected(void **st)
{
	(void)st;
	kit_input(&i.cp, kit_pkt(CP_CONF_REJ, i.cp.req_id, "0306 0a000001"), now, &fx);
	kit_sent_one(&fx, PPP_IPCP, CP_CONF_REQ, "");
	answer(RIGHT, CP_CONF_ACK, RIGHT);
	kit_ack(&i.cp, now, &fx);
	assert_string_equal(cp_state_name(&i.cp), "opened");
}

/* P-126: the same address again. */
static void renegotiation_keeps_the_address(void **st)
{
	(void)st;
	kit_to_opened(&i.cp, RIGHT, now, &fx);
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, 40, "0306 00000000"), now, &fx);
	assert_int_equal(kit_sent(&fx, 1, PPP_IPCP).code, CP_CONF_NAK);
	assert_memory_equal(kit_sent(&fx, 1, PPP_IPCP).data.p, "\x03\x06\x0a\x00\x00\x02", 6);
	kit_to_opened(&i.cp, RIGHT, now, &fx);
}

/* P-124: after its Ack nothing is sent for one interval, and then the protocol is finished; the
 * link decides what follows. */
static void terminate_request(void **st)
{
	(void)st;
	kit_to_opened(&i.cp, RIGHT, now, &fx);
	kit_input(&i.cp, kit_pkt(CP_TERM_REQ, 41, ""), now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPCP, CP_TERM_ACK, ""), 41);
	ppp_fx_init(&fx);
	cp_expire(&i.cp, cp_deadline(&i.cp), &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.e[0].kind, PPP_FX_FINISHED);
}

/* The codes of LCP are unknown here. */
static void lcp_codes_are_rejected(void **st)
{
	(void)st;
	for (uint8_t code = LCP_PROTO_REJ; code <= LCP_TIME_REMAINING + 3; code++) {
		kit_input(&i.cp, kit_pkt(code, 1, "00000000"), now, &fx);
		assert_int_equal(kit_sent(&fx, 0, PPP_IPCP).code, CP_CODE_REJ);
		assert_int_equal(kit_sent(&fx, 0, PPP_IPCP).data.p[0], code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_request, setup),
		cmocka_unit_test_setup(address_is_assigned, setup),
		cmocka_unit_test_setup(ack_waits_for_the_data_plane, setup),
		cmocka_unit_test_setup(strangers_address, setup),
		cmocka_unit_test_setup(strange_dns_is_rejected_in_the_end, setup),
		cmocka_unit_test_setup(name_servers, setup),
		cmocka_unit_test_setup(unwanted_options, setup),
		cmocka_unit_test_setup(missing_address_is_added, setup),
		cmocka_unit_test_setup(our_address_is_naked, setup),
		cmocka_unit_test_setup(our_address_is_rejected, setup),
		cmocka_unit_test_setup(renegotiation_keeps_the_address, setup),
		cmocka_unit_test_setup(terminate_request, setup),
		cmocka_unit_test_setup(lcp_codes_are_rejected, setup),
	};

	return cmocka_run_group_tests_name("ipcp", tests, NULL, NULL);
}
