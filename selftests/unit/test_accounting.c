/* SPDX-License-Identifier: BSD-2-Clause */
/* The observer that accounts sessions, with events made by hand, and a store, a server and a data
 * plane of the test's own, in virtual time. The state machine itself is tested by test_acct.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_pkt.h"
#include "aaa/radius_req.h"
#include "daemon/base/session_id.h"
#include "daemon/core/session_facts.h"
#include "daemon/observe/accounting.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/log_line.h"
#include "selftests/lib/test_rng.h"

#define ROWS  8
#define WALL0 1700000000ULL
#define HOUR  ZE_SEC(3600)

struct stored {
	bool used;
	struct acct_row row;
	uint8_t attrs[4096];
};

struct record { /* as the server sees it */
	uint32_t status, cause, session_time, at, delay, ip4;
	uint64_t in, out;
	bool gigawords, has_cause;
	char id[SESSION_ID_TEXT], user[32], port_id[32];
};

static struct {
	struct accounting *a;
	struct test_rng rng;
	ze_ns now;
	struct stored rows[ROWS];
	bool load;
	uint64_t after;
	struct {
		uint64_t cookie;
		uint32_t status;
	} sent[ROWS]; /* not answered yet */
	size_t n_sent;
	bool up;	/* the server answers */
	unsigned n[16]; /* acknowledged records by status */
	struct record last;
	struct dp_stats st;
	bool counted;
	unsigned unaccounted;
	uint64_t unaccounted_id;
	struct ze_addr peer, local;
	struct tunnel_facts *tunnel;
	struct profile *profile;
} w;

static uint64_t wall(void *self)
{
	(void)self;
	return WALL0 + (uint64_t)(w.now / ZE_SEC(1));
}

/* ---- the store ---- */

static struct stored *stored_row(uint64_t id)
{
	for (size_t i = 0; i < ROWS; i++)
		if (w.rows[i].used && w.rows[i].row.id == id)
			return &w.rows[i];
	return NULL;
}

static void keep_attrs(struct stored *s, struct span attrs)
{
	memcpy(s->attrs, attrs.p, attrs.len);
	s->row.attrs = span_of(s->attrs, attrs.len);
}

static void on_write(void *self, enum acct_write_kind kind, const struct acct_row *row)
{
	struct stored *s = stored_row(row->id);

	(void)self;
	for (size_t i = 0; !s && kind == ACCT_WRITE_NEW && i < ROWS; i++)
		if (!w.rows[i].used)
			s = &w.rows[i];
	assert_non_null(s);
	if (kind == ACCT_WRITE_NEW) {
		s->used = true;
		s->row = *row;
		keep_attrs(s, row->attrs);
	} else if (kind == ACCT_WRITE_COUNTS) {
		struct acct_row old = s->row;

		s->row = *row;
		s->row.up = old.up;
		s->row.start_acked = old.start_acked;
		s->row.attrs = old.attrs;
	} else if (kind == ACCT_WRITE_ATTRS) {
		keep_attrs(s, row->attrs);
	} else if (kind == ACCT_WRITE_ACKED) {
		s->row.start_acked = true;
		if (s->row.place == row->place)
			s->row.place = 0;
	} else {
		s->used = false;
	}
}

static void on_load(void *self, uint64_t after, size_t n)
{
	(void)self;
	assert_true(n > 0 && !w.load);
	w.load = true;
	w.after = after;
}

static void load_now(void)
{
	const struct acct_time t = { w.now, wall(NULL) };

	w.load = false;
	for (uint64_t place = w.after + 1; place < w.after + 100; place++)
		for (size_t i = 0; i < ROWS; i++)
			if (w.rows[i].used && w.rows[i].row.place == place)
				acct_load(accounting_acct(w.a), &w.rows[i].row);
	acct_loaded(accounting_acct(w.a), &t);
}

/* ---- the server ---- */

