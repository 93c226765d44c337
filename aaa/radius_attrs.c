/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_attrs.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/session_id.h"

#define TUNNEL_L2TP   3
#define MEDIUM_IPV4   1
#define MEDIUM_IPV6   2
#define ID_DIGITS_MAX 5 /* of a tunnel or session id */

enum placeholder {
	PLACE_NONE, /* an octet of text */
	PLACE_NAS,
	PLACE_TUNNEL,
	PLACE_SESSION,
	PLACE_UNKNOWN
};

/* What the template has at *at, which is moved behind it. */
static enum placeholder next_piece(const char **at)
{
	static const struct {
		const char *word;
		enum placeholder place;
	} words[] = { { "{nas-id}", PLACE_NAS },
		      { "{tunnel-id}", PLACE_TUNNEL },
		      { "{session-id}", PLACE_SESSION } };

	for (size_t i = 0; i < ZE_ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i].word);

		if (strncmp(*at, words[i].word, len) == 0) {
			*at += len;
			return words[i].place;
		}
	}
	return *(*at)++ == '{' ? PLACE_UNKNOWN : PLACE_NONE;
}

const char *radius_attrs_port_id_wrong(const char *template, struct span identifier)
{
	size_t len = 0;

	for (const char *at = template; *at;) {
		switch (next_piece(&at)) {
		case PLACE_NONE:
			len++;
			break;
		case PLACE_NAS:
			if (!identifier.len)
				return "{nas-id} needs a nas-identifier";
			len += identifier.len;
			break;
		case PLACE_TUNNEL:
		case PLACE_SESSION:
			len += ID_DIGITS_MAX;
			break;
		case PLACE_UNKNOWN:
			return "unknown placeholder; there are {nas-id}, {tunnel-id} and "
			       "{session-id}";
		}
	}
	return len > RADIUS_VALUE_MAX ? "can become longer than 253 octets" : NULL;
}

#define K_STOP	  (1u << RADIUS_KIND_STOP)
#define K_SESSION (1u << RADIUS_KIND_START | 1u << RADIUS_KIND_INTERIM | K_STOP)
#define K_ACCT	  (K_SESSION | 1u << RADIUS_KIND_ON | 1u << RADIUS_KIND_OFF)
#define K_ACCESS  (1u << RADIUS_KIND_ACCESS)

static const struct {
	uint8_t type, kinds; /* of requests that have it */
} optional[RADIUS_OPT__COUNT] = {
	[RADIUS_OPT_CALLING_STATION_ID] = { RADIUS_CALLING_STATION_ID, K_ACCESS | K_SESSION },
	[RADIUS_OPT_NAS_PORT_ID] = { RADIUS_NAS_PORT_ID, K_ACCESS | K_SESSION },
	[RADIUS_OPT_FRAMED_IP_ADDRESS] = { RADIUS_FRAMED_IP_ADDRESS, K_SESSION },
	[RADIUS_OPT_EVENT_TIMESTAMP] = { RADIUS_EVENT_TIMESTAMP, K_ACCT },
	[RADIUS_OPT_ACCT_DELAY_TIME] = { RADIUS_ACCT_DELAY_TIME, K_ACCT },
	[RADIUS_OPT_ACCT_TERMINATE_CAUSE] = { RADIUS_ACCT_TERMINATE_CAUSE, K_STOP },
};

bool radius_attrs_has(enum radius_optional attr, enum radius_kind kind)
{
	return optional[attr].kinds & (1u << kind);
}

bool radius_attrs_excluded(const struct radius_exclude *x, enum radius_kind kind, uint8_t type)
{
	for (unsigned i = 0; i < RADIUS_OPT__COUNT; i++)
		if (optional[i].type == type)
			return x->kinds[i] & (1u << kind);
	return false;
}

static void put_number(struct wr *w, uint32_t n)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", n);
	wr_span(w, span_str(text));
}

