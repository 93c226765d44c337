/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lexer of the curly configuration syntax. A word is bare (no white space, quotes, braces,
 * brackets, semicolons) or "quoted" with \" \\ \n \t. Comments: // and # to the end of the line, at
 * the start of a word; C comments. The end of a line is a token, since it may end a leaf. Makes no
 * system calls.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/strbuf.h"

enum conf_kind {
	CONF_EOF,
	CONF_EOL,
	CONF_WORD,
	CONF_SEMI,
	CONF_LBRACE,
	CONF_RBRACE,
	CONF_LBRACKET,
	CONF_RBRACKET,
	CONF_ERROR /* word is the error message */
};

struct conf_pos {
	unsigned line, col; /* from 1; columns count octets */
};

struct conf_tok {
	enum conf_kind kind;
	bool quoted;
	struct conf_pos pos;
	const char *word; /* valid until the next conf_next(); NUL-terminated */
};

struct conf_lex {
	const char *p, *end;
	struct conf_pos pos;
	struct strbuf word;
	struct conf_tok tok; /* the current token */
};

/* text is borrowed until conf_lex_done(). */
void conf_lex_init(struct conf_lex *lx, const char *text, size_t len);
void conf_lex_done(struct conf_lex *lx); /* wipes the last word, which may be a secret */
/* Reads the next token into lx->tok. */
void conf_next(struct conf_lex *lx);
const char *conf_kind_name(enum conf_kind k); /* "'{'", "end of line" */
