/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/radius_login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_auth.h"
#include "daemon/base/crypto.h"
#include "daemon/base/log.h"
#include "daemon/core/config.h"
#include "daemon/core/engine.h"
#include "daemon/core/snapshot.h"
#include "daemon/sys/net/radius_io.h"
#include "daemon/sys/net/radius_sets.h"
#include "daemon/sys/run/loop.h"

#define PENDING_MAX  65535 /* logins at a time; there are no more sessions */
#define END_BEFORE   ZE_MS(100)
#define LINES_EVERY  ZE_SEC(1) /* log lines about replies that can't be used as they are */
#define LINES_BURST  10
#define SIGN_REPLIES "have the server send Message-Authenticator in every reply"

struct radius_login {
	struct loop *loop;
	struct radius_sets *sets;
	struct log_limit lines;
};

/* ---- verdicts ---- */

static const struct radius_finding *first_unusable(const struct radius_report *rep)
{
	for (unsigned i = 0; i < rep->n_findings; i++)
		if (rep->findings[i].fault != RADIUS_FAULT_UNAPPLIED)
			return &rep->findings[i];
	return NULL;
}

/* What a server grants and the subscriber does not get. */
static void log_not_applied(struct radius_login *l, const struct radius_result *r,
			    const struct profile *p)
{
	char text[256];
	struct wr w = wr_init(text, sizeof(text) - 1);
	uint32_t suppressed;

	for (unsigned k = 0; k < PROFILE_KEY__COUNT; k++) {
		if (profile_source(p, (enum profile_key)k) == PROFILE_DEFAULT ||
		    radius_profile_applied(p, (enum profile_key)k, 0))
			continue;
		if (wr_len(&w))
			wr_u8(&w, ',');
		wr_span(&w, span_str(profile_key_name((enum profile_key)k)));
	}
	*w.p = '\0';
	if (wr_len(&w) && log_limit_pass(&l->lines, loop_now(l->loop), &suppressed))
		log_kv(LOG_AAA, LOG_WARN, "radius-values-not-applied", KV_STR("values", text),
		       KV_STR("server", r->server), KV_STR("user", p->user),
		       KV_SUPPRESSED(suppressed));
}

/* A login that no server answered, a reply that is refused, and attributes that the subscriber does
 * not get. */
static void log_reply(struct radius_login *l, const struct radius_result *r, enum reason why,
		      const struct radius_report *rep)
{
	const struct radius_finding *f = first_unusable(rep);
	struct span user = span_of(NULL, 0);
	uint32_t suppressed;

	if ((why == REASON_NONE && !rep->unusable) ||
	    !log_limit_pass(&l->lines, loop_now(l->loop), &suppressed))
		return;
	radius_attr_find(r->request, RADIUS_VENDOR_NONE, RADIUS_USER_NAME, &user);
	if (r->outcome == RADIUS_DONE_UNAVAILABLE)
		log_kv(LOG_AAA, LOG_WARN, "radius-unanswered", KV_REASON(why),
		       KV_SPAN("user", user), KV_SUPPRESSED(suppressed));
	else if (why != REASON_NONE)
		log_kv(LOG_AAA, LOG_WARN, "radius-reply-refused", KV_REASON(why),
		       KV_STR("server", r->server), KV_SPAN("user", user),
		       KV_U64("code", r->reply.code), KV_SUPPRESSED(suppressed));
	else
		log_kv(LOG_AAA, LOG_WARN, "radius-attribute-unusable",
		       KV_STR("attribute", f ? f->name : ""),
		       KV_STR("why", f ? radius_fault_name(f->fault) : ""),
		       KV_U64("unusable", rep->unusable), KV_STR("server", r->server),
		       KV_SPAN("user", user), KV_SUPPRESSED(suppressed));
}

static void take_result(void *self, const struct radius_result *r)
{
	struct radius_login *l = self;
	struct engine *e = loop_engine(l->loop);
	struct radius_report rep;
	struct aaa_answer a;
	enum reason why = radius_auth_verdict(r, &a, &rep);

	log_reply(l, r, why, &rep);
	if (a.profile)
		log_not_applied(l, r, a.profile);
	if (e)
		engine_auth_answer(e, r->cookie, &a, loop_now(l->loop));
	profile_free(a.profile);
}

