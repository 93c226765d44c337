/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/bus.h"

#include <errno.h>

int bus_add(struct bus *b, const struct observer *o, void *self)
{
	if (b->n == BUS_OBSERVERS_MAX)
		return -ENOSPC;
	b->o[b->n] = o;
	b->self[b->n] = self;
	b->n++;
	return 0;
}

void bus_publish(struct bus *b, const struct event *e)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->o[i]->wants & EV_BIT(e->kind))
			b->o[i]->on_event(b->self[i], e);
}
