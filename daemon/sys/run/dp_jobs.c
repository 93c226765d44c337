/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/dp_jobs.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/base/compiler.h"
#include "daemon/base/hash.h"

struct dp_jobs_end {
	struct kjob j;
	struct dp_jobs_session *s;
	enum ppp_family family;
};

/* ---- the table ---- */

static uint32_t dp_jobs_hash(uint16_t sid)
{
	return hash_bytes(&sid, sizeof(sid));
}

static struct dp_jobs_session *dp_jobs_of(struct htab_node *n)
{
	return n ? ze_container_of(n, struct dp_jobs_session, in_sessions) : NULL;
}

struct dp_jobs_session *dp_jobs_find(const struct dp_jobs *jobs, uint16_t sid)
{
	struct htab_node *n = htab_find(&jobs->sessions, dp_jobs_hash(sid));

	while (n && dp_jobs_of(n)->sid != sid)
		n = htab_same(n);
	return dp_jobs_of(n);
}

struct dp_jobs_session *dp_jobs_find_up(const struct dp_jobs *jobs, uint16_t sid)
{
	struct dp_jobs_session *s = dp_jobs_find(jobs, sid);

	return s && s->state == SESSION_UP ? s : NULL;
}

struct dp_jobs_session *dp_jobs_next(const struct dp_jobs *jobs, const struct dp_jobs_session *s)
{
	return dp_jobs_of(htab_next(&jobs->sessions, s ? &s->in_sessions : NULL));
}

int dp_jobs_add(struct dp_jobs *jobs, struct dp_jobs_session *s, uint16_t sid)
{
	s->jobs = jobs;
	s->sid = sid;
	s->state = SESSION_WAITING;
	kworker_seq_init(&s->seq);
	return htab_add(&jobs->sessions, &s->in_sessions, dp_jobs_hash(sid));
}

void dp_jobs_drop(struct dp_jobs_session *s)
{
	htab_del(&s->jobs->sessions, &s->in_sessions);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		free(s->end[f]);
	s->jobs->ops->free(s);
}

/* ---- set-up ---- */

void dp_jobs_fail(struct dp_jobs_session *s, int result)
{
	struct dp_jobs *jobs = s->jobs;
	struct dp_event ev = { .kind = DP_EV_SESSION_UP, .sid = s->sid, .result = result };

	dp_jobs_drop(s);
	jobs->ops->emit(jobs, &ev);
}

static void dp_jobs_run_up(struct kjob *j, void *thread)
{
	struct dp_jobs_session *s = ze_container_of(j, struct dp_jobs_session, up);

	s->result = s->jobs->ops->up(s, thread);
}

static void dp_jobs_up_done(struct kjob *j)
{
	struct dp_jobs_session *s = ze_container_of(j, struct dp_jobs_session, up);
	struct dp_event ev = { .kind = DP_EV_SESSION_UP, .sid = s->sid, .result = s->result };

	if (s->state == SESSION_CLOSING)
		return; /* DP_EV_GONE will be the answer */
	s->jobs->ops->answer(s, NULL, &ev);
	if (ev.result < 0) {
		dp_jobs_fail(s, ev.result);
		return;
	}
	s->state = SESSION_UP;
	s->jobs->ops->emit(s->jobs, &ev);
}

void dp_jobs_start(struct dp_jobs_session *s)
{
	s->state = SESSION_STARTING;
	s->up.run = dp_jobs_run_up;
	s->up.done = dp_jobs_up_done;
	kworker_submit(s->jobs->worker, &s->seq, &s->up);
}

/* ---- removal ---- */

static void dp_jobs_run_down(struct kjob *j, void *thread)
{
	struct dp_jobs_session *s = ze_container_of(j, struct dp_jobs_session, down);

	s->jobs->ops->down(s, thread);
}

static void dp_jobs_down_done(struct kjob *j)
{
	struct dp_jobs_session *s = ze_container_of(j, struct dp_jobs_session, down);
	struct dp_jobs *jobs = s->jobs;
	struct dp_event ev = { .kind = DP_EV_GONE, .sid = s->sid };

	jobs->ops->answer(s, NULL, &ev);
	dp_jobs_drop(s);
	jobs->ops->emit(jobs, &ev);
}

static void dp_jobs_close(struct dp_jobs_session *s)
{
	if (s->state == SESSION_CLOSING)
		return;
	s->jobs->ops->closing(s);
	s->state = SESSION_CLOSING;
	s->down.run = dp_jobs_run_down;
	s->down.done = dp_jobs_down_done;
	kworker_submit(s->jobs->worker, &s->seq, &s->down);
}

void dp_jobs_session_down(void *self, uint16_t sid)
{
	struct dp_jobs_session *s = dp_jobs_find(self, sid);

	if (s)
		dp_jobs_close(s);
}

void dp_jobs_down_all(struct dp_jobs *jobs)
{
	for (struct dp_jobs_session *s = dp_jobs_next(jobs, NULL); s; s = dp_jobs_next(jobs, s))
		dp_jobs_close(s);
}

