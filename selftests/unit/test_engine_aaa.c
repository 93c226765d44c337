/* SPDX-License-Identifier: BSD-2-Clause */
/* Handlers that answer late: each verdict, twice, with another cookie, and after a cancelled
 * request; and three handlers in a row. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_auth.h"
#include "daemon/base/log.h"
#include "daemon/core/end_cause.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/world.h"

#define HANDLERS 3

static struct fake {
	bool late;
	enum aaa_verdict verdict; /* for a verdict that is not late */
	unsigned asked, cancelled;
	uint64_t cookie;
	ze_ns deadline;
	enum aaa_method method;
	uint8_t id;
	char secret[80]; /* the password, or the challenge and response */
	size_t secret_len;
	char user[16];
} fakes[HANDLERS];

static struct seen { /* of the last request */
	uint16_t tid, sid, mru;
	uint32_t tx_speed, rx_speed, nas_port;
	uint64_t session_id;
	char texts[128]; /* name of the peer, calling and called number */
	char port_id[64];
} seen;

static struct world *w;
static struct lac *l;

static struct aaa_answer answer_of(enum aaa_verdict v)
{
	return (struct aaa_answer){ .verdict = v,
				    .mschap2 = "S=407A5589115FD0D6209F510FE9C04566932CDA56",
				    .profile = v == AAA_ACCEPT ? profile_new(span_str("alice")) :
								 NULL,
				    .why = v == AAA_UNAVAILABLE ? "No server answered" : NULL };
}

static void keep_secret(struct fake *f, struct span s)
{
	assert_true(f->secret_len + s.len <= sizeof(f->secret));
	if (s.len)
		memcpy(f->secret + f->secret_len, s.p, s.len);
	f->secret_len += s.len;
}

static bool fake_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	struct fake *f = self;

	assert_true(rq->now == w->now && rq->deadline > w->now);
	assert_true(ze_addr_eq(rq->peer, &l->path.peer) && ze_addr_eq(rq->local, &l->path.local));
	assert_true(rq->session_id && rq->nas_port && rq->cookie);
	seen = (struct seen){ .tid = rq->tid,
			      .sid = rq->sid,
			      .mru = rq->mru,
			      .tx_speed = rq->tx_speed,
			      .rx_speed = rq->rx_speed,
			      .nas_port = rq->nas_port,
			      .session_id = rq->session_id };
	snprintf(seen.texts, sizeof(seen.texts), "%.*s %.*s %.*s", (int)rq->peer_name.len,
		 (const char *)rq->peer_name.p, (int)rq->calling_number.len,
		 (const char *)rq->calling_number.p, (int)rq->called_number.len,
		 (const char *)rq->called_number.p);
	snprintf(seen.port_id, sizeof(seen.port_id), "%.*s", (int)rq->nas_port_id.len,
		 (const char *)rq->nas_port_id.p);
	f->asked++;
	f->cookie = rq->cookie;
	f->deadline = rq->deadline;
	f->method = rq->method;
	f->id = rq->id;
	f->secret_len = 0;
	keep_secret(f, rq->password);
	keep_secret(f, rq->challenge);
	keep_secret(f, rq->response);
	assert_true(rq->user.len < sizeof(f->user));
	memcpy(f->user, rq->user.p, rq->user.len);
	if (!f->late)
		*ret = answer_of(f->verdict);
	return !f->late;
}

static void fake_cancel(void *self, uint64_t cookie)
{
	struct fake *f = self;

	if (cookie == f->cookie)
		f->cancelled++;
}

static void use_fakes(size_t n)
{
	static const char *const names[HANDLERS] = { "0", "1", "2" };

	memset(fakes, 0, sizeof(fakes));
	memset(&w->aaa, 0, sizeof(w->aaa));
	for (size_t i = 0; i < n; i++) {
		const struct aaa_handler h = { .name = names[i],
					       .self = &fakes[i],
					       .auth = fake_auth,
					       .cancel = fake_cancel };

		fakes[i].late = true;
		assert_int_equal(aaa_broker_add(&w->aaa, &h), 0);
	}
	aaa_broker_order(&w->aaa, names, n);
}

