/* SPDX-License-Identifier: BSD-2-Clause */
/* CoA and Disconnect requests on the sessions of an engine: which sessions are found, that a change is
 * made for all of them or for none, and what the events, the records and the log say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_profile.h"
#include "daemon/base/session_id.h"
#include "daemon/core/byid.h"
#include "daemon/core/change.h"
#include "daemon/core/end_cause.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/log_line.h"
#include "selftests/lib/radius_kit.h"
#include "selftests/lib/world.h"

#define SECRET "radsecret"
#define MBIT   UINT64_C(1000000)
#define COA    RADIUS_COA_REQUEST
#define DISC   RADIUS_DISCONNECT_REQUEST

#define GRANTED "11 t 10mbit/2mbit; 27 i 3600; 25 x 01; 89 x c0; 97 x 004020010db800010002"

static struct {
	struct world *w;
	struct lac *l;
	struct change *change;
	unsigned n;	  /* requests: identifiers and ports */
	bool no_profile;  /* the handler grants none */
	uint8_t code;	  /* of the answer */
	unsigned changed; /* EV_SESSION_CHANGED */
	char actor[64], text[512];
	struct profile *seen;		 /* that of the event; a reference */
	char requested[64], reason[300]; /* EV_DISCONNECT_REQUESTED: actor, text */
} u;

static bool grant(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	struct profile *base = profile_new(rq->user), *p = NULL;
	struct radius_report rep;

	(void)self;
	if (!u.no_profile)
		assert_int_equal(radius_profile_accept(rk_attrs(GRANTED), base, &p, &rep),
				 REASON_NONE);
	profile_free(base);
	*ret = (struct aaa_answer){ .verdict = AAA_ACCEPT, .profile = p };
	return true;
}

static void on_event(void *self, const struct event *e)
{
	(void)self;
	if (e->kind == EV_DISCONNECT_REQUESTED) {
		snprintf(u.requested, sizeof(u.requested), "%s", e->actor);
		snprintf(u.reason, sizeof(u.reason), "%s", e->text);
		return;
	}
	u.changed++;
	snprintf(u.actor, sizeof(u.actor), "%s", e->actor);
	snprintf(u.text, sizeof(u.text), "%s", e->text);
	profile_free(u.seen);
	u.seen = profile_ref(e->facts->profile);
}

static const struct observer watcher = { .name = "test",
					 .wants = EV_BIT(EV_SESSION_CHANGED) |
						  EV_BIT(EV_DISCONNECT_REQUESTED),
					 .on_event = on_event };

static struct change *change_of(const char *name)
{
	struct radius_coa_client client = { .name = name,
					    .addr = { .family = 4, .ip = { 192, 0, 2, 10 } },
					    .secret = span_str(SECRET) };

	return change_new(&(struct radius_coa_cfg){ .clients = &client, .n_clients = 1 });
}

static int up(void **st)
{
	static const char *const names[] = { "test" };
	static const struct aaa_handler h = { .name = "test", .auth = grant };
	struct config *c = w_config();

	(void)st;
	memset(&u, 0, sizeof(u));
	if (!c)
		return -1;
	c->auth_method = PPP_AUTH_PAP;
	c->radius.n_servers = 1; /* sessions have a NAS-Port-Id */
	u.w = world_new(c, 29);
	u.change = change_of("main");
	if (!u.w || !u.change)
		return -1;
	memset(&u.w->aaa, 0, sizeof(u.w->aaa));
	assert_int_equal(aaa_broker_add(&u.w->aaa, &h), 0);
	aaa_broker_order(&u.w->aaa, names, 1);
	assert_int_equal(bus_add(&u.w->bus, &watcher, NULL), 0);
	u.l = lac_new(u.w, 1, 1701);
	lac_connect(u.l);
	return 0;
}

static int down(void **st)
{
	(void)st;
	fail_alloc_off();
	change_free(u.change);
	profile_free(u.seen);
	world_end(u.w);
	return 0;
}

static struct lac_call *login(const char *user, const char *number)
{
	struct lac_call *c;

	snprintf(u.l->number, sizeof(u.l->number), "%s", number);
	c = lac_call(u.l, user, "secret");
	assert_true(c->c.v4_up && c->c.v6_up);
	return c;
}

