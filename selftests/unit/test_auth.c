/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"
#include "ppp/auth.h"
#include "ppp/auth_priv.h"

#define T0 ZE_SEC(1000)

struct world {
	struct auth a;
	struct auth_cfg cfg;
	struct ppp_fx fx;
	ze_ns now;
	uint32_t seed;
	bool rng_fails;
	unsigned done, accepted, timeouts;
};

static int fill(void *self, void *buf, size_t len)
{
	struct world *w = self;
	uint8_t *p = buf;

	if (w->rng_fails)
		return -EIO;
	while (len--) {
		w->seed = w->seed * 1664525 + 1013904223;
		*p++ = (uint8_t)(w->seed >> 24);
	}
	return 0;
}

static struct rng the_rng = { .fill = fill };
static struct world *the_world;

static void on_done(struct auth *a, bool accepted, struct ppp_fx *fx)
{
	(void)a;
	(void)fx;
	the_world->done++;
	the_world->accepted += accepted;
}

static void on_timeout(struct auth *a, struct ppp_fx *fx)
{
	(void)a;
	(void)fx;
	the_world->timeouts++;
}

static const struct auth_cfg defaults = {
	.retransmit = ZE_SEC(3),
	.max_tries = 10,
	.timeout = ZE_SEC(60),
	.name = "ze",
};

static const struct auth_listener listener = { .on_done = on_done, .on_timeout = on_timeout };

static void reset(struct world *w, const struct auth_cfg *cfg)
{
	auth_done(&w->a);
	w->cfg = *cfg;
	auth_init(&w->a, &w->cfg, &the_rng);
	w->a.listener = &listener;
	w->now = T0;
	w->done = w->accepted = w->timeouts = 0;
}

static int setup(void **st)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	the_world = w;
	the_rng.self = w;
	reset(w, &defaults);
	*st = w;
	return 0;
}

static int teardown(void **st)
{
	struct world *w = *st;

	auth_done(&w->a);
	free(w);
	return 0;
}

static void start(struct world *w, enum ppp_auth_method m)
{
	ppp_fx_init(&w->fx);
	auth_start(&w->a, m, w->now, &w->fx);
}

static void give(struct world *w, uint16_t proto, const void *p, size_t len)
{
	ppp_fx_init(&w->fx);
	auth_input(&w->a, proto, span_of(p, len), w->now, &w->fx);
}

/* Code, Identifier, Length, then `data`. */
static void give_pkt(struct world *w, uint16_t proto, uint8_t code, uint8_t id, struct span data)
{
	uint8_t buf[600];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_u8(&wr, code);
	wr_u8(&wr, id);
	wr_u16(&wr, (uint16_t)(4 + data.len));
	wr_span(&wr, data);
	assert_false(wr.bad);
	give(w, proto, buf, wr_len(&wr));
}

static void pap(struct world *w, uint8_t id, const char *user, const char *password)
{
	uint8_t buf[600];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_u8(&wr, (uint8_t)strlen(user));
	wr_span(&wr, span_str(user));
	wr_u8(&wr, (uint8_t)strlen(password));
	wr_span(&wr, span_str(password));
	give_pkt(w, PPP_PAP, PAP_REQUEST, id, wr_done(&wr));
}

static void chap(struct world *w, uint8_t id, size_t size, const char *user)
{
	uint8_t buf[600];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_u8(&wr, (uint8_t)size);
	for (size_t i = 0; i < size; i++)
		wr_u8(&wr, i == 48 ? 0 : (uint8_t)(0xa0 + i));
	wr_span(&wr, span_str(user));
	give_pkt(w, PPP_CHAP, CHAP_RESPONSE, id, wr_done(&wr));
}

static void answer(struct world *w, struct ppp_auth_answer v)
{
	ppp_fx_init(&w->fx);
	auth_answer(&w->a, &v, w->now, &w->fx);
}

static void expire_at(struct world *w, ze_ns now)
{
	w->now = now;
	ppp_fx_init(&w->fx);
	auth_expire(&w->a, now, &w->fx);
}

/* The only effect is this packet; returns what follows its header. */
static struct span sent(struct world *w, uint16_t proto, uint8_t code, int id)
{
	struct span f;
	const uint8_t *p;

	assert_int_equal(w->fx.n, 1);
	assert_int_equal(w->fx.e[0].kind, PPP_FX_SEND);
	f = w->fx.e[0].send;
	p = f.p;
	assert_true(f.len >= 8);
	assert_int_equal(p[0] << 8 | p[1], 0xff03);
	assert_int_equal(p[2] << 8 | p[3], proto);
	assert_int_equal(p[4], code);
	if (id >= 0)
		assert_int_equal(p[5], id);
	assert_int_equal((size_t)(p[6] << 8 | p[7]), f.len - 4);
	return span_of(p + 8, f.len - 8);
}

