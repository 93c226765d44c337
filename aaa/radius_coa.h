/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dynamic authorization (RFC 5176): CoA-Request and Disconnect-Request from RADIUS servers. Pure: a
 * datagram and the time go in, an answer comes out, and what a request does to sessions goes
 * through struct radius_coa_ops. It has no socket and does not log.
 *
 * A request is checked in this order: source address, packet, code, Request Authenticator,
 * Message-Authenticator, age of its Event-Timestamp. What fails is dropped without an answer and
 * counted by reason. A request that was answered in the last RADIUS_COA_KEEP gets the same answer
 * and does nothing again; it is recognized by source, port, code, identifier and authenticator.
 *
 * Sessions. All identifying attributes of a request must agree: User-Name, NAS-Port,
 * Framed-IP-Address, Called-Station-Id, Calling-Station-Id, Acct-Session-Id, Acct-Multi-Session-Id,
 * NAS-Port-Id, Chargeable-User-Identity, Framed-Interface-Id, Framed-IPv6-Prefix. Called-Station-Id
 * alone does not identify a session, because a number is called by many. NAS-IP-Address,
 * NAS-Identifier and NAS-IPv6-Address must be ours; an address also when the request was sent to it.
 * Several sessions may match; the request is for
 * all of them.
 *
 * All or nothing. The profile of every session is made and checked before the first one is changed,
 * and an attribute that cannot be changed, or a value that cannot be used, refuses the whole. So a
 * NAK says that nothing has changed.
 *
 * Answers copy Proxy-State and State, in their order, and have a Message-Authenticator if the
 * request had one. Service-Type in a CoA-Request is always refused (405): Authorize-Only is not
 * supported, and needs a State, without which the cause is 402.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/radius_pkt.h"
#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"

#define RADIUS_COA_CLIENTS_MAX	16
#define RADIUS_COA_SESSIONS_MAX 256	    /* that one request may be for */
#define RADIUS_COA_KEEP		ZE_SEC(300) /* how long answers are repeated */
#define RADIUS_COA_ANSWERS_MAX	16384	    /* answers that are kept; then the oldest one goes */
#define RADIUS_COA_WINDOW	300	    /* seconds by which Event-Timestamp may differ */

enum radius_coa_code {
	RADIUS_DISCONNECT_REQUEST = 40,
	RADIUS_DISCONNECT_ACK = 41,
	RADIUS_DISCONNECT_NAK = 42,
	RADIUS_COA_REQUEST = 43,
	RADIUS_COA_ACK = 44,
	RADIUS_COA_NAK = 45
};

enum radius_error_cause { /* RFC 5176 3.5; 0 is an ACK */
	RADIUS_CAUSE_NONE = 0,
	RADIUS_CAUSE_UNSUPPORTED = 401,	  /* attribute */
	RADIUS_CAUSE_MISSING = 402,	  /* attribute */
	RADIUS_CAUSE_NAS = 403,		  /* NAS identification of another one */
	RADIUS_CAUSE_INVALID = 404,	  /* request */
	RADIUS_CAUSE_SERVICE = 405,	  /* Service-Type */
	RADIUS_CAUSE_VALUE = 407,	  /* attribute value */
	RADIUS_CAUSE_PROHIBITED = 501,	  /* the session has no profile to change */
	RADIUS_CAUSE_NO_SESSION = 503,	  /* not found */
	RADIUS_CAUSE_NOT_REMOVABLE = 504, /* session; only for a Disconnect-Request */
	RADIUS_CAUSE_RESOURCES = 506,	  /* not available */
	RADIUS_CAUSE_SEVERAL = 508	  /* more than RADIUS_COA_SESSIONS_MAX sessions */
};

struct radius_coa_client {
	const char *name;    /* for the operator: the name of the server */
	struct ze_addr addr; /* its port is ignored */
	struct span secret;  /* 1 octet or more */
};

struct radius_coa_cfg {
	const struct radius_coa_client *clients; /* several may have the same address */
	size_t n_clients;			 /* at most RADIUS_COA_CLIENTS_MAX */
	struct span nas_identifier;		 /* empty: none */
	uint32_t nas_ip;			 /* host order; 0: none */
	struct ze_addr nas_ip6;			 /* family 0: none */
	bool require_timestamp;			 /* a request without Event-Timestamp gets a NAK */
	bool require_signature;			 /* one without Message-Authenticator is dropped */
};

