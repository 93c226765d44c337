/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry points of the engine: each finds the object of its input, calls the unit that owns it,
 * and ends the turn.
 */
#include "daemon/core/engine.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/core/call.h"
#include "daemon/core/control.h"
#include "daemon/core/end_cause.h"
#include "daemon/core/login.h"
#include "daemon/core/own.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/reload.h"
#include "daemon/core/routes.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/trace.h"
#include "daemon/core/turn.h"

/* ---- creation and end ---- */

static const struct turn_ops turn_ops = {
	.settle_call = call_settle,
	.settle_tunnel = control_settle,
	.settle_addresses = subscriber_settle_addresses,
	.free_call = call_free,
	.free_tunnel = control_free,
};

static const struct aaa_broker no_handlers;

int engine_new(const struct engine_args *a, struct engine **ret)
{
	struct engine *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->turn = &turn_ops;
	e->incoming = &subscriber_call_ops;
	e->cfg = config_ref(a->cfg);
	e->boot = config_ref(a->cfg);
	e->ports = a->ports;
	e->bus = a->bus;
	e->broker = a->broker ? a->broker : &no_handlers;
	e->hardening = a->hardening;
	e->started = a->now;
	e->next_id = a->wall_ns > 0 ? (uint64_t)a->wall_ns : 1;
	e->drops = e->denied = (struct log_limit){ .every = ZE_SEC(1), .burst = 10 };
	e->lines.wrong = e->lines.usual = (struct log_limit){ .every = ZE_MS(10), .burst = 1000 };
	timer_heap_init(&e->timers);
	list_init(&e->tunnels);
	list_init(&e->calls);
	list_init(&e->dirty_tunnels);
	list_init(&e->dirty_calls);
	list_init(&e->dead_tunnels);
	list_init(&e->dead_calls);
	list_init(&e->replaced);
	list_init(&e->woken);
	r = registry_init(e);
	if (r == 0)
		r = reload_start(e);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	reload_limits(e);
	reload_pools(e, true);
	*ret = e;
	return 0;
}

static void engine_free_all(struct engine *e)
{
	while (!list_empty(&e->calls)) {
		struct call *c = list_entry(e->calls.next, struct call, in_all);

		c->owner->release(c);
	}
	while (!list_empty(&e->tunnels)) {
		struct tunnel *t = list_entry(e->tunnels.next, struct tunnel, in_all);

		t->forgotten = true;
		list_del(&t->dirty);
		control_bury_if_done(t);
	}
	list_init(&e->dirty_tunnels);
	e->bus = NULL;
	turn_end(e, 0);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	snapshot_drop(e);
	engine_free_all(e);
	registry_done(e);
	admit_done(&e->admit);
	pace_done(&e->pace);
	timer_heap_done(&e->timers);
	hostip_done(&e->own);
	reload_done(e);
	free(e);
}

void engine_record(struct engine *e)
{
	record_all(e);
}

void engine_handover(struct engine *e)
{
	e->handover = true;
	e->ports.journal = NULL;
	engine_free(e);
}

/* ---- entry points ---- */

static void data_input(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		       ze_ns now)
{
	struct tunnel *t = registry_tunnel(e, h->tid);
	struct call *c = registry_call(e, h->sid);

	e->stats.rx_data++;
	e->about.data = true;
	if (!t)
		turn_drop(e, NULL, REASON_TUNNEL_UNKNOWN, path, now);
	else if (!ze_addr_eq(&t->path.peer, &path->peer))
		turn_drop(e, t, REASON_TUNNEL_PEER, path, now);
	else if (!c || c->tunnel != t)
		turn_count(e, REASON_SESSION_UNKNOWN);
	else
		c->owner->frame(c, h->payload, now);
}

void engine_udp_input(struct engine *e, const struct net_path *path, struct span datagram,
		      ze_ns now)
{
	struct l2tp_hdr h;
	int r = l2tp_hdr_parse(datagram.p, datagram.len, &h);

	e->stats.rx_datagrams++;
	trace_datagram("rx", path, datagram);
	if (r < 0)
		turn_drop(e, NULL, (enum reason) - r, path, now);
	else if (l2tp_hdr_is_control(&h))
		control_input(e, path, &h, now);
	else
		data_input(e, path, &h, now);
	turn_end(e, now);
}

