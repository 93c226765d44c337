/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RADIUS packets as octets (RFC 2865, 2866, 2868, 2869, 3579, 5997): reading what a server sends,
 * checking that a server with the shared secret sent it, and the attributes of MS-CHAP and tunnels.
 * radius_req.h builds requests, radius_client.h decides when and where they are sent.
 *
 * A packet is parsed once and then read through spans into the caller's datagram, which must
 * outlive them. Nothing is allocated, and nothing is logged. Secrets and authenticators are
 * compared in a time that does not depend on their contents.
 *
 * What the parser refuses and what it leaves alone: an attribute whose Length is below 2 or beyond
 * the packet makes the packet unusable (RFC 2865 5). The inside of a Vendor-Specific attribute is
 * only a recommendation (5.26), so a vendor's attribute that does not follow it is skipped as one
 * that is unknown, and the packet is used. An empty attribute (Length 2) is passed on as empty.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"

#define RADIUS_HEADER_LEN 20
#define RADIUS_PKT_MAX	  4096 /* octets of a packet, RFC 2865 3 */
#define RADIUS_AUTH_LEN	  16   /* octets of an authenticator */
#define RADIUS_VALUE_MAX  253  /* octets of an attribute's value */
#define RADIUS_VENDOR_MAX 247  /* octets of a vendor attribute's value, 5.26 */

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCOUNTING_REQUEST = 4,
	RADIUS_ACCOUNTING_RESPONSE = 5,
	RADIUS_ACCESS_CHALLENGE = 11,
	RADIUS_STATUS_SERVER = 12
};

/* The attributes that ze writes, or reads by a rule of their own; radius_profile.c has a table of
 * the others. Every number is as good an argument of the functions below. */
enum radius_attr_type {
	RADIUS_USER_NAME = 1,
	RADIUS_USER_PASSWORD = 2,
	RADIUS_CHAP_PASSWORD = 3,
	RADIUS_NAS_IP_ADDRESS = 4,
	RADIUS_NAS_PORT = 5,
	RADIUS_SERVICE_TYPE = 6,
	RADIUS_FRAMED_PROTOCOL = 7,
	RADIUS_FRAMED_IP_ADDRESS = 8,
	RADIUS_FILTER_ID = 11,
	RADIUS_FRAMED_MTU = 12,
	RADIUS_REPLY_MESSAGE = 18,
	RADIUS_STATE = 24,
	RADIUS_CLASS = 25,
	RADIUS_VENDOR_SPECIFIC = 26,
	RADIUS_CALLED_STATION_ID = 30,
	RADIUS_CALLING_STATION_ID = 31,
	RADIUS_NAS_IDENTIFIER = 32,
	RADIUS_PROXY_STATE = 33,
	RADIUS_ACCT_STATUS_TYPE = 40,
	RADIUS_ACCT_DELAY_TIME = 41,
	RADIUS_ACCT_INPUT_OCTETS = 42,
	RADIUS_ACCT_OUTPUT_OCTETS = 43,
	RADIUS_ACCT_SESSION_ID = 44,
	RADIUS_ACCT_AUTHENTIC = 45,
	RADIUS_ACCT_SESSION_TIME = 46,
	RADIUS_ACCT_INPUT_PACKETS = 47,
	RADIUS_ACCT_OUTPUT_PACKETS = 48,
	RADIUS_ACCT_TERMINATE_CAUSE = 49,
	RADIUS_ACCT_MULTI_SESSION_ID = 50,
	RADIUS_ACCT_INPUT_GIGAWORDS = 52,
	RADIUS_ACCT_OUTPUT_GIGAWORDS = 53,
	RADIUS_EVENT_TIMESTAMP = 55,
	RADIUS_CHAP_CHALLENGE = 60,
	RADIUS_NAS_PORT_TYPE = 61,
	RADIUS_TUNNEL_TYPE = 64,
	RADIUS_TUNNEL_MEDIUM_TYPE = 65,
	RADIUS_TUNNEL_CLIENT_ENDPOINT = 66,
	RADIUS_TUNNEL_SERVER_ENDPOINT = 67,
	RADIUS_TUNNEL_PASSWORD = 69,
	RADIUS_CONNECT_INFO = 77,
	RADIUS_MESSAGE_AUTHENTICATOR = 80,
	RADIUS_NAS_PORT_ID = 87,
	RADIUS_CHARGEABLE_USER_IDENTITY = 89,
	RADIUS_TUNNEL_CLIENT_AUTH_ID = 90,
	RADIUS_NAS_IPV6_ADDRESS = 95,
	RADIUS_FRAMED_INTERFACE_ID = 96,
	RADIUS_FRAMED_IPV6_PREFIX = 97,
	RADIUS_ERROR_CAUSE = 101,
	RADIUS_DELEGATED_IPV6_PREFIX = 123
};

enum { /* values of Service-Type, Framed-Protocol, NAS-Port-Type and Acct-Authentic */
	RADIUS_SERVICE_FRAMED = 2,
	RADIUS_SERVICE_AUTHORIZE_ONLY = 17,
	RADIUS_PROTOCOL_PPP = 1,
	RADIUS_PORT_VIRTUAL = 5,
	RADIUS_AUTHENTIC_RADIUS = 1,
	RADIUS_AUTHENTIC_LOCAL = 2
};

enum radius_vendor {
	RADIUS_VENDOR_NONE = 0, /* a standard attribute */
	RADIUS_VENDOR_MICROSOFT = 311
};