static void assert_text(struct span got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.p, want, got.len);
}

static void assert_refused(const struct world *w, enum reason r)
{
	assert_int_equal(w->fx.n, 1);
	assert_int_equal(w->fx.e[0].kind, PPP_FX_REFUSED);
	assert_int_equal(w->fx.e[0].refused.reason, r);
}

static const struct ppp_auth_request *asked(const struct world *w)
{
	assert_int_equal(w->fx.n, 1);
	assert_int_equal(w->fx.e[0].kind, PPP_FX_AUTH_REQUEST);
	return &w->fx.e[0].auth;
}

static void assert_wiped(const struct world *w)
{
	assert_null(w->a.secret.p);
}

#define S_	    "S=407A5589115FD0D6209F510FE9C04566932CDA56"
#define ACCEPT(...) ((struct ppp_auth_answer){ .accept = true, __VA_ARGS__ })
#define REJECT(...) ((struct ppp_auth_answer){ .accept = false, __VA_ARGS__ })

/* P-060: good */
static void pap_good(void **st)
{
	struct world *w = *st;
	const struct ppp_auth_request *rq;

	start(w, PPP_AUTH_PAP);
	assert_int_equal(w->fx.n, 0);
	pap(w, 7, "alice", "hunter2"); /* Request -> */
	rq = asked(w);
	assert_int_equal(rq->method, PPP_AUTH_PAP);
	assert_int_equal(rq->id, 7);
	assert_text(rq->user, "alice");
	assert_text(rq->password, "hunter2");
	answer(w, ACCEPT(.message = span_str("hello"))); /* <- Ack */
	assert_text(sent(w, PPP_PAP, PAP_ACK, 7), "\005hello");
	assert_int_equal(w->done, 1);
	assert_int_equal(w->accepted, 1);
	assert_wiped(w);
	assert_int_equal(auth_deadline(&w->a), ZE_NEVER);
}

/* P-060: bad */
static void pap_bad(void **st)
{
	struct world *w = *st;
	struct span m;

	start(w, PPP_AUTH_PAP);
	pap(w, 1, "alice", "wrong");
	answer(w, REJECT());
	m = sent(w, PPP_PAP, PAP_NAK, 1);
	assert_int_equal(m.len, 1);
	assert_int_equal(m.p[0], 0);
	assert_int_equal(w->done, 1);
	assert_int_equal(w->accepted, 0);
	pap(w, 2, "alice", "wrong");
	sent(w, PPP_PAP, PAP_NAK, 2);
	assert_int_equal(w->done, 1);
	assert_wiped(w);
}

/* P-061, P-062: the same request three times is one question, and each later copy gets the
 * verdict */
static void pap_repeated(void **st)
{
	struct world *w = *st;

	start(w, PPP_AUTH_PAP);
	pap(w, 1, "alice", "hunter2");
	asked(w);
	pap(w, 1, "alice", "hunter2");
	assert_int_equal(w->fx.n, 0);
	pap(w, 2, "alice", "hunter2"); /* pppd increments the identifier */
	assert_int_equal(w->fx.n, 0);
	pap(w, 3, "alice", "other");
	assert_refused(w, REASON_CP_MISMATCH);
	answer(w, ACCEPT());
	sent(w, PPP_PAP, PAP_ACK, 2);
	answer(w, REJECT()); /* no request waits any more */
	assert_int_equal(w->fx.n, 0);
	pap(w, 9, "alice", "hunter2");
	sent(w, PPP_PAP, PAP_ACK, 9);
	pap(w, 9, "mallory", "hunter2");
	assert_refused(w, REASON_CP_MISMATCH);
	assert_int_equal(w->done, 1);
}

/* P-063 */
static void pap_lengths(void **st)
{
	struct world *w = *st;
	static const char *const bad[] = { "", "\005alic", "\005alice", "\005alice\007hunter",
					   "\377alice\001x" };
	uint8_t big[600];

	start(w, PPP_AUTH_PAP);
	for (size_t i = 0; i < 5; i++) {
		give_pkt(w, PPP_PAP, PAP_REQUEST, 1, span_str(bad[i]));
		assert_refused(w, REASON_PAP_LEN);
	}
	memset(big, 'u', sizeof(big));
	big[0] = AUTH_USER_MAX + 1;
	give_pkt(w, PPP_PAP, PAP_REQUEST, 1, span_of(big, 600 - 4));
	assert_refused(w, REASON_PAP_LEN);
	give(w, PPP_PAP, "\001\001\000", 3);
	assert_refused(w, REASON_CP_SHORT);
	give(w, PPP_PAP, "\001\001\000\100", 4);
	assert_refused(w, REASON_CP_LEN);
	give_pkt(w, PPP_PAP, PAP_ACK, 1, span_of("\000", 1));
	assert_refused(w, REASON_CP_CODE);
	give_pkt(w, PPP_PAP, PAP_REQUEST, 1,
		 span_of("\000\000", 2)); /* empty user name and password */
	assert_int_equal(asked(w)->user.len, 0);
	assert_int_equal(asked(w)->password.len, 0);
	answer(w, REJECT());
	sent(w, PPP_PAP, PAP_NAK, 1);
}

