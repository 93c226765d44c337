/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of what a reload changes, row by row: for new sessions, for established ones, and
 * what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/world.h"

static struct world *w;
static struct lac *l;
static struct lac_call *old;
static struct config *next;
static struct strbuf warnings;

static int up(void **st)
{
	(void)st;
	sb_init(&warnings);
	w = world_new(NULL, 51);
	next = w_config();
	if (!w || !next)
		return -1;
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	old = lac_call(l, "alice", "wonder");
	return old->c.v4_up ? 0 : -1;
}

static int down(void **st)
{
	(void)st;
	config_unref(next);
	sb_done(&warnings);
	world_end(w);
	return 0;
}

static void reload_is(int result, const char *warning)
{
	const char *said;

	sb_reset(&warnings);
	assert_int_equal(w_reload(w, next, &warnings), result);
	said = warnings.s ? warnings.s : "";
	if (!*warning)
		assert_string_equal(said, "");
	else if (!strstr(said, warning))
		fail_msg("\"%s\" does not say %s", said, warning);
	assert_true(call_sub(old) && !call_sub(old)->call.ended);
}

static void reload(const char *warning)
{
	reload_is(0, warning);
}

static void next_ppp_sessions(void **st)
{
	const struct ppp_link_cfg *was = call_sub(old)->link.cfg, *is;
	struct ppp_link_cfg before = *was;
	struct lac_call *c;

	(void)st;
	next->auth_method = PPP_AUTH_PAP;
	next->allow_no_auth = true;
	next->auth_timeout_s = 11;
	next->reauth_interval_s = 12;
	next->ncp_timeout_s = 13;
	next->enable_ipv6cp = false;
	next->echo_interval_s = 14;
	next->echo_failures = 5;
	reload("");
	c = lac_call(l, "bob", "builder");
	assert_true(c->c.v4_up);
	assert_int_equal(c->c.method, PPP_PAP);
	is = call_sub(c)->link.cfg;
	assert_int_equal(is->lcp.auth[0], PPP_AUTH_PAP);
	assert_true(is->lcp.allow_no_auth);
	assert_true(is->auth.timeout == ZE_SEC(11));
	assert_true(is->auth.reauth_interval == ZE_SEC(12));
	assert_true(is->ncp_timeout == ZE_SEC(13));
	assert_true(is->enable_ipcp);
	assert_false(is->enable_ipv6cp);
	assert_true(is->lcp.echo.interval == ZE_SEC(14));
	assert_int_equal(is->lcp.echo.failures, 5);
	assert_memory_equal(&before, was, sizeof(before));
	assert_true(old->c.v6_up);
}

/* Rates: established sessions keep theirs, or none; later ones get the new rates. */
static void next_sessions_rates(void **st)
{
	const struct subscriber *was = call_sub(old);
	const struct shape_plan *plan;
	struct lac_call *c;

	(void)st;
	assert_int_equal(was->shape, SUB_SHAPE_OFF);
	next->shape = (struct shape_plan){ 10000000, 2000000, SHAPE_HTB };
	reload("");
	c = lac_call(l, "bob", "builder");
	assert_true(c->c.v4_up);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_ON);
	plan = &w->dp[call_sub(c)->call.l2tp.sid].plan;
	assert_int_equal(plan->down_bps, 10000000);
	assert_int_equal(plan->up_bps, 2000000);
	assert_int_equal(plan->qdisc, SHAPE_HTB);
	assert_int_equal(was->shape, SUB_SHAPE_OFF);
	assert_null(strchr(w->dp[was->call.l2tp.sid].calls, 'S'));
}

/* F-B9: the data plane gets the pool at the start, and the switch when it changes. */
static void blackhole_for_the_pool(void **st)
{
	(void)st;
	assert_int_equal(w->n_pools, 1);
	assert_int_equal(w->pool.start, 0x0a000002);
	assert_int_equal(w->pool.end, 0x0a0000fe);
	reload("");
	assert_int_equal(w->n_pools, 1);
	config_unref(next);
	next = w_config();
	next->pool_blackhole = false;
	reload("");
	assert_int_equal(w->n_pools, 2);
	assert_int_equal(w->pool.start, 0);
	config_unref(next);
	next = w_config();
	reload("");
	assert_int_equal(w->n_pools, 3);
	assert_int_equal(w->pool.end, 0x0a0000fe);
}

static void no_ipcp(void **st)
{
	struct lac_call *c;

	(void)st;
	next->enable_ipcp = false;
	reload("");
	c = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(2));
	assert_true(c->c.v6_up);
	assert_false(c->c.v4_up);
}

