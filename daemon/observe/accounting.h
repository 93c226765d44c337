/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounting of sessions by RADIUS, as an observer of the bus. Events of sessions are passed to the
 * state machine of aaa/acct.h, and the records that it sends become Accounting-Requests
 * (aaa/radius_acct.h). It has no socket and no file: struct accounting_ops is its store and its
 * server, so that tests drive it in virtual time. daemon/sys/net/radius_accounting.h has the real
 * ones.
 *
 *   session-up        Start; a session that a restart restored continues instead
 *   session-family    the attributes of its later records have the address of the further family
 *   session-changed   they have what a CoA-Request has changed
 *   session-down      its time stands still
 *   session-closed    Stop, with the final counters of the data plane
 *
 * Counters are those of the data plane: IP packets and their octets, without PPP, L2TP, UDP and the
 * outer IP header; "input" is from the subscriber.
 *
 * Interim-Updates have the interval of the profile (Acct-Interim-Interval), between
 * ACCOUNTING_INTERIM_MIN and ACCOUNTING_INTERIM_MAX, otherwise that of the configuration.
 */
#pragma once

#include "aaa/acct.h"
#include "aaa/radius_attrs.h"
#include "daemon/core/bus.h"
#include "daemon/core/ports.h"

#define ACCOUNTING_INTERIM_MIN 60 /* seconds */
#define ACCOUNTING_INTERIM_MAX 3600

struct accounting_ops {
	/* As in struct acct_ops. */
	void (*write)(void *self, enum acct_write_kind kind, const struct acct_row *row);
	void (*load)(void *self, uint64_t after, size_t n);
	/* Sends a request to the servers; accounting_answered() follows with this cookie, after this
	 * function has returned. Returns 0 or -errno; then no answer follows. */
	int (*request)(void *self, const struct radius_req *q, uint64_t cookie);
	void (*cancel)(void *self, uint64_t cookie);
	uint64_t (*wall)(void *self); /* seconds since 1970 */
	/* Accounting is required, and the session cannot be accounted: it is to be ended, after this
	 * function has returned. */
	void (*unaccounted)(void *self, uint16_t sid, uint64_t id);
};

struct accounting_cfg {
	bool on;       /* new sessions are accounted, and records can be sent */
	bool required; /* a session that cannot be accounted is ended */
	uint32_t interim_s;
	struct radius_nas nas; /* what it points to must stay until the next configuration */
};

struct accounting_args {
	const struct accounting_ops *ops;
	void *self;
	const struct dataplane_ops *dp; /* its counters */
	void *dp_self;
	const struct rng *rng;
	struct accounting_cfg cfg;
};

struct accounting;
extern const struct observer accounting_observer; /* its self is a struct accounting */

/* Returns NULL when out of memory. What the arguments point to must outlive it. */
struct accounting *accounting_new(const struct accounting_args *a);
/* Cancels the requests that are under way. NULL is allowed. */
void accounting_free(struct accounting *a);
/* For the store, which gives it the rows: those of the previous instance before the first event. */
struct acct *accounting_acct(struct accounting *a);
/* The configuration has changed: requests that follow have this one. */
void accounting_configure(struct accounting *a, const struct accounting_cfg *cfg, ze_ns now);

/* All sessions that a restart has restored are up (EV_SESSION_UP). The others of the previous
 * instance get a Stop. Without restored sessions, Accounting-On is sent before. */
void accounting_recovered(struct accounting *a, ze_ns now);
void accounting_answered(struct accounting *a, uint64_t cookie, bool acked, ze_ns now);
/* A server that was set aside answers again. May be called at any time, also from request(). */
void accounting_server_back(struct accounting *a);
/* The daemon stops, and all sessions have ended: sends Accounting-Off when their Stops have been
 * acknowledged. */
void accounting_off(struct accounting *a, ze_ns now);
/* True when everything has been acknowledged, or no server answers: there is nothing to wait for. */
bool accounting_done(const struct accounting *a);
