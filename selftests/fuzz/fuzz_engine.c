/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives LACs and clients against a whole engine: valid messages by the scripted LAC,
 * invalid ones as raw octets after good and bad headers. Afterwards the daemon drains while no peer
 * answers: everything must be released in time.
 */
#include <stdlib.h>
#include <string.h>

#include "selftests/fuzz/fuzz.h"
#include "selftests/lib/world.h"

#define LACS  4
#define CALLS 5
#define STEPS 48

static const struct operate_why why = { .actor = "fuzz", .text = "because" };

static struct lac *some_lac(struct world *w, struct rd *r)
{
	unsigned i = rd_u8(r);

	return w->n_lacs ? &w->lacs[i % w->n_lacs] : NULL;
}

static struct lac_call *some_call(struct world *w, struct rd *r)
{
	unsigned i = rd_u8(r);

	return w->n_calls ? &w->calls[i % w->n_calls] : NULL;
}

/* Reads at most 255 octets of the input. */
static struct span some_bytes(struct rd *r)
{
	size_t n = rd_u8(r);

	return rd_bytes(r, n < rd_left(r) ? n : rd_left(r));
}

static void connect(struct world *w, struct rd *r)
{
	uint8_t how = rd_u8(r);
	struct lac *l;

	if (w->n_lacs == LACS)
		return;
	l = lac_new(w, 1 + how % 3, 1701);
	l->challenge = how & 4;
	l->no_scccn = how & 8;
	l->no_iccn = how & 16;
	l->sequencing = how & 32;
	if (how & 64 && w->n_lacs > 1)
		l->tid = w->lacs[0].tid;
	if (how & 128)
		strcpy(l->secret, "wrong");
	lac_connect(l);
}

static void call(struct world *w, struct rd *r)
{
	struct lac *l = some_lac(w, r);
	uint8_t how = rd_u8(r);
	struct lac_call *c;

	if (!l || w->n_calls == CALLS)
		return;
	c = lac_call(l, how & 1 ? "alice" : "bob", how & 2 ? "wonder" : "builder");
	c->c.wants = (enum w_auth)(how >> 2 & 3);
	c->c.no_ipv6 = how & 16;
	c->c.mute = how & 32;
}

/* Puts any AVPs into a message that the channel delivers. */
static void message(struct world *w, struct rd *r)
{
	struct lac *l = some_lac(w, r);
	struct lac_call *c = some_call(w, r);
	struct span avps = some_bytes(r);

	if (!l)
		return;
	l2tp_chan_send(&l->chan, c ? c->peer_sid : 0, avps, w->now);
	w_deliver(w);
}

static void datagram(struct world *w, struct rd *r)
{
	struct lac *l = some_lac(w, r);
	struct net_path p = l ? l->path : w_path(1, 1701);

	w_inject(w, &p, some_bytes(r));
	w_deliver(w);
}

static void frame(struct world *w, struct rd *r)
{
	static const uint16_t protos[] = { 0xc021, 0xc023, 0xc223, 0x8021,
					   0x8057, 0x0021, 0x80fd, 0x0057 };
	struct lac_call *c = some_call(w, r);
	uint8_t how = rd_u8(r), buf[300];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_u16(&wr, 0xff03);
	wr_u16(&wr, protos[how % 8]);
	wr_span(&wr, some_bytes(r));
	if (!c)
		return;
	if (how & 128)
		engine_dp_event(w->e,
				&(struct dp_event){ .kind = DP_EV_FRAME,
						    .sid = c->peer_sid,
						    .frame = wr_done(&wr) },
				w->now);
	else
		lac_data(c, wr_done(&wr));
	w_deliver(w);
}

static void plane(struct world *w, struct rd *r)
{
	uint8_t how = rd_u8(r);
	struct lac_call *c = some_call(w, r);

	w->dp_hold = how & 1;
	w->dp_session_result = how & 2 ? -12 : 0;
	w->dp_family_result = how & 4 ? -12 : 0;
	if (how & 8)
		w->fail_dp.left = how >> 4;
	else if (how & 16 && c && w->dp[c->peer_sid].held)
		engine_dp_event(w->e, &(struct dp_event){ .kind = DP_EV_LOST, .sid = c->peer_sid },
				w->now);
	w_deliver(w);
}

static void end(struct world *w, struct rd *r)
{
	uint8_t how = rd_u8(r);
	struct lac_call *c = some_call(w, r);
	struct lac *l = some_lac(w, r);

	if (how % 8 == 0 && c)
		lac_cdn(c);
	else if (how % 8 == 1 && c)
		client_terminate(c);
	else if (how % 8 == 2 && c)
		client_renegotiate(c);
	else if (how % 8 == 3 && l)
		lac_stop(l);
	else if (how % 8 == 4 && c)
		operate_close_session(w->e, c->peer_sid, &why, w->now);
	else if (how % 8 == 5 && l)
		operate_close_tunnel(w->e, l->peer_tid, &why, w->now);
	else if (how % 8 == 6)
		operate_close_all_sessions(w->e, &why, w->now);
	else if (how & 16)
		w_restart(w);
	else if (l)
		l->mute = how & 8;
	w_deliver(w);
}

static struct config *config(void)
{
	struct config *c = w_config();

	if (!c)
		abort();
	c->listeners[c->n_listeners++].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	return c;
}

static void weather(struct world *w, struct rd *r)
{
	w->loss_permille = rd_u8(r);
	w->dup_permille = rd_u8(r);
	w->reorder_permille = rd_u8(r);
}

static void reload(struct world *w, struct rd *r)
{
	struct config *c = config();

	c->max_sessions = rd_u8(r) % 8;
	c->max_tunnels = rd_u8(r) % 8;
	c->hello_interval_s = 1 + rd_u8(r);
	c->hello_retries = rd_u8(r) % 4;
	w_reload(w, c, NULL);
	config_unref(c);
}

static void step(struct world *w, struct rd *r)
{
	switch (rd_u8(r) % 10) {
	case 0:
		connect(w, r);
		break;
	case 1:
		call(w, r);
		break;
	case 2:
		message(w, r);
		break;
	case 3:
		datagram(w, r);
		break;
	case 4:
	case 5:
		frame(w, r);
		break;
	case 6:
		w_advance(w, ZE_MS(100) * rd_u8(r));
		break;
	case 7:
		plane(w, r);
		break;
	case 8:
		end(w, r);
		break;
	default:
		if (rd_u8(r) & 1)
			weather(w, r);
		else
			reload(w, r);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	struct world *w = world_new(config(), 1);
	bool vanish = rd_u8(&r) & 1; /* end by engine_free() without a drain */

	if (!w)
		abort();
	for (unsigned i = 0; i < STEPS && rd_left(&r); i++)
		step(w, &r);
	if (!vanish) {
		w->dp_hold = false;
		for (unsigned i = 0; i < w->n_lacs; i++)
			w->lacs[i].mute = true;
		for (unsigned i = 0; i < w->n_calls; i++)
			w->calls[i].c.retry_at = ZE_NEVER;
		engine_drain(w->e, w->now);
		w_advance(w, ZE_SEC(200));
		if (!engine_drained(w->e) || w_leftover(w))
			abort();
	}
	world_free(w);
	return 0;
}
