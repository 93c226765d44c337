/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounting-Requests (RFC 2866): the attributes that all records of a session have, which are
 * written once and kept in its row (aaa/acct.h), and the request that is made from a row. Pure; the
 * counters of a row are in octets and packets, and "in" is from the subscriber.
 *
 * All records of a session:
 *   User-Name, Chargeable-User-Identity, every Class	as the server gave them
 *   the attributes of aaa/radius_attrs.h		as in its Access-Request
 *   Acct-Authentic					RADIUS or Local
 *   Framed-IP-Address					when IPv4 is up
 *   Framed-Interface-Id, Framed-IPv6-Prefix and Delegated-IPv6-Prefix of the profile
 *							when IPv6 is up
 *   Framed-MTU						when it is known
 *   Filter-Id						as the server gave it
 *
 * A record adds Acct-Status-Type, Event-Timestamp and Acct-Delay-Time; an Interim-Update and a Stop
 * Acct-Session-Time, the octets and packets in both directions, and Gigawords for octets from 2^32
 * on; a Stop Acct-Terminate-Cause. Packets wrap at 2^32, because there is no attribute for more.
 *
 * Accounting-On and -Off are about the NAS, so they have no attribute of a session. RFC 2866 5.5
 * demands an Acct-Session-Id in every Accounting-Request: theirs is zero, which no session has.
 */
#pragma once

#include "aaa/acct.h"
#include "aaa/radius_attrs.h"

struct profile;

/* What radius_acct_request() adds to the attributes of a row at most: eleven numbers. */
#define RADIUS_ACCT_ADDED 66
/* The attributes of a row at most. */
#define RADIUS_ACCT_ATTRS_MAX (RADIUS_REQ_MAX - RADIUS_ACCT_ADDED)

struct radius_acct_who {	       /* a session, for its records */
	struct radius_session session; /* as in its Access-Request */
	struct span user;	       /* as authenticated; empty: no authentication */
	const struct profile *profile; /* its user's name, if any, is used; NULL: no profile */
	uint32_t ip4;		       /* host order; 0: IPv4 is not up */
	uint64_t peer_ifid;	       /* 0: IPv6 is not up */
	uint16_t mtu;		       /* octets; 0: not known */
	bool by_radius;		       /* authenticated by a RADIUS server */
};

struct radius_acct_time { /* seconds since 1970 */
	uint64_t at;	  /* of the event */
	uint64_t wall;	  /* now */
};

/* Appends the attributes that are the same in all records of a session, at most
 * RADIUS_ACCT_ATTRS_MAX octets. A Filter-Id for which there is no room is left out. Returns
 * REASON_NONE, or REASON_RADIUS_REQUEST: they do not fit; then nothing was appended. */
enum reason radius_acct_attrs(struct wr *w, const struct radius_nas *nas,
			      const struct radius_acct_who *s);
/* Writes a record into q, which radius_req_init() began: of the session of a row, or Accounting-On
 * or -Off (row is NULL). What nas->exclude names is left out here, and stays in the row. Returns
 * REASON_NONE, or REASON_RADIUS_REQUEST: the attributes of the row are damaged or too many. */
enum reason radius_acct_request(struct radius_req *q, const struct radius_nas *nas,
				enum acct_status status, const struct acct_row *row,
				const struct radius_acct_time *t);
