/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The effects of a PPP link. The machines append effects; the owner performs them after the call
 * has returned. Frames to send are stored in the effects object. A frame that does not fit sets
 * `overflow` and is lost; PPP retransmits.
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
	PPP_FX_SEND,	      /* send: one frame, beginning with FF 03 */
	PPP_FX_LCP_UP,	      /* LCP has opened; its options are in the link */
	PPP_FX_LCP_DOWN,      /* LCP has left Opened: stop forwarding */
	PPP_FX_AUTH_REQUEST,  /* auth: authenticate, then call ppp_link_auth_answer() */
	PPP_FX_AUTHENTICATED, /* the peer was accepted and has been sent the verdict */
	PPP_FX_ADDR_REQUEST,  /* family: needs addresses; call ppp_link_addr_answer() */
	PPP_FX_NCP_READY,     /* family: the peer's request is acceptable; its Ack is held until
			      * ppp_link_ncp_attached() */
	PPP_FX_NCP_UP,	      /* family: opened, its packets may pass */
	PPP_FX_NCP_DOWN,      /* family: left Opened or was given up, its packets may not pass */
	PPP_FX_ECHO_SENT,
	PPP_FX_ECHO_RTT, /* rtt */
	PPP_FX_ECHO_LOST,
	PPP_FX_REFUSED, /* refused: count and log it */
	PPP_FX_FINISHED /* end: the last effect of the link; clear the call */
};

enum ppp_end { /* why the link ended, as shown in events and logs */
	PPP_END_NONE,
	PPP_END_ADMIN, /* cleared by an operator or by the daemon */
	PPP_END_PEER,  /* the peer sent a Terminate-Request for LCP */
	PPP_END_AUTH_FAILED,
	PPP_END_AUTH_TIMEOUT,
	PPP_END_AUTH_REFUSED,  /* the peer refuses to authenticate */
	PPP_END_LCP_TIMEOUT,   /* no answer, or LCP did not converge */
	PPP_END_NCP_TIMEOUT,   /* no network protocol opened in time, or all have closed */
	PPP_END_LOGIN_TIMEOUT, /* negotiation restarted too often, no network protocol opened */
	PPP_END_ECHO,	       /* echo requests were not answered */
	PPP_END_LOOP,	       /* the line is looped back */
	PPP_END_REJECTED,      /* the peer rejected LCP or an essential code */
	PPP_END_NO_IPV4,       /* required, but rejected by the peer or not opened in time */
	PPP_END_NO_IPV6,
	PPP_END_ADDRESS_REFUSED, /* the peer insists on a different address, or on none */
	PPP_END_PLANE,		 /* the data plane refused a required family */
	PPP_END_PROXY,		 /* what the LAC has negotiated cannot be used, and must be */
	/* Reasons of the owner: no address for a required family, or no session allowed. */
	PPP_END_NO_ADDRESS,
	PPP_END_NO_POOL,
	PPP_END_POOL_EMPTY,
	PPP_END_POOL_UNKNOWN,
	PPP_END_ADDRESS_IN_USE,
	PPP_END_ADDRESS_OURS,	  /* an address of the host itself */
	PPP_END_AUTH_UNAVAILABLE, /* no handler could check the login */
	PPP_END_SESSION_LIMIT,
	PPP_END_REPLACED, /* by a newer session of the same user */
	PPP_END_SESSION_TIMEOUT,
	PPP_END_IDLE,
	PPP_END_UNACCOUNTED, /* accounting is required and fails */
	PPP_END__COUNT
};

struct ppp_auth_request {
	enum ppp_auth_method method;
	uint8_t id; /* of the PAP or CHAP packet */
	struct span user;
	struct span password;  /* PAP */
	struct span challenge; /* CHAP: the challenge that was sent */
	struct span response;  /* CHAP-MD5: 16 octets; MS-CHAPv2: 49 octets */
};

struct ppp_effect {
	enum ppp_fx_kind kind;
	union {
		struct span send;
		struct ppp_auth_request
			auth; /* the spans are valid until the next call of the link */
		enum ppp_family family;
		ze_ns rtt;
		struct {
			enum reason reason;
			uint16_t proto; /* 0: unknown */
			uint8_t code;	/* 0: unknown */
			uint8_t option; /* 0: not about one option */
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

/* Appends a zeroed effect. Returns NULL and sets overflow when full. */
struct ppp_effect *ppp_fx_add(struct ppp_fx *fx, enum ppp_fx_kind kind);
/* Appends PPP_FX_REFUSED. */
void ppp_fx_refuse(struct ppp_fx *fx, enum reason r, uint16_t proto, uint8_t code);
/* Adds the option's type to the refusal that was appended last. */
void ppp_fx_refuse_option(struct ppp_fx *fx, uint8_t option);
/* Builds a frame in place, one at a time. ppp_fx_frame() returns a writer positioned after FF 03
 * and the protocol; ppp_fx_frame_end() appends PPP_FX_SEND unless the writer is bad. */
struct wr ppp_fx_frame(struct ppp_fx *fx, uint16_t proto);
void ppp_fx_frame_end(struct ppp_fx *fx, struct wr *w);
/* The same for a control packet; ppp_fx_cp_end() fills in Length. */
struct wr ppp_fx_cp(struct ppp_fx *fx, uint16_t proto, uint8_t code, uint8_t id);
void ppp_fx_cp_end(struct ppp_fx *fx, struct wr *w);
