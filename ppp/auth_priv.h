/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The texts of MS-CHAPv2 Success and Failure packets (RFC 2759 5 and 6), for ppp/auth and its tests
 * only. Formats and checks texts; has no state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define MSCHAP_E_FAILURE	 691 /* ERROR_AUTHENTICATION_FAILURE; allows a second attempt */
#define MSCHAP_AUTHENTICATOR_LEN 42  /* "S=" and 40 hex digits */

struct mschap_failure {
	uint16_t error;
	struct span message;
	struct span raw;       /* a complete text from the authentication server, or empty */
	bool retry;	       /* in: a second attempt may be offered; out: it was offered */
	uint8_t challenge[16]; /* for the second attempt; out: the one in raw, if it has one */
};

/* Writes "E=691 R=0 C=<32 hex digits> V=3 M=text", or raw with its R= corrected. */
void mschap_failure_put(struct wr *w, struct mschap_failure *f);
/* True when the text begins with "S=" and 40 hex digits. */
bool mschap_authenticator_ok(struct span text);
