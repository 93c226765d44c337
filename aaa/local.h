/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * l2tp-auth-local: users of the configuration; PAP, CHAP-MD5, MS-CHAPv2. Without users every login is
 * rejected. Answers at once, in a time that does not tell unknown users from wrong passwords.
 * Passwords are owned copies, wiped on free.
 */
#pragma once

#include <stddef.h>

#include "aaa/aaa.h"
#include "aaa/profile.h"

struct aaa_local;

struct aaa_local_user {
	const char *name, *password;
	uint32_t address; /* fixed IPv4, 0: from the pool */
	struct profile_sessions sessions;
};

/* NULL when out of memory. Names are unique (the last of equals wins). */
struct aaa_local *aaa_local_new(const struct aaa_local_user *users, size_t n);
void aaa_local_free(struct aaa_local *l);
size_t aaa_local_count(const struct aaa_local *l);
/* 0 with a verdict (unknown users are rejected here, not passed on), or -ENOMEM. */
int aaa_local_auth(const struct aaa_local *l, const struct aaa_request *rq, struct aaa_answer *ret);
/* A handler over it for the broker. */
struct aaa_handler aaa_local_handler(struct aaa_local *l);
