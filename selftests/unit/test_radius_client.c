/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and their answers: retransmission, identifiers, replies that are dropped, limits. What a
 * client thinks of its servers is in test_radius_server.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/radius_net.h"

#define PATIENCE ZE_SEC(30)

static struct rnet *w;

static struct rnet *net(size_t n, const struct radius_client_cfg *cfg)
{
	rnet_free(w);
	w = rnet_new(n, cfg);
	assert_non_null(w);
	return w;
}

static int setup(void **st)
{
	(void)st;
	w = rnet_new(1, NULL);
	return w ? 0 : -1;
}

static int teardown(void **st)
{
	(void)st;
	rnet_free(w);
	w = NULL;
	return 0;
}

static void assert_result(uint64_t cookie, enum radius_outcome o, enum reason why, int server)
{
	const struct rnet_result *r = rnet_result(w, cookie);

	assert_non_null(r);
	assert_int_equal(rnet_ends(w, cookie), 1);
	assert_int_equal(r->outcome, o);
	assert_string_equal(reason_name(r->reason), reason_name(why));
	assert_int_equal(r->server, server);
}

static struct radius_client_stats stats(void)
{
	struct radius_client_stats st;

	radius_client_stats(w->c, &st);
	return st;
}

static void accept_and_reject(void **st)
{
	struct radius_server_stats s;

	(void)st;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	assert_null(rnet_result(w, 1)); /* not before the function returned */
	rnet_run(w, ZE_SEC(1));
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 0);
	assert_int_equal(rnet_result(w, 1)->took, ZE_MS(1));
	assert_string_equal(w->servers[0].password, "hunter2");
	w->servers[0].code = RADIUS_ACCESS_REJECT;
	assert_int_equal(rnet_ask(w, 2, PATIENCE), 0);
	rnet_run(w, ZE_SEC(1));
	assert_result(2, RADIUS_DONE_REJECT, REASON_NONE, 0);
	s = rnet_stats(w, 0);
	assert_int_equal(s.requests, 2);
	assert_int_equal(s.accepts, 1);
	assert_int_equal(s.rejects, 1);
	assert_int_equal(s.outstanding, 0);
	assert_int_equal(s.ports, 1);
	assert_int_equal(s.rtt, ZE_MS(1));
	assert_true(s.signs);
	assert_int_equal(stats().pending_max, 1);
	assert_int_equal(radius_client_deadline(w->c), ZE_NEVER);
}

/* R-013, S-AAA-30: a challenge and an unknown code end the login as a reject. */
static void challenge_and_other_codes(void **st)
{
	static const struct {
		uint8_t code;
		enum reason why;
	} rows[] = { { 11, REASON_REPLY_CHALLENGE },
		     { 99, REASON_REPLY_CODE },
		     { 5, REASON_REPLY_CODE },
		     { 1, REASON_REPLY_CODE } };

	(void)st;
	for (size_t i = 0; i < 4; i++) {
		w->servers[0].code = rows[i].code;
		assert_int_equal(rnet_ask(w, i, PATIENCE), 0);
		rnet_run(w, ZE_SEC(1));
		assert_result(i, RADIUS_DONE_REJECT, rows[i].why, 0);
	}
	assert_int_equal(rnet_stats(w, 0).challenges, 1);
	assert_int_equal(rnet_stats(w, 0).other_codes, 3);
}

/* a reject is an answer, the second server is not asked. */
static void reject_does_not_fail_over(void **st)
{
	(void)st;
	net(2, NULL);
	w->servers[0].code = RADIUS_ACCESS_REJECT;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	rnet_run(w, ZE_SEC(60));
	assert_result(1, RADIUS_DONE_REJECT, REASON_NONE, 0);
	assert_int_equal(w->servers[1].requests, 0);
}

/* Within the jitter of one wait; each begins with the one before it. */
static bool near(ze_ns d, ze_ns want)
{
	return d >= want - want / 10 && d <= want + want / 10;
}

