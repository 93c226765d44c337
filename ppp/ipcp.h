/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPCP, RFC 1332 and RFC 1877, on the side that assigns addresses: ze announces its own address,
 * assigns the peer's with a Nak, and gives DNS and NBNS servers when they are configured; otherwise
 * it rejects these options.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/tlv.h"
#include "ppp/cp.h"

struct ipcp_params { /* addresses in host order; 0: none */
	uint32_t local, peer;
	uint32_t dns[2], nbns[2];
};

struct ipcp;

struct ipcp_listener { /* called to report what happened; members may be NULL */
	void (*on_up)(struct ipcp *i, struct ppp_fx *fx);
	void (*on_down)(struct ipcp *i, struct ppp_fx *fx);
	void (*on_finished)(struct ipcp *i, struct ppp_fx *fx);
	void (*on_ready)(struct ipcp *i, struct ppp_fx *fx);
};

struct ipcp {
	struct cp cp; /* must be first */
	struct ipcp_params params;
	bool want_address;		      /* false after the peer rejected the option */
	const struct ipcp_listener *listener; /* set by the owner after init */
};

/* Starts with cp.hold set. cfg must outlive i; p is copied. */
void ipcp_init(struct ipcp *i, const struct cp_cfg *cfg, const struct ipcp_params *p);
/* The address that a Configure-Request of the peer contains; 0: none. */
uint32_t ipcp_requested(struct span packet);
/* The fields of its restart record: what was agreed on. `state` is Opened, or Stopped until the peer
 * sends a request. After ipcp_restore(), as after ipcp_init(), the owner sets the listener. */
extern const struct tlv_table ipcp_saved;
void ipcp_save(const struct ipcp *i, struct wr *w);
enum reason ipcp_restore(struct ipcp *i, const struct cp_cfg *cfg, enum cp_state state,
			 struct span saved);
