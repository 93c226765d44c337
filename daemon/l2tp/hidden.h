/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hiding of AVP values, RFC 2661 4.3. Bounds the decrypted length on every path: it is whatever an
 * attacker, or a wrong secret, makes it. Allocates nothing.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

/* Decrypts `hidden` (the value on the wire) into buf (at least hidden.len octets) and sets *ret to
 * the clear value inside buf, padding dropped. 0 or -REASON_HIDDEN_LEN. */
int avp_reveal(uint16_t type, struct span secret, struct span vector, struct span hidden,
	       uint8_t *buf, struct span *ret);
/* Writes length, value and `pad` zero octets encrypted to w. */
void avp_hide(uint16_t type, struct span secret, struct span vector, struct span clear, size_t pad,
	      struct wr *w);
