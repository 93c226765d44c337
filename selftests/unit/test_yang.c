/* SPDX-License-Identifier: BSD-2-Clause */
/* From configuration text to the snapshot, and to errors with their positions; runs at the top
 * of the tree. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/strbuf.h"
#include "daemon/sys/config/conf_lex.h"
#include "daemon/sys/config/yang.h"

#define SERVER "environment { l2tp { server main { ip 0.0.0.0; } } }\n"

static struct yang *yang;

static int setup(void **st)
{
	struct strbuf errors;
	int r;

	(void)st;
	sb_init(&errors);
	r = yang_new("yang", &yang, &errors);
	if (r < 0)
		print_error("%s", errors.s);
	sb_done(&errors);
	return r;
}

static int teardown(void **st)
{
	(void)st;
	yang_free(yang);
	return 0;
}

static struct config *good(const char *text)
{
	struct yang_source src = { "t", text, strlen(text) };
	struct strbuf errors;
	struct config *c = NULL;

	sb_init(&errors);
	if (yang_parse(yang, &src, &c, &errors, NULL) < 0)
		print_error("%s", errors.s);
	sb_done(&errors);
	assert_non_null(c);
	return c;
}

/* Compares the exact error lines. */
static void bad(const char *text, const char *want)
{
	struct yang_source src = { "t", text, strlen(text) };
	struct strbuf errors;
	struct config *c = NULL;

	sb_init(&errors);
	assert_int_equal(yang_parse(yang, &src, &c, &errors, NULL), -EINVAL);
	assert_null(c);
	assert_string_equal(errors.s, want);
	sb_done(&errors);
}

static void every_leaf_of_the_guide_is_read(void **st)
{
	struct config *c = good(
		"environment {\n"
		"  log { level warn; l2tp debug }\n"
		"  l2tp { server main { ip 192.0.2.1; port 1702; } server six { ip ::1 } }\n"
		"}\n"
		"l2tp {\n"
		"  enabled true; shared-secret \"ze \\\"test\\\"\"; hide-avps true; host-name lns1\n"
		"  auth-method ms-chap-v2; allow-no-auth true; hello-interval 5; hello-retries 3\n"
		"  max-tunnels 10; max-sessions 0; setup-rate 7; max-tunnels-peer 8; max-sessions-peer 9; path-mtu 1400; accept-zero-checksum true; bpf { outer-df true }; drain-timeout 9\n"
		"  allow-from [ 10.0.0.0/8\n   2001:db8::/32 ]; allow-host-name lac1\n"
		"  authentication { timeout 12; reauth-interval 300; reject-interval 7; "
		"reject-rate-peer 9 }\n"
		"  ncp { enable-ipcp true; enable-ipv6cp false; timeout 11; ipv4 wanted; ipv6 off }\n"
		"  session-limit 5; session-limit-action deny\n"
		"  lcp-echo { interval 4; failures 6 } proxy { lcp on-mismatch; auth again }\n"
		"  session { session-timeout 86400; idle-timeout 600 }\n"
		"  auth { local { user alice { password hunter2 } user bob { password b; "
		"address 10.1.1.1; session-limit 0; session-limit-action replace } } }\n"
		"  pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.0.9;\n"
		"    dns-primary 8.8.8.8; dns-secondary 8.8.4.4; blackhole false } }\n"
		"  shaper { qdisc-type htb; default-rate 10mbit; upload-rate 2mbit }\n"
		"}\n");

	(void)st;
	assert_int_equal(c->n_listeners, 2);
	assert_string_equal(c->listeners[0].name, "main");
	assert_int_equal(c->listeners[0].addr.port, 1702);
	assert_int_equal(c->listeners[1].addr.family, 6);
	assert_int_equal(c->listeners[1].addr.port, 1701);
	assert_int_equal(config_log_level(c, LOG_L2TP), LOG_DEBUG);
	assert_int_equal(config_log_level(c, LOG_PPP), LOG_WARN);
	assert_true(c->l2tp && c->hide_avps && c->allow_no_auth);
	assert_string_equal(c->secret, "ze \"test\"");
	assert_string_equal(c->host_name, "lns1");
	assert_int_equal(c->auth_method, PPP_AUTH_MSCHAPV2);
	assert_int_equal(c->hello_interval_s, 5);
	assert_int_equal(c->hello_retries, 3);
	assert_int_equal(c->max_tunnels, 10);
	assert_int_equal(c->max_sessions, 0);
	assert_int_equal(c->setup_rate, 7);
	assert_int_equal(c->max_tunnels_peer, 8);
	assert_int_equal(c->max_sessions_peer, 9);
	assert_int_equal(c->path_mtu, 1400);
	assert_true(c->bpf.outer_df && c->zero_checksum);
	assert_int_equal(c->drain_timeout_s, 9);
	assert_int_equal(c->n_allow_from, 2);
	assert_int_equal(c->allow_from[0].len, 8);
	assert_int_equal(c->n_allow_host_name, 1);
	assert_string_equal(c->allow_host_name[0], "lac1");
	assert_int_equal(c->proxy_lcp, PPP_PROXY_ON_MISMATCH);
	assert_int_equal(c->proxy_auth, CONFIG_PROXY_AGAIN);
	assert_int_equal(c->auth_timeout_s, 12);
	assert_int_equal(c->reauth_interval_s, 300);
	assert_int_equal(c->reject_interval_s, 7);
	assert_int_equal(c->reject_rate_peer, 9);
	assert_true(c->enable_ipcp && !c->enable_ipv6cp);
	assert_int_equal(c->ncp_timeout_s, 11);
	assert_int_equal(c->need_ipv4, CONFIG_NEED_WANTED);
	assert_int_equal(c->sessions.limit, 5);
	assert_int_equal(c->sessions.over, PROFILE_OVER_DENY);
	assert_false(c->users[0].sessions.set);
	assert_true(c->users[1].sessions.set);
	assert_int_equal(c->users[1].sessions.limit, 0);
	assert_int_equal(c->users[1].sessions.over, PROFILE_OVER_REPLACE);
	assert_int_equal(c->echo_interval_s, 4);
	assert_int_equal(c->echo_failures, 6);
	assert_int_equal(c->session_timeout_s, 86400);
	assert_int_equal(c->idle_timeout_s, 600);
	assert_int_equal(c->n_users, 2);
	assert_string_equal(c->users[0].password, "hunter2");
	assert_int_equal(c->users[1].address, 0x0a010101);
	assert_true(c->has_pool);
	assert_false(c->pool_blackhole);
	assert_int_equal(c->pool.gateway, 0x0a640001);
	assert_int_equal(c->pool.end, 0x0a640009);
	assert_int_equal(c->pool.dns[1], 0x08080404);
	assert_int_equal(c->shape.qdisc, SHAPE_HTB);
	assert_int_equal(c->shape.down_bps, 10000000);
	assert_int_equal(c->shape.up_bps, 2000000);
	config_unref(c);
}

