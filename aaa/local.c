/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "daemon/base/crypto.h"
#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/rfc2759.h"

#define MSCHAP2_LEN 49

struct local_user {
	struct htab_node in_users;
	struct aaa_local_user given;	  /* without its strings, which belong to the caller */
	struct span name, password, pool; /* point into text */
	uint8_t text[];
};

struct aaa_local {
	struct htab users; /* by name */
};

static struct local_user *local_find(const struct aaa_local *l, struct span name)
{
	uint32_t hash = hash_bytes(name.p, name.len);

	for (struct htab_node *n = htab_find(&l->users, hash); n; n = htab_same(n)) {
		struct local_user *u = ze_container_of(n, struct local_user, in_users);

		if (span_eq(u->name, name))
			return u;
	}
	return NULL;
}

static void user_free(struct local_user *u)
{
	crypto_wipe(u->text, u->name.len + u->password.len);
	free(u);
}

static void local_forget(struct aaa_local *l, struct local_user *u)
{
	htab_del(&l->users, &u->in_users);
	user_free(u);
}

static int local_add(struct aaa_local *l, const struct aaa_local_user *from)
{
	size_t name_len = strlen(from->name), password_len = strlen(from->password);
	const char *pool = from->pool ? from->pool : "";
	size_t pool_len = strlen(pool);
	struct local_user *u = malloc(sizeof(*u) + name_len + password_len + pool_len), *old;

	if (!u)
		return -ENOMEM;
	memset(u, 0, sizeof(*u));
	u->given = *from;
	u->given.name = u->given.password = u->given.pool = NULL;
	memcpy(u->text, from->name, name_len);
	memcpy(u->text + name_len, from->password, password_len);
	u->name = span_of(u->text, name_len);
	memcpy(u->text + name_len + password_len, pool, pool_len);
	u->password = span_of(u->text + name_len, password_len);
	u->pool = span_of(u->text + name_len + password_len, pool_len);
	old = local_find(l, u->name);
	if (old)
		local_forget(l, old);
	if (htab_add(&l->users, &u->in_users, hash_bytes(u->name.p, u->name.len)) < 0) {
		user_free(u);
		return -ENOMEM;
	}
	return 0;
}

struct aaa_local *aaa_local_new(const struct aaa_local_user *users, size_t n)
{
	struct aaa_local *l = calloc(1, sizeof(*l));

	for (size_t i = 0; l && i < n; i++) {
		if (local_add(l, &users[i]) < 0) {
			aaa_local_free(l);
			return NULL;
		}
	}
	return l;
}

void aaa_local_free(struct aaa_local *l)
{
	struct htab_node *next;

	if (!l)
		return;
	for (struct htab_node *n = htab_next(&l->users, NULL); n; n = next) {
		next = htab_next(&l->users, n);
		local_forget(l, ze_container_of(n, struct local_user, in_users));
	}
	free(l);
}

void aaa_local_swap(struct aaa_local *l, struct aaa_local *other)
{
	struct aaa_local was = *l;

	*l = *other;
	*other = was;
}

/* Compares digests, so that the time does not reveal how much of a password is right. */
static bool pap_ok(const struct aaa_request *rq, struct span password)
{
	uint8_t want[CRYPTO_SHA1_LEN], got[CRYPTO_SHA1_LEN];
	bool ok;

	crypto_sha1(want, &password, 1);
	crypto_sha1(got, &rq->password, 1);
	ok = crypto_equal(want, got, sizeof(want));
	crypto_wipe(want, sizeof(want));
	crypto_wipe(got, sizeof(got));
	return ok;
}

/* RFC 1994 4.1 */
static bool chap_ok(const struct aaa_request *rq, struct span password)
{
	const struct span parts[] = { span_of(&rq->id, 1), password, rq->challenge };
	uint8_t want[CRYPTO_MD5_LEN];
	bool ok;

	crypto_md5(want, parts, 3);
	ok = rq->response.len == sizeof(want) && crypto_equal(want, rq->response.p, sizeof(want));
	crypto_wipe(want, sizeof(want));
	return ok;
}

