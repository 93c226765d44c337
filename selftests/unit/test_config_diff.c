/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload tells of the leaves that it has changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/core/config_diff.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/fail_alloc.h"

static struct config *start, *was, *next;
static struct strbuf lines, warnings; /* the lines of the log, without what is before the event */
static unsigned n_lines;

static void keep(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	const char *event = strstr(line, "setting");

	(void)self;
	assert_int_equal(sub, LOG_CONFIG);
	if (level == LOG_WARN)
		event = strstr(line, "reload-warning");
	assert_non_null(event);
	sb_printf(&lines, "%s\n", event);
	n_lines++;
}

static int up(void **st)
{
	(void)st;
	sb_init(&lines);
	sb_init(&warnings);
	n_lines = 0;
	log_set_sink(keep, NULL);
	start = config_new();
	was = config_new();
	next = config_new();
	return start && was && next ? 0 : -1;
}

static int down(void **st)
{
	(void)st;
	log_set_sink(log_sink_stderr, NULL);
	config_unref(start);
	config_unref(was);
	config_unref(next);
	sb_done(&lines);
	sb_done(&warnings);
	return 0;
}

static void diff_is(const char *log, const char *operator)
{
	sb_reset(&lines);
	sb_reset(&warnings);
	n_lines = 0;
	config_diff_log(start, was, next, &warnings);
	assert_string_equal(lines.s ? lines.s : "", log);
	assert_string_equal(warnings.s ? warnings.s : "", operator);
}

static void a_line_for_each_leaf(void **st)
{
	(void)st;
	diff_is("", "");
	config_kit_set(next, "environment/log/ppp", "debug");
	config_kit_set(next, "l2tp/host-name", "lns1");
	config_kit_set(was, "l2tp/shaper/default-rate", "10mbit");
	config_kit_set(next, "l2tp/shaper/default-rate", "20mbit");
	config_kit_set(next, "l2tp/ncp/ipv4", "off");
	config_kit_set(next, "l2tp/session-limit", "0");
	config_kit_set(next, "l2tp/lcp-echo/interval", "5");
	config_kit_set(next, "l2tp/bpf/outer-df", "true");
	diff_is("setting-changed name=environment/log/ppp new=debug applies=now\n"
		"setting-changed name=l2tp/host-name new=lns1 applies=new-tunnels\n"
		"setting-changed name=l2tp/session-limit old=16 new=0 applies=next-login\n"
		"setting-changed name=l2tp/bpf/outer-df old=false new=true applies=now\n"
		"setting-changed name=l2tp/ncp/ipv4 new=off applies=new-sessions\n"
		"setting-changed name=l2tp/lcp-echo/interval old=10 new=5 unit=seconds "
		"applies=new-sessions\n"
		"setting-changed name=l2tp/shaper/default-rate old=10mbit new=20mbit "
		"applies=new-sessions\n",
		"");
}

/* The first value is in use until the restart, whatever the previous file said. */
static void restart_is_compared_with_the_start(void **st)
{
	static const char log[] = "reload-warning name=l2tp/dataplane old=bpf new=kernel "
				  "applies=restart\n"
				  "reload-warning name=l2tp/bpf/xdp-mode old=generic new=auto "
				  "applies=restart\n";
	static const char said[] = "l2tp/dataplane: bpf to kernel; restart to apply it\n"
				   "l2tp/bpf/xdp-mode: generic to auto; restart to apply it\n";

	(void)st;
	config_kit_set(start, "l2tp/dataplane", "bpf");
	config_kit_set(start, "l2tp/bpf/xdp-mode", "generic");
	config_kit_set(next, "l2tp/dataplane", "kernel");
	diff_is(log, said);
	config_kit_set(was, "l2tp/dataplane", "kernel");
	diff_is(log, said);
	config_kit_set(next, "l2tp/dataplane", "bpf");
	config_kit_set(next, "l2tp/bpf/xdp-mode", "generic");
	diff_is("", "");
}

static void secrets_are_not_told(void **st)
{
	(void)st;
	config_kit_set(was, "l2tp/shared-secret", "hush");
	config_kit_set(next, "l2tp/shared-secret", "quiet");
	config_kit_user(was, "alice", "silence", 0);
	config_kit_user(next, "alice", "calm", 0);
	diff_is("setting-changed name=l2tp/shared-secret applies=new-tunnels\n"
		"setting-changed name=l2tp/auth/local/user added=0 removed=0 changed=1 "
		"applies=next-login\n",
		"");
}