/* A file without leaves gives what config_new() gives. */
static void defaults_of_the_schema_are_those_of_the_snapshot(void **st)
{
	struct config *c = good(SERVER "l2tp { }"), *d = config_new();
	struct config_row_diff diff;

	(void)st;
	assert_true(c->l2tp && !d->l2tp);
	assert_int_equal(c->n_listeners, 1);
	for (size_t i = 0; i < config_table.n; i++) {
		const struct config_row *row = &config_table.rows[i];

		assert_int_equal(config_row_compare(row, d, c, &diff), 0);
		if (strcmp(row->path, "l2tp/enabled") != 0 && row->places != CONFIG_LISTENERS_MAX)
			assert_int_equal(diff.added + diff.removed + diff.changed, 0);
	}
	config_unref(c);
	config_unref(d);
}

static void an_empty_container_has_its_defaults(void **st)
{
	struct config *c = good(SERVER "l2tp { ncp { } authentication { } lcp-echo { } auth { } }");

	(void)st;
	assert_true(c->enable_ipcp);
	assert_true(c->enable_ipv6cp);
	assert_int_equal(c->ncp_timeout_s, 30);
	assert_int_equal(c->auth_timeout_s, 30);
	assert_int_equal(c->echo_interval_s, 10);
	assert_int_equal(c->echo_failures, 3);
	config_unref(c);
	c = good("environment { log { } l2tp { } }");
	assert_int_equal(config_log_level(c, LOG_L2TP), LOG_INFO);
	config_unref(c);
}

static void presence_enables_and_enabled_false_disables(void **st)
{
	struct config *c = good("");

	(void)st;
	assert_false(c->l2tp);
	config_unref(c);
	c = good("l2tp { enabled false }");
	assert_false(c->l2tp);
	config_unref(c);
	c = good(SERVER "l2tp {}");
	assert_true(c->l2tp);
	config_unref(c);
	bad("l2tp {}", "t:1:1: l2tp: l2tp is enabled but environment { l2tp { server NAME { ... } "
		       "} } has no endpoint\n");
}

static void warned(const char *text, const char *want)
{
	struct yang_source src = { "t", text, strlen(text) };
	struct strbuf errors, warnings;
	struct config *c = NULL;

	sb_init(&errors);
	sb_init(&warnings);
	assert_int_equal(yang_parse(yang, &src, &c, &errors, &warnings), 0);
	assert_string_equal(warnings.s ? warnings.s : "", want);
	config_unref(c);
	sb_done(&errors);
	sb_done(&warnings);
}

static void no_user_is_a_warning(void **st)
{
	(void)st;
	warned(SERVER "l2tp {}", "t: no user, no RADIUS server: every login will be rejected\n");
}

#define POOL "pool { ipv4 { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.9 } }"

/* F-B4: an address that no login can get. */
static void fixed_addresses_without_ipv4(void **st)
{
	static const char users[] = "auth { local {\n user a { password p }\n"
				    " user b { password p; address 10.0.0.7 }\n"
				    " user c { password p; address 10.0.0.8 } } } }";
	char text[500];

	(void)st;
	snprintf(text, sizeof(text), SERVER "l2tp { " POOL " %s", users);
	warned(text, "");
	snprintf(text, sizeof(text), SERVER "l2tp { %s", users);
	warned(text,
	       "t:4: 2 users have a fixed address and cannot log in: ze's end of their links is the "
	       "gateway of l2tp pool ipv4, which is not configured\n");
	snprintf(text, sizeof(text), SERVER "l2tp { ncp { ipv4 wanted } %s", users);
	warned(text,
	       "t:4: 2 users have a fixed address and will not get it: ze's end of their links is the "
	       "gateway of l2tp pool ipv4, which is not configured\n");
	snprintf(text, sizeof(text), SERVER "l2tp { " POOL " ncp { ipv4 off } %s", users);
	warned(text, "t:4: 2 users have a fixed address and will not get it: ncp has ipv4 off\n");
	/* A named pool serves the addresses that it contains. */
	snprintf(
		text, sizeof(text),
		SERVER
		"l2tp { pool { ipv4-named a { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.7 } } %s",
		users);
	warned(text,
	       "t:5: 1 users have a fixed address and cannot log in: ze's end of their links is the "
	       "gateway of l2tp pool ipv4, which is not configured\n");
}

#define GOLD(x) "ipv4-named gold { gateway 10.1.0.1; start 10.1.0.2; end 10.1.0.9; " x " }\n"

static void named_pools(void **st)
{
	struct config *c = good(
		SERVER
		"l2tp { auth { local { user a { password p; pool gold } } } pool {\n"
		"ipv4 { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.9; next gold }\n"
		"duplicate-address refuse; " GOLD(
			"dns-primary 9.9.9.9; blackhole false") "ipv4-named shared { gateway 10.0.0.1; start 10.2.0.2; end 10.2.0.9; next default } } }");
	struct pool_cfg *v;
	size_t n;

	(void)st;
	assert_string_equal(c->users[0].pool, "gold");
	assert_int_equal(c->duplicate, CONFIG_DUPLICATE_REFUSE);
	v = config_pools(c, &n);
	assert_non_null(v);
	assert_int_equal(n, 3);
	assert_string_equal(v[0].name, "default");
	assert_string_equal(v[0].next, "gold");
	assert_true(v[0].blackhole && v[0].range.end == 0x0a000009);
	assert_string_equal(v[1].name, "gold");
	assert_string_equal(v[1].next, "");
	assert_true(!v[1].blackhole && v[1].range.dns[0] == 0x09090909);
	assert_string_equal(v[2].next, "default");
	assert_true(config_is_gateway(c, 0x0a010001) && config_is_gateway(c, 0x0a000001));
	assert_false(config_is_gateway(c, 0x0a000002));
	free(v);
	config_unref(c);
	/* IPv4 can be required with named pools alone. */
	c = good(SERVER "l2tp { ncp { ipv4 required } pool { " GOLD("") " } }");
	assert_false(c->has_pool);
	config_unref(c);
}

