/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/radius_login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_auth.h"
#include "daemon/base/crypto.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/core/config.h"
#include "daemon/core/engine.h"
#include "daemon/core/snapshot.h"
#include "daemon/sys/net/radius_io.h"
#include "daemon/sys/run/loop.h"

#define PENDING_MAX  65535     /* logins at a time; there are no more sessions */
#define HOLD_MIN     ZE_SEC(2) /* until the first probe of a server that was set aside */
#define HOLD_MAX     ZE_SEC(30)
#define LINES_EVERY  ZE_SEC(1) /* log lines about replies that can't be used as they are */
#define LINES_BURST  10
#define SIGN_REPLIES "have the server send Message-Authenticator in every reply"

/* The client of one configuration. */
struct radius_set {
	struct list at; /* in `retired` */
	struct radius_login *owner;
	struct config *cfg;
	struct radius_io *io; /* NULL: no servers */
};

struct radius_login {
	struct loop *loop;
	const struct rng *rng;
	struct radius_set *set, *next; /* in use; prepared */
	struct list retired;
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
		    profile_key_applied((enum profile_key)k))
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
	struct radius_set *set = self;
	struct radius_login *l = set->owner;
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
	const struct radius_set *set = self;
	char text[ZE_ADDR_TEXT];
	bool dropped;

	if (set != set->owner->set)
		return; /* its successor notices the same */
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

/* ---- the client of a configuration ---- */

static void set_free(struct radius_set *set)
{
	if (!set)
		return;
	radius_io_free(set->io);
	config_unref(set->cfg);
	free(set);
}

static int open_client(struct radius_set *set)
{
	const struct config_radius *r = &set->cfg->radius;
	const struct radius_nas nas = config_radius_nas(set->cfg);
	struct radius_server_cfg servers[RADIUS_SERVERS_MAX];
	uint8_t identity[RADIUS_VALUE_MAX + 40];
	struct radius_req q;

	radius_req_init(&q, RADIUS_STATUS_SERVER, identity, sizeof(identity));
	radius_attrs_put_nas(&q, &nas);
	for (size_t i = 0; i < r->n_servers; i++)
		servers[i] = (struct radius_server_cfg){ .name = r->servers[i].name,
							 .addr = r->servers[i].addr,
							 .secret = span_str(r->servers[i].secret),
							 .signing = r->servers[i].signing };
	return radius_io_new(
		&(struct radius_io_args){
			.loop = set->owner->loop,
			.cfg = &(struct radius_client_cfg){ .servers = servers,
							    .n_servers = r->n_servers,
							    .timeout = ZE_SEC(r->timeout_s),
							    .retries = r->retries,
							    .ports = RADIUS_PORTS_MAX,
							    .max_pending = PENDING_MAX,
							    .hold_min = HOLD_MIN,
							    .hold_max = HOLD_MAX,
							    .identity = wr_done(&q.w) },
			.source = r->source,
			.rng = set->owner->rng,
			.done = take_result,
			.note = log_note,
			.self = set },
		&set->io);
}

static int set_new(struct radius_login *l, struct config *cfg, struct radius_set **ret)
{
	struct radius_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	set->owner = l;
	set->cfg = config_ref(cfg);
	list_init(&set->at);
	r = cfg->radius.n_servers ? open_client(set) : 0;
	if (r < 0)
		set_free(set);
	else
		*ret = set;
	return r;
}

static void set_idle(void *self, struct radius_io *io)
{
	struct radius_set *set = self;

	(void)io; /* its own */
	list_del(&set->at);
	set_free(set);
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
	l->rng = rng;
	l->lines = (struct log_limit){ .every = LINES_EVERY, .burst = LINES_BURST };
	list_init(&l->retired);
	r = set_new(l, cfg, &l->set);
	if (r < 0)
		free(l);
	else
		*ret = l;
	return r;
}

void radius_login_free(struct radius_login *l)
{
	struct list *it, *tmp;

	if (!l)
		return;
	list_for_each_safe(it, tmp, &l->retired)
		set_free(list_entry(it, struct radius_set, at));
	set_free(l->next);
	set_free(l->set);
	free(l);
}

int radius_login_prepare(struct radius_login *l, struct config *next)
{
	return set_new(l, next, &l->next);
}

void radius_login_cancel(struct radius_login *l)
{
	set_free(l->next);
	l->next = NULL;
}

void radius_login_apply(struct radius_login *l)
{
	struct radius_set *old = l->set;

	l->set = l->next;
	l->next = NULL;
	if (!old->io) {
		set_free(old);
		return;
	}
	if (l->set->io)
		radius_client_inherit(radius_io_client(l->set->io), radius_io_client(old->io),
				      loop_now(l->loop));
	list_add_tail(&l->retired, &old->at);
	radius_io_retire(old->io, set_idle);
}

/* ---- statistics ---- */

struct snapshot_radius *radius_login_snapshot(const struct radius_login *l)
{
	struct radius_io *io = l->set->io;
	const struct radius_client *c = io ? radius_io_client(io) : NULL;
	size_t n = c ? radius_client_servers(c) : 0;
	struct snapshot_radius *s = calloc(1, sizeof(*s) + n * sizeof(s->v[0]));

	if (!s || !c)
		return s;
	radius_client_stats(c, &s->client);
	for (; s->n < n; s->n++) {
		struct snapshot_radius_server *v = &s->v[s->n];

		radius_client_server_stats(c, s->n, &v->st);
		snprintf(v->name, sizeof(v->name), "%s", v->st.name);
		v->st.name = v->name;
		v->icmp_errors = radius_io_icmp_errors(io, s->n);
	}
	return s;
}

/* ---- the handler ---- */

static bool verdict_now(struct aaa_answer *ret, enum aaa_verdict v, const char *message)
{
	*ret = (struct aaa_answer){ .verdict = v };
	strncpy(ret->message, message, AAA_MESSAGE_MAX);
	return true;
}

static bool radius_login_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	struct radius_login *l = self;
	struct radius_nas nas;
	uint8_t octets[RADIUS_REQ_MAX];
	struct radius_req q;
	int r = -EINVAL;

	if (!l->set->io || rq->method == AAA_NONE)
		return verdict_now(ret, AAA_UNKNOWN, "");
	nas = config_radius_nas(l->set->cfg);
	radius_req_init(&q, RADIUS_ACCESS_REQUEST, octets, sizeof(octets));
	if (radius_auth_request(&q, &nas, rq) == REASON_NONE)
		r = radius_io_request(l->set->io, &q, rq->cookie, rq->deadline);
	crypto_wipe(octets, wr_len(&q.w));
	if (r == 0)
		return false;
	if (r == -EINVAL) /* a password or a name that RADIUS cannot carry */
		return verdict_now(ret, AAA_REJECT, "Login incorrect");
	return verdict_now(ret, AAA_UNAVAILABLE,
			   r == -ENOBUFS ? "Too many logins wait for RADIUS servers" :
					   "No RADIUS server could be asked");
}

static void radius_login_drop(void *self, uint64_t cookie)
{
	struct radius_login *l = self;
	struct list *it;

	if (l->set->io && radius_io_cancel(l->set->io, cookie))
		return;
	list_for_each(it, &l->retired)
		if (radius_io_cancel(list_entry(it, struct radius_set, at)->io, cookie))
			return;
}

struct aaa_handler radius_login_handler(struct radius_login *l)
{
	return (struct aaa_handler){ .name = AAA_RADIUS_NAME,
				     .self = l,
				     .auth = radius_login_auth,
				     .cancel = radius_login_drop };
}
