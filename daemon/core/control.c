/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"
#include "daemon/core/call.h"
#include "daemon/core/call_priv.h"
#include "daemon/core/end_cause.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/timers.h"
#include "daemon/core/turn.h"
#include "daemon/l2tp/timers.h"

/* ---- counting ---- */

static void count_half_open(struct tunnel *t)
{
	struct engine *e = t->e;

	t->setup = t->half_open = true;
	list_add_tail(t->known ? &e->half_open_known : &e->half_open, &t->in_half_open);
	e->n_setup++;
	e->n_half_open++;
	e->n_half_open_known += t->known;
	t->peer->n_half_open++;
}

static void uncount_setup(struct tunnel *t)
{
	if (t->setup)
		t->e->n_setup--;
	t->setup = false;
}

static void uncount_half_open(struct tunnel *t)
{
	uncount_setup(t);
	if (!t->half_open)
		return;
	t->half_open = false;
	list_del(&t->in_half_open);
	t->e->n_half_open--;
	t->e->n_half_open_known -= t->known;
	t->peer->n_half_open--;
}

static void tell_established(const struct tunnel *t, bool established)
{
	const struct ports *io = &t->e->ports;

	io->guard->peer_established(io->guard_self, &t->peer->addr, established);
}

static void count_established(struct tunnel *t, ze_ns now)
{
	t->up = true;
	admit_answered(&t->e->admit, &t->peer->addr, now);
	t->e->n_established++;
	if (!t->peer->n_established++)
		tell_established(t, true);
}

static void uncount_established(struct tunnel *t)
{
	if (!t->up)
		return;
	t->up = false;
	t->e->n_established--;
	if (!--t->peer->n_established)
		tell_established(t, false);
}

/* ---- effects of a tunnel's machine ---- */

static void control_tell(struct tunnel *t, enum event_kind kind, ze_ns now)
{
	const enum end_cause end = kind == EV_TUNNEL_DOWN ? end_cause_of_down(t->l2tp.down.cause) :
							    END_NONE;
	const struct event ev = {
		.kind = kind,
		.now = now,
		.tid = t->l2tp.tid,
		.ifname = "",
		.peer = &t->path.peer,
		.end = end,
		.cause = end_cause_word(end),
	};

	turn_event(t->e, &ev);
}

/* The established tunnel of this peer with this id of the peer. Tunnels that are being set up are
 * not found: their set-up may be repeated. */
static struct tunnel *standing(const struct engine *e, const struct ze_addr *peer,
			       uint16_t peer_tid, const struct tunnel *except)
{
	const struct peer *p = registry_peer(e, peer);
	struct list *l;

	if (!p)
		return NULL;
	list_for_each(l, &p->tunnels) {
		struct tunnel *t = list_entry(l, struct tunnel, in_peer);

		if (t->up && t != except && t->l2tp.peer_tid == peer_tid &&
		    ze_addr_eq(&t->path.peer, peer))
			return t;
	}
	return NULL;
}

static void control_log_up(struct tunnel *t, ze_ns now)
{
	char peer[ZE_ADDR_TEXT];
	uint32_t suppressed;

	if (!turn_may_log(t->e, t, &(struct turn_line){ LOG_L2TP, LOG_INFO, NULL }, now,
			  &suppressed))
		return;
	log_kv(LOG_L2TP, LOG_INFO, "tunnel-up", KV_U64("tid", t->l2tp.tid),
	       KV_U64("peer-tid", t->l2tp.peer_tid),
	       KV_STR("peer", ze_addr_text(&t->path.peer, peer)),
	       KV_SPAN("host", span_of(t->l2tp.peer_host, t->l2tp.peer_host_len)),
	       KV_SUPPRESSED(suppressed));
}

static void control_log_down(struct tunnel *t, const struct l2tp_fx_down *d, bool was_up, ze_ns now)
{
	char peer[ZE_ADDR_TEXT];
	uint32_t suppressed;

	if (!turn_may_log(t->e, t, &(struct turn_line){ LOG_L2TP, LOG_INFO, NULL }, now,
			  &suppressed))
		return;
	log_kv(LOG_L2TP, LOG_INFO, "tunnel-down", KV_U64("tid", t->l2tp.tid),
	       KV_U64("peer-tid", t->l2tp.peer_tid),
	       KV_STR("peer", ze_addr_text(&t->path.peer, peer)),
	       KV_SPAN("host", span_of(t->l2tp.peer_host, t->l2tp.peer_host_len)),
	       KV_STR("cause", end_cause_word(end_cause_of_down(d->cause))),
	       KV_U64("result", d->result), KV_U64("error-code", d->error),
	       KV_MS("duration", was_up ? now - t->l2tp.established : 0),
	       KV_SUPPRESSED(suppressed));
}

