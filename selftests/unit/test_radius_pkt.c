/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "aaa/radius_pkt.h"
#include "daemon/base/compiler.h"
#include "daemon/base/crypto.h"
#include "selftests/lib/radius_kit.h"

#define RFC_SECRET "xyzzy5461" /* RFC 2865 7, RFC 5997 6 */
#define SECRET	   "radsecret"

static const uint8_t req_auth[RADIUS_AUTH_LEN] = { 0, 1, 2,  3,	 4,  5,	 6,  7,
						   8, 9, 10, 11, 12, 13, 14, 15 };

static void assert_span(struct span got, struct span want)
{
	assert_int_equal(got.len, want.len);
	if (want.len)
		assert_memory_equal(got.p, want.p, want.len);
}

static struct radius_pkt parsed(struct span datagram)
{
	struct radius_pkt p;

	assert_int_equal(radius_pkt_parse(datagram, &p), 0);
	return p;
}

/* A reply to req_auth from the holder of SECRET. */
static struct span reply(uint8_t code, struct span attrs, bool sign)
{
	return rk_packet(&(struct rk_packet){ .code = code,
					      .id = 7,
					      .attrs = attrs,
					      .secret = span_str(SECRET),
					      .auth = req_auth,
					      .sign = sign });
}

/* ---------------------------------------------------------------- authenticators */

static const struct {
	const char *request_auth, *octets;
} rfc_replies[] = {
	/* RFC 2865 7.1 */
	{ "0f403f9473978057bd83d5cb98f4227a", "02000026 86fe220e7624ba2a1005f6bf9b55e0b2"
					      "060600000001 0f0600000000 0e06c0a80103" },
	/* RFC 2865 7.3 */
	{ "f3a47a1f6a6d76710b947ab93041a039",
	  "0b02004e 36f3c8764ae8c71157403c0c71ff9c45 1230"
	  "4368616c6c656e67652033323736393433302e2020"
	  "456e74657220726573706f6e73652061742070726f6d70742e 180a3332373639343330" },
	{ "b122556d428a13d0d6253807c457ecf0", "03030014 a42f4fca45916c4e09c8340f9e746aa0" },
	/* RFC 5997 6.1 */
	{ "8a54f4686fb394c52866e302185d0623", "02da0014 ef0d552a4bf2d693ec2b6fe8b5411d66" },
};

/* The RFCs' replies are authentic; with one bit changed anywhere, or another request, they are not
 * (R-005). */
static void replies_of_the_rfcs(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rfc_replies); i++) {
		const uint8_t *auth = rk_hex(rfc_replies[i].request_auth).p;
		struct span whole = rk_hex(rfc_replies[i].octets);
		struct radius_pkt p = parsed(whole);
		uint8_t buf[128];

		assert_int_equal(radius_pkt_check(&p, auth, span_str(RFC_SECRET)), 0);
		assert_int_equal(radius_pkt_check(&p, req_auth, span_str(RFC_SECRET)),
				 -REASON_REPLY_AUTHENTICATOR);
		assert_int_equal(radius_pkt_check(&p, auth, span_str("xyzzy5462")),
				 -REASON_REPLY_AUTHENTICATOR);
		for (size_t bit = 0; bit < 8 * whole.len; bit++) {
			memcpy(buf, whole.p, whole.len);
			buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (radius_pkt_parse(span_of(buf, whole.len), &p) < 0)
				continue;
			assert_int_equal(radius_pkt_check(&p, auth, span_str(RFC_SECRET)),
					 -REASON_REPLY_AUTHENTICATOR);
		}
	}
}

