/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/record.h"

#include <stdlib.h>

#include "daemon/core/call_priv.h"
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

		if (!registry_call(t->e, sid) || registry_call(t->e, sid)->ended)
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

static struct wr begin_session(uint8_t *buf, uint16_t tid, uint16_t peer_sid)
{
	struct wr w = record_begin(buf, JOURNAL_SESSION);

	tlv_put_u16(&w, RECORD_TID, tid);
	tlv_put_u16(&w, RECORD_PEER_SID, peer_sid);
	return w;
}

/* Writes the fields of an established call. Returns false when its owner cannot be restored, or when
 * they do not fit. */
static bool put_established(const struct call *c, struct wr *w)
{
	size_t session = tlv_begin(w, RECORD_SESSION), part;

	if (!c->owner->save(c, w))
		return false;
	part = tlv_begin(w, RECORD_SES_CALL);
	l2tp_session_save(&c->l2tp, w);
	tlv_end(w, part);
	tlv_end(w, session);
	return !w->bad;
}

void record_call(const struct call *c)
{
	struct engine *e = c->tunnel->e;
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w, whole;

	if (!e->ports.journal || c->ended)
		return;
	w = whole = begin_session(buf, c->tunnel->l2tp.tid, c->l2tp.peer_sid);
	if (put_established(c, &whole))
		w = whole;
	record_put(e, JOURNAL_SESSION, c->l2tp.sid, &w);
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

static void put_ended(struct tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w = begin_session(buf, t->l2tp.tid, peer_sid);

	record_put(t->e, JOURNAL_SESSION, sid, &w);
}

void record_cdn_sent(struct tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	if (t->e->ports.journal && wait_for_ack(t, sid, peer_sid))
		put_ended(t, sid, peer_sid);
}

void record_call_ended(const struct call *c, bool cdn_sent)
{
	struct tunnel *t = c->tunnel;

	if (cdn_sent)
		record_cdn_sent(t, c->l2tp.sid, c->l2tp.peer_sid);
	else if (!t->e->ports.journal)
		return;
	else if (!t->up) /* keep it until the tunnel's record says that the tunnel ends */
		wait_for_ack(t, c->l2tp.sid, c->l2tp.peer_sid);
	else
		record_drop(t->e, JOURNAL_SESSION, c->l2tp.sid);
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
			put_ended(t, t->cdns.v[i].sid, t->cdns.v[i].peer_sid);
	}
	list_for_each(l, &e->calls)
		record_call(list_entry(l, struct call, in_all));
}
