/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry points find the object concerned, let its machine run and perform the effects, which marks what
 * changed as dirty; the end of the turn sends, re-arms timers, publishes and frees.
 */
#include "daemon/core/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/control.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/login.h"
#include "daemon/core/own.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/trace.h"
#include "daemon/core/turn.h"

/* ---- life ---- */

static const struct turn_ops turn_ops = {
	.settle_subscriber = subscriber_settle,
	.settle_tunnel = control_settle,
	.replaced = subscriber_replaced,
	.address_free = subscriber_address_free,
	.free_subscriber = subscriber_free,
	.free_tunnel = control_free,
};

/* NULL when out of memory. */
static struct aaa_local *local_of(const struct config *c)
{
	struct aaa_local_user *u = calloc(c->n_users + 1, sizeof(*u));
	struct aaa_local *l;

	if (!u)
		return NULL;
	for (size_t i = 0; i < c->n_users; i++)
		u[i] = (struct aaa_local_user){ .name = c->users[i].name,
						.password = c->users[i].password,
						.address = c->users[i].address,
						.sessions = c->users[i].sessions };
	l = aaa_local_new(u, c->n_users);
	free(u);
	return l;
}

/* Users' fixed addresses are theirs from the start. Without memory they are as soon as they log in. */
static void reserve_addresses(struct engine *e, const struct config *c)
{
	uint32_t *v = e->pool ? calloc(c->n_users + 1, sizeof(*v)) : NULL;

	if (!v)
		return;
	for (size_t i = 0; i < c->n_users; i++)
		v[i] = c->users[i].address;
	addrpool_reserve(e->pool, v, c->n_users);
	free(v);
}

static void set_local(struct engine *e, struct aaa_local *l)
{
	aaa_local_free(e->local);
	e->local = l;
	e->broker.handlers[0] = aaa_local_handler(l);
	e->broker.n = 1;
}

static int init(struct engine *e)
{
	struct aaa_local *l;
	int r = registry_init(e);

	if (r < 0)
		return r;
	e->linkcfg = linkcfg_new(e->cfg);
	l = e->linkcfg ? local_of(e->cfg) : NULL;
	if (!l)
		return -ENOMEM;
	set_local(e, l);
	if (e->cfg->has_pool) {
		e->pool = addrpool_new(&e->cfg->pool);
		if (!e->pool)
			return -ENOMEM;
		reserve_addresses(e, e->cfg);
	}
	return 0;
}

static void tell_pool(const struct engine *e)
{
	const struct dataplane_ops *dp = e->ports.dp;
	const struct addrpool_cfg *cfg = e->pool ? addrpool_cfg(e->pool) : NULL;

	/* Its routes would go before those of a subnet, and with them all neighbours there, LACs among them. */
	if (cfg && e->cfg->pool_blackhole && !own_overlaps_pool(e))
		dp->pool(e->ports.dp_self, &(struct dp_pool){ cfg->start, cfg->end });
	else
		dp->pool(e->ports.dp_self, NULL);
}

static void tell_limits(const struct engine *e)
{
	e->ports.guard->limits(e->ports.guard_self,
			       &(struct guard_limits){ .setup_rate = e->cfg->setup_rate,
						       .source_rate = ADMIT_SOURCE_RATE,
						       .source_burst = ADMIT_SOURCE_BURST,
						       .known_rate = ADMIT_KNOWN_RATE,
						       .known_burst = ADMIT_KNOWN_BURST,
						       .frame_rate = ADMIT_FRAME_RATE,
						       .frame_burst = ADMIT_FRAME_BURST,
						       .control_rate = ADMIT_CONTROL_RATE,
						       .control_burst = ADMIT_CONTROL_BURST,
						       .zero_checksum = e->cfg->zero_checksum,
						       .allow = e->cfg->allow_from,
						       .n_allow = e->cfg->n_allow_from });
}

