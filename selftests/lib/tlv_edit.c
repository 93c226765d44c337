/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/tlv_edit.h"

#define UNKNOWN 200 /* no table has so many */

static const struct tlv_field *known(const struct tlv_table *t, uint8_t tag)
{
	return t && tag < t->n && t->fields[tag].name ? &t->fields[tag] : NULL;
}

static bool is_meant(const struct tlv_edit *e, uint32_t n, const struct tlv_field *f)
{
	if (e->at == TLV_EVERY)
		return !e->optional || (f && f->absent && !f->nested);
	return e->at == n;
}

static void copy(struct wr *w, const struct tlv_table *t, struct span record, struct tlv_edit *e);

static void copy_field(struct wr *w, const struct tlv_field *f, uint8_t tag, struct span v,
		       struct tlv_edit *e)
{
	size_t mark;

	if (!f || !f->nested) {
		tlv_put_span(w, tag, v);
		return;
	}
	mark = tlv_begin(w, tag);
	copy(w, f->nested, v, e);
	tlv_end(w, mark);
}

static void copy(struct wr *w, const struct tlv_table *t, struct span record, struct tlv_edit *e)
{
	struct rd r = rd_span(record);

	while (rd_left(&r) && !r.bad) {
		uint8_t tag = rd_u8(&r);
		struct span v = rd_bytes(&r, rd_u16(&r));
		const struct tlv_field *f = known(t, tag);
		bool meant = is_meant(e, e->n++, f);

		if (meant)
			e->was = v;
		if (meant && e->change == TLV_DROP)
			continue;
		if (meant && e->change == TLV_INSERT)
			tlv_put_span(w, UNKNOWN, e->value);
		if (meant && e->change == TLV_REPEAT)
			tlv_put_span(w, tag, v);
		if (meant && e->change == TLV_REPLACE)
			tlv_put_span(w, tag, e->value);
		else
			copy_field(w, f, tag, v, e);
	}
}

void tlv_edit(struct wr *w, const struct tlv_table *t, struct span record, struct tlv_edit *e)
{
	e->n = 0;
	e->was = (struct span){ 0 };
	copy(w, t, record, e);
}

struct span tlv_at(const struct tlv_table *t, struct span record, const uint8_t *path)
{
	struct span found[256], v = record;

	for (; *path; path++) {
		if (!t || *path >= t->n || !v.p)
			return (struct span){ 0 };
		tlv_read(t, v, found);
		v = found[*path];
		t = t->fields[*path].nested;
	}
	return v;
}
