/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs of `ze` that are not the daemon: `ze l2tp ...` asks a running daemon, or one on another
 * host by ssh, and decodes datagrams; `ze help`. main() sends them here before it does anything
 * else.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

bool ze_is_verb(const char *word);
/* argv[1] is the verb. The exit status: 0 done, 1 refused, 2 usage, 3 no answer. Verbs it does not
 * know are a usage error. */
int ze_verb_main(int argc, char **argv);
/* The usage of the whole program. */
void ze_usage(FILE *to);
