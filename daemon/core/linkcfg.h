/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How PPP links are configured: made once from a configuration, immutable, and shared by all links
 * that begin under it. What differs from link to link is what the tunnel can carry.
 */
#pragma once

#include "ppp/link.h"

#define LINKCFG_OVER	40  /* octets in front of a packet: 20 IP, 8 UDP, 6 L2TP, 4 PPP; rounded */
#define LINKCFG_MRU_MIN 576 /* what every IPv4 host must take */

struct config;

enum linkcfg_kind {	       /* bits */
	LINKCFG_OVER_IPV6 = 1, /* a longer outer header */
	LINKCFG_SEQUENCED = 2, /* Ns and Nr */
	LINKCFG__KINDS = 4
};

struct linkcfg {
	unsigned refs;
	struct ppp_link_cfg of[LINKCFG__KINDS];
};

/* One reference; NULL: out of memory. */
struct linkcfg *linkcfg_new(const struct config *c);
struct linkcfg *linkcfg_ref(struct linkcfg *l);
void linkcfg_unref(struct linkcfg *l); /* NULL is harmless */
