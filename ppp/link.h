/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PPP link of one subscriber, RFC 1661 3.
 *
 * Phases:
 *
 *   DEAD -> ESTABLISH (LCP) -> AUTHENTICATE -> NETWORK (IPCP and IPv6CP in parallel) -> TERMINATE
 *
 * When LCP leaves Opened to negotiate again, the link returns to ESTABLISH.
 *
 * Structures. struct ppp_link is embedded in the engine's object of a subscriber and contains one
 * struct lcp (with its struct echo), struct auth, struct ipcp and struct ipv6cp, each over a struct
 * cp, except auth. They live as long as the link; ipcp and ipv6cp are initialised again each time
 * their family is negotiated. ppp_link_done() wipes and frees the credentials. The configuration is
 * shared by many links and outlives them. Frames and the time go in, effects (ppp/fx.h) come out;
 * how frames travel (UDP, /dev/ppp, the BPF plane) is not known here.
 *
 * Timers. lcp_timeout in ESTABLISH; auth.timeout in AUTHENTICATE; ncp_timeout in NETWORK while no
 * family is established or a required one is missing. A peer that restarts the negotiation restarts
 * these timers, so login_deadline limits their sum, from the start of the call or from the loss of
 * the last family until one is established. The restart timers of LCP and the NCPs, the challenge
 * and re-authentication timers and the echo timers belong to their machines.
 *
 * Proxied links. A LAC may have negotiated LCP with the peer and asked for its credentials before
 * the call was passed on (RFC 2661 4.4.5). ppp_link_open_proxied() begins in AUTHENTICATE with what
 * the LAC has reported, or negotiates, as the configuration says; ppp/link_proxy.c has the rules.
 *
 * Families. IPv4 and IPv6 are independent: when one is declined, rejected or terminated, the other
 * continues, unless the owner has called ppp_link_require() for it; then the link ends with the
 * reason. The peer may start a family again that it has terminated.
 *
 * What the owner sees. PPP_FX_AUTHENTICATED follows the positive verdict of each AUTHENTICATE
 * phase, but not that of a periodic re-authentication. PPP_FX_ADDR_REQUEST is sent once per family:
 * after an LCP renegotiation the same addresses are used. After an answer with `later` or `await` it
 * is sent again with each Configure-Request of the peer; when that request is passed in again after
 * the answer, it is answered at once. A verdict requested before PPP_FX_LCP_DOWN must
 * not be given after it, since it would be taken for the verdict of the next round.
 *
 * The Configure-Ack of an NCP is held until the owner answers PPP_FX_NCP_READY, so that everything
 * that can fail in the data plane fails before the family opens. Packets may pass from
 * PPP_FX_NCP_UP to PPP_FX_NCP_DOWN only (RFC 1661 3.5). A family that was READY and is given up, or
 * that was established, ends with PPP_FX_NCP_DOWN or with PPP_FX_FINISHED. While the state of a
 * family is PPP_NCP_RUNNING or above, it is being negotiated again: the owner should keep what the
 * data plane has prepared and can then call ppp_link_ncp_attached() at once. After PPP_FX_FINISHED
 * every call does nothing.
 *
 * Supported: RFC 1661, RFC 1570 (Identification and Time-Remaining are ignored), PAP, CHAP-MD5,
 * MS-CHAPv2, IPCP with DNS and NBNS (RFC 1877), IPv6CP (RFC 5072).
 *
 * Left out: Multilink, compression (CCP, VJ) and encryption (ECP, MPPE), link quality (LQR), CBCP,
 * EAP, MS-CHAPv1 (also proxied).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/rng.h"
#include "ppp/auth.h"
#include "ppp/fx.h"
#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"
#include "ppp/lcp.h"

enum ppp_phase {
	PPP_PHASE_DEAD,
	PPP_PHASE_ESTABLISH,
	PPP_PHASE_AUTHENTICATE,
	PPP_PHASE_NETWORK,
	PPP_PHASE_TERMINATE,
	PPP_PHASE__COUNT
};

enum ppp_ncp_state {	  /* of one family, as seen by the link */
	PPP_NCP_OFF,	  /* disabled, declined, rejected or terminated */
	PPP_NCP_WAITING,  /* waiting for addresses */
	PPP_NCP_RUNNING,  /* being negotiated */
	PPP_NCP_READY,	  /* PPP_FX_NCP_READY was sent, the Ack is held */
	PPP_NCP_ATTACHED, /* the data plane is ready, the Ack was sent */
	PPP_NCP_UP	  /* Opened */
};

enum ppp_proxy_lcp {	  /* LCP that a LAC has negotiated */
	PPP_PROXY_ALWAYS, /* is always negotiated again */
	PPP_PROXY_ON_MISMATCH,
	PPP_PROXY_NEVER /* a link that cannot continue from there ends */
};

/* What a LAC reports in its ICCN. A span with p NULL: the AVP is absent. */
struct ppp_proxy {
	struct span last_sent, last_received; /* AVPs 27 and 28 */
	uint16_t type;			      /* 29; 0: absent */
	bool has_id;
	uint8_t id;			       /* 32 */
	struct span name, challenge, response; /* 30, 31, 33 */
};

