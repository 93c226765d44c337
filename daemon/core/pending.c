/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/pending.h"

#include <assert.h>
#include <string.h>

void pending_init(struct pending *p)
{
	p->n = 0;
}

static unsigned rank(const struct pending_entry *e)
{
	return e->kind * (unsigned)PPP_FAM__COUNT + e->family;
}

void pending_add_family(struct pending *p, enum pending_kind kind, enum ppp_family family)
{
	const struct pending_entry e = { .kind = (uint8_t)kind, .family = (uint8_t)family };
	unsigned i = 0;

	while (i < p->n && rank(&p->v[i]) < rank(&e))
		i++;
	if (i < p->n && rank(&p->v[i]) == rank(&e))
		return;
	assert(p->n < PENDING_MAX);
	memmove(&p->v[i + 1], &p->v[i], (p->n++ - i) * sizeof(e));
	p->v[i] = e;
}

void pending_add(struct pending *p, enum pending_kind kind)
{
	pending_add_family(p, kind, 0);
}

bool pending_take(struct pending *p, struct pending_entry *ret)
{
	if (!p->n)
		return false;
	*ret = p->v[0];
	memmove(&p->v[0], &p->v[1], --p->n * sizeof(p->v[0]));
	return true;
}
