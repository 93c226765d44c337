/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A RADIUS client: which server gets a request, when it is sent again, and which reply is its
 * answer. One client serves one purpose, authentication or accounting, with the servers of that
 * purpose in the order in which they are preferred. It has no socket and no clock: datagrams and
 * the time go in, datagrams and results go out through struct radius_client_ops.
 *
 * Requests. radius_client_request() copies a request and sends it. Each request ends once, by one
 * call of done() or by radius_client_cancel(). It is sent `retries` times to a server; the waits
 * begin with `timeout` and double, with a jitter of 10 % (RFC 5080 2.2.1). A retransmission has
 * the same octets and the same source port. Then the next server gets it, with a new identifier
 * and authenticator and its own encryption of the password. A request never lasts longer than its
 * deadline: when the deadline does not leave time for all servers, each gets an equal share. A
 * late answer of a server that was given up is still used as long as the request lasts.
 *
 * Identifiers. A source port of a server has 256. Ports are used from 0 upwards; the next one
 * comes into use only when no identifier is free. An identifier is not used again while its
 * request lasts, and when an answer may still arrive, not for RADIUS_QUARANTINE after that, unless
 * all others are taken.
 *
 * Servers. A server is set aside when RADIUS_MISSES requests have had no answer for a while (see
 * radius_server.h), and nothing else came from it either. Requests that wait for it move on, and
 * new ones prefer the others. It is asked by Status-Server (RFC 5997), and when it does not answer
 * those, by single logins that move on quickly. It comes back with its first authentic answer.
 * When no other server is left, servers that are set aside are used like any other, so that a
 * wrong suspicion locks out nobody.
 *
 * Replies. A reply is an answer when its source address and port, the source port it was sent to,
 * its identifier, its Response Authenticator and its Message-Authenticator are right, in that
 * order. Everything else is counted by reason for that server, and the request continues to wait.
 * An authentic reply whose code is not the answer to such a request ends it as a reject, and so
 * does an Access-Challenge (RFC 2865 4.4). A reject is an answer: the next server is not asked.
 *
 * Memory. A request takes about 200 octets and its attributes, an open source port 14 KiB.
 * Requests are limited by max_pending, ports by `ports`. Memory that contained a password or a
 * secret is wiped.
 *
 * Calls. No function of the client may be called from send() or note(). From done(), requests may
 * be made and cancelled. The client is not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/radius_pkt.h"
#include "aaa/radius_req.h"
#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/rng.h"
#include "daemon/base/wire.h"

#define RADIUS_SERVERS_MAX 8
#define RADIUS_PORTS_MAX   128
#define RADIUS_MISSES	   3	      /* unanswered requests until a server is set aside */
#define RADIUS_QUARANTINE  ZE_SEC(30) /* rest of an identifier that was not answered */

/* Whether answers to Access-Requests need a Message-Authenticator. */
enum radius_signing {
	RADIUS_SIGN_AUTO,    /* as soon as this server has sent one */
	RADIUS_SIGN_REQUIRE, /* always */
	RADIUS_SIGN_OFF	     /* never; one that is there must still be right */
};

struct radius_server_cfg {
	const char *name;    /* for the operator */
	struct ze_addr addr; /* with port */
	struct span secret;  /* 1 octet or more */
	enum radius_signing signing;
};

struct radius_client_cfg {
	bool accounting; /* answers to Status-Server are Accounting-Response */
	const struct radius_server_cfg *servers; /* most preferred first */
	size_t n_servers;			 /* 1 to RADIUS_SERVERS_MAX */
	ze_ns timeout;				 /* first wait: 1 s to 30 s */
	unsigned retries;			 /* sends to a server: 1 to 10 */
	unsigned ports;	    /* source ports per server: 1 to RADIUS_PORTS_MAX */
	size_t max_pending; /* requests at a time, 1 or more */
	ze_ns hold_min,
		hold_max; /* wait for the first probe of a server, and the longest: 2 s, 30 s */
	struct span
		identity; /* attributes of Status-Server, encoded: NAS-Identifier or -IP-Address */
};

enum radius_outcome {
	RADIUS_DONE_ACCEPT,	/* Access-Accept or Accounting-Response */
	RADIUS_DONE_REJECT,	/* Access-Reject; with a reason: another code */
	RADIUS_DONE_UNAVAILABLE /* no answer */
};

struct radius_result {
	uint64_t cookie;
	enum radius_outcome outcome;
	/* ACCEPT, and REJECT by Access-Reject: REASON_NONE. Other REJECT: REASON_REPLY_CHALLENGE or
	 * REASON_REPLY_CODE. UNAVAILABLE: REASON_REPLY_NONE, or REASON_NO_MEMORY when the last
	 * server could not be asked for lack of memory, identifiers or random octets. */
	enum reason reason;
	struct span request; /* its attributes in clear; valid until done() returns */
	/* The rest is of the server that answered; NULL and empty when UNAVAILABLE. */
	const char *server;	 /* its name */
	struct radius_pkt reply; /* valid until done() returns */
	struct radius_seal seal; /* to decrypt values of the reply; as long */
	ze_ns took;		 /* from radius_client_request() to now */
};

enum radius_note_kind {	   /* for the log */
	RADIUS_NOTE_ASIDE, /* a server does not answer and is set aside */
	RADIUS_NOTE_BACK,  /* it answers again */
	/* A reply without Message-Authenticator was accepted (RADIUS_SIGN_AUTO). Once per server.
	 * The cure is to sign replies on the server. */
	RADIUS_NOTE_UNSIGNED,
	/* A reply without Message-Authenticator was dropped. Once per server. */
	RADIUS_NOTE_UNSIGNED_DROPPED
};

