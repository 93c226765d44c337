/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One incoming call on the LNS side: RFC 2661 5.2, 5.6 and 7.4.2, and RFC 3145 for the disconnect
 * cause. The table below is the whole machine. Call Serial Number, Framing Type and Tx Connect
 * Speed may be missing (see msg.c); then they are 0, which means unknown.
 */
#include "daemon/l2tp/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"

enum session_event {
	EV_ICRQ,
	EV_ICRP,
	EV_ICCN,
	EV_CDN,
	EV_WEN,
	EV_SLI,
	EV_OUTGOING, /* OCRQ, OCRP, OCCN */
	EV_FAULT,
	EV_NO_MEMORY,
	EV_CLOSE, /* requested by the owner */
	EV_TIMEOUT,
	EV_ABANDON,
	EV__COUNT
};

struct turn {
	struct l2tp_fx *fx;
	ze_ns now;
	const struct l2tp_msg *msg;
	const struct l2tp_fault *fault;
	const struct l2tp_cdn_args *close;
	const struct l2tp_fx_down *why;
};

/* ---- CDN ---- */

static void send_cdn(struct l2tp_fx *fx, uint16_t own_sid, uint16_t peer_sid,
		     const struct l2tp_cdn_args *a, struct span text)
{
	struct l2tp_effect *e = l2tp_fx_add(fx, L2TP_FX_SEND);

	e->send.sid = peer_sid;
	e->send.msg = (struct l2tp_msg){
		.type = L2TP_CDN,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_RESULT_CODE) |
			L2TP_BIT(AVP_ASSIGNED_SESSION_ID),
		.result = { .code = a->result, .error = a->error, .has_error = true, .text = text },
		.assigned_sid = own_sid,
	};
	if (a->disconnect_code) {
		e->send.msg.have |= L2TP_BIT(AVP_PPP_DISCONNECT_CAUSE);
		e->send.msg.disconnect = (struct l2tp_disconnect){
			.code = a->disconnect_code,
			.proto = a->disconnect_proto,
			.direction = a->disconnect_direction,
		};
	}
}

static void session_tell_down(struct l2tp_session *s, struct turn *u)
{
	l2tp_fx_add(u->fx, L2TP_FX_SESSION_DOWN)->down = s->down;
}

static void close_with(struct l2tp_session *s, struct turn *u, const struct l2tp_cdn_args *a,
		       struct span text)
{
	send_cdn(u->fx, s->sid, s->peer_sid, a, text);
	s->down = (struct l2tp_fx_down){
		.cause = a->cause,
		.result = a->result,
		.error = a->error,
		.disconnect_code = a->disconnect_code,
		.disconnect_direction = a->disconnect_direction,
	};
	session_tell_down(s, u);
}

static void session_tell_refused(struct turn *u, const struct l2tp_fault *f)
{
	struct l2tp_effect *e = l2tp_fx_add(u->fx, L2TP_FX_REFUSED);

	e->refused.msg_type = u->msg->type;
	e->refused.fault = *f;
}

/* ---- actions ---- */

static void cdn_asked(void *obj, void *arg)
{
	struct turn *u = arg;

	close_with(obj, u, u->close, span_str(u->close->text));
}

/* Remembers the id of the refused ICRQ, so that the CDN is sent to the right call. */
static void learn_peer_sid(struct l2tp_session *s, const struct l2tp_msg *m)
{
	if (m->type == L2TP_ICRQ && !s->peer_sid)
		s->peer_sid = m->assigned_sid;
}

static void cdn_fault(void *obj, void *arg)
{
	struct l2tp_session *s = obj;
	struct turn *u = arg;

	learn_peer_sid(s, u->msg);
	session_tell_refused(u, u->fault);
	close_with(s, u,
		   &(struct l2tp_cdn_args){ .cause = L2TP_DOWN_PROTOCOL,
					    .result = CDN_ERROR,
					    .error = u->fault->error },
		   l2tp_fx_fault_text(u->fx, u->fault));
}