/* R-008, S-AAA-23, S-AAA-24: the waits double with a jitter of 10 %; copies are identical. */
static void retransmission(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();
	bool jitter = false;

	(void)st;
	cfg.timeout = ZE_SEC(2);
	cfg.retries = 4;
	for (unsigned round = 0; round < 20; round++) {
		const struct rnet_sent *s;
		ze_ns wait = 0;

		net(1, &cfg);
		test_rng_init(&w->rng, round);
		w->servers[0].up = false;
		assert_int_equal(rnet_ask(w, 1, ZE_SEC(60)), 0);
		rnet_run(w, ZE_SEC(60));
		/* Status-Server is sent beside it. */
		s = w->sent;
		for (unsigned i = 0, n = 0; i < w->n_sent; i++) {
			if (w->sent[i].code != RADIUS_ACCESS_REQUEST)
				continue;
			assert_int_equal(w->sent[i].id, w->sent[0].id);
			assert_int_equal(w->sent[i].port, w->sent[0].port);
			assert_int_equal(w->sent[i].sum, w->sent[0].sum);
			if (n) {
				assert_true(near(w->sent[i].at - s->at - wait,
						 wait ? wait : ZE_SEC(2)));
				wait = w->sent[i].at - s->at;
				jitter |= wait % ZE_MS(100) != 0;
			}
			s = &w->sent[i];
			n++;
			assert_true(n <= 4);
		}
		assert_result(1, RADIUS_DONE_UNAVAILABLE, REASON_REPLY_NONE, -1);
		assert_true(near(rnet_result(w, 1)->at - s->at - wait, wait));
		assert_int_equal(rnet_stats(w, 0).requests, 1);
		assert_int_equal(rnet_stats(w, 0).retransmits, 3);
		assert_int_equal(rnet_stats(w, 0).timeouts, 1);
		assert_int_equal(stats().unavailable, 1);
	}
	assert_true(jitter);
}

/* S-AAA-23: only the third copy is answered. A retransmitted request gives no round-trip time. */
static void third_copy(void **st)
{
	(void)st;
	w->servers[0].ignore = 2;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	rnet_run(w, PATIENCE);
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 0);
	assert_int_equal(w->servers[0].requests, 3);
	assert_int_equal(rnet_stats(w, 0).rtt, 0);
}

/* the next server gets another identifier space, authenticator and password. */
static void failover(void **st)
{
	const struct rnet_sent *a, *b;

	(void)st;
	net(2, NULL);
	w->servers[0].up = false;
	assert_int_equal(rnet_ask_password(w, 1, ZE_SEC(60), "a password of 24 octets."), 0);
	rnet_run(w, ZE_SEC(60));
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 1);
	assert_string_equal(w->servers[0].password, "a password of 24 octets.");
	assert_string_equal(w->servers[1].password, "a password of 24 octets.");
	a = &w->sent[0];
	b = rnet_last_sent(w);
	assert_int_equal(b->server, 1);
	assert_memory_not_equal(a->auth, b->auth, 16);
	assert_true(b->at - a->at > ZE_SEC(16) && b->at - a->at < ZE_SEC(26));
}

/* S-AAA-25: the time is divided among the servers. */
static void deadline_is_shared(void **st)
{
	ze_ns began;
	unsigned asked = 0;

	(void)st;
	net(3, NULL);
	began = w->now;
	for (unsigned i = 0; i < 3; i++)
		w->servers[i].up = false;
	assert_int_equal(rnet_ask(w, 1, ZE_SEC(10)), 0);
	rnet_run(w, ZE_SEC(20));
	assert_result(1, RADIUS_DONE_UNAVAILABLE, REASON_REPLY_NONE, -1);
	assert_int_equal(rnet_result(w, 1)->at, began + ZE_SEC(10));
	for (size_t i = 0; i < w->n_sent; i++) {
		if (w->sent[i].code != RADIUS_ACCESS_REQUEST || w->sent[i].server < asked)
			continue;
		assert_int_equal(w->sent[i].server, asked);
		assert_int_equal((w->sent[i].at - began) / ZE_MS(10), 1000 * asked / 3);
		asked++;
	}
	assert_int_equal(asked, 3);
}