struct radius_note {
	enum radius_note_kind kind;
	const char *server; /* name */
	const struct ze_addr *addr;
	unsigned misses; /* ASIDE: requests without an answer */
	ze_ns aside;	 /* BACK: how long the server was set aside */
};

/* How the client acts. All functions are required. */
struct radius_client_ops {
	/* Sends a datagram to server number `server` (index in the configuration) from its source
	 * port number `port`, which is below cfg.ports; its socket is opened with the first
	 * datagram and stays. The octets are valid during the call. Returns 0 or -errno; an error
	 * is counted, and the datagram is treated as one that was lost. */
	int (*send)(void *self, unsigned server, unsigned port, struct span datagram);
	/* The request has ended. */
	void (*done)(void *self, const struct radius_result *r);
	void (*note)(void *self, const struct radius_note *n);
};

struct radius_client;

/* Returns a client, or NULL when out of memory or when the configuration is outside the limits
 * above. The configuration and what it points to are copied. ops, self and rng must outlive the
 * client. */
struct radius_client *radius_client_new(const struct radius_client_cfg *cfg,
					const struct radius_client_ops *ops, void *self,
					const struct rng *rng);
/* Frees the client; requests end without done(). NULL is allowed. */
void radius_client_free(struct radius_client *c);
/* For a reload: servers of c that have the address and the secret of a server of `old` start with
 * its state, round-trip times and counters. Call it before the first request. `old` may finish its
 * requests beside c, from source ports of its own. */
void radius_client_inherit(struct radius_client *c, const struct radius_client *old, ze_ns now);

/* Sends a copy of q. done() follows with this cookie, which no other request may have, at
 * `deadline` at the latest. done() is not called before this function returns. Returns 0; -EINVAL:
 * q has a fault; -EEXIST: the cookie is in use; -ETIMEDOUT: the deadline is not after now;
 * -ENOBUFS: max_pending requests are under way, or every identifier of every server is taken (both
 * counted); -ENOMEM; or the error of rng. After an error there is no request; the caller treats it
 * as unavailable. */
int radius_client_request(struct radius_client *c, const struct radius_req *q, uint64_t cookie,
			  ze_ns deadline, ze_ns now);
/* Ends a request without done(). A late answer changes nothing. Returns false when there is no such
 * request. */
bool radius_client_cancel(struct radius_client *c, uint64_t cookie, ze_ns now);

struct radius_arrival {
	unsigned server, port;	    /* of the socket, as in send() */
	const struct ze_addr *from; /* source of the datagram */
	struct span datagram;
};

/* Takes a datagram. Returns REASON_NONE when it was an answer (of a request or of Status-Server),
 * or why it was dropped; it was counted. Not for the log: the counters are for the operator.
 *   REASON_REPLY_SOURCE         not from the server's address and port
 *   REASON_RADIUS_*             not a packet, see radius_pkt_parse()
 *   REASON_REPLY_ID             no request has this identifier on this port
 *   REASON_REPLY_AUTHENTICATOR  Response Authenticator wrong: another secret, or forged
 *   REASON_RADIUS_SIGNATURE     Message-Authenticator wrong
 *   REASON_REPLY_UNSIGNED       Message-Authenticator is required and missing
 *   REASON_REPLY_LATE           authentic, but its request has ended */
enum reason radius_client_input(struct radius_client *c, const struct radius_arrival *a, ze_ns now);

/* When to call radius_client_expire(); ZE_NEVER: there is nothing to wait for. */
ze_ns radius_client_deadline(const struct radius_client *c);
/* Handles what is due: retransmissions, moves to the next server, requests that end, probes. At
 * most RADIUS_EXPIRE_MAX of them, so that a turn stays short; the deadline remains due when there
 * are more. */
#define RADIUS_EXPIRE_MAX 128
void radius_client_expire(struct radius_client *c, ze_ns now);

struct radius_server_stats {
	const char *name; /* valid as long as the client */
	struct ze_addr addr;
	bool aside;
	ze_ns since;		     /* time of the last change of `aside`; 0: never */
	bool signs;		     /* has sent a Message-Authenticator with an answer */
	size_t outstanding;	     /* requests that it may still answer */
	unsigned ports;		     /* source ports in use */
	ze_ns rtt, rtt_min, rtt_max; /* smoothed (RFC 6298), and extremes; 0: none yet */
	uint64_t requests;	     /* requests sent, without retransmissions and probes */
	uint64_t retransmits;
	uint64_t timeouts; /* requests that it was asked and did not answer in its time */
	uint64_t accepts, rejects, challenges, other_codes;
	uint64_t probes, probe_replies; /* Status-Server */
	uint64_t set_aside;		/* times */
	uint64_t send_errors;
	uint64_t dropped[REASON__COUNT]; /* replies, by reason */
};

struct radius_client_stats {
	size_t pending, pending_max; /* requests under way now, and most at a time */
	uint64_t refused_limit;	     /* max_pending */
	uint64_t refused_ids;	     /* every identifier of every server taken */
	uint64_t unavailable;	     /* requests that no server answered */
	uint64_t cancelled;
};

size_t radius_client_servers(const struct radius_client *c);
/* i is below radius_client_servers(). */
void radius_client_server_stats(const struct radius_client *c, size_t i,
				struct radius_server_stats *ret);
void radius_client_stats(const struct radius_client *c, struct radius_client_stats *ret);
