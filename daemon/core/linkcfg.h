/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings of PPP links: made once per configuration, immutable, and shared by all links that
 * begin under it. Links differ only by the largest packet that their tunnel can carry.
 */
#pragma once

#include "ppp/link.h"

#define LINKCFG_OVER	40  /* octets before a packet: 20 IP, 8 UDP, 6 L2TP, 4 PPP, 2 spare */
#define LINKCFG_MRU_MIN 576 /* octets that every IPv4 host must accept, RFC 791 3.1 */

struct config;

enum linkcfg_kind {	       /* bits */
	LINKCFG_OVER_IPV6 = 1, /* outer IPv6: a header 20 octets longer */
	LINKCFG_SEQUENCED = 2, /* data packets with Ns and Nr: 4 octets more */
	LINKCFG__KINDS = 4
};

struct linkcfg {
	unsigned refs; /* not atomic: used in the engine's thread only */
	struct ppp_link_cfg of[LINKCFG__KINDS];
};

/* Returns one reference, or NULL when out of memory. c is not kept. */
struct linkcfg *linkcfg_new(const struct config *c);
struct linkcfg *linkcfg_ref(struct linkcfg *l);
void linkcfg_unref(struct linkcfg *l); /* NULL is harmless */
