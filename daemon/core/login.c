/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/address.h"
#include "daemon/core/facts.h"
#include "daemon/core/pending.h"
#include "daemon/core/registry.h"
#include "daemon/core/service.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/timers.h"
#include "daemon/core/turn.h"

struct login_wait { /* a request that a handler answers later */
	struct subscriber *s;
	struct res res; /* in s->pool */
	uint64_t cookie;
	struct aaa_stage stage;
};

static void release_wait(struct res *r)
{
	struct login_wait *w = ze_container_of(r, struct login_wait, res);

	aaa_broker_cancel(w->s->e->broker, w->cookie);
	w->s->wait = NULL;
	free(w);
}

bool login_awaits(const struct subscriber *s, uint64_t cookie)
{
	return s->wait && s->wait->cookie == cookie;
}

static enum aaa_method aaa_method_of(enum ppp_auth_method m)
{
	switch (m) {
	case PPP_AUTH_PAP:
		return AAA_PAP;
	case PPP_AUTH_CHAP_MD5:
		return AAA_CHAP_MD5;
	case PPP_AUTH_MSCHAPV2:
		return AAA_MSCHAPV2;
	case PPP_AUTH_NONE:
	case PPP_AUTH__COUNT:
		break;
	}
	return AAA_NONE;
}

/* ---- session-limit ---- */

static void release_user(struct res *r)
{
	registry_remove_user(ze_container_of(r, struct subscriber, r_user));
}

int login_count(struct subscriber *s)
{
	int r;

	/* It was counted before LCP was negotiated again, or it will be ended in this turn. */
	if (res_held(&s->r_user) || s->gives_way)
		return 0;
	r = registry_add_user(s);
	if (r == 0)
		res_add(&s->pool, &s->r_user, release_user);
	return r;
}

/* The session limit of the user; 0: unlimited. Only one session can have a fixed address. */
static uint32_t limit_of(const struct engine *e, const struct profile *p)
{
	if (p && p->has_address)
		return 1;
	return p && p->sessions.set ? p->sessions.limit : e->cfg->sessions.limit;
}

static bool replaces(const struct engine *e, const struct profile *p)
{
	enum profile_over_limit o = p ? p->sessions.over : PROFILE_OVER_AUTO;

	if (o == PROFILE_OVER_AUTO)
		o = e->cfg->sessions.over;
	return o == PROFILE_OVER_REPLACE || (o == PROFILE_OVER_AUTO && p && p->has_address);
}

/* True when the user may have one more session. The oldest ones are replaced if the policy says
 * so. */
static bool login_has_room(struct subscriber *s)
{
	struct engine *e = s->e;
	const struct user *u = registry_user(e, facts_user(s));
	uint32_t limit = limit_of(e, s->profile);

	if (res_held(&s->r_user) || !limit || !u || u->n < limit)
		return true;
	if (!replaces(e, s->profile))
		return false;
	while (u && u->n >= limit) {
		address_give_way(list_entry(u->sessions.next, struct subscriber, in_user));
		u = registry_user(e, facts_user(s));
	}
	return true;
}

static void log_limit(const struct subscriber *s, ze_ns now)
{
	uint32_t suppressed;

	if (turn_may_log(s->e, s->call.tunnel,
			 &(struct turn_line){ LOG_AAA, LOG_WARN, &s->call.tunnel->losers }, now,
			 &suppressed))
		log_kv(LOG_AAA, LOG_WARN, "session-limit-reached",
		       KV_U64("tid", s->call.tunnel->l2tp.tid), KV_U64("sid", s->call.l2tp.sid),
		       KV_STR("user", facts_user(s)), KV_U64("limit", limit_of(s->e, s->profile)),
		       KV_SUPPRESSED(suppressed));
}

/* ---- wrong passwords ---- */

static struct pace_login pace_of(const struct subscriber *s)
{
	return (struct pace_login){
		.peer = &s->call.tunnel->path.peer,
		.number = span_str(s->call.l2tp.calling_number),
		.user = span_of(s->link.auth.user.p, s->link.auth.user.len),
	};
}

