/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table for what there is one of a session: 16 octets in each element and a pointer in the table,
 * where uthash takes 56. Elements with equal hashes are the caller's to tell apart:
 *
 *	for (n = htab_find(&t, hash); n; n = htab_same(n))
 *		if (element_of(n)->key == key)
 *			return element_of(n);
 *
 * The hash is hash_bytes() of the key. Owns its table of heads only, and nothing when it is empty. A
 * table that can't grow goes on with longer chains.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct htab_node {
	struct htab_node *next;
	uint32_t hash;
};

struct htab { /* all zero: empty */
	struct htab_node **heads;
	size_t size, n; /* size is a power of two */
};

/* 0, or -ENOMEM, which only the first of a table can get. */
int htab_add(struct htab *t, struct htab_node *n, uint32_t hash);
/* n is in t. */
void htab_del(struct htab *t, struct htab_node *n);
struct htab_node *htab_find(const struct htab *t, uint32_t hash);
struct htab_node *htab_same(const struct htab_node *n);
/* All of them, in no order: after n, the first for NULL; NULL at the end. */
struct htab_node *htab_next(const struct htab *t, const struct htab_node *n);
