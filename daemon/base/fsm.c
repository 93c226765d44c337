/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/fsm.h"

#include <string.h>

void fsm_init(struct fsm *f, const struct fsm_def *d, uint8_t state)
{
	*f = (struct fsm){ .def = d, .state = state };
}

void fsm_keep(struct fsm *f, struct fsm_step *steps, uint32_t n)
{
	f->ring = ring_init(n);
	f->steps = steps;
}

const struct fsm_row *fsm_find(const struct fsm_def *d, uint8_t state, uint8_t event, void *obj,
			       void *arg)
{
	for (const struct fsm_row *row = d->rows; row < d->rows + d->nrows; row++) {
		if (row->state != state && row->state != FSM_ANY)
			continue;
		if (row->event != event && row->event != FSM_ANY)
			continue;
		if (!row->guard || row->guard(obj, arg))
			return row;
	}
	return NULL;
}

int fsm_run(struct fsm *f, uint8_t event, void *obj, void *arg, ze_ns now)
{
	const struct fsm_def *d = f->def;
	const struct fsm_row *row = fsm_find(d, f->state, event, obj, arg);
	struct fsm_step step;

	if (!row)
		return -1;
	step = (struct fsm_step){
		.at = now,
		.from = f->state,
		.event = event,
		.row = (uint8_t)(row - d->rows),
		.to = row->next == FSM_SAME ? f->state : row->next,
	};
	if (f->steps)
		f->steps[ring_push(&f->ring)] = step;
	f->state = step.to;
	if (row->action)
		row->action(obj, arg);
	return (int)(row - d->rows);
}

/* Output that also counts what does not fit, as snprintf() does. */
struct out {
	char *buf;
	size_t size, len;
};

static void fsm_put(struct out *o, const char *s)
{
	size_t n = strlen(s);

	if (o->len < o->size) {
		size_t room = o->size - o->len - 1;

		memcpy(o->buf + o->len, s, n < room ? n : room);
		o->buf[o->len + (n < room ? n : room)] = '\0';
	}
	o->len += n;
}

static struct out out_init(char *buf, size_t size)
{
	struct out o = { .buf = buf, .size = size };

	fsm_put(&o, "");
	return o;
}

static const char *name_of(const char *const *names, uint8_t n, uint8_t i)
{
	return i < n ? names[i] : "*";
}

size_t fsm_history(const struct fsm *f, char *buf, size_t size)
{
	const struct fsm_def *d = f->def;
	struct out o = out_init(buf, size);

	for (uint32_t i = 0; i < ring_count(&f->ring); i++) {
		const struct fsm_step *step = &f->steps[ring_at(&f->ring, i)];

		fsm_put(&o, name_of(d->states, d->nstates, step->from));
		fsm_put(&o, " ");
		fsm_put(&o, name_of(d->events, d->nevents, step->event));
		fsm_put(&o, " -> ");
		fsm_put(&o, name_of(d->states, d->nstates, step->to));
		fsm_put(&o, "\n");
	}
	return o.len;
}