/* RFC 2759 4 and 8. The response is the peer challenge (16 octets), zeros (8), the NT response (24)
 * and the flags (1). */
static bool mschap2_ok(const struct aaa_request *rq, struct span password, char ret_text[43])
{
	const uint8_t *peer = rq->response.p, *nt_response = rq->response.p + 24;
	uint8_t hash[CRYPTO_MD4_LEN], challenge[8], want[24];
	bool ok;

	if (rq->response.len != MSCHAP2_LEN || rq->challenge.len != 16 ||
	    rfc2759_nt_hash(password, hash) < 0)
		return false;
	rfc2759_challenge_hash(peer, rq->challenge.p, rfc2759_user(rq->user), challenge);
	rfc2759_response(challenge, hash, want);
	ok = crypto_equal(want, nt_response, sizeof(want));
	if (ok)
		rfc2759_authenticator_response(hash, nt_response, challenge, ret_text);
	crypto_wipe(hash, sizeof(hash));
	crypto_wipe(want, sizeof(want));
	return ok;
}

static bool password_ok(const struct aaa_request *rq, struct span password, char ret_text[43])
{
	switch (rq->method) {
	case AAA_PAP:
		return pap_ok(rq, password);
	case AAA_CHAP_MD5:
		return chap_ok(rq, password);
	case AAA_MSCHAPV2:
		return mschap2_ok(rq, password, ret_text);
	case AAA_NONE:
		break;
	}
	return false;
}

static const struct local_user *lookup(const struct aaa_local *l, const struct aaa_request *rq)
{
	const struct local_user *u = local_find(l, rq->user);

	/* A Windows client sends DOMAIN\user, while the RFC hashes the user name alone. */
	if (!u && rq->method == AAA_MSCHAPV2)
		u = local_find(l, rfc2759_user(rq->user));
	return u;
}

static void give(struct profile *p, const struct aaa_local_user *u)
{
	p->has_address = u->address != 0;
	p->address = u->address;
	p->sessions = u->sessions;
	profile_set_source(p, PROFILE_USER, PROFILE_LOCAL);
	if (p->has_address)
		profile_set_source(p, PROFILE_ADDRESS, PROFILE_LOCAL);
	if (p->sessions.set)
		profile_set_source(p, PROFILE_SESSIONS, PROFILE_LOCAL);
}

/* Returns what the user is given; NULL: out of memory. */
static struct profile *local_profile(const struct local_user *u)
{
	struct profile *p = profile_new(u->name), *whole;
	struct profile_room room;

	if (!p)
		return NULL;
	give(p, &u->given);
	if (!u->pool.len)
		return p;
	whole = profile_edit(&room, p, (struct span){ 0 });
	profile_free(p);
	profile_set_source(whole, PROFILE_POOL, PROFILE_LOCAL);
	return profile_put(whole, PROFILE_POOL, u->pool) ? profile_copy(whole) : NULL;
}

static bool local_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	/* An unknown user takes as long as a wrong password. */
	const struct span nobodys = span_str("nobody's secret");
	const struct local_user *u = lookup(self, rq);
	bool ok;

	*ret = (struct aaa_answer){ .verdict = AAA_UNKNOWN };
	ok = password_ok(rq, u ? u->password : nobodys, ret->mschap2);
	if (ok && u)
		ret->profile = local_profile(u);
	if (ret->profile) {
		ret->verdict = AAA_ACCEPT;
		return true;
	}
	memset(ret->mschap2, 0, sizeof(ret->mschap2));
	if (u && ok) {
		ret->verdict = AAA_UNAVAILABLE;
		ret->why = "No memory";
	} else if (u) {
		ret->verdict = AAA_REJECT;
		memcpy(ret->message, "Login incorrect", sizeof("Login incorrect"));
	}
	return true;
}

struct aaa_handler aaa_local_handler(struct aaa_local *l)
{
	return (struct aaa_handler){ .name = AAA_LOCAL_NAME, .self = l, .auth = local_auth };
}
