/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_coa.h"
#include "aaa/radius_profile.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/radius_kit.h"

#define SECRET "radsecret"
#define WALL   1700000000u

/* ---------------------------------------------------------------- a NAS with sessions */

struct fake_session {
	const char *user, *calling, *called, *acct_id;
	uint32_t port, address;
	bool ending; /* no longer found */
	bool stuck;  /* may not be ended */
	bool full;   /* its data plane refuses a change */
	unsigned changed, ended;
	struct profile *profile;
	char by[32], text[32]; /* who changed or ended it last, and what it said */
};

struct nas {
	struct radius_coa *coa;
	struct fake_session s[8];
	size_t n;
	unsigned checks;
	struct radius_coa_note note; /* the last one */
	char note_attr[32];
	unsigned notes;
	ze_ns now;
	uint64_t wall;
	struct ze_addr from, to; /* to: family 0: not known */
	uint8_t id;		 /* of the next request */
};

static bool text_fits(struct span want, const char *has)
{
	return !want.len || (has && span_eq(want, span_str(has)));
}

static bool fits(const struct fake_session *s, const struct radius_who *who)
{
	for (unsigned i = 0; i < RADIUS_WHO__COUNT; i++)
		if (i > RADIUS_WHO_ACCT_SESSION && who->text[i].len)
			return false;
	return !s->ending && text_fits(who->text[RADIUS_WHO_USER], s->user) &&
	       text_fits(who->text[RADIUS_WHO_CALLING], s->calling) &&
	       text_fits(who->text[RADIUS_WHO_CALLED], s->called) &&
	       text_fits(who->text[RADIUS_WHO_ACCT_SESSION], s->acct_id) &&
	       (!who->has_port || who->port == s->port) &&
	       (!who->has_address || who->address == s->address);
}

static size_t on_find(void *self, const struct radius_who *who, uint64_t *ret_ids, size_t max)
{
	struct nas *n = self;
	size_t found = 0;

	/* A user called "crowd" has as many sessions as are asked for, all of them the first one. */
	if (span_eq(who->text[RADIUS_WHO_USER], span_str("crowd"))) {
		memset(ret_ids, 0, max * sizeof(*ret_ids));
		return max;
	}
	for (size_t i = 0; i < n->n && found < max; i++)
		if (fits(&n->s[i], who))
			ret_ids[found++] = i;
	return found;
}

static const struct profile *on_profile(void *self, uint64_t id)
{
	return ((struct nas *)self)->s[id].profile;
}

static int on_check(void *self, uint64_t id, const struct profile *p)
{
	struct nas *n = self;

	assert_non_null(p);
	n->checks++;
	return n->s[id].full ? -ENOBUFS : 0;
}

static void on_apply(void *self, uint64_t id, struct profile *p, const char *client)
{
	struct fake_session *s = &((struct nas *)self)->s[id];

	profile_free(s->profile);
	s->profile = p;
	s->changed++;
	snprintf(s->by, sizeof(s->by), "%s", client);
}

static bool on_may_end(void *self, uint64_t id)
{
	return !((struct nas *)self)->s[id].stuck;
}

static void on_end(void *self, uint64_t id, const char *client, struct span text)
{
	struct fake_session *s = &((struct nas *)self)->s[id];

	s->ended++;
	s->ending = true;
	snprintf(s->by, sizeof(s->by), "%s", client);
	snprintf(s->text, sizeof(s->text), "%.*s", (int)text.len, (const char *)text.p);
}

static void on_note(void *self, const struct radius_coa_note *note)
{
	struct nas *n = self;

	n->notes++;
	n->note = *note;
	snprintf(n->note_attr, sizeof(n->note_attr), "%s", note->attr ? note->attr : "");
}

static const struct radius_coa_ops fake_ops = { .find = on_find,
						.profile = on_profile,
						.check = on_check,
						.apply = on_apply,
						.may_end = on_may_end,
						.end = on_end,
						.note = on_note };

static struct profile *profile_of(const char *attrs)
{
	struct profile *base = profile_new(span_str("alice")), *p = NULL;
	struct radius_report rep;

	assert_int_equal(radius_profile_accept(rk_attrs(attrs), base, &p, &rep), REASON_NONE);
	profile_free(base);
	return p;
}

