/* SPDX-License-Identifier: BSD-2-Clause */
/* Eight hours of HELLOs, echoes and new logins in virtual time, with few losses: at the end, the
 * memory is what it was at the beginning. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>

#include "daemon/core/snapshot_priv.h"
#include "selftests/lib/world.h"

#define LACS  4
#define CALLS 6 /* of each */

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t memory(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mallinfo2().uordblks;
}

/* What malloc keeps in its thread cache counts as used. The sanitizer counts exactly. */
static size_t memory_slack(void)
{
	return __sanitizer_get_current_allocated_bytes ? 0 : 32768;
}

static struct lac *lacs[LACS];
static struct lac_call *calls[LACS][CALLS];

static void connect_all(struct world *w)
{
	w->n_lacs = 0; /* their channels are idle and own nothing */
	for (unsigned i = 0; i < LACS; i++) {
		lacs[i] = lac_new(w, i + 1, 1701);
		lacs[i]->tid = (uint16_t)test_rng_below(&w->seed, 60000) + 1;
		lac_connect(lacs[i]);
	}
	w_advance(w, ZE_SEC(10));
	for (unsigned i = 0; i < LACS * CALLS; i++)
		calls[i % LACS][i / LACS] = lac_call(lacs[i % LACS], "alice", "wonder");
}

/* One session ends, in one of several ways, and logs in again. */
static void churn(struct world *w, unsigned n)
{
	struct lac_call **at = &calls[n % LACS][n / LACS % CALLS], *c = *at;
	struct lac *l = lacs[n % LACS];

	if (!c->over && n % 3 == 0)
		lac_cdn(c);
	else if (!c->over && n % 3 == 1)
		client_terminate(c);
	else if (!c->over)
		client_renegotiate(c);
	w_advance(w, ZE_SEC(10));
	if (c->over && l->up)
		*at = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(20));
}

static void close_all(struct world *w)
{
	w->loss_permille = w->dup_permille = w->reorder_permille = 0;
	for (unsigned i = 0; i < LACS; i++)
		lac_stop(lacs[i]);
	w_advance(w, ZE_SEC(200));
	assert_world_empty(w);
	for (unsigned i = 0; i < LACS; i++)
		l2tp_chan_done(&lacs[i]->chan);
}

static void weather(struct world *w)
{
	w->loss_permille = w->dup_permille = w->reorder_permille = 5;
}

static void eight_hours(void **st)
{
	struct config *cfg = w_config();
	struct world *w;
	size_t before;
	uint64_t hellos, echoes;
	struct engine_stats s;

	(void)st;
	cfg->max_tunnels = 0;
	w = world_new(cfg, 8);
	connect_all(w);
	close_all(w);
	before = memory();
	weather(w);
	connect_all(w);
	for (ze_ns end = w->now + ZE_SEC(8 * 3600), n = 0; w->now < end; n++)
		churn(w, (unsigned)n);
	close_all(w);
	snapshot_stats_total(w->e, &s);
	hellos = s.tx_msgs[L2TP_HELLO];
	echoes = w_count_events(w, EV_ECHO_RTT);
	print_message("# %llu hellos, %llu echoes, %u sessions, %u packets lost\n",
		      (unsigned long long)hellos, (unsigned long long)echoes,
		      w_count_events(w, EV_SESSION_UP), w->lost);
	assert_true(echoes > 24 * 2000);
	assert_true(w_count_events(w, EV_SESSION_UP) > 500);
	assert_int_equal(s.auth_rejects, 0);
	assert_int_equal(w_count_events(w, EV_ROUTE_ADD), w_count_events(w, EV_ROUTE_REMOVE));
	assert_in_range(memory(), 0, before + memory_slack());
	w->n_lacs = 0;
	world_free(w);
}

/* F-E: unused features take no memory: a fuzz target and a restart create an engine each time. */
static void an_engine_alone_is_small(void **st)
{
	size_t before = memory();
	struct world *w = world_new(NULL, 1);

	(void)st;
	assert_in_range(memory(), before, before + 96 * 1024);
	world_free(w);
	assert_in_range(memory(), 0, before + memory_slack());
}

/* HELLOs alone, without another message, for as long. */
static void eight_quiet_hours(void **st)
{
	struct config *cfg = w_config();
	struct world *w;
	struct lac *l;

	(void)st;
	cfg->hello_interval_s = 5;
	w = world_new(cfg, 9);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	w_advance(w, ZE_SEC(8 * 3600));
	assert_true(lac_tunnel(l)->l2tp.tx_msgs[L2TP_HELLO] > 5000);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
	lac_stop(l);
	w_advance(w, ZE_SEC(100));
	assert_world_empty(w);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_engine_alone_is_small),
		cmocka_unit_test(eight_hours),
		cmocka_unit_test(eight_quiet_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
