/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes that say which NAS and which session a request is about. They are the same in an
 * Access-Request and in the accounting records of the session, so that a server can join them.
 *
 *   Service-Type Framed, Framed-Protocol PPP, NAS-Port-Type Virtual, Tunnel-Type L2TP
 *   NAS-Identifier, NAS-IP-Address or NAS-IPv6-Address	what is known of the NAS
 *   NAS-Port, NAS-Port-Id, Acct-Session-Id		the session
 *   Called-Station-Id, Calling-Station-Id		the numbers of the call
 *   Connect-Info					"tx/rx" of the call in bit/s
 *   Tunnel-Medium-Type, Tunnel-Client-Endpoint, Tunnel-Server-Endpoint, Tunnel-Client-Auth-ID
 *							the tunnel: its ends, and the LAC's name
 *
 * What is not known is left out.
 */
#pragma once

#include "aaa/radius_req.h"
#include "daemon/base/addr.h"

enum radius_kind { /* of a request that has attributes of a session or an event */
	RADIUS_KIND_ACCESS,
	RADIUS_KIND_START,
	RADIUS_KIND_INTERIM,
	RADIUS_KIND_STOP,
	RADIUS_KIND_ON,
	RADIUS_KIND_OFF,
	RADIUS_KIND__COUNT
};

enum radius_optional { /* attributes that the configuration may exclude */
	RADIUS_OPT_CALLING_STATION_ID,
	RADIUS_OPT_NAS_PORT_ID,
	RADIUS_OPT_FRAMED_IP_ADDRESS,
	RADIUS_OPT_EVENT_TIMESTAMP,
	RADIUS_OPT_ACCT_DELAY_TIME,
	RADIUS_OPT_ACCT_TERMINATE_CAUSE,
	RADIUS_OPT__COUNT
};

struct radius_exclude { /* by the configuration: bits of enum radius_kind, for each attribute */
	uint8_t kinds[RADIUS_OPT__COUNT];
};

struct radius_nas {
	struct span identifier; /* may be empty, when there is an address */
	struct ze_addr address; /* family 0: none */
	const char *port_id;	/* template of NAS-Port-Id, see below */
	struct radius_exclude exclude;
};

struct radius_session {
	uint64_t id;
	uint32_t nas_port;   /* our L2TP session id */
	uint16_t tunnel_id;  /* for NAS-Port-Id alone */
	struct span port_id; /* NAS-Port-Id; see radius_attrs_port_id() */
	struct span calling_number, called_number, peer_host;
	const struct ze_addr *local, *peer; /* the ends of the tunnel */
	uint32_t tx_bps, rx_bps;	    /* of the call; 0: unknown */
};

/* Appends the attributes; to an Access-Request, those that are not excluded from it. */
void radius_attrs_put(struct radius_req *q, const struct radius_nas *nas,
		      const struct radius_session *s);
/* Appends NAS-Identifier and the NAS's address alone, for Status-Server. */
void radius_attrs_put_nas(struct radius_req *q, const struct radius_nas *nas);
/* True when requests of this kind have the attribute, unless it is excluded. */
bool radius_attrs_has(enum radius_optional attr, enum radius_kind kind);
/* True when the configuration excludes the attribute from requests of this kind. */
bool radius_attrs_excluded(const struct radius_exclude *x, enum radius_kind kind, uint8_t type);
/* Writes NAS-Port-Id, at most RADIUS_VALUE_MAX octets, for the tunnel and the session of s. It is
 * the same in all requests about a session, so it is kept with the session. */
void radius_attrs_port_id(struct wr *w, const struct radius_nas *nas,
			  const struct radius_session *s);
/* Checks a template of NAS-Port-Id, in which {nas-id}, {tunnel-id} and {session-id} are replaced.
 * Returns NULL, or what is wrong. */
const char *radius_attrs_port_id_wrong(const char *template, struct span identifier);
