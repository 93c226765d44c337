/* SPDX-License-Identifier: BSD-2-Clause */
/* Reliable delivery: CONFORMANCE 1.6 and 2.5, in virtual time; both ends are our own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/l2tp/chan.h"
#include "daemon/l2tp/timers.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/test_rng.h"

#define PEER 0x1234
#define TICK 1

static struct l2tp_chan c;
static ze_ns now;
static uint8_t out_buf[1500];

static int setup(void **st)
{
	(void)st;
	now = ZE_SEC(100);
	l2tp_chan_init(&c, &l2tp_chan_defaults);
	l2tp_chan_set_peer(&c, PEER, 4);
	c.ack_every = l2tp_chan_defaults.rws; /* except where a test is about it */
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	l2tp_chan_done(&c);
	return 0;
}

static void queue(const char *text)
{
	assert_int_equal(l2tp_chan_send(&c, 7, span_str(text), now), 0);
}

static bool pull_from(struct l2tp_chan *from, struct l2tp_hdr *h)
{
	struct wr w = wr_init(out_buf, sizeof(out_buf));

	if (!l2tp_chan_output(from, &w, now))
		return false;
	assert_false(w.bad);
	assert_int_equal(l2tp_hdr_parse(out_buf, wr_len(&w), h), 0);
	return true;
}

static bool pull(struct l2tp_hdr *h)
{
	return pull_from(&c, h);
}

static void expect_silence(void)
{
	struct l2tp_hdr h;

	assert_false(pull(&h));
}

static void expect_msg(const char *text, uint16_t ns, uint16_t nr)
{
	struct l2tp_hdr h;

	assert_true(pull(&h));
	assert_int_equal(h.tid, PEER);
	assert_int_equal(h.ns, ns);
	assert_int_equal(h.nr, nr);
	assert_int_equal(h.payload.len, strlen(text));
	assert_memory_equal(h.payload.p, text, strlen(text));
}

static void expect_zlb(uint16_t ns, uint16_t nr)
{
	expect_msg("", ns, nr);
}

static int feed(const char *text, uint16_t ns, uint16_t nr)
{
	struct l2tp_hdr h = { .ns = ns, .nr = nr, .payload = span_str(text) };
	bool acked;

	return l2tp_chan_input(&c, &h, now, &acked);
}

static void expect_delivery(const char *text)
{
	struct l2tp_chan_rx rx;

	assert_true(l2tp_chan_deliver(&c, &rx));
	assert_int_equal(rx.payload.len, strlen(text));
	assert_memory_equal(rx.payload.p, text, strlen(text));
}

static void expect_no_delivery(void)
{
	struct l2tp_chan_rx rx;

	assert_false(l2tp_chan_deliver(&c, &rx));
}

static void take(const char *text, uint16_t ns, uint16_t nr)
{
	assert_int_equal(feed(text, ns, nr), 0);
	expect_delivery(text);
	expect_no_delivery();
}

/* Before the deadline nothing happens; at the deadline something is sent. */
static void sleep_to(ze_ns at)
{
	assert_int_equal(l2tp_chan_deadline(&c), at);
	now = at - TICK;
	l2tp_chan_expire(&c, now);
	expect_silence();
	assert_false(l2tp_chan_dead(&c));
	now = at;
	l2tp_chan_expire(&c, now);
}

/* L-037, L-100: sent at 0, 1, 3, 7, 15 and 23 s; the peer is dead at 31 s. */
static void retransmits_on_schedule_then_dies(void **st)
{
	static const int at[] = { 1, 3, 7, 15, 23 };
	ze_ns t0 = now;

	(void)st;
	queue("icrp");
	expect_msg("icrp", 0, 0);
	expect_silence();
	for (size_t i = 0; i < ZE_ARRAY_SIZE(at); i++) {
		sleep_to(t0 + ZE_SEC(at[i]));
		expect_msg("icrp", 0, 0);
		expect_silence();
	}
	assert_int_equal(c.rtx_total, 5);
	sleep_to(t0 + ZE_SEC(31));
	assert_true(l2tp_chan_dead(&c));
	expect_silence();
	assert_int_equal(l2tp_chan_deadline(&c), ZE_NEVER);
	assert_int_equal(l2tp_chan_send(&c, 0, span_str("x"), now), -ENOBUFS);
}

