/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the handlers in their order until one decides: AAA_ACCEPT and AAA_REJECT do, AAA_UNKNOWN and
 * AAA_UNAVAILABLE do not. The broker keeps nothing about a login. Its caller has a struct aaa_stage
 * for it, with which it asks the remaining handlers after a late verdict that does not decide.
 *
 * When no handler has decided, the login is rejected if each of them did not know the user, and
 * AAA_UNAVAILABLE if one was not available or if there is none.
 */
#pragma once

#include <stddef.h>

#include "aaa/aaa.h"

#define AAA_HANDLERS_MAX 4

struct aaa_broker {
	struct aaa_handler handlers[AAA_HANDLERS_MAX];
	size_t n;
};

struct aaa_stage {	  /* zeroed before the first handler is asked */
	ze_ns deadline;	  /* of the handler that was asked last */
	uint8_t next;	  /* index of the next handler to ask */
	bool unavailable; /* a handler was not available */
};

/* Asks the handlers from stage->next on. Returns true with AAA_ACCEPT, AAA_REJECT or
 * AAA_UNAVAILABLE in *ret, or false when the verdict of a handler follows later. The time until
 * rq->deadline is divided equally among the handlers that were not asked yet, so that one that does
 * not answer leaves time for those after it. */
bool aaa_broker_ask(const struct aaa_broker *b, const struct aaa_request *rq,
		    struct aaa_stage *stage, struct aaa_answer *ret);
/* Notes the verdict of a handler. Returns true when it decides the login. */
bool aaa_stage_decided(struct aaa_stage *stage, enum aaa_verdict v);
/* Cancels the request with this cookie in every handler. */
void aaa_broker_cancel(const struct aaa_broker *b, uint64_t cookie);
