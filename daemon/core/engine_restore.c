/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restores tunnels and sessions from the records of the previous instance. Records are not trusted:
 * one that contradicts itself, another record or the configuration is refused with a named reason,
 * and its call is ended with a CDN when its tunnel was restored.
 *
 * Tunnels are restored first, then sessions. Then messages are queued: HELLOs in place of messages
 * that were not acknowledged, CDNs for calls that were not restored, and a HELLO in every other
 * tunnel, so that a peer that has dropped the tunnel in the meantime is detected in the usual time.
 */
#include "daemon/core/engine.h"

#include <string.h>

#include "daemon/core/address.h"
#include "daemon/core/attach.h"
#include "daemon/core/call.h"
#include "daemon/core/control.h"
#include "daemon/core/facts.h"
#include "daemon/core/login.h"
#include "daemon/core/record.h"
#include "daemon/core/record_profile.h"
#include "daemon/core/record_tags.h"
#include "daemon/core/registry.h"
#include "daemon/core/routes.h"
#include "daemon/core/service.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/subscriber_priv.h"
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
		log_kv(LOG_L2TP, LOG_WARN, "restart-record-refused",
		       KV_STR("kind", r->kind == JOURNAL_TUNNEL ? "tunnel" : "session"),
		       KV_U64("id", r->id), KV_REASON(why), KV_SUPPRESSED(suppressed));
}

/* Reads the outermost level, which is the same in all versions, and checks the versions. */
static enum reason open_record(const struct journal_record *rec, struct span *f)
{
	const struct record_versions *ours = &record_versions[rec->kind];
	enum reason why = tlv_read(record_tags[rec->kind], rec->body, f);

	if (why != REASON_NONE)
		return why;
	if (tlv_u16(f[RECORD_NEEDS], 0) > ours->writes)
		return REASON_RESUME_NEWER;
	return tlv_u16(f[RECORD_VERSION], 0) < ours->reads ? REASON_RESUME_OLDER : REASON_NONE;
}

/* ---- tunnels ---- */

static enum reason get_addr(struct span saved, struct ze_addr *ret)
{
	struct span f[RECORD_ADDR__COUNT], ip;
	enum reason why = tlv_read(&record_address_tags, saved, f);

	if (why != REASON_NONE)
		return why;
	ip = f[RECORD_ADDR_IP];
	if (ip.len != 4 && ip.len != 16)
		return REASON_TLV_LENGTH;
	*ret = (struct ze_addr){ .family = ip.len == 4 ? 4 : 6,
				 .port = tlv_u16(f[RECORD_ADDR_PORT], 0),
				 .scope = tlv_u32(f[RECORD_ADDR_SCOPE], 0) };
	memcpy(ret->ip, ip.p, ip.len);
	return REASON_NONE;
}

static bool engine_restore_is_any(const struct ze_addr *a)
{
	static const uint8_t none[16];

	return memcmp(a->ip, none, sizeof(none)) == 0;
}

/* True when a listener of this instance has the address. */
static bool is_listened(const struct config *c, const struct ze_addr *local)
{
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct ze_addr *a = &c->listeners[i].addr;

		if (a->family == local->family && a->port == local->port &&
		    (engine_restore_is_any(a) || ze_addr_same_ip(a, local)))
			return true;
	}
	return false;
}

static bool is_path(const struct net_path *p)
{
	return p->peer.family == p->local.family && p->local.port && p->peer.port &&
	       !engine_restore_is_any(&p->local) && !engine_restore_is_any(&p->peer);
}

static enum reason get_path(const struct span *f, struct net_path *ret)
{
	enum reason why = get_addr(f[RECORD_TUN_LOCAL], &ret->local);

	if (why == REASON_NONE)
		why = get_addr(f[RECORD_TUN_PEER], &ret->peer);
	if (why == REASON_NONE && !is_path(ret))
		why = REASON_RESUME_RECORD;
	return why;
}

static enum reason restore_tunnel(struct engine *e, const struct journal_record *rec, ze_ns now)
{
	struct span record[RECORD__COUNT], f[RECORD_TUN__COUNT];
	enum reason why = open_record(rec, record);
	struct control_saved v = { .tid = rec->id };

	if (why == REASON_NONE)
		why = tlv_read(&record_tunnel_tags, record[RECORD_TUNNEL], f);
	if (why == REASON_NONE)
		why = get_path(f, &v.path);
	if (why != REASON_NONE)
		return why;
	if (!is_listened(e->boot, &v.path.local))
		return REASON_RESUME_LISTENER;
	v.sccrq_hash = tlv_u64(f[RECORD_TUN_SCCRQ_HASH], 0);
	v.control = f[RECORD_TUN_CONTROL];
	return control_restore(e, &v, now);
}

