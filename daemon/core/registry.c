/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/facts.h"
#include "daemon/core/subscriber_priv.h"

int registry_init(struct engine *e)
{
	list_init(&e->tunnels);
	list_init(&e->calls);
	list_init(&e->half_open);
	list_init(&e->half_open_known);
	if (idalloc_init(&e->tids) < 0 || idalloc_init(&e->sids) < 0)
		return -ENOMEM;
	return 0;
}

void registry_done(struct engine *e)
{
	idalloc_done(&e->tids);
	idalloc_done(&e->sids);
}

/* ---- peers ---- */

static struct ze_addr without_port(const struct ze_addr *a)
{
	struct ze_addr k = *a;

	k.port = 0;
	return k;
}

struct peer *registry_peer(const struct engine *e, const struct ze_addr *addr)
{
	const struct ze_addr key = without_port(addr);

	for (struct htab_node *n = htab_find(&e->peers, hash_bytes(&key, sizeof(key))); n;
	     n = htab_same(n)) {
		struct peer *p = ze_container_of(n, struct peer, in_peers);

		if (ze_addr_eq(&p->addr, &key))
			return p;
	}
	return NULL;
}

static struct peer *peer_get(struct engine *e, const struct ze_addr *addr)
{
	struct peer *p = registry_peer(e, addr);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->addr = without_port(addr);
	list_init(&p->tunnels);
	p->lines.wrong = p->lines.usual = (struct log_limit){ .every = ZE_MS(100), .burst = 100 };
	if (htab_add(&e->peers, &p->in_peers, hash_bytes(&p->addr, sizeof(p->addr))) < 0) {
		free(p);
		return NULL;
	}
	return p;
}

static void peer_put(struct engine *e, struct peer *p)
{
	if (!list_empty(&p->tunnels))
		return;
	htab_del(&e->peers, &p->in_peers);
	free(p);
}

/* ---- tunnels ---- */

struct tunnel *registry_tunnel(const struct engine *e, uint16_t tid)
{
	struct htab_node *n = htab_find(&e->by_tid, tid);

	return n ? ze_container_of(n, struct tunnel, in_by_tid) : NULL;
}

static bool is_of(const struct tunnel *t, const struct ze_addr *peer, uint16_t peer_tid)
{
	return t->l2tp.peer_tid == peer_tid && t->l2tp.fsm.state != L2TP_T_LINGER &&
	       ze_addr_eq(&t->path.peer, peer);
}

struct tunnel *registry_tunnel_of(const struct engine *e, const struct ze_addr *peer,
				  uint16_t peer_tid, const struct tunnel *except)
{
	const struct peer *p = registry_peer(e, peer);

	if (!p)
		return NULL;
	for (const struct list *l = p->tunnels.prev; l != &p->tunnels; l = l->prev) {
		struct tunnel *t = list_entry(l, struct tunnel, in_peer);

		if (t != except && is_of(t, peer, peer_tid))
			return t;
	}
	return NULL;
}

/* Adds a tunnel whose id was allocated. After an error the id was returned. */
static int enter_tunnel(struct engine *e, struct tunnel *t, uint16_t tid)
{
	int r = htab_add(&e->by_tid, &t->in_by_tid, tid);

	if (r < 0) {
		idalloc_put(&e->tids, tid);
		return r;
	}
	t->peer = peer_get(e, &t->path.peer);
	if (!t->peer) {
		htab_del(&e->by_tid, &t->in_by_tid);
		idalloc_put(&e->tids, tid);
		return -ENOMEM;
	}
	list_add_tail(&t->peer->tunnels, &t->in_peer);
	list_add_tail(&e->tunnels, &t->in_all);
	return 0;
}

int registry_add_tunnel(struct engine *e, struct tunnel *t, uint16_t *ret_tid)
{
	int r = idalloc_take(&e->tids, &e->ports.rng, ret_tid);

	return r < 0 ? r : enter_tunnel(e, t, *ret_tid);
}

int registry_add_tunnel_as(struct engine *e, struct tunnel *t, uint16_t tid)
{
	int r = idalloc_claim(&e->tids, tid);

	return r < 0 ? r : enter_tunnel(e, t, tid);
}

void registry_remove_tunnel(struct tunnel *t)
{
	struct engine *e = t->e;

	list_del(&t->in_peer);
	list_del(&t->in_all);
	peer_put(e, t->peer);
	t->peer = NULL;
	htab_del(&e->by_tid, &t->in_by_tid);
	idalloc_put(&e->tids, t->l2tp.tid);
}

