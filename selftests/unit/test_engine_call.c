/* SPDX-License-Identifier: BSD-2-Clause */
/* Incoming calls at the level of the engine: which call a message is for, limits, and refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/call.h"
#include "selftests/lib/world.h"

static const struct operate_why why = { .actor = "uid 0 (root)", .text = "fault", .code = 6 };

static struct world *w;
static struct lac *l;

static void set_up(void **st)
{
	(void)st;
	w = world_new(NULL, 21);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
}

static void tear_down(void)
{
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED); /* it survived */
	operate_close_all_tunnels(w->e, &why, w->now);
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
}

static struct lac_call *up(void)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");

	assert_true(c->c.v4_up);
	return c;
}

/* A message that the codec would not write. */
static void send_raw(uint16_t sid, const void *avps, size_t len)
{
	l2tp_chan_send(&l->chan, sid, span_of(avps, len), w->now);
	w_advance(w, ZE_MS(300)); /* acknowledged, so that the window is open again */
}

static void send_type(uint16_t sid, uint16_t type)
{
	const struct l2tp_msg m = { .type = type, .have = L2TP_BIT(AVP_MSG_TYPE) };

	lac_send(l, sid, &m);
	w_advance(w, ZE_MS(300));
}

#define MSG(t) 0x80, 8, 0, 0, 0, 0, 0, (t)
#define SID(n) 0x80, 8, 0, 0, 0, 14, 0, (n)

/* L-052: an unknown mandatory AVP in an ICRQ ends the call only; so does L-053 in an ICCN. */
static void unknown_mandatory_avp(void **st)
{
	static const uint8_t icrq[] = { MSG(10), SID(9), 0x80, 10,   0, 0, 0, 15,   0,
					0,	 0,	 1,    0x80, 6, 0, 0, 0x03, 0xe7 };
	static const uint8_t iccn[] = { MSG(12), 0x80, 6, 0, 0, 0x03, 0xe7 };
	struct lac_call *live, *c;

	set_up(st);
	live = up();
	send_raw(0, icrq, sizeof(icrq));
	assert_int_equal(l->rx[L2TP_CDN], 1);
	assert_int_equal(l->last.result.code, CDN_ERROR);
	assert_int_equal(l->last.result.error, L2TP_ERR_UNKNOWN_AVP);
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	send_raw(c->peer_sid, iccn, sizeof(iccn));
	assert_int_equal(c->cdn_result, CDN_ERROR);
	assert_int_equal(c->cdn_error, L2TP_ERR_UNKNOWN_AVP);
	assert_non_null(call_sub(live));
	tear_down();
}

/* L-132: an ICRQ without Assigned Session ID, or with 0, is refused; the tunnel survives. */
static void icrq_without_id(void **st)
{
	static const uint8_t none[] = { MSG(10) }, zero[] = { MSG(10), SID(0) };

	set_up(st);
	send_raw(0, none, sizeof(none));
	send_raw(0, zero, sizeof(zero));
	assert_int_equal(lac_tunnel(l)->l2tp.tx_msgs[L2TP_CDN], 2);
	assert_int_equal(w->e->sids.used, 0);
	tear_down();
}

/* L-133: an ICRQ without Call Serial Number is accepted. */
static void icrq_without_serial(void **st)
{
	static const uint8_t icrq[] = { MSG(10), SID(77) };

	set_up(st);
	send_raw(0, icrq, sizeof(icrq));
	assert_int_equal(w->e->sids.used, 1);
	assert_int_equal(lac_tunnel(l)->l2tp.tx_msgs[L2TP_ICRP], 1);
	tear_down();
}

/* The session id of the peer is in use: the live call survives, whatever happens to the CDN. */
static void session_id_reused(void **st)
{
	struct lac_call *c;
	struct subscriber *s;

	set_up(st);
	c = up();
	s = call_sub(c);
	lac_icrq(l, 0, c->sid);
	l->dead = true; /* this simple LAC must not end the live call on that CDN */
	w_deliver(w);
	l->dead = false;
	w_deliver(w);
	assert_ptr_equal(call_sub(c), s);
	assert_int_equal(s->state, SUB_ESTABLISHED);
	assert_int_equal(lac_tunnel(l)->n_calls, 1);
	tear_down();
}

