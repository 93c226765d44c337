/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a PPP link wants done. Machines append; the owner performs after the call has returned.
 * Frames live in the effects object itself. A frame that does not fit sets `overflow` and is lost, as
 * on a wire; PPP recovers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "ppp/proto.h"

#define PPP_FX_MAX 16

enum ppp_fx_kind {
	PPP_FX_SEND,	      /* send: one frame, FF 03 first */
	PPP_FX_LCP_UP,	      /* LCP opened: options are in the link */
	PPP_FX_LCP_DOWN,      /* left Opened: data must stop */
	PPP_FX_AUTH_REQUEST,  /* auth: ask, answer by ppp_link_auth_answer */
	PPP_FX_AUTHENTICATED, /* verdict was positive and sent */
	PPP_FX_ADDR_REQUEST,  /* family: wants addresses, answer by ppp_link_addr_answer */
	PPP_FX_NCP_READY,     /* family: peer's request is acceptable, our Ack is held until
			      * ppp_link_ncp_attached */
	PPP_FX_NCP_UP,	      /* family opened: its packets may pass */
	PPP_FX_NCP_DOWN,      /* family left Opened, or gave up before: they may not */
	PPP_FX_ECHO_SENT,
	PPP_FX_ECHO_RTT, /* rtt */
	PPP_FX_ECHO_LOST,
	PPP_FX_REFUSED, /* refused: count and log */
	PPP_FX_FINISHED /* end: nothing more will come; clear the call */
};

enum ppp_end { /* why the link ended: words in events, logs */
	PPP_END_NONE,
	PPP_END_ADMIN, /* ppp_link_close */
	PPP_END_PEER,  /* peer's LCP Terminate-Request */
	PPP_END_AUTH_FAILED,
	PPP_END_AUTH_TIMEOUT,
	PPP_END_AUTH_REFUSED,  /* peer will not authenticate */
	PPP_END_LCP_TIMEOUT,   /* no convergence or no answer */
	PPP_END_NCP_TIMEOUT,   /* no network protocol came up, or all went */
	PPP_END_LOGIN_TIMEOUT, /* begun again and again, and no network protocol came up */
	PPP_END_ECHO,	       /* dead: echoes unanswered */
	PPP_END_LOOP,	       /* the line is looped back */
	PPP_END_REJECTED,      /* peer rejected LCP or a code we can't do without */
	PPP_END_NO_IPV4,       /* required, and not up: rejected by the peer, or not in time */
	PPP_END_NO_IPV6,
	PPP_END_ADDRESS_REFUSED, /* the peer insists on another address than its own, or on none */
	PPP_END_PLANE,		 /* the data plane refused a required family */
	/* the owner's reasons: no address for a required family, or no session */
	PPP_END_NO_ADDRESS,
	PPP_END_NO_POOL,
	PPP_END_POOL_EMPTY,
	PPP_END_ADDRESS_IN_USE,
	PPP_END_ADDRESS_OURS, /* of the machine itself */
	PPP_END_SESSION_LIMIT,
	PPP_END_REPLACED, /* by a newer session of its user */
	PPP_END__COUNT
};

const char *ppp_end_name(enum ppp_end e); /* "auth-failed" */

struct ppp_auth_request {
	enum ppp_auth_method method;
	uint8_t id; /* of the PAP or CHAP packet */
	struct span user;
	struct span password;  /* PAP */
	struct span challenge; /* CHAP: what we sent */
	struct span response;  /* 16 octets MD5, 49 octets MS-CHAPv2 */
};

struct ppp_effect {
	enum ppp_fx_kind kind;
	union {
		struct span send;
		struct ppp_auth_request auth; /* spans live until the link is next called */
		enum ppp_family family;
		ze_ns rtt;
		struct {
			enum reason reason;
			uint16_t proto; /* 0: not known */
			uint8_t code;	/* 0: not known */
			uint8_t option; /* 0: none in particular */
		} refused;
		enum ppp_end end;
	};
};

struct ppp_fx {
	uint8_t n;
	bool overflow;
	uint16_t used;
	struct ppp_effect e[PPP_FX_MAX];
	uint8_t mem[8192];
};

static inline void ppp_fx_init(struct ppp_fx *fx)
{
	fx->n = 0;
	fx->overflow = false;
	fx->used = 0;
}

/* NULL when full (overflow is set). */
struct ppp_effect *ppp_fx_add(struct ppp_fx *fx, enum ppp_fx_kind kind);
void ppp_fx_refuse(struct ppp_fx *fx, enum reason r, uint16_t proto, uint8_t code);
/* The newest effect is a refusal: because of this option. */
void ppp_fx_refuse_option(struct ppp_fx *fx, uint8_t option);
/* A frame is built in place: begin returns a writer positioned behind FF 03 and the protocol; end
 * appends PPP_FX_SEND unless the writer went bad. One frame at a time. */
struct wr ppp_fx_frame(struct ppp_fx *fx, uint16_t proto);
void ppp_fx_frame_end(struct ppp_fx *fx, struct wr *w);
/* The same for a control packet: code, id, Length patched by cp_end. */
struct wr ppp_fx_cp(struct ppp_fx *fx, uint16_t proto, uint8_t code, uint8_t id);
void ppp_fx_cp_end(struct ppp_fx *fx, struct wr *w);