static void pap_longest(void **st)
{
	struct world *w = *st;
	uint8_t big[2 + AUTH_USER_MAX + 255], text[400];
	struct span m;

	memset(big, 'p', sizeof(big));
	memset(text, 't', sizeof(text));
	big[0] = AUTH_USER_MAX;
	big[1 + AUTH_USER_MAX] = 255;
	start(w, PPP_AUTH_PAP);
	give_pkt(w, PPP_PAP, PAP_REQUEST, 1, span_of(big, sizeof(big)));
	assert_int_equal(asked(w)->user.len, AUTH_USER_MAX);
	assert_int_equal(asked(w)->password.len, 255);
	answer(w, REJECT(.message = span_of(text, sizeof(text)))); /* cut */
	m = sent(w, PPP_PAP, PAP_NAK, 1);
	assert_int_equal(m.len, 1 + AUTH_MESSAGE_MAX);
	assert_int_equal(m.p[0], AUTH_MESSAGE_MAX);
}

/* P-064: PAP where CHAP was agreed, and before or after the phase */
static void wrong_protocol(void **st)
{
	struct world *w = *st;

	pap(w, 1, "alice", "hunter2");
	assert_refused(w, REASON_PPP_PHASE);
	start(w, PPP_AUTH_CHAP_MD5);
	pap(w, 1, "alice", "hunter2");
	assert_refused(w, REASON_PPP_PHASE);
	start(w, PPP_AUTH_PAP);
	chap(w, 1, 16, "alice");
	assert_refused(w, REASON_PPP_PHASE);
	auth_stop(&w->a);
	pap(w, 1, "alice", "hunter2");
	assert_refused(w, REASON_PPP_PHASE);
	assert_int_equal(w->done, 0);
}

/* P-070, P-077: a good response, with the vector of CONFORMANCE 8 */
static void chap_good(void **st)
{
	struct world *w = *st;
	const struct ppp_auth_request *rq;
	struct span c;
	uint8_t id;

	start(w, PPP_AUTH_CHAP_MD5); /* <- Challenge */
	c = sent(w, PPP_CHAP, CHAP_CHALLENGE, -1);
	id = w->fx.e[0].send.p[5];
	assert_int_equal(c.len, 1 + 16 + 2);
	assert_int_equal(c.p[0], 16);
	assert_memory_equal(c.p + 1, w->a.challenge, 16);
	assert_text(span_of(c.p + 17, c.len - 17), "ze");
	chap(w, id, 16, "alice"); /* Response -> */
	rq = asked(w);
	assert_int_equal(rq->method, PPP_AUTH_CHAP_MD5);
	assert_int_equal(rq->id, id);
	assert_text(rq->user, "alice");
	assert_int_equal(rq->challenge.len, 16);
	assert_memory_equal(rq->challenge.p, w->a.challenge, 16);
	assert_int_equal(rq->response.len, 16);
	assert_int_equal(rq->response.p[15], 0xaf);
	chap(w, id, 16, "alice"); /* repeated: the verdict is requested once */
	assert_int_equal(w->fx.n, 0);
	answer(w, ACCEPT(.message = span_str("welcome"))); /* <- Success */
	assert_text(sent(w, PPP_CHAP, CHAP_SUCCESS, id), "welcome");
	assert_int_equal(w->accepted, 1);
	assert_wiped(w);
	/* P-074: repeated Response */
	chap(w, id, 16, "alice");
	assert_text(sent(w, PPP_CHAP, CHAP_SUCCESS, id), "welcome");
	assert_int_equal(w->done, 1);
	assert_int_equal(auth_deadline(&w->a), ZE_NEVER);
}

/* P-070: bad */
static void chap_bad(void **st)
{
	struct world *w = *st;

	start(w, PPP_AUTH_CHAP_MD5);
	chap(w, w->a.id, 16, "alice");
	answer(w, REJECT(.message = span_str("no")));
	assert_text(sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id), "no");
	assert_int_equal(w->done, 1);
	assert_int_equal(w->accepted, 0);
	chap(w, w->a.id, 16, "alice");
	sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id);
	assert_int_equal(w->done, 1);
}