void engine_dp_event(struct engine *e, const struct dp_event *ev, ze_ns now)
{
	struct call *c = registry_call(e, ev->sid);

	if (c)
		c->owner->dp_event(c, ev, now);
	turn_end(e, now);
}

void engine_auth_answer(struct engine *e, uint64_t cookie, struct aaa_answer *a, ze_ns now)
{
	struct subscriber *s = registry_sub(e, LOGIN_OF_COOKIE(cookie));

	if (s && login_awaits(s, cookie))
		subscriber_verdict(s, a, now);
	else
		profile_free(a->profile);
	a->profile = NULL;
	turn_end(e, now);
}

void engine_end_unaccounted(struct engine *e, uint16_t sid, uint64_t id, ze_ns now)
{
	struct subscriber *s = registry_sub(e, sid);

	if (s && s->id == id)
		subscriber_end_unaccounted(s, now);
	turn_end(e, now);
}

void engine_own_addresses(struct engine *e, const struct hostip_set *set, ze_ns now)
{
	own_set(e, set);
	reload_pools(e, false);
	routes_recheck(e, now);
	turn_end(e, now);
}

void engine_replay(struct engine *e, const struct observer *o, void *self, ze_ns now)
{
	struct bus one = { .n = 0 }, *all = e->bus;
	struct list *l;

	bus_add(&one, o, self);
	e->bus = &one;
	e->replaying = true;
	list_for_each(l, &e->tunnels)
		control_replay(list_entry(l, struct tunnel, in_all), now);
	list_for_each(l, &e->calls) {
		struct subscriber *s = subscriber_of(list_entry(l, struct call, in_all));

		if (s)
			subscriber_replay(s, now);
	}
	turn_end(e, now);
	e->bus = all;
	e->replaying = false;
}

ze_ns engine_deadline(const struct engine *e)
{
	ze_ns next = timer_heap_next(&e->timers);

	return next < TIMER_FAR ? next : ZE_NEVER;
}

void engine_expire(struct engine *e, ze_ns now)
{
	struct timer *due;

	/* Each timer that is popped is armed again at the end of the turn. After the process was
	 * paused, many are due at once, while messages that would have prevented their expiry wait
	 * in the sockets: the rest is served after the sockets were read. */
	for (int i = 0; i < ENGINE_EXPIRE_MAX && (due = timer_heap_pop(&e->timers, now)); i++) {
		struct engine_timer *t = ze_container_of(due, struct engine_timer, timer);

		if (t->kind == ENGINE_TIMER_TUNNEL) {
			struct tunnel *tun = ze_container_of(t, struct tunnel, timer);

			turn_tunnel_dirty(tun);
			control_expire(tun, now);
		} else {
			struct call *c = ze_container_of(t, struct call, timer);

			turn_call_dirty(c);
			call_expire(c, now);
		}
	}
	turn_end(e, now);
}

/* ---- reload and drain ---- */

int engine_reload_prepare(struct engine *e, struct config *cfg, struct strbuf *errors)
{
	return reload_prepare(e, cfg, errors);
}

void engine_reload_cancel(struct engine *e)
{
	reload_cancel(e);
}

void engine_reload(struct engine *e, ze_ns now)
{
	reload_apply(e);
	routes_recheck(e, now);
	turn_end(e, now);
}

void engine_drain(struct engine *e, ze_ns now)
{
	struct l2tp_stop_args stop;
	struct list *l, *next;

	end_cause_stop(END_SHUTDOWN, "shutting down", &stop);
	e->draining = true;
	list_for_each_safe(l, next, &e->tunnels)
		control_close(list_entry(l, struct tunnel, in_all), &stop, now);
	turn_end(e, now);
}

unsigned engine_sessions(const struct engine *e)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SUB__STATES; i++)
		n += e->n_subscribers[i];
	return n;
}

bool engine_drained(const struct engine *e)
{
	const struct list *l;

	if (!e->draining || !list_empty(&e->calls))
		return false;
	list_for_each(l, &e->tunnels)
		if (list_entry(l, struct tunnel, in_all)->l2tp.fsm.state != L2TP_T_LINGER)
			return false;
	return true;
}