/* The answer of a server that was given up is used while another one is asked. */
static void late_answer_is_used(void **st)
{
	(void)st;
	net(2, NULL);
	w->servers[0].delay = ZE_SEC(12);
	w->servers[1].up = false;
	assert_int_equal(rnet_ask(w, 1, ZE_SEC(20)), 0);
	rnet_run(w, ZE_SEC(40));
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 0);
	assert_int_equal(rnet_result(w, 1)->took, ZE_SEC(12));
	assert_true(w->servers[1].requests > 0);
	assert_int_equal(rnet_stats(w, 0).timeouts, 1);
}

/* S-AAA-31: a cancelled request changes nothing later, and its identifier is free again. */
static void cancel(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();

	(void)st;
	cfg.ports = 2;
	net(1, &cfg);
	for (uint64_t i = 0; i < 10000; i++) {
		assert_int_equal(rnet_ask(w, i, PATIENCE), 0);
		assert_true(radius_client_cancel(w->c, i, w->now));
		assert_false(radius_client_cancel(w->c, i, w->now));
		rnet_run(w, ZE_MS(7));
	}
	rnet_run(w, ZE_SEC(100));
	assert_int_equal(w->n_results, 0);
	assert_int_equal(stats().pending, 0);
	assert_int_equal(stats().cancelled, 10000);
	assert_int_equal(rnet_stats(w, 0).outstanding, 0);
	assert_int_equal(rnet_stats(w, 0).dropped[REASON_REPLY_LATE], 10000);
	assert_int_equal(rnet_stats(w, 0).ports, 2);
	assert_false(rnet_stats(w, 0).aside);
	assert_int_equal(radius_client_deadline(w->c), ZE_NEVER);
}

/* R-012, S-AAA-27: no identifier is used twice at a time; ports are opened as they are needed. */
static void many_at_once(void **st)
{
	static bool seen[RADIUS_PORTS_MAX][256];
	unsigned top = 0;

	(void)st;
	memset(seen, 0, sizeof(seen));
	w->servers[0].delay = ZE_MS(200);
	for (uint64_t i = 0; i < 2000; i++)
		assert_int_equal(rnet_ask(w, i, PATIENCE), 0);
	assert_int_equal(w->n_sent, 2000);
	for (size_t i = 0; i < w->n_sent; i++) {
		const struct rnet_sent *s = &w->sent[i];

		assert_false(seen[s->port][s->id]);
		seen[s->port][s->id] = true;
		assert_int_equal(s->port, i / 256);
		top = s->port > top ? s->port : top;
	}
	assert_int_equal(top, 7);
	assert_int_equal(rnet_stats(w, 0).ports, 8);
	assert_int_equal(rnet_stats(w, 0).outstanding, 2000);
	rnet_run(w, ZE_SEC(1));
	assert_int_equal(w->n_results, 2000);
	for (uint64_t i = 0; i < 2000; i++)
		assert_result(i, RADIUS_DONE_ACCEPT, REASON_NONE, 0);
	assert_int_equal(rnet_stats(w, 0).retransmits, 0);
	/* Later ones use the first port again. */
	assert_int_equal(rnet_ask(w, 5000, PATIENCE), 0);
	assert_int_equal(rnet_last_sent(w)->port, 0);
	assert_int_equal(stats().pending_max, 2000);
}

/* Answered one at a time, a port is enough: its identifiers are used in turn. */
static void ids_wrap(void **st)
{
	(void)st;
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(rnet_ask(w, i, PATIENCE), 0);
		assert_int_equal(rnet_last_sent(w)->port, 0);
		assert_int_equal(rnet_last_sent(w)->id, i % 256);
		rnet_run(w, ZE_MS(2));
	}
	assert_int_equal(w->n_results, 1000);
	assert_int_equal(rnet_stats(w, 0).ports, 1);
}

