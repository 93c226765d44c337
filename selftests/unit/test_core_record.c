/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of other versions, newer and older ones, and records that are wrong in one field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/core/record_tags.h"
#include "selftests/lib/tlv_edit.h"
#include "selftests/lib/world.h"

struct scene { /* a subscriber whose daemon was killed */
	struct world *w;
	struct lac *l;
	struct call *c;
	struct w_record t, s; /* as it wrote them */
};

static struct scene scene_killed(void)
{
	struct config *cfg = w_config();
	struct scene x;

	assert_non_null(cfg);
	cfg->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	cfg->n_listeners = 1;
	cfg->shape = (struct shape_plan){ 1000000, 256000, SHAPE_HTB };
	x.w = world_new(cfg, 1);
	assert_non_null(x.w);
	x.l = lac_new(x.w, 1, 1701);
	lac_connect(x.l);
	x.c = lac_call(x.l, "alice", "wonder");
	assert_true(x.c->c.v4_up && x.c->c.v6_up);
	x.t = *w_record_of(x.w, JOURNAL_TUNNEL, x.l->peer_tid);
	x.s = *w_record_of(x.w, JOURNAL_SESSION, x.c->peer_sid);
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

/* Changes a record before the next process reads it. */
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

static uint64_t scene_count(const struct scene *x, enum reason r)
{
	return x->w->e->stats.reasons[r];
}

static void resume(struct scene *x)
{
	w_resume(x->w);
	w_deliver(x->w);
}

static void assert_all_went_on(struct scene *x)
{
	const struct w_record *r = w_record_of(x->w, JOURNAL_SESSION, x->c->peer_sid);

	assert_int_equal(x->w->e->resumed_tunnels, 1);
	assert_int_equal(x->w->e->resumed_sessions, 1);
	assert_false(x->c->over);
	assert_true(x->w->dp[x->c->peer_sid].fam[PPP_FAM_IPV4]);
	assert_non_null(r);
}

/* A later version has more fields at each level; what it does not say is needed is not. */
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
	resume(&x);
	assert_all_went_on(&x);
	r = w_record_of(x.w, JOURNAL_SESSION, x.c->peer_sid);
	assert_true(span_eq(span_of(r->b, r->len), span_of(x.s.b, x.s.len)));
	scene_end(&x);
}

/* Defaults in place of all fields that have one. */
static void only_what_is_required(void **st)
{
	const struct tlv_edit less = { .change = TLV_DROP, .at = TLV_EVERY, .optional = true };
	struct scene x = scene_killed();
	struct subscriber *s;

	(void)st;
	edit(&x, JOURNAL_TUNNEL, less);
	edit(&x, JOURNAL_SESSION, less);
	resume(&x);
	assert_all_went_on(&x);
	s = call_sub(x.c);
	assert_string_equal(s->user, "");
	assert_int_equal(s->up_at, x.w->now);
	assert_int_equal(s->s.created, x.w->now);
	assert_int_equal(s->s.established, x.w->now);
	assert_int_equal(s->link.lcp.mru, PPP_MRU_DEFAULT);
	assert_int_equal(s->link.lcp.peer_mru, PPP_MRU_DEFAULT);
	assert_int_equal(s->link.lcp.magic, 0);
	assert_true(s->profile->ipv4 && s->profile->ipv6 && !s->profile->has_address);
	assert_int_equal(s->plan.down_bps, 1000000);
	assert_int_equal(s->plan.qdisc, SHAPE_TBF);
	assert_int_equal(s->address, x.c->c.ip);
	assert_int_equal(lac_tunnel(x.l)->t.peer_version, 0x0100);
	assert_int_equal(lac_tunnel(x.l)->t.peer_rws, 4);
	w_advance(x.w, ZE_SEC(600));
	assert_false(x.c->over);
	scene_end(&x);
}

/* Any one that is optional, also with all that is in it. */
static void one_less(void **st)
{
	(void)st;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		for (uint32_t at = 0, n = 1; at < n; at++) {
			struct scene x = scene_killed();

			n = edit(&x, k, (struct tlv_edit){ .change = TLV_DROP, .at = at });
			resume(&x);
			if (scene_count(&x, REASON_TLV_MISSING)) {
				assert_int_equal(x.w->e->resumed_sessions, 0);
			} else if (x.w->e->resumed_sessions == 0) {
				/* the whole of it: a call that ends */
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
	resume(&x);
	assert_int_equal(scene_count(&x, REASON_RESUME_NEWER), 1);
	assert_true(x.c->over && !x.l->over); /* by a CDN */
	assert_int_equal(x.c->cdn_result, CDN_NO_FACILITIES_NOW);
	scene_end(&x);

	x = scene_killed();
	set_u16(&x, JOURNAL_TUNNEL, AT_NEEDS,
		(uint16_t)(record_versions[JOURNAL_TUNNEL].writes + 1));
	resume(&x);
	assert_int_equal(scene_count(&x, REASON_RESUME_NEWER), 1);
	assert_int_equal(scene_count(&x, REASON_RESUME_TUNNEL), 1);
	scene_end(&x);
}

/* Also when the rest of it makes no sense to this version. */
static void needs_newer_whatever_it_has(void **st)
{
	struct scene x = scene_killed();

	(void)st;
	set_u16(&x, JOURNAL_SESSION, AT_NEEDS, 60000);
	edit(&x, JOURNAL_SESSION, (struct tlv_edit){ .change = TLV_REPLACE, .at = 4 });
	resume(&x);
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
		resume(&x);
		assert_int_equal(scene_count(&x, REASON_RESUME_OLDER), 1);
		assert_int_equal(x.w->e->resumed_sessions, 0);
		assert_true(k == JOURNAL_TUNNEL || (x.c->over && !x.l->over));
		scene_end(&x);
	}
}

/* Each field in turn: refused by the reason, and the call ends. False: there are no more fields. */
static bool wrong(enum journal_kind k, struct tlv_edit e, enum reason why)
{
	struct scene x = scene_killed();
	uint32_t n = edit(&x, k, e);

	resume(&x);
	assert_int_equal(scene_count(&x, why), 1);
	assert_int_equal(x.w->e->resumed_sessions, 0);
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

/* 300 octets: more than any value may have that is not fields, and no fields either. */
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

			resume(&x);
			assert_int_equal(scene_count(&x, REASON_TLV_LENGTH) +
						 scene_count(&x, REASON_TLV_SHORT),
					 1);
			assert_int_equal(x.w->e->resumed_sessions, 0);
			scene_end(&x);
			more = e.at + 1 < n;
		}
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
		cmocka_unit_test(twice_the_same_tag),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
