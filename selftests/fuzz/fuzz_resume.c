/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a previous instance with any contents: an octet for kind and tunnels, an id, a length,
 * a body, and again. Checked: a restored record is saved as the same octets and can be restored
 * again; time passes, and after a drain nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include "selftests/lib/world.h"

#define RECORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world *world(void)
{
	struct config *c = w_config();
	struct world *w;

	if (!c)
		abort();
	c->listeners[c->n_listeners++].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	w = world_new(c, 1);
	if (!w)
		abort();
	return w;
}

static bool is_twice(const struct journal_record *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == v[n].kind && v[i].id == v[n].id)
			return true;
	return false;
}

static size_t read_records(struct rd *r, struct journal_record *v)
{
	size_t n = 0;

	while (n < RECORDS && rd_left(r)) {
		size_t len;

		v[n].kind = rd_u8(r) & 1 ? JOURNAL_SESSION : JOURNAL_TUNNEL;
		v[n].id = rd_u16(r);
		len = rd_u16(r) % (JOURNAL_RECORD_MAX + 1);
		v[n].body = rd_bytes(r, len < rd_left(r) ? len : rd_left(r));
		n += v[n].body.len && !is_twice(v, n);
	}
	return n;
}

static void check_same(const struct w_record *was, const struct world *w)
{
	const struct w_record *now = w_record_of(w, was->kind, was->id);

	if (!now || !span_eq(span_of(now->b, now->len), span_of(was->b, was->len)))
		abort();
}

/* Records saved by an instance that has restored them can be restored by the next one. */
static void again(struct world *w)
{
	static struct w_record sessions[RECORDS];
	unsigned n = 0, was = w->e->n_subscribers[SUB_ESTABLISHED];

	for (unsigned i = 0; i < w->n_records && n < RECORDS; i++)
		if (w->records[i].used && w->records[i].kind == JOURNAL_SESSION)
			sessions[n++] = w->records[i];
	w_restart(w);
	if (w->e->n_subscribers[SUB_ESTABLISHED] != was)
		abort();
	for (unsigned i = 0; i < n; i++)
		check_same(&sessions[i], w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal_record v[RECORDS + 1];
	struct rd r = rd_init(data, size);
	struct world *w = world();

	engine_resume(w->e, v, read_records(&r, v), w->now);
	again(w);
	w_advance(w, ZE_SEC(600));
	engine_drain(w->e, w->now);
	w_advance(w, ZE_SEC(200));
	if (!engine_drained(w->e) || w_leftover(w))
		abort();
	world_free(w);
	return 0;
}
