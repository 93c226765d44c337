/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers of L2TP that have no leaf in the configuration. docs/architecture.md has all timers in
 * one table.
 */
#pragma once

#include "daemon/base/compiler.h"

/* RFC 2661 5.8: the first retransmission, after which the interval doubles up to the maximum. */
#define L2TP_RTX_FIRST ZE_SEC(1)
#define L2TP_RTX_MAX   ZE_SEC(8)
/* RFC 2661 5.8, 5.7: a full cycle of retransmissions, 1 + 2 + 4 + 8 + 8 + 8. A peer retransmits an
 * SCCRQ as long, a tunnel is set up within it, and lingers as long after a StopCCN. */
#define L2TP_CYCLE ZE_SEC(31)
/* RFC 2661 5.8: a message is acknowledged within this time, in another message if there is one. */
#define L2TP_ACK_DELAY ZE_MS(10)
/* A peer that was asked this long ago and has not answered has lost its tunnel, when a new SCCRQ
 * has the id of that tunnel. */
#define L2TP_DOUBT ZE_SEC(2)
