/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of other versions, older and newer, and records with one wrong field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/session_id.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/record_tags.h"
#include "daemon/core/registry.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/turn.h"
#include "daemon/view/view.h"
#include "selftests/lib/tlv_edit.h"
#include "selftests/lib/world.h"

struct scene { /* a subscriber of an instance that was killed */
	struct world *w;
	struct lac *l;
	struct lac_call *c;
	struct w_record t, s; /* the records as that instance wrote them */
	uint64_t id;
};

static struct config *scene_config(void)
{
	struct config *cfg = w_config();

	assert_non_null(cfg);
	cfg->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	cfg->n_listeners = 1;
	cfg->shape = (struct shape_plan){ 1000000, 256000, SHAPE_HTB };
	return cfg;
}

static struct scene scene_up(void)
{
	struct scene x = { .w = world_new(scene_config(), 1) };

	assert_non_null(x.w);
	x.l = lac_new(x.w, 1, 1701);
	strcpy(x.l->number, "0301234567");
	lac_connect(x.l);
	x.c = lac_call(x.l, "alice", "wonder");
	assert_true(x.c->c.v4_up && x.c->c.v6_up);
	x.t = *w_record_of(x.w, JOURNAL_TUNNEL, x.l->peer_tid);
	x.s = *w_record_of(x.w, JOURNAL_SESSION, x.c->peer_sid);
	x.id = call_sub(x.c)->id;
	return x;
}

static struct scene scene_killed(void)
{
	struct scene x = scene_up();

	w_kill(x.w);
	return x;
}

static void scene_end(struct scene *x)
{
	engine_drain(x->w->e, x->w->now);
	w_advance(x->w, ZE_SEC(200));
	assert_true(engine_drained(x->w->e));
	assert_world_empty(x->w);
	world_free(x->w);
}

/* Changes a record before the next instance reads it. */
static uint32_t edit(struct scene *x, enum journal_kind kind, struct tlv_edit e)
{
	uint16_t id = kind == JOURNAL_TUNNEL ? x->l->peer_tid : x->c->peer_sid;
	struct w_record *r = (struct w_record *)w_record_of(x->w, kind, id);
	uint8_t buf[JOURNAL_RECORD_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	assert_non_null(r);
	tlv_edit(&w, record_tags[kind], span_of(r->b, r->len), &e);
	assert_false(w.bad);
	r->len = (uint16_t)wr_len(&w);
	memcpy(r->b, buf, r->len);
	return e.n;
}

static void set_u16(struct scene *x, enum journal_kind kind, uint32_t at, uint16_t v)
{
	const uint8_t b[] = { (uint8_t)(v >> 8), (uint8_t)v };

	edit(x, kind, (struct tlv_edit){ .change = TLV_REPLACE, .at = at, .value = span_of(b, 2) });
}

#define AT_VERSION 0
#define AT_NEEDS   1
#define AT_ID	   5 /* the first of the session's fields */

static uint64_t scene_count(const struct scene *x, enum reason r)
{
	return x->w->e->stats.reasons[r];
}

static void restore_scene(struct scene *x)
{
	w_restore(x->w);
	w_deliver(x->w);
}

static void assert_all_went_on(struct scene *x)
{
	const struct w_record *r = w_record_of(x->w, JOURNAL_SESSION, x->c->peer_sid);

	assert_int_equal(x->w->e->restored_tunnels, 1);
	assert_int_equal(x->w->e->restored_sessions, 1);
	assert_false(x->c->over);
	assert_true(x->w->dp[x->c->peer_sid].fam[PPP_FAM_IPV4]);
	assert_non_null(r);
}

/* A later version has more fields at each level. Those that its `needs` does not require are
 * skipped. */
static void newer_version(void **st)
{
	const struct tlv_edit more = { .change = TLV_INSERT,
				       .at = TLV_EVERY,
				       .value = span_str("from the future") };
	struct scene x = scene_killed();
	const struct w_record *r;

	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++) {
		set_u16(&x, k, AT_VERSION, (uint16_t)(record_versions[k].writes + 7));
		edit(&x, k, more);
	}
	restore_scene(&x);
	assert_all_went_on(&x);
	r = w_record_of(x.w, JOURNAL_SESSION, x.c->peer_sid);
	assert_true(span_eq(span_of(r->b, r->len), span_of(x.s.b, x.s.len)));
	scene_end(&x);
}

