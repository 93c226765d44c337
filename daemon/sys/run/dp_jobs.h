/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sessions of a data plane and their jobs, as the reactor keeps them: which sessions exist, in
 * which state each is, and which of its jobs are under way. The planes embed struct dp_jobs and
 * struct dp_jobs_session, and have the work done by struct dp_jobs_ops.
 *
 * Promises. The jobs of a session run on workers, one at a time and in the order of the requests;
 * jobs of different sessions may run in parallel. A request that was accepted is answered by one
 * event on the reactor; once session_down is accepted, the only answer is DP_EV_GONE, after the
 * jobs before it have run. Removing a family or a session cannot fail: no memory is allocated then.
 *
 * All functions are called on the reactor. They never wait and make no system call but waking a
 * worker.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/htab.h"
#include "daemon/core/ports.h"
#include "daemon/sys/run/kworker.h"

enum dp_jobs_state {
	SESSION_WAITING,  /* added; its set-up has not been requested */
	SESSION_STARTING, /* the job of its set-up is under way */
	SESSION_UP,	  /* set up; requests for rates and families are accepted */
	SESSION_CLOSING	  /* the job of its removal is under way */
};

struct dp_jobs;
struct dp_jobs_end;

struct dp_jobs_session { /* all zero before dp_jobs_add() */
	struct htab_node in_sessions;
	struct dp_jobs *jobs;
	struct kseq seq; /* the plane may submit jobs of its own to it */
	struct kjob up, down;
	struct dp_jobs_end *end[PPP_FAM__COUNT]; /* allocated early, for family_down */
	int result;				 /* of the set-up */
	uint16_t sid;
	uint8_t state; /* enum dp_jobs_state */
};

struct dp_jobs_request { /* for rates, a route, or to set up a family */
	struct kjob j;
	struct dp_jobs_session *s;
	union {
		struct shape_plan plan;
		struct dp_family family;
		struct dp_route route;
	};
	int result;
	const char *step; /* name of the step that failed, or NULL; set by the plane */
};

struct dp_jobs_ops {
	/* On a worker. They return 0 or -errno, and then the session is as before or has no rates,
	 * no family, nothing. A result above 0 is success that answer() has to know about. */
	int (*up)(struct dp_jobs_session *s, void *thread);
	int (*shape)(struct dp_jobs_session *s, struct dp_jobs_request *r, void *thread);
	int (*family_up)(struct dp_jobs_session *s, struct dp_jobs_request *r, void *thread);
	int (*route)(struct dp_jobs_session *s, struct dp_jobs_request *r, void *thread);
	void (*family_down)(struct dp_jobs_session *s, enum ppp_family family, void *thread);
	void (*down)(struct dp_jobs_session *s, void *thread);
	/* On the reactor, before the job of a removal is submitted: stops the packets. `closing` is
	 * called with the state in which session_down finds the session. */
	void (*family_closing)(struct dp_jobs_session *s, enum ppp_family family);
	void (*closing)(struct dp_jobs_session *s);
	/* On the reactor, before ev is reported, or dropped because the session is being removed:
	 * completes ev (ifname, counters) and logs a failure. r is the request for rates, a route
	 * or a family, else NULL. */
	void (*answer)(struct dp_jobs_session *s, const struct dp_jobs_request *r,
		       struct dp_event *ev);
	/* Frees the session, which has been removed from the table. */
	void (*free)(struct dp_jobs_session *s);
	void (*emit)(struct dp_jobs *jobs, const struct dp_event *ev);
};

struct dp_jobs { /* ops and worker are set by the plane, the worker before the first job */
	const struct dp_jobs_ops *ops;
	struct kworker *worker;
	struct htab sessions;
};

/* Returns the session, or NULL; the second one only a session that is up. */
struct dp_jobs_session *dp_jobs_find(const struct dp_jobs *jobs, uint16_t sid);
struct dp_jobs_session *dp_jobs_find_up(const struct dp_jobs *jobs, uint16_t sid);
/* Iterates in no particular order: the session after s, or the first when s is NULL. */
struct dp_jobs_session *dp_jobs_next(const struct dp_jobs *jobs, const struct dp_jobs_session *s);

/* Enters a session whose id is not in use, in state WAITING. Returns 0 or -ENOMEM. */
int dp_jobs_add(struct dp_jobs *jobs, struct dp_jobs_session *s, uint16_t sid);
/* Submits the job of the set-up. DP_EV_SESSION_UP answers it; after a failure s has been freed. */
void dp_jobs_start(struct dp_jobs_session *s);
/* Frees a session that has no job, and reports that its set-up failed. */
void dp_jobs_fail(struct dp_jobs_session *s, int result);
/* Frees a session that has no job, without an event. */
void dp_jobs_drop(struct dp_jobs_session *s);
/* Makes sure that family_down can remove this family. Returns 0 or -ENOMEM. */
int dp_jobs_reserve(struct dp_jobs_session *s, enum ppp_family family);
/* Requests session_down for all sessions. */
void dp_jobs_down_all(struct dp_jobs *jobs);

/* For struct dataplane_ops; self is the struct dp_jobs, so it is the first member of the plane. */
int dp_jobs_shape(void *self, uint16_t sid, const struct shape_plan *p);
int dp_jobs_route(void *self, uint16_t sid, const struct dp_route *r);
int dp_jobs_family_up(void *self, uint16_t sid, const struct dp_family *f);
void dp_jobs_family_down(void *self, uint16_t sid, enum ppp_family family);
void dp_jobs_session_down(void *self, uint16_t sid);
