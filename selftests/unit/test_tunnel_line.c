/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole tunnel (SCCRQ, SCCCN, ICRQ, HELLO, StopCCN) with a LAC that has a channel of its own,
 * over a line that affects one chosen datagram: each in turn is lost, duplicated, or delayed.
 * The outcome must always be the same (CONFORMANCE 1.6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/tunnel.h"
#include "selftests/lib/test_rng.h"

#define LINE_PKTS 64

enum harm {
	LOSE,
	DOUBLE,
	DELAY,
	HARM__COUNT
};

struct pkt {
	ze_ns at;
	bool to_lac, used;
	size_t len;
	uint8_t b[512];
};

struct life {
	struct l2tp_tunnel t;
	struct l2tp_chan lac;
	struct test_rng rng;
	ze_ns now;
	struct pkt line[LINE_PKTS];
	unsigned n_pkts, victim;
	enum harm harm;
	bool close_by_us;
	unsigned got_sccrp, got_hello, got_stop; /* by the LAC */
	unsigned ups, calls, downs, frees;
};

static struct life l;

static void put_on_line(bool to_lac, const uint8_t *b, size_t len, ze_ns delay)
{
	for (unsigned i = 0; i < LINE_PKTS; i++) {
		struct pkt *p = &l.line[i];

		if (p->used)
			continue;
		*p = (struct pkt){
			.at = l.now + ZE_MS(10) + delay, .to_lac = to_lac, .used = true, .len = len
		};
		memcpy(p->b, b, len);
		return;
	}
	fail_msg("line is full");
}

static void transmit(bool to_lac, const uint8_t *b, size_t len)
{
	bool hit = l.n_pkts++ == l.victim;

	assert_true(len <= sizeof(l.line[0].b));
	if (hit && l.harm == LOSE)
		return;
	put_on_line(to_lac, b, len, hit && l.harm == DELAY ? ZE_MS(1500) : 0);
	if (hit && l.harm == DOUBLE)
		put_on_line(to_lac, b, len, ZE_MS(300));
}

static void pull_both(void)
{
	uint8_t buf[1500];
	struct wr w = wr_init(buf, sizeof(buf));

	for (; l2tp_tunnel_output(&l.t, &w, l.now); w = wr_init(buf, sizeof(buf)))
		transmit(true, buf, wr_len(&w));
	for (; l2tp_chan_output(&l.lac, &w, l.now); w = wr_init(buf, sizeof(buf)))
		transmit(false, buf, wr_len(&w));
}

static void lac_send(const struct l2tp_msg *m)
{
	uint8_t buf[512];
	struct wr w = wr_init(buf, sizeof(buf));

	assert_int_equal(l2tp_msg_encode(m, NULL, &w), 0);
	assert_int_equal(l2tp_chan_send(&l.lac, 0, wr_done(&w), l.now), 0);
}

static void lac_hears(const struct l2tp_msg *m)
{
	const struct l2tp_msg scccn = { .type = L2TP_SCCCN, .have = L2TP_BIT(0) };
	const struct l2tp_msg icrq = { .type = L2TP_ICRQ,
				       .have = L2TP_BIT(0) | L2TP_BIT(14) | L2TP_BIT(15),
				       .assigned_sid = 5 };

	if (m->type == L2TP_SCCRP) {
		l.got_sccrp++;
		l2tp_chan_set_peer(&l.lac, m->assigned_tid, 4);
		l.lac.cwnd = 2; /* both at once, as xl2tpd does */
		lac_send(&scccn);
		lac_send(&icrq);
	}
	l.got_hello += m->type == L2TP_HELLO;
	l.got_stop += m->type == L2TP_STOPCCN;
}

static void lac_receives(const struct l2tp_hdr *h)
{
	uint8_t scratch[512];
	const struct l2tp_dec dec = { .scratch = scratch, .scratch_size = sizeof(scratch) };
	struct l2tp_chan_rx rx;
	struct l2tp_fault fault;
	struct l2tp_msg m;
	bool acked;

	if (l2tp_chan_input(&l.lac, h, l.now, &acked) < 0)
		return;
	while (l2tp_chan_deliver(&l.lac, &rx)) {
		assert_int_equal(l2tp_msg_decode(rx.payload, &dec, &m, &fault), 0);
		lac_hears(&m);
	}
}

static void perform(struct l2tp_fx *fx)
{
	for (unsigned i = 0; i < fx->n; i++) {
		l.ups += fx->e[i].kind == L2TP_FX_TUNNEL_UP;
		l.calls += fx->e[i].kind == L2TP_FX_CALL;
		l.downs += fx->e[i].kind == L2TP_FX_TUNNEL_DOWN;
		l.frees += fx->e[i].kind == L2TP_FX_TUNNEL_FREE;
		assert_int_not_equal(fx->e[i].kind, L2TP_FX_REFUSED);
	}
	fx->n = 0;
}

static void arrive(struct pkt *p)
{
	struct l2tp_fx fx = { .n = 0 };
	struct l2tp_hdr h;

	p->used = false;
	assert_int_equal(l2tp_hdr_parse(p->b, p->len, &h), 0);
	if (p->to_lac) {
		lac_receives(&h);
		return;
	}
	(void)l2tp_tunnel_input(&l.t, &h, l.now);
	while (l2tp_tunnel_step(&l.t, l.now, &fx))
		perform(&fx);
}

static ze_ns next_event(void)
{
	ze_ns at = ze_min_ns(l2tp_tunnel_deadline(&l.t), l2tp_chan_deadline(&l.lac));

	for (unsigned i = 0; i < LINE_PKTS; i++) {
		if (l.line[i].used)
			at = ze_min_ns(at, l.line[i].at);
	}
	return at;
}

static void live_until(ze_ns end)
{
	struct l2tp_fx fx = { .n = 0 };
	ze_ns next;

	for (pull_both(); (next = next_event()) <= end; pull_both()) {
		l.now = next > l.now ? next : l.now;
		for (unsigned i = 0; i < LINE_PKTS; i++) {
			if (l.line[i].used && l.line[i].at <= l.now)
				arrive(&l.line[i]);
		}
		l2tp_chan_expire(&l.lac, l.now);
		l2tp_tunnel_expire(&l.t, l.now, &fx);
		perform(&fx);
	}
	l.now = end;
}

static void stop_it(void)
{
	const struct l2tp_stop_args a = { .cause = L2TP_DOWN_ADMIN, .result = STOP_CLEAR };
	const struct l2tp_msg stop = { .type = L2TP_STOPCCN,
				       .have = L2TP_BIT(0) | L2TP_BIT(1) | L2TP_BIT(9),
				       .result = { .code = STOP_CLEAR },
				       .assigned_tid = 77 };
	struct l2tp_fx fx = { .n = 0 };

	if (!l.close_by_us) {
		lac_send(&stop);
		return;
	}
	l2tp_tunnel_close(&l.t, &a, l.now, &fx);
	perform(&fx);
}

/* Returns how many datagrams were sent over the line. */
static unsigned live(unsigned victim, enum harm harm, bool close_by_us)
{
	const struct l2tp_tunnel_cfg cfg = {
		.chan = l2tp_chan_defaults,
		.hello_interval = ZE_SEC(5),
		.hello_retries = 2,
		.setup_timeout = ZE_SEC(31),
		.linger = ZE_SEC(31),
		.host_name = "lns",
	};
	const struct l2tp_msg sccrq = { .type = L2TP_SCCRQ,
					.have = L2TP_BIT(0) | L2TP_BIT(2) | L2TP_BIT(3) |
						L2TP_BIT(7) | L2TP_BIT(9),
					.protocol_version = 0x0100,
					.framing_caps = 3,
					.host_name = span_str("lac"),
					.assigned_tid = 77 };

	memset(&l, 0, sizeof(l));
	l.victim = victim;
	l.harm = harm;
	l.close_by_us = close_by_us;
	test_rng_init(&l.rng, 1);
	l2tp_tunnel_init(&l.t, &cfg, &l.rng.rng, 1, 0);
	l2tp_chan_init(&l.lac, &l2tp_chan_defaults);
	lac_send(&sccrq);
	live_until(ZE_SEC(14));
	assert_int_equal(l.t.fsm.state, L2TP_T_ESTABLISHED);
	stop_it();
	live_until(ZE_SEC(200));
	assert_int_equal(l.got_sccrp, 1);
	assert_in_range(l.got_hello, 1, 3);
	assert_int_equal(l.got_stop, close_by_us);
	assert_int_equal(l.ups, 1);
	assert_int_equal(l.calls, 1);
	assert_int_equal(l.downs, 1);
	assert_int_equal(l.frees, 1);
	assert_int_equal(next_event(), ZE_NEVER);
	assert_false(l2tp_chan_dead(&l.lac));
	l2tp_chan_done(&l.lac);
	l2tp_tunnel_done(&l.t);
	return l.n_pkts;
}

/* L-102, L-104, L-115: a lost, duplicated or delayed datagram makes no difference. */
static void one_datagram_is_harmed(void **st)
{
	(void)st;
	for (int us = 0; us < 2; us++) {
		unsigned n = live(UINT32_MAX, LOSE, us);

		assert_true(n > 10);
		for (unsigned victim = 0; victim < n; victim++) {
			for (int harm = 0; harm < HARM__COUNT; harm++)
				live(victim, (enum harm)harm, us);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_datagram_is_harmed) };

	return cmocka_run_group_tests_name("tunnel_line", tests, NULL, NULL);
}
