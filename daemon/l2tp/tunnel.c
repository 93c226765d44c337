/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control connection on the responder side: RFC 2661 5.1, 5.5, 5.7 and 7.2.1, and dead-peer
 * detection. The header describes the states and timers. The table below is the whole machine: an
 * event without a row of its own matches the last row, StopCCN with Result Code 7 (FSM error).
 */
#include "daemon/l2tp/tunnel.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/crypto.h"
#include "daemon/l2tp/auth.h"
#include "daemon/l2tp/timers.h"

#define VECTOR_LEN 16 /* 4.3 advises at least 16 octets of Random Vector */

enum tunnel_event {
	EV_SCCRQ,
	EV_SCCRP,
	EV_SCCCN,
	EV_STOPCCN,
	EV_HELLO,
	EV_CALL,      /* a session message */
	EV_IGNORABLE, /* unknown without M bit, or the first AVP is not a Message Type */
	EV_FAULT,     /* unknown with M bit, or its type could not be read */
	EV_CLOSE,     /* requested by the owner */
	EV_ABANDON,
	EV_ACKED, /* every message is acknowledged */
	EV_DEAD,  /* retransmission exhausted */
	EV_SETUP_TIMEOUT,
	EV_HELLO_DUE,
	EV_KEEPALIVE,
	EV_LINGERED,
	EV__COUNT
};

struct turn {
	struct l2tp_fx *fx;
	ze_ns now;
	struct l2tp_stop_args stop; /* for the StopCCN or for the cause, if this ends the tunnel */
	uint16_t hdr_sid;
	bool bad; /* t->fault describes t->msg */
};

/* ---- sending ---- */

static struct span secret_of(const struct l2tp_tunnel *t)
{
	return span_of(t->cfg.secret, t->cfg.secret_len);
}

static int queue_msg(struct l2tp_tunnel *t, uint16_t sid, const struct l2tp_msg *m, ze_ns now)
{
	uint8_t buf[L2TP_MSG_MAX], vector[VECTOR_LEN];
	struct l2tp_enc enc = { 0 };
	struct wr w = wr_init(buf, sizeof(buf));
	int r;

	if (t->cfg.hide && t->cfg.secret_len) {
		r = rng_fill(t->rng, vector, sizeof(vector));
		if (r < 0)
			return r;
		enc = (struct l2tp_enc){ .secret = secret_of(t),
					 .vector = span_of(vector, sizeof(vector)) };
	}
	if (l2tp_msg_encode(m, &enc, &w) < 0)
		return -EMSGSIZE;
	if (l2tp_chan_idle(&t->chan))
		t->probe_at = now;
	r = l2tp_chan_send(&t->chan, sid, wr_done(&w), now);
	if (r == 0 && m->type < L2TP_MSG__COUNT)
		t->tx_msgs[m->type]++;
	return r;
}

/* Sends a message of the tunnel itself. When it cannot be queued, the tunnel cannot continue. */
static void send_own(struct l2tp_tunnel *t, const struct l2tp_msg *m, ze_ns now)
{
	if (queue_msg(t, 0, m, now) < 0)
		t->failed = true;
}

static struct l2tp_msg stop_msg(uint16_t tid, uint16_t result, uint16_t error, struct span text)
{
	return (struct l2tp_msg){
		.type = L2TP_STOPCCN,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_RESULT_CODE) |
			L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID),
		.result = { .code = result, .error = error, .has_error = true, .text = text },
		.assigned_tid = tid,
	};
}

/* ---- effects for the owner ---- */

static void tunnel_tell_refused(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;
	struct turn *u = arg;
	struct l2tp_effect *e = l2tp_fx_add(u->fx, L2TP_FX_REFUSED);

	e->refused.msg_type = t->msg.type;
	e->refused.fault =
		u->bad ? t->fault :
			 (struct l2tp_fault){ .reason = REASON_FSM_EVENT, .where = L2TP_FAULT_MSG };
}

static void tunnel_tell_down(struct l2tp_tunnel *t, struct turn *u, const struct l2tp_fx_down *d)
{
	if (t->down_told)
		return;
	t->down_told = true;
	t->down = *d;
	l2tp_fx_add(u->fx, L2TP_FX_TUNNEL_DOWN)->down = *d;
}

/* ---- guards ---- */

static bool is_faulty(void *obj, void *arg)
{
	(void)obj;
	return ((const struct turn *)arg)->bad;
}

/* L-024: without an id of the peer's there is nothing to send an answer to. */
static bool lacks_tid(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;

	(void)arg;
	return !L2TP_HAS(&t->msg, AVP_ASSIGNED_TUNNEL_ID) || t->msg.assigned_tid == 0;
}

