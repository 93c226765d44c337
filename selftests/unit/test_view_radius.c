/* SPDX-License-Identifier: BSD-2-Clause */
/* `show radius servers`: the state of each server, the numbers, and what is left out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/snapshot.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/fail_alloc.h"

static struct {
	struct world *w;
	struct asking a;
	struct snapshot_radius_source source;
	size_t n;
	struct snapshot_radius_server servers[3];
	struct radius_client_stats client;
	struct snapshot_accounting accounting;
	struct snapshot_radius_coa coa;
} u;

static struct snapshot_radius *copy(const void *self)
{
	struct snapshot_radius *r = calloc(1, sizeof(*r) + u.n * sizeof(r->v[0]));

	assert_ptr_equal(self, &u);
	if (!r)
		return NULL;
	r->client = u.client;
	r->accounting = u.accounting;
	r->coa = u.coa;
	r->n = u.n;
	for (size_t i = 0; i < u.n; i++) {
		r->v[i] = u.servers[i];
		r->v[i].st.name = r->v[i].name;
	}
	return r;
}

static void add(const char *name, const char *ip, uint16_t port)
{
	struct snapshot_radius_server *s = &u.servers[u.n++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	assert_int_equal(ze_addr_parse(ip, port, &s->st.addr), 0);
}

static int up(void **st)
{
	(void)st;
	memset(&u, 0, sizeof(u));
	u.w = world_new(w_config(), 11);
	if (!u.w)
		return -1;
	u.source = (struct snapshot_radius_source){ .self = &u, .take = copy };
	u.a = (struct asking){ .w = u.w, .radius = &u.source };
	return 0;
}

static int down(void **st)
{
	(void)st;
	ask_done(&u.a);
	world_free(u.w);
	return 0;
}

static json_t *server(size_t i)
{
	return json_array_get(ask_member(u.a.data, "servers"), i);
}

static void show(void)
{
	assert_int_equal(ask(&u.a, "show radius servers"), OP_OK);
	assert_int_equal(json_array_size(ask_member(u.a.data, "servers")), u.n);
}

static void word(const json_t *v, const char *path, const char *want)
{
	assert_string_equal(json_string_value(ask_member(v, path)), want);
}

static void number(const json_t *v, const char *path, json_int_t want)
{
	assert_true(json_is_integer(ask_member(v, path)));
	assert_int_equal(json_integer_value(ask_member(v, path)), want);
}

static void decimal(const json_t *v, const char *path, double want)
{
	assert_true(json_is_real(ask_member(v, path)));
	assert_true(json_real_value(ask_member(v, path)) == want);
}

/* `show radius accounting` */
static void accounting(void **st)
{
	struct snapshot_accounting *a = &u.accounting;
	json_t *s;

	(void)st;
	assert_int_equal(ask(&u.a, "show radius accounting"), OP_OK);
	assert_non_null(strstr(json_string_value(ask_member(u.a.data, "note")), "off"));
	assert_null(json_object_get(u.a.data, "spool"));
	*a = (struct snapshot_accounting){
		.n = 1,
		.open = true,
		.wall_s = 1000,
		.records = { .sessions = 1,
			     .rows = 2,
			     .unsent = 3,
			     .in_flight = 4,
			     .oldest_at = 940,
			     .starts = 5,
			     .interims = 6,
			     .stops = 7,
			     .interims_lost = 8,
			     .retries = 9,
			     .recovered = 10,
			     .refused = 11,
			     .unusable = 12 },
		.queued = 13,
		.commits = 14,
		.failures = 15,
		.dropped = 16,
		.error = "No space left on device",
	};
	snprintf(a->v[0].name, sizeof(a->v[0].name), "main");
	assert_int_equal(ze_addr_parse("192.0.2.1", 1813, &a->v[0].st.addr), 0);
	a->v[0].st.requests = 17;
	a->v[0].st.accepts = 18;
	a->v[0].st.rtt = 1500000;
	a->v[0].st.dropped[REASON_REPLY_AUTHENTICATOR] = 19;
	assert_int_equal(ask(&u.a, "show radius accounting"), OP_OK);
	assert_null(json_object_get(u.a.data, "note"));
	s = json_array_get(ask_member(u.a.data, "servers"), 0);
	word(s, "name", "main");
	word(s, "state", "answers");
	number(s, "port", 1813);
	number(s, "responses", 18);
	decimal(s, "rtt-ms", 1.5);
	number(s, "dropped.reply-authenticator", 19);
	assert_true(json_is_false(ask_member(u.a.data, "reachable")));
	number(u.a.data, "sessions", 1);
	number(u.a.data, "spool.rows", 2);
	number(u.a.data, "spool.rows-max", ACCT_ROWS_MAX);
	number(u.a.data, "unsent", 3);
	number(u.a.data, "in-flight", 4);
	number(u.a.data, "oldest-age-seconds", 60);
	number(u.a.data, "starts", 5);
	number(u.a.data, "interims", 6);
	number(u.a.data, "stops", 7);
	number(u.a.data, "interims-lost", 8);
	number(u.a.data, "retries", 9);
	number(u.a.data, "recovered", 10);
	number(u.a.data, "refused", 11);
	number(u.a.data, "unusable", 12);
	number(u.a.data, "spool.queued", 13);
	number(u.a.data, "spool.commits", 14);
	number(u.a.data, "spool.failures", 15);
	number(u.a.data, "spool.lost", 16);
	word(u.a.data, "spool.error", "No space left on device");
	a->records.oldest_at = 0;
	assert_int_equal(ask(&u.a, "show radius accounting"), OP_OK);
	number(u.a.data, "oldest-age-seconds", 0);
}