#define DEFAULT(x) "ipv4 { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.9; " x " }\n"

static void pools_that_do_not_fit(void **st)
{
	static const struct {
		const char *pools, *why;
	} no[] = {
		{ GOLD("") "ipv4-named base { gateway 10.3.0.1; start 10.1.0.9; end 10.1.0.20 }",
		  "t:3:43: l2tp/pool/ipv4-named/start: pool base overlaps with pool gold in line 2\n" },
		{ DEFAULT("") "ipv4-named all { gateway 9.3.0.1; start 10.0.0.0; end 10.0.0.20 }",
		  "t:2:16: l2tp/pool/ipv4/gateway: the gateway of pool default is an address of pool all "
		  "in line 3\n"
		  "t:3:41: l2tp/pool/ipv4-named/start: pool all overlaps with pool default in line 2\n" },
		{ DEFAULT("") "ipv4-named a { gateway 10.0.0.5; start 10.3.0.2; end 10.3.0.9 }",
		  "t:3:24: l2tp/pool/ipv4-named/gateway: the gateway of pool a is an address of pool "
		  "default in line 2\n" },
		{ DEFAULT("next silver") GOLD("next default"),
		  "t:2:61: l2tp/pool/ipv4/next: there is no pool silver\n" },
		{ DEFAULT("next gold") GOLD("next default"),
		  "t:2:61: l2tp/pool/ipv4/next: leads in a circle: from pool default on to pool gold, and "
		  "from pool gold in line 3 back to pool default\n" },
		{ GOLD("next gold"),
		  "t:2:72: l2tp/pool/ipv4-named/next: leads in a circle: from pool gold on to pool gold, "
		  "and from pool gold in line 2 back to pool gold\n" },
		{ "ipv4-named default { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.3 }",
		  "t:2:1: l2tp/pool/ipv4-named: `default` is the name of pool ipv4: use another one\n" },
		{ "ipv4-named a { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.1 }",
		  "t:2:54: l2tp/pool/ipv4-named/end: end is before start\n" },
		{ "ipv4-named a { gateway 10.0.0.1; start 192.0.2.0; end 192.0.2.9 }",
		  "t:2:1: l2tp/pool/ipv4-named: contains the address of an l2tp server of this "
		  "configuration\n" },
		{ DEFAULT("") "} auth { local { user a { password p; pool silver } }",
		  "t:3:44: l2tp/auth/local/user/pool: there is no pool silver\n" },
		{ GOLD("") "} auth { local { user a { password p; pool default } }",
		  "t:3:44: l2tp/auth/local/user/pool: there is no pool default\n" },
		{ GOLD("") "} auth { local { user a { password p; address 10.1.0.1 } }",
		  "t:3:47: l2tp/auth/local/user/address: is the gateway of a pool\n" },
	};
	char text[700];

	(void)st;
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		snprintf(text, sizeof(text),
			 "environment { l2tp { server a { ip 192.0.2.1 } } } l2tp { pool {\n%s } }",
			 no[i].pools);
		bad(text, no[i].why);
	}
}

/* F-C5: a configuration with which no session could be established is refused. */
static void no_login_possible(void **st)
{
	static const char users[] = "auth { local { user a { password p; address 10.0.0.7 } } }";
	char text[400];

	(void)st;
	bad(SERVER "l2tp {\n ncp { ipv6 wanted\n  ipv4 required } }",
	    "t:4:8: l2tp/ncp/ipv4: IPv4 is required and there is no l2tp pool ipv4: no subscriber could log "
	    "in\n");
	snprintf(text, sizeof(text), SERVER "l2tp { ncp { ipv4 required } %s }", users);
	bad(text,
	    "t:2:19: l2tp/ncp/ipv4: IPv4 is required and there is no l2tp pool ipv4: no subscriber could "
	    "log in\n");
	snprintf(text, sizeof(text), SERVER "l2tp { ncp { ipv4 required } " POOL " %s }", users);
	warned(text, "");
	warned(SERVER "l2tp { enabled false; ncp { ipv4 required } }", "");
	/* Without authentication no user is required. */
	warned(SERVER "l2tp { allow-no-auth true; auth-method none }", "");
	warned(SERVER "l2tp { allow-no-auth true; allow-from [ 2001:db8::/32 ] }",
	       "t: l2tp allow-from has only prefixes of the address family that no l2tp server has: no "
	       "LAC will be answered\n");
	warned(SERVER "l2tp { allow-no-auth true; allow-from [ 2001:db8::/32\n 10.0.0.0/8 ] }", "");
}

static void all_errors_are_reported_with_their_positions(void **st)
{
	(void)st;
	bad("environment { l2tp { server a { ip 0.0.0.0 } server a { ip 1.2.3.4 } } }\n"
	    "l2tp {\n"
	    "  hello-interval 0;\n"
	    "  metrics { x 1; }\n"
	    "  auth-method pappy; enabled true; enabled false\n"
	    "  authentication { reauth-interval 3 }\n"
	    "  auth { local { user alice { } user bob { password \"\"; address 1.2.3 } } }\n"
	    "  traffic bpf\n"
	    "  pool { ipv4 { gateway 10.0.0.1; start 10.0.0.9 } }\n"
	    "  allow-no-auth yes\n"
	    "}\n",
	    "t:1:46: environment/l2tp/server: given twice, first in line 1\n"
	    "t:3:18: l2tp/hello-interval: hello-interval is 1 to 3600 seconds\n"
	    "t:4:3: l2tp: unknown keyword\n"
	    "t:5:15: l2tp/auth-method: must be one of: pap chap-md5 ms-chap-v2 none\n"
	    "t:5:36: l2tp/enabled: given twice, first in line 5\n"
	    "t:6:36: l2tp/authentication/reauth-interval: reauth-interval is 0 (never) or 5 to "
	    "86400 seconds\n"
	    "t:7:18: l2tp/auth/local/user/password: is missing\n"
	    "t:7:53: l2tp/auth/local/user/password: not a valid secret: 1 to 255 octets\n"
	    "t:7:65: l2tp/auth/local/user/address: not an IPv4 address\n"
	    "t:8:3: l2tp: unknown keyword\n"
	    "t:9:10: l2tp/pool/ipv4/end: is missing\n"
	    "t:10:17: l2tp/allow-no-auth: must be true or false\n");
}