static void cdn_refusing(struct l2tp_session *s, struct turn *u, enum reason reason,
			 enum l2tp_error error)
{
	session_tell_refused(u, &(struct l2tp_fault){ .reason = reason, .where = L2TP_FAULT_MSG });
	close_with(s, u,
		   &(struct l2tp_cdn_args){ .cause = L2TP_DOWN_PROTOCOL,
					    .result = CDN_ERROR,
					    .error = (uint16_t)error },
		   span_str(reason_text(reason)));
}

static void cdn_no_memory(void *obj, void *arg)
{
	const struct turn *u = arg;

	learn_peer_sid(obj, u->msg);
	cdn_refusing(obj, arg, REASON_NO_MEMORY, L2TP_ERR_RESOURCES);
}

static void cdn_event(void *obj, void *arg)
{
	cdn_refusing(obj, arg, REASON_FSM_EVENT, L2TP_ERR_VENDOR);
}

static void send_icrp(void *obj, void *arg)
{
	struct l2tp_session *s = obj;
	const struct turn *u = arg;
	const struct l2tp_msg *m = u->msg;
	struct l2tp_effect *e = l2tp_fx_add(u->fx, L2TP_FX_SEND);

	s->peer_sid = m->assigned_sid;
	s->call_serial = m->call_serial;
	s->bearer_type = m->bearer_type;
	s->physical_channel = m->physical_channel;
	e->send.sid = s->peer_sid;
	e->send.msg = (struct l2tp_msg){
		.type = L2TP_ICRP,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_ASSIGNED_SESSION_ID),
		.assigned_sid = s->sid,
	};
}

static void come_up(void *obj, void *arg)
{
	struct l2tp_session *s = obj;
	const struct turn *u = arg;
	const struct l2tp_msg *m = u->msg;

	s->established = u->now;
	s->framing_type = m->framing_type;
	s->tx_speed_bps = m->tx_speed_bps;
	s->rx_speed_bps = L2TP_HAS(m, AVP_RX_CONNECT_SPEED) ? m->rx_speed_bps : m->tx_speed_bps;
	s->sequencing_required = L2TP_HAS(m, AVP_SEQUENCING_REQUIRED);
	l2tp_fx_add(u->fx, L2TP_FX_SESSION_UP);
}

/* 5.6: a CDN is acknowledged by the channel and not answered. */
static void peer_cleared(void *obj, void *arg)
{
	struct l2tp_session *s = obj;
	struct turn *u = arg;
	const struct l2tp_msg *m = u->msg;

	s->down = (struct l2tp_fx_down){
		.cause = L2TP_DOWN_PEER,
		.result = m->result.code,
		.error = m->result.error,
		.disconnect_code = m->disconnect.code,
		.disconnect_direction = m->disconnect.direction,
	};
	session_tell_down(s, u);
}

static void refuse_quietly(void *obj, void *arg)
{
	struct l2tp_session *s = obj;

	session_tell_refused(arg, &(struct l2tp_fault){ .reason = REASON_SESSION_STATE,
							.where = L2TP_FAULT_MSG });
	s->down = (struct l2tp_fx_down){ .cause = L2TP_DOWN_PROTOCOL };
	session_tell_down(s, arg);
}

static void abandoned(void *obj, void *arg)
{
	struct l2tp_session *s = obj;
	struct turn *u = arg;

	s->down = *u->why;
	session_tell_down(s, u);
}

static void keep_errors(void *obj, void *arg)
{
	struct l2tp_session *s = obj;
	const struct turn *u = arg;

	memcpy(s->call_errors, u->msg->call_errors, sizeof(s->call_errors));
}

/* ---- the table ---- */