static void without_servers(void **st)
{
	(void)st;
	show();
	assert_non_null(strstr(json_string_value(ask_member(u.a.data, "note")), "No RADIUS"));
	assert_null(json_object_get(u.a.data, "client"));
	u.a.radius = NULL; /* no client at all */
	show();
	assert_non_null(json_object_get(u.a.data, "note"));
}

static void states(void **st)
{
	(void)st;
	add("one", "192.0.2.1", 1812);
	add("two", "192.0.2.2", 1812);
	add("six", "2001:db8::6", 11812);
	u.servers[0].st.requests = 1;
	u.servers[1].st.aside = true;
	u.servers[1].st.since = u.w->now - ZE_SEC(60);
	show();
	word(server(0), "state", "answers");
	assert_true(json_is_null(ask_member(server(0), "since")));
	word(server(1), "state", "aside");
	word(server(1), "since", "2026-11-22T23:59:00.000Z");
	word(server(2), "state", "not-asked-yet");
	word(server(2), "name", "six");
	word(server(2), "address", "2001:db8::6");
	number(server(2), "port", 11812);
	assert_true(json_is_null(ask_member(server(2), "rtt-ms")));
	assert_int_equal(json_object_size(ask_member(server(2), "dropped")), 0);
	assert_null(json_object_get(u.a.data, "note"));
}

