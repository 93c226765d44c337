/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives operations on one channel whose sequence numbers start near the wrap. Checked:
 * windows are respected, messages are delivered once and in order, memory is limited, a dead
 * channel sends nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/l2tp/chan.h"
#include "selftests/fuzz/fuzz.h"

struct run {
	struct l2tp_chan c;
	ze_ns now;
	uint16_t taken; /* messages delivered */
	uint16_t nr0;
};

static void check(const struct run *u)
{
	const struct l2tp_chan *c = &u->c;

	CHECK((uint16_t)(c->ns_next - c->ns_una) <= c->peer_rws);
	CHECK(c->cwnd >= 1 && c->cwnd <= c->peer_rws && c->ssthresh >= 1);
	CHECK(c->rxq_len < c->cfg.rws && c->txq_len <= c->cfg.max_queue);
	CHECK(c->ack_every >= 1 && c->ack_every <= c->cfg.rws);
	CHECK(!c->dead || l2tp_chan_idle(c));
}

static void input(struct run *u, struct rd *r)
{
	uint8_t body[4] = { 0 };
	struct l2tp_hdr h = { 0 };
	struct l2tp_chan_rx rx;
	bool acked;

	h.ns = (uint16_t)(u->c.nr + rd_u8(r) - 8);
	h.nr = (uint16_t)(u->c.ns_una + rd_u8(r) - 8);
	if (rd_u8(r) & 1)
		h.ns = (uint16_t)(h.ns + 0x8000);
	h.payload = span_of(body, rd_u8(r) & 3);
	memcpy(body, &h.ns, sizeof(h.ns));
	if (l2tp_chan_input(&u->c, &h, u->now, &acked) < 0)
		return;
	while (l2tp_chan_deliver(&u->c, &rx)) {
		u->taken++;
		CHECK(u->c.nr >= 1 || u->taken);
		CHECK(rx.payload.len > 0);
	}
	CHECK((uint16_t)(u->nr0 + u->taken) == u->c.nr);
}

static void output(struct run *u)
{
	uint8_t buf[600];
	struct wr w = wr_init(buf, sizeof(buf));
	struct l2tp_hdr h;

	if (!l2tp_chan_output(&u->c, &w, u->now)) {
		CHECK(u->c.output_at == ZE_NEVER && u->c.ack_at > u->now);
		CHECK(2 * (uint16_t)(u->c.nr - u->c.nr_sent) < u->c.cfg.rws);
		return;
	}
	CHECK(!w.bad && l2tp_hdr_parse(buf, wr_len(&w), &h) == 0);
	CHECK(h.nr == u->c.nr && (!u->c.dead || h.payload.len == 0));
	CHECK(h.payload.len || h.ns == u->c.ns_next);
}

static void step(struct run *u, struct rd *r)
{
	static const uint8_t zero[512];
	uint8_t op = rd_u8(r);

	switch (op & 7) {
	case 0:
	case 1:
		(void)l2tp_chan_send(&u->c, op, span_of(zero, 1 + rd_u8(r)), u->now);
		break;
	case 2:
	case 3:
		input(u, r);
		break;
	case 4:
		output(u);
		break;
	case 5:
		if (l2tp_chan_deadline(&u->c) != ZE_NEVER && l2tp_chan_deadline(&u->c) > u->now)
			u->now = l2tp_chan_deadline(&u->c);
		l2tp_chan_expire(&u->c, u->now);
		break;
	case 6:
		u->now += ZE_MS(rd_u8(r));
		break;
	default:
		if (op & 0x80)
			l2tp_chan_flush_unsent(&u->c);
		else if (op & 0x40)
			l2tp_chan_ack_now(&u->c, u->now);
		break;
	}
	check(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct l2tp_chan_cfg cfg = l2tp_chan_defaults;
	struct rd r = rd_init(data, size);
	struct run u = { .now = ZE_SEC(1) };

	cfg.max_queue = 20;
	cfg.rws = (uint16_t)(1 + (rd_u8(&r) & 15));
	l2tp_chan_init(&u.c, &cfg);
	l2tp_chan_set_peer(&u.c, 1, rd_u8(&r) & 15);
	u.c.ns_next = u.c.ns_una = (uint16_t)(0xfffc + (rd_u8(&r) & 7));
	u.c.nr = u.c.nr_sent = u.nr0 = (uint16_t)(0xfffc + (rd_u8(&r) & 7));
	while (!r.bad && rd_left(&r))
		step(&u, &r);
	l2tp_chan_done(&u.c);
	return 0;
}
