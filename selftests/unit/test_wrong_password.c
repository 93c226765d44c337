/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast wrong passwords are answered, tested with the whole engine in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "selftests/lib/world.h"

static struct config *cfg;
static struct world *w;
static struct lac *l;

static void begin(void)
{
	w = world_new(cfg, 1);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_true(l->up);
}

static int set_up(void **st)
{
	(void)st;
	cfg = w_config();
	return cfg ? 0 : -1;
}

static int tear_down(void **st)
{
	(void)st;
	world_end(w);
	return 0;
}

static struct lac_call *call_of(const char *number, const char *user, const char *password)
{
	snprintf(l->number, sizeof(l->number), "%s", number);
	return lac_call(l, user, password);
}

/* Each wrong password is a call. Returns how many were answered at once. */
static unsigned flood(const char *number, unsigned n)
{
	unsigned answered = 0;
	char user[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(user, sizeof(user), "guess-%s-%u", number, i);
		answered += call_of(number, user, "wrong")->c.auth_bad;
	}
	return answered;
}

/* F-B10: three hundred at once from one line: five answers, and then one every two seconds. No
 * other line waits, not even with the name that is tried. */
static void one_line(void **st)
{
	uint64_t before;
	struct lac_call *c;

	(void)st;
	begin();
	assert_int_equal(flood("100", 300), 5);
	assert_int_equal(w->e->n_held, 295);
	assert_int_equal(w->e->stats.rejects_delayed, 295);
	assert_int_equal(w->e->stats.logins_unasked,
			 290); /* five at once, and five in the ten seconds after */
	assert_int_equal(call_of("200", "nobody", "wrong")->c.auth_bad, 1);
	c = call_of("201", "alice", "wonder");
	assert_true(c->c.v4_up);
	before = w->e->stats.sessions_down;
	w_advance(w, ZE_MS(1999));
	assert_int_equal(w->e->stats.sessions_down, before);
	w_advance(w, ZE_MS(1));
	assert_int_equal(w->e->stats.sessions_down, before + 1);
	w_advance(w, ZE_SEC(7));
	assert_int_equal(w->e->stats.sessions_down, before + 4);
	w_advance(w, ZE_SEC(20));
	assert_int_equal(w->e->n_held, 0);
	assert_false(c->over);
}

/* F-B10: a right password on another line is not delayed by attempts on the same name, also
 * where the LAC sends no calling number. Wrong ones of that name are. */
static void right_one_of_a_name_that_is_tried(void **st)
{
	char number[16];

	(void)st;
	begin();
	for (unsigned i = 0; i < 100; i++) {
		snprintf(number, sizeof(number), "%u", i);
		call_of(number, "alice", "guess");
	}
	assert_true(w->e->stats.rejects_withheld > 50);
	assert_true(call_of("500", "alice", "wonder")->c.v4_up);
	assert_true(call_of("", "alice", "wonder")->c.v4_up);
	assert_false(call_of("501", "alice", "typo")->c.auth_bad);
	assert_true(call_of("501", "bob", "typo")->c.auth_bad);
}

/* F-B10: the passwords of a full line are not checked, right or wrong, until its delay has
 * passed. */
static void line_is_not_asked(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	flood("100", 20);
	c = call_of("100", "alice", "wonder");
	assert_false(c->c.auth_ok || c->c.auth_bad);
	w_advance(w, ZE_MS(9999));
	assert_false(c->c.auth_bad);
	w_advance(w, ZE_MS(1));
	assert_true(c->c.auth_bad);
	w_advance(w, ZE_SEC(20));
	assert_true(call_of("100", "alice", "wonder")->c.v4_up);
}

/* F-B10: the password of an established session is checked when it is challenged again, in spite
 * of its line. */
static void session_is_challenged_again(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->reauth_interval_s = 5;
	begin();
	c = call_of("100", "alice", "wonder");
	assert_true(c->c.v4_up);
	flood("100", 20);
	w_advance(w, ZE_SEC(6));
	assert_false(c->over || c->c.auth_bad);
	assert_int_equal(w->e->stats.auth_accepts, 2);
}

/* F-B10: a delayed answer that is no longer needed: the client terminates, restarts LCP, is
 * cleared; the tunnel ends. */
static void while_it_waits(void **st)
{
	struct lac_call *c, *d;

	(void)st;
	begin();
	flood("100", 5);
	c = call_of("100", "x", "wrong");
	lac_cdn(c);
	assert_int_equal(w->e->n_held, 0);
	c = call_of("100", "x", "wrong");
	client_renegotiate(c);
	w_deliver(w);
	assert_false(c->c.auth_bad);
	assert_int_equal(w->e->n_held, 1); /* of the request that it has sent since */
	d = call_of("100", "x", "wrong");
	client_terminate(d);
	w_deliver(w);
	assert_int_equal(w->e->n_held, 1);
}

/* F-B10: an answer that would come after the phase has ended is not sent: the call ends by its
 * timeout. */
static void too_late(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->auth_timeout_s = 3;
	begin();
	flood("100", 5);
	c = call_of("100", "x", "wrong");
	assert_int_equal(w->e->n_held, 1);
	c = call_of("100", "x", "wrong");
	assert_int_equal(w->e->n_held, 1);
	w_advance(w, ZE_SEC(3));
	assert_true(c->over && !c->c.auth_bad);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "auth-timeout");
}

/* F-B10: with each method the delayed answer equals the immediate one. */
static void of_each_method(void **st)
{
	static const enum w_auth methods[] = { W_AUTH_PAP, W_AUTH_CHAP, W_AUTH_MSCHAP2 };

	(void)st;
	begin();
	flood("100", 5);
	for (unsigned i = 0; i < 3; i++) {
		struct lac_call *c;

		l->no_iccn = true;
		c = call_of("100", "x", "wrong");
		l->no_iccn = false;
		c->c.wants = methods[i];
		lac_iccn(c);
		client_open(c);
		w_deliver(w);
		assert_false(c->c.auth_bad);
		w_advance(w, ZE_SEC(2));
		assert_true(c->c.auth_bad);
	}
}

/* F-B10: a reload changes the limits. */
static void off(void **st)
{
	(void)st;
	begin();
	cfg->reject_interval_s = 0;
	cfg->reject_rate_peer = 0;
	assert_int_equal(w_reload(w, cfg, NULL), 0);
	assert_int_equal(flood("100", 300), 300);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(one_line),	      T(right_one_of_a_name_that_is_tried),
		T(line_is_not_asked), T(session_is_challenged_again),
		T(while_it_waits),    T(too_late),
		T(of_each_method),    T(off),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