/* RFC 5997 6: Status-Server to both ports. */
static void signatures_of_rfc_5997(void **st)
{
	static const char *const requests[] = {
		"0cda0026 8a54f4686fb394c52866e302185d0623 50125a665e2e1e8411f3e243822097c84fa3",
		"0cb30026 925f6b66dd5fed571fcb1db7ad388260 5012e8d6eabda910875cd91fdade26367858",
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(requests); i++) {
		struct radius_pkt p = parsed(rk_hex(requests[i]));
		uint8_t mac[RADIUS_AUTH_LEN];

		assert_int_equal(p.code, RADIUS_STATUS_SERVER);
		assert_non_null(p.signature);
		radius_pkt_sign(p.octets, p.signature, p.auth, span_str(RFC_SECRET), mac);
		assert_memory_equal(mac, p.signature, sizeof(mac));
	}
}

/* R-006, S-AAA-28: a reply whose Response Authenticator is right and whose Message-Authenticator is
 * not. It may stand anywhere; the octets behind it are part of it. */
static void signature_of_a_reply(void **st)
{
	struct span tail = rk_cat(rk_text(18, "hello"), rk_attr(25, rk_hex("00ff")));
	struct radius_pkt p = parsed(reply(RADIUS_ACCESS_ACCEPT, tail, true));
	uint8_t attrs[64];

	(void)st;
	assert_int_equal(radius_pkt_check(&p, req_auth, span_str(SECRET)), 0);
	assert_in_range(p.attrs.len, 18 + 2, sizeof(attrs));
	memcpy(attrs, p.attrs.p, p.attrs.len);
	for (size_t bit = 0; bit < 128; bit++) {
		uint8_t *changed = attrs + 2 + bit / 8;

		*changed ^= (uint8_t)(1 << bit % 8);
		p = parsed(reply(RADIUS_ACCESS_ACCEPT, span_of(attrs, p.attrs.len), false));
		assert_int_equal(radius_pkt_check(&p, req_auth, span_str(SECRET)),
				 -REASON_RADIUS_SIGNATURE);
		*changed ^= (uint8_t)(1 << bit % 8);
	}
}

/* A server that signs an Accounting-Response computes it with the request's authenticator (RFC 5997
 * 4.3) or with zeros. Other replies have only the former. */
static void accounting_response_signed_in_two_ways(void **st)
{
	static const uint8_t codes[] = { RADIUS_ACCOUNTING_RESPONSE, RADIUS_ACCESS_ACCEPT,
					 RADIUS_ACCESS_REJECT };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(codes); i++) {
		struct span zeros = rk_packet(&(struct rk_packet){
			.code = codes[i], .id = 7, .secret = span_str(SECRET), .sign = true });
		struct radius_pkt p = parsed(reply(codes[i], (struct span){ 0 }, true));

		assert_int_equal(radius_pkt_check(&p, req_auth, span_str(SECRET)), 0);
		p = parsed(reply(codes[i], span_of(zeros.p + 20, 18), false));
		assert_int_equal(radius_pkt_check(&p, req_auth, span_str(SECRET)),
				 i ? -REASON_RADIUS_SIGNATURE : 0);
	}
}

/* ---------------------------------------------------------------- parsing */

