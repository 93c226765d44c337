/* SPDX-License-Identifier: BSD-2-Clause */
/* Failure sweep: a scenario with two LACs and five subscribers is repeated with the k-th
 * allocation, packet, data plane call or random number failing. Whatever fails, the daemon
 * serves the next peer, and at the end nothing is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/world.h"

enum what {
	FAIL_ALLOC,
	FAIL_NET,
	FAIL_DP,
	FAIL_RNG
};

static const struct operate_why why = { .actor = "sweep" };

static void life(struct world *w)
{
	struct lac *l = lac_new(w, 1, 1701), *m = lac_new(w, 2, 1701);
	struct lac_call *a, *b;

	lac_connect(l);
	lac_connect(m);
	w_advance(w, ZE_SEC(4));
	a = lac_call(l, "alice", "wonder");
	b = lac_call(l, "bob", "builder");
	lac_call(m, "alice", "wrong");
	m->proxy = 2; /* CHAP and PAP, which the LAC has received */
	lac_call(m, "alice", "wonder");
	m->proxy = 3;
	lac_call(m, "alice", "wonder");
	w_advance(w, ZE_SEC(20));
	if (a->connected)
		client_renegotiate(a);
	w_advance(w, ZE_SEC(20));
	if (call_sub(b))
		operate_close_session(w->e, b->peer_sid, &why, w->now);
	w_advance(w, ZE_SEC(5));
	if (a->connected && !a->over)
		lac_cdn(a);
	lac_stop(m);
	w_advance(w, ZE_SEC(5));
}

/* After the failure another LAC is served. */
static void afterlife(struct world *w)
{
	struct lac *l = lac_new(w, 3, 1701);
	struct lac_call *c;

	lac_connect(l);
	assert_true(l->up);
	c = lac_call(l, "alice", "wonder");
	assert_true(c->c.v4_up && c->c.v6_up);
}

static bool run(enum what what, int k)
{
	struct config *cfg;
	struct world *w;
	bool hit;

	if (what == FAIL_ALLOC)
		fail_alloc_at(k);
	cfg = w_config();
	if (cfg)
		cfg->proxy_lcp = PPP_PROXY_ON_MISMATCH;
	w = cfg ? world_new(cfg, 1) : NULL;
	if (!w) {
		hit = fail_alloc_hit();
		fail_alloc_off();
		assert_true(hit);
		return true;
	}
	if (what != FAIL_ALLOC)
		*(what == FAIL_NET ? &w->fail_net :
		  what == FAIL_DP  ? &w->fail_dp :
				     &w->fail_rng) = (struct w_fail){ .left = k };
	life(w);
	hit = what == FAIL_ALLOC ? fail_alloc_hit() :
	      what == FAIL_NET	 ? w->fail_net.hit :
	      what == FAIL_DP	 ? w->fail_dp.hit :
				   w->fail_rng.hit;
	fail_alloc_off();
	w->fail_net.left = w->fail_dp.left = w->fail_rng.left = -1;
	afterlife(w);
	engine_drain(w->e, w->now);
	w_advance(w, ZE_SEC(200));
	assert_true(engine_drained(w->e));
	assert_world_empty(w);
	world_free(w);
	return hit;
}

static void sweep(enum what what, int at_least)
{
	int k = 0;

	while (run(what, k))
		k++;
	print_message("# %d places\n", k);
	assert_true(k >= at_least); /* failures did happen */
}

static void allocations(void **st)
{
	(void)st;
	if (!fail_alloc_works())
		skip();
	sweep(FAIL_ALLOC, 50);
}

static void packets(void **st)
{
	(void)st;
	sweep(FAIL_NET, 30);
}

static void data_plane_calls(void **st)
{
	(void)st;
	sweep(FAIL_DP, 10);
}

static void random_numbers(void **st)
{
	(void)st;
	sweep(FAIL_RNG, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations),
		cmocka_unit_test(packets),
		cmocka_unit_test(data_plane_calls),
		cmocka_unit_test(random_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
