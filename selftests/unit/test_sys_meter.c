/* SPDX-License-Identifier: BSD-2-Clause */
/* Meters and their credit (bpf/meter.h), compiled natively: counts are exact with any number of
 * processors, and rates, bursts and pauses in virtual time equal those of the policer without
 * credit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "bpf/meter.h"
#include "daemon/base/compiler.h"
#include "daemon/sys/bpf/bpf_hot.h"
#include "daemon/sys/bpf/gcra.h"
#include "shaping/rate.h"

#define SECOND 1000000000ull

struct session {
	struct ze_meter m;
	struct ze_credit c;
};

static struct session session(uint64_t bps)
{
	return (struct session){ .m.cost = bps ? gcra_cost(bps) : 0 };
}

static bool passes(struct ze_meter *m, struct ze_credit *c, uint32_t octets, uint64_t now)
{
	return ze_spend(c, octets) || ze_ask(m, c, octets, now);
}

static bool pass(struct session *s, uint32_t octets, uint64_t now)
{
	return passes(&s->m, &s->c, octets, now);
}

/* Returns the octets that pass, of packets of this size, one per gap. */
static uint64_t offer(struct session *s, uint32_t octets, uint64_t from, uint64_t to, uint64_t gap)
{
	uint64_t n = 0;

	for (uint64_t t = from; t < to; t += gap)
		if (pass(s, octets, t))
			n += octets;
	return n;
}

/* Sends at one moment until the meter refuses. */
static uint64_t drain(struct session *s, uint32_t octets, uint64_t now)
{
	uint64_t n = 0;

	while (pass(s, octets, now))
		n += octets;
	return n;
}

static void check_counters(const struct session *s, uint64_t packets, uint64_t bytes)
{
	assert_int_equal(s->m.packets + s->c.packets, packets);
	assert_int_equal(s->m.bytes - s->c.octets, bytes);
	assert_true(ze_undisturbed(s->m.changes, s->m.changes));
}

static void counts_every_packet(void **st)
{
	static const uint64_t rates[] = { 0, 256000, 10000000, RATE_MAX };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rates); i++) {
		struct session s = session(rates[i]);
		uint64_t packets = 0, bytes = 0, now = SECOND;

		for (uint32_t k = 0; k < 20000; k++, now += 100000) {
			uint32_t octets = 20 + k * 2654435761u % 9000;

			if (pass(&s, octets, now)) {
				packets++;
				bytes += octets;
			}
			check_counters(&s, packets, bytes);
		}
		assert_true(packets > 20);
	}
}

/* A credit holds at most 4095 packets; its octets would suffice for many more. */
static void more_packets_than_a_credit_counts(void **st)
{
	struct session s = session(0);

	(void)st;
	for (uint32_t k = 1; k <= 50000; k++) {
		assert_true(pass(&s, 20, SECOND));
		check_counters(&s, k, 20ull * k);
	}
}

/* The meter is used once for many packets when there is no rate or a high one, and for each
 * packet when there is no credit. */
static void asks_seldom(void **st)
{
	struct session s = session(0);

	(void)st;
	offer(&s, 1024, SECOND, SECOND + 5120, 1);
	assert_in_range(s.m.changes >> 16, 9, 11); /* 512 KiB are 512 packets */
	s = session(RATE_MAX);
	offer(&s, 1024, SECOND, SECOND + 5120, 1);
	assert_in_range(s.m.changes >> 16, 9, 11);
	s = session(1000000);
	drain(&s, 1000, SECOND);
	s.m.changes = 0;
	assert_in_range(offer(&s, 1000, SECOND, 11 * SECOND, SECOND / 250), 1249000, 1251000);
	assert_in_range(s.m.changes >> 16, 1200, 1251);
}

/* The burst passes, and the packet that exceeds it; a credit that is too small for one more
 * packet may be left. */
static void burst(void **st)
{
	(void)st;
	for (uint64_t bps = RATE_MIN; bps <= 10000000000; bps += bps / 3) {
		struct session s = session(bps);
		uint64_t want = ze_burst_ns(s.m.cost) / 1000 * (bps / 8) / 1000000;
		uint64_t got = drain(&s, 1500, SECOND);

		assert_in_range(got, want - want / 1000 - 1500, want + want / 1000 + 1501);
		assert_true(got >= 1500);
		assert_true(s.c.octets < 1500);
		check_counters(&s, got / 1500, got);
	}
}

/* Twice the rate is offered after a full burst: the rate passes. */
static void steady_rate(void **st)
{
	static const uint64_t rates[] = { 8000,	    256000,    512000,	  2000000,
					  10000000, 100000000, 1000000000 };
	static const uint32_t sizes[] = { 64, 576, 1500, 9000 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rates); i++)
		for (size_t k = 0; k < ZE_ARRAY_SIZE(sizes); k++) {
			struct session s = session(rates[i]);
			uint64_t gap = sizes[k] * 4 * SECOND / rates[i];
			uint64_t span = rates[i] < 10000000 ? 100 * SECOND : SECOND / 4;
			uint64_t want = span / 1000 * rates[i] / 8000000, got;

			drain(&s, sizes[k], SECOND);
			got = offer(&s, sizes[k], SECOND, SECOND + span, gap);
			assert_in_range(got, want - want / 200 - sizes[k],
					want + want / 200 + sizes[k]);
		}
}