static void control_abandon(struct tunnel *t, enum l2tp_down cause, ze_ns now);

static void control_tunnel_up(struct tunnel *t, ze_ns now)
{
	struct engine *e = t->e;
	struct tunnel *older = standing(e, &t->path.peer, t->l2tp.peer_tid, t);

	if (older && !l2tp_tunnel_lost(&older->l2tp, now)) {
		/* The peer has answered in the old tunnel in the meantime: the new one was set up
		 * by another host or program. */
		turn_drop(e, older, REASON_TUNNEL_IN_USE, &t->path, now);
		control_abandon(t, L2TP_DOWN_REPLACED, now);
		return;
	}
	uncount_half_open(t);
	count_established(t, now);
	e->stats.tunnels_up++;
	control_log_up(t, now);
	control_tell(t, EV_TUNNEL_UP, now);
	/* The peer has restarted and used the id of an older tunnel, which it does not know any
	 * more. */
	while ((older = registry_tunnel_of(e, &t->path.peer, t->l2tp.peer_tid, t)))
		control_abandon(older, L2TP_DOWN_REPLACED, now);
}

static void control_tunnel_down(struct tunnel *t, const struct l2tp_fx_down *d, ze_ns now)
{
	bool ours = d->cause == L2TP_DOWN_ADMIN || d->cause == L2TP_DOWN_SHUTDOWN;
	const struct l2tp_fx_down why = { .cause = ours ? d->cause : L2TP_DOWN_TUNNEL,
					  .result = d->result,
					  .error = d->error };
	bool was_up = t->up;

	uncount_setup(t);
	uncount_established(t);
	while (!list_empty(&t->calls))
		call_abandon(list_entry(t->calls.next, struct call, in_tunnel), &why, now);
	control_log_down(t, d, was_up, now);
	if (!was_up)
		return;
	t->e->stats.tunnels_down++;
	control_tell(t, EV_TUNNEL_DOWN, now);
}

static void control_perform(struct tunnel *t, const struct l2tp_fx *fx, ze_ns now)
{
	for (unsigned i = 0; i < fx->n; i++) {
		const struct l2tp_effect *e = &fx->e[i];

		switch (e->kind) {
		case L2TP_FX_TUNNEL_UP:
			control_tunnel_up(t, now);
			break;
		case L2TP_FX_TUNNEL_DOWN:
			control_tunnel_down(t, &e->down, now);
			break;
		case L2TP_FX_TUNNEL_FREE:
			t->forgotten = true;
			break;
		case L2TP_FX_CALL:
			call_message(t, e, now);
			break;
		case L2TP_FX_REFUSED:
			t->e->about = (struct engine_about){ .msg_type = e->refused.msg_type,
							     .fault = e->refused.fault };
			turn_drop(t->e, t, e->refused.fault.reason, &t->path, now);
			break;
		case L2TP_FX_SEND:
		case L2TP_FX_SESSION_UP:
		case L2TP_FX_SESSION_DOWN:
			break; /* effects of sessions */
		}
	}
	turn_tunnel_dirty(t);
}

/* Processes all messages that were delivered. */
static void control_run(struct tunnel *t, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	while (l2tp_tunnel_step(&t->l2tp, now, &fx)) {
		control_perform(t, &fx, now);
		fx.n = 0;
	}
	turn_tunnel_dirty(t);
}

static void feed(struct tunnel *t, const struct l2tp_hdr *h, ze_ns now)
{
	int r;

	if (!admit_control(&t->control, now)) {
		turn_drop(t->e, t, REASON_TUNNEL_RATE, &t->path, now);
		return;
	}
	r = l2tp_tunnel_input(&t->l2tp, h, now);
	if (r < 0)
		turn_count(t->e, (enum reason) - r);
	control_run(t, now);
}

void control_expire(struct tunnel *t, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_tunnel_expire(&t->l2tp, now, &fx);
	control_perform(t, &fx, now);
	control_run(t, now);
}

bool control_close(struct tunnel *t, const struct l2tp_stop_args *a, ze_ns now)
{
	struct l2tp_fx fx;

	if (t->l2tp.fsm.state >= L2TP_T_CLOSING)
		return false;
	fx.n = 0;
	l2tp_tunnel_close(&t->l2tp, a, now, &fx);
	control_perform(t, &fx, now);
	return true;
}