/* Beside the local users another module adds its handler when it starts, as RADIUS does. */
static void start_module(const char *name)
{
	const struct aaa_handler h = {
		.name = name, .self = &fakes[0], .auth = fake_auth, .cancel = fake_cancel
	};

	memset(fakes, 0, sizeof(fakes));
	fakes[0].late = true;
	assert_int_equal(aaa_broker_add(&w->aaa, &h), 0);
}

static void set_up_with_local(void)
{
	w = world_new(NULL, 1);
	assert_non_null(w);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_true(l->up);
}

static int set_up(void **st)
{
	(void)st;
	set_up_with_local();
	use_fakes(1);
	return 0;
}

static int tear_down(void **st)
{
	(void)st;
	world_end(w);
	return 0;
}

static struct lac_call *login(void)
{
	return lac_call(l, "alice", "wonder");
}

static void say(uint64_t cookie, enum aaa_verdict v)
{
	struct aaa_answer a = answer_of(v);

	engine_auth_answer(w->e, cookie, &a, w->now);
	assert_null(a.profile);
	w_deliver(w);
}

static void assert_no_effect(const struct lac_call *c, uint64_t cookie)
{
	for (unsigned v = 0; v < AAA_VERDICT__COUNT; v++)
		say(cookie, (enum aaa_verdict)v);
	assert_false(c->c.auth_ok || c->c.auth_bad);
}

static void reload_order(struct config *next, size_t n, enum config_auth first,
			 enum config_auth second)
{
	next->auth_sources[0] = first;
	next->auth_sources[1] = second;
	next->n_auth_sources = n;
	assert_int_equal(w_reload(w, next, NULL), 0);
}

static void end(struct lac_call *c)
{
	if (!c->over)
		lac_cdn(c);
	w_advance(w, ZE_SEC(7));
	assert_true(c->over || !call_sub(c));
}

/* Each verdict of a single handler, and the session and counters that follow. */
static void each_verdict(void **st)
{
	const struct engine_stats *n = &w->e->stats;
	struct lac_call *c;

	(void)st;
	c = login();
	say(fakes[0].cookie, AAA_ACCEPT);
	assert_true(c->c.v4_up);
	c = login();
	say(fakes[0].cookie, AAA_REJECT);
	assert_true(c->c.auth_bad);
	w_advance(w, ZE_SEC(7));
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-failed");
	c = login();
	say(fakes[0].cookie, AAA_UNKNOWN);
	assert_true(c->c.auth_bad);
	w_advance(w, ZE_SEC(7));
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-failed");
	c = login();
	say(fakes[0].cookie, AAA_UNAVAILABLE);
	assert_true(c->c.auth_bad);
	w_advance(w, ZE_SEC(7));
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-unavailable");
	assert_int_equal(n->auth_accepts, 1);
	assert_int_equal(n->auth_rejects, 2);
	assert_int_equal(n->auth_unavailable, 1);
	assert_int_equal(fakes[0].cancelled, 0);
}

/* A login whose Access-Accept has this Port-Limit. */
static struct lac_call *login_limited(uint32_t limit)
{
	struct lac_call *c = login();
	struct aaa_answer a = answer_of(AAA_ACCEPT);

	a.profile->sessions = (struct profile_sessions){ .set = true, .limit = limit };
	engine_auth_answer(w->e, fakes[0].cookie, &a, w->now);
	w_advance(w, ZE_SEC(7));
	return c;
}

static void use_action(enum profile_over_limit over)
{
	struct config *c = w_config();

	c->sessions.over = over;
	c->n_listeners = 1;
	ze_addr_parse("0.0.0.0", 1701, &c->listeners[0].addr);
	w_reload(w, c, NULL);
	config_unref(c);
	use_fakes(1);
}

/* F-C5: the session limit of RADIUS, for a user without a fixed address. By default no
 * session is ended for a new one; a reload changes that for the next login. */