/* 4.4.3: only the major version has to match. */
static bool other_version(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;

	(void)arg;
	return L2TP_HAS(&t->msg, AVP_PROTOCOL_VERSION) &&
	       t->msg.protocol_version >> 8 != L2TP_PROTOCOL_VERSION >> 8;
}

static bool unanswerable_challenge(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;

	(void)arg;
	return L2TP_HAS(&t->msg, AVP_CHALLENGE) && t->cfg.secret_len == 0;
}

static bool lacks_response(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;

	(void)arg;
	return t->cfg.secret_len && !L2TP_HAS(&t->msg, AVP_CHALLENGE_RESPONSE);
}

static bool wrong_response(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;

	(void)arg;
	return t->cfg.secret_len &&
	       !l2tp_auth_check(L2TP_SCCCN, secret_of(t), span_of(t->challenge, L2TP_CHALLENGE_LEN),
				t->msg.challenge_response);
}

/* The SCCRP was never acknowledged, so a StopCCN would not be received either. */
static bool unheard(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;

	(void)arg;
	return !l2tp_chan_idle(&t->chan);
}

/* ---- actions: set-up ---- */

static uint8_t keep_text(uint8_t *to, size_t size, struct span from)
{
	size_t n = from.len < size ? from.len : size;

	if (n)
		memcpy(to, from.p, n);
	return (uint8_t)n;
}

/* Keeps what an answer needs. Called for every SCCRQ with an Assigned Tunnel ID. */
static void keep_peer(struct l2tp_tunnel *t)
{
	const struct l2tp_msg *m = &t->msg;

	t->have = m->have;
	t->peer_tid = m->assigned_tid;
	t->peer_rws = L2TP_HAS(m, AVP_RECEIVE_WINDOW_SIZE) ? m->rws : L2TP_DEFAULT_RWS;
	t->peer_version = m->protocol_version;
	t->peer_firmware = m->firmware_revision;
	t->peer_framing = m->framing_caps;
	t->peer_bearer = m->bearer_caps;
	t->peer_host_len = keep_text(t->peer_host, sizeof(t->peer_host), m->host_name);
	t->peer_vendor_len = keep_text(t->peer_vendor, sizeof(t->peer_vendor), m->vendor_name);
	l2tp_chan_set_peer(&t->chan, t->peer_tid, t->peer_rws);
}

static void send_sccrp(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	const struct turn *u = arg;
	uint8_t response[L2TP_AUTH_LEN];
	struct l2tp_msg m = {
		.type = L2TP_SCCRP,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_PROTOCOL_VERSION) |
			L2TP_BIT(AVP_FRAMING_CAPS) | L2TP_BIT(AVP_HOST_NAME) |
			L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID) | L2TP_BIT(AVP_RECEIVE_WINDOW_SIZE),
		.protocol_version = L2TP_PROTOCOL_VERSION,
		.framing_caps = L2TP_FRAMING_SYNC | L2TP_FRAMING_ASYNC,
		.host_name = span_str(t->cfg.host_name),
		.vendor_name = span_str(t->cfg.vendor_name),
		.assigned_tid = t->tid,
		.rws = t->cfg.chan.rws,
		.challenge = span_of(t->challenge, L2TP_CHALLENGE_LEN),
		.challenge_response = span_of(response, sizeof(response)),
	};

	keep_peer(t);
	if (m.vendor_name.len)
		m.have |= L2TP_BIT(AVP_VENDOR_NAME);
	if (t->cfg.secret_len) {
		/* A new challenge for each tunnel, so that a recorded SCCCN cannot be replayed
		 * (L-086). */
		if (rng_fill(t->rng, t->challenge, L2TP_CHALLENGE_LEN) < 0) {
			t->failed = true;
			return;
		}
		m.have |= L2TP_BIT(AVP_CHALLENGE);
	}
	if (L2TP_HAS(&t->msg, AVP_CHALLENGE)) {
		l2tp_auth_response(response, L2TP_SCCRP, secret_of(t), t->msg.challenge);
		m.have |= L2TP_BIT(AVP_CHALLENGE_RESPONSE);
	}
	send_own(t, &m, u->now);
}

static void open_up(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	const struct turn *u = arg;

	t->established = u->now;
	l2tp_fx_add(u->fx, L2TP_FX_TUNNEL_UP);
}

/* ---- actions: established ---- */

static void pass_call(void *obj, void *arg)
{
	const struct l2tp_tunnel *t = obj;
	const struct turn *u = arg;
	struct l2tp_effect *e = l2tp_fx_add(u->fx, L2TP_FX_CALL);

	e->call.hdr_sid = u->hdr_sid;
	e->call.msg = &t->msg;
	e->call.fault = u->bad ? &t->fault : NULL;
}

