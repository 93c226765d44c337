/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The authenticator's side of PAP (RFC 1334), CHAP-MD5 (RFC 1994) and MS-CHAPv2 (RFC 2759): wire
 * framing only; who is right is decided by whoever answers PPP_FX_AUTH_REQUEST. One object a link.
 * A verdict is repeated for every repetition of the request it answered; one request asks once.
 * Whoever was accepted once stays that user: another name in a later round is rejected here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/rng.h"
#include "ppp/frame.h"
#include "ppp/fx.h"

#define AUTH_USER_MAX	 253 /* RADIUS User-Name */
#define AUTH_MESSAGE_MAX 253
#define AUTH_REPLY_MAX	 320

struct auth_cfg {
	ze_ns retransmit;      /* of a challenge: 3 s */
	uint8_t max_tries;     /* challenges sent in all: 10 */
	ze_ns timeout;	       /* the whole phase */
	ze_ns reauth_interval; /* CHAP only; 0: never */
	uint8_t retries;       /* MS-CHAPv2 second tries (R=1): 0 */
	char name[64];	       /* in challenges; never empty */
};

struct ppp_auth_answer {
	bool accept;
	struct span message;   /* for the subscriber; may be empty */
	struct span mschap2;   /* accept, MS-CHAPv2: "S=" and 40 hex digits, and what may follow;
				 * required then */
	uint16_t mschap_error; /* reject: 691 when 0 */
	enum ppp_end end; /* reject: why, when it is not the password; 0: it may be tried again */
	struct span mschap_raw; /* reject: a whole "E=... " text to pass through; may be empty */
};

enum auth_phase {
	AUTH_IDLE,
	AUTH_CHALLENGED,
	AUTH_DECIDING,
	AUTH_ACCEPTED,
	AUTH_REJECTED
};

struct auth_keep { /* octets kept, as many as there are; owned */
	uint8_t *p;
	uint16_t len;
};

struct auth;

struct auth_listener { /* what the owner must do; auth only tells */
	void (*on_done)(struct auth *a, bool accepted, struct ppp_fx *fx);
	void (*on_timeout)(struct auth *a, struct ppp_fx *fx);
};

struct auth {
	const struct auth_cfg *cfg; /* the owner's; lives longer */
	const struct rng *rng;
	enum ppp_auth_method method;
	enum auth_phase phase;
	bool reauth; /* a later round: the link is already up */
	bool retry;  /* MS-CHAPv2: waiting for a second try over the new challenge */
	bool known;  /* accepted once: a later round must be for the same user */
	uint8_t id, tries, retries_left;
	uint8_t challenge[16];
	uint8_t asked_id; /* id of the request being decided or decided */
	struct auth_keep user;
	struct auth_keep secret; /* password or response, only while being decided */
	struct auth_keep reply;	 /* verdict packet, for repetition */
	ze_ns retransmit_at, phase_deadline, reauth_at;
	const struct auth_listener *listener; /* set by the owner after init, before start */
};

void auth_init(struct auth *a, const struct auth_cfg *cfg, const struct rng *rng);
void auth_done(struct auth *a); /* wipes */
/* LCP opened with this method (not NONE): PAP waits, CHAP challenges. */
void auth_start(struct auth *a, enum ppp_auth_method method, ze_ns now, struct ppp_fx *fx);
/* LCP left Opened: forgets everything but the accepted user and the round's identifier. */
void auth_stop(struct auth *a);
/* A PAP or CHAP packet; proto says which. Wrong protocol for the method: refused. */
void auth_input(struct auth *a, uint16_t proto, struct span info, ze_ns now, struct ppp_fx *fx);
void auth_answer(struct auth *a, const struct ppp_auth_answer *v, ze_ns now, struct ppp_fx *fx);
/* Nothing is owed: accepted, perhaps with a round that begins anew, or never asked for. Credentials are
 * not among what is saved. 0, -EBADMSG, -ENOMEM. */
void auth_save(const struct auth *a, struct wr *w);
int auth_resume(struct auth *a, struct rd *r, ze_ns now);
ze_ns auth_deadline(const struct auth *a);
void auth_expire(struct auth *a, ze_ns now, struct ppp_fx *fx);

const char *ppp_auth_method_name(enum ppp_auth_method m); /* "ms-chap-v2" */
/* -EINVAL for an unknown word. */
int ppp_auth_method_parse(const char *s, enum ppp_auth_method *ret);
