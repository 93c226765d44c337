/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/turn.h"

#include <stdio.h>
#include <string.h>

#include "daemon/core/call_priv.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/trace.h"

/* ---- ports, counters, events ---- */

int turn_send(struct engine *e, const struct net_path *path, struct span datagram)
{
	int r = e->ports.net->send(e->ports.net_self, path, datagram);

	trace_datagram("tx", path, datagram);
	if (r < 0)
		e->stats.tx_failed++;
	else
		e->stats.tx_datagrams++;
	return r;
}

void turn_count(struct engine *e, enum reason r)
{
	if ((unsigned)r < REASON__COUNT)
		e->stats.reasons[r]++;
}

static const char *about_name(const struct engine_about *a, char *buf, size_t size)
{
	const char *name = l2tp_msg_name(a->msg_type);

	if (a->data || !a->msg_type)
		return a->data ? "data" : "";
	if (strcmp(name, "unknown") != 0)
		return name;
	snprintf(buf, size, "type %u", a->msg_type);
	return buf;
}

bool turn_may_log(struct engine *e, const struct tunnel *t, const struct turn_line *l, ze_ns now,
		  uint32_t *ret_suppressed)
{
	bool wrong = l->level <= LOG_WARN;
	struct engine_lines *of = t && t->peer ? &t->peer->lines : NULL;
	struct log_limit *const limits[] = {
		l->own,
		!of   ? NULL :
		wrong ? &of->wrong :
			&of->usual,
		wrong ? &e->lines.wrong : &e->lines.usual,
	};

	return log_wants(l->sub, l->level) &&
	       log_limits_pass(limits, ZE_ARRAY_SIZE(limits), now, ret_suppressed);
}

void turn_drop(struct engine *e, struct tunnel *t, enum reason r, const struct net_path *path,
	       ze_ns now)
{
	uint8_t avp[L2TP_FX_TEXT];
	char peer[ZE_ADDR_TEXT], type[16];
	uint32_t suppressed;
	bool same = e->about.fault.reason == r;

	turn_count(e, r);
	if (!turn_may_log(e, t,
			  &(struct turn_line){ LOG_L2TP, LOG_WARN, t ? &t->drops : &e->drops }, now,
			  &suppressed))
		return;
	log_kv(LOG_L2TP, LOG_WARN, "packet-refused", KV_REASON(r),
	       KV_OPT("message", span_str(about_name(&e->about, type, sizeof(type)))),
	       KV_OPT("avp", same ? l2tp_fault_avp(&e->about.fault, avp) : (struct span){ 0 }),
	       KV_U64("tid", t ? t->l2tp.tid : 0), KV_STR("peer", ze_addr_text(&path->peer, peer)),
	       KV_SUPPRESSED(suppressed));
}

static void publish(struct engine *e)
{
	if (e->bus)
		for (unsigned i = 0; i < e->n_events; i++)
			bus_publish(e->bus, &e->events[i]);
	for (unsigned i = 0; i < e->n_events; i++)
		session_facts_unref(e->events[i].facts);
	e->n_events = 0;
}

void turn_event(struct engine *e, const struct event *ev)
{
	if (e->n_events == ENGINE_EVENTS_MAX)
		publish(e);
	e->events[e->n_events] = *ev;
	e->events[e->n_events].replay = e->replaying;
	e->events[e->n_events++].facts = session_facts_ref(ev->facts);
}

/* ---- the end of a turn ---- */

void turn_tunnel_dirty(struct tunnel *t)
{
	if (list_empty(&t->dirty) && list_empty(&t->dead))
		list_add_tail(&t->e->dirty_tunnels, &t->dirty);
}

void turn_call_dirty(struct call *c)
{
	if (list_empty(&c->dirty) && list_empty(&c->dead))
		list_add_tail(&c->tunnel->e->dirty_calls, &c->dirty);
}

void turn_arm(struct engine *e, struct engine_timer *t, ze_ns due)
{
	timer_set(&e->timers, &t->timer, due < TIMER_FAR ? due : TIMER_FAR);
}

void turn_end(struct engine *e, ze_ns now)
{
	struct list *l;

	e->turn->settle_addresses(e, now);
	while ((l = list_pop(&e->dirty_calls)))
		e->turn->settle_call(list_entry(l, struct call, dirty), now);
	while ((l = list_pop(&e->dirty_tunnels)))
		e->turn->settle_tunnel(list_entry(l, struct tunnel, dirty), now);
	publish(e);
	e->about = (struct engine_about){ .data = false };
	while ((l = list_pop(&e->dead_calls)))
		e->turn->free_call(list_entry(l, struct call, dead));
	while ((l = list_pop(&e->dead_tunnels)))
		e->turn->free_tunnel(list_entry(l, struct tunnel, dead));
	snapshot_expire(e, now);
}
