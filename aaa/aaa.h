/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may log in and what they get. Handlers (local, RADIUS) answer a request with accept or
 * reject and a profile; the broker asks them in their order. No wire formats here.
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

struct profile; /* aaa/profile.h */

struct aaa_answer {
	bool accept;
	char message[AAA_MESSAGE_MAX + 1];
	char mschap2[43];	 /* accept of MS-CHAPv2: "S=..." */
	uint16_t mschap_error;	 /* reject of MS-CHAPv2: 691, 648 ...; 0: 691 */
	struct profile *profile; /* accept: one reference, the receiver's to drop; NULL on reject */
};

struct aaa_handler {
	const char *name; /* "l2tp-auth-local" */
	void *self;
	/* 0: *ret is the verdict. -EINPROGRESS: it comes later with this cookie (see broker).
	 * -ENOENT: knows nothing of this user, ask the next. Others: failed, ask the next. */
	int (*auth)(void *self, const struct aaa_request *rq, uint64_t cookie,
		    struct aaa_answer *ret);
	/* The session went before the verdict: forget the cookie. May be NULL. */
	void (*cancel)(void *self, uint64_t cookie);
};