struct ppp_link_cfg {
	struct lcp_cfg lcp;
	struct auth_cfg auth;
	struct cp_cfg ncp;
	ze_ns lcp_timeout; /* longest ESTABLISH phase */
	ze_ns ncp_timeout; /* longest time in NETWORK without an established family */
	bool enable_ipcp, enable_ipv6cp;
	enum ppp_proxy_lcp proxy_lcp;
	bool proxy_auth; /* proxied credentials are used */
};

struct ppp_addr_answer {
	enum ppp_family family;
	bool accept; /* false: a required family ends the link; another one is declined, and the peer
		      * gets a Protocol-Reject, or no answer when `later` is set */
	bool later;
	bool await; /* instead: PPP_FX_ADDR_REQUEST comes again with the peer's Configure-Request, as
		     * after `later`; a required family does not end the link */
	enum ppp_end end; /* not accepted: the reason; 0 means PPP_END_NO_ADDRESS */
	struct ipcp_params v4;
	uint64_t ifid, suggest; /* IPv6: identifiers of ze and for the peer */
};

enum ppp_addr_state {
	PPP_ADDR_UNKNOWN,
	PPP_ADDR_ASKED,
	PPP_ADDR_GIVEN,
	PPP_ADDR_LATER, /* declined for now; asked for again with the peer's next request */
	PPP_ADDR_DECLINED
};

struct ppp_link {
	const struct ppp_link_cfg *cfg;
	const struct rng *rng;
	struct lcp lcp;
	struct auth auth;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	uint8_t ncp[PPP_FAM__COUNT];	    /* enum ppp_ncp_state */
	uint8_t addr_state[PPP_FAM__COUNT]; /* enum ppp_addr_state */
	bool required[PPP_FAM__COUNT];	    /* the link ends without this family */
	uint8_t phase;			    /* enum ppp_phase */
	bool authenticated;
	struct ipcp_params v4;	/* as answered; used for each negotiation */
	uint64_t ifid, suggest; /* as answered; used for each negotiation */
	bool finished;
	bool requested; /* PPP_FX_ADDR_REQUEST came with an IPCP request: it names v4.peer; 0: none */
	uint16_t pending; /* callbacks that settle() has not acted on */
	enum ppp_end end;
	ze_ns phase_deadline;
	ze_ns login_deadline; /* runs while no family is established, across renegotiations */
};

/* cfg and rng must outlive l. Returns 0 or the error of rng. */
int ppp_link_init(struct ppp_link *l, const struct ppp_link_cfg *cfg, const struct rng *rng);
void ppp_link_done(struct ppp_link *l); /* wipes the object */
/* The call is established: start LCP. */
void ppp_link_open(struct ppp_link *l, ze_ns now, struct ppp_fx *fx);
/* The same with what the LAC has reported; p is not kept. */
void ppp_link_open_proxied(struct ppp_link *l, const struct ppp_proxy *p, ze_ns now,
			   struct ppp_fx *fx);
/* Takes one frame from the peer. */
void ppp_link_input(struct ppp_link *l, struct span frame, ze_ns now, struct ppp_fx *fx);
ze_ns ppp_link_deadline(const struct ppp_link *l); /* ZE_NEVER: no timer runs */
void ppp_link_expire(struct ppp_link *l, ze_ns now, struct ppp_fx *fx);
/* Answers PPP_FX_AUTH_REQUEST; ignored when no verdict is pending. */
void ppp_link_auth_answer(struct ppp_link *l, const struct ppp_auth_answer *a, ze_ns now,
			  struct ppp_fx *fx);

/* Sets whether the family is required. Call before PPP_FX_ADDR_REQUEST is answered, or after
 * ppp_link_restore(). */
void ppp_link_require(struct ppp_link *l, enum ppp_family family, bool required, ze_ns now);
/* True when at least one family and all required ones are established. */
bool ppp_link_served(const struct ppp_link *l);
/* Answers PPP_FX_ADDR_REQUEST. */
void ppp_link_addr_answer(struct ppp_link *l, const struct ppp_addr_answer *a, ze_ns now,
			  struct ppp_fx *fx);
/* Answers PPP_FX_NCP_READY. ok false: the data plane cannot carry the family, which ends. It may
 * also be called with false later, when the peer has changed our IPv6 identifier and the data plane
 * cannot carry that. */
void ppp_link_ncp_attached(struct ppp_link *l, enum ppp_family family, bool ok, ze_ns now,
			   struct ppp_fx *fx);
/* Terminates the link: Terminate-Request, then PPP_FX_FINISHED with `end`. */
void ppp_link_close(struct ppp_link *l, enum ppp_end end, ze_ns now, struct ppp_fx *fx);
/* The call has ended: stops the link without effects. */
void ppp_link_down(struct ppp_link *l);
/* The fields of the restart record of a link with an established family. Returns false when the link
 * has none or w is too small. */
extern const struct tlv_table ppp_link_saved;
bool ppp_link_save(const struct ppp_link *l, struct wr *w);
/* Restores a link, after ppp_link_init() and in place of ppp_link_open(). After a refusal only
 * ppp_link_done() may be called. */
enum reason ppp_link_restore(struct ppp_link *l, struct span saved, ze_ns now, struct ppp_fx *fx);
/* The largest packet to send to the peer, in octets: its MRU, but not more than ours. */
uint16_t ppp_link_mtu(const struct ppp_link *l);
const char *ppp_phase_name(const struct ppp_link *l); /* "authenticate" */