/* lengths of attributes; S-AAA-28: lengths of packets. */
static void refusals(void **st)
{
	static const struct {
		const char *octets;
		enum reason why;
	} rows[] = {
		{ "", REASON_RADIUS_SHORT },
		{ "02070014 00000000000000000000000000000000", REASON_NONE },
		{ "02070014 000000000000000000000000000000", REASON_RADIUS_SHORT },
		{ "02070013 00000000000000000000000000000000", REASON_RADIUS_LENGTH },
		{ "02070000 00000000000000000000000000000000", REASON_RADIUS_LENGTH },
		{ "02070015 00000000000000000000000000000000", REASON_RADIUS_LENGTH },
		{ "0207ffff 00000000000000000000000000000000", REASON_RADIUS_LENGTH },
		{ "02070015 00000000000000000000000000000000 01", REASON_RADIUS_ATTR_LEN },
		{ "02070016 00000000000000000000000000000000 0100", REASON_RADIUS_ATTR_LEN },
		{ "02070016 00000000000000000000000000000000 0101", REASON_RADIUS_ATTR_LEN },
		{ "02070016 00000000000000000000000000000000 0102", REASON_NONE },
		{ "02070016 00000000000000000000000000000000 0103", REASON_RADIUS_ATTR_LEN },
		{ "02070017 00000000000000000000000000000000 0103ff", REASON_NONE },
		{ "02070017 00000000000000000000000000000000 0104ffff", REASON_RADIUS_ATTR_LEN },
		{ "02070019 00000000000000000000000000000000 0103ff 0100", REASON_RADIUS_ATTR_LEN },
		{ "02070016 00000000000000000000000000000000 5002", REASON_RADIUS_SIGNATURE },
		{ "02070025 00000000000000000000000000000000 5011 000102030405060708090a0b0c0d0e",
		  REASON_RADIUS_SIGNATURE },
		{ "02070027 00000000000000000000000000000000 5013 000102030405060708090a0b0c0d0e0f10",
		  REASON_RADIUS_SIGNATURE },
		{ "02070038 00000000000000000000000000000000 5012 000102030405060708090a0b0c0d0e0f"
		  "5012 000102030405060708090a0b0c0d0e0f",
		  REASON_RADIUS_SIGNATURE },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_pkt p = { .code = 99 };

		assert_int_equal(radius_pkt_parse(rk_hex(rows[i].octets), &p), -(int)rows[i].why);
		assert_int_equal(p.code, rows[i].why ? 99 : 2);
	}
}

/* 4096 octets are a packet, 4097 are not, neither by Length nor by padding. */
static void longest_packet(void **st)
{
	static uint8_t buf[RADIUS_PKT_MAX + 1] = { RADIUS_ACCESS_ACCEPT, 7, 0x10, 0x00 };
	struct radius_pkt p;

	(void)st;
	for (size_t at = RADIUS_HEADER_LEN; at < RADIUS_PKT_MAX; at += 4)
		memcpy(buf + at, "\x19\x04zz", 4);
	p = parsed(span_of(buf, RADIUS_PKT_MAX));
	assert_int_equal(p.attrs.len, RADIUS_PKT_MAX - RADIUS_HEADER_LEN);
	assert_int_equal(radius_pkt_parse(span_of(buf, RADIUS_PKT_MAX + 1), &p),
			 -REASON_RADIUS_LENGTH);
	buf[3] = 1;
	assert_int_equal(radius_pkt_parse(span_of(buf, RADIUS_PKT_MAX + 1), &p),
			 -REASON_RADIUS_LENGTH);
}

/* RFC 2865 3: octets after Length are padding, which is not signed either. */
static void padding(void **st)
{
	struct span whole = reply(RADIUS_ACCESS_ACCEPT, rk_text(18, "hello"), true);
	struct radius_pkt p = parsed(rk_cat(whole, rk_hex("0100 ffff")));

	(void)st;
	assert_int_equal(p.octets.len, whole.len);
	assert_int_equal(p.attrs.len, 18 + 7);
	assert_int_equal(radius_pkt_check(&p, req_auth, span_str(SECRET)), 0);
}

static void every_prefix_is_refused(void **st)
{
	struct span whole = reply(RADIUS_ACCESS_ACCEPT, rk_text(18, "hello"), true);
	struct radius_pkt p;

	(void)st;
	for (size_t n = 0; n < whole.len; n++)
		assert_int_equal(radius_pkt_parse(span_of(whole.p, n), &p),
				 n < RADIUS_HEADER_LEN ? -REASON_RADIUS_SHORT :
							 -REASON_RADIUS_LENGTH);
}

/* ---------------------------------------------------------------- attributes */

/* Compares a walk with "vendor/type=hex" of each attribute. */
static void assert_walk(struct span attrs, const char *want, unsigned skipped)
{
	struct radius_walk w = radius_walk(attrs);
	char got[512] = "";
	struct radius_attr a;
	size_t n = 0;

	while (radius_walk_next(&w, &a)) {
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%u/%u=", n ? " " : "", a.vendor,
				      a.type);
		for (size_t i = 0; i < a.value.len; i++)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%02x", a.value.p[i]);
	}
	assert_string_equal(got, want);
	assert_int_equal(w.skipped, skipped);
	assert_false(radius_walk_next(&w, &a));
}

