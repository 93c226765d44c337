/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every record is taken for a stranger's: what does not fit (with itself, with the others, with the
 * configuration) is refused by a named reason, and its call ends by a CDN if its tunnel went on.
 *
 * Tunnels first, then sessions, then what is left of both is said: HELLOs in place of messages that
 * were under way, CDNs for calls that do not go on, and a HELLO for every tunnel that has nothing
 * else to say, so that a peer which has given us up meanwhile is found dead in the usual time.
 */
#include "daemon/core/engine.h"

#include <string.h>

#include "daemon/core/attach.h"
#include "daemon/core/call.h"
#include "daemon/core/control.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/facts.h"
#include "daemon/core/lease.h"
#include "daemon/core/login.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/turn.h"
#include "shaping/rate.h"

struct tally {
	unsigned tunnels, sessions, ended, refused;
};

static void refused(struct engine *e, const struct journal_record *r, enum reason why,
		    struct tally *n, ze_ns now)
{
	uint32_t suppressed;

	turn_count(e, why);
	n->refused++;
	if (log_limit_pass(&e->drops, now, &suppressed))
		log_kv(LOG_L2TP, LOG_WARN, "not-resumed",
		       KV_STR("what", r->kind == JOURNAL_TUNNEL ? "tunnel" : "session"),
		       KV_U64("id", r->id), KV_REASON(why), KV_U64("suppressed", suppressed));
}

/* ---- tunnels ---- */

static struct ze_addr get_addr(struct rd *r)
{
	struct ze_addr a = { .family = rd_u8(r) };

	a.port = rd_u16(r);
	a.scope = rd_u32(r);
	rd_copy(r, a.ip, sizeof(a.ip));
	return a;
}

static bool is_any(const struct ze_addr *a)
{
	static const uint8_t none[16];

	return memcmp(a->ip, none, sizeof(none)) == 0;
}

/* Of the listeners of now. */
static bool is_listened(const struct config *c, const struct ze_addr *local)
{
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct ze_addr *a = &c->listeners[i].addr;

		if (a->family == local->family && a->port == local->port &&
		    (is_any(a) || ze_addr_same_ip(a, local)))
			return true;
	}
	return false;
}

static bool is_path(const struct net_path *p)
{
	return (p->local.family == 4 || p->local.family == 6) &&
	       p->peer.family == p->local.family && p->local.port && p->peer.port &&
	       !is_any(&p->local) && !is_any(&p->peer);
}

static enum reason resume_tunnel(struct engine *e, const struct journal_record *rec, ze_ns now)
{
	struct rd r = rd_span(rec->body);
	struct net_path path = { .local = get_addr(&r) };
	uint64_t hash;

	path.peer = get_addr(&r);
	hash = rd_u64(&r);
	if (r.bad || !is_path(&path))
		return REASON_RESUME_RECORD;
	if (!is_listened(e->boot, &path.local))
		return REASON_RESUME_LISTENER;
	return control_resume(e, &(struct control_saved){ rec->id, path, hash, &r }, now);
}

/* ---- sessions ---- */

struct saved {
	uint16_t tid, peer_sid;
	uint8_t form;
};

static struct saved get_saved(struct rd *r)
{
	struct saved v = { .tid = rd_u16(r) };

	v.peer_sid = rd_u16(r);
	v.form = rd_u8(r);
	return v;
}

static enum reason get_user(struct subscriber *s, struct rd *r)
{
	struct span name = rd_bytes(r, rd_u8(r));

	if (r->bad || name.len > AAA_USER_MAX || (name.len && memchr(name.p, 0, name.len)))
		return REASON_RESUME_RECORD;
	s->user = strndup(name.len ? (const char *)name.p : "", name.len);
	return s->user ? REASON_NONE : REASON_NO_MEMORY;
}

static enum reason get_profile(struct subscriber *s, struct rd *r)
{
	uint8_t bits = rd_u8(r);
	struct profile *p;

	if (r->bad || !(bits & 1))
		return r->bad ? REASON_RESUME_RECORD : REASON_NONE;
	p = profile_new(span_str(facts_user(s)));
	if (!p)
		return REASON_NO_MEMORY;
	p->has_address = bits & 2;
	p->ipv4 = bits & 4;
	p->ipv6 = bits & 8;
	p->address = rd_u32(r);
	p->dns[0] = rd_u32(r);
	p->dns[1] = rd_u32(r);
	login_resume(s, p);
	return REASON_NONE;
}

static bool is_rate(uint64_t bps)
{
	return bps >= RATE_MIN && bps <= RATE_MAX;
}

static enum reason get_plan(struct shape_plan *p, struct rd *r)
{
	uint8_t qdisc = rd_u8(r);

	if (r->bad || qdisc > 1 + SHAPE_HTB)
		return REASON_RESUME_RECORD;
	if (!qdisc)
		return REASON_NONE;
	p->qdisc = (enum shape_qdisc)(qdisc - 1);
	p->down_bps = rd_u64(r);
	p->up_bps = rd_u64(r);
	return is_rate(p->down_bps) && is_rate(p->up_bps) ? REASON_NONE : REASON_RESUME_RECORD;
}

/* In the order in which record_session writes. */
static enum reason fill(struct subscriber *s, struct rd *r, ze_ns now)
{
	enum reason why;
	bool pooled;