static void limit_from_radius(void **st)
{
	struct lac_call *c[5];

	(void)st;
	c[0] = login_limited(2);
	c[1] = login_limited(2);
	c[2] = login_limited(2);
	assert_true(c[2]->over && c[2]->c.auth_bad && !c[0]->over && !c[1]->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "session-limit");
	c[2] = login_limited(3); /* the limit is that of the new login */
	assert_true(c[2]->c.v4_up);
	use_action(PROFILE_OVER_REPLACE);
	c[3] = login_limited(3);
	assert_true(c[3]->c.v4_up && c[0]->over && !c[1]->over && !c[2]->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "replaced");
	assert_int_equal(end_cause_acct(w_last_event(w, EV_SESSION_DOWN)->end),
			 ACCT_PORT_PREEMPTED);
	use_action(PROFILE_OVER_DENY);
	c[0] = login_limited(3);
	assert_true(c[0]->over && c[0]->c.auth_bad);
	/* Two at once: the later verdict finds the earlier one counted. */
	lac_cdn(c[3]);
	c[3] = login();
	c[4] = login_limited(3);
	assert_true(c[4]->c.v4_up);
	lac_cdn(c[3]);
	assert_int_equal(w->e->stats.sessions_replaced, 1);
}

/* F-C5: the sessions of the previous instance count, and the oldest of them is replaced. */
static void limit_over_a_restart(void **st)
{
	struct lac_call *c[3];

	(void)st;
	world_end(w);
	w = world_new(NULL, 1);
	assert_non_null(w);
	w->cfg->n_listeners = 1;
	ze_addr_parse("0.0.0.0", 1701, &w->cfg->listeners[0].addr);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	use_fakes(1);
	c[0] = login_limited(2);
	c[1] = login_limited(2);
	w_restart(w);
	use_fakes(1);
	assert_true(call_sub(c[0])->restored && call_sub(c[1])->restored);
	c[2] = login_limited(2);
	assert_true(c[2]->over && !c[0]->over);
	use_action(PROFILE_OVER_REPLACE);
	c[2] = login_limited(2);
	assert_true(c[2]->c.v4_up && c[0]->over && !c[1]->over);
}

/* A repeated verdict is not taken as the verdict of the handler that was called next. */
static void twice(void **st)
{
	uint64_t first;
	struct lac_call *c;

	(void)st;
	use_fakes(2);
	c = login();
	first = fakes[0].cookie;
	say(first, AAA_UNKNOWN);
	assert_int_equal(fakes[1].asked, 1);
	assert_int_not_equal(fakes[1].cookie, first);
	assert_no_effect(c, first);
	assert_int_equal(fakes[0].asked + fakes[1].asked, 2);
	say(fakes[1].cookie, AAA_ACCEPT);
	assert_true(c->c.v4_up);
	for (unsigned v = 0; v < AAA_VERDICT__COUNT; v++)
		say(fakes[1].cookie, (enum aaa_verdict)v);
	w_advance(w, ZE_SEC(7));
	assert_false(c->over);
	assert_int_equal(w->e->stats.auth_accepts, 1);
}

static void another_cookie(void **st)
{
	struct lac_call *c = login();

	(void)st;
	assert_no_effect(c, 0);
	assert_no_effect(c, fakes[0].cookie + 1);
	assert_no_effect(c, fakes[0].cookie ^ UINT64_C(1) << 63);
	say(fakes[0].cookie, AAA_ACCEPT);
	assert_true(c->c.v4_up);
}

static void after_the_session_ended(void **st)
{
	struct lac_call *c = login();

	(void)st;
	lac_cdn(c);
	assert_int_equal(fakes[0].cancelled, 1);
	assert_no_effect(c, fakes[0].cookie);
}

/* LCP is renegotiated while a verdict is pending: the verdict is not used for the new round. */
static void after_lcp_again(void **st)
{
	struct lac_call *c = login();
	uint64_t first = fakes[0].cookie;

	(void)st;
	client_renegotiate(c);
	w_advance(w, ZE_SEC(4));
	assert_int_equal(fakes[0].cancelled, 1);
	assert_int_equal(fakes[0].asked, 2);
	assert_no_effect(c, first);
	say(fakes[0].cookie, AAA_ACCEPT);
	assert_true(c->c.v4_up);
}

