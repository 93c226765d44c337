/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6CP, RFC 5072. Negotiates interface identifiers only; addresses are assigned later by Router
 * Advertisements or DHCPv6.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rng.h"
#include "daemon/base/tlv.h"
#include "ppp/cp.h"

struct ipv6cp;

struct ipv6cp_listener { /* called to report what happened; members may be NULL */
	void (*on_up)(struct ipv6cp *i, struct ppp_fx *fx);
	void (*on_down)(struct ipv6cp *i, struct ppp_fx *fx);
	void (*on_finished)(struct ipv6cp *i, struct ppp_fx *fx);
	void (*on_ready)(struct ipv6cp *i, struct ppp_fx *fx);
};

struct ipv6cp {
	struct cp cp;	       /* must be first */
	uint64_t ifid;	       /* ours; not 0 */
	uint64_t suggest;      /* suggested to a peer without one; not 0 and not ours */
	uint64_t peer_ifid;    /* as agreed */
	const struct rng *rng; /* borrowed; outlives this object */
	bool want_ifid;
	uint8_t missing_naks;
	const struct ipv6cp_listener *listener; /* set by the owner after init */
};

/* Starts with cp.hold set. cfg and rng must outlive i. */
void ipv6cp_init(struct ipv6cp *i, const struct cp_cfg *cfg, uint64_t ifid, uint64_t suggest,
		 const struct rng *rng);
/* A random identifier with the universal bit 0. Returns 0 or the error of rng. */
int ipv6cp_random(const struct rng *rng, uint64_t *ret);
/* The peer's identifier: of the request that is held, otherwise as agreed. 0: it has none. */
uint64_t ipv6cp_peer_ifid(const struct ipv6cp *i);
/* The fields of its restart record: what was agreed on; see ipcp_restore(). */
extern const struct tlv_table ipv6cp_saved;
void ipv6cp_save(const struct ipv6cp *i, struct wr *w);
enum reason ipv6cp_restore(struct ipv6cp *i, const struct cp_cfg *cfg, enum cp_state state,
			   struct span saved, const struct rng *rng);
