/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/state/persist.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/core/engine.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/state/journal.h"

#define CHECK_SECONDS 5.
#define RETRY_MAX     60. /* each retry writes all there is */

struct persist {
	struct loop *loop;
	struct journal *journal;
	struct rng rng;
	ev_timer timer;
	double wait; /* before the next retry */
};

static bool write_all(struct persist *p)
{
	if (journal_restart(p->journal, &p->rng) < 0)
		return false;
	engine_record(loop_engine(p->loop));
	return journal_restarted(p->journal);
}

static void wait_for(struct persist *p, double seconds)
{
	ev_timer_stop(loop_ev(p->loop), &p->timer);
	ev_timer_set(&p->timer, seconds, 0.);
	ev_timer_start(loop_ev(p->loop), &p->timer);
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct persist *p = w->data;

	(void)ev;
	(void)revents;
	if (journal_check(p->journal) || !loop_engine(p->loop)) {
		p->wait = CHECK_SECONDS;
	} else if (write_all(p)) {
		log_kv(LOG_MAIN, LOG_WARN, "state-file-restored",
		       KV_STR("effect", "a restart keeps all sessions again"));
		p->wait = CHECK_SECONDS;
	} else {
		p->wait = p->wait < RETRY_MAX / 2 ? 2 * p->wait : RETRY_MAX;
	}
	wait_for(p, p->wait);
}

int persist_new(struct loop *l, struct journal *j, const struct rng *rng, struct persist **ret)
{
	struct persist *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->journal = j;
	p->rng = *rng;
	p->wait = CHECK_SECONDS;
	ev_timer_init(&p->timer, on_timer, 0., 0.);
	p->timer.data = p;
	wait_for(p, CHECK_SECONDS);
	*ret = p;
	return 0;
}

void persist_free(struct persist *p)
{
	if (!p)
		return;
	ev_timer_stop(loop_ev(p->loop), &p->timer);
	free(p);
}
