/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink of the daemon's log lines: a bounded buffer, and a thread that writes it to standard
 * error. A thread that logs never waits for the reader: when a pipe, a terminal or journald does
 * not read, lines are dropped and counted. When there is room again, one line contains their
 * number, and `show l2tp statistics` the total.
 *
 * It is a thread because no flag makes a write non-blocking: O_NONBLOCK belongs to the open file,
 * which is shared with the shell that started the daemon, and a pipe that poll() reports as
 * writable may be filled by another program before our write. It writes whole lines, at most
 * PIPE_BUF octets per write, so that lines of several processes do not mix.
 *
 * Lines that are not written when the process is killed or crashes are lost.
 */
#pragma once

#include <stdbool.h>

/* Starts the thread; from then on all log lines go to fd through it. prefix: add systemd's "<6>".
 * Returns 0 or -errno: then the sink is unchanged. */
int logger_start(int fd, bool prefix);
/* Waits at most one second until all lines are written. Allowed without a start. */
void logger_stop(void);
