/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the handlers in their order. The first that returns a verdict, or accepts the request for
 * later (-EINPROGRESS), ends the search. A late verdict is delivered by the handler, under the
 * cookie. When there is no handler, or every handler returned an error, the login is rejected.
 */
#pragma once

#include <stddef.h>

#include "aaa/aaa.h"

#define AAA_HANDLERS_MAX 4

struct aaa_broker {
	struct aaa_handler handlers[AAA_HANDLERS_MAX];
	size_t n;
};

/* Returns 0 with the verdict, or -EINPROGRESS. */
int aaa_broker_auth(struct aaa_broker *b, const struct aaa_request *rq, uint64_t cookie,
		    struct aaa_answer *ret);
/* Cancels the request with this cookie in every handler. */
void aaa_broker_cancel(struct aaa_broker *b, uint64_t cookie);
