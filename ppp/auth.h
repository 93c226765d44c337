/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The authenticator side of PAP (RFC 1334), CHAP-MD5 (RFC 1994) and MS-CHAPv2 (RFC 2759). This unit
 * handles the packets only; the owner decides who is accepted, by answering PPP_FX_AUTH_REQUEST.
 * One object per link. The verdict is sent again for every repetition of the request, but the owner
 * is asked only once. After the first success the user name is fixed: a later round with another
 * name is rejected here.
 *
 * The first round can be one that a LAC has begun (RFC 2661 4.4.5): auth_adopt().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/rng.h"
#include "daemon/base/tlv.h"
#include "ppp/frame.h"
#include "ppp/fx.h"

#define AUTH_USER_MAX	 253 /* RADIUS User-Name */
#define AUTH_MESSAGE_MAX 253
#define AUTH_REPLY_MAX	 320

struct auth_cfg {
	ze_ns retransmit;      /* time between challenges: 3 s */
	uint8_t max_tries;     /* number of challenges sent: 10 */
	ze_ns timeout;	       /* of the whole phase */
	ze_ns reauth_interval; /* CHAP only; 0: no re-authentication */
	uint8_t retries;       /* second attempts allowed with MS-CHAPv2 (R=1): 0 */
	char name[64];	       /* Name field of the challenge; never empty */
};

struct ppp_auth_answer {
	bool accept;
	bool undecided;	     /* not accept: nothing could check it; see auth_answer() */
	struct span message; /* text for the subscriber; may be empty */
	struct span mschap2; /* accept with MS-CHAPv2: "S=", 40 hex digits, optional text. Required
				* then */
	uint16_t mschap_error;	/* reject: the MS-CHAPv2 error; 0 means 691 */
	enum ppp_end end;	/* reject: the reason, if another attempt is useless; else 0 */
	struct span mschap_raw; /* reject: a complete "E=..." text to send; may be empty */
};

enum auth_phase {
	AUTH_IDLE,
	AUTH_CHALLENGED,
	AUTH_DECIDING,
	AUTH_ACCEPTED,
	AUTH_REJECTED
};

enum auth_proxied {	 /* the round that is under way, or was the last */
	AUTH_PROXIED_NO, /* the peer was asked here */
	AUTH_PROXIED_PPP,
	AUTH_PROXIED_TEXT /* by a dialogue outside PPP: the peer awaits no answer */
};

struct auth_proxy { /* credentials that a LAC has received */
	enum ppp_auth_method method;
	bool text;  /* not by PPP; the method is PAP */
	uint8_t id; /* of the PAP or CHAP packet */
	struct span user;
	struct span secret;    /* the password or the response */
	struct span challenge; /* CHAP: the one of the LAC */
};

#define AUTH_CHALLENGE_MAX 253 /* octets of a LAC's challenge: a RADIUS CHAP-Challenge */

struct auth_keep { /* an allocated copy of octets, owned by the authenticator */
	uint8_t *p;
	uint16_t len;
};

struct auth;

struct auth_listener { /* called to report what happened; the owner acts on it */
	void (*on_done)(struct auth *a, bool accepted, struct ppp_fx *fx);
	void (*on_timeout)(struct auth *a, struct ppp_fx *fx);
};

struct auth {
	const struct auth_cfg *cfg; /* borrowed; outlives this object */
	const struct rng *rng;
	enum ppp_auth_method method;
	enum auth_phase phase;
	bool reauth : 1; /* a later round: the link is established */
	bool retry : 1;	 /* MS-CHAPv2: waiting for a second attempt with the new challenge */
	bool known : 1;	 /* accepted once: later rounds must be for the same user */
	uint8_t proxied; /* enum auth_proxied */
	uint8_t id, tries, retries_left;
	uint8_t challenge[16];
	uint8_t asked_id; /* id of the request that is or was decided */
	bool postponed;	  /* the last re-authentication was not decided */
	struct auth_keep user;
	/* Password or response, and behind a proxied response the LAC's challenge; kept only while a
	 * verdict is pending. */
	struct auth_keep secret;
	struct auth_keep reply; /* the verdict packet, for repeated requests */
	ze_ns retransmit_at, phase_deadline, reauth_at;
	const struct auth_listener *listener; /* set by the owner between init and start */
};

/* cfg and rng must outlive a. */
void auth_init(struct auth *a, const struct auth_cfg *cfg, const struct rng *rng);
void auth_done(struct auth *a); /* wipes and frees the copies */
/* Call when LCP has opened with this method, which is not NONE. PAP waits, CHAP sends a
 * challenge. */
void auth_start(struct auth *a, enum ppp_auth_method method, ze_ns now, struct ppp_fx *fx);
/* The same in place of auth_start() when a LAC has received the credentials: asks for a verdict, which
 * the peer gets as the answer to its packet. The challenge of CHAP-MD5 has 1 to AUTH_CHALLENGE_MAX
 * octets, that of MS-CHAPv2 has 16; the lengths of the responses are those of the methods. Without
 * memory it is auth_start(). */
void auth_adopt(struct auth *a, const struct auth_proxy *p, ze_ns now, struct ppp_fx *fx);
/* Call when LCP leaves Opened. Wipes everything except the accepted user name and the
 * identifier. */
void auth_stop(struct auth *a);
/* Takes a PAP or CHAP packet. A packet of a protocol that was not agreed on is refused. */
void auth_input(struct auth *a, uint16_t proto, struct span info, ze_ns now, struct ppp_fx *fx);
/* True for a response of the right length, and without flags, for a CHAP method. */
bool auth_response_fits(enum ppp_auth_method m, struct span response);
/* The request whose verdict is pending, as PPP_FX_AUTH_REQUEST had it; its spans are valid until the
 * next call. Returns false when none is pending. */
bool auth_pending(const struct auth *a, struct ppp_auth_request *ret);
/* The owner's verdict; ignored when none is pending. `undecided` is a reject in the first round. A
 * re-authentication that is undecided leaves the link as it is, and is repeated after the interval:
 * with CHAP-MD5 the peer gets a Success, with MS-CHAPv2 no answer. */
void auth_answer(struct auth *a, const struct ppp_auth_answer *v, ze_ns now, struct ppp_fx *fx);
/* The fields of its restart record: the method, the accepted user name, the identifier and the next
 * re-authentication; a round that is under way starts again after a restart. Credentials are never
 * saved. */
extern const struct tlv_table auth_saved;
void auth_save(const struct auth *a, struct wr *w);
enum reason auth_restore(struct auth *a, struct span saved, ze_ns now);
ze_ns auth_deadline(const struct auth *a); /* ZE_NEVER: no timer runs */
void auth_expire(struct auth *a, ze_ns now, struct ppp_fx *fx);

const char *ppp_auth_method_name(enum ppp_auth_method m); /* "ms-chap-v2" */