	s->up_at = (ze_ns)rd_u64(r);
	pooled = rd_u8(r) != 0;
	if (s->up_at <= 0 || s->up_at > now)
		return REASON_RESUME_RECORD;
	why = get_user(s, r);
	if (why == REASON_NONE)
		why = get_profile(s, r);
	if (why == REASON_NONE)
		why = get_plan(&s->plan, r);
	if (why != REASON_NONE)
		return why;
	if (l2tp_session_resume(&s->s, r, now) < 0 || subscriber_resume(s, r, now) < 0 || r->bad ||
	    rd_left(r))
		return REASON_RESUME_RECORD;
	if (*s->user && login_count(s) < 0)
		return REASON_NO_MEMORY;
	if (lease_resume(s, pooled) < 0)
		return REASON_RESUME_ADDRESS;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		ppp_link_require(&s->link, (enum ppp_family)f,
				 lease_required(s, (enum ppp_family)f), now);
	return attach_resume(s) < 0 ? REASON_RESUME_PLANE : REASON_NONE;
}

static enum reason resume_session(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid,
				  struct rd *r, ze_ns now)
{
	struct subscriber *s;
	enum reason why;

	if (!sid || !peer_sid)
		return REASON_RESUME_RECORD;
	if (registry_sub(t->e, sid) || registry_sub_of(t, peer_sid))
		return REASON_RESUME_ID;
	if (subscriber_new_as(t, sid, peer_sid, now, &s) < 0)
		return REASON_NO_MEMORY;
	why = fill(s, r, now);
	if (why == REASON_NONE) {
		subscriber_resumed(s, now);
		return why;
	}
	registry_remove_call(s);
	subscriber_release(s);
	return why;
}

/* A call that does not go on must not stay with the peer either. */
static void end_call(struct engine *e, const struct journal_record *rec, const struct saved *v,
		     ze_ns now)
{
	struct core_tunnel *t = registry_tunnel(e, v->tid);

	if (t && t->up && rec->id && v->peer_sid && !registry_sub_of(t, v->peer_sid))
		call_forget(t, rec->id, v->peer_sid, now);
	else if (e->ports.journal && !registry_sub(e, rec->id))
		e->ports.journal->drop(e->ports.journal_self, JOURNAL_SESSION, rec->id);
}

static void session(struct engine *e, const struct journal_record *rec, struct tally *n, ze_ns now)
{
	struct rd r = rd_span(rec->body);
	struct saved v = get_saved(&r);
	struct core_tunnel *t = registry_tunnel(e, v.tid);
	enum reason why = REASON_NONE;

	if (r.bad || v.form > RECORD_ESTABLISHED)
		why = REASON_RESUME_RECORD;
	else if (v.form == RECORD_ESTABLISHED && !(t && t->up))
		why = REASON_RESUME_TUNNEL;
	else if (v.form == RECORD_ESTABLISHED)
		why = resume_session(t, rec->id, v.peer_sid, &r, now);
	if (why != REASON_NONE)
		refused(e, rec, why, n, now);
	else if (v.form == RECORD_ESTABLISHED)
		n->sessions++;
	else
		n->ended++;
	if (why != REASON_NONE || v.form != RECORD_ESTABLISHED)
		end_call(e, rec, &v, now);
}

/* ---- all of it ---- */

static void tunnels(struct engine *e, const struct journal_record *v, size_t count, struct tally *n,
		    ze_ns now)
{
	for (size_t i = 0; i < count; i++) {
		enum reason why;

		if (v[i].kind != JOURNAL_TUNNEL)
			continue;
		why = resume_tunnel(e, &v[i], now);
		if (why == REASON_NONE) {
			n->tunnels++;
			continue;
		}
		refused(e, &v[i], why, n, now);
		if (e->ports.journal && !registry_tunnel(e, v[i].id))
			e->ports.journal->drop(e->ports.journal_self, JOURNAL_TUNNEL, v[i].id);
	}
}

static bool is_of_form(const struct journal_record *rec, enum record_form form)
{
	struct rd r = rd_span(rec->body);

	return get_saved(&r).form == form;
}

/* Established ones first: a call that has ended may have had the peer's id of one that goes on. */
static void sessions(struct engine *e, const struct journal_record *v, size_t count,
		     struct tally *n, ze_ns now)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++)
			if (v[i].kind == JOURNAL_SESSION &&
			    is_of_form(&v[i], RECORD_ESTABLISHED) == (pass == 0))
				session(e, &v[i], n, now);
}

void engine_resume(struct engine *e, const struct journal_record *v, size_t n, ze_ns now)
{
	struct tally tally = { 0 };
	struct list *l;

	e->resumed = now;
	tunnels(e, v, n, &tally, now);
	sessions(e, v, n, &tally, now);
	if (e->ports.dp->adopt_done)
		e->ports.dp->adopt_done(e->ports.dp_self);
	list_for_each(l, &e->tunnels)
		control_probe(list_entry(l, struct core_tunnel, in_all), now);
	e->resumed_tunnels = tally.tunnels;
	e->resumed_sessions = tally.sessions;
	log_kv(LOG_L2TP, LOG_INFO, "resumed", KV_U64("tunnels", tally.tunnels),
	       KV_U64("sessions", tally.sessions), KV_U64("calls-ended", tally.ended),
	       KV_U64("refused", tally.refused));
	turn_end(e, now);
}
