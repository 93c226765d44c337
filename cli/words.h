/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits a line of the prompt into words, and quotes words for a shell. Blanks separate words;
 * '...' and "..." keep blanks, a backslash keeps the next character (not inside '...').
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/strbuf.h"

#define WORDS_MAX 300

struct words {
	char *w[WORDS_MAX];
	size_t n;
	bool open;  /* the line ends inside a quotation */
	bool blank; /* the line ends with a blank, so that a new word begins */
	char *buf;
};

/* Splits the first len octets of line. Returns 0, -E2BIG or -ENOMEM. Call words_done() in each
 * case. */
int words_split(struct words *ret, const char *line, size_t len);
void words_done(struct words *w);
/* Appends one word quoted for a POSIX shell. */
void words_quote(const char *word, struct strbuf *out);