/* P-070: the vector of CONFORMANCE 8 */
static void chap_vector(void **st)
{
	static const uint8_t want[16] = { 0xeb, 0x94, 0xdd, 0x46, 0xf5, 0xf4, 0xaf, 0xd3,
					  0x02, 0x5d, 0x28, 0xf3, 0x43, 0xda, 0x1c, 0x8a };
	uint8_t challenge[16], id = 7, got[16];
	const struct span parts[] = { span_of(&id, 1), span_str("zetest"), span_of(challenge, 16) };

	(void)st;
	for (unsigned i = 0; i < 16; i++)
		challenge[i] = (uint8_t)(0x20 + i);
	crypto_md5(got, parts, 3);
	assert_memory_equal(got, want, 16);
}

/* P-071: without a Response the same Challenge is sent every 3 s, ten times, then the phase ends */
static void chap_silence(void **st)
{
	struct world *w = *st;
	uint8_t first[64];
	size_t len;

	start(w, PPP_AUTH_CHAP_MD5);
	len = w->fx.e[0].send.len;
	assert_true(len <= sizeof(first));
	memcpy(first, w->fx.e[0].send.p, len);
	for (unsigned i = 1; i < 10; i++) {
		assert_int_equal(auth_deadline(&w->a), T0 + ZE_SEC(3) * i);
		expire_at(w, T0 + ZE_SEC(3) * i - 1);
		assert_int_equal(w->fx.n, 0);
		expire_at(w, T0 + ZE_SEC(3) * i);
		assert_int_equal(w->fx.n, 1);
		assert_int_equal(w->fx.e[0].send.len, len);
		assert_memory_equal(w->fx.e[0].send.p, first, len);
	}
	expire_at(w, T0 + ZE_SEC(30) - 1);
	assert_int_equal(w->timeouts, 0);
	expire_at(w, T0 + ZE_SEC(30));
	assert_int_equal(w->timeouts, 1);
	assert_int_equal(w->fx.n, 0);
	assert_int_equal(auth_deadline(&w->a), ZE_NEVER);
}

/* P-072, P-073 */
static void chap_refusals(void **st)
{
	struct world *w = *st;

	start(w, PPP_AUTH_CHAP_MD5);
	chap(w, (uint8_t)(w->a.id - 1), 16, "alice");
	assert_refused(w, REASON_CHAP_ID);
	chap(w, w->a.id, 15, "alice");
	assert_refused(w, REASON_CHAP_VALUE_LEN);
	chap(w, w->a.id, 17, "alice");
	assert_refused(w, REASON_CHAP_VALUE_LEN);
	give_pkt(w, PPP_CHAP, CHAP_RESPONSE, w->a.id, span_of("\020short", 6));
	assert_refused(w, REASON_CHAP_LEN);
	give_pkt(w, PPP_CHAP, CHAP_RESPONSE, w->a.id, span_of("", 0));
	assert_refused(w, REASON_CHAP_LEN);
	give_pkt(w, PPP_CHAP, CHAP_CHALLENGE, w->a.id, span_of("", 0));
	assert_refused(w, REASON_CP_CODE);
	assert_int_equal(w->done, 0);
	chap(w, w->a.id, 16, "alice"); /* and a correct one is still accepted */
	asked(w);
	chap(w, (uint8_t)(w->a.id + 1), 16, "alice");
	assert_refused(w, REASON_CHAP_ID);
}

