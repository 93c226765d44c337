/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command to the daemon and its answer on standard output, the same for ze and zectl. Errors are
 * one line on standard error.
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
	RUN_JSON_PRETTY /* indented anyway */
};

struct run {
	const char *program; /* begins error lines */
	struct client client;
	enum run_format format;
};

enum run_exit run_command(const struct run *r, const char *const *words, size_t n);
/* What may follow the words, one a line: the word, and with help what it is. */
enum run_exit run_complete(const struct run *r, const char *const *words, size_t n, bool help);
/* For --timeout: seconds, or 0 when the text is none. */
unsigned run_timeout(const char *text);
