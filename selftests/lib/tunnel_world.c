/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/avp.h"
#include "selftests/lib/tunnel_world.h"

struct tw tw;

static void note_rows(void)
{
	for (uint32_t i = 0; i < ring_count(&tw.t.fsm.ring); i++)
		tw.row_hit[tw.t.fsm.steps[i].row] = true;
}

void tw_restart(void)
{
	l2tp_tunnel_done(&tw.t);
	tw.n_out = tw.next_out = tw.n_told = tw.next_told = 0;
	tw.ns = tw.nr = 0;
	l2tp_tunnel_init(&tw.t, &tw.cfg, &tw.rng.rng, TW_OUR_TID, tw.now);
}

int tw_setup(void **st)
{
	(void)st;
	memset(&tw, 0, offsetof(struct tw, row_hit));
	test_rng_init(&tw.rng, 1);
	tw.now = ZE_SEC(1000);
	tw.cfg = (struct l2tp_tunnel_cfg){
		.chan = l2tp_chan_defaults,
		.hello_interval = ZE_SEC(TW_HELLO_S),
		.hello_retries = 2,
		.setup_timeout = ZE_SEC(31),
		.linger = ZE_SEC(31),
		.host_name = "lns",
		.vendor_name = "ze",
	};
	l2tp_tunnel_init(&tw.t, &tw.cfg, &tw.rng.rng, TW_OUR_TID, tw.now);
	return 0;
}

int tw_teardown(void **st)
{
	(void)st;
	l2tp_tunnel_done(&tw.t);
	return 0;
}

void tw_set_secret(const char *s)
{
	tw.cfg.secret_len = (uint16_t)strlen(s);
	memcpy(tw.cfg.secret, s, strlen(s));
	tw_restart();
}

/* ---- running the tunnel ---- */

static void log_fx(struct l2tp_fx *fx)
{
	for (unsigned i = 0; i < fx->n; i++) {
		const struct l2tp_effect *e = &fx->e[i];
		struct tw_told *to = &tw.told[tw.n_told++];

		assert_true(tw.n_told <= TW_FX_LOG);
		*to = (struct tw_told){ .kind = e->kind };
		if (e->kind == L2TP_FX_TUNNEL_DOWN) {
			to->down = e->down;
		} else if (e->kind == L2TP_FX_CALL) {
			to->hdr_sid = e->call.hdr_sid;
			to->msg_type = e->call.msg->type;
			to->faulty = e->call.fault;
		} else if (e->kind == L2TP_FX_REFUSED) {
			to->reason = e->refused.fault.reason;
			to->msg_type = e->refused.msg_type;
			to->attr = e->refused.fault.attr;
		}
	}
	fx->n = 0;
	note_rows();
}

void tw_flush(void)
{
	for (;;) {
		struct tw_sent *s = &tw.out[tw.n_out];
		struct wr o = wr_init(s->b, sizeof(s->b));

		assert_true(tw.n_out < TW_OUT_MAX);
		if (!l2tp_tunnel_output(&tw.t, &o, tw.now))
			return;
		assert_false(o.bad);
		assert_int_equal(l2tp_hdr_parse(s->b, wr_len(&o), &s->h), 0);
		assert_int_equal(s->h.sid, 0);
		tw.n_out++;
	}
}

int tw_lac_raw(struct span payload, uint16_t ns, uint16_t nr)
{
	struct l2tp_hdr h = { .tid = TW_OUR_TID, .ns = ns, .nr = nr, .payload = payload };
	struct l2tp_fx fx = { .n = 0 };
	int r;

	tw.t.chan.ack_every =
		tw.cfg.chan.rws; /* delay acknowledgements, so that none comes between steps */
	r = l2tp_tunnel_input(&tw.t, &h, tw.now);
	while (l2tp_tunnel_step(&tw.t, tw.now, &fx))
		log_fx(&fx);
	tw_flush();
	return r;
}

struct span tw_encode(const struct l2tp_msg *m, uint8_t *buf, size_t size)
{
	struct wr o = wr_init(buf, size);

