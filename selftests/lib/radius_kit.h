/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RADIUS packets for tests, built without the code of aaa/: octets from hex, attributes, and whole
 * packets with authenticators. They fail the cmocka test that calls them. A span is valid for the
 * next 31 calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

/* Converts "c021 01 02" to octets; blanks and newlines are ignored. */
struct span rk_hex(const char *hex);
/* The concatenation of a and b. */
struct span rk_cat(struct span a, struct span b);
/* One attribute, one of a vendor in a Vendor-Specific of its own, and one that is a number. */
struct span rk_attr(uint8_t type, struct span value);
struct span rk_text(uint8_t type, const char *value);
struct span rk_vendor(uint32_t vendor, uint8_t type, struct span value);
struct span rk_u32(uint8_t type, uint32_t value);

/* Attributes from a text: "8 a 192.0.2.1; 27 i 3600; 18 t hello; 25 x 00ff; 311/28 a 192.0.2.53". The
 * letter is the kind of the value: address, number, text, hex octets. */
struct span rk_attrs(const char *text);

struct rk_packet {
	uint8_t code, id;
	struct span attrs;
	struct span secret;
	const uint8_t *auth; /* of the request that is answered; NULL: 16 zeros, as in a request */
	bool sign;	     /* puts a Message-Authenticator before attrs */
};

/* The packet with its authenticator: that of a reply, or of an accounting or CoA request. */
struct span rk_packet(const struct rk_packet *p);

/* Compares a list of attributes by type and value: "8 c0000201", or "18 hello" when all octets of
 * the value are printable. */
void rk_assert_attrs(struct span attrs, const char *const *want, size_t n);
