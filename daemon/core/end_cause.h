/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why tunnels and sessions end. Each cause has one row: its word in events and logs, a sentence for
 * operators, and the cause for accounting (RFC 2866 5.10). A cause for which we end a call also has
 * the codes of our CDN (RFC 2661 4.4.2, RFC 3145 3). A word can be shared by a cause of tunnels and
 * a cause of sessions.
 */
#pragma once

#include <stdint.h>

#include "daemon/l2tp/fx.h"
#include "ppp/fx.h"

struct l2tp_cdn_args;
struct l2tp_stop_args;

/* RFC 2866 5.10 */
enum acct_cause {
	ACCT_USER_REQUEST = 1,
	ACCT_LOST_CARRIER = 2,
	ACCT_LOST_SERVICE = 3,
	ACCT_IDLE_TIMEOUT = 4,
	ACCT_SESSION_TIMEOUT = 5,
	ACCT_ADMIN_RESET = 6,
	ACCT_ADMIN_REBOOT = 7,
	ACCT_PORT_ERROR = 8,
	ACCT_NAS_ERROR = 9,
	ACCT_NAS_REQUEST = 10,
	ACCT_PORT_PREEMPTED = 13,
	ACCT_SERVICE_UNAVAILABLE = 15,
	ACCT_USER_ERROR = 17
};

/* clang-format off */
/* Causes that the L2TP machines report: the peer has ended the tunnel or the call, or the machine has
 * sent a StopCCN or CDN with codes of its own. */
#define END_CAUSES_L2TP(X) \
	/* id              word                    accounting */ \
	X(PEER,            "peer",                 LOST_CARRIER, \
	  "the peer ended the tunnel or the call") \
	X(PEER_ADMIN,      "peer",                 ADMIN_RESET, \
	  "the LAC ended the call for administrative reasons") \
	X(PEER_USER,       "peer",                 USER_REQUEST, \
	  "the subscriber ended the link, as the LAC reports") \
	X(SHUTDOWN,        "shutdown",             ADMIN_REBOOT, \
	  "the daemon was stopped") \
	X(KEEPALIVE,       "keepalive-timeout",    LOST_SERVICE, \
	  "the peer did not answer HELLO messages") \
	X(TRANSPORT,       "retransmit-exhausted", LOST_SERVICE, \
	  "the peer did not acknowledge control messages") \
	X(TUNNEL_AUTH,     "auth-failed",          NAS_ERROR, \
	  "the peer did not prove that it knows the tunnel's secret") \
	X(PROTOCOL,        "protocol-error",       NAS_ERROR, \
	  "the peer sent a message that must not be accepted") \
	X(SETUP_TIMEOUT,   "setup-timeout",        LOST_CARRIER, \
	  "it was not established in time") \
	X(PPP,             "ppp",                  NAS_REQUEST, \
	  "PPP ended") \
	X(TUNNEL,          "tunnel-down",          LOST_SERVICE, \
	  "its tunnel ended") \
	X(TUNNEL_REPLACED, "replaced",             LOST_SERVICE, \
	  "the peer opened a new tunnel with the same id")
/*
 * Causes for which we end the call: those of PPP, and of an operator. result, error: Result Code and
 * Error Code of our CDN. code, dir: Disconnect Code and Direction of RFC 3145 (direction 1: the peer,
 * 2: we, 0: the link as a whole); with code 0 the AVP is not sent.
 */
