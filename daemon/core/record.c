/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/record.h"

#include <stdlib.h>

#include "daemon/core/engine_priv.h"
#include "daemon/core/facts.h"
#include "daemon/core/registry.h"

static void put(struct engine *e, enum journal_kind kind, uint16_t id, const struct wr *w)
{
	e->ports.journal->put(e->ports.journal_self, kind, id, wr_done(w));
}

static void drop(struct engine *e, enum journal_kind kind, uint16_t id)
{
	e->ports.journal->drop(e->ports.journal_self, kind, id);
}

/* ---- tunnels ---- */

static void put_addr(struct wr *w, const struct ze_addr *a)
{
	wr_u8(w, a->family);
	wr_u16(w, a->port);
	wr_u32(w, a->scope);
	wr_bytes(w, a->ip, sizeof(a->ip));
}

/* Those of whose end the peer knows, or will by the end of the tunnel. */
static void forget_told(struct core_tunnel *t)
{
	struct core_told *q = &t->told;
	bool all = t->t.fsm.state >= L2TP_T_CLOSING;

	while (q->first < q->n && (all || l2tp_chan_acked(&t->t.chan, q->v[q->first].ns))) {
		uint16_t sid = q->v[q->first++].sid;

		if (!registry_sub(t->e, sid) || registry_sub(t->e, sid)->ended)
			drop(t->e, JOURNAL_SESSION, sid);
	}
	if (q->first < q->n)
		return;
	free(q->v);
	*q = (struct core_told){ 0 };
}

void record_tunnel(struct core_tunnel *t)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	if (!t->e->ports.journal)
		return;
	put_addr(&w, &t->path.local);
	put_addr(&w, &t->path.peer);
	wr_u64(&w, t->sccrq_hash);
	if (l2tp_tunnel_save(&t->t, &w))
		put(t->e, JOURNAL_TUNNEL, t->t.tid, &w);
	else
		drop(t->e, JOURNAL_TUNNEL, t->t.tid);
	forget_told(t);
}

void record_tunnel_gone(struct core_tunnel *t)
{
	if (!t->e->ports.journal)
		return;
	drop(t->e, JOURNAL_TUNNEL, t->t.tid);
	forget_told(t);
}

/* ---- sessions ---- */

static void put_profile(struct wr *w, const struct profile *p)
{
	wr_u8(w, (uint8_t)(p ? 1 | p->has_address << 1 | p->ipv4 << 2 | p->ipv6 << 3 : 0));
	if (!p)
		return;
	wr_u32(w, p->address);
	wr_u32(w, p->dns[0]);
	wr_u32(w, p->dns[1]);
}

static void put_plan(struct wr *w, const struct shape_plan *p)
{
	wr_u8(w, p->down_bps ? (uint8_t)(1 + p->qdisc) : 0);
	if (!p->down_bps)
		return;
	wr_u64(w, p->down_bps);
	wr_u64(w, p->up_bps);
}

static void put_user(struct wr *w, const char *user)
{
	struct span s = span_str(user);

	wr_u8(w, (uint8_t)s.len);
	wr_span(w, s);
}

/* What is up must be so in the data plane too. */
static bool carried(const struct subscriber *s)
{
	if (s->dp != SUB_DP_UP || s->state != SUB_ESTABLISHED)
		return false;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->ncp_up[f] && s->dp_family[f] != SUB_FAM_UP)
			return false;
	return true;
}

static struct wr begin(uint8_t *buf, uint16_t tid, uint16_t peer_sid, enum record_form form)
{
	struct wr w = wr_init(buf, JOURNAL_RECORD_MAX);

	wr_u16(&w, tid);
	wr_u16(&w, peer_sid);
	wr_u8(&w, (uint8_t)form);
	return w;
}

void record_session(struct subscriber *s)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w;

	if (!s->e->ports.journal || s->ended)
		return;
	w = begin(buf, s->tunnel->t.tid, s->s.peer_sid, RECORD_ESTABLISHED);
	if (carried(s)) {
		wr_u64(&w, (uint64_t)s->up_at);
		wr_u8(&w, s->pooled);
		put_user(&w, facts_user(s));
		put_profile(&w, s->profile);
		put_plan(&w, &s->plan);
		l2tp_session_save(&s->s, &w);
	}
	if (!carried(s) || !ppp_link_save(&s->link, &w))
		w = begin(buf, s->tunnel->t.tid, s->s.peer_sid, RECORD_CALL);
	put(s->e, JOURNAL_SESSION, s->s.sid, &w);
}

/* Room for one more. */
static bool grow(struct core_told *q)
{
	uint32_t cap = q->cap ? 2 * q->cap : 16;
	struct core_told_call *v;

	if (q->n < q->cap)
		return true;
	v = realloc(q->v, cap * sizeof(*v));
	if (!v)
		return false;
	q->v = v;
	q->cap = cap;
	return true;
}

/* Drops the record later. Without memory it goes now: should the peer not hear what is under way, it
 * will miss our echoes. */
static bool wait_for_ack(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	struct core_told *q = &t->told;

	if (!grow(q)) {
		drop(t->e, JOURNAL_SESSION, sid);
		return false;
	}
	q->v[q->n++] = (struct core_told_call){ sid, peer_sid, l2tp_chan_last_ns(&t->t.chan) };
	return true;
}

static void put_call(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w = begin(buf, t->t.tid, peer_sid, RECORD_CALL);

	put(t->e, JOURNAL_SESSION, sid, &w);
}

void record_told(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	if (t->e->ports.journal && wait_for_ack(t, sid, peer_sid))
		put_call(t, sid, peer_sid);
}

void record_over(struct subscriber *s, bool told)
{
	if (told)
		record_told(s->tunnel, s->s.sid, s->s.peer_sid);
	else if (!s->e->ports.journal)
		return;
	else if (!s->tunnel->up) /* not before the tunnel's record says that it ends */
		wait_for_ack(s->tunnel, s->s.sid, s->s.peer_sid);
	else
		drop(s->e, JOURNAL_SESSION, s->s.sid);
}

/* A call whose id has another one now is written first, and then by it. */
void record_all(struct engine *e)
{
	struct list *l;

	if (!e->ports.journal)
		return;
	list_for_each(l, &e->tunnels) {
		struct core_tunnel *t = list_entry(l, struct core_tunnel, in_all);

		record_tunnel(t);
		for (uint32_t i = t->told.first; i < t->told.n; i++)
			put_call(t, t->told.v[i].sid, t->told.v[i].peer_sid);
	}
	list_for_each(l, &e->subscribers)
		record_session(list_entry(l, struct subscriber, in_all));
}
