/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of the views: every key, the times, and that no secret is ever shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/observe/history.h"
#include "daemon/ops/operate.h"
#include "daemon/view/view.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/fail_alloc.h"

static struct {
	struct world *w;
	struct history *h;
	struct snapshot_history view;
	struct asking a;
	struct lac *lac;
	struct lac_call *call;
} u;

static int up(void **st)
{
	struct config *c = w_config();

	(void)st;
	memset(&u, 0, sizeof(u));
	if (!c)
		return -1;
	c->listeners[0] = (struct config_listener){
		.name = "carrier", .addr = { .family = 4, .port = 1701, .ip = { 10, 8, 0, 1 } }
	};
	c->listeners[1] =
		(struct config_listener){ .name = "six", .addr = { .family = 6, .port = 1702 } };
	c->n_listeners = 2;
	c->bpf = (struct config_bpf){ .uplink = { "eth7" },
				      .n_uplink = 1,
				      .xdp = CONFIG_XDP_GENERIC };
	u.w = world_new(c, 11);
	u.h = history_new();
	if (!u.w || !u.h || bus_add(&u.w->bus, &history_observer, u.h) < 0)
		return -1;
	u.view = history_snapshots(u.h);
	u.a = (struct asking){ .w = u.w, .history = &u.view };
	u.lac = lac_new(u.w, 1, 1701);
	strcpy(u.lac->host, "lac\x1b[2J\xff");
	lac_connect(u.lac);
	u.call = lac_call(u.lac, "alice", "wonder");
	w_advance(u.w, ZE_SEC(35));
	return 0;
}

static int down(void **st)
{
	(void)st;
	ask_done(&u.a);
	lac_stop(u.lac);
	w_advance(u.w, ZE_SEC(120));
	assert_world_empty(u.w);
	world_free(u.w);
	history_free(u.h);
	return 0;
}

static void show(const char *what)
{
	char line[64];

	snprintf(line, sizeof(line), "show l2tp%s%s", what[0] ? " " : "", what);
	assert_int_equal(ask(&u.a, line), OP_OK);
}

static void show_id(const char *what, unsigned id)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %u", what, id);
	show(line);
}

static void is_time(const json_t *v)
{
	const char *s = json_string_value(v), *form = "dddd-dd-ddTdd:dd:dd.dddZ";

	assert_non_null(s);
	assert_int_equal(strlen(s), strlen(form));
	for (; *form; form++, s++)
		if (*form == 'd')
			assert_in_range(*s, '0', '9');
		else
			assert_int_equal(*s, *form);
}

/* keys: names separated by blanks; the letter after '/' is the type: n(umber) s(tring) t(ime)
 * b(oolean) a(rray) o(bject). */
static void has(const json_t *v, const char *keys)
{
	char key[64], kind;

	for (const char *p = keys; *p; p += strspn(p, " ")) {
		const json_t *m;

		assert_int_equal(sscanf(p, "%63[^/]/%c", key, &kind), 2);
		p += strlen(key) + 2;
		m = ask_member(v, key);
		if ((kind == 'n' && !json_is_integer(m)) || (kind == 's' && !json_is_string(m)) ||
		    (kind == 'b' && !json_is_boolean(m)) || (kind == 'a' && !json_is_array(m)) ||
		    (kind == 'o' && !json_is_object(m)))
			fail_msg("%s is not of kind %c", key, kind);
		if (kind == 't')
			is_time(m);
	}
}

static void same(const char *path, const char *want)
{
	assert_string_equal(json_string_value(ask_member(u.a.data, path)), want);
}

static void equal(const char *path, json_int_t want)
{
	assert_int_equal(json_integer_value(ask_member(u.a.data, path)), want);
}

/* Keys are lower-case letters, digits and single dashes; the names of messages are those of the
 * RFC. */
static void is_kebab(json_t *v)
{
	json_t *item;
	const char *key;
	size_t i;

	json_array_foreach(v, i, item) {
		is_kebab(item);
	}
	json_object_foreach(v, key, item) {
		if (strncmp(key, "messages-", 9) == 0)
			continue;
		assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(key));
		is_kebab(item);
	}
}