/* All optional fields are absent: their defaults apply. */
static void only_what_is_required(void **st)
{
	const struct tlv_edit less = { .change = TLV_DROP, .at = TLV_EVERY, .optional = true };
	struct scene x = scene_killed();
	struct subscriber *s;

	(void)st;
	edit(&x, JOURNAL_TUNNEL, less);
	edit(&x, JOURNAL_SESSION, less);
	restore_scene(&x);
	assert_all_went_on(&x);
	s = call_sub(x.c);
	assert_string_equal(facts_user(s), "");
	assert_int_equal(s->up_at, x.w->now);
	assert_int_equal(s->call.l2tp.created, x.w->now);
	assert_int_equal(s->call.l2tp.established, x.w->now);
	assert_int_equal(s->link.lcp.mru, PPP_MRU_DEFAULT);
	assert_int_equal(s->link.lcp.peer_mru, PPP_MRU_DEFAULT);
	assert_int_equal(s->link.lcp.magic, 0);
	assert_true(s->profile->ipv4 && s->profile->ipv6 && !s->profile->has_address);
	assert_int_equal(s->plan.down_bps, 1000000);
	assert_int_equal(s->plan.qdisc, SHAPE_TBF);
	assert_int_equal(s->lease.ip4, x.c->c.ip);
	assert_int_equal(lac_tunnel(x.l)->l2tp.peer_version, 0x0100);
	assert_int_equal(lac_tunnel(x.l)->l2tp.peer_rws, 4);
	w_advance(x.w, ZE_SEC(600));
	assert_false(x.c->over);
	scene_end(&x);
}

/* Each optional field in turn is absent, with all fields in it. */
static void one_less(void **st)
{
	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		for (uint32_t at = 0, n = 1; at < n; at++) {
			struct scene x = scene_killed();

			n = edit(&x, k, (struct tlv_edit){ .change = TLV_DROP, .at = at });
			restore_scene(&x);
			if (scene_count(&x, REASON_TLV_MISSING)) {
				assert_int_equal(x.w->e->restored_sessions, 0);
			} else if (x.w->e->restored_sessions == 0) {
				/* the whole call: it ends */
				assert_int_equal(k, JOURNAL_SESSION);
				assert_int_equal(at, 4);
				assert_true(x.c->over);
			} else {
				assert_false(x.c->over);
			}
			assert_int_equal(scene_count(&x, REASON_RESUME_RECORD), 0);
			scene_end(&x);
		}
}

static void needs_newer(void **st)
{
	struct scene x = scene_killed();

	(void)st;
	set_u16(&x, JOURNAL_SESSION, AT_NEEDS,
		(uint16_t)(record_versions[JOURNAL_SESSION].writes + 1));
	restore_scene(&x);
	assert_int_equal(scene_count(&x, REASON_RESUME_NEWER), 1);
	assert_true(x.c->over && !x.l->over); /* by a CDN */
	assert_int_equal(x.c->cdn_result, CDN_NO_FACILITIES_NOW);
	scene_end(&x);

	x = scene_killed();
	set_u16(&x, JOURNAL_TUNNEL, AT_NEEDS,
		(uint16_t)(record_versions[JOURNAL_TUNNEL].writes + 1));
	restore_scene(&x);
	assert_int_equal(scene_count(&x, REASON_RESUME_NEWER), 1);
	assert_int_equal(scene_count(&x, REASON_RESUME_TUNNEL), 1);
	scene_end(&x);
}

/* The version is checked first, even when the rest of the record is invalid for this version. */
static void needs_newer_whatever_it_has(void **st)
{
	struct scene x = scene_killed();

	(void)st;
	set_u16(&x, JOURNAL_SESSION, AT_NEEDS, 60000);
	edit(&x, JOURNAL_SESSION, (struct tlv_edit){ .change = TLV_REPLACE, .at = 4 });
	restore_scene(&x);
	assert_int_equal(scene_count(&x, REASON_RESUME_NEWER), 1);
	assert_true(x.c->over && !x.l->over);
	scene_end(&x);
}

