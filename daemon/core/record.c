/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/record.h"

#include <stdlib.h>

#include "daemon/core/engine_priv.h"
#include "daemon/core/facts.h"
#include "daemon/core/record_tags.h"
#include "daemon/core/registry.h"

static void record_put(struct engine *e, enum journal_kind kind, uint16_t id, const struct wr *w)
{
	e->ports.journal->put(e->ports.journal_self, kind, id, wr_done(w));
}

static void record_drop(struct engine *e, enum journal_kind kind, uint16_t id)
{
	e->ports.journal->drop(e->ports.journal_self, kind, id);
}

static struct wr record_begin(uint8_t *buf, enum journal_kind kind)
{
	struct wr w = wr_init(buf, JOURNAL_RECORD_MAX);

	tlv_put_u16(&w, RECORD_VERSION, record_versions[kind].writes);
	tlv_put_u16(&w, RECORD_NEEDS, record_versions[kind].needs);
	return w;
}

/* ---- tunnels ---- */

static void put_addr(struct wr *w, uint8_t tag, const struct ze_addr *a)
{
	size_t mark = tlv_begin(w, tag);

	tlv_put_span(w, RECORD_ADDR_IP, span_of(a->ip, a->family == 4 ? 4 : sizeof(a->ip)));
	tlv_put_u16(w, RECORD_ADDR_PORT, a->port);
	tlv_opt_u32(w, RECORD_ADDR_SCOPE, a->scope);
	tlv_end(w, mark);
}

/* Drops the records of calls whose CDN the peer has acknowledged. When the tunnel is closing, all
 * are dropped: the StopCCN ends the calls. */
static void drop_acked(struct tunnel *t)
{
	struct cdn_queue *q = &t->cdns;
	bool all = t->l2tp.fsm.state >= L2TP_T_CLOSING;

	while (q->first < q->n && (all || l2tp_chan_acked(&t->l2tp.chan, q->v[q->first].ns))) {
		uint16_t sid = q->v[q->first++].sid;

		if (!registry_sub(t->e, sid) || registry_sub(t->e, sid)->call.ended)
			record_drop(t->e, JOURNAL_SESSION, sid);
	}
	if (q->first < q->n)
		return;
	free(q->v);
	*q = (struct cdn_queue){ 0 };
}

static bool put_tunnel(const struct tunnel *t, struct wr *w)
{
	size_t tunnel = tlv_begin(w, RECORD_TUNNEL), control;
	bool ok;

	put_addr(w, RECORD_TUN_LOCAL, &t->path.local);
	put_addr(w, RECORD_TUN_PEER, &t->path.peer);
	tlv_opt_u64(w, RECORD_TUN_SCCRQ_HASH, t->sccrq_hash);
	control = tlv_begin(w, RECORD_TUN_CONTROL);
	ok = l2tp_tunnel_save(&t->l2tp, w);
	tlv_end(w, control);
	tlv_end(w, tunnel);
	return ok && !w->bad;
}

void record_tunnel(struct tunnel *t)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w = record_begin(buf, JOURNAL_TUNNEL);

	if (!t->e->ports.journal)
		return;
	if (put_tunnel(t, &w))
		record_put(t->e, JOURNAL_TUNNEL, t->l2tp.tid, &w);
	else
		record_drop(t->e, JOURNAL_TUNNEL, t->l2tp.tid);
	drop_acked(t);
}

void record_tunnel_gone(struct tunnel *t)
{
	if (!t->e->ports.journal)
		return;
	record_drop(t->e, JOURNAL_TUNNEL, t->l2tp.tid);
	drop_acked(t);
}

/* ---- sessions ---- */

static void put_profile(struct wr *w, const struct profile *p)
{
	uint8_t families = (uint8_t)((p && p->ipv4 ? RECORD_FAMILY_IPV4 : 0) |
				     (p && p->ipv6 ? RECORD_FAMILY_IPV6 : 0));
	size_t mark;

	if (!p)
		return;
	mark = tlv_begin(w, RECORD_SES_PROFILE);
	if (families != (RECORD_FAMILY_IPV4 | RECORD_FAMILY_IPV6))
		tlv_put_u8(w, RECORD_PROF_FAMILIES, families);
	if (p->has_address)
		tlv_put_u32(w, RECORD_PROF_ADDRESS, p->address);
	tlv_opt_u32(w, RECORD_PROF_DNS1, p->dns[0]);
	tlv_opt_u32(w, RECORD_PROF_DNS2, p->dns[1]);
	tlv_end(w, mark);
}

