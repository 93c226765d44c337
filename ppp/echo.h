/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LCP Echo keepalive: when to send, what a reply says about the line, when the peer is dead.
 * A reply counts for its own request, however late, until that one was declared lost. Owned by LCP.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "ppp/frame.h"
#include "ppp/fx.h"

#define ECHO_OUTSTANDING 8

struct echo_cfg {
	ze_ns interval;	  /* 0: no echoes */
	ze_ns timeout;	  /* a request without answer so long is lost */
	uint8_t failures; /* lost in a row: dead; 0: never */
};

struct echo {
	const struct echo_cfg *cfg;	  /* the owner's; lives longer */
	ze_ns out_sent[ECHO_OUTSTANDING]; /* 0: free */
	uint8_t out_id[ECHO_OUTSTANDING];
	uint8_t next_id;
	uint8_t lost_in_row;
	bool rejected; /* the peer does not know Echo-Requests: none are sent */
	bool deferred; /* was due too late once, and is not put off again */
	ze_ns next_send;
	ze_ns last_rtt, min_rtt, max_rtt; /* 0: none yet */
	uint64_t sent, replies, lost;
};

void echo_init(struct echo *e, const struct echo_cfg *cfg);
void echo_start(struct echo *e, ze_ns now); /* LCP opened */
/* LCP opened in another process: the same rhythm, begun somewhere in it, by `spread`, so that not all
 * links that go on at once send at once. */
void echo_resume(struct echo *e, uint32_t spread, ze_ns now);
void echo_stop(struct echo *e);
/* By the peer, with a Code-Reject: none are sent until LCP opens again. */
void echo_reject(struct echo *e);
const char *echo_state_name(const struct echo *e); /* "running", "rejected-by-peer", "off" */
ze_ns echo_deadline(const struct echo *e);
/* Sends what is due, declares losses; false when the peer is dead. */
bool echo_expire(struct echo *e, uint32_t magic, ze_ns now, struct ppp_fx *fx);
struct echo_magic { /* as negotiated */
	uint32_t ours, peer;
};
/* An Echo-Reply. */
void echo_reply(struct echo *e, const struct cp_pkt *p, struct echo_magic m, ze_ns now,
		struct ppp_fx *fx);
