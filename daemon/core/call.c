/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/call.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/core/call_priv.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/timers.h"
#include "daemon/core/turn.h"

/* ---- creation and end ---- */

void call_tell_guard(const struct call *c, enum guard_session what)
{
	const struct ports *io = &c->tunnel->e->ports;

	io->guard->session(io->guard_self, c->tunnel->l2tp.tid, c->l2tp.sid, what);
}

int call_begin(struct call *c, const struct call_args *a, ze_ns now)
{
	struct engine *e = a->tunnel->e;
	uint16_t sid = a->sid;
	int r = sid ? idalloc_claim(&e->sids, sid) : idalloc_take(&e->sids, &e->ports.rng, &sid);

	if (r < 0)
		return r;
	c->owner = a->owner;
	c->tunnel = a->tunnel;
	c->timer.kind = ENGINE_TIMER_CALL;
	list_init(&c->in_tunnel);
	list_init(&c->in_all);
	list_init(&c->dirty);
	list_init(&c->dead);
	l2tp_session_init(&c->l2tp, sid, ENGINE_CALL_SETUP, now);
	c->l2tp.peer_sid = a->peer_sid;
	r = timer_set(&e->timers, &c->timer.timer, TIMER_FAR);
	if (r == 0)
		r = registry_add_call(c);
	if (r < 0) {
		timer_cancel(&e->timers, &c->timer.timer);
		idalloc_put(&e->sids, sid);
		return r;
	}
	c->tunnel->refs++;
	call_tell_guard(c, GUARD_SESSION_STARTS);
	return 0;
}

void call_release(struct call *c)
{
	struct tunnel *t = c->tunnel;

	call_tell_guard(c, GUARD_SESSION_GONE);
	registry_remove_call(c);
	idalloc_put(&t->e->sids, c->l2tp.sid);
	timer_cancel(&t->e->timers, &c->timer.timer);
	list_del(&c->dirty);
	list_add_tail(&t->e->dead_calls, &c->dead);
	t->refs--;
	turn_tunnel_dirty(t);
}

void call_free(struct call *c)
{
	l2tp_session_done(&c->l2tp);
	c->owner->free(c);
}

void call_settle(struct call *c, ze_ns now)
{
	ze_ns due = c->ended ? ZE_NEVER :
			       ze_min_ns(l2tp_session_deadline(&c->l2tp), c->owner->deadline(c));

	(void)now;
	turn_arm(c->tunnel->e, &c->timer, due);
	record_call(c);
}

/* ---- effects ---- */

static void call_down(struct call *c, const struct l2tp_fx_down *down, bool sent, ze_ns now)
{
	record_call_ended(c, sent && c->tunnel->up);
	if (c->ended)
		return;
	c->ended = true;
	registry_end_call(c);
	c->owner->down(c, down, now);
}

/* Performs the effects of a session's machine; c is NULL for a call that was refused. */
static void call_perform(struct tunnel *t, struct call *c, const struct l2tp_fx *fx, ze_ns now)
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
			if (c)
				c->owner->up(c, now);
			break;
		case L2TP_FX_SESSION_DOWN:
			if (c)
				call_down(c, &e->down, sent, now);
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
	if (c)
		turn_call_dirty(c);
}

/* ---- refusals ---- */

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

/* ---- messages ---- */

static void call_input(struct call *c, const struct l2tp_msg *m, const struct l2tp_fault *f,
		       ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_input(&c->l2tp, m, f, now, &fx);
	call_perform(c->tunnel, c, &fx, now);
}

/* The session limit that is reached, or REASON_NONE. */
static enum reason sessions_full(const struct tunnel *t)
{
	const struct config *c = t->e->cfg;

	if (c->max_sessions && t->n_calls >= c->max_sessions)
		return REASON_LIMIT_SESSIONS;
	if (c->max_sessions_peer && t->peer->n_calls >= c->max_sessions_peer)
		return REASON_LIMIT_PEER_SESSIONS;
	return REASON_NONE;
}

static void new_call(struct tunnel *t, const struct l2tp_msg *m, ze_ns now)
{
	enum reason full = sessions_full(t);
	struct call *c;
	int r;

	/* L-134: the existing call continues, the new one is refused. */
	if (registry_call_of(t, m->assigned_sid)) {
		refuse_error(t, m->assigned_sid, REASON_FSM_EVENT, L2TP_ERR_SESSION_ID, now);
		return;
	}
	if (full != REASON_NONE) {
		refuse_limit(t, m->assigned_sid, full, now);
		return;
	}
	r = t->e->incoming->create(t, m->assigned_sid, now, &c);
	if (r == -ENOSPC)
		refuse_limit(t, m->assigned_sid, REASON_LIMIT_SESSIONS, now);
	else if (r < 0)
		refuse_error(t, m->assigned_sid, REASON_NO_MEMORY, L2TP_ERR_RESOURCES, now);
	else
		call_input(c, m, NULL, now);
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
static struct call *call_find(const struct tunnel *t, const struct l2tp_effect *e)
{
	const struct l2tp_msg *m = e->call.msg;
	struct call *c;

	if (e->call.hdr_sid) {
		c = registry_call(t->e, e->call.hdr_sid);
		return c && c->tunnel == t && !c->ended ? c : NULL;
	}
	if (m->type == L2TP_ICRQ || m->type == L2TP_OCRQ || !L2TP_HAS(m, AVP_ASSIGNED_SESSION_ID))
		return NULL;
	return registry_call_of(t, m->assigned_sid);
}

void call_message(struct tunnel *t, const struct l2tp_effect *e, ze_ns now)
{
	struct call *c = call_find(t, e);

	t->e->about = (struct engine_about){ .msg_type = e->call.msg->type };
	if (e->call.fault)
		t->e->about.fault = *e->call.fault;
	if (c)
		call_input(c, e->call.msg, e->call.fault, now);
	else
		no_call(t, e, now);
}

void call_expire(struct call *c, ze_ns now)
{
	struct l2tp_fx fx;

	if (c->ended)
		return;
	fx.n = 0;
	l2tp_session_expire(&c->l2tp, now, &fx);
	call_perform(c->tunnel, c, &fx, now);
	if (!c->ended)
		c->owner->expire(c, now);
}

void call_close(struct call *c, const struct l2tp_cdn_args *a, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_close(&c->l2tp, a, now, &fx);
	call_perform(c->tunnel, c, &fx, now);
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

void call_abandon(struct call *c, const struct l2tp_fx_down *why, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_session_abandon(&c->l2tp, why, &fx);
	call_perform(c->tunnel, c, &fx, now);
}
