/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds RADIUS requests. A request is first written without any server in mind: the attributes in
 * clear, with the place of the password marked. From this form the octets for one server are made,
 * with its secret, an identifier and an authenticator. So a request that is sent to a second
 * server is not built again: its password is encrypted and its signature computed for that server
 * (RFC 2865 5.2).
 *
 * The writer has a sticky error, like daemon/base/wire.h: functions after the first failure do
 * nothing, and radius_req_fault() is tested once. A request that does not fit is refused, never
 * cut.
 *
 * An empty value is left out, never sent with Length 2 (RFC 2865 5): callers pass what they have.
 * The buffer contains the password in clear; its owner wipes it after use.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/radius_pkt.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"

#define RADIUS_PASSWORD_MAX 128 /* octets, RFC 2865 5.2 */
/* The attributes of the longest request, without what is added for a server: the header, a
 * Message-Authenticator and the padding of the password. */
#define RADIUS_REQ_MAX (RADIUS_PKT_MAX - RADIUS_HEADER_LEN - 18 - 16)

/* A request that is independent of servers. Attributes are in the order of the calls. */
struct radius_req {
	struct wr w;	      /* over the caller's buffer */
	enum reason fault;    /* the first failure */
	uint8_t code;	      /* enum radius_code */
	uint16_t password_at; /* offset of User-Password, which is in clear; RADIUS_NOWHERE: none */
	uint16_t delay_at;    /* offset of Acct-Delay-Time; RADIUS_NOWHERE: none */
};

#define RADIUS_NOWHERE UINT16_MAX

/* Begins a request with this code: RADIUS_ACCESS_REQUEST, RADIUS_ACCOUNTING_REQUEST or
 * RADIUS_STATUS_SERVER. buf stays the caller's and must outlive the request; RADIUS_REQ_MAX octets
 * are always enough, more are not used. */
void radius_req_init(struct radius_req *q, uint8_t code, void *buf, size_t size);
/* REASON_NONE, or why the request cannot be sent: REASON_RADIUS_REQUEST (a value that has an
 * impossible length, or more attributes than a packet can have) or REASON_RADIUS_PASSWORD (longer
 * than 128 octets). */
enum reason radius_req_fault(const struct radius_req *q);

/* Append an attribute. An empty value appends nothing; one above 253 octets is a fault. The
 * Message-Authenticator is added by radius_req_encode(), User-Password and Acct-Delay-Time have
 * functions of their own; all three types are faults in the functions for any type. */
void radius_req_bytes(struct radius_req *q, uint8_t type, struct span value);
void radius_req_u32(struct radius_req *q, uint8_t type, uint32_t value);
/* Appends one attribute of a vendor in a Vendor-Specific of its own (RFC 2865 5.26). At most 247
 * octets. */
void radius_req_vendor(struct radius_req *q, uint32_t vendor, uint8_t type, struct span value);
/* Append a tunnel attribute with its tag, 1 to 31, or 0 for none (RFC 2868 3). A text is written
 * with its tag octet only when there is a tag; its length is then at most 252 octets. A number has
 * 24 bits. */
void radius_req_tagged(struct radius_req *q, uint8_t type, uint8_t tag, struct span text);
void radius_req_tagged_u32(struct radius_req *q, uint8_t type, uint8_t tag, uint32_t value);

/* Appends User-Password, of 0 to 128 octets, once. An empty password is sent as such: one block of
 * 16 encrypted octets. */
void radius_req_password(struct radius_req *q, struct span password);
/* Appends CHAP-Password (identifier and response, which has 16 octets) and CHAP-Challenge (1 to 253
 * octets), which is always sent, because the authenticator changes with the server. */
void radius_req_chap(struct radius_req *q, uint8_t id, struct span response, struct span challenge);
/* Appends MS-CHAP-Challenge (16 octets) and MS-CHAP2-Response (RFC 2548 2.3.2) from the value of a
 * Response packet (RFC 2759 4): peer challenge 16, zeros 8, NT response 24, flags 1. The RADIUS
 * attribute begins with the identifier, and its Flags are 0. */
void radius_req_mschap2(struct radius_req *q, uint8_t id, struct span response,
			struct span challenge);
/* Appends Acct-Delay-Time with this many seconds, once. The delay at the time of sending is added
 * to it by radius_req_encode(). */
void radius_req_delay(struct radius_req *q, uint32_t seconds);

/* What is added for one server. */
struct radius_req_key {
	struct span secret;
	uint8_t id;
	const uint8_t *auth; /* random, RADIUS_AUTH_LEN octets; not used for accounting */
	uint32_t delay_s;    /* added to Acct-Delay-Time: seconds from building to sending */
};

/* Writes the datagram to w, which has room for RADIUS_PKT_MAX octets and is empty. The same key
 * gives the same octets, so a retransmission may be encoded again.
 *
 * Access-Request and Status-Server: the authenticator is key->auth, and Message-Authenticator is
 * the first attribute (RFC 3579 3.2, RFC 5997 3; first, so that no prefix of the attributes is
 * under an attacker's control before it, CVE-2024-3596). Accounting-Request: the authenticator is
 * computed (RFC 2866 3). ret_auth receives the authenticator that was sent: the answer is checked
 * with it.
 *
 * Returns 0, or -EINVAL when the request has a fault; then nothing was written. */
int radius_req_encode(const struct radius_req *q, const struct radius_req_key *key, struct wr *w,
		      uint8_t ret_auth[RADIUS_AUTH_LEN]);
