/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "aaa/local.h"
#include "aaa/profile.h"
#include "daemon/base/crypto.h"
#include "daemon/base/rfc2759.h"
#include "selftests/lib/fail_alloc.h"

static const struct aaa_local_user users[] = {
	{ "alice", "old", 0, { 0 }, NULL },	  { "bob", "s3cret", 0x0a000009, { 0 }, NULL },
	{ "alice", "hunter2", 0, { 0 }, NULL },	  { "User", "clientPass", 0, { 0 }, NULL },
	{ "zoe", "zetest", 0, { 0 }, "gold" },	  { "DOM\\dora", "hers", 0, { 0 }, NULL },
	{ "latin", "\xe9t\xe9", 0, { 0 }, NULL },
};

static struct aaa_local *l;

static int setup(void **st)
{
	(void)st;
	l = aaa_local_new(users, sizeof(users) / sizeof(users[0]));
	return l ? 0 : -1;
}

static int teardown(void **st)
{
	(void)st;
	aaa_local_free(l);
	return 0;
}

/* The verdict is always immediate. */
static void local_auth(struct aaa_local *of, const struct aaa_request *rq, struct aaa_answer *a)
{
	struct aaa_handler h = aaa_local_handler(of);

	assert_true(h.auth(h.self, rq, a));
}

static struct aaa_answer ask(const struct aaa_request *rq)
{
	struct aaa_answer a;

	memset(&a, 0xa5, sizeof(a));
	local_auth(l, rq, &a);
	if (a.verdict == AAA_ACCEPT) {
		assert_non_null(a.profile);
		assert_string_equal(a.message, "");
	} else {
		assert_null(a.profile);
		assert_string_equal(a.message, a.verdict == AAA_REJECT ? "Login incorrect" : "");
		assert_string_equal(a.mschap2, "");
	}
	return a;
}

static bool accepted(const struct aaa_request *rq)
{
	struct aaa_answer a = ask(rq);

	profile_free(a.profile);
	return a.verdict == AAA_ACCEPT;
}

static bool pap(const char *user, const char *password)
{
	return accepted(&(struct aaa_request){
		.method = AAA_PAP, .user = span_str(user), .password = span_str(password) });
}

/* P-060: PAP good and bad */
static void pap_logins(void **st)
{
	(void)st;
	assert_true(pap("bob", "s3cret"));
	assert_true(pap("alice", "hunter2"));
	/* The last of several users with the same name is used. */
	assert_false(pap("alice", "old"));
	assert_false(pap("alice", "hunter"));
	assert_false(pap("alice", "hunter22"));
	assert_false(pap("alice", ""));
	assert_false(pap("Alice", "hunter2"));
	assert_false(pap("alic", "hunter2"));
	assert_false(pap("", ""));
	assert_false(pap("nobody", "nobody's secret"));
	assert_false(pap("nobody", ""));
	assert_false(pap("X\\alice", "hunter2"));
}

static void profile_of_a_user(void **st)
{
	struct aaa_request rq = { .method = AAA_PAP,
				  .user = span_str("bob"),
				  .password = span_str("s3cret") };
	struct aaa_answer a = ask(&rq);
	struct span pool;

	(void)st;
	assert_string_equal(a.profile->user, "bob");
	assert_true(a.profile->has_address);
	assert_int_equal(a.profile->address, 0x0a000009);
	profile_free(a.profile);
	rq.user = span_str("alice");
	rq.password = span_str("hunter2");
	a = ask(&rq);
	assert_false(a.profile->has_address);
	assert_false(profile_get(a.profile, PROFILE_POOL, 0, &pool));
	profile_free(a.profile);
	rq.user = span_str("zoe");
	rq.password = span_str("zetest");
	a = ask(&rq);
	assert_true(profile_get(a.profile, PROFILE_POOL, 0, &pool));
	assert_true(span_eq(pool, span_str("gold")));
	assert_int_equal(profile_source(a.profile, PROFILE_POOL), PROFILE_LOCAL);
	assert_int_equal(profile_source(a.profile, PROFILE_USER), PROFILE_LOCAL);
	assert_string_equal(a.profile->user, "zoe");
	profile_free(a.profile);
}