/* Ends the tunnel and its calls without a message. */
static void control_abandon(struct tunnel *t, enum l2tp_down cause, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_tunnel_abandon(&t->l2tp, cause, &fx);
	control_perform(t, &fx, now);
}

static void control_flush(struct tunnel *t, ze_ns now)
{
	uint8_t buf[ENGINE_DATAGRAM_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	while (l2tp_tunnel_output(&t->l2tp, &w, now)) {
		if (!w.bad)
			turn_send(t->e, &t->path, wr_done(&w));
		w = wr_init(buf, sizeof(buf));
	}
}

/* The record is written before anything is sent: the next instance must not know less than the
 * peer. */
void control_settle(struct tunnel *t, ze_ns now)
{
	record_tunnel(t);
	control_flush(t, now);
	turn_arm(t->e, &t->timer, l2tp_tunnel_deadline(&t->l2tp));
	control_bury_if_done(t);
}

void control_bury_if_done(struct tunnel *t)
{
	struct engine *e = t->e;

	if (!t->forgotten || t->refs || !list_empty(&t->dead))
		return;
	uncount_half_open(t);
	uncount_established(t);
	for (unsigned i = 0; i < L2TP_MSG__COUNT; i++) {
		e->stats.rx_msgs[i] += t->l2tp.rx_msgs[i];
		e->stats.tx_msgs[i] += t->l2tp.tx_msgs[i];
	}
	e->stats.avps_ignored += t->l2tp.avps_ignored;
	e->ports.guard->tunnel_gone(e->ports.guard_self, t->l2tp.tid);
	record_tunnel_gone(t);
	registry_remove_tunnel(t);
	list_del(&t->dirty);
	timer_cancel(&e->timers, &t->timer.timer);
	list_add_tail(&e->dead_tunnels, &t->dead);
}

void control_free(struct tunnel *t)
{
	l2tp_tunnel_done(&t->l2tp);
	session_facts_tunnel_unref(t->facts);
	free(t->cdns.v);
	free(t);
}

/* ---- a new tunnel ---- */

static struct l2tp_tunnel_cfg tunnel_cfg(const struct config *c)
{
	struct l2tp_tunnel_cfg t = {
		.chan = l2tp_chan_defaults,
		.hello_interval = ZE_SEC(c->hello_interval_s),
		.hello_retries = (uint16_t)c->hello_retries,
		.setup_timeout = L2TP_CYCLE,
		.linger = L2TP_CYCLE,
		.vendor_name = "ze",
		.hide = c->hide_avps && c->secret,
	};

	_Static_assert(sizeof(t.host_name) == sizeof(c->host_name), "name is copied whole");
	memcpy(t.host_name, config_host_name(c), sizeof(t.host_name));
	if (c->secret) {
		t.secret_len = (uint16_t)strnlen(c->secret, sizeof(t.secret));
		memcpy(t.secret, c->secret, t.secret_len);
	}
	return t;
}

/* Creates a tunnel. tid 0: any free id. The caller counts it as half-open or established. */
static struct tunnel *tunnel_make(struct engine *e, const struct net_path *path, uint16_t tid,
				  ze_ns now)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	struct l2tp_tunnel_cfg cfg;
	int r;

	if (!t)
		return NULL;
	t->e = e;
	t->path = *path;
	t->timer.kind = ENGINE_TIMER_TUNNEL;
	t->drops = t->losers = (struct log_limit){ .every = ZE_SEC(1), .burst = 10 };
	list_init(&t->in_half_open);
	list_init(&t->dirty);
	list_init(&t->dead);
	list_init(&t->calls);
	if (timer_set(&e->timers, &t->timer.timer, TIMER_FAR) < 0)
		goto fail;
	r = tid ? registry_add_tunnel_as(e, t, tid) : registry_add_tunnel(e, t, &tid);
	if (r < 0)
		goto fail_timer;
	cfg = tunnel_cfg(e->cfg);
	l2tp_tunnel_init(&t->l2tp, &cfg, &e->ports.rng, tid, now);
	crypto_wipe(&cfg, sizeof(cfg));
	return t;
fail_timer:
	timer_cancel(&e->timers, &t->timer.timer);
fail:
	free(t);
	return NULL;
}

static struct tunnel *control_tunnel_new(struct engine *e, const struct net_path *path, bool known,
					 ze_ns now)
{
	struct tunnel *t = tunnel_make(e, path, 0, now);

	if (!t)
		return NULL;
	t->known = known;
	count_half_open(t);
	return t;
}

