/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "daemon/base/list.h"
#include "daemon/base/session_id.h"
#include "daemon/core/byid.h"
#include "daemon/core/facts.h"
#include "daemon/core/registry.h"
#include "daemon/core/service.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/turn.h"
#include "shaping/rate.h"

#define TEXT_MAX    400 /* octets: what was changed */
#define LINES_EVERY ZE_MS(10)
#define LINES_BURST 1000

/* What one session of a request gets. Its text must live until the events are published. */
struct change_step {
	struct list in_steps;
	uint16_t sid;
	struct session_facts *facts; /* prepared; NULL: in use, or not needed */
	char text[];
};

struct change {
	struct radius_coa *coa;
	struct byid ids;
	struct log_limit lines;
	/* of the request */
	struct engine *e;
	ze_ns now;
	struct list steps; /* in the order of the sessions */
	char actor[80];	   /* "radius:NAME" */
};

/* ---- which sessions ---- */

static bool same_text(struct span want, const char *has)
{
	return !want.len || span_eq(want, span_str(has));
}

static bool same_cui(const struct subscriber *s, struct span want)
{
	struct span has;

	return s->profile && profile_get(s->profile, PROFILE_CUI, 0, &has) && span_eq(want, has);
}

static bool same_ifid(const struct subscriber *s, struct span want)
{
	uint8_t has[8];
	struct wr w = wr_init(has, sizeof(has));

	wr_u64(&w, ipv6cp_peer_ifid(&s->link.ipv6cp));
	return s->ncp_up[PPP_FAM_IPV6] && span_eq(want, wr_done(&w));
}

/* Framed-IPv6-Prefix, RFC 3162 2.3: reserved, length, and the octets that are not 0 at the end. */
static bool same_prefix6(const struct subscriber *s, struct span want)
{
	struct ze_prefix given = { .addr.family = 6 }, has;

	if (want.len < 2 || want.len > 18)
		return false;
	given.len = want.p[1];
	memcpy(given.addr.ip, want.p + 2, want.len - 2);
	for (unsigned i = 0;
	     s->profile && profile_get_prefix6(s->profile, PROFILE_PREFIX6, i, &has); i++)
		if (given.len == has.len &&
		    memcmp(given.addr.ip, has.addr.ip, sizeof(has.addr.ip)) == 0)
			return true;
	return false;
}

static bool is_meant(const struct subscriber *s, const struct radius_who *who)
{
	const struct span *t = who->text;
	char id[SESSION_ID_TEXT];

	if (!s->facts || s->call.ended || s->gives_way || t[RADIUS_WHO_ACCT_MULTI].len)
		return false;
	return (!who->has_port || who->port == s->call.l2tp.sid) &&
	       (!who->has_address || (res_held(&s->r_address) && who->address == s->lease.ip4)) &&
	       same_text(t[RADIUS_WHO_USER], facts_user(s)) &&
	       same_text(t[RADIUS_WHO_CALLED], s->call.l2tp.called_number) &&
	       same_text(t[RADIUS_WHO_CALLING], s->call.l2tp.calling_number) &&
	       same_text(t[RADIUS_WHO_ACCT_SESSION], session_id_text(s->id, id)) &&
	       same_text(t[RADIUS_WHO_PORT_ID], session_facts_port_id(s->facts)) &&
	       (!t[RADIUS_WHO_CUI].len || same_cui(s, t[RADIUS_WHO_CUI])) &&
	       (!t[RADIUS_WHO_IFID6].len || same_ifid(s, t[RADIUS_WHO_IFID6])) &&
	       (!t[RADIUS_WHO_PREFIX6].len || same_prefix6(s, t[RADIUS_WHO_PREFIX6]));
}

struct found {
	const struct radius_who *who;
	uint64_t *ids;
	size_t n, max;
};

static void consider(struct found *f, const struct subscriber *s)
{
	if (s && f->n < f->max && is_meant(s, f->who))
		f->ids[f->n++] = s->call.l2tp.sid;
}

