/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/subscriber.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/session_id.h"
#include "daemon/core/address.h"
#include "daemon/core/attach.h"
#include "daemon/core/call.h"
#include "daemon/core/end_cause.h"
#include "daemon/core/facts.h"
#include "daemon/core/record_session.h"
#include "daemon/core/routes.h"
#include "daemon/core/service.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/trace.h"
#include "daemon/core/login.h"
#include "daemon/core/pending.h"
#include "daemon/core/turn.h"
#include "ppp/frame.h"

/* ---- creation and release ---- */

static void set_state(struct subscriber *s, enum sub_state state)
{
	s->e->n_subscribers[s->state]--;
	s->state = state;
	s->e->n_subscribers[state]++;
}

static int make(const struct call_args *a, ze_ns now, struct subscriber **ret)
{
	struct engine *e = a->tunnel->e;
	struct subscriber *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->e = e;
	list_init(&s->in_user);
	list_init(&s->in_waiting);
	res_pool_init(&s->pool);
	r = call_begin(&s->call, a, now);
	if (r < 0) {
		free(s);
		return r;
	}
	s->id = e->next_id++;
	s->state = SUB_STARTING;
	e->n_subscribers[SUB_STARTING]++;
	*ret = s;
	return 0;
}

static int subscriber_create(struct tunnel *t, uint16_t peer_sid, ze_ns now, struct call **ret)
{
	struct subscriber *s;
	int r = make(&(struct call_args){ .tunnel = t,
					  .owner = &subscriber_call_ops,
					  .peer_sid = peer_sid },
		     now, &s);

	if (r == 0)
		*ret = &s->call;
	return r;
}

int subscriber_new_as(struct tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now,
		      struct subscriber **ret)
{
	return make(&(struct call_args){ t, &subscriber_call_ops, sid, peer_sid }, now, ret);
}

void subscriber_release(struct subscriber *s)
{
	address_wait_end(s);
	routes_forget(s);
	res_pool_drain(&s->pool);
	list_del(&s->in_user); /* it may be in engine.replaced */
	s->e->n_subscribers[s->state]--;
	call_release(&s->call);
}

static void subscriber_release_call(struct call *c)
{
	subscriber_release(subscriber_owner(c));
}

static void subscriber_free(struct call *c)
{
	struct subscriber *s = subscriber_owner(c);

	if (s->linked)
		ppp_link_done(&s->link);
	linkcfg_unref(s->linkcfg);
	session_facts_unref(s->facts);
	service_end(s);
	free(s);
}

/* ---- events and log lines ---- */

static void subscriber_tell(struct subscriber *s, enum event_kind kind, ze_ns now)
{
	struct event ev = facts_event(s, kind, now);

	turn_event(s->e, &ev);
}

/* Only IPv4 has a host route: IPv6CP negotiates link-local addresses. */
static void tell_route(struct subscriber *s, enum event_kind kind, enum ppp_family family,
		       ze_ns now)
{
	struct event ev = facts_event(s, kind, now);

	if (family != PPP_FAM_IPV4)
		return;
	ev.family = family;
	ev.prefix = (struct ze_prefix){ ze_ip4_addr(s->link.ipcp.params.peer), 32 };
	turn_event(s->e, &ev);
}

static void tell_echo(struct subscriber *s, enum event_kind kind, ze_ns rtt, ze_ns now)
{
	struct event ev = facts_event(s, kind, now);

	ev.rtt = rtt;
	turn_event(s->e, &ev);
}

static bool subscriber_may_log(const struct subscriber *s, ze_ns now, uint32_t *ret_suppressed)
{
	return turn_may_log(s->e, s->call.tunnel, &(struct turn_line){ LOG_L2TP, LOG_INFO, NULL },
			    now, ret_suppressed);
}