/* What RADIUS tells a server about the session. */
static void facts_of_a_request(void **st)
{
	struct lac_call *c;
	uint64_t first;

	(void)st;
	login();
	assert_string_equal(seen.texts, "lac  ");
	assert_int_equal(seen.mru, 1492);
	assert_int_equal(seen.rx_speed, seen.tx_speed); /* as RFC 2661 4.4.4 says */
	first = seen.session_id;
	strcpy(l->number, "0301234567");
	l->no_iccn = true;
	c = login();
	c->c.mru = 1400;
	lac_send(l, c->peer_sid,
		 &(struct l2tp_msg){ .type = L2TP_ICCN,
				     .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_FRAMING_TYPE) |
					     L2TP_BIT(AVP_TX_CONNECT_SPEED) |
					     L2TP_BIT(AVP_RX_CONNECT_SPEED),
				     .framing_type = 1,
				     .tx_speed_bps = 100000000,
				     .rx_speed_bps = 40000000 });
	w_deliver(w);
	client_open(c);
	w_deliver(w);
	assert_string_equal(seen.texts, "lac 0301234567 ");
	assert_int_equal(seen.tx_speed, 100000000);
	assert_int_equal(seen.rx_speed, 40000000);
	assert_int_equal(seen.mru, 1400);
	assert_int_equal(seen.tid, l->peer_tid);
	assert_int_equal(seen.sid, c->peer_sid);
	assert_int_equal(seen.nas_port, c->peer_sid);
	assert_int_equal(seen.session_id, first + 1);
	assert_int_equal(seen.session_id, call_sub(c)->id);
}

/* A handler of another module is asked when the configuration names it, in its order. */
static void another_module(void **st)
{
	struct config *next = w_config();
	struct lac_call *c;

	(void)st;
	world_free(w);
	set_up_with_local();
	start_module(AAA_RADIUS_NAME);
	assert_true(login()->c.v4_up);
	assert_int_equal(fakes[0].asked, 0);
	reload_order(next, 2, CONFIG_AUTH_RADIUS, CONFIG_AUTH_LOCAL);
	c = login();
	assert_int_equal(fakes[0].asked, 1);
	assert_false(c->c.auth_ok);
	say(fakes[0].cookie, AAA_UNKNOWN); /* then the local users know her */
	assert_true(c->c.v4_up);
	reload_order(next, 2, CONFIG_AUTH_LOCAL, CONFIG_AUTH_RADIUS);
	assert_true(login()->c.v4_up);
	assert_int_equal(fakes[0].asked, 1);
	c = lac_call(l, "zoe", "wonder"); /* the local users do not know her */
	assert_int_equal(fakes[0].asked, 2);
	say(fakes[0].cookie, AAA_ACCEPT);
	assert_true(c->c.v4_up);
	reload_order(next, 1, CONFIG_AUTH_RADIUS, CONFIG_AUTH_LOCAL);
	c = login();
	say(fakes[0].cookie, AAA_UNKNOWN);
	assert_true(c->c.auth_bad);
	config_unref(next);
}

/* A reload changes the order while verdicts are awaited: each handler is asked once, and one that is not asked any
 * more is still cancelled. */
static void order_changes_meanwhile(void **st)
{
	static const char *const turned[] = { "2", "0", "1" }, *const fewer[] = { "1" };
	struct lac_call *c;

	(void)st;
	use_fakes(3);
	c = login();
	say(fakes[0].cookie, AAA_UNKNOWN);
	assert_int_equal(fakes[1].asked, 1);
	aaa_broker_order(&w->aaa, turned, 3);
	say(fakes[1].cookie, AAA_UNKNOWN);
	assert_int_equal(fakes[2].asked, 1);
	say(fakes[2].cookie, AAA_UNKNOWN);
	assert_true(c->c.auth_bad);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(fakes[i].asked, 1);
	end(c);
	c = login();
	aaa_broker_order(&w->aaa, fewer, 1);
	assert_int_equal(fakes[2].cancelled, 0);
	lac_cdn(c);
	assert_int_equal(fakes[2].cancelled, 1);
}