/* Sends a request and returns the Error-Cause of its answer; 0: ACK. */
static uint32_t ask(uint8_t code, struct span attrs)
{
	const struct ze_addr from = { .family = 4,
				      .port = (uint16_t)(3000 + (u.n >> 8)),
				      .ip = { 192, 0, 2, 10 } };
	struct radius_coa_arrival a = { .from = &from, .now = u.w->now };
	uint8_t out[RADIUS_PKT_MAX];
	struct wr w = wr_init(out, sizeof(out));
	struct radius_pkt p;
	uint32_t cause = 0;
	struct span v;

	a.datagram = rk_packet(&(struct rk_packet){
		.code = code, .id = (uint8_t)u.n++, .attrs = attrs, .secret = span_str(SECRET) });
	assert_int_equal(change_input(u.change, u.w->e, &a, &w), REASON_NONE);
	assert_int_equal(radius_pkt_parse(wr_done(&w), &p), 0);
	u.code = p.code;
	if (radius_attr_find(p.attrs, 0, RADIUS_ERROR_CAUSE, &v))
		assert_true(radius_attr_u32(v, &cause));
	w_deliver(u.w);
	return cause;
}

static uint32_t coa(const char *attrs)
{
	return ask(COA, rk_attrs(attrs));
}

static struct span of_text(uint8_t type, const char *text)
{
	return rk_text(type, text);
}

static struct span acct_id(const struct lac_call *c)
{
	char id[SESSION_ID_TEXT];

	return of_text(RADIUS_ACCT_SESSION_ID, session_id_text(call_sub(c)->id, id));
}

static void assert_rates(const struct lac_call *c, uint64_t down_mbit, uint64_t up_mbit)
{
	const struct subscriber *s = call_sub(c);

	assert_true(s->profile->down_bps == down_mbit * MBIT);
	assert_true(s->profile->up_bps == up_mbit * MBIT);
	assert_true(u.w->dp[s->call.l2tp.sid].plan.down_bps == down_mbit * MBIT);
	assert_true(u.w->dp[s->call.l2tp.sid].plan.up_bps == up_mbit * MBIT);
}

/* ---- which sessions ---- */

static struct span identity(const struct lac_call *c, unsigned k)
{
	const struct subscriber *s = call_sub(c);
	uint8_t octets[8];
	struct wr w = wr_init(octets, sizeof(octets));
	char text[64];

	switch (k) {
	case 0:
		return of_text(RADIUS_USER_NAME, session_facts_user(s->facts));
	case 1:
		return rk_u32(RADIUS_NAS_PORT, s->call.l2tp.sid);
	case 2:
		return rk_u32(RADIUS_FRAMED_IP_ADDRESS, s->lease.ip4);
	case 3:
		return of_text(RADIUS_CALLING_STATION_ID, s->call.l2tp.calling_number);
	case 4:
		return acct_id(c);
	case 5:
		snprintf(text, sizeof(text), "l2tp:%u/%u", s->call.tunnel->l2tp.tid,
			 s->call.l2tp.sid);
		return of_text(RADIUS_NAS_PORT_ID, text);
	case 6:
		wr_u64(&w, ipv6cp_peer_ifid(&s->link.ipv6cp));
		return rk_attr(RADIUS_FRAMED_INTERFACE_ID, wr_done(&w));
	default:
		return span_of(NULL, 0);
	}
}

/* S-AAA-72, R-051: each alone finds the session and no other, and two that do not agree find none. */
static void each_identification(void **st)
{
	struct lac_call *alice = login("alice", "100"), *bob = login("bob", "200");
	unsigned k;

	(void)st;
	assert_rates(alice, 10, 2);
	assert_true(ipv6cp_peer_ifid(&call_sub(bob)->link.ipv6cp));
	for (k = 0; identity(bob, k).len; k++) {
		assert_int_equal(ask(COA, rk_cat(identity(bob, k), of_text(11, "50mbit/5mbit"))),
				 0);
		assert_int_equal(u.changed, k + 1);
		assert_rates(bob, 50, 5);
		assert_rates(alice, 10, 2);
		for (unsigned other = 0; identity(alice, other).len; other++)
			if (other != k)
				assert_int_equal(
					ask(DISC, rk_cat(identity(bob, k), identity(alice, other))),
					RADIUS_CAUSE_NO_SESSION);
	}
	assert_int_equal(k, 7);
	assert_int_equal(ask(DISC, identity(bob, 4)), 0);
	assert_true(bob->over && !alice->over);
	for (k = 0; k < 2; k++) /* its user, and an id that nothing has any more */
		assert_int_equal(ask(DISC, k ? of_text(RADIUS_USER_NAME, "bob") :
					       rk_u32(RADIUS_NAS_PORT, bob->peer_sid)),
				 RADIUS_CAUSE_NO_SESSION);
}

