/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of the prompt as words, and words as a line for a shell. Blanks part words; '...' and
 * "..." keep blanks, a backslash the next character (not within '...').
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/strbuf.h"

#define WORDS_MAX 300

struct words {
	char *w[WORDS_MAX];
	size_t n;
	bool open;  /* ends within a quotation */
	bool blank; /* ends with a blank: a new word would begin */
	char *buf;
};

/* The first len octets of line. 0, -E2BIG or -ENOMEM. words_done in each case. */
int words_split(struct words *ret, const char *line, size_t len);
void words_done(struct words *w);
/* One word for a POSIX shell, whatever is in it. */
void words_quote(const char *word, struct strbuf *out);
