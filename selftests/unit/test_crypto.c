/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/base/crypto.h"

typedef void digest(uint8_t *ret, const struct span *parts, size_t n);

static void hex(char *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*to++ = "0123456789abcdef"[p[i] >> 4];
		*to++ = "0123456789abcdef"[p[i] & 15];
	}
	*to = '\0';
}

/* The whole text, and the text cut at each place with an empty span between the parts. */
static void assert_digest(digest *fn, const char *text, const char *want)
{
	uint8_t ret[CRYPTO_SHA1_LEN];
	size_t len = strlen(text);
	char got[2 * sizeof(ret) + 1];

	for (size_t cut = 0; cut <= len; cut++) {
		const struct span parts[] = {
			span_of(text, cut),
			{ NULL, 0 },
			span_of(text + cut, len - cut),
		};

		memset(ret, 0, sizeof(ret));
		fn(ret, parts, 3);
		hex(got, ret, strlen(want) / 2);
		assert_string_equal(got, want);
	}
}

/* RFC 1321 A.5 */
static void md5_vectors(void **st)
{
	(void)st;
	assert_digest(crypto_md5, "", "d41d8cd98f00b204e9800998ecf8427e");
	assert_digest(crypto_md5, "abc", "900150983cd24fb0d6963f7d28e17f72");
	assert_digest(crypto_md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0");
	assert_digest(crypto_md5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		      "d174ab98d277d9f5a5611c2c9f419d9f");
}

/* RFC 1320 A.5 */
static void md4_vectors(void **st)
{
	(void)st;
	assert_digest(crypto_md4, "", "31d6cfe0d16ae931b73c59d7e0c089c0");
	assert_digest(crypto_md4, "abc", "a448017aaf21d8525fc10ae87aa6729d");
	assert_digest(crypto_md4, "message digest", "d9130a8164549fe818874806e1c7014b");
}

/* FIPS 180 */
static void sha1_vectors(void **st)
{
	(void)st;
	assert_digest(crypto_sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_digest(crypto_sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_digest(crypto_sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		      "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

static void no_parts_is_the_empty_text(void **st)
{
	uint8_t ret[CRYPTO_MD5_LEN];
	char got[33];

	(void)st;
	crypto_md5(ret, NULL, 0);
	hex(got, ret, sizeof(ret));
	assert_string_equal(got, "d41d8cd98f00b204e9800998ecf8427e");
}

/* RFC 2202 2: keys shorter than a block, of its length and longer; data cut at each place. */
static void hmac_md5_vectors(void **st)
{
	static const struct {
		uint8_t fill; /* of the key; 0: the text */
		size_t len;
		const char *key, *data, *want;
	} v[] = {
		{ 0x0b, 16, NULL, "Hi There", "9294727a3638bb1c13f48ef8158bfc9d" },
		{ 0, 4, "Jefe", "what do ya want for nothing?",
		  "750c783e6ab0b503eaa86e310a5db738" },
		{ 0xaa, 80, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
		  "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
		{ 0xaa, 80, NULL,
		  "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
		  "6f630fad67cda0ee1fb1f562db3aa53e" },
	};

	(void)st;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		size_t len = strlen(v[i].data);
		uint8_t key[80], ret[CRYPTO_MD5_LEN];
		char got[33];

		memset(key, v[i].fill, sizeof(key));
		for (size_t cut = 0; cut <= len; cut++) {
			const struct span parts[] = {
				span_of(v[i].data, cut),
				{ NULL, 0 },
				span_of(v[i].data + cut, len - cut),
			};

			crypto_hmac_md5(ret,
					span_of(v[i].key ? (const void *)v[i].key : key, v[i].len),
					parts, 3);
			hex(got, ret, sizeof(ret));
			assert_string_equal(got, v[i].want);
		}
	}
}

/* RFC 2759 9.2: the challenge, encrypted with the three parts of the password hash. */
static void des_of_rfc_2759(void **st)
{
	static const uint8_t challenge[8] = { 0xd0, 0x2e, 0x43, 0x86, 0xbc, 0xe9, 0x12, 0x26 };
	static const uint8_t hash[21] = { 0x44, 0xeb, 0xba, 0x8d, 0x53, 0x12, 0xb8, 0xd6,
					  0x11, 0x47, 0x44, 0x11, 0xf5, 0x69, 0x89, 0xae };
	uint8_t ret[24];
	char got[49];

	(void)st;
	for (size_t i = 0; i < 3; i++)
		crypto_des56(ret + 8 * i, challenge, hash + 7 * i);
	hex(got, ret, sizeof(ret));
	assert_string_equal(got, "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df");
}

static void weak_keys_are_keys(void **st)
{
	static const uint8_t zero[8];
	uint8_t ones[8], ret[8];
	char got[17];

	(void)st;
	memset(ones, 0xff, sizeof(ones));
	crypto_des56(ret, zero, zero);
	hex(got, ret, sizeof(ret));
	assert_string_equal(got, "8ca64de9c1b123a7");
	crypto_des56(ret, ones, ones);
	hex(got, ret, sizeof(ret));
	assert_string_equal(got, "7359b2163e4edc58");
}

static void equality(void **st)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)st;
	assert_true(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(NULL, NULL, 0));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(crypto_equal(a, b, sizeof(a)));
		assert_true(crypto_equal(a, b, bit / 8));
		b[bit / 8] = 0;
	}
}

static void wiping(void **st)
{
	uint8_t a[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, want[9] = { 0 };

	(void)st;
	want[8] = 9;
	crypto_wipe(a, 8);
	assert_memory_equal(a, want, 9);
	crypto_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md5_vectors),
		cmocka_unit_test(md4_vectors),
		cmocka_unit_test(sha1_vectors),
		cmocka_unit_test(no_parts_is_the_empty_text),
		cmocka_unit_test(hmac_md5_vectors),
		cmocka_unit_test(des_of_rfc_2759),
		cmocka_unit_test(weak_keys_are_keys),
		cmocka_unit_test(equality),
		cmocka_unit_test(wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