static void send_hello(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	const struct turn *u = arg;
	const struct l2tp_msg m = { .type = L2TP_HELLO, .have = L2TP_BIT(AVP_MSG_TYPE) };

	t->last_hello = u->now;
	send_own(t, &m, u->now);
}

/* ---- actions: teardown ---- */

static void tunnel_stop(struct l2tp_tunnel *t, struct turn *u, struct span text)
{
	const struct l2tp_stop_args *a = &u->stop;
	struct l2tp_msg m = stop_msg(t->tid, a->result, a->error, text);

	l2tp_chan_flush_unsent(&t->chan);
	send_own(t, &m, u->now);
	tunnel_tell_down(t, u,
			 &(struct l2tp_fx_down){
				 .cause = a->cause, .result = a->result, .error = a->error });
}

static void stop_asked(void *obj, void *arg)
{
	struct turn *u = arg;

	tunnel_stop(obj, u, span_str(u->stop.text));
}

static void stop_fault(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	struct turn *u = arg;

	u->stop = (struct l2tp_stop_args){ .cause = L2TP_DOWN_PROTOCOL,
					   .result = STOP_ERROR,
					   .error = t->fault.error };
	tunnel_tell_refused(t, u);
	tunnel_stop(t, u, l2tp_fx_fault_text(u->fx, &t->fault));
}

static void stop_reason(struct l2tp_tunnel *t, struct turn *u, enum reason reason,
			const struct l2tp_stop_args *a)
{
	u->stop = *a;
	u->bad = true;
	t->fault = (struct l2tp_fault){ .reason = reason, .where = L2TP_FAULT_MSG };
	tunnel_tell_refused(t, u);
	tunnel_stop(t, u, span_str(reason_text(reason)));
}

static void stop_auth(struct l2tp_tunnel *t, struct turn *u, enum reason reason)
{
	stop_reason(t, u, reason,
		    &(struct l2tp_stop_args){ .cause = L2TP_DOWN_AUTH,
					      .result = STOP_NOT_AUTHORISED });
}

static void stop_no_response(void *obj, void *arg)
{
	stop_auth(obj, arg, REASON_AUTH_MISSING);
}

static void stop_wrong_response(void *obj, void *arg)
{
	stop_auth(obj, arg, REASON_AUTH_WRONG);
}

static void stop_no_secret(void *obj, void *arg)
{
	keep_peer(obj);
	stop_auth(obj, arg, REASON_AUTH_NO_SECRET);
}

static void stop_sccrq_fault(void *obj, void *arg)
{
	keep_peer(obj);
	stop_fault(obj, arg);
}

/* 4.4.2: with Result Code 5, the Error Code is the highest version supported. */
static void stop_version(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;

	keep_peer(t);
	stop_reason(t, arg, REASON_AVP_VALUE,
		    &(struct l2tp_stop_args){ .cause = L2TP_DOWN_PROTOCOL,
					      .result = STOP_VERSION,
					      .error = L2TP_PROTOCOL_VERSION });
}

static void bad_event(void *obj, void *arg)
{
	stop_reason(obj, arg, REASON_FSM_EVENT,
		    &(struct l2tp_stop_args){ .cause = L2TP_DOWN_PROTOCOL, .result = STOP_FSM });
}

/* 5.7: the ids stay reserved for a full retransmission cycle. */
static void linger(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	const struct turn *u = arg;

	l2tp_chan_mute(&t->chan);
	t->linger_until = u->now + t->cfg.linger;
}

static void linger_acked(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;

	linger(t, arg);
	l2tp_chan_ack_now(&t->chan, ((const struct turn *)arg)->now);
}

static void peer_stopped(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	const struct l2tp_result *r = &t->msg.result; /* zero when it was missing (L-214) */

	linger_acked(t, arg);
	tunnel_tell_down(t, arg,
			 &(struct l2tp_fx_down){
				 .cause = L2TP_DOWN_PEER, .result = r->code, .error = r->error });
}

/* Ends the tunnel without a message and without lingering. */
static void tunnel_drop(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	struct turn *u = arg;

	l2tp_chan_mute(&t->chan);
	t->linger_until = u->now;
	tunnel_tell_down(t, u, &(struct l2tp_fx_down){ .cause = u->stop.cause });
}

static void drop_refused(void *obj, void *arg)
{
	tunnel_tell_refused(obj, arg);
	tunnel_drop(obj, arg);
}

static void let_go(void *obj, void *arg)
{
	struct l2tp_tunnel *t = obj;
	const struct turn *u = arg;

	t->linger_until = ZE_NEVER;
	l2tp_fx_add(u->fx, L2TP_FX_TUNNEL_FREE);
}

/* ---- the table ---- */

