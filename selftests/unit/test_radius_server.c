/* SPDX-License-Identifier: BSD-2-Clause */
/* What a RADIUS client thinks of its servers: when one is set aside, how it is probed and comes
 * back, what requests do meanwhile, and what a reload inherits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "aaa/radius_server.h"
#include "selftests/lib/radius_net.h"

static struct rnet *w;

static void net(size_t n, const struct radius_client_cfg *cfg)
{
	w = rnet_new(n, cfg);
	assert_non_null(w);
}

static int teardown(void **st)
{
	(void)st;
	rnet_free(w);
	w = NULL;
	return 0;
}

static int setup(void **st)
{
	(void)st;
	net(2, NULL);
	return 0;
}

static void again(size_t n, const struct radius_client_cfg *cfg)
{
	rnet_free(w);
	net(n, cfg);
}

static void ask(uint64_t cookie)
{
	assert_int_equal(rnet_ask(w, cookie, ZE_SEC(30)), 0);
}

static ze_ns took(uint64_t cookie)
{
	const struct rnet_result *r = rnet_result(w, cookie);

	assert_non_null(r);
	assert_int_equal(r->outcome, RADIUS_DONE_ACCEPT);
	return r->took;
}

static int compare(const void *a, const void *b)
{
	ze_ns x = *(const ze_ns *)a, y = *(const ze_ns *)b;

	return (x > y) - (x < y);
}

/* S-AAA-26: the first server is silent from the beginning, 100 logins a second: 99 % of the 1000
 * take less than a second, and of those after the first second only trials wait. */
static void first_server_dead(void **st)
{
	static ze_ns times[1000];
	unsigned trials = 0;

	(void)st;
	w->servers[0].up = false;
	for (uint64_t i = 0; i < 1000; i++) {
		ask(i);
		rnet_run(w, ZE_MS(10));
	}
	rnet_run(w, ZE_SEC(30));
	for (uint64_t i = 0; i < 1000; i++)
		times[i] = took(i);
	qsort(times, 1000, sizeof(times[0]), compare);
	assert_true(times[989] < ZE_SEC(1));
	for (uint64_t i = 100; i < 1000; i++) {
		assert_true(took(i) <= RADIUS_TRIAL + ZE_MS(1));
		trials += took(i) > ZE_MS(1);
	}
	assert_true(trials <= 2);
	assert_int_equal(w->notes[0].kind, RADIUS_NOTE_ASIDE);
	assert_true(w->notes[0].misses >= RADIUS_MISSES);
	assert_true(rnet_stats(w, 0).aside);
	assert_int_equal(rnet_stats(w, 0).set_aside, 1);
	assert_true(w->servers[0].requests < 120);
}

/* Three misses and 1.5 s of silence are needed when logins are few. */
static void few_logins(void **st)
{
	(void)st;
	w->servers[0].up = false;
	ask(1);
	ask(2);
	rnet_run(w, ZE_SEC(2));
	assert_int_equal(w->n_notes, 0); /* two are not enough */
	rnet_run(w, ZE_SEC(30));
	assert_int_equal(w->n_notes, 0);
	again(2, NULL);
	w->servers[0].up = false;
	for (uint64_t i = 0; i < 3; i++)
		ask(i);
	rnet_run(w, ZE_MS(1499));
	assert_int_equal(w->n_notes, 0);
	rnet_run(w, ZE_MS(1));
	assert_int_equal(w->n_notes, 1);
	assert_int_equal(w->notes[0].misses, 3);
	rnet_run(w, ZE_MS(1));
	assert_int_equal(w->n_results, 3); /* all have moved on */
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(took(i), ZE_MS(1501));
	assert_int_equal(rnet_stats(w, 0).timeouts, 3);
}

/* Ten misses at once are enough after 0.7 s. */
static void many_logins(void **st)
{
	(void)st;
	w->servers[0].up = false;
	for (uint64_t i = 0; i < 4000; i++)
		ask(i);
	rnet_run(w, ZE_MS(699));
	assert_int_equal(w->n_notes, 0);
	w->expires = 0;
	rnet_run(w, ZE_MS(3));
	assert_int_equal(w->n_notes, 1);
	assert_int_equal(w->notes[0].misses, 10);
	assert_int_equal(w->n_results, 4000);
	assert_true(w->expires >= 4000 / RADIUS_EXPIRE_MAX); /* in small pieces */
}