static uint32_t number(struct span attrs, uint8_t type)
{
	struct span v;
	uint32_t n = 0;

	if (radius_attr_find(attrs, RADIUS_VENDOR_NONE, type, &v))
		assert_true(radius_attr_u32(v, &n));
	return n;
}

static void text(struct span attrs, uint8_t type, char *to, size_t size)
{
	struct span v = span_of(NULL, 0);

	radius_attr_find(attrs, RADIUS_VENDOR_NONE, type, &v);
	assert_true(v.len < size);
	memset(to, 0, size);
	if (v.len)
		memcpy(to, v.p, v.len);
}

static int on_request(void *self, const struct radius_req *q, uint64_t cookie)
{
	struct span a = wr_done(&q->w), v;
	struct record *r = &w.last;

	(void)self;
	assert_true(w.n_sent < ROWS);
	w.sent[w.n_sent].cookie = cookie;
	w.sent[w.n_sent++].status = number(a, RADIUS_ACCT_STATUS_TYPE);
	*r = (struct record){
		.status = number(a, RADIUS_ACCT_STATUS_TYPE),
		.cause = number(a, RADIUS_ACCT_TERMINATE_CAUSE),
		.session_time = number(a, RADIUS_ACCT_SESSION_TIME),
		.at = number(a, RADIUS_EVENT_TIMESTAMP),
		.delay = number(a, RADIUS_ACCT_DELAY_TIME),
		.ip4 = number(a, RADIUS_FRAMED_IP_ADDRESS),
		.in = (uint64_t)number(a, RADIUS_ACCT_INPUT_GIGAWORDS) << 32 |
		      number(a, RADIUS_ACCT_INPUT_OCTETS),
		.out = (uint64_t)number(a, RADIUS_ACCT_OUTPUT_GIGAWORDS) << 32 |
		       number(a, RADIUS_ACCT_OUTPUT_OCTETS),
		.gigawords =
			radius_attr_find(a, RADIUS_VENDOR_NONE, RADIUS_ACCT_INPUT_GIGAWORDS, &v),
		.has_cause =
			radius_attr_find(a, RADIUS_VENDOR_NONE, RADIUS_ACCT_TERMINATE_CAUSE, &v),
	};
	text(a, RADIUS_ACCT_SESSION_ID, r->id, sizeof(r->id));
	text(a, RADIUS_USER_NAME, r->user, sizeof(r->user));
	text(a, RADIUS_NAS_PORT_ID, r->port_id, sizeof(r->port_id));
	return 0;
}

static void on_cancel(void *self, uint64_t cookie)
{
	(void)self;
	(void)cookie;
	for (size_t i = 0; i < w.n_sent; i++)
		if (w.sent[i].cookie == cookie) {
			w.sent[i] = w.sent[--w.n_sent];
			return;
		}
	fail();
}

static void on_unaccounted(void *self, uint16_t sid, uint64_t id)
{
	(void)self;
	assert_int_equal(sid, id & 0xffff);
	w.unaccounted++;
	w.unaccounted_id = id;
}

/* Reads and answers until there is nothing to do now. */
static void settle(void)
{
	while (w.load || w.n_sent) {
		uint64_t cookie = w.sent[0].cookie;

		if (w.load) {
			load_now();
			continue;
		}
		w.n[w.sent[0].status] += w.up;
		memmove(w.sent, w.sent + 1, --w.n_sent * sizeof(w.sent[0]));
		accounting_answered(w.a, cookie, w.up, w.now);
	}
}

static void pass(ze_ns duration)
{
	ze_ns until = w.now + duration;

	for (;;) {
		ze_ns due = accounting_observer.deadline(w.a);

		settle();
		due = accounting_observer.deadline(w.a);
		if (due > until)
			break;
		w.now = due > w.now ? due : w.now;
		accounting_observer.expire(w.a, w.now);
	}
	w.now = until;
}

/* ---- the data plane ---- */

