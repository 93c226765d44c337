/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

void sb_init(struct strbuf *b)
{
	*b = (struct strbuf){ 0 };
}

void sb_done(struct strbuf *b)
{
	free(b->s);
	sb_init(b);
}

void sb_reset(struct strbuf *b)
{
	b->len = 0;
	b->bad = false;
	if (b->s)
		b->s[0] = '\0';
}

/* Makes room for n more octets and the NUL. */
static bool strbuf_reserve(struct strbuf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	char *s;

	if (b->bad)
		return false;
	if (n < b->cap - b->len)
		return true;
	while (cap - b->len <= n && cap <= SIZE_MAX / 2)
		cap *= 2;
	s = cap - b->len > n ? realloc(b->s, cap) : NULL;
	if (!s) {
		b->bad = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void sb_add(struct strbuf *b, const char *p, size_t n)
{
	if (!strbuf_reserve(b, n))
		return;
	if (n)
		memcpy(b->s + b->len, p, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void sb_puts(struct strbuf *b, const char *s)
{
	sb_add(b, s, strlen(s));
}

void sb_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		b->bad = true;
	if (!strbuf_reserve(b, n < 0 ? 0 : (size_t)n))
		return;
	vsnprintf(b->s + b->len, b->cap - b->len, fmt, ap);
	b->len += (size_t)n;
}

void sb_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sb_vprintf(b, fmt, ap);
	va_end(ap);
}

char *sb_take(struct strbuf *b)
{
	char *s;

	sb_puts(b, ""); /* an empty buffer returns "", not NULL */
	s = b->s;
	if (b->bad) {
		free(s);
		s = NULL;
	}
	sb_init(b);
	return s;
}