/* FreeRADIUS delays a reject by a second. A few wrong passwords are no reason for suspicion. */
static void delayed_rejects(void **st)
{
	(void)st;
	w->servers[0].delay = ZE_SEC(1);
	w->servers[0].code = RADIUS_ACCESS_REJECT;
	for (uint64_t i = 0; i < 200; i++) {
		ask(i);
		rnet_run(w, ZE_MS(150));
	}
	rnet_run(w, ZE_SEC(5));
	assert_int_equal(w->n_results, 200);
	assert_int_equal(w->n_notes, 0);
	assert_int_equal(w->servers[1].requests, 0);
}

/* A server that is slow but answers is not set aside, whatever the load. */
static void slow_server(void **st)
{
	(void)st;
	w->servers[0].delay = ZE_MS(600);
	for (uint64_t i = 0; i < 3000; i++) {
		ask(i);
		rnet_run(w, ZE_MS(1));
	}
	rnet_run(w, ZE_SEC(5));
	assert_int_equal(w->n_results, 3000);
	assert_int_equal(w->n_notes, 0);
	assert_int_equal(rnet_stats(w, 0).retransmits, 0);
}

static void kill_first(void)
{
	w->servers[0].up = false;
	for (uint64_t i = 0; i < 20; i++)
		ask(900000 + i);
	rnet_run(w, ZE_SEC(1));
	assert_true(rnet_stats(w, 0).aside);
}

/* R-011, S-AAA-26: Status-Server after 2 s, then ever more rarely, at most every 30 s; the first
 * answer brings the server back, and logins go there again. */
static void status_server(void **st)
{
	size_t from;
	ze_ns last = 0, gaps[16] = { 0 };
	unsigned n = 0;

	(void)st;
	kill_first();
	from = w->n_sent;
	rnet_run(w, ZE_SEC(200));
	for (size_t i = from; i < w->n_sent; i++) {
		assert_int_equal(w->sent[i].code, 12);
		assert_int_equal(w->sent[i].server, 0);
		if (last)
			gaps[n++] = w->sent[i].at - last;
		last = w->sent[i].at;
	}
	assert_int_equal(rnet_stats(w, 0).probes, n + 1);
	assert_true(n >= 6 && n <= 11);
	for (unsigned i = 0; i < n; i++) {
		ze_ns want = ze_min_ns(ZE_SEC(4 << i), ZE_SEC(30));

		assert_true(gaps[i] >= want - want / 10 && gaps[i] <= want + want / 10);
	}
	w->servers[0].up = true;
	rnet_run(w, ZE_SEC(34));
	assert_false(rnet_stats(w, 0).aside);
	assert_int_equal(rnet_stats(w, 0).probe_replies, 1);
	assert_int_equal(w->notes[1].kind, RADIUS_NOTE_BACK);
	assert_true(w->notes[1].aside > ZE_SEC(200));
	from = w->servers[1].requests;
	ask(1);
	rnet_run(w, ZE_SEC(1));
	assert_int_equal(took(1), ZE_MS(1));
	assert_int_equal(w->servers[1].requests, from);
	assert_int_equal(rnet_last_sent(w)->server, 0);
}

/* S-AAA-29: answers that must be signed and are not are no answers. What such a server says to
 * Status-Server does not bring it back; the first signed answer to a login does. */
static void unsigned_server_stays_aside(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();
	struct radius_server_cfg servers[2] = { { .name = "s0",
						  .addr = w->servers[0].addr,
						  .secret = span_str(w->servers[0].secret),
						  .signing = RADIUS_SIGN_REQUIRE },
						{ .name = "s1",
						  .addr = w->servers[1].addr,
						  .secret = span_str(w->servers[1].secret) } };
	unsigned before;

	(void)st;
	cfg.servers = servers;
	cfg.n_servers = 2;
	again(2, &cfg);
	w->servers[0].signs = false;
	for (uint64_t i = 0; i < 1000; i++) {
		ask(i);
		rnet_run(w, ZE_MS(100));
	}
	assert_true(rnet_stats(w, 0).aside);
	assert_int_equal(rnet_stats(w, 0).set_aside, 1);
	assert_true(rnet_stats(w, 0).probe_replies >= 4);
	assert_int_equal(w->n_notes, 2); /* unsigned replies are dropped; set aside */
	before = w->servers[0].requests;
	assert_true(before >= 13 && before <= 30); /* the first second, and trials */
	w->servers[0].signs = true;
	for (uint64_t i = 1000; i < 1400; i++) {
		ask(i);
		rnet_run(w, ZE_MS(100));
	}
	assert_false(rnet_stats(w, 0).aside);
	assert_int_equal(w->n_notes, 3);
	assert_int_equal(w->notes[2].kind, RADIUS_NOTE_BACK);
	assert_true(w->servers[0].requests > before + 10);
}