static void chap_name_length(void **st)
{
	struct world *w = *st;
	char name[AUTH_USER_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[AUTH_USER_MAX + 1] = '\0';
	start(w, PPP_AUTH_CHAP_MD5);
	chap(w, w->a.id, 16, name);
	assert_refused(w, REASON_CHAP_LEN);
	chap(w, w->a.id, 16, name + 1);
	assert_int_equal(asked(w)->user.len, AUTH_USER_MAX);
}

/* P-075: a new identifier and a new challenge; the old identifier is invalid; the same user
 * passes, another does not */
static void reauth(void **st)
{
	struct world *w = *st;
	struct auth_cfg cfg = defaults;
	uint8_t id, challenge[16];

	cfg.reauth_interval = ZE_SEC(300);
	reset(w, &cfg);
	start(w, PPP_AUTH_CHAP_MD5);
	id = w->a.id;
	memcpy(challenge, w->a.challenge, 16);
	chap(w, id, 16, "alice");
	answer(w, ACCEPT());
	for (unsigned round = 1; round <= 3; round++) {
		ze_ns due = w->now + ZE_SEC(300);

		assert_int_equal(auth_deadline(&w->a), due);
		expire_at(w, due - 1);
		assert_int_equal(w->fx.n, 0);
		expire_at(w, due);
		sent(w, PPP_CHAP, CHAP_CHALLENGE, (uint8_t)(id + round));
		assert_true(w->a.reauth);
		assert_memory_not_equal(w->a.challenge, challenge, 16);
		chap(w, (uint8_t)(w->a.id - 1), 16, "alice");
		assert_refused(w, REASON_CHAP_ID);
		chap(w, w->a.id, 16, "alice");
		asked(w);
		answer(w, ACCEPT());
		assert_int_equal(w->accepted, 1 + round);
	}
	expire_at(w, w->now + ZE_SEC(300));
	chap(w, w->a.id, 16, "bob");
	assert_int_equal(w->fx.n, 2);
	assert_int_equal(w->fx.e[0].refused.reason, REASON_CP_MISMATCH);
	assert_int_equal(w->fx.e[1].send.p[4], CHAP_FAILURE);
	assert_int_equal(w->done, 5);
	assert_int_equal(w->accepted, 4);
}

/* P-075: a failed or unanswered re-authentication */
static void reauth_fails(void **st)
{
	struct world *w = *st;
	struct auth_cfg cfg = defaults;

	cfg.reauth_interval = ZE_SEC(5);
	for (unsigned silent = 0; silent < 2; silent++) {
		reset(w, &cfg);
		start(w, PPP_AUTH_CHAP_MD5);
		chap(w, w->a.id, 16, "alice");
		answer(w, ACCEPT());
		expire_at(w, T0 + ZE_SEC(5));
		sent(w, PPP_CHAP, CHAP_CHALLENGE, w->a.id);
		if (silent) {
			for (unsigned i = 1; i <= 10; i++)
				expire_at(w, T0 + ZE_SEC(5) + ZE_SEC(3) * i);
			assert_int_equal(w->timeouts, 1);
			continue;
		}
		chap(w, w->a.id, 16, "alice");
		answer(w, REJECT());
		sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id);
		assert_int_equal(w->done, 2);
		assert_int_equal(w->accepted, 1);
	}
}

/* A Response that nothing can check. The same one, repeated, gets the same. */
static void undecided_round(struct world *w, size_t size, bool success)
{
	sent(w, PPP_CHAP, CHAP_CHALLENGE, w->a.id);
	chap(w, w->a.id, size, "alice");
	asked(w);
	answer(w, REJECT(.undecided = true));
	for (unsigned again = 0; again < 3; again++) {
		if (success)
			sent(w, PPP_CHAP, CHAP_SUCCESS, w->a.id);
		else
			assert_int_equal(w->fx.n, 0);
		chap(w, w->a.id, size, "alice");
	}
	assert_true(w->a.postponed);
	assert_wiped(w);
	assert_int_equal(auth_deadline(&w->a), w->now + ZE_SEC(5));
}

/* P-075: nothing could check the first round: a reject. A later round: the link stays, and the next
 * one is after an interval. A CHAP-MD5 peer gets a Success, an MS-CHAPv2 peer nothing. */
static void reauth_undecided(void **st)
{
	static const enum ppp_auth_method methods[] = { PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2 };
	struct world *w = *st;
	struct auth_cfg cfg = defaults;

	cfg.reauth_interval = ZE_SEC(5);
	for (unsigned i = 0; i < 2; i++) {
		size_t size = i ? 49 : 16;

		reset(w, &cfg);
		start(w, methods[i]);
		chap(w, w->a.id, size, "alice");
		answer(w, REJECT(.undecided = true));
		sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id);
		reset(w, &cfg);
		start(w, methods[i]);
		chap(w, w->a.id, size, "alice");
		answer(w, ACCEPT(.mschap2 = span_str(S_)));
		for (unsigned round = 1; round <= 3; round++) {
			expire_at(w, T0 + round * ZE_SEC(5));
			undecided_round(w, size, !i);
		}
		assert_int_equal(w->done + w->timeouts, 1);
		expire_at(w, T0 + 4 * ZE_SEC(5));
		chap(w, w->a.id, size, "alice");
		answer(w, ACCEPT(.mschap2 = span_str(S_)));
		sent(w, PPP_CHAP, CHAP_SUCCESS, w->a.id);
		assert_false(w->a.postponed);
		assert_int_equal(w->accepted, 2);
	}
}

/* P-075: a re-authentication for which there are no random octets is postponed, too. */
static void reauth_without_random(void **st)
{
	struct world *w = *st;
	struct auth_cfg cfg = defaults;

	cfg.reauth_interval = ZE_SEC(5);
	reset(w, &cfg);
	start(w, PPP_AUTH_CHAP_MD5);
	chap(w, w->a.id, 16, "alice");
	answer(w, ACCEPT());
	w->rng_fails = true;
	expire_at(w, T0 + ZE_SEC(5));
	w->rng_fails = false;
	assert_int_equal(w->fx.n + w->done + w->timeouts, 1);
	expire_at(w, T0 + ZE_SEC(10));
	sent(w, PPP_CHAP, CHAP_CHALLENGE, w->a.id);
}

