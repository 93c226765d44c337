/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login of a subscriber: asks the AAA handlers and acts on their verdict. An accept gives the
 * profile and counts the session with its user; a reject is logged, and its answer may be delayed
 * (pace.h). At most one request is open per subscriber; a newer one cancels it.
 */
#pragma once

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
 * awaited with s->auth_cookie. */
void login_ask(struct subscriber *s, const struct ppp_auth_request *rq, ze_ns now,
	       struct pending *next);
/* Counts the session with its user, once. Returns 0 or -ENOMEM. */
int login_count(struct subscriber *s);
/* Sets the profile of a restored session; takes it over. */
void login_resume(struct subscriber *s, struct profile *p);
/* Gives the verdict to the link, with its effects in e->ppp_fx, or delays the answer to a wrong
 * password. Takes over the profile. */
void login_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now);
/* When a delayed answer is to be given; ZE_NEVER when there is none. */
ze_ns login_deadline(const struct subscriber *s);
/* Drops a delayed answer. Harmless when there is none. */
void login_forget_held(struct subscriber *s);
/* Gives the delayed answer, which must exist, to the link, with its effects in e->ppp_fx. */
void login_answer_held(struct subscriber *s, ze_ns now);
