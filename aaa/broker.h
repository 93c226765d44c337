/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the handlers in their order: the first that gives a verdict, or takes the question for later
 * (-EINPROGRESS), ends the search. A late answer is the handler's to deliver, under the cookie. With
 * no handler, or none that knew the user or worked: reject.
 */
#pragma once

#include <stddef.h>

#include "aaa/aaa.h"

#define AAA_HANDLERS_MAX 4

struct aaa_broker {
	struct aaa_handler handlers[AAA_HANDLERS_MAX];
	size_t n;
};

/* 0 with the verdict, or -EINPROGRESS. */
int aaa_broker_auth(struct aaa_broker *b, const struct aaa_request *rq, uint64_t cookie,
		    struct aaa_answer *ret);
/* Tells every handler to forget the cookie. */
void aaa_broker_cancel(struct aaa_broker *b, uint64_t cookie);