#define RADIUS(block) SERVER "l2tp { auth {" block "} }"
#define SECRET	      "shared-key s3cret"

/* S-AAA-01, S-AAA-04: the servers stay in their order. */
static void radius_block(void **st)
{
	struct config *c;
	enum config_auth order[CONFIG_AUTH__COUNT];

	(void)st;
	c = good(RADIUS("radius { nas-identifier ze-lns; timeout 5; retries 2;"
			"server b { address 10.0.0.10; port 1645; " SECRET "; }"
			"server a { address 2001:db8::1; " SECRET
			"; message-authenticator off } }"));
	assert_string_equal(c->radius.nas_id, "ze-lns");
	assert_string_equal(c->radius.port_id, "l2tp:{tunnel-id}/{session-id}");
	assert_int_equal(c->radius.timeout_s, 5);
	assert_int_equal(c->radius.retries, 2);
	assert_int_equal(c->radius.coa_port, 0); /* S-AAA-07 */
	assert_true(c->radius.coa_timestamp && !c->radius.coa_signature);
	assert_int_equal(c->radius.n_servers, 2);
	assert_string_equal(c->radius.servers[0].name, "b");
	assert_int_equal(c->radius.servers[0].addr.port, 1645);
	assert_int_equal(c->radius.servers[0].signing, RADIUS_SIGN_AUTO);
	assert_int_equal(c->radius.servers[1].addr.family, 6);
	assert_int_equal(c->radius.servers[1].addr.port, 1812);
	assert_string_equal(c->radius.servers[1].secret, "s3cret");
	assert_int_equal(c->radius.servers[1].signing, RADIUS_SIGN_OFF);
	assert_int_equal(config_auth_order(c, order), 1);
	assert_int_equal(order[0], CONFIG_AUTH_RADIUS);
	assert_int_equal(c->radius.acct_interval_s, 300);
	assert_int_equal(c->radius.accounting, CONFIG_ACCOUNTING_ON);
	assert_true(config_accounts(c));
	assert_int_equal(c->radius.servers[0].acct_port, 0);
	config_unref(c);
	c = good(RADIUS("radius { acct-interval 60; accounting required;"
			"server b { address 10.0.0.10; acct-port 11813; " SECRET " } }"));
	assert_int_equal(c->radius.acct_interval_s, 60);
	assert_int_equal(c->radius.accounting, CONFIG_ACCOUNTING_REQUIRED);
	assert_int_equal(c->radius.servers[0].acct_port, 11813);
	config_unref(c);
	c = good(RADIUS("radius { accounting off;"
			"server b { address 10.0.0.10; port 65535; " SECRET " } }"));
	assert_false(config_accounts(c));
	config_unref(c);
	c = good(RADIUS("radius { coa-port 3799; require-event-timestamp false;"
			"require-message-authenticator true; server b { address 10.0.0.10; " SECRET
			" } }"));
	assert_int_equal(c->radius.coa_port, 3799);
	assert_true(!c->radius.coa_timestamp && c->radius.coa_signature);
	config_unref(c);
	c = good(RADIUS("order [ local radius ]; radius { server b { address 10.0.0.10; " SECRET
			" } }"));
	assert_int_equal(config_auth_order(c, order), 2);
	assert_int_equal(order[0], CONFIG_AUTH_LOCAL);
	assert_int_equal(order[1], CONFIG_AUTH_RADIUS);
	config_unref(c);
	c = good(SERVER "l2tp { }");
	assert_int_equal(config_auth_order(c, order), 1);
	assert_int_equal(order[0], CONFIG_AUTH_LOCAL);
	config_unref(c);
}

#define A_SERVER "server b { address 10.0.0.10; " SECRET " }"

/* S-AAA-67: each attribute with the requests that can have it; mandatory ones cannot be named. */
static void radius_excludes(void **st)
{
	struct config *c;
	struct radius_exclude x;

	(void)st;
	c = good(RADIUS(
		"radius { " A_SERVER " attributes {"
		"exclude calling-station-id { packet-type [ access-request accounting-stop ]; }"
		"exclude nas-port-id { packet-type access-request; }"
		"exclude framed-ip-address { packet-type accounting-interim; }"
		"exclude event-timestamp { packet-type [ accounting-on accounting-off ]; }"
		"exclude acct-delay-time { packet-type accounting-start; }"
		"exclude acct-terminate-cause { packet-type accounting-stop; } } }"));
	x = config_radius_nas(c).exclude;
	assert_int_equal(x.kinds[RADIUS_OPT_CALLING_STATION_ID],
			 1u << RADIUS_KIND_ACCESS | 1u << RADIUS_KIND_STOP);
	assert_int_equal(x.kinds[RADIUS_OPT_NAS_PORT_ID], 1u << RADIUS_KIND_ACCESS);
	assert_int_equal(x.kinds[RADIUS_OPT_FRAMED_IP_ADDRESS], 1u << RADIUS_KIND_INTERIM);
	assert_int_equal(x.kinds[RADIUS_OPT_EVENT_TIMESTAMP],
			 1u << RADIUS_KIND_ON | 1u << RADIUS_KIND_OFF);
	assert_int_equal(x.kinds[RADIUS_OPT_ACCT_DELAY_TIME], 1u << RADIUS_KIND_START);
	assert_int_equal(x.kinds[RADIUS_OPT_ACCT_TERMINATE_CAUSE], 1u << RADIUS_KIND_STOP);
	config_unref(c);
	bad(RADIUS("\nradius { " A_SERVER " attributes {\n"
		   "exclude user-name { packet-type access-request; }\n"
		   "exclude framed-ip-address { packet-type coa-request; } } }"),
	    "t:4:9: l2tp/auth/radius/attributes/exclude: must be one of: calling-station-id "
	    "nas-port-id framed-ip-address event-timestamp acct-delay-time acct-terminate-cause\n"
	    "t:5:41: l2tp/auth/radius/attributes/exclude/packet-type: must be one of: "
	    "access-request accounting-start accounting-interim accounting-stop accounting-on "
	    "accounting-off\n");
	bad(RADIUS("\nradius { " A_SERVER " attributes { exclude nas-port-id { } } }"),
	    "t:3:73: l2tp/auth/radius/attributes/exclude: needs packet-type [ ... ], the requests without it\n");
	bad(RADIUS("\nradius { " A_SERVER " attributes {\n"
		   "exclude nas-port-id { packet-type [ access-request accounting-on ]; }\n"
		   "exclude acct-terminate-cause { packet-type accounting-start; } } }"),
	    "t:4:52: l2tp/auth/radius/attributes/exclude/packet-type: such a request never has this attribute\n"
	    "t:5:44: l2tp/auth/radius/attributes/exclude/packet-type: such a request never has this attribute\n");
}