/* clang-format off */
#define T(s) L2TP_T_##s
static const struct fsm_row tunnel_rows[] = {
	{ T(IDLE),          EV_SCCRQ,         lacks_tid,              drop_refused,        T(LINGER) },
	{ T(IDLE),          EV_SCCRQ,         other_version,          stop_version,        T(CLOSING) },
	{ T(IDLE),          EV_SCCRQ,         is_faulty,              stop_sccrq_fault,    T(CLOSING) },
	{ T(IDLE),          EV_SCCRQ,         unanswerable_challenge, stop_no_secret,      T(CLOSING) },
	{ T(IDLE),          EV_SCCRQ,         NULL,                   send_sccrp,          T(WAIT_CTL_CONN) },
	{ T(IDLE),          EV_CLOSE,         NULL,                   tunnel_drop,                T(LINGER) },
	{ T(IDLE),          EV_ABANDON,       NULL,                   tunnel_drop,                T(LINGER) },
	{ T(IDLE),          EV_SETUP_TIMEOUT, NULL,                   tunnel_drop,                T(LINGER) },
	{ T(IDLE),          FSM_ANY,          NULL,                   drop_refused,        T(LINGER) },

	{ T(WAIT_CTL_CONN), EV_SCCCN,         is_faulty,              stop_fault,          T(CLOSING) },
	{ T(WAIT_CTL_CONN), EV_SCCCN,         lacks_response,         stop_no_response,    T(CLOSING) },
	{ T(WAIT_CTL_CONN), EV_SCCCN,         wrong_response,         stop_wrong_response, T(CLOSING) },
	{ T(WAIT_CTL_CONN), EV_SCCCN,         NULL,                   open_up,             T(ESTABLISHED) },
	{ T(WAIT_CTL_CONN), EV_SETUP_TIMEOUT, unheard,                tunnel_drop,                T(LINGER) },
	{ T(WAIT_CTL_CONN), EV_SETUP_TIMEOUT, NULL,                   stop_asked,          T(CLOSING) },

	{ T(ESTABLISHED),   EV_CALL,          NULL,                   pass_call,           FSM_SAME },
	{ T(ESTABLISHED),   EV_HELLO_DUE,     NULL,                   send_hello,          FSM_SAME },
	{ T(ESTABLISHED),   EV_KEEPALIVE,     NULL,                   stop_asked,          T(CLOSING) },

	{ T(CLOSING),       EV_ACKED,         NULL,                   linger,              T(LINGER) },
	{ T(CLOSING),       EV_DEAD,          NULL,                   linger,              T(LINGER) },
	{ T(CLOSING),       EV_STOPCCN,       NULL,                   linger_acked,        T(LINGER) },
	{ T(CLOSING),       EV_ABANDON,       NULL,                   tunnel_drop,                T(LINGER) },
	{ T(CLOSING),       FSM_ANY,          NULL,                   NULL,                FSM_SAME },

	{ T(LINGER),        EV_LINGERED,      NULL,                   let_go,              FSM_SAME },
	{ T(LINGER),        EV_ABANDON,       NULL,                   tunnel_drop,                FSM_SAME },
	{ T(LINGER),        FSM_ANY,          NULL,                   NULL,                FSM_SAME },

	{ FSM_ANY,          EV_STOPCCN,       NULL,                   peer_stopped,        T(LINGER) },
	{ FSM_ANY,          EV_HELLO,         is_faulty,              stop_fault,          T(CLOSING) },
	{ FSM_ANY,          EV_HELLO,         NULL,                   NULL,                FSM_SAME },
	{ FSM_ANY,          EV_IGNORABLE,     NULL,                   tunnel_tell_refused,        FSM_SAME },
	{ FSM_ANY,          EV_FAULT,         NULL,                   stop_fault,          T(CLOSING) },
	{ FSM_ANY,          EV_CLOSE,         NULL,                   stop_asked,          T(CLOSING) },
	{ FSM_ANY,          EV_ABANDON,       NULL,                   tunnel_drop,                T(LINGER) },
	{ FSM_ANY,          EV_DEAD,          NULL,                   tunnel_drop,                T(LINGER) },
	{ FSM_ANY,          FSM_ANY,          NULL,                   bad_event,           T(CLOSING) },
};
#undef T
/* clang-format on */

static const char *const state_names[] = {
	[L2TP_T_IDLE] = "idle",
	[L2TP_T_WAIT_CTL_CONN] = "wait-ctl-conn",
	[L2TP_T_ESTABLISHED] = "established",
	[L2TP_T_CLOSING] = "closing",
	[L2TP_T_LINGER] = "linger",
};

