/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_ids.h"

#include <errno.h>
#include <stdlib.h>

static void queue_add(struct radius_id_queue *q, uint8_t id)
{
	q->ids[(q->head + q->n++) % RADIUS_PORT_IDS] = id;
}

static uint8_t queue_pop(struct radius_id_queue *q)
{
	uint8_t id = q->ids[q->head];

	q->head = (uint16_t)((q->head + 1) % RADIUS_PORT_IDS);
	q->n--;
	return id;
}

void radius_ids_init(struct radius_ids *a, unsigned max)
{
	*a = (struct radius_ids){ .max = max };
}

void radius_ids_done(struct radius_ids *a)
{
	for (unsigned i = 0; i < a->n; i++)
		free(a->ports[i]);
	a->n = 0;
}

struct radius_slot *radius_ids_slot(const struct radius_ids *a, unsigned port, uint8_t id)
{
	return port < a->n ? &a->ports[port]->slots[id] : NULL;
}

/* When the identifier that has rested longest is free; ZE_NEVER: none rests. */
static ze_ns rests_until(const struct radius_port *p)
{
	return p->resting.n ? p->slots[p->resting.ids[p->resting.head]].at : ZE_NEVER;
}

static bool has_free(struct radius_port *p, ze_ns now)
{
	while (rests_until(p) <= now)
		queue_add(&p->free, queue_pop(&p->resting));
	return p->free.n != 0;
}

static struct radius_port *port_open(struct radius_ids *a)
{
	struct radius_port *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	for (unsigned id = 0; id < RADIUS_PORT_IDS; id++)
		queue_add(&p->free, (uint8_t)id);
	a->ports[a->n++] = p;
	return p;
}

/* The port of the identifier that has rested longest, or a->n. */
static unsigned port_with_resting(const struct radius_ids *a)
{
	unsigned best = a->n;
	ze_ns first = ZE_NEVER;

	for (unsigned i = 0; i < a->n; i++) {
		if (rests_until(a->ports[i]) < first) {
			first = rests_until(a->ports[i]);
			best = i;
		}
	}
	return best;
}

int radius_ids_take(struct radius_ids *a, struct radius_pending *owner, ze_ns now,
		    struct radius_id *ret)
{
	struct radius_id_queue *q;
	bool no_memory = false;
	unsigned i = 0;

	while (i < a->n && !has_free(a->ports[i], now))
		i++;
	if (i == a->n && a->n < a->max && !port_open(a))
		no_memory = true;
	if (i < a->n) {
		q = &a->ports[i]->free;
	} else {
		i = port_with_resting(a);
		if (i == a->n)
			return no_memory ? -ENOMEM : -ENOBUFS;
		q = &a->ports[i]->resting;
	}
	*ret = (struct radius_id){ (uint8_t)i, queue_pop(q) };
	a->ports[i]->slots[ret->id] =
		(struct radius_slot){ .owner = owner, .at = now, .busy = true, .used = true };
	return 0;
}

void radius_ids_put(struct radius_ids *a, struct radius_id id, ze_ns rest, ze_ns now)
{
	struct radius_port *p = a->ports[id.port];
	struct radius_slot *s = &p->slots[id.id];

	s->owner = NULL;
	s->busy = false;
	s->at = now + rest;
	queue_add(rest > 0 ? &p->resting : &p->free, id.id);
}