static int plane_stats(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret, ze_ns *ret_as_of)
{
	(void)self;
	assert_int_equal(now, w.now);
	assert_true(sid > 0);
	*ret = w.st;
	*ret_as_of = now;
	return w.counted ? 0 : -EAGAIN;
}

static const struct dataplane_ops plane = { .name = "test", .stats = plane_stats };
static const struct accounting_ops ops = { on_write,  on_load, on_request,
					   on_cancel, wall,    on_unaccounted };

static struct accounting_cfg cfg(bool required)
{
	return (struct accounting_cfg){ .on = true,
					.required = required,
					.interim_s = 300,
					.nas = { .identifier = span_str("lns1"), .port_id = "p" } };
}

static struct accounting *observer_new(void)
{
	return accounting_new(&(struct accounting_args){
		.ops = &ops, .dp = &plane, .rng = &w.rng.rng, .cfg = cfg(false) });
}

/* ---- events ---- */

static struct event event_of(enum event_kind kind, uint64_t id)
{
	struct session_facts *f =
		session_facts_new(&(struct session_facts_args){ .id = id,
								.sid = (uint16_t)id,
								.tunnel = w.tunnel,
								.profile = w.profile,
								.port_id = span_str("port-7"),
								.user = span_str("alice") });

	assert_non_null(f);
	f->ip4 = 0x0a000009;
	return (struct event){ .kind = kind,
			       .now = w.now,
			       .tid = 3,
			       .sid = (uint16_t)id,
			       .facts = f,
			       .cause = "",
			       .peer = &w.peer,
			       .end = END_ECHO,
			       .link = { .local = &w.local, .ip4 = 0x0a000009, .up_at = w.now } };
}

static void publish(struct event e)
{
	assert_true(accounting_observer.wants & EV_BIT(e.kind));
	accounting_observer.on_event(w.a, &e);
	session_facts_unref(e.facts);
}

static void happens(enum event_kind kind, uint64_t id)
{
	struct event e = event_of(kind, id);

	e.traffic =
		(struct event_traffic){ .up_bytes = w.st.up_bytes, .down_bytes = w.st.down_bytes };
	publish(e);
}

static int set_up(void **st)
{
	(void)st;
	memset(&w, 0, sizeof(w));
	test_rng_init(&w.rng, 7);
	w.now = ZE_SEC(1000);
	w.up = w.counted = true;
	assert_int_equal(ze_addr_parse("192.0.2.9", 1701, &w.peer), 0);
	assert_int_equal(ze_addr_parse("192.0.2.1", 1701, &w.local), 0);
	w.tunnel = session_facts_tunnel(3, &w.peer, span_str("lac"));
	w.a = observer_new();
	return w.a && w.tunnel ? 0 : -1;
}

static int tear_down(void **st)
{
	(void)st;
	accounting_free(w.a);
	session_facts_tunnel_unref(w.tunnel);
	profile_free(w.profile);
	return 0;
}

static void begin(void)
{
	accounting_recovered(w.a, w.now);
	settle();
}

/* ---- the tests ---- */

/* S-AAA-54, S-AAA-56, S-AAA-57, S-AAA-58, S-AAA-59, S-AAA-62, R-032, R-040: one session, whose
 * counters cross 2^32. */
