/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights that the process drops, whichever user started it, so that a vulnerability in it is worth
 * as little as possible.
 *
 *   at once     the limit of descriptors is raised; files are not accessible to others; no core
 *               dumps and no tracing by others (secrets never get into memory dumps); no new
 *               privileges; only the capabilities of a start (daemon/sys/run/hardening_caps.h);
 *               only the system calls of the table (daemon/sys/run/hardening_calls.h)
 *   settled     the data plane is open: only the capabilities that it needs while it runs
 *
 * A step that the system refuses is logged as a warning and does not prevent the start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HARDENING_NOFILE (1u << 20) /* three file descriptors per subscriber */

/* Must be called before a second thread is created. off: only sets the limit of descriptors and the
 * umask, for a debugger. Returns the number of descriptors that may be open. */
size_t hardening_apply(bool off);
/* Logs the steps that were refused. */
void hardening_report(void);
/* Logs the capabilities that the data planes (set of enum hardening_for) need and the process
 * lacks. */
void hardening_missing(unsigned planes);
/* Called when the data plane is open: drops what only a start needs, and logs the rest. planes:
 * which plane. */
void hardening_settle(unsigned planes);
/* "on", "off", or "partial" when something was refused. */
const char *hardening_state(void);
/* Called first in a thread: keeps only the capabilities for `planes`; 0: none. */
void hardening_thread(unsigned planes);
/* getrandom(2), for the fill of a struct rng. Returns 0 or -errno. */
int hardening_random(void *self, void *buf, size_t len);
