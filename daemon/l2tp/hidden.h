/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hiding of AVP values, RFC 2661 4.3. The decrypted length is always checked, because an attacker
 * or a wrong secret can make it any value. Nothing is allocated.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

struct avp_key {       /* the inputs of the key stream of one value */
	uint16_t type; /* of the attribute */
	struct span secret, vector;
};

/* Decrypts `hidden` (the value as received) into buf, which has room for hidden.len octets, and
 * sets *ret to the value inside buf, without the padding. Returns 0 or -REASON_HIDDEN_LEN. */
int avp_reveal(const struct avp_key *k, struct span hidden, uint8_t *buf, struct span *ret);
/* Writes the length, the value and `pad` zero octets, encrypted, to w. */
void avp_hide(const struct avp_key *k, struct span clear, size_t pad, struct wr *w);