/* Values that no session has, and some that cannot be right. */
static void nobody(void **st)
{
	static const char *const attrs[] = {
		"44 t 0000000000000001",
		"44 t 000000000000000G",
		"44 t 1",
		"44 t 00000000000000010",
		"5 i 70000",
		"8 a 10.0.0.200",
		"1 t carol",
		"1 x 616c69636500",
		"1 t aliceandaverylongnamethatnouserofanykindwilleverhavebecauseitislongerthanallofthem",
		"31 t 101",
		"50 t x",
		"96 x 00",
		"97 x 0040",
		"89 x c1",
		"87 t l2tp:1/1",
	};
	struct lac_call *alice = login("alice", "100");

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(attrs); i++)
		assert_int_equal(ask(DISC, rk_attrs(attrs[i])), RADIUS_CAUSE_NO_SESSION);
	assert_int_equal(ask(DISC, rk_attrs("31 t 100; 89 x c0; 97 x 004020010db800010002")), 0);
	assert_true(alice->over);
}

/* The ids of sessions that came after the first search, and of those that went before. */
static void sessions_by_id(void **st)
{
	struct byid b = { 0 };
	struct lac_call *calls[24];
	const struct engine *e = u.w->e;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(calls); i++) {
		calls[i] = login("alice", "");
		for (size_t k = 0; k <= i; k++)
			if (!calls[k]->over)
				assert_ptr_equal(byid_find(&b, e, call_sub(calls[k])->id),
						 call_sub(calls[k]));
		assert_null(byid_find(&b, e, e->next_id));
		if (i >= 4) { /* at most 4 at a time: the table does not grow */
			uint64_t id = call_sub(calls[i - 4])->id;

			assert_int_equal(ask(DISC, acct_id(calls[i - 4])), 0);
			assert_null(byid_find(&b, e, id));
		}
	}
	assert_in_range(b.places, 1, 16);
	byid_done(&b);
	if (!fail_alloc_works())
		return;
	fail_alloc_at(0);
	assert_ptr_equal(byid_find(&b, e, call_sub(calls[23])->id), call_sub(calls[23]));
	assert_true(fail_alloc_hit());
	fail_alloc_at(0);
	assert_null(byid_find(&b, e, 1));
	fail_alloc_off();
	byid_done(&b);
}

