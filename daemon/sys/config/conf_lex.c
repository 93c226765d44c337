/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/config/conf_lex.h"

#include <string.h>

#include "daemon/base/crypto.h"

#define WORD_MAX 4096

void conf_lex_init(struct conf_lex *lx, const char *text, size_t len)
{
	memset(lx, 0, sizeof(*lx));
	lx->p = text;
	lx->end = text + len;
	lx->pos = (struct conf_pos){ 1, 1 };
	sb_init(&lx->word);
	conf_next(lx);
}

void conf_lex_done(struct conf_lex *lx)
{
	if (lx->word.s)
		crypto_wipe(lx->word.s, lx->word.cap);
	sb_done(&lx->word);
}

static int peek(const struct conf_lex *lx, size_t ahead)
{
	return (size_t)(lx->end - lx->p) > ahead ? (unsigned char)lx->p[ahead] : -1;
}

static void advance(struct conf_lex *lx)
{
	if (*lx->p++ == '\n')
		lx->pos = (struct conf_pos){ lx->pos.line + 1, 1 };
	else
		lx->pos.col++;
}

static void skip_line(struct conf_lex *lx)
{
	while (peek(lx, 0) >= 0 && peek(lx, 0) != '\n')
		advance(lx);
}

/* Returns false when the comment is not terminated. */
static bool skip_c_comment(struct conf_lex *lx)
{
	advance(lx);
	advance(lx);
	for (; peek(lx, 0) >= 0; advance(lx))
		if (peek(lx, 0) == '*' && peek(lx, 1) == '/') {
			advance(lx);
			advance(lx);
			return true;
		}
	return false;
}

static bool skip_blank(struct conf_lex *lx)
{
	for (;;) {
		int c = peek(lx, 0);

		if (c == ' ' || c == '\t' || c == '\r')
			advance(lx);
		else if (c == '#' || (c == '/' && peek(lx, 1) == '/'))
			skip_line(lx);
		else if (c == '/' && peek(lx, 1) == '*') {
			struct conf_pos at = lx->pos;

			if (!skip_c_comment(lx)) {
				lx->tok.pos = at;
				return false;
			}
		} else
			return true;
	}
}

static void conf_lex_finish(struct conf_lex *lx, enum conf_kind kind, const char *word)
{
	lx->tok.kind = kind;
	lx->tok.word = word;
}

static void finish_word(struct conf_lex *lx)
{
	if (lx->word.bad)
		conf_lex_finish(lx, CONF_ERROR, "out of memory");
	else
		conf_lex_finish(lx, CONF_WORD, lx->word.s ? lx->word.s : "");
}

static int unescape(int c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '"':
	case '\\':
		return c;
	default:
		return -1;
	}
}

static void lex_quoted(struct conf_lex *lx)
{
	lx->tok.quoted = true;
	advance(lx);
	for (;;) {
		int c = peek(lx, 0);
		char out;

		if (c < 0 || c == '\n')
			return conf_lex_finish(lx, CONF_ERROR,
					       "quoted string does not end on its line");
		if (c == 0)
			return conf_lex_finish(lx, CONF_ERROR, "NUL octet in the text");
		if (c == '"')
			break;
		if (c == '\\') {
			advance(lx);
			c = unescape(peek(lx, 0));
			if (c < 0)
				return conf_lex_finish(lx, CONF_ERROR,
						       "unknown escape, use \\\" \\\\ \\n \\t");
		}
		out = (char)c;
		sb_add(&lx->word, &out, 1);
		advance(lx);
		if (lx->word.len > WORD_MAX)
			return conf_lex_finish(lx, CONF_ERROR, "word is too long");
	}
	advance(lx);
	finish_word(lx);
}

static bool ends_word(int c)
{
	return c < 0 || strchr(" \t\r\n;{}[]\"", c) != NULL; /* also NUL */
}

static void lex_bare(struct conf_lex *lx)
{
	const char *start = lx->p;

	if (peek(lx, 0) == 0) {
		advance(lx);
		return conf_lex_finish(lx, CONF_ERROR, "NUL octet in the text");
	}
	while (!ends_word(peek(lx, 0)))
		advance(lx);
	if (lx->p - start > WORD_MAX)
		return conf_lex_finish(lx, CONF_ERROR, "word is too long");
	sb_add(&lx->word, start, (size_t)(lx->p - start));
	finish_word(lx);
}

void conf_next(struct conf_lex *lx)
{
	static const struct {
		char c;
		enum conf_kind kind;
	} marks[] = {
		{ '\n', CONF_EOL },   { ';', CONF_SEMI },     { '{', CONF_LBRACE },
		{ '}', CONF_RBRACE }, { '[', CONF_LBRACKET }, { ']', CONF_RBRACKET },
	};
	int c;

	sb_reset(&lx->word);
	lx->tok.quoted = false;
	if (!skip_blank(lx))
		return conf_lex_finish(lx, CONF_ERROR, "comment does not end");
	lx->tok.pos = lx->pos;
	c = peek(lx, 0);
	if (c < 0)
		return conf_lex_finish(lx, CONF_EOF, "");
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (c == marks[i].c) {
			advance(lx);
			return conf_lex_finish(lx, marks[i].kind, "");
		}
	if (c == '"')
		return lex_quoted(lx);
	lex_bare(lx);
}

const char *conf_kind_name(enum conf_kind k)
{
	switch (k) {
	case CONF_EOF:
		return "end of file";
	case CONF_EOL:
		return "end of line";
	case CONF_WORD:
		return "a word";
	case CONF_SEMI:
		return "';'";
	case CONF_LBRACE:
		return "'{'";
	case CONF_RBRACE:
		return "'}'";
	case CONF_LBRACKET:
		return "'['";
	case CONF_RBRACKET:
		return "']'";
	case CONF_ERROR:
		break;
	}
	return "an error";
}