static void log_note(void *self, const struct radius_note *n)
{
	char text[ZE_ADDR_TEXT];
	bool dropped;

	(void)self;
	ze_addr_text(n->addr, text);
	switch (n->kind) {
	case RADIUS_NOTE_ASIDE:
		log_kv(LOG_AAA, LOG_WARN, "radius-server-aside", KV_STR("server", n->server),
		       KV_STR("address", text), KV_U64("unanswered", n->misses),
		       KV_STR("effect", "other servers are asked first"),
		       KV_STR("cure", "check the server, the path, its client entry and the "
				      "shared-key"));
		break;
	case RADIUS_NOTE_BACK:
		log_kv(LOG_AAA, LOG_INFO, "radius-server-back", KV_STR("server", n->server),
		       KV_STR("address", text),
		       KV_U64("aside-seconds", (uint64_t)(n->aside / ZE_SEC(1))));
		break;
	case RADIUS_NOTE_UNSIGNED:
	case RADIUS_NOTE_UNSIGNED_DROPPED:
		dropped = n->kind == RADIUS_NOTE_UNSIGNED_DROPPED;
		log_kv(LOG_AAA, LOG_WARN, "radius-reply-unsigned", KV_STR("server", n->server),
		       KV_STR("address", text), KV_STR("effect", dropped ? "dropped" : "accepted"),
		       KV_STR("cure", dropped ? SIGN_REPLIES ", or message-authenticator off" :
						SIGN_REPLIES ", see radius in ze.conf(5)"));
		break;
	}
}

/* ---- start, stop, reload ---- */

int radius_login_new(struct loop *loop, const struct rng *rng, struct config *cfg,
		     struct radius_login **ret)
{
	struct radius_login *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->loop = loop;
	l->lines = (struct log_limit){ .every = LINES_EVERY, .burst = LINES_BURST };
	r = radius_sets_new(&(struct radius_sets_args){ .loop = loop,
							.rng = rng,
							.max_pending = PENDING_MAX,
							.done = take_result,
							.note = log_note,
							.self = l },
			    cfg, &l->sets);
	if (r < 0)
		free(l);
	else
		*ret = l;
	return r;
}

void radius_login_free(struct radius_login *l)
{
	if (!l)
		return;
	radius_sets_free(l->sets);
	free(l);
}

int radius_login_prepare(struct radius_login *l, struct config *next)
{
	return radius_sets_prepare(l->sets, next);
}

void radius_login_cancel(struct radius_login *l)
{
	radius_sets_cancel(l->sets);
}

void radius_login_apply(struct radius_login *l)
{
	radius_sets_apply(l->sets);
}

struct snapshot_radius *radius_login_snapshot(const struct radius_login *l)
{
	size_t n = radius_sets_servers(l->sets);
	struct snapshot_radius *s = calloc(1, sizeof(*s) + n * sizeof(s->v[0]));

	if (!s || !n)
		return s;
	s->n = n;
	radius_sets_stats(l->sets, &s->client, s->v);
	return s;
}

/* ---- the handler ---- */

/* The request ends a little before the time of its login, so that the log and the login's history
 * say that no server answered. */
static ze_ns request_deadline(const struct aaa_request *rq)
{
	return rq->deadline - rq->now > 2 * END_BEFORE ? rq->deadline - END_BEFORE : rq->deadline;
}

static bool radius_login_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	struct radius_login *l = self;
	struct radius_io *io = radius_sets_io(l->sets);
	struct radius_nas nas;
	uint8_t octets[RADIUS_REQ_MAX];
	struct radius_req q;
	int r = -EINVAL;

	*ret = (struct aaa_answer){ .verdict = AAA_UNKNOWN };
	if (!io || rq->method == AAA_NONE)
		return true;
	nas = config_radius_nas(radius_sets_config(l->sets));
	radius_req_init(&q, RADIUS_ACCESS_REQUEST, octets, sizeof(octets));
	if (radius_auth_request(&q, &nas, rq) == REASON_NONE)
		r = radius_io_request(io, &q, rq->cookie, request_deadline(rq));
	crypto_wipe(octets, wr_len(&q.w));
	if (r == 0)
		return false;
	ret->verdict = AAA_UNAVAILABLE;
	ret->why = r == -ENOBUFS ? "Too many logins wait for RADIUS servers" :
				   "No RADIUS server could be asked";
	if (r == -EINVAL) { /* a password or a name that RADIUS cannot carry */
		ret->verdict = AAA_REJECT;
		strcpy(ret->message, "Login incorrect");
	}
	return true;
}

static void radius_login_drop(void *self, uint64_t cookie)
{
	struct radius_login *l = self;

	radius_sets_drop(l->sets, cookie);
}

struct aaa_handler radius_login_handler(struct radius_login *l)
{
	return (struct aaa_handler){ .name = AAA_RADIUS_NAME,
				     .self = l,
				     .auth = radius_login_auth,
				     .cancel = radius_login_drop };
}
