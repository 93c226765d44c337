/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts, published after they are true. Observers copy what they keep. */
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
	EV_SESSION_UP,	     /* first family up */
	EV_SESSION_DOWN,
	EV_SESSION_CLOSED, /* after DOWN, when the data plane has let go: traffic is final */
	EV_DISCONNECT_REQUESTED,
	EV_ROUTE_ADD, /* host route of a subscriber: family, address */
	EV_ROUTE_REMOVE,
	EV_ECHO_RTT,
	EV_ECHO_LOST,
	EV__COUNT
};

#define EV_BIT(k) (1u << (k))

struct event_traffic { /* IP packets and octets; up is from the subscriber */
	uint64_t up_packets, up_bytes, down_packets, down_bytes;
};

struct event {
	enum event_kind kind;
	ze_ns now;
	uint16_t tid, sid;
	uint64_t session_id; /* never used twice on this machine, and kept by a restart; 0: of a tunnel */
	const char *user; /* "" before authentication */
	const char *ifname;
	const struct ze_addr *peer; /* of the tunnel */
	enum end_cause end;	    /* DOWN, CLOSED */
	const char *cause; /* DOWN: a word: "peer", "auth-failed", "keepalive-timeout"; a constant */
	const char *actor, *text; /* DISCONNECT_REQUESTED: who, free text */
	uint16_t code;		  /* DISCONNECT_REQUESTED: RADIUS Disconnect-Cause or 0 */
	enum ppp_family family;
	struct ze_addr address; /* ROUTE: the /32 or /128 */
	ze_ns rtt;
	struct event_traffic traffic; /* CLOSED */
};

const char *event_kind_name(enum event_kind k); /* "session-up" */
/* As operators and others see it: 16 hexadecimal digits. Returns buf. */
#define EVENT_ID_TEXT 17
const char *event_id_text(uint64_t session_id, char buf[static EVENT_ID_TEXT]);