static void next_admissions(void **st)
{
	struct lac *other = lac_new(w, 2, 1701);
	unsigned n = w->e->n_subscribers[SUB_ESTABLISHED];

	(void)st;
	next->max_tunnels = 1;
	next->max_sessions = 1;
	reload("");
	lac_connect(other);
	assert_false(other->up);
	assert_int_equal(other->stop_result, STOP_ERROR);
	assert_int_equal(w->e->stats.reasons[REASON_LIMIT_TUNNELS], 1);
	lac_call(l, "bob", "builder");
	assert_int_equal(l->rx[L2TP_CDN], 1);
	assert_int_equal(w->e->n_subscribers[SUB_ESTABLISHED], n);
}

static void next_tunnels(void **st)
{
	struct lac *other = lac_new(w, 2, 1701);

	(void)st;
	config_kit_set(next, "l2tp/shared-secret", "newone");
	next->hello_interval_s = 9;
	next->hello_retries = 7;
	reload("");
	assert_true(lac_tunnel(l)->l2tp.cfg.hello_interval == ZE_SEC(60));
	assert_memory_equal(lac_tunnel(l)->l2tp.cfg.secret, "zetest", 6);
	/* Of established tunnels, too. */
	assert_int_equal(lac_tunnel(l)->l2tp.cfg.hello_retries, 7);
	strcpy(other->secret, "newone");
	lac_connect(other);
	assert_true(other->up);
	assert_true(lac_tunnel(other)->l2tp.cfg.hello_interval == ZE_SEC(9));
}

/* When a file also turns l2tp off, nothing of it is applied. */
static void enabled_flip(void **st)
{
	(void)st;
	next->l2tp = false;
	next->max_sessions = 1;
	reload_is(-EBUSY, "l2tp enabled");
	assert_int_equal(w->e->cfg->max_sessions, 1024);
	assert_true(lac_call(l, "bob", "builder")->c.v4_up);
}

/* What the engine has prepared for a configuration that another module refuses is dropped. */
static void another_module_refuses(void **st)
{
	(void)st;
	next->hello_retries = 7;
	next->auth_method = PPP_AUTH_PAP;
	sb_reset(&warnings);
	assert_int_equal(engine_reload_prepare(w->e, next, &warnings), 0);
	assert_int_equal(w->e->cfg->hello_retries, 2);
	engine_reload_cancel(w->e);
	assert_int_equal(next->refs, 1);
	assert_int_equal(lac_tunnel(l)->l2tp.cfg.hello_retries, 2);
	assert_int_equal(lac_call(l, "bob", "builder")->c.method, PPP_CHAP);
	reload("");
	assert_int_equal(lac_tunnel(l)->l2tp.cfg.hello_retries, 7);
}

/* Each allocation of a reload may fail: then nothing has changed. */
static void without_memory(void **st)
{
	int r = -ENOMEM;

	(void)st;
	if (!fail_alloc_works())
		skip();
	next->hello_retries = 7;
	for (int i = 0; r < 0; i++) {
		sb_reset(&warnings);
		fail_alloc_at(i);
		r = engine_reload_prepare(w->e, next, &warnings);
		fail_alloc_off();
		assert_int_equal(lac_tunnel(l)->l2tp.cfg.hello_retries, 2);
		assert_int_equal(next->refs, r < 0 ? 1 : 2);
		assert_true(i < 20);
	}
	engine_reload(w->e, w->now);
	assert_int_equal(lac_tunnel(l)->l2tp.cfg.hello_retries, 7);
	assert_true(lac_call(l, "bob", "builder")->c.v4_up);
}

/* The other changes of a file with a new listener are applied. */
static void listener_change(void **st)
{
	(void)st;
	next->n_listeners = 1;
	next->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1702 };
	next->max_sessions = 1;
	reload("environment/l2tp/server: 1 added, 0 removed");
	assert_int_equal(w->e->boot->n_listeners, 0);
	assert_int_equal(w->e->cfg->max_sessions, 1);
}

static void pool_and_dataplane(void **st)
{
	(void)st;
	next->bpf.outer_df = true; /* F-B2: applied at once */
	reload_is(0, "");
	next->pool.end--; /* S-REL-15: and this */
	next->dataplane = CONFIG_DP_BPF;
	reload("dataplane");
	assert_null(strstr(warnings.s, "pool"));
	assert_int_equal(w->pool.end, next->pool.end);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(next_ppp_sessions),	   T(next_sessions_rates),
		T(blackhole_for_the_pool), T(no_ipcp),
		T(next_admissions),	   T(next_tunnels),
		T(enabled_flip),	   T(listener_change),
		T(pool_and_dataplane),	   T(another_module_refuses),
		T(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