static void put_plan(struct wr *w, const struct shape_plan *p)
{
	size_t mark;

	if (!p->down_bps)
		return;
	mark = tlv_begin(w, RECORD_SES_PLAN);
	tlv_opt_u8(w, RECORD_PLAN_QDISC, (uint8_t)p->qdisc);
	tlv_put_u64(w, RECORD_PLAN_DOWN, p->down_bps);
	tlv_put_u64(w, RECORD_PLAN_UP, p->up_bps);
	tlv_end(w, mark);
}

/* True when the session is established and the data plane has all families that are up. */
static bool carried(const struct subscriber *s)
{
	if (s->dp != SUB_DP_UP || s->state != SUB_ESTABLISHED)
		return false;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->ncp_up[f] && s->dp_family[f] != SUB_FAM_UP)
			return false;
	return true;
}

static struct wr begin_session(uint8_t *buf, uint16_t tid, uint16_t peer_sid)
{
	struct wr w = record_begin(buf, JOURNAL_SESSION);

	tlv_put_u16(&w, RECORD_TID, tid);
	tlv_put_u16(&w, RECORD_PEER_SID, peer_sid);
	return w;
}

static bool put_session(const struct subscriber *s, struct wr *w)
{
	size_t session = tlv_begin(w, RECORD_SESSION), part;
	bool ok;

	tlv_put_u64(w, RECORD_SES_ID, s->id);
	tlv_put_u64(w, RECORD_SES_UP_AT, (uint64_t)s->up_at);
	tlv_opt_u8(w, RECORD_SES_POOLED, s->pooled);
	tlv_opt_span(w, RECORD_SES_USER, span_str(facts_user(s)));
	put_profile(w, s->profile);
	put_plan(w, &s->plan);
	part = tlv_begin(w, RECORD_SES_CALL);
	l2tp_session_save(&s->call.l2tp, w);
	tlv_end(w, part);
	part = tlv_begin(w, RECORD_SES_LINK);
	ok = ppp_link_save(&s->link, w);
	tlv_end(w, part);
	tlv_end(w, session);
	return ok && !w->bad;
}

void record_session(struct subscriber *s)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w, whole;

	if (!s->e->ports.journal || s->call.ended)
		return;
	w = whole = begin_session(buf, s->call.tunnel->l2tp.tid, s->call.l2tp.peer_sid);
	if (carried(s) && put_session(s, &whole))
		w = whole;
	record_put(s->e, JOURNAL_SESSION, s->call.l2tp.sid, &w);
}

/* Makes room for one more entry. Returns false when out of memory. */
static bool record_grow(struct cdn_queue *q)
{
	uint32_t cap = q->cap ? 2 * q->cap : 16;
	struct cdn_queue_call *v;

	if (q->n < q->cap)
		return true;
	v = realloc(q->v, cap * sizeof(*v));
	if (!v)
		return false;
	q->v = v;
	q->cap = cap;
	return true;
}

/* Keeps the record until the last queued message is acknowledged. Without memory it is dropped at
 * once, and false is returned: if the peer does not receive the CDN, the missing Echo-Replies end
 * its session. */
static bool wait_for_ack(struct tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	struct cdn_queue *q = &t->cdns;

	if (!record_grow(q)) {
		record_drop(t->e, JOURNAL_SESSION, sid);
		return false;
	}
	q->v[q->n++] = (struct cdn_queue_call){ sid, peer_sid, l2tp_chan_last_ns(&t->l2tp.chan) };
	return true;
}

static void put_call(struct tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w = begin_session(buf, t->l2tp.tid, peer_sid);

	record_put(t->e, JOURNAL_SESSION, sid, &w);
}

void record_cdn_sent(struct tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	if (t->e->ports.journal && wait_for_ack(t, sid, peer_sid))
		put_call(t, sid, peer_sid);
}

void record_over(struct subscriber *s, bool told)
{
	if (told)
		record_cdn_sent(s->call.tunnel, s->call.l2tp.sid, s->call.l2tp.peer_sid);
	else if (!s->e->ports.journal)
		return;
	else if (!s->call.tunnel
			  ->up) /* keep it until the tunnel's record says that the tunnel ends */
		wait_for_ack(s->call.tunnel, s->call.l2tp.sid, s->call.l2tp.peer_sid);
	else
		record_drop(s->e, JOURNAL_SESSION, s->call.l2tp.sid);
}

/* Calls that have ended are written before sessions: a session that has got the id of one replaces
 * its record. */
void record_all(struct engine *e)
{
	struct list *l;

	if (!e->ports.journal)
		return;
	list_for_each(l, &e->tunnels) {
		struct tunnel *t = list_entry(l, struct tunnel, in_all);

		record_tunnel(t);
		for (uint32_t i = t->cdns.first; i < t->cdns.n; i++)
			put_call(t, t->cdns.v[i].sid, t->cdns.v[i].peer_sid);
	}
	list_for_each(l, &e->subscribers)
		record_session(list_entry(l, struct subscriber, call.in_all));
}
