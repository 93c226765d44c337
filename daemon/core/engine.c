/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The turn. Entry points find the object concerned, let its machine run and perform the effects, which
 * marks what changed as dirty; the end of the turn sends, re-arms timers, publishes and frees.
 * Observers hear of a turn after it has ended, unless it has more to tell than the queue holds: then
 * what is queued is published at once, still in order.
 */
#include "daemon/core/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/attach.h"
#include "daemon/core/control.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/login.h"
#include "daemon/core/own.h"
#include "daemon/core/record.h"
#include "daemon/core/registry.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/trace.h"

/* ---- ports, counters, events ---- */

int engine_send(struct engine *e, const struct net_path *path, struct span datagram)
{
	int r = e->ports.net->send(e->ports.net_self, path, datagram);

	trace_datagram("tx", path, datagram);
	if (r < 0)
		e->stats.tx_failed++;
	else
		e->stats.tx_datagrams++;
	return r;
}

void engine_count(struct engine *e, enum reason r)
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

bool engine_may_log(struct engine *e, const struct core_tunnel *t, const struct engine_line *l,
		    ze_ns now, uint32_t *ret_suppressed)
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

void engine_drop(struct engine *e, struct core_tunnel *t, enum reason r,
		 const struct net_path *path, ze_ns now)
{
	uint8_t avp[L2TP_FX_TEXT];
	char peer[ZE_ADDR_TEXT], type[16];
	uint32_t suppressed;
	bool same = e->about.fault.reason == r;

	engine_count(e, r);
	if (!engine_may_log(e, t,
			    &(struct engine_line){ LOG_L2TP, LOG_WARN, t ? &t->drops : &e->drops },
			    now, &suppressed))
		return;
	log_kv(LOG_L2TP, LOG_WARN, "refused", KV_REASON(r),
	       KV_OPT("message", span_str(about_name(&e->about, type, sizeof(type)))),
	       KV_OPT("avp", same ? l2tp_fault_avp(&e->about.fault, avp) : (struct span){ 0 }),
	       KV_U64("tid", t ? t->t.tid : 0), KV_STR("peer", ze_addr_text(&path->peer, peer)),
	       KV_U64("suppressed", suppressed));
}

static void publish(struct engine *e)
{
	if (e->bus)
		for (unsigned i = 0; i < e->n_events; i++)
			bus_publish(e->bus, &e->events[i]);
	e->n_events = 0;
}

void engine_event(struct engine *e, const struct event *ev)
{
	if (e->n_events == ENGINE_EVENTS_MAX)
		publish(e);
	e->events[e->n_events++] = *ev;
}

void engine_stats_total(const struct engine *e, struct engine_stats *ret)
{
	const struct list *l;

	*ret = e->stats;
	list_for_each(l, &e->tunnels) {
		const struct core_tunnel *t = list_entry(l, struct core_tunnel, in_all);

		for (unsigned i = 0; i < L2TP_MSG__COUNT; i++) {
			ret->rx_msgs[i] += t->t.rx_msgs[i];
			ret->tx_msgs[i] += t->t.tx_msgs[i];
		}
	}
}

/* ---- the end of a turn ---- */

void engine_tunnel_dirty(struct core_tunnel *t)
{
	if (list_empty(&t->dirty) && list_empty(&t->dead))
		list_add_tail(&t->e->dirty_tunnels, &t->dirty);
}

void engine_sub_dirty(struct subscriber *s)
{
	if (list_empty(&s->dirty) && list_empty(&s->dead))
		list_add_tail(&s->e->dirty_subs, &s->dirty);
}

/* A timer stays armed while its object lives, so this can't fail. */
static void arm(struct engine *e, struct core_timer *t, ze_ns due)
{
	timer_set(&e->timers, &t->timer, due < TIMER_FAR ? due : TIMER_FAR);
}

