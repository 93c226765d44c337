/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `ze l2tp decode`: one L2TP datagram, given as hex, printed as JSON. Needs no daemon and no
 * privilege, and shows secrets of the input as the hex they came as, never in clear.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/json.h"
#include "daemon/base/wire.h"

/* Writes one object to j. 0, or -REASON_x when the datagram is malformed: then the object holds what
 * could be read, and `error`. */
int decode_l2tp(struct span bytes, struct json *j);

struct decode_hex_error {
	size_t line, column; /* from 1 */
	char digit;	     /* the offender; 0 when the last octet has one digit only */
};

/* Hex digits, with white space, colons and 0x between octets, to buf (at least half as long as the
 * text). The number of octets, or -EINVAL with *ret_err set. */
int decode_hex(const char *text, size_t len, uint8_t *buf, struct decode_hex_error *ret_err);

/* argv[0] is "decode". Exit status: 0, 1 for a malformed datagram, 2 for anything else. */
int decode_main(int argc, char **argv);