/* A server that does not know Status-Server is tried with one login per wait. */
static void without_status_server(void **st)
{
	unsigned before;
	size_t slow = 0;

	(void)st;
	w->servers[0].no_status = true;
	kill_first();
	before = w->servers[0].requests;
	for (uint64_t i = 0; i < 1000; i++) {
		ask(i);
		rnet_run(w, ZE_MS(100));
	}
	for (uint64_t i = 0; i < 1000; i++) {
		assert_true(took(i) <= RADIUS_TRIAL + ZE_MS(1));
		slow += took(i) > ZE_MS(1);
	}
	assert_int_equal(w->servers[0].requests - before, slow);
	assert_true(slow >= 3 && slow <= 6);
	w->servers[0].up = true;
	for (uint64_t i = 1000; i < 1400; i++) {
		ask(i);
		rnet_run(w, ZE_MS(100));
		assert_int_equal(took(i), ZE_MS(1));
	}
	assert_false(rnet_stats(w, 0).aside);
	assert_int_equal(rnet_stats(w, 0).probe_replies, 0);
}

/* A late answer to a request that moved on is used, and brings the server back. */
static void late_answer_brings_back(void **st)
{
	(void)st;
	w->servers[0].delay = ZE_SEC(2);
	w->servers[1].delay = ZE_SEC(5);
	for (uint64_t i = 0; i < 20; i++)
		ask(i);
	rnet_run(w, ZE_SEC(1));
	assert_true(rnet_stats(w, 0).aside);
	rnet_run(w, ZE_SEC(2));
	assert_false(rnet_stats(w, 0).aside);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(took(i), ZE_SEC(2));
}

/* When all servers are set aside, logins still go out, and the first answer counts. */
static void all_aside(void **st)
{
	(void)st;
	w->servers[0].up = w->servers[1].up = false;
	w->servers[0].no_status = w->servers[1].no_status = true;
	for (uint64_t i = 0; i < 20; i++)
		ask(i);
	rnet_run(w, ZE_SEC(31));
	assert_true(rnet_stats(w, 0).aside && rnet_stats(w, 1).aside);
	assert_int_equal(w->n_results, 20);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(rnet_result(w, i)->reason, REASON_REPLY_NONE);
	w->servers[1].up = true;
	ask(100);
	rnet_run(w, ZE_SEC(31));
	assert_true(took(100) < ZE_SEC(30));
	assert_false(rnet_stats(w, 1).aside);
	ask(101);
	rnet_run(w, ZE_SEC(1));
	assert_true(took(101) <= RADIUS_TRIAL + ZE_MS(1));
}

/* One server alone: it is set aside and asked all the same. */
static void only_server(void **st)
{
	(void)st;
	again(1, NULL);
	kill_first();
	assert_int_equal(w->n_results, 0); /* nowhere to go */
	w->servers[0].up = true;
	ask(1);
	rnet_run(w, ZE_SEC(10));
	assert_int_equal(took(1), ZE_MS(1));
	assert_int_equal(w->n_results, 21); /* retransmissions of the others were answered */
	assert_false(rnet_stats(w, 0).aside);
}

/* The second server has no identifier left: requests stay with the first, and those whose
 * time has passed end. */
static void nowhere_to_move(void **st)
{
	struct radius_client_cfg cfg = rnet_cfg();

	(void)st;
	cfg.ports = 1;
	again(2, &cfg);
	w->servers[0].up = w->servers[1].up = false;
	for (uint64_t i = 0; i < 512; i++)
		ask(i);
	assert_int_equal(rnet_ask(w, 1000, ZE_SEC(30)), -105 /* ENOBUFS */);
	rnet_run(w, ZE_SEC(31));
	assert_int_equal(w->n_results, 512);
	for (uint64_t i = 0; i < 512; i++)
		assert_int_equal(rnet_result(w, i)->outcome, RADIUS_DONE_UNAVAILABLE);
}

/* Eight hours in which the first server comes and goes: every login is answered, few wait, and the
 * log is short. */
