/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/event.h"

const char *event_kind_name(enum event_kind k)
{
	static const char *const names[EV__COUNT] = {
		[EV_TUNNEL_UP] = "tunnel-up",
		[EV_TUNNEL_DOWN] = "tunnel-down",
		[EV_SESSION_STARTING] = "session-starting",
		[EV_SESSION_UP] = "session-up",
		[EV_SESSION_DOWN] = "session-down",
		[EV_SESSION_CLOSED] = "session-closed",
		[EV_SESSION_FAMILY] = "session-family",
		[EV_AUTH_UNAVAILABLE] = "auth-unavailable",
		[EV_DISCONNECT_REQUESTED] = "disconnect-requested",
		[EV_SESSION_CHANGED] = "session-changed",
		[EV_ROUTE_ADD] = "route-add",
		[EV_ROUTE_REMOVE] = "route-remove",
		[EV_ECHO_RTT] = "echo-rtt",
		[EV_ECHO_LOST] = "echo-lost",
	};

	return (unsigned)k < EV__COUNT ? names[k] : "unknown";
}