/* Recorded before anything is sent: another process must not know less than the peer does. */
static void settle_tunnel(struct core_tunnel *t, ze_ns now)
{
	record_tunnel(t);
	control_flush(t, now);
	arm(t->e, &t->timer, l2tp_tunnel_deadline(&t->t));
	control_bury_if_done(t);
}

static void settle_sub(struct subscriber *s)
{
	ze_ns due = ZE_NEVER;

	if (!s->ended) {
		due = l2tp_session_deadline(&s->s);
		if (s->opened)
			due = ze_min_ns(ppp_link_deadline(&s->link),
					ze_min_ns(due, attach_deadline(s)));
		due = ze_min_ns(due, login_deadline(s));
	}
	arm(s->e, &s->timer, due);
	record_session(s);
}

static struct list *pop(struct list *head)
{
	struct list *l = head->next;

	if (l == head)
		return NULL;
	list_del(l);
	return l;
}

/* Sessions that gave way to newer ones end; those whose address has become free go on. Either may
 * make more of both. */
static void settle_addresses(struct engine *e, ze_ns now)
{
	struct list *l;

	do {
		while ((l = pop(&e->replaced)))
			subscriber_replaced(list_entry(l, struct subscriber, in_user), now);
		l = pop(&e->woken);
		if (l)
			subscriber_address_free(list_entry(l, struct subscriber, in_waiting), now);
	} while (l);
}

void engine_turn_end(struct engine *e, ze_ns now)
{
	struct list *l;

	settle_addresses(e, now);
	while ((l = pop(&e->dirty_subs)))
		settle_sub(list_entry(l, struct subscriber, dirty));
	while ((l = pop(&e->dirty_tunnels)))
		settle_tunnel(list_entry(l, struct core_tunnel, dirty), now);
	publish(e);
	e->about = (struct engine_about){ .data = false };
	while ((l = pop(&e->dead_subs)))
		subscriber_free(list_entry(l, struct subscriber, dead));
	while ((l = pop(&e->dead_tunnels)))
		control_free(list_entry(l, struct core_tunnel, dead));
}

/* ---- life ---- */

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
	engine_turn_end(e, 0);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
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
		engine_drop(e, NULL, REASON_TUNNEL_UNKNOWN, path, now);
	else if (!ze_addr_eq(&t->path.peer, &path->peer))
		engine_drop(e, t, REASON_TUNNEL_PEER, path, now);
	else if (!s || s->tunnel != t)
		engine_count(e, REASON_SESSION_UNKNOWN);
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
		engine_drop(e, NULL, (enum reason) - r, path, now);
	else if (l2tp_hdr_is_control(&h))
		control_input(e, path, &h, now);
	else
		data_input(e, path, &h, now);
	engine_turn_end(e, now);
}

void engine_dp_event(struct engine *e, const struct dp_event *ev, ze_ns now)
{
	struct subscriber *s = registry_sub(e, ev->sid);

	if (s)
		attach_event(s, ev, now);
	engine_turn_end(e, now);
}

void engine_auth_answer(struct engine *e, uint64_t cookie, struct aaa_answer *a, ze_ns now)
{
	struct subscriber *s = registry_sub(e, SUBSCRIBER_OF_COOKIE(cookie));

	if (cookie && s && s->auth_cookie == cookie)
		subscriber_verdict(s, a, now);
	else
		profile_unref(a->profile);
	a->profile = NULL;
	engine_turn_end(e, now);
}

void engine_own_addresses(struct engine *e, const struct hostip_set *set, ze_ns now)
{
	bool shared = own_overlaps_pool(e);

	own_set(e, set);
	if (own_overlaps_pool(e) != shared)
		tell_pool(e);
	engine_turn_end(e, now);
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

			engine_tunnel_dirty(tun);
			control_expire(tun, now);
		} else {
			struct subscriber *s = ze_container_of(t, struct subscriber, timer);

			engine_sub_dirty(s);
			subscriber_expire(s, now);
		}
	}
	engine_turn_end(e, now);
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
		engine_tunnel_dirty(t);
	}
	engine_turn_end(e, now);
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
	engine_turn_end(e, now);
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
