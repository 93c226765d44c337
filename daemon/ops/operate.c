/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/ops/operate.h"

#include <errno.h>

#include "daemon/core/control.h"
#include "daemon/core/end_cause.h"
#include "daemon/core/facts.h"
#include "daemon/core/registry.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/turn.h"

static void operate_tell(struct engine *e, struct event *ev, const struct operate_why *why)
{
	ev->actor = why->actor;
	ev->text = why->text ? why->text : "";
	ev->code = why->code;
	turn_event(e, ev);
}

static void operate_note(struct engine *e, struct event ev, const struct operate_why *why)
{
	operate_tell(e, &ev, why);
	log_kv(LOG_L2TP, LOG_INFO, "disconnect-requested", KV_U64("tid", ev.tid),
	       KV_U64("sid", ev.sid), KV_STR("user", ev.facts ? session_facts_user(ev.facts) : ""),
	       KV_STR("actor", ev.actor), KV_STR("text", ev.text), KV_U64("code", ev.code));
}

static bool close_tunnel(struct tunnel *t, const struct operate_why *why, ze_ns now)
{
	struct l2tp_stop_args stop;
	const struct event ev = { .kind = EV_DISCONNECT_REQUESTED,
				  .now = now,
				  .tid = t->l2tp.tid,
				  .ifname = "",
				  .cause = "",
				  .peer = &t->path.peer };

	struct list *l;

	if (t->l2tp.fsm.state >= L2TP_T_CLOSING)
		return false;
	operate_note(t->e, ev, why);
	list_for_each(l, &t->calls) { /* the history of each session names the operator */
		struct subscriber *s = subscriber_of(list_entry(l, struct call, in_tunnel));
		struct event of_session;

		if (!s)
			continue;
		of_session = facts_event(s, EV_DISCONNECT_REQUESTED, now);
		operate_tell(t->e, &of_session, why);
	}
	end_cause_stop(END_ADMIN, "administrative", &stop);
	return control_close(t, &stop, now);
}

/* s may be NULL. */
static bool close_session(struct subscriber *s, const struct operate_why *why, ze_ns now)
{
	if (!s || s->call.ended)
		return false;
	operate_note(s->e, facts_event(s, EV_DISCONNECT_REQUESTED, now), why);
	subscriber_clear(s, now);
	return true;
}

int operate_close_tunnel(struct engine *e, uint16_t tid, const struct operate_why *why, ze_ns now)
{
	struct tunnel *t = registry_tunnel(e, tid);
	bool done = t && close_tunnel(t, why, now);

	turn_end(e, now);
	return done ? 0 : -ENOENT;
}

int operate_close_session(struct engine *e, uint16_t sid, const struct operate_why *why, ze_ns now)
{
	struct subscriber *s = registry_sub(e, sid);
	bool done = close_session(s, why, now);

	turn_end(e, now);
	return done ? 0 : -ENOENT;
}

unsigned operate_close_all_tunnels(struct engine *e, const struct operate_why *why, ze_ns now)
{
	struct list *l, *next;
	unsigned n = 0;

	list_for_each_safe(l, next, &e->tunnels)
		n += close_tunnel(list_entry(l, struct tunnel, in_all), why, now);
	turn_end(e, now);
	return n;
}

unsigned operate_close_all_sessions(struct engine *e, const struct operate_why *why, ze_ns now)
{
	struct list *l, *next;
	unsigned n = 0;

	list_for_each_safe(l, next, &e->calls)
		n += close_session(subscriber_of(list_entry(l, struct call, in_all)), why, now);
	turn_end(e, now);
	return n;
}
