/* SPDX-License-Identifier: BSD-2-Clause */
/* How many log lines a peer can cause: one limit for all lines that it can cause, and every
 * suppressed line is counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "selftests/lib/world.h"

#define BURST	100 /* lines of one peer at once; then one per 100 ms */
#define TUNNELS 60

static struct {
	/* Suppressed: the sum of the members `suppressed`. */
	unsigned up, down, refused, sessions, suppressed;
	char last[1024];
} got;

static void sink(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	const char *s = strstr(line, " suppressed=");
	unsigned n = 0;

	(void)self;
	(void)level;
	(void)sub;
	got.up += strstr(line, " tunnel-up ") != NULL;
	got.down += strstr(line, " tunnel-down ") != NULL;
	got.sessions += strstr(line, " session-") != NULL;
	got.refused += strstr(line, " packet-refused ") != NULL;
	if (s && sscanf(s, " suppressed=%u", &n) == 1)
		got.suppressed += n;
	snprintf(got.last, sizeof(got.last), "%s", line);
}

static struct world *begin(void)
{
	struct config *cfg = w_config();

	memset(&got, 0, sizeof(got));
	cfg->max_tunnels = 0;
	log_set_sink(sink, NULL);
	return world_new(cfg, 3);
}

static void end(struct world *w)
{
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
	log_set_sink(NULL, NULL);
}

/* Creates and ends n tunnels of one address at the same time. */
static void come_and_go(struct world *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct lac *l = lac_new(w, 1, (uint16_t)(2000 + i));

		lac_connect(l);
		assert_true(l->up);
		lac_stop(l);
		w_deliver(w);
	}
}

/* F-C14 */
static void tunnels_up_and_down_are_limited(void **st)
{
	struct world *w = begin();
	uint64_t before = log_suppressed();
	struct lac *other;

	(void)st;
	come_and_go(w, TUNNELS);
	assert_int_equal(got.up + got.down, BURST);
	assert_int_equal(log_suppressed() - before, 2 * TUNNELS - BURST);
	/* The counters are complete, and the lines of another peer are there. */
	assert_int_equal(w->e->stats.tunnels_up, TUNNELS);
	assert_int_equal(w->e->stats.tunnels_down, TUNNELS);
	assert_int_equal(w_count_events(w, EV_TUNNEL_UP), TUNNELS);
	other = lac_new(w, 2, 1701);
	lac_connect(other);
	assert_int_equal(got.up + got.down, BURST + 1);
	assert_null(strstr(got.last, "suppressed"));
	lac_stop(other);
	w_deliver(w);
	/* The next line of the peer says how many were suppressed. */
	w_advance(w, ZE_SEC(1));
	come_and_go(w, 1);
	assert_int_equal(got.suppressed, 2 * TUNNELS - BURST);
	end(w);
}

/* F-C14: the same for sessions; refusals are logged however many sessions come and go. */
static void sessions_and_refusals(void **st)
{
	struct world *w = begin();
	struct lac *l = lac_new(w, 1, 1701);
	static const char hello[] = "\xc8\x02\x00\x0c\x7f\x7f\x00\x00\x00\x00\x00\x00";

	(void)st;
	lac_connect(l);
	for (unsigned i = 0; i < 80; i++) {
		struct lac_call *c = lac_call(l, "alice", "wonder");

		w_advance(w, ZE_MS(1));
		lac_cdn(c);
		w_advance(w, ZE_MS(1));
	}
	assert_in_range(got.sessions, BURST - 10, BURST + 10);
	assert_int_equal(w->e->stats.sessions_up, 80);
	assert_int_equal(w->e->stats.sessions_down, 80);
	assert_int_equal(got.refused, 0);
	w_inject(w, &l->path, span_of(hello, 12));
	w_deliver(w);
	assert_int_equal(got.refused, 1);
	lac_stop(l);
	w_deliver(w);
	end(w);
}

/* F-C14: many peers at the same time. */
static void all_peers_together(void **st)
{
	struct world *w = begin();

	(void)st;
	w->e->lines.usual.burst = 20;
	for (unsigned host = 1; host <= 30; host++) {
		struct lac *l = lac_new(w, host, 1701);

		lac_connect(l);
		assert_true(l->up);
	}
	assert_int_equal(got.up, 20);
	for (unsigned i = 0; i < w->n_lacs; i++)
		lac_stop(&w->lacs[i]);
	w_deliver(w);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels_up_and_down_are_limited),
		cmocka_unit_test(sessions_and_refusals),
		cmocka_unit_test(all_peers_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
