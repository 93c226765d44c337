/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers of calls and logins that have no leaf in the configuration. docs/architecture.md has
 * all timers in one table.
 */
#pragma once

#include "daemon/base/compiler.h"

/* Longest time from ICRQ to ICCN. */
#define ENGINE_CALL_SETUP ZE_SEC(60)
/* Attaching a session waits this long for the other address family. */
#define ATTACH_PATIENCE ZE_SEC(1)
/* How often the packets of a subscriber with an Idle-Timeout are read: an eighth of it, within
 * these. */
#define SERVICE_IDLE_MIN ZE_SEC(1)
#define SERVICE_IDLE_MAX ZE_SEC(60)
/* When a limit of half-open tunnels is reached, an older handshake may be dropped for a new one. */
#define ADMIT_HALF_OPEN_GRACE ZE_SEC(1)
/* A line whose answer to a wrong password would be later is not checked. */
#define PACE_LINE_MAX ZE_SEC(10)
/* No answer to a wrong password is delayed, and no bucket is charged, beyond this. */
#define PACE_AHEAD_MAX ZE_SEC(30)
