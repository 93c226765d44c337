/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between the engine and the authentication handlers (local users, RADIUS). A handler
 * answers a request with a verdict and, on accept, a profile; the broker asks the handlers in their
 * configured order. There are no wire formats here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"

#define AAA_USER_MAX	253
#define AAA_MESSAGE_MAX 253

struct profile; /* see aaa/profile.h */
struct ze_addr;

enum aaa_method {
	AAA_NONE,
	AAA_PAP,
	AAA_CHAP_MD5,
	AAA_MSCHAPV2
};

enum aaa_verdict {
	AAA_REJECT, /* also for a challenge (RFC 2865 4.4); the value of a zeroed answer */
	AAA_ACCEPT,
	AAA_UNKNOWN,	 /* the handler does not have this user */
	AAA_UNAVAILABLE, /* the handler could not decide: no server answered, no memory */
	AAA_VERDICT__COUNT
};

struct aaa_request {
	enum aaa_method method;
	uint8_t id; /* CHAP identifier */
	struct span user, password, challenge, response;
	struct span calling_number, called_number; /* empty: the LAC sent none */
	struct span peer_name;			   /* Host Name of the LAC */
	struct span nas_port_id;		   /* empty: RADIUS is not configured */
	const struct ze_addr *local, *peer; /* the ends of the tunnel: ours and that of the LAC */
	uint64_t cookie;		    /* of a late verdict; never used twice */
	uint64_t session_id;		    /* for Acct-Session-Id */
	uint32_t nas_port;		    /* the same as sid; unique among the sessions */
	uint16_t tid, sid;		    /* our ids of the tunnel and the session */
	uint16_t mru;			    /* of the subscriber, octets */
	uint32_t tx_speed, rx_speed;	    /* bit/s, towards and from the subscriber; 0: unknown */
	ze_ns now, until;		    /* of the authentication phase */
	ze_ns deadline; /* set by the broker: a verdict of this handler after it is ignored */
};

struct aaa_answer {
	enum aaa_verdict verdict;
	char message[AAA_MESSAGE_MAX + 1];
	char mschap2[43];	 /* accept with MS-CHAPv2: "S=" and 40 hex digits */
	uint16_t mschap_error;	 /* reject with MS-CHAPv2: 691, 648 ...; 0 means 691 */
	bool mschap_raw;	 /* the same: message is the complete text "E=691 R=0 C=..." */
	struct profile *profile; /* accept: owned by the receiver; otherwise NULL */
	const char *why;	 /* unavailable: a constant, for the operator; NULL: not known */
};

struct aaa_handler {
	const char *name; /* "l2tp-auth-local" */
	void *self;
	/* Returns true with the verdict in *ret, or false when the verdict follows later, under
	 * rq->cookie (engine_auth_answer()). The request is valid during the call only. After
	 * UNKNOWN and UNAVAILABLE the next handler is asked. */
	bool (*auth)(void *self, const struct aaa_request *rq, struct aaa_answer *ret);
	/* The verdict is no longer awaited: drop the request. An unknown cookie is ignored. May be
	 * NULL when auth always returns true. */
	void (*cancel)(void *self, uint64_t cookie);
};
