/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock on a network namespace: an abstract UNIX socket, whose name belongs to one namespace and
 * which the kernel removes with the process. Any local user can bind any such name, so a socket
 * counts only if it belongs to root or to our own user (sock_diag). When another user has bound the
 * usual name, the lock uses a random name that begins with it, which other instances find by that
 * prefix.
 */
#pragma once

#include <sys/types.h>

/* Takes the lock, which is held until *ret_fd is closed. Returns 0 or -errno; -EBUSY: another
 * instance holds it, and *ret_pid is its process, 0: unknown. A socket of another user with the
 * name is logged. */
int netns_lock_take(int *ret_fd, pid_t *ret_pid);