static void subscriber_log_up(const struct subscriber *s, ze_ns now)
{
	char peer[ZE_ADDR_TEXT], ip[ZE_ADDR_TEXT], id[SESSION_ID_TEXT];
	uint32_t suppressed;

	if (!subscriber_may_log(s, now, &suppressed))
		return;
	log_kv(LOG_L2TP, LOG_INFO, "session-up", KV_U64("tid", s->call.tunnel->l2tp.tid),
	       KV_U64("sid", s->call.l2tp.sid), KV_STR("session-id", session_id_text(s->id, id)),
	       KV_STR("user", facts_user(s)), KV_STR("address", ze_ip4_text(s->lease.ip4, ip)),
	       KV_STR("interface", s->ifname),
	       KV_STR("peer", ze_addr_text(&s->call.tunnel->path.peer, peer)),
	       KV_MS("took", now - s->call.l2tp.created), KV_SUPPRESSED(suppressed));
}

static void subscriber_log_down(const struct subscriber *s, const struct l2tp_fx_down *d, ze_ns now)
{
	char peer[ZE_ADDR_TEXT], ip[ZE_ADDR_TEXT], id[SESSION_ID_TEXT];
	uint32_t suppressed;

	if (!subscriber_may_log(s, now, &suppressed))
		return;
	log_kv(LOG_L2TP, LOG_INFO, "session-down", KV_U64("tid", s->call.tunnel->l2tp.tid),
	       KV_U64("sid", s->call.l2tp.sid), KV_STR("session-id", session_id_text(s->id, id)),
	       KV_STR("user", facts_user(s)), KV_STR("address", ze_ip4_text(s->lease.ip4, ip)),
	       KV_STR("cause", end_cause_word(s->end)), KV_U64("result", d->result),
	       KV_U64("error-code", d->error),
	       KV_STR("peer", ze_addr_text(&s->call.tunnel->path.peer, peer)),
	       KV_MS("duration", s->up_at ? now - s->up_at : 0), KV_SUPPRESSED(suppressed));
}

/* Reports the end of a session that the data plane has removed, or never had, with its totals. */
static void closed(struct subscriber *s, ze_ns now)
{
	struct event ev = facts_event(s, EV_SESSION_CLOSED, now);
	char id[SESSION_ID_TEXT];
	uint32_t suppressed;

	if (!s->linked)
		return;
	if (s->counted)
		ev.traffic = s->traffic;
	turn_event(s->e, &ev);
	if (s->counted && subscriber_may_log(s, now, &suppressed))
		log_kv(LOG_L2TP, LOG_INFO, "session-closed",
		       KV_U64("tid", s->call.tunnel->l2tp.tid), KV_U64("sid", s->call.l2tp.sid),
		       KV_STR("session-id", session_id_text(s->id, id)),
		       KV_STR("user", facts_user(s)), KV_U64("up-packets", s->traffic.up_packets),
		       KV_U64("up-bytes", s->traffic.up_bytes),
		       KV_U64("down-packets", s->traffic.down_packets),
		       KV_U64("down-bytes", s->traffic.down_bytes), KV_SUPPRESSED(suppressed));
}

static void closed_release(struct subscriber *s, ze_ns now)
{
	closed(s, now);
	subscriber_release(s);
}

/* ---- PPP ---- */

static int link_init(struct subscriber *s)
{
	unsigned kind = (s->call.tunnel->path.peer.family == 6 ? LINKCFG_OVER_IPV6 : 0) |
			(s->call.l2tp.sequencing_required ? LINKCFG_SEQUENCED : 0);

	s->linkcfg = linkcfg_ref(s->e->linkcfg);
	return ppp_link_init(&s->link, &s->linkcfg->of[kind], &s->e->ports.rng);
}

void subscriber_open_link(struct subscriber *s, ze_ns now)
{
	const struct l2tp_proxy *p = s->call.l2tp.proxy;

	s->opened = true;
	if (!p) {
		ppp_link_open(&s->link, now, &s->e->ppp_fx);
		return;
	}
	if (L2TP_HAS(p, AVP_PROXY_AUTHEN_ID))
		s->link.auth.id = (uint8_t)p->authen_id; /* continue after the LAC's ids */
	ppp_link_open_proxied(&s->link,
			      &(struct ppp_proxy){ .last_sent = p->last_sent,
						   .last_received = p->last_rcvd,
						   .type = p->authen_type,
						   .has_id = L2TP_HAS(p, AVP_PROXY_AUTHEN_ID),
						   .id = (uint8_t)p->authen_id,
						   .name = p->name,
						   .challenge = p->challenge,
						   .response = p->response },
			      now, &s->e->ppp_fx);
	l2tp_session_drop_proxy(&s->call.l2tp);
}