static void one_session(void **st)
{
	(void)st;
	begin();
	assert_int_equal(w.n[ACCT_ON], 1);
	happens(EV_SESSION_UP, 7);
	settle();
	assert_int_equal(w.n[ACCT_START], 1);
	assert_string_equal(w.last.id, "0000000000000007");
	assert_string_equal(w.last.user, "alice");
	assert_string_equal(w.last.port_id, "port-7");
	assert_int_equal(w.last.ip4, 0x0a000009);
	assert_int_equal(w.last.at, WALL0 + 1000);
	assert_false(w.last.has_cause);
	w.st.up_bytes = 5;
	w.st.down_bytes = UINT32_MAX;
	pass(ZE_SEC(451));
	assert_in_range(w.n[ACCT_INTERIM], 1, 2);
	assert_true(w.last.in == 5 && w.last.out == UINT32_MAX && !w.last.gigawords);
	w.st.up_bytes = (UINT64_C(3) << 32) + 1;
	w.now += ZE_SEC(10);
	happens(EV_SESSION_DOWN, 7);
	w.now += ZE_SEC(10);
	happens(EV_SESSION_CLOSED, 7);
	settle();
	assert_int_equal(w.n[ACCT_STOP], 1);
	assert_true(w.last.in == (UINT64_C(3) << 32) + 1 && w.last.out == UINT32_MAX);
	assert_int_equal(w.last.cause, ACCT_LOST_CARRIER);
	assert_int_equal(w.last.session_time, 461);
	assert_int_equal(w.last.at, WALL0 + 1461);
	assert_null(stored_row(7));
	accounting_off(w.a, w.now);
	settle();
	assert_int_equal(w.n[ACCT_OFF], 1);
	assert_true(accounting_done(w.a));
}

/* a login that fails before a network protocol is up has no records. */
static void never_up(void **st)
{
	(void)st;
	begin();
	happens(EV_SESSION_DOWN, 7);
	happens(EV_SESSION_CLOSED, 7);
	publish((struct event){ .kind = EV_SESSION_CLOSED, .now = w.now, .sid = 7 });
	settle();
	assert_int_equal(w.n[ACCT_START] + w.n[ACCT_STOP], 0);
}

static unsigned interims_in(uint32_t profile_s, ze_ns duration)
{
	unsigned before = w.n[ACCT_INTERIM];
	static uint64_t id = 100;

	profile_free(w.profile);
	w.profile = profile_new(span_str("alice"));
	w.profile->interim_s = (uint16_t)profile_s;
	happens(EV_SESSION_UP, ++id);
	pass(duration);
	happens(EV_SESSION_CLOSED, id);
	pass(ZE_SEC(1));
	return w.n[ACCT_INTERIM] - before;
}

/* S-AAA-45, R-022: the interval of the profile, within its bounds, or that of the configuration. */
static void intervals(void **st)
{
	(void)st;
	begin();
	assert_in_range(interims_in(0, HOUR * 10), 118, 121);
	assert_in_range(interims_in(5, HOUR), 58, 61);
	assert_in_range(interims_in(60, HOUR), 58, 61);
	assert_in_range(interims_in(900, HOUR * 10), 38, 41);
	assert_in_range(interims_in(65000, HOUR * 10), 8, 11);
}

/* Eight hours with a server that comes and goes: interims are sent or lost, the counters only grow,
 * and the Stop is exact. */
static void eight_hours(void **st)
{
	uint64_t in = 0;

	(void)st;
	begin();
	happens(EV_SESSION_UP, 7);
	for (unsigned i = 0; i < 8 * 12; i++) {
		w.up = i % 5 < 3;
		w.st.up_bytes += 1000000007;
		pass(ZE_SEC(300));
		assert_true(w.last.in >= in);
		in = w.last.in;
	}
	w.up = true;
	happens(EV_SESSION_CLOSED, 7);
	pass(ZE_SEC(120));
	assert_int_equal(w.n[ACCT_START], 1);
	assert_int_equal(w.n[ACCT_STOP], 1);
	assert_in_range(w.n[ACCT_INTERIM], 50, 96);
	assert_int_equal(w.last.session_time, 8 * 3600);
	assert_true(w.last.in == 96 * UINT64_C(1000000007));
	assert_true(accounting_done(w.a));
}

