/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/crypto.h"

#include <string.h>

#include <nettle/des.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>

void crypto_md5(uint8_t ret[CRYPTO_MD5_LEN], const struct span *parts, size_t n)
{
	struct md5_ctx c;

	md5_init(&c);
	for (size_t i = 0; i < n; i++)
		if (parts[i].len)
			md5_update(&c, parts[i].len, parts[i].p);
	md5_digest(&c, CRYPTO_MD5_LEN, ret);
	crypto_wipe(&c, sizeof(c));
}

void crypto_md4(uint8_t ret[CRYPTO_MD4_LEN], const struct span *parts, size_t n)
{
	struct md4_ctx c;

	md4_init(&c);
	for (size_t i = 0; i < n; i++)
		if (parts[i].len)
			md4_update(&c, parts[i].len, parts[i].p);
	md4_digest(&c, CRYPTO_MD4_LEN, ret);
	crypto_wipe(&c, sizeof(c));
}

void crypto_sha1(uint8_t ret[CRYPTO_SHA1_LEN], const struct span *parts, size_t n)
{
	struct sha1_ctx c;

	sha1_init(&c);
	for (size_t i = 0; i < n; i++)
		if (parts[i].len)
			sha1_update(&c, parts[i].len, parts[i].p);
	sha1_digest(&c, CRYPTO_SHA1_LEN, ret);
	crypto_wipe(&c, sizeof(c));
}

void crypto_hmac_md5(uint8_t ret[CRYPTO_MD5_LEN], struct span key, const struct span *parts,
		     size_t n)
{
	struct hmac_md5_ctx c;

	hmac_md5_set_key(&c, key.len, key.p);
	for (size_t i = 0; i < n; i++)
		if (parts[i].len)
			hmac_md5_update(&c, parts[i].len, parts[i].p);
	hmac_md5_digest(&c, CRYPTO_MD5_LEN, ret);
	crypto_wipe(&c, sizeof(c));
}

void crypto_des56(uint8_t ret[8], const uint8_t clear[8], const uint8_t key7[7])
{
	uint8_t key[DES_KEY_SIZE];
	struct des_ctx c;
	uint64_t k = 0;

	for (size_t i = 0; i < 7; i++)
		k = k << 8 | key7[i];
	/* Seven key bits go into the upper bits of each octet; DES ignores the lowest, the parity
	 * bit. */
	for (size_t i = 0; i < 8; i++)
		key[i] = (uint8_t)(k >> (49 - 7 * i) << 1);
	/* des_set_key() only reports whether the key is weak, and a password may produce a weak
	 * key. */
	des_set_key(&c, key);
	des_encrypt(&c, DES_BLOCK_SIZE, ret, clear);
	crypto_wipe(&c, sizeof(c));
	crypto_wipe(key, sizeof(key));
	crypto_wipe(&k, sizeof(k));
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

void crypto_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}
