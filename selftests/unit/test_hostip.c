/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "daemon/base/hostip.h"

static struct hostip entry(uint32_t ip, unsigned ifindex, uint8_t len)
{
	struct hostip a = {
		.ip = ip, .subnet = ip, .len = len, .ifindex = ifindex, .neighbours = true
	};

	snprintf(a.name, sizeof(a.name), "if%u", ifindex);
	return a;
}

/* F-B4: an address is found until it was removed as often as it was added, on each interface
 * separately. */
static void comes_and_goes(void **st)
{
	struct hostip_set s = { 0 };
	const struct hostip a = entry(7, 2, 24), b = entry(7, 1, 24), c = entry(7, 1, 32);

	(void)st;
	assert_null(hostip_find(&s, 7));
	hostip_del(&s, &a);
	assert_int_equal(hostip_add(&s, &a), 0);
	assert_int_equal(hostip_add(&s, &a), 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(hostip_add(&s, &b), 0);
	assert_int_equal(hostip_add(&s, &c), 0);
	assert_string_equal(hostip_find(&s, 7)->name, "if1");
	hostip_del(&s, &b);
	hostip_del(&s, &b);
	assert_true(hostip_has(&s, &c) && !hostip_has(&s, &b));
	hostip_del(&s, &c);
	assert_string_equal(hostip_find(&s, 7)->name, "if2");
	hostip_del(&s, &a);
	assert_null(hostip_find(&s, 7));
	assert_int_equal(s.n, 0);
	hostip_done(&s);
}

/* F-B4: compared with an array of flags, in random order; its neighbours are not found in its
 * place. */
static void any_order(void **st)
{
	struct hostip_set s = { 0 }, copy = { 0 };
	bool there[512] = { false };

	(void)st;
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t k = i * 2654435761u >> 23;
		const struct hostip a = entry(k * 2, 1, 32);

		if (there[k])
			hostip_del(&s, &a);
		else
			assert_int_equal(hostip_add(&s, &a), 0);
		there[k] = !there[k];
	}
	assert_int_equal(hostip_copy(&copy, &s), 0);
	hostip_clear(&s);
	assert_null(hostip_find(&s, 0));
	for (uint32_t k = 0; k < 512; k++) {
		assert_int_equal(hostip_find(&copy, k * 2) != NULL, there[k]);
		assert_null(hostip_find(&copy, k * 2 + 1));
	}
	hostip_done(&s);
	hostip_done(&copy);
}

static void is_bounded(void **st)
{
	struct hostip_set s = { 0 };

	(void)st;
	for (uint32_t i = 0; i < HOSTIP_MAX; i++) {
		const struct hostip a = entry(i, 1, 32);

		assert_int_equal(hostip_add(&s, &a), 0);
	}
	for (uint32_t i = 0; i < 3; i++) {
		const struct hostip a = entry(HOSTIP_MAX + i, 1, 32);

		assert_int_equal(hostip_add(&s, &a), -ENOSPC);
	}
	assert_int_equal(s.n, HOSTIP_MAX);
	assert_int_equal(s.ignored, 3);
	hostip_done(&s);
}

static void subnets(void **st)
{
	struct hostip a = entry(0xc0000285, 1, 25);
	char text[ZE_PREFIX_TEXT];
	uint32_t first = 0, last = 0;

	(void)st;
	assert_true(hostip_range(&a, &first, &last));
	assert_int_equal(first, 0xc0000280);
	assert_int_equal(last, 0xc00002ff);
	assert_string_equal(hostip_subnet_text(&a, text), "192.0.2.128/25");
	a.len = 0;
	assert_true(hostip_range(&a, &first, &last));
	assert_int_equal(first, 0);
	assert_int_equal(last, UINT32_MAX);
	a.len = 32;
	assert_false(hostip_range(&a, &first, &last));
	assert_string_equal(hostip_subnet_text(&a, text), "192.0.2.133/32");
	a.len = 24;
	a.neighbours = false;
	assert_false(hostip_range(&a, &first, &last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(any_order),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(subnets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
