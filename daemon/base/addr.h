/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transport address without socket headers: IPv4 or IPv6, port in host order. Comparable by
 * memcmp: unused octets are zero. Parsing takes literal addresses only, never names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZE_ADDR_TEXT   72 /* "[2001:db8::1%4294967295]:65535" fits */
#define ZE_PREFIX_TEXT 52

struct ze_addr {
	uint8_t family; /* 4, 6; 0 is "none" */
	uint8_t pad;
	uint16_t port;
	uint32_t scope; /* of a link-local IPv6 address, else 0 */
	uint8_t ip[16]; /* the first 4 for IPv4 */
};

struct ze_prefix {
	struct ze_addr addr; /* port 0, host bits 0 */
	uint8_t len;
};

bool ze_addr_eq(const struct ze_addr *a, const struct ze_addr *b);
/* Without the port. */
bool ze_addr_same_ip(const struct ze_addr *a, const struct ze_addr *b);
/* "192.0.2.1:1701", "[2001:db8::1]:1701"; without ":port" when it is 0. Returns buf. */
const char *ze_addr_text(const struct ze_addr *a, char buf[static ZE_ADDR_TEXT]);
/* An IPv4 or IPv6 literal. 0 or -EINVAL. */
int ze_addr_parse(const char *ip, uint16_t port, struct ze_addr *ret);
/* A link-local IPv6 address without its interface. */
bool ze_addr_needs_scope(const struct ze_addr *a);
/* "a.b.c.d/n" or IPv6; host bits must be 0; a bare address is /32 or /128. 0 or -EINVAL. */
int ze_prefix_parse(const char *s, struct ze_prefix *ret);
bool ze_prefix_has(const struct ze_prefix *p, const struct ze_addr *a);
/* Host-order IPv4. Returns buf. */
const char *ze_ip4_text(uint32_t ip, char buf[static ZE_ADDR_TEXT]);
int ze_ip4_parse(const char *s, uint32_t *ret);
/* Why no host has an address from first to last: "is a multicast address". NULL: each may be one's. */
const char *ze_ip4_no_host(uint32_t first, uint32_t last);
