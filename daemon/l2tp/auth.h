/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tunnel authentication, RFC 2661 5.1.1: CHAP with MD5, where the message type takes the place of
 * the CHAP identifier.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define L2TP_AUTH_LEN 16

/* Computes a Challenge Response. msg_type is the type of the message that carries the response:
 * SCCRP or SCCCN. */
void l2tp_auth_response(uint8_t ret[L2TP_AUTH_LEN], uint8_t msg_type, struct span secret,
			struct span challenge);
/* True when `response` answers `challenge`. The comparison takes constant time. */
bool l2tp_auth_check(uint8_t msg_type, struct span secret, struct span challenge,
		     struct span response);