static void consider_user(struct found *f, const struct engine *e, struct span name)
{
	char text[AAA_USER_MAX + 1];
	const struct user *u;
	const struct list *l;

	if (name.len > AAA_USER_MAX || memchr(name.p, 0, name.len))
		return;
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	u = registry_user(e, text);
	if (!u)
		return;
	list_for_each(l, &u->sessions)
		consider(f, list_entry(l, struct subscriber, in_user));
}

/* The numbers of sessions are their L2TP session ids: none is used again in this turn. */
static size_t change_find(void *self, const struct radius_who *who, uint64_t *ret_ids, size_t max)
{
	struct change *c = self;
	struct found f = { .who = who, .ids = ret_ids, .max = max };
	struct span acct = who->text[RADIUS_WHO_ACCT_SESSION], user = who->text[RADIUS_WHO_USER];
	const struct list *l;
	uint64_t id;

	if (who->has_port) {
		if (who->port <= UINT16_MAX)
			consider(&f, registry_sub(c->e, (uint16_t)who->port));
	} else if (acct.len) {
		if (session_id_parse(acct, &id))
			consider(&f, byid_find(&c->ids, c->e, id));
	} else if (who->has_address) {
		consider(&f, registry_sub_by_address(c->e, who->address));
	} else if (user.len) {
		consider_user(&f, c->e, user);
	} else {
		list_for_each(l, &c->e->calls)
			consider(&f, subscriber_of(list_entry(l, struct call, in_all)));
	}
	return f.n;
}

/* A session that was found; it does not end before the request has been answered. */
static struct subscriber *change_session(const struct change *c, uint64_t id)
{
	return registry_sub(c->e, (uint16_t)id);
}

/* ---- what has changed ---- */

struct difference {
	struct wr *w;
	const struct profile *old, *new;
};

static void put_word(struct wr *w, const char *word)
{
	wr_span(w, span_str(word));
}

static void put_key(const struct difference *d, enum profile_key key)
{
	if (wr_len(d->w))
		put_word(d->w, ", ");
	put_word(d->w, profile_key_name(key));
	put_word(d->w, " ");
}

static void put_rate(struct wr *w, uint64_t bps)
{
	char text[RATE_TEXT];

	put_word(w, bps ? rate_text(bps, text) : "unlimited");
}

static bool is_new(const struct difference *d, enum profile_key key)
{
	return profile_source(d->new, key) == PROFILE_COA;
}

static void differ_rate(const struct difference *d, enum profile_key key, uint64_t old,
			uint64_t new)
{
	if (!is_new(d, key) || old == new)
		return;
	put_key(d, key);
	put_rate(d->w, old);
	put_word(d->w, "->");
	put_rate(d->w, new);
}

static void put_seconds(struct wr *w, const struct profile *p, enum profile_key key, uint32_t s)
{
	char text[16];

	if (profile_source(p, key) == PROFILE_DEFAULT)
		put_word(w, "default");
	else if (!s)
		put_word(w, "none");
	else {
		snprintf(text, sizeof(text), "%us", s);
		put_word(w, text);
	}
}

static void differ_time(const struct difference *d, enum profile_key key, uint32_t old,
			uint32_t new)
{
	bool had = profile_source(d->old, key) != PROFILE_DEFAULT;

	if (!is_new(d, key) || (had && old == new))
		return;
	put_key(d, key);
	put_seconds(d->w, d->old, key, old);
	put_word(d->w, "->");
	put_seconds(d->w, d->new, key, new);
}

static bool same_list(const struct profile *a, const struct profile *b, enum profile_key key)
{
	struct span x, y;
	bool more, same;

	for (unsigned i = 0;; i++) {
		more = profile_get(a, key, i, &x);
		same = profile_get(b, key, i, &y) == more && (!more || span_eq(x, y));
		if (!more || !same)
			return same;
	}
}

