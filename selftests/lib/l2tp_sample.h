/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sample control messages for tests of the codec: each has all AVPs that RFC 2661 6 allows in
 * it (by its own list, not the decoder's) and a different value in each member.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/l2tp/msg.h"

/* The AVPs of a message except 0 and 36, as bits; 0 for HELLO and for unknown types. */
uint64_t l2tp_sample_avps(uint16_t type);
/* Returns false for types that RFC 2661 does not define. */
bool l2tp_sample_msg(uint16_t type, struct l2tp_msg *ret);
