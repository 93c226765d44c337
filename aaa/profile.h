/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What authentication has granted to a subscriber. Immutable once it is complete, and one block of
 * memory without pointers, so that a change makes a copy and replaces the whole. Its references are
 * counted, and may be dropped in any thread.
 *
 * Each value has a source: RADIUS wins over local users, both win over the configuration. A value
 * whose source is PROFILE_DEFAULT is not in the profile; the configuration has it. A change
 * (RFC 5176) replaces all values of the keys that it names.
 *
 * Numbers that many parts of ze read are fields. Texts and what may occur more than once are a list
 * behind the user's name; profile_get() reads it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/aaa.h"
#include "daemon/base/addr.h"

enum profile_source {
	PROFILE_DEFAULT,
	PROFILE_LOCAL,
	PROFILE_RADIUS,
	PROFILE_COA
};

/* key, word for operators, how often it may occur in the list (0: it is a field), and whether the
 * subscriber gets it. One that is not applied is kept, and the log says so. Netmask and Filter-Id
 * promise no more than to be kept and shown. */
#define PROFILE_KEYS(X)                                                                            \
	X(USER, "user", 0, true)                                                                   \
	X(ADDRESS, "address", 0, true)                                                             \
	X(NETMASK, "netmask", 0, true)                                                             \
	X(DNS1, "dns-primary", 0, true)                                                            \
	X(DNS2, "dns-secondary", 0, true)                                                          \
	X(DOWN, "download-rate", 0, true)                                                          \
	X(UP, "upload-rate", 0, true)                                                              \
	X(SESSION_TIMEOUT, "session-timeout", 0, true)                                             \
	X(IDLE_TIMEOUT, "idle-timeout", 0, true)                                                   \
	X(INTERIM, "acct-interval", 0, true)                                                       \
	X(MTU, "mtu", 0, true)                                                                     \
	X(SESSIONS, "session-limit", 0, true)                                                      \
	X(POOL, "pool", 1, true)                                                                   \
	X(FILTER, "filter-id", 4, true)                                                            \
	X(CUI, "chargeable-user-identity", 1, true)                                                \
	X(CLASS, "class", 8, true)                                                                 \
	X(ROUTE, "route", 64, true)                                                                \
	X(ROUTE6, "ipv6-route", 64, true)                                                          \
	X(PREFIX6, "ipv6-prefix", 4, false)                                                        \
	X(DELEGATED6, "delegated-ipv6-prefix", 4, false)                                           \
	X(ADDRESS6, "ipv6-address", 4, false)                                                      \
	X(IFID6, "interface-id", 1, false)                                                         \
	X(DNS6, "ipv6-dns", 4, false)                                                              \
	X(POOL6, "ipv6-pool", 1, false)                                                            \
	X(DELEGATED_POOL6, "delegated-ipv6-pool", 1, false)

/* Their numbers are in restart records: a new one is added at the end. */
enum profile_key {
#define X(id, word, max, applied) PROFILE_##id,
	PROFILE_KEYS(X)
#undef X
	PROFILE_KEY__COUNT /* at most 32, see `sources` */
};

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
	unsigned refs;
	bool has_address;
	bool wish;	  /* without has_address: the client may choose (RFC 2865 5.8) */
	bool ipv4, ipv6;  /* families that are allowed */
	uint32_t address; /* fixed IPv4, host order */
	uint32_t dns[2];  /* 0: use those of the pool */
	struct profile_sessions sessions;
	uint64_t down_bps, up_bps; /* bit/s; 0: no limit. Down is towards the subscriber */
	uint32_t session_timeout_s, idle_timeout_s; /* 0: none */
	uint16_t interim_s;			    /* of Interim-Updates; 0: none */
	uint16_t mtu;				    /* upper bound, octets */
	uint8_t netmask;			    /* bits; kept and shown, changes nothing */
	uint16_t list_at, list_len;		    /* private: the list, from user[list_at] */
	uint64_t sources; /* two bits for each key, see profile_source() */
	char user[];	  /* as shown to operators and sent in accounting */
};

/* A route of the list: PROFILE_ROUTE or PROFILE_ROUTE6. */
struct profile_route {
	struct ze_prefix dst;
	uint32_t metric; /* 0: none was given */
};

/* Returns a profile with one reference and both families allowed, or NULL when out of memory. The
 * user name is cut after AAA_USER_MAX octets. Its list is empty and stays so; see struct
 * profile_room. */
struct profile *profile_new(struct span user);
/* Returns a profile of its own, with one reference, or NULL when out of memory. */
struct profile *profile_copy(const struct profile *p);
struct profile *profile_ref(struct profile *p);
void profile_free(struct profile *p); /* drops a reference; NULL is allowed */

enum profile_source profile_source(const struct profile *p, enum profile_key key);
void profile_set_source(struct profile *p, enum profile_key key, enum profile_source source);
/* The n-th value of a key of the list, counted from 0. A prefix, address or route is read by the
 * functions below. False: there are not so many. */
bool profile_get(const struct profile *p, enum profile_key key, unsigned n, struct span *ret);
bool profile_get_route(const struct profile *p, enum profile_key key, unsigned n,
		       struct profile_route *ret);
/* PROFILE_PREFIX6, PROFILE_DELEGATED6, PROFILE_ADDRESS6 (a /128) and PROFILE_DNS6 (a /128). */
bool profile_get_prefix6(const struct profile *p, enum profile_key key, unsigned n,
			 struct ze_prefix *ret);

/* "dns-primary", "radius". */
const char *profile_key_name(enum profile_key key);
const char *profile_source_name(enum profile_source source);
/* False for a key that is parsed and kept, but not given to the subscriber. */
bool profile_key_applied(enum profile_key key);

/* Where a profile with a list is written before profile_copy() makes it permanent. */
#define PROFILE_LIST_MAX 8192
struct profile_room {
	_Alignas(struct profile)
		uint8_t octets[sizeof(struct profile) + AAA_USER_MAX + 1 + PROFILE_LIST_MAX];
};
/* Writes a copy of `from` with this name into the room and returns it; an empty name leaves the
 * name as it is. */
struct profile *profile_edit(struct profile_room *room, const struct profile *from,
			     struct span user);
/* Appends a value of at most 255 octets to a profile in a room. False: the key occurs as often as
 * it may, or there is no room. */
bool profile_put(struct profile *p, enum profile_key key, struct span value);
bool profile_put_route(struct profile *p, enum profile_key key, const struct profile_route *route);
bool profile_put_prefix6(struct profile *p, enum profile_key key, const struct ze_prefix *prefix);
/* The whole list, for a record that is read by profile_put_list(). */
struct span profile_list(const struct profile *p);
/* Appends all values of a list to a profile in a room. Keys that are unknown are skipped. False: it
 * is malformed, or has a value that no attribute can have. */
bool profile_put_list(struct profile *p, struct span list);
/* Removes all values of the key from the list. */
void profile_clear(struct profile *p, enum profile_key key);
