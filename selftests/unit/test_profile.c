/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "aaa/profile.h"

static void defaults(void **st)
{
	struct profile *p = profile_new(span_str("alice"));

	(void)st;
	assert_non_null(p);
	assert_string_equal(p->user, "alice");
	assert_true(p->ipv4 && p->ipv6);
	assert_false(p->has_address);
	assert_int_equal(p->dns[0] | p->dns[1] | p->address, 0);
	profile_free(p);
}

/* A login without a name has a profile too; nothing is freed for no profile. */
static void no_name(void **st)
{
	struct profile *p = profile_new((struct span){ 0 });

	(void)st;
	assert_non_null(p);
	assert_string_equal(p->user, "");
	profile_free(p);
	profile_free(NULL);
}

static void long_name_is_cut(void **st)
{
	char name[AAA_USER_MAX + 10];
	struct profile *p;

	(void)st;
	memset(name, 'n', sizeof(name));
	p = profile_new(span_of(name, sizeof(name)));
	assert_non_null(p);
	assert_int_equal(strlen(p->user), AAA_USER_MAX);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(no_name),
		cmocka_unit_test(long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
