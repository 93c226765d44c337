/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/address.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/linkcfg.h"
#include "daemon/core/own.h"
#include "daemon/core/turn.h"

/* Reserves the fixed addresses of users in the pools. Without memory they are reserved at the first
 * login. */
static void reserve_addresses(struct engine *e, const struct config *c)
{
	uint32_t *v = calloc(c->n_users + 1, sizeof(*v));

	if (!v)
		return;
	for (size_t i = 0; i < c->n_users; i++)
		v[i] = c->users[i].address;
	pools_reserve(e->pools, v, c->n_users);
	free(v);
}

/* Returns whether the data plane is to drop packets to unused addresses of the pool. The blackhole
 * routes can be more specific than the route of a subnet of the host, and would cut off the hosts in
 * it, LACs included. */
static bool is_dropping(const struct engine *e, const struct pool *p)
{
	return p->cfg.blackhole && !own_overlaps_pool(e, p);
}

void reload_pools(const struct engine *e, bool always)
{
	size_t n = 0, count = pools_count(e->pools);
	struct dp_pool *v = calloc(count + 1, sizeof(*v));
	bool changed = always;

	for (size_t i = 0; v && i < count; i++) {
		struct pool *p = pools_at(e->pools, i);
		bool dropping = is_dropping(e, p);

		changed = changed || dropping != p->dropping;
		p->dropping = dropping;
		if (dropping)
			v[n++] = (struct dp_pool){ p->cfg.range.start, p->cfg.range.end };
	}
	if (v && changed)
		e->ports.dp->pools(e->ports.dp_self, v, n);
	if (!v)
		log_kv(LOG_DP, LOG_ERROR, "pool-routes-failed", KV_ERRNO(ENOMEM),
		       KV_STR("effect", "the blackhole routes stay as they are"));
	free(v);
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

/* Makes the pools of the configuration. *ret is NULL when they are the same as `old`, which may be
 * NULL. Returns 0 or -ENOMEM. */
static int new_pools(const struct config *c, const struct pools *old, struct pools **ret)
{
	size_t n;
	struct pool_cfg *v = config_pools(c, &n);

	*ret = NULL;
	if (v && (!old || !pools_same(old, v, n)))
		*ret = pools_new(v, n);
	free(v);
	return v && (*ret || old) ? 0 : -ENOMEM;
}

int reload_start(struct engine *e)
{
	e->linkcfg = linkcfg_new(e->cfg);
	if (!e->linkcfg || new_pools(e->cfg, NULL, &e->pools) < 0)
		return -ENOMEM;
	reserve_addresses(e, e->cfg);
	return 0;
}

void reload_done(struct engine *e)
{
	reload_cancel(e);
	pools_free(e->pools);
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
	if (!e->next.linkcfg || new_pools(cfg, e->pools, &e->next.pools) < 0) {
		reload_cancel(e);
		return -ENOMEM;
	}
	e->next.cfg = config_ref(cfg);
	return 0;
}

void reload_cancel(struct engine *e)
{
	linkcfg_unref(e->next.linkcfg);
	config_unref(e->next.cfg);
	pools_free(e->next.pools);
	e->next = (struct reload_next){ 0 };
}

void reload_apply(struct engine *e)
{
	struct pools *pools = e->next.pools;

	linkcfg_unref(e->linkcfg);
	e->linkcfg = e->next.linkcfg;
	config_unref(e->cfg);
	e->cfg = e->next.cfg;
	e->next = (struct reload_next){ 0 };
	if (pools)
		address_use_pools(e, pools);
	reserve_addresses(e, e->cfg);
	own_check(e);
	if (pools)
		reload_pools(e, true);
	reload_limits(e);
	new_hello_retries(e);
}
