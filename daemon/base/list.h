/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An intrusive circular doubly linked list. It allocates nothing. A node that is in no list points
 * to itself, so removing it twice is harmless.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}

static inline void list_add_head(struct list *head, struct list *n)
{
	list_add_tail(head->next, n);
}

static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

/* Removes the first node. Returns NULL when there is none. */
static inline struct list *list_pop(struct list *head)
{
	struct list *l = head->next;

	list_del(l);
	return l == head ? NULL : l;
}

/* Moves all elements of `from`, in their order, to the end of the list. */
static inline void list_splice_tail(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) ze_container_of(ptr, type, member)
/* The loop body may remove the current element, but no other. */
#define list_for_each_safe(pos, tmp, head)                                                         \
	for (pos = (head)->next, tmp = pos->next; pos != (head); pos = tmp, tmp = pos->next)
#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)
