/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration as a table. A row describes one leaf, leaf-list or list of the schema: its path,
 * where a struct has its value, its default, and when a change applies. The functions here set,
 * print, compare and free values by their rows. They do not know the struct: `base` is the address of a
 * struct config, whose table is config_table, or of an entry of one of its lists.
 *
 * A value that is not given and has no default is 0, an empty text or NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/compiler.h"

struct strbuf;

enum config_kind {     /* the type of the member */
	CONFIG_BOOL,   /* bool */
	CONFIG_U16,    /* uint16_t */
	CONFIG_U32,    /* uint32_t */
	CONFIG_WORD,   /* an enum, whose values are the indices of words */
	CONFIG_NAME,   /* char [64] */
	CONFIG_IFNAME, /* char [16] */
	CONFIG_STRING, /* char *, owned */
	CONFIG_SECRET, /* the same, wiped before it is freed */
	CONFIG_IP,     /* struct ze_addr, whose port has a row of its own */
	CONFIG_IP4,    /* uint32_t, host order */
	CONFIG_PREFIX, /* struct ze_prefix */
	CONFIG_RATE,   /* uint64_t, bit/s */
	CONFIG_LIMIT,  /* set and limit of a struct profile_sessions */
	CONFIG_ENTRY   /* a struct with rows of its own */
};

enum config_applies { /* a changed value applies */
	CONFIG_NOW,
	CONFIG_NEW_TUNNELS,  /* to tunnels that are set up later */
	CONFIG_NEW_SESSIONS, /* to sessions that are set up later */
	CONFIG_NEXT_LOGIN,   /* to the next login, or the next answer to one */
	CONFIG_RESTART	     /* only after a restart */
};

struct config_row {
	const char *path; /* "l2tp/ncp/timeout"; in an entry, from there */
	enum config_kind kind;
	enum config_applies applies;
	size_t offset;			  /* of the value; of a list, see places */
	size_t count;			  /* of a list: the offset of its size_t; otherwise 0 */
	size_t places;			  /* of an array; 0: offset is that of a pointer to one */
	bool ordered;			  /* of a list: its order has a meaning */
	const char *def;		  /* the default of the schema, or NULL */
	const char *unit;		  /* NULL: none */
	const char *const *words;	  /* of CONFIG_WORD, up to a NULL; "" is for not given */
	const struct config_table *entry; /* of CONFIG_ENTRY */
};

struct config_table {
	const struct config_row *rows; /* of an entry: the first is the key */
	size_t n;
	size_t size; /* of the struct */
};

/* Sets the defaults. base is filled with zeros. Returns 0 or -ENOMEM; config_table_done() frees what
 * was set. */
int ZE_MUST_CHECK config_table_init(const struct config_table *t, void *base);
/* Frees all values, and wipes the secrets. */
void config_table_done(const struct config_table *t, void *base);

/* Sets the value, or adds one to a leaf-list. Returns NULL, or what is wrong with the text. */
const char *config_row_set(const struct config_row *row, void *base, const char *text);
/* Adds an entry, which has its defaults, to a list. Returns NULL when out of memory. */
void *config_row_add(const struct config_row *row, void *base);
/* Adds the text of a value to out; nothing when it is not given, and for a secret. Not for lists. */
void config_row_print(const struct config_row *row, const void *base, struct strbuf *out);

struct config_row_diff { /* of a list: how many values or entries; of others: changed is 0 or 1 */
	size_t added, removed, changed;
	bool reordered; /* what both lists have is in another order; only of an ordered list */
};
/* Compares the values of two structs. The entries of a list are matched by their key. Returns 0 or
 * -ENOMEM. */
int config_row_compare(const struct config_row *row, const void *old, const void *new,
		       struct config_row_diff *ret);
/* "now", "new-tunnels", "new-sessions", "next-login" or "restart". */
const char *config_applies_name(enum config_applies a);
