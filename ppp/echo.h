/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LCP Echo keepalive: when to send a request, the round-trip time, and when the peer is dead. A
 * reply counts for the request with its id until that request was counted as lost. Part of struct
 * lcp.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "ppp/frame.h"
#include "ppp/fx.h"

#define ECHO_OUTSTANDING 8

struct echo_cfg {
	ze_ns interval;	  /* between requests; 0: none are sent */
	ze_ns timeout;	  /* a request without a reply for this long is lost */
	uint8_t failures; /* lost requests in a row until the peer is dead; 0: never */
};

struct echo {
	const struct echo_cfg *cfg;	  /* borrowed; outlives this object */
	ze_ns out_sent[ECHO_OUTSTANDING]; /* when the request was sent; 0: the slot is free */
	uint8_t out_id[ECHO_OUTSTANDING];
	uint8_t next_id;
	uint8_t lost_in_row;
	bool rejected; /* the peer rejected Echo-Request with a Code-Reject: none are sent */
	bool deferred; /* the next request was late and is already deferred */
	ze_ns next_send;
	ze_ns last_rtt, min_rtt, max_rtt; /* 0: no reply yet */
	uint64_t sent, replies, lost;
};

void echo_init(struct echo *e, const struct echo_cfg *cfg);
void echo_start(struct echo *e, ze_ns now); /* call when LCP opens */
/* Call when LCP is restored as Opened after a restart. The first request is sent at some time in
 * the interval, chosen by `spread`, so that the links do not send all at once. */
void echo_restore(struct echo *e, uint32_t spread, ze_ns now);
void echo_stop(struct echo *e);
/* The peer sent a Code-Reject for Echo-Request: none are sent until LCP opens again. */
void echo_reject(struct echo *e);
const char *echo_state_name(const struct echo *e); /* "running", "rejected-by-peer", "off" */
ze_ns echo_deadline(const struct echo *e);	   /* ZE_NEVER: no timer runs */
/* Sends the request that is due and counts lost ones. Returns false when the peer is dead. */
bool echo_expire(struct echo *e, uint32_t magic, ze_ns now, struct ppp_fx *fx);
struct echo_magic { /* as negotiated */
	uint32_t ours, peer;
};
/* Takes an Echo-Reply. */
void echo_reply(struct echo *e, const struct cp_pkt *p, struct echo_magic m, ze_ns now,
		struct ppp_fx *fx);
