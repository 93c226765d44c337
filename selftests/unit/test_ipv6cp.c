/* SPDX-License-Identifier: BSD-2-Clause */
/* CONFORMANCE 4.5: IPv6CP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/ipv6cp.h"
#include "selftests/lib/ppp_kit.h"

#define OURS	"010a 0000000000000001"
#define SUGGEST "010a 0000000000000002"
#define THEIRS	"010a 0000000000000003"
#define ZERO	"010a 0000000000000000"

static struct ipv6cp i;
static struct ppp_fx fx;
static uint8_t id; /* of the peer's requests */
static const ze_ns now = ZE_SEC(9);

static void on_finished(struct ipv6cp *x, struct ppp_fx *f)
{
	(void)x;
	ppp_fx_add(f, PPP_FX_FINISHED);
}

static void on_ready(struct ipv6cp *x, struct ppp_fx *f)
{
	(void)x;
	ppp_fx_add(f, PPP_FX_NCP_READY);
}

static const struct ipv6cp_listener listener = { .on_finished = on_finished, .on_ready = on_ready };

static int setup(void **st)
{
	(void)st;
	ipv6cp_init(&i, &cp_defaults, 1, 2);
	assert_true(i.cp.hold);
	i.listener = &listener;
	ppp_fx_init(&fx);
	cp_open(&i.cp, now, &fx);
	cp_up(&i.cp, now, &fx);
	i.cp.hold = false;
	return 0;
}

static void answer(const char *opts, uint8_t code, const char *want)
{
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, ++id, opts), now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPV6CP, code, want), id);
}

static void answer_to_us(uint8_t code, const char *opts, const char *next_request)
{
	kit_input(&i.cp, kit_pkt(code, i.cp.req_id, opts), now, &fx);
	kit_sent_one(&fx, PPP_IPV6CP, CP_CONF_REQ, next_request);
}

/* P-120 */
static void identifier_of_the_peer(void **st)
{
	(void)st;
	kit_sent_one(&fx, PPP_IPV6CP, CP_CONF_REQ, OURS);
	answer(ZERO, CP_CONF_NAK, SUGGEST);
	answer(OURS, CP_CONF_NAK, SUGGEST);
	answer(THEIRS, CP_CONF_ACK, THEIRS);
	assert_true(i.peer_ifid == 3);
	kit_ack(&i.cp, now, &fx);
	assert_string_equal(cp_state_name(&i.cp), "opened");
}

static void unwanted_options(void **st)
{
	(void)st;
	answer("0204 004f" ZERO, CP_CONF_REJ, "0204 004f");
	answer("0106 00000003", CP_CONF_REJ, "0106 00000003");
	answer(THEIRS OURS, CP_CONF_REJ, OURS);
	assert_true(i.peer_ifid == 0);
}

/* P-012 for IPv6CP. */
static void stubborn_peer_is_rejected(void **st)
{
	(void)st;
	for (int n = 0; n < 5; n++)
		answer(ZERO, CP_CONF_NAK, SUGGEST);
	answer(ZERO, CP_CONF_REJ, ZERO);
	answer("", CP_CONF_ACK, "");
}

/* P-121 */
static void missing_identifier_is_added_once(void **st)
{
	(void)st;
	answer("", CP_CONF_NAK, SUGGEST);
	answer("", CP_CONF_ACK, "");
	assert_true(i.peer_ifid == 0);
}

static void our_identifier_is_naked(void **st)
{
	(void)st;
	answer_to_us(CP_CONF_NAK, "010a 0000000000000007", "010a 0000000000000007");
	answer_to_us(CP_CONF_NAK, ZERO, "010a 0000000000000007");
	answer_to_us(CP_CONF_NAK, SUGGEST, "010a 0000000000000007"); /* promised to the peer */
	answer(THEIRS, CP_CONF_ACK, THEIRS);
	answer_to_us(CP_CONF_NAK, THEIRS, "010a 0000000000000007");
}

static void our_identifier_is_rejected(void **st)
{
	(void)st;
	answer_to_us(CP_CONF_REJ, OURS, "");
	kit_to_opened(&i.cp, THEIRS, now, &fx);
}

/* P-125: the layer is finished, whoever owns it goes on; P-126: and it may come again. */
static void terminate_request(void **st)
{
	(void)st;
	kit_to_opened(&i.cp, THEIRS, now, &fx);
	kit_input(&i.cp, kit_pkt(CP_TERM_REQ, 41, ""), now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPV6CP, CP_TERM_ACK, ""), 41);
	ppp_fx_init(&fx);
	cp_expire(&i.cp, cp_deadline(&i.cp), &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.e[0].kind, PPP_FX_FINISHED);
	kit_to_opened(&i.cp, THEIRS, now, &fx);
}

static void ack_waits_for_the_data_plane(void **st)
{
	(void)st;
	i.cp.hold = true;
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, 34, THEIRS), now, &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.e[0].kind, PPP_FX_NCP_READY);
	assert_true(i.peer_ifid == 0 && ipv6cp_peer_ifid(&i) == 3);
	ppp_fx_init(&fx);
	cp_release(&i.cp, now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPV6CP, CP_CONF_ACK, THEIRS), 34);
	assert_true(i.peer_ifid == 3 && ipv6cp_peer_ifid(&i) == 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(identifier_of_the_peer, setup),
		cmocka_unit_test_setup(unwanted_options, setup),
		cmocka_unit_test_setup(stubborn_peer_is_rejected, setup),
		cmocka_unit_test_setup(missing_identifier_is_added_once, setup),
		cmocka_unit_test_setup(our_identifier_is_naked, setup),
		cmocka_unit_test_setup(our_identifier_is_rejected, setup),
		cmocka_unit_test_setup(terminate_request, setup),
		cmocka_unit_test_setup(ack_waits_for_the_data_plane, setup),
	};

	return cmocka_run_group_tests_name("ipv6cp", tests, NULL, NULL);
}