static void differ_list(const struct difference *d, enum profile_key key)
{
	if (!is_new(d, key) || same_list(d->old, d->new, key))
		return;
	put_key(d, key);
	put_word(d->w, "changed");
}

/* "download-rate 10mbit->20mbit, session-timeout default->3600s"; "" when no value differs. */
static void put_changes(struct wr *w, const struct subscriber *s, const struct profile *new)
{
	static const enum profile_key lists[] = { PROFILE_FILTER, PROFILE_CLASS, PROFILE_ROUTE,
						  PROFILE_ROUTE6 };
	const struct profile *old = s->profile;
	const struct difference d = { w, old, new };

	differ_rate(&d, PROFILE_DOWN, s->plan.down_bps, new->down_bps);
	differ_rate(&d, PROFILE_UP, s->plan.up_bps, new->up_bps);
	differ_time(&d, PROFILE_SESSION_TIMEOUT, old->session_timeout_s, new->session_timeout_s);
	differ_time(&d, PROFILE_IDLE_TIMEOUT, old->idle_timeout_s, new->idle_timeout_s);
	differ_time(&d, PROFILE_INTERIM, old->interim_s, new->interim_s);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lists); i++)
		differ_list(&d, lists[i]);
}

/* ---- steps ---- */

static struct change_step *step_new(struct change *c, uint64_t id, struct span text)
{
	struct change_step *step = malloc(sizeof(*step) + text.len + 1);

	if (!step)
		return NULL;
	*step = (struct change_step){ .sid = (uint16_t)id };
	if (text.len)
		memcpy(step->text, text.p, text.len);
	step->text[text.len] = '\0';
	list_add_tail(&c->steps, &step->in_steps);
	return step;
}

static void steps_drop(struct change *c)
{
	struct list *l;

	while ((l = list_pop(&c->steps))) {
		struct change_step *step = list_entry(l, struct change_step, in_steps);

		session_facts_unref(step->facts);
		free(step);
	}
}

/* The step that check() has made for this session. */
static struct change_step *step_of(struct change *c, uint64_t id)
{
	struct list *l = c->steps.next;

	while (list_entry(l, struct change_step, in_steps)->sid != id)
		l = l->next;
	return list_entry(l, struct change_step, in_steps);
}

static void change_tell(struct change *c, struct subscriber *s, enum event_kind kind,
			const char *client, const char *text)
{
	struct event ev = facts_event(s, kind, c->now);

	snprintf(c->actor, sizeof(c->actor), "radius:%s", client);
	ev.actor = c->actor;
	ev.text = text;
	turn_event(c->e, &ev);
}

/* ---- operations ---- */

static const struct profile *change_profile(void *self, uint64_t id)
{
	return change_session(self, id)->profile;
}

/* Both data planes take every rate that a profile can have. What can be missing is memory, so all of
 * it is allocated here. */
static int change_check(void *self, uint64_t id, const struct profile *p)
{
	struct change *c = self;
	const struct subscriber *s = change_session(c, id);
	uint8_t text[TEXT_MAX];
	struct wr w = wr_init(text, sizeof(text));
	struct change_step *step;

	put_changes(&w, s, p);
	step = step_new(c, id, wr_done(&w));
	if (step)
		step->facts = facts_prepare(s, (struct profile *)p);
	return step && step->facts ? 0 : -ENOMEM;
}

static void change_apply(void *self, uint64_t id, struct profile *p, const char *client)
{
	struct change *c = self;
	struct subscriber *s = change_session(c, id);
	struct change_step *step = step_of(c, id);
	struct profile *old = profile_ref(s->profile);

	facts_change(s, step->facts);
	step->facts = NULL;
	service_change(s, old, c->now);
	turn_call_dirty(&s->call);
	change_tell(c, s, EV_SESSION_CHANGED, client, step->text);
	profile_free(old);
	profile_free(p); /* the facts have a reference */
}

static bool change_may_end(void *self, uint64_t id)
{
	(void)self;
	(void)id;
	return true; /* one that is ending was not found */
}

