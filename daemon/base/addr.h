/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transport address (IPv4 or IPv6, with its port in host order), independent of the socket
 * headers. Two addresses can be compared by memcmp(), because unused octets are always zero.
 * Parsing accepts literal addresses only; it never resolves a name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ZE_ADDR_TEXT   72 /* octets, large enough for "[2001:db8::1%4294967295]:65535" */
#define ZE_PREFIX_TEXT 52

struct ze_addr {
	uint8_t family; /* 4 or 6; 0 means no address */
	uint8_t pad;
	uint16_t port;	/* host order */
	uint32_t scope; /* interface index of a link-local IPv6 address, otherwise 0 */
	uint8_t ip[16]; /* network order; IPv4 uses the first 4 octets */
};

struct ze_prefix {
	struct ze_addr addr; /* the port and the host bits are 0 */
	uint8_t len;	     /* bits */
};

/* Compares family, address, scope and port. */
bool ze_addr_eq(const struct ze_addr *a, const struct ze_addr *b);
/* Compares family, address and scope, but not the port. */
bool ze_addr_same_ip(const struct ze_addr *a, const struct ze_addr *b);
/* Writes "192.0.2.1:1701" or "[2001:db8::1]:1701"; the port is left out when it is 0. Returns
 * buf. */
const char *ze_addr_text(const struct ze_addr *a, char buf[static ZE_ADDR_TEXT]);
/* The same without the port. */
const char *ze_ip_text(const struct ze_addr *a, char buf[static ZE_ADDR_TEXT]);
/* Parses an IPv4 or IPv6 literal, with "%index" only for a link-local IPv6 address. Returns 0 or
 * -EINVAL. */
int ze_addr_parse(const char *ip, uint16_t port, struct ze_addr *ret);
/* True for a link-local IPv6 address without an interface index. */
bool ze_addr_needs_scope(const struct ze_addr *a);
/* Parses "a.b.c.d/n" or the IPv6 form. The host bits must be 0; an address without a length is a
 * /32 or /128. Returns 0 or -EINVAL. */
int ze_prefix_parse(const char *s, struct ze_prefix *ret);
bool ze_prefix_eq(const struct ze_prefix *a, const struct ze_prefix *b);
unsigned ze_prefix_hash(const struct ze_prefix *p); /* see hash_bytes() */
/* True when the prefix contains the address. */
bool ze_prefix_has(const struct ze_prefix *p, const struct ze_addr *a);
/* Writes "192.0.2.0/24" or the IPv6 form. Returns buf. */
const char *ze_prefix_text(const struct ze_prefix *p, char buf[static ZE_PREFIX_TEXT]);
/* An IPv4 address in host order as a struct, without a port, and back. */
struct ze_addr ze_ip4_addr(uint32_t ip);
uint32_t ze_addr_ip4(const struct ze_addr *a);
/* The first and the last address of an IPv4 prefix, in host order. */
void ze_prefix_range4(const struct ze_prefix *p, uint32_t *ret_first, uint32_t *ret_last);
/* Formats an IPv4 address in host order. Returns buf. */
const char *ze_ip4_text(uint32_t ip, char buf[static ZE_ADDR_TEXT]);
/* Parses a dotted quad into host order. Returns 0 or -EINVAL. */
int ze_ip4_parse(const char *s, uint32_t *ret);
/* Says why the range first..last (host order, inclusive) contains addresses that no host can have,
 * for example "224.0.0.0/4 is multicast". Returns NULL when every address of it is usable. */
const char *ze_ip4_no_host(uint32_t first, uint32_t last);
