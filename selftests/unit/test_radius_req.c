/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "aaa/radius_req.h"
#include "daemon/base/compiler.h"
#include "daemon/base/crypto.h"
#include "selftests/lib/radius_kit.h"

#define RFC_SECRET "xyzzy5461" /* RFC 2865 7, RFC 5997 6 */
#define SECRET	   "radsecret"

static const uint8_t some_auth[RADIUS_AUTH_LEN] = { 0, 1, 2,  3,  4,  5,  6,  7,
						    8, 9, 10, 11, 12, 13, 14, 15 };

static void assert_span(struct span got, struct span want)
{
	assert_int_equal(got.len, want.len);
	if (want.len)
		assert_memory_equal(got.p, want.p, want.len);
}

static uint8_t clear_buf[RADIUS_REQ_MAX + 100];

static struct radius_req request(uint8_t code)
{
	struct radius_req q;

	radius_req_init(&q, code, clear_buf, sizeof(clear_buf));
	return q;
}

static const struct radius_req_key some_key = { .secret = { (const uint8_t *)SECRET, 9 },
						.id = 7,
						.auth = some_auth };

/* The packet for this key; the parser must take it. */
static struct radius_pkt encoded(const struct radius_req *q, const struct radius_req_key *key)
{
	static uint8_t buf[RADIUS_PKT_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	uint8_t auth[RADIUS_AUTH_LEN];
	struct radius_pkt p;

	assert_int_equal(radius_req_fault(q), REASON_NONE);
	assert_int_equal(radius_req_encode(q, key, &w, auth), 0);
	assert_int_equal(radius_pkt_parse(wr_done(&w), &p), 0);
	assert_int_equal(p.octets.len, wr_len(&w));
	assert_int_equal(p.code, q->code);
	assert_int_equal(p.id, key->id);
	assert_memory_equal(p.auth, auth, sizeof(auth));
	return p;
}

/* The attributes behind the Message-Authenticator, which is the first one and right. */
static struct span signed_attrs(const struct radius_pkt *p, const struct radius_req_key *key)
{
	uint8_t mac[RADIUS_AUTH_LEN];