static struct ze_addr addr_of(const char *ip, uint16_t port)
{
	struct ze_addr a;

	assert_int_equal(ze_addr_parse(ip, port, &a), 0);
	return a;
}

static struct radius_coa *coa_with(struct nas *n, bool timestamp, bool signature)
{
	struct radius_coa_client clients[] = {
		{ .name = "one", .secret = span_str(SECRET) },
		{ .name = "two", .secret = span_str("second") },
		{ .name = "one-b", .secret = span_str("another") },
	};
	struct radius_coa_cfg cfg = { .clients = clients,
				      .n_clients = 3,
				      .nas_identifier = span_str("lns1"),
				      .nas_ip = 0xc0000201,
				      .require_timestamp = timestamp,
				      .require_signature = signature };

	clients[0].addr = addr_of("192.0.2.10", 1812);
	clients[1].addr = addr_of("2001:db8::10", 1812);
	clients[2].addr = addr_of("192.0.2.10", 1645);
	cfg.nas_ip6 = addr_of("2001:db8::1", 0);
	return radius_coa_new(&cfg, &fake_ops, n);
}

/* Three sessions: alice twice, bob once. */
static void nas_init(struct nas *n, bool timestamp, bool signature)
{
	*n = (struct nas){ .n = 3, .now = ZE_SEC(1000), .wall = WALL };
	n->s[0] = (struct fake_session){ .user = "alice",
					 .calling = "100",
					 .acct_id = "aa01",
					 .port = 11,
					 .address = 0xc0000265 };
	n->s[1] = (struct fake_session){ .user = "alice",
					 .calling = "101",
					 .acct_id = "aa02",
					 .port = 12,
					 .address = 0xc0000266 };
	n->s[2] = (struct fake_session){ .user = "bob",
					 .calling = "102",
					 .acct_id = "bb01",
					 .port = 13,
					 .address = 0xc0000267 };
	for (size_t i = 0; i < n->n; i++) {
		n->s[i].called = "900";
		n->s[i].profile = profile_of("11 t 10mbit/2mbit; 27 i 3600; 25 x 01");
	}
	n->from = addr_of("192.0.2.10", 40000);
	n->coa = coa_with(n, timestamp, signature);
	assert_non_null(n->coa);
}

static void nas_done(struct nas *n)
{
	radius_coa_free(n->coa);
	for (size_t i = 0; i < n->n; i++)
		profile_free(n->s[i].profile);
}

static unsigned effects(const struct nas *n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n->n; i++)
		sum += n->s[i].changed + n->s[i].ended;
	return sum;
}

static uint8_t answer[RADIUS_PKT_MAX];
static size_t answer_len;

static enum reason deliver(struct nas *n, struct span datagram)
{
	const struct radius_coa_arrival a = { .from = &n->from,
					      .to = n->to.family ? &n->to : NULL,
					      .datagram = datagram,
					      .now = n->now,
					      .wall = n->wall };
	struct wr w = wr_init(answer, sizeof(answer));
	enum reason why = radius_coa_input(n->coa, &a, &w);

	answer_len = wr_len(&w);
	assert_int_equal(answer_len != 0, why == REASON_NONE);
	return why;
}

static struct span request(struct nas *n, uint8_t code, struct span attrs, bool sign)
{
	return rk_packet(&(struct rk_packet){ .code = code,
					      .id = n->id++,
					      .attrs = attrs,
					      .secret = span_str(SECRET),
					      .sign = sign });
}

/* The answer, whose authenticators are right for the request. */
static struct radius_pkt answered(struct span req)
{
	struct radius_pkt p;

	assert_int_equal(radius_pkt_parse(span_of(answer, answer_len), &p), 0);
	assert_int_equal(radius_pkt_check(&p, req.p + 4, span_str(SECRET)), 0);
	assert_int_equal(p.id, req.p[1]);
	return p;
}

/* Sends a request and returns the Error-Cause of its answer, 0 for an ACK. */
static uint32_t ask(struct nas *n, uint8_t code, const char *attrs)
{
	struct span req = request(n, code, rk_attrs(attrs), false), v;
	struct radius_pkt p;
	uint32_t cause = 0;

	assert_int_equal(deliver(n, req), REASON_NONE);
	p = answered(req);
	assert_null(p.signature);
	if (radius_attr_find(p.attrs, 0, 101, &v))
		assert_true(radius_attr_u32(v, &cause));
	assert_int_equal(p.code, code + (cause ? 2 : 1));
	assert_int_equal(n->note.cause, cause);
	assert_int_equal(n->note.disconnect, code == RADIUS_DISCONNECT_REQUEST);
	return cause;
}

