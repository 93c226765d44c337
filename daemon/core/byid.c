/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/byid.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/core/registry.h"
#include "daemon/core/subscriber_priv.h"

static struct subscriber *byid_live(const struct engine *e, const struct byid_row *row)
{
	struct subscriber *s = registry_sub(e, row->sid);

	return s && s->id == row->id ? s : NULL;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct byid_row *)a)->id, y = ((const struct byid_row *)b)->id;

	return x < y ? -1 : x > y;
}

/* Makes room for `more` rows. */
static int byid_grow(struct byid *b, const struct engine *e, size_t more)
{
	size_t n = 0, places;
	struct byid_row *rows;

	if (b->n + more <= b->places)
		return 0;
	for (size_t i = 0; i < b->n; i++)
		if (byid_live(e, &b->rows[i]))
			b->rows[n++] = b->rows[i];
	b->n = n;
	if (n + more <= b->places / 2)
		return 0;
	places = 2 * (n + more);
	rows = reallocarray(b->rows, places, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	b->rows = rows;
	b->places = places;
	return 0;
}

/* Adds the sessions that began since the last search: they are at the end of the engine's list. */
static int byid_update(struct byid *b, const struct engine *e)
{
	const struct list *from = &e->calls, *l;
	size_t more = 0, first;

	for (l = e->calls.prev; l != &e->calls; l = l->prev) {
		const struct subscriber *s = subscriber_of(list_entry(l, struct call, in_all));

		if (s && s->id < b->until)
			break;
		from = l;
		more++;
	}
	if (!more)
		return 0;
	if (byid_grow(b, e, more) < 0)
		return -ENOMEM;
	first = b->n;
	for (l = from; l != &e->calls; l = l->next) {
		const struct subscriber *s = subscriber_of(list_entry(l, struct call, in_all));

		if (s)
			b->rows[b->n++] = (struct byid_row){ s->id, s->call.l2tp.sid };
	}
	/* Those of the previous instance are not in the order of their ids. */
	qsort(&b->rows[first], b->n - first, sizeof(*b->rows), by_id);
	b->until = e->next_id;
	return 0;
}

struct subscriber *byid_find(struct byid *b, const struct engine *e, uint64_t id)
{
	const struct byid_row key = { .id = id }, *row;
	const struct list *l;

	if (byid_update(b, e) == 0) {
		row = b->n ? bsearch(&key, b->rows, b->n, sizeof(key), by_id) : NULL;
		return row ? byid_live(e, row) : NULL;
	}
	list_for_each(l, &e->calls) {
		struct subscriber *s = subscriber_of(list_entry(l, struct call, in_all));

		if (s && s->id == id)
			return s;
	}
	return NULL;
}

void byid_done(struct byid *b)
{
	free(b->rows);
	*b = (struct byid){ 0 };
}
