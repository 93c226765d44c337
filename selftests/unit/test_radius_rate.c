/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "aaa/radius_rate.h"
#include "daemon/base/compiler.h"

#define K     1000ull
#define M     1000000ull
#define G     1000000000ull
#define UNSET RADIUS_RATE_UNSET
#define BAD   12345 /* as down: the text is refused */

struct row {
	const char *text;
	uint64_t down, up;
};

typedef bool parser(struct span text, struct radius_rate *ret);

/* A refused text leaves the result alone. */
static void assert_rates(parser *parse, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct radius_rate r = { .down_bps = BAD };
		char *exact = strdup(rows[i].text); /* so that a sanitizer sees a read beyond it */
		bool ok = parse(span_of(exact, strlen(exact)), &r);

		free(exact);
		if (ok != (rows[i].down != BAD) || r.down_bps != rows[i].down ||
		    (ok && r.up_bps != rows[i].up))
			fail_msg("%s: %s, down %llu, up %llu", rows[i].text, ok ? "ok" : "refused",
				 (unsigned long long)r.down_bps, (unsigned long long)r.up_bps);
	}
}

/* S-AAA-39, S-AAA-40, R-071 */
static void filter_id(void **st)
{
	static const struct row rows[] = {
		{ "10mbit/2mbit", 10 * M, 2 * M },
		{ "10mbit", 10 * M, 10 * M },
		{ "rate:10mbit/2mbit", 10 * M, 2 * M },
		{ "RATE:10Mbit/2MBIT", 10 * M, 2 * M },
		{ "rate:512kbit", 512 * K, 512 * K },
		{ "64000bit/8000bit", 64 * K, 8 * K },
		{ "1gbit/100mbit", G, 100 * M },
		{ "1.5mbit/0.5mbit", 1500 * K, 500 * K },
		{ "1000bps/1kbps", 8 * K, 8 * K },
		{ "1mbps/250kbps", 8 * M, 2 * M },
		{ "1gbps", 8 * G, 8 * G },
		{ "2000/3000", 2 * M, 3 * M },
		{ "1000", M, M },
		{ "2000\\3000", 2 * M, 3 * M },
		{ "2000:3000", 2 * M, 3 * M },
		{ "5,2000/3000", 2 * M, 3 * M },
		{ "10M/2M", 10 * M, 2 * M },
		{ "10m/512k", 10 * M, 512 * K },
		{ "1g/1G", G, G },
		{ "0/0", 0, 0 },
		{ "0/10mbit", 0, 10 * M },
		{ "100gbit", 100 * G, 100 * G },
		{ "", BAD, 0 },
		{ "/", BAD, 0 },
		{ "10mbit/", BAD, 0 },
		{ "/10mbit", BAD, 0 },
		{ "10mbit/2mbit/1mbit", BAD, 0 },
		{ "10 mbit", BAD, 0 },
		{ "10mbit 2mbit", BAD, 0 },
		{ "rate:", BAD, 0 },
		{ "rate:fast", BAD, 0 },
		{ "5,", BAD, 0 },
		{ ",2000", BAD, 0 },
		{ "a,2000", BAD, 0 },
		{ "101.in", BAD, 0 },
		{ "premium", BAD, 0 },
		{ "-1", BAD, 0 },
		{ "+1mbit", BAD, 0 },
		{ "1e6", BAD, 0 },
		{ "0x10mbit", BAD, 0 },
		{ "7999bit", BAD, 0 },
		{ "7", BAD, 0 },
		{ "101gbit", BAD, 0 },
		{ "99999999999999999999", BAD, 0 },
		{ "10mbit/1", BAD, 0 },
		{ "000000000000000000000000000000010m", BAD, 0 },
		{ "k", BAD, 0 },
		{ "kbit", BAD, 0 },
		{ "10kk", BAD, 0 },
	};
	struct radius_rate r;

	(void)st;
	assert_rates(radius_rate_filter, rows, ZE_ARRAY_SIZE(rows));
	assert_false(radius_rate_filter(span_of("10mbit\0", 7), &r));
	assert_false(radius_rate_filter((struct span){ 0 }, &r));
}

/* S-AAA-41, R-070: rx, the first one, is from the subscriber. */
static void mikrotik(void **st)
{
	static const struct row rows[] = {
		{ "10M/50M", 50 * M, 10 * M },
		{ "512k", 512 * K, 512 * K },
		{ "512000/1000000", M, 512 * K },
		{ "2M/10M 4M/20M 1M/5M 10/10 8 64k/64k", 10 * M, 2 * M },
		{ " 2M/10M  4M", 10 * M, 2 * M },
		{ "1G/1g", G, G },
		{ "0/10M", 10 * M, 0 },
		{ "", BAD, 0 },
		{ " ", BAD, 0 },
		{ "10M/", BAD, 0 },
		{ "10M/fast", BAD, 0 },
		{ "10M:50M", BAD, 0 },
		{ "rate:10M", BAD, 0 },
		{ "unlimited", BAD, 0 },
		{ "512", BAD, 0 },
	};

	(void)st;
	assert_rates(radius_rate_mikrotik, rows, ZE_ARRAY_SIZE(rows));
}

/* S-AAA-42, R-071: output is towards the subscriber. */
static void cisco(void **st)
{
	static const struct row rows[] = {
		{ "lcp:interface-config#1=rate-limit output 10000000 1875000 3750000 conform-action "
		  "transmit exceed-action drop",
		  10 * M, UNSET },
		{ "lcp:interface-config#1=rate-limit input 2000000 375000 750000", UNSET, 2 * M },
		{ "lcp:interface-config=rate-limit output 10000000", 10 * M, UNSET },
		{ "ip:interface-config=rate-limit input 64000 8000 8000", UNSET, 64 * K },
		{ "subscriber:rate-limit output access-group 101 512000 8000 8000", 512 * K,
		  UNSET },
		{ "rate-limit  output  10M", 10 * M, UNSET },
		{ "rate-limit output", BAD, 0 },
		{ "rate-limit output ", BAD, 0 },
		{ "rate-limit output access-group", BAD, 0 },
		{ "rate-limit output access-group 101", BAD, 0 },
		{ "rate-limit sideways 10000000", BAD, 0 },
		{ "rate-limit 10000000", BAD, 0 },
		{ "rate-limit output 10000000/2000000", BAD, 0 },
		{ "ip:sub-qos-policy-out=gold", BAD, 0 },
		{ "ip:addr-pool=main", BAD, 0 },
		{ "rate-limit", BAD, 0 },
		{ "", BAD, 0 },
	};

	(void)st;
	assert_rates(radius_rate_cisco, rows, ZE_ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_id),
		cmocka_unit_test(mikrotik),
		cmocka_unit_test(cisco),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
