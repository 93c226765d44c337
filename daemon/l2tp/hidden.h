/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hiding of AVP values, RFC 2661 4.3. Bounds the decrypted length on every path: it is whatever an
 * attacker, or a wrong secret, makes it. Allocates nothing.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

struct avp_key {       /* what the key stream of one value is made of */
	uint16_t type; /* of the attribute */
	struct span secret, vector;
};

/* Decrypts `hidden` (the value on the wire) into buf (at least hidden.len octets) and sets *ret to
 * the clear value inside buf, padding dropped. 0 or -REASON_HIDDEN_LEN. */
int avp_reveal(const struct avp_key *k, struct span hidden, uint8_t *buf, struct span *ret);
/* Writes length, value and `pad` zero octets encrypted to w. */
void avp_hide(const struct avp_key *k, struct span clear, size_t pad, struct wr *w);