/* S-AAA-02, S-AAA-03, S-AAA-19 */
static void radius_errors(void **st)
{
	(void)st;
	bad(RADIUS("\nradius { timeout 0; retries 11;\n"
		   "server a { }\n"
		   "server b { address 10.0.0.1; port 0; " SECRET " } }\n"),
	    "t:3:18: l2tp/auth/radius/timeout: timeout is 1 to 30 seconds\n"
	    "t:3:29: l2tp/auth/radius/retries: retries is 1 to 10\n"
	    "t:4:1: l2tp/auth/radius/server/address: is missing\n"
	    "t:4:1: l2tp/auth/radius/server/shared-key: is missing\n"
	    "t:5:35: l2tp/auth/radius/server/port: a port is 1 to 65535\n");
	bad(RADIUS("\nradius { acct-interval 59;\n"
		   "server a { address 10.0.0.10; acct-port 0; " SECRET " } }"),
	    "t:3:24: l2tp/auth/radius/acct-interval: acct-interval is 60 to 3600 seconds\n"
	    "t:4:41: l2tp/auth/radius/server/acct-port: a port is 1 to 65535\n");
	bad(RADIUS("\nradius { acct-interval 3601;\n"
		   "server a { address 10.0.0.10; port 65535; " SECRET " } }"),
	    "t:3:24: l2tp/auth/radius/acct-interval: acct-interval is 60 to 3600 seconds\n");
	bad(RADIUS("\nradius { server a { address 10.0.0.10; port 65535; " SECRET " } }"),
	    "t:3:45: l2tp/auth/radius/server/port: has no port after it: give an acct-port\n");
	bad(RADIUS("\nradius { timeout 3 }"),
	    "t:3:1: l2tp/auth/radius: radius has no server { address ...; shared-key ...; }\n");
	bad(RADIUS("\norder [ radius local ];"),
	    "t:3:9: l2tp/auth/order: names radius, and there is no auth radius\n");
	bad(RADIUS("\nradius { source-address 10.0.0.9; nas-port-id \"{nas-id}\";\n"
		   "server a { address 10.0.0.1; " SECRET " }\n"
		   "server b { address 10.0.0.1; " SECRET " }\n"
		   "server c { address 2001:db8::1; " SECRET " } }"),
	    "t:3:47: l2tp/auth/radius/nas-port-id: {nas-id} needs a nas-identifier\n"
	    "t:5:20: l2tp/auth/radius/server/address: is the address and port of server a\n"
	    "t:6:20: l2tp/auth/radius/server/address: is not of the same family as "
	    "source-address\n");
	bad(RADIUS("\nradius { nas-port-id \"a{sid}\"; server a { address fe80::1; " SECRET " } }"),
	    "t:3:22: l2tp/auth/radius/nas-port-id: unknown placeholder; there are {nas-id}, "
	    "{tunnel-id} and {session-id}\n"
	    "t:3:51: l2tp/auth/radius/server/address: a link-local address needs its interface: "
	    "fe80::1%NUMBER, see ip link\n");
}

static void rules_across_leaves(void **st)
{
	(void)st;
	bad(SERVER "l2tp { auth-method none; hide-avps true\n"
		   "ncp { enable-ipcp false; enable-ipv6cp false }\n"
		   "pool { ipv4 { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.9\n"
		   "dns-secondary 1.1.1.1 } } }",
	    "t:2:1: l2tp: auth-method none needs allow-no-auth true\n"
	    "t:2:1: l2tp: hide-avps needs a shared-secret\n"
	    "t:3:1: l2tp/ncp: at least one of enable-ipcp and enable-ipv6cp must be true\n"
	    "t:5:15: l2tp/pool/ipv4/dns-secondary: dns-secondary needs dns-primary\n");
}

/* F-C5 */
static void needs_do_not_contradict(void **st)
{
	struct config *c = good(SERVER "l2tp { ncp { ipv4 off; ipv6 required } }");

	(void)st;
	assert_true(!config_ipcp(c) && config_ipv6cp(c));
	assert_int_equal(c->need_ipv6, CONFIG_NEED_REQUIRED);
	config_unref(c);
	bad(SERVER "l2tp { ncp { ipv4 required; enable-ipcp false } }",
	    "t:2:8: l2tp/ncp: ipv4 required or wanted needs enable-ipcp true\n");
	bad(SERVER "l2tp { ncp { ipv4 off; ipv6 off } }",
	    "t:2:8: l2tp/ncp: at least one of ipv4 and ipv6 must not be off\n");
	bad(SERVER "l2tp { ncp { ipv4 off; enable-ipv6cp false } }",
	    "t:2:8: l2tp/ncp: at least one of ipv4 and ipv6 must not be off\n");
}

