/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between the engine and the authentication handlers (local users, RADIUS). A handler
 * answers a request with accept or reject and, on accept, a profile; the broker asks the handlers
 * in their configured order. There are no wire formats here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define AAA_USER_MAX	253
#define AAA_MESSAGE_MAX 253

enum aaa_method {
	AAA_NONE,
	AAA_PAP,
	AAA_CHAP_MD5,
	AAA_MSCHAPV2
};

struct aaa_request {
	enum aaa_method method;
	uint8_t id; /* CHAP identifier */
	struct span user, password, challenge, response;
	struct span calling_number, called_number;
	uint16_t sid;
};

struct profile; /* see aaa/profile.h */

struct aaa_answer {
	bool accept;
	char message[AAA_MESSAGE_MAX + 1];
	char mschap2[43];	 /* accept with MS-CHAPv2: "S=" and 40 hex digits */
	uint16_t mschap_error;	 /* reject with MS-CHAPv2: 691, 648 ...; 0 means 691 */
	struct profile *profile; /* accept: owned by the receiver; NULL on reject */
};

struct aaa_handler {
	const char *name; /* "l2tp-auth-local" */
	void *self;
	/* Returns 0 with the verdict in *ret; -EINPROGRESS when the verdict follows under this
	 * cookie (see broker.h); -ENOENT when the user is not known here, or another error when the
	 * handler failed: then the next handler is asked. */
	int (*auth)(void *self, const struct aaa_request *rq, uint64_t cookie,
		    struct aaa_answer *ret);
	/* The session ended before the verdict: drop the request. May be NULL. */
	void (*cancel)(void *self, uint64_t cookie);
};