/* clang-format off */
#define S(s) L2TP_S_##s
static const struct fsm_row session_rows[] = {
	{ S(IDLE),         EV_ICRQ,      NULL, send_icrp,      S(WAIT_CONNECT) },
	{ S(IDLE),         EV_ICCN,      NULL, refuse_quietly, S(DOWN) },

	{ S(WAIT_CONNECT), EV_ICCN,      NULL, come_up,        S(ESTABLISHED) },
	{ S(WAIT_CONNECT), EV_TIMEOUT,   NULL, cdn_asked,      S(DOWN) },

	{ S(DOWN),         FSM_ANY,      NULL, NULL,           FSM_SAME },

	{ FSM_ANY,         EV_CDN,       NULL, peer_cleared,   S(DOWN) },
	{ FSM_ANY,         EV_ABANDON,   NULL, abandoned,      S(DOWN) },
	{ FSM_ANY,         EV_CLOSE,     NULL, cdn_asked,      S(DOWN) },
	{ FSM_ANY,         EV_FAULT,     NULL, cdn_fault,      S(DOWN) },
	{ FSM_ANY,         EV_NO_MEMORY, NULL, cdn_no_memory,  S(DOWN) },
	{ FSM_ANY,         EV_WEN,       NULL, keep_errors,    FSM_SAME },
	{ FSM_ANY,         EV_SLI,       NULL, NULL,           FSM_SAME },
	{ FSM_ANY,         FSM_ANY,      NULL, cdn_event,      S(DOWN) },
};
#undef S
/* clang-format on */

static const char *const state_names[] = {
	[L2TP_S_IDLE] = "idle",
	[L2TP_S_WAIT_CONNECT] = "wait-connect",
	[L2TP_S_ESTABLISHED] = "established",
	[L2TP_S_DOWN] = "down",
};

static const char *const event_names[] = {
	[EV_ICRQ] = "icrq",	    [EV_ICRP] = "icrp",	      [EV_ICCN] = "iccn",
	[EV_CDN] = "cdn",	    [EV_WEN] = "wen",	      [EV_SLI] = "sli",
	[EV_OUTGOING] = "outgoing", [EV_FAULT] = "fault",     [EV_NO_MEMORY] = "no-memory",
	[EV_CLOSE] = "close",	    [EV_TIMEOUT] = "timeout", [EV_ABANDON] = "abandon",
};

const struct fsm_def l2tp_session_fsm = {
	.name = "l2tp-session",
	.rows = session_rows,
	.nrows = ZE_ARRAY_SIZE(session_rows),
	.states = state_names,
	.events = event_names,
	.nstates = L2TP_S__COUNT,
	.nevents = EV__COUNT,
};

static void session_run(struct l2tp_session *s, uint8_t event, struct turn *u)
{
	fsm_run(&s->fsm, event, s, u, u->now);
}

/* ---- called and calling number ---- */

static size_t number_len(struct span from)
{
	return from.len < L2TP_NUMBER_MAX ? from.len : L2TP_NUMBER_MAX;
}

static const char *keep_number(char **at, struct span from)
{
	char *to = *at;
	size_t n = number_len(from);

	if (!n)
		return "";
	memcpy(to, from.p, n);
	to[n] = '\0';
	*at += n + 1;
	return to;
}

/* Returns false when out of memory. */
static bool keep_numbers(struct l2tp_session *s, const struct l2tp_msg *m)
{
	size_t len = number_len(m->called_number) + number_len(m->calling_number) +
		     number_len(m->sub_address);
	char *at;

	if (!len)
		return true;
	at = s->numbers = malloc(len + 3);
	if (!at)
		return false;
	s->called_number = keep_number(&at, m->called_number);
	s->calling_number = keep_number(&at, m->calling_number);
	s->sub_address = keep_number(&at, m->sub_address);
	return true;
}

/* ---- proxy AVPs ---- */

#define PROXY_AVPS                                                                                 \
	(L2TP_BIT(AVP_INITIAL_RCVD_CONFREQ) | L2TP_BIT(AVP_LAST_SENT_CONFREQ) |                    \
	 L2TP_BIT(AVP_LAST_RCVD_CONFREQ) | L2TP_BIT(AVP_PROXY_AUTHEN_TYPE) |                       \
	 L2TP_BIT(AVP_PROXY_AUTHEN_NAME) | L2TP_BIT(AVP_PROXY_AUTHEN_CHALLENGE) |                  \
	 L2TP_BIT(AVP_PROXY_AUTHEN_ID) | L2TP_BIT(AVP_PROXY_AUTHEN_RESPONSE))