	assert_int_equal(l2tp_msg_encode(m, NULL, &o), 0);
	return wr_done(&o);
}

void tw_lac(const struct l2tp_msg *m)
{
	uint8_t buf[1500];

	assert_int_equal(tw_lac_raw(tw_encode(m, buf, sizeof(buf)), tw.ns, tw.nr), 0);
	tw.ns++;
}

/* Encodes m with one more AVP, made by the test. */
void tw_lac_plus(const struct l2tp_msg *m, uint16_t flags, uint16_t type, struct span value)
{
	uint8_t buf[2000];
	struct wr o = wr_init(buf, sizeof(buf));

	assert_int_equal(l2tp_msg_encode(m, NULL, &o), 0);
	wr_u16(&o, (uint16_t)(flags | (AVP_HDR_LEN + value.len)));
	wr_u16(&o, 0);
	wr_u16(&o, type);
	wr_span(&o, value);
	assert_false(o.bad);
	assert_int_equal(tw_lac_raw(wr_done(&o), tw.ns, tw.nr), 0);
	tw.ns++;
}

void tw_lac_zlb(void)
{
	assert_int_equal(tw_lac_raw((struct span){ 0 }, tw.ns, tw.nr), 0);
}

void tw_expire(void)
{
	struct l2tp_fx fx = { .n = 0 };

	l2tp_tunnel_expire(&tw.t, tw.now, &fx);
	log_fx(&fx);
	tw_flush();
}

void tw_advance(ze_ns d)
{
	ze_ns end = tw.now + d, next;

	for (; (next = l2tp_tunnel_deadline(&tw.t)) <= end; tw_expire())
		tw.now = next > tw.now ? next : tw.now;
	tw.now = end;
}

/* ---- expectations ---- */

void tw_quiet(void)
{
	assert_int_equal(tw.next_out, tw.n_out);
	assert_int_equal(tw.next_told, tw.n_told);
	tw.n_out = tw.next_out = tw.n_told = tw.next_told = 0;
}

struct tw_sent *tw_expect_out(void)
{
	assert_true(tw.next_out < tw.n_out);
	return &tw.out[tw.next_out++];
}

void tw_expect_zlb(uint16_t nr)
{
	struct tw_sent *s = tw_expect_out();

	assert_int_equal(s->h.payload.len, 0);
	assert_int_equal(s->h.nr, nr);
}

struct tw_sent *tw_expect_msg(uint16_t type)
{
	const struct l2tp_dec dec = { .secret = span_of(tw.cfg.secret, tw.cfg.secret_len),
				      .scratch = tw.scratch,
				      .scratch_size = sizeof(tw.scratch) };
	struct tw_sent *s = tw_expect_out();
	struct l2tp_fault fault;

	assert_int_equal(l2tp_msg_decode(s->h.payload, &dec, &tw.m, &fault), 0);
	assert_int_equal(tw.m.type, type);
	if ((uint16_t)(s->h.ns + 1 - tw.nr) < 0x8000)
		tw.nr = (uint16_t)(s->h.ns + 1);
	return s;
}

struct tw_told *tw_expect_told(enum l2tp_fx_kind kind)
{
	assert_true(tw.next_told < tw.n_told);
	assert_int_equal(tw.told[tw.next_told].kind, kind);
	return &tw.told[tw.next_told++];
}

void tw_expect_refused(enum reason r)
{
	assert_int_equal(tw_expect_told(L2TP_FX_REFUSED)->reason, r);
}

void tw_expect_down(enum l2tp_down cause, uint16_t result, uint16_t error)
{
	struct tw_told *d = tw_expect_told(L2TP_FX_TUNNEL_DOWN);

	assert_int_equal(d->down.cause, cause);
	assert_int_equal(d->down.result, result);
	assert_int_equal(d->down.error, error);
	assert_int_equal(tw.t.down.cause, cause);
}

void tw_expect_state(enum l2tp_tunnel_state s)
{
	assert_int_equal(tw.t.fsm.state, s);
}