/* ---------------------------------------------------------------- silence */

/* S-AAA-68, S-AAA-69, R-056: nothing is sent and nothing is done; each has its counter. */
static void dropped(void **st)
{
	static const struct {
		const char *from, *secret;
		uint8_t code;
		bool sign, require;
		enum reason why;
		size_t counted_at;
	} rows[] = {
		{ "192.0.2.10", SECRET, 40, false, false, REASON_NONE, 0 },
		{ "192.0.2.10", "another", 40, false, false, REASON_NONE, 2 },
		{ "2001:db8::10", "second", 40, true, true, REASON_NONE, 1 },
		{ "192.0.2.11", SECRET, 40, true, false, REASON_COA_CLIENT, 3 },
		{ "2001:db8::11", SECRET, 40, true, false, REASON_COA_CLIENT, 3 },
		{ "192.0.2.10", "wrong", 40, true, false, REASON_COA_AUTHENTICATOR, 0 },
		{ "2001:db8::10", SECRET, 43, true, false, REASON_COA_AUTHENTICATOR, 1 },
		{ "192.0.2.10", SECRET, 1, true, false, REASON_COA_CODE, 0 },
		{ "192.0.2.10", SECRET, 4, true, false, REASON_COA_CODE, 0 },
		{ "192.0.2.10", SECRET, 41, true, false, REASON_COA_CODE, 0 },
		{ "192.0.2.10", SECRET, 45, true, false, REASON_COA_CODE, 0 },
		{ "192.0.2.10", SECRET, 40, false, true, REASON_COA_UNSIGNED, 0 },
		{ "192.0.2.10", "another", 40, false, true, REASON_COA_UNSIGNED, 2 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_coa_stats stats;
		struct nas n;

		nas_init(&n, false, rows[i].require);
		n.from = addr_of(rows[i].from, 40000);
		assert_int_equal(deliver(&n, rk_packet(&(struct rk_packet){
						     .code = rows[i].code,
						     .attrs = rk_attrs("44 t bb01"),
						     .secret = span_str(rows[i].secret),
						     .sign = rows[i].sign })),
				 rows[i].why);
		radius_coa_stats(n.coa, rows[i].counted_at, &stats);
		assert_int_equal(stats.disconnect_acks, rows[i].why == REASON_NONE);
		if (rows[i].why)
			assert_int_equal(stats.dropped[rows[i].why], 1);
		assert_int_equal(n.s[2].ended, rows[i].why == REASON_NONE);
		assert_int_equal(n.notes, rows[i].why == REASON_NONE);
		nas_done(&n);
	}
}

/* Datagrams that are no packets, and a signature that is wrong behind a right authenticator. */
static void invalid_packets(void **st)
{
	struct span attrs = rk_hex("5012 00000000000000000000000000000000 2c06 62623031");
	struct span whole;
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	whole = request(&n, 40, rk_attrs("44 t bb01"), true);
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(deliver(&n, span_of(whole.p, len)),
				 len < 20 ? REASON_RADIUS_SHORT : REASON_RADIUS_LENGTH);
	assert_int_equal(deliver(&n, request(&n, 40, rk_hex("2c01"), false)),
			 REASON_RADIUS_ATTR_LEN);
	assert_int_equal(deliver(&n, request(&n, 40, attrs, false)), REASON_RADIUS_SIGNATURE);
	assert_int_equal(effects(&n), 0);
	nas_done(&n);
}

/* S-AAA-70, R-057: 300 seconds either way, and without an Event-Timestamp. */
static void event_timestamp(void **st)
{
	static const struct {
		uint32_t at;
		enum reason why;
	} rows[] = {
		{ WALL, REASON_NONE },
		{ WALL - 300, REASON_NONE },
		{ WALL + 300, REASON_NONE },
		{ WALL - 301, REASON_COA_STALE },
		{ WALL + 301, REASON_COA_STALE },
		{ 0, REASON_COA_STALE },
		{ UINT32_MAX, REASON_COA_STALE },
	};

	(void)st;
	for (unsigned require = 0; require < 2; require++) {
		struct nas n;

		nas_init(&n, require, false);
		for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
			struct span attrs =
				rk_cat(rk_attrs("44 t bb01; 27 i 60"), rk_u32(55, rows[i].at));

			assert_int_equal(deliver(&n, request(&n, 43, attrs, false)), rows[i].why);
		}
		assert_int_equal(n.s[2].changed, 3);
		assert_int_equal(ask(&n, 43, "44 t bb01; 27 i 60"), require ? 404 : 0);
		assert_int_equal(ask(&n, 40, "44 t bb01; 55 x 01"), 404);
		assert_int_equal(n.s[2].ended, 0);
		nas_done(&n);
	}
}