static void summary(void **st)
{
	(void)st;
	show("");
	has(u.a.data, "tunnel-count/n session-count/n listener-count/n captured-at/t started-at/t "
		      "dataplane/s draining/b");
	equal("tunnel-count", 1);
	equal("session-count", 1);
	equal("listener-count", 2);
	same("captured-at", "2026-11-23T00:00:00.000Z");
	same("started-at", "2026-11-22T23:59:25.000Z"); /* 35 s ago */
}

#define TUNNEL_KEYS                                                                                \
	"local-tid/n remote-tid/n peer/s peer-hostname/s state/s session-count/n created-at/t "    \
	"last-activity/t max-sessions/n"

static void tunnels(void **st)
{
	(void)st;
	show("tunnels");
	assert_int_equal(json_array_size(u.a.data), 1);
	has(json_array_get(u.a.data, 0), TUNNEL_KEYS);
}

static void tunnel(void **st)
{
	(void)st;
	show_id("tunnel", u.lac->peer_tid);
	has(u.a.data, TUNNEL_KEYS " local/s peer-capabilities/o channel/o sessions/a transitions/a "
				  "established-at/t hello-interval/n authenticated/b");
	equal("local-tid", u.lac->peer_tid);
	equal("remote-tid", u.lac->tid);
	equal("session-count", 1);
	equal("max-sessions", 1024);
	same("state", "established");
	same("peer", "10.9.0.1:1701");
	same("local", "10.8.0.1:1701");
	same("created-at", "2026-11-22T23:59:25.000Z");
	assert_int_equal(json_integer_value(json_array_get(ask_member(u.a.data, "sessions"), 0)),
			 u.call->peer_sid);
	has(ask_member(u.a.data, "peer-capabilities"),
	    "protocol-version/s framing/a bearer/n receive-window-size/n vendor-name/s");
	has(ask_member(u.a.data, "channel"), "ns/n nr/n unacknowledged/n queued/n window/n");
	assert_true(json_array_size(ask_member(u.a.data, "transitions")) > 0);
}

/* A name of a peer is shown as text, whatever octets it has. */
static void names_from_the_network(void **st)
{
	(void)st;
	show_id("tunnel", u.lac->peer_tid);
	same("peer-hostname", "lac\x1b[2J\xef\xbf\xbd");
}

#define SESSION_KEYS                                                                               \
	"local-sid/n remote-sid/n tunnel-local-tid/n state/s username/s assigned-addr/s family/s " \
	"interface/s created-at/t"

static void sessions(void **st)
{
	(void)st;
	show("sessions");
	assert_int_equal(json_array_size(u.a.data), 1);
	has(json_array_get(u.a.data, 0), SESSION_KEYS);
}

/* The values of the fake plane (selftests/lib/world.c). */
static void traffic_of_one(void)
{
	has(ask_member(u.a.data, "traffic"), "as-of/t");
	equal("traffic.up-packets", u.call->peer_sid);
	equal("traffic.up-bytes", 2);
	equal("traffic.down-packets", 3);
	equal("traffic.down-bytes", 4);
	equal("traffic.up-spoofed", 5);
	equal("traffic.up-policed", 6);
	equal("traffic.down-policed", 7);
	equal("traffic.up-refused", 8);
	equal("traffic.up-resyncs", 9);
}

static void pools(void **st)
{
	json_t *row;

	(void)st;
	show("pools");
	assert_int_equal(json_array_size(u.a.data), 1);
	row = json_array_get(u.a.data, 0);
	has(row,
	    "name/s size/n used/n free/n reserved/n high-water/n refused/n waiting/n start/s end/s "
	    "gateway/s next/s");
	assert_string_equal(json_string_value(ask_member(row, "name")), "default");
	assert_int_equal(json_integer_value(ask_member(row, "size")), 253);
	assert_int_equal(json_integer_value(ask_member(row, "used")), 1);
	assert_int_equal(json_integer_value(ask_member(row, "reserved")), 1); /* bob's */
	assert_int_equal(json_integer_value(ask_member(row, "free")), 251);
	assert_int_equal(json_integer_value(ask_member(row, "high-water")), 1);
}

