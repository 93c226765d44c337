/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts of MS-CHAPv2 verdicts (RFC 2759 5 and 6), for ppp/auth and its tests only. Formats and
 * checks; decides nothing, keeps nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define MSCHAP_E_FAILURE	 691 /* ERROR_AUTHENTICATION_FAILURE: the only one worth a second try */
#define MSCHAP_AUTHENTICATOR_LEN 42 /* "S=" and 40 digits */

struct mschap_failure {
	uint16_t error;
	struct span message;
	struct span raw;       /* a whole text instead, from the one who decided; or empty */
	bool retry;	       /* in: a second try may be offered; out: it was */
	uint8_t challenge[16]; /* of the second try; out: the one in raw, when that has one */
};

/* "E=691 R=0 C=<32 hex> V=3 M=text", or raw with its R= made true. */
void mschap_failure_put(struct wr *w, struct mschap_failure *f);
/* Begins with "S=" and 40 hex digits. */
bool mschap_authenticator_ok(struct span text);
