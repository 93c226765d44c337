/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/linkcfg.h"
#include "daemon/core/own.h"
#include "daemon/core/turn.h"

/* Reserves the fixed addresses of users in the pool. Without memory they are reserved at the first
 * login. */
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

void reload_pool(const struct engine *e)
{
	const struct dataplane_ops *dp = e->ports.dp;
	const struct addrpool_cfg *cfg = e->pool ? addrpool_cfg(e->pool) : NULL;

	/* The blackhole routes can be more specific than the route of a subnet of the host, and
	 * would cut off the hosts in it, LACs included. */
	if (cfg && e->cfg->pool_blackhole && !own_overlaps_pool(e))
		dp->pool(e->ports.dp_self, &(struct dp_pool){ cfg->start, cfg->end });
	else
		dp->pool(e->ports.dp_self, NULL);
}

void reload_limits(const struct engine *e)
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

int reload_start(struct engine *e)
{
	e->linkcfg = linkcfg_new(e->cfg);
	if (!e->linkcfg)
		return -ENOMEM;
	if (e->cfg->has_pool) {
		e->pool = addrpool_new(&e->cfg->pool);
		if (!e->pool)
			return -ENOMEM;
		reserve_addresses(e, e->cfg);
	}
	return 0;
}

void reload_done(struct engine *e)
{
	reload_cancel(e);
	addrpool_free(e->pool);
	linkcfg_unref(e->linkcfg);
	config_unref(e->boot);
	config_unref(e->cfg);
}

/* Existing tunnels use the new number of HELLO retries. Tunnels and sessions keep all other
 * settings with which they were created. */
static void new_hello_retries(struct engine *e)
{
	struct list *l;

	list_for_each(l, &e->tunnels) {
		struct tunnel *t = list_entry(l, struct tunnel, in_all);

		t->l2tp.cfg.hello_retries = (uint16_t)e->cfg->hello_retries;
		turn_tunnel_dirty(t);
	}
}

int reload_prepare(struct engine *e, struct config *cfg, struct strbuf *errors)
{
	if (cfg->l2tp != e->boot->l2tp) {
		sb_puts(errors, "l2tp enabled: restart to enable or disable\n");
		return -EBUSY;
	}
	e->next.linkcfg = linkcfg_new(cfg);
	if (!e->next.linkcfg)
		return -ENOMEM;
	e->next.cfg = config_ref(cfg);
	return 0;
}

void reload_cancel(struct engine *e)
{
	linkcfg_unref(e->next.linkcfg);
	config_unref(e->next.cfg);
	e->next = (struct reload_next){ 0 };
}

void reload_apply(struct engine *e)
{
	bool blackhole = e->cfg->pool_blackhole;

	linkcfg_unref(e->linkcfg);
	e->linkcfg = e->next.linkcfg;
	config_unref(e->cfg);
	e->cfg = e->next.cfg;
	e->next = (struct reload_next){ 0 };
	reserve_addresses(e, e->cfg);
	own_check(e);
	if (blackhole != e->cfg->pool_blackhole)
		reload_pool(e);
	reload_limits(e);
	new_hello_retries(e);
}