/* F-C10: the sequencing that is in use is shown. */
static void session(void **st)
{
	(void)st;
	show_id("session", u.call->peer_sid);
	has(u.a.data, SESSION_KEYS
	    " peer/s l2tp-state/s session-id/s connected-at/t up-at/t calling-number/s called-number/s "
	    "sub-address/s call-serial-number/n physical-channel-id/n tx-speed-bps/n rx-speed-bps/n "
	    "framing-type/s sequencing-required/b lns-mode/b ppp-phase/s lcp-state/s lcp-proxied/b lcp-options/o "
	    "auth-method/s auth-state/s auth-proxied/b ipcp-state/s ipv6cp-state/s local-addr/s dns-primary/s "
	    "dns-secondary/s local-interface-id/s peer-interface-id/s mtu/n lcp-echo/o profile/a events/a");
	equal("local-sid", u.call->peer_sid);
	equal("remote-sid", u.call->sid);
	equal("tunnel-local-tid", u.lac->peer_tid);
	traffic_of_one();
	same("state", "established");
	same("l2tp-state", "established");
	same("username", "alice");
	same("assigned-addr", "10.0.0.2");
	same("address-pool", "default");
	same("local-addr", "10.0.0.1");
	same("dns-primary", "8.8.8.8");
	same("dns-secondary", "8.8.4.4");
	same("family", "ipv4+ipv6");
	same("auth-method", "chap-md5");
	same("auth-state", "accepted");
	same("lcp-state", "opened");
	same("ipcp-state", "opened");
	same("ipv6cp-state", "opened");
	assert_true(json_is_true(ask_member(u.a.data, "lns-mode")));
	assert_true(json_is_false(ask_member(u.a.data, "sequencing-required")));
	equal("mtu", 1460);
	has(ask_member(u.a.data, "lcp-options"),
	    "local-mru/n peer-mru/n local-magic/s peer-magic/s peer-pfc/b peer-acfc/b");
	has(ask_member(u.a.data, "lcp-echo"),
	    "state/s sent/n replies/n lost/n last-rtt-us/n min-rtt-us/n max-rtt-us/n");
	same("lcp-echo.state", "running");
	assert_true(json_integer_value(ask_member(u.a.data, "lcp-echo.replies")) > 0);
}

static void events_of_a_session(void **st)
{
	static const char *const first[] = { "session-starting", "route-add", "session-up" };
	json_t *events;

	(void)st;
	show_id("session", u.call->peer_sid);
	events = ask_member(u.a.data, "events");
	assert_true(json_array_size(events) >= 3);
	has(json_array_get(events, 0), "at/t event/s");
	assert_string_equal(json_string_value(ask_member(json_array_get(events, 0), "event")),
			    first[0]);
	for (size_t k = 1; k < ZE_ARRAY_SIZE(first); k++) {
		bool found = false;

		for (size_t i = 0; i < json_array_size(events); i++)
			found |= !strcmp(
				json_string_value(ask_member(json_array_get(events, i), "event")),
				first[k]);
		assert_true(found);
	}
}

/* Before PPP has begun, its members are absent. */
static void session_that_waits(void **st)
{
	struct lac_call *c;

	(void)st;
	u.lac->no_iccn = true;
	c = lac_call(u.lac, "bob", "builder");
	show_id("session", c->peer_sid);
	same("state", "starting");
	same("username", "");
	same("assigned-addr", "");
	same("family", "");
	assert_true(json_is_null(ask_member(u.a.data, "up-at")));
	show("");
	equal("sessions-starting", 1);
}

static void statistics(void **st)
{
	(void)st;
	show("statistics");
	has(u.a.data,
	    "tunnels/n sessions-established/n sessions-up-total/n auth-accepted/n "
	    "auth-rejected/n datagrams-received/n datagrams-sent/n datagrams-receive-failed/n "
	    "datagrams-truncated/n sends-lost/n avps-ignored/n messages-received/o "
	    "messages-sent/o refused/o pool-ipv4/o");
	equal("auth-accepted", 1);
	equal("messages-received.SCCRQ", 1);
	equal("messages-sent.SCCRP", 1);
	equal("messages-received.ICCN", 1);
	equal("pool-ipv4.used", 1);
	equal("pool-ipv4.size", 253);
}

