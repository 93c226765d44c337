/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hashes our protocols need, over nettle. All take spans, so that callers never concatenate
 * into a temporary buffer that would hold a secret. Nothing is logged; scratch is wiped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define CRYPTO_MD5_LEN	16
#define CRYPTO_MD4_LEN	16
#define CRYPTO_SHA1_LEN 20

/* Hash of the n spans one after the other. */
void crypto_md5(uint8_t ret[CRYPTO_MD5_LEN], const struct span *parts, size_t n);
void crypto_md4(uint8_t ret[CRYPTO_MD4_LEN], const struct span *parts, size_t n);
void crypto_sha1(uint8_t ret[CRYPTO_SHA1_LEN], const struct span *parts, size_t n);
/* DES-ECB of one block under 7 octets of key spread over 8 (RFC 2759 8.6 DesEncrypt). */
void crypto_des56(uint8_t ret[8], const uint8_t clear[8], const uint8_t key7[7]);
/* Time depends on len only. */
bool crypto_equal(const void *a, const void *b, size_t len);
/* A memset the compiler may not remove. */
void crypto_wipe(void *p, size_t len);