/* Sends a StopCCN without keeping any state. */
static void control_refuse(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
			   uint16_t peer_tid, const struct l2tp_stop_args *a)
{
	uint8_t buf[ENGINE_DATAGRAM_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	if (!peer_tid || !l2tp_tunnel_refuse(&w, h, peer_tid, a))
		return;
	e->stats.tx_msgs[L2TP_STOPCCN]++;
	turn_send(e, path, wr_done(&w));
}

/* ---- SCCRQ ---- */

static bool source_allowed(const struct config *c, const struct ze_addr *from)
{
	for (size_t i = 0; i < c->n_allow_from; i++)
		if (ze_prefix_has(&c->allow_from[i], from))
			return true;
	return c->n_allow_from == 0;
}

/* The Host Name must not be hidden (RFC 2661 4.4.3), so it is read without decoding the message. */
static bool host_allowed(const struct config *c, struct span payload)
{
	struct span host = l2tp_msg_peek_host_name(payload);

	for (size_t i = 0; i < c->n_allow_host_name; i++)
		if (span_eq(host, span_str(c->allow_host_name[i])))
			return true;
	return c->n_allow_host_name == 0 || host.len == 0; /* the machine refuses a missing name */
}

/* The Assigned Tunnel ID of the message; 0 when it cannot be read. */
static uint16_t assigned_tid(const struct engine *e, const struct l2tp_hdr *h)
{
	uint8_t scratch[ENGINE_DATAGRAM_MAX];
	const struct l2tp_dec dec = { .secret = span_str(e->cfg->secret),
				      .scratch = scratch,
				      .scratch_size = sizeof(scratch) };
	struct l2tp_fault fault;
	struct l2tp_msg m = { 0 };

	if (h->payload.len > sizeof(scratch))
		return 0;
	l2tp_msg_decode(h->payload, &dec, &m, &fault);
	crypto_wipe(scratch, sizeof(scratch));
	return L2TP_HAS(&m, AVP_ASSIGNED_TUNNEL_ID) ? m.assigned_tid : 0;
}

/* True for a retransmission of the SCCRQ with which this tunnel began: the peer has not received
 * our answer yet. A peer that restarts during the set-up sends other octets, because its challenge
 * is random. A peer has no reason to retransmit its SCCRQ after the tunnel was established: then it
 * is a new one, even with the same octets. */
static bool is_duplicate(const struct tunnel *t, uint64_t hash, ze_ns now)
{
	return !t->l2tp.established && t->sccrq_hash == hash && now - t->l2tp.created < L2TP_CYCLE;
}

/* Returns true when the peer may still use this tunnel; it is then asked with a HELLO or a
 * retransmission. No new tunnel is opened until it is lost: a peer that has restarted retransmits
 * its SCCRQ, and could mistake our HELLO for the message that follows an SCCRP. */
static bool may_be_alive(struct tunnel *t, ze_ns now)
{
	struct l2tp_fx fx;

	if (l2tp_tunnel_lost(&t->l2tp, now))
		return false;
	fx.n = 0;
	l2tp_tunnel_doubt(&t->l2tp, now, &fx);
	control_perform(t, &fx, now);
	return true;
}

static bool tunnels_full(const struct engine *e)
{
	return e->cfg->max_tunnels && e->n_setup + e->n_established >= e->cfg->max_tunnels;
}

/* True when a LAC has as many tunnels as it may have, including those that are being set up. */
static bool peer_full(const struct engine *e, const struct peer *p)
{
	uint32_t max = e->cfg->max_tunnels_peer;

	return max && p && p->n_half_open + p->n_established >= max;
}

/* True for a known source (admit.h): a tunnel of it is or was established. */
static bool control_is_known(const struct engine *e, const struct ze_addr *from)
{
	const struct peer *p = registry_peer(e, from);

	return (p && p->n_established) || admit_has_answered(&e->admit, from);
}

static struct tunnel *oldest_half_open(const struct list *of_kind)
{
	return list_empty(of_kind) ? NULL : list_entry(of_kind->next, struct tunnel, in_half_open);
}

/* The half-open tunnel that must be dropped to make room for a new one of this address; NULL: there
 * is room, or nothing to drop. */
static struct tunnel *half_open_victim(const struct engine *e, const struct ze_addr *from,
				       bool known)
{
	const struct peer *p = registry_peer(e, from);
	struct tunnel *t;

	if (peer_full(e, p) ||
	    (p && p->n_half_open >= (known ? ADMIT_HALF_OPEN_KNOWN : ADMIT_HALF_OPEN_SOURCE)))
		for (const struct list *l = p->tunnels.next; l != &p->tunnels; l = l->next) {
			t = list_entry(l, struct tunnel, in_peer);
			if (t->half_open)
				return t;
		}
	if (!known && e->n_half_open - e->n_half_open_known >= ADMIT_HALF_OPEN)
		return oldest_half_open(&e->half_open);
	if (!tunnels_full(e) || !e->n_setup)
		return NULL;
	t = oldest_half_open(&e->half_open);
	return t ? t : oldest_half_open(&e->half_open_known);
}

/* Makes room for a new half-open tunnel. When a limit is reached, the oldest handshake is dropped,
 * but only after ADMIT_HALF_OPEN_GRACE (L-042). A known source does not have to wait for handshakes
 * of unknown sources, which may be forged, nor for those from its own address. */
static bool half_open_room(struct engine *e, const struct ze_addr *from, bool known, ze_ns now)
{
	struct tunnel *t = half_open_victim(e, from, known);
	bool waits;

	if (!t)
		return true;
	waits = !known || (t->known && !ze_addr_same_ip(&t->path.peer, from));
	if (waits && now - t->l2tp.created < ADMIT_HALF_OPEN_GRACE)
		return false;
	turn_count(e, REASON_LIMIT_HALF_OPEN);
	control_abandon(t, L2TP_DOWN_TIMEOUT, now);
	control_bury_if_done(t);
	return true;
}

static enum reason refuse_with(struct engine *e, const struct net_path *path,
			       const struct l2tp_hdr *h, enum reason r,
			       const struct l2tp_stop_args *stop)
{
	struct l2tp_stop_args a = *stop;

	a.cause = L2TP_DOWN_ADMIN;
	a.text = reason_text(r);
	control_refuse(e, path, h, assigned_tid(e, h), &a);
	return r;
}

/* Admits an SCCRQ, or returns the reason why not. An SCCRQ above the rate limits gets no answer;
 * one that is refused for another reason gets a StopCCN, except at the limit of half-open tunnels.
 * replaces: the new tunnel takes the place of one that the peer has lost and that is still
 * counted. */
static enum reason admit(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
			 bool replaces, ze_ns now)
{
	bool known = control_is_known(e, &path->peer);

	/* A flood from forged addresses must not use up the tokens of known sources. */
	if (known ? !admit_known(&e->admit, &path->peer, now) :
		    !admit_setup(&e->admit, &path->peer, e->cfg->setup_rate, now))
		return REASON_LIMIT_RATE;
	if (e->draining)
		return refuse_with(e, path, h, REASON_DRAINING,
				   &(struct l2tp_stop_args){ .result = STOP_SHUTDOWN });
	if (!host_allowed(e->cfg, h->payload))
		return refuse_with(e, path, h, REASON_HOST_UNKNOWN,
				   &(struct l2tp_stop_args){ .result = STOP_NOT_AUTHORISED });
	if (!half_open_room(e, &path->peer, known, now))
		return REASON_LIMIT_HALF_OPEN;
	if (!replaces && peer_full(e, registry_peer(e, &path->peer)))
		return refuse_with(e, path, h, REASON_LIMIT_PEER_TUNNELS,
				   &(struct l2tp_stop_args){ .result = STOP_ERROR,
							     .error = L2TP_ERR_RESOURCES });
	if (!replaces && tunnels_full(e))
		return refuse_with(e, path, h, REASON_LIMIT_TUNNELS,
				   &(struct l2tp_stop_args){ .result = STOP_ERROR,
							     .error = L2TP_ERR_RESOURCES });
	return REASON_NONE;
}

static void tell_known(const struct tunnel *t)
{
	const struct ports *io = &t->e->ports;

	io->guard->tunnel_known(io->guard_self, &(struct dp_tunnel){ .tid = t->l2tp.tid,
								     .peer_tid = t->l2tp.peer_tid,
								     .path = t->path });
}

static void sccrq(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		  ze_ns now)
{
	uint64_t hash = hash_bytes(h->payload.p, h->payload.len);
	struct tunnel *t, *old;
	uint16_t peer_tid;
	enum reason r;

	if (!source_allowed(e->cfg, &path->peer)) {
		turn_drop(e, NULL, REASON_SOURCE_DENIED, path, now);
		return;
	}
	peer_tid = assigned_tid(e, h);
	t = peer_tid ? registry_tunnel_of(e, &path->peer, peer_tid, NULL) : NULL;
	if (t && is_duplicate(t, hash, now)) {
		feed(t, h, now);
		return;
	}
	old = peer_tid && !e->draining ? standing(e, &path->peer, peer_tid, NULL) : NULL;
	if (old && may_be_alive(old, now)) {
		turn_drop(e, old, REASON_TUNNEL_IN_USE, path, now);
		return;
	}
	/* The old tunnel sends no HELLO between SCCRP and SCCCN of the first new one, see
	 * may_be_alive(). */
	if (old && old == t) {
		l2tp_chan_postpone(&old->l2tp.chan, now);
		turn_tunnel_dirty(old);
	}
	r = admit(e, path, h, old != NULL, now);
	t = r == REASON_NONE ? control_tunnel_new(e, path, control_is_known(e, &path->peer), now) :
			       NULL;
	if (!t) {
		turn_drop(e, NULL, r == REASON_NONE ? REASON_NO_MEMORY : r, path, now);
		return;
	}
	t->sccrq_hash = hash;
	feed(t, h, now);
	tell_known(t); /* before the answer is sent, at the end of the turn */
}

void control_replay(struct tunnel *t, ze_ns now)
{
	if (t->l2tp.fsm.state == L2TP_T_ESTABLISHED)
		control_tell(t, EV_TUNNEL_UP, now);
}

/* ---- tunnels of the previous instance ---- */

static void go_on(struct tunnel *t, ze_ns now)
{
	t->restored = true;
	turn_tunnel_dirty(t);
	if (t->l2tp.fsm.state != L2TP_T_ESTABLISHED)
		return;
	count_established(t, now);
	t->e->stats.tunnels_up++;
	control_tell(t, EV_TUNNEL_UP, now);
}

enum reason control_restore(struct engine *e, const struct control_saved *v, ze_ns now)
{
	struct tunnel *t;
	enum reason why;

	if (!v->tid)
		return REASON_RESUME_RECORD;
	if (registry_tunnel(e, v->tid))
		return REASON_RESUME_ID;
	t = tunnel_make(e, &v->path, v->tid, now);
	if (!t)
		return REASON_NO_MEMORY;
	t->sccrq_hash = v->sccrq_hash;
	why = l2tp_tunnel_restore(&t->l2tp, v->control, now);
	tell_known(t); /* also when it is refused below: tunnel_gone() follows then */
	if (why == REASON_NONE && registry_tunnel_of(e, &v->path.peer, t->l2tp.peer_tid, t))
		why = REASON_RESUME_ID;
	if (why == REASON_NONE) {
		go_on(t, now);
		return why;
	}
	t->forgotten = true;
	control_bury_if_done(t);
	return why;
}

void control_probe(struct tunnel *t, ze_ns now)
{
	struct l2tp_fx fx;

	fx.n = 0;
	l2tp_tunnel_probe(&t->l2tp, now, &fx);
	control_perform(t, &fx, now);
}

/* ---- tunnel id 0 ---- */

static void to_nobody(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		      ze_ns now)
{
	uint16_t type = l2tp_msg_peek_type(h->payload);
	struct tunnel *t = NULL;

	if (type == L2TP_SCCRQ) {
		sccrq(e, path, h, now);
		return;
	}
	/* RFC 2661 5.7: a peer that gives up before it has received our tunnel id sends its own
	 * (L-013). */
	if (type == L2TP_STOPCCN && registry_peer(e, &path->peer)) {
		uint16_t peer_tid = assigned_tid(e, h);

		t = peer_tid ? registry_tunnel_of(e, &path->peer, peer_tid, NULL) : NULL;
	}
	if (t)
		feed(t, h, now);
	else
		turn_drop(e, NULL, REASON_TUNNEL_ZERO, path, now);
}

void control_input(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		   ze_ns now)
{
	struct tunnel *t;

	e->about.msg_type = l2tp_msg_peek_type(h->payload);
	if (!h->tid) {
		to_nobody(e, path, h, now);
		return;
	}
	t = registry_tunnel(e, h->tid);
	if (!t)
		turn_drop(e, NULL, REASON_TUNNEL_UNKNOWN, path, now);
	else if (!ze_addr_eq(&t->path.peer, &path->peer))
		turn_drop(e, t, REASON_TUNNEL_PEER, path, now);
	else
		feed(t, h, now);
}