static void add_server(struct config *c, const char *name, const char *port)
{
	config_kit_add(c, "environment/l2tp/server",
		       (const char *const[]){ "name", name, "ip", "10.0.0.1", "port", port, NULL });
}

/* Entries are matched by name, in any order; values of leaf-lists by themselves. */
static void lists_are_counted(void **st)
{
	(void)st;
	add_server(start, "one", "1701");
	add_server(start, "two", "1702");
	add_server(next, "two", "1702");
	add_server(next, "one", "1701");
	config_kit_set(was, "l2tp/allow-from", "10.0.0.0/8");
	config_kit_set(was, "l2tp/allow-from", "2001:db8::/32");
	config_kit_set(next, "l2tp/allow-from", "2001:db8::/32");
	config_kit_set(next, "l2tp/allow-from", "10.0.0.0/8");
	diff_is("", "");
	add_server(next, "three", "1703");
	next->listeners[0].addr.port = 1704;
	config_kit_set(next, "l2tp/allow-from", "10.0.0.0/9");
	config_kit_set(was, "l2tp/allow-host-name", "lac1");
	config_kit_set(start, "l2tp/bpf/core", "eth1");
	config_kit_set(next, "l2tp/bpf/core", "eth2");
	diff_is("reload-warning name=environment/l2tp/server added=1 removed=0 changed=1 "
		"applies=restart\n"
		"reload-warning name=l2tp/bpf/core added=1 removed=1 applies=restart\n"
		"setting-changed name=l2tp/allow-from added=1 removed=0 applies=new-tunnels\n"
		"setting-changed name=l2tp/allow-host-name added=0 removed=1 "
		"applies=new-tunnels\n",
		"environment/l2tp/server: 1 added, 0 removed, 1 changed; restart to apply it\n"
		"l2tp/bpf/core: 1 added, 1 removed, 0 changed; restart to apply it\n");
}

static void add_radius(struct config *c, const char *name, const char *address)
{
	config_kit_add(c, "l2tp/auth/radius/server",
		       (const char *const[]){ "name", name, "address", address, "shared-key", "k",
					      NULL });
}

/* The order in which handlers and servers are asked is a setting of its own. */
static void the_order_of_a_list(void **st)
{
	(void)st;
	config_kit_set(was, "l2tp/auth/order", "radius");
	config_kit_set(was, "l2tp/auth/order", "local");
	config_kit_set(next, "l2tp/auth/order", "local");
	config_kit_set(next, "l2tp/auth/order", "radius");
	add_radius(was, "a", "10.0.0.1");
	add_radius(was, "b", "10.0.0.2");
	add_radius(next, "b", "10.0.0.2");
	add_radius(next, "a", "10.0.0.1");
	diff_is("setting-changed name=l2tp/auth/order added=0 removed=0 order=changed "
		"applies=next-login\n"
		"setting-changed name=l2tp/auth/radius/server added=0 removed=0 changed=0 "
		"order=changed applies=next-login\n",
		"");
	add_radius(was, "c", "10.0.0.3"); /* and others come and go */
	next->radius.servers[0].addr.port = 1645;
	add_radius(next, "d", "10.0.0.4");
	diff_is("setting-changed name=l2tp/auth/order added=0 removed=0 order=changed "
		"applies=next-login\n"
		"setting-changed name=l2tp/auth/radius/server added=1 removed=1 changed=1 "
		"order=changed applies=next-login\n",
		"");
}

/* What is put in front or removed does not change the order of the rest. */
static void the_same_order_of_a_list(void **st)
{
	(void)st;
	add_radius(was, "a", "10.0.0.1");
	add_radius(was, "b", "10.0.0.2");
	add_radius(was, "c", "10.0.0.3");
	add_radius(next, "d", "10.0.0.4");
	add_radius(next, "a", "10.0.0.1");
	add_radius(next, "c", "10.0.0.3");
	diff_is("setting-changed name=l2tp/auth/radius/server added=1 removed=1 changed=0 "
		"applies=next-login\n",
		"");
}