/* Ends the call with the CDN for the cause. */
static void subscriber_end_call(struct subscriber *s, enum ppp_end end, ze_ns now)
{
	struct l2tp_cdn_args a;

	end_cause_cdn(end, &a);
	s->end = end_cause_of_ppp(end);
	call_close(&s->call, &a, now);
}

static bool is_lcp(struct span frame)
{
	return frame.len >= 4 && frame.p[2] == PPP_LCP >> 8 && frame.p[3] == (PPP_LCP & 0xff);
}

static void send_frame(struct subscriber *s, struct span frame)
{
	struct engine *e = s->e;
	uint8_t buf[ENGINE_DATAGRAM_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	s->tx_frames++;
	trace_frame("tx", s, frame);
	if (s->dp == SUB_DP_UP && e->ports.dp->ppp_send) {
		if (e->ports.dp->ppp_send(e->ports.dp_self, s->call.l2tp.sid, frame) < 0)
			e->stats.tx_failed++;
		return;
	}
	l2tp_hdr_write_data(&w, &(struct l2tp_hdr){ .flags = is_lcp(frame) ? L2TP_F_PRIO : 0,
						    .tid = s->call.tunnel->l2tp.peer_tid,
						    .sid = s->call.l2tp.peer_sid });
	wr_span(&w, frame);
	if (w.bad) {
		e->stats.sends_lost++;
		return;
	}
	e->stats.tx_data++;
	turn_send(e, &s->call.tunnel->path, wr_done(&w));
}

/* ---- effects ---- */

static void subscriber_family_up(struct subscriber *s, enum ppp_family f, ze_ns now)
{
	s->ncp_up[f] = true;
	attach_open(s, f, true);
	if (!s->up_at && ppp_link_served(&s->link)) {
		s->up_at = now;
		facts_established(s);
		set_state(s, SUB_ESTABLISHED);
		s->e->stats.sessions_up++;
		subscriber_log_up(s, now);
		subscriber_tell(s, EV_SESSION_UP, now);
		service_begin(s, now);
	} else if (s->up_at) {
		subscriber_tell(s, EV_SESSION_FAMILY, now);
	}
	tell_route(s, EV_ROUTE_ADD, f, now);
	routes_up(s, f, now);
}

static void subscriber_family_down(struct subscriber *s, enum ppp_family f, ze_ns now)
{
	if (s->ncp_up[f]) {
		s->ncp_up[f] = false;
		attach_open(s, f, false);
		routes_down(s, f, now);
		tell_route(s, EV_ROUTE_REMOVE, f, now);
	}
	/* A family that is negotiated again stays prepared in the data plane. */
	if (s->link.ncp[f] < PPP_NCP_RUNNING)
		attach_drop_family(s, f);
}

static void perform_one(struct subscriber *s, const struct ppp_effect *e, ze_ns now,
			struct pending *next)
{
	switch (e->kind) {
	case PPP_FX_SEND:
		send_frame(s, e->send);
		break;
	case PPP_FX_AUTH_REQUEST:
		login_ask(s, &e->auth, now, next);
		break;
	case PPP_FX_ADDR_REQUEST:
		pending_add_family(next, PENDING_ADDRESS, e->family);
		break;
	case PPP_FX_NCP_READY:
		attach_family(s, e->family, now, next);
		break;
	case PPP_FX_NCP_UP:
		subscriber_family_up(s, e->family, now);
		break;
	case PPP_FX_NCP_DOWN:
		subscriber_family_down(s, e->family, now);
		break;
	case PPP_FX_ECHO_RTT:
		tell_echo(s, EV_ECHO_RTT, e->rtt, now);
		break;
	case PPP_FX_ECHO_LOST:
		tell_echo(s, EV_ECHO_LOST, 0, now);
		break;
	case PPP_FX_REFUSED:
		turn_count(s->e, e->refused.reason);
		trace_refused(s, e, now);
		break;
	case PPP_FX_FINISHED:
		pending_add(next, PENDING_FINISH);
		break;
	case PPP_FX_LCP_DOWN:
		/* Each family that was up has an effect of its own. A verdict that is still awaited
		 * would be taken for that of the next request. */
		login_cancel(s);
		break;
	case PPP_FX_LCP_UP:
	case PPP_FX_AUTHENTICATED:
	case PPP_FX_ECHO_SENT:
		break;
	}
}

static void give_address(struct subscriber *s, enum ppp_family f, ze_ns now)
{
	struct ppp_addr_answer a;

	ppp_link_require(&s->link, f, address_required(s, f), now);
	if (address_answer(s, f, now, &a))
		ppp_link_addr_answer(&s->link, &a, now, &s->e->ppp_fx);
}

static void pending_handle(struct subscriber *s, const struct pending_entry *entry,
			   struct pending *next, ze_ns now)
{
	enum ppp_family f = (enum ppp_family)entry->family;

	ppp_fx_init(&s->e->ppp_fx);
	switch ((enum pending_kind)entry->kind) {
	case PENDING_VERDICT:
		login_verdict(s, &next->verdict, now);
		break;
	case PENDING_ADDRESS:
		give_address(s, f, now);
		break;
	case PENDING_ATTACHED:
	case PENDING_UNATTACHED:
		ppp_link_ncp_attached(&s->link, f, entry->kind == PENDING_ATTACHED, now,
				      &s->e->ppp_fx);
		break;
	case PENDING_NO_PLANE:
		subscriber_end_call(s, PPP_END_PLANE, now);
		break;
	case PENDING_FINISH:
		subscriber_end_call(s, s->link.end, now);
		break;
	case PENDING__KINDS:
		break;
	}
}

/* Performs the effects in e->ppp_fx, and everything that follows from them and from `next`, until
 * nothing is left or the call has ended. */
static void subscriber_run(struct subscriber *s, ze_ns now, struct pending *next)
{
	const struct ppp_fx *fx = &s->e->ppp_fx;
	struct pending_entry entry;

	for (;;) {
		s->e->stats.sends_lost += fx->overflow;
		for (unsigned i = 0; i < fx->n && !s->call.ended; i++)
			perform_one(s, &fx->e[i], now, next);
		if (!s->call.ended && !next->n)
			attach_if_due(s, now, next);
		if (s->call.ended || !pending_take(next, &entry))
			break;
		pending_handle(s, &entry, next, now);
	}
	turn_call_dirty(&s->call);
}

/* The same when nothing but the effects is to be handled. */
static void subscriber_perform(struct subscriber *s, ze_ns now)
{
	struct pending next;

	pending_init(&next);
	subscriber_run(s, now, &next);
}

/* ---- input, timers and end ---- */

/* The call is established: starts PPP. */
static void subscriber_up(struct call *c, ze_ns now)
{
	struct subscriber *s = subscriber_owner(c);
	struct pending next;

	if (facts_begin(s) < 0 || link_init(s) < 0) {
		subscriber_end_call(s, PPP_END_PLANE, now);
		return;
	}
	s->linked = true;
	s->plan = config_shape(s->e->cfg);
	attach_reshape(s, now);
	subscriber_tell(s, EV_SESSION_STARTING, now);
	pending_init(&next);
	ppp_fx_init(&s->e->ppp_fx);
	if (s->call.l2tp.sequencing_required) {
		/* Only the data plane can send sequence numbers: PPP starts when it is attached. */
		attach_session(s, now, &next);
	} else {
		subscriber_open_link(s, now);
	}
	subscriber_run(s, now, &next);
}

void subscriber_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	struct pending next;

	pending_init(&next);
	ppp_fx_init(&s->e->ppp_fx);
	login_late(s, a, now, &next);
	subscriber_run(s, now, &next);
}