/* An answer must come at least 1 s before the authentication phase times out. */
static struct pace_limits limits_of(const struct subscriber *s, ze_ns now)
{
	const struct config *c = s->e->cfg;
	ze_ns left = s->link.auth.phase_deadline - now - ZE_SEC(1);

	return (struct pace_limits){ .interval = ZE_SEC(c->reject_interval_s),
				     .peer_rate = c->reject_rate_peer,
				     .longest = left > 0 ? left : 0 };
}

struct login_held {
	struct subscriber *s;
	struct res res; /* in s->pool */
	struct aaa_answer answer;
	ze_ns until;
};

static void release_held(struct res *r)
{
	struct login_held *h = ze_container_of(r, struct login_held, res);

	h->s->held = NULL;
	h->s->e->n_held--;
	free(h);
}

void login_cancel(struct subscriber *s)
{
	if (s->wait)
		res_release(&s->wait->res);
	if (s->held)
		res_release(&s->held->res);
}

/* Delays an answer until `until`. Returns true when it is delayed or is not given at all, false
 * when there is no memory and it must be given at once. */
static bool login_hold(struct subscriber *s, const struct aaa_answer *a, ze_ns until)
{
	struct engine *e = s->e;
	struct login_held *h;

	login_cancel(s);
	if (until == ZE_NEVER || e->n_held >= PACE_PENDING) {
		e->stats.rejects_withheld++;
		return true; /* the authentication phase will time out */
	}
	h = calloc(1, sizeof(*h));
	if (!h)
		return false;
	h->s = s;
	h->answer = *a;
	h->answer.profile = NULL;
	h->until = until;
	s->held = h;
	e->n_held++;
	e->stats.rejects_delayed++;
	res_add(&s->pool, &h->res, release_held);
	return true;
}

ze_ns login_deadline(const struct subscriber *s)
{
	return ze_min_ns(s->held ? s->held->until : ZE_NEVER,
			 s->wait ? s->wait->stage.deadline : ZE_NEVER);
}

/* The time of the answer for the log: "in 2.0 s", "none", or "" for an answer without delay. */
static const char *when_text(const struct subscriber *s, bool held, ze_ns now, char buf[static 24])
{
	if (held && s->held)
		snprintf(buf, 24, "in %.1f s", (double)(s->held->until - now) / 1e9);
	else
		snprintf(buf, 24, "%s", held ? "none" : "");
	return buf;
}

static void login_log(const struct subscriber *s, const char *event, const char *message, bool held,
		      ze_ns now)
{
	char peer[ZE_ADDR_TEXT], when[24];
	uint32_t suppressed;

	if (!turn_may_log(s->e, s->call.tunnel,
			  &(struct turn_line){ LOG_AAA, LOG_WARN, &s->call.tunnel->losers }, now,
			  &suppressed))
		return;
	log_kv(LOG_AAA, LOG_WARN, event, KV_U64("tid", s->call.tunnel->l2tp.tid),
	       KV_U64("sid", s->call.l2tp.sid),
	       KV_SPAN("user", span_of(s->link.auth.user.p, s->link.auth.user.len)),
	       KV_STR("method", ppp_auth_method_name(s->link.auth.method)),
	       KV_STR("message", message),
	       KV_OPT("answer", span_str(when_text(s, held, now, when))),
	       KV_STR("peer", ze_addr_text(&s->call.tunnel->path.peer, peer)),
	       KV_SUPPRESSED(suppressed));
}

/* Returns true when the line has had too many wrong passwords: this one is not checked, and is
 * answered as a wrong one. */
static bool turn_away(struct subscriber *s, ze_ns now)
{
	const struct pace_limits lim = limits_of(s, now);
	const struct pace_login l = pace_of(s);
	struct aaa_answer a = { .message = "Login incorrect" };

	/* A session that was authenticated before is not ended by wrong passwords of others on its
	 * line. */
	if (s->link.auth.known || !pace_line_is_full(&s->e->pace, &l, &lim, now))
		return false;
	s->e->stats.logins_unasked++;
	if (!login_hold(s, &a, lim.longest < PACE_LINE_MAX ? ZE_NEVER : now + PACE_LINE_MAX))
		return false;
	login_log(s, "auth-rejected", "Not asked: too many wrong passwords on this line", true,
		  now);
	return true;
}