/* S-AAA-52: unknown attributes and vendors are passed on, several of a vendor in one
 * Vendor-Specific are read, and one with wrong lengths inside is left out as a whole. */
static void walks(void **st)
{
	static const struct {
		const char *attrs, *want;
		unsigned skipped;
	} rows[] = {
		{ "", "", 0 },
		{ "0102", "0/1=", 0 },
		{ "c803ff 0806c0000201", "0/200=ff 0/8=c0000201", 0 },
		{ "1a0c 00000137 1c06 01020304", "311/28=01020304", 0 },
		{ "1a12 00000137 1c06 01020304 1d06 05060708 1203aa",
		  "311/28=01020304 311/29=05060708 0/18=aa", 0 },
		{ "1a08 ffffffff ff02 1a08 00000009 0102", "4294967295/255= 9/1=", 0 },
		{ "1a02 1203aa", "0/18=aa", 1 },
		{ "1a05 000001 1203aa", "0/18=aa", 1 },
		{ "1a06 00000137 1203aa", "0/18=aa", 1 },
		{ "1a07 00000137 1c 1203aa", "0/18=aa", 1 },
		{ "1a08 00000137 1c00 1203aa", "0/18=aa", 1 },
		{ "1a08 00000137 1c01 1203aa", "0/18=aa", 1 },
		{ "1a08 00000137 1c03 1203aa", "0/18=aa", 1 },
		{ "1a09 00000137 1cffaa 1203aa", "0/18=aa", 1 },
		{ "1a0b 00000137 1c03aa 1c03 1a0a 00000137 1c04abab", "311/28=abab", 1 },
		{ "1a08 00000000 0102", "0/1=", 0 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++)
		assert_walk(rk_hex(rows[i].attrs), rows[i].want, rows[i].skipped);
}

static void finding(void **st)
{
	struct span attrs = rk_hex("1c03aa 1a0c 00000137 1c06 01020304 1c03bb 1a08 00000137 0302");
	struct span v;
	uint32_t n = 5;

	(void)st;
	assert_true(radius_attr_find(attrs, RADIUS_VENDOR_NONE, 28, &v));
	assert_span(v, rk_hex("aa"));
	assert_false(radius_attr_u32(v, &n));
	assert_int_equal(n, 5);
	assert_true(radius_attr_find(attrs, RADIUS_VENDOR_MICROSOFT, 28, &v));
	assert_true(radius_attr_u32(v, &n));
	assert_int_equal(n, 0x01020304);
	assert_true(radius_attr_find(attrs, RADIUS_VENDOR_MICROSOFT, 3, &v));
	assert_int_equal(v.len, 0);
	assert_false(radius_attr_u32(v, &n));
	assert_false(radius_attr_find(attrs, RADIUS_VENDOR_MICROSOFT, 29, &v));
	assert_false(radius_attr_find(attrs, 9, 28, &v));
}

/* ---------------------------------------------------------------- tunnels */

/* RFC 2868 3.1 and 3.3; R-024. */
static void tags(void **st)
{
	static const struct {
		const char *value;
		uint8_t tag;
		const char *text;
	} texts[] = {
		{ "", 0, "" },	     { "00", 0, "" },		{ "01", 1, "" },
		{ "0161", 1, "61" }, { "1f61", 31, "61" },	{ "2061", 0, "2061" },
		{ "0061", 0, "61" }, { "616200", 0, "616200" },
	};
	static const struct {
		const char *value;
		bool ok;
		uint8_t tag;
		uint32_t number;
	} numbers[] = {
		{ "00000003", true, 0, 3 },	    { "01000003", true, 1, 3 },
		{ "1fffffff", true, 31, 0xffffff }, { "20000003", true, 0, 3 },
		{ "ff000003", true, 0, 3 },	    { "010003", false, 0, 0 },
		{ "0100000003", false, 0, 0 },	    { "", false, 0, 0 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(texts); i++) {
		struct span text;
		uint8_t tag;

		radius_tagged_text(rk_hex(texts[i].value), &tag, &text);
		assert_int_equal(tag, texts[i].tag);
		assert_span(text, rk_hex(texts[i].text));
	}
	for (size_t i = 0; i < ZE_ARRAY_SIZE(numbers); i++) {
		uint32_t n = 0;
		uint8_t tag = 0;

		assert_int_equal(radius_tagged_u32(rk_hex(numbers[i].value), &tag, &n),
				 numbers[i].ok);
		assert_int_equal(tag, numbers[i].tag);
		assert_int_equal(n, numbers[i].number);
	}
}

static const struct radius_seal seal = { .secret = { (const uint8_t *)SECRET, 9 },
					 .auth = req_auth };

/* Encrypts `clear`, whose first octet is the length of the password, by RFC 2868 3.5. */
static struct span sealed(uint8_t tag, struct span clear)
{
	static uint8_t out[RADIUS_VALUE_MAX];
	struct span before = span_of(req_auth, 16), salt = span_of(out + 1, 2);

	memset(out, 0, sizeof(out));
	memcpy(out, (const uint8_t[]){ tag, 0x80, 0x01 }, 3);
	for (size_t at = 0; at < clear.len; at += 16) {
		uint8_t *block = out + 3 + at;
		struct span parts[] = { span_str(SECRET), before, at ? span_of(NULL, 0) : salt };

		crypto_md5(block, parts, 3);
		for (size_t i = 0; i < 16 && at + i < clear.len; i++)
			block[i] ^= clear.p[at + i];
		before = span_of(block, 16);
	}
	return span_of(out, 3 + (clear.len + 15) / 16 * 16);
}

/* CONFORMANCE 8: `tunnelsecret` with the salt 80 01. */
static void tunnel_password_vector(void **st)
{
	struct span value = rk_hex("01 8001 cdce9ccac113582333b724ea5e969c0e"), got;
	uint8_t buf[RADIUS_VALUE_MAX], tag;

	(void)st;
	assert_true(radius_tunnel_password(&seal, value, buf, &tag, &got));
	assert_int_equal(tag, 1);
	assert_span(got, span_str("tunnelsecret"));
}

/* Each length that fits an attribute; R-024. */
static void tunnel_passwords_of_all_lengths(void **st)
{
	uint8_t clear[240], buf[RADIUS_VALUE_MAX], tag;
	struct span got;

	(void)st;
	for (size_t n = 0; n < sizeof(clear); n++) {
		clear[0] = (uint8_t)n;
		for (size_t i = 1; i <= n; i++)
			clear[i] = (uint8_t)(i * 7);
		assert_true(radius_tunnel_password(&seal, sealed(n % 40, span_of(clear, 1 + n)),
						   buf, &tag, &got));
		assert_int_equal(tag, n % 40 < 32 ? n % 40 : 0);
		assert_span(got, span_of(clear + 1, n));
	}
}

/* nothing outside the value is read, and nothing of a guess remains. */
static void tunnel_passwords_that_are_wrong(void **st)
{
	static const uint8_t zeros[RADIUS_VALUE_MAX];
	uint8_t clear[240] = { 0 }, buf[RADIUS_VALUE_MAX], tag = 77;
	struct span got = { 0 };

	(void)st;
	for (size_t blocks = 1; blocks <= 15; blocks++) {
		for (unsigned len = 0; len < 256; len++) {
			clear[0] = (uint8_t)len;
			memset(buf, 0, sizeof(buf));
			assert_int_equal(radius_tunnel_password(
						 &seal, sealed(1, span_of(clear, 16 * blocks)), buf,
						 &tag, &got),
					 len < 16 * blocks);
			if (len >= 16 * blocks)
				assert_memory_equal(buf, zeros, sizeof(buf));
		}
	}
	tag = 77;
	for (size_t n = 0; n <= RADIUS_VALUE_MAX; n++)
		if (n < 19 || (n - 3) % 16)
			assert_false(
				radius_tunnel_password(&seal, span_of(zeros, n), buf, &tag, &got));
	assert_int_equal(tag, 77);
}

/* ---------------------------------------------------------------- MS-CHAP */

#define PROOF "S=407A5589115FD0D6209F510FE9C04566932CDA56" /* RFC 2759 9.2 */

/* S-AAA-13, S-AAA-14: the text reaches the client unchanged, or there is none. */
static void mschap2_success(void **st)
{
	static const struct {
		const char *value, *text;
	} rows[] = {
		{ "\x07" PROOF, PROOF },
		{ "\x07" PROOF " M=welcome", PROOF " M=welcome" },
		{ "\x07S=407a5589115fd0d6209f510fe9c04566932cda56",
		  "S=407a5589115fd0d6209f510fe9c04566932cda56" },
		{ "\x07S=407A5589115FD0D6209F510FE9C04566932CDA5", NULL },
		{ "\x07S=407A5589115FD0D6209F510FE9C04566932CDA5G", NULL },
		{ "\x07s=407A5589115FD0D6209F510FE9C04566932CDA56", NULL },
		{ PROOF, NULL },
		{ "\x07", NULL },
		{ "", NULL },
	};
	struct span got;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct span attrs = rk_vendor(311, 26, span_str(rows[i].value));

		assert_int_equal(radius_mschap2_success(attrs, &got), rows[i].text != NULL);
		if (rows[i].text)
			assert_span(got, span_str(rows[i].text));
	}
	assert_false(radius_mschap2_success(rk_text(18, "\x07" PROOF), &got));
}

/* S-AAA-15 */
static void mschap_error(void **st)
{
	static const struct {
		const char *value, *text;
		uint16_t error;
	} rows[] = {
		{ "\x07"
		  "E=691 R=0 C=0123456789ABCDEF0123456789ABCDEF V=3 M=no",
		  "E=691 R=0 C=0123456789ABCDEF0123456789ABCDEF V=3 M=no", 691 },
		{ "\x07"
		  "E=648 R=0 V=3",
		  "E=648 R=0 V=3", 648 },
		{ "\x07"
		  "E=65535",
		  "E=65535", 65535 },
		{ "\x07"
		  "E=65536",
		  "E=65536", 691 },
		{ "\x07"
		  "E=99999999999",
		  "E=99999999999", 691 },
		{ "\x07"
		  "E=0",
		  "E=0", 691 },
		{ "\x07"
		  "E=",
		  "E=", 691 },
		{ "\x07no", "no", 691 },
		{ "\x07", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct span attrs = rk_vendor(311, 2, span_str(rows[i].value)), got;
		uint16_t error;

		assert_int_equal(radius_mschap_error(attrs, &got, &error), rows[i].text != NULL);
		if (!rows[i].text)
			continue;
		assert_span(got, span_str(rows[i].text));
		assert_int_equal(error, rows[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_of_the_rfcs),
		cmocka_unit_test(signatures_of_rfc_5997),
		cmocka_unit_test(signature_of_a_reply),
		cmocka_unit_test(accounting_response_signed_in_two_ways),
		cmocka_unit_test(refusals),
		cmocka_unit_test(longest_packet),
		cmocka_unit_test(padding),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(walks),
		cmocka_unit_test(finding),
		cmocka_unit_test(tags),
		cmocka_unit_test(tunnel_password_vector),
		cmocka_unit_test(tunnel_passwords_of_all_lengths),
		cmocka_unit_test(tunnel_passwords_that_are_wrong),
		cmocka_unit_test(mschap2_success),
		cmocka_unit_test(mschap_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