/* P-075, P-082: re-authentication does not allow a retry */
static void reauth_once(void **st)
{
	struct world *w = *st;
	struct auth_cfg cfg = defaults;

	cfg.reauth_interval = ZE_SEC(5);
	cfg.retries = 1;
	reset(w, &cfg);
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, ACCEPT(.mschap2 = span_str(S_)));
	expire_at(w, T0 + ZE_SEC(5));
	chap(w, w->a.id, 49, "alice");
	answer(w, REJECT());
	assert_memory_equal(sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id).p, "E=691 R=0", 9);
	assert_int_equal(w->done, 2);
	assert_int_equal(w->accepted, 1);
}

/* The name of a user is known once it was accepted, not before. */
static void stop_drops_names_not_accepted(void **st)
{
	struct world *w = *st;

	start(w, PPP_AUTH_CHAP_MD5);
	chap(w, w->a.id, 16, "mallory");
	auth_stop(&w->a);
	assert_int_equal(w->a.user.len, 0);
	assert_wiped(w);
	start(w, PPP_AUTH_CHAP_MD5);
	chap(w, w->a.id, 16, "alice");
	answer(w, ACCEPT());
	auth_stop(&w->a);
	assert_text(span_of(w->a.user.p, w->a.user.len), "alice");
}

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* P-076 */
static void challenges_differ(void **st)
{
	struct world *w = *st;
	static uint8_t all[10000][16];

	for (unsigned i = 0; i < 10000; i++) {
		start(w, PPP_AUTH_CHAP_MD5);
		memcpy(all[i], w->a.challenge, 16);
	}
	qsort(all, 10000, 16, by_octets);
	for (unsigned i = 1; i < 10000; i++)
		assert_memory_not_equal(all[i - 1], all[i], 16);
}

static void no_random_no_round(void **st)
{
	struct world *w = *st;

	w->rng_fails = true;
	start(w, PPP_AUTH_CHAP_MD5);
	assert_int_equal(w->fx.n, 0);
	assert_int_equal(w->timeouts, 1);
	assert_int_equal(auth_deadline(&w->a), ZE_NEVER);
}

/* The phase ends exactly at its timeout, whichever side is waited for. */
static void phase_timeout(void **st)
{
	struct world *w = *st;

	for (unsigned deciding = 0; deciding < 2; deciding++) {
		reset(w, &defaults);
		start(w, PPP_AUTH_PAP);
		if (deciding)
			pap(w, 1, "alice", "hunter2");
		assert_int_equal(auth_deadline(&w->a), T0 + ZE_SEC(60));
		expire_at(w, T0 + ZE_SEC(60) - 1);
		assert_int_equal(w->timeouts, 0);
		expire_at(w, T0 + ZE_SEC(60));
		assert_int_equal(w->timeouts, 1);
		assert_wiped(w);
		answer(w, ACCEPT());
		assert_int_equal(w->done, 0);
	}
}

/* P-080: the text of a Success is sent unchanged, followed by a message */
static void mschap_good(void **st)
{
	struct world *w = *st;
	const struct ppp_auth_request *rq;

	start(w, PPP_AUTH_MSCHAPV2);
	assert_int_equal(sent(w, PPP_CHAP, CHAP_CHALLENGE, w->a.id).p[0], 16);
	/* P-083: the whole name is part of the question */
	chap(w, w->a.id, 49, "DOM\\alice");
	rq = asked(w);
	assert_int_equal(rq->method, PPP_AUTH_MSCHAPV2);
	assert_int_equal(rq->response.len, 49);
	assert_text(rq->user, "DOM\\alice");
	answer(w, ACCEPT(.mschap2 = span_str(S_), .message = span_str("hi there")));
	assert_text(sent(w, PPP_CHAP, CHAP_SUCCESS, w->a.id), S_ " M=hi there");
	chap(w, w->a.id, 49, "DOM\\alice");
	assert_text(sent(w, PPP_CHAP, CHAP_SUCCESS, w->a.id), S_ " M=hi there");
	assert_int_equal(w->accepted, 1);

	reset(w, &defaults);
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, ACCEPT(.mschap2 = span_str(S_ " M=theirs"), .message = span_str("ours")));
	assert_text(sent(w, PPP_CHAP, CHAP_SUCCESS, w->a.id), S_ " M=theirs");
}

/* Asserts "E=... R=r C=<32 hex> V=3" and tail; returns where C= begins. */
static const uint8_t *assert_failure(struct world *w, const char *head, const char *tail)
{
	struct span m = sent(w, PPP_CHAP, CHAP_FAILURE, w->a.asked_id);
	size_t n = strlen(head);

	assert_int_equal(m.len, n + 32 + strlen(tail));
	assert_memory_equal(m.p, head, n);
	assert_memory_equal(m.p + n + 32, tail, strlen(tail));
	for (size_t i = 0; i < 32; i++)
		assert_non_null(memchr("0123456789ABCDEF", m.p[n + i], 16));
	return m.p + n;
}