/* ---- sessions ---- */

/* Restores what is known of the session, after its call and its link were restored. */
static enum reason get_facts(struct subscriber *s, struct span user, struct span profile)
{
	struct profile *p;
	enum reason why;

	if (user.len && memchr(user.p, 0, user.len))
		return REASON_RESUME_RECORD;
	why = record_profile_restore(user, profile, &p);
	if (why != REASON_NONE)
		return why;
	return facts_restore(s, user, p) < 0 ? REASON_NO_MEMORY : REASON_NONE;
}

static bool is_rate(uint64_t bps)
{
	return !bps || (bps >= RATE_MIN && bps <= RATE_MAX);
}

static enum reason get_plan(struct shape_plan *p, struct span saved)
{
	struct span f[RECORD_PLAN__COUNT];
	enum reason why;

	if (!saved.p)
		return REASON_NONE;
	why = tlv_read(&record_plan_tags, saved, f);
	if (why != REASON_NONE)
		return why;
	p->qdisc = tlv_u8(f[RECORD_PLAN_QDISC], SHAPE_TBF) == SHAPE_HTB ? SHAPE_HTB : SHAPE_TBF;
	p->down_bps = tlv_u64(f[RECORD_PLAN_DOWN], 0);
	p->up_bps = tlv_u64(f[RECORD_PLAN_UP], 0);
	return is_rate(p->down_bps) && is_rate(p->up_bps) ? REASON_NONE : REASON_RESUME_RECORD;
}

/* Restores what the record contains. */
static enum reason fill(struct subscriber *s, const struct span *f, ze_ns now)
{
	enum reason why;

	s->id = tlv_u64(f[RECORD_SES_ID], s->id);
	s->up_at = (ze_ns)tlv_u64(f[RECORD_SES_UP_AT], (uint64_t)now);
	if (!s->id || s->up_at <= 0 || s->up_at > now)
		return REASON_RESUME_RECORD;
	why = get_plan(&s->plan, f[RECORD_SES_PLAN]);
	if (why == REASON_NONE)
		why = service_restore(s, f[RECORD_SES_TIMERS], now);
	if (why == REASON_NONE)
		why = l2tp_session_restore(&s->call.l2tp, f[RECORD_SES_CALL], now);
	if (why == REASON_NONE)
		why = subscriber_restore(s, f[RECORD_SES_LINK], now);
	return why == REASON_NONE ? get_facts(s, f[RECORD_SES_USER], f[RECORD_SES_PROFILE]) : why;
}

/* Claims the resources of the session: its place in the user's session limit, its address, and its
 * session in the data plane. */
static enum reason claim(struct subscriber *s, ze_ns now)
{
	if (*facts_user(s) && login_count(s) < 0)
		return REASON_NO_MEMORY;
	if (address_restore(s) < 0)
		return REASON_RESUME_ADDRESS;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		ppp_link_require(&s->link, (enum ppp_family)f,
				 address_required(s, (enum ppp_family)f), now);
	return attach_restore(s, now) < 0 ? REASON_RESUME_PLANE : REASON_NONE;
}

struct saved { /* the outermost level of a session's record */
	uint16_t sid, tid, peer_sid;
	struct span session; /* p NULL: a call to be ended with a CDN */
};

static enum reason open_session(const struct journal_record *rec, struct saved *ret)
{
	struct span f[RECORD__COUNT];
	enum reason why = open_record(rec, f);

	*ret = (struct saved){ .sid = rec->id,
			       .tid = tlv_u16(f[RECORD_TID], 0),
			       .peer_sid = tlv_u16(f[RECORD_PEER_SID], 0),
			       .session = f[RECORD_SESSION] };
	return why;
}

static enum reason restore_session(struct tunnel *t, const struct saved *v, ze_ns now)
{
	struct span f[RECORD_SES__COUNT];
	enum reason why = tlv_read(&record_session_tags, v->session, f);
	struct subscriber *s;

	if (why != REASON_NONE)
		return why;
	if (!v->sid || !v->peer_sid)
		return REASON_RESUME_RECORD;
	if (registry_call(t->e, v->sid) || registry_call_of(t, v->peer_sid))
		return REASON_RESUME_ID;
	if (subscriber_new_as(t, v->sid, v->peer_sid, now, &s) < 0)
		return REASON_NO_MEMORY;
	why = fill(s, f, now);
	if (why == REASON_NONE)
		why = claim(s, now);
	if (why == REASON_NONE) {
		subscriber_restored(s, now);
		return why;
	}
	subscriber_release(s);
	return why;
}

