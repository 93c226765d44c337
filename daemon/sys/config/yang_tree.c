/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recursive descent over the tokens, guided by the schema: what follows a name depends on its node.
 * After an error the rest of the statement is skipped with its braces, so that one run reports all
 * errors.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/sys/config/yang.h"
#include "daemon/sys/config/yang_priv.h"

#define DEPTH_MAX   16
#define KEYWORD_MAX 64

static void read_block(struct yang_doc *d, const struct lysc_node *schema, struct lyd_node *parent,
		       unsigned depth);

static enum conf_kind at(const struct yang_doc *d)
{
	return d->lex.tok.kind;
}

static void next(struct yang_doc *d)
{
	conf_next(&d->lex);
}

static void skip_eols(struct yang_doc *d)
{
	while (at(d) == CONF_EOL)
		next(d);
}

/* Skips the rest of an invalid statement, up to its ; or end of line, including braces. */
static void skip_statement(struct yang_doc *d)
{
	unsigned depth = 0;

	for (;; next(d)) {
		switch (at(d)) {
		case CONF_EOF:
			return;
		case CONF_LBRACE:
			depth++;
			break;
		case CONF_RBRACE:
			if (depth == 0)
				return;
			if (--depth == 0) {
				next(d);
				return;
			}
			break;
		case CONF_SEMI:
		case CONF_EOL:
			if (depth == 0) {
				next(d);
				return;
			}
			break;
		case CONF_WORD:
		case CONF_LBRACKET:
		case CONF_RBRACKET:
		case CONF_ERROR:
			break;
		}
	}
}

static void unexpected(struct yang_doc *d, const struct lyd_node *parent, const char *wanted)
{
	const struct conf_tok *t = &d->lex.tok;

	if (t->kind == CONF_ERROR)
		yang_error(d, t->pos, parent, "%s", t->word);
	else
		yang_error(d, t->pos, parent, "expected %s, found %s", wanted,
			   conf_kind_name(t->kind));
	if (t->kind == CONF_ERROR)
		next(d);
	skip_statement(d);
}

static const struct lysc_node *find_schema(const struct yang_doc *d, const struct lysc_node *parent,
					   const char *name)
{
	const struct lysc_node *s = NULL;
	const struct lys_module *m;
	uint32_t i = 0;

	if (parent) {
		while ((s = lys_getnext(s, parent, NULL, 0)))
			if (strcmp(s->name, name) == 0)
				return s;
		return NULL;
	}
	while ((m = ly_ctx_get_module_iter(d->ctx, &i))) {
		if (!m->implemented || strncmp(m->name, "ze-", 3) != 0)
			continue;
		s = NULL;
		while ((s = lys_getnext(s, NULL, m->compiled, 0)))
			if (strcmp(s->name, name) == 0)
				return s;
	}
	return NULL;
}

/* Returns the number of letters to insert, remove or replace to turn a into b; 3 for more than
 * two. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[KEYWORD_MAX + 1], least = 0;
	size_t n = strlen(b);

	if (n > KEYWORD_MAX || strlen(a) > KEYWORD_MAX)
		return 3;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (; *a && least < 3; a++) {
		unsigned diagonal = row[0]++;

		least = row[0];
		for (size_t j = 1; j <= n; j++) {
			unsigned change = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			row[j] = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = change < row[j] ? change : row[j];
			least = row[j] < least ? row[j] : least;
		}
	}
	return *a || row[n] > 2 ? 3 : row[n];
}

/* Returns a keyword under schema that differs from the word by at most two letters, or NULL. */
static const char *near_keyword(const struct lysc_node *schema, const char *word)
{
	const struct lysc_node *s = NULL;

	while (schema && strlen(word) > 3 && (s = lys_getnext(s, schema, NULL, 0)))
		if (distance(word, s->name) <= 2)
			return s->name;
	return NULL;
}

/* Keeps node and its position; the first top-level node becomes the root. */
static void yang_tree_keep(struct yang_doc *d, struct lyd_node *parent, struct lyd_node *node,
			   struct conf_pos pos)
{
	if (!parent)
		lyd_insert_sibling(d->root, node, &d->root);
	if (yang_place_add(d, node, pos) < 0)
		yang_error(d, pos, parent, "out of memory");
}