/* ---------------------------------------------------------------- which sessions */

/* S-AAA-72, S-AAA-73, R-050 ... R-055: bit i of `ended`: session i. */
static void identification(void **st)
{
	static const struct {
		const char *attrs;
		uint32_t cause;
		unsigned ended;
	} rows[] = {
		{ "44 t bb01", 0, 4 },
		{ "1 t bob", 0, 4 },
		{ "5 i 13", 0, 4 },
		{ "8 a 192.0.2.103", 0, 4 },
		{ "31 t 102", 0, 4 },
		{ "1 t alice", 0, 3 },
		{ "1 t alice; 31 t 101", 0, 2 },
		{ "44 t aa01; 1 t alice; 5 i 11; 8 a 192.0.2.101; 31 t 100; 30 t 900", 0, 1 },
		{ "44 t bb01; 32 t lns1; 4 a 192.0.2.1; 95 x 20010db8000000000000000000000001", 0,
		  4 },
		{ "44 t bb01; 61 i 5; 49 i 1; 24 x 00; 33 x 01", 0, 4 },
		{ "44 t bb01; 1 t alice", 503, 0 },
		{ "44 t bb01; 5 i 11", 503, 0 },
		{ "44 t bb01; 30 t 901", 503, 0 },
		{ "44 t cc01", 503, 0 },
		{ "1 t alic", 503, 0 },
		{ "89 t cui", 503, 0 },
		{ "87 t port", 503, 0 },
		{ "50 t multi", 503, 0 },
		{ "96 x 0000000000000001", 503, 0 },
		{ "97 x 004020010db800000000", 503, 0 },
		{ "", 402, 0 },
		{ "30 t 900", 402, 0 },
		{ "32 t lns1; 4 a 192.0.2.1", 402, 0 },
		{ "44 t bb01; 32 t lns2", 403, 0 },
		{ "44 t bb01; 32 t lns", 403, 0 },
		{ "44 t bb01; 32 t", 403, 0 },
		{ "44 t bb01; 4 a 192.0.2.2", 403, 0 },
		{ "44 t bb01; 4 x c00002", 403, 0 },
		{ "44 t bb01; 95 x 20010db8000000000000000000000002", 403, 0 },
		{ "44 t bb01; 27 i 60", 401, 0 },
		{ "44 t bb01; 11 t 1mbit", 401, 0 },
		{ "44 t bb01; 6 i 2", 401, 0 },
		{ "44 t bb01; 200 x 00", 401, 0 },
		{ "44 t bb01; 14988/8 t 1M", 401, 0 },
		{ "44 t", 407, 0 },
		{ "44 t bb01; 44 t bb01", 407, 0 },
		{ "5 x 01", 407, 0 },
		{ "5 i 13; 5 i 13", 407, 0 },
		{ "8 x c0000267ff", 407, 0 },
		{ "44 t bb01; 61 i 0", 407, 0 },
		{ "44 t bb01; 26 x 000001", 404, 0 },
		{ "1 t crowd", 508, 0 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct nas n;
		unsigned ended = 0;
		uint32_t cause;

		nas_init(&n, false, false);
		cause = ask(&n, RADIUS_DISCONNECT_REQUEST, rows[i].attrs);
		for (size_t s = 0; s < n.n; s++)
			ended |= n.s[s].ended << s;
		if (cause != rows[i].cause || ended != rows[i].ended)
			fail_msg("%s: cause %u, ended %x", rows[i].attrs, cause, ended);
		nas_done(&n);
	}
}

/* A NAS that has no identity of its own is not the one that a request names. */
static void nas_without_identity(void **st)
{
	static const char *const attrs[] = { "44 t bb01; 32 t", "44 t bb01; 32 t x",
					     "44 t bb01; 4 a 0.0.0.0",
					     "44 t bb01; 95 x 00000000000000000000000000000000" };
	struct radius_coa_client client = { .name = "one", .secret = span_str(SECRET) };
	struct radius_coa_cfg cfg = { .clients = &client, .n_clients = 1 };
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	radius_coa_free(n.coa);
	client.addr = addr_of("192.0.2.10", 0);
	n.coa = radius_coa_new(&cfg, &fake_ops, &n);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(attrs); i++)
		assert_int_equal(ask(&n, 40, attrs[i]), 403);
	nas_done(&n);
}

