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

static ze_ns bus_deadline_of(const struct bus *b, unsigned i)
{
	return b->o[i]->deadline ? b->o[i]->deadline(b->self[i]) : ZE_NEVER;
}

ze_ns bus_deadline(const struct bus *b)
{
	ze_ns next = ZE_NEVER;

	for (unsigned i = 0; i < b->n; i++)
		next = ze_min_ns(next, bus_deadline_of(b, i));
	return next;
}

void bus_expire(struct bus *b, ze_ns now)
{
	for (unsigned i = 0; i < b->n; i++)
		if (bus_deadline_of(b, i) <= now)
			b->o[i]->expire(b->self[i], now);
}
