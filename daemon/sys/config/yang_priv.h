/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between the files that turn text into a snapshot: yang.c (schema, entry points),
 * yang_tree.c (text to a libyang tree with positions), yang_snapshot.c (tree to struct config),
 * yang_pools.c (checks of the pools).
 */
#pragma once

#include <libyang/libyang.h>
#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/base/htab.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/config.h"
#include "daemon/sys/config/conf_lex.h"

struct yang_source; /* yang.h */

struct yang_place { /* the position of a node in the text */
	struct htab_node in_places;
	const struct lyd_node *node;
	struct conf_pos pos;
};

struct yang_doc { /* a text that is being parsed */
	const struct ly_ctx *ctx;
	const struct yang_source *src;
	struct conf_lex lex;
	struct lyd_node *root; /* the first top-level node, or NULL */
	struct htab places;    /* by node */
	struct strbuf *errors;
	unsigned n_errors;
	unsigned n_fixed, fixed_line;	    /* users with a fixed address; line of the first */
	unsigned n_unserved, unserved_line; /* those for whom there is no pool, and so no gateway */
	struct config *cfg;		    /* filled by yang_snapshot.c */
};

#define YANG_ERRORS_MAX 100

/* Adds the error `file:line:col: path: message`; the path is that of node, which may be NULL. */
void yang_error(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *node,
		const char *fmt, ...) ZE_PRINTF(4, 5);
/* The same for a child that does not exist, by its name. */
void yang_error_child(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *parent,
		      const char *name, const char *msg);
/* Records the position of node. Returns 0 or -ENOMEM. */
int yang_place_add(struct yang_doc *d, const struct lyd_node *node, struct conf_pos pos);
void yang_places_free(struct yang_doc *d);
/* The position of node, or of its nearest ancestor that has one. */
struct conf_pos yang_pos(const struct yang_doc *d, const struct lyd_node *node);
/* True when the node has the named ze-extensions statement. */
bool yang_has_ext(const struct lysc_node *s, const char *name);
/* Returns the first node at the path "a/b/c" below these siblings, or NULL. */
const struct lyd_node *yang_find(const struct lyd_node *siblings, const char *path);

/* Parses the text into d->root and d->places; adds errors as they are found. */
void yang_tree_read(struct yang_doc *d);
void yang_tree_done(struct yang_doc *d);
/* Checks the pools of d->cfg, which is complete. */
void yang_pools_check(struct yang_doc *d);
/* Returns why no user may have this address, in host order; NULL: it may. */
const char *yang_pools_refuse(const struct config *c, uint32_t ip);
/* True when there is the pool of this name; without one (NULL), a pool that contains the address or
 * the default pool. */
bool yang_pools_serve(const struct config *c, const char *name, uint32_t ip);
/* Converts a valid tree to d->cfg; may find more errors (addresses, ranges that span leaves). */
void yang_snapshot(struct yang_doc *d);
