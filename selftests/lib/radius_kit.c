/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/radius_kit.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/addr.h"
#include "daemon/base/crypto.h"

#define SLOTS 32
#define SIZE  4608 /* also for packets that are too long */

static struct wr next_slot(void)
{
	static uint8_t slots[SLOTS][SIZE];
	static unsigned at;

	return wr_init(slots[at++ % SLOTS], SIZE);
}

static struct span finished(const struct wr *w)
{
	assert_false(w->bad);
	return wr_done(w);
}

static uint8_t nibble(char c)
{
	assert_true(isxdigit((unsigned char)c));
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0' :
						     tolower((unsigned char)c) - 'a' + 10);
}

struct span rk_hex(const char *hex)
{
	struct wr w = next_slot();

	for (; *hex; hex++) {
		if (isspace((unsigned char)*hex))
			continue;
		wr_u8(&w, (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1])));
		hex++;
	}
	return finished(&w);
}

struct span rk_cat(struct span a, struct span b)
{
	struct wr w = next_slot();

	wr_span(&w, a);
	wr_span(&w, b);
	return finished(&w);
}

struct span rk_attr(uint8_t type, struct span value)
{
	struct wr w = next_slot();

	assert_in_range(value.len, 0, 253);
	wr_u8(&w, type);
	wr_u8(&w, (uint8_t)(2 + value.len));
	wr_span(&w, value);
	return finished(&w);
}

struct span rk_text(uint8_t type, const char *value)
{
	return rk_attr(type, span_str(value));
}

struct span rk_vendor(uint32_t vendor, uint8_t type, struct span value)
{
	struct wr w = next_slot();

	wr_u32(&w, vendor);
	wr_span(&w, rk_attr(type, value));
	return rk_attr(26, finished(&w));
}

struct span rk_u32(uint8_t type, uint32_t value)
{
	struct wr w = next_slot();

	wr_u32(&w, value);
	return rk_attr(type, finished(&w));
}

/* Converts a value of rk_attrs(). */
static struct span parse_value(char kind, const char *text, size_t len)
{
	char buf[600];
	struct wr w = next_slot();
	uint32_t ip;

	assert_in_range(len, 0, sizeof(buf) - 1);
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (kind == 'x')
		return rk_hex(buf);
	if (kind == 'a') {
		assert_int_equal(ze_ip4_parse(buf, &ip), 0);
		wr_u32(&w, ip);
	} else if (kind == 'i') {
		wr_u32(&w, (uint32_t)strtoul(buf, NULL, 0));
	} else {
		assert_int_equal(kind, 't');
		wr_bytes(&w, buf, len);
	}
	return finished(&w);
}

struct span rk_attrs(const char *text)
{
	struct wr w = next_slot();

	while (*text) {
		unsigned long vendor = 0, type;
		struct span value;
		size_t len;
		char *at;
		char kind;

		type = strtoul(text, &at, 10);
		if (*at == '/') {
			vendor = type;
			type = strtoul(at + 1, &at, 10);
		}
		assert_int_equal(*at++, ' ');
		kind = *at++;
		at += *at == ' ';
		len = strcspn(at, ";");
		value = parse_value(kind, at, len);
		wr_span(&w, vendor ? rk_vendor((uint32_t)vendor, (uint8_t)type, value) :
				     rk_attr((uint8_t)type, value));
		text = at + len;
		text += strspn(text, "; ");
	}
	return finished(&w);
}

struct span rk_packet(const struct rk_packet *p)
{
	static const uint8_t zeros[16];
	struct wr w = next_slot();
	uint8_t *auth, *signature;

	wr_u8(&w, p->code);
	wr_u8(&w, p->id);
	wr_u16(&w, (uint16_t)(20 + (p->sign ? 18 : 0) + p->attrs.len));
	auth = w.p;
	wr_bytes(&w, p->auth ? p->auth : zeros, 16);
	if (p->sign)
		wr_bytes(&w, "\x50\x12", 2);
	signature = w.p;
	if (p->sign)
		wr_zero(&w, 16);
	wr_span(&w, p->attrs);
	assert_false(w.bad);
	if (p->sign) {
		uint8_t mac[16];

		crypto_hmac_md5(mac, p->secret, (const struct span[]){ wr_done(&w) }, 1);
		memcpy(signature, mac, 16);
	}
	crypto_md5(auth, (const struct span[]){ wr_done(&w), p->secret }, 2);
	return wr_done(&w);
}

static bool is_text(struct span v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] < 32 || v.p[i] > 126)
			return false;
	return v.len > 0;
}

void rk_assert_attrs(struct span attrs, const char *const *want, size_t n)
{
	struct rd r = rd_span(attrs);
	size_t at = 0;

	for (; rd_left(&r); at++) {
		uint8_t type = rd_u8(&r), len = rd_u8(&r);
		struct span v = rd_bytes(&r, len - (size_t)2);
		char text[600];
		int end = snprintf(text, sizeof(text), "%u ", type);

		for (size_t i = 0; i < v.len; i++)
			end += snprintf(text + end, sizeof(text) - (size_t)end,
					is_text(v) ? "%c" : "%02x", v.p[i]);
		if (at >= n)
			fail_msg("one attribute too many: %s", text);
		assert_string_equal(text, want[at]);
	}
	assert_false(r.bad);
	assert_int_equal(at, n);
}
