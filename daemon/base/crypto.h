/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash functions and the block cipher that L2TP, CHAP, MS-CHAPv2 and RADIUS need, implemented
 * by nettle. The hashes take spans, so that a caller does not concatenate a secret into a temporary
 * buffer. Nothing is logged, and all intermediate values are wiped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define CRYPTO_MD5_LEN	16
#define CRYPTO_MD4_LEN	16
#define CRYPTO_SHA1_LEN 20

/* Hash the concatenation of the n spans. */
void crypto_md5(uint8_t ret[CRYPTO_MD5_LEN], const struct span *parts, size_t n);
void crypto_md4(uint8_t ret[CRYPTO_MD4_LEN], const struct span *parts, size_t n);
void crypto_sha1(uint8_t ret[CRYPTO_SHA1_LEN], const struct span *parts, size_t n);
/* HMAC-MD5 (RFC 2104) of the concatenation of the n spans. */
void crypto_hmac_md5(uint8_t ret[CRYPTO_MD5_LEN], struct span key, const struct span *parts,
		     size_t n);
/* DES-ECB of one block. The key is 7 octets, expanded to 8 (RFC 2759 section 8.6, DesEncrypt). */
void crypto_des56(uint8_t ret[8], const uint8_t clear[8], const uint8_t key7[7]);
/* Compares in a time that depends on len only, not on the contents. */
bool crypto_equal(const void *a, const void *b, size_t len);
/* Zeroes memory; the compiler may not remove the call. */
void crypto_wipe(void *p, size_t len);
