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
	const struct observer all = { .name = "all", .wants = UINT32_MAX, .on_event = hear };
	const struct observer ups = { .name = "ups",
				      .wants = EV_BIT(EV_SESSION_UP),
				      .on_event = hear };
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

struct alarm { /* an observer with one timer */
	ze_ns due, every;
	unsigned rang;
};

static ze_ns alarm_deadline(const void *self)
{
	return ((const struct alarm *)self)->due;
}

static void alarm_expire(void *self, ze_ns now)
{
	struct alarm *a = self;

	assert_true(a->due <= now);
	a->rang++;
	a->due = a->every ? a->due + a->every : ZE_NEVER;
}

/* The earliest timer of all observers; only those that are due are served. */
static void timers(void **st)
{
	const struct observer none = { .name = "none", .on_event = hear };
	const struct observer o = { .name = "alarm",
				    .on_event = hear,
				    .deadline = alarm_deadline,
				    .expire = alarm_expire };
	struct alarm a = { .due = 100 }, b = { .due = 70, .every = 50 };
	struct bus bus = { 0 };

	(void)st;
	assert_int_equal(bus_deadline(&bus), ZE_NEVER);
	bus_add(&bus, &none, NULL);
	assert_int_equal(bus_deadline(&bus), ZE_NEVER);
	bus_add(&bus, &o, &a);
	bus_add(&bus, &o, &b);
	assert_int_equal(bus_deadline(&bus), 70);
	bus_expire(&bus, 69);
	assert_int_equal(a.rang + b.rang, 0);
	bus_expire(&bus, 70);
	assert_int_equal(b.rang, 1);
	assert_int_equal(bus_deadline(&bus), 100);
	bus_expire(&bus, 120);
	assert_int_equal(a.rang, 1);
	assert_int_equal(b.rang, 2);
	assert_int_equal(bus_deadline(&bus), 170);
}

static void full(void **st)
{
	const struct observer o = { .name = "o", .wants = 0, .on_event = hear };
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
	assert_string_equal(event_kind_name(EV_SESSION_CHANGED), "session-changed");
	assert_string_equal(event_kind_name(EV__COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_wanted_in_order),
		cmocka_unit_test(timers),
		cmocka_unit_test(full),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