static void change_end(void *self, uint64_t id, const char *client, struct span text)
{
	struct change *c = self;
	struct subscriber *s = change_session(c, id);
	const struct change_step *step = step_new(c, id, text);

	change_tell(c, s, EV_DISCONNECT_REQUESTED, client, step ? step->text : "");
	subscriber_clear(s, c->now);
}

static const char *cause_name(enum radius_error_cause cause)
{
	switch (cause) {
	case RADIUS_CAUSE_UNSUPPORTED:
		return "unsupported-attribute";
	case RADIUS_CAUSE_MISSING:
		return "missing-attribute";
	case RADIUS_CAUSE_NAS:
		return "nas-identification-mismatch";
	case RADIUS_CAUSE_INVALID:
		return "invalid-request";
	case RADIUS_CAUSE_SERVICE:
		return "unsupported-service";
	case RADIUS_CAUSE_VALUE:
		return "invalid-attribute-value";
	case RADIUS_CAUSE_PROHIBITED:
		return "administratively-prohibited";
	case RADIUS_CAUSE_NO_SESSION:
		return "session-context-not-found";
	case RADIUS_CAUSE_NOT_REMOVABLE:
		return "session-context-not-removable";
	case RADIUS_CAUSE_RESOURCES:
		return "resources-unavailable";
	case RADIUS_CAUSE_SEVERAL:
		return "multiple-session-selection-unsupported";
	case RADIUS_CAUSE_NONE:
		break;
	}
	return "";
}

static void change_note(void *self, const struct radius_coa_note *n)
{
	struct change *c = self;
	const char *request = n->disconnect ? "disconnect" : "coa";
	uint32_t suppressed;

	if (!log_limit_pass(&c->lines, c->now, &suppressed))
		return;
	if (n->cause == RADIUS_CAUSE_NONE)
		log_kv(LOG_AAA, LOG_INFO, "radius-request-done", KV_STR("request", request),
		       KV_STR("client", n->client), KV_U64("sessions", n->sessions),
		       KV_SUPPRESSED(suppressed));
	else
		log_kv(LOG_AAA, LOG_WARN, "radius-request-refused", KV_STR("request", request),
		       KV_STR("client", n->client), KV_STR("cause", cause_name(n->cause)),
		       KV_U64("error-cause", n->cause),
		       KV_OPT("attribute", span_str(n->attr ? n->attr : "")),
		       KV_U64("sessions", n->sessions), KV_SUPPRESSED(suppressed));
}

/* ---- entry ---- */

static const struct radius_coa_ops change_ops = { .find = change_find,
						  .profile = change_profile,
						  .check = change_check,
						  .apply = change_apply,
						  .may_end = change_may_end,
						  .end = change_end,
						  .note = change_note };

struct change *change_new(const struct radius_coa_cfg *cfg)
{
	struct change *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	list_init(&c->steps);
	c->lines = (struct log_limit){ .every = LINES_EVERY, .burst = LINES_BURST };
	c->coa = radius_coa_new(cfg, &change_ops, c);
	if (c->coa)
		return c;
	free(c);
	return NULL;
}

void change_inherit(struct change *c, struct change *old)
{
	c->ids = old->ids;
	old->ids = (struct byid){ 0 };
	radius_coa_inherit(c->coa, old->coa);
}

void change_free(struct change *c)
{
	if (!c)
		return;
	radius_coa_free(c->coa);
	byid_done(&c->ids);
	free(c);
}

enum reason change_input(struct change *c, struct engine *e, const struct radius_coa_arrival *a,
			 struct wr *w)
{
	enum reason why;

	c->e = e;
	c->now = a->now;
	why = radius_coa_input(c->coa, a, w);
	if (why == REASON_NONE)
		turn_end(e, a->now);
	steps_drop(c);
	return why;
}

void change_stats(const struct change *c, size_t i, struct radius_coa_stats *ret)
{
	radius_coa_stats(c->coa, i, ret);
}
