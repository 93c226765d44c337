/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/hash.h"

bool ze_addr_eq(const struct ze_addr *a, const struct ze_addr *b)
{
	return ze_addr_same_ip(a, b) && a->port == b->port;
}

bool ze_addr_same_ip(const struct ze_addr *a, const struct ze_addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

const char *ze_addr_text(const struct ze_addr *a, char buf[static ZE_ADDR_TEXT])
{
	char ip[INET6_ADDRSTRLEN], scope[12] = "", port[7] = "";

	if ((a->family != 4 && a->family != 6) ||
	    !inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof(ip))) {
		snprintf(buf, ZE_ADDR_TEXT, "none");
		return buf;
	}
	if (a->scope)
		snprintf(scope, sizeof(scope), "%%%u", a->scope);
	if (a->port)
		snprintf(port, sizeof(port), ":%hu", a->port);
	if (a->family == 6 && a->port)
		snprintf(buf, ZE_ADDR_TEXT, "[%s%s]%s", ip, scope, port);
	else
		snprintf(buf, ZE_ADDR_TEXT, "%s%s%s", ip, scope, port);
	return buf;
}

const char *ze_ip_text(const struct ze_addr *a, char buf[static ZE_ADDR_TEXT])
{
	struct ze_addr bare = *a;

	bare.port = 0;
	return ze_addr_text(&bare, buf);
}

/* Parses a decimal number of digits only, at most max. */
static int parse_number(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s || strlen(s) > 10)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	if (v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

static bool addr_link_local(const uint8_t ip[16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

int ze_addr_parse(const char *ip, uint16_t port, struct ze_addr *ret)
{
	struct ze_addr a;
	char text[INET6_ADDRSTRLEN];
	const char *percent = strchr(ip, '%');
	size_t len = percent ? (size_t)(percent - ip) : strlen(ip);
	uint64_t scope = 0;

	memset(&a, 0, sizeof(a));
	a.port = port;
	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, ip, len);
	text[len] = '\0';
	if (percent && (parse_number(percent + 1, UINT32_MAX, &scope) < 0 || !scope))
		return -EINVAL;
	if (!percent && inet_pton(AF_INET, text, a.ip) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.ip) == 1)
		a.family = 6;
	else
		return -EINVAL;
	if (percent && !addr_link_local(a.ip))
		return -EINVAL;
	a.scope = (uint32_t)scope;
	*ret = a;
	return 0;
}

bool ze_addr_needs_scope(const struct ze_addr *a)
{
	return a->family == 6 && addr_link_local(a->ip) && !a->scope;
}

/* Whether the bits of the address from bit `len` to the end are zero. */
static bool host_bits_zero(const uint8_t ip[16], unsigned len, unsigned bits)
{
	for (unsigned i = len; i < bits; i++)
		if (ip[i / 8] & (0x80u >> (i % 8)))
			return false;
	return true;
}

int ze_prefix_parse(const char *s, struct ze_prefix *ret)
{
	struct ze_prefix p = { 0 };
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	char ip[ZE_ADDR_TEXT];
	uint64_t len;
	unsigned bits;

	if (n >= sizeof(ip))
		return -EINVAL;
	memcpy(ip, s, n);
	ip[n] = '\0';
	if (ze_addr_parse(ip, 0, &p.addr) < 0 || p.addr.scope)
		return -EINVAL;
	bits = p.addr.family == 4 ? 32 : 128;
	len = bits;
	if (slash && parse_number(slash + 1, bits, &len) < 0)
		return -EINVAL;
	if (!host_bits_zero(p.addr.ip, (unsigned)len, bits))
		return -EINVAL;
	p.len = (uint8_t)len;
	*ret = p;
	return 0;
}

bool ze_prefix_eq(const struct ze_prefix *a, const struct ze_prefix *b)
{
	return a->len == b->len && ze_addr_eq(&a->addr, &b->addr);
}

unsigned ze_prefix_hash(const struct ze_prefix *p)
{
	uint8_t key[18] = { p->addr.family, p->len };

	memcpy(key + 2, p->addr.ip, sizeof(p->addr.ip));
	return hash_bytes(key, sizeof(key));
}

bool ze_prefix_has(const struct ze_prefix *p, const struct ze_addr *a)
{
	unsigned whole = p->len / 8u, rest = p->len % 8u;
	unsigned mask = (0xff00u >> rest) & 0xffu;

	if (p->addr.family != a->family || memcmp(p->addr.ip, a->ip, whole) != 0)
		return false;
	return !rest || ((p->addr.ip[whole] ^ a->ip[whole]) & mask) == 0;
}

const char *ze_prefix_text(const struct ze_prefix *p, char buf[static ZE_PREFIX_TEXT])
{
	char ip[ZE_ADDR_TEXT];

	/* Without a scope an address has at most 45 characters. */
	snprintf(buf, ZE_PREFIX_TEXT, "%.45s/%u", ze_ip_text(&p->addr, ip), p->len);
	return buf;
}

struct ze_addr ze_ip4_addr(uint32_t ip)
{
	return (struct ze_addr){ .family = 4,
				 .ip = { (uint8_t)(ip >> 24), (uint8_t)(ip >> 16),
					 (uint8_t)(ip >> 8), (uint8_t)ip } };
}

uint32_t ze_addr_ip4(const struct ze_addr *a)
{
	return (uint32_t)a->ip[0] << 24 | (uint32_t)a->ip[1] << 16 | (uint32_t)a->ip[2] << 8 |
	       a->ip[3];
}

void ze_prefix_range4(const struct ze_prefix *p, uint32_t *ret_first, uint32_t *ret_last)
{
	*ret_first = ze_addr_ip4(&p->addr);
	*ret_last = *ret_first | (uint32_t)(0xffffffffull >> p->len);
}

const char *ze_ip4_text(uint32_t ip, char buf[static ZE_ADDR_TEXT])
{
	snprintf(buf, ZE_ADDR_TEXT, "%u.%u.%u.%u", (unsigned)(ip >> 24),
		 (unsigned)(ip >> 16 & 0xff), (unsigned)(ip >> 8 & 0xff), (unsigned)(ip & 0xff));
	return buf;
}

int ze_ip4_parse(const char *s, uint32_t *ret)
{
	struct in_addr a;

	if (inet_pton(AF_INET, s, &a) != 1)
		return -EINVAL;
	*ret = ntohl(a.s_addr);
	return 0;
}

/* Special-purpose addresses: RFC 6890 and RFC 1122 section 3.2.1.3. */
const char *ze_ip4_no_host(uint32_t first, uint32_t last)
{
	static const struct {
		uint32_t first, last;
		const char *why;
	} blocks[] = {
		{ 0x00000000, 0x00ffffff, "0.0.0.0/8 is not assigned to hosts" },
		{ 0x7f000000, 0x7fffffff, "127.0.0.0/8 is loopback" },
		{ 0xa9fe0000, 0xa9feffff, "169.254.0.0/16 is link-local" },
		{ 0xe0000000, 0xefffffff, "224.0.0.0/4 is multicast" },
		{ 0xf0000000, 0xfffffffe, "240.0.0.0/4 is reserved" },
		{ 0xffffffff, 0xffffffff, "255.255.255.255 is broadcast" },
	};

	for (unsigned i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		if (first <= blocks[i].last && last >= blocks[i].first)
			return blocks[i].why;
	return NULL;
}
