/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of the process: a table of those that ze, its libraries and the C library use.
 * All others are refused with EPERM and, where the kernel has audit, logged by it ("type=1326").
 * The process is not killed, since that would end every session of the kernel plane.
 *
 * Therefore nothing executes a program, creates a process or a namespace, loads a module or traces.
 * Memory is never writable and executable at once, and sockets are only of the families that ze
 * uses. Filters stay until the process ends.
 */
#pragma once

#include <stddef.h>

extern const char *const hardening_calls_table[]; /* names as in libseccomp */
extern const size_t hardening_calls_count;

/* Installs the filter for this thread, which must be the only one, and for those that it creates.
 * Needs no_new_privs. Returns 0 or -errno; -EOPNOTSUPP when the table does not fit the
 * architecture. */
int hardening_calls_filter(void);
/* Called when the data plane is open: refuses the calls that only a start needs, in all threads.
 * Returns 0 or -errno. */
int hardening_calls_settle(void);