/* An identifier that was not answered rests for 30 s, unless all others are taken. */
static void quarantine(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();
	struct rnet_sent old;

	(void)st;
	cfg.ports = 1;
	net(1, &cfg);
	w->servers[0].up = false;
	assert_int_equal(rnet_ask(w, 1, ZE_SEC(1)), 0);
	old = *rnet_last_sent(w);
	rnet_run(w, ZE_SEC(1));
	assert_result(1, RADIUS_DONE_UNAVAILABLE, REASON_REPLY_NONE, -1);
	w->servers[0].up = true;
	for (uint64_t i = 0; i < 255; i++) {
		assert_int_equal(rnet_ask(w, 100 + i, PATIENCE), 0);
		assert_int_not_equal(rnet_last_sent(w)->id, old.id);
		rnet_run(w, ZE_MS(2));
	}
	rnet_run(w, RADIUS_QUARANTINE - ZE_MS(510) - 1);
	for (uint64_t i = 0; i < 256; i++) { /* one round of 255 */
		assert_int_equal(rnet_ask(w, 1000 + i, PATIENCE), 0);
		assert_int_equal(rnet_last_sent(w)->id == old.id, i == 255);
	}
	assert_int_equal(rnet_ask(w, 2000, PATIENCE), -ENOBUFS);
	assert_int_equal(stats().refused_ids, 1);
	assert_null(rnet_result(w, 2000));
	rnet_run(w, ZE_SEC(1));
	assert_int_equal(w->n_results, 1 + 255 + 256);
	/* The old answer comes at last: its identifier has another authenticator now. */
	assert_int_equal(rnet_answer(w, &old, &(struct rnet_answer){ .code = 2, .id = -1 }),
			 REASON_REPLY_ID);
}

/* S-AAA-28: each kind of wrong reply is counted, and the right one still counts. */
static void wrong_replies(void **st)
{
	static const uint8_t zero_attr[] = { 18, 0 }, one_attr[] = { 18, 1 }, past[] = { 18, 9 };
	struct rnet_sent to;
	uint8_t octets[4200];
	struct ze_addr other;
	size_t len;

	(void)st;
	w->servers[0].ignore = 100;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	to = *rnet_last_sent(w);
	len = rnet_build(w, &to, &(struct rnet_answer){ .code = 2, .id = -1, .sign = true },
			 octets);

	other = w->servers[0].addr;
	other.ip[3]++;
	assert_int_equal(rnet_inject(w, &to, &other, octets, len), REASON_REPLY_SOURCE);
	other = w->servers[0].addr;
	other.port++;
	assert_int_equal(rnet_inject(w, &to, &other, octets, len), REASON_REPLY_SOURCE);
	to.port++;
	assert_int_equal(rnet_inject(w, &to, &w->servers[0].addr, octets, len), REASON_REPLY_ID);
	to.port--;
	assert_int_equal(rnet_inject(w, &to, &w->servers[0].addr, octets, 19), REASON_RADIUS_SHORT);
	assert_int_equal(rnet_inject(w, &to, &w->servers[0].addr, octets, len - 1),
			 REASON_RADIUS_LENGTH);
	assert_int_equal(rnet_answer(w, &to, &(struct rnet_answer){ .code = 2, .id = to.id + 1 }),
			 REASON_REPLY_ID);
	assert_int_equal(rnet_answer(w, &to,
				     &(struct rnet_answer){ .code = 2, .id = -1, .secret = "x" }),
			 REASON_REPLY_AUTHENTICATOR);
	assert_int_equal(rnet_answer(w, &to,
				     &(struct rnet_answer){
					     .code = 2, .id = -1, .sign = true, .bad_sign = true }),
			 REASON_RADIUS_SIGNATURE);
	for (unsigned i = 0; i < 3; i++) { /* */
		const uint8_t *attrs[] = { zero_attr, one_attr, past };

		assert_int_equal(rnet_answer(w, &to,
					     &(struct rnet_answer){ .code = 2,
								    .id = -1,
								    .attrs = (const char *)attrs[i],
								    .attrs_len = 2 }),
				 REASON_RADIUS_ATTR_LEN);
	}
	assert_int_equal(w->n_results, 0);
	assert_int_equal(rnet_stats(w, 0).dropped[REASON_REPLY_SOURCE], 2);
	assert_int_equal(rnet_stats(w, 0).dropped[REASON_REPLY_ID], 2);
	assert_int_equal(rnet_stats(w, 0).dropped[REASON_RADIUS_ATTR_LEN], 3);

	assert_int_equal(rnet_inject(w, &to, &w->servers[0].addr, octets, len), REASON_NONE);
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 0);
	/* Twice, and a forged one after the request has ended. */
	assert_int_equal(rnet_inject(w, &to, &w->servers[0].addr, octets, len), REASON_REPLY_LATE);
	assert_int_equal(rnet_answer(w, &to,
				     &(struct rnet_answer){ .code = 2, .id = -1, .secret = "x" }),
			 REASON_REPLY_ID);
	assert_int_equal(w->n_results, 1);
}