static void the_data_plane_is_chosen(void **st)
{
	struct config *c = good(SERVER
				"l2tp { dataplane bpf; bpf { uplink [ eth0 eth1 ]; core [ eth2 ]\n"
				"xdp-mode generic } }");

	(void)st;
	assert_int_equal(c->dataplane, CONFIG_DP_BPF);
	assert_int_equal(c->bpf.n_uplink, 2);
	assert_string_equal(c->bpf.uplink[1], "eth1");
	assert_int_equal(c->bpf.n_core, 1);
	assert_string_equal(c->bpf.core[0], "eth2");
	assert_int_equal(c->bpf.xdp, CONFIG_XDP_GENERIC);
	config_unref(c);
	c = good(SERVER "l2tp { }");
	assert_int_equal(c->dataplane, CONFIG_DP_AUTO);
	assert_int_equal(c->bpf.n_uplink, 0);
	config_unref(c);
	bad(SERVER "l2tp { dataplane bpf }",
	    "t:2:1: l2tp/bpf: dataplane bpf needs bpf { uplink [ INTERFACE ] }\n");
	bad(SERVER "l2tp { dataplane xdp; bpf { xdp-mode fast; uplink abcdefghijklmnop } }",
	    "t:2:18: l2tp/dataplane: must be one of: auto kernel bpf\n"
	    "t:2:38: l2tp/bpf/xdp-mode: must be one of: auto native generic\n"
	    "t:2:51: l2tp/bpf/uplink: an interface name has 1 to 15 octets\n");
}

static void ports_that_collide_are_refused(void **st)
{
	struct config *c;

	(void)st;
	bad("environment { l2tp {\n server a { ip 192.0.2.1 }\n server b { ip 192.0.2.1 }\n} }",
	    "t:3:2: environment/l2tp/server: 192.0.2.1 port 1701 is already used by the server in "
	    "line 2\n");
	bad("environment { l2tp {\n server a { ip 0.0.0.0 }\n server b { ip 192.0.2.1 }\n} }",
	    "t:3:2: environment/l2tp/server: 192.0.2.1 port 1701 is already used by the server in "
	    "line 2\n");
	bad("environment { l2tp {\n server a { ip 2001:db8::1 }\n server b { ip :: }\n} }",
	    "t:3:2: environment/l2tp/server: :: port 1701 is already used by the server in line 2\n");
	/* F-C13 */
	bad("environment { l2tp { server a { ip fe80::1 } } }",
	    "t:1:22: environment/l2tp/server: fe80::1 is link-local: name its interface, as "
	    "fe80::1%2, or listen on ::\n");
	config_unref(good("environment { l2tp { server a { ip fe80::1%2 } } }"));
	c = good("environment { l2tp { server a { ip 0.0.0.0 } server b { ip :: } "
		 "server c { ip 0.0.0.0; port 1702 } server d { ip ::1; port 1703 } } }");
	assert_int_equal(c->n_listeners, 4);
	config_unref(c);
}

static void addresses_are_checked(void **st)
{
	(void)st;
	bad(SERVER "l2tp { allow-from [ 10.0.0.1/8 10.0.0.0/33 x/1 ]\n"
		   "pool { ipv4 { gateway 0.0.0.0; start 10.0.0.9; end 10.0.0.8 } } }",
	    "t:2:21: l2tp/allow-from: not a prefix: ADDRESS/LENGTH without host bits\n"
	    "t:2:32: l2tp/allow-from: not a prefix: ADDRESS/LENGTH without host bits\n"
	    "t:2:44: l2tp/allow-from: not a prefix: ADDRESS/LENGTH without host bits\n"
	    "t:3:23: l2tp/pool/ipv4/gateway: 0.0.0.0/8 is not assigned to hosts\n"
	    "t:3:52: l2tp/pool/ipv4/end: end is before start\n");
	bad("environment { l2tp { server a { ip example.net } } }",
	    "t:1:36: environment/l2tp/server/ip: not an IPv4 or IPv6 address\n");
	bad(SERVER "l2tp { pool { ipv4 { gateway 10.0.0.1; start 10.0.0.0; end 10.255.0.0 } } }",
	    "t:2:60: l2tp/pool/ipv4/end: a pool has at most 1048576 addresses\n");
}

/* F-B4: refused by the configuration: addresses that no host can have, the gateway, our
 * endpoints, the address of another user. */
static void addresses_that_no_subscriber_can_have(void **st)
{
	static const struct {
		const char *ip, *why;
	} no[] = {
		{ "0.1.2.3", "0.0.0.0/8 is not assigned to hosts" },
		{ "127.0.0.1", "127.0.0.0/8 is loopback" },
		{ "169.254.9.9", "169.254.0.0/16 is link-local" },
		{ "224.0.0.5", "224.0.0.0/4 is multicast" },
		{ "240.0.0.1", "240.0.0.0/4 is reserved" },
		{ "255.255.255.255", "255.255.255.255 is broadcast" },
		{ "10.0.0.1", "is the gateway of a pool" },
		{ "192.0.2.1", "is the address of an l2tp server of this configuration" },
	};
	char text[400], want[300];

	(void)st;
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		snprintf(text, sizeof(text),
			 "environment { l2tp { server a { ip 192.0.2.1 } } }\n"
			 "l2tp { pool { ipv4 { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.9 } }\n"
			 "auth { local { user a { password p; address %s } } } }",
			 no[i].ip);
		snprintf(want, sizeof(want), "t:3:45: l2tp/auth/local/user/address: %s\n",
			 no[i].why);
		bad(text, want);
	}
	bad(SERVER "l2tp { auth { local {\n user a { password p; address 10.0.0.7 }\n"
		   " user b { password p; address 10.0.0.7 } } } }",
	    "t:4:31: l2tp/auth/local/user/address: is the address of the user in line 3\n");
	bad(SERVER
	    "l2tp { pool { ipv4 { gateway 224.0.0.1; start 126.255.255.250; end 127.0.0.9 } } }",
	    "t:2:30: l2tp/pool/ipv4/gateway: 224.0.0.0/4 is multicast\n"
	    "t:2:47: l2tp/pool/ipv4/start: 127.0.0.0/8 is loopback\n");
	bad("environment { l2tp { server a { ip 10.0.0.5 } } }\n"
	    "l2tp { pool { ipv4 { gateway 10.0.0.1; start 10.0.0.2; end 10.0.0.9 } } }",
	    "t:2:15: l2tp/pool/ipv4: contains the address of an l2tp server of this configuration\n");
}