/* The next handler gets the same login, with each method. */
static void asked_again_with_the_same(void **st)
{
	static const enum w_auth wants[] = { W_AUTH_PAP, W_AUTH_CHAP, W_AUTH_MSCHAP2 };
	static const enum aaa_method methods[] = { AAA_PAP, AAA_CHAP_MD5, AAA_MSCHAPV2 };

	(void)st;
	for (unsigned i = 0; i < 3; i++) {
		struct lac_call *c;

		use_fakes(2);
		l->no_iccn = true;
		c = login();
		l->no_iccn = false;
		c->c.wants = wants[i];
		lac_iccn(c);
		client_open(c);
		w_deliver(w);
		assert_int_equal(fakes[0].method, methods[i]);
		w_advance(w, ZE_SEC(4)); /* a PAP client repeats its request */
		say(fakes[0].cookie, i & 1 ? AAA_UNKNOWN : AAA_UNAVAILABLE);
		assert_int_equal(fakes[1].method, methods[i]);
		assert_int_equal(fakes[1].secret_len, fakes[0].secret_len);
		assert_memory_equal(fakes[1].secret, fakes[0].secret, fakes[0].secret_len);
		assert_string_equal(fakes[1].user, "alice");
		if (wants[i] != W_AUTH_PAP)
			assert_int_equal(fakes[1].id, fakes[0].id);
		end(c);
	}
}

/* A handler that never answers is cancelled, and those after it have their part of the time; after
 * the last one nothing could check the login. Nothing is taken from one that was cancelled. */
static void never_answers(void **st)
{
	struct lac_call *c;
	ze_ns began;

	(void)st;
	use_fakes(3);
	c = login();
	began = w->now;
	assert_int_equal(fakes[0].deadline, began + ZE_SEC(10));
	w_advance(w, ZE_SEC(10) - 1);
	assert_int_equal(fakes[1].asked, 0);
	w_advance(w, 1);
	assert_int_equal(fakes[0].cancelled, 1);
	assert_int_equal(fakes[1].asked, 1);
	assert_int_equal(fakes[1].deadline, began + ZE_SEC(20));
	assert_no_effect(c, fakes[0].cookie);
	w_advance(w, ZE_SEC(10));
	assert_int_equal(fakes[2].deadline, began + ZE_SEC(30));
	w_advance(w, ZE_SEC(10) - 1);
	assert_int_equal(fakes[2].cancelled, 0);
	w_advance(w, ZE_SEC(8));
	assert_int_equal(fakes[2].cancelled, 1);
	assert_true(c->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-unavailable");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(fakes[i].asked, 1);
}

/* An accepted login for which there is no memory is no wrong password, nor does it exceed a limit. */
static void accept_without_memory(void **st)
{
	unsigned ended = 0;
	bool ok = false;

	(void)st;
	if (!fail_alloc_works())
		skip();
	for (int k = 0; k < 20 && !ok; k++) {
		struct aaa_answer a = answer_of(AAA_ACCEPT);
		uint64_t failures = w->e->stats.auth_failures;
		struct lac_call *c = login();

		fail_alloc_at(k);
		engine_auth_answer(w->e, fakes[0].cookie, &a, w->now);
		fail_alloc_off();
		w_deliver(w);
		ok = w->e->stats.auth_accepts != 0;
		if (w->e->stats.auth_failures != failures) {
			ended++;
			assert_true(c->c.auth_bad);
			w_advance(w, ZE_SEC(7));
			assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause,
					    "auth-unavailable");
		}
		end(c);
	}
	assert_true(ok);
	assert_true(ended >= 2); /* the name of the user, and the session of the user */
	assert_int_equal(w->e->stats.auth_rejects, 0);
	assert_int_equal(w->e->stats.auth_unavailable, ended);
}

static unsigned reauth_lines;

static void count_line(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	reauth_lines += strstr(line, "reauth-unavailable") != NULL;
}

/* A session that is established with the fake handlers and is challenged every minute. */
static struct lac_call *established(enum w_auth wants)
{
	struct lac_call *c;

	w->e->linkcfg->of[0].auth.reauth_interval = ZE_SEC(60);
	use_fakes(2);
	l->no_iccn = true;
	c = login();
	l->no_iccn = false;
	c->c.wants = wants;
	lac_iccn(c);
	client_open(c);
	w_deliver(w);
	say(fakes[0].cookie, AAA_ACCEPT);
	assert_true(c->c.v4_up);
	return c;
}

/* A re-authentication that nothing can check, at once, late or by silence, does not end the session: it is logged
 * once until one works, counted, and repeated after the interval. */
