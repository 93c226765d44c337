/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process gives up, whoever has started it: a fault in it should be worth as little as possible.
 *
 *   at once     descriptors for tens of thousands of subscribers, files not for everybody; no core dumps and no tracing
 *               by others (secrets are never left in memory dumps we make); no new privileges, no capabilities
 *               but a start's (daemon/sys/run/hardening_caps.h), no system calls but those of the table
 *               (daemon/sys/run/hardening_calls.h)
 *   settled     the data plane is open: capabilities are those that this data plane goes on needing
 *
 * What the system refuses stays as it was, is a warning, and never keeps ze from starting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HARDENING_NOFILE (1u << 20) /* three a subscriber */

/* Before there is a second thread. off: only the descriptors and umask, for a debugger. Returns how many
 * descriptors may be open. */
size_t hardening_apply(bool off);
/* Logs what was refused. */
void hardening_report(void);
/* Logs which capabilities this data plane (enum hardening_for) needs and the process never had. */
void hardening_missing(unsigned planes);
/* The data plane is open; planes is which. Logs what is left. */
void hardening_settle(unsigned planes);
/* "on", "off", or "partial" when something was refused. */
const char *hardening_state(void);
/* First in a thread: it needs what `planes` need, 0 nothing. */
void hardening_thread(unsigned planes);
/* getrandom(2), as a struct rng's fill. */
int hardening_random(void *self, void *buf, size_t len);
