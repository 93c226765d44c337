/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/htab.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_FIRST 8

static struct htab_node **head_of(const struct htab *t, uint32_t hash)
{
	return &t->heads[hash & (t->size - 1)];
}

static void htab_put(struct htab *t, struct htab_node *n)
{
	struct htab_node **head = head_of(t, n->hash);

	n->next = *head;
	*head = n;
}

static int htab_grow(struct htab *t)
{
	struct htab more = { .size = t->size ? 2 * t->size : SIZE_FIRST, .n = t->n };
	struct htab_node *n;

	more.heads = calloc(more.size, sizeof(*more.heads));
	if (!more.heads)
		return t->size ? 0 : -ENOMEM;
	for (size_t i = 0; i < t->size; i++) {
		while ((n = t->heads[i])) {
			t->heads[i] = n->next;
			htab_put(&more, n);
		}
	}
	free(t->heads);
	*t = more;
	return 0;
}

int htab_add(struct htab *t, struct htab_node *n, uint32_t hash)
{
	int r = t->n < t->size ? 0 : htab_grow(t);

	if (r < 0)
		return r;
	n->hash = hash;
	htab_put(t, n);
	t->n++;
	return 0;
}

void htab_del(struct htab *t, struct htab_node *n)
{
	struct htab_node **at = head_of(t, n->hash);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	if (--t->n > 0)
		return;
	free(t->heads);
	*t = (struct htab){ 0 };
}

static struct htab_node *first_with(struct htab_node *n, uint32_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct htab_node *htab_find(const struct htab *t, uint32_t hash)
{
	return t->size ? first_with(*head_of(t, hash), hash) : NULL;
}

struct htab_node *htab_same(const struct htab_node *n)
{
	return first_with(n->next, n->hash);
}

struct htab_node *htab_next(const struct htab *t, const struct htab_node *n)
{
	size_t i = 0;

	if (n && n->next)
		return n->next;
	if (n)
		i = (n->hash & (t->size - 1)) + 1;
	while (i < t->size && !t->heads[i])
		i++;
	return i < t->size ? t->heads[i] : NULL;
}
