/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: facts about tunnels and sessions, published after they have become true. Pointers in an
 * event are valid during its delivery only; observers copy what they keep. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/core/end_cause.h"
#include "ppp/proto.h"

enum event_kind {
	EV_TUNNEL_UP,
	EV_TUNNEL_DOWN,
	EV_SESSION_STARTING, /* ICCN accepted, PPP begins */
	EV_SESSION_UP,	     /* a family and all required ones are up, for the first time */
	EV_SESSION_DOWN, /* the call has ended; only for sessions that were STARTING or restored */
	EV_SESSION_CLOSED, /* after DOWN, when the data plane has removed the session */
	EV_SESSION_FAMILY, /* a further family of an established session is up, or one is up again */
	EV_AUTH_UNAVAILABLE, /* nothing could check a login; text says why */
	EV_DISCONNECT_REQUESTED,
	EV_SESSION_CHANGED, /* its profile was replaced; facts has the new one */
	EV_ROUTE_ADD, /* a subscriber, or a network behind him, can be reached: family, prefix */
	EV_ROUTE_REMOVE,
	EV_ECHO_RTT,
	EV_ECHO_LOST,
	EV__COUNT
};

#define EV_BIT(k) (1u << (k))

struct session_facts;

struct event_traffic { /* IP packets and octets; up is upstream, from the subscriber */
	uint64_t up_packets, up_bytes, down_packets, down_bytes;
};

struct event_link {		     /* of a session, when the event happened */
	const struct ze_addr *local; /* our end of the tunnel */
	ze_ns up_at;		     /* when it was established; 0: not yet */
	uint64_t peer_ifid;	     /* interface id of the subscriber; 0: IPv6 is not up */
	uint32_t ip4;		     /* of the subscriber, host order; 0: IPv4 is not up */
	uint32_t tx_bps, rx_bps;     /* of the call, towards and from the subscriber; 0: unknown */
	uint16_t mru;		     /* of the subscriber, octets; 0: not known */
};

struct event {
	enum event_kind kind;
	ze_ns now;
	uint16_t tid, sid;
	/* What is known of the session; NULL in events of tunnels, and of a call that was not
	 * established yet. An observer may keep it with session_facts_ref(). */
	const struct session_facts *facts;
	const char *ifname;
	const struct ze_addr *peer; /* of the tunnel */
	enum end_cause end;	    /* DOWN, CLOSED */
	/* A constant. DOWN, CLOSED: the word of `end`, such as "auth-failed"; SESSION_UP: "resumed"
	 * for a restored session; otherwise "". */
	const char *cause;
	/* DISCONNECT_REQUESTED: the operator; free text or NULL. AUTH_UNAVAILABLE: NULL; a
	 * constant. CHANGED: "radius:NAME"; what has
	 * changed, such as "download-rate 10mbit->20mbit". */
	const char *actor, *text;
	uint16_t code; /* DISCONNECT_REQUESTED: RADIUS Disconnect-Cause or 0 */
	enum ppp_family family;
	struct ze_prefix prefix; /* ROUTE; of a subscriber's own address: all its bits */
	bool replay;		 /* it was true before: engine_replay() */
	ze_ns rtt;		 /* ECHO_RTT */
	/* CLOSED: the totals; all 0 when the data plane does not know them. */
	struct event_traffic traffic;
	struct event_link link; /* in events of sessions with facts */
};

const char *event_kind_name(enum event_kind k); /* "session-up" */