/* ---- rates, routes and families ---- */

static void dp_jobs_report(struct dp_jobs_request *r, struct dp_event *ev)
{
	const struct dp_jobs *jobs = r->s->jobs;

	ev->sid = r->s->sid;
	ev->result = r->result;
	jobs->ops->answer(r->s, r, ev);
	if (r->s->state == SESSION_UP)
		jobs->ops->emit(r->s->jobs, ev);
	free(r);
}

static void dp_jobs_run_shape(struct kjob *j, void *thread)
{
	struct dp_jobs_request *r = ze_container_of(j, struct dp_jobs_request, j);

	r->result = r->s->jobs->ops->shape(r->s, r, thread);
}

static void dp_jobs_shape_done(struct kjob *j)
{
	struct dp_jobs_request *r = ze_container_of(j, struct dp_jobs_request, j);

	dp_jobs_report(r, &(struct dp_event){ .kind = DP_EV_SHAPED });
}

/* Submits a request of a session that is up. */
static int dp_jobs_ask(struct dp_jobs_session *s, const struct dp_jobs_request *what)
{
	struct dp_jobs_request *r = malloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = *what;
	r->s = s;
	kworker_submit(s->jobs->worker, &s->seq, &r->j);
	return 0;
}

int dp_jobs_shape(void *self, uint16_t sid, const struct shape_plan *p)
{
	struct dp_jobs_session *s = dp_jobs_find_up(self, sid);

	if (!s)
		return -ENOENT;
	return dp_jobs_ask(s, &(struct dp_jobs_request){ .j.run = dp_jobs_run_shape,
							 .j.done = dp_jobs_shape_done,
							 .plan = *p });
}

static void dp_jobs_run_route(struct kjob *j, void *thread)
{
	struct dp_jobs_request *r = ze_container_of(j, struct dp_jobs_request, j);

	r->result = r->s->jobs->ops->route(r->s, r, thread);
}

static void dp_jobs_route_done(struct kjob *j)
{
	struct dp_jobs_request *r = ze_container_of(j, struct dp_jobs_request, j);

	dp_jobs_report(r, &(struct dp_event){ .kind = DP_EV_ROUTE, .route = r->route });
}

int dp_jobs_route(void *self, uint16_t sid, const struct dp_route *r)
{
	struct dp_jobs_session *s = dp_jobs_find_up(self, sid);

	if (!s)
		return -ENOENT;
	return dp_jobs_ask(s, &(struct dp_jobs_request){ .j.run = dp_jobs_run_route,
							 .j.done = dp_jobs_route_done,
							 .route = *r });
}

static void dp_jobs_run_family_up(struct kjob *j, void *thread)
{
	struct dp_jobs_request *r = ze_container_of(j, struct dp_jobs_request, j);

	r->result = r->s->jobs->ops->family_up(r->s, r, thread);
}

static void dp_jobs_family_up_done(struct kjob *j)
{
	struct dp_jobs_request *r = ze_container_of(j, struct dp_jobs_request, j);

	dp_jobs_report(r,
		       &(struct dp_event){ .kind = DP_EV_FAMILY_UP, .family = r->family.family });
}

int dp_jobs_reserve(struct dp_jobs_session *s, enum ppp_family family)
{
	if (!s->end[family])
		s->end[family] = calloc(1, sizeof(*s->end[family]));
	return s->end[family] ? 0 : -ENOMEM;
}

int dp_jobs_family_up(void *self, uint16_t sid, const struct dp_family *f)
{
	struct dp_jobs_session *s = dp_jobs_find_up(self, sid);

	if (!s)
		return -ENOENT;
	if (dp_jobs_reserve(s, f->family) < 0)
		return -ENOMEM;
	return dp_jobs_ask(s, &(struct dp_jobs_request){ .j.run = dp_jobs_run_family_up,
							 .j.done = dp_jobs_family_up_done,
							 .family = *f });
}

static void dp_jobs_run_family_down(struct kjob *j, void *thread)
{
	struct dp_jobs_end *e = ze_container_of(j, struct dp_jobs_end, j);

	e->s->jobs->ops->family_down(e->s, e->family, thread);
}

static void dp_jobs_family_down_done(struct kjob *j)
{
	free(ze_container_of(j, struct dp_jobs_end, j));
}

void dp_jobs_family_down(void *self, uint16_t sid, enum ppp_family family)
{
	struct dp_jobs *jobs = self;
	struct dp_jobs_session *s = dp_jobs_find_up(jobs, sid);
	struct dp_jobs_end *e = s ? s->end[family] : NULL;

	if (!e)
		return;
	jobs->ops->family_closing(s, family);
	s->end[family] = NULL;
	e->s = s;
	e->family = family;
	e->j.run = dp_jobs_run_family_down;
	e->j.done = dp_jobs_family_down_done;
	kworker_submit(jobs->worker, &s->seq, &e->j);
}