/* P-081 */
static void mschap_bad(void **st)
{
	struct world *w = *st;

	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, REJECT(.message = span_str("Login incorrect")));
	assert_failure(w, "E=691 R=0 C=", " V=3 M=Login incorrect");
	assert_int_equal(w->done, 1);
	assert_int_equal(w->accepted, 0);

	reset(w, &defaults);
	w->cfg.retries = 1; /* but no retry for a disabled account */
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, REJECT(.mschap_error = 647));
	assert_failure(w, "E=647 R=0 C=", " V=3");
	assert_int_equal(w->done, 1);
}

/* P-082 */
static void mschap_second_try(void **st)
{
	struct world *w = *st;
	static const char hex[] = "0123456789ABCDEF";
	uint8_t first, old[16];
	const uint8_t *c;

	w->cfg.retries = 1;
	start(w, PPP_AUTH_MSCHAPV2);
	first = w->a.id;
	memcpy(old, w->a.challenge, 16);
	chap(w, first, 49, "alice");
	answer(w, REJECT());
	c = assert_failure(w, "E=691 R=1 C=", " V=3"); /* <- Failure, R=1 */
	assert_int_equal(w->done, 0);
	assert_memory_not_equal(w->a.challenge, old, 16);
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(c[2 * i], hex[w->a.challenge[i] >> 4]);
		assert_int_equal(c[2 * i + 1], hex[w->a.challenge[i] & 15]);
	}
	/* No new Challenge is sent: only the timeout of the phase runs. */
	assert_int_equal(auth_deadline(&w->a), T0 + ZE_SEC(60));
	chap(w, first, 49, "alice"); /* the first Response again gets the same Failure */
	assert_failure(w, "E=691 R=1 C=", " V=3");
	/* Response to the challenge in C=, new identifier ->. */
	chap(w, (uint8_t)(first + 1), 49, "alice");
	assert_memory_equal(asked(w)->challenge.p, w->a.challenge, 16);
	chap(w, (uint8_t)(first + 1), 49, "alice");
	assert_int_equal(w->fx.n, 0);
	chap(w, first, 49, "alice");
	assert_refused(w, REASON_CHAP_ID);
	answer(w, REJECT());
	assert_failure(w, "E=691 R=0 C=", " V=3"); /* <- Failure, R=0 */
	assert_int_equal(w->done, 1);
	assert_int_equal(w->accepted, 0);
}

/* P-082: the retry succeeds */
static void mschap_second_try_good(void **st)
{
	struct world *w = *st;

	w->cfg.retries = 1;
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, REJECT());
	chap(w, 200, 49, "alice");
	asked(w);
	answer(w, ACCEPT(.mschap2 = span_str(S_)));
	assert_text(sent(w, PPP_CHAP, CHAP_SUCCESS, 200), S_);
	assert_int_equal(w->accepted, 1);
}

#define HEX32 "00112233445566778899aabbccddeeff"

/* P-084: a text from RADIUS is sent, but R= says whether ze allows a retry */
static void mschap_error_text(void **st)
{
	struct world *w = *st;
	static const struct {
		uint8_t retries;
		const char *raw, *want;
		bool again;
	} rows[] = {
		{ 0, "E=648 R=0 C=" HEX32 " V=3 M=expired", NULL, false },
		{ 0, "E=691 R=1 C=" HEX32 " V=3 M=R=1 no", "E=691 R=0 C=" HEX32 " V=3 M=R=1 no",
		  false },
		{ 1, "E=691 R=1 C=" HEX32 " V=3 M=no", NULL, true },
		{ 1, "E=691 R=1", "E=691 R=0", false },
		{ 1, "E=691 R=1 C=0011 V=3", "E=691 R=0 C=0011 V=3", false },
		{ 1, "E=691 R=1 C=" HEX32 "0 V=3", "E=691 R=0 C=" HEX32 "0 V=3", false },
		{ 1, "E=691 R=1 C=x0112233445566778899aabbccddeeff V=3",
		  "E=691 R=0 C=x0112233445566778899aabbccddeeff V=3", false },
		{ 1, "E=691 M= R=1 C=" HEX32, NULL, false },
		{ 1, "E=691 R=", NULL, false },
		{ 1, "x", NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		reset(w, &defaults);
		w->cfg.retries = rows[i].retries;
		start(w, PPP_AUTH_MSCHAPV2);
		chap(w, w->a.id, 49, "alice");
		answer(w, REJECT(.mschap_raw = span_str(rows[i].raw)));
		assert_text(sent(w, PPP_CHAP, CHAP_FAILURE, w->a.asked_id),
			    rows[i].want ? rows[i].want : rows[i].raw);
		assert_int_equal(w->done, rows[i].again ? 0 : 1);
		if (rows[i].again) {
			assert_int_equal(w->a.challenge[0], 0x00);
			assert_int_equal(w->a.challenge[15], 0xff);
		}
	}
}

static void mschap_error_texts_fit(void **st)
{
	struct world *w = *st;
	uint8_t text[700];

	memset(text, 't', sizeof(text));
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, REJECT(.mschap_raw = span_of(text, sizeof(text))));
	assert_int_equal(sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id).len, AUTH_REPLY_MAX - 4);

	reset(w, &defaults);
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, REJECT(.message = span_of(text, sizeof(text)), .mschap_error = 65535));
	assert_int_equal(sent(w, PPP_CHAP, CHAP_FAILURE, w->a.id).len,
			 strlen("E=65535 R=0 C=") + 32 + strlen(" V=3 M=") + AUTH_MESSAGE_MAX);

	reset(w, &defaults);
	start(w, PPP_AUTH_MSCHAPV2);
	chap(w, w->a.id, 49, "alice");
	answer(w, ACCEPT(.mschap2 = span_str(S_), .message = span_of(text, sizeof(text))));
	assert_int_equal(sent(w, PPP_CHAP, CHAP_SUCCESS, w->a.id).len, 42 + 3 + AUTH_MESSAGE_MAX);
}

