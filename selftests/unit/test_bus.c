/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/core/bus.h"

static char heard[64];

static void hear(void *self, const struct event *e)
{
	size_t n = strlen(heard);

	heard[n] = *(const char *)self;
	heard[n + 1] = (char)('0' + (int)e->kind);
}

static void only_what_is_wanted_in_order(void **st)
{
	const struct observer all = { "all", UINT32_MAX, hear };
	const struct observer ups = { "ups", EV_BIT(EV_SESSION_UP), hear };
	struct bus b = { 0 };

	(void)st;
	memset(heard, 0, sizeof(heard));
	assert_int_equal(bus_add(&b, &all, "a"), 0);
	assert_int_equal(bus_add(&b, &ups, "u"), 0);
	bus_publish(&b, &(struct event){ .kind = EV_TUNNEL_UP });
	bus_publish(&b, &(struct event){ .kind = EV_SESSION_UP });
	bus_publish(&b, &(struct event){ .kind = EV_SESSION_DOWN });
	assert_string_equal(heard, "a0a3u3a4");
}

static void full(void **st)
{
	const struct observer o = { "o", 0, hear };
	struct bus b = { 0 };

	(void)st;
	for (int i = 0; i < BUS_OBSERVERS_MAX; i++)
		assert_int_equal(bus_add(&b, &o, NULL), 0);
	assert_int_equal(bus_add(&b, &o, NULL), -ENOSPC);
}

/* The names of events, which never change, and one for every kind. */
static void names(void **st)
{
	(void)st;
	for (int k = 0; k < EV__COUNT; k++)
		assert_string_not_equal(event_kind_name((enum event_kind)k), "unknown");
	assert_string_equal(event_kind_name(EV_TUNNEL_UP), "tunnel-up");
	assert_string_equal(event_kind_name(EV_SESSION_UP), "session-up");
	assert_string_equal(event_kind_name(EV_SESSION_DOWN), "session-down");
	assert_string_equal(event_kind_name(EV_ECHO_RTT), "echo-rtt");
	assert_string_equal(event_kind_name(EV_DISCONNECT_REQUESTED), "disconnect-requested");
	assert_string_equal(event_kind_name(EV__COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_wanted_in_order),
		cmocka_unit_test(full),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
