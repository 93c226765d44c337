/* SPDX-License-Identifier: BSD-2-Clause */
/* How a subscriber authenticates: PAP (RFC 1334), CHAP with MD5 (RFC 1994), MS-CHAPv2 (RFC
 * 2759), which also makes the LNS prove that it knows the password. */
#include <nettle/des.h>
#include <nettle/md4.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "selftests/peer/zeload.h"

/* ---------------------------------------------------------------- PAP */

static void pap_start(struct session *s)
{
	struct body o = { .len = 0 };
	char user[256];
	size_t u = user_of(s, user), p = strlen(opt.password);

	o.b[0] = (uint8_t)u;
	memcpy(o.b + 1, user, u);
	o.b[1 + u] = (uint8_t)p;
	memcpy(o.b + 2 + u, opt.password, p);
	o.len = 2 + u + p;
	send_code(s, PAP, (const uint8_t[]){ 1, 1 }, &o);
}

static void pap_input(struct session *s, const uint8_t *p, size_t len)
{
	(void)len;
	if (p[0] == 2)
		start_ncps(s);
	else if (p[0] == 3)
		session_fail(s, "PAP nak");
}

static size_t pap_secret(struct session *s, const uint8_t *challenge, uint8_t *ret)
{
	size_t n = strlen(opt.password);

	(void)s;
	(void)challenge;
	memcpy(ret, opt.password, n);
	return n;
}

/* ---------------------------------------------------------------- CHAP */

static void send_response(struct session *s, uint8_t id, const uint8_t *value, size_t len)
{
	struct body o = { .len = 1 + len };
	char user[256];
	size_t u = user_of(s, user);

	o.b[0] = (uint8_t)len;
	memcpy(o.b + 1, value, len);
	memcpy(o.b + o.len, user, u);
	o.len += u;
	send_code(s, CHAP, (const uint8_t[]){ 2, id }, &o);
}

/* The value of a challenge; 0: none. */
static size_t challenge(const uint8_t *p, size_t len)
{
	return p[0] == 1 && len >= 5 && 5u + p[4] <= len ? p[4] : 0;
}

static void chap_input(struct session *s, const uint8_t *p, size_t len)
{
	size_t n = challenge(p, len);
	uint8_t value[16];

	if (n) {
		md5_3(p[1], opt.password, p + 5, n, value);
		send_response(s, p[1], value, sizeof(value));
	} else if (p[0] == 3) {
		start_ncps(s);
	} else if (p[0] == 4) {
		session_fail(s, "CHAP failure");
	}
}

static size_t chap_secret(struct session *s, const uint8_t *theirs, uint8_t *ret)
{
	(void)s;
	md5_3(PROXY_ID, opt.password, theirs, 16, ret);
	return 16;
}

/* ---------------------------------------------------------------- MS-CHAPv2 */

#define MS_VALUE 49 /* peer challenge 16, reserved 8, NT response 24, flags 1 */

/* RFC 2759 8.3; passwords are ASCII only, which arguments() has checked. */
static void password_hash(uint8_t ret[16])
{
	struct md4_ctx c;

	md4_init(&c);
	for (const char *p = opt.password; *p; p++)
		md4_update(&c, 2, (const uint8_t[]){ (uint8_t)*p, 0 });
	md4_digest(&c, 16, ret);
}

/* 8.2: the name without its domain. */
static void challenge_hash(const struct session *s, const uint8_t mine[16],
			   const uint8_t theirs[16], uint8_t ret[8])
{
	struct sha1_ctx c;
	const char *name;
	char user[256];

	user_of(s, user);
	name = strrchr(user, '\\');
	name = name ? name + 1 : user;
	sha1_init(&c);
	sha1_update(&c, 16, mine);
	sha1_update(&c, 16, theirs);
	sha1_update(&c, strlen(name), (const uint8_t *)name);
	sha1_digest(&c, 8, ret);
}

