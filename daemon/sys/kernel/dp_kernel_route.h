/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routes of a session of the kernel plane to networks behind the subscriber: in the kernel
 * through the session's interface, and as sources that its ingress program accepts. The session
 * keeps the list of them, which belongs to its jobs. All functions run on workers.
 */
#pragma once

#include "daemon/core/ports.h"

struct dp_jobs_request;
struct dp_jobs_session;
struct session;

/* Adds, changes or removes the route of the request. Returns 0 or -errno. */
int dp_kernel_run_route(struct dp_jobs_session *js, struct dp_jobs_request *rq, void *thread);
/* Adds the routes of a family again, after its interface was down. Between enter() and leave(). */
void dp_kernel_routes_again(struct session *s, enum ppp_family family, void *thread);
/* Removes those of a family. */
void dp_kernel_routes_down(struct session *s, enum ppp_family family, void *thread);
/* Restores those that another program has removed, and adds to the result of the check. */
void dp_kernel_routes_check(struct session *s, void *thread);