/* RFC 5176 3: a server may name the address that it sends to. */
static void nas_address_is_the_destination(void **st)
{
	static const struct {
		const char *to, *attrs;
		uint32_t cause;
	} rows[] = {
		{ "192.0.2.7", "44 t aa01; 4 a 192.0.2.7", 0 },
		{ "192.0.2.7", "44 t aa02; 4 a 192.0.2.1", 0 }, /* it is configured */
		{ "192.0.2.7", "44 t bb01; 4 a 192.0.2.8", 403 },
		{ "192.0.2.7", "44 t bb01; 4 x c0000207ff", 403 },
		{ "192.0.2.7", "44 t bb01; 95 x c0000207", 403 },
		{ "2001:db8::7", "44 t bb01; 95 x 20010db8000000000000000000000008", 403 },
		{ "2001:db8::7", "44 t bb01; 4 x 20010db8000000000000000000000007", 403 },
		{ "2001:db8::7", "44 t bb01; 95 x 20010db8000000000000000000000007", 0 },
	};
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		n.to = addr_of(rows[i].to, 3799);
		assert_int_equal(ask(&n, 40, rows[i].attrs), rows[i].cause);
	}
	nas_done(&n);
}

/* R-064, S-AAA-78: a session that is ending is not found; one that cannot be ended is said to be
 * so, and then the others stay too. */
static void disconnects(void **st)
{
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	n.s[1].stuck = true;
	assert_int_equal(ask(&n, 40, "1 t alice"), 504);
	assert_int_equal(effects(&n), 0);
	n.s[1].stuck = false;
	assert_int_equal(ask(&n, 40, "1 t alice; 18 t unpaid; 18 t more"), 0);
	assert_int_equal(n.note.sessions, 2);
	assert_string_equal(n.s[1].text, "unpaid");
	assert_string_equal(n.s[1].by, "one"); /* S-AAA-80 */
	assert_int_equal(ask(&n, 40, "1 t alice"), 503);
	assert_int_equal(ask(&n, 43, "1 t alice; 27 i 60"), 503);
	assert_int_equal(effects(&n), 2);
	nas_done(&n);
}

/* ---------------------------------------------------------------- changes */

/* S-AAA-75, S-AAA-76, R-061: what is asked for, for the session that is meant. */
static void changes(void **st)
{
	struct span v;
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	assert_int_equal(ask(&n, 43, "44 t bb01; 14988/8 t 4M/20M"), 0);
	assert_int_equal(n.s[2].profile->down_bps, 20000000);
	assert_int_equal(n.s[2].profile->up_bps, 4000000);
	assert_int_equal(profile_source(n.s[2].profile, PROFILE_DOWN), PROFILE_COA);
	assert_int_equal(ask(&n, 43, "44 t bb01; 27 i 5; 28 i 6; 85 i 70; 25 x 0203"), 0);
	assert_int_equal(n.s[2].profile->session_timeout_s, 5);
	assert_int_equal(n.s[2].profile->idle_timeout_s, 6);
	assert_int_equal(n.s[2].profile->interim_s, 70);
	assert_int_equal(n.s[2].profile->down_bps, 20000000);
	assert_true(profile_get(n.s[2].profile, PROFILE_CLASS, 0, &v));
	assert_memory_equal(v.p, "\x02\x03", 2);
	assert_string_equal(n.s[2].by, "one");
	assert_int_equal(effects(&n), 2);
	assert_int_equal(ask(&n, 43, "44 t bb01"), 0); /* nothing to do */
	assert_int_equal(effects(&n), 2);
	nas_done(&n);
}

