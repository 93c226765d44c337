/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Reads one word from *p and writes it, without quotation marks, and a NUL to *out. */
static void take_word(struct words *w, const char **p, const char *end, char **out)
{
	char quote = '\0';

	for (; *p < end; (*p)++) {
		char c = **p;

		if (quote && c == quote) {
			quote = '\0';
			continue;
		}
		if (!quote && (c == '\'' || c == '"')) {
			quote = c;
			continue;
		}
		if (!quote && is_blank(c))
			break;
		if (c == '\\' && quote != '\'' && *p + 1 < end)
			c = *++(*p);
		*(*out)++ = c;
	}
	*(*out)++ = '\0';
	w->open = quote != '\0';
}

int words_split(struct words *ret, const char *line, size_t len)
{
	const char *p = line, *end = line + len;
	char *out;

	memset(ret, 0, sizeof(*ret));
	ret->blank = true;
	/* A word never grows; each has at least one octet, or two quotation marks, and gets a
	 * NUL. */
	out = ret->buf = malloc(2 * len + 1);
	if (!out)
		return -ENOMEM;
	for (;;) {
		ret->blank = true;
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			break;
		if (ret->n == WORDS_MAX)
			return -E2BIG;
		ret->w[ret->n++] = out;
		ret->blank = false;
		take_word(ret, &p, end, &out);
		if (p == end)
			break;
	}
	return 0;
}

void words_done(struct words *w)
{
	free(w->buf);
	w->buf = NULL;
	w->n = 0;
}

void words_quote(const char *word, struct strbuf *out)
{
	sb_puts(out, "'");
	for (; *word; word++) {
		if (*word == '\'')
			sb_puts(out, "'\\''");
		else
			sb_add(out, word, 1);
	}
	sb_puts(out, "'");
}
