/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a command of the daemon and prints its answer on standard output, for ze and zectl. Errors
 * are one line on standard error.
 */
#pragma once

#include <stddef.h>

#include "cli/client.h"

enum run_exit { /* exit statuses of both programs */
	RUN_OK,
	RUN_REFUSED, /* the daemon's answer is an error */
	RUN_USAGE,
	RUN_UNREACHABLE
};

enum run_format {
	RUN_TEXT,
	RUN_JSON,	/* one line, or indented when standard output is a terminal */
	RUN_JSON_PRETTY /* always indented */
};

struct run {
	const char *program; /* printed at the start of error lines */
	struct client client;
	enum run_format format;
};

/* Runs a command and prints the answer. */
enum run_exit run_command(const struct run *r, const char *const *words, size_t n);
/* Prints the words that may follow, one per line, with `help` followed by their descriptions. */
enum run_exit run_complete(const struct run *r, const char *const *words, size_t n, bool help);
/* The value of --timeout in seconds; 0 when it is not valid. */
unsigned run_timeout(const char *text);
