/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads commands from standard input, one per line. On a terminal there is a prompt with editing, a
 * history file, Tab and `?`; completions come from the daemon.
 */
#pragma once

#include "cli/run.h"

/* Runs until the end of input, `exit` or `quit`. Returns the worst status of the commands; 0 on a
 * terminal. */
enum run_exit prompt_run(const struct run *r);