static void rates_are_checked(void **st)
{
	struct config *c = good(SERVER "l2tp { shaper { default-rate 1.5mbit } }");

	(void)st;
	assert_int_equal(c->shape.qdisc, SHAPE_TBF);
	assert_int_equal(c->shape.down_bps, 1500000);
	assert_int_equal(config_shape(c).up_bps, 1500000);
	config_unref(c);
	c = good(SERVER "l2tp { shaper { } }");
	assert_int_equal(c->shape.down_bps, 0);
	assert_int_equal(config_shape(c).up_bps, 0);
	config_unref(c);
	bad(SERVER "l2tp { shaper {\n default-rate 7999bit\n upload-rate 101gbit } }",
	    "t:3:15: l2tp/shaper/default-rate: the range of a rate is 8kbit to 100gbit\n"
	    "t:4:14: l2tp/shaper/upload-rate: the range of a rate is 8kbit to 100gbit\n");
	bad(SERVER "l2tp { shaper { default-rate fast } }",
	    "t:2:30: l2tp/shaper/default-rate: not a rate: a number and a unit, such as 10mbit "
	    "(bits) or 1mbps (octets)\n");
	bad(SERVER "l2tp { shaper { upload-rate 1mbit } }",
	    "t:2:29: l2tp/shaper/upload-rate: upload-rate needs default-rate\n");
	bad(SERVER "l2tp { shaper { qdisc-type fq; default-rate 1mbit } }",
	    "t:2:28: l2tp/shaper/qdisc-type: must be one of: tbf htb\n");
}

static void broken_syntax(void **st)
{
	(void)st;
	bad("l2tp {", "t:1:1: l2tp: '{' is never closed\n");
	bad("}", "t:1:1: '}' without a '{'\n");
	bad("l2tp;", "t:1:5: l2tp: expected '{', found ';'\n");
	bad("l2tp { enabled false; host-name \"x\n}", "t:1:33: l2tp: quoted string does not end on "
						      "its line\n");
	bad("l2tp { enabled false; host-name \"\\q\"\n}",
	    "t:1:33: l2tp: unknown escape, use \\\" \\\\ \\n \\t\n");
	bad("l2tp { enabled false; host-name a b; hello-interval }",
	    "t:1:35: l2tp: host-name takes one value; quote it if it has spaces\n"
	    "t:1:53: l2tp: expected a value, found '}'\n");
	bad("/* x", "t:1:1: comment does not end\n");
	bad("\"l2tp\" { }", "t:1:1: unknown keyword\n");
	bad("l2tp { enabled false; allow-from [ 10.0.0.0/8 ; }",
	    "t:1:47: l2tp: expected ']', found ';'\n");
	/* Without an allow-from list every source is allowed. */
	bad("l2tp { allow-from [ ] }",
	    "t:1:21: l2tp: allow-from: an empty list is the same as none; leave the line out\n");
	bad("l2tp { enabled false; auth { local { user x { name y; password z } } } }",
	    "t:1:47: l2tp/auth/local/user: name is the key of the list entry and already given\n");
}

static void a_secret_is_never_repeated(void **st)
{
	char text[600] = "l2tp { enabled false; shared-secret ";
	size_t n = strlen(text);
	struct yang_source src = { "t", text, 0 };
	struct strbuf errors;
	struct config *c = NULL;

	(void)st;
	memset(text + n, 'S', 300);
	strcpy(text + n + 300, " }");
	src.len = strlen(text);
	sb_init(&errors);
	assert_int_equal(yang_parse(yang, &src, &c, &errors, NULL), -EINVAL);
	assert_null(strstr(errors.s, "SSSS"));
	sb_done(&errors);
}

/* F-B11: a word that may be a secret is not repeated in an error, wherever it is misplaced: at
 * each word of a complete configuration, instead of it, before it, and quoted. */
static void a_misplaced_secret_is_never_repeated(void **st)
{
	static const char text[] =
		"environment { log { level warn }\n l2tp { server main { ip 192.0.2.1; port 1702 } } }\n"
		"l2tp { enabled true; shared-secret s; host-name lns1; hello-interval 5\n"
		" auth-method pap; allow-from [ 10.0.0.0/8 ]; allow-host-name lac1; dataplane auto\n"
		" bpf { uplink [ eth0 ]; xdp-mode auto } ncp { timeout 11 } lcp-echo { failures 6 } session { idle-timeout 9 }\n"
		" auth { local { user bob { password b; address 10.1.1.1 } } }\n"
		" pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.0.9 } }\n"
		" shaper { qdisc-type htb; default-rate 10mbit } }\n";
	static const char *const forms[] = { "TOPSECRET1",  "\"TOPSECRET1\"", "topsecret1/x.y:1",
					     "TOPSECRET1;", "TOPSECRET1 {",   "\"TOPSECRET1\n" };
	struct strbuf errors, warnings, b;
	unsigned refused = 0;

	(void)st;
	for (const char *p = text; *p; p += strcspn(p, " \n")) {
		size_t word = strcspn(p += strspn(p, " \n"), " \n");

		for (unsigned i = 0; i < 2 * sizeof(forms) / sizeof(*forms); i++) {
			struct yang_source src = { .name = "t" };
			struct config *c = NULL;

			sb_init(&errors);
			sb_init(&warnings);
			sb_init(&b);
			/* instead of the word, and before it */
			sb_printf(&b, "%.*s %s %s", (int)(p - text), text, forms[i / 2],
				  i % 2 ? p : p + word);
			src.text = b.s;
			src.len = b.len;
			if (yang_parse(yang, &src, &c, &errors, &warnings) < 0)
				refused++;
			for (const char *e = errors.s; e && *e; e++)
				assert_int_not_equal(strncasecmp(e, "topsecret", 9), 0);
			assert_null(warnings.s && strstr(warnings.s, "TOPSECRET") ? warnings.s :
										    NULL);
			config_unref(c);
			sb_done(&errors);
			sb_done(&warnings);
			sb_done(&b);
		}
	}
	assert_true(refused > 300);
}

/* F-B11: the error of a misspelt keyword has the right keyword, not the wrong one. */
static void a_misspelt_keyword_is_helped(void **st)
{
	(void)st;
	bad(SERVER "l2tp { helo-interval 5; max-tunel 4; enable }",
	    "t:2:8: l2tp: unknown keyword; did you mean \"hello-interval\"?\n"
	    "t:2:25: l2tp: unknown keyword; did you mean \"max-tunnels\"?\n"
	    "t:2:38: l2tp: unknown keyword; did you mean \"enabled\"?\n");
}

