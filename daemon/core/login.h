/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the AAA handlers on behalf of a subscriber and takes their verdict: the profile on accept, a log
 * line on reject, whose answer may wait. At most one question is open; a newer one cancels it.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"

struct aaa_answer;
struct ppp_auth_request;
struct profile;
struct subscriber;

/* A cookie is the session id above a number that is never used twice. */
#define LOGIN_COOKIE_SHIFT 48
#define LOGIN_OF_COOKIE(c) ((uint16_t)((c) >> LOGIN_COOKIE_SHIFT))

/* A verdict that comes at once is put in e->answer and noted in s->todo. */
void login_ask(struct subscriber *s, const struct ppp_auth_request *rq, ze_ns now);
/* Counts the session with its user, once. 0 or -ENOMEM. */
int login_count(struct subscriber *s);
/* The profile of a login in another process; takes over the reference. */
void login_resume(struct subscriber *s, struct profile *p);
/* Tells the link (effects in e->ppp_fx); takes over the profile reference. */
void login_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now);
/* When the answer to a wrong password, which login_verdict has kept for later (pace.h), is to be given; ZE_NEVER.
 * Effects in e->ppp_fx. */
ze_ns login_deadline(const struct subscriber *s);
void login_forget_held(struct subscriber *s); /* harmless when there is none */
void login_answer_held(struct subscriber *s, ze_ns now);
