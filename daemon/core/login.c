/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/engine_priv.h"
#include "daemon/core/pending.h"
#include "daemon/core/registry.h"
#include "daemon/core/turn.h"

static void release_profile(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_profile);

	profile_free(s->profile);
	s->profile = NULL;
}

static void release_auth(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_auth);

	aaa_broker_cancel(&s->e->broker, s->auth_cookie);
	s->auth_cookie = 0;
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

void login_resume(struct subscriber *s, struct profile *p)
{
	s->profile = p;
	res_add(&s->pool, &s->r_profile, release_profile);
}

/* Sets the name of the user, which never changes afterwards, because events may point to it: from
 * the profile, or as the peer sent it. Returns NULL when out of memory. */
static const char *keep_user(struct subscriber *s, const struct profile *p)
{
	const struct auth_keep *said = &s->link.auth.user;

	if (!s->user)
		s->user = p ? strdup(p->user) :
			      strndup(said->p ? (const char *)said->p : "", said->len);
	return s->user;
}

/* Stores the user's name and the profile, which may be NULL; takes it over. Returns 0 or
 * -ENOMEM. */
static int keep_profile(struct subscriber *s, struct profile *p)
{
	if (!keep_user(s, p)) {
		profile_free(p);
		return -ENOMEM;
	}
	res_release(&s->r_profile);
	if (p)
		login_resume(s, p);
	return 0;
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
	const struct core_user *u = registry_user(e, s->user);
	uint32_t limit = limit_of(e, s->profile);

	if (res_held(&s->r_user) || !limit || !u || u->n < limit)
		return true;
	if (!replaces(e, s->profile))
		return false;
	while (u && u->n >= limit) {
		turn_give_way(list_entry(u->sessions.next, struct subscriber, in_user));
		u = registry_user(e, s->user);
	}
	return true;
}

static void log_limit(const struct subscriber *s, ze_ns now)
{
	uint32_t suppressed;

	if (turn_may_log(s->e, s->tunnel,
			 &(struct turn_line){ LOG_AAA, LOG_WARN, &s->tunnel->losers }, now,
			 &suppressed))
		log_kv(LOG_AAA, LOG_WARN, "session-limit", KV_U64("tid", s->tunnel->t.tid),
		       KV_U64("sid", s->s.sid), KV_STR("user", s->user),
		       KV_U64("limit", limit_of(s->e, s->profile)),
		       KV_U64("suppressed", suppressed));
}

/* Counts the session with its user. Returns false when the session limit is reached, or without
 * memory. */
static bool login_enter(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	if (login_has_room(s))
		return login_count(s) == 0;
	s->e->stats.session_limited++;
	log_limit(s, now);
	snprintf(a->message, sizeof(a->message), "Session limit reached");
	return false;
}

/* ---- wrong passwords ---- */

static struct pace_login pace_of(const struct subscriber *s)
{
	return (struct pace_login){
		.peer = &s->tunnel->path.peer,
		.number = span_str(s->s.calling_number),
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

void login_forget_held(struct subscriber *s)
{
	if (s->held)
		res_release(&s->held->res);
}

/* Delays an answer until `until`. Returns true when it is delayed or is not given at all, false
 * when there is no memory and it must be given at once. */
static bool login_hold(struct subscriber *s, const struct aaa_answer *a, ze_ns until)
{
	struct engine *e = s->e;
	struct login_held *h;

	login_forget_held(s);
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
	return s->held ? s->held->until : ZE_NEVER;
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

static void log_reject(const struct subscriber *s, const char *message, bool held, ze_ns now)
{
	char peer[ZE_ADDR_TEXT], when[24];
	uint32_t suppressed;

	if (!turn_may_log(s->e, s->tunnel,
			  &(struct turn_line){ LOG_AAA, LOG_WARN, &s->tunnel->losers }, now,
			  &suppressed))
		return;
	log_kv(LOG_AAA, LOG_WARN, "auth-reject", KV_U64("tid", s->tunnel->t.tid),
	       KV_U64("sid", s->s.sid),
	       KV_SPAN("user", span_of(s->link.auth.user.p, s->link.auth.user.len)),
	       KV_STR("method", ppp_auth_method_name(s->link.auth.method)),
	       KV_STR("message", message),
	       KV_OPT("answer", span_str(when_text(s, held, now, when))),
	       KV_STR("peer", ze_addr_text(&s->tunnel->path.peer, peer)),
	       KV_U64("suppressed", suppressed));
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
	log_reject(s, "Not asked: too many wrong passwords of this line", true, now);
	return true;
}

static void tell_link(struct subscriber *s, const struct aaa_answer *a, enum ppp_end end, ze_ns now)
{
	ppp_link_auth_answer(
		&s->link,
		&(struct ppp_auth_answer){
			.accept = a->accept,
			.message = span_str(a->message),
			.mschap2 = span_of(a->mschap2, strnlen(a->mschap2, sizeof(a->mschap2))),
			.mschap_error = a->mschap_error,
			.end = end },
		now, &s->e->ppp_fx);
}

void login_answer_held(struct subscriber *s, ze_ns now)
{
	const struct aaa_answer a = s->held->answer;

	login_forget_held(s);
	tell_link(s, &a, PPP_END_NONE, now);
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
	log_reject(s, a->message, held, now);
	profile_free(a->profile);
	a->profile = NULL;
	return held;
}

void login_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	struct engine *e = s->e;
	enum ppp_end end = PPP_END_NONE;

	if (!a->accept && login_reject(s, a, now))
		return;
	if (a->accept && keep_profile(s, a->profile) < 0) {
		e->stats.auth_failures++;
		a->accept = false;
	} else if (a->accept && !login_enter(s, a, now)) {
		a->accept = false;
		end = PPP_END_SESSION_LIMIT;
	} else if (a->accept) {
		e->stats.auth_accepts++;
	}
	a->profile = NULL;
	tell_link(s, a, end, now);
}

void login_ask(struct subscriber *s, const struct ppp_auth_request *rq, ze_ns now,
	       struct pending *next)
{
	struct engine *e = s->e;
	const struct aaa_request a = {
		.method = aaa_method_of(rq->method),
		.id = rq->id,
		.user = rq->user,
		.password = rq->password,
		.challenge = rq->challenge,
		.response = rq->response,
		.calling_number = span_str(s->s.calling_number),
		.called_number = span_str(s->s.called_number),
		.sid = s->s.sid,
	};
	uint64_t cookie = (uint64_t)s->s.sid << LOGIN_COOKIE_SHIFT |
			  (++e->next_cookie & ((UINT64_C(1) << LOGIN_COOKIE_SHIFT) - 1));
	int r;

	res_release(&s->r_auth);
	if (turn_away(s, now))
		return;
	next->verdict = (struct aaa_answer){ 0 };
	r = aaa_broker_auth(&e->broker, &a, cookie, &next->verdict);
	if (r == -EINPROGRESS) {
		s->auth_cookie = cookie;
		res_add(&s->pool, &s->r_auth, release_auth);
		return;
	}
	if (r < 0) {
		e->stats.auth_failures++;
		next->verdict = (struct aaa_answer){ 0 };
	}
	pending_add(next, PENDING_VERDICT);
}
