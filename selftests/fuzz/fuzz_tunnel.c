/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives a whole tunnel: messages of any content in and out of order, time, calls of the
 * owner. Checked: up, down and free happen at most once each and in that order, calls only while
 * established, and two minutes after a close the tunnel is always freed.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/l2tp/tunnel.h"
#include "selftests/fuzz/fuzz.h"

struct run {
	struct l2tp_tunnel t;
	ze_ns now;
	unsigned ups, downs, frees;
};

static int fill(void *self, void *buf, size_t len)
{
	(void)self;
	memset(buf, 0x5a, len);
	return 0;
}

static const struct rng fixed = { .fill = fill };

static void perform(struct run *u, struct l2tp_fx *fx)
{
	for (unsigned i = 0; i < fx->n; i++) {
		const struct l2tp_effect *e = &fx->e[i];

		u->ups += e->kind == L2TP_FX_TUNNEL_UP;
		u->downs += e->kind == L2TP_FX_TUNNEL_DOWN;
		u->frees += e->kind == L2TP_FX_TUNNEL_FREE;
		if (e->kind == L2TP_FX_CALL)
			CHECK(u->ups && !u->downs && l2tp_msg_is_call(e->call.msg->type));
		CHECK(e->kind != L2TP_FX_TUNNEL_UP || !u->downs);
		CHECK(u->frees <= u->downs);
	}
	CHECK(u->ups <= 1 && u->downs <= 1 && u->frees <= 1);
	fx->n = 0;
}

static void flush(struct run *u)
{
	uint8_t buf[1500];
	struct l2tp_hdr h;

	for (int i = 0; i < 100; i++) {
		struct wr w = wr_init(buf, sizeof(buf));

		if (!l2tp_tunnel_output(&u->t, &w, u->now))
			return;
		CHECK(!w.bad && l2tp_hdr_parse(buf, wr_len(&w), &h) == 0);
	}
	abort(); /* it would never stop sending */
}

static void receive(struct run *u, struct rd *r, uint8_t how)
{
	struct l2tp_fx fx = { .n = 0 };
	struct l2tp_hdr h = { .sid = how & 1 };
	int guard = 0;

	h.ns = (uint16_t)(u->t.chan.nr + (how >> 6 == 3 ? 1 : 0) - (how >> 6 == 2 ? 1 : 0));
	h.nr = how & 2 ? u->t.chan.ns_next : u->t.chan.ns_una;
	h.payload = rd_bytes(r, rd_u8(r));
	(void)l2tp_tunnel_input(&u->t, &h, u->now);
	while (l2tp_tunnel_step(&u->t, u->now, &fx)) {
		perform(u, &fx);
		CHECK(guard++ < 100);
	}
	CHECK(fx.n == 0);
}

static void wait_for(struct run *u, ze_ns d)
{
	struct l2tp_fx fx = { .n = 0 };
	ze_ns end = u->now + d, next;

	for (int i = 0; (next = l2tp_tunnel_deadline(&u->t)) <= end; i++) {
		CHECK(i < 10000);
		u->now = next > u->now ? next : u->now;
		l2tp_tunnel_expire(&u->t, u->now, &fx);
		perform(u, &fx);
		flush(u);
	}
	u->now = end;
}

static void act(struct run *u, struct rd *r)
{
	static const struct l2tp_stop_args stop = { .cause = L2TP_DOWN_ADMIN,
						    .result = STOP_CLEAR };
	const struct l2tp_msg cdn = { .type = L2TP_CDN, .have = L2TP_BIT(0) };
	struct l2tp_fx fx = { .n = 0 };
	uint8_t op = rd_u8(r);

	switch (op & 0x3c) {
	case 0x04:
		wait_for(u, ZE_SEC(rd_u8(r)));
		break;
	case 0x08:
		l2tp_tunnel_close(&u->t, &stop, u->now, &fx);
		break;
	case 0x0c:
		if (op & 0x40)
			l2tp_tunnel_abandon(&u->t, L2TP_DOWN_REPLACED, &fx);
		break;
	case 0x10:
		(void)l2tp_tunnel_send(&u->t, 1, &cdn, u->now);
		break;
	default:
		receive(u, r, op);
		break;
	}
	perform(u, &fx);
	flush(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	uint8_t flags = rd_u8(&r);
	struct l2tp_tunnel_cfg cfg = {
		.chan = l2tp_chan_defaults,
		.hello_interval = ZE_SEC(5),
		.hello_retries = flags & 3,
		.setup_timeout = ZE_SEC(31),
		.linger = ZE_SEC(31),
		.host_name = "lns",
		.secret = "s",
		.secret_len = flags & 4 ? 1 : 0,
		.hide = flags & 8,
	};
	static struct run u;

	u = (struct run){ .now = ZE_SEC(1) };
	l2tp_tunnel_init(&u.t, &cfg, &fixed, 1, u.now);
	while (!r.bad && rd_left(&r))
		act(&u, &r);
	r = rd_init("\x08", 1);
	act(&u, &r); /* close */
	wait_for(&u, ZE_SEC(120));
	CHECK(u.downs == 1 && u.frees == 1);
	CHECK(l2tp_tunnel_deadline(&u.t) == ZE_NEVER);
	l2tp_tunnel_done(&u.t);
	return 0;
}