/* a reply of 4096 octets is read; one of 4097, and a Length of 19, are not. */
static void longest_reply(void **st)
{
	static char attrs[4096];
	struct rnet_answer a = { .code = 2, .id = -1, .attrs = attrs };
	struct rnet_sent to;
	uint8_t octets[4200];
	size_t len;

	(void)st;
	for (size_t at = 0; at + 2 < sizeof(attrs); at += 4) {
		attrs[at] = 18;
		attrs[at + 1] = 4;
	}
	w->servers[0].ignore = 100;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	to = *rnet_last_sent(w);
	a.attrs_len = 4097 - 20;
	assert_int_equal(rnet_answer(w, &to, &a), REASON_RADIUS_LENGTH);
	a.attrs_len = 4096 - 20;
	len = rnet_build(w, &to, &a, octets);
	octets[2] = 0;
	octets[3] = 19;
	assert_int_equal(rnet_inject(w, &to, &w->servers[0].addr, octets, len),
			 REASON_RADIUS_LENGTH);
	assert_int_equal(rnet_answer(w, &to, &a), REASON_NONE);
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 0);
}

/* R-007, S-AAA-29: what each mode does with a reply that is not signed, before and after a signed
 * one. */
static void unsigned_replies(void **st)
{
	static const struct {
		enum radius_signing mode;
		bool before, after; /* accepted */
		size_t notes;
	} rows[] = { { RADIUS_SIGN_AUTO, true, false, 2 },
		     { RADIUS_SIGN_REQUIRE, false, false, 1 },
		     { RADIUS_SIGN_OFF, true, true, 0 } };

	(void)st;
	for (size_t i = 0; i < 3; i++) {
		struct radius_client_cfg cfg = rnet_cfg();
		struct radius_server_cfg server = { .name = "s0",
						    .addr = w->servers[0].addr,
						    .secret = span_str("first"),
						    .signing = rows[i].mode };
		struct rnet_answer bare = { .code = 2, .id = -1 };
		struct rnet_answer with = { .code = 3, .id = -1, .sign = true };
		enum reason dropped = REASON_REPLY_UNSIGNED;

		cfg.servers = &server;
		cfg.n_servers = 1;
		net(1, &cfg);
		w->servers[0].ignore = 1000;
		for (uint64_t n = 0; n < 3; n++) {
			assert_int_equal(rnet_ask(w, n, PATIENCE), 0);
			assert_int_equal(rnet_answer(w, rnet_last_sent(w), &bare),
					 rows[i].before ? REASON_NONE : dropped);
		}
		assert_int_equal(rnet_ask(w, 10, PATIENCE), 0);
		assert_int_equal(rnet_answer(w, rnet_last_sent(w), &with), REASON_NONE);
		for (uint64_t n = 20; n < 23; n++) {
			assert_int_equal(rnet_ask(w, n, PATIENCE), 0);
			assert_int_equal(rnet_answer(w, rnet_last_sent(w), &bare),
					 rows[i].after ? REASON_NONE : dropped);
		}
		assert_int_equal(w->n_notes, rows[i].notes);
		if (rows[i].notes)
			assert_int_equal(w->notes[0].kind, rows[i].before ?
								   RADIUS_NOTE_UNSIGNED :
								   RADIUS_NOTE_UNSIGNED_DROPPED);
		if (rows[i].notes > 1)
			assert_int_equal(w->notes[1].kind, RADIUS_NOTE_UNSIGNED_DROPPED);
		assert_int_equal(rnet_stats(w, 0).dropped[REASON_REPLY_UNSIGNED],
				 3u * !rows[i].before + 3u * !rows[i].after);
	}
}

