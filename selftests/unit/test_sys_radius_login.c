/* SPDX-License-Identifier: BSD-2-Clause */
/* What views get from the handler of logins by RADIUS: the servers of the running configuration,
 * also after a reload, without their secrets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/config.h"
#include "daemon/core/snapshot.h"
#include "daemon/sys/net/radius_login.h"
#include "daemon/sys/run/loop.h"
#include "selftests/lib/test_rng.h"

#define SECRET	 "xyzzy-is-secret"
#define PASSWORD "wonderland"

static struct {
	struct loop *loop;
	struct test_rng rng;
	struct radius_login *login;
} u;

static struct config *config_of(size_t n_servers)
{
	struct config *c = config_new();

	assert_non_null(c);
	for (size_t i = 0; i < n_servers; i++) {
		struct config_radius_server *s = &c->radius.servers[i];

		snprintf(s->name, sizeof(s->name), "server-%zu", i);
		assert_int_equal(ze_addr_parse("127.0.0.1", (uint16_t)(9 + i), &s->addr), 0);
		s->secret = strdup(SECRET);
		assert_non_null(s->secret);
	}
	c->radius.n_servers = n_servers;
	return c;
}

static void begin(size_t n_servers)
{
	struct config *c = config_of(n_servers);

	assert_int_equal(radius_login_new(u.loop, &u.rng.rng, c, &u.login), 0);
	config_unref(c);
}

static void reload(size_t n_servers)
{
	struct config *c = config_of(n_servers);

	assert_int_equal(radius_login_prepare(u.login, c), 0);
	radius_login_apply(u.login);
	config_unref(c);
}

static struct snapshot_radius *taken(size_t n_servers)
{
	struct snapshot_radius *s = radius_login_snapshot(u.login);

	assert_non_null(s);
	assert_int_equal(s->n, n_servers);
	for (size_t i = 0; i < n_servers; i++) {
		char name[64];

		snprintf(name, sizeof(name), "server-%zu", i);
		assert_string_equal(s->v[i].name, name);
		assert_ptr_equal(s->v[i].st.name, s->v[i].name);
		assert_int_equal(s->v[i].st.addr.port, 9 + i);
	}
	assert_null(memmem(s, sizeof(*s) + n_servers * sizeof(s->v[0]), SECRET, strlen(SECRET)));
	return s;
}

static void log_in(uint64_t cookie)
{
	struct aaa_handler h = radius_login_handler(u.login);
	const struct ze_addr end = { .family = 4, .port = 1701, .ip = { 192, 0, 2, 1 } };
	const struct aaa_request rq = { .method = AAA_PAP,
					.user = span_str("alice"),
					.password = span_str(PASSWORD),
					.peer_name = span_str("lac"),
					.local = &end,
					.peer = &end,
					.cookie = cookie,
					.tid = 1,
					.sid = 2,
					.now = loop_now(u.loop),
					.deadline = loop_now(u.loop) + ZE_SEC(20) };
	struct aaa_answer a;

	assert_false(h.auth(h.self, &rq, &a));
}

static int setup(void **st)
{
	(void)st;
	memset(&u, 0, sizeof(u));
	test_rng_init(&u.rng, 1);
	return loop_new(&u.loop);
}

static int teardown(void **st)
{
	(void)st;
	radius_login_free(u.login);
	loop_free(u.loop);
	return 0;
}

static void no_servers(void **st)
{
	(void)st;
	begin(0);
	free(taken(0));
}

static void a_login_is_counted(void **st)
{
	struct snapshot_radius *s;

	(void)st;
	begin(2);
	s = taken(2);
	assert_int_equal(s->client.pending, 0);
	assert_int_equal(s->v[0].st.requests, 0);
	free(s);
	log_in(1);
	s = taken(2);
	assert_int_equal(s->client.pending, 1);
	assert_int_equal(s->v[0].st.requests, 1);
	assert_int_equal(s->v[0].st.outstanding, 1);
	assert_int_equal(s->v[1].st.requests, 0);
	free(s);
}

/* A server that stays keeps its counters; requests of the client before are not in the new one. */
static void after_a_reload(void **st)
{
	struct snapshot_radius *s;

	(void)st;
	begin(1);
	log_in(1);
	reload(2);
	s = taken(2);
	assert_int_equal(s->v[0].st.requests, 1);
	assert_int_equal(s->v[0].st.outstanding, 0);
	assert_int_equal(s->client.pending, 0);
	free(s);
	reload(0);
	free(taken(0));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_servers),
		T(a_login_is_counted),
		T(after_a_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