/* L-135: max-sessions: CDN 4; when a call ends, a new one is accepted. */
static void session_limit(void **st)
{
	struct config *cfg = w_config();
	struct lac_call *a, *b;

	(void)st;
	cfg->max_sessions = 1;
	w = world_new(cfg, 3);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	a = up();
	b = lac_call(l, "bob", "builder");
	assert_true(b->over);
	assert_int_equal(b->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_int_equal(w->e->stats.reasons[REASON_LIMIT_SESSIONS], 1);
	lac_cdn(a);
	up();
	tear_down();
}

/* L-136: an ICRQ that overtakes the SCCCN is handled after it; L-115 with both in a burst. */
static void icrq_before_scccn(void **st)
{
	struct lac *m;
	uint8_t buf[256];
	struct wr wr = wr_init(buf, sizeof(buf));

	set_up(st);
	m = lac_new(w, 2, 1701);
	w_drop_next(w, L2TP_SCCCN);
	lac_connect(m);
	assert_int_equal(lac_tunnel(m)->l2tp.fsm.state, L2TP_T_WAIT_CTL_CONN);
	/* The window is 1 until the SCCCN is acknowledged, so this message is built by hand. */
	size_t mark = l2tp_hdr_begin_ctl(&wr, m->peer_tid, 0, 2, 1);
	wr_bytes(&wr, (const uint8_t[]){ MSG(10), SID(5) }, 16);
	l2tp_hdr_end_ctl(&wr, mark);
	w_inject(w, &m->path, wr_done(&wr));
	w_deliver(w);
	assert_int_equal(w->e->sids.used, 0);
	w_advance(w, ZE_SEC(1));
	assert_int_equal(lac_tunnel(m)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	assert_int_equal(w->e->sids.used, 1);
	m->dead = true;
	tear_down();
}

/* L-138 L-144: ICCN and CDN for an unknown call are acknowledged and change nothing. */
static void messages_for_no_call(void **st)
{
	uint64_t before;

	set_up(st);
	before = w->e->stats.reasons[REASON_SESSION_UNKNOWN];
	send_type(4711, L2TP_ICCN);
	send_raw(4711, (const uint8_t[]){ MSG(14), 0x80, 8, 0, 0, 0, 1, 0, 1, SID(99) }, 24);
	assert_int_equal(w->e->stats.reasons[REASON_SESSION_UNKNOWN], before + 2);
	assert_true(l2tp_chan_idle(&l->chan));
	assert_int_equal(l->rx[L2TP_CDN], 0);
	tear_down();
}

/* L-139: an ICRP from the LAC ends the call. L-140: so does a second ICCN, and L-141: an ICRQ
 * with the header session id of a live call. */
static void wrong_messages_for_a_call(void **st)
{
	struct lac_call *a, *b, *c;

	set_up(st);
	a = up();
	b = up();
	c = up();
	send_raw(a->peer_sid, (const uint8_t[]){ MSG(11), SID(1) }, 16);
	assert_int_equal(a->cdn_result, CDN_ERROR);
	send_type(b->peer_sid, L2TP_ICCN);
	assert_int_equal(b->cdn_result, CDN_ERROR);
	lac_icrq(l, c->peer_sid, 200);
	w_deliver(w);
	assert_int_equal(c->cdn_result, CDN_ERROR);
	assert_int_equal(w->e->sids.used, 0);
	tear_down();
}

/* L-142: a CDN in wait-connect or established frees everything and is not answered. */
static void cdn_received(void **st)
{
	struct lac_call *a, *b;

	set_up(st);
	a = up();
	lac_cdn(a);
	l->no_iccn = true;
	b = lac_call(l, "alice", "wonder");
	assert_true(b->icrp);
	lac_cdn(b);
	assert_int_equal(l->rx[L2TP_CDN], 0);
	assert_int_equal(w->e->sids.used, 0);
	assert_int_equal(pools_used(w->e->pools), 0);
	/* The other one was never established. */
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 1);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "peer");
	tear_down();
}

/* L-143: a CDN with header session id 0 is for the call that the Assigned Session ID AVP names. */
static void cdn_by_the_peers_id(void **st)
{
	struct lac_call *c;

	set_up(st);
	c = up();
	c->peer_sid = 0;
	lac_cdn(c);
	assert_int_equal(w->e->sids.used, 0);
	tear_down();
}

/* L-145: Result Codes of 8, 10 and 30 octets. */
static void cdn_of_any_length(void **st)
{
	static const uint8_t longer[] = {
		MSG(14), 0x80, 30,  0,	 0,   0,   1,	0,   3,	  0,   0,   'b', 'y', 'e', ' ',
		'b',	 'y',  'e', ' ', 'b', 'y', 'e', ' ', 'b', 'y', 'e', ' ', 'b', 'y', SID(3)
	};
	static const uint8_t ten[] = { MSG(14), 0x80, 10, 0, 0, 0, 1, 0, 3, 0, 0, SID(2) };
	static const uint8_t eight[] = { MSG(14), 0x80, 8, 0, 0, 0, 1, 0, 3, SID(1) };
	struct lac_call *c[3];

	set_up(st);
	for (unsigned i = 0; i < 3; i++)
		c[i] = up();
	send_raw(c[0]->peer_sid, eight, sizeof(eight));
	send_raw(c[1]->peer_sid, ten, sizeof(ten));
	send_raw(c[2]->peer_sid, longer, sizeof(longer));
	assert_int_equal(w->e->sids.used, 0);
	tear_down();
}

