/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/base/addr.h"

static struct ze_addr addr(const char *ip, uint16_t port)
{
	struct ze_addr a;

	assert_int_equal(ze_addr_parse(ip, port, &a), 0);
	return a;
}

static void text_and_back(void **st)
{
	static const struct {
		const char *ip, *text;
		uint16_t port;
	} v[] = {
		{ "192.0.2.1", "192.0.2.1:1701", 1701 },
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "2001:DB8::1", "[2001:db8::1]:65535", 65535 },
		{ "2001:db8::1", "2001:db8::1", 0 },
		{ "fe80::1%4294967295", "[fe80::1%4294967295]:1701", 1701 },
		{ "fe80::1%2", "fe80::1%2", 0 },
		{ "::", "[::]:1", 1 },
		{ "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:9", 9 },
		{ "fe80:1111:2222:3333:4444:5555:6666:7777%4294967295",
		  "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535", 65535 },
	};
	char buf[ZE_ADDR_TEXT];

	(void)st;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct ze_addr a = addr(v[i].ip, v[i].port);

		assert_string_equal(ze_addr_text(&a, buf), v[i].text);
	}
	assert_string_equal(ze_addr_text(&(struct ze_addr){ 0 }, buf), "none");
}

static void refused(void **st)
{
	static const char *const bad[] = {
		"",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"host",
		"::g",
		"[::1]",
		"1.2.3.4:5",
		"fe80::1%",
		"fe80::1%0",
		"fe80::1%x",
		"fe80::1%4294967296",
		"::1%1",
		" 1.2.3.4",
		"1.2.3.4%1",
		"1.2.3.4 ",
		"01.2.3.4",
		"fe80::1%-1",
		"fe80::1%99999999999",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
	};
	struct ze_addr a = { .family = 9 };
	uint32_t ip = 7;

	(void)st;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ze_addr_parse(bad[i], 1, &a), -EINVAL);
	assert_int_equal(a.family, 9);
	assert_int_equal(ze_ip4_parse("::1", &ip), -EINVAL);
	assert_int_equal(ze_ip4_parse("1.2.3", &ip), -EINVAL);
	assert_int_equal(ip, 7);
}

static void comparison(void **st)
{
	struct ze_addr a = addr("192.0.2.1", 1701), b = addr("192.0.2.1", 1702);
	struct ze_addr c = addr("192.0.2.2", 1701), d = addr("fe80::1%1", 1701);
	struct ze_addr e = addr("fe80::1%2", 1701), f = addr("192.0.2.1", 1701);

	(void)st;
	assert_true(ze_addr_eq(&a, &f));
	assert_memory_equal(&a, &f, sizeof(a));
	assert_false(ze_addr_eq(&a, &b));
	assert_true(ze_addr_same_ip(&a, &b));
	assert_false(ze_addr_same_ip(&a, &c));
	assert_false(ze_addr_same_ip(&d, &e));
	a.family = 6;
	assert_false(ze_addr_same_ip(&a, &f));
}

static void prefixes(void **st)
{
	static const char *const bad[] = { "10.0.0.1/8",  "10.0.0.0/33", "10.0.0.0/",
					   "10.0.0.0/-1", "10.0.0.0/x",	 "2001:db8::1/64",
					   "::/129",	  "/8",		 "10.0.0.0/8/8",
					   "fe80::%1/64", "10.0.0.0/8 " };
	struct ze_prefix p;
	struct ze_addr in = addr("10.9.255.255", 5), out = addr("10.10.0.0", 5);
	struct ze_addr six = addr("2001:db8:0:f::1", 0), seven = addr("2001:db8:0:10::1", 0);

	(void)st;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ze_prefix_parse(bad[i], &p), -EINVAL);
	assert_int_equal(ze_prefix_parse("10.8.0.0/15", &p), 0);
	assert_int_equal(p.len, 15);
	assert_true(ze_prefix_has(&p, &in));
	assert_false(ze_prefix_has(&p, &out));
	assert_false(ze_prefix_has(&p, &six));
	assert_int_equal(ze_prefix_parse("0.0.0.0/0", &p), 0);
	assert_true(ze_prefix_has(&p, &out));
	assert_int_equal(ze_prefix_parse("10.10.0.0", &p), 0);
	assert_int_equal(p.len, 32);
	assert_true(ze_prefix_has(&p, &out));
	assert_false(ze_prefix_has(&p, &in));
	assert_int_equal(ze_prefix_parse("2001:db8::/60", &p), 0);
	assert_true(ze_prefix_has(&p, &six));
	assert_false(ze_prefix_has(&p, &seven));
}

static void ip4(void **st)
{
	char buf[ZE_ADDR_TEXT];
	uint32_t ip;

	(void)st;
	assert_int_equal(ze_ip4_parse("10.100.0.1", &ip), 0);
	assert_int_equal(ip, 0x0a640001);
	assert_string_equal(ze_ip4_text(ip, buf), "10.100.0.1");
	assert_string_equal(ze_ip4_text(0xffffffff, buf), "255.255.255.255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back), cmocka_unit_test(refused),
		cmocka_unit_test(comparison),	 cmocka_unit_test(prefixes),
		cmocka_unit_test(ip4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