/* Accounting: the answer has another code, needs no signature, and only the authenticator counts. */
static void accounting(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();

	(void)st;
	cfg.accounting = true;
	net(2, &cfg);
	w->servers[0].signs = w->servers[1].signs = false;
	w->servers[0].up = false;
	assert_int_equal(rnet_ask(w, 1, ZE_SEC(60)), 0);
	rnet_run(w, ZE_SEC(60));
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 1);
	for (size_t i = 0; i < w->n_notes; i++)
		assert_true(w->notes[i].kind < RADIUS_NOTE_UNSIGNED);
	w->servers[1].code = RADIUS_ACCESS_ACCEPT;
	w->servers[0].up = true;
	w->servers[0].code = RADIUS_ACCESS_REJECT;
	rnet_run(w, ZE_SEC(60));
	assert_int_equal(rnet_ask(w, 2, ZE_SEC(60)), 0);
	rnet_run(w, ZE_SEC(1));
	assert_result(2, RADIUS_DONE_REJECT, REASON_REPLY_CODE, 0);
}

/* What is refused before anything is sent. */
static void refusals(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();
	struct radius_req q;
	uint8_t buf[600];
	char longest[130];

	(void)st;
	cfg.max_pending = 2;
	net(1, &cfg);
	memset(longest, 'x', 129);
	longest[129] = '\0';
	assert_int_equal(rnet_ask_password(w, 1, PATIENCE, longest), -EINVAL);
	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
	assert_int_equal(radius_client_request(w->c, &q, 1, w->now + 1, w->now), -EINVAL);
	assert_int_equal(rnet_ask(w, 1, 0), -ETIMEDOUT);
	w->rng.fail_after = 0;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), -EIO);
	w->rng.fail_after = -1;
	assert_int_equal(w->n_sent, 0);
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	assert_int_equal(rnet_ask(w, 1, PATIENCE), -EEXIST);
	assert_int_equal(rnet_ask(w, 2, PATIENCE), 0);
	assert_int_equal(rnet_ask(w, 3, PATIENCE), -ENOBUFS);
	assert_int_equal(stats().refused_limit, 1);
	assert_int_equal(stats().pending, 2);
	rnet_run(w, ZE_SEC(1));
	assert_int_equal(w->n_results, 2);
	assert_int_equal(rnet_ask(w, 3, PATIENCE), 0);
}

static void bad_configurations(void **st)
{
	struct radius_server_cfg server = { .name = "s0",
					    .addr = w->servers[0].addr,
					    .secret = span_str("first") };
	struct radius_client_cfg good = rnet_cfg(), cfg;

	(void)st;
	good.servers = &server;
	good.n_servers = 1;
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		cfg = good;                                                                        \
		change;                                                                            \
		assert_null(rnet_new(1, &cfg));                                                    \
	} while (0)
	REFUSED(cfg.n_servers = 0);
	REFUSED(cfg.n_servers = RADIUS_SERVERS_MAX + 1);
	REFUSED(cfg.timeout = ZE_SEC(1) - 1);
	REFUSED(cfg.timeout = ZE_SEC(30) + 1);
	REFUSED(cfg.retries = 0);
	REFUSED(cfg.retries = 11);
	REFUSED(cfg.ports = 0);
	REFUSED(cfg.ports = RADIUS_PORTS_MAX + 1);
	REFUSED(cfg.max_pending = 0);
	REFUSED(cfg.hold_min = 0);
	REFUSED(cfg.hold_max = cfg.hold_min - 1);
	server.secret.len = 0;
	REFUSED((void)0);
	server.secret.len = 5;
	server.addr.family = 0;
	REFUSED((void)0);