static void older_than_understood(void **st)
{
	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++) {
		struct scene x = scene_killed();

		set_u16(&x, k, AT_VERSION, (uint16_t)(record_versions[k].reads - 1));
		restore_scene(&x);
		assert_int_equal(scene_count(&x, REASON_RESUME_OLDER), 1);
		assert_int_equal(x.w->e->restored_sessions, 0);
		assert_true(k == JOURNAL_TUNNEL || (x.c->over && !x.l->over));
		scene_end(&x);
	}
}

/* Two records with the same id of the peer: refusing one does not end the session of the other. */
static void refused_beside_a_good_one(void **st)
{
	struct scene x = scene_killed();
	struct w_record bad = x.s;
	struct journal_record v[3];

	(void)st;
	bad.b[2 * TLV_HEAD + 2] = 255; /* the high octet of `needs` */
	v[0] = (struct journal_record){ JOURNAL_TUNNEL, x.t.id, span_of(x.t.b, x.t.len) };
	v[1] = (struct journal_record){ JOURNAL_SESSION, bad.id ^ 1, span_of(bad.b, bad.len) };
	v[2] = (struct journal_record){ JOURNAL_SESSION, x.s.id, span_of(x.s.b, x.s.len) };
	memset(x.w->records, 0, sizeof(x.w->records));
	w_restore(x.w);
	engine_restore(x.w->e, v, 3, x.w->now);
	w_deliver(x.w);
	assert_int_equal(scene_count(&x, REASON_RESUME_NEWER), 1);
	assert_int_equal(x.w->e->restored_sessions, 1);
	w_advance(x.w, ZE_SEC(10));
	assert_false(x.c->over);
	scene_end(&x);
}

/* Each field in turn is wrong: the record is refused with this reason, and the call ends.
 * Returns false after the last field. */
static bool wrong(enum journal_kind k, struct tlv_edit e, enum reason why)
{
	struct scene x = scene_killed();
	uint32_t n = edit(&x, k, e);

	restore_scene(&x);
	assert_int_equal(scene_count(&x, why), 1);
	assert_int_equal(x.w->e->restored_sessions, 0);
	assert_int_equal(x.w->dp_sessions, 0);
	if (k == JOURNAL_SESSION)
		assert_false(x.l->over);
	scene_end(&x);
	return e.at + 1 < n;
}

static void twice_the_same_tag(void **st)
{
	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		for (struct tlv_edit e = { .change = TLV_REPEAT };
		     wrong(k, e, REASON_TLV_REPEATED);)
			e.at++;
}

/* 300 octets: longer than any value may be that holds no fields, and not valid as fields. */
static void too_long(void **st)
{
	static const uint8_t many[300] = { 255, 255, 255 };

	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++) {
		struct tlv_edit e = { .change = TLV_REPLACE, .value = span_of(many, sizeof(many)) };
		bool more = true;

		for (; more; e.at++) {
			struct scene x = scene_killed();
			uint32_t n = edit(&x, k, e);

			restore_scene(&x);
			assert_int_equal(scene_count(&x, REASON_TLV_LENGTH) +
						 scene_count(&x, REASON_TLV_SHORT),
					 1);
			assert_int_equal(x.w->e->restored_sessions, 0);
			scene_end(&x);
			more = e.at + 1 < n;
		}
	}
}

/* ---- records of version 1, as the first ze with tagged fields wrote them ---- */