/* P-070: the vector of CONFORMANCE 8; every octet of it matters */
static void chap_vector(void **st)
{
	uint8_t challenge[16], response[17] = { 0xeb, 0x94, 0xdd, 0x46, 0xf5, 0xf4, 0xaf, 0xd3,
						0x02, 0x5d, 0x28, 0xf3, 0x43, 0xda, 0x1c, 0x8a };
	struct aaa_request rq = { .method = AAA_CHAP_MD5,
				  .id = 7,
				  .user = span_str("zoe"),
				  .challenge = span_of(challenge, 16),
				  .response = span_of(response, 16) };
	struct aaa_answer a;

	(void)st;
	for (unsigned i = 0; i < 16; i++)
		challenge[i] = (uint8_t)(0x20 + i);
	a = ask(&rq);
	assert_int_equal(a.verdict, AAA_ACCEPT);
	profile_free(a.profile);
	for (unsigned i = 0; i < 16; i++) {
		response[i] ^= 1;
		assert_false(accepted(&rq));
		response[i] ^= 1;
	}
	rq.id = 8;
	assert_false(accepted(&rq));
	rq.id = 7;
	rq.response.len = 15;
	assert_false(accepted(&rq));
	rq.response.len = 17;
	assert_false(accepted(&rq));
	rq.response = (struct span){ 0 };
	assert_false(accepted(&rq));
}

/* RFC 2759 9.2 */
static const uint8_t auth_challenge[16] = { 0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e,
					    0x3c, 0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28 };
static const uint8_t rfc_response[49] = { 0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a, 0x28,
					  0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e, 0,	  0,
					  0,	0,    0,    0,	  0,	0,    0x82, 0x30, 0x9e,
					  0xcd, 0x8d, 0x70, 0x8b, 0x5e, 0xa0, 0x8f, 0xaa, 0x39,
					  0x81, 0xcd, 0x83, 0x54, 0x42, 0x33, 0x11, 0x4a, 0x3d,
					  0x85, 0xd6, 0xdf, 0 };

/* P-080, P-083 */
static void mschap2_vector(void **st)
{
	static const char *const names[] = { "User", "DOM\\User" };
	uint8_t response[49];
	struct aaa_request rq = { .method = AAA_MSCHAPV2,
				  .challenge = span_of(auth_challenge, 16),
				  .response = span_of(response, 49) };

	(void)st;
	memcpy(response, rfc_response, 49);
	for (unsigned i = 0; i < 2; i++) {
		struct aaa_answer a;

		rq.user = span_str(names[i]);
		a = ask(&rq);
		assert_int_equal(a.verdict, AAA_ACCEPT);
		assert_string_equal(a.mschap2, "S=407A5589115FD0D6209F510FE9C04566932CDA56");
		assert_string_equal(a.profile->user, "User");
		profile_free(a.profile);
	}
	for (unsigned i = 0; i < 48; i++) {
		if (i >= 16 && i < 24) /* reserved */
			continue;
		response[i] ^= 1;
		assert_false(accepted(&rq));
		response[i] ^= 1;
	}
	rq.user = span_str("bob");
	assert_false(accepted(&rq));
	rq.user = span_str("User");
	rq.response.len = 48;
	assert_false(accepted(&rq));
	rq.response.len = 49;
	rq.challenge.len = 15;
	assert_false(accepted(&rq));
}

/* A name with a domain may be the name of a user; a password that is not UTF-8 cannot be hashed. */
static void mschap2_names_and_passwords(void **st)
{
	uint8_t response[49] = { 1 }, hash[16], challenge[8];
	struct aaa_request rq = { .method = AAA_MSCHAPV2,
				  .user = span_str("DOM\\dora"),
				  .challenge = span_of(auth_challenge, 16),
				  .response = span_of(response, 49) };
	struct aaa_answer a;

	(void)st;
	assert_int_equal(rfc2759_nt_hash(span_str("hers"), hash), 0);
	rfc2759_challenge_hash(response, auth_challenge, span_str("dora"), challenge);
	rfc2759_response(challenge, hash, response + 24);
	a = ask(&rq);
	assert_int_equal(a.verdict, AAA_ACCEPT);
	assert_string_equal(a.profile->user, "DOM\\dora");
	profile_free(a.profile);
	rq.user = span_str("latin");
	assert_false(accepted(&rq));
	assert_true(pap("latin", "\xe9t\xe9"));
}

