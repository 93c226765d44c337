/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash table of the tree. It costs 16 octets in each element and at most two pointers in the
 * table. The caller compares the keys of elements with equal hashes:
 *
 *	for (n = htab_find(&t, hash); n; n = htab_same(n))
 *		if (element_of(n)->key == key)
 *			return element_of(n);
 *
 * The hash is hash_bytes() of the key, whose octets all must be defined; a number that we have
 * chosen ourselves, such as our session id, can be its own hash. The table owns only its array of
 * heads, which it frees when the last element is removed. When it cannot grow, it keeps its size
 * and continues with longer chains.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct htab_node {
	struct htab_node *next;
	uint32_t hash;
};

struct htab { /* an empty table is all zero */
	struct htab_node **heads;
	size_t size, n; /* size is a power of two */
};

/* Adds n. Returns 0, or -ENOMEM, which is possible only for the first element of an empty table. */
int htab_add(struct htab *t, struct htab_node *n, uint32_t hash);
/* Removes n, which must be in t. */
void htab_del(struct htab *t, struct htab_node *n);
/* The first element with this hash, or NULL. */
struct htab_node *htab_find(const struct htab *t, uint32_t hash);
/* The next element with the hash of n, or NULL. */
struct htab_node *htab_same(const struct htab_node *n);
/* Iterates over all elements in no particular order: the element after n, or the first when n is
 * NULL. Returns NULL at the end. */
struct htab_node *htab_next(const struct htab *t, const struct htab_node *n);
