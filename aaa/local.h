/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local users (l2tp-auth-local): the users of the configuration, with PAP, CHAP-MD5 and MS-CHAPv2.
 * The verdict is immediate, and its time does not distinguish an unknown user from a wrong password.
 * Passwords are copied, and wiped when freed.
 */
#pragma once

#include <stddef.h>

#include "aaa/aaa.h"
#include "aaa/profile.h"

#define AAA_LOCAL_NAME "l2tp-auth-local" /* of the handler */

struct aaa_local;

struct aaa_local_user {
	const char *name, *password;
	uint32_t address; /* fixed IPv4 in host order; 0: from the pool */
	struct profile_sessions sessions;
	const char *pool; /* NULL: none is named */
};

/* Returns NULL when out of memory. Of users with the same name the last one is used. */
struct aaa_local *aaa_local_new(const struct aaa_local_user *users, size_t n);
void aaa_local_free(struct aaa_local *l);
/* Exchanges the users, for a reload: the handler of `l` has the new ones. */
void aaa_local_swap(struct aaa_local *l, struct aaa_local *other);
/* A handler for the broker. l must outlive it. It answers at once: AAA_UNKNOWN for a user that is
 * not in the table, AAA_UNAVAILABLE without memory. */
struct aaa_handler aaa_local_handler(struct aaa_local *l);