static void no_method_no_login(void **st)
{
	struct aaa_request rq = { .method = AAA_NONE, .user = span_str("alice") };

	(void)st;
	assert_false(accepted(&rq));
}

/* A handler after this one can have the user; a wrong password of a known user is final. */
static void unknown_or_rejected(void **st)
{
	struct aaa_request rq = { .method = AAA_PAP,
				  .user = span_str("carol"),
				  .password = span_str("hunter2") };

	(void)st;
	assert_int_equal(ask(&rq).verdict, AAA_UNKNOWN);
	rq.user = span_str("bob");
	assert_int_equal(ask(&rq).verdict, AAA_REJECT);
	rq.user = (struct span){ 0 };
	assert_int_equal(ask(&rq).verdict, AAA_UNKNOWN);
	rq.method = AAA_MSCHAPV2;
	rq.user = span_str("DOM\\bob"); /* found without its domain */
	assert_int_equal(ask(&rq).verdict, AAA_REJECT);
	rq.user = span_str("DOM\\carol");
	assert_int_equal(ask(&rq).verdict, AAA_UNKNOWN);
}

static void no_memory_is_unavailable(void **st)
{
	struct aaa_request rq = { .method = AAA_PAP,
				  .user = span_str("bob"),
				  .password = span_str("s3cret") };

	(void)st;
	if (!fail_alloc_works())
		skip();
	fail_alloc_at(0);
	assert_int_equal(ask(&rq).verdict, AAA_UNAVAILABLE);
	fail_alloc_off();
	rq.user = span_str("zoe"); /* who has a pool */
	rq.password = span_str("zetest");
	for (int i = 0; i < 2; i++) {
		fail_alloc_at(i);
		assert_int_equal(ask(&rq).verdict, AAA_UNAVAILABLE);
		fail_alloc_off();
	}
}

static void no_users(void **st)
{
	struct aaa_local *empty = aaa_local_new(NULL, 0);
	struct aaa_request rq = { .method = AAA_PAP,
				  .user = span_str("alice"),
				  .password = span_str("hunter2") };
	struct aaa_answer a = { .verdict = AAA_ACCEPT };

	(void)st;
	assert_non_null(empty);
	local_auth(empty, &rq, &a);
	assert_int_equal(a.verdict, AAA_UNKNOWN);
	aaa_local_free(empty);
	aaa_local_free(NULL);
}

static void through_the_handler(void **st)
{
	struct aaa_handler h = aaa_local_handler(l);
	struct aaa_request rq = { .method = AAA_PAP,
				  .user = span_str("bob"),
				  .password = span_str("s3cret") };
	struct aaa_answer a;

	(void)st;
	assert_string_equal(h.name, "l2tp-auth-local");
	assert_true(h.auth(h.self, &rq, &a));
	assert_int_equal(a.verdict, AAA_ACCEPT);
	profile_free(a.profile);
}

static void many_users(void **st)
{
	static struct aaa_local_user many[5000];
	static char names[5000][16];
	struct aaa_local *big;

	(void)st;
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(names[i], sizeof(names[i]), "user%u", i);
		many[i] = (struct aaa_local_user){ names[i], names[i] + 4, i, { 0 }, NULL };
	}
	big = aaa_local_new(many, 5000);
	assert_non_null(big);
	for (unsigned i = 0; i < 5000; i += 7) {
		struct aaa_request rq = { .method = AAA_PAP,
					  .user = span_str(names[i]),
					  .password = span_str(names[i] + 4) };
		struct aaa_answer a;

		local_auth(big, &rq, &a);
		assert_int_equal(a.verdict, AAA_ACCEPT);
		assert_int_equal(a.profile->address, i);
		profile_free(a.profile);
	}
	aaa_local_free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pap_logins),
		cmocka_unit_test(profile_of_a_user),
		cmocka_unit_test(chap_vector),
		cmocka_unit_test(mschap2_vector),
		cmocka_unit_test(mschap2_names_and_passwords),
		cmocka_unit_test(no_method_no_login),
		cmocka_unit_test(unknown_or_rejected),
		cmocka_unit_test(no_memory_is_unavailable),
		cmocka_unit_test(no_users),
		cmocka_unit_test(through_the_handler),
		cmocka_unit_test(many_users),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
