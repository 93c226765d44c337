/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of the process: a table of what ze, its libraries and the C library use; all others
 * are refused with EPERM and, where the kernel has audit, reported in its log ("type=1326"). A refused call fails as any
 * call can fail: the process is not killed, since that would cost every subscriber of the kernel plane.
 *
 * So nothing executes a program, creates a process or namespace, loads a module or traces. Memory is not writable
 * and executable at once, and sockets are of the families that ze uses. Filters stay until the process ends.
 */
#pragma once

#include <stddef.h>

extern const char *const hardening_calls_table[]; /* names as libseccomp knows them */
extern const size_t hardening_calls_count;

/* For this thread and those it will create; it must be the only one. Needs no_new_privs. 0 or -errno: -EOPNOTSUPP
 * where the table is not made for the machine. */
int hardening_calls_filter(void);
/* The data plane is open: what only a start calls is refused, too, in all threads. 0 or -errno. */
int hardening_calls_settle(void);