/* ---- sessions ---- */

struct call *registry_call(const struct engine *e, uint16_t sid)
{
	struct htab_node *n = htab_find(&e->by_sid, sid);

	return n ? ze_container_of(n, struct call, in_by_sid) : NULL;
}

struct subscriber *registry_sub(const struct engine *e, uint16_t sid)
{
	return subscriber_of(registry_call(e, sid));
}

struct call *registry_call_of(const struct tunnel *t, uint16_t peer_sid)
{
	uint32_t hash = hash_bytes(&peer_sid, sizeof(peer_sid));

	for (struct htab_node *n = htab_find(&t->by_peer, hash); n; n = htab_same(n)) {
		struct call *c = ze_container_of(n, struct call, in_by_peer);

		if (c->l2tp.peer_sid == peer_sid)
			return c;
	}
	return NULL;
}

int registry_add_call(struct call *c)
{
	struct tunnel *t = c->tunnel;
	uint16_t peer_sid = c->l2tp.peer_sid;
	int r = htab_add(&t->e->by_sid, &c->in_by_sid, c->l2tp.sid);

	if (r < 0)
		return r;
	r = htab_add(&t->by_peer, &c->in_by_peer, hash_bytes(&peer_sid, sizeof(peer_sid)));
	if (r < 0) {
		htab_del(&t->e->by_sid, &c->in_by_sid);
		return r;
	}
	list_add_tail(&t->e->calls, &c->in_all);
	list_add_tail(&t->calls, &c->in_tunnel);
	t->n_calls++;
	t->peer->n_calls++;
	return 0;
}

void registry_end_call(struct call *c)
{
	struct tunnel *t = c->tunnel;

	if (list_empty(&c->in_tunnel))
		return;
	htab_del(&t->by_peer, &c->in_by_peer);
	list_del(&c->in_tunnel);
	t->n_calls--;
	t->peer->n_calls--;
}

void registry_remove_call(struct call *c)
{
	registry_end_call(c);
	htab_del(&c->tunnel->e->by_sid, &c->in_by_sid);
	list_del(&c->in_all);
}

/* ---- users ---- */

struct user *registry_user(const struct engine *e, const char *name)
{
	uint32_t hash = hash_bytes(name, strlen(name));

	for (struct htab_node *n = htab_find(&e->users, hash); n; n = htab_same(n)) {
		struct user *u = ze_container_of(n, struct user, in_users);

		if (strcmp(u->name, name) == 0)
			return u;
	}
	return NULL;
}

static struct user *user_get(struct engine *e, const char *name)
{
	size_t len = strlen(name);
	struct user *u = registry_user(e, name);

	if (u)
		return u;
	u = calloc(1, sizeof(*u) + len + 1);
	if (!u)
		return NULL;
	memcpy(u->name, name, len);
	list_init(&u->sessions);
	if (htab_add(&e->users, &u->in_users, hash_bytes(name, len)) < 0) {
		free(u);
		return NULL;
	}
	return u;
}

int registry_add_user(struct subscriber *s)
{
	struct user *u = user_get(s->e, facts_user(s));

	if (!u)
		return -ENOMEM;
	list_add_tail(&u->sessions, &s->in_user);
	u->n++;
	s->of_user = u;
	return 0;
}

void registry_remove_user(struct subscriber *s)
{
	struct user *u = s->of_user;

	if (!u)
		return;
	s->of_user = NULL;
	list_del(&s->in_user);
	if (--u->n)
		return;
	htab_del(&s->e->users, &u->in_users);
	free(u);
}

/* ---- subscriber addresses ---- */

struct subscriber *registry_sub_by_address(const struct engine *e, uint32_t address)
{
	uint32_t hash = hash_bytes(&address, sizeof(address));

	for (struct htab_node *n = htab_find(&e->by_address, hash); n; n = htab_same(n)) {
		struct subscriber *s = ze_container_of(n, struct subscriber, in_by_address);

		if (s->lease.ip4 == address)
			return s;
	}
	return NULL;
}

int registry_add_address(struct subscriber *s)
{
	uint32_t ip = s->lease.ip4;

	if (registry_sub_by_address(s->e, ip))
		return -EADDRINUSE;
	return htab_add(&s->e->by_address, &s->in_by_address, hash_bytes(&ip, sizeof(ip)));
}

void registry_remove_address(struct subscriber *s)
{
	htab_del(&s->e->by_address, &s->in_by_address);
}