int engine_new(const struct engine_args *a, struct engine **ret)
{
	struct engine *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->turn = &turn_ops;
	e->call_owner = &subscriber_call_ops;
	e->cfg = config_ref(a->cfg);
	e->boot = config_ref(a->cfg);
	e->ports = a->ports;
	e->bus = a->bus;
	e->hardening = a->hardening;
	e->started = a->now;
	e->drops = (struct log_limit){ .every = ZE_SEC(1), .burst = 10 };
	e->lines.wrong = e->lines.usual = (struct log_limit){ .every = ZE_MS(10), .burst = 1000 };
	timer_heap_init(&e->timers);
	list_init(&e->tunnels);
	list_init(&e->subscribers);
	list_init(&e->dirty_tunnels);
	list_init(&e->dirty_subs);
	list_init(&e->dead_tunnels);
	list_init(&e->dead_subs);
	list_init(&e->replaced);
	list_init(&e->pool_waiters);
	list_init(&e->woken);
	r = init(e);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	tell_limits(e);
	tell_pool(e);
	*ret = e;
	return 0;
}

static void free_all(struct engine *e)
{
	while (!list_empty(&e->subscribers)) {
		struct subscriber *s = list_entry(e->subscribers.next, struct subscriber, in_all);

		registry_remove_call(s);
		subscriber_release(s);
	}
	while (!list_empty(&e->tunnels)) {
		struct core_tunnel *t = list_entry(e->tunnels.next, struct core_tunnel, in_all);

		t->forgotten = true;
		list_del(&t->dirty);
		control_bury_if_done(t);
	}
	list_init(&e->dirty_tunnels);
	e->n_events = 0;
	turn_end(e, 0);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	snapshot_drop(e);
	free_all(e);
	registry_done(e);
	admit_done(&e->admit);
	pace_done(&e->pace);
	timer_heap_done(&e->timers);
	aaa_local_free(e->local);
	addrpool_free(e->pool);
	hostip_done(&e->own);
	linkcfg_unref(e->linkcfg);
	config_unref(e->boot);
	config_unref(e->cfg);
	free(e);
}

void engine_record(struct engine *e)
{
	record_all(e);
}

void engine_leave(struct engine *e)
{
	e->leaving = true;
	e->ports.journal = NULL;
	engine_free(e);
}

/* ---- entries ---- */

static void data_input(struct engine *e, const struct net_path *path, const struct l2tp_hdr *h,
		       ze_ns now)
{
	struct core_tunnel *t = registry_tunnel(e, h->tid);
	struct subscriber *s = registry_sub(e, h->sid);

	e->stats.rx_data++;
	e->about.data = true;
	if (!t)
		turn_drop(e, NULL, REASON_TUNNEL_UNKNOWN, path, now);
	else if (!ze_addr_eq(&t->path.peer, &path->peer))
		turn_drop(e, t, REASON_TUNNEL_PEER, path, now);
	else if (!s || s->tunnel != t)
		turn_count(e, REASON_SESSION_UNKNOWN);
	else
		subscriber_frame(s, h->payload, now);
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
	struct subscriber *s = registry_sub(e, ev->sid);

	if (s)
		subscriber_dp_event(s, ev, now);
	turn_end(e, now);
}

void engine_auth_answer(struct engine *e, uint64_t cookie, struct aaa_answer *a, ze_ns now)
{
	struct subscriber *s = registry_sub(e, LOGIN_OF_COOKIE(cookie));

	if (cookie && s && s->auth_cookie == cookie)
		subscriber_verdict(s, a, now);
	else
		profile_unref(a->profile);
	a->profile = NULL;
	turn_end(e, now);
}

void engine_own_addresses(struct engine *e, const struct hostip_set *set, ze_ns now)
{
	bool shared = own_overlaps_pool(e);

	own_set(e, set);
	if (own_overlaps_pool(e) != shared)
		tell_pool(e);
	turn_end(e, now);
}

ze_ns engine_deadline(const struct engine *e)
{
	ze_ns next = timer_heap_next(&e->timers);

	return next < TIMER_FAR ? next : ZE_NEVER;
}

void engine_expire(struct engine *e, ze_ns now)
{
	struct timer *due;

	/* What is popped is armed again at the end of the turn. After a pause there may be more than
	 * the sockets hold answers: the rest is due at once, when they have been read. */
	for (int i = 0; i < ENGINE_EXPIRE_MAX && (due = timer_heap_pop(&e->timers, now)); i++) {
		struct core_timer *t = ze_container_of(due, struct core_timer, timer);

		if (t->kind == CORE_TIMER_TUNNEL) {
			struct core_tunnel *tun = ze_container_of(t, struct core_tunnel, timer);

			turn_tunnel_dirty(tun);
			control_expire(tun, now);
		} else {
			struct subscriber *s = ze_container_of(t, struct subscriber, timer);

			turn_sub_dirty(s);
			subscriber_expire(s, now);
		}
	}
	turn_end(e, now);
}