static const struct lyd_node *siblings(const struct yang_doc *d, const struct lyd_node *parent)
{
	return parent ? lyd_child(parent) : d->root;
}

static bool given_twice(struct yang_doc *d, const struct lysc_node *s, struct lyd_node *parent,
			struct conf_pos pos)
{
	struct lyd_node *first;

	if (lyd_find_sibling_val(siblings(d, parent), s, NULL, 0, &first) != LY_SUCCESS)
		return false;
	yang_error(d, pos, first, "given twice, first in line %u", yang_pos(d, first).line);
	return true;
}

/* Reports and frees a new list entry or leaf-list value that equals an earlier one. libyang links a
 * new node under its parent at once, but after its equals, so the earlier one is found first. */
static bool is_second(struct yang_doc *d, struct lyd_node *parent, struct lyd_node *node,
		      struct conf_pos pos)
{
	struct lyd_node *first;

	if (lyd_find_sibling_first(siblings(d, parent), node, &first) != LY_SUCCESS ||
	    first == node)
		return false;
	yang_error(d, pos, node, "given twice, first in line %u", yang_pos(d, first).line);
	lyd_free_tree(node);
	return true;
}

/* Writes "must be one of: pap chap-md5", cut to the buffer. */
static const char *enum_message(const struct lysc_type *type, char *buf, size_t size)
{
	const struct lysc_type_enum *t = (const struct lysc_type_enum *)type;
	size_t n = (size_t)snprintf(buf, size, "must be one of:");
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(t->enums, i)
	if (n < size)
		n += (size_t)snprintf(buf + n, size - n, " %s", t->enums[i].name);
	return buf;
}

static bool is_range_message(const struct lysc_range *range, const char *msg)
{
	return range && range->emsg && strcmp(range->emsg, msg) == 0;
}

static bool is_string_message(const struct lysc_type_str *t, const char *msg)
{
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(t->patterns, i)
	if (t->patterns[i]->emsg && strcmp(t->patterns[i]->emsg, msg) == 0)
		return true;
	return is_range_message(t->length, msg);
}

/* Returns libyang's last message if it is an error-message of the schema, else `otherwise`: its own
 * messages contain the value, which may be a misplaced secret. */
static const char *schema_message(const struct yang_doc *d, const struct lysc_type *type,
				  const char *otherwise)
{
	const struct ly_err_item *e = ly_err_last(d->ctx);

	if (!e || !e->msg)
		return otherwise;
	if (type->basetype == LY_TYPE_STRING)
		return is_string_message((const struct lysc_type_str *)type, e->msg) ? e->msg :
										       otherwise;
	return is_range_message(((const struct lysc_type_num *)type)->range, e->msg) ? e->msg :
										       otherwise;
}

static bool is_integer(LY_DATA_TYPE t)
{
	return t == LY_TYPE_UINT8 || t == LY_TYPE_UINT16 || t == LY_TYPE_UINT32;
}

