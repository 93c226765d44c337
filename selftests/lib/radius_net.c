/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/radius_net.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"

struct rnet_reply {
	ze_ns at;
	size_t nth;
	struct rnet_sent to;
	uint16_t len;
	uint8_t octets[64];
};

static const char *const secrets[] = { "first", "second-secret", "third", "fourth",
				       "fifth", "sixth",	 "7",	  "eighth" };

static void md5_of(uint8_t ret[16], const void *a, size_t a_len, const void *b, size_t b_len)
{
	const struct span parts[] = { span_of(a, a_len), span_of(b, b_len) };

	crypto_md5(ret, parts, 2);
}

/* RFC 2104 */
static void hmac_of(uint8_t ret[16], const char *secret, const void *octets, size_t len)
{
	uint8_t inner[64] = { 0 }, outer[64], digest[16];

	assert_true(strlen(secret) <= sizeof(inner));
	memcpy(inner, secret, strlen(secret));
	for (int i = 0; i < 64; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	md5_of(digest, inner, 64, octets, len);
	md5_of(ret, outer, 64, digest, 16);
}

/* The value of an attribute, or NULL. */
static const uint8_t *attr_of(const uint8_t *p, size_t len, uint8_t type, size_t *ret_len)
{
	for (size_t at = 20; at + 2 <= len; at += p[at + 1]) {
		assert_true(p[at + 1] >= 2 && at + p[at + 1] <= len);
		if (p[at] == type) {
			*ret_len = p[at + 1] - 2u;
			return p + at + 2;
		}
	}
	return NULL;
}

static void decrypt_password(struct rnet_server *s, const uint8_t *p, size_t len)
{
	uint8_t key[64 + 16], mask[16];
	size_t secret_len = strlen(s->secret), n = 0;
	const uint8_t *v = attr_of(p, len, 2, &n);

	memset(s->password, 0, sizeof(s->password));
	if (!v)
		return;
	assert_true(n >= 16 && n % 16 == 0 && n <= 128);
	memcpy(key, s->secret, secret_len);
	for (size_t at = 0; at < n; at += 16) {
		memcpy(key + secret_len, at ? v + at - 16 : p + 4, 16);
		md5_of(mask, key, secret_len + 16, "", 0);
		for (size_t i = 0; i < 16; i++)
			s->password[at + i] = (char)(v[at + i] ^ mask[i]);
	}
}

/* Every request is well formed, and signed as its kind must be. */
static void check_request(struct rnet_server *s, const uint8_t *p, size_t len)
{
	uint8_t copy[4096], want[16];

	assert_true(len >= 20 && len <= 4096 && (size_t)(p[2] << 8 | p[3]) == len);
	memcpy(copy, p, len);
	if (p[0] == 4) {
		memset(copy + 4, 0, 16);
		md5_of(want, copy, len, s->secret, strlen(s->secret));
		assert_memory_equal(want, p + 4, 16);
		return;
	}
	assert_true(p[0] == 1 || p[0] == 12);
	assert_int_equal(p[20], 80);
	assert_int_equal(p[21], 18);
	memset(copy + 22, 0, 16);
	hmac_of(want, s->secret, copy, len);
	assert_memory_equal(want, p + 22, 16);
	if (p[0] == 1)
		decrypt_password(s, p, len);
}

size_t rnet_build(const struct rnet *w, const struct rnet_sent *to, const struct rnet_answer *a,
		  uint8_t ret[4200])
{
	const char *secret = a->secret ? a->secret : w->servers[to->server].secret;
	size_t len = 20, sign_at = 0;

	ret[0] = a->code;
	ret[1] = a->id >= 0 ? (uint8_t)a->id : to->id;
	memcpy(ret + 4, to->auth, 16);
	if (a->sign) {
		ret[len] = 80;
		ret[len + 1] = 18;
		sign_at = len + 2;
		memset(ret + sign_at, 0, 16);
		len += 18;
	}
	if (a->attrs_len)
		memcpy(ret + len, a->attrs, a->attrs_len);
	len += a->attrs_len;
	ret[2] = (uint8_t)(len >> 8);
	ret[3] = (uint8_t)len;
	if (a->sign)
		hmac_of(ret + sign_at, secret, ret, len);
	if (a->bad_sign)
		ret[sign_at] ^= 1;
	md5_of(ret + 4, ret, len, secret, strlen(secret));
	return len;
}

static void reply_later(struct rnet *w, const struct rnet_sent *to)
{
	const struct rnet_server *s = &w->servers[to->server];
	uint8_t octets[4200];
	struct rnet_answer a = { .sign = s->signs, .id = -1, .code = s->code };
	struct rnet_reply *r;

	if (!a.code || to->code == 12)
		a.code = w->accounting ? 5 : 2;
	if (w->n_replies == w->cap_replies) {
		w->cap_replies = 2 * w->cap_replies + 64;
		w->replies = realloc(w->replies, w->cap_replies * sizeof(*w->replies));
		assert_non_null(w->replies);
	}
	r = &w->replies[w->n_replies++];
	*r = (struct rnet_reply){ .at = w->now + s->delay, .nth = w->n_sent, .to = *to };
	r->len = (uint16_t)rnet_build(w, to, &a, octets);
	assert_true(r->len <= sizeof(r->octets));
	memcpy(r->octets, octets, r->len);
}

static void server_input(struct rnet *w, const struct rnet_sent *to, struct span d)
{
	struct rnet_server *s = &w->servers[to->server];
	bool status = d.p[0] == 12;

	check_request(s, d.p, d.len);
	if (status)
		s->status++;
	else
		s->requests++;
	if (!s->up || (status && s->no_status))
		return;
	if (!status && s->ignore) {
		s->ignore--;
		return;
	}
	reply_later(w, to);
}

static int on_send(void *self, unsigned server, unsigned port, struct span d)
{
	struct rnet *w = self;
	struct rnet_sent *s = &w->sent[w->n_sent % RNET_LOG];

	assert_true(server < w->n && port < RADIUS_PORTS_MAX);
	*s = (struct rnet_sent){
		.at = w->now, .server = server, .port = port, .code = d.p[0], .id = d.p[1]
	};
	memcpy(s->auth, d.p + 4, 16);
	for (size_t i = 0; i < d.len; i++)
		s->sum = s->sum * 31 + d.p[i];
	w->n_sent++;
	if (w->servers[server].send_error)
		return w->servers[server].send_error;
	server_input(w, s, d);
	return 0;
}

static int server_named(const struct rnet *w, const char *name)
{
	if (!name)
		return -1;
	assert_true(name[0] == 's' && name[1] >= '0' && (size_t)(name[1] - '0') < w->n);
	return name[1] - '0';
}

static void on_done(void *self, const struct radius_result *r)
{
	struct rnet *w = self;

	w->results[w->n_results++ % RNET_LOG] = (struct rnet_result){
		w->now, r->cookie, r->outcome, r->reason, server_named(w, r->server), r->took
	};
	assert_true(r->took >= 0);
	assert_memory_equal(r->request.p,
			    "\x01\x07"
			    "alice",
			    7);
	if (r->outcome == RADIUS_DONE_UNAVAILABLE)
		assert_true(!r->server && !r->reply.octets.len && !r->seal.auth);
	else
		assert_int_equal(radius_pkt_check(&r->reply, r->seal.auth, r->seal.secret), 0);
	if (w->done_cookies && r->server) {
		w->done_cookies--;
		assert_int_equal(rnet_ask(w, ++w->next_cookie, ZE_SEC(30)), 0);
		assert_int_equal(radius_pkt_check(&r->reply, r->seal.auth, r->seal.secret), 0);
	}
}

static void on_note(void *self, const struct radius_note *n)
{
	struct rnet *w = self;
	size_t at = w->n_notes++ % RNET_LOG;
	int s = server_named(w, n->server);

	assert_true(ze_addr_eq(n->addr, &w->servers[s].addr));
	w->notes[at].at = w->now;
	w->notes[at].kind = n->kind;
	w->notes[at].server = s;
	w->notes[at].aside = n->aside;
	w->notes[at].misses = n->misses;
}

static const struct radius_client_ops net_ops = { on_send, on_done, on_note };

struct radius_client_cfg rnet_cfg(void)
{
	static const char identity[] = "\x20\x04ze"; /* NAS-Identifier */

	return (struct radius_client_cfg){
		.timeout = ZE_SEC(3),
		.retries = 3,
		.ports = 16,
		.max_pending = 100000,
		.hold_min = ZE_SEC(2),
		.hold_max = ZE_SEC(30),
		.identity = { (const uint8_t *)identity, sizeof(identity) - 1 },
	};
}

struct rnet *rnet_new(size_t n, const struct radius_client_cfg *cfg)
{
	static const char *const names[] = { "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7" };
	struct radius_server_cfg servers[RNET_SERVERS] = { { 0 } };
	struct radius_client_cfg own = cfg ? *cfg : rnet_cfg();
	struct rnet *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->now = ZE_SEC(1000);
	w->n = n;
	w->accounting = own.accounting;
	w->next_cookie = UINT64_C(1) << 40;
	test_rng_init(&w->rng, 1);
	for (size_t i = 0; i < n; i++) {
		struct rnet_server *s = &w->servers[i];

		*s = (struct rnet_server){
			.secret = secrets[i], .up = true, .delay = ZE_MS(1), .signs = true
		};
		assert_int_equal(ze_addr_parse(i % 2 ? "2001:db8::1" : "192.0.2.1",
					       (uint16_t)(1812 + i), &s->addr),
				 0);
		servers[i] = (struct radius_server_cfg){ .name = names[i],
							 .addr = s->addr,
							 .secret = span_str(s->secret) };
	}
	if (!own.servers) {
		own.servers = servers;
		own.n_servers = n;
	}
	w->c = radius_client_new(&own, &net_ops, w, &w->rng.rng);
	if (w->c)
		return w;
	free(w);
	return NULL;
}

void rnet_free(struct rnet *w)
{
	radius_client_free(w->c);
	free(w->replies);
	free(w);
}

int rnet_ask_password(struct rnet *w, uint64_t cookie, ze_ns patience, const char *password)
{
	uint8_t buf[RADIUS_REQ_MAX];
	struct radius_req q;

	radius_req_init(&q, w->accounting ? RADIUS_ACCOUNTING_REQUEST : RADIUS_ACCESS_REQUEST, buf,
			sizeof(buf));
	radius_req_bytes(&q, RADIUS_USER_NAME, span_str("alice"));
	if (w->accounting)
		radius_req_delay(&q, 0);
	else
		radius_req_password(&q, span_str(password));
	return radius_client_request(w->c, &q, cookie, w->now + patience, w->now);
}

int rnet_ask(struct rnet *w, uint64_t cookie, ze_ns patience)
{
	return rnet_ask_password(w, cookie, patience, "hunter2");
}

/* The reply that arrives first; of those with the same time, the one sent first. */
static struct rnet_reply *first_reply(struct rnet *w)
{
	struct rnet_reply *best = NULL;

	for (size_t i = 0; i < w->n_replies; i++) {
		struct rnet_reply *r = &w->replies[i];

		if (!best || r->at < best->at || (r->at == best->at && r->nth < best->nth))
			best = r;
	}
	return best;
}

static void deliver(struct rnet *w, struct rnet_reply *r)
{
	struct rnet_reply copy = *r;

	*r = w->replies[--w->n_replies];
	rnet_inject(w, &copy.to, &w->servers[copy.to.server].addr, copy.octets, copy.len);
}

/* One event at or before `end`. */
static bool step(struct rnet *w, ze_ns end)
{
	struct rnet_reply *r = first_reply(w);
	ze_ns due = radius_client_deadline(w->c);

	if (r && r->at <= due && r->at <= end) {
		w->now = r->at;
		deliver(w, r);
		return true;
	}
	if (due > end)
		return false;
	assert_true(due > 0);
	w->now = due > w->now ? due : w->now;
	w->expires++;
	radius_client_expire(w->c, w->now);
	return true;
}

void rnet_run(struct rnet *w, ze_ns d)
{
	ze_ns end = w->now + d;

	while (step(w, end))
		;
	w->now = end;
}

void rnet_run_until(struct rnet *w, size_t n, ze_ns most)
{
	ze_ns end = w->now + most;

	while (w->n_results < n && step(w, end))
		;
	assert_true(w->n_results >= n);
}

const struct rnet_result *rnet_result(const struct rnet *w, uint64_t cookie)
{
	for (size_t i = w->n_results; i-- > 0 && i + RNET_LOG >= w->n_results;)
		if (w->results[i % RNET_LOG].cookie == cookie)
			return &w->results[i % RNET_LOG];
	return NULL;
}

size_t rnet_ends(const struct rnet *w, uint64_t cookie)
{
	size_t n = 0;

	assert_true(w->n_results <= RNET_LOG);
	for (size_t i = 0; i < w->n_results; i++)
		n += w->results[i].cookie == cookie;
	return n;
}

const struct rnet_sent *rnet_last_sent(const struct rnet *w)
{
	assert_true(w->n_sent > 0);
	return &w->sent[(w->n_sent - 1) % RNET_LOG];
}

struct radius_server_stats rnet_stats(const struct rnet *w, size_t i)
{
	struct radius_server_stats st;

	radius_client_server_stats(w->c, i, &st);
	return st;
}

enum reason rnet_inject(struct rnet *w, const struct rnet_sent *to, const struct ze_addr *from,
			const void *octets, size_t len)
{
	struct radius_arrival a = { .server = to->server,
				    .port = to->port,
				    .from = from,
				    .datagram = span_of(octets, len) };

	w->last_input = radius_client_input(w->c, &a, w->now);
	return w->last_input;
}

enum reason rnet_answer(struct rnet *w, const struct rnet_sent *to, const struct rnet_answer *a)
{
	uint8_t octets[4200];
	size_t len = rnet_build(w, to, a, octets);

	return rnet_inject(w, to, &w->servers[to->server].addr, octets, len);
}