/* S-AAA-63, R-034: the time of the event stays that of the event, and the delay grows. */
static void delayed(void **st)
{
	(void)st;
	begin();
	happens(EV_SESSION_UP, 7);
	settle();
	w.up = false;
	happens(EV_SESSION_CLOSED, 7);
	pass(ZE_SEC(600));
	assert_int_equal(w.n[ACCT_STOP], 0);
	assert_true(accounting_done(w.a)); /* a stop of the daemon does not wait */
	w.up = true;
	pass(ZE_SEC(61));
	assert_int_equal(w.n[ACCT_STOP], 1);
	assert_int_equal(w.last.at, WALL0 + 1000);
	assert_in_range(w.last.delay, 599, 661);
}

/* A server that was set aside answers: what waits is sent at once. */
static void server_back(void **st)
{
	(void)st;
	begin();
	w.up = false;
	happens(EV_SESSION_UP, 7);
	pass(ZE_SEC(200));
	w.up = true;
	accounting_server_back(w.a);
	assert_true(accounting_observer.deadline(w.a) <= w.now);
	accounting_observer.expire(w.a, w.now);
	settle();
	assert_int_equal(w.n[ACCT_START], 1);
}

static int recover_row(uint64_t id)
{
	return acct_recover(accounting_acct(w.a), &stored_row(id)->row);
}

/* S-AAA-61, S-AAA-62, S-AAA-66: of two sessions of the previous instance, one was restored. */
static void after_a_restart(void **st)
{
	struct event e;

	(void)st;
	begin();
	happens(EV_SESSION_UP, 7);
	happens(EV_SESSION_UP, 8);
	settle();
	w.st.up_bytes = 77;
	pass(ZE_SEC(451));
	accounting_free(w.a);
	w.a = observer_new();
	recover_row(7);
	recover_row(8);
	w.now += ZE_SEC(9);
	e = event_of(EV_SESSION_UP, 8);
	e.link.up_at = w.now - ZE_SEC(460);
	e.cause = "resumed";
	publish(e);
	begin();
	assert_int_equal(w.n[ACCT_ON], 1); /* of the first instance */
	assert_int_equal(w.n[ACCT_START], 2);
	assert_int_equal(w.n[ACCT_STOP], 1);
	assert_string_equal(w.last.id, "0000000000000007");
	assert_int_equal(w.last.cause, ACCT_CAUSE_NAS_REBOOT);
	assert_true(w.last.in == 77);
	w.st.up_bytes = 3; /* the plane has lost its counters */
	happens(EV_SESSION_CLOSED, 8);
	settle();
	assert_int_equal(w.n[ACCT_STOP], 2);
	assert_true(w.last.in == 77);
	assert_int_equal(w.last.session_time, 460);
}

/* A family that comes later is in the later records, and stays there while it is negotiated
 * again. A CoA-Request changes the records as well. */
static void addresses_and_changes(void **st)
{
	struct event e;

	(void)st;
	begin();
	e = event_of(EV_SESSION_UP, 7);
	e.link.ip4 = 0;
	e.link.peer_ifid = 5;
	publish(e);
	settle();
	assert_int_equal(w.last.ip4, 0);
	e = event_of(EV_SESSION_FAMILY, 7);
	e.link.peer_ifid = 5;
	publish(e);
	pass(ZE_SEC(451));
	assert_int_equal(w.last.status, ACCT_INTERIM);
	assert_int_equal(w.last.ip4, 0x0a000009);
	e = event_of(EV_SESSION_FAMILY, 7);
	e.link.ip4 = 0;
	e.link.peer_ifid = 5;
	publish(e);
	w.profile = profile_new(span_str("alice@isp"));
	w.profile->interim_s = 60;
	e = event_of(EV_SESSION_CHANGED, 7);
	e.link.ip4 = 0;
	publish(e);
	pass(ZE_SEC(91));
	assert_int_equal(w.last.ip4, 0x0a000009);
	assert_string_equal(w.last.user, "alice"); /* the name of the session stays */
	happens(EV_SESSION_FAMILY, 99);		   /* it is not accounted */
	settle();
}

/* S-AAA-64, R-038: a session ends only when accounting is required: when its Start is not
 * acknowledged, or when it begins while no server answers. */