void radius_attrs_port_id(struct wr *w, const struct radius_nas *nas,
			  const struct radius_session *s)
{
	for (const char *at = nas->port_id; *at;) {
		char c = *at;

		switch (next_piece(&at)) {
		case PLACE_NAS:
			wr_span(w, nas->identifier);
			break;
		case PLACE_TUNNEL:
			put_number(w, s->tunnel_id);
			break;
		case PLACE_SESSION:
			put_number(w, s->nas_port);
			break;
		case PLACE_NONE:
		case PLACE_UNKNOWN:
			wr_u8(w, (uint8_t)c);
			break;
		}
	}
}

void radius_attrs_put_nas(struct radius_req *q, const struct radius_nas *nas)
{
	radius_req_bytes(q, RADIUS_NAS_IDENTIFIER, nas->identifier);
	if (nas->address.family == 4)
		radius_req_bytes(q, RADIUS_NAS_IP_ADDRESS, span_of(nas->address.ip, 4));
	else if (nas->address.family == 6)
		radius_req_bytes(q, RADIUS_NAS_IPV6_ADDRESS, span_of(nas->address.ip, 16));
}

static void put_endpoint(struct radius_req *q, uint8_t type, const struct ze_addr *a)
{
	struct ze_addr ip = *a;
	char text[ZE_ADDR_TEXT];

	ip.scope = 0;
	radius_req_tagged(q, type, 0, span_str(ze_ip_text(&ip, text)));
}

static void put_ends(struct radius_req *q, const struct radius_session *s)
{
	radius_req_tagged_u32(q, RADIUS_TUNNEL_TYPE, 0, TUNNEL_L2TP);
	radius_req_tagged_u32(q, RADIUS_TUNNEL_MEDIUM_TYPE, 0,
			      s->peer->family == 4 ? MEDIUM_IPV4 : MEDIUM_IPV6);
	put_endpoint(q, RADIUS_TUNNEL_CLIENT_ENDPOINT, s->peer);
	put_endpoint(q, RADIUS_TUNNEL_SERVER_ENDPOINT, s->local);
	radius_req_tagged(q, RADIUS_TUNNEL_CLIENT_AUTH_ID, 0, s->peer_host);
}

/* A row of accounting has all attributes; what is excluded is left out of its records. */
static void put_optional(struct radius_req *q, const struct radius_nas *nas, uint8_t type,
			 struct span value)
{
	if (q->code != RADIUS_ACCESS_REQUEST ||
	    !radius_attrs_excluded(&nas->exclude, RADIUS_KIND_ACCESS, type))
		radius_req_bytes(q, type, value);
}

void radius_attrs_put(struct radius_req *q, const struct radius_nas *nas,
		      const struct radius_session *s)
{
	char text[40];

	radius_req_u32(q, RADIUS_SERVICE_TYPE, RADIUS_SERVICE_FRAMED);
	radius_req_u32(q, RADIUS_FRAMED_PROTOCOL, RADIUS_PROTOCOL_PPP);
	radius_attrs_put_nas(q, nas);
	radius_req_u32(q, RADIUS_NAS_PORT_TYPE, RADIUS_PORT_VIRTUAL);
	radius_req_u32(q, RADIUS_NAS_PORT, s->nas_port);
	put_optional(q, nas, RADIUS_NAS_PORT_ID, s->port_id);
	radius_req_bytes(q, RADIUS_CALLED_STATION_ID, s->called_number);
	put_optional(q, nas, RADIUS_CALLING_STATION_ID, s->calling_number);
	radius_req_bytes(q, RADIUS_ACCT_SESSION_ID, span_str(session_id_text(s->id, text)));
	if (s->tx_bps || s->rx_bps) {
		snprintf(text, sizeof(text), "%u/%u", s->tx_bps, s->rx_bps);
		radius_req_bytes(q, RADIUS_CONNECT_INFO, span_str(text));
	}
	put_ends(q, s);
}