static const char *const event_names[] = {
	[EV_SCCRQ] = "sccrq",
	[EV_SCCRP] = "sccrp",
	[EV_SCCCN] = "scccn",
	[EV_STOPCCN] = "stopccn",
	[EV_HELLO] = "hello",
	[EV_CALL] = "call",
	[EV_IGNORABLE] = "ignorable",
	[EV_FAULT] = "fault",
	[EV_CLOSE] = "close",
	[EV_ABANDON] = "abandon",
	[EV_ACKED] = "acked",
	[EV_DEAD] = "dead",
	[EV_SETUP_TIMEOUT] = "setup-timeout",
	[EV_HELLO_DUE] = "hello-due",
	[EV_KEEPALIVE] = "keepalive",
	[EV_LINGERED] = "lingered",
};

const struct fsm_def l2tp_tunnel_fsm = {
	.name = "l2tp-tunnel",
	.rows = tunnel_rows,
	.nrows = ZE_ARRAY_SIZE(tunnel_rows),
	.states = state_names,
	.events = event_names,
	.nstates = L2TP_T__COUNT,
	.nevents = EV__COUNT,
};

static void tunnel_run(struct l2tp_tunnel *t, uint8_t event, struct turn *u)
{
	fsm_run(&t->fsm, event, t, u, u->now);
}

/* Runs the events that follow from the last one without further input. */
static void tunnel_settle(struct l2tp_tunnel *t, struct turn *u)
{
	if ((t->failed || l2tp_chan_dead(&t->chan)) && t->fsm.state != L2TP_T_LINGER) {
		u->stop = (struct l2tp_stop_args){ .cause = L2TP_DOWN_TRANSPORT };
		tunnel_run(t, EV_DEAD, u);
	}
	if (t->fsm.state == L2TP_T_CLOSING && l2tp_chan_idle(&t->chan))
		tunnel_run(t, EV_ACKED, u);
	if (t->fsm.state == L2TP_T_LINGER && u->now >= t->linger_until)
		tunnel_run(t, EV_LINGERED, u);
}

/* ---- input and output ---- */

void l2tp_tunnel_init(struct l2tp_tunnel *t, const struct l2tp_tunnel_cfg *cfg,
		      const struct rng *rng, uint16_t tid, ze_ns now)
{
	memset(t, 0, sizeof(*t));
	t->cfg = *cfg;
	t->rng = rng;
	t->tid = tid;
	t->created = t->last_activity = t->last_liveness = t->last_hello = t->probe_at = now;
	t->setup_deadline = now + cfg->setup_timeout;
	t->linger_until = t->doubted_at = ZE_NEVER;
	fsm_init(&t->fsm, &l2tp_tunnel_fsm, L2TP_T_IDLE);
	fsm_keep(&t->fsm, t->steps, L2TP_TUNNEL_HISTORY);
	l2tp_chan_init(&t->chan, &cfg->chan);
}

void l2tp_tunnel_done(struct l2tp_tunnel *t)
{
	l2tp_chan_done(&t->chan);
	crypto_wipe(t->cfg.secret, sizeof(t->cfg.secret));
	crypto_wipe(t->scratch, sizeof(t->scratch)); /* decrypted AVPs */
}

static void note_life(struct l2tp_tunnel *t, ze_ns now)
{
	t->last_liveness = now;
	t->doubted_at = ZE_NEVER;
}

int l2tp_tunnel_input(struct l2tp_tunnel *t, const struct l2tp_hdr *h, ze_ns now)
{
	bool acked;
	int r = l2tp_chan_input(&t->chan, h, now, &acked);

	if (h->payload.len == 0)
		t->rx_msgs[L2TP_ZLB]++;
	if (acked)
		note_life(t, now);
	return r;
}

static uint8_t event_of_type(const struct l2tp_msg *m)
{
	switch (m->type) {
	case L2TP_SCCRQ:
		return EV_SCCRQ;
	case L2TP_SCCRP:
		return EV_SCCRP;
	case L2TP_SCCCN:
		return EV_SCCCN;
	case L2TP_STOPCCN:
		return EV_STOPCCN;
	case L2TP_HELLO:
		return EV_HELLO;
	default:
		return l2tp_msg_is_call(m->type) ? EV_CALL : EV__COUNT;
	}
}

/* An unknown message type ends the tunnel only when its M bit is set (4.4.1); then the decoder has
 * returned a fault. */
static uint8_t classify(struct l2tp_tunnel *t, struct turn *u)
{
	uint8_t ev = event_of_type(&t->msg);

	if (ev != EV__COUNT)
		return ev;
	if (u->bad)
		return t->fault.reason == REASON_AVP_FIRST ? EV_IGNORABLE : EV_FAULT;
	u->bad = true;
	t->fault = (struct l2tp_fault){ .reason = REASON_MSG_UNKNOWN, .where = L2TP_FAULT_MSG };
	return EV_IGNORABLE;
}