	assert_ptr_equal(p->signature, p->attrs.p + 2);
	radius_pkt_sign(p->octets, p->signature, p->auth, key->secret, mac);
	assert_memory_equal(mac, p->signature, sizeof(mac));
	assert_memory_equal(p->auth, key->auth, RADIUS_AUTH_LEN);
	return span_of(p->attrs.p + 18, p->attrs.len - 18);
}

/* ---------------------------------------------------------------- vectors */

/* RFC 2865 7.1 and 7.3, CONFORMANCE 8. */
static void password_vectors(void **st)
{
	static const struct {
		const char *secret, *auth, *password, *hidden;
	} rows[] = {
		{ RFC_SECRET, "0f403f9473978057bd83d5cb98f4227a", "arctangent",
		  "0dbe708d93d413ce3196e43f782a0aee" },
		{ RFC_SECRET, "f3a47a1f6a6d76710b947ab93041a039", "challenge",
		  "33657573778289b570885e15084825c5" },
		{ RFC_SECRET, "b122556d428a13d0d6253807c457ecf0", "99101462",
		  "692c1f205fc081b919b95195f561a581" },
		{ SECRET, "000102030405060708090a0b0c0d0e0f", "hunter2",
		  "6eb0973f0fdf3727f086bed3ea6cc087" },
		{ SECRET, "000102030405060708090a0b0c0d0e0f", "",
		  "06c5f94b6aad0527f086bed3ea6cc087" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_req_key key = { .secret = span_str(rows[i].secret),
					      .id = 3,
					      .auth = rk_hex(rows[i].auth).p };
		struct radius_req q = request(RADIUS_ACCESS_REQUEST);
		struct radius_pkt p;

		radius_req_password(&q, span_str(rows[i].password));
		p = encoded(&q, &key);
		assert_span(signed_attrs(&p, &key), rk_attr(2, rk_hex(rows[i].hidden)));
	}
}

/* RFC 2865 7.1: the whole request, without the Message-Authenticator that the RFC did not have. */
static void request_of_rfc_2865(void **st)
{
	struct radius_req_key key = { .secret = span_str(RFC_SECRET),
				      .auth = rk_hex("0f403f9473978057bd83d5cb98f4227a").p };
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	struct radius_pkt p;

	(void)st;
	radius_req_bytes(&q, RADIUS_USER_NAME, span_str("nemo"));
	radius_req_password(&q, span_str("arctangent"));
	radius_req_bytes(&q, 4, rk_hex("c0a80110"));
	radius_req_u32(&q, 5, 3);
	p = encoded(&q, &key);
	assert_int_equal(p.octets.len, 56 + 18);
	assert_span(signed_attrs(&p, &key),
		    rk_hex("01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee 0406c0a80110"
			   "050600000003"));
}

/* RFC 5997 6: a Status-Server is the same octet for octet. */
static void status_server_of_rfc_5997(void **st)
{
	static const struct {
		uint8_t id;
		const char *auth, *octets;
	} rows[] = {
		{ 0xda, "8a54f4686fb394c52866e302185d0623",
		  "0cda0026 8a54f4686fb394c52866e302185d0623"
		  "50125a665e2e1e8411f3e243822097c84fa3" },
		{ 0xb3, "925f6b66dd5fed571fcb1db7ad388260",
		  "0cb30026 925f6b66dd5fed571fcb1db7ad388260"
		  "5012e8d6eabda910875cd91fdade26367858" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_req_key key = { .secret = span_str(RFC_SECRET),
					      .id = rows[i].id,
					      .auth = rk_hex(rows[i].auth).p };
		struct radius_req q = request(RADIUS_STATUS_SERVER);
		struct radius_pkt p = encoded(&q, &key);

		assert_span(p.octets, rk_hex(rows[i].octets));
	}
}

/* ---------------------------------------------------------------- authentication */

/* Decrypts a User-Password of RFC 2865 5.2 in place. */
static void reveal(uint8_t *p, size_t len, const struct radius_req_key *key)
{
	uint8_t mask[CRYPTO_MD5_LEN];

	for (size_t at = len; at; at -= 16) {
		struct span before = at > 16 ? span_of(p + at - 32, 16) : span_of(key->auth, 16);

		crypto_md5(mask, (const struct span[]){ key->secret, before }, 2);
		for (size_t i = 0; i < 16; i++)
			p[at - 16 + i] ^= mask[i];
	}
}

/* S-AAA-11: passwords of 0 to 128 octets, padded with zeros. */
static void passwords_of_all_lengths(void **st)
{
	uint8_t password[RADIUS_PASSWORD_MAX];

	(void)st;
	for (size_t n = 0; n <= sizeof(password); n++) {
		struct radius_req q = request(RADIUS_ACCESS_REQUEST);
		size_t padded = n ? (n + 15) / 16 * 16 : 16;
		uint8_t want[RADIUS_PASSWORD_MAX] = { 0 }, got[RADIUS_PASSWORD_MAX];
		struct radius_pkt p;
		struct span v;

		for (size_t i = 0; i < n; i++)
			want[i] = password[i] = (uint8_t)(255 - i);
		radius_req_bytes(&q, RADIUS_USER_NAME, span_str("alice"));
		radius_req_password(&q, span_of(password, n));
		radius_req_u32(&q, 5, 1);
		p = encoded(&q, &some_key);
		(void)signed_attrs(&p, &some_key);
		assert_true(radius_attr_find(p.attrs, 0, RADIUS_USER_PASSWORD, &v));
		assert_int_equal(v.len, padded);
		memcpy(got, v.p, padded);
		reveal(got, padded, &some_key);
		assert_memory_equal(got, want, padded);
		assert_int_equal(p.octets.len, 20 + 18 + 7 + 2 + padded + 6);
	}
}

/* S-AAA-11: a longer password is refused before anything is sent. */
static void password_too_long(void **st)
{
	uint8_t password[RADIUS_PASSWORD_MAX + 1] = { 0 }, out[RADIUS_PKT_MAX], auth[16];
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	struct wr w = wr_init(out, sizeof(out));

	(void)st;
	radius_req_password(&q, span_of(password, sizeof(password)));
	radius_req_bytes(&q, RADIUS_USER_NAME, (struct span){ password, 254 });
	assert_int_equal(radius_req_fault(&q), REASON_RADIUS_PASSWORD);
	assert_int_equal(radius_req_encode(&q, &some_key, &w, auth), -EINVAL);
	assert_int_equal(wr_len(&w), 0);
}

/* R-009, S-AAA-11: for another server the same request has another id, authenticator, password and
 * signature, and the same attributes otherwise. */
static void another_server(void **st)
{
	struct radius_req_key second = { .secret = span_str("other"),
					 .id = 200,
					 .auth = rk_hex("ffeeddccbbaa99887766554433221100").p };
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	const struct radius_req_key *keys[] = { &some_key, &second, &some_key };
	uint8_t first[RADIUS_PKT_MAX];
	size_t len = 0;

	(void)st;
	radius_req_password(&q, span_str("a password of 29 octets, long"));
	radius_req_bytes(&q, RADIUS_USER_NAME, span_str("alice"));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(keys); i++) {
		struct radius_pkt p = encoded(&q, keys[i]);
		struct span attrs = signed_attrs(&p, keys[i]);
		uint8_t got[32];

		memcpy(got, attrs.p + 2, sizeof(got));
		reveal(got, sizeof(got), keys[i]);
		assert_memory_equal(got, "a password of 29 octets, long\0\0", sizeof(got));
		assert_span(span_of(attrs.p + 34, attrs.len - 34), rk_text(1, "alice"));
		if (i == 0)
			memcpy(first, p.octets.p, len = p.octets.len);
		if (i == 2) /* the same key, the same octets: a retransmission */
			assert_span(p.octets, span_of(first, len));
	}
}

/* R-002, S-AAA-12: RFC 2865 7.2, and challenges of each length. */
static void chap(void **st)
{
	struct span challenge = rk_hex("2aee86f08d0d55969ca5978e0d3367a2");
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	uint8_t longest[RADIUS_VALUE_MAX + 1] = { 0 };
	struct radius_pkt p;

	(void)st;
	radius_req_chap(&q, 0x16, rk_hex("e97557c316185895f293ff6344077275"), challenge);
	p = encoded(&q, &some_key);
	assert_span(signed_attrs(&p, &some_key),
		    rk_cat(rk_hex("0313 16 e97557c316185895f293ff6344077275"),
			   rk_attr(60, challenge)));
	for (size_t n = 0; n <= sizeof(longest); n++) {
		q = request(RADIUS_ACCESS_REQUEST);
		radius_req_chap(&q, 1, challenge, span_of(longest, n));
		assert_int_equal(radius_req_fault(&q) == REASON_NONE,
				 n >= 1 && n <= RADIUS_VALUE_MAX);
	}
	for (size_t n = 0; n < 18; n++) {
		q = request(RADIUS_ACCESS_REQUEST);
		radius_req_chap(&q, 1, span_of(longest, n), challenge);
		assert_int_equal(radius_req_fault(&q) == REASON_NONE, n == 16);
	}
}

/* R-003, S-AAA-13: the Response of RFC 2759 9.2 with the flags of a client that sets some. */
static void mschap2(void **st)
{
	struct span challenge = rk_hex("5b5d7c7d7b3f2f3e3c2c602132262628"); /* authenticator's */
	struct span response = rk_hex("21402324255e262a28295f2b3a337c7e"    /* peer's challenge */
				      "0000000000000000"
				      "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df"
				      "ff");
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	struct radius_pkt p;
	struct span v;

	(void)st;
	radius_req_mschap2(&q, 9, response, challenge);
	p = encoded(&q, &some_key);
	(void)signed_attrs(&p, &some_key);
	assert_true(radius_attr_find(p.attrs, RADIUS_VENDOR_MICROSOFT, 11, &v));
	assert_span(v, challenge);
	assert_true(radius_attr_find(p.attrs, RADIUS_VENDOR_MICROSOFT, 25, &v));
	assert_int_equal(v.len, 50);
	assert_memory_equal(v.p, "\x09", 2); /* Ident, Flags */
	assert_memory_equal(v.p + 2, response.p, 48);

	for (size_t n = 0; n < 60; n++) {
		q = request(RADIUS_ACCESS_REQUEST);
		radius_req_mschap2(&q, 9, span_of(clear_buf, n), challenge);
		assert_int_equal(radius_req_fault(&q) == REASON_NONE, n == 49);
		q = request(RADIUS_ACCESS_REQUEST);
		radius_req_mschap2(&q, 9, response, span_of(some_auth, n % 16));
		assert_int_equal(radius_req_fault(&q), REASON_RADIUS_REQUEST);
	}
}

/* S-AAA-21: whatever the order of the calls, Message-Authenticator is first, and it is there in a
 * request without any other attribute. */
static void signature_is_first(void **st)
{
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	struct radius_pkt p = encoded(&q, &some_key);

	(void)st;
	assert_int_equal(signed_attrs(&p, &some_key).len, 0);
	radius_req_u32(&q, 6, 2);
	radius_req_bytes(&q, RADIUS_USER_NAME, span_str("alice"));
	p = encoded(&q, &some_key);
	assert_span(signed_attrs(&p, &some_key), rk_cat(rk_u32(6, 2), rk_text(1, "alice")));
}

/* ---------------------------------------------------------------- accounting */

/* RFC 2866 3: the authenticator is a hash with zeros in its place. Acct-Delay-Time grows with the
 * time until sending, and with it the authenticator. */
static void accounting(void **st)
{
	static const struct {
		uint32_t at_first, later, want;
	} rows[] = {
		{ 0, 0, 0 },
		{ 5, 0, 5 },
		{ 5, 60, 65 },
		{ UINT32_MAX - 1, 1, UINT32_MAX },
		{ UINT32_MAX - 1, 2, UINT32_MAX },
		{ UINT32_MAX, UINT32_MAX, UINT32_MAX },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_req_key key = some_key;
		struct radius_req q = request(RADIUS_ACCOUNTING_REQUEST);
		struct rk_packet want = { .code = 4, .id = 7, .secret = span_str(SECRET) };
		struct radius_pkt p;

		key.auth = NULL;
		key.delay_s = rows[i].later;
		radius_req_u32(&q, 40, 1);
		radius_req_delay(&q, rows[i].at_first);
		radius_req_bytes(&q, 44, span_str("0001"));
		p = encoded(&q, &key);
		want.attrs = rk_cat(rk_u32(40, 1),
				    rk_cat(rk_u32(41, rows[i].want), rk_text(44, "0001")));
		assert_span(p.octets, rk_packet(&want));
	}
}

/* ---------------------------------------------------------------- attributes */

/* S-AAA-22: nothing is sent with Length 2. */
static void empty_values_are_left_out(void **st)
{
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	struct span none = { 0 };
	struct radius_pkt p;

	(void)st;
	radius_req_bytes(&q, RADIUS_USER_NAME, none);
	radius_req_bytes(&q, 31, span_str(""));
	radius_req_vendor(&q, 3561, 1, none);
	radius_req_tagged(&q, 66, 1, none);
	radius_req_tagged(&q, 66, 0, none);
	p = encoded(&q, &some_key);
	assert_int_equal(signed_attrs(&p, &some_key).len, 0);
}

static void attributes(void **st)
{
	struct radius_req q = request(RADIUS_ACCESS_REQUEST);
	struct radius_pkt p;

	(void)st;
	radius_req_vendor(&q, 3561, 2, span_str("ab"));
	radius_req_tagged(&q, 66, 0, span_str("192.0.2.1"));
	radius_req_tagged(&q, 67, 31, span_str("x"));
	radius_req_tagged_u32(&q, 64, 1, 3);
	radius_req_tagged_u32(&q, 65, 0, 0xffffff);
	p = encoded(&q, &some_key);
	assert_span(signed_attrs(&p, &some_key),
		    rk_hex("1a0a 00000de9 0204 6162 420b 3139322e302e322e31 4304 1f78"
			   "4006 01000003 4106 00ffffff"));
}

/* Each function at its longest value, and one octet beyond. */
static void longest_values(void **st)
{
	uint8_t v[260] = { 1 };

	(void)st;
	for (unsigned over = 0; over < 2; over++) {
		struct radius_req q[4];

		for (size_t i = 0; i < ZE_ARRAY_SIZE(q); i++) {
			q[i] = request(RADIUS_ACCESS_REQUEST);
			if (i == 0)
				radius_req_bytes(&q[i], 25, span_of(v, 253 + over));
			else if (i == 1)
				radius_req_vendor(&q[i], 9, 1, span_of(v, 247 + over));
			else if (i == 2)
				radius_req_tagged(&q[i], 66, 0, span_of(v, 253 + over));
			else
				radius_req_tagged(&q[i], 66, 9, span_of(v, 252 + over));
			assert_int_equal(radius_req_fault(&q[i]),
					 over ? REASON_RADIUS_REQUEST : REASON_NONE);
			assert_int_equal(wr_len(&q[i].w), over ? 0 : 255);
		}
	}
}

/* What has its own function cannot be written twice or past it, and tags and numbers have limits. */
static void faults(void **st)
{
	struct span value = rk_hex("00000001");

	(void)st;
	for (unsigned i = 0; i < 11; i++) {
		struct radius_req q = request(RADIUS_ACCESS_REQUEST);
		size_t before;

		radius_req_password(&q, span_str("x"));
		radius_req_delay(&q, 0);
		before = wr_len(&q.w);
		if (i == 0)
			radius_req_password(&q, span_str("y"));
		else if (i == 1)
			radius_req_delay(&q, 0);
		else if (i == 2)
			radius_req_bytes(&q, RADIUS_USER_PASSWORD, value);
		else if (i == 3)
			radius_req_bytes(&q, RADIUS_MESSAGE_AUTHENTICATOR, value);
		else if (i == 4)
			radius_req_u32(&q, RADIUS_ACCT_DELAY_TIME, 1);
		else if (i == 5)
			radius_req_tagged(&q, 66, 32, value);
		else if (i == 6)
			radius_req_tagged_u32(&q, 64, 32, 1);
		else if (i == 7)
			radius_req_tagged_u32(&q, 64, 1, 0x1000000);
		else if (i == 8)
			radius_req_u32(&q, RADIUS_USER_PASSWORD, 1);
		else if (i == 9)
			radius_req_tagged(&q, RADIUS_MESSAGE_AUTHENTICATOR, 1, value);
		assert_int_equal(radius_req_fault(&q),
				 i < 10 ? REASON_RADIUS_REQUEST : REASON_NONE);
		if (i == 10)
			continue;
		radius_req_u32(&q, 5, 1); /* nothing is written after a fault */
		assert_int_equal(wr_len(&q.w), before);
	}
}

/* As many attributes as fit, with the password that grows most: a packet. One more: a fault. */
static void longest_request(void **st)
{
	struct radius_req q = request(RADIUS_ACCESS_REQUEST), more;
	uint8_t small[RADIUS_PKT_MAX - 1], auth[16], v[RADIUS_VALUE_MAX] = { 0 };
	struct wr w = wr_init(small, sizeof(small));
	struct radius_pkt p;

	(void)st;
	radius_req_password(&q, (struct span){ 0 });
	while (RADIUS_REQ_MAX - wr_len(&q.w) >= 2 + sizeof(v) + 3)
		radius_req_bytes(&q, 25, span_of(v, sizeof(v)));
	radius_req_bytes(&q, 25, span_of(v, RADIUS_REQ_MAX - wr_len(&q.w) - 2));
	p = encoded(&q, &some_key);
	assert_int_equal(p.octets.len, RADIUS_PKT_MAX);
	assert_int_equal(radius_req_encode(&q, &some_key, &w, auth), -EINVAL);
	assert_int_equal(wr_len(&w), 0);
	more = q;
	radius_req_u32(&more, 5, 1);
	assert_int_equal(radius_req_fault(&more), REASON_RADIUS_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(password_vectors),
		cmocka_unit_test(request_of_rfc_2865),
		cmocka_unit_test(status_server_of_rfc_5997),
		cmocka_unit_test(passwords_of_all_lengths),
		cmocka_unit_test(password_too_long),
		cmocka_unit_test(another_server),
		cmocka_unit_test(chap),
		cmocka_unit_test(mschap2),
		cmocka_unit_test(signature_is_first),
		cmocka_unit_test(accounting),
		cmocka_unit_test(empty_values_are_left_out),
		cmocka_unit_test(attributes),
		cmocka_unit_test(longest_values),
		cmocka_unit_test(faults),
		cmocka_unit_test(longest_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