/* S-AAA-77, R-060: nothing is changed by a request with one bad attribute, and the note has its
 * name. */
static void bad_changes(void **st)
{
	static const struct {
		const char *attrs;
		uint32_t cause;
		const char *name;
	} rows[] = {
		{ "11 t 1mbit; 88 t gold", 401, "Framed-Pool" },
		{ "11 t 1mbit; 200 x 00", 401, "" },
		{ "11 t 1mbit; 9999/1 x 00", 401, "" },
		{ "11 t 1mbit; 18 t hello", 401, "Reply-Message" },
		{ "11 t 1mbit; 49 i 1", 401, "" },
		{ "11 t 1mbit; 27 x 00", 407, "Session-Timeout" },
		{ "11 t 1mbit; 22 t nonsense", 407, "Framed-Route" },
		{ "27 i 60; 11 t premium", 407, "Filter-Id" },
		{ "11 t 1mbit; 26 x 00", 404, "" },
		{ "11 t 1mbit; 6 i 2", 405, "" },
		{ "11 t 1mbit; 6 x 00", 405, "Service-Type" },
		{ "11 t 1mbit; 6 i 0", 405, "Service-Type" },
	};
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		char attrs[128];

		snprintf(attrs, sizeof(attrs), "1 t alice; %s", rows[i].attrs);
		if (ask(&n, 43, attrs) != rows[i].cause || strcmp(n.note_attr, rows[i].name) != 0)
			fail_msg("%s: cause %d of %s", attrs, n.note.cause, n.note_attr);
	}
	assert_int_equal(effects(&n) + n.checks, 0);
	nas_done(&n);
}

/* Authorize-Only is not supported, and is malformed without State. */
static void service_type(void **st)
{
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	assert_int_equal(ask(&n, 43, "44 t bb01; 6 i 17"), 402);
	assert_int_equal(ask(&n, 43, "44 t bb01; 6 i 17; 24 x 01"), 405);
	assert_int_equal(effects(&n), 0);
	nas_done(&n);
}

/* S-AAA-74, R-062: all sessions or none. */
static void several_sessions(void **st)
{
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	n.s[1].full = true;
	assert_int_equal(ask(&n, 43, "1 t alice; 27 i 60"), 506);
	assert_int_equal(n.checks, 2);
	assert_int_equal(effects(&n), 0);
	assert_int_equal(n.s[0].profile->session_timeout_s, 3600);
	n.s[1].full = false;
	assert_int_equal(ask(&n, 43, "1 t alice; 27 i 60"), 0);
	assert_int_equal(n.note.sessions, 2);
	assert_int_equal(n.s[0].changed + n.s[1].changed, 2);
	assert_int_equal(n.s[2].changed, 0);
	profile_free(n.s[1].profile);
	n.s[1].profile = NULL;
	assert_int_equal(ask(&n, 43, "1 t alice; 27 i 70"), 501);
	assert_int_equal(n.s[0].profile->session_timeout_s, 60);
	assert_int_equal(ask(&n, 43, "1 t crowd; 27 i 70"), 508);
	nas_done(&n);
}

/* ---------------------------------------------------------------- answers */

