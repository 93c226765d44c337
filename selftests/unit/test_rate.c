/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/base/compiler.h"
#include "shaping/rate.h"

static void rates_as_tc_writes_them(void **st)
{
	static const struct {
		const char *text;
		uint64_t bps;
	} rows[] = {
		{ "10mbit", 10000000 },
		{ "512kbit", 512000 },
		{ "1gbit", 1000000000 },
		{ "2500000bit", 2500000 },
		{ "8000", 8000 },
		{ "100gbit", 100000000000 },
		{ "0.1tbit", 100000000000 },
		{ "1.5mbit", 1500000 },
		{ "0.000001tbit", 1000000 },
		{ "12345.678901kbit", 12345678 }, /* and 901 thousandths of a bit per second */
		{ "8kibit", 8192 },
		{ "1mibit", 1048576 },
		{ "1gibit", 1073741824 },
		{ "0.05tibit", 54975581388 },
		{ "1000bps", 8000 },
		{ "250kbps", 2000000 },
		{ "1mbps", 8000000 },
		{ "12.5gbps", 100000000000 },
		{ "0.01tbps", 80000000000 },
		{ "1kibps", 8192 },
		{ "1mibps", 8388608 },
		{ "1gibps", 8589934592 },
		{ "0.01tibps", 87960930222 },
		{ "10Mbit", 10000000 },
		{ "10MBIT", 10000000 },
		{ "00010mbit", 10000000 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint64_t bps = 0;

		if (rate_parse(rows[i].text, &bps) != 0 || bps != rows[i].bps)
			fail_msg("%s: %llu", rows[i].text, (unsigned long long)bps);
	}
}

static void not_rates(void **st)
{
	static const char *const rows[] = {
		"",	     "mbit",	      "-10mbit",
		"+10mbit",   " 10mbit",	      "10 mbit",
		"10mbit ",   "10mbitx",	      "10mb",
		"10m",	     "0x10mbit",      "1e6",
		".5mbit",    "1.mbit",	      "1..5mbit",
		"1.5.5mbit", "1,5mbit",	      "nanbit",
		"infbit",    "1.0000001mbit", "1.00000000000000000000000mbit",
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint64_t bps = 7;

		if (rate_parse(rows[i], &bps) != -EINVAL || bps != 7)
			fail_msg("\"%s\" is a rate", rows[i]);
	}
}

static void out_of_range(void **st)
{
	static const char *const rows[] = {
		"0",
		"0mbit",
		"7999",
		"7.999999kbit",
		"0.000001mbit",
		"999bps",
		"100000000001",
		"100.000001gbit",
		"12.500001gbps",
		"1tbit",
		"18446744073709551616",			  /* 2^64 */
		"18446744073709559616",			  /* and 8000 */
		"2305843009213693952.001kbps",		  /* 2^61 */
		"99999999999999999999999999999999999bit", /* whatever its value modulo 2^64 */
		"100000000000tibps",
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint64_t bps = 7;

		if (rate_parse(rows[i], &bps) != -ERANGE || bps != 7)
			fail_msg("\"%s\" is in range", rows[i]);
	}
}

static void printed_and_read_back(void **st)
{
	static const struct {
		uint64_t bps;
		const char *text;
	} rows[] = {
		{ 10000000, "10mbit" },	    { 512000, "512kbit" },	{ 1000000000, "1gbit" },
		{ 2500000, "2500kbit" },    { 8001, "8001bit" },	{ 100000000000, "100gbit" },
		{ 1048576, "1048576bit" },  { 8000, "8kbit" },		{ 0, "0bit" },
		{ 1000000000000, "1tbit" }, { 1500000000, "1500mbit" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		char text[RATE_TEXT];
		uint64_t bps;

		assert_string_equal(rate_text(rows[i].bps, text), rows[i].text);
		if (rows[i].bps >= RATE_MIN && rows[i].bps <= RATE_MAX) {
			assert_int_equal(rate_parse(text, &bps), 0);
			assert_true(bps == rows[i].bps);
		}
	}
	assert_int_equal(sizeof("18446744073709551615bit"), RATE_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_as_tc_writes_them),
		cmocka_unit_test(not_rates),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(printed_and_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
