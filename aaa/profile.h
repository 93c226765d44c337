/* SPDX-License-Identifier: BSD-2-Clause */
/* What one subscriber is given: merged once, then immutable and shared by reference. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/aaa.h"

enum profile_over_limit {     /* a login when its user has as many sessions as it may */
	PROFILE_OVER_AUTO,    /* replace with a fixed address, else deny */
	PROFILE_OVER_REPLACE, /* the oldest session ends */
	PROFILE_OVER_DENY
};

struct profile_sessions { /* how many of a user at a time */
	bool set;	  /* else the configuration's number */
	uint32_t limit;	  /* 0: unbounded */
	enum profile_over_limit over;
};

struct profile {
	unsigned refs;
	bool has_address;
	uint32_t address; /* fixed IPv4, host order */
	uint32_t dns[2];  /* 0: the pool's */
	bool ipv4, ipv6;  /* families allowed */
	struct profile_sessions sessions;
	char user[]; /* as it shall appear in views and accounting */
};

/* One reference, both families allowed; NULL when out of memory. user is cut at AAA_USER_MAX. */
struct profile *profile_new(struct span user);
struct profile *profile_ref(struct profile *p);
void profile_unref(struct profile *p); /* NULL is harmless */