/* L-147: without ICCN, CDN after a minute. */
static void no_iccn(void **st)
{
	struct lac_call *c;

	set_up(st);
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(59));
	assert_false(c->over);
	w_advance(w, ZE_SEC(1));
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_TIMEOUT);
	assert_int_equal(w->e->sids.used, 0);
	tear_down();
}

/* L-149: a WEN is acknowledged and its counters are kept. L-150: an SLI is acknowledged and
 * ignored. */
static void wen_and_sli(void **st)
{
	static const uint8_t wen[] = { MSG(15), 0x80, 32, 0, 0, 0, 34, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2,
				       0,	0,    0,  3, 0, 0, 0,  4, 0, 0, 0, 5, 0, 0, 0, 6 };
	static const uint8_t sli[] = {
		MSG(16), 0x80, 16, 0, 0, 0, 35, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	};
	struct lac_call *c;

	set_up(st);
	c = up();
	send_raw(c->peer_sid, wen, sizeof(wen));
	send_raw(c->peer_sid, sli, sizeof(sli));
	assert_int_equal(call_sub(c)->call.l2tp.call_errors[0], 1);
	assert_int_equal(call_sub(c)->call.l2tp.call_errors[5], 6);
	assert_false(c->over);
	tear_down();
}

/* An OCRQ is refused, as ze places no calls; the tunnel survives. */
static void ocrq(void **st)
{
	static const uint8_t m[] = { MSG(7), SID(9), 0x80, 10,	 0,  0, 0, 15, 0,  0,
				     0,	     1,	     0x80, 10,	 0,  0, 0, 16, 0,  0,
				     0,	     1,	     0,	   0x80, 10, 0, 0, 0,  17, 0,
				     0,	     0,	     1,	   0x80, 10, 0, 0, 0,  18, 0,
				     0,	     0,	     1,	   0x80, 10, 0, 0, 0,  19, 0,
				     0,	     0,	     1,	   0x80, 7,  0, 0, 0,  21, '1' };

	set_up(st);
	send_raw(0, m, sizeof(m));
	assert_int_equal(l->rx[L2TP_CDN], 1);
	tear_down();
}

/* clear session: CDN 3, and the requester's text is recorded; the tunnel remains. */
static void cleared_by_operator(void **st)
{
	struct lac_call *a, *b;
	const struct event *ev;

	set_up(st);
	a = up();
	b = up();
	assert_int_equal(operate_close_session(w->e, 0, &why, w->now), -2);
	assert_int_equal(operate_close_session(w->e, a->peer_sid, &why, w->now), 0);
	w_deliver(w);
	assert_int_equal(a->cdn_result, CDN_ADMIN);
	assert_int_equal(a->cdn_cause, 1);
	assert_true(a->c.terminated); /* the client received a Terminate-Request */
	ev = w_last_event(w, EV_DISCONNECT_REQUESTED);
	assert_string_equal(ev->text, "fault");
	assert_int_equal(ev->code, 6);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "admin");
	assert_int_equal(operate_close_all_sessions(w->e, &why, w->now), 1);
	w_deliver(w);
	assert_true(b->over);
	tear_down();
}

/* A data message is delivered to the call that it names, in the tunnel that it names, and only
 * from the peer of that tunnel. */
static void data_of_others(void **st)
{
	struct lac *m;
	struct lac_call *c, *d;
	uint64_t before;

	set_up(st);
	m = lac_new(w, 2, 1701);
	lac_connect(m);
	c = up();
	d = lac_call(m, "alice", "wonder");
	assert_true(d->c.v4_up);
	before = call_sub(c)->rx_frames;
	d->peer_sid = c->peer_sid;
	lac_data(d, span_of("\xff\x03\xc0\x21\x05\x01\x00\x04", 8));
	w_deliver(w);
	assert_int_equal(call_sub(c)->rx_frames, before);
	assert_int_equal(w->e->stats.reasons[REASON_SESSION_UNKNOWN], 1);
	tear_down();
}