/* clang-format off */
static const uint8_t v1_tunnel[] = {
	0x01, 0x00, 0x02, 0x00, 0x01, 0x02, 0x00, 0x02, 0x00, 0x01, 0x03, 0x00, 0x76, 0x01, 0x00, 0x0c,
	0x01, 0x00, 0x04, 0x0a, 0x08, 0x00, 0x01, 0x02, 0x00, 0x02, 0x06, 0xa5, 0x02, 0x00, 0x0c, 0x01,
	0x00, 0x04, 0x0a, 0x09, 0x00, 0x01, 0x02, 0x00, 0x02, 0x06, 0xa5, 0x03, 0x00, 0x08, 0x00, 0x00,
	0x00, 0x00, 0x4e, 0xc3, 0xd3, 0x67, 0x04, 0x00, 0x4a, 0x05, 0x00, 0x08, 0x00, 0x00, 0x00, 0xe8,
	0xd4, 0xa5, 0x10, 0x00, 0x06, 0x00, 0x08, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00, 0x07,
	0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x8d, 0x08, 0x00, 0x02, 0x01, 0x00, 0x0a,
	0x00, 0x04, 0x00, 0x00, 0x00, 0x03, 0x0c, 0x00, 0x03, 0x6c, 0x61, 0x63, 0x0e, 0x00, 0x14, 0x01,
	0x00, 0x02, 0x00, 0x64, 0x02, 0x00, 0x02, 0x00, 0x04, 0x03, 0x00, 0x02, 0x00, 0x04, 0x04, 0x00,
	0x02, 0x00, 0x02,
};

static const uint8_t v1_session[] = {
	0x01, 0x00, 0x02, 0x00, 0x01, 0x02, 0x00, 0x02, 0x00, 0x01, 0x03, 0x00, 0x02, 0x8e, 0x02, 0x04,
	0x00, 0x02, 0x00, 0x01, 0x05, 0x01, 0x11, 0x01, 0x00, 0x08, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5,
	0x10, 0x00, 0x02, 0x00, 0x01, 0x01, 0x03, 0x00, 0x05, 0x61, 0x6c, 0x69, 0x63, 0x65, 0x04, 0x00,
	0x00, 0x05, 0x00, 0x1a, 0x01, 0x00, 0x01, 0x01, 0x02, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x0f, 0x42, 0x40, 0x03, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xe8, 0x00, 0x06, 0x00,
	0x3f, 0x01, 0x00, 0x08, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00, 0x02, 0x00, 0x08, 0x00,
	0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01, 0x05, 0x00,
	0x04, 0x00, 0x00, 0x00, 0x01, 0x06, 0x00, 0x04, 0x00, 0x0f, 0x42, 0x40, 0x07, 0x00, 0x04, 0x00,
	0x0f, 0x42, 0x40, 0x0b, 0x00, 0x0a, 0x30, 0x33, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
	0x07, 0x00, 0x95, 0x01, 0x00, 0x28, 0x01, 0x00, 0x01, 0x07, 0x02, 0x00, 0x01, 0x02, 0x03, 0x00,
	0x01, 0x02, 0x04, 0x00, 0x01, 0x01, 0x05, 0x00, 0x02, 0x05, 0xb4, 0x06, 0x00, 0x04, 0xaa, 0xf3,
	0x54, 0x2a, 0x07, 0x00, 0x02, 0x05, 0xd4, 0x08, 0x00, 0x04, 0x11, 0x11, 0x00, 0x01, 0x02, 0x00,
	0x01, 0x01, 0x03, 0x00, 0x10, 0x01, 0x00, 0x01, 0x02, 0x02, 0x00, 0x01, 0xea, 0x03, 0x00, 0x05,
	0x61, 0x6c, 0x69, 0x63, 0x65, 0x05, 0x00, 0x24, 0x01, 0x00, 0x01, 0x02, 0x02, 0x00, 0x01, 0x01,
	0x04, 0x00, 0x04, 0x0a, 0x00, 0x00, 0x01, 0x05, 0x00, 0x04, 0x0a, 0x00, 0x00, 0x02, 0x06, 0x00,
	0x04, 0x08, 0x08, 0x08, 0x08, 0x07, 0x00, 0x04, 0x08, 0x08, 0x04, 0x04, 0x07, 0x00, 0x29, 0x01,
	0x00, 0x01, 0x02, 0x02, 0x00, 0x01, 0x01, 0x05, 0x00, 0x08, 0xcd, 0x51, 0x5b, 0xca, 0x6a, 0x4c,
	0xba, 0xed, 0x06, 0x00, 0x08, 0x35, 0x4d, 0xe9, 0xc8, 0xc6, 0x87, 0x10, 0x1e, 0x07, 0x00, 0x08,
	0x0a, 0x0b, 0x0c, 0x0d, 0x00, 0x00, 0x00, 0x01,
};
/* clang-format on */