static void tell_link(struct subscriber *s, const struct aaa_answer *a, enum ppp_end end, ze_ns now)
{
	ppp_link_auth_answer(
		&s->link,
		&(struct ppp_auth_answer){
			.accept = a->verdict == AAA_ACCEPT,
			.undecided = a->verdict == AAA_UNAVAILABLE,
			.message = span_str(a->mschap_raw ? NULL : a->message),
			.mschap_raw = span_str(a->mschap_raw ? a->message : NULL),
			.mschap2 = span_of(a->mschap2, strnlen(a->mschap2, sizeof(a->mschap2))),
			.mschap_error = a->mschap_error,
			.end = end },
		now, &s->e->ppp_fx);
}

/* Charges and logs a wrong password. Returns true when the answer is delayed or not given. */
static bool login_reject(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	struct engine *e = s->e;
	const struct pace_limits lim = limits_of(s, now);
	const struct pace_login l = pace_of(s);
	ze_ns at = pace_wrong(&e->pace, &l, &lim, now);
	bool held = at > now && login_hold(s, a, at);

	e->stats.auth_rejects++;
	login_log(s, "auth-rejected", a->message, held, now);
	return held;
}

/* Keeps the profile, which is taken over, and counts the session with its user. Returns the reason
 * why the session must end although the login was accepted. */
static enum ppp_end login_accept(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	struct engine *e = s->e;
	struct profile *old = s->profile ? profile_ref(s->profile) : NULL;
	int r = facts_login(s, a->profile);

	a->profile = NULL;
	if (r == 0)
		service_change(s, old, now);
	profile_free(old);
	if (r == 0 && !login_has_room(s)) {
		e->stats.session_limited++;
		log_limit(s, now);
		*a = (struct aaa_answer){ .message = "Session limit reached" };
		return PPP_END_SESSION_LIMIT;
	}
	if (r == 0)
		r = login_count(s);
	if (r == 0) {
		e->stats.auth_accepts++;
	} else {
		e->stats.auth_failures++;
		*a = (struct aaa_answer){ .verdict = AAA_UNAVAILABLE, .why = "No memory" };
	}
	return PPP_END_NONE;
}

/* Nothing could check the login. It is not charged as a wrong password. An established session
 * continues until its next re-authentication, and is logged until that works again. Returns the
 * reason why any other one ends, because another attempt is useless. */
static enum ppp_end login_unavailable(struct subscriber *s, const struct aaa_answer *a, ze_ns now)
{
	const char *why = a->why ? a->why : "Authentication is not available";
	struct event ev = facts_event(s, EV_AUTH_UNAVAILABLE, now);

	ev.text = why;
	s->e->stats.auth_unavailable++;
	if (!s->link.auth.reauth) {
		turn_event(s->e, &ev);
		login_log(s, "auth-unavailable", why, false, now);
		return PPP_END_AUTH_UNAVAILABLE;
	}
	s->e->stats.reauths_unavailable++;
	if (!s->link.auth.postponed) {
		turn_event(s->e, &ev);
		login_log(s, "reauth-unavailable", why, false, now);
	}
	return PPP_END_NONE;
}

void login_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	enum ppp_end end = PPP_END_NONE;

	if (a->verdict != AAA_ACCEPT) {
		profile_free(a->profile);
		a->profile = NULL;
	}
	if (a->verdict == AAA_ACCEPT)
		end = login_accept(s, a, now);
	else if (a->verdict != AAA_UNAVAILABLE && login_reject(s, a, now))
		return;
	if (a->verdict == AAA_UNAVAILABLE)
		end = login_unavailable(s, a, now);
	tell_link(s, a, end, now);
}