/* S-AAA-79, R-059: octets of the answer, apart from its authenticators. */
static void answers(void **st)
{
	static const struct {
		uint8_t code;
		const char *attrs, *want;
	} rows[] = {
		{ 40, "33 x 01; 44 t bb01; 33 x 0202; 24 x aa; 33 x",
		  "33 x 01; 33 x 0202; 24 x aa; 33 x" },
		{ 43, "33 x 01; 44 t none; 33 x 0202", "101 i 503; 33 x 01; 33 x 0202" },
		{ 43, "27 i 60; 44 t bb01; 33 t end", "33 t end" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		for (unsigned sign = 0; sign < 2; sign++) {
			struct span req, attrs;
			struct radius_pkt p;
			struct nas n;

			nas_init(&n, false, false);
			req = request(&n, rows[i].code, rk_attrs(rows[i].attrs), sign);
			assert_int_equal(deliver(&n, req), REASON_NONE);
			p = answered(req);
			assert_int_equal(p.signature != NULL, sign);
			attrs = p.attrs;
			if (sign) {
				assert_ptr_equal(p.signature, p.attrs.p + 2);
				attrs = span_of(attrs.p + 18, attrs.len - 18);
			}
			assert_true(span_eq(attrs, rk_attrs(rows[i].want)));
			nas_done(&n);
		}
	}
}

/* Proxy-State that leaves no room for an answer: dropped before anything is done. */
static void too_much_proxy_state(void **st)
{
	uint8_t v[253] = { 0 };
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	for (unsigned over = 0; over < 2; over++) {
		struct span attrs = rk_attrs("44 t bb01; 27 i 60");
		size_t left = RADIUS_PKT_MAX - 20 - 18 - 6;

		while (left > 255 + 3) {
			attrs = rk_cat(attrs, rk_attr(33, span_of(v, 253)));
			left -= 255;
		}
		attrs = rk_cat(attrs, rk_attr(33, span_of(v, left - 2 + over)));
		assert_int_equal(deliver(&n, request(&n, 43, attrs, false)),
				 over ? REASON_RADIUS_LENGTH : REASON_NONE);
		assert_int_equal(effects(&n), 1);
	}
	assert_in_range(answer_len, 0, RADIUS_PKT_MAX);
	nas_done(&n);
}

/* S-AAA-71, R-058: a repeated request has the same answer and does nothing. Another port, code,
 * identifier or authenticator is another request, and so is one after five minutes. */
static void repeated_requests(void **st)
{
	struct radius_coa_stats stats;
	struct span req, other;
	uint8_t first[256];
	size_t len;
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	req = request(&n, 43, rk_attrs("44 t bb01; 27 i 60; 33 x 0102"), true);
	assert_int_equal(deliver(&n, req), REASON_NONE);
	memcpy(first, answer, len = answer_len);
	for (unsigned i = 0; i < 3; i++) {
		n.now += ZE_SEC(99);
		assert_int_equal(deliver(&n, req), REASON_NONE);
		assert_int_equal(answer_len, len);
		assert_memory_equal(answer, first, len);
	}
	assert_int_equal(effects(&n), 1);
	assert_int_equal(n.notes, 1);
	radius_coa_stats(n.coa, 0, &stats);
	assert_int_equal(stats.repeated, 3);
	assert_int_equal(stats.coa_acks, 1);

	n.from.port++;
	assert_int_equal(deliver(&n, req), REASON_NONE);
	assert_int_equal(effects(&n), 2);
	n.from.port--;
	other = request(&n, 43, rk_attrs("44 t bb01; 27 i 60; 33 x 0102"), true);
	assert_int_equal(deliver(&n, other), REASON_NONE);
	assert_int_equal(effects(&n), 3);
	n.now += ZE_SEC(3); /* 300 s after the first one */
	assert_int_equal(deliver(&n, req), REASON_NONE);
	assert_int_equal(effects(&n), 4);
	nas_done(&n);
}

/* S-REL-14: the object of the next configuration repeats what the one before has answered, and
 * continues the numbers of clients that stay. */
static void inherited(void **st)
{
	struct radius_coa_client client = { .name = "two", .secret = span_str("new") };
	struct radius_coa_cfg cfg = { .clients = &client, .n_clients = 1 };
	struct radius_coa *other, *next;
	struct radius_coa_stats stats;
	struct span req;
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	req = request(&n, 40, rk_attrs("44 t bb01"), false);
	assert_int_equal(deliver(&n, req), REASON_NONE);
	n.from = addr_of("198.51.100.1", 1);
	assert_int_equal(deliver(&n, req), REASON_COA_CLIENT);
	n.from = addr_of("192.0.2.10", 40000);

	client.addr = addr_of("2001:db8::10", 0);
	other = radius_coa_new(&cfg, &fake_ops, &n);
	next = coa_with(&n, false, false);
	assert_true(other && next);
	radius_coa_inherit(other, n.coa);
	radius_coa_free(n.coa);
	radius_coa_stats(other, 0, &stats);
	assert_int_equal(stats.disconnect_acks, 0);
	radius_coa_stats(other, 1, &stats);
	assert_int_equal(stats.dropped[REASON_COA_CLIENT], 1);
	radius_coa_inherit(next, other);
	radius_coa_free(other);
	n.coa = next;
	assert_int_equal(deliver(&n, req), REASON_NONE);
	assert_int_equal(answer[0], RADIUS_DISCONNECT_ACK);
	assert_int_equal(n.s[2].ended, 1);
	radius_coa_stats(next, 0, &stats);
	assert_int_equal(stats.repeated, 1);
	assert_string_equal(stats.name, "one");
	radius_coa_stats(next, 3, &stats);
	assert_int_equal(stats.dropped[REASON_COA_CLIENT], 1);
	nas_done(&n);
}

/* A NAK is repeated too, although the session has come in the meantime. The oldest answers go when
 * there are too many. */
static void kept_answers_have_a_limit(void **st)
{
	struct span first;
	uint8_t copy[64];
	struct nas n;

	(void)st;
	nas_init(&n, false, false);
	n.s[2].ending = true;
	first = request(&n, 40, rk_attrs("44 t bb01"), false);
	memcpy(copy, first.p, first.len);
	assert_int_equal(deliver(&n, first), REASON_NONE);
	n.s[2].ending = false;
	for (unsigned i = 1; i < RADIUS_COA_ANSWERS_MAX; i++)
		(void)deliver(&n, request(&n, 40, rk_u32(5, 1000 + i), false));
	assert_int_equal(deliver(&n, span_of(copy, first.len)), REASON_NONE);
	assert_int_equal(answer[0], RADIUS_DISCONNECT_NAK);
	assert_int_equal(effects(&n), 0);
	(void)deliver(&n, request(&n, 40, rk_u32(5, 1000), false));
	assert_int_equal(deliver(&n, span_of(copy, first.len)), REASON_NONE);
	assert_int_equal(answer[0], RADIUS_DISCONNECT_ACK);
	nas_done(&n);
}

/* ---------------------------------------------------------------- limits */

static void configurations(void **st)
{
	struct radius_coa_client clients[RADIUS_COA_CLIENTS_MAX + 1];
	struct radius_coa_cfg cfg = { .clients = clients };
	struct radius_coa *c;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(clients); i++)
		clients[i] = (struct radius_coa_client){ .name = "x", .secret = span_str("s") };
	for (size_t n = 0; n <= ZE_ARRAY_SIZE(clients); n++) {
		cfg.n_clients = n;
		c = radius_coa_new(&cfg, &fake_ops, NULL);
		assert_int_equal(c != NULL, n <= RADIUS_COA_CLIENTS_MAX);
		radius_coa_free(c);
	}
	cfg.n_clients = 2;
	clients[1].secret.len = 0;
	assert_null(radius_coa_new(&cfg, &fake_ops, NULL));
	radius_coa_free(NULL);
}