#undef REFUSED
}

/* From done(), requests are made and cancelled; the reply stays valid. */
static void request_from_done(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();

	(void)st;
	cfg.ports = 1;
	net(1, &cfg);
	w->done_cookies = 2000;
	assert_int_equal(rnet_ask(w, 1, PATIENCE), 0);
	rnet_run(w, ZE_SEC(10));
	assert_int_equal(w->n_results, 2001);
}

/* A send that fails is a datagram that was lost. */
static void send_errors(void **st)
{
	(void)st;
	net(2, NULL);
	w->servers[0].send_error = -ENETUNREACH;
	assert_int_equal(rnet_ask(w, 1, ZE_SEC(60)), 0);
	rnet_run(w, ZE_SEC(60));
	assert_result(1, RADIUS_DONE_ACCEPT, REASON_NONE, 1);
	assert_int_equal(rnet_stats(w, 0).retransmits, 2);
	assert_true(rnet_stats(w, 0).send_errors >= 3);
}

/* Each allocation, and each draw of random octets, fails once: every request that was accepted ends
 * once, and nothing is leaked. */
static void failure_sweep(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();
	bool hit = true;

	(void)st;
	if (!fail_alloc_works())
		skip();
	cfg.ports = 3;
	rnet_free(w);
	for (int k = 0; hit; k++) {
		size_t accepted = 0;

		w = NULL;
		fail_alloc_at(k + 1); /* not the test's own */
		w = rnet_new(2, &cfg);
		if (w) {
			w->servers[0].up = false;
			for (uint64_t i = 0; i < 600; i++)
				accepted += rnet_ask(w, i, ZE_SEC(30)) == 0;
			hit = fail_alloc_hit();
			fail_alloc_off(); /* the replies of the test are allocated too */
			rnet_run(w, ZE_SEC(60));
			assert_int_equal(w->n_results, accepted);
			assert_true(accepted >= 599 - 256);
			assert_int_equal(stats().pending, 0);
			rnet_free(w);
		} else {
			assert_true(fail_alloc_hit());
		}
		fail_alloc_off();
	}
	for (int k = 0; k < 20; k++) {
		w = rnet_new(2, &cfg);
		w->servers[0].up = false;
		for (uint64_t i = 0; i < 100; i++)
			assert_int_equal(rnet_ask(w, i, ZE_SEC(30)), 0);
		w->rng.fail_after = k % 4;
		rnet_run(w, ZE_SEC(60));
		assert_int_equal(w->n_results, 100);
		for (uint64_t i = 0; i < 100; i++) {
			const struct rnet_result *r = rnet_result(w, i);

			assert_true(r->outcome == RADIUS_DONE_ACCEPT ||
				    r->reason == REASON_NO_MEMORY ||
				    r->reason == REASON_REPLY_NONE);
		}
		rnet_free(w);
	}
	w = rnet_new(1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(accept_and_reject),
		T(challenge_and_other_codes),
		T(reject_does_not_fail_over),
		T(retransmission),
		T(third_copy),
		T(failover),
		T(deadline_is_shared),
		T(late_answer_is_used),
		T(cancel),
		T(many_at_once),
		T(ids_wrap),
		T(quarantine),
		T(wrong_replies),
		T(longest_reply),
		T(unsigned_replies),
		T(accounting),
		T(refusals),
		T(bad_configurations),
		T(request_from_done),
		T(send_errors),
		T(failure_sweep),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