static void comments_and_line_ends(void **st)
{
	struct config *c = good("# a\n// b\n/* c\n c */ l2tp // d\n{ enabled false // e\n"
				"host-name /* x */ a-b\r\n hello-interval 7 # f\n}\n");

	(void)st;
	assert_string_equal(c->host_name, "a-b");
	assert_int_equal(c->hello_interval_s, 7);
	config_unref(c);
}

static void errors_end_at_a_hundred(void **st)
{
	char text[8192] = "";
	struct yang_source src = { "t", text, 0 };
	struct strbuf errors;
	struct config *c = NULL;
	unsigned lines = 0;

	(void)st;
	for (int i = 0; i < 500; i++)
		strcat(text, "bogus;\n");
	src.len = strlen(text);
	sb_init(&errors);
	assert_int_equal(yang_parse(yang, &src, &c, &errors, NULL), -EINVAL);
	for (const char *p = errors.s; *p; p++)
		lines += *p == '\n';
	assert_in_range(lines, 100, 101);
	sb_done(&errors);
}

static void read_warned(const char *file, const char *want)
{
	struct strbuf errors, warnings;
	struct config *c = NULL;

	sb_init(&errors);
	sb_init(&warnings);
	assert_int_equal(yang_read_file(yang, file, &c, &errors, &warnings), 0);
	assert_string_equal(warnings.s ? warnings.s : "", want);
	config_unref(c);
	sb_done(&errors);
	sb_done(&warnings);
}

static void write_config(const char *file, const char *text, mode_t mode)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(file, mode), 0);
}

/* A file with passwords that everybody may read; a directory without search permission protects
 * it. */
static void an_open_file_is_a_warning(void **st)
{
	static const char user[] = SERVER "l2tp { auth { local { user a { password p } } } }";
	static const char none[] = SERVER "l2tp { allow-no-auth true }";
	static const char secret[] = SERVER "l2tp { allow-no-auth true; shared-secret s }";
	char dir[] = "/tmp/ze-yang-XXXXXX", file[64], want[300];

	(void)st;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/ze.conf", dir);
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(
		want, sizeof(want),
		"%s: mode 0644, owner %u: every user of the host may read the passwords and secrets "
		"in it (chmod 600 %s)\n",
		file, geteuid(), file);
	write_config(file, user, 0644);
	read_warned(file, want);
	write_config(file, secret, 0644);
	read_warned(file, want);
	write_config(file, none, 0644);
	read_warned(file, "");
	write_config(file, user, 0640);
	read_warned(file, "");
	snprintf(want, sizeof(want),
		 "%s: mode 0602, owner %u: every user of the host may change it (chmod 600 %s)\n",
		 file, geteuid(), file);
	write_config(file, none, 0602);
	read_warned(file, want);
	write_config(file, user, 0666);
	assert_int_equal(chmod(dir, 0750), 0);
	read_warned(file, "");
	unlink(file);
	rmdir(dir);
}

static void a_missing_file_is_named(void **st)
{
	struct strbuf errors;
	struct config *c = NULL;

	(void)st;
	sb_init(&errors);
	assert_int_equal(yang_read_file(yang, "/nonexistent/ze.conf", &c, &errors, NULL), -ENOENT);
	assert_string_equal(errors.s, "/nonexistent/ze.conf: No such file or directory\n");
	sb_done(&errors);
}

/* F-A5: a pipe without a writer is refused at once, as is anything that is not a regular file. */
static void a_pipe_is_refused(void **st)
{
	char dir[] = "/tmp/ze-test-XXXXXX", pipe[64];
	const char *const names[] = { pipe, "/dev/zero" };
	struct strbuf errors;
	struct config *c = NULL;

	(void)st;
	assert_non_null(mkdtemp(dir));
	snprintf(pipe, sizeof(pipe), "%s/fifo", dir);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	for (unsigned i = 0; i < 2; i++) {
		sb_init(&errors);
		assert_int_equal(yang_read_file(yang, names[i], &c, &errors, NULL), -EINVAL);
		assert_non_null(strstr(errors.s, names[i]));
		assert_non_null(strstr(errors.s, ": not a regular file"));
		sb_done(&errors);
	}
	sb_init(&errors);
	assert_int_equal(yang_read_file(yang, dir, &c, &errors, NULL), -EISDIR);
	sb_done(&errors);
	unlink(pipe);
	rmdir(dir);
}

static void ten_thousand_users(void **st)
{
	struct strbuf text;
	struct config *c;

	(void)st;
	sb_init(&text);
	sb_puts(&text, SERVER "l2tp { auth { local {\n");
	for (int i = 0; i < 10000; i++)
		sb_printf(&text, "user u%d { password p%d }\n", i, i);
	sb_puts(&text, "} } }\n");
	c = good(text.s);
	assert_int_equal(c->n_users, 10000);
	config_unref(c);
	sb_done(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leaf_of_the_guide_is_read),
		cmocka_unit_test(defaults_of_the_schema_are_those_of_the_snapshot),
		cmocka_unit_test(an_empty_container_has_its_defaults),
		cmocka_unit_test(presence_enables_and_enabled_false_disables),
		cmocka_unit_test(no_user_is_a_warning),
		cmocka_unit_test(named_pools),
		cmocka_unit_test(pools_that_do_not_fit),
		cmocka_unit_test(no_login_possible),
		cmocka_unit_test(an_open_file_is_a_warning),
		cmocka_unit_test(fixed_addresses_without_ipv4),
		cmocka_unit_test(all_errors_are_reported_with_their_positions),
		cmocka_unit_test(radius_block),
		cmocka_unit_test(radius_errors),
		cmocka_unit_test(radius_excludes),
		cmocka_unit_test(rules_across_leaves),
		cmocka_unit_test(needs_do_not_contradict),
		cmocka_unit_test(the_data_plane_is_chosen),
		cmocka_unit_test(ports_that_collide_are_refused),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(addresses_that_no_subscriber_can_have),
		cmocka_unit_test(rates_are_checked),
		cmocka_unit_test(broken_syntax),
		cmocka_unit_test(a_secret_is_never_repeated),
		cmocka_unit_test(a_misplaced_secret_is_never_repeated),
		cmocka_unit_test(a_misspelt_keyword_is_helped),
		cmocka_unit_test(comments_and_line_ends),
		cmocka_unit_test(errors_end_at_a_hundred),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(a_pipe_is_refused),
		cmocka_unit_test(ten_thousand_users),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