bool l2tp_tunnel_step(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx)
{
	const struct l2tp_dec dec = { .secret = secret_of(t),
				      .scratch = t->scratch,
				      .scratch_size = sizeof(t->scratch) };
	struct turn u = { .fx = fx, .now = now, .stop = { .cause = L2TP_DOWN_PROTOCOL } };
	uint8_t before = fx->n;
	struct l2tp_chan_rx rx;
	bool got = l2tp_chan_deliver(&t->chan, &rx);

	if (got) {
		u.hdr_sid = rx.sid;
		u.bad = l2tp_msg_decode(rx.payload, &dec, &t->msg, &t->fault) < 0;
		if (t->msg.type && t->msg.type < L2TP_MSG__COUNT)
			t->rx_msgs[t->msg.type]++;
		t->avps_ignored += t->msg.ignored;
		t->last_activity = now;
		note_life(t, now);
		tunnel_run(t, classify(t, &u), &u);
	}
	tunnel_settle(t, &u);
	return got || fx->n > before;
}

bool l2tp_tunnel_output(struct l2tp_tunnel *t, struct wr *w, ze_ns now)
{
	size_t start = wr_len(w);

	if (!l2tp_chan_output(&t->chan, w, now))
		return false;
	if (wr_len(w) - start <= L2TP_CTL_HDR_LEN)
		t->tx_msgs[L2TP_ZLB]++;
	return true;
}

int l2tp_tunnel_send(struct l2tp_tunnel *t, uint16_t hdr_sid, const struct l2tp_msg *m, ze_ns now)
{
	if (t->fsm.state >= L2TP_T_CLOSING)
		return 0;
	return queue_msg(t, hdr_sid, m, now);
}

/* ---- time ---- */

static ze_ns hello_at(const struct l2tp_tunnel *t)
{
	ze_ns since = t->last_activity > t->last_hello ? t->last_activity : t->last_hello;

	return l2tp_chan_idle(&t->chan) ? since + t->cfg.hello_interval : ZE_NEVER;
}

static ze_ns dead_at(const struct l2tp_tunnel *t)
{
	ze_ns silence = t->last_liveness + t->cfg.hello_retries * t->cfg.hello_interval;
	ze_ns probed = t->probe_at + t->cfg.hello_interval;

	if (t->cfg.hello_retries == 0 || l2tp_chan_idle(&t->chan))
		return ZE_NEVER;
	return silence > probed ? silence : probed;
}

ze_ns l2tp_tunnel_deadline(const struct l2tp_tunnel *t)
{
	ze_ns d = l2tp_chan_deadline(&t->chan);

	switch ((enum l2tp_tunnel_state)t->fsm.state) {
	case L2TP_T_IDLE:
	case L2TP_T_WAIT_CTL_CONN:
		return ze_min_ns(d, t->setup_deadline);
	case L2TP_T_ESTABLISHED:
		return ze_min_ns(d, ze_min_ns(hello_at(t), dead_at(t)));
	case L2TP_T_LINGER:
		return ze_min_ns(d, t->linger_until);
	case L2TP_T_CLOSING:
	case L2TP_T__COUNT:
		break;
	}
	return d;
}

void l2tp_tunnel_expire(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = now };

	l2tp_chan_expire(&t->chan, now);
	tunnel_settle(t, &u);
	if (t->fsm.state <= L2TP_T_WAIT_CTL_CONN && now >= t->setup_deadline) {
		u.stop = (struct l2tp_stop_args){ .cause = L2TP_DOWN_TIMEOUT,
						  .result = STOP_CLEAR,
						  .text = "set-up timeout" };
		tunnel_run(t, EV_SETUP_TIMEOUT, &u);
	} else if (t->fsm.state == L2TP_T_ESTABLISHED && now >= dead_at(t)) {
		u.stop = (struct l2tp_stop_args){ .cause = L2TP_DOWN_KEEPALIVE,
						  .result = STOP_CLEAR,
						  .text = "keepalive timeout" };
		tunnel_run(t, EV_KEEPALIVE, &u);
	} else if (t->fsm.state == L2TP_T_ESTABLISHED && now >= hello_at(t)) {
		tunnel_run(t, EV_HELLO_DUE, &u);
	}
	tunnel_settle(t, &u);
}

/* ---- calls of the owner ---- */

void l2tp_tunnel_close(struct l2tp_tunnel *t, const struct l2tp_stop_args *a, ze_ns now,
		       struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = now, .stop = *a };

	tunnel_run(t, EV_CLOSE, &u);
	tunnel_settle(t, &u);
}

void l2tp_tunnel_abandon(struct l2tp_tunnel *t, enum l2tp_down cause, struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = t->last_activity, .stop = { .cause = cause } };

	if (t->fsm.state == L2TP_T_LINGER && t->linger_until == ZE_NEVER)
		return; /* L2TP_FX_TUNNEL_FREE was already reported */
	tunnel_run(t, EV_ABANDON, &u);
	tunnel_settle(t, &u);
}