/* S-AAA-74, R-062: all sessions of a user, and only those. */
static void several_sessions(void **st)
{
	struct lac_call *a[3], *bob = login("bob", "1");

	(void)st;
	for (unsigned i = 0; i < 3; i++)
		a[i] = login("alice", "2");
	assert_int_equal(coa("1 t alice; 11 t 20mbit/4mbit"), 0);
	assert_int_equal(u.changed, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_rates(a[i], 20, 4);
	assert_rates(bob, 10, 2);
	assert_int_equal(ask(DISC, rk_attrs("1 t alice; 31 t 2")), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(a[i]->over);
	assert_false(bob->over);
}

/* the plane has not removed the session yet, and it is not found any more. */
static void a_session_that_ends(void **st)
{
	struct lac_call *c = login("alice", "100");
	struct span ids[7];
	const struct operate_why why = { .actor = "test" };

	(void)st;
	for (unsigned k = 0; k < ZE_ARRAY_SIZE(ids); k++)
		ids[k] = identity(c, k);
	u.w->dp_hold = true;
	assert_int_equal(operate_close_session(u.w->e, c->peer_sid, &why, u.w->now), 0);
	assert_non_null(call_sub(c));
	for (unsigned k = 0; k < ZE_ARRAY_SIZE(ids); k++) {
		assert_int_equal(ask(DISC, ids[k]), RADIUS_CAUSE_NO_SESSION);
		assert_int_equal(ask(COA, rk_cat(ids[k], of_text(11, "9mbit"))),
				 RADIUS_CAUSE_NO_SESSION);
	}
	u.w->dp_hold = false;
}

/* A call whose ICCN has not arrived has no profile, and nothing that a server could know. */
static void a_call_that_is_set_up(void **st)
{
	struct lac_call *c;
	uint16_t sid;

	(void)st;
	u.l->no_iccn = true;
	c = lac_call(u.l, "alice", "secret");
	sid = call_sub(c)->call.l2tp.sid;
	assert_int_equal(ask(DISC, rk_u32(RADIUS_NAS_PORT, sid)), RADIUS_CAUSE_NO_SESSION);
	u.l->no_iccn = false;
	lac_iccn(c);
	w_deliver(u.w);
	assert_int_equal(ask(DISC, rk_u32(RADIUS_NAS_PORT, sid)), 0);
}

/* ---- changes ---- */

/* S-AAA-75, S-AAA-76, S-AAA-80, R-061: the session stays, and everybody sees the new profile. */
static void a_change(void **st)
{
	struct lac_call *c = login("alice", "100");
	struct subscriber *s = call_sub(c);
	const struct session_facts *before = session_facts_ref(s->facts);
	struct w_record old = *w_record_of(u.w, JOURNAL_SESSION, c->peer_sid);
	const struct w_record *new;
	uint32_t ip4 = s->facts->ip4;
	struct span class;

	(void)st;
	assert_int_equal(
		coa("1 t alice; 11 t 20mbit/4mbit; 27 i 60; 28 i 30; 85 i 300; 25 x 02; 25 x 03"),
		0);
	assert_int_equal(u.code, RADIUS_COA_ACK);
	assert_rates(c, 20, 4);
	assert_int_equal(u.w->seen[EV_SESSION_DOWN], 0);
	assert_int_equal(u.changed, 1);
	assert_string_equal(u.actor, "radius:main");
	assert_string_equal(u.text,
			    "download-rate 10mbit->20mbit, upload-rate 2mbit->4mbit, "
			    "session-timeout 3600s->60s, idle-timeout default->30s, "
			    "acct-interval default->300s, filter-id changed, class changed");
	assert_ptr_equal(u.seen, s->profile);
	assert_int_equal(profile_source(u.seen, PROFILE_DOWN), PROFILE_COA);
	assert_int_equal(profile_source(u.seen, PROFILE_DNS1), PROFILE_DEFAULT);
	assert_true(profile_get(u.seen, PROFILE_CLASS, 1, &class) && class.p[0] == 3);
	assert_int_equal(u.seen->session_timeout_s, 60);
	/* the version before is as it was, and the new one has the addresses */
	assert_true(before->profile->down_bps == 10 * MBIT);
	assert_ptr_not_equal(before, s->facts);
	assert_int_equal(s->facts->ip4, ip4);
	assert_true(s->facts->peer_ifid == before->peer_ifid);
	assert_string_equal(session_facts_calling(s->facts), "100");
	session_facts_unref(before);
	/* a restart knows it */
	new = w_record_of(u.w, JOURNAL_SESSION, c->peer_sid);
	assert_false(new->len == old.len &&memcmp(new->b, old.b, old.len) == 0);

	assert_int_equal(coa("1 t alice; 27 i 60; 28 i 0"), 0);
	assert_string_equal(u.text, "idle-timeout 30s->none");
	assert_int_equal(coa("1 t alice; 27 i 60"), 0);
	assert_string_equal(u.text, ""); /* nothing differs */
	assert_int_equal(u.changed, 3);
	assert_int_equal(coa("1 t alice; 11 t 0/4mbit"), 0);
	assert_string_equal(u.text, "download-rate 20mbit->unlimited, filter-id changed");
	assert_int_equal(coa("1 t alice"), 0); /* without a change: ACK, and no event */
	assert_int_equal(u.changed, 4);
}

/* S-AAA-77, R-060: one bad value, and nothing is changed. */
static void all_or_nothing(void **st)
{
	static const struct {
		const char *attrs;
		uint32_t cause;
	} rows[] = {
		{ "1 t alice; 11 t 20mbit; 7 i 1", RADIUS_CAUSE_UNSUPPORTED },
		{ "1 t alice; 11 t 20mbit; 27 x 00", RADIUS_CAUSE_VALUE },
		{ "1 t alice; 11 t 20mbit; 6 i 2", RADIUS_CAUSE_SERVICE },
		{ "1 t alice; 14988/8 t 1k/1k; 27 i 9", RADIUS_CAUSE_VALUE },
		{ "30 t 900; 11 t 20mbit", RADIUS_CAUSE_MISSING },
	};
	struct lac_call *c = login("alice", "100");

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		assert_int_equal(coa(rows[i].attrs), rows[i].cause);
		assert_int_equal(u.code, RADIUS_COA_NAK);
	}
	assert_rates(c, 10, 2);
	assert_int_equal(u.changed, 0);
}

/* A session without authentication has no profile to change, but can be ended. */
static void without_a_profile(void **st)
{
	struct lac_call *c;

	(void)st;
	u.no_profile = true;
	c = login("alice", "100");
	assert_int_equal(coa("31 t 100; 11 t 20mbit"), RADIUS_CAUSE_PROHIBITED);
	assert_int_equal(ask(DISC, rk_attrs("31 t 100")), 0);
	assert_true(c->over);
}

/* Each allocation of a change of three sessions fails once: everything is done, or nothing is. */
static void no_memory_for_a_change(void **st)
{
	struct lac_call *a[3];
	unsigned refused = 0;

	(void)st;
	if (!fail_alloc_works())
		skip();
	for (unsigned i = 0; i < 3; i++)
		a[i] = login("alice", "100");
	for (int k = 0;; k++) {
		uint64_t mbit = 20 + (uint64_t)k;
		unsigned before = u.changed;
		char rate[40];
		struct span attrs;
		uint32_t cause;

		snprintf(rate, sizeof(rate), "1 t alice; 11 t %umbit", 20 + (unsigned)k);
		attrs = rk_attrs(rate);
		fail_alloc_at(k);
		cause = ask(COA, attrs);
		if (!fail_alloc_hit())
			break;
		fail_alloc_off();
		if (cause) {
			assert_int_equal(cause, RADIUS_CAUSE_RESOURCES);
			assert_int_equal(u.changed, before);
			refused++;
		} else {
			assert_int_equal(u.changed, before + 3);
		}
		for (unsigned i = 0; i < 3; i++) {
			bool is = call_sub(a[i])->profile->down_bps == mbit * MBIT;

			assert_int_equal(is, cause == 0);
		}
	}
	fail_alloc_off();
	assert_in_range(refused, 9, 20); /* profile, facts and step of each */
	for (unsigned i = 0; i < 3; i++)
		assert_true(call_sub(a[i])->profile->down_bps >= 20 * MBIT);
}

/* The plane refuses the rates later: the session continues, and is shown as not limited. */
static void the_plane_refuses(void **st)
{
	struct lac_call *c = login("alice", "100");

	(void)st;
	u.w->dp_shape_result = -5;
	assert_int_equal(coa("1 t alice; 11 t 20mbit"), 0);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_FAILED);
	u.w->dp_shape_result = 0;
	assert_int_equal(coa("1 t alice; 11 t 30mbit"), 0);
	assert_int_equal(call_sub(c)->shape, SUB_SHAPE_ON);
}

