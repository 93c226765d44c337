/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/call.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/core/engine_priv.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/turn.h"

/* Performs the effects of a session's machine; s is NULL for a call that was refused. */
static void call_perform(struct tunnel *t, struct subscriber *s, const struct l2tp_fx *fx,
			 ze_ns now)
{
	bool sent = false;

	for (unsigned i = 0; i < fx->n; i++) {
		const struct l2tp_effect *e = &fx->e[i];

		switch (e->kind) {
		case L2TP_FX_SEND:
			sent = l2tp_tunnel_send(&t->l2tp, e->send.sid, &e->send.msg, now) == 0;
			t->e->stats.sends_lost += !sent;
			break;
		case L2TP_FX_SESSION_UP:
			t->e->call_owner->up(s, now);
			break;
		case L2TP_FX_SESSION_DOWN:
			record_over(s, sent && t->up);
			t->e->call_owner->down(s, &e->down, now);
			break;
		case L2TP_FX_REFUSED:
			t->e->about = (struct engine_about){ .msg_type = e->refused.msg_type,
							     .fault = e->refused.fault };
			turn_drop(t->e, t, e->refused.fault.reason, &t->path, now);
			break;
		case L2TP_FX_TUNNEL_UP:
		case L2TP_FX_TUNNEL_DOWN:
		case L2TP_FX_TUNNEL_FREE:
		case L2TP_FX_CALL:
			break; /* effects of tunnels */
		}
	}
	turn_tunnel_dirty(t);
	if (s)
		turn_sub_dirty(s);
}

/* Refuses a call with a CDN. The CDN contains the session id that the call would have had: 0 is out
 * of range (RFC 2661 4.4.3), and a strict peer would ignore the CDN. */
static void call_refuse(struct tunnel *t, uint16_t peer_sid, enum reason reason,
			const struct l2tp_cdn_args *a, ze_ns now)
{
	uint16_t own_sid = 0;
	struct l2tp_fx fx;

	if (idalloc_take(&t->e->sids, &t->e->ports.rng, &own_sid) == 0)
		idalloc_put(&t->e->sids, own_sid);
	fx.n = 0;
	l2tp_session_refuse(own_sid, peer_sid, a, &fx);
	call_perform(t, NULL, &fx, now);
	turn_drop(t->e, t, reason, &t->path, now);
}

static void refuse_fault(struct tunnel *t, const struct l2tp_msg *m, const struct l2tp_fault *f,
			 ze_ns now)
{
	struct l2tp_fx text;
	char buf[L2TP_FX_TEXT + 1];
	struct span s = l2tp_fx_fault_text(&text, f);

	snprintf(buf, sizeof(buf), "%.*s", (int)s.len, (const char *)s.p);
	call_refuse(t, m->assigned_sid, f->reason,
		    &(struct l2tp_cdn_args){ .cause = L2TP_DOWN_PROTOCOL,
					     .result = CDN_ERROR,
					     .error = f->error,
					     .text = buf },
		    now);
}

static void refuse_error(struct tunnel *t, uint16_t peer_sid, enum reason reason,
			 enum l2tp_error error, ze_ns now)
{
	call_refuse(t, peer_sid, reason,
		    &(struct l2tp_cdn_args){ .cause = L2TP_DOWN_PROTOCOL,
					     .result = CDN_ERROR,
					     .error = (uint16_t)error,
					     .text = reason_text(reason) },
		    now);
}

static void refuse_limit(struct tunnel *t, uint16_t peer_sid, enum reason why, ze_ns now)
{
	call_refuse(t, peer_sid, why,
		    &(struct l2tp_cdn_args){ .cause = L2TP_DOWN_ADMIN,
					     .result = CDN_NO_FACILITIES_NOW,
					     .error = L2TP_ERR_RESOURCES,
					     .text = reason_text(why) },
		    now);
}

static void input(struct subscriber *s, const struct l2tp_msg *m, const struct l2tp_fault *f,
		  ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_input(&s->call.l2tp, m, f, now, &fx);
	call_perform(s->call.tunnel, s, &fx, now);
}

/* The session limit that is reached, or REASON_NONE. */
static enum reason sessions_full(const struct tunnel *t)
{
	const struct config *c = t->e->cfg;

