/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPCP, RFC 1332 and 1877, as the side that assigns: our address is told, the peer's is Nak'd into
 * place, DNS and NBNS are given when we have them and rejected when not.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ppp/cp.h"

struct ipcp_params { /* addresses in host byte order, 0: none */
	uint32_t local, peer;
	uint32_t dns[2], nbns[2];
};

struct ipcp;

struct ipcp_listener { /* what the owner must do; members may be NULL */
	void (*on_up)(struct ipcp *i, struct ppp_fx *fx);
	void (*on_down)(struct ipcp *i, struct ppp_fx *fx);
	void (*on_finished)(struct ipcp *i, struct ppp_fx *fx);
	void (*on_ready)(struct ipcp *i, struct ppp_fx *fx);
};

struct ipcp {
	struct cp cp; /* must be first */
	struct ipcp_params params;
	bool want_address;		      /* false once the peer rejected the option */
	const struct ipcp_listener *listener; /* set by the owner after init; nobody before */
};

/* Starts with cp.hold set. */
void ipcp_init(struct ipcp *i, const struct cp_cfg *cfg, const struct ipcp_params *p);
/* What is agreed, and its way into another process: Opened, or Stopped until the peer asks. After
 * resume the owner's callbacks are his to set, as after init. 0 or -EBADMSG. */
void ipcp_save(const struct ipcp *i, struct wr *w);
int ipcp_resume(struct ipcp *i, const struct cp_cfg *cfg, enum cp_state state, struct rd *r);
