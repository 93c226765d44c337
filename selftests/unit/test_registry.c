/* SPDX-License-Identifier: BSD-2-Clause */
/* Every key by which a tunnel, a peer or a session is found, and that no other key finds it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "selftests/lib/world.h"

static void names(void **st)
{
	struct world *w = world_new(NULL, 2);
	struct lac *l = lac_new(w, 1, 1701), *m = lac_new(w, 1, 1702), *n = lac_new(w, 2, 1701);
	struct ze_addr other = l->path.peer, nobody = w_path(9, 1701).peer;
	struct tunnel *t;
	struct lac_call *c;

	(void)st;
	lac_connect(l);
	lac_connect(m);
	lac_connect(n);
	t = lac_tunnel(l);
	assert_non_null(t);
	assert_null(registry_tunnel(w->e, 0));
	other.port = 5;
	assert_ptr_equal(registry_peer(w->e, &other), t->peer); /* the port is ignored */
	assert_ptr_equal(lac_tunnel(m)->peer, t->peer);
	assert_ptr_not_equal(lac_tunnel(n)->peer, t->peer);
	assert_null(registry_peer(w->e, &nobody));
	assert_ptr_equal(registry_tunnel_of(w->e, &l->path.peer, l->tid, NULL), t);
	assert_null(registry_tunnel_of(w->e, &l->path.peer, l->tid, t));
	/* Here it is part of the key. */
	assert_null(registry_tunnel_of(w->e, &other, l->tid, NULL));
	assert_null(registry_tunnel_of(w->e, &l->path.peer, m->tid, NULL));
	c = lac_call(l, "bob", "builder");
	assert_ptr_equal(registry_call_of(t, c->sid), &call_sub(c)->call);
	assert_null(registry_call_of(t, (uint16_t)(c->sid + 1)));
	assert_null(registry_call_of(lac_tunnel(m), c->sid));
	assert_ptr_equal(registry_sub_by_address(w->e, 0x0a00004d), call_sub(c));
	assert_null(registry_sub_by_address(w->e, 0x0a00004e));
	lac_stop(l); /* lingering: found by its id only */
	assert_ptr_equal(registry_tunnel(w->e, l->peer_tid), t);
	assert_null(registry_tunnel_of(w->e, &l->path.peer, l->tid, NULL));
	assert_null(registry_sub_by_address(w->e, 0x0a00004d));
	lac_stop(m);
	lac_stop(n);
	w_advance(w, ZE_SEC(100));
	assert_world_empty(w);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