enum radius_who_text { /* identifying attributes that are octets */
	RADIUS_WHO_USER,
	RADIUS_WHO_CALLED,
	RADIUS_WHO_CALLING,
	RADIUS_WHO_ACCT_SESSION,
	RADIUS_WHO_ACCT_MULTI,
	RADIUS_WHO_PORT_ID,
	RADIUS_WHO_CUI,
	RADIUS_WHO_IFID6,
	RADIUS_WHO_PREFIX6, /* the value of Framed-IPv6-Prefix: reserved, bits, octets */
	RADIUS_WHO__COUNT
};

/* What identifies sessions. A session matches when it has every value that is given. */
struct radius_who {
	struct span text[RADIUS_WHO__COUNT]; /* empty: not given */
	bool has_port, has_address;
	uint32_t port;	  /* NAS-Port */
	uint32_t address; /* Framed-IP-Address, host order */
};

/* What was done, for the log and the history. Valid during the call. */
struct radius_coa_note {
	const char *client;
	bool disconnect;
	enum radius_error_cause cause; /* RADIUS_CAUSE_NONE: it was done */
	size_t sessions;	       /* that matched */
	const char *attr;	       /* the attribute that is the cause; "" or NULL: none that ze
				        * knows */
	struct span value;	       /* of that attribute */
};

struct profile;

/* How requests act. All functions are required. Sessions have numbers that are not used again
 * before radius_coa_input() returns. */
struct radius_coa_ops {
	/* Writes the ids of at most `max` sessions that match; sessions that are ending do not.
	 * Returns their number. */
	size_t (*find)(void *self, const struct radius_who *who, uint64_t *ret_ids, size_t max);
	/* The profile of a session that was found; NULL: it has none. */
	const struct profile *(*profile)(void *self, uint64_t id);
	/* Returns 0 when the session can have this profile, or -errno. Changes nothing. */
	int (*check)(void *self, uint64_t id, const struct profile *p);
	/* Gives the session this profile, which it takes over. Called after check() succeeded for
	 * every session of the request, so it does not fail. `client` is who asked for it. */
	void (*apply)(void *self, uint64_t id, struct profile *p, const char *client);
	/* Returns false when the session cannot be ended. Changes nothing. */
	bool (*may_end)(void *self, uint64_t id);
	/* Ends the session; `text` is the Reply-Message of the request, often empty. */
	void (*end)(void *self, uint64_t id, const char *client, struct span text);
	/* A request was answered, and not by repeating an answer. */
	void (*note)(void *self, const struct radius_coa_note *n);
};

struct radius_coa;

/* Returns NULL when out of memory or when the configuration is outside the limits above. The
 * configuration and what it points to are copied. ops and self must outlive it. */
struct radius_coa *radius_coa_new(const struct radius_coa_cfg *cfg,
				  const struct radius_coa_ops *ops, void *self);
void radius_coa_free(struct radius_coa *c); /* NULL is allowed */
/* Takes over the answers that are kept, and the numbers of clients with the same name and address, from
 * the object of the configuration before, so that a reload does nothing twice. */
void radius_coa_inherit(struct radius_coa *c, struct radius_coa *old);

struct radius_coa_arrival {
	const struct ze_addr *from; /* source of the datagram, with its port */
	const struct ze_addr *to;   /* its destination; NULL: not known */
	struct span datagram;
	ze_ns now;
	uint64_t wall; /* seconds since 1970 */
};

/* Takes a datagram. Returns REASON_NONE and writes the answer for a->from to w, which has room for
 * RADIUS_PKT_MAX octets and is empty; or returns why nothing is answered:
 *   REASON_COA_CLIENT         from no client of ours
 *   REASON_RADIUS_*           not a packet, see radius_pkt_parse(); RADIUS_LENGTH also when there
 *                             is so much Proxy-State that no answer can have it
 *   REASON_COA_CODE           neither a CoA-Request nor a Disconnect-Request
 *   REASON_COA_AUTHENTICATOR  Request Authenticator wrong: another secret, or forged
 *   REASON_RADIUS_SIGNATURE   Message-Authenticator wrong
 *   REASON_COA_UNSIGNED       Message-Authenticator is required and missing
 *   REASON_COA_STALE          Event-Timestamp too old or too new */
enum reason radius_coa_input(struct radius_coa *c, const struct radius_coa_arrival *a,
			     struct wr *w);

struct radius_coa_stats {
	const char *name; /* of the client; valid as long as the object */
	uint64_t coa_acks, coa_naks, disconnect_acks, disconnect_naks; /* requests by answer */
	uint64_t repeated;					       /* answers */
	uint64_t dropped[REASON__COUNT];			       /* requests, by reason */
};

/* i is below the number of clients, or equal to it: for sources that are no client. Of clients with
 * the same address, the first one has what was dropped before the authenticator was right. */
void radius_coa_stats(const struct radius_coa *c, size_t i, struct radius_coa_stats *ret);
