/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs of `ze` that do not run the daemon: `ze l2tp ...` queries a running daemon, also on
 * another host by ssh, or decodes a datagram; `ze help`. main() calls this before anything else.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

bool ze_is_verb(const char *word);
/* argv[1] is the verb. Returns the exit status: 0 done, 1 refused, 2 usage (also for an unknown
 * verb), 3 no answer. */
int ze_verb_main(int argc, char **argv);
/* Prints the usage of the whole program. */
void ze_usage(FILE *to);
