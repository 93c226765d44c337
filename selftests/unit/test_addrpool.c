/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "aaa/addrpool.h"

#define BASE 0x0a640000 /* 10.100.0.0 */

static struct addrpool *new_pool(uint32_t gateway, uint32_t start, uint32_t end)
{
	const struct addrpool_cfg cfg = {
		.gateway = gateway, .start = start, .end = end, .dns = { 0x08080808, 0x08080404 }
	};
	struct addrpool *p = addrpool_new(&cfg);

	assert_non_null(p);
	return p;
}

static uint32_t take(struct addrpool *p)
{
	uint32_t ip = 0;

	assert_int_equal(addrpool_take(p, &ip), 0);
	return ip;
}

static void all_of_them_once(void **st)
{
	struct addrpool *p = new_pool(BASE + 1, BASE + 2, BASE + 200);
	uint32_t ip = 42;

	(void)st;
	assert_int_equal(addrpool_size(p), 199);
	for (uint32_t i = 2; i <= 200; i++)
		assert_int_equal(take(p), BASE + i);
	assert_int_equal(addrpool_used(p), 199);
	assert_int_equal(addrpool_take(p, &ip), -ENOSPC);
	assert_int_equal(ip, 42);
	addrpool_put(p, BASE + 100);
	assert_int_equal(take(p), BASE + 100);
	addrpool_free(p);
	addrpool_free(NULL);
}

static void released_rest_longest(void **st)
{
	struct addrpool *p = new_pool(BASE, BASE + 1, BASE + 5);

	(void)st;
	assert_int_equal(take(p), BASE + 1);
	assert_int_equal(take(p), BASE + 2);
	addrpool_put(p, BASE + 2);
	addrpool_put(p, BASE + 1);
	for (uint32_t i = 3; i <= 5; i++) /* addresses that were never assigned come first */
		assert_int_equal(take(p), BASE + i);
	addrpool_put(p, BASE + 4);
	assert_int_equal(take(p), BASE + 2); /* then the one that was released first */
	assert_int_equal(take(p), BASE + 1);
	assert_int_equal(take(p), BASE + 4);
	addrpool_free(p);
}

static void gateway_is_never_given(void **st)
{
	struct addrpool *p = new_pool(BASE + 2, BASE + 1, BASE + 3);
	struct addrpool *outside = new_pool(BASE, BASE + 1, BASE + 3);
	uint32_t ip;

	(void)st;
	assert_int_equal(addrpool_size(p), 2);
	assert_int_equal(take(p), BASE + 1);
	assert_int_equal(take(p), BASE + 3);
	assert_int_equal(addrpool_take(p, &ip), -ENOSPC);
	assert_int_equal(addrpool_claim(p, BASE + 2), -EADDRINUSE);
	addrpool_put(p, BASE + 2);
	assert_int_equal(addrpool_take(p, &ip), -ENOSPC);
	assert_int_equal(addrpool_used(p), 2);
	assert_int_equal(addrpool_claim(outside, BASE), -EADDRINUSE);
	addrpool_free(p);
	addrpool_free(outside);
}

static void claims(void **st)
{
	struct addrpool *p = new_pool(BASE, BASE + 1, BASE + 4);
	uint32_t ip;

	(void)st;
	assert_int_equal(addrpool_claim(p, BASE + 2), 0);
	assert_int_equal(addrpool_claim(p, BASE + 2), -EADDRINUSE);
	assert_int_equal(addrpool_claim(p, BASE + 5), -ERANGE);
	assert_int_equal(addrpool_claim(p, BASE - 1), -ERANGE);
	assert_int_equal(addrpool_used(p), 1);
	assert_int_equal(take(p), BASE + 1);
	assert_int_equal(take(p), BASE + 3); /* the claimed address is left out */
	/* An address that was claimed and released before the first pass waits like any other. */
	assert_int_equal(addrpool_claim(p, BASE + 4), 0);
	addrpool_put(p, BASE + 4);
	addrpool_put(p, BASE + 1);
	/* Claimed from the end of the free list. */
	assert_int_equal(addrpool_claim(p, BASE + 1), 0);
	assert_int_equal(take(p), BASE + 4);
	assert_int_equal(addrpool_take(p, &ip), -ENOSPC);
	addrpool_free(p);
}

static void needless_puts(void **st)
{
	struct addrpool *p = new_pool(BASE, BASE + 1, BASE + 2);
	uint32_t ip;

	(void)st;
	addrpool_put(p, BASE + 1);
	addrpool_put(p, BASE + 9);
	addrpool_put(p, 0);
	assert_int_equal(take(p), BASE + 1);
	addrpool_put(p, BASE + 1);
	addrpool_put(p, BASE + 1);
	assert_int_equal(take(p), BASE + 2);
	assert_int_equal(take(p), BASE + 1);
	assert_int_equal(addrpool_take(p, &ip), -ENOSPC);
	assert_int_equal(addrpool_used(p), 2);
	addrpool_free(p);
}

/* The first and the last addresses of IPv4. */
static void edges(void **st)
{
	struct addrpool *low = new_pool(9, 0, 1), *high = new_pool(9, UINT32_MAX - 1, UINT32_MAX);
	struct addrpool *one = new_pool(7, 7, 7);
	uint32_t ip;

	(void)st;
	assert_int_equal(take(low), 0);
	assert_int_equal(take(low), 1);
	assert_int_equal(take(high), UINT32_MAX - 1);
	assert_int_equal(take(high), UINT32_MAX);
	assert_int_equal(addrpool_claim(high, 0), -ERANGE);
	assert_int_equal(addrpool_size(one), 0);
	assert_int_equal(addrpool_take(one, &ip), -ENOSPC);
	addrpool_free(low);
	addrpool_free(high);
	addrpool_free(one);
}

/* Random operations, compared with a plain array. */
static void like_a_model(void **st)
{
	enum {
		N = 70,
		GATEWAY = 40
	};
	struct addrpool *p = new_pool(BASE + GATEWAY, BASE, BASE + N - 1);
	bool held[N] = { false };
	uint32_t used = 0, seed = 1;

	(void)st;
	for (unsigned i = 0; i < 50000; i++) {
		uint32_t at, ip = 0;
		int r;

		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % N;
		if (seed >> 30 == 0) {
			r = addrpool_take(p, &ip);
			assert_int_equal(r, used == N - 1 ? -ENOSPC : 0);
			at = r == 0 ? ip - BASE : at;
			assert_true(r < 0 || (at < N && at != GATEWAY && !held[at]));
		} else if (seed >> 30 == 1) {
			r = addrpool_claim(p, BASE + at);
			assert_int_equal(r, held[at] || at == GATEWAY ? -EADDRINUSE : 0);
		} else {
			addrpool_put(p, BASE + at);
			used -= held[at];
			held[at] = false;
			r = -1;
		}
		if (r == 0) {
			held[at] = true;
			used++;
		}
		assert_int_equal(addrpool_used(p), used);
	}
	addrpool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_once),	  cmocka_unit_test(released_rest_longest),
		cmocka_unit_test(gateway_is_never_given), cmocka_unit_test(claims),
		cmocka_unit_test(needless_puts),	  cmocka_unit_test(edges),
		cmocka_unit_test(like_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