/* The values of the fake plane: none before the first reading, two sessions in it. */
static void sums_over_all_sessions(void **st)
{
	struct lac_call *second = lac_call(u.lac, "bob", "builder");

	(void)st;
	w_advance(u.w, ZE_SEC(5));
	show("statistics");
	assert_null(json_object_get(u.a.data, "traffic"));
	u.w->dp_as_of = u.w->now - ZE_SEC(1);
	show("statistics");
	has(ask_member(u.a.data, "traffic"), "as-of/t");
	equal("traffic.sessions", 2);
	equal("traffic.up-packets", u.call->peer_sid + second->peer_sid);
	equal("traffic.up-bytes", 4);
	equal("traffic.down-packets", 6);
	equal("traffic.down-bytes", 8);
	equal("traffic.up-spoofed", 10);
	equal("traffic.up-policed", 12);
	equal("traffic.down-policed", 14);
	equal("traffic.up-refused", 16);
	equal("traffic.up-resyncs", 18);
}

static void refusals_are_counted(void **st)
{
	static const uint8_t junk[] = { 0xc8, 0x03, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0 };
	const struct net_path path = w_path(9, 1701);
	json_t *refused;

	(void)st;
	w_inject(u.w, &path, span_of(junk, sizeof(junk)));
	w_deliver(u.w);
	show("statistics");
	refused = ask_member(u.a.data, "refused");
	assert_int_equal(json_object_size(refused), 1);
	assert_int_equal(json_integer_value(json_object_iter_value(json_object_iter(refused))), 1);
}

/* What the sockets report, and what is lost or ignored without a refusal. */
static void losses_are_counted(void **st)
{
	/* A HELLO with an AVP of another vendor that need not be understood. */
	static const struct operate_why why = { .actor = "test" };
	static const uint8_t hello[] = { 0x80, 8, 0, 0, 0, 0, 0, 6, 0, 8, 0, 9, 0, 1, 0xaa, 0xbb };

	(void)st;
	u.w->net_counters = (struct net_counters){ .rx_failed = 7, .rx_truncated = 8 };
	l2tp_chan_send(&u.lac->chan, 0, span_of(hello, sizeof(hello)), u.w->now);
	lac_flush(u.lac);
	w_deliver(u.w);
	show("statistics");
	equal("datagrams-receive-failed", 7);
	equal("datagrams-truncated", 8);
	equal("avps-ignored", 1);
	equal("sends-lost", 0);
	if (fail_alloc_works()) {
		fail_alloc_at(0); /* the CDN */
		assert_int_equal(operate_close_session(u.w->e, u.call->peer_sid, &why, u.w->now),
				 0);
		assert_true(fail_alloc_hit());
		fail_alloc_off();
		show("statistics");
		equal("sends-lost", 1);
	}
	lac_stop(u.lac);
	w_advance(u.w, ZE_SEC(60)); /* those of removed tunnels stay in the sum */
	show("statistics");
	equal("tunnels", 0);
	equal("avps-ignored", 1);
}

static void listeners(void **st)
{
	json_t *l;

	(void)st;
	show("listeners");
	assert_int_equal(json_array_size(u.a.data), 2);
	l = json_array_get(u.a.data, 0);
	has(l, "name/s address/s port/n");
	assert_string_equal(json_string_value(ask_member(l, "address")), "10.8.0.1");
	assert_int_equal(json_integer_value(ask_member(l, "port")), 1701);
	l = json_array_get(u.a.data, 1);
	assert_string_equal(json_string_value(ask_member(l, "name")), "six");
	assert_null(strstr(json_string_value(ask_member(l, "address")), "1702"));
}