static bool is_ip(struct span frame)
{
	struct ppp_frame f;

	return ppp_frame_parse(frame, &f) == 0 && (f.proto == PPP_IPV4 || f.proto == PPP_IPV6);
}

/* Checks the rate limit for PPP frames that the daemon processes, whether they arrived by UDP or
 * from the data plane. Returns false for a frame to be dropped, which is counted. */
static bool may_send(struct subscriber *s, ze_ns now)
{
	if (admit_frame(&s->frames, now))
		return true;
	s->rx_limited++;
	turn_count(s->e, REASON_PPP_RATE);
	return false;
}

static void link_frame(struct subscriber *s, struct span frame, ze_ns now)
{
	s->rx_frames++;
	trace_frame("rx", s, frame);
	if (!s->call.ended && s->opened)
		ppp_link_input(&s->link, frame, now, &s->e->ppp_fx);
}

/* A Configure-Request for which an address had to be assigned first is answered after that. */
static void subscriber_link_frame(struct subscriber *s, struct span frame, ze_ns now)
{
	bool later = s->link.addr_state[PPP_FAM_IPV4] == PPP_ADDR_LATER;

	ppp_fx_init(&s->e->ppp_fx);
	link_frame(s, frame, now);
	subscriber_perform(s, now);
	if (!later || s->link.addr_state[PPP_FAM_IPV4] != PPP_ADDR_GIVEN || s->call.ended)
		return;
	ppp_fx_init(&s->e->ppp_fx);
	ppp_link_input(&s->link, frame, now, &s->e->ppp_fx);
	subscriber_perform(s, now);
}