static struct span keep_bytes(struct wr *w, bool have, struct span from)
{
	const uint8_t *at = w->p;

	if (!have)
		return (struct span){ 0 };
	wr_span(w, from);
	return span_of(at, from.len);
}

/* Returns NULL when out of memory. m has at least one of PROXY_AVPS. */
static struct l2tp_proxy *proxy_new(const struct l2tp_msg *m)
{
	size_t size = m->initial_rcvd_confreq.len + m->last_sent_confreq.len +
		      m->last_rcvd_confreq.len + m->proxy_authen_name.len +
		      m->proxy_authen_challenge.len + m->proxy_authen_response.len;
	struct l2tp_proxy *p = calloc(1, sizeof(*p) + size);
	struct wr w;

	if (!p)
		return NULL;
	w = wr_init(p->mem, size);
	p->have = m->have & PROXY_AVPS;
	p->authen_type = m->proxy_authen_type;
	p->authen_id = m->proxy_authen_id;
	p->initial_rcvd =
		keep_bytes(&w, L2TP_HAS(m, AVP_INITIAL_RCVD_CONFREQ), m->initial_rcvd_confreq);
	p->last_sent = keep_bytes(&w, L2TP_HAS(m, AVP_LAST_SENT_CONFREQ), m->last_sent_confreq);
	p->last_rcvd = keep_bytes(&w, L2TP_HAS(m, AVP_LAST_RCVD_CONFREQ), m->last_rcvd_confreq);
	p->name = keep_bytes(&w, L2TP_HAS(m, AVP_PROXY_AUTHEN_NAME), m->proxy_authen_name);
	p->challenge =
		keep_bytes(&w, L2TP_HAS(m, AVP_PROXY_AUTHEN_CHALLENGE), m->proxy_authen_challenge);
	p->response =
		keep_bytes(&w, L2TP_HAS(m, AVP_PROXY_AUTHEN_RESPONSE), m->proxy_authen_response);
	return p;
}

/* ---- interface ---- */

void l2tp_session_init(struct l2tp_session *s, uint16_t sid, ze_ns setup_timeout, ze_ns now)
{
	memset(s, 0, sizeof(*s));
	s->sid = sid;
	s->created = now;
	s->connect_deadline = now + setup_timeout;
	s->called_number = s->calling_number = s->sub_address = "";
	fsm_init(&s->fsm, &l2tp_session_fsm, L2TP_S_IDLE);
	fsm_keep(&s->fsm, s->steps, L2TP_SESSION_HISTORY);
}

void l2tp_session_drop_proxy(struct l2tp_session *s)
{
	/* With PAP, the Proxy Authen Response is a clear-text password (4.4.5). */
	if (s->proxy && s->proxy->response.len)
		crypto_wipe(s->proxy->mem + (s->proxy->response.p - s->proxy->mem),
			    s->proxy->response.len);
	free(s->proxy);
	s->proxy = NULL;
}

void l2tp_session_done(struct l2tp_session *s)
{
	l2tp_session_drop_proxy(s);
	free(s->numbers);
	s->numbers = NULL;
}

static uint8_t event_of(uint16_t type)
{
	switch (type) {
	case L2TP_ICRQ:
		return EV_ICRQ;
	case L2TP_ICRP:
		return EV_ICRP;
	case L2TP_ICCN:
		return EV_ICCN;
	case L2TP_CDN:
		return EV_CDN;
	case L2TP_WEN:
		return EV_WEN;
	case L2TP_SLI:
		return EV_SLI;
	default:
		return EV_OUTGOING;
	}
}

