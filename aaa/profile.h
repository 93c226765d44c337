/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What authentication has granted to a subscriber, who owns it. Immutable once it is complete.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/aaa.h"

enum profile_over_limit {     /* what a login does when its user has reached the session limit */
	PROFILE_OVER_AUTO,    /* replace with a fixed address, otherwise deny */
	PROFILE_OVER_REPLACE, /* end the user's oldest session */
	PROFILE_OVER_DENY
};

struct profile_sessions { /* simultaneous sessions of a user */
	bool set;	  /* false: use the limit of the configuration */
	uint32_t limit;	  /* 0: unlimited */
	enum profile_over_limit over;
};

struct profile {
	bool has_address;
	uint32_t address; /* fixed IPv4, host order */
	uint32_t dns[2];  /* 0: use those of the pool */
	bool ipv4, ipv6;  /* families that are allowed */
	struct profile_sessions sessions;
	char user[]; /* as shown to operators and sent in accounting */
};

/* Returns a profile with both families allowed, or NULL when out of memory. The user name is cut
 * after AAA_USER_MAX octets. */
struct profile *profile_new(struct span user);
void profile_free(struct profile *p); /* NULL is allowed */
