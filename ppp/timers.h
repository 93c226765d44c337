/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers of PPP that have no leaf in the configuration. docs/architecture.md has all timers in
 * one table.
 */
#pragma once

#include "daemon/base/compiler.h"

/* RFC 1661 4.6: the restart timer, for requests that are not answered. */
#define PPP_RESTART ZE_SEC(3)
/* RFC 1661 4.6: longest time for LCP to open. Without an answer, the counter ends it after 30 s. */
#define PPP_LCP_TIMEOUT ZE_SEC(60)
/* RFC 1994 4.1: a challenge that is not answered is sent again. */
#define PPP_CHALLENGE_AGAIN ZE_SEC(3)
/* RFC 1661 5.8: an Echo-Reply is awaited for the interval of the requests, but not shorter. */
#define PPP_ECHO_REPLY_MIN ZE_SEC(3)
/* An Echo-Request later than this was delayed by a pause of the process, and is spread. */
#define PPP_ECHO_LATE ZE_MS(100)