void l2tp_session_input(struct l2tp_session *s, const struct l2tp_msg *m,
			const struct l2tp_fault *fault, ze_ns now, struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = now, .msg = m, .fault = fault };
	uint8_t ev = event_of(m->type);

	/* A CDN ends the call even when it is malformed. */
	if (fault && ev != EV_CDN)
		ev = EV_FAULT;
	if (ev == EV_ICRQ && s->fsm.state == L2TP_S_IDLE && !keep_numbers(s, m))
		ev = EV_NO_MEMORY;
	if (ev == EV_ICCN && s->fsm.state == L2TP_S_WAIT_CONNECT && (m->have & PROXY_AVPS)) {
		s->proxy = proxy_new(m);
		if (!s->proxy)
			ev = EV_NO_MEMORY;
	}
	session_run(s, ev, &u);
}

ze_ns l2tp_session_deadline(const struct l2tp_session *s)
{
	return s->fsm.state == L2TP_S_WAIT_CONNECT ? s->connect_deadline : ZE_NEVER;
}

void l2tp_session_expire(struct l2tp_session *s, ze_ns now, struct l2tp_fx *fx)
{
	static const struct l2tp_cdn_args late = { .cause = L2TP_DOWN_TIMEOUT,
						   .result = CDN_TIMEOUT,
						   .text = "no ICCN" };
	struct turn u = { .fx = fx, .now = now, .close = &late };

	if (now >= l2tp_session_deadline(s))
		session_run(s, EV_TIMEOUT, &u);
}

void l2tp_session_close(struct l2tp_session *s, const struct l2tp_cdn_args *a, ze_ns now,
			struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = now, .close = a };

	session_run(s, EV_CLOSE, &u);
}

void l2tp_session_abandon(struct l2tp_session *s, const struct l2tp_fx_down *why,
			  struct l2tp_fx *fx)
{
	struct turn u = { .fx = fx, .now = s->created, .why = why };

	if (s->fsm.state == L2TP_S_ESTABLISHED)
		u.now = s->established;
	session_run(s, EV_ABANDON, &u);
}

void l2tp_session_refuse(uint16_t own_sid, uint16_t peer_sid, const struct l2tp_cdn_args *a,
			 struct l2tp_fx *fx)
{
	send_cdn(fx, own_sid, peer_sid, a, span_str(a->text));
}

/* ---- restart record ---- */

enum { /* tags are never used again for something else */
	SAVED_CREATED = 1,
	SAVED_ESTABLISHED,
	SAVED_CALL_SERIAL,
	SAVED_BEARER_TYPE,
	SAVED_FRAMING_TYPE,
	SAVED_TX_SPEED,
	SAVED_RX_SPEED,
	SAVED_CHANNEL,
	SAVED_SEQUENCING,
	SAVED_CALLED_NUMBER,
	SAVED_CALLING_NUMBER,
	SAVED_SUB_ADDRESS,
	SAVED__COUNT
};

static const struct tlv_field call_fields[] = {
	[SAVED_CREATED] = TLV_OPTIONAL("created", 8, 8, "when it was established"),
	[SAVED_ESTABLISHED] = TLV_OPTIONAL("established", 8, 8, "now"),
	[SAVED_CALL_SERIAL] = TLV_OPTIONAL("call-serial-number", 4, 4, "0"),
	[SAVED_BEARER_TYPE] = TLV_OPTIONAL("bearer-type", 4, 4, "0"),
	[SAVED_FRAMING_TYPE] = TLV_OPTIONAL("framing-type", 4, 4, "0"),
	[SAVED_TX_SPEED] = TLV_OPTIONAL("tx-speed-bps", 4, 4, "0, unknown"),
	[SAVED_RX_SPEED] = TLV_OPTIONAL("rx-speed-bps", 4, 4, "0, unknown"),
	[SAVED_CHANNEL] = TLV_OPTIONAL("physical-channel-id", 4, 4, "0"),
	[SAVED_SEQUENCING] = TLV_OPTIONAL("sequencing-required", 1, 1, "0, no"),
	[SAVED_CALLED_NUMBER] = TLV_OPTIONAL("called-number", 0, L2TP_NUMBER_MAX, "none"),
	[SAVED_CALLING_NUMBER] = TLV_OPTIONAL("calling-number", 0, L2TP_NUMBER_MAX, "none"),
	[SAVED_SUB_ADDRESS] = TLV_OPTIONAL("sub-address", 0, L2TP_NUMBER_MAX, "none"),
};

