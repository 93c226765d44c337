/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logins by RADIUS (l2tp-auth-radius): the handler that sends Access-Requests to the servers of the
 * configuration and answers the engine when their replies arrive. It never waits. What happens to
 * its requests at a reload is described in radius_sets.h.
 */
#pragma once

#include "aaa/aaa.h"
#include "daemon/base/rng.h"

struct config;
struct loop;
struct radius_login;
struct snapshot_radius;

/* loop and rng must outlive it. Returns 0 or -ENOMEM. A configuration without servers is allowed. */
int radius_login_new(struct loop *loop, const struct rng *rng, struct config *cfg,
		     struct radius_login **ret);
/* Requests end without a verdict. NULL is allowed. */
void radius_login_free(struct radius_login *l);
/* A reload: after radius_login_prepare() has returned 0, either radius_login_apply() or
 * radius_login_cancel() must follow. Returns 0 or -ENOMEM. */
int radius_login_prepare(struct radius_login *l, struct config *next);
void radius_login_cancel(struct radius_login *l);
void radius_login_apply(struct radius_login *l);
/* For views: the statistics of the client of the running configuration, without the requests that
 * a client before a reload still finishes. The caller frees it. NULL: out of memory. */
struct snapshot_radius *radius_login_snapshot(const struct radius_login *l);
/* For the engine. l must outlive it. Without servers each login is AAA_UNKNOWN. */
struct aaa_handler radius_login_handler(struct radius_login *l);
