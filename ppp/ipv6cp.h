/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6CP, RFC 5072: interface identifiers, nothing else; addresses come later by RA and DHCPv6. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rng.h"
#include "ppp/cp.h"

struct ipv6cp;

struct ipv6cp_listener { /* what the owner must do; members may be NULL */
	void (*on_up)(struct ipv6cp *i, struct ppp_fx *fx);
	void (*on_down)(struct ipv6cp *i, struct ppp_fx *fx);
	void (*on_finished)(struct ipv6cp *i, struct ppp_fx *fx);
	void (*on_ready)(struct ipv6cp *i, struct ppp_fx *fx);
};

struct ipv6cp {
	struct cp cp;	       /* must be first */
	uint64_t ifid;	       /* ours, non-zero */
	uint64_t suggest;      /* for a peer that has none: non-zero and not ours */
	uint64_t peer_ifid;    /* agreed */
	const struct rng *rng; /* the owner's; lives longer */
	bool want_ifid;
	uint8_t missing_naks;
	const struct ipv6cp_listener *listener; /* set by the owner after init; nobody before */
};

/* Starts with cp.hold set. */
void ipv6cp_init(struct ipv6cp *i, const struct cp_cfg *cfg, uint64_t ifid, uint64_t suggest,
		 const struct rng *rng);
/* An identifier by chance, as nobody assigns one. 0, or the rng's error. */
int ipv6cp_random(const struct rng *rng, uint64_t *ret);
/* The peer's identifier: in the request that waits for cp_release, else as agreed; 0: it has none. */
uint64_t ipv6cp_peer_ifid(const struct ipv6cp *i);
/* What is agreed, and its way into another process: as ipcp_resume. 0 or -EBADMSG. */
void ipv6cp_save(const struct ipv6cp *i, struct wr *w);
int ipv6cp_resume(struct ipv6cp *i, const struct cp_cfg *cfg, enum cp_state state, struct rd *r,
		  const struct rng *rng);
