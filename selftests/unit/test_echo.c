/* SPDX-License-Identifier: BSD-2-Clause */
/* LCP Echo keepalive, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/echo.h"
#include "selftests/lib/ppp_kit.h"

#define OUR_MAGIC  0x11111111
#define PEER_MAGIC 0x22222222

static struct echo e;
static struct ppp_fx fx;
static ze_ns now;

static void start(ze_ns interval, ze_ns timeout, uint8_t failures)
{
	static struct echo_cfg cfg;

	cfg = (struct echo_cfg){ interval, timeout, failures };
	now = ZE_SEC(100);
	echo_init(&e, &cfg);
	assert_true(echo_deadline(&e) == ZE_NEVER);
	echo_start(&e, now);
}

static bool advance_to(ze_ns t)
{
	now = t;
	ppp_fx_init(&fx);
	return echo_expire(&e, OUR_MAGIC, now, &fx);
}

static void reply(uint8_t id, const char *data)
{
	struct cp_pkt p;

	assert_int_equal(cp_pkt_parse(kit_pkt(LCP_ECHO_REPLY, id, data), &p), 0);
	ppp_fx_init(&fx);
	echo_reply(&e, &p, (struct echo_magic){ OUR_MAGIC, PEER_MAGIC }, now, &fx);
}

static uint8_t send_next(void)
{
	assert_true(advance_to(echo_deadline(&e)));
	assert_int_equal(kit_count(&fx, PPP_FX_ECHO_SENT), 1);
	return kit_sent_one(&fx, PPP_LCP, LCP_ECHO_REQ, "11111111");
}

static void sends_on_time(void **st)
{
	uint8_t first;

	(void)st;
	start(ZE_SEC(10), ZE_SEC(5), 3);
	assert_true(echo_deadline(&e) == ZE_SEC(110));
	assert_true(advance_to(ZE_SEC(110) - 1));
	assert_int_equal(fx.n, 0);
	first = send_next();
	reply(first, "22222222");
	assert_true(echo_deadline(&e) == ZE_SEC(120));
	assert_int_not_equal(send_next(), first);
	echo_stop(&e);
	assert_true(echo_deadline(&e) == ZE_NEVER);
	assert_true(advance_to(ZE_SEC(500)));
	assert_int_equal(fx.n, 0);
}

static void no_interval_no_echo(void **st)
{
	(void)st;
	start(0, ZE_SEC(5), 3);
	assert_true(echo_deadline(&e) == ZE_NEVER);
}

static void round_trip_times(void **st)
{
	static const ze_ns rtts[] = { ZE_MS(30), ZE_MS(10), ZE_MS(50) };

	(void)st;
	start(ZE_SEC(1), ZE_SEC(5), 3);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rtts); i++) {
		uint8_t id = send_next();

		now += rtts[i];
		reply(id, "22222222");
		assert_int_equal(fx.n, 1);
		assert_int_equal(fx.e[0].kind, PPP_FX_ECHO_RTT);
		assert_true(fx.e[0].rtt == rtts[i] && e.last_rtt == rtts[i]);
	}
	assert_true(e.min_rtt == ZE_MS(10) && e.max_rtt == ZE_MS(50));
	assert_int_equal(e.replies, 3);
}

/* A late reply counts for the request it answers until that one is counted as lost. */
static void late_replies(void **st)
{
	uint8_t a, b;

	(void)st;
	start(ZE_SEC(1), ZE_MS(2500), 3);
	a = send_next();
	b = send_next();
	now += ZE_MS(100);
	reply(a, "22222222");
	assert_true(e.last_rtt == ZE_MS(1100));
	reply(b, "00000000"); /* a peer that negotiated no magic number */
	assert_true(e.last_rtt == ZE_MS(100));
	a = send_next();
	assert_true(advance_to(now + ZE_MS(2500)));
	assert_int_equal(kit_count(&fx, PPP_FX_ECHO_LOST), 1);
	reply(a, "22222222");
	kit_refused(&fx, REASON_ECHO_ID);
}

/* F-C7: a reply with a foreign magic number is counted, and the peer counts as alive. */
static void foreign_magic(void **st)
{
	uint8_t id;

	(void)st;
	start(ZE_SEC(1), ZE_SEC(5), 3);
	id = send_next();
	reply(id, "33333333");
	kit_refused(&fx, REASON_ECHO_MAGIC);
	assert_int_equal(e.replies, 1);
	assert_int_equal(kit_count(&fx, PPP_FX_ECHO_RTT), 1);
	reply(id, "33333333");
	kit_refused(&fx, REASON_ECHO_ID);
}

/* P-039: none of these replies is a sample. */
static void wrong_replies(void **st)
{
	uint8_t id;

	(void)st;
	start(ZE_SEC(1), ZE_SEC(5), 3);
	id = send_next();
	reply((uint8_t)(id + 1), "22222222");
	kit_refused(&fx, REASON_ECHO_ID);
	reply(id, "11111111");
	kit_refused(&fx, REASON_ECHO_LOOP);
	reply(id, "2222");
	kit_refused(&fx, REASON_CP_LEN);
	assert_int_equal(e.replies, 0);
	reply(id, "22222222 aabb");
	assert_int_equal(e.replies, 1);
	reply(id, "22222222"); /* twice */
	kit_refused(&fx, REASON_ECHO_ID);
}