static void running_config(void **st)
{
	char *secret;

	(void)st;
	show("config");
	has(u.a.data,
	    "enabled/b shared-secret/s hide-avps/b host-name/s auth-method/s "
	    "allow-no-auth/b hello-interval/n hello-retries/n max-tunnels/n "
	    "max-sessions/n setup-rate/n max-tunnels-peer/n max-sessions-peer/n path-mtu/n drain-timeout/n allow-from/a allow-host-name/a "
	    "authentication/o proxy/o ncp/o lcp-echo/o session/o auth/o local-users/n pool/o dataplane/s bpf/o");
	same("dataplane", "auto");
	same("bpf.xdp-mode", "generic");
	assert_int_equal(json_array_size(ask_member(u.a.data, "bpf.uplink")), 1);
	assert_int_equal(json_array_size(ask_member(u.a.data, "bpf.core")), 0);
	same("shared-secret", "<set>");
	same("auth-method", "chap-md5");
	equal("hello-interval", 60);
	equal("local-users", 2);
	equal("ncp.timeout", 30);
	same("pool.ipv4.start", "10.0.0.2");
	assert_true(json_is_true(ask_member(u.a.data, "pool.ipv4.blackhole")));
	same("pool.ipv4.dns-primary", "8.8.8.8");
	assert_null(json_object_get(u.a.data, "shaper"));
	u.w->e->cfg->shape = (struct shape_plan){ 10000000, 2500001, SHAPE_HTB };
	show("config");
	same("shaper.qdisc-type", "htb");
	same("shaper.default-rate", "10mbit");
	same("shaper.upload-rate", "2500001bit");
	secret = u.w->e->cfg->secret;
	u.w->e->cfg->secret = NULL;
	show("config");
	same("shared-secret", "<unset>");
	u.w->e->cfg->secret = secret;
}

static const char *const everything[] = { "",	       "tunnels", "sessions", "statistics",
					  "listeners", "config",  "history" };

static void every_answer(void (*look)(json_t *))
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(everything); i++) {
		show(everything[i]);
		look(u.a.data);
	}
	show_id("tunnel", u.lac->peer_tid);
	look(u.a.data);
	show_id("session", u.call->peer_sid);
	look(u.a.data);
}

static void keys_are_kebab_case(void **st)
{
	(void)st;
	every_answer(is_kebab);
}

/* The secret and the passwords as text, and in hex. */
static void tells_nothing(json_t *v)
{
	static const char *const secrets[] = { "zetest", "wonder", "builder", "7a6574657374",
					       "776f6e646572" };
	char *text = json_dumps(v, JSON_ENCODE_ANY);

	for (size_t i = 0; i < ZE_ARRAY_SIZE(secrets); i++)
		assert_null(strstr(text, secrets[i]));
	free(text);
}

static void secrets_are_never_shown(void **st)
{
	(void)st;
	every_answer(tells_nothing);
}

static void times(void **st)
{
	const struct view_clock c = { ZE_SEC(100), ZE_SEC(951782400) + ZE_MS(7) };
	static const struct {
		ze_ns at;
		const char *want;
	} cases[] = {
		{ ZE_SEC(100), "{\"t\":\"2000-02-29T00:00:00.007Z\"}" },
		{ ZE_SEC(100) - ZE_MS(8), "{\"t\":\"2000-02-28T23:59:59.999Z\"}" },
		{ 1, "{\"t\":\"2000-02-28T23:58:20.007Z\"}" },
		{ 0, "{\"t\":null}" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(cases); i++) {
		struct strbuf b;
		struct json j;

		sb_init(&b);
		json_init(&j, &b);
		json_obj(&j);
		view_time(&j, "t", &c, cases[i].at);
		json_obj_end(&j);
		assert_string_equal(b.s, cases[i].want);
		sb_done(&b);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(summary),
		T(tunnels),
		T(tunnel),
		T(names_from_the_network),
		T(sessions),
		T(pools),
		T(session),
		T(events_of_a_session),
		T(session_that_waits),
		T(statistics),
		T(sums_over_all_sessions),
		T(refusals_are_counted),
		T(losses_are_counted),
		T(listeners),
		T(running_config),
		T(keys_are_kebab_case),
		T(secrets_are_never_shown),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
