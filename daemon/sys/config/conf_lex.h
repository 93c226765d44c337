/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of the curly configuration syntax. A word is bare (no white space, quotes, braces, brackets,
 * semicolons) or "quoted" with \" \\ \n \t. Comments: // and # to the end of the line, at the start
 * of a word; C comments. An end of line is a token: it may end a leaf. Pure: text in, tokens out.
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
	CONF_ERROR /* word says what is wrong */
};

struct conf_pos {
	unsigned line, col; /* from 1; columns are octets */
};

struct conf_tok {
	enum conf_kind kind;
	bool quoted;
	struct conf_pos pos;
	const char *word; /* until the next conf_next; NUL-terminated */
};

struct conf_lex {
	const char *p, *end;
	struct conf_pos pos;
	struct strbuf word;
	struct conf_tok tok; /* the current token */
};

void conf_lex_init(struct conf_lex *lx, const char *text, size_t len);
void conf_lex_done(struct conf_lex *lx); /* wipes the last word: it may be a secret */
/* Moves on; lx->tok is the new current token. */
void conf_next(struct conf_lex *lx);
const char *conf_kind_name(enum conf_kind k); /* "'{'", "end of line" */