void tw_expect_stop(uint16_t result, uint16_t error)
{
	struct tw_sent *s = tw_expect_msg(L2TP_STOPCCN);

	assert_int_equal(s->h.tid, TW_LAC_TID);
	assert_int_equal(tw.m.result.code, result);
	assert_int_equal(tw.m.result.error, error);
	assert_true(tw.m.result.has_error);
	assert_int_equal(tw.m.assigned_tid, TW_OUR_TID);
	assert_int_equal(tw.m.have, L2TP_BIT(0) | L2TP_BIT(1) | L2TP_BIT(9));
	tw_expect_state(L2TP_T_CLOSING);
}

/* Checks the whole sequence: refused, StopCCN, down; acknowledged, lingers, freed. */
void tw_expect_end(enum reason why, enum l2tp_down cause, uint16_t result, uint16_t error)
{
	tw_expect_refused(why);
	tw_expect_stop(result, error);
	tw_expect_down(cause, result, error);
	tw_quiet();
	tw_lac_zlb();
	tw_expect_state(L2TP_T_LINGER);
	tw_quiet();
	assert_int_equal(l2tp_tunnel_deadline(&tw.t), tw.now + tw.cfg.linger);
	tw_advance(tw.cfg.linger - TW_TICK);
	tw_quiet();
	tw_advance(TW_TICK);
	tw_expect_told(L2TP_FX_TUNNEL_FREE);
	tw_quiet();
	assert_int_equal(l2tp_tunnel_deadline(&tw.t), ZE_NEVER);
}

/* ---- messages ---- */

struct l2tp_msg tw_sccrq(void)
{
	return (struct l2tp_msg){
		.type = L2TP_SCCRQ,
		.have = L2TP_BIT(0) | L2TP_BIT(2) | L2TP_BIT(3) | L2TP_BIT(7) | L2TP_BIT(9),
		.protocol_version = 0x0100,
		.framing_caps = 3,
		.host_name = span_str("lac"),
		.assigned_tid = TW_LAC_TID,
	};
}

struct l2tp_msg tw_bare(uint16_t type)
{
	return (struct l2tp_msg){ .type = type, .have = L2TP_BIT(0) };
}

struct l2tp_msg tw_icrq(void)
{
	return (struct l2tp_msg){
		.type = L2TP_ICRQ,
		.have = L2TP_BIT(0) | L2TP_BIT(14) | L2TP_BIT(15),
		.assigned_sid = 5,
	};
}

struct l2tp_msg tw_stopccn(uint16_t result)
{
	return (struct l2tp_msg){
		.type = L2TP_STOPCCN,
		.have = L2TP_BIT(0) | L2TP_BIT(1) | L2TP_BIT(9),
		.result = { .code = result },
		.assigned_tid = TW_LAC_TID,
	};
}

void tw_send_bare(uint16_t type)
{
	struct l2tp_msg m = tw_bare(type);

	tw_lac(&m);
}

void tw_half_open(void)
{
	struct l2tp_msg m = tw_sccrq();

	tw_lac(&m);
	tw_expect_msg(L2TP_SCCRP);
	tw_expect_state(L2TP_T_WAIT_CTL_CONN);
	tw_quiet();
}

void tw_up(void)
{
	tw_half_open();
	tw_send_bare(L2TP_SCCCN);
	tw_expect_told(L2TP_FX_TUNNEL_UP);
	tw_expect_state(L2TP_T_ESTABLISHED);
	tw_advance(tw.cfg.chan.ack_delay);
	tw_expect_zlb(2);
	tw_quiet();
}

void tw_call_close(enum l2tp_down cause, uint16_t result)
{
	struct l2tp_stop_args a = { .cause = cause, .result = result, .text = "bye" };
	struct l2tp_fx fx = { .n = 0 };

	l2tp_tunnel_close(&tw.t, &a, tw.now, &fx);
	log_fx(&fx);
	tw_flush();
}

void tw_call_abandon(void)
{
	struct l2tp_fx fx = { .n = 0 };

	l2tp_tunnel_abandon(&tw.t, L2TP_DOWN_REPLACED, &fx);
	log_fx(&fx);
	tw_flush();
}