/* P-040: only losses in a row count; the last one ends the session at its own deadline. */
static void dead_after_losses_in_a_row(void **st)
{
	uint8_t id;

	(void)st;
	start(ZE_SEC(10), ZE_SEC(5), 2);
	send_next();
	assert_true(advance_to(echo_deadline(&e)));
	assert_int_equal(e.lost_in_row, 1);
	id = send_next();
	reply(id, "22222222");
	assert_int_equal(e.lost_in_row, 0);
	send_next();
	assert_true(advance_to(echo_deadline(&e)));
	send_next();
	assert_true(advance_to(echo_deadline(&e) - 1));
	assert_false(advance_to(echo_deadline(&e)));
	assert_int_equal(e.lost, 3);
	echo_start(&e, now);
	assert_true(advance_to(echo_deadline(&e)));
}

static void never_dead_without_a_limit(void **st)
{
	(void)st;
	start(ZE_SEC(1), ZE_MS(500), 0);
	for (int i = 0; i < 1000; i++)
		assert_true(advance_to(echo_deadline(&e)));
	assert_int_equal(e.sent, 500);
	assert_int_equal(e.lost, 500);
}

/* More outstanding requests than slots: the timeout is kept, and a request is skipped. */
static void slots_are_full(void **st)
{
	(void)st;
	start(ZE_SEC(1), ZE_SEC(20), 1);
	for (int i = 0; i < ECHO_OUTSTANDING; i++)
		send_next();
	assert_true(advance_to(echo_deadline(&e)));
	assert_int_equal(fx.n, 0);
	assert_true(echo_deadline(&e) == ZE_SEC(110));
	while (now < ZE_SEC(120))
		assert_true(advance_to(echo_deadline(&e)));
	assert_int_equal(e.sent, ECHO_OUTSTANDING);
	assert_true(echo_deadline(&e) == ZE_SEC(121));
	assert_false(advance_to(ZE_SEC(121)));
}

/* After a pause of the daemon the missed requests are not sent. */
static void no_burst_after_a_pause(void **st)
{
	(void)st;
	start(ZE_SEC(1), ZE_SEC(5), 3);
	assert_true(advance_to(ZE_SEC(160)));
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 0);
	assert_in_range(echo_deadline(&e), ZE_SEC(160) + 1, ZE_SEC(161));
	assert_true(advance_to(ZE_SEC(300))); /* late again: now one is sent */
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 1);
	assert_true(echo_deadline(&e) == ZE_SEC(301));
}

/* F-D4: after a pause, the overdue echoes of many links are spread over the interval. */
static void overdue_echoes_are_spread(void **st)
{
	static const struct echo_cfg cfg = { .interval = ZE_SEC(10),
					     .timeout = ZE_SEC(5),
					     .failures = 3 };
	static struct echo many[2000];
	unsigned per_100ms[101] = { 0 }, sent = 0;

	(void)st;
	for (uint32_t i = 0; i < ZE_ARRAY_SIZE(many); i++) {
		echo_init(&many[i], &cfg);
		echo_restore(&many[i], i * 2654435761u >> 8, ZE_SEC(100));
	}
	/* The spreading takes six seconds. */
	for (ze_ns t = ZE_SEC(106); t <= ZE_SEC(126); t += ZE_MS(10))
		for (uint32_t i = 0; i < ZE_ARRAY_SIZE(many); i++) {
			if (echo_deadline(&many[i]) > t)
				continue;
			ppp_fx_init(&fx);
			echo_expire(&many[i], i * 2654435761u >> 8, t, &fx);
			if (t < ZE_SEC(116) && kit_count(&fx, PPP_FX_SEND))
				per_100ms[(t - ZE_SEC(106)) / ZE_MS(100)]++;
		}
	for (uint32_t i = 0; i < ZE_ARRAY_SIZE(many); i++)
		assert_true(many[i].sent >= 1);
	for (unsigned i = 0; i < 100; i++) {
		assert_true(per_100ms[i] < 2000 / 25); /* 20 is the average */
		sent += per_100ms[i];
	}
	assert_in_range(sent, 1900, 2100);
}

/* After a restart the echoes are sent within the interval, not all at the same time; then as
 * before. */
static void echo_restored(void **st)
{
	(void)st;
	for (uint32_t spread = 0; spread < 1000; spread++) {
		start(ZE_SEC(10), ZE_SEC(5), 3);
		echo_restore(&e, spread, now);
		assert_true(echo_deadline(&e) > now && echo_deadline(&e) <= now + ZE_SEC(10));
	}
	echo_restore(&e, 0, now);
	assert_true(echo_deadline(&e) < now + ZE_MS(100));
	echo_restore(&e, 255, now);
	assert_true(echo_deadline(&e) > now + ZE_MS(9900));
	send_next();
	assert_true(echo_deadline(&e) <= now + ZE_SEC(10));
	start(0, ZE_SEC(5), 3);
	echo_restore(&e, 7, now);
	assert_true(echo_deadline(&e) == ZE_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_on_time),
		cmocka_unit_test(no_interval_no_echo),
		cmocka_unit_test(round_trip_times),
		cmocka_unit_test(late_replies),
		cmocka_unit_test(foreign_magic),
		cmocka_unit_test(wrong_replies),
		cmocka_unit_test(dead_after_losses_in_a_row),
		cmocka_unit_test(never_dead_without_a_limit),
		cmocka_unit_test(slots_are_full),
		cmocka_unit_test(no_burst_after_a_pause),
		cmocka_unit_test(overdue_echoes_are_spread),
		cmocka_unit_test(echo_restored),
	};

	return cmocka_run_group_tests_name("echo", tests, NULL, NULL);
}