enum radius_microsoft { /* RFC 2548 */
	RADIUS_MS_CHAP_ERROR = 2,
	RADIUS_MS_CHAP_CHALLENGE = 11,
	RADIUS_MS_CHAP2_RESPONSE = 25,
	RADIUS_MS_CHAP2_SUCCESS = 26
};

struct radius_pkt {
	uint8_t code, id;
	struct span octets;	  /* from Code to the end of Length; padding is not part of it */
	const uint8_t *auth;	  /* the Authenticator, RADIUS_AUTH_LEN octets */
	struct span attrs;	  /* all attributes; each has a valid length */
	const uint8_t *signature; /* value of Message-Authenticator; NULL: there is none */
};

/* Parses a datagram. Octets after Length are padding and ignored. Returns 0, or
 * -REASON_RADIUS_SHORT: fewer than 20 octets,
 * -REASON_RADIUS_LENGTH: Length is below 20 or beyond the datagram, or one of them is above 4096,
 * -REASON_RADIUS_ATTR_LEN: an attribute's Length is below 2 or beyond the packet,
 * -REASON_RADIUS_SIGNATURE: Message-Authenticator has another length than 18, or occurs twice.
 * *ret is written only on success. */
int radius_pkt_parse(struct span datagram, struct radius_pkt *ret);

/* Checks that the holder of `secret` answered, with this packet, the request whose authenticator is
 * request_auth: the Response Authenticator (RFC 2865 3) and, when there is one, the
 * Message-Authenticator (RFC 3579 3.2). Whether one is needed is the caller's decision. Returns 0,
 * -REASON_REPLY_AUTHENTICATOR or -REASON_RADIUS_SIGNATURE.
 *
 * The Message-Authenticator of an Accounting-Response is valid with the request's authenticator
 * (RFC 5997 4.3, in answer to Status-Server) or with zeros in its place, as FreeRADIUS has it.
 *
 * A CoA-Request or Disconnect-Request is checked in the same way, with request_auth zero (RFC 5176
 * 2.3). */
int radius_pkt_check(const struct radius_pkt *p, const uint8_t request_auth[RADIUS_AUTH_LEN],
		     struct span secret);

/* HMAC-MD5 of the packet with `auth` in place of its Authenticator and zeros in place of its
 * Message-Authenticator. `signature` points into octets, at the value. */
void radius_pkt_sign(struct span octets, const uint8_t *signature, const uint8_t *auth,
		     struct span secret, uint8_t ret[RADIUS_AUTH_LEN]);

/* One attribute. Of a Vendor-Specific attribute, one of the vendor's. */
struct radius_attr {
	uint32_t vendor; /* RADIUS_VENDOR_NONE, or the vendor's enterprise number */
	uint8_t type;
	struct span value; /* 0 to 253 octets */
};

/* A walk over attributes. The fields are private except `skipped`. */
struct radius_walk {
	struct rd packet, vendor_attrs;
	uint32_t vendor;
	unsigned skipped; /* Vendor-Specific attributes so far that have no valid inside */
};

/* Begins a walk over `attrs` of a parsed packet. */
struct radius_walk radius_walk(struct span attrs);
/* The next attribute, in the order of the packet. A Vendor-Specific attribute yields each of the
 * vendor's attributes in it, or nothing when one of their lengths is wrong. Returns false at the
 * end. */
bool radius_walk_next(struct radius_walk *w, struct radius_attr *ret);
/* Finds the first attribute of this vendor (RADIUS_VENDOR_NONE: a standard one) and type. */
bool radius_attr_find(struct span attrs, uint32_t vendor, uint8_t type, struct span *ret);
/* Reads a value of four octets; false when it has another length. */
bool radius_attr_u32(struct span value, uint32_t *ret);

/* Tunnel attributes, RFC 2868 3. A tag is 1 to 31. */
#define RADIUS_TAG_MAX 31
/* Splits an integer attribute into its tag (0: none) and its value of 24 bits. Returns false when
 * it has not four octets. */
bool radius_tagged_u32(struct span value, uint8_t *ret_tag, uint32_t *ret);
/* Splits a text attribute. Its first octet is a tag only when it is below 32, otherwise it belongs
 * to the text and the tag is 0. An octet of 0 is "no tag" and not part of the text. */
void radius_tagged_text(struct span value, uint8_t *ret_tag, struct span *ret);

/* How the value of a reply was encrypted. */
struct radius_seal {
	struct span secret;
	const uint8_t *auth; /* of the request that was answered */
};

/* Decrypts the value of a Tunnel-Password (RFC 2868 3.5) into buf, and sets *ret to the password
 * inside buf. Returns false, and leaves buf wiped, when the value is too short, is not a multiple
 * of 16 octets, or contains a length beyond itself. The caller wipes buf after use. */
bool radius_tunnel_password(const struct radius_seal *s, struct span value,
			    uint8_t buf[RADIUS_VALUE_MAX], uint8_t *ret_tag, struct span *ret);

/* The text of MS-CHAP2-Success (RFC 2548 2.3.3) without its Ident octet: "S=" with 40 hex digits,
 * and what may follow. False: there is none, or it does not begin like that; then the login must
 * be refused, because the client cannot verify the server. */
bool radius_mschap2_success(struct span attrs, struct span *ret);
/* The text of MS-CHAP-Error (RFC 2548 2.1.5) without its Ident octet, for example
 * "E=691 R=0 C=... V=3 M=...", and its number; the number is 691 when there is none that fits in
 * 16 bits. The text may contain any octet. False: no such attribute, or it is empty. */
bool radius_mschap_error(struct span attrs, struct span *ret_text, uint16_t *ret_error);
