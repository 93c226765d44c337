/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/hash.h"

/* The vectors of the reference implementation: key 00..0f, input 00, 01, 02 ... The one of 15
 * octets is printed in the paper, appendix A. */
static const struct {
	size_t len;
	uint64_t want;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },	{ 2, 0x0d6c8009d9a94f5a },
	{ 3, 0x85676696d7fb7e2d },  { 4, 0xcf2794e0277187b7 },	{ 5, 0x18765564cd99a68d },
	{ 6, 0xcbc9466e58fee3ce },  { 7, 0xab0200f58b01d137 },	{ 8, 0x93f5f5799a932462 },
	{ 9, 0x9e0082df0ba9e4b0 },  { 15, 0xa129ca6149be45e5 }, { 16, 0x3f2acc7f57c29bdb },
	{ 31, 0x32d892fad841c342 }, { 63, 0x958a324ceb064572 },
};

static const struct hash_key key = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };

static void siphash_reference_vectors(void **st)
{
	uint8_t in[64];

	(void)st;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_true(hash_sip(&key, in, vectors[i].len) == vectors[i].want);
	assert_true(hash_sip(&key, NULL, 0) == vectors[0].want);
}

static void input_need_not_be_aligned(void **st)
{
	uint8_t in[32];

	(void)st;
	for (size_t off = 0; off < 8; off++) {
		for (size_t i = 0; i < 15; i++)
			in[off + i] = (uint8_t)i;
		assert_true(hash_sip(&key, in + off, 15) == UINT64_C(0xa129ca6149be45e5));
	}
}

static void process_key_matters(void **st)
{
	unsigned a, b;

	(void)st;
	hash_set_key(key);
	a = hash_bytes("peer", 4);
	assert_int_equal(a, (unsigned)hash_sip(&key, "peer", 4));
	hash_set_key((struct hash_key){ key.k0 ^ 1, key.k1 });
	b = hash_bytes("peer", 4);
	hash_set_key((struct hash_key){ key.k0, key.k1 ^ 1 });
	assert_int_not_equal(a, b);
	assert_int_not_equal(b, hash_bytes("peer", 4));
	hash_set_key((struct hash_key){ 0, 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_reference_vectors),
		cmocka_unit_test(input_need_not_be_aligned),
		cmocka_unit_test(process_key_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