static void every_number(void **st)
{
	struct radius_server_stats *s = &u.servers[0].st;

	(void)st;
	add("one", "192.0.2.1", 1812);
	*s = (struct radius_server_stats){
		.addr = s->addr,
		.signs = true,
		.outstanding = 1,
		.ports = 2,
		.rtt = 1250000,
		.rtt_min = 412000,
		.rtt_max = ZE_SEC(2),
		.requests = 6,
		.retransmits = 7,
		.timeouts = 8,
		.accepts = 9,
		.rejects = 10,
		.challenges = 11,
		.other_codes = 12,
		.probes = 13,
		.probe_replies = 14,
		.set_aside = 15,
		.send_errors = 16,
		.dropped = { [REASON_REPLY_AUTHENTICATOR] = 17, [REASON_REPLY_LATE] = 18 }
	};
	u.servers[0].icmp_errors = 19;
	u.client = (struct radius_client_stats){ 20, 21, 22, 23, 24, 25 };
	show();
	assert_true(json_is_true(ask_member(server(0), "signs")));
	number(server(0), "outstanding", 1);
	number(server(0), "source-ports", 2);
	decimal(server(0), "rtt-ms", 1.25);
	decimal(server(0), "rtt-min-ms", 0.412);
	decimal(server(0), "rtt-max-ms", 2000);
	number(server(0), "requests", 6);
	number(server(0), "retransmits", 7);
	number(server(0), "timeouts", 8);
	number(server(0), "accepts", 9);
	number(server(0), "rejects", 10);
	number(server(0), "challenges", 11);
	number(server(0), "other-codes", 12);
	number(server(0), "probes", 13);
	number(server(0), "probe-replies", 14);
	number(server(0), "times-aside", 15);
	number(server(0), "send-errors", 16);
	number(server(0), "dropped.reply-authenticator", 17);
	number(server(0), "dropped.reply-late", 18);
	assert_int_equal(json_object_size(ask_member(server(0), "dropped")), 2);
	number(server(0), "icmp-errors", 19);
	number(u.a.data, "client.pending", 20);
	number(u.a.data, "client.pending-max", 21);
	number(u.a.data, "client.refused-limit", 22);
	number(u.a.data, "client.refused-ids", 23);
	number(u.a.data, "client.unavailable", 24);
	number(u.a.data, "client.cancelled", 25);
}

/* Requests of servers, by client; what came from elsewhere is apart. */
static void coa_clients(void **st)
{
	const json_t *one;

	(void)st;
	assert_int_equal(ask(&u.a, "show radius coa"), OP_OK);
	assert_int_equal(json_array_size(ask_member(u.a.data, "clients")), 0);
	assert_non_null(strstr(json_string_value(ask_member(u.a.data, "note")), "coa-port"));
	u.coa = (struct snapshot_radius_coa){ .port = 3799, .send_errors = 9, .n = 1 };
	assert_int_equal(ze_addr_parse("192.0.2.7", 3799, &u.coa.listening[0]), 0);
	snprintf(u.coa.v[0].name, sizeof(u.coa.v[0].name), "one");
	assert_int_equal(ze_addr_parse("2001:db8::1", 1812, &u.coa.v[0].addr), 0);
	u.coa.v[0].st = (struct radius_coa_stats){ .coa_acks = 1,
						   .coa_naks = 2,
						   .disconnect_acks = 3,
						   .disconnect_naks = 4,
						   .repeated = 5,
						   .dropped = { [REASON_COA_STALE] = 6 } };
	u.coa.v[1].st.dropped[REASON_COA_CLIENT] = 7;
	assert_int_equal(ask(&u.a, "show radius coa"), OP_OK);
	one = json_array_get(ask_member(u.a.data, "clients"), 0);
	word(one, "name", "one");
	word(one, "address", "2001:db8::1");
	number(one, "coa-acks", 1);
	number(one, "coa-naks", 2);
	number(one, "disconnect-acks", 3);
	number(one, "disconnect-naks", 4);
	number(one, "repeated", 5);
	number(one, "dropped.coa-stale", 6);
	number(u.a.data, "other-sources.dropped.coa-client", 7);
	number(u.a.data, "send-errors", 9);
	assert_int_equal(json_array_size(ask_member(u.a.data, "listening")), 1);
	assert_string_equal(json_string_value(json_array_get(ask_member(u.a.data, "listening"), 0)),
			    "192.0.2.7:3799");
	assert_null(json_object_get(u.a.data, "note"));
}

static void out_of_memory(void **st)
{
	(void)st;
	add("one", "192.0.2.1", 1812);
	if (!fail_alloc_works())
		skip();
	for (int k = 0; k < 2; k++) { /* the snapshot, and the copy of the statistics */
		fail_alloc_at(k);
		ask(&u.a, "show radius servers");
		fail_alloc_off();
		assert_int_equal(u.a.status, OP_FAILED);
		assert_non_null(strstr(u.a.error, "out of memory"));
	}
	show();
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(accounting),	 T(without_servers), T(states),
		T(every_number), T(coa_clients),     T(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