/* ---- ends ---- */

/* S-AAA-78, R-050, S-AAA-80: as an operator's clear does it. */
static void a_disconnect(void **st)
{
	struct lac_call *c = login("alice", "100");

	(void)st;
	assert_int_equal(ask(DISC, rk_cat(acct_id(c), of_text(RADIUS_REPLY_MESSAGE, "moved"))), 0);
	assert_int_equal(u.code, RADIUS_DISCONNECT_ACK);
	assert_true(c->over && c->c.terminated);
	assert_int_equal(c->cdn_result, 3);
	assert_string_equal(u.requested, "radius:main");
	assert_string_equal(u.reason, "moved");
	assert_int_equal(w_last_event(u.w, EV_SESSION_DOWN)->end, END_ADMIN);
	assert_int_equal(end_cause_acct(END_ADMIN), ACCT_ADMIN_RESET);
	assert_non_null(w_last_event(u.w, EV_ROUTE_REMOVE));
}

/* S-AAA-78, R-053, R-054: what does not identify is refused, and without identification nothing
 * ends. */
static void refused_disconnects(void **st)
{
	struct lac_call *c = login("alice", "100");

	(void)st;
	assert_int_equal(ask(DISC, rk_attrs("1 t alice; 27 i 60")), RADIUS_CAUSE_UNSUPPORTED);
	assert_int_equal(ask(DISC, span_of(NULL, 0)), RADIUS_CAUSE_MISSING);
	assert_int_equal(ask(DISC, rk_attrs("1 t alice; 32 t other")), RADIUS_CAUSE_NAS);
	assert_false(c->over);
}