/* ---- reload and drain ---- */

static bool has_listener(const struct config *c, const struct ze_addr *a)
{
	for (size_t i = 0; i < c->n_listeners; i++)
		if (ze_addr_eq(&c->listeners[i].addr, a))
			return true;
	return false;
}

/* In any order: no two of a configuration are the same. */
static bool same_listeners(const struct config *a, const struct config *b)
{
	if (a->n_listeners != b->n_listeners)
		return false;
	for (size_t i = 0; i < a->n_listeners; i++)
		if (!has_listener(b, &a->listeners[i].addr))
			return false;
	return true;
}

static bool same_pool(const struct config *a, const struct config *b)
{
	const struct addrpool_cfg *p = &a->pool, *q = &b->pool;

	if (!a->has_pool || !b->has_pool)
		return a->has_pool == b->has_pool;
	return p->gateway == q->gateway && p->start == q->start && p->end == q->end &&
	       p->dns[0] == q->dns[0] && p->dns[1] == q->dns[1];
}

static void warn_unchanged(const struct config *boot, const struct config *c, struct strbuf *w)
{
	struct config_bpf now = c->bpf;

	if (!same_listeners(boot, c))
		sb_puts(w, "listeners: not changed; restart to rebind\n");
	if (!same_pool(boot, c))
		sb_puts(w, "l2tp pool ipv4: not changed; restart to use the new pool\n");
	now.outer_df = boot->bpf.outer_df; /* this may change */
	if (boot->dataplane != c->dataplane || memcmp(&boot->bpf, &now, sizeof(now)) != 0)
		sb_puts(w, "l2tp dataplane and bpf: not changed; restart to change them\n");
}

/* Dead-peer detection of live tunnels follows the new number from its next tick on; everything else
 * a tunnel or session was made with it keeps. */
static void new_hello_retries(struct engine *e, ze_ns now)
{
	struct list *l;

	list_for_each(l, &e->tunnels) {
		struct core_tunnel *t = list_entry(l, struct core_tunnel, in_all);

		t->t.cfg.hello_retries = (uint16_t)e->cfg->hello_retries;
		turn_tunnel_dirty(t);
	}
	turn_end(e, now);
}

int engine_reload(struct engine *e, struct config *cfg, struct strbuf *warnings, ze_ns now)
{
	struct linkcfg *links;
	struct aaa_local *l;
	bool blackhole;

	if (cfg->l2tp != e->boot->l2tp) {
		sb_puts(warnings, "l2tp enabled: not changed, and nothing else of l2tp; restart to "
				  "enable or disable\n");
		return -EBUSY;
	}
	l = local_of(cfg);
	links = linkcfg_new(cfg);
	if (!l || !links) {
		aaa_local_free(l);
		linkcfg_unref(links);
		return -ENOMEM;
	}
	warn_unchanged(e->boot, cfg, warnings);
	set_local(e, l);
	linkcfg_unref(e->linkcfg);
	e->linkcfg = links;
	blackhole = e->cfg->pool_blackhole;
	config_ref(cfg);
	config_unref(e->cfg);
	e->cfg = cfg;
	reserve_addresses(e, cfg);
	own_check(e);
	if (blackhole != cfg->pool_blackhole)
		tell_pool(e);
	tell_limits(e);
	new_hello_retries(e, now);
	return 0;
}

void engine_drain(struct engine *e, ze_ns now)
{
	static const struct l2tp_stop_args stop = { .cause = L2TP_DOWN_SHUTDOWN,
						    .result = STOP_SHUTDOWN,
						    .text = "shutting down" };
	struct list *l, *next;

	e->draining = true;
	list_for_each_safe(l, next, &e->tunnels)
		control_close(list_entry(l, struct core_tunnel, in_all), &stop, now);
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

	if (!e->draining || !list_empty(&e->subscribers))
		return false;
	list_for_each(l, &e->tunnels)
		if (list_entry(l, struct core_tunnel, in_all)->t.fsm.state != L2TP_T_LINGER)
			return false;
	return true;
}
