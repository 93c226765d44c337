/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the handlers in the configured order until one decides: AAA_ACCEPT and AAA_REJECT do,
 * AAA_UNKNOWN and AAA_UNAVAILABLE do not. Each handler is owned by a module (daemon/modules.c),
 * which adds it when it starts. The broker keeps nothing about a login. Its caller has a struct
 * aaa_stage for it, with which it asks the remaining handlers after a late verdict that does not
 * decide.
 *
 * When no handler has decided, the login is rejected if each of them did not know the user, and
 * AAA_UNAVAILABLE if one was not available or if there is none.
 */
#pragma once

#include <stddef.h>

#include "aaa/aaa.h"

#define AAA_HANDLERS_MAX 4

struct aaa_broker {				       /* zeroed: no handlers */
	struct aaa_handler handlers[AAA_HANDLERS_MAX]; /* in the order in which they were added */
	uint8_t order[AAA_HANDLERS_MAX];	       /* indexes of those that are asked */
	uint8_t n, n_order;
};

struct aaa_stage {	  /* zeroed before the first handler is asked */
	ze_ns deadline;	  /* of the handler that was asked last */
	uint8_t asked;	  /* those that were asked: 1 << index of the handler */
	bool unavailable; /* a handler was not available */
	const char *why;  /* that of the first one that said so; or NULL */
};

/* Adds a handler, which is not asked before aaa_broker_order() names it. What it points to must
 * outlive the broker's use. Returns 0 or -ENOSPC. */
int aaa_broker_add(struct aaa_broker *b, const struct aaa_handler *h);
/* The handlers with these names are asked, in this order, and no others. A name that no handler has
 * is passed over. Logins that await a verdict continue with the handlers that they have not asked. */
void aaa_broker_order(struct aaa_broker *b, const char *const *names, size_t n);
/* Asks the handlers that the stage does not have. Returns true with AAA_ACCEPT, AAA_REJECT or
 * AAA_UNAVAILABLE in *ret, or false when the verdict of a handler follows later. The time until
 * rq->until is divided equally among the handlers that were not asked yet, so that one that does
 * not answer leaves time for those after it; rq->deadline is set for each. */
bool aaa_broker_ask(const struct aaa_broker *b, struct aaa_request *rq, struct aaa_stage *stage,
		    struct aaa_answer *ret);
/* Notes the verdict of a handler. Returns true when it decides the login. */
bool aaa_stage_decided(struct aaa_stage *stage, const struct aaa_answer *a);
/* Cancels the request with this cookie in every handler. */
void aaa_broker_cancel(const struct aaa_broker *b, uint64_t cookie);