/* Sends a CDN for a call that was not restored, so that the peer drops it too. */
static void engine_restore_end_call(struct engine *e, const struct saved *v, ze_ns now)
{
	struct tunnel *t = registry_tunnel(e, v->tid);

	if (t && t->up && v->sid && v->peer_sid && !registry_call_of(t, v->peer_sid))
		call_forget(t, v->sid, v->peer_sid, now);
	else if (e->ports.journal && !registry_call(e, v->sid))
		e->ports.journal->drop(e->ports.journal_self, JOURNAL_SESSION, v->sid);
}

static void engine_restore_session(struct engine *e, const struct journal_record *rec,
				   struct tally *n, ze_ns now)
{
	struct saved v;
	enum reason why = open_session(rec, &v);
	struct tunnel *t = registry_tunnel(e, v.tid);

	if (why == REASON_NONE && v.session.p)
		why = t && t->up ? restore_session(t, &v, now) : REASON_RESUME_TUNNEL;
	if (why != REASON_NONE)
		refused(e, rec, why, n, now);
	else if (v.session.p)
		n->sessions++;
	else
		n->ended++;
}

/* ---- all records ---- */

static void tunnels(struct engine *e, const struct journal_record *v, size_t count, struct tally *n,
		    ze_ns now)
{
	for (size_t i = 0; i < count; i++) {
		enum reason why;

		if (v[i].kind != JOURNAL_TUNNEL)
			continue;
		why = restore_tunnel(e, &v[i], now);
		if (why == REASON_NONE) {
			n->tunnels++;
			continue;
		}
		refused(e, &v[i], why, n, now);
		if (e->ports.journal && !registry_tunnel(e, v[i].id))
			e->ports.journal->drop(e->ports.journal_self, JOURNAL_TUNNEL, v[i].id);
	}
}

static bool is_established(const struct journal_record *rec)
{
	struct saved v;

	open_session(rec, &v);
	return v.session.p != NULL;
}

/* New sessions, and restored ones whose record has no id, get ids above all those in records: the
 * wall clock may have been set back since the previous instance started. */
static void reserve_ids(struct engine *e, const struct journal_record *v, size_t count)
{
	struct span f[RECORD_SES__COUNT];
	struct saved s;

	for (size_t i = 0; i < count; i++) {
		uint64_t id;

		if (v[i].kind != JOURNAL_SESSION || open_session(&v[i], &s) != REASON_NONE ||
		    tlv_read(&record_session_tags, s.session, f) != REASON_NONE)
			continue;
		id = tlv_u64(f[RECORD_SES_ID], 0);
		if (id >= e->next_id && id < UINT64_MAX)
			e->next_id = id + 1;
	}
}

/* Established sessions are restored first: a call that has ended may have had the same session id
 * of the peer as an established one. */
static void sessions(struct engine *e, const struct journal_record *v, size_t count,
		     struct tally *n, ze_ns now)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++)
			if (v[i].kind == JOURNAL_SESSION && is_established(&v[i]) == (pass == 0))
				engine_restore_session(e, &v[i], n, now);
}

/* Ends the calls that were not restored, after all sessions were: when two records have the same
 * session id of the peer, a CDN for the refused one would end the other. */
static void end_calls(struct engine *e, const struct journal_record *v, size_t count, ze_ns now)
{
	for (size_t i = 0; i < count; i++) {
		struct saved s;

		if (v[i].kind != JOURNAL_SESSION)
			continue;
		open_session(&v[i], &s);
		engine_restore_end_call(e, &s, now);
	}
}

void engine_restore(struct engine *e, const struct journal_record *v, size_t n, ze_ns now)
{
	struct tally tally = { 0 };
	struct list *l;

	e->restored = now;
	tunnels(e, v, n, &tally, now);
	reserve_ids(e, v, n);
	sessions(e, v, n, &tally, now);
	end_calls(e, v, n, now);
	if (e->ports.dp->restore_done)
		e->ports.dp->restore_done(e->ports.dp_self);
	routes_restore_done(e, now);
	list_for_each(l, &e->tunnels)
		control_probe(list_entry(l, struct tunnel, in_all), now);
	e->restored_tunnels = tally.tunnels;
	e->restored_sessions = tally.sessions;
	log_kv(LOG_L2TP, LOG_INFO, "restart-restored", KV_U64("tunnels", tally.tunnels),
	       KV_U64("sessions", tally.sessions), KV_U64("calls-ended", tally.ended),
	       KV_U64("refused", tally.refused));
	turn_end(e, now);
}
