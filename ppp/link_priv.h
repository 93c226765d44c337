/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by ppp/link, ppp/link_proxy and ppp/link_save only: the callbacks of a link's NCPs,
 * starting one, and the step from LCP to authentication.
 */
#pragma once

#include "ppp/link.h"

/* Installs the callbacks. Call after ipcp_init() or ipv6cp_init(). */
void link_hear_ncp(struct ppp_link *l, unsigned fam);
/* LCP has opened: authenticates the peer, or begins with the network protocols. given: the LAC has
 * the credentials; NULL: the peer is asked. */
void link_came_up(struct ppp_link *l, const struct auth_proxy *given, ze_ns now, struct ppp_fx *fx);
/* Acts on what the machines reported; the end of every entry point. */
void link_settle(struct ppp_link *l, ze_ns now, struct ppp_fx *fx);
/* The time for one pass through all phases. */
ze_ns link_login_limit(const struct ppp_link *l);
/* Starts the NCP with the addresses that were answered. */
void link_run_ncp(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx);