static void required(void **st)
{
	const struct accounting_cfg strict = cfg(true);

	(void)st;
	begin();
	w.up = false;
	happens(EV_SESSION_UP, 7);
	pass(ZE_SEC(100));
	assert_int_equal(w.unaccounted, 0);
	accounting_configure(w.a, &strict, w.now);
	happens(EV_SESSION_UP, 8);
	assert_int_equal(w.unaccounted, 1);
	assert_true(w.unaccounted_id == 8);
	happens(EV_SESSION_CLOSED, 8);
	w.up = true;
	pass(ZE_SEC(100));
	happens(EV_SESSION_UP, 9);
	settle();
	assert_int_equal(w.unaccounted, 1);
	w.up = false;
	happens(EV_SESSION_UP, 10);
	settle();
	assert_int_equal(w.unaccounted, 2);
	assert_true(w.unaccounted_id == 10);
}

/* While accounting is off, records wait, and new sessions have none. */
static void switched_off(void **st)
{
	struct accounting_cfg off = cfg(false);

	(void)st;
	begin();
	happens(EV_SESSION_UP, 7);
	settle();
	off.on = false;
	accounting_configure(w.a, &off, w.now);
	happens(EV_SESSION_UP, 8);
	happens(EV_SESSION_CLOSED, 7);
	pass(ZE_SEC(100));
	assert_int_equal(w.n[ACCT_START], 1);
	assert_int_equal(w.n[ACCT_STOP], 0);
	assert_true(accounting_done(w.a));
	off.on = true;
	accounting_configure(w.a, &off, w.now);
	happens(EV_SESSION_UP, 8); /* engine_replay() */
	happens(EV_SESSION_UP, 8);
	settle();
	assert_int_equal(w.n[ACCT_START], 2);
	assert_int_equal(w.n[ACCT_STOP], 1);
}

/* A row whose attributes are damaged is logged and dropped. */
static void damaged_row(void **st)
{
	(void)st;
	begin();
	log_line_catch();
	happens(EV_SESSION_UP, 7);
	stored_row(7)->attrs[1] = 1;
	happens(EV_SESSION_UP, 8);
	settle();
	assert_int_equal(w.n[ACCT_START], 1);
	assert_non_null(strstr(log_line, "accounting-record-unusable"));
	happens(EV_SESSION_CLOSED, 7);
	happens(EV_SESSION_CLOSED, 8);
	settle();
	assert_int_equal(w.n[ACCT_STOP], 1);
	assert_null(stored_row(7));
	assert_true(accounting_done(w.a));
}

/* Each allocation fails once: a session is accounted whole or not at all. */
static void allocations_fail(void **st)
{
	(void)st;
	assert_true(fail_alloc_works());
	for (int k = 0;; k++) {
		struct event up, closed;
		bool hit;

		tear_down(NULL);
		set_up(NULL);
		up = event_of(EV_SESSION_UP, 7);
		closed = event_of(EV_SESSION_CLOSED, 7);
		begin();
		fail_alloc_at(k);
		publish(up);
		pass(ZE_SEC(500));
		closed.now = w.now;
		publish(closed);
		pass(ZE_SEC(3));
		hit = fail_alloc_hit();
		fail_alloc_off();
		assert_int_equal(w.n[ACCT_START], w.n[ACCT_STOP]);
		assert_null(stored_row(7));
		if (!hit)
			break;
		assert_true(k < 100);
	}
	assert_int_equal(w.n[ACCT_START], 1);
	for (int k = 0; k < 2; k++) {
		fail_alloc_at(k);
		assert_null(observer_new());
		fail_alloc_off();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(one_session), T(never_up),	 T(intervals),	     T(eight_hours),
		T(delayed),	T(server_back),	 T(after_a_restart), T(addresses_and_changes),
		T(required),	T(switched_off), T(damaged_row),     T(allocations_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