static void reauth_unavailable(void **st)
{
	static const enum w_auth wants[] = { W_AUTH_CHAP, W_AUTH_MSCHAP2 };

	(void)st;
	log_set_sink(count_line, NULL);
	log_set_level(LOG_AAA, LOG_WARN);
	for (unsigned i = 0; i < 2; i++) {
		const struct engine_stats *n = &w->e->stats;
		struct lac_call *c;

		memset(&w->e->stats, 0, sizeof(w->e->stats));
		reauth_lines = 0;
		c = established(wants[i]);
		for (unsigned round = 1; round <= 6; round++) {
			unsigned asked = fakes[0].asked;

			fakes[0].late = fakes[1].late = round % 3 != 0;
			fakes[0].verdict = AAA_UNKNOWN;
			fakes[1].verdict = AAA_UNAVAILABLE;
			w_advance(w, ZE_SEC(60) - 1);
			assert_int_equal(fakes[0].asked, asked);
			w_advance(w, 1);
			assert_int_equal(fakes[0].asked, asked + 1);
			if (round % 3 == 1) {
				say(fakes[0].cookie, AAA_UNAVAILABLE);
				say(fakes[1].cookie, AAA_UNKNOWN);
			} else if (round % 3 == 2) {
				w_advance(w, ZE_SEC(30)); /* neither answers */
			}
			assert_int_equal(fakes[1].asked, fakes[0].asked - 1);
			assert_int_equal(n->reauths_unavailable, round);
			assert_int_equal(w_count_events(w, EV_AUTH_UNAVAILABLE), 2 * i + 1);
			assert_false(c->over || c->c.auth_bad || c->c.terminated);
			assert_true(call_sub(c)->ncp_up[PPP_FAM_IPV4]);
		}
		assert_int_equal(reauth_lines, 1);
		fakes[0].late = true;
		w_advance(w, ZE_SEC(60));
		say(fakes[0].cookie, AAA_ACCEPT);
		assert_int_equal(n->auth_accepts, 2);
		w_advance(w, ZE_SEC(60));
		say(fakes[0].cookie, AAA_UNAVAILABLE);
		say(fakes[1].cookie, AAA_UNAVAILABLE);
		assert_int_equal(reauth_lines, 2);
		assert_int_equal(n->reauths_unavailable, 7);
		assert_int_equal(n->auth_unavailable, 7);
		assert_int_equal(w_count_events(w, EV_SESSION_DOWN), i);
		end(c);
	}
	log_set_sink(NULL, NULL);
}

/* S-AAA-82: a re-authentication that is rejected, or whose user no handler knows any more, ends the session. */
static void reauth_refused(void **st)
{
	(void)st;
	for (unsigned i = 0; i < 4; i++) {
		struct lac_call *c = established(W_AUTH_CHAP);

		w_advance(w, ZE_SEC(60));
		say(fakes[0].cookie, i & 1 ? AAA_UNKNOWN : AAA_REJECT);
		if (i & 1)
			say(fakes[1].cookie, i & 2 ? AAA_UNKNOWN : AAA_REJECT);
		assert_true(c->c.auth_bad);
		w_advance(w, ZE_SEC(7));
		assert_true(c->over);
		assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-failed");
	}
}

static void reload_port_id(const char *template)
{
	struct config *next = w_config();

	next->radius.n_servers = 1;
	free(next->radius.port_id);
	next->radius.port_id = strdup(template);
	assert_non_null(next->radius.port_id);
	assert_int_equal(w_reload(w, next, NULL), 0);
	aaa_broker_order(&w->aaa, (const char *const[]){ "0", "1" }, 2);
	config_unref(next);
}

static void assert_port_id(const struct subscriber *s, const char *prefix)
{
	char want[64];

	snprintf(want, sizeof(want), "%s%u", prefix, s->call.l2tp.sid);
	assert_string_equal(seen.port_id, want);
	assert_string_equal(session_facts_port_id(s->facts), want);
}