/* P-085: an Accept without the authenticator response that the peer needs */
static void mschap_accept_unproven(void **st)
{
	struct world *w = *st;
	static const char *const bad[] = { "", "S=1234",
					   "S=407A5589115FD0D6209F510FE9C04566932CDA5G",
					   "s=407A5589115FD0D6209F510FE9C04566932CDA56" };

	for (size_t i = 0; i < 4; i++) {
		reset(w, &defaults);
		start(w, PPP_AUTH_MSCHAPV2);
		chap(w, w->a.id, 49, "alice");
		answer(w, ACCEPT(.mschap2 = span_str(bad[i])));
		assert_failure(w, "E=691 R=0 C=", " V=3");
		assert_int_equal(w->done, 1);
		assert_int_equal(w->accepted, 0);
	}
}

/* P-086 */
static void mschap_malformed(void **st)
{
	struct world *w = *st;
	static const size_t sizes[] = { 0, 16, 48, 50, 255 };
	uint8_t value[50] = { 49 };

	for (size_t i = 0; i < 6; i++) {
		reset(w, &defaults);
		w->cfg.retries = 3;
		start(w, PPP_AUTH_MSCHAPV2);
		value[49] = 1; /* flags */
		if (i < 5)
			chap(w, w->a.id, sizes[i], "alice");
		else
			give_pkt(w, PPP_CHAP, CHAP_RESPONSE, w->a.id, span_of(value, 50));
		assert_int_equal(w->fx.n, 2);
		assert_int_equal(w->fx.e[0].refused.reason, REASON_CHAP_VALUE_LEN);
		assert_int_equal(w->fx.e[1].send.p[4], CHAP_FAILURE);
		assert_memory_equal(w->fx.e[1].send.p + 8, "E=691 R=0 C=", 12);
		assert_int_equal(w->done, 1);
		assert_int_equal(w->accepted, 0);
	}
	/* beyond the end of the packet */
	reset(w, &defaults);
	start(w, PPP_AUTH_MSCHAPV2);
	give_pkt(w, PPP_CHAP, CHAP_RESPONSE, w->a.id, span_of(value, 49));
	assert_refused(w, REASON_CHAP_LEN);
}

static void method_names(void **st)
{
	(void)st;
	assert_string_equal(ppp_auth_method_name(PPP_AUTH_MSCHAPV2), "ms-chap-v2");
	assert_string_equal(ppp_auth_method_name(PPP_AUTH__COUNT), "unknown");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pap_good),
		T(pap_bad),
		T(pap_repeated),
		T(pap_lengths),
		T(pap_longest),
		T(wrong_protocol),
		T(chap_good),
		T(chap_bad),
		T(chap_vector),
		T(chap_silence),
		T(chap_refusals),
		T(chap_name_length),
		T(reauth),
		T(reauth_fails),
		T(reauth_undecided),
		T(reauth_without_random),
		T(reauth_once),
		T(stop_drops_names_not_accepted),
		T(challenges_differ),
		T(no_random_no_round),
		T(phase_timeout),
		T(mschap_good),
		T(mschap_bad),
		T(mschap_second_try),
		T(mschap_second_try_good),
		T(mschap_error_text),
		T(mschap_error_texts_fit),
		T(mschap_accept_unproven),
		T(mschap_malformed),
		T(method_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
