/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PPP link with a scripted peer and owner, in virtual time. Everything the link does is written
 * to a log of words ("lcp.1" is an LCP frame with code 1) that each step of a test compares
 * completely. Nothing happens by itself: each call is one action of the peer or the owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ppp/link.h"

#define PW_T0 ZE_SEC(1000)

#define PW_LOCAL4 0x0a000001
#define PW_PEER4  0x0a000002

#define PW_NOTHING ((struct span){ 0 })
#define PW_OPTS(s) span_of(s, sizeof(s) - 1)
#define PW_ADDR0   PW_OPTS("\003\006\000\000\000\000")
#define PW_ADDR_OK PW_OPTS("\003\006\012\000\000\002")
#define PW_IFID	   PW_OPTS("\001\012\002\000\000\000\000\000\000\005")

struct pw_pkt {
	uint8_t code, id;
	uint16_t len;
	uint8_t data[1600];
};

struct pw {
	struct ppp_link l;
	struct ppp_fx fx;
	ze_ns now;
	uint32_t seed;
	char log[2000];
	struct pw_pkt req[4]; /* last Configure-Request by protocol: lcp ipcp ipv6cp */
	struct pw_pkt last;   /* last packet of the link */
	struct ppp_auth_request asked;
};

extern struct rng pw_rng;
extern const struct ppp_link_cfg pw_defaults;

int pw_setup(void **st);
int pw_teardown(void **st);
/* Use before and after a call of the link: empty the effects; log what it did. */
struct ppp_fx *pw_begin(struct pw *w);
void pw_end(struct pw *w);
/* Compares the log since the last comparison, and empties it. */
void pw_assert_log(struct pw *w, const char *want);
/* Runs every deadline up to now + d. */
void pw_advance(struct pw *w, ze_ns d);
/* The peer sends octets, a packet, or a CHAP response. */
void pw_frame(struct pw *w, const void *p, size_t len);
void pw_give(struct pw *w, uint16_t proto, uint8_t code, uint8_t id, struct span data);
/* The peer acknowledges the last Configure-Request: 0 LCP, 1 IPCP, 2 IPv6CP. */
void pw_ack(struct pw *w, unsigned which);
/* Steps of a successful conversation; each checks its log. */
void pw_start(struct pw *w, const struct ppp_link_cfg *cfg);
/* Sends the peer's request first, then its Ack of ours; the log is not checked. */
void pw_lcp_open_quietly(struct pw *w);
void pw_lcp_open(struct pw *w);
void pw_respond(struct pw *w, const char *user);
/* Answers of the owner. */
void pw_verdict(struct pw *w, bool accept);
void pw_addr(struct pw *w, enum ppp_family fam, bool accept);
void pw_attached(struct pw *w, enum ppp_family fam, bool ok);
void pw_close(struct pw *w, enum ppp_end why);
void pw_authenticate(struct pw *w);
void pw_ipv4_up(struct pw *w);
void pw_ipv6_up(struct pw *w);
void pw_all_up_with(struct pw *w, const struct ppp_link_cfg *cfg);
void pw_all_up(struct pw *w);
/* The link has finished: checks that no call has an effect any more. */
void pw_assert_over(struct pw *w);
