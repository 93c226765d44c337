/* SPDX-License-Identifier: BSD-2-Clause */
/* What an observer that is added late receives, and the timers of observers in a running world. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "selftests/lib/world.h"

static struct world *w;
static char got[4096]; /* "session-up 2 10.0.0.3/32; " */
static unsigned n_got;
static ze_ns due, every;
static unsigned rang;

static void late_event(void *self, const struct event *e)
{
	char ip[ZE_ADDR_TEXT];
	size_t n = strlen(got);

	assert_ptr_equal(self, &n_got);
	n_got++;
	assert_true(e->replay);
	assert_int_equal(e->now, w->now);
	snprintf(got + n, sizeof(got) - n, "%s", event_kind_name(e->kind));
	n += strlen(got + n);
	if (e->kind == EV_ROUTE_ADD)
		snprintf(got + n, sizeof(got) - n, " %s/%u", ze_addr_text(&e->prefix.addr, ip),
			 e->prefix.len);
	n += strlen(got + n);
	snprintf(got + n, sizeof(got) - n, "; ");
}

static ze_ns late_deadline(const void *self)
{
	(void)self;
	return due;
}

static void late_expire(void *self, ze_ns now)
{
	(void)self;
	assert_int_equal(now, due);
	assert_int_equal(now, w->now);
	rang++;
	due = now + every;
}

static const struct observer late = { .name = "late",
				      .wants = UINT32_MAX,
				      .on_event = late_event,
				      .deadline = late_deadline,
				      .expire = late_expire };
static const struct observer only_routes = { .name = "routes",
					     .wants = EV_BIT(EV_ROUTE_ADD),
					     .on_event = late_event };

static void replay(const struct observer *o)
{
	got[0] = '\0';
	n_got = 0;
	engine_replay(w->e, o, &n_got, w->now);
}

static int set_up(void **st)
{
	struct config *cfg = w_config();

	(void)st;
	/* A restored tunnel needs a listener. */
	cfg->n_listeners = 1;
	cfg->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	w = world_new(cfg, 1);
	due = ZE_NEVER;
	rang = 0;
	return w ? 0 : -1;
}

static int tear_down(void **st)
{
	(void)st;
	world_end(w);
	return 0;
}

static struct lac *connected(unsigned host)
{
	struct lac *l = lac_new(w, host, 1701);

	lac_connect(l);
	assert_true(l->up);
	return l;
}

/* Tunnels first, then sessions with their routes, oldest first; nothing that has ended or is not established. The
 * other observers see nothing of it. */
static void what_exists(void **st)
{
	unsigned n;
	struct lac_call *c;
	struct lac *l;

	(void)st;
	replay(&late);
	assert_string_equal(got, "");
	l = connected(1);
	lac_new(w, 2, 1701)->no_scccn = true;
	lac_connect(&w->lacs[1]);
	lac_call(l, "alice", "wonder");
	c = lac_call(l, "alice", "wonder");
	lac_call(l, "bob", "builder");
	lac_cdn(c);
	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	lac_call(l, "alice", "wonder");
	l->no_iccn = false;
	c->c.mute = true;
	lac_iccn(c);
	n = w->n_events;
	replay(&late);
	assert_string_equal(got, "tunnel-up; session-up; route-add 10.0.0.2/32; session-up; "
				 "route-add 10.0.0.77/32; session-starting; ");
	replay(&only_routes);
	assert_string_equal(got, "route-add 10.0.0.2/32; route-add 10.0.0.77/32; ");
	assert_int_equal(w->n_events, n);
	w->lacs[1].no_scccn = false;
}

/* More than one turn's events, and sessions of a previous instance. */
static void many_and_restored(void **st)
{
	struct lac *l = connected(1);

	(void)st;
	for (unsigned i = 0; i < 100; i++)
		assert_true(lac_call(l, "alice", "wonder")->c.v4_up);
	replay(&late);
	assert_int_equal(n_got, 201);
	w_restart(w);
	replay(&late);
	assert_int_equal(n_got, 201);
	assert_false(w_last_event(w, EV_SESSION_UP)->replay);
}

/* The timer of an observer is served at its time, with and without other timers. */
static void timers(void **st)
{
	(void)st;
	bus_add(&w->bus, &late, &n_got);
	due = w->now + ZE_SEC(3);
	every = ZE_SEC(100);
	w_advance(w, ZE_SEC(3) - 1);
	assert_int_equal(rang, 0);
	w_advance(w, 1);
	assert_int_equal(rang, 1);
	w_advance(w, ZE_SEC(1000));
	assert_int_equal(rang, 11);
	due = ZE_NEVER;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_exists),
		T(many_and_restored),
		T(timers),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
