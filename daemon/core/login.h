/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login of a subscriber: asks the AAA handlers and acts on their verdict. An accept gives the
 * profile and counts the session with its user; a reject is logged, and its answer may be delayed
 * (pace.h). At most one request is open per subscriber; a newer one cancels it. When a handler
 * answers late that it cannot decide, or has not answered by its deadline, the remaining handlers
 * are asked with the request that the link has kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct aaa_answer;
struct pending;
struct ppp_auth_request;
struct profile;
struct subscriber;

/* A cookie has the session id in the upper 16 bits and a counter of requests in the lower 48. */
#define LOGIN_COOKIE_SHIFT 48
#define LOGIN_OF_COOKIE(c) ((uint16_t)((c) >> LOGIN_COOKIE_SHIFT))

/* Asks the AAA handlers. An immediate verdict is added to `next` (PENDING_VERDICT); a later one is
 * awaited in s->wait. */
void login_ask(struct subscriber *s, const struct ppp_auth_request *rq, ze_ns now,
	       struct pending *next);
/* Counts the session with its user, once. Returns 0 or -ENOMEM. */
int login_count(struct subscriber *s);
/* Gives the verdict to the link, with its effects in e->ppp_fx, or delays the answer to a wrong
 * password. Takes over the profile. */
void login_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now);
/* True when the verdict with this cookie is awaited. */
bool login_awaits(const struct subscriber *s, uint64_t cookie);
/* Processes the verdict that is awaited. Takes over the profile reference. */
void login_late(struct subscriber *s, struct aaa_answer *a, ze_ns now, struct pending *next);
/* When login_expire() must be called: a delayed answer is to be given, or the handler that was asked
 * has had its time. ZE_NEVER when nothing is awaited. */
ze_ns login_deadline(const struct subscriber *s);
/* Gives the delayed answer to the link, with its effects in e->ppp_fx, or cancels the request and
 * asks the next handler; without time for one the login is unavailable. Call it before
 * ppp_link_expire(). */
void login_expire(struct subscriber *s, ze_ns now, struct pending *next);
/* Cancels the request and drops a delayed answer. Harmless when there is neither. */
void login_cancel(struct subscriber *s);