/* Traffic below the rate is never dropped, however long it lasts. */
static void below_the_rate(void **st)
{
	struct session s = session(1000000);
	uint64_t gap = 1500 * 8 * SECOND / 990000;

	(void)st;
	assert_int_equal(offer(&s, 1500, SECOND, SECOND + 10000 * gap, gap), 10000 * 1500);
}

/* A pause gives back the rate times its duration; after a long one, at most the burst and a
 * credit of an eighth of it. */
static void pauses(void **st)
{
	struct session s = session(10000000); /* burst 312 500 octets, 250 ms */
	uint64_t now = SECOND;

	(void)st;
	drain(&s, 1000, now);
	now += SECOND / 100; /* 10 ms: 12 500 octets */
	assert_in_range(drain(&s, 1000, now), 11000, 14000);
	now += SECOND / 20;
	assert_in_range(drain(&s, 1000, now), 61000, 64000);
	for (int i = 0; i < 100; i++) {
		now += 3600 * SECOND;
		assert_true(pass(&s, 1000, now)); /* a credit is left */
	}
	now += 3600 * SECOND;
	assert_in_range(drain(&s, 1000, now), 312500, 312500 * 9 / 8 + 1000);
}

/* Another processor has changed the credit in between: the packet passes and is counted, and the
 * rest of what was admitted is given back to the rate. */
static void credit_of_a_faster_one(void **st)
{
	struct session s = session(10000000);
	uint64_t tat;
	uint32_t n;

	(void)st;
	assert_true(pass(&s, 1000, SECOND));
	assert_false(ze_spend(&s.c, s.c.octets + 1));
	check_counters(&s, 1, 1000);
	assert_true(ze_ask(&s.m, &s.c, 500, SECOND)); /* although the credit would suffice */
	check_counters(&s, 2, 1500);
	tat = s.m.tat;
	n = ze_admit(&s.m, 700, true, SECOND);
	assert_in_range(n, 700 + 39062, 700 + 39063); /* an eighth of 250 ms */
	ze_settle(&s.m, &s.c, 0, 700, n);
	check_counters(&s, 3, 2200);
	assert_in_range(s.m.tat, tat + 700 * 800 - 1, tat + 700 * 800 + 1);
}

/* ---- several processors ---- */

#define THREADS 3
#define EACH	200000

struct worker {
	pthread_t id;
	uint32_t seed;
	uint64_t packets, bytes;
};

static struct ze_meter up, down; /* of session id 0 */
static struct ze_credits up_credits, down_credits;
static int working;

static void *work(void *self)
{
	struct worker *w = self;

	for (int i = 0; i < EACH; i++) {
		uint32_t octets;

		w->seed = w->seed * 1664525 + 1013904223;
		octets = 20 + (w->seed >> 8) % 1480;
		if (passes(&up, &up_credits.of[0], octets, SECOND + (uint64_t)i * 10000)) {
			w->packets++;
			w->bytes += octets;
		}
	}
	__atomic_fetch_sub(&working, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* The daemon reads at the same time. Returns the last reading, and how often a counter went
 * backwards. */
static struct bpf_hot_counters watch(unsigned *went_back)
{
	struct ze_drops drops = { 0 };
	struct ze_numbers numbers = { 0 };
	const struct bpf_hot h = { .up = &up,
				   .down = &down,
				   .up_credits = &up_credits,
				   .down_credits = &down_credits,
				   .drops = &drops,
				   .numbers = &numbers };
	struct bpf_hot_counters was = { 0 }, n;
	bool going;

	do {
		going = __atomic_load_n(&working, __ATOMIC_SEQ_CST) > 0;
		n = bpf_hot_counters(&h, 0);
		*went_back += n.up_packets < was.up_packets || n.up_bytes < was.up_bytes;
		was = n;
	} while (going);
	return n;
}

static void several(uint64_t bps)
{
	static struct worker w[THREADS];
	uint64_t packets = 0, bytes = 0;
	struct bpf_hot_counters n;
	unsigned went_back = 0;

	up = (struct ze_meter){ .cost = bps ? gcra_cost(bps) : 0 };
	up_credits.of[0] = (struct ze_credit){ 0 };
	working = THREADS;
	for (uint32_t i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .seed = i };
		assert_int_equal(pthread_create(&w[i].id, NULL, work, &w[i]), 0);
	}
	n = watch(&went_back);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(w[i].id, NULL);
		packets += w[i].packets;
		bytes += w[i].bytes;
	}
	assert_int_equal(went_back, 0);
	assert_int_equal(n.up_packets, packets);
	assert_int_equal(n.up_bytes, bytes);
	assert_int_equal(n.down_packets, 0);
	if (bps) /* in 2 s, and the burst */
		assert_in_range(bytes, bps / 8 * 2, bps / 8 * 5 / 2);
	else
		assert_int_equal(packets, THREADS * EACH);
}

static void exact_by_several(void **st)
{
	(void)st;
	several(0);
	several(100000000);
}

static void one_that_goes_on(void **st)
{
	(void)st;
	assert_true(ze_undisturbed(0x50000, 0x50000));
	assert_false(ze_undisturbed(0x50000, 0x60000));
	assert_false(ze_undisturbed(0x50001, 0x50001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_every_packet),
		cmocka_unit_test(more_packets_than_a_credit_counts),
		cmocka_unit_test(asks_seldom),
		cmocka_unit_test(burst),
		cmocka_unit_test(steady_rate),
		cmocka_unit_test(below_the_rate),
		cmocka_unit_test(pauses),
		cmocka_unit_test(credit_of_a_faster_one),
		cmocka_unit_test(exact_by_several),
		cmocka_unit_test(one_that_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