static void subscriber_frame(struct call *c, struct span frame, ze_ns now)
{
	struct subscriber *s = subscriber_owner(c);

	if (!s->opened || s->call.ended) {
		turn_count(s->e, REASON_SESSION_STATE);
		return;
	}
	if (s->dp == SUB_DP_UP && s->e->ports.dp->inject && is_ip(frame)) {
		s->e->ports.dp->inject(s->e->ports.dp_self, s->call.l2tp.sid, frame);
		return;
	}
	if (!may_send(s, now))
		return;
	subscriber_link_frame(s, frame, now);
}

static void subscriber_dp_event(struct call *c, const struct dp_event *ev, ze_ns now)
{
	struct subscriber *s = subscriber_owner(c);
	struct pending next;

	pending_init(&next);
	ppp_fx_init(&s->e->ppp_fx);
	if (ev->kind == DP_EV_FRAME) {
		if (may_send(s, now))
			subscriber_link_frame(s, ev->frame, now);
		return;
	}
	attach_event(s, ev, now, &next);
	if (s->call.ended && s->dp == SUB_DP_NONE)
		closed_release(s, now);
	subscriber_run(s, now, &next);
}

/* Ends the session without waiting for the peer: one Terminate-Request, then the CDN. */
static void end_now(struct subscriber *s, enum ppp_end end, ze_ns now)
{
	if (s->opened) {
		ppp_fx_init(&s->e->ppp_fx);
		ppp_link_close(&s->link, end, now, &s->e->ppp_fx);
		subscriber_perform(s, now);
	}
	if (!s->call.ended)
		subscriber_end_call(s, end, now);
}

static void subscriber_expire(struct call *c, ze_ns now)
{
	struct subscriber *s = subscriber_owner(c);
	struct pending next;
	enum ppp_end end;

	if (!s->opened)
		return;
	/* First, because the time of the last handler ends with the authentication phase. */
	if (login_deadline(s) <= now) {
		pending_init(&next);
		ppp_fx_init(&s->e->ppp_fx);
		login_expire(s, now, &next);
		subscriber_run(s, now, &next);
	}
	if (s->call.ended)
		return;
	ppp_fx_init(&s->e->ppp_fx);
	ppp_link_expire(&s->link, now, &s->e->ppp_fx);
	subscriber_perform(s, now);
	end = s->call.ended ? PPP_END_NONE : service_expire(s, now);
	if (end != PPP_END_NONE)
		end_now(s, end, now);
}

void subscriber_clear(struct subscriber *s, ze_ns now)
{
	end_now(s, PPP_END_ADMIN, now);
}

void subscriber_end_unaccounted(struct subscriber *s, ze_ns now)
{
	if (!s->call.ended)
		end_now(s, PPP_END_UNACCOUNTED, now);
}

