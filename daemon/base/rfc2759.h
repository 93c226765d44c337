/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of RFC 2759 section 8 (MS-CHAPv2) that the holder of a password needs. Passwords
 * are UTF-8 and are converted to UTF-16LE, which the RFC hashes. Intermediate values are wiped;
 * nothing is allocated.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

#define RFC2759_PASSWORD_MAX 256 /* characters */

/* 8.3 NtPasswordHash. Returns 0, or -EINVAL for invalid UTF-8 or a password that is too long. */
int rfc2759_nt_hash(struct span password, uint8_t ret[16]);
/* 8.2 ChallengeHash. `user` is the name without its domain, see rfc2759_user(). */
void rfc2759_challenge_hash(const uint8_t peer[16], const uint8_t auth[16], struct span user,
			    uint8_t ret[8]);
/* 8.5 ChallengeResponse */
void rfc2759_response(const uint8_t challenge[8], const uint8_t nt_hash[16], uint8_t ret[24]);
/* 8.7 GenerateAuthenticatorResponse: "S=" and 40 upper-case hex digits, NUL-terminated. */
void rfc2759_authenticator_response(const uint8_t nt_hash[16], const uint8_t nt_response[24],
				    const uint8_t challenge[8], char ret[43]);
/* The part of DOMAIN\user after the last backslash. */
struct span rfc2759_user(struct span name);