/* L-101: retransmissions carry the current Nr and the original Ns. */
static void retransmission_refreshes_nr(void **st)
{
	(void)st;
	queue("icrp");
	expect_msg("icrp", 0, 0);
	take("hello", 0, 0);
	now += l2tp_chan_defaults.ack_delay;
	expect_zlb(1, 1);
	now = ZE_SEC(101);
	l2tp_chan_expire(&c, now);
	expect_msg("icrp", 0, 1);
	take("hello", 1, 0);
	now = ZE_SEC(103);
	l2tp_chan_expire(&c, now);
	expect_msg("icrp", 0, 2);
}

/* L-102, L-033: a duplicate is acknowledged again at once and not delivered again. */
static void duplicate_is_acked_again(void **st)
{
	(void)st;
	take("icrq", 0, 0);
	now += l2tp_chan_defaults.ack_delay;
	expect_zlb(0, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(feed("icrq", 0, 0), -REASON_SEQ_OLD);
		expect_no_delivery();
		expect_zlb(0, 1);
		expect_silence();
	}
}

/* L-103: a ZLB is never acknowledged, whatever its Ns. */
static void zlb_is_never_acked(void **st)
{
	(void)st;
	take("hello", 0, 0);
	now += l2tp_chan_defaults.ack_delay;
	expect_zlb(0, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(feed("", 0, 0), 0);
	assert_int_equal(feed("", 9, 0), 0);
	assert_int_equal(feed("", 40000, 0), 0);
	expect_no_delivery();
	expect_silence();
	assert_int_equal(c.nr, 1);
	assert_int_equal(l2tp_chan_deadline(&c), ZE_NEVER);
}

/* L-104, L-115: a message ahead of sequence is kept, and its acknowledgement requests the
 * missing one. */
static void reordered_pair_is_put_in_order(void **st)
{
	(void)st;
	assert_int_equal(feed("icrq", 1, 0), -REASON_SEQ_AHEAD);
	expect_no_delivery();
	expect_zlb(0, 0);
	assert_int_equal(feed("icrq", 1, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(c.rxq_len, 1);
	expect_zlb(0, 0);
	assert_int_equal(feed("scccn", 0, 0), 0);
	expect_delivery("scccn");
	expect_delivery("icrq");
	expect_no_delivery();
	now += l2tp_chan_defaults.ack_delay;
	expect_zlb(0, 2);
	assert_int_equal(c.rxq_len, 0);
}

static void queue_ahead_keeps_order_and_gaps(void **st)
{
	(void)st;
	assert_int_equal(feed("d", 3, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("b", 1, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("f", 5, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("c", 2, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("a", 0, 0), 0);
	expect_delivery("a");
	expect_delivery("b");
	expect_delivery("c");
	expect_delivery("d");
	expect_no_delivery();
	assert_int_equal(c.nr, 4);
	assert_int_equal(c.rxq_len, 1);
}

/* L-105: a message beyond the advertised window is not kept, and the answer carries the Ns that
 * is expected. */
static void outside_the_window_is_not_kept(void **st)
{
	uint16_t rws = l2tp_chan_defaults.rws;

	(void)st;
	assert_int_equal(feed("x", 200, 0), -REASON_SEQ_WINDOW);
	expect_zlb(0, 0);
	assert_int_equal(feed("x", rws, 0), -REASON_SEQ_WINDOW);
	expect_zlb(0, 0);
	assert_int_equal(c.rxq_len, 0);
	assert_int_equal(feed("x", (uint16_t)(rws - 1), 0), -REASON_SEQ_AHEAD);
	assert_int_equal(c.rxq_len, 1);
	expect_no_delivery();
}

/* L-106: a message with an Nr beyond all that was sent is ignored as a whole; the queue is
 * unchanged. */
static void nr_ahead_is_ignored(void **st)
{
	(void)st;
	queue("a");
	expect_msg("a", 0, 0);
	expect_silence();
	assert_int_equal(feed("hello", 0, 2), -REASON_NR_AHEAD);
	assert_int_equal(feed("", 0, 0x7fff), -REASON_NR_AHEAD);
	expect_no_delivery();
	assert_int_equal(c.nr, 0);
	assert_false(l2tp_chan_idle(&c));
	assert_int_equal(feed("hello", 0, 1), 0);
	assert_true(l2tp_chan_idle(&c));
	assert_int_equal(l2tp_chan_deadline(&c), now + l2tp_chan_defaults.ack_delay);
}

/* L-107: a message with the expected Ns and an older Nr is executed. */
static void older_nr_is_executed(void **st)
{
	(void)st;
	queue("a");
	expect_msg("a", 0, 0);
	take("x", 0, 1);
	queue("b");
	expect_msg("b", 1, 1);
	take("y", 1, 0);
	assert_int_equal(c.ns_una, 1);
	take("z", 2, 0x8001);
	assert_int_equal(c.ns_una, 1);
}

/* The Nr of duplicates and of messages ahead of sequence is used, too (1.6). */
static void nr_of_every_message_counts(void **st)
{
	bool acked;
	struct l2tp_hdr h = { .ns = 5, .nr = 1, .payload = span_str("ahead") };

	(void)st;
	queue("a");
	queue("b");
	expect_msg("a", 0, 0);
	assert_int_equal(l2tp_chan_input(&c, &h, now, &acked), -REASON_SEQ_AHEAD);
	assert_true(acked);
	expect_msg("b", 1, 0);
	h = (struct l2tp_hdr){ .ns = 0xffff, .nr = 2, .payload = span_str("old") };
	assert_int_equal(l2tp_chan_input(&c, &h, now, &acked), -REASON_SEQ_OLD);
	assert_true(acked);
	assert_true(l2tp_chan_idle(&c));
	assert_int_equal(l2tp_chan_input(&c, &h, now, &acked), -REASON_SEQ_OLD);
	assert_false(acked);
}

/* L-108: Ns and Nr wrap at 65535. */
static void counters_wrap(void **st)
{
	(void)st;
	for (uint32_t i = 0; i < 70000; i++) {
		queue("hello");
		expect_msg("hello", (uint16_t)i, (uint16_t)i);
		take("hello", (uint16_t)i, (uint16_t)(i + 1));
		assert_true(l2tp_chan_idle(&c));
	}
	assert_int_equal(feed("dup", 69999 - 65536, 70000 - 65536), -REASON_SEQ_OLD);
	assert_int_equal(feed("ahead", 70001 - 65536, 70000 - 65536), -REASON_SEQ_AHEAD);
}

/* Reordering across the wrap. */
static void queue_ahead_across_the_wrap(void **st)
{
	(void)st;
	c.nr = 0xffff;
	assert_int_equal(feed("b", 0, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("c", 1, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("a", 0xffff, 0), 0);
	expect_delivery("a");
	expect_delivery("b");
	expect_delivery("c");
	assert_int_equal(c.nr, 2);
}

/* L-109: exactly the 32768 values that end with the last received Ns are old. */
static void half_circle_is_old(void **st)
{
	static const uint16_t nrs[] = { 0, 1, 5, 0x7fff, 0x8000, 0x8001, 0xffff };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(nrs); i++) {
		uint16_t nr = nrs[i];

		c.nr = nr;
		assert_int_equal(feed("x", (uint16_t)(nr - 1), 0), -REASON_SEQ_OLD);
		assert_int_equal(feed("x", (uint16_t)(nr - 32768), 0), -REASON_SEQ_OLD);
		assert_int_equal(feed("x", (uint16_t)(nr - 32769), 0), -REASON_SEQ_WINDOW);
		assert_int_equal(feed("x", (uint16_t)(nr + 32767), 0), -REASON_SEQ_WINDOW);
		assert_int_equal(c.nr, nr);
	}
}

static unsigned flight(void)
{
	struct l2tp_hdr h;
	unsigned n = 0;

	while (pull(&h))
		n += h.payload.len > 0;
	return n;
}

/* L-110: one message at first, more with each acknowledgement, one again after a timeout. */
static void slow_start(void **st)
{
	(void)st;
	l2tp_chan_set_peer(&c, PEER, 8);
	for (int i = 0; i < 20; i++)
		queue("cdn");
	assert_int_equal(flight(), 1);
	feed("", 0, 1);
	assert_int_equal(flight(), 2);
	feed("", 0, 2);
	feed("", 0, 3);
	assert_int_equal(flight(), 4); /* cwnd is 4, and nothing else is in flight */
	assert_int_equal(c.cwnd, 4);
	now += ZE_SEC(1);
	l2tp_chan_expire(&c, now);
	assert_int_equal(c.cwnd, 1);
	assert_int_equal(c.ssthresh, 2);
	expect_msg("cdn", 3, 0);
	expect_silence();
	/* Congestion avoidance above ssthresh: a whole window of acknowledgements adds one
	 * message. */
	feed("", 0, 4);
	assert_int_equal(c.cwnd, 2);
	feed("", 0, 5);
	assert_int_equal(c.cwnd, 2);
	feed("", 0, 6);
	assert_int_equal(c.cwnd, 3);
}

static void check_window(uint16_t rws, uint16_t limit)
{
	struct l2tp_hdr h;
	uint16_t next = 0;

	setup(NULL);
	if (rws != 0xffff) /* absent: the default of init remains */
		l2tp_chan_set_peer(&c, PEER, rws);
	for (int i = 0; i < 40; i++)
		queue("x");
	while (!l2tp_chan_idle(&c)) {
		while (pull(&h))
			next = (uint16_t)(h.ns + 1);
		assert_true((uint16_t)(next - c.ns_una) <= limit);
		assert_int_equal(feed("", 0, (uint16_t)(c.ns_una + 1)), 0);
	}
	assert_int_equal(next, 40);
	assert_int_equal(c.cwnd, limit);
	teardown(NULL);
}

/* L-030, L-031, L-032, L-111: never more in flight than the peer's window; 0 counts as 1. */
static void peer_window_is_obeyed(void **st)
{
	(void)st;
	teardown(NULL);
	check_window(0, 1);
	check_window(1, 1);
	check_window(2, 2);
	check_window(0xffff, 4);
	check_window(30, 30);
	setup(NULL);
}

/* L-112: when no message carries it, the acknowledgement is sent alone, after its delay. */
static void ack_is_delayed_then_sent(void **st)
{
	(void)st;
	take("hello", 0, 0);
	sleep_to(now + l2tp_chan_defaults.ack_delay);
	expect_zlb(0, 1);
	expect_silence();
	take("hello", 1, 0);
	queue("icrp"); /* piggybacked */
	expect_msg("icrp", 0, 2);
	expect_silence();
	assert_int_equal(l2tp_chan_deadline(&c), now + ZE_SEC(1));
	take("stopccn", 2, 1);
	l2tp_chan_ack_now(&c, now);
	expect_zlb(1, 3);
}

/* F-D1: when half of the window is unacknowledged, it is acknowledged at once, so that the peer
 * can send the other half. */
static void half_the_window_is_acked_at_once(void **st)
{
	uint16_t half = l2tp_chan_defaults.rws / 2, ns = 0;

	(void)st;
	assert_int_equal(l2tp_chan_defaults.rws, 64);
	for (int round = 0; round < 3; round++) {
		c.ack_every = l2tp_chan_defaults.rws;
		while (ns % half != half - 1) {
			take("iccn", ns++, 0);
			expect_silence();
		}
		take("iccn", ns++, 0);
		assert_int_equal(l2tp_chan_deadline(&c), now);
		expect_zlb(0, ns);
		expect_silence();
	}
	take("iccn", ns++, 0);
	queue("icrp"); /* what a message acknowledged is not counted again */
	expect_msg("icrp", 0, ns);
	for (int i = 1; i < half; i++) {
		take("iccn", ns++, 0);
		expect_silence();
	}
}

/* F-D1, 5.8: once a lost message arrives, it and all that follow it are acknowledged at once, as
 * the peer waits for it. */
static void filled_gap_is_acked_at_once(void **st)
{
	(void)st;
	assert_int_equal(feed("b", 1, 0), -REASON_SEQ_AHEAD);
	assert_int_equal(feed("d", 3, 0), -REASON_SEQ_AHEAD);
	expect_zlb(0, 0);
	assert_int_equal(feed("a", 0, 0), 0);
	expect_delivery("a");
	expect_delivery("b");
	expect_no_delivery();
	expect_zlb(0, 2);
	assert_int_equal(feed("c", 2, 0), 0);
	expect_delivery("c");
	expect_delivery("d");
	expect_zlb(0, 4);
	expect_silence();
}

/* A sender that receives nothing but acknowledgements, on a line without delay: the time that
 * passes is the delay of our acknowledgements. */
static ze_ns time_of(unsigned messages, uint16_t window, bool slow_start)
{
	struct l2tp_chan peer;
	struct l2tp_chan_rx rx;
	ze_ns begin = now;
	struct l2tp_hdr h;
	bool acked;

	teardown(NULL);
	l2tp_chan_init(&c, &l2tp_chan_defaults);
	l2tp_chan_set_peer(&c, PEER, 4);
	l2tp_chan_init(&peer, &l2tp_chan_defaults);
	l2tp_chan_set_peer(&peer, 1, window);
	if (!slow_start)
		peer.cwnd = window;
	for (unsigned i = 0; i < messages; i++)
		assert_int_equal(l2tp_chan_send(&peer, 0, span_str("iccn"), now), 0);
	while (!l2tp_chan_idle(&peer)) {
		while (pull_from(&peer, &h)) {
			assert_int_equal(l2tp_chan_input(&c, &h, now, &acked), 0);
			while (l2tp_chan_deliver(&c, &rx))
				;
			while (pull(&h))
				assert_int_equal(l2tp_chan_input(&peer, &h, now, &acked), 0);
		}
		if (l2tp_chan_idle(&peer))
			break;
		now = l2tp_chan_deadline(&c);
		l2tp_chan_expire(&c, now);
		while (pull(&h))
			assert_int_equal(l2tp_chan_input(&peer, &h, now, &acked), 0);
	}
	l2tp_chan_done(&peer);
	return now - begin;
}

/* F-D1: whatever part of our window the peer uses, it can send 800 messages per second, or as
 * many as its slow start allows. Acknowledging half of our window at once would not achieve this
 * for small windows. */
static void no_window_waits_for_our_timer(void **st)
{
	static const uint16_t windows[] = { 1, 2, 3, 4, 8, 16, 31, 32, 63, 64 };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(windows); i++) {
		assert_true(time_of(4000, windows[i], false) <= ZE_SEC(5));
		assert_true(time_of(4000, windows[i], true) <= ZE_SEC(5));
	}
	assert_true(time_of(8000, 64, true) <= ZE_MS(100));
	assert_true(time_of(8000, 16, true) <= ZE_MS(1000));
}

/* F-D1: acknowledgements are sent for each message at first and after a pause, and for more
 * messages at once under load. */
static void acks_thin_out_under_load(void **st)
{
	unsigned zlbs = 0;
	uint16_t ns = 0;
	struct l2tp_hdr h;

	(void)st;
	c.ack_every = 1;
	take("hello", ns++, 0);
	expect_zlb(0, 1);
	while (ns < 20000) {
		take("iccn", ns++, 0);
		zlbs += pull(&h);
	}
	assert_true(zlbs < 20000 / 12);
	for (uint16_t before; now += ZE_SEC(60), before = c.ack_every, before > 1;) {
		take("hello", ns++, 0);
		now += l2tp_chan_defaults.ack_delay;
		l2tp_chan_expire(&c, now);
		assert_true(pull(&h));
		assert_true(c.ack_every < before);
	}
	take("hello", ns++, 0);
	expect_zlb(0, ns);
}

/* L-113: a ZLB carries the next Ns and does not use it up, even while messages wait. */
static void zlb_does_not_use_up_ns(void **st)
{
	(void)st;
	queue("a");
	queue("b");
	expect_msg("a", 0, 0);
	assert_int_equal(feed("x", 0, 0), 0);
	l2tp_chan_ack_now(&c, now);
	expect_zlb(1, 1);
	assert_int_equal(feed("", 1, 1), 0);
	expect_msg("b", 1, 1);
}

/* L-114: the Session ID of a ZLB is ignored. */
static void zlb_with_session_id_acks(void **st)
{
	struct l2tp_hdr h = { .sid = 99, .nr = 1 };
	bool acked;

	(void)st;
	queue("a");
	expect_msg("a", 0, 0);
	assert_int_equal(l2tp_chan_input(&c, &h, now, &acked), 0);
	assert_true(acked);
	assert_true(l2tp_chan_idle(&c));
}

/* Only the oldest unacknowledged message drives the timer. After a timeout, all messages in
 * flight are sent again as acknowledgements arrive. */
static void oldest_drives_the_timer(void **st)
{
	ze_ns t0 = now;

	(void)st;
	c.cwnd = 3;
	queue("a");
	expect_msg("a", 0, 0);
	now += ZE_MS(500);
	queue("b");
	queue("c");
	expect_msg("b", 1, 0);
	expect_msg("c", 2, 0);
	expect_silence();
	sleep_to(t0 + ZE_SEC(1));
	expect_msg("a", 0, 0);
	expect_silence();
	now += ZE_MS(10);
	feed("", 0, 1);
	expect_msg("b", 1, 0); /* cwnd is 2 again */
	expect_msg("c", 2, 0);
	expect_silence();
	now += ZE_MS(10);
	feed("", 0, 2);
	expect_silence();
	sleep_to(now + ZE_SEC(1));
	expect_msg("c", 2, 0);
	expect_silence();
	feed("", 0, 3);
	assert_true(l2tp_chan_idle(&c));
	assert_int_equal(l2tp_chan_deadline(&c), ZE_NEVER);
}

/* L-217: messages that were never sent are dropped, those in flight stay, and one more can be
 * sent. */
static void flush_lets_one_more_through(void **st)
{
	(void)st;
	for (int i = 0; i < 5; i++)
		queue("x");
	expect_msg("x", 0, 0);
	expect_silence();
	l2tp_chan_flush_unsent(&c);
	assert_int_equal(c.txq_len, 1);
	queue("stop");
	expect_msg("stop", 1, 0);
	expect_silence();
}

static void flush_obeys_the_peers_window(void **st)
{
	(void)st;
	l2tp_chan_set_peer(&c, PEER, 1);
	queue("x");
	queue("y");
	expect_msg("x", 0, 0);
	l2tp_chan_flush_unsent(&c);
	queue("stop");
	expect_silence();
	feed("", 0, 1);
	expect_msg("stop", 1, 0);
}

static void mute_only_acknowledges(void **st)
{
	(void)st;
	queue("x");
	queue("y");
	expect_msg("x", 0, 0);
	l2tp_chan_mute(&c);
	assert_true(l2tp_chan_idle(&c));
	expect_silence();
	assert_int_equal(l2tp_chan_deadline(&c), ZE_NEVER);
	take("stop", 0, 0);
	assert_int_equal(feed("stop", 0, 1), -REASON_SEQ_OLD);
	expect_zlb(1, 1);
}

static void queue_is_bounded(void **st)
{
	struct l2tp_chan_cfg cfg = l2tp_chan_defaults;

	(void)st;
	teardown(NULL);
	cfg.max_queue = 3;
	l2tp_chan_init(&c, &cfg);
	queue("1");
	queue("2");
	queue("3");
	assert_int_equal(l2tp_chan_send(&c, 0, span_str("4"), now), -ENOBUFS);
}

/* A queued message is due at once, so that an owner who does not call output is called. */
static void queued_is_due_now(void **st)
{
	(void)st;
	queue("a");
	assert_int_equal(l2tp_chan_deadline(&c), now);
	expect_msg("a", 0, 0);
	expect_silence();
	assert_int_equal(l2tp_chan_deadline(&c), now + ZE_SEC(1));
}

static void out_of_memory(void **st)
{
	(void)st;
	if (!fail_alloc_works())
		skip();
	fail_alloc_at(0);
	assert_int_equal(l2tp_chan_send(&c, 0, span_str("a"), now), -ENOMEM);
	fail_alloc_at(0);
	assert_int_equal(feed("ahead", 1, 0), -REASON_NO_MEMORY);
	fail_alloc_off();
	expect_zlb(0, 0);
	assert_int_equal(feed("now", 0, 0), 0);
	expect_delivery("now");
	expect_no_delivery();
	assert_int_equal(feed("ahead", 1, 0), 0);
	expect_delivery("ahead");
}

/* ---- two ends and a bad line ---- */

#define LINE_MAX_PKTS 64
#define N_MSGS	      60

struct line {
	struct {
		uint8_t b[64];
		size_t len;
	} pkt[LINE_MAX_PKTS];
	unsigned n;
};

struct two_ends {
	struct l2tp_chan end[2];
	bool strict; /* end 1 ignores the Nr of a message that is out of order, as xl2tpd does */
	struct line to[2];
	uint8_t got[2];
	struct test_rng rng;
};

static void two_send(struct two_ends *w, int i)
{
	struct wr o = wr_init(out_buf, sizeof(out_buf));
	struct line *l = &w->to[!i];

	while (l2tp_chan_output(&w->end[i], &o, now)) {
		unsigned copies = 1 + (test_rng_below(&w->rng, 8) == 0);

		if (test_rng_below(&w->rng, 4) == 0) /* lost */
			copies = 0;
		for (; copies && l->n < LINE_MAX_PKTS; copies--) {
			memcpy(l->pkt[l->n].b, out_buf, wr_len(&o));
			l->pkt[l->n++].len = wr_len(&o);
		}
		o = wr_init(out_buf, sizeof(out_buf));
	}
}

static void two_receive(struct two_ends *w, int i)
{
	struct line *l = &w->to[i];
	struct l2tp_chan_rx rx;
	struct l2tp_hdr h;
	bool acked;

	while (l->n) { /* any order */
		unsigned k = test_rng_below(&w->rng, l->n);
		uint8_t b[64];
		size_t len = l->pkt[k].len;

		memcpy(b, l->pkt[k].b, len);
		l->pkt[k] = l->pkt[--l->n];
		assert_int_equal(l2tp_hdr_parse(b, len, &h), 0);
		if (w->strict && i == 1 && h.payload.len && h.ns != w->end[i].nr)
			h.nr = w->end[i].ns_una;
		if (l2tp_chan_input(&w->end[i], &h, now, &acked) < 0)
			continue;
		while (l2tp_chan_deliver(&w->end[i], &rx)) {
			assert_int_equal(rx.payload.len, 1);
			assert_int_equal(rx.payload.p[0], w->got[i]);
			w->got[i]++;
		}
	}
}

static void run_two_ends(uint64_t seed, bool strict)
{
	static struct two_ends w;
	ze_ns end;

	memset(&w, 0, sizeof(w));
	w.strict = strict;
	test_rng_init(&w.rng, seed);
	now = 0;
	for (int i = 0; i < 2; i++) {
		struct l2tp_chan_cfg cfg = l2tp_chan_defaults;

		/* A quarter is lost in each direction: with five tries a channel would sometimes
		 * fail. */
		cfg.tries = 50;
		l2tp_chan_init(&w.end[i], &cfg);
		l2tp_chan_set_peer(&w.end[i], 1, (uint16_t)(1 + test_rng_below(&w.rng, 8)));
		w.end[i].ns_next = w.end[i].ns_una = w.end[i].nr = 65520;
		for (uint8_t k = 0; k < N_MSGS; k++)
			assert_int_equal(l2tp_chan_send(&w.end[i], 0, span_of(&k, 1), now), 0);
	}
	for (end = ZE_SEC(3600); now < end;) {
		ze_ns next;

		two_send(&w, 0);
		two_send(&w, 1);
		two_receive(&w, 0);
		two_receive(&w, 1);
		next = ze_min_ns(l2tp_chan_deadline(&w.end[0]), l2tp_chan_deadline(&w.end[1]));
		if (next == ZE_NEVER)
			break;
		now = next > now ? next : now;
		l2tp_chan_expire(&w.end[0], now);
		l2tp_chan_expire(&w.end[1], now);
	}
	for (int i = 0; i < 2; i++) {
		assert_false(l2tp_chan_dead(&w.end[i]));
		assert_int_equal(w.got[i], N_MSGS);
		assert_true(l2tp_chan_idle(&w.end[i]));
		assert_int_equal(w.end[i].rxq_len, 0);
		l2tp_chan_done(&w.end[i]);
	}
}

/* All of CONFORMANCE 1.6: with loss, duplication and reordering across the wrap, all messages
 * arrive in order. */
static void conversations_survive_a_bad_line(void **st)
{
	(void)st;
	for (uint64_t seed = 1; seed <= 200; seed++)
		run_two_ends(seed, false);
}

/* L-120: the same with a peer that ignores the Nr of messages out of order. */
static void peer_ignores_nr_out_of_order(void **st)
{
	(void)st;
	for (uint64_t seed = 1; seed <= 100; seed++)
		run_two_ends(seed, true);
}

/* Tunnels are set up within the time that a message is retransmitted, and linger as long. */
static void a_full_cycle_is_the_constant(void **st)
{
	ze_ns interval = l2tp_chan_defaults.rtx_first, cycle = 0;

	(void)st;
	for (unsigned sent = 0; sent <= l2tp_chan_defaults.tries; sent++) {
		cycle += interval;
		interval *= 2;
		if (interval > l2tp_chan_defaults.rtx_max)
			interval = l2tp_chan_defaults.rtx_max;
	}
	assert_int_equal(cycle, L2TP_CYCLE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_full_cycle_is_the_constant),
		T(retransmits_on_schedule_then_dies),
		T(retransmission_refreshes_nr),
		T(duplicate_is_acked_again),
		T(zlb_is_never_acked),
		T(reordered_pair_is_put_in_order),
		T(queue_ahead_keeps_order_and_gaps),
		T(outside_the_window_is_not_kept),
		T(nr_ahead_is_ignored),
		T(older_nr_is_executed),
		T(nr_of_every_message_counts),
		T(counters_wrap),
		T(queue_ahead_across_the_wrap),
		T(half_circle_is_old),
		T(slow_start),
		T(peer_window_is_obeyed),
		T(ack_is_delayed_then_sent),
		T(half_the_window_is_acked_at_once),
		T(filled_gap_is_acked_at_once),
		T(no_window_waits_for_our_timer),
		T(acks_thin_out_under_load),
		T(zlb_does_not_use_up_ns),
		T(zlb_with_session_id_acks),
		T(oldest_drives_the_timer),
		T(flush_lets_one_more_through),
		T(flush_obeys_the_peers_window),
		T(mute_only_acknowledges),
		T(queue_is_bounded),
		T(queued_is_due_now),
		T(out_of_memory),
		T(conversations_survive_a_bad_line),
		T(peer_ignores_nr_out_of_order),
	};

	return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