#define V1_TID 36354
#define V1_SID 61359

static void version_1(void **st)
{
	const struct journal_record v[] = {
		{ JOURNAL_TUNNEL, V1_TID, span_of(v1_tunnel, sizeof(v1_tunnel)) },
		{ JOURNAL_SESSION, V1_SID, span_of(v1_session, sizeof(v1_session)) },
	};
	struct scene x = { .w = world_new(scene_config(), 1) };
	const struct tunnel *t;
	const struct subscriber *s;

	(void)st;
	engine_restore(x.w->e, v, 2, x.w->now);
	w_deliver(x.w);
	assert_int_equal(x.w->e->restored_sessions, 1);
	t = registry_tunnel(x.w->e, V1_TID);
	s = registry_sub(x.w->e, V1_SID);
	assert_int_equal(t->l2tp.peer_tid, 100);
	assert_int_equal(t->l2tp.peer_rws, 4);
	assert_int_equal(t->l2tp.chan.nr, 4);
	assert_memory_equal(t->l2tp.peer_host, "lac", 3);
	assert_int_equal(t->path.peer.ip[3], 1);
	assert_int_equal(s->call.l2tp.peer_sid, 1);
	assert_int_equal(s->call.l2tp.call_serial, 1);
	assert_int_equal(s->call.l2tp.tx_speed_bps, 1000000);
	assert_string_equal(s->call.l2tp.calling_number, "0301234567");
	assert_string_equal(facts_user(s), "alice");
	assert_non_null(s->lease.pool);
	assert_int_equal(s->lease.ip4, 0x0a000002);
	assert_int_equal(s->plan.down_bps, 1000000);
	assert_int_equal(s->plan.up_bps, 256000);
	assert_int_equal(s->plan.qdisc, SHAPE_HTB);
	assert_int_equal(s->link.lcp.magic, 0xaaf3542a);
	assert_int_equal(s->link.auth.method, PPP_AUTH_CHAP_MD5);
	assert_int_equal(s->link.ipcp.params.dns[0], 0x08080808);
	assert_true(s->link.ipv6cp.peer_ifid == UINT64_C(0x0a0b0c0d00000001));
	assert_true(s->id >= W_WALL_NS); /* version 1 has no id */
	assert_true(tlv_u16(tlv_at(record_tags[JOURNAL_SESSION],
				   span_of(w_record_of(x.w, JOURNAL_SESSION, V1_SID)->b,
					   w_record_of(x.w, JOURNAL_SESSION, V1_SID)->len),
				   (uint8_t[]){ RECORD_VERSION, 0 }),
			    0) == record_versions[JOURNAL_SESSION].writes);
	scene_end(&x);
}

/* ---- the session id ---- */

/* A restart keeps the id, and no later session gets it, whatever the clock says. */
static void id_is_kept(void **st)
{
	static const ze_ns steps[] = { 0, ZE_SEC(3600), -ZE_SEC(3600), -W_WALL_NS - ZE_SEC(5000) };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(steps); i++) {
		struct scene x = scene_killed();
		struct lac_call *c;

		x.w->clock_step = steps[i];
		restore_scene(&x);
		assert_true(call_sub(x.c)->id == x.id);
		c = lac_call(x.l, "alice", "wonder");
		assert_true(c->c.v4_up);
		assert_true(call_sub(c)->id > x.id);
		assert_true(w_last_event(x.w, EV_SESSION_UP)->facts->id == call_sub(c)->id);
		scene_end(&x);
	}
}

/* A session without an id gets one that no other session has, not even one whose record is read
 * later. */
