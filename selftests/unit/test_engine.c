/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's ordinary life: tunnels, calls, logins, and their ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "selftests/lib/world.h"

static struct lac *lac_up(struct world *w, unsigned host)
{
	struct lac *l = lac_new(w, host, 1701);

	lac_connect(l);
	assert_true(l->up);
	assert_int_equal(lac_tunnel(l)->t.fsm.state, L2TP_T_ESTABLISHED);
	return l;
}

static void empty(struct world *w)
{
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
}

/* L-020 L-021 L-130 L-131 P-126: SCCRQ SCCRP SCCCN, ICRQ ICRP ICCN, LCP CHAP IPCP IPv6CP. */
static void login(void **st)
{
	struct world *w = world_new(NULL, 1);
	struct lac *l = lac_up(w, 1);
	struct call *c = lac_call(l, "alice", "wonder");
	struct subscriber *s = call_sub(c);

	(void)st;
	assert_true(c->connected && c->c.lcp_up && c->c.auth_ok);
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(s->state, SUB_ESTABLISHED);
	assert_int_equal(c->c.ip, s->address);
	assert_int_equal(c->c.gateway, 0x0a000001);
	assert_int_equal(c->c.dns[0], 0x08080808);
	assert_string_equal(s->user, "alice");
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV4] && w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	assert_int_equal(w->dp[c->peer_sid].f[PPP_FAM_IPV4].mtu, 1460);
	assert_int_equal(w_count_events(w, EV_TUNNEL_UP), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 1);
	assert_int_equal(w_count_events(w, EV_ROUTE_ADD), 1);
	lac_cdn(c);
	assert_null(call_sub(c));
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 1);
	lac_stop(l);
	assert_int_equal(w_count_events(w, EV_TUNNEL_DOWN), 1);
	empty(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
