/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/engine_priv.h"
#include "daemon/core/subscriber.h"

static void release_profile(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_profile);

	profile_unref(s->profile);
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

void login_ask(struct subscriber *s, const struct ppp_auth_request *rq)
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
	uint64_t cookie = (uint64_t)s->s.sid << SUBSCRIBER_COOKIE_SHIFT |
			  (++e->next_cookie & ((UINT64_C(1) << SUBSCRIBER_COOKIE_SHIFT) - 1));
	int r;

	res_release(&s->r_auth);
	memset(&e->answer, 0, sizeof(e->answer));
	r = aaa_broker_auth(&e->broker, &a, cookie, &e->answer);
	if (r == -EINPROGRESS) {
		s->auth_cookie = cookie;
		res_add(&s->pool, &s->r_auth, release_auth);
		return;
	}
	if (r < 0) {
		e->stats.auth_failures++;
		e->answer = (struct aaa_answer){ 0 };
	}
	s->todo |= SUB_TODO_VERDICT;
}

void login_resume(struct subscriber *s, struct profile *p)
{
	s->profile = p;
	res_add(&s->pool, &s->r_profile, release_profile);
}

/* Who it is, once and for all: events of this turn may point to it. NULL: out of memory. */
static const char *keep_user(struct subscriber *s, const struct profile *p)
{
	const struct auth_keep *said = &s->link.auth.user;

	if (!s->user)
		s->user = p ? strdup(p->user) :
			      strndup(said->p ? (const char *)said->p : "", said->len);
	return s->user;
}

/* 0 or -ENOMEM; takes the profile, which may be NULL. */
static int keep_profile(struct subscriber *s, struct profile *p)
{
	if (!keep_user(s, p)) {
		profile_unref(p);
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

	if (res_held(&s->r_user)) /* LCP was negotiated anew */
		return 0;
	r = registry_add_user(s);
	if (r == 0)
		res_add(&s->pool, &s->r_user, release_user);
	return r;
}

/* Two sessions can't have one fixed address. */
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

/* Room for one more session of this user, if need be in place of its oldest. */
static bool has_room(struct subscriber *s)
{
	struct engine *e = s->e;
	const struct core_user *u = registry_user(e, s->user);
	uint32_t limit = limit_of(e, s->profile);

	if (res_held(&s->r_user) || !limit || !u || u->n < limit)
		return true;
	if (!replaces(e, s->profile))
		return false;
	while (u && u->n >= limit) {
		subscriber_give_way(list_entry(u->sessions.next, struct subscriber, in_user));
		u = registry_user(e, s->user);
	}
	return true;
}

static void log_limit(const struct subscriber *s, ze_ns now)
{
	uint32_t suppressed;

	if (engine_may_log(s->e, s->tunnel,
			   &(struct engine_line){ LOG_AAA, LOG_WARN, &s->tunnel->losers }, now,
			   &suppressed))
		log_kv(LOG_AAA, LOG_WARN, "session-limit", KV_U64("tid", s->tunnel->t.tid),
		       KV_U64("sid", s->s.sid), KV_STR("user", s->user),
		       KV_U64("limit", limit_of(s->e, s->profile)),
		       KV_U64("suppressed", suppressed));
}

/* False: the user has as many sessions as it may. */
static bool enter(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	if (has_room(s))
		return login_count(s) == 0;
	s->e->stats.session_limited++;
	log_limit(s, now);
	snprintf(a->message, sizeof(a->message), "Session limit reached");
	return false;
}

static void log_reject(const struct subscriber *s, const struct aaa_answer *a, ze_ns now)
{
	char peer[ZE_ADDR_TEXT];
	uint32_t suppressed;

	if (!engine_may_log(s->e, s->tunnel,
			    &(struct engine_line){ LOG_AAA, LOG_WARN, &s->tunnel->losers }, now,
			    &suppressed))
		return;
	log_kv(LOG_AAA, LOG_WARN, "auth-reject", KV_U64("tid", s->tunnel->t.tid),
	       KV_U64("sid", s->s.sid),
	       KV_SPAN("user", span_of(s->link.auth.user.p, s->link.auth.user.len)),
	       KV_STR("method", ppp_auth_method_name(s->link.auth.method)),
	       KV_STR("message", a->message),
	       KV_STR("peer", ze_addr_text(&s->tunnel->path.peer, peer)),
	       KV_U64("suppressed", suppressed));
}

void login_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now)
{
	struct engine *e = s->e;
	enum ppp_end end = PPP_END_NONE;

	if (a->accept && keep_profile(s, a->profile) < 0) {
		e->stats.auth_failures++;
		a->accept = false;
	} else if (a->accept && !enter(s, a, now)) {
		a->accept = false;
		end = PPP_END_SESSION_LIMIT;
	} else if (a->accept) {
		e->stats.auth_accepts++;
	} else {
		e->stats.auth_rejects++;
		log_reject(s, a, now);
		profile_unref(a->profile);
	}
	a->profile = NULL;
	ppp_link_auth_answer(
		&s->link,
		&(struct ppp_auth_answer){
			.accept = a->accept,
			.message = span_str(a->message),
			.mschap2 = span_of(a->mschap2, strnlen(a->mschap2, sizeof(a->mschap2))),
			.mschap_error = a->mschap_error,
			.end = end },
		now, &e->ppp_fx);
}
