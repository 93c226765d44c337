/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnel authentication, CONFORMANCE 1.7; the expected hashes were made with md5sum, not with
 * our code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/auth.h"
#include "daemon/l2tp/proto.h"

/* printf '\002secretchallenge' | md5sum */
static const uint8_t sccrp_hash[] = { 0xc2, 0x6b, 0xe3, 0xd6, 0xeb, 0x81, 0x03, 0x3f,
				      0x92, 0xf1, 0x60, 0x93, 0xb1, 0xc7, 0xb4, 0x7b };
/* printf '\003secretchallenge' | md5sum */
static const uint8_t scccn_hash[] = { 0xd0, 0x87, 0x26, 0x88, 0xa7, 0x70, 0xe0, 0x38,
				      0xb2, 0x7a, 0xb2, 0x8d, 0x67, 0x13, 0x13, 0xac };

static struct span s(const char *text)
{
	return span_str(text);
}

/* L-080: MD5(message type, secret, challenge). */
static void response_is_md5_of_type_secret_challenge(void **st)
{
	uint8_t r[L2TP_AUTH_LEN];

	(void)st;
	l2tp_auth_response(r, L2TP_SCCRP, s("secret"), s("challenge"));
	assert_memory_equal(r, sccrp_hash, sizeof(r));
	l2tp_auth_response(r, L2TP_SCCCN, s("secret"), s("challenge"));
	assert_memory_equal(r, scccn_hash, sizeof(r));
}

/* L-081, L-082 */
static void check_takes_only_the_right_answer(void **st)
{
	uint8_t r[L2TP_AUTH_LEN + 1] = { 0 };

	(void)st;
	memcpy(r, scccn_hash, sizeof(scccn_hash));
	assert_true(l2tp_auth_check(L2TP_SCCCN, s("secret"), s("challenge"), span_of(r, 16)));
	assert_false(l2tp_auth_check(L2TP_SCCRP, s("secret"), s("challenge"), span_of(r, 16)));
	assert_false(l2tp_auth_check(L2TP_SCCCN, s("secreT"), s("challenge"), span_of(r, 16)));
	assert_false(l2tp_auth_check(L2TP_SCCCN, s("secret"), s("Challenge"), span_of(r, 16)));
	assert_false(l2tp_auth_check(L2TP_SCCCN, s("secret"), s("challenge"), span_of(r, 15)));
	assert_false(l2tp_auth_check(L2TP_SCCCN, s("secret"), s("challenge"), span_of(r, 17)));
	assert_false(l2tp_auth_check(L2TP_SCCCN, s("secret"), s("challenge"), span_of(NULL, 0)));
	for (int i = 0; i < 16 * 8; i++) {
		r[i / 8] ^= (uint8_t)(1 << (i % 8));
		assert_false(
			l2tp_auth_check(L2TP_SCCCN, s("secret"), s("challenge"), span_of(r, 16)));
		r[i / 8] ^= (uint8_t)(1 << (i % 8));
	}
}

/* L-085: any length of challenge. */
static void challenges_of_all_lengths(void **st)
{
	static const size_t lens[] = { 1, 16, 100, 500, 1017 };
	uint8_t challenge[1017], r[L2TP_AUTH_LEN];

	(void)st;
	memset(challenge, 0xa5, sizeof(challenge));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct span ch = span_of(challenge, lens[i]);

		l2tp_auth_response(r, L2TP_SCCRP, s("secret"), ch);
		assert_true(l2tp_auth_check(L2TP_SCCRP, s("secret"), ch, span_of(r, sizeof(r))));
		ch.len--;
		assert_false(l2tp_auth_check(L2TP_SCCRP, s("secret"), ch, span_of(r, sizeof(r))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(response_is_md5_of_type_secret_challenge),
		cmocka_unit_test(check_takes_only_the_right_answer),
		cmocka_unit_test(challenges_of_all_lengths),
	};

	return cmocka_run_group_tests_name("l2tp_auth", tests, NULL, NULL);
}
