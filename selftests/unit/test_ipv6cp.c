/* SPDX-License-Identifier: BSD-2-Clause */
/* CONFORMANCE 4.5: IPv6CP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/ipv6cp.h"
#include "selftests/lib/ppp_kit.h"
#include "selftests/lib/test_rng.h"

#define OURS	"010a 0000000000000001"
#define SUGGEST "010a 0000000000000002"
#define THEIRS	"010a 0000000000000003"
#define ZERO	"010a 0000000000000000"

static struct ipv6cp i;
static struct ppp_fx fx;
static uint8_t id; /* option of the peer's requests */
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

static struct test_rng rng;

static int setup(void **st)
{
	(void)st;
	test_rng_init(&rng, 5);
	ipv6cp_init(&i, &cp_defaults, 1, 2, &rng.rng);
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
	answer(THEIRS, CP_CONF_ACK, THEIRS);
}

/* A Nak from which no identifier can be taken: we request another one, which neither end has nor
 * was offered. */
static void asks_for_another(const char *nak)
{
	uint64_t was = i.ifid;
	struct cp_pkt p;
	struct rd r;

	kit_input(&i.cp, kit_pkt(CP_CONF_NAK, i.cp.req_id, nak), now, &fx);
	p = kit_sent(&fx, 0, PPP_IPV6CP);
	assert_int_equal(p.code, CP_CONF_REQ);
	r = rd_span(p.data);
	assert_int_equal(rd_u16(&r), 0x010a);
	assert_true(rd_u64(&r) == i.ifid);
	assert_true(i.ifid > 3 && i.ifid != was && i.suggest > 3 && i.suggest != i.ifid);
	assert_false(i.ifid >> 57 & 1);
}

/* F-C3 (RFC 5072 4.1): the identifier that we suggested to the peer; our next suggestion is
 * another one. */
static void suggestion_comes_back(void **st)
{
	uint64_t first;

	(void)st;
	answer(ZERO, CP_CONF_NAK, SUGGEST);
	asks_for_another(SUGGEST);
	first = i.suggest;
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, ++id, ZERO), now, &fx);
	assert_memory_not_equal(kit_sent(&fx, 0, PPP_IPV6CP).data.p, kit_hex(SUGGEST).p, 10);
	assert_true(first == i.suggest);
	answer(SUGGEST, CP_CONF_ACK, SUGGEST); /* the peer took ours */
	answer_to_us(CP_CONF_NAK, "010a 0000000000000007", "010a 0000000000000007");
}

/* F-C3: the identifier that the peer requests for itself, acknowledged or not. */
static void peers_own_identifier_comes_back(void **st)
{
	(void)st;
	i.cp.hold = true;
	kit_input(&i.cp, kit_pkt(CP_CONF_REQ, 34, THEIRS), now, &fx);
	asks_for_another(THEIRS);
	ppp_fx_init(&fx);
	cp_release(&i.cp, now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPV6CP, CP_CONF_ACK, THEIRS), 34);
	asks_for_another(THEIRS);
	assert_true(i.peer_ifid == 3 && i.ifid != 3);
}

static void our_identifier_is_rejected(void **st)
{
	(void)st;
	answer_to_us(CP_CONF_REJ, OURS, "");
	kit_to_opened(&i.cp, THEIRS, now, &fx);
}

/* P-125: the layer is finished, and its owner continues; P-126: it may open again. */
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
		cmocka_unit_test_setup(suggestion_comes_back, setup),
		cmocka_unit_test_setup(peers_own_identifier_comes_back, setup),
		cmocka_unit_test_setup(our_identifier_is_rejected, setup),
		cmocka_unit_test_setup(terminate_request, setup),
		cmocka_unit_test_setup(ack_waits_for_the_data_plane, setup),
	};

	return cmocka_run_group_tests_name("ipv6cp", tests, NULL, NULL);
}
