/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands from standard input, one a line. On a terminal with a prompt, editing, a history file,
 * Tab and `?`; both of these ask the daemon.
 */
#pragma once

#include "cli/run.h"

/* Until end of input, `exit` or `quit`. The worst status of the commands; 0 on a terminal. */
enum run_exit prompt_run(const struct run *r);