/* Returns what is wrong with a value, without repeating it. */
static const char *value_message(const struct yang_doc *d, const struct lysc_node *s, char *buf,
				 size_t size)
{
	const struct lysc_type *type = NULL;

	if (s->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		type = ((const struct lysc_node_leaf *)s)->type; /* same member in a leaf-list */
	else if (s->nodetype == LYS_LIST)
		type = ((const struct lysc_node_leaf *)lysc_node_child(s))->type; /* its key */
	if (yang_has_ext(s, "sensitive"))
		return "not a valid secret: 1 to 255 octets";
	if (type && type->basetype == LY_TYPE_BOOL)
		return "must be true or false";
	if (type && type->basetype == LY_TYPE_ENUM)
		return enum_message(type, buf, size);
	if (type && is_integer(type->basetype))
		return schema_message(d, type, "not a number in its range");
	return type ? schema_message(d, type, "not a valid value") : "not a valid value";
}

static void bad_value(struct yang_doc *d, const struct lysc_node *s, const struct lyd_node *parent,
		      struct conf_pos pos)
{
	char buf[256];

	yang_error_child(d, pos, parent, s->name, value_message(d, s, buf, sizeof(buf)));
}

static void add_term(struct yang_doc *d, const struct lysc_node *s, struct lyd_node *parent,
		     const struct conf_tok *t)
{
	struct lyd_node *node = NULL;

	if (lyd_new_term(parent, s->module, s->name, t->word, 0, &node) != LY_SUCCESS) {
		bad_value(d, s, parent, t->pos);
		return;
	}
	if (s->nodetype == LYS_LEAFLIST && is_second(d, parent, node, t->pos))
		return;
	yang_tree_keep(d, parent, node, t->pos);
}

/* Ends a leaf: by ; or the end of the line, or by the end of the block on the same line. */
static void end_leaf(struct yang_doc *d, const struct lyd_node *parent, const char *name)
{
	if (at(d) == CONF_SEMI || at(d) == CONF_EOL) {
		next(d);
		return;
	}
	if (at(d) == CONF_EOF || at(d) == CONF_RBRACE)
		return;
	if (at(d) == CONF_WORD)
		yang_error(d, d->lex.tok.pos, parent,
			   "%s takes one value; quote it if it has spaces", name);
	else
		yang_error(d, d->lex.tok.pos, parent, "%s: expected ';' or end of line, found %s",
			   name, conf_kind_name(at(d)));
	skip_statement(d);
}

static void read_leaf(struct yang_doc *d, const struct lysc_node *s, struct lyd_node *parent,
		      struct conf_pos pos)
{
	if (at(d) != CONF_WORD) {
		unexpected(d, parent, "a value");
		return;
	}
	if (lysc_is_key(s))
		yang_error(d, pos, parent, "%s is the key of the list entry and already given",
			   s->name);
	else if (!given_twice(d, s, parent, pos))
		add_term(d, s, parent, &d->lex.tok);
	next(d);
	end_leaf(d, parent, s->name);
}

static void read_leaflist(struct yang_doc *d, const struct lysc_node *s, struct lyd_node *parent)
{
	bool many = at(d) == CONF_LBRACKET;

	if (many)
		next(d);
	/* In a list that restricts, such as allow-from, it would mean the opposite of what it seems
	 * to. */
	if (many && at(d) == CONF_RBRACKET)
		yang_error(d, d->lex.tok.pos, parent,
			   "%s: an empty list is the same as none; leave the line out", s->name);
	else if (at(d) != CONF_WORD) {
		unexpected(d, parent, "a value or '['");
		return;
	}
	for (; at(d) == CONF_WORD || (many && at(d) == CONF_EOL); next(d)) {
		if (at(d) == CONF_EOL)
			continue;
		add_term(d, s, parent, &d->lex.tok);
		if (!many) {
			next(d);
			break;
		}
	}
	if (many && at(d) != CONF_RBRACKET) {
		unexpected(d, parent, "']'");
		return;
	}
	if (many)
		next(d);
	end_leaf(d, parent, s->name);
}

static void check_mandatory(struct yang_doc *d, const struct lysc_node *schema,
			    const struct lyd_node *node)
{
	const struct lysc_node *s = NULL;

	while ((s = lys_getnext(s, schema, NULL, 0)))
		if ((s->flags & LYS_MAND_TRUE) && s->nodetype == LYS_LEAF && !lysc_is_key(s) &&
		    !yang_find(lyd_child(node), s->name))
			yang_error_child(d, yang_pos(d, node), node, s->name, "is missing");
}

static void read_body(struct yang_doc *d, const struct lysc_node *s, struct lyd_node *node,
		      unsigned depth)
{
	unsigned before = d->n_errors;

	skip_eols(d);
	if (at(d) != CONF_LBRACE) {
		unexpected(d, node, "'{'");
		return;
	}
	next(d);
	read_block(d, s, node, depth + 1);
	if (at(d) != CONF_RBRACE) {
		yang_error(d, yang_pos(d, node), node, "'{' is never closed");
		return;
	}
	next(d);
	if (at(d) == CONF_SEMI)
		next(d);
	if (d->n_errors == before) /* an invalid value is not also reported as missing */
		check_mandatory(d, s, node);
}

static void read_container(struct yang_doc *d, const struct lysc_node *s, struct lyd_node *parent,
			   struct conf_pos pos, unsigned depth)
{
	struct lyd_node *node = NULL;

	if (given_twice(d, s, parent, pos)) {
		skip_statement(d);
		return;
	}
	if (lyd_new_inner(parent, s->module, s->name, 0, &node) != LY_SUCCESS) {
		bad_value(d, s, parent, pos);
		skip_statement(d);
		return;
	}
	/* libyang treats an empty container as a default and would omit the defaults in it. */
	node->flags &= ~(uint32_t)LYD_DEFAULT;
	yang_tree_keep(d, parent, node, pos);
	read_body(d, s, node, depth);
}

static void yang_tree_read_list(struct yang_doc *d, const struct lysc_node *s,
				struct lyd_node *parent, struct conf_pos pos, unsigned depth)
{
	struct lyd_node *node = NULL;

	if (at(d) != CONF_WORD) {
		unexpected(d, parent, "a name");
		return;
	}
	if (lyd_new_list(parent, s->module, s->name, 0, &node, d->lex.tok.word) != LY_SUCCESS) {
		bad_value(d, s, parent, d->lex.tok.pos);
		skip_statement(d);
		return;
	}
	if (is_second(d, parent, node, pos)) {
		skip_statement(d);
		return;
	}
	yang_tree_keep(d, parent, node, pos);
	next(d);
	if (at(d) == CONF_SEMI) {
		next(d);
		check_mandatory(d, s, node);
		return;
	}
	read_body(d, s, node, depth);
}

/* An unknown word may be a secret on the wrong line, so it is not repeated; a similar keyword is
 * named. */
static void unknown_keyword(struct yang_doc *d, const struct lysc_node *schema,
			    const struct lyd_node *parent)
{
	const char *near = near_keyword(schema, d->lex.tok.word);

	if (near)
		yang_error(d, d->lex.tok.pos, parent, "unknown keyword; did you mean \"%s\"?",
			   near);
	else
		yang_error(d, d->lex.tok.pos, parent, "unknown keyword");
	skip_statement(d);
}

static void read_statement(struct yang_doc *d, const struct lysc_node *schema,
			   struct lyd_node *parent, unsigned depth)
{
	struct conf_pos pos = d->lex.tok.pos;
	const struct lysc_node *s = find_schema(d, schema, d->lex.tok.word);

	if (!s || d->lex.tok.quoted || depth > DEPTH_MAX) {
		unknown_keyword(d, schema, parent);
		return;
	}
	next(d);
	switch (s->nodetype) {
	case LYS_CONTAINER:
		read_container(d, s, parent, pos, depth);
		return;
	case LYS_LIST:
		yang_tree_read_list(d, s, parent, pos, depth);
		return;
	case LYS_LEAF:
		read_leaf(d, s, parent, pos);
		return;
	case LYS_LEAFLIST:
		read_leaflist(d, s, parent);
		return;
	default:
		yang_error(d, pos, parent, "%s cannot be configured", s->name);
		skip_statement(d);
	}
}

/* Reads statements up to the closing brace, which is not consumed, or the end. */
static void read_block(struct yang_doc *d, const struct lysc_node *schema, struct lyd_node *parent,
		       unsigned depth)
{
	while (d->n_errors < YANG_ERRORS_MAX) {
		switch (at(d)) {
		case CONF_EOF:
			return;
		case CONF_RBRACE:
			if (parent)
				return;
			yang_error(d, d->lex.tok.pos, NULL, "'}' without a '{'");
			next(d);
			break;
		case CONF_EOL:
		case CONF_SEMI:
			next(d);
			break;
		case CONF_WORD:
			read_statement(d, schema, parent, depth);
			break;
		case CONF_LBRACE:
		case CONF_LBRACKET:
		case CONF_RBRACKET:
		case CONF_ERROR:
			unexpected(d, parent, "a keyword");
			break;
		}
	}
}

void yang_tree_read(struct yang_doc *d)
{
	conf_lex_init(&d->lex, d->src->text, d->src->len);
	read_block(d, NULL, NULL, 0);
	conf_lex_done(&d->lex);
}

void yang_tree_done(struct yang_doc *d)
{
	yang_places_free(d);
	lyd_free_all(d->root);
	d->root = NULL;
}
