/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes of ends: each cause of the protocol machines has a row, and each row is complete. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/core/end_cause.h"
#include "daemon/l2tp/proto.h"
#include "daemon/l2tp/session.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/proto.h"

#define T(f) cmocka_unit_test(f)

/* Each row but "none" has a word of lower-case letters, a sentence, and codes that the RFCs
 * define. */
static void rows_are_whole(void **st)
{
	(void)st;
	assert_string_equal(end_cause_word(END_NONE), "");
	for (int c = END_NONE + 1; c < END__COUNT; c++) {
		const char *word = end_cause_word((enum end_cause)c);

		assert_true(*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyz-46")] == '\0');
		assert_true(strlen(end_cause_sentence((enum end_cause)c)) > strlen(word));
		assert_in_range(end_cause_acct((enum end_cause)c), 1, 18); /* RFC 2866 5.10 */
	}
	assert_string_equal(end_cause_word(END__COUNT), "");
}

/* Each cause for which we end a call has codes that the RFCs know. */
static void cdns_are_whole(void **st)
{
	struct l2tp_cdn_args a;

	(void)st;
	for (int e = PPP_END_NONE + 1; e < PPP_END__COUNT; e++) {
		end_cause_cdn((enum ppp_end)e, &a);
		assert_in_range(a.result, CDN_CARRIER_LOST, CDN_NO_FRAMING); /* RFC 2661 4.4.2 */
		assert_in_range(a.disconnect_code, 0, 22);		     /* RFC 3145 3 */
		assert_in_range(a.disconnect_direction, 0, 2);
		assert_true(a.disconnect_code || !a.disconnect_proto);
		assert_string_equal(a.text, end_cause_word(end_cause_of_ppp((enum ppp_end)e)));
	}
}

/* Each cause of the machines has a row of its own. */
static void machines_have_rows(void **st)
{
	unsigned seen[END__COUNT] = { 0 };

	(void)st;
	for (int d = 0; d < L2TP_DOWN__COUNT; d++)
		seen[end_cause_of_down((enum l2tp_down)d)]++;
	for (int e = 0; e < PPP_END__COUNT; e++)
		seen[end_cause_of_ppp((enum ppp_end)e)]++;
	/* What the CDN of a LAC says. */
	for (int code = 0; code < 2; code++)
		seen[end_cause_of_call(&(struct l2tp_fx_down){ .cause = L2TP_DOWN_PEER,
							       .result = CDN_ADMIN,
							       .disconnect_code = code ? 3 : 0 })]++;
	for (int c = 0; c < END__COUNT; c++)
		assert_int_equal(seen[c], c == END_ADMIN ? 2 : 1);
	assert_int_equal(end_cause_of_down(L2TP_DOWN__COUNT), END_NONE);
	assert_int_equal(end_cause_of_ppp(PPP_END__COUNT), END_NONE);
}

/* R-033, S-AAA-59 */
static void terminate_causes(void **st)
{
	static const struct {
		struct l2tp_fx_down down;
		enum acct_cause want;
	} calls[] = {
		{ { .cause = L2TP_DOWN_PEER, .result = CDN_CARRIER_LOST }, ACCT_LOST_CARRIER },
		{ { .cause = L2TP_DOWN_PEER, .result = CDN_ADMIN }, ACCT_ADMIN_RESET },
		{ { .cause = L2TP_DOWN_PEER, .result = CDN_ADMIN, .disconnect_code = 3 },
		  ACCT_USER_REQUEST },
		{ { .cause = L2TP_DOWN_ADMIN, .result = CDN_ADMIN }, ACCT_ADMIN_RESET },
		{ { .cause = L2TP_DOWN_SHUTDOWN }, ACCT_ADMIN_REBOOT },
		{ { .cause = L2TP_DOWN_TUNNEL }, ACCT_LOST_SERVICE },
		{ { .cause = L2TP_DOWN_PROTOCOL }, ACCT_NAS_ERROR },
	};
	static const struct {
		enum ppp_end end;
		enum acct_cause want;
	} links[] = {
		{ PPP_END_PEER, ACCT_USER_REQUEST },
		{ PPP_END_ECHO, ACCT_LOST_CARRIER },
		{ PPP_END_ADMIN, ACCT_ADMIN_RESET },
		{ PPP_END_LCP_TIMEOUT, ACCT_PORT_ERROR },
		{ PPP_END_NCP_TIMEOUT, ACCT_PORT_ERROR },
		{ PPP_END_PLANE, ACCT_NAS_ERROR },
		{ PPP_END_REPLACED, ACCT_PORT_PREEMPTED },
		{ PPP_END_POOL_EMPTY, ACCT_SERVICE_UNAVAILABLE },
		{ PPP_END_UNACCOUNTED, ACCT_SERVICE_UNAVAILABLE },
		{ PPP_END_AUTH_FAILED, ACCT_USER_ERROR },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(calls); i++)
		assert_int_equal(end_cause_acct(end_cause_of_call(&calls[i].down)), calls[i].want);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(links); i++)
		assert_int_equal(end_cause_acct(end_cause_of_ppp(links[i].end)), links[i].want);
}

static void examples(void **st)
{
	struct l2tp_cdn_args a;
	struct l2tp_stop_args s;

	(void)st;
	assert_string_equal(end_cause_word(end_cause_of_ppp(PPP_END_AUTH_FAILED)), "auth-failed");
	assert_string_equal(end_cause_word(end_cause_of_down(L2TP_DOWN_KEEPALIVE)),
			    "keepalive-timeout");
	assert_int_equal(end_cause_acct(END_USER), ACCT_USER_REQUEST);
	assert_int_equal(end_cause_acct(END_ADMIN), ACCT_ADMIN_RESET);
	end_cause_cdn(PPP_END_ECHO, &a);
	assert_int_equal(a.result, CDN_CARRIER_LOST);
	assert_int_equal(a.disconnect_code, 8);
	assert_int_equal(a.disconnect_proto, PPP_LCP);
	end_cause_cdn(PPP_END_ADDRESS_REFUSED, &a);
	assert_int_equal(a.disconnect_code, 19);
	assert_int_equal(a.disconnect_proto, PPP_IPCP);
	end_cause_cdn(PPP_END_POOL_EMPTY, &a);
	assert_int_equal(a.result, CDN_NO_FACILITIES_NOW);
	assert_int_equal(a.error, L2TP_ERR_RESOURCES);
	end_cause_stop(END_SHUTDOWN, "shutting down", &s);
	assert_int_equal(s.cause, L2TP_DOWN_SHUTDOWN);
	assert_int_equal(s.result, STOP_SHUTDOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(rows_are_whole), T(cdns_are_whole),
					    T(machines_have_rows), T(terminate_causes),
					    T(examples) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