	if (c->max_sessions && t->n_sessions >= c->max_sessions)
		return REASON_LIMIT_SESSIONS;
	if (c->max_sessions_peer && t->peer->n_sessions >= c->max_sessions_peer)
		return REASON_LIMIT_PEER_SESSIONS;
	return REASON_NONE;
}

static void new_call(struct tunnel *t, const struct l2tp_msg *m, ze_ns now)
{
	enum reason full = sessions_full(t);
	struct subscriber *s;
	int r;

	/* L-134: the existing call continues, the new one is refused. */
	if (registry_sub_of(t, m->assigned_sid)) {
		refuse_error(t, m->assigned_sid, REASON_FSM_EVENT, L2TP_ERR_SESSION_ID, now);
		return;
	}
	if (full != REASON_NONE) {
		refuse_limit(t, m->assigned_sid, full, now);
		return;
	}
	r = t->e->call_owner->begin(t, m->assigned_sid, now, &s);
	if (r == -ENOSPC)
		refuse_limit(t, m->assigned_sid, REASON_LIMIT_SESSIONS, now);
	else if (r < 0)
		refuse_error(t, m->assigned_sid, REASON_NO_MEMORY, L2TP_ERR_RESOURCES, now);
	else
		input(s, m, NULL, now);
}

/* A message without an existing call. An ICRQ creates one or is refused; an OCRQ is refused. Any
 * other message was acknowledged by the channel and is dropped (L-138, L-144). */
static void no_call(struct tunnel *t, const struct l2tp_effect *e, ze_ns now)
{
	const struct l2tp_msg *m = e->call.msg;
	bool request = m->type == L2TP_ICRQ || m->type == L2TP_OCRQ;

	if (!request || e->call.hdr_sid)
		turn_drop(t->e, t, REASON_SESSION_UNKNOWN, &t->path, now);
	else if (e->call.fault)
		refuse_fault(t, m, e->call.fault, now);
	else if (m->type == L2TP_OCRQ)
		call_refuse(t, m->assigned_sid, REASON_FSM_EVENT,
			    &(struct l2tp_cdn_args){ .cause = L2TP_DOWN_PROTOCOL,
						     .result = CDN_NO_FACILITIES,
						     .text = "no outgoing calls" },
			    now);
	else
		new_call(t, m, now);
}

/* Finds the call by our session id in the header, or, when that is 0, by the peer's in AVP 14 (RFC
 * 2661 5.6: a CDN sent before the peer knew our id). */
static struct subscriber *call_find(const struct tunnel *t, const struct l2tp_effect *e)
{
	const struct l2tp_msg *m = e->call.msg;
	struct subscriber *s;

	if (e->call.hdr_sid) {
		s = registry_sub(t->e, e->call.hdr_sid);
		return s && s->call.tunnel == t && !s->call.ended ? s : NULL;
	}
	if (m->type == L2TP_ICRQ || m->type == L2TP_OCRQ || !L2TP_HAS(m, AVP_ASSIGNED_SESSION_ID))
		return NULL;
	return registry_sub_of(t, m->assigned_sid);
}

void call_message(struct tunnel *t, const struct l2tp_effect *e, ze_ns now)
{
	struct subscriber *s = call_find(t, e);

	t->e->about = (struct engine_about){ .msg_type = e->call.msg->type };
	if (e->call.fault)
		t->e->about.fault = *e->call.fault;
	if (s)
		input(s, e->call.msg, e->call.fault, now);
	else
		no_call(t, e, now);
}

void call_expire(struct subscriber *s, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_expire(&s->call.l2tp, now, &fx);
	call_perform(s->call.tunnel, s, &fx, now);
}

void call_close(struct subscriber *s, const struct l2tp_cdn_args *a, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_close(&s->call.l2tp, a, now, &fx);
	call_perform(s->call.tunnel, s, &fx, now);
}

void call_forget(struct tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now)
{
	static const struct l2tp_cdn_args a = { .cause = L2TP_DOWN_SHUTDOWN,
						.result = CDN_NO_FACILITIES_NOW,
						.text = "the daemon was restarted" };
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_refuse(sid, peer_sid, &a, &fx);
	call_perform(t, NULL, &fx, now);
	record_cdn_sent(t, sid, peer_sid);
}

void call_abandon(struct subscriber *s, const struct l2tp_fx_down *why, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_abandon(&s->call.l2tp, why, &fx);
	call_perform(s->call.tunnel, s, &fx, now);
}
