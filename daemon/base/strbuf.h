/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing text buffer, used for replies on the control socket and for files. An allocation
 * failure sets `bad`, which stays set. The text is NUL-terminated, or NULL while it is empty.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/compiler.h"

struct strbuf {
	char *s;
	size_t len, cap;
	bool bad;
};

void sb_init(struct strbuf *b);
void sb_done(struct strbuf *b);
void sb_reset(struct strbuf *b); /* empties it, keeps its memory, clears bad */
void sb_add(struct strbuf *b, const char *p, size_t n);
void sb_puts(struct strbuf *b, const char *s);
void sb_printf(struct strbuf *b, const char *fmt, ...) ZE_PRINTF(2, 3);
void sb_vprintf(struct strbuf *b, const char *fmt, va_list ap) ZE_PRINTF(2, 0);
/* Returns the text, which the caller frees, and empties the buffer. Returns NULL when bad. */
char *sb_take(struct strbuf *b);
