/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "daemon/core/config.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/fail_alloc.h"

/* The seed's defaults. */
static void defaults(void **st)
{
	struct config *c = config_new();

	(void)st;
	assert_false(c->l2tp);
	assert_int_equal(c->auth_method, PPP_AUTH_CHAP_MD5);
	assert_false(c->allow_no_auth);
	assert_int_equal(c->hello_interval_s, 60);
	assert_int_equal(c->hello_retries, 2);
	assert_int_equal(c->max_tunnels, 1024);
	assert_int_equal(c->max_sessions, 1024);
	assert_int_equal(c->auth_timeout_s, 30);
	assert_int_equal(c->reauth_interval_s, 0);
	assert_int_equal(c->reject_interval_s, 2);
	assert_int_equal(c->reject_rate_peer, 50);
	assert_true(c->enable_ipcp && c->enable_ipv6cp);
	assert_int_equal(c->ncp_timeout_s, 30);
	assert_null(c->secret);
	assert_false(c->has_pool);
	config_unref(c);
}

static void users_and_references(void **st)
{
	struct config *c = config_new();
	char name[16];

	(void)st;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		config_kit_user(c, name, "secret", i);
	}
	assert_int_equal(c->n_users, 100);
	assert_string_equal(c->users[99].name, "user99");
	assert_string_equal(c->users[0].password, "secret");
	assert_int_equal(c->users[42].address, 42);
	assert_ptr_equal(config_ref(c), c);
	config_unref(c);
	assert_int_equal(c->refs, 1);
	config_unref(c);
	config_unref(NULL);
}

static void out_of_memory(void **st)
{
	(void)st;
	if (!fail_alloc_works())
		skip();
	fail_alloc_at(0);
	assert_null(config_new());
	fail_alloc_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(users_and_references),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