/* One line, whatever their number; each leaf of a user counts. */
static void many_users(void **st)
{
	char name[16];

	(void)st;
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		config_kit_user(was, name, "p", 0);
		snprintf(name, sizeof(name), "user%u", 10002 - i);
		config_kit_user(next, name, "p", 0);
	}
	next->users[5000].address = 1;
	next->users[5001].sessions.set = true;
	next->users[5002].sessions.over = PROFILE_OVER_DENY;
	diff_is("setting-changed name=l2tp/auth/local/user added=3 removed=3 changed=3 "
		"applies=next-login\n",
		"");
}

/* A value that the row can have, other than what it has. */
static void change(const struct config_row *row, struct config *c)
{
	static const char *const texts[] = {
		[CONFIG_U16] = "7",
		[CONFIG_U32] = "7",
		[CONFIG_NAME] = "other",
		[CONFIG_IFNAME] = "eth7",
		[CONFIG_STRING] = "other",
		[CONFIG_SECRET] = "other",
		[CONFIG_IP] = "2001:db8::7",
		[CONFIG_IP4] = "10.1.2.3",
		[CONFIG_PREFIX] = "10.7.0.0/16",
		[CONFIG_RATE] = "7mbit",
		[CONFIG_LIMIT] = "7",
	};

	if (row->kind == CONFIG_ENTRY)
		assert_non_null(config_row_add(row, c));
	else if (row->kind == CONFIG_BOOL)
		*((bool *)((char *)c + row->offset)) ^= true;
	else if (row->kind == CONFIG_WORD && row->count)
		assert_null(config_row_set(row, c, row->words[0]));
	else if (row->kind == CONFIG_WORD)
		*((unsigned *)((char *)c + row->offset)) ^= 1;
	else
		assert_null(config_row_set(row, c, texts[row->kind]));
}

/* A change of any row is seen in that row and in no other: no two rows have one member. */
static void every_row_is_compared(void **st)
{
	struct config_row_diff d;

	(void)st;
	for (size_t i = 0; i < config_table.n; i++) {
		config_unref(next);
		next = config_new();
		change(&config_table.rows[i], next);
		for (size_t k = 0; k < config_table.n; k++) {
			assert_int_equal(config_row_compare(&config_table.rows[k], was, next, &d),
					 0);
			assert_int_equal(d.added + d.removed + d.changed, k == i);
		}
	}
}

static void not_more_than_the_limit(void **st)
{
	size_t now = 0;
	char last[64];

	(void)st;
	for (size_t i = 0; i < config_table.n; i++)
		change(&config_table.rows[i], next);
	config_diff_log(start, was, next, &warnings);
	assert_int_equal(n_lines, CONFIG_DIFF_LINES + 1);
	snprintf(last, sizeof(last), "settings-not-listed count=%zu\n",
		 config_table.n - CONFIG_DIFF_LINES);
	assert_string_equal(lines.s + lines.len - strlen(last), last);
	/* The operator sees all that needs a restart, and so does the log. */
	for (const char *p = warnings.s; *p; p++)
		now += *p == '\n';
	for (size_t i = 0; i < config_table.n; i++)
		now -= config_table.rows[i].applies == CONFIG_RESTART;
	assert_int_equal(now, 0);
	assert_non_null(strstr(lines.s, "reload-warning name=l2tp/bpf/xdp-mode"));
}

static void without_memory(void **st)
{
	(void)st;
	if (!fail_alloc_works())
		skip();
	config_kit_user(next, "alice", "p", 0);
	for (int i = 0; i < 2; i++) {
		fail_alloc_at(i);
		config_diff_log(start, was, next, &warnings);
		fail_alloc_off();
		assert_non_null(strstr(lines.s, "setting-not-compared name=l2tp/auth/local/user"));
		sb_reset(&lines);
	}
	diff_is("setting-changed name=l2tp/auth/local/user added=1 removed=0 changed=0 "
		"applies=next-login\n",
		"");
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_line_for_each_leaf),
		T(restart_is_compared_with_the_start),
		T(secrets_are_not_told),
		T(lists_are_counted),
		T(the_order_of_a_list),
		T(the_same_order_of_a_list),
		T(many_users),
		T(every_row_is_compared),
		T(not_more_than_the_limit),
		T(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