static void subscriber_replaced(struct subscriber *s, ze_ns now)
{
	if (!s->call.ended)
		end_now(s, PPP_END_REPLACED, now);
}

static void subscriber_address_free(struct subscriber *s, ze_ns now)
{
	struct pending next;

	if (s->call.ended)
		return;
	pending_init(&next);
	pending_add_family(&next, PENDING_ADDRESS, PPP_FAM_IPV4);
	ppp_fx_init(&s->e->ppp_fx);
	subscriber_run(s, now, &next);
}

/* Ending a session and answering one can both add entries to the lists. */
void subscriber_settle_addresses(struct engine *e, ze_ns now)
{
	struct list *l;

	do {
		while ((l = list_pop(&e->replaced)))
			subscriber_replaced(list_entry(l, struct subscriber, in_user), now);
		l = list_pop(&e->woken);
		if (l)
			subscriber_address_free(list_entry(l, struct subscriber, in_waiting), now);
	} while (l);
}

static ze_ns subscriber_deadline(const struct call *c)
{
	const struct subscriber *s = subscriber_owner(c);
	ze_ns due = login_deadline(s);

	if (s->opened)
		due = ze_min_ns(ppp_link_deadline(&s->link), ze_min_ns(due, attach_deadline(s)));
	return ze_min_ns(due, service_deadline(s));
}

enum reason subscriber_restore(struct subscriber *s, struct span link, ze_ns now)
{
	if (link_init(s) < 0)
		return REASON_NO_MEMORY;
	s->linked = s->opened = true;
	ppp_fx_init(&s->e->ppp_fx);
	return ppp_link_restore(&s->link, link, now, &s->e->ppp_fx);
}

void subscriber_restored(struct subscriber *s, ze_ns now)
{
	struct event ev;

	s->restored = true;
	set_state(s, SUB_ESTABLISHED);
	s->e->stats.sessions_up++;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		s->ncp_up[f] = s->link.ncp[f] == PPP_NCP_UP;
	facts_established(s);
	ev = facts_event(s, EV_SESSION_UP, now);
	ev.cause = "resumed";
	turn_event(s->e, &ev);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->ncp_up[f])
			tell_route(s, EV_ROUTE_ADD, (enum ppp_family)f, now);
	service_begin(s, now);
	routes_replay(s, now);
	subscriber_perform(s, now);
}

void subscriber_replay(struct subscriber *s, ze_ns now)
{
	if (s->call.ended || !s->linked)
		return;
	subscriber_tell(s, s->state == SUB_ESTABLISHED ? EV_SESSION_UP : EV_SESSION_STARTING, now);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->ncp_up[f])
			tell_route(s, EV_ROUTE_ADD, (enum ppp_family)f, now);
	routes_replay(s, now);
}

static void subscriber_down(struct call *c, const struct l2tp_fx_down *down, ze_ns now)
{
	struct subscriber *s = subscriber_owner(c);

	if (s->end == END_NONE)
		s->end = end_cause_of_call(down);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++) {
		if (!s->ncp_up[f])
			continue;
		routes_down(s, (enum ppp_family)f, now);
		tell_route(s, EV_ROUTE_REMOVE, (enum ppp_family)f, now);
	}
	if (s->linked) {
		subscriber_log_down(s, down, now);
		s->e->stats.sessions_down++;
		subscriber_tell(s, EV_SESSION_DOWN, now);
		ppp_link_down(&s->link);
	}
	memset(s->ncp_up, 0, sizeof(s->ncp_up));
	service_end(s);
	set_state(s, SUB_FINISHING);
	login_cancel(s);
	res_release(&s->r_user);
	address_wait_end(s);
	if (!attach_remove(s))
		closed_release(s, now);
}

const struct call_owner_ops subscriber_call_ops = {
	.create = subscriber_create,
	.up = subscriber_up,
	.frame = subscriber_frame,
	.dp_event = subscriber_dp_event,
	.deadline = subscriber_deadline,
	.expire = subscriber_expire,
	.save = record_session_save,
	.down = subscriber_down,
	.release = subscriber_release_call,
	.free = subscriber_free,
};