bool l2tp_tunnel_refuse(struct wr *w, const struct l2tp_hdr *sccrq, uint16_t peer_tid,
			const struct l2tp_stop_args *a)
{
	/* 4.4.3 wants an id that was assigned, but none was. A strict peer drops a message with id
	 * 0 as malformed and misses the refusal, so the peer's own id is used. */
	struct l2tp_msg m = stop_msg(peer_tid, a->result, a->error, span_str(a->text));
	size_t mark = l2tp_hdr_begin_ctl(w, peer_tid, 0, 0, (uint16_t)(sccrq->ns + 1));

	if (l2tp_msg_encode(&m, NULL, w) < 0)
		return false;
	l2tp_hdr_end_ctl(w, mark);
	return !w->bad;
}

/* ---- restart record ---- */

enum { /* tags are never used again for something else */
	SAVED_CLOSING = 1,
	SAVED_CAUSE,
	SAVED_RESULT,
	SAVED_ERROR,
	SAVED_CREATED,
	SAVED_ESTABLISHED,
	SAVED_SCCRQ_AVPS,
	SAVED_PEER_VERSION,
	SAVED_PEER_FIRMWARE,
	SAVED_PEER_FRAMING,
	SAVED_PEER_BEARER,
	SAVED_PEER_HOST,
	SAVED_PEER_VENDOR,
	SAVED_CHANNEL,
	SAVED__COUNT
};

#define VERSION_DEFAULT 0x0100 /* RFC 2661 4.4.3 */

static const struct tlv_field control_fields[] = {
	[SAVED_CLOSING] = TLV_OPTIONAL("closing", 1, 1, "0, it is established"),
	[SAVED_CAUSE] = TLV_OPTIONAL("cause", 1, 1, "shutdown; so is an unknown one"),
	[SAVED_RESULT] = TLV_OPTIONAL("result", 2, 2, "6, shutting down"),
	[SAVED_ERROR] = TLV_OPTIONAL("error", 2, 2, "0"),
	[SAVED_CREATED] = TLV_OPTIONAL("created", 8, 8, "when it was established"),
	[SAVED_ESTABLISHED] = TLV_OPTIONAL("established", 8, 8, "now"),
	[SAVED_SCCRQ_AVPS] = TLV_OPTIONAL("sccrq-avps", 8, 8, "none"), /* by AVP type, a bit each */
	[SAVED_PEER_VERSION] = TLV_OPTIONAL("peer-version", 2, 2, "1.0"),
	[SAVED_PEER_FIRMWARE] = TLV_OPTIONAL("peer-firmware", 2, 2, "0"),
	[SAVED_PEER_FRAMING] = TLV_OPTIONAL("peer-framing", 4, 4, "0"),
	[SAVED_PEER_BEARER] = TLV_OPTIONAL("peer-bearer", 4, 4, "0"),
	[SAVED_PEER_HOST] = TLV_OPTIONAL("peer-host", 0, L2TP_HOST_NAME_MAX, "none"),
	[SAVED_PEER_VENDOR] = TLV_OPTIONAL("peer-vendor", 0, 64, "none"),
	[SAVED_CHANNEL] = TLV_NESTED("channel", l2tp_chan_saved, NULL),
};

const struct tlv_table l2tp_tunnel_saved = { "control", control_fields, SAVED__COUNT };

bool l2tp_tunnel_save(const struct l2tp_tunnel *t, struct wr *w)
{
	bool closing = t->fsm.state == L2TP_T_CLOSING;
	size_t mark;

	if (!closing && t->fsm.state != L2TP_T_ESTABLISHED)
		return false;
	if (closing) {
		tlv_put_u8(w, SAVED_CLOSING, 1);
		tlv_put_u8(w, SAVED_CAUSE, (uint8_t)t->down.cause);
		tlv_put_u16(w, SAVED_RESULT, t->down.result);
		tlv_opt_u16(w, SAVED_ERROR, t->down.error);
	}
	tlv_put_u64(w, SAVED_CREATED, (uint64_t)t->created);
	tlv_put_u64(w, SAVED_ESTABLISHED, (uint64_t)t->established);
	tlv_opt_u64(w, SAVED_SCCRQ_AVPS, t->have);
	tlv_put_u16(w, SAVED_PEER_VERSION, t->peer_version);
	tlv_opt_u16(w, SAVED_PEER_FIRMWARE, t->peer_firmware);
	tlv_opt_u32(w, SAVED_PEER_FRAMING, t->peer_framing);
	tlv_opt_u32(w, SAVED_PEER_BEARER, t->peer_bearer);
	tlv_opt_span(w, SAVED_PEER_HOST, span_of(t->peer_host, t->peer_host_len));
	tlv_opt_span(w, SAVED_PEER_VENDOR, span_of(t->peer_vendor, t->peer_vendor_len));
	mark = tlv_begin(w, SAVED_CHANNEL);
	l2tp_chan_save(&t->chan, w);
	tlv_end(w, mark);
	return !w->bad;
}

