/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock on a network namespace: an abstract socket, which a namespace has for itself and the kernel
 * removes with the process. Any local user may bind any such name. So a name counts only when the kernel says
 * that its socket belongs to root or to our own user, and when somebody else has the usual name, the lock
 * gets a random one behind it, which the next ze finds by its beginning.
 */
#pragma once

#include <sys/types.h>

/* 0: ours until *ret_fd is closed. -EBUSY: another ze has it; ret_pid, 0: not known. Else -errno. A foreign
 * holder of the name is logged. */
int netns_lock_take(int *ret_fd, pid_t *ret_pid);
