/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a previous instance with any contents: an octet for kind and tunnels, an id, a length,
 * a body, and again. Checked: a restored record is saved as the same octets and can be restored
 * again; time passes, and after a drain nothing is left.
 *
 * Three of four mutations know the form of the records: one field, at any level, is left out, repeated,
 * given another value, or preceded by an unknown one, and the lengths around it stay right.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/core/record_tags.h"
#include "selftests/fuzz/fuzz.h"
#include "selftests/lib/tlv_edit.h"
#include "selftests/lib/world.h"

#define RECORDS 64

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
/* libFuzzer's; not there when a corpus is replayed. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));

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

	engine_restore(w->e, v, read_records(&r, v), w->now);
	again(w);
	w_advance(w, ZE_SEC(600));
	engine_drain(w->e, w->now);
	w_advance(w, ZE_SEC(200));
	if (!engine_drained(w->e) || w_leftover(w))
		abort();
	world_free(w);
	return 0;
}

/* ---- mutations that know the form ---- */

#define HEAD 5u /* kind, id, length */

/* Picks a record at random. Returns false when there is none. */
static bool choose(struct span in, unsigned *seed, struct journal_record *ret)
{
	struct journal_record v[RECORDS];
	struct rd r = rd_span(in);
	size_t n = 0;

	while (n < RECORDS && rd_left(&r) > HEAD) {
		size_t len;

		v[n].kind = rd_u8(&r) & 1 ? JOURNAL_SESSION : JOURNAL_TUNNEL;
		v[n].id = rd_u16(&r);
		len = rd_u16(&r) % (JOURNAL_RECORD_MAX + 1);
		v[n].body = rd_bytes(&r, len < rd_left(&r) ? len : rd_left(&r));
		n++;
	}
	if (n)
		*ret = v[(*seed = *seed * 1103515245 + 12345) / 65536 % n];
	return n > 0;
}

static void change(struct wr *w, const struct journal_record *rec, unsigned seed)
{
	struct tlv_edit e = { .change = TLV_DROP, .at = TLV_EVERY - 1 };
	uint8_t scratch[4 * JOURNAL_RECORD_MAX], value[256];
	struct wr unused = wr_init(scratch, sizeof(scratch));
	size_t len;

	tlv_edit(&unused, record_tags[rec->kind], rec->body, &e); /* counts */
	e.at = e.n ? seed / 4 % e.n : 0;
	unused = wr_init(scratch, sizeof(scratch));
	tlv_edit(&unused, record_tags[rec->kind], rec->body, &e); /* what it was */
	len = e.was.len < sizeof(value) ? e.was.len : sizeof(value);
	if (len)
		memcpy(value, e.was.p, len);
	e.value = span_of(value, LLVMFuzzerMutate(value, len, sizeof(value)));
	e.change = seed & 128 ? TLV_REPLACE : (enum tlv_change)(seed % TLV_CHANGES);
	tlv_edit(w, record_tags[rec->kind], rec->body, &e);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static uint8_t out[1 << 20];
	struct wr w = wr_init(out, max < sizeof(out) ? max : sizeof(out));
	struct journal_record rec;
	size_t mark, at;

	if (seed % 4 == 0 || !choose(span_of(data, size), &seed, &rec))
		return LLVMFuzzerMutate(data, size, max);
	at = (size_t)(rec.body.p - data);
	wr_bytes(&w, data, at - 2);
	mark = wr_mark_u16(&w);
	change(&w, &rec, seed / 4);
	if (w.bad || wr_len(&w) - mark - 2 > JOURNAL_RECORD_MAX)
		return LLVMFuzzerMutate(data, size, max);
	wr_patch_u16(&w, mark, (uint16_t)(wr_len(&w) - mark - 2));
	wr_bytes(&w, data + at + rec.body.len, size - at - rec.body.len);
	if (w.bad)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data, out, wr_len(&w));
	return wr_len(&w);
}