/* 8.6: 56 bits are spread over eight octets, whose last bits are parity. */
static void des_block(const uint8_t key[7], const uint8_t text[8], uint8_t ret[8])
{
	uint8_t spread[8] = { 0 };
	struct des_ctx c;

	for (int bit = 0; bit < 56; bit++)
		if (key[bit / 8] & 0x80 >> bit % 8)
			spread[bit / 7] |= (uint8_t)(0x80 >> bit % 7);
	des_fix_parity(8, spread, spread);
	des_set_key(&c, spread);
	des_encrypt(&c, 8, ret, text);
}

/* 8.5 */
static void nt_response(const uint8_t hash[16], const uint8_t text[8], uint8_t ret[24])
{
	uint8_t keys[21] = { 0 };

	memcpy(keys, hash, 16);
	for (int i = 0; i < 3; i++)
		des_block(keys + 7 * i, text, ret + 8 * i);
}

/* 8.7 */
static void expect_proof(struct session *s, const uint8_t hash[16], const uint8_t response[24],
			 const uint8_t text[8])
{
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] = "Pad to make it do more than one iteration";
	uint8_t hash_hash[16], digest[20];
	struct md4_ctx m;
	struct sha1_ctx c;

	md4_init(&m);
	md4_update(&m, 16, hash);
	md4_digest(&m, 16, hash_hash);
	sha1_init(&c);
	sha1_update(&c, 16, hash_hash);
	sha1_update(&c, 24, response);
	sha1_update(&c, sizeof(magic1) - 1, (const uint8_t *)magic1);
	sha1_digest(&c, 20, digest);
	sha1_init(&c);
	sha1_update(&c, 20, digest);
	sha1_update(&c, 8, text);
	sha1_update(&c, sizeof(magic2) - 1, (const uint8_t *)magic2);
	sha1_digest(&c, 20, s->proof);
}

static size_t ms_chap_secret(struct session *s, const uint8_t *theirs, uint8_t *value)
{
	uint8_t hash[16], text[8];

	memset(value, 0, MS_VALUE);
	if (getrandom(value, 16, 0) != 16)
		die("no random numbers");
	password_hash(hash);
	challenge_hash(s, value, theirs, text);
	nt_response(hash, text, value + 24);
	expect_proof(s, hash, value + 24, text);
	return MS_VALUE;
}

static bool proven(const struct session *s, const uint8_t *p, size_t len)
{
	char want[43] = "S=";

	for (size_t i = 0; i < sizeof(s->proof); i++)
		snprintf(want + 2 + 2 * i, 3, "%02X", s->proof[i]);
	return len >= 4 + 42 && memcmp(p + 4, want, 42) == 0;
}

static void ms_chap_input(struct session *s, const uint8_t *p, size_t len)
{
	uint8_t value[MS_VALUE];

	if (challenge(p, len) == 16)
		send_response(s, p[1], value, ms_chap_secret(s, p + 5, value));
	else if (p[0] == 3 && !s->authed && !proven(s, p, len))
		session_fail(s, "the LNS does not know the password");
	else if (p[0] == 3)
		start_ncps(s);
	else if (p[0] == 4)
		session_fail(s, "CHAP failure");
}

/* ---------------------------------------------------------------- which */

static const struct auth_method methods[] = {
	{ "pap", { PAP >> 8, PAP & 0xff }, 2, pap_start, pap_input, pap_secret },
	{ "chap", { CHAP >> 8, CHAP & 0xff, 5 }, 3, NULL, chap_input, chap_secret },
	{ "ms-chap-v2", { CHAP >> 8, CHAP & 0xff, 0x81 }, 3, NULL, ms_chap_input, ms_chap_secret },
};

const struct auth_method *auth_method(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

bool auth_is_ours(const uint8_t *option)
{
	return option[1] == 2 + opt.auth->option_len &&
	       memcmp(option + 2, opt.auth->option, opt.auth->option_len) == 0;
}

void client_auth_start(struct session *s)
{
	if (opt.auth->start)
		opt.auth->start(s);
}

void client_auth_input(struct session *s, unsigned proto, const uint8_t *p, size_t len)
{
	if (s->auth && proto == get16(opt.auth->option))
		opt.auth->input(s, p, len);
}