/* L-152 with few calls: released ids are used again, all at once, and never 0. */
static void many_calls(void **st)
{
	struct lac_call *c[300];

	(void)st;
	struct config *cfg = w_config();

	cfg->pool.end = 0x0a000fff;
	w = world_new(cfg, 4);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 300; i++) {
			c[i] = up();
			assert_int_not_equal(c[i]->peer_sid, 0);
		}
		assert_int_equal(w->e->n_subscribers[SUB_ESTABLISHED], 300);
		assert_int_equal(pools_used(w->e->pools), 300);
		for (unsigned i = 0; i < 300; i++)
			lac_cdn(c[i]);
		w_advance(w, ZE_SEC(30));
		assert_int_equal(w->e->sids.used, 0);
	}
	tear_down();
}

/* ---- a call knows its owner by functions only ---- */

static struct other { /* another owner than a subscriber, which counts what it is asked */
	struct call call;
	unsigned ups, frames, expiries;
} * other;
static unsigned n_freed;

static struct other *other_of(struct call *c)
{
	return ze_container_of(c, struct other, call);
}

static int other_create(struct tunnel *t, uint16_t peer_sid, ze_ns now, struct call **ret)
{
	other = calloc(1, sizeof(*other));
	*ret = &other->call;
	return call_begin(&other->call, &(struct call_args){ t, w->e->incoming, 0, peer_sid }, now);
}

static void other_up(struct call *c, ze_ns now)
{
	(void)now;
	other_of(c)->ups++;
}

static void other_frame(struct call *c, struct span frame, ze_ns now)
{
	(void)frame;
	(void)now;
	other_of(c)->frames++;
}

static void other_dp_event(struct call *c, const struct dp_event *ev, ze_ns now)
{
	(void)c;
	(void)ev;
	(void)now;
}

static ze_ns other_deadline(const struct call *c)
{
	return other_of((struct call *)(uintptr_t)c)->expiries ? ZE_NEVER : ZE_SEC(1);
}

static void other_expire(struct call *c, ze_ns now)
{
	other_of(c)->expiries += now >= ZE_SEC(1);
}

static bool other_save(const struct call *c, struct wr *to)
{
	(void)c;
	(void)to;
	return false;
}

static void other_down(struct call *c, const struct l2tp_fx_down *down, ze_ns now)
{
	(void)down;
	(void)now;
	call_release(c);
}

static void other_free(struct call *c)
{
	free(other_of(c));
	n_freed++;
}

static void another_owner(void **st)
{
	static const struct call_owner_ops ops = {
		.create = other_create,
		.up = other_up,
		.frame = other_frame,
		.dp_event = other_dp_event,
		.deadline = other_deadline,
		.expire = other_expire,
		.save = other_save,
		.down = other_down,
		.release = call_release,
		.free = other_free,
	};
	struct lac_call *c;
	uint16_t sid;

	set_up(st);
	w->e->incoming = &ops;
	c = lac_call(l, "alice", "wonder");
	sid = other->call.l2tp.sid;
	assert_int_equal(other->ups, 1);
	assert_true(other->frames > 0); /* the client's Configure-Request */
	assert_ptr_equal(registry_call(w->e, sid), &other->call);
	assert_ptr_equal(registry_call_of(lac_tunnel(l), c->sid), &other->call);
	assert_null(registry_sub(w->e, sid)); /* and no session is shown or closed by operators */
	assert_int_equal(engine_sessions(w->e), 0);
	assert_int_equal(operate_close_session(w->e, sid, &why, w->now), -ENOENT);
	assert_int_equal(operate_close_all_sessions(w->e, &why, w->now), 0);
	w_advance(w, ZE_SEC(2));
	assert_int_equal(other->expiries, 1);
	lac_cdn(c);
	assert_int_equal(n_freed, 1);
	assert_null(registry_call(w->e, sid));
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_mandatory_avp),
		cmocka_unit_test(icrq_without_id),
		cmocka_unit_test(icrq_without_serial),
		cmocka_unit_test(session_id_reused),
		cmocka_unit_test(session_limit),
		cmocka_unit_test(icrq_before_scccn),
		cmocka_unit_test(messages_for_no_call),
		cmocka_unit_test(wrong_messages_for_a_call),
		cmocka_unit_test(cdn_received),
		cmocka_unit_test(cdn_by_the_peers_id),
		cmocka_unit_test(cdn_of_any_length),
		cmocka_unit_test(no_iccn),
		cmocka_unit_test(wen_and_sli),
		cmocka_unit_test(ocrq),
		cmocka_unit_test(cleared_by_operator),
		cmocka_unit_test(data_of_others),
		cmocka_unit_test(many_calls),
		cmocka_unit_test(another_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
