/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the three files that turn text into a snapshot: yang.c (schema, entry points), yang_tree.c (text to a
 * libyang tree with positions), yang_snapshot.c (tree to struct config).
 */
#pragma once

#include <libyang/libyang.h>
#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/base/hash.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/config.h"
#include "daemon/sys/config/conf_lex.h"
#include "daemon/sys/config/yang.h"

struct yang_place { /* where a node was written */
	UT_hash_handle hh;
	const struct lyd_node *node;
	struct conf_pos pos;
};

struct yang_doc { /* one text being read */
	const struct ly_ctx *ctx;
	const struct yang_source *src;
	struct conf_lex lex;
	struct lyd_node *root; /* NULL or the first top-level node */
	struct yang_place *places;
	struct strbuf *errors;
	unsigned n_errors;
	unsigned n_fixed,
		fixed_line; /* users with an address of their own; the line of the first */
	struct config *cfg; /* being filled, yang_snapshot.c */
};

#define YANG_ERRORS_MAX 100

/* `file:line:col: path: message`; path of node (may be NULL), message by printf. */
void yang_error(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *node,
		const char *fmt, ...) ZE_PRINTF(4, 5);
/* The same for a child that does not exist (yet), by its name. */
void yang_error_child(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *parent,
		      const char *name, const char *msg);
/* Where node, or the nearest ancestor that was written, stands. */
struct conf_pos yang_pos(const struct yang_doc *d, const struct lyd_node *node);
/* Carries the named ze-extensions statement. */
bool yang_has_ext(const struct lysc_node *s, const char *name);
/* Child by name, NULL when absent. */
struct lyd_node *yang_child(const struct lyd_node *parent, const char *name);
/* Child leaf's value, NULL when absent. */
const char *yang_value(const struct lyd_node *parent, const char *name);

/* Text to d->root and d->places; errors are reported as they are met. */
void yang_tree_read(struct yang_doc *d);
void yang_tree_done(struct yang_doc *d);
/* Valid tree to d->cfg; more errors may be found (addresses, ranges that span leaves). */
void yang_snapshot(struct yang_doc *d);