static enum reason restore_chan(struct l2tp_tunnel *t, struct span saved, bool closing, ze_ns now)
{
	const struct l2tp_msg hello = { .type = L2TP_HELLO, .have = L2TP_BIT(AVP_MSG_TYPE) };
	const struct l2tp_msg stop =
		stop_msg(t->tid, t->down.result, t->down.error, (struct span){ 0 });
	uint8_t filler[L2TP_MSG_MAX], last[L2TP_MSG_MAX];
	struct wr f = wr_init(filler, sizeof(filler)), l = wr_init(last, sizeof(last));

	if (l2tp_msg_encode(&hello, NULL, &f) < 0 || l2tp_msg_encode(&stop, NULL, &l) < 0)
		return REASON_RESUME_RECORD;
	return l2tp_chan_restore(&t->chan, saved, wr_done(&f),
				 closing ? wr_done(&l) : (struct span){ 0 }, now);
}

static void restore_peer(struct l2tp_tunnel *t, const struct span *f)
{
	t->have = tlv_u64(f[SAVED_SCCRQ_AVPS], 0);
	t->peer_version = tlv_u16(f[SAVED_PEER_VERSION], VERSION_DEFAULT);
	t->peer_firmware = tlv_u16(f[SAVED_PEER_FIRMWARE], 0);
	t->peer_framing = tlv_u32(f[SAVED_PEER_FRAMING], 0);
	t->peer_bearer = tlv_u32(f[SAVED_PEER_BEARER], 0);
	t->peer_host_len = keep_text(t->peer_host, sizeof(t->peer_host), f[SAVED_PEER_HOST]);
	t->peer_vendor_len =
		keep_text(t->peer_vendor, sizeof(t->peer_vendor), f[SAVED_PEER_VENDOR]);
}

static void restore_down(struct l2tp_fx_down *d, const struct span *f)
{
	uint8_t cause = tlv_u8(f[SAVED_CAUSE], L2TP_DOWN_SHUTDOWN);

	d->cause = cause < L2TP_DOWN__COUNT ? (enum l2tp_down)cause : L2TP_DOWN_SHUTDOWN;
	d->result = tlv_u16(f[SAVED_RESULT], STOP_SHUTDOWN);
	d->error = tlv_u16(f[SAVED_ERROR], 0);
}

enum reason l2tp_tunnel_restore(struct l2tp_tunnel *t, struct span saved, ze_ns now)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&l2tp_tunnel_saved, saved, f);
	bool closing;

	if (why != REASON_NONE)
		return why;
	t->established = (ze_ns)tlv_u64(f[SAVED_ESTABLISHED], (uint64_t)now);
	t->created = (ze_ns)tlv_u64(f[SAVED_CREATED], (uint64_t)t->established);
	if (t->created < 0 || t->established < t->created || t->established > now)
		return REASON_RESUME_RECORD;
	restore_peer(t, f);
	closing = tlv_u8(f[SAVED_CLOSING], 0) != 0;
	if (closing)
		restore_down(&t->down, f);
	why = restore_chan(t, f[SAVED_CHANNEL], closing, now);
	if (why != REASON_NONE)
		return why;
	t->peer_tid = t->chan.peer_tid;
	t->peer_rws = t->chan.peer_rws;
	t->down_told = closing;
	t->fsm.state = closing ? L2TP_T_CLOSING : L2TP_T_ESTABLISHED;
	return REASON_NONE;
}

void l2tp_tunnel_probe(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = now };

	if (t->fsm.state == L2TP_T_ESTABLISHED && l2tp_chan_idle(&t->chan))
		tunnel_run(t, EV_HELLO_DUE, &u);
	tunnel_settle(t, &u);
}

void l2tp_tunnel_doubt(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx)
{
	if (t->fsm.state != L2TP_T_ESTABLISHED || now < t->doubt_next)
		return;
	t->doubt_next = now + L2TP_DOUBT / 4;
	t->doubted_at = ze_min_ns(t->doubted_at, now);
	if (l2tp_chan_idle(&t->chan))
		l2tp_tunnel_probe(t, now, fx);
	else
		l2tp_chan_repeat(&t->chan, now);
}

bool l2tp_tunnel_lost(const struct l2tp_tunnel *t, ze_ns now)
{
	return t->doubted_at != ZE_NEVER && now - t->doubted_at >= L2TP_DOUBT;
}

const char *l2tp_tunnel_state_name(const struct l2tp_tunnel *t)
{
	return t->fsm.state < L2TP_T__COUNT ? state_names[t->fsm.state] : "unknown";
}
