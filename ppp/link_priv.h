/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between ppp/link and ppp/link_save only: the callbacks by which the NCPs of a link tell it what
 * happened, and the start of one. Nothing here decides anything.
 */
#pragma once

#include "ppp/link.h"

/* After ipcp_init or ipv6cp_init. */
void link_hear_ncp(struct ppp_link *l, unsigned fam);
/* From the addresses that were given. */
void link_run_ncp(struct ppp_link *l, unsigned fam, ze_ns now, struct ppp_fx *fx);
