/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/radius_sets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/list.h"
#include "daemon/core/config.h"
#include "daemon/core/snapshot.h"
#include "daemon/sys/net/radius_io.h"
#include "daemon/sys/run/loop.h"

#define HOLD_MIN ZE_SEC(2) /* until the first probe of a server that was set aside */
#define HOLD_MAX ZE_SEC(30)

struct radius_set {	/* the client of one configuration */
	struct list at; /* in `retired` */
	struct radius_sets *owner;
	struct config *cfg;
	struct radius_io *io; /* NULL: no servers */
};

struct radius_sets {
	struct radius_sets_args a;
	struct radius_set *set, *next; /* in use; prepared */
	struct list retired;
};

/* ---- the client of a configuration ---- */

static void set_done(void *self, const struct radius_result *r)
{
	const struct radius_sets *s = ((struct radius_set *)self)->owner;

	s->a.done(s->a.self, r);
}

static void set_note(void *self, const struct radius_note *n)
{
	const struct radius_set *set = self;

	if (set == set->owner->set)
		set->owner->a.note(set->owner->a.self, n);
}

static void set_free(struct radius_set *set)
{
	if (!set)
		return;
	radius_io_free(set->io);
	config_unref(set->cfg);
	free(set);
}

static struct radius_server_cfg server_of(const struct radius_sets_args *a,
					  const struct config_radius_server *s)
{
	struct radius_server_cfg v = { .name = s->name,
				       .addr = s->addr,
				       .secret = span_str(s->secret),
				       .signing = s->signing };

	if (a->accounting)
		v.addr.port = config_acct_port(s);
	return v;
}

static int open_client(struct radius_set *set)
{
	const struct radius_sets_args *a = &set->owner->a;
	const struct config_radius *r = &set->cfg->radius;
	const struct radius_nas nas = config_radius_nas(set->cfg);
	struct radius_server_cfg servers[RADIUS_SERVERS_MAX];
	uint8_t identity[RADIUS_VALUE_MAX + 40];
	struct radius_req q;

	radius_req_init(&q, RADIUS_STATUS_SERVER, identity, sizeof(identity));
	radius_attrs_put_nas(&q, &nas);
	for (size_t i = 0; i < r->n_servers; i++)
		servers[i] = server_of(a, &r->servers[i]);
	return radius_io_new(
		&(struct radius_io_args){
			.loop = a->loop,
			.cfg = &(struct radius_client_cfg){ .accounting = a->accounting,
							    .servers = servers,
							    .n_servers = r->n_servers,
							    .timeout = ZE_SEC(r->timeout_s),
							    .retries = r->retries,
							    .ports = RADIUS_PORTS_MAX,
							    .max_pending = a->max_pending,
							    .hold_min = HOLD_MIN,
							    .hold_max = HOLD_MAX,
							    .identity = wr_done(&q.w) },
			.source = r->source,
			.rng = a->rng,
			.done = set_done,
			.note = set_note,
			.self = set },
		&set->io);
}

static int set_new(struct radius_sets *s, struct config *cfg, struct radius_set **ret)
{
	struct radius_set *set = calloc(1, sizeof(*set));
	bool wanted = s->a.accounting ? config_accounts(cfg) : cfg->radius.n_servers > 0;
	int r;

	if (!set)
		return -ENOMEM;
	set->owner = s;
	set->cfg = config_ref(cfg);
	list_init(&set->at);
	r = wanted ? open_client(set) : 0;
	if (r < 0)
		set_free(set);
	else
		*ret = set;
	return r;
}

static void set_idle(void *self, struct radius_io *io)
{
	struct radius_set *set = self;

	(void)io; /* its own */
	list_del(&set->at);
	set_free(set);
}

/* ---- start, stop, reload ---- */

int radius_sets_new(const struct radius_sets_args *a, struct config *cfg, struct radius_sets **ret)
{
	struct radius_sets *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->a = *a;
	list_init(&s->retired);
	r = set_new(s, cfg, &s->set);
	if (r < 0)
		free(s);
	else
		*ret = s;
	return r;
}

void radius_sets_free(struct radius_sets *s)
{
	struct list *it, *tmp;

	if (!s)
		return;
	list_for_each_safe(it, tmp, &s->retired)
		set_free(list_entry(it, struct radius_set, at));
	set_free(s->next);
	set_free(s->set);
	free(s);
}

int radius_sets_prepare(struct radius_sets *s, struct config *next)
{
	return set_new(s, next, &s->next);
}

void radius_sets_cancel(struct radius_sets *s)
{
	set_free(s->next);
	s->next = NULL;
}

void radius_sets_apply(struct radius_sets *s)
{
	struct radius_set *old = s->set;

	s->set = s->next;
	s->next = NULL;
	if (!old->io) {
		set_free(old);
		return;
	}
	if (s->set->io)
		radius_client_inherit(radius_io_client(s->set->io), radius_io_client(old->io),
				      loop_now(s->a.loop));
	list_add_tail(&s->retired, &old->at);
	radius_io_retire(old->io, set_idle);
}

/* ---- what is in use ---- */

struct radius_io *radius_sets_io(const struct radius_sets *s)
{
	return s->set->io;
}

const struct config *radius_sets_config(const struct radius_sets *s)
{
	return s->set->cfg;
}

bool radius_sets_drop(struct radius_sets *s, uint64_t cookie)
{
	struct list *it;

	if (s->set->io && radius_io_cancel(s->set->io, cookie))
		return true;
	list_for_each(it, &s->retired)
		if (radius_io_cancel(list_entry(it, struct radius_set, at)->io, cookie))
			return true;
	return false;
}

size_t radius_sets_servers(const struct radius_sets *s)
{
	return s->set->io ? radius_client_servers(radius_io_client(s->set->io)) : 0;
}

void radius_sets_stats(const struct radius_sets *s, struct radius_client_stats *ret,
		       struct snapshot_radius_server *v)
{
	const struct radius_client *c = radius_io_client(s->set->io);

	radius_client_stats(c, ret);
	for (size_t i = 0; i < radius_client_servers(c); i++) {
		radius_client_server_stats(c, i, &v[i].st);
		snprintf(v[i].name, sizeof(v[i].name), "%s", v[i].st.name);
		v[i].st.name = v[i].name;
		v[i].icmp_errors = radius_io_icmp_errors(s->set->io, i);
	}
}
