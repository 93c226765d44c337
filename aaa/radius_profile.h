/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the attributes of an Access-Accept or a CoA-Request give a subscriber. Pure: a parsed packet
 * goes in, a profile and a report come out. A packet without the attribute of a value leaves that
 * value as it was.
 *
 * The attributes are a constant table in radius_profile.c: number, vendor, name, reader, and whether
 * a CoA-Request may change it. A dictionary library is not used here. Its lookup is linear in the
 * number of attributes, it logs every attribute that it does not know, and it turns a value into a
 * general form that must be taken apart again, while each attribute of this table has rules of its
 * own. An operator's dictionary cannot give ze a new meaning, only a new name.
 *
 * Values that cannot be used are not dropped silently. In an Access-Accept they are named in the
 * report and counted, and the login continues without them, except for what would give the
 * subscriber another service than was meant: another Service-Type or Framed-Protocol, and an
 * address that no host can have, refuse the login. In a CoA-Request the first one refuses the whole
 * change.
 *
 * Rates. Of several forms, the first one in this order that names a direction decides it:
 * Mikrotik-Rate-Limit, Cisco-AVPair, WISPr-Bandwidth-Max-*, Ascend-*-Rate, ERX-*, Connect-Info,
 * Filter-Id. So what can only be a rate wins over what is often something else. A Filter-Id that
 * is no rate is kept and shown.
 *
 * Limits: those of PROFILE_KEYS; of a value that may occur once, the first one is used.
 */
#pragma once

#include "aaa/profile.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"

#define RADIUS_INTERIM_MIN 60	/* seconds; a shorter interval is raised to it */
#define RADIUS_INTERIM_MAX 3600 /* a longer one is lowered to it */
#define RADIUS_MTU_MIN	   576	/* octets that every IPv4 host must accept, RFC 791 3.1 */

enum radius_fault {	       /* why an attribute gives nothing */
	RADIUS_FAULT_LENGTH,   /* its length cannot be right */
	RADIUS_FAULT_VALUE,    /* its value cannot be used */
	RADIUS_FAULT_MANY,     /* more of them than ze keeps */
	RADIUS_FAULT_UNAPPLIED /* ze knows it and does not have what it asks for */
};

struct radius_finding {
	const char *name; /* of the attribute: "Framed-Route" */
	enum radius_fault fault;
	struct span value; /* inside the packet */
};

#define RADIUS_FINDINGS 8

struct radius_report {
	unsigned unusable;  /* attributes with a fault of length, value or number */
	unsigned unapplied; /* attributes with RADIUS_FAULT_UNAPPLIED */
	unsigned unknown;   /* attributes that ze does not know, and Vendor-Specific ones that
			     * have no valid inside */
	unsigned n_findings;
	struct radius_finding
		findings[RADIUS_FINDINGS]; /* the first ones of `unusable` and `unapplied` */
};

/* Makes the profile that an Access-Accept gives. `base` has the user's name as the client sent it,
 * and what local users or nothing gave; a User-Name in the packet replaces the name. Returns
 * REASON_NONE with *ret for the caller to free, or
 * REASON_ACCEPT_SERVICE: Service-Type is not Framed or Framed-Protocol is not PPP,
 * REASON_ACCEPT_ADDRESS: Framed-IP-Address is one that no host can have,
 * REASON_NO_MEMORY.
 * *rep is always written. */
enum reason radius_profile_accept(struct span attrs, const struct profile *base,
				  struct profile **ret, struct radius_report *rep);

/* Makes the profile of a subscriber whose profile was `base`, after the changes of a CoA-Request.
 * `attrs` are the attributes of the request that do not identify a session. All or nothing: returns
 * REASON_NONE with *ret for the caller to free, or
 * REASON_COA_UNSUPPORTED: an attribute that cannot be changed, or is unknown,
 * REASON_COA_VALUE: a value that cannot be used,
 * REASON_NO_MEMORY.
 * After a refusal, ret_finding has the attribute; its name is "" when it is unknown. */
enum reason radius_profile_change(struct span attrs, const struct profile *base,
				  struct profile **ret, struct radius_finding *ret_finding);

/* False for the n-th value of a key that the subscriber does not get: ze does not apply the key, or
 * it is a Filter-Id that is no rate. */
bool radius_profile_applied(const struct profile *p, enum profile_key key, unsigned n);
/* The name of an attribute that ze knows as part of a profile; "" for others. */
const char *radius_profile_attr_name(uint32_t vendor, uint8_t type);
/* "length", "value", "too-many", "not-applied". */
const char *radius_fault_name(enum radius_fault fault);