#define END_CAUSES_PPP(X) \
	/* id              word                    result                 error  code dir  accounting */ \
	X(NONE,            "",                     ADMIN,                 NONE,       0, 0, NAS_REQUEST, \
	  "still established, or ended without a cause") \
	X(ADMIN,           "admin",                ADMIN,                 NONE,       1, 2, ADMIN_RESET, \
	  "an operator ended it") \
	X(USER,            "peer",                 ADMIN,                 NONE,       3, 1, USER_REQUEST, \
	  "the subscriber ended the link") \
	X(AUTH_FAILED,     "auth-failed",          ADMIN,                 NONE,       0, 0, USER_ERROR, \
	  "the login was rejected") \
	X(AUTH_TIMEOUT,    "auth-timeout",         ADMIN,                 NONE,       0, 0, USER_ERROR, \
	  "the subscriber did not authenticate in time") \
	X(AUTH_REFUSED,    "auth-refused",         ADMIN,                 NONE,       0, 0, USER_ERROR, \
	  "the subscriber refused all authentication protocols") \
	X(LCP_TIMEOUT,     "lcp-timeout",          TIMEOUT,               NONE,       5, 0, PORT_ERROR, \
	  "LCP did not converge, or was not answered") \
	X(NCP_TIMEOUT,     "ncp-timeout",          TIMEOUT,               NONE,       0, 0, PORT_ERROR, \
	  "no network protocol opened in time, or all of them were closed") \
	X(LOGIN_TIMEOUT,   "login-timeout",        TIMEOUT,               NONE,       0, 0, PORT_ERROR, \
	  "the negotiation was restarted repeatedly, and no network protocol opened") \
	X(ECHO,            "echo",                 CARRIER_LOST,          NONE,       8, 0, LOST_CARRIER, \
	  "the subscriber did not answer LCP echo requests") \
	X(LOOP,            "loop",                 ADMIN,                 NONE,       7, 0, PORT_ERROR, \
	  "the line is looped back") \
	X(REJECTED,        "rejected",             ADMIN,                 NONE,       0, 0, USER_ERROR, \
	  "the subscriber rejected a part of PPP that is required") \
	X(NO_IPV4,         "no-ipv4",              ADMIN,                 NONE,       0, 0, USER_ERROR, \
	  "IPv4 is required, and IPCP did not open or was closed") \
	X(NO_IPV6,         "no-ipv6",              ADMIN,                 NONE,       0, 0, USER_ERROR, \
	  "IPv6 is required, and IPV6CP did not open or was closed") \
	X(ADDRESS_REFUSED, "address-refused",      ADMIN,                 NONE,      19, 2, USER_ERROR, \
	  "the subscriber insists on an address that is not assigned to it, or requests none") \
	X(PLANE,           "dataplane-failed",     NO_FACILITIES_NOW,     RESOURCES,  0, 0, NAS_ERROR, \
	  "the data plane refused the session, or removed it") \
	X(PROXY,           "proxy-mismatch",       ADMIN,                 NONE,       0, 0, NAS_ERROR, \
	  "LCP as the LAC has negotiated it cannot be used, and `proxy lcp never` forbids a new negotiation") \
	X(NO_ADDRESS,      "no-address",           NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "no address could be assigned") \
	X(NO_POOL,         "no-pool",              NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "no address pool is configured") \
	X(POOL_EMPTY,      "pool-empty",           NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "all addresses of the pool are in use") \
	X(POOL_UNKNOWN,    "pool-unknown",         NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "the subscriber's profile names a pool that does not exist") \
	X(ADDRESS_IN_USE,  "address-in-use",       NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "the subscriber's address is in use elsewhere") \
	X(OWN_ADDRESS,     "own-address",          NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "the host has the subscriber's address") \
	X(AUTH_UNAVAILABLE, "auth-unavailable",    NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "nothing that could check the login was available") \
	X(SESSION_LIMIT,   "session-limit",        ADMIN,                 NONE,       0, 0, SERVICE_UNAVAILABLE, \
	  "the user has reached its session limit") \
	X(REPLACED,        "replaced",             ADMIN,                 NONE,       0, 0, PORT_PREEMPTED, \
	  "a newer session of the user replaced it") \
	X(SESSION_TIMEOUT, "session-timeout",      ADMIN,                 NONE,       1, 2, SESSION_TIMEOUT, \
	  "its Session-Timeout, or that of the configuration, was over") \
	X(IDLE,            "idle-timeout",         ADMIN,                 NONE,       1, 2, IDLE_TIMEOUT, \
	  "the subscriber sent no packet for its Idle-Timeout, or that of the configuration") \
	X(UNACCOUNTED,     "unaccounted",          NO_FACILITIES_NOW,     RESOURCES,  0, 0, SERVICE_UNAVAILABLE, \
	  "accounting is required, and no server has acknowledged its Start")
/* clang-format on */

enum end_cause {
#define X(id, ...) END_##id,
	END_CAUSES_PPP(X)
	END_CAUSES_L2TP(X)
#undef X
		END__COUNT
};

enum end_cause end_cause_of_down(enum l2tp_down d);
/* The same for a call, by what the CDN of its LAC says as well. */
enum end_cause end_cause_of_call(const struct l2tp_fx_down *d);
enum end_cause end_cause_of_ppp(enum ppp_end e);
const char *end_cause_word(enum end_cause c); /* "auth-failed"; "" for END_NONE */
const char *end_cause_sentence(enum end_cause c);
/* The value of Acct-Terminate-Cause. */
enum acct_cause end_cause_acct(enum end_cause c);
/* Fills in the CDN of a call whose link has ended; its text is the cause's word. */
void end_cause_cdn(enum ppp_end e, struct l2tp_cdn_args *ret);
/* Fills in a StopCCN that we send on our own initiative: Result Code 6, "the requester is being
 * shut down" (RFC 2661 4.4.2). `text` is not copied. */
void end_cause_stop(enum end_cause c, const char *text, struct l2tp_stop_args *ret);
