/* SPDX-License-Identifier: BSD-2-Clause */
/* The policer of bpf/police.h, compiled natively, in virtual time: bursts, rates, pauses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bpf/police.h"
#include "daemon/base/compiler.h"
#include "daemon/sys/bpf/gcra.h"
#include "shaping/rate.h"

#define SECOND 1000000000ull

static const uint64_t rates[] = { 8000,	    256000,    512000,	   2000000,
				  10000000, 100000000, 1000000000, 10000000000 };

struct offer { /* packets of one size, one per gap */
	uint32_t octets;
	uint64_t from, to, gap;
};

/* Returns the octets that pass. */
static uint64_t pass(__u64 *tat, uint32_t cost, struct offer o)
{
	uint64_t n = 0;

	for (uint64_t t = o.from; t < o.to; t += o.gap)
		if (ze_conforms(tat, cost, o.octets, t))
			n += o.octets;
	return n;
}

/* All at the same time: the burst passes, and the packet that exceeds it. */
static void burst(void **st)
{
	static const struct {
		uint64_t bps, octets;
	} rows[] = {
		{ RATE_MIN, 4000 },			    /* 4 s */
		{ 29999, 14999 },	  { 32000, 15000 }, /* ten packets */
		{ 256000, 15000 },	  { 479999, 15000 },
		{ 512000, 16000 }, /* 250 ms */
		{ 999999, 31249 },	  { 1000000, 31250 },
		{ 1200000, 37500 },	  { 2000000, 62500 },
		{ 10000000, 312500 },	  { 100000000, 3125000 },
		{ 1000000000, 31250000 }, { 10000000000, 312500000 },
		{ RATE_MAX, 3125000000 },
	};

	(void)st;
	assert_int_equal(gcra_cost(0), 0); /* no limit */
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint32_t cost = gcra_cost(rows[i].bps);
		uint64_t want = rows[i].octets;
		uint64_t got = 0;
		__u64 tat = 0;

		while (ze_conforms(&tat, cost, 1500, SECOND))
			got += 1500;
		assert_in_range(got, want, want + want / 1000 + 1500);
		assert_false(ze_conforms(&tat, cost, 64, SECOND));
	}
}

/* The bounds that the header promises, for every rate. */
static void bursts_hold_their_promise(void **st)
{
	(void)st;
	for (uint64_t bps = RATE_MIN; bps <= RATE_MAX; bps += bps / 7) {
		uint64_t ns = ze_burst_ns(gcra_cost(bps)), octets = ns * (bps / 8) / SECOND;

		assert_true(ns <= 4000000000u && ns >= SECOND / 4);
		assert_true(octets >= 1500);
		if (bps >= 256000)
			assert_true(octets * 1001 / 1000 >= 15000);
	}
}

/* Twice the rate is offered for ten seconds after a full burst: the rate passes. */
static void steady_rate(void **st)
{
	static const uint32_t sizes[] = { 64, 576, 1500, 9000 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rates) - 1; i++)
		for (size_t k = 0; k < ZE_ARRAY_SIZE(sizes); k++) {
			uint32_t cost = gcra_cost(rates[i]);
			uint64_t gap = sizes[k] * 4 * SECOND / rates[i];
			uint64_t span = rates[i] < 10000000 ? 100 * SECOND : SECOND / 4;
			uint64_t got, want = span / 1000 * rates[i] / 8000000;
			__u64 tat = 0;

			while (ze_conforms(&tat, cost, sizes[k], SECOND))
				;
			got = pass(&tat, cost,
				   (struct offer){ sizes[k], SECOND, SECOND + span, gap });
			assert_in_range(got, want - want / 200 - sizes[k],
					want + want / 200 + sizes[k]);
		}
}

/* Traffic below the rate is never dropped, however long it lasts. */
static void below_the_rate(void **st)
{
	uint32_t cost = gcra_cost(1000000);
	uint64_t gap = 1500 * 8 * SECOND / 990000;
	__u64 tat = 0;

	(void)st;
	assert_int_equal(pass(&tat, cost,
			      (struct offer){ 1500, SECOND, SECOND + 10000 * gap, gap }),
			 10000 * 1500);
}

/* A pause gives back the rate times its duration, and never more than the burst. */
static void replenishment(void **st)
{
	uint32_t cost = gcra_cost(10000000); /* burst 312 500 octets, 250 ms */
	__u64 tat = 0;
	uint64_t now = SECOND;

	(void)st;
	pass(&tat, cost, (struct offer){ 1000, now, now + 1000, 1 });
	now += SECOND / 100; /* 10 ms: 12 500 octets */
	assert_in_range(pass(&tat, cost, (struct offer){ 1000, now, now + 1000, 1 }), 12000, 13000);
	now += SECOND / 20; /* 50 ms */
	assert_in_range(pass(&tat, cost, (struct offer){ 1000, now, now + 1000, 1 }), 62000, 63000);
	now += 3600 * SECOND;
	assert_in_range(pass(&tat, cost, (struct offer){ 1000, now, now + 1000, 1 }), 312500,
			314000);
}

/* The clock of another processor may be slightly behind. */
static void clock_behind(void **st)
{
	uint32_t cost = gcra_cost(RATE_MIN);
	__u64 tat = 0;

	(void)st;
	assert_true(ze_conforms(&tat, cost, 1500, SECOND));
	assert_true(ze_conforms(&tat, cost, 1500, SECOND - 1000));
	assert_true(tat == SECOND + 3 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst),	 cmocka_unit_test(bursts_hold_their_promise),
		cmocka_unit_test(steady_rate),	 cmocka_unit_test(below_the_rate),
		cmocka_unit_test(replenishment), cmocka_unit_test(clock_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