/* Without memory for its text the session ends all the same. */
static void no_memory_for_a_disconnect(void **st)
{
	struct lac_call *c = login("alice", "100");
	struct span attrs = rk_attrs("1 t alice; 18 t moved");

	(void)st;
	if (!fail_alloc_works())
		skip();
	fail_alloc_at(0);
	assert_int_equal(ask(DISC, attrs), 0);
	assert_true(fail_alloc_hit());
	fail_alloc_off();
	assert_true(c->over);
	assert_string_equal(u.requested, "radius:main");
	assert_string_equal(u.reason, "");
}

/* ---- the rest ---- */

/* S-AAA-71, S-REL-14: a request that is sent again after a reload is not performed again. */
static void a_reload(void **st)
{
	const struct ze_addr from = { .family = 4, .port = 3000, .ip = { 192, 0, 2, 10 } };
	struct lac_call *c = login("alice", "100");
	struct radius_coa_arrival a = { .from = &from, .now = u.w->now };
	struct radius_coa_stats stats;
	uint8_t out[RADIUS_PKT_MAX], again[RADIUS_PKT_MAX];
	struct wr w = wr_init(out, sizeof(out)), w2 = wr_init(again, sizeof(again));
	struct change *next = change_of("main");

	(void)st;
	a.datagram = rk_packet(&(struct rk_packet){
		.code = DISC, .attrs = rk_attrs("1 t alice"), .secret = span_str(SECRET) });
	assert_int_equal(change_input(u.change, u.w->e, &a, &w), REASON_NONE);
	w_deliver(u.w);
	assert_true(c->over);
	change_inherit(next, u.change);
	change_free(u.change);
	u.change = next;
	assert_int_equal(change_input(u.change, u.w->e, &a, &w2), REASON_NONE);
	assert_int_equal(wr_len(&w2), wr_len(&w));
	assert_memory_equal(again, out, wr_len(&w));
	change_stats(u.change, 0, &stats);
	assert_int_equal(stats.disconnect_acks, 1);
	assert_int_equal(stats.repeated, 1);
	assert_string_equal(stats.name, "main");
}

static void log_lines_name_everything(void **st)
{
	(void)st;
	login("alice", "100");
	log_line_catch();
	assert_int_equal(coa("1 t alice; 27 i 60"), 0);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(log_line, "info aaa radius-request-done request=coa client=main "
					 "sessions=1"));
	assert_int_equal(coa("1 t alice; 27 x 00"), RADIUS_CAUSE_VALUE);
	assert_non_null(strstr(log_line, "warn aaa radius-request-refused request=coa client=main "
					 "cause=invalid-attribute-value error-cause=407 "
					 "attribute=Session-Timeout sessions=1"));
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(ask(DISC, of_text(RADIUS_USER_NAME, "carol")),
				 RADIUS_CAUSE_NO_SESSION);
	assert_in_range(log_lines, 990, 1010);
	log_set_sink(NULL, NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_identification),
		T(nobody),
		T(sessions_by_id),
		T(several_sessions),
		T(a_session_that_ends),
		T(a_call_that_is_set_up),
		T(a_change),
		T(all_or_nothing),
		T(without_a_profile),
		T(no_memory_for_a_change),
		T(the_plane_refuses),
		T(a_disconnect),
		T(refused_disconnects),
		T(no_memory_for_a_disconnect),
		T(a_reload),
		T(log_lines_name_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