static void flapping(void **st)
{
	uint64_t n = 0, slow = 0;
	ze_ns end = w->now + ZE_SEC(8 * 3600), flip = w->now;

	(void)st;
	while (w->now < end) {
		size_t results = w->n_results;

		if (w->now >= flip) {
			w->servers[0].up = !w->servers[0].up;
			flip = w->now + ZE_SEC(5 + test_rng_below(&w->rng, 50));
		}
		ask(++n);
		rnet_run(w, ZE_MS(400 + test_rng_below(&w->rng, 400)));
		if (w->n_results == results)
			slow++;
	}
	rnet_run(w, ZE_SEC(60));
	assert_int_equal(w->n_results, n);
	assert_true(n > 40000);
	for (size_t i = 0; i < RNET_LOG; i++)
		assert_int_equal(w->results[i].outcome, RADIUS_DONE_ACCEPT);
	assert_true(slow < n / 15);
	assert_true(w->n_notes > 100 && w->n_notes < 2000);
	assert_int_equal(rnet_stats(w, 0).outstanding + rnet_stats(w, 1).outstanding, 0);
	assert_true(rnet_stats(w, 0).ports <= 2);
}

/* A server that is set aside again soon is asked more rarely. */
static void flapping_waits_longer(void **st)
{
	ze_ns aside;

	(void)st;
	for (unsigned round = 0; round < 4; round++) {
		kill_first();
		aside = w->now;
		rnet_run(w, ZE_SEC(3 << round));
		w->servers[0].up = true;
		while (rnet_stats(w, 0).aside)
			rnet_run(w, ZE_MS(100));
		assert_true(w->now - aside < ZE_SEC(62));
		rnet_run(w, ZE_SEC(40));
	}
	/* The next probe is 30 s away, not 2. */
	kill_first();
	w->servers[0].up = true;
	rnet_run(w, ZE_SEC(25));
	assert_true(rnet_stats(w, 0).aside);
	rnet_run(w, ZE_SEC(400));
	kill_first();
	w->servers[0].up = true;
	rnet_run(w, ZE_SEC(3));
	assert_false(rnet_stats(w, 0).aside);
}

/* A reload: the new client knows what the old one knew of servers with the same address and
 * secret, and the old one finishes its requests. */
static void inherit(void **st)
{
	struct rnet *old = w;
	struct radius_server_cfg servers[2];
	struct radius_client_cfg cfg = rnet_cfg();
	struct radius_server_stats a, b;

	(void)st;
	kill_first();
	rnet_run(w, ZE_SEC(20));
	ask(1);
	servers[0] = (struct radius_server_cfg){ "s0", old->servers[1].addr,
						 span_str(old->servers[1].secret), 0 };
	servers[1] = (struct radius_server_cfg){ "s1", old->servers[0].addr,
						 span_str(old->servers[0].secret), 0 };
	cfg.servers = servers;
	cfg.n_servers = 2;
	net(2, &cfg);
	w->now = old->now;
	radius_client_inherit(w->c, old->c, w->now);
	a = rnet_stats(old, 0);
	b = rnet_stats(w, 1);
	assert_true(b.aside && b.since == a.since);
	assert_int_equal(b.requests, a.requests);
	assert_string_equal(b.name, "s1");
	assert_int_equal(b.outstanding, 0);
	assert_int_equal(rnet_stats(w, 0).rtt, ZE_MS(1));
	assert_int_equal(radius_client_deadline(w->c), w->now); /* a probe at once */
	rnet_run(old, ZE_SEC(1));
	assert_int_equal(rnet_result(old, 1)->outcome, RADIUS_DONE_ACCEPT);
	rnet_free(old);

	/* Another secret is another server. */
	old = w;
	servers[1].secret = span_str("changed");
	net(2, &cfg);
	radius_client_inherit(w->c, old->c, w->now);
	assert_false(rnet_stats(w, 1).aside);
	assert_int_equal(rnet_stats(w, 1).requests, 0);
	rnet_free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(first_server_dead),
		T(few_logins),
		T(many_logins),
		T(delayed_rejects),
		T(slow_server),
		T(status_server),
		T(unsigned_server_stays_aside),
		T(without_status_server),
		T(late_answer_brings_back),
		T(all_aside),
		T(only_server),
		T(nowhere_to_move),
		T(flapping),
		T(flapping_waits_longer),
		T(inherit),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