/* Each allocation fails once: no object, or a NAK with nothing changed. */
static void no_memory(void **st)
{
	struct nas n;
	int k;

	(void)st;
	if (!fail_alloc_works())
		skip();
	nas_init(&n, false, false);
	radius_coa_free(n.coa);
	for (k = 0;; k++) {
		fail_alloc_at(k);
		n.coa = coa_with(&n, false, false);
		if (!fail_alloc_hit())
			break;
		assert_null(n.coa);
	}
	assert_in_range(k, 7, 20);
	for (k = 0; k < 2; k++) {
		fail_alloc_at(k);
		assert_int_equal(ask(&n, 43, "1 t alice; 27 i 60"), 506);
		assert_int_equal(effects(&n), 0);
		assert_true(fail_alloc_hit());
	}
	fail_alloc_off();
	assert_int_equal(ask(&n, 43, "1 t alice; 27 i 60"), 0);
	nas_done(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dropped),
		cmocka_unit_test(invalid_packets),
		cmocka_unit_test(event_timestamp),
		cmocka_unit_test(identification),
		cmocka_unit_test(nas_without_identity),
		cmocka_unit_test(nas_address_is_the_destination),
		cmocka_unit_test(disconnects),
		cmocka_unit_test(changes),
		cmocka_unit_test(bad_changes),
		cmocka_unit_test(service_type),
		cmocka_unit_test(several_sessions),
		cmocka_unit_test(answers),
		cmocka_unit_test(too_much_proxy_state),
		cmocka_unit_test(repeated_requests),
		cmocka_unit_test(inherited),
		cmocka_unit_test(kept_answers_have_a_limit),
		cmocka_unit_test(configurations),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
