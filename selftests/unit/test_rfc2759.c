/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/base/rfc2759.h"

/* RFC 2759 9.2 */
static const uint8_t auth_challenge[16] = { 0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e,
					    0x3c, 0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28 };
static const uint8_t peer_challenge[16] = { 0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a,
					    0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e };
static const uint8_t challenge[8] = { 0xd0, 0x2e, 0x43, 0x86, 0xbc, 0xe9, 0x12, 0x26 };
static const uint8_t nt_hash[16] = { 0x44, 0xeb, 0xba, 0x8d, 0x53, 0x12, 0xb8, 0xd6,
				     0x11, 0x47, 0x44, 0x11, 0xf5, 0x69, 0x89, 0xae };
static const uint8_t nt_response[24] = { 0x82, 0x30, 0x9e, 0xcd, 0x8d, 0x70, 0x8b, 0x5e,
					 0xa0, 0x8f, 0xaa, 0x39, 0x81, 0xcd, 0x83, 0x54,
					 0x42, 0x33, 0x11, 0x4a, 0x3d, 0x85, 0xd6, 0xdf };

/* RFC 2759 9.2, P-080 */
static void vector_of_the_rfc(void **st)
{
	uint8_t ret[24];
	char text[43];

	(void)st;
	assert_int_equal(rfc2759_nt_hash(span_str("clientPass"), ret), 0);
	assert_memory_equal(ret, nt_hash, 16);
	rfc2759_challenge_hash(peer_challenge, auth_challenge, span_str("User"), ret);
	assert_memory_equal(ret, challenge, 8);
	rfc2759_response(challenge, nt_hash, ret);
	assert_memory_equal(ret, nt_response, 24);
	rfc2759_authenticator_response(nt_hash, nt_response, challenge, text);
	assert_string_equal(text, "S=407A5589115FD0D6209F510FE9C04566932CDA56");
}

/* P-083: the hash covers the name without its domain */
static void domain_is_not_hashed(void **st)
{
	uint8_t ret[8];

	(void)st;
	rfc2759_challenge_hash(peer_challenge, auth_challenge, rfc2759_user(span_str("DOM\\User")),
			       ret);
	assert_memory_equal(ret, challenge, 8);
	assert_int_equal(rfc2759_user(span_str("a\\b\\c")).len, 1);
	assert_int_equal(rfc2759_user(span_str("a\\")).len, 0);
	assert_int_equal(rfc2759_user(span_str("alice@isp")).len, 9);
	assert_int_equal(rfc2759_user((struct span){ 0 }).len, 0);
}

/* The hash of an empty password, and of characters of 1 to 4 octets: MD4 of their UTF-16LE. */
static void passwords_are_utf16(void **st)
{
	static const uint8_t empty[16] = { 0x31, 0xd6, 0xcf, 0xe0, 0xd1, 0x6a, 0xe9, 0x31,
					   0xb7, 0x3c, 0x59, 0xd7, 0xe0, 0xc0, 0x89, 0xc0 };
	static const uint8_t wide[16] = { 0xf8, 0x3c, 0x6b, 0x60, 0x1f, 0x96, 0x73, 0x01,
					  0x91, 0x87, 0x42, 0xa2, 0xe7, 0x6a, 0x35, 0x44 };
	uint8_t ret[16];

	(void)st;
	assert_int_equal(rfc2759_nt_hash((struct span){ 0 }, ret), 0);
	assert_memory_equal(ret, empty, 16);
	assert_int_equal(rfc2759_nt_hash(span_str("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), ret),
			 0);
	assert_memory_equal(ret, wide, 16);
}

static void bad_utf8_is_refused(void **st)
{
	static const char *const bad[] = {
		"\x80",		    /* continuation alone */
		"\xc3",		    /* cut */
		"\xe2\x82",	    /* cut */
		"\xc3(",	    /* no continuation */
		"\xc0\xaf",	    /* overlong */
		"\xe0\x80\xaf",	    /* overlong */
		"\xf0\x80\x80\xaf", /* overlong */
		"\xed\xa0\x80",	    /* surrogate */
		"\xf4\x90\x80\x80", /* above U+10FFFF */
		"\xf8\x88\x80\x80\x80",
		"\xff",
	};
	uint8_t ret[16];

	(void)st;
	memset(ret, 0xa5, sizeof(ret));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(rfc2759_nt_hash(span_str(bad[i]), ret), -EINVAL);
		assert_int_equal(ret[0], 0xa5);
	}
}

static void length_is_limited(void **st)
{
	uint8_t ret[16], text[4 * RFC2759_PASSWORD_MAX + 1];

	(void)st;
	memset(text, 'x', sizeof(text));
	assert_int_equal(rfc2759_nt_hash(span_of(text, RFC2759_PASSWORD_MAX), ret), 0);
	assert_int_equal(rfc2759_nt_hash(span_of(text, RFC2759_PASSWORD_MAX + 1), ret), -EINVAL);
	/* the longest possible: every character takes four octets */
	for (size_t i = 0; i + 4 <= sizeof(text); i += 4)
		memcpy(text + i, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(rfc2759_nt_hash(span_of(text, 4 * RFC2759_PASSWORD_MAX), ret), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vector_of_the_rfc),   cmocka_unit_test(domain_is_not_hashed),
		cmocka_unit_test(passwords_are_utf16), cmocka_unit_test(bad_utf8_is_refused),
		cmocka_unit_test(length_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
