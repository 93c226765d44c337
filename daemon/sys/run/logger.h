/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the daemon's log lines go: a bounded buffer, and a thread that writes it to standard error. Whoever logs
 * never waits for who reads: a pipe or a terminal that nobody reads, and journald when it hangs, cost lines,
 * which are counted. When there is room again one line says how many, and `show l2tp statistics` has the sum.
 *
 * A thread, because no flag makes writing safe: O_NONBLOCK belongs to the open file, which the shell that
 * started us shares, and a pipe that poll() calls writable may be filled by somebody else before our write. It
 * writes whole lines, at most PIPE_BUF octets at a time, so that lines of several processes do not mix.
 *
 * What has not been written when the process is killed or crashes is lost.
 */
#pragma once

#include <stdbool.h>

/* The sink of all log lines from now on. prefix: systemd's "<6>". 0 or -errno: then lines go as before. */
int logger_start(int fd, bool prefix);
/* Waits a second at most until all is written. May be called without a start. */
void logger_stop(void);
