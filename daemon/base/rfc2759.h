/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of RFC 2759 8 (MS-CHAPv2), for whoever holds a password. Passwords are taken as UTF-8 and
 * turned into the UTF-16LE the RFC hashes; scratch is wiped. Allocates nothing.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

#define RFC2759_PASSWORD_MAX 256 /* characters */

/* 8.3 NtPasswordHash: 0, -EINVAL for invalid UTF-8 or a password that is too long. */
int rfc2759_nt_hash(struct span password, uint8_t ret[16]);
/* 8.2 ChallengeHash; user without its domain (rfc2759_user). */
void rfc2759_challenge_hash(const uint8_t peer[16], const uint8_t auth[16], struct span user,
			    uint8_t ret[8]);
/* 8.5 ChallengeResponse */
void rfc2759_response(const uint8_t challenge[8], const uint8_t nt_hash[16], uint8_t ret[24]);
/* 8.7 GenerateAuthenticatorResponse: "S=" and 40 upper-case hex digits, NUL-terminated. */
void rfc2759_authenticator_response(const uint8_t nt_hash[16], const uint8_t nt_response[24],
				    const uint8_t challenge[8], char ret[43]);
/* The name behind the last backslash of DOMAIN\user. */
struct span rfc2759_user(struct span name);
