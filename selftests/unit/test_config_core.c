/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a configuration, and the documents about its rows; run at the top of the tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/config.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/fail_alloc.h"

/* The defaults that the schema promises. */
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
	assert_int_equal(c->session_timeout_s, 0);
	assert_int_equal(c->idle_timeout_s, 0);
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

/* The text of a document between two lines. */
static char *section(const char *file, const char *from, const char *to)
{
	static char text[200000];
	FILE *f = fopen(file, "r");
	char *at, *end;

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	at = strstr(text, from);
	assert_non_null(at);
	end = strstr(at, to);
	assert_non_null(end);
	*end = '\0';
	return at;
}

/* Fails with the first line that is missing. */
static void contains(const char *file, const char *text, const struct strbuf *want)
{
	if (strstr(text, want->s))
		return;
	for (char *line = strtok(want->s, "\n"); line; line = strtok(NULL, "\n"))
		if (!strstr(text, line))
			fail_msg("%s: by daemon/core/config.c it should say: %s", file, line);
	fail_msg("%s: the leaves are not in the order of daemon/core/config.c", file);
}

/* The table of the guide. */
static void the_guide_has_the_rows(void **st)
{
	const char *text = section("docs/guide.md", "\n## Reload\n", "\n## Stopping");
	struct strbuf want;

	(void)st;
	sb_init(&want);
	sb_puts(&want, "| setting | default | applies |\n|---|---|---|\n");
	for (size_t i = 0; i < config_table.n; i++) {
		const struct config_row *r = &config_table.rows[i];
		bool rate = r->unit && strncmp(r->unit, "1/", 2) == 0; /* 200/second */

		sb_printf(&want, "| `%s` | %s%s%s | `%s` |\n", r->path, r->def ? r->def : "",
			  r->unit && !rate ? " " : "", r->unit ? r->unit + rate : "",
			  config_applies_name(r->applies));
	}
	sb_puts(&want, "\n");
	contains("docs/guide.md", text, &want);
	sb_done(&want);
}

/* The list of ze.conf(5), by when a change applies. */
static void the_manual_page_has_the_rows(void **st)
{
	const char *text =
		section("docs/man/ze.conf.5", ".Ss Changes at run time\n", ".Sh FILES\n");
	struct strbuf want;

	(void)st;
	sb_init(&want);
	for (enum config_applies a = CONFIG_NOW; a <= CONFIG_RESTART; a++) {
		const struct config_row *last = NULL;

		sb_reset(&want);
		for (size_t i = 0; i < config_table.n; i++)
			if (config_table.rows[i].applies == a)
				last = &config_table.rows[i];
		for (size_t i = 0; i < config_table.n; i++)
			if (config_table.rows[i].applies == a)
				sb_printf(&want, ".Cm %s %s\n", config_table.rows[i].path,
					  &config_table.rows[i] == last ? "." : ",");
		contains("docs/man/ze.conf.5", text, &want);
		sb_reset(&want);
		sb_printf(&want, ".It Li %s\n", config_applies_name(a));
		contains("docs/man/ze.conf.5", text, &want);
	}
	sb_done(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(users_and_references),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(the_guide_has_the_rows),
		cmocka_unit_test(the_manual_page_has_the_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
