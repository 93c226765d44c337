/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/state/persist.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/base/rng.h"
#include "daemon/core/engine.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/run/path.h"
#include "daemon/sys/state/instance.h"
#include "daemon/sys/state/journal.h"

#define CHECK_SECONDS 2.
#define RETRY_MAX     60. /* a retry writes the records of all objects */

struct persist {
	struct persist_args a;
	struct rng rng;
	ev_timer state, pins;
	double wait;		 /* seconds before the next attempt to write the state file */
	char why[PATH_WHY_TEXT]; /* why the pins are missing; "": they are not */
};

/* ---- state file ---- */

static void persist_wait_for(struct persist *p, double seconds)
{
	ev_timer_stop(loop_ev(p->a.loop), &p->state);
	ev_timer_set(&p->state, seconds, 0.);
	ev_timer_start(loop_ev(p->a.loop), &p->state);
}

/* An attempt that fails to open the file is cheap and is repeated after two seconds; one that fails
 * after writing all records is expensive, so the interval doubles. */
static void write_all(struct persist *p)
{
	path_make_folder(p->a.state_path);
	if (journal_restart(p->a.journal, &p->rng) < 0) {
		p->wait = CHECK_SECONDS;
		return;
	}
	engine_record(loop_engine(p->a.loop));
	if (journal_restarted(p->a.journal)) {
		log_kv(LOG_MAIN, LOG_WARN, "state-file-restored",
		       KV_STR("effect", "a restart keeps all sessions again"));
		p->wait = CHECK_SECONDS;
	} else {
		p->wait = p->wait < RETRY_MAX / 2 ? 2 * p->wait : RETRY_MAX;
	}
}

static void on_state(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct persist *p = w->data;

	(void)ev;
	(void)revents;
	if (journal_check(p->a.journal) || !loop_engine(p->a.loop))
		p->wait = CHECK_SECONDS;
	else
		write_all(p);
	persist_wait_for(p, p->wait);
}

/* ---- pins ---- */

static void pins_are_back(struct persist *p, unsigned n)
{
	log_kv(LOG_DP, LOG_WARN, "pins-restored", KV_STR("folder", instance_pins(p->a.instance)),
	       KV_U64("pins", n), KV_STR("why", "they had been removed"),
	       KV_STR("effect", "none: a restart keeps all sessions"));
	p->why[0] = '\0';
	journal_block(p->a.journal, NULL);
}

static void pins_are_missing(struct persist *p, int r)
{
	char first[PATH_WHY_TEXT];
	bool known = p->why[0];

	snprintf(first, sizeof(first), "%.200s/ze_about", instance_pins(p->a.instance));
	snprintf(p->why, sizeof(p->why), "pins are missing in %.200s: %s",
		 instance_pins(p->a.instance),
		 r == -EBUSY ? "another ze uses the directory" : log_strerror(r));
	journal_block(p->a.journal, p->why);
	if (!known)
		path_why_log(LOG_ERROR, LOG_DP,
			     &(struct path_failure){
				     "pins-lost", first,
				     "until they are restored, a restart ends all sessions", r });
}

static void on_pins(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct persist *p = w->data;
	unsigned n = p->a.pins_missing(p->a.plane);
	int r;

	(void)ev;
	(void)revents;
	if (!n && !p->why[0])
		return;
	r = instance_lock_again(p->a.instance);
	if (r == 0)
		r = p->a.pins_restore(p->a.plane);
	if (r < 0)
		pins_are_missing(p, r);
	else
		pins_are_back(p, n);
}

/* ---- create and free ---- */

int persist_new(const struct persist_args *a, struct persist **ret)
{
	struct persist *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->a = *a;
	p->rng = *a->rng;
	p->wait = CHECK_SECONDS;
	ev_timer_init(&p->state, on_state, 0., 0.);
	ev_timer_init(&p->pins, on_pins, CHECK_SECONDS, CHECK_SECONDS);
	p->state.data = p->pins.data = p;
	persist_wait_for(p, CHECK_SECONDS);
	ev_timer_start(loop_ev(p->a.loop), &p->pins);
	*ret = p;
	return 0;
}

void persist_free(struct persist *p)
{
	if (!p)
		return;
	ev_timer_stop(loop_ev(p->a.loop), &p->state);
	ev_timer_stop(loop_ev(p->a.loop), &p->pins);
	journal_block(p->a.journal, NULL);
	free(p);
}
