/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `ze l2tp decode`: prints one L2TP datagram, given as hex, as JSON. It needs no daemon and no
 * privileges. Secrets in the datagram are shown only as the hex they were given as.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/json.h"
#include "daemon/base/wire.h"

/* Writes one object to j. Returns 0, or -REASON_x when the datagram is malformed; then the object
 * holds what could be read, and `error`. */
int decode_l2tp(struct span bytes, struct json *j);

struct decode_hex_error {
	size_t line, column; /* counted from 1 */
	char digit;	     /* the invalid character; 0 when the number of digits is odd */
};

/* Decodes hex digits, with white space, colons and 0x between octets, into buf, which has room for
 * half as many octets as the text. Returns the number of octets, or -EINVAL with *ret_err set. */
int decode_hex(const char *text, size_t len, uint8_t *buf, struct decode_hex_error *ret_err);

/* argv[0] is "decode". Returns the exit status: 0, 1 for a malformed datagram, 2 for other
 * errors. */
int decode_main(int argc, char **argv);
