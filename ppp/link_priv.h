/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by ppp/link and ppp/link_save only: installing the callbacks of a link's NCPs, and
 * starting one. Decides nothing.
 */
#pragma once

#include "ppp/link.h"

/* Installs the callbacks. Call after ipcp_init() or ipv6cp_init(). */
void link_hear_ncp(struct ppp_link *l, unsigned fam);
/* Starts the NCP with the addresses that were answered. */
void link_run_ncp(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx);