static void id_of_an_older_record(void **st)
{
	struct scene x = scene_killed();
	struct lac_call *c;
	uint64_t id;

	(void)st;
	restore_scene(&x);
	c = lac_call(x.l, "bob", "builder");
	id = call_sub(c)->id;
	w_kill(x.w);
	edit(&x, JOURNAL_SESSION, (struct tlv_edit){ .change = TLV_DROP, .at = AT_ID });
	set_u16(&x, JOURNAL_SESSION, AT_VERSION, 1);
	x.w->clock_step = (ze_ns)id - W_WALL_NS - x.w->now; /* exactly the same nanosecond */
	restore_scene(&x);
	assert_int_equal(x.w->e->restored_sessions, 2);
	assert_true(call_sub(c)->id == id);
	assert_true(call_sub(x.c)->id > id);
	scene_end(&x);
}

/* An instance that is started twice within a second, without a session of the first start. */
static void id_without_records(void **st)
{
	struct scene x = scene_killed();

	(void)st;
	memset(x.w->records, 0, sizeof(x.w->records));
	x.w->now += ZE_MS(1);
	restore_scene(&x);
	assert_true(x.w->e->next_id > x.id + 1000);
	scene_end(&x);
}

/* ---- what operators see ---- */

/* Removes "name":value, from JSON. */
static void cut(char *text, const char *name)
{
	char key[64], *at, *p;
	int depth = 0;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(text, key);
	if (!at)
		return;
	for (p = at + strlen(key); *p && (depth || (*p != ',' && *p != '}')); p++)
		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
	memmove(at, p, strlen(p) + 1);
}

/* Without the members that a restart changes, as the guide says. */
static char *shown(const struct world *w, const struct subscriber *s)
{
	static const char *const process[] = { "resumed-at",
					       "ppp-frames-received",
					       "ppp-frames-sent",
					       "ppp-frames-limited",
					       "sent",
					       "replies",
					       "lost",
					       "last-rtt-us",
					       "min-rtt-us",
					       "max-rtt-us",
					       "events" };
	const struct view_clock clock = { w->now, W_WALL_NS + w->now };
	const struct snapshot *snap;
	struct strbuf b;
	struct json j;
	char *text;

	sb_init(&b);
	json_init(&j, &b);
	assert_int_equal(snapshot_take(w->e,
				       &(struct snapshot_ask){ .kind = SNAPSHOT_SESSION,
							       .id = s->call.l2tp.sid,
							       .now = w->now },
				       &snap),
			 0);
	view_session(snap, &clock, &j);
	snapshot_unref(snap);
	text = sb_take(&b);
	assert_non_null(text);
	cut(text,
	    /* Of the fake plane only: a plane that can hand over has no device per session. */
	    "interface");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(process); i++)
		cut(text, process[i]);
	return text;
}

/* The same before and after kill -9: identity, assigned values and connection. */
static void shown_the_same(void **st)
{
	(void)st;
	for (int rejects = 0; rejects < 2; rejects++) {
		struct scene x = scene_up();
		struct subscriber *s = call_sub(x.c);
		char *before, *after, id[SESSION_ID_TEXT];

		if (rejects)
			echo_reject(&s->link.lcp.echo);
		turn_call_dirty(&s->call);
		w_advance(x.w, ZE_SEC(61));
		before = shown(x.w, call_sub(x.c));
		assert_non_null(strstr(before, rejects ? "rejected-by-peer" : "running"));
		assert_non_null(strstr(before, session_id_text(s->id, id)));
		assert_non_null(strstr(before, "0301234567"));
		w_kill(x.w);
		w_restore(x.w);
		after = shown(x.w, call_sub(x.c));
		assert_string_equal(after, before);
		free(before);
		free(after);
		scene_end(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newer_version),
		cmocka_unit_test(only_what_is_required),
		cmocka_unit_test(one_less),
		cmocka_unit_test(needs_newer),
		cmocka_unit_test(needs_newer_whatever_it_has),
		cmocka_unit_test(older_than_understood),
		cmocka_unit_test(refused_beside_a_good_one),
		cmocka_unit_test(twice_the_same_tag),
		cmocka_unit_test(too_long),
		cmocka_unit_test(version_1),
		cmocka_unit_test(id_is_kept),
		cmocka_unit_test(id_of_an_older_record),
		cmocka_unit_test(id_without_records),
		cmocka_unit_test(shown_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