/* Asks the handlers from the stage on. */
static void ask_from(struct subscriber *s, const struct ppp_auth_request *rq,
		     struct aaa_stage stage, ze_ns now, struct pending *next)
{
	struct engine *e = s->e;
	const struct tunnel *t = s->call.tunnel;
	struct aaa_request a = {
		.method = aaa_method_of(rq->method),
		.id = rq->id,
		.user = rq->user,
		.password = rq->password,
		.challenge = rq->challenge,
		.response = rq->response,
		.calling_number = span_str(s->call.l2tp.calling_number),
		.called_number = span_str(s->call.l2tp.called_number),
		.peer_name = span_of(t->l2tp.peer_host, t->l2tp.peer_host_len),
		.nas_port_id = span_str(session_facts_port_id(s->facts)),
		.local = &t->path.local,
		.peer = &t->path.peer,
		.cookie = (uint64_t)s->call.l2tp.sid << LOGIN_COOKIE_SHIFT |
			  (++e->next_cookie & ((UINT64_C(1) << LOGIN_COOKIE_SHIFT) - 1)),
		.session_id = s->id,
		.nas_port = s->call.l2tp.sid,
		.tid = t->l2tp.tid,
		.sid = s->call.l2tp.sid,
		.mru = s->link.lcp.peer_mru,
		.tx_speed = s->call.l2tp.tx_speed_bps,
		.rx_speed = s->call.l2tp.rx_speed_bps,
		.now = now,
		.until = s->link.auth.phase_deadline,
	};
	struct login_wait *w;

	if (aaa_broker_ask(e->broker, &a, &stage, &next->verdict)) {
		pending_add(next, PENDING_VERDICT);
		return;
	}
	w = malloc(sizeof(*w));
	if (!w) {
		aaa_broker_cancel(e->broker, a.cookie);
		next->verdict =
			(struct aaa_answer){ .verdict = AAA_UNAVAILABLE, .why = "No memory" };
		pending_add(next, PENDING_VERDICT);
		return;
	}
	*w = (struct login_wait){ .s = s, .cookie = a.cookie, .stage = stage };
	s->wait = w;
	res_add(&s->pool, &w->res, release_wait);
}

void login_ask(struct subscriber *s, const struct ppp_auth_request *rq, ze_ns now,
	       struct pending *next)
{
	login_cancel(s);
	if (!turn_away(s, now))
		ask_from(s, rq, (struct aaa_stage){ .asked = 0 }, now, next);
}

/* Asks the remaining handlers. Without time for them the login is unavailable. */
static void ask_next(struct subscriber *s, struct aaa_stage stage, ze_ns now, struct pending *next)
{
	struct ppp_auth_request rq;

	if (!auth_pending(&s->link.auth, &rq))
		return;
	if (now < s->link.auth.phase_deadline) {
		ask_from(s, &rq, stage, now, next);
		return;
	}
	next->verdict = (struct aaa_answer){ .verdict = AAA_UNAVAILABLE,
					     .message = "No answer in time",
					     .why = stage.why };
	pending_add(next, PENDING_VERDICT);
}

void login_late(struct subscriber *s, struct aaa_answer *a, ze_ns now, struct pending *next)
{
	struct login_wait *w = s->wait;
	struct aaa_stage stage = w->stage;

	res_forget(&w->res);
	s->wait = NULL;
	free(w);
	if (aaa_stage_decided(&stage, a)) {
		login_verdict(s, a, now);
		return;
	}
	profile_free(a->profile);
	a->profile = NULL;
	ask_next(s, stage, now, next);
}

void login_expire(struct subscriber *s, ze_ns now, struct pending *next)
{
	if (s->wait && s->wait->stage.deadline <= now) {
		struct aaa_stage stage = s->wait->stage;

		login_cancel(s);
		aaa_stage_decided(&stage, &(struct aaa_answer){ .verdict = AAA_UNAVAILABLE,
								.why = "No answer in time" });
		ask_next(s, stage, now, next);
	} else if (s->held && s->held->until <= now) {
		const struct aaa_answer a = s->held->answer;

		login_cancel(s);
		tell_link(s, &a, PPP_END_NONE, now);
	}
}