/* S-AAA-19: NAS-Port-Id is made once a session, so a reload changes it for later sessions only. */
static void port_id_is_kept(void **st)
{
	struct lac_call *c;

	(void)st;
	c = login();
	assert_string_equal(seen.port_id, ""); /* there is no RADIUS */
	end(c);
	reload_port_id("a{session-id}");
	c = established(W_AUTH_CHAP);
	assert_port_id(call_sub(c), "a");
	reload_port_id("b{session-id}");
	seen.port_id[0] = '\0';
	w_advance(w, ZE_SEC(60));
	say(fakes[0].cookie, AAA_ACCEPT);
	assert_port_id(call_sub(c), "a");
	c = login();
	assert_port_id(call_sub(c), "b");
}

/* LCP is negotiated again: the client has to be authenticated before anything passes, so a login that nothing can
 * check ends the session, although it was established before. */
static void unavailable_after_lcp_again(void **st)
{
	struct lac_call *c = established(W_AUTH_CHAP);

	(void)st;
	client_renegotiate(c);
	w_advance(w, ZE_SEC(4));
	say(fakes[0].cookie, AAA_UNAVAILABLE);
	say(fakes[1].cookie, AAA_UNKNOWN);
	assert_string_equal(w_last_event(w, EV_AUTH_UNAVAILABLE)->text, "No server answered");
	w_advance(w, ZE_SEC(7));
	assert_true(c->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-unavailable");
	assert_int_equal(w->e->stats.reauths_unavailable, 0);
}

/* Three handlers with each combination of verdicts, immediate or late. */
static void every_combination(void **st)
{
	(void)st;
	w->e->cfg->reject_interval_s = w->e->cfg->reject_rate_peer = 0;
	for (unsigned i = 0; i < 8 * 8 * 8; i++) {
		enum aaa_verdict want = AAA_REJECT;
		unsigned asked = 0;
		struct lac_call *c;

		use_fakes(HANDLERS);
		for (unsigned k = 0; k < HANDLERS; k++) {
			fakes[k].verdict = (enum aaa_verdict)(i >> 3 * k & 3);
			fakes[k].late = i >> (3 * k + 2) & 1;
		}
		memset(&w->e->stats, 0, sizeof(w->e->stats));
		c = login();
		for (unsigned k = 0; k < HANDLERS && asked == k; k++) {
			enum aaa_verdict v = fakes[k].verdict;

			assert_int_equal(fakes[k].asked, 1);
			if (fakes[k].late)
				say(fakes[k].cookie, v);
			want = v == AAA_UNKNOWN ? want : v;
			asked = v == AAA_ACCEPT || v == AAA_REJECT ? HANDLERS : k + 1;
			for (unsigned j = k + 1; asked == HANDLERS && j < HANDLERS; j++)
				assert_int_equal(fakes[j].asked, 0);
		}
		assert_int_equal(c->c.v4_up, want == AAA_ACCEPT);
		assert_int_equal(w->e->stats.auth_accepts, want == AAA_ACCEPT);
		assert_int_equal(w->e->stats.auth_rejects, want == AAA_REJECT);
		assert_int_equal(w->e->stats.auth_unavailable, want == AAA_UNAVAILABLE);
		end(c);
	}
}

/* When there is no memory for the pending request it is cancelled, and the login ends as
 * unavailable. */
static void no_memory_to_wait(void **st)
{
	unsigned hit = 0;

	(void)st;
	if (!fail_alloc_works())
		skip();
	for (int k = 0; k < 100 && !hit; k++) {
		struct lac_call *c;

		use_fakes(1);
		fail_alloc_at(k);
		c = login();
		fail_alloc_off();
		hit = fakes[0].cancelled && w->e->stats.auth_unavailable;
		if (hit) {
			w_advance(w, ZE_SEC(7));
			assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause,
					    "auth-unavailable");
			assert_no_effect(&(struct lac_call){ 0 }, fakes[0].cookie);
		}
		if (c)
			end(c);
	}
	assert_true(hit);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(each_verdict),
		T(limit_from_radius),
		T(limit_over_a_restart),
		T(twice),
		T(facts_of_a_request),
		T(another_module),
		T(order_changes_meanwhile),
		T(another_cookie),
		T(after_the_session_ended),
		T(after_lcp_again),
		T(asked_again_with_the_same),
		T(never_answers),
		T(every_combination),
		T(no_memory_to_wait),
		T(reauth_unavailable),
		T(accept_without_memory),
		T(reauth_refused),
		T(port_id_is_kept),
		T(unavailable_after_lcp_again),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
