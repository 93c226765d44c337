/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines for a port that loses its carrier, is set down, removed, or flaps. Virtual time, no
 * kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/sys/net/news.h"
#include "daemon/sys/net/portwatch.h"
#include "selftests/lib/log_line.h"

static int setup(void **st)
{
	(void)st;
	log_line_catch();
	return 0;
}

static struct portwatch_port port(const char *role)
{
	return (struct portwatch_port){ .name = "up0",
					.role = role,
					.limit = { .every = ZE_SEC(10), .burst = 4 } };
}

/* F-A4: each way to lose a port has its own name and cure. */
static void states(void **st)
{
	static const struct {
		struct news n;
		enum port_state state;
		const char *says, *cure;
	} v[] = {
		{ { .up = true }, PORT_NO_CARRIER, "state=no-carrier", "cable" },
		{ { .up = false }, PORT_DOWN, "state=down", "ip link set dev up0 up" },
		{ { .gone = true, .up = true, .running = true },
		  PORT_GONE,
		  "state=gone",
		  "create up0" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(v); i++) {
		struct portwatch_port p = port("uplink");

		assert_int_equal(portwatch_state(&v[i].n), v[i].state);
		portwatch_set(&p, v[i].state, ZE_SEC(1));
		assert_non_null(strstr(log_line, "port-down interface=up0 role=uplink"));
		assert_non_null(strstr(log_line, v[i].says));
		assert_non_null(strstr(log_line, v[i].cure));
		assert_non_null(strstr(log_line, "LACs behind it cannot be reached"));
	}
	assert_int_equal(portwatch_state(&(struct news){ .up = true, .running = true }), PORT_UP);
}

static void changes_only(void **st)
{
	struct portwatch_port p = port("core");

	(void)st;
	portwatch_set(&p, PORT_UP, ZE_SEC(1));
	assert_int_equal(log_lines, 0);
	portwatch_set(&p, PORT_DOWN, ZE_SEC(1));
	portwatch_set(&p, PORT_DOWN, ZE_SEC(2));
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(log_line, "packets of subscribers cannot pass this port"));
	portwatch_set(&p, PORT_UP, ZE_SEC(3));
	assert_int_equal(log_lines, 2);
	assert_string_equal(log_line, "warn dp port-up interface=up0 role=core");
}

/* F-C14: a few lines, and the last state. */
static void flapping(void **st)
{
	struct portwatch_port p = port("uplink");

	(void)st;
	for (int i = 0; i < 25; i++)
		portwatch_set(&p, i % 2 ? PORT_UP : PORT_NO_CARRIER, ZE_SEC(1));
	assert_int_equal(log_lines, 4);
	assert_true(p.unsaid);
	portwatch_say(&p, ZE_SEC(2));
	assert_true(p.unsaid);
	portwatch_say(&p, ZE_SEC(20));
	assert_false(p.unsaid);
	assert_int_equal(log_lines, 5);
	assert_non_null(strstr(log_line, "port-down interface=up0"));
	assert_non_null(strstr(log_line, "suppressed="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(states, setup),
		cmocka_unit_test_setup(changes_only, setup),
		cmocka_unit_test_setup(flapping, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