const struct tlv_table l2tp_session_saved = { "call", call_fields, SAVED__COUNT };

void l2tp_session_save(const struct l2tp_session *s, struct wr *w)
{
	tlv_put_u64(w, SAVED_CREATED, (uint64_t)s->created);
	tlv_put_u64(w, SAVED_ESTABLISHED, (uint64_t)s->established);
	tlv_opt_u32(w, SAVED_CALL_SERIAL, s->call_serial);
	tlv_opt_u32(w, SAVED_BEARER_TYPE, s->bearer_type);
	tlv_opt_u32(w, SAVED_FRAMING_TYPE, s->framing_type);
	tlv_opt_u32(w, SAVED_TX_SPEED, s->tx_speed_bps);
	tlv_opt_u32(w, SAVED_RX_SPEED, s->rx_speed_bps);
	tlv_opt_u32(w, SAVED_CHANNEL, s->physical_channel);
	tlv_opt_u8(w, SAVED_SEQUENCING, s->sequencing_required);
	tlv_opt_span(w, SAVED_CALLED_NUMBER, span_str(s->called_number));
	tlv_opt_span(w, SAVED_CALLING_NUMBER, span_str(s->calling_number));
	tlv_opt_span(w, SAVED_SUB_ADDRESS, span_str(s->sub_address));
}

static bool is_text(struct span s)
{
	return !s.len || !memchr(s.p, 0, s.len);
}

static bool restore_numbers(struct l2tp_session *s, const struct span *f)
{
	const struct l2tp_msg m = { .called_number = f[SAVED_CALLED_NUMBER],
				    .calling_number = f[SAVED_CALLING_NUMBER],
				    .sub_address = f[SAVED_SUB_ADDRESS] };

	return keep_numbers(s, &m);
}

enum reason l2tp_session_restore(struct l2tp_session *s, struct span saved, ze_ns now)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&l2tp_session_saved, saved, f);

	if (why != REASON_NONE)
		return why;
	s->established = (ze_ns)tlv_u64(f[SAVED_ESTABLISHED], (uint64_t)now);
	s->created = (ze_ns)tlv_u64(f[SAVED_CREATED], (uint64_t)s->established);
	s->call_serial = tlv_u32(f[SAVED_CALL_SERIAL], 0);
	s->bearer_type = tlv_u32(f[SAVED_BEARER_TYPE], 0);
	s->framing_type = tlv_u32(f[SAVED_FRAMING_TYPE], 0);
	s->tx_speed_bps = tlv_u32(f[SAVED_TX_SPEED], 0);
	s->rx_speed_bps = tlv_u32(f[SAVED_RX_SPEED], 0);
	s->physical_channel = tlv_u32(f[SAVED_CHANNEL], 0);
	s->sequencing_required = tlv_u8(f[SAVED_SEQUENCING], 0) != 0;
	if (s->created < 0 || s->established < s->created || s->established > now)
		return REASON_RESUME_RECORD;
	if (!is_text(f[SAVED_CALLED_NUMBER]) || !is_text(f[SAVED_CALLING_NUMBER]) ||
	    !is_text(f[SAVED_SUB_ADDRESS]))
		return REASON_RESUME_RECORD;
	if (!restore_numbers(s, f))
		return REASON_NO_MEMORY;
	s->fsm.state = L2TP_S_ESTABLISHED;
	return REASON_NONE;
}

const char *l2tp_session_state_name(const struct l2tp_session *s)
{
	return s->fsm.state < L2TP_S__COUNT ? state_names[s->fsm.state] : "unknown";
}
